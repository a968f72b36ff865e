"""What touches cost, and customers with an issue: those whom customer_passes.py has marked are looked at one by one."""

from typing import Any

import numpy as np

from flywheel_sim.engine.customer_tables import LOT, NUM, WHO
from flywheel_sim.engine.jit import f32, f64, i16, i64, inlined, u8
from flywheel_sim.engine.kernel_types import Firm, Lot, Now, Par, State, Sums, Tables
from flywheel_sim.engine.mechanisms.m02_relationship import Memory, live_through, memory_of
from flywheel_sim.engine.portable_math import exp64, log64, poisson_count
from flywheel_sim.engine.random import ABANDON, CARE, below, unit64, words
from flywheel_sim.engine.state import ACC, AGES, ISSUES, MARKS, TALLY

__all__ = ["count_use", "pay_touches", "serve"]

_ZERO, _ONE = f32(0.0), f32(1.0)


@inlined
def pay_touches(
    par: Par, tables: Tables, state: State, first: int, count: int, who: Any, hits: Any, sums: Sums
) -> None:
    """M3, M9: book what this week's touches cost, with the block and with each customer."""
    size, costs = par.size, state.cost
    dear = False
    for n in range(size.touchpoints):
        for s in range(size.segments):
            dear |= tables.touch[size.touch0 + n].cost + tables.cell[size.cell0 + n * size.segments + s, 2] > 0.0
    if not dear:
        return
    for m in range(count):
        if who[WHO.contact, m] != 0:
            i = first + who[WHO.place, m]
            for n in range(size.touchpoints):
                if hits[n, m]:
                    cell = size.cell0 + n * size.segments + who[WHO.segment, m]
                    outlay = tables.touch[size.touch0 + n].cost + tables.cell[cell, 2]
                    if outlay > 0.0:
                        sums[ACC.touch_cost] += outlay
                        costs[i] += f32(outlay)


@inlined
def count_use(par: Par, tables: Tables, state: State, firm: Firm, first: int, count: int, who: Any, hits: Any) -> None:
    """M24: count each customer's touches, failures and hours of this week."""
    size = par.size
    for m in range(count):
        touches, hours = 0, 0.0
        for n in range(size.touchpoints):
            if hits[n, m] != 0:
                touches += 1
                hours += tables.touch[size.touch0 + n].hours
        if touches > 0:
            here = firm.tally0 + first + who[WHO.place, m] - firm.account0
            count_one(state, here, touches, who[WHO.failed, m], 0, hours)


@inlined
def count_one(state: State, here: int, touches: int, failures: int, contacts: int, hours: float) -> None:
    """Add to what an account (row of the tally) has lived through."""
    tally = state.tally
    tally[here, TALLY.touches] += f32(touches)
    tally[here, TALLY.failures] += f32(failures)
    tally[here, TALLY.contacts] += f32(contacts)
    tally[here, TALLY.hours] += f32(hours)
    tally[here, TALLY.week] += f32(hours)


@inlined
def serve(
    par: Par, state: State, run: int, week: int, first: int, count: int, num: Lot, who: Lot, lot: Lot, sums: Sums,
    cases: Any,
) -> None:  # fmt: skip
    """M8, M9: cases are handled, new issues open one, and some are solved without help."""
    firm, now, memory = state.run[run], state.now[run], memory_of(par)
    timed = par.service.event_timed and firm.item_room > 0
    impatience = _ZERO
    if par.service.patience_weeks > 0.0:
        impatience = f32(1.0 - exp64(-1.0 / par.service.patience_weeks))
    looked = 0
    for m in range(count):
        who[WHO.marked, looked] = m
        looked += timed or who[WHO.busy, m] != 0
    for n in range(looked):
        m = who[WHO.marked, n]
        i = first + who[WHO.place, m]
        if timed:
            hear_of_service(par, state, firm, now, i, m, num, who, memory)
        elif state.open[i] > 0:
            handle_case(par, state, firm, now, week, i, m, num, who, memory, sums)
        new = poisson_count(lot[LOT.issues, m], num[NUM.mean, m] * now.live)
        if new > 0:
            if timed:
                new = max(0, min(new, ISSUES - i64(state.open[i])))
                state.marks[firm.mark0 + i - firm.account0, MARKS.fresh] = u8(new)
            else:
                if state.open[i] == 0:
                    state.since[i] = i16(week)
                state.open[i] = u8(min(i64(state.open[i]) + new, 255))
            sums[ACC.new_issues] += new
        if now.contained > _ZERO or now.tried > _ZERO:  # self-service is offered
            self_service(par, state, now, i, m, new, num, lot, memory, sums)
        if state.open[i] > 0 and not timed:
            age = week - i64(state.since[i])
            if age > 0 and pass_over(par, state, firm, now, week, age, i, m, num, memory, impatience, sums):
                sums[ACC.contacts] += new
                age = week - i64(state.since[i]) if state.open[i] > 0 else -1
            if age >= 0:
                sums[ACC.backlog] += state.open[i]
                cases[min(age, AGES - 1)] += state.open[i]
                # a case that opens is counted whole; later only what joins it
                sums[ACC.contacts] += i64(state.open[i]) if age == 0 else i64(new)


