r"""The event-timed service queue of M8: every issue has its instant, every server its work.

Time runs in weeks of ``capacity.gross_hours`` working hours, so that a service time of an hour is 1/38 of a week and a
wait is one in working hours.  An issue raised in week t arrives at t + U, U uniform.  Of c servers the one that is free
first takes the oldest issue (multi-server Lindley recursion):

    start = max(arrival, earliest free server),      until = start + B,   B ~ Exp(h),

and no issue is begun after the week is over: what is left waits on, in the order of arrival, and servers' free times
carry over.  A fix fails with probability 1 - FCR, or when the issue is lost in a handoff; the issue then arrives again
at ``until`` + Exp(return delay), in this week or a later one, so that with failures f the load is lambda/(1 - f).  With
patience, an issue is given up at arrival + Exp(patience) unless it was begun before.  For Poisson arrivals and endless
patience this is M/M/c, and Erlang's C and W_q hold at any week length (A21); with patience and
without failures it is Erlang A (A30).

Draws are keyed by the account, the week in which the issue first arose, its number in that week and its visit, so
they do not depend on the order of service.  What a customer lived through reaches it the week after, through ``marks``.
A customer has at most ``ISSUES`` open issues; it raises no more.
"""

import math
from typing import Any

import numpy as np

from flywheel_sim.engine.jit import f32, i64, inlined, step
from flywheel_sim.engine.kernel_types import Par, State, Sums, Tables
from flywheel_sim.engine.mechanisms.m03_journey import STAGE
from flywheel_sim.engine.portable_math import log64
from flywheel_sim.engine.random import PATIENCE, QUEUE, below, unit64, words
from flywheel_sim.engine.state import ACC, DETRACTOR, HAND, ITEM, MARKS, NEUTRAL, SERVERS

__all__ = ["exponential", "heap_pop", "heap_push", "rise", "serve_week"]

#: Key of an issue's draws: its number in its week, plus this for every visit.
_VISIT = 16
#: Issues that are begun in a week at most, for each account; what is left waits. More is no service but a loop.
_MOST = 64.0
#: Hours that an issue takes at least, on average: a minute. It bounds what servers can begin in a week.
_LEAST = 1.0 / 60.0
#: Ticks of a week in which ages of what waits are counted: half a millisecond.
_TICKS = 2.0**30


@inlined
def exponential(word: np.uint32, mean: float) -> float:
    """Exponential time of this mean."""
    return -log64(unit64(word)) * mean


@step
def rise(heap: Any, x: int) -> None:
    """Let row x of a heap rise to its place; rows 0..x-1 are a heap."""
    while x > 0 and heap[x, ITEM.instant] < heap[(x - 1) >> 1, ITEM.instant]:
        up = (x - 1) >> 1
        for c in range(len(ITEM)):
            heap[x, c], heap[up, c] = heap[up, c], heap[x, c]
        x = up


@step
def heap_push(heap: Any, n: int, instant: float, account: int, born: int, key: int) -> int:
    """Add an issue to a heap of n rows, if there is room; returns how many there are then."""
    if n >= heap.shape[0]:
        return n
    heap[n, ITEM.instant], heap[n, ITEM.account], heap[n, ITEM.born], heap[n, ITEM.key] = instant, account, born, key
    rise(heap, n)
    return n + 1


@step
def heap_pop(heap: Any, n: int) -> int:
    """Take the oldest issue (row 0) from a heap of n rows; returns how many are left."""
    n -= 1
    for c in range(len(ITEM)):
        heap[0, c] = heap[n, c]
    x, low = 0, 0
    while low < n:
        low = 2 * x + 1
        if low + 1 < n and heap[low + 1, ITEM.instant] < heap[low, ITEM.instant]:
            low += 1
        if low < n and heap[low, ITEM.instant] < heap[x, ITEM.instant]:
            for c in range(len(ITEM)):
                heap[x, c], heap[low, c] = heap[low, c], heap[x, c]
            x = low
        else:
            low = n
    return n


@step
def crew(par: Par, tables: Tables, state: State, run: int) -> tuple[int, float]:
    """Servers, and mean handling time of one in weeks, from the hours the service team has this week."""
    firm, service = state.run[run], par.service
    heads, hours = 0.0, service.handling_hours
    for n in range(par.size.touchpoints):
        touch = tables.touch[par.size.touch0 + n]
        if touch.stage == STAGE.service:
            heads = state.heads[firm.team0 + touch.owner]
            if service.handling_hours <= 0.0:
                hours = touch.hours
    servers = i64(service.servers if service.servers > 0 else min(math.ceil(heads), SERVERS))
    handling = hours * firm.service_standard * firm.issue_hours / firm.gross_hours
    if par.capacity.enabled and firm.service_capacity < 1e200:
        if firm.service_capacity <= 0.0:
            servers = 0
        else:
            handling = (heads if service.servers > 0 else f64_of(servers)) / firm.service_capacity
    return servers, max(handling, _LEAST / firm.gross_hours)


