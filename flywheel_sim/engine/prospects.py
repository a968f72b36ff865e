"""Those who are not customers: awareness, sale, going live, and the way back, in the order of events.

active_set.py has settled those for whom the week holds nothing; here the others are gone through one by one.
"""

from typing import Any, NamedTuple

import numpy as np

from flywheel_sim.engine.active_set import EARLY, lapse_before
from flywheel_sim.engine.jit import f32, f64, i16, i64, inlined, step, u8
from flywheel_sim.engine.kernel_types import Firm, Now, Par, State, Sums, Tables
from flywheel_sim.engine.mechanisms.m01_churn import minds
from flywheel_sim.engine.mechanisms.m01_market import begin_spell, odds_times
from flywheel_sim.engine.mechanisms.m05_word_of_mouth import Hearing, fit_of, hears, pick_referrer
from flywheel_sim.engine.mechanisms.m06_contracts import WINDOW_EFFECT, weeks_to_window, window_open
from flywheel_sim.engine.mechanisms.m27_selling import LONE
from flywheel_sim.engine.portable_math import exp64, halved, happens
from flywheel_sim.engine.prefetch import prefetch
from flywheel_sim.engine.random import ENDOWMENT, GO_LIVE, SALE, SELLER, below, unit64, words
from flywheel_sim.engine.state import ACC, EXTERNAL, FORMER, LEAD, NEUTRAL, PROSPECT, SOLD, SOUR, WORD

__all__ = ["live_outside"]

_ZERO, _ONE = f32(0.0), f32(1.0)
_AHEAD = 2


class Chances(NamedTuple):
    """What is the same for all who are not customers, this week."""

    lead: np.float32  # without any voice
    back: np.float32
    fades: np.float32  # of a bad voice
    closer: np.float32  # share of the missing fit that a referred account has
    lone: np.float32  # share of accounts that lone wolves sell to
    discount: np.uint8  # percent


@inlined
def chances_of(par: Par, firm: Firm, now: Now) -> Chances:
    """Work out the chances of this week."""
    return Chances(
        happens(now.external * now.per_lead),
        happens(now.win_back),
        f32(1.0 - halved(par.word_of_mouth.former_half_life_weeks)),
        f32(par.word_of_mouth.referred_fit if par.word_of_mouth.enabled else 0.0),
        f32(par.selling.lone_wolves if par.selling.enabled else 0.0),
        np.uint8(firm.discount * 100.0 + 0.5),
    )


@step
def live_outside(
    par: Par, tables: Tables, state: State, run: int, week: int, first: int, visits: Any, visited: int, active: Any,
    lead_words: Any, bad_words: Any, hearing: Hearing, settled: int, sums: Sums, joined: Any,
) -> int:  # fmt: skip
    """Take the accounts at ``visits`` of a block through a week; return how many became customers.

    ``joined`` takes their places in the block: what they are worth to the block's sums is added in customers.py, among
    that of the other customers and in the order of the accounts.
    """
    firm, now = state.run[run], state.now[run]
    chances = chances_of(par, firm, now)
    edge, friend, fits, referrers = state.edge, state.friend, state.fit, state.referrer
    deals, fiscals = state.deal, state.fiscal
    won = 0
    for visit in range(visited):
        # the active ones lie far apart: have the memory fetch the next ones while this one lives
        if visit + 2 * _AHEAD < visited:
            prefetch(edge, firm.edge0 + first - firm.account0 + visits[visit + 2 * _AHEAD])
        if visit + _AHEAD < visited:
            i = first + visits[visit + _AHEAD]
            if state.status[i] == PROSPECT:
                prefetch(friend, i64(edge[firm.edge0 + i - firm.account0]))
            else:
                prefetch(fits, i), prefetch(referrers, i), prefetch(deals, i), prefetch(fiscals, i)
        i = first + visits[visit]
        status = i64(state.status[i])
        if par.market.enabled:
            word, word_bad, early = lead_words[visits[visit]], bad_words[visits[visit]], active[visits[visit]] & EARLY
            lead, word_share = awareness(
                par, state, firm, now, week, i, status, word, word_bad, early != 0, hearing, chances, sums
            )
            if lead or status == LEAD:
                work_lead(par, state, firm, now, week, i, lead, word_share, hearing, chances, sums)
            if (
                state.status_next[i] == SOLD
                and signed(par, state, firm, now, week, i, status, sums)
                and onboarding(par, tables, state, run, week, i, settled, sums)
            ):
                joined[won] = visits[visit]
                won += 1
        after = i64(state.status_next[i])
        if after != status:
            sums[ACC.changed] += 1.0
        if after == PROSPECT or (after >= LEAD and state.spells[i] == 0):
            sums[ACC.prospects] += 1.0
        elif after != NEUTRAL:
            sums[ACC.former] += 1.0
    return won


