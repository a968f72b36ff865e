"""Week 0: who the accounts are, who is a customer already, where the teams look, and what is in the books."""

from typing import Any

import numpy as np

from flywheel_sim.engine.jit import f32, f64, i16, i64, inlined, kernel, step, u8
from flywheel_sim.engine.kernel_types import Par, State, Tables
from flywheel_sim.engine.mechanisms.m01_market import FIRST_SPELLS, begin_spell
from flywheel_sim.engine.mechanisms.m06_contracts import (
    WEEKLY,
    WINDOW_EFFECT,
    renewal_due,
    weeks_to_renewal,
    weeks_to_window,
    window_open,
)
from flywheel_sim.engine.mechanisms.m11_vectors import normalise, observe_alignment
from flywheel_sim.engine.mechanisms.m13_sensing import company_need, promoter_shares
from flywheel_sim.engine.portable_math import exp64, normal_quantile, poisson_count
from flywheel_sim.engine.random import ENDOWMENT, START, TEAM_START, below, unit64, words
from flywheel_sim.engine.state import ADVOCATE, BLOCK, DETRACTOR, FOUNDING, NEUTRAL, PROSPECT, SOLD
from flywheel_sim.engine.traits import give_factors, traits_of
from flywheel_sim.scenario.columns import COL

__all__ = ["endow", "populate"]


@step
def smallest(words_drawn: Any, wanted: int) -> Any:
    """The ``wanted``-th smallest of some words, 0 if none is wanted: counted digit by digit from the highest.

    ``np.partition`` would take longer to compile than the whole customers' week.
    """
    prefix, left, count = i64(0), i64(wanted), np.zeros(2048, np.int64)
    for digit in range(3):  # 11, 11 and 10 bits
        shift, width = max(0, 21 - 11 * digit), 2048 if digit < 2 else 1024
        count[:] = 0
        for j in range(words_drawn.shape[0]):
            word = i64(words_drawn[j]) >> shift
            if word // width == prefix:
                count[word % width] += 1
        at = i64(0)
        while at < width - 1 and left > count[at]:
            left -= count[at]
            at += 1
        prefix = prefix * width + at
    return np.uint32(prefix if wanted > 0 else 0)


@kernel
def endow(par: Par, tables: Tables, state: State, run: int) -> None:
    """Give every account of a run its segment, churn propensity, fit and fiscal year."""
    firm, size = state.run[run], par.size
    for j in range(firm.accounts):
        i = firm.account0 + j
        w_segment, w_churn, w_fit, w_fiscal = words(firm.seed, firm.replicate, j, 0, ENDOWMENT, 0)
        u = unit64(w_segment)
        s = 0
        while s < size.segments - 1 and u >= tables.segment[size.segment0 + s].upto:
            s += 1
        state.segment[i] = u8(s)
        state.propensity[i], state.fit[i] = traits_of(tables.traits, size.trait0, w_churn, w_fit)
        give_factors(tables, state, i, size.trait0, firm.seed, firm.replicate, j)
        state.fiscal[i] = u8(unit64(w_fiscal) * 52)
        state.referrer[i], state.end[i] = -1, -1


@step
def set_up_teams(par: Par, tables: Tables, state: State, run: int) -> None:
    """Turn the teams where they look at the start, fill them, and set what customers need."""
    firm, size, row = state.run[run], par.size, state.initial[run]
    d = size.axes
    for k in range(size.teams):
        u = state.direction[firm.team0 + k]
        length = 0.0
        for a in range(d):
            u[a] = tables.start[size.team0 + k, a]
            length += abs(u[a])
        if length == 0.0:
            for a in range(d):
                u[a] = normal_quantile(unit64(words(firm.seed, firm.replicate, k, 0, TEAM_START, a >> 2)[a & 3]))
        normalise(u, d)
        state.done[firm.team0 + k] = 1.0
        state.magnitude[firm.team0 + k] = state.level[firm.team0 + k] = tables.team[size.team0 + k].skill
        state.heads[firm.team0 + k] = state.able[firm.team0 + k] = tables.team[size.team0 + k].headcount
        state.funded[firm.team0 + k] = state.planned[firm.team0 + k] = 1.0
        row[COL.headcount] += tables.team[size.team0 + k].headcount
    for s in range(size.segments):
        for a in range(d):
            state.need[firm.segment0 + s, a] = tables.need[size.segment0 + s, a]
    company_need(par, tables, state, run)
    observe_alignment(par, tables, state, run, row)