@inlined
def f64_of(n: int) -> float:
    """A count as a float."""
    return np.float64(n)


@step
def finish(par: Par, state: State, run: int, hand: Any, k: int, total: Sums) -> float:
    """Close what server k has in hand: count it, and mark it for its customer; returns how long it had waited."""
    firm = state.run[run]
    j = i64(hand[k, HAND.account]) - 1
    m, i, wait = firm.mark0 + j, firm.account0 + j, hand[k, HAND.wait]
    bad = max(hand[k, HAND.unfixed], hand[k, HAND.lost])
    total[ACC.handled] += 1.0
    total[ACC.waited] += 1.0 if wait > 0.0 else 0.0
    total[ACC.repeat_contacts] += bad
    total[ACC.handoffs_lost] += hand[k, HAND.lost]
    if state.marks[m, MARKS.handled] < 255:
        state.marks[m, MARKS.handled] += 1
        state.marks[m, MARKS.unfixed] += np.uint8(hand[k, HAND.unfixed])
        state.marks[m, MARKS.lost] += np.uint8(hand[k, HAND.lost])
        state.marks[m, MARKS.bad] += np.uint8(bad)
    state.waited[m] += f32(wait)
    state.cost[i] += f32(par.service.live_cost)
    if bad == 0.0 and state.open[i] > 0:
        state.open[i] -= 1
    hand[k, HAND.account] = 0.0
    return wait


@step
def give_up(
    par: Par, state: State, run: int, j: int, born: int, key: int, arrival: float, after: float, total: Sums
) -> float:
    """An issue of account j is given up after this wait; returns when it comes back, or 1e300."""
    firm, service = state.run[run], par.service
    total[ACC.abandoned] += 1.0
    state.waited[firm.mark0 + j] += f32(after)
    if state.marks[firm.mark0 + j, MARKS.given] < 255:
        state.marks[firm.mark0 + j, MARKS.given] += 1
    _, _, w_returns, w_delay = words(firm.seed, firm.replicate, j, born, PATIENCE, key)
    if below(w_returns, f32(service.give_up_return)):
        return arrival + after + exponential(w_delay, service.return_delay_weeks)  # type: ignore[no-any-return]
    if state.open[firm.account0 + j] > 0:
        state.open[firm.account0 + j] -= 1
    return 1e300


@step
def admit(par: Par, state: State, run: int, week: int, total: Sums) -> int:
    """Let the issues of those who left go with them, and this week's new ones in; returns how many there are."""
    firm = state.run[run]
    heap, hand = (
        state.items[firm.item0 : firm.item0 + firm.item_room],
        state.hand[firm.server0 : firm.server0 + SERVERS],
    )
    kept = 0
    for x in range(firm.items):
        i = firm.account0 + i64(heap[x, ITEM.account])
        if NEUTRAL <= state.status_next[i] <= DETRACTOR and heap[x, ITEM.instant] >= state.start[i]:
            for c in range(len(ITEM)):
                heap[kept, c] = heap[x, c]
            rise(heap, kept)
            kept += 1
    for k in range(SERVERS):
        if hand[k, HAND.account] > 0.0:
            status = state.status_next[firm.account0 + i64(hand[k, HAND.account]) - 1]
            if not NEUTRAL <= status <= DETRACTOR:
                hand[k, HAND.account] = 0.0  # the server ends what it began, for nobody
    n = kept
    for j in range(firm.accounts):
        i, m = firm.account0 + j, firm.mark0 + j
        if NEUTRAL <= state.status_next[i] <= DETRACTOR:
            fresh = i64(state.marks[m, MARKS.fresh])
            for x in range(fresh):
                n = heap_push(
                    heap, n, week + unit64(words(firm.seed, firm.replicate, j, week, QUEUE, x)[0]), j, week, x
                )
            state.open[i] += fresh
            state.marks[m, MARKS.fresh] = 0
            total[ACC.contacts] += fresh
        else:
            state.marks[m, :] = 0
            state.waited[m] = 0.0
    return n


