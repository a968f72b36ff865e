"""One week in the life of a block of accounts: the laws of the mechanisms, in the order of tick.py.

    awareness -> sale -> go-live                                       those outside: active_set.py, prospects.py
    use -> contact and service -> relationship                         customers: customer_passes.py, service.py
    renewal -> revenue -> expansion -> voice                           customers: here

Accounts read what was published last week (voices, the queue's cut-off, the teams' success) and write only their own
columns, ``status_next`` and their block's sums.  So blocks can be visited in any order, on any thread, to the same
bits; and so can the steps of a week be taken for many accounts at once.
"""

from typing import Any

import numpy as np

from flywheel_sim.engine.active_set import ACTIVE, draw_market, find_active, settle_leads
from flywheel_sim.engine.customer_passes import draw_lives, feel, gather, keep, press, raise_issues, use
from flywheel_sim.engine.customer_tables import LOT, NUM, WHO
from flywheel_sim.engine.jit import f32, i16, i64, inlined, separate, u8
from flywheel_sim.engine.kernel_types import Firm, Lot, Par, Rates, State, Sums, Tables
from flywheel_sim.engine.mechanisms.m01_churn import LAW
from flywheel_sim.engine.mechanisms.m01_market import first_bill, voice
from flywheel_sim.engine.mechanisms.m05_word_of_mouth import Hearing, exposure_fades, hearing_of
from flywheel_sim.engine.mechanisms.m06_contracts import renewal
from flywheel_sim.engine.mechanisms.m07_expansion import expansion
from flywheel_sim.engine.mechanisms.m13_closed_loop import call_back
from flywheel_sim.engine.mechanisms.m22_loyalty import points
from flywheel_sim.engine.mechanisms.m23_ledger import revenue
from flywheel_sim.engine.mechanisms.m24_measures import answer_survey
from flywheel_sim.engine.portable_math import YEAR
from flywheel_sim.engine.prospects import live_outside
from flywheel_sim.engine.rates import rates_of
from flywheel_sim.engine.service import count_use, pay_touches, serve
from flywheel_sim.engine.state import ACC, ADDED, ADVOCATE, BLOCK, DETRACTOR, NEUTRAL

__all__ = ["customers_block"]

_ZERO = f32(0.0)
_NUM, _WHO, _LOT = len(NUM), len(WHO), len(LOT)


@separate
def customers_block(par: Par, tables: Tables, state: State, run: int, week: int, block: int) -> None:
    """Take a block of a run through a week: writes the block's rows and sums only."""
    firm = state.run[run]
    sums, touched, cases = state.acc[block], state.touched[block], state.cases[block]
    sums[:] = 0.0
    touched[:] = 0.0
    cases[:] = 0.0
    row = (block - firm.block0) * BLOCK
    first, width = firm.account0 + row, min(BLOCK, firm.accounts - row)
    settled = par.journey.onboarding_weeks - 1  # from this age on a customer is out of onboarding when newcomers are in
    hearing = hearing_of(par, firm)
    lead_words, bad_words = np.empty(width, np.uint32), np.empty(width, np.uint32)
    active, visits = np.ones(width, np.uint8), np.empty(width, np.int16)
    mark_active(par, state, run, week, first, hearing, lead_words, bad_words, active, sums)
    num, who = np.empty((_NUM, BLOCK), np.float32), np.empty((_WHO, BLOCK), np.int32)
    visited, count, status = 0, 0, state.status[first : first + width]
    for k in range(width):
        customer = (status[k] >= NEUTRAL) & (status[k] <= DETRACTOR)
        visits[visited] = k
        visited += ((active[k] & ACTIVE) != 0) & (not customer)
        who[WHO.place, count] = k
        count += customer
    joined, won = np.empty(width, np.int16), 0
    if visited > 0:
        won = live_outside(
            par, tables, state, run, week, first, visits, visited, active, lead_words, bad_words, hearing, settled,
            sums, joined,
        )  # fmt: skip
    lot = np.empty((_LOT, BLOCK), np.uint32)
    if count > 0:
        live_through_use(par, tables, state, run, week, first, count, num, who, lot, touched, cases, sums)
    if count + won > 0:
        live_on(par, tables, state, run, week, first, count, num, who, lot, joined, won, settled, sums)
    if sums[ACC.changed] > 0.0:
        count_statuses(state, first, width, sums)


@inlined
def mark_active(
    par: Par, state: State, run: int, week: int, first: int, hearing: Hearing, lead_words: Any, bad_words: Any,
    active: Any, sums: Sums,
) -> None:  # fmt: skip
    """Mark those for whom the week may hold anything, and count the others as idle; all words are drawn first."""
    firm, now, width = state.run[run], state.now[run], active.shape[0]
    if par.market.enabled:
        draw_market(firm, first - firm.account0, week, lead_words, bad_words)
        if not hearing.redrawn:  # voices that are drawn every week are heard by those who are active
            find_active(state, now, week, first, hearing, lead_words, bad_words, active, sums)
    status_now, status_next = state.status[first : first + width], state.status_next[first : first + width]
    for k in range(width):  # slice to slice would compile a formatter of error messages, for two seconds
        status_next[k] = status_now[k]
    if par.market.enabled:
        plain = not par.selling.enabled and par.market.pricing.law == LAW.level
        settle_leads(
            state, firm, now, week, first, hearing, plain, par.market.funnel.rest_weeks, lead_words,
            active, sums,
        )  # fmt: skip