@step
def open_books(par: Par, state: State, run: int) -> None:
    """Write what stands in the books, the scores and the stocks before the first week."""
    firm, row = state.run[run], state.initial[run]
    firm.culture, firm.service_standard = par.culture.start, 1.0
    row[COL.culture], row[COL.service_standard], row[COL.effort_level] = firm.culture, 1.0, 1.0
    row[COL.nps_survey] = row[COL.nps_taken] = row[COL.nps_true]
    row[COL.csat_survey] = row[COL.csat_taken] = row[COL.csat_true] = row[COL.experience]
    if par.ledger.enabled:
        firm.cash = par.ledger.opening_cash + row[COL.billed]
        firm.value = row[COL.billed]
    else:
        firm.deferred = row[COL.billed] = 0.0
    row[COL.cash], row[COL.value], row[COL.deferred] = firm.cash, firm.value, firm.deferred


@inlined
def settle(par: Par, state: State, run: int, i: int, j: int) -> None:
    """M1: let founding customer i (j in its run) begin as customers are on average, with the issues of last week."""
    if not par.market.at_rest:
        return
    firm, relationship, service = state.run[run], par.relationship, par.service
    if relationship.enabled:
        state.relationship[i] = f32(relationship.relationship_reference)
        state.effort[i] = f32(relationship.effort_reference)
        state.recent[i] = state.history[i] = f32(relationship.experience_reference)
    if service.enabled and not service.event_timed:
        state.now[run].cutoff, state.now[run].margin = f32(-1.0), f32(1.0)
        word = words(firm.seed, firm.replicate, j, 0, START, 1)[0]
        state.open[i] = u8(min(poisson_count(word, f32(service.issues) * state.issues[i]), 255))
        state.since[i] = i16(-1)


@step
def odds_of_agreement(par: Par, odds: Any) -> bool:
    """M6: fill in the odds, by weeks since its window shut, that a prospect has agreed on a deal before week 0.

    Deals came at the rate of ``market.external`` in every week since, and were lost at theirs.  Returns whether deals
    wait for budgets at all.
    """
    market, contracts = par.market, par.contracts
    kept, deals = 1.0, 0.0
    for weeks in range(odds.shape[0]):
        odds[weeks] = 1.0 - exp64(-market.external * deals)
        deals += kept
        kept *= exp64(-contracts.agreed_loss)
    funnel = market.at_rest and market.enabled and market.funnel.enabled and market.initial_customers > 0
    return funnel and contracts.enabled and contracts.window_effect == WINDOW_EFFECT.timing


@inlined
def agreed_until(par: Par, state: State, run: int, i: int, j: int, odds: Any) -> int:
    """M6: week in which prospect i (j in its run) signs a deal agreed on before week 0, -1 for those without one."""
    contracts, firm = par.contracts, state.run[run]
    if window_open(0, state.fiscal[i], contracts.fiscal_shift_weeks, contracts.window_weeks):
        return -1
    weeks = weeks_to_window(0, state.fiscal[i], contracts.fiscal_shift_weeks)
    word = words(firm.seed, firm.replicate, j, 0, START, 1)[1]
    return weeks - 1 if unit64(word) < odds[max(53 - weeks - contracts.window_weeks, 0)] else -1