@step
def end_of_week(par: Par, state: State, run: int, week: int, n: int, total: Sums) -> tuple[float, float]:
    """Count what waits over the week's end, unless it is given up before it; returns how many, and their ages.

    Ages are rounded down to ticks, so that their sum is exact and hangs on no order.
    """
    firm, patience, close = state.run[run], par.service.patience_hours / state.run[run].gross_hours, week + 1.0
    heap = state.items[firm.item0 : firm.item0 + firm.item_room]
    kept, waiting, age = 0, 0.0, 0.0
    for x in range(n):
        arrival, stays, j = heap[x, ITEM.instant], 1e300, i64(heap[x, ITEM.account])
        if arrival < close:
            key = i64(heap[x, ITEM.key])
            total[ACC.contacts] += 1.0 if key >= _VISIT and arrival >= week else 0.0
            if patience > 0.0:
                stays = exponential(
                    words(firm.seed, firm.replicate, j, i64(heap[x, ITEM.born]), PATIENCE, key)[0], patience
                )
        if arrival + stays < close:
            born, key = i64(heap[x, ITEM.born]), i64(heap[x, ITEM.key])
            back = give_up(par, state, run, j, born, key, arrival, stays, total)
            heap[x, ITEM.instant], heap[x, ITEM.key] = max(back, close), key + _VISIT  # nobody is there before
        else:
            back = 0.0
            if arrival < close:
                waiting += 1.0
                age += math.floor((close - arrival) * _TICKS) / _TICKS
                if arrival <= week:
                    state.marks[firm.mark0 + j, MARKS.passed] = 1
        if back < 1e300:
            for c in range(len(ITEM)):
                heap[kept, c] = heap[x, c]
            rise(heap, kept)
            kept += 1
    firm.items = kept
    return waiting, age


@step
def serve_week(par: Par, tables: Tables, state: State, run: int, week: int, total: Sums) -> float:
    """Serve week t and set its sums, ``wait`` and ``service_capacity``; returns the issues that asked for hours."""
    firm, service, now = state.run[run], par.service, state.now[run]
    heap, hand = (
        state.items[firm.item0 : firm.item0 + firm.item_room],
        state.hand[firm.server0 : firm.server0 + SERVERS],
    )
    servers, handling = crew(par, tables, state, run)
    n = admit(par, state, run, week, total)
    begun, gone, waits, close = 0.0, 0.0, 0.0, week + 1.0
    patience, delay = service.patience_hours / firm.gross_hours, service.return_delay_weeks
    going = servers > 0
    most = _MOST * firm.accounts
    while going and n > 0 and heap[0, ITEM.instant] < close and begun + gone < most:
        best = 0
        for k in range(1, servers):
            if hand[k, HAND.until] < hand[best, HAND.until]:
                best = k
        arrival, j = heap[0, ITEM.instant], i64(heap[0, ITEM.account])
        born, key = i64(heap[0, ITEM.born]), i64(heap[0, ITEM.key])
        start = max(arrival, hand[best, HAND.until], float(week))
        going = start < close
        if going:
            n = heap_pop(heap, n)
            total[ACC.contacts] += 1.0 if key >= _VISIT and arrival >= week else 0.0
            stays = 1e300
            if patience > 0.0:
                stays = exponential(words(firm.seed, firm.replicate, j, born, PATIENCE, key)[0], patience)
            if arrival + stays < start:
                back = give_up(par, state, run, j, born, key, arrival, stays, total)
                gone += 1.0
                if back < 1e300:
                    n = heap_push(heap, n, back, j, born, key + _VISIT)
            else:
                if hand[best, HAND.account] > 0.0:
                    waits += finish(par, state, run, hand, i64(best), total)
                begun += 1.0
                _, w_time, w_fix, w_delay = words(firm.seed, firm.replicate, j, born, QUEUE, key)
                until = start + exponential(w_time, handling)
                unfixed, lost = not below(w_fix, now.fix), False
                if now.lost_issue > 0.0:
                    lost = below(words(firm.seed, firm.replicate, j, born, PATIENCE, key)[1], now.lost_issue)
                hand[best, HAND.until], hand[best, HAND.account], hand[best, HAND.wait] = until, j + 1, start - arrival
                hand[best, HAND.unfixed], hand[best, HAND.lost] = unfixed, lost
                if unfixed or lost:
                    n = heap_push(heap, n, until + exponential(w_delay, delay), j, born, key + _VISIT)
    for k in range(SERVERS):
        if hand[k, HAND.account] > 0.0:
            if hand[k, HAND.until] < close:
                waits += finish(par, state, run, hand, i64(k), total)
            else:
                total[ACC.backlog] += 1.0
    waiting, age = end_of_week(par, state, run, week, n, total)
    total[ACC.backlog] += waiting
    firm.service_capacity = servers / handling if handling > 0.0 else 1e300
    firm.wait_weeks = 0.0
    if total[ACC.handled] > 0.0:
        firm.wait_weeks = waits / total[ACC.handled]
    elif waiting > 0.0:
        firm.wait_weeks = age / waiting
    return begun + waiting