@inlined
def live_through_use(
    par: Par, tables: Tables, state: State, run: int, week: int, first: int, count: int, num: Lot, who: Lot, lot: Lot,
    touched: Any, cases: Any, sums: Sums,
) -> None:  # fmt: skip
    """Take every customer of a block through use, contact and service, and let relationship and effort follow."""
    firm, now = state.run[run], state.now[run]
    row, hits = first - firm.account0, np.empty((max(par.size.touchpoints, 1), BLOCK), np.uint8)
    wide = gather(par, state, week, first, count, num, who)
    draw_lives(par, firm, now, row, week, wide, who, lot)
    if par.journey.enabled:
        use(par, tables, state, firm, row, week, wide, num, who, lot, hits, touched)
        pay_touches(par, tables, state, first, count, who, hits, sums)
        if firm.tally0 >= 0:
            count_use(par, tables, state, firm, first, count, who, hits)
        if par.relationship.enabled and par.relationship.annoyance > 0.0:
            press(par, tables, state, first, count, num, who, hits)
    if par.service.enabled:
        raise_issues(par, state, firm, now, first, wide, num, who, lot)
        serve(par, state, run, week, first, count, num, who, lot, sums, cases)
    feel(par, now, wide, num, who, lot)
    keep(state, first, count, num, who)


@inlined
def count_statuses(state: State, first: int, width: int, sums: Sums) -> None:
    """Count how many accounts of a block will have each status."""
    status_next = state.status_next[first : first + width]
    for status in range(state.counts.shape[1]):
        many = i16(0)
        for k in range(width):
            many = i16(many + (status_next[k] == status))
        sums[ACC.next_prospect + status] = many


@inlined
def there_a_year_ago(state: State, i: int, age: int) -> bool:
    """Return whether a customer of this age was one at the end of the week a year ago."""
    # one added at the beginning of a week was not there at the end of the week before
    return age > YEAR or (age == YEAR and not (state.source[i] == ADDED and state.spells[i] == 1))


@inlined
def surveyed(
    state: State, firm: Firm, week: int, i: int, m: int, voice_now: int, num: Lot, rates: Rates, sums: Sums
) -> int:
    """Ask account i (row in the batch), call it back if it detracts; return its voice from now on."""
    detracts = answer_survey(state, firm, week, i - firm.account0, m, num, rates, sums)
    if detracts and rates.called > _ZERO:
        return call_back(state, firm, week, i, m, voice_now, num, rates, sums)
    return voice_now


@inlined
def live_on(
    par: Par, tables: Tables, state: State, run: int, week: int, first: int, count: int, num: Lot, who: Lot, lot: Lot,
    joined: Any, won: int, settled: int, sums: Sums,
) -> None:  # fmt: skip
    """Take every customer of a block through renewal, revenue, expansion, points and voice, and count who stays."""
    firm = state.run[run]
    rates = rates_of(par, firm, state.now[run], week)
    comer, touches, failed, customers, advocates, detractors, newest = 0, 0, 0, 0, 0, 0, 0
    earned, spends, relationships, efforts, recents, billed = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    promoters, detractor_scores, stayed, stayed_spend = 0.0, 0.0, 0, 0.0
    for m in range(count + 1):
        place = who[WHO.place, m] if m < count else BLOCK
        while comer < won and joined[comer] < place:  # sums go by the order of the accounts
            i = first + joined[comer]
            customers += 1
            billed += first_bill(par, state, i)
            spends += state.spend[i]
            relationships += state.relationship[i]
            efforts += state.effort[i]
            recents += state.recent[i]
            comer += 1
        if m == count:
            break
        i, status = first + place, i64(who[WHO.status, m])
        member = rates.loyal and state.points[i] >= _ZERO
        touches += who[WHO.contact, m]
        failed += who[WHO.failed, m]
        after, spend, paid, bill, p_leave, p_turn = renewal(
            par, tables, state, firm, week, i, m, num, who, lot, member, rates, sums
        )
        billed += bill
        exposure_fades(state, i, after == status, rates, sums)
        paid, bill = revenue(par, state, i, m, who, paid, rates, sums)
        billed += bill
        earned += paid
        if after == status:
            more, bill = expansion(par, tables, state, week, i, m, num, who, lot, spend, rates, sums)
            billed += bill
            state.spend[i] = spend = spend + more
            points(par, state, firm, i, m, lot, paid, more, rates, sums)
            after = voice(status, m, num, who, lot, par.market.enabled, p_leave, p_turn, rates)
            if rates.survey and par.measures.enabled:
                after = surveyed(state, firm, week, i, m, after, num, rates, sums)
            customers += 1
            newest += i64(who[WHO.age, m]) < settled
            spends += spend
            if there_a_year_ago(state, i, i64(who[WHO.age, m])):
                stayed += 1
                stayed_spend += spend
            relationships += num[NUM.relationship, m]
            efforts += num[NUM.effort, m]
            recents += num[NUM.recent, m]
            advocates += after == ADVOCATE
            detractors += after == DETRACTOR
            if par.measures.enabled:
                promoters += num[NUM.promoter, m]
                detractor_scores += num[NUM.detractor, m]
        else:
            sums[ACC.former] += 1.0
        if after != status:
            sums[ACC.changed] += 1.0
            state.status_next[i] = u8(after)
    sums[ACC.touches] += touches
    sums[ACC.defects] += failed
    sums[ACC.customers] += customers
    sums[ACC.advocates] += advocates
    sums[ACC.detractors] += detractors
    sums[ACC.onboarding] += newest
    sums[ACC.revenue] += earned
    sums[ACC.billed] += billed
    sums[ACC.spend] += spends
    sums[ACC.stayed] += stayed
    sums[ACC.stayed_spend] += stayed_spend
    sums[ACC.relationship] += relationships
    sums[ACC.effort] += efforts
    sums[ACC.experience] += recents
    if par.measures.enabled:
        sums[ACC.asked] += customers - won
        sums[ACC.promoters] += promoters
        sums[ACC.detractor_scores] += detractor_scores