@inlined
def awareness(
    par: Par, state: State, firm: Firm, now: Now, week: int, i: int, status: int, word_lead: np.uint32,
    word_bad: np.uint32, early: bool, hearing: Hearing, chances: Chances, sums: Sums,
) -> tuple[bool, float]:  # fmt: skip
    """Return whether an account becomes a lead, and the share of word of mouth in what made it one."""
    lead, word_share = False, 0.0
    if status == PROSPECT:
        good, bad = hears(par, state, firm, week, i, hearing)
        blocked, rests = state.blocked_until[i] > week, state.held_until[i] > week
        if hearing.heeds_bad and bad > _ZERO and below(word_bad, happens(hearing.bad_rate * bad)):
            state.blocked_until[i] = i16(min(week + 1 + par.word_of_mouth.negative_weeks, 32767))
        if blocked:
            sums[ACC.blocked] += 1.0
        elif rests:
            sums[ACC.resting] += 1.0
        else:
            word = now.word_rate * good
            lead = early  # whom active_set.py has found to be one
            if not lead:
                lead = below(
                    word_lead, chances.lead if word <= _ZERO else happens((now.external + word) * now.per_lead)
                )
            if lead:
                word_share = f64(word) / f64(now.external + word)
    elif status != SOLD and status != LEAD:
        rests = state.held_until[i] > week
        sums[ACC.resting] += rests
        if below(word_lead, chances.back) and not rests:
            lead = True
        elif status == SOUR and below(word_bad, chances.fades):
            state.status_next[i] = FORMER
    if lead:
        sums[ACC.leads] += 1.0
    return lead, word_share


@inlined
def work_lead(
    par: Par, state: State, firm: Firm, now: Now, week: int, i: int, lead: bool, word_share: float, hearing: Hearing,
    chances: Chances, sums: Sums,
) -> None:  # fmt: skip
    """Find the source of a new lead, work on it, and find who brought it, if it is to be remembered."""
    w_serve, w_chain, w_source, w_referrer = words(firm.seed, firm.replicate, i - firm.account0, week, SALE, 0)
    by_word = lead and word_share > 0.0 and unit64(w_source) < word_share
    if lead:
        sums[ACC.leads_word] += by_word
        if state.spells[i] == 0:  # of those who come back it is kept who brought them first
            state.referrer[i] = -2 if by_word else -1
    share = now.serve if lead else now.serve_waiting
    if below(w_serve, share):
        sums[ACC.served] += 1.0
        outcome = sale(par, state, firm, now, week, i, w_chain, lead, chances, sums)
    elif below(w_serve, lapse_before(share, now.lapse)):
        sums[ACC.lapsed] += 1.0
        outcome = FORMER if state.spells[i] > 0 else PROSPECT
    else:
        sums[ACC.waiting] += 1.0
        outcome = LEAD
    state.status_next[i] = u8(outcome)
    if outcome == PROSPECT or outcome == FORMER:
        rest(par, state, week, i)
    if outcome == PROSPECT:
        state.referrer[i] = -1
    elif by_word:
        state.referrer[i] = pick_referrer(par, state, firm, week, i, hearing, unit64(w_referrer))


@inlined
def sale(
    par: Par, state: State, firm: Firm, now: Now, week: int, i: int, word: np.uint32, new: bool, chances: Chances,
    sums: Sums,
) -> int:  # fmt: skip
    """Qualify, propose, close, onboard: nested thresholds of one word; return what becomes of the account."""
    s, selling = firm.segment0 + state.segment[i], par.selling
    qualify = state.chain[s, 0] if new else state.chain[s, 6]
    propose = qualify * state.chain[s, 1]
    close = propose * state.chain[s, 2]
    outcome = FORMER if state.spells[i] > 0 else PROSPECT
    lone, push = False, 1.0
    if state.chain[s, 7] != _ZERO:  # prices, as the account minds them
        push = exp64(f64(state.chain[s, 7]) * minds(par, firm, i - firm.account0))
        close = propose * f32(odds_times(f64(state.chain[s, 2]), push))
    if selling.enabled:
        referred = state.spells[i] == 0 and state.referrer[i] != -1
        fit = fit_of(state.fit[i], referred, chances.closer)
        if chances.lone > _ZERO:
            draw = words(firm.seed, firm.replicate, i - firm.account0, i64(state.spells[i]), SELLER, 0)[0]
            lone = below(draw, chances.lone)
        if lone:
            push *= exp64(selling.lone_low_fit * (1.0 - fit))
            close = propose * f32(odds_times(f64(state.chain[s, 2]), push))
        elif fit < state.chain[s, 4]:
            sums[ACC.deals_turned_away] += 1.0 if below(word, qualify) else 0.0
            return outcome
    sums[ACC.qualified] += 1.0 if below(word, qualify) else 0.0
    sums[ACC.proposals] += 1.0 if below(word, propose) else 0.0
    wait = weeks_to_budget(par, state, firm, now, week, i) if below(word, close) else -1
    if wait >= 0:
        sums[ACC.sold] += 1.0
        state.deal[i] = chances.discount + u8(LONE) if lone else chances.discount
        if below(word, close * state.chain[s, 3]):
            sums[ACC.signed] += 1.0 if wait == 0 else 0.0
            if wait > 0:
                state.held_until[i] = i16(min(week + wait, 32767))
            outcome = SOLD
    return outcome


