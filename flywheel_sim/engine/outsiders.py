"""Those who are not customers: awareness, sale, going live, and the way back, in the order of events.

awake.py has settled those for whom the week holds nothing; here the others are gone through one by one.
"""

from typing import Any

import numpy as np

from flywheel_sim.engine.awake import EARLY
from flywheel_sim.engine.fetch import fetch
from flywheel_sim.engine.jit import f32, f64, i16, i64, part, u8
from flywheel_sim.engine.maths import exp64, halved
from flywheel_sim.engine.mechanisms.m01_market import begin_spell, happens, odds_times
from flywheel_sim.engine.mechanisms.m05_word_of_mouth import (
    PER_PROSPECT,
    PER_TIE,
    fit_of,
    pick_friend,
    pick_stranger,
    pick_tie,
    redrawn_voices,
)
from flywheel_sim.engine.mechanisms.m06_contracts import window_open
from flywheel_sim.engine.mechanisms.m27_selling import LONE
from flywheel_sim.engine.random import ENDOWMENT, GO_LIVE, SALE, SELLER, below, unit64, words
from flywheel_sim.engine.state import ACC, EXTERNAL, FORMER, LEAD, NEUTRAL, PROSPECT, SOLD, SOUR, WORD

__all__ = ["live_outside"]

_ZERO, _ONE = f32(0.0), f32(1.0)
_AHEAD = 2
_COMPLETE = 0