@inlined
def pass_over(
    par: Par, state: State, firm: Firm, now: Now, week: int, age: int, i: int, m: int, num: Lot, memory: Memory,
    impatience: np.float32, sums: Sums,
) -> bool:  # fmt: skip
    """Let a customer whose case nobody took all week feel it; return whether the customer gives up."""
    service = par.service
    num[NUM.shock, m] += f32(service.open_effort)
    if par.relationship.enabled and service.open_weight > 0.0:
        touch(m, num, _ZERO, f32(service.open_weight), f32(par.service_depth), memory)
    if not impatience > _ZERO:
        return False
    w_gives_up, w_returns, w_delay, _ = words(firm.seed, firm.replicate, i - firm.account0, week, ABANDON, 0)
    if not below(w_gives_up, impatience):
        return False
    sums[ACC.abandoned] += state.open[i]
    num[NUM.shock, m] += now.wait_effort + f32(service.wait_effort) * f32(age) + given_up(par, now)
    if par.relationship.enabled:
        touch(m, num, _ZERO, _ONE, f32(par.service_depth), memory)
    if below(w_returns, f32(service.give_up_return)):
        delay = 0
        if service.return_delay_weeks > 0.0:
            delay = i64(-log64(unit64(w_delay)) * service.return_delay_weeks)
        state.since[i] = i16(week + min(delay, 100))
    else:
        state.open[i] = u8(0)
    return True


@inlined
def given_up(par: Par, now: Now) -> np.float32:
    """Effort of giving up beside the wait: that of the worst answer there is, and more."""
    service = par.service
    worst = f32(service.contact_effort) + f32(service.failed_fix_effort) + f32(service.give_up_effort)
    return worst + (f32(par.handoffs.effort_of_loss) if now.lost_issue > _ZERO else _ZERO)


@inlined
def hear_of_service(
    par: Par, state: State, firm: Firm, now: Now, i: int, m: int, num: Lot, who: Lot, memory: Memory
) -> None:
    """Live through what the event-timed queue handled of a customer's issues last week."""
    service, marks, waited, here = par.service, state.marks, state.waited, firm.mark0 + i - firm.account0
    handled = i64(marks[here, MARKS.handled])
    passed, given = marks[here, MARKS.passed] > 0, i64(marks[here, MARKS.given])
    if passed:
        num[NUM.shock, m] += f32(service.open_effort)
        if par.relationship.enabled and service.open_weight > 0.0:
            touch(m, num, _ZERO, f32(service.open_weight), f32(par.service_depth), memory)
    if given > 0:
        num[NUM.shock, m] += given_up(par, now) * f32(given)
        if par.relationship.enabled:
            for _ in range(given):
                touch(m, num, _ZERO, _ONE, f32(par.service_depth), memory)
    if passed or handled > 0 or waited[here] > _ZERO:
        bad_ones = i64(marks[here, MARKS.bad])
        if handled > 0:
            who[WHO.contact, m] = 1
        num[NUM.shock, m] += (
            f32(service.contact_effort) * f32(handled)
            + f32(service.wait_effort) * waited[here]
            + f32(service.failed_fix_effort) * f32(marks[here, MARKS.unfixed])
            + f32(par.handoffs.effort_of_loss) * f32(marks[here, MARKS.lost])
        )
        if par.relationship.enabled:
            for h in range(handled):
                touch(m, num, _ZERO if h < bad_ones else _ONE, _ONE, f32(par.service_depth), memory)
        if firm.tally0 >= 0:
            row = firm.tally0 + i - firm.account0
            count_one(state, row, 0, bad_ones, handled, handled * firm.service_hours)
        marks[here, :] = 0
        waited[here] = _ZERO