@step
def sign_founding_customer(par: Par, tables: Tables, state: State, run: int, i: int, j: int) -> int:
    """Sign founding customer i (j in its run) some weeks ago, count it in the initial row, and return its status."""
    firm, market, row = state.run[run], par.market, state.initial[run]
    kind = par.contracts.kind if par.contracts.enabled else WEEKLY
    adv, det = f32(market.initial_advocates), f32(market.initial_advocates + market.initial_detractors)
    _, w_voice, w_tenure, _ = words(firm.seed, firm.replicate, j, 0, START, 0)
    status = ADVOCATE if below(w_voice, adv) else (DETRACTOR if below(w_voice, det) else NEUTRAL)
    bill = begin_spell(par, tables, state, run, i, i64(0))
    settle(par, state, run, i, j)
    state.source[i] = u8(FOUNDING)
    age = 0
    if market.start == FIRST_SPELLS.uniform:
        age = i64(unit64(w_tenure) * 52)
        state.start[i] = i16(-age)
    if age == 0:
        row[COL.billed] += bill
    elif renewal_due(age, kind):
        row[COL.billed] += f64(state.spend[i]) * weeks_to_renewal(age, kind)
    firm.deferred += f64(state.spend[i]) * weeks_to_renewal(age, kind)
    state.life[firm.life0 + min(age, firm.ages - 1), 0] += 1.0
    row[COL.customers] += 1.0
    row[COL.advocates] += status == ADVOCATE
    row[COL.detractors] += status == DETRACTOR
    row[COL.relationship] += state.relationship[i]
    row[COL.experience] += state.recent[i]
    row[COL.effort] += state.effort[i]
    row[COL.spend] += state.spend[i]
    up, down = promoter_shares(state.relationship[i], par.sensing)
    row[COL.nps_true] += 100.0 * (up - down)
    return status


@kernel
def populate(par: Par, tables: Tables, state: State, run: int) -> None:
    """Sign the first customers, start teams and needs, and write the initial row."""
    firm, market = state.run[run], par.market
    n, wanted = firm.accounts, market.initial_customers
    # the customers are the accounts with the smallest words: one more customer is one more account, the rest the same
    order = np.empty(n, np.uint32)
    for j in range(n):
        order[j] = words(firm.seed, firm.replicate, j, 0, START, 0)[0]
    limit = smallest(order, wanted)
    smaller = 0
    for j in range(n):
        smaller += order[j] < limit
    ties = wanted - smaller if wanted > 0 else 0
    row = state.initial[run]
    row[COL.list_price] = market.price
    comes = 1.0 - exp64(-market.external / par.conversion_reference)
    rest = comes * market.funnel.rest_weeks if market.enabled and market.funnel.enabled else 0.0
    tired = rest / (1.0 + rest)  # share of prospects at rest in the long run
    odds = np.empty(54)
    some_agreed = odds_of_agreement(par, odds)
    for j in range(n):
        i = firm.account0 + j
        b = i // BLOCK
        chosen = wanted > 0 and order[j] < limit
        if wanted > 0 and order[j] == limit and ties > 0:
            chosen = True
            ties -= 1
        status = PROSPECT
        if not chosen and tired > 0.0:
            u = unit64(words(firm.seed, firm.replicate, j, 0, START, 0)[3])
            state.held_until[i] = i16(1 + i64(u / tired * market.funnel.rest_weeks)) if u < tired else i16(0)
        signs = agreed_until(par, state, run, i, j, odds) if some_agreed and not chosen else -1
        if signs >= 0:
            status = SOLD
            state.held_until[i] = i16(signs)
            row[COL.agreed] += 1.0
        if chosen:
            status = sign_founding_customer(par, tables, state, run, i, j)
        state.status[i] = state.status_next[i] = u8(status)
        state.counts[b, status] += 1
    if wanted > 0:
        for column in (COL.relationship, COL.experience, COL.effort, COL.nps_true):
            row[column] /= wanted
    row[COL.prospects] = n - wanted
    row[COL.product_quality] = par.market.product_quality
    set_up_teams(par, tables, state, run)
    open_books(par, state, run)