@part
def live_outside(
    p: Any, tb: Any, st: Any, q: int, t: int, first: int, visits: Any, visited: int, awake: Any,
    lead_words: Any, bad_words: Any, all_good: np.float32, all_bad: np.float32, redrawn: bool, settled: int, a: Any,
    joined: Any,
) -> int:  # fmt: skip
    """Take the accounts at ``visits`` of a block through week t; returns how many became customers.

    ``joined`` takes their places in the block: what they are worth to the block's sums is added in customers.py, among
    that of the other customers and in the order of the accounts.
    """
    r, now = st.run[q], st.now[q]
    market, wom, contracts, selling = p.market, p.word_of_mouth, p.contracts, p.selling
    seed, replicate = r.seed, r.replicate
    complete = market.network.kind == _COMPLETE
    wom_on, listens_bad = wom.enabled, wom.enabled and wom.negative > 0.0
    per_prospect, per_tie = wom.normalise == PER_PROSPECT, wom.normalise == PER_TIE
    unit = f32(1.0 / (1 << r.unit))
    lead_alone = happens(now.external * now.per_lead)
    back = happens(now.win_back)
    bad_rate = f32(wom.negative * (1.0 if per_tie else wom.rate))
    fades = f32(1.0 - halved(wom.former_half_life_weeks))
    closer = f32(wom.referred_fit if wom_on else 0.0)
    lone_share = f32(selling.lone_wolves if selling.enabled else 0.0)
    discount = np.uint8(r.discount * 100.0 + 0.5)
    edge, friend, fits, referrers, deals, fiscals = st.edge, st.friend, st.fit, st.referrer, st.deal, st.fiscal
    won = 0
    for visit in range(visited):
        # those who are awake lie far apart: have the memory fetch the next ones while this one lives
        if visit + 2 * _AHEAD < visited:
            fetch(edge, r.edge0 + first - r.account0 + visits[visit + 2 * _AHEAD])
        if visit + _AHEAD < visited:
            i = first + visits[visit + _AHEAD]
            if st.status[i] == PROSPECT:
                fetch(friend, i64(edge[r.edge0 + i - r.account0]))
            else:
                fetch(fits, i), fetch(referrers, i), fetch(deals, i), fetch(fiscals, i)
        i = first + visits[visit]
        j = i - r.account0
        status = i64(st.status[i])
        w_lead, w_bad = lead_words[visits[visit]], bad_words[visits[visit]]
        if not market.enabled:
            if status == PROSPECT or (status >= LEAD and st.spells[i] == 0):
                a[ACC.prospects] += 1.0
            else:
                a[ACC.former] += 1.0
            continue
        lead, waiting, word_share = False, status == LEAD, 0.0
        if status == PROSPECT:
            good, bad = all_good, all_bad
            if not complete and wom_on:
                good, bad = f32(st.good[i]) * unit, f32(st.bad[i]) * unit
                if per_prospect and good + bad > _ZERO:
                    k = f32(st.edge[r.edge0 + j + 1] - st.edge[r.edge0 + j])
                    good, bad = good / k, bad / k
                if redrawn:
                    more_good, more_bad = redrawn_voices(
                        wom, st.edge, st.friend, st.status, r.edge0, r.account0, r.accounts, seed, replicate, t, j
                    )
                    good, bad = good + f32(more_good), bad + f32(more_bad)
            blocked = st.blocked_until[i] > t
            if listens_bad and bad > _ZERO and below(w_bad, happens(bad_rate * bad)):
                st.blocked_until[i] = i16(min(t + 1 + wom.negative_weeks, 32767))
            if not blocked:
                word = now.word_rate * good
                lead = awake[visits[visit]] & EARLY != 0
                if not lead:
                    lead = below(w_lead, lead_alone if word <= _ZERO else happens((now.external + word) * now.per_lead))
                if lead:
                    word_share = f64(word) / f64(now.external + word)
            else:
                a[ACC.blocked] += 1.0
        elif status != SOLD and not waiting:
            if below(w_lead, back):
                lead = True
            elif status == SOUR and below(w_bad, fades):
                st.status_next[i] = FORMER
        if lead:
            a[ACC.leads] += 1.0
        if lead or waiting:
            # source and referrer, then work, window and stages: one draw, nested thresholds
            w_serve, w_chain, w_source, w_referrer = words(seed, replicate, j, t, SALE, 0)
            s = r.segment0 + st.segment[i]
            qualify = st.chain[s, 0]
            by_word = not waiting and word_share > 0.0 and unit64(w_source) < word_share
            if not waiting:
                a[ACC.leads_word] += by_word
                if st.spells[i] == 0:  # of those who come back it is kept who brought them first
                    st.referrer[i] = -2 if by_word else -1
            propose = qualify * st.chain[s, 1]
            close = propose * st.chain[s, 2]
            live = close * st.chain[s, 3]
            outcome = FORMER if st.spells[i] > 0 else PROSPECT
            accepted, lone = True, False
            if selling.enabled:
                fit = fit_of(st.fit[i], st.spells[i] == 0 and st.referrer[i] != -1, closer)
                if lone_share > _ZERO:
                    lone = below(words(seed, replicate, j, i64(st.spells[i]), SELLER, 0)[0], lone_share)
                if lone:
                    close = propose * f32(odds_times(f64(st.chain[s, 2]), exp64(selling.lone_low_fit * (1.0 - fit))))
                    live = close * st.chain[s, 3]
                else:
                    accepted = fit >= st.chain[s, 4]
            if not below(w_serve, now.serve):
                outcome = LEAD
                a[ACC.waiting] += 1.0
            else:
                a[ACC.served] += 1.0
                if not accepted:
                    a[ACC.turned_away] += 1.0 if below(w_chain, qualify) else 0.0
                    qualify = propose = close = live = _ZERO
                a[ACC.qualified] += 1.0 if below(w_chain, qualify) else 0.0
                a[ACC.proposals] += 1.0 if below(w_chain, propose) else 0.0
                if below(w_chain, close):
                    timely = not contracts.enabled or window_open(
                        t + 1, st.fiscal[i], contracts.fiscal_shift_weeks, contracts.window_weeks
                    )
                    if not timely:
                        timely = below(words(seed, replicate, j, 0, ENDOWMENT, 1)[0], now.window_known)
                    if timely:
                        a[ACC.sold] += 1.0
                        st.deal[i] = discount + u8(LONE) if lone else discount
                        if below(w_chain, live):
                            a[ACC.signed] += 1.0
                            outcome = SOLD
            st.status_next[i] = u8(outcome)
            if outcome == PROSPECT:
                st.referrer[i] = -1
            elif by_word and complete:
                st.referrer[i] = pick_stranger(
                    wom, st.counts, st.status, r.good_voices, r.block0, r.blocks, r.account0, r.accounts,
                    unit64(w_referrer),
                )  # fmt: skip
            elif by_word and per_tie:
                st.referrer[i] = pick_tie(
                    wom, st.edge, st.friend, st.status, r.edge0, r.account0, r.accounts, seed, replicate,
                    t, j, unit64(w_referrer),
                )  # fmt: skip
            elif by_word:
                st.referrer[i] = pick_friend(
                    wom, st.edge, st.friend, st.status, r.edge0, r.account0, j, unit64(w_referrer)
                )
        if st.status_next[i] == SOLD:
            # go-live needs hours of the team that onboards
            if now.go_live >= _ONE or below(words(seed, replicate, j, t, GO_LIVE, 0)[0], now.go_live):
                st.status_next[i] = NEUTRAL
                if st.spells[i] > 0:
                    a[ACC.won_back] += 1.0
                else:
                    a[ACC.won] += 1.0
                    a[ACC.won_referred] += 1.0 if st.referrer[i] != -1 else 0.0
                    st.source[i] = u8(WORD if st.referrer[i] != -1 else EXTERNAL)
                begin_spell(p, tb, st, q, i, t + 1)
                joined[won] = visits[visit]
                won += 1
                a[ACC.lone_deals] += 1.0 if st.deal[i] & LONE else 0.0
                a[ACC.onboarding] += 1.0 if settled > 0 else 0.0
                st.cost[i] += f32(p.ledger.cost_per_win)
            else:
                a[ACC.sold_waiting] += 1.0
        after = i64(st.status_next[i])
        if after != status:
            a[ACC.changed] += 1.0
        if after == PROSPECT or (after >= LEAD and st.spells[i] == 0):
            a[ACC.prospects] += 1.0
        elif after != NEUTRAL:
            a[ACC.former] += 1.0
    return won