@inlined
def rest(par: Par, state: State, week: int, i: int) -> None:
    """Let an account rest after a lead that came to nothing."""
    if par.market.funnel.rest_weeks > 0:
        state.held_until[i] = i16(min(week + 1 + par.market.funnel.rest_weeks, 32767))


@inlined
def knows_window(state: State, firm: Firm, now: Now, i: int) -> bool:
    """Return whether sellers know the budget window of an account (M6)."""
    return below(words(firm.seed, firm.replicate, i - firm.account0, 0, ENDOWMENT, 1)[0], now.window_known)


@inlined
def weeks_to_budget(par: Par, state: State, firm: Firm, now: Now, week: int, i: int) -> int:
    """Return in how many weeks a deal won in talks is signed: 0 at once, -1 never (M6)."""
    contracts = par.contracts
    if not contracts.enabled or window_open(
        week + 1, state.fiscal[i], contracts.fiscal_shift_weeks, contracts.window_weeks
    ):
        return 0
    if contracts.window_effect == WINDOW_EFFECT.timing:
        return weeks_to_window(week + 1, state.fiscal[i], contracts.fiscal_shift_weeks)
    return 0 if knows_window(state, firm, now, i) else -1


@inlined
def signed(par: Par, state: State, firm: Firm, now: Now, week: int, i: int, status: int, sums: Sums) -> bool:
    """Return whether a sold account has signed: an agreed deal waits for its budget, and may be lost till then (M6)."""
    if state.held_until[i] > week:
        word = words(firm.seed, firm.replicate, i - firm.account0, week, GO_LIVE, 0)[1]
        if status == SOLD and below(word, now.agreed_loss):
            sums[ACC.agreed_lost] += 1.0
            state.status_next[i] = u8(FORMER if state.spells[i] > 0 else PROSPECT)
            if state.spells[i] == 0:
                state.referrer[i] = -1
            state.held_until[i] = i16(week)
            rest(par, state, week, i)
        else:
            sums[ACC.agreed] += 1.0
            sums[ACC.chased] += 0.0 if knows_window(state, firm, now, i) else 1.0
        return False
    if status == SOLD and state.held_until[i] == week:
        sums[ACC.signed] += 1.0
    return True


@inlined
def onboarding(par: Par, tables: Tables, state: State, run: int, week: int, i: int, settled: int, sums: Sums) -> bool:
    """Let a sold account go live, as far as the hours of the team that onboards allow; return whether it did.

    It counts as being onboarded at the end of the week unless onboarding takes a week at most: ``settled``, the age at
    which that is over, is not above 0 then.
    """
    firm, now = state.run[run], state.now[run]
    if now.go_live < _ONE:
        word = words(firm.seed, firm.replicate, i - firm.account0, week, GO_LIVE, 0)[0]
        if not below(word, now.go_live):
            sums[ACC.sold_waiting] += 1.0
            return False
    state.status_next[i] = NEUTRAL
    if state.spells[i] > 0:
        sums[ACC.won_back] += 1.0
    else:
        sums[ACC.new_customers] += 1.0
        sums[ACC.referred_new] += 1.0 if state.referrer[i] != -1 else 0.0
        state.source[i] = u8(WORD if state.referrer[i] != -1 else EXTERNAL)
    begin_spell(par, tables, state, run, i, week + 1)
    sums[ACC.lone_deals] += 1.0 if state.deal[i] & LONE else 0.0
    sums[ACC.onboarding] += 1.0 if settled > 0 else 0.0
    state.cost[i] += f32(par.ledger.cost_per_win)
    if par.word_of_mouth.enabled and state.spells[i] == 1 and state.referrer[i] != -1:
        state.cost[i] += f32(par.word_of_mouth.reward)
    return True