@inlined
def handle_case(
    par: Par, state: State, firm: Firm, now: Now, week: int, i: int, m: int, num: Lot, who: Lot, memory: Memory,
    sums: Sums,
) -> None:  # fmt: skip
    """Handle a case that is older than the cut-off; of those at the cut-off, the share that still fits."""
    service = par.service
    age, cutoff = min(week - 1 - i64(state.since[i]), AGES - 1), i64(now.cutoff)
    if age < 0 or age < cutoff:
        return
    w_margin, w_fix, w_delay, w_lost = words(firm.seed, firm.replicate, i - firm.account0, week, CARE, 0)
    if age == cutoff and not below(w_margin, now.margin):
        return
    issues = f32(state.open[i])
    sums[ACC.handled] += issues
    state.cost[i] += issues * f32(service.live_cost)
    shock = num[NUM.shock, m] + (f32(service.contact_effort) + now.wait_effort + f32(service.wait_effort) * f32(age))
    who[WHO.contact, m] = 1
    lost = below(w_lost, now.lost_issue)
    fixed = below(w_fix, now.fix)
    state.open[i] = 0
    if par.relationship.enabled:
        touch(m, num, _ONE if fixed and not lost else _ZERO, _ONE, f32(par.service_depth), memory)
    if lost:
        sums[ACC.handoffs_lost] += 1.0
        shock += f32(par.handoffs.effort_of_loss)
    if not fixed:
        shock += f32(service.failed_fix_effort)
    num[NUM.shock, m] = shock
    if firm.tally0 >= 0:
        failed = i64(lost or not fixed)
        count_one(state, firm.tally0 + i - firm.account0, 0, failed, i64(issues), f64(issues) * firm.service_hours)
    if lost or not fixed:
        sums[ACC.repeat_contacts] += 1.0
        delay = 0
        if service.return_delay_weeks > 0.0:
            delay = i64(-log64(unit64(w_delay)) * service.return_delay_weeks)
        state.open[i] = 1
        state.since[i] = i16(week + min(delay, 100))


@inlined
def self_service(
    par: Par, state: State, now: Now, i: int, m: int, new: int, num: Lot, lot: Lot, memory: Memory, sums: Sums
) -> None:
    """M9: contacts contained by self-service, and those that tried it first."""
    channels, easy = par.channels, 0
    if now.contained > _ZERO:
        easy = poisson_count(lot[LOT.channel0, m], num[NUM.mean, m] * now.contained)
    tries = f32(easy) + now.tried * f32(new)
    if tries > _ZERO:
        sums[ACC.contacts] += easy
        sums[ACC.contained] += easy
        sums[ACC.self_service] += tries
        state.cost[i] += f32(channels.self_service_cost) * tries
        num[NUM.shock, m] += f32(channels.self_service_effort) * tries
        num[NUM.shock, m] += f32(channels.failed_try_effort) * (now.tried * f32(new))
        weight = f32(channels.self_service_gain)
        if par.relationship.enabled and weight > _ZERO:
            for _ in range(easy):
                touch(m, num, _ONE, weight, _ONE, memory)


@inlined
def touch(m: int, num: Lot, outcome: np.float32, weight: np.float32, depth: np.float32, memory: Memory) -> None:
    """Let a customer live through one touch."""
    num[NUM.relationship, m], num[NUM.recent, m], num[NUM.history, m] = live_through(
        num[NUM.relationship, m], num[NUM.recent, m], num[NUM.history, m], outcome, _ONE, weight, depth, memory
    )
