"""Bookkeeping of the closing phase: sums over blocks, rows of records, and the publication of new statuses."""

from typing import Any

from flywheel_sim.engine.jit import i16, i64, inlined, step
from flywheel_sim.engine.kernel_types import Par, State, Sums
from flywheel_sim.engine.mechanisms.m05_word_of_mouth import leaving_seen, voice_changed
from flywheel_sim.engine.network import NETWORK
from flywheel_sim.engine.state import ACC, BLOCK, CAUSE, DETRACTOR, NEUTRAL, SOUR

__all__ = ["last_row", "publish", "sum_blocks", "write_teams"]

_STRETCH = 64  # accounts that are compared at once


@step
def sum_blocks(state: State, run: int, total: Sums) -> None:
    """Add up the blocks' sums, in the order of the blocks."""
    firm = state.run[run]
    for b in range(firm.block0, firm.block0 + firm.blocks):
        for n in range(total.shape[0]):
            total[n] += state.acc[b, n]


@step
def last_row(state: State, run: int, week: int) -> Any:
    """Row of the week before; before week 1 the initial row."""
    return state.weekly[state.run[run].week0 + week - 1] if week > 0 else state.initial[run]


@step
def write_teams(par: Par, state: State, run: int, week: int) -> None:
    """Keep the teams' magnitudes and directions and the company's need of this week, where that was asked for."""
    firm, teams = state.run[run], par.size.teams
    if firm.log0 < 0:
        return
    for a in range(par.size.axes):
        state.need_log[firm.week0 + week, a] = state.company_need[run, a]
    for k in range(teams):
        row = state.log[firm.log0 + week * teams + k]
        row[0] = state.magnitude[firm.team0 + k]
        for a in range(par.size.axes):
            row[1 + a] = state.direction[firm.team0 + k, a]


@inlined
def speaks(status: int) -> bool:
    """Whether a change from or to this status is more than a number: customers', and what angry leavers say."""
    return (status >= NEUTRAL) & (status <= DETRACTOR) | (status == SOUR)


@step
def publish(par: Par, state: State, run: int, week: int) -> None:
    """Make ``status_next`` the status the world sees, tell friends, count, and keep the life table."""
    firm, word_of_mouth = state.run[run], par.word_of_mouth
    stored = par.market.network.kind != NETWORK.complete
    contagious = stored and word_of_mouth.enabled and word_of_mouth.contagion != 1.0
    for b in range(firm.block0, firm.block0 + firm.blocks):
        if state.acc[b, ACC.changed] == 0.0:
            continue
        row = (b - firm.block0) * BLOCK
        first, last = firm.account0 + row, firm.account0 + min(row + BLOCK, firm.accounts)
        before, after = state.status[first:last], state.status_next[first:last]
        for here in range(0, last - first, _STRETCH):  # those who speak change seldom: a stretch at a time
            end, told = min(here + _STRETCH, last - first), False
            for k in range(here, end):
                told |= (before[k] != after[k]) & (speaks(before[k]) | speaks(after[k]))
            if told:
                for k in range(here, end):
                    if before[k] != after[k] and (speaks(before[k]) or speaks(after[k])):
                        heard(par, state, run, week, row + k, i64(before[k]), i64(after[k]), stored, contagious)
        for k in range(last - first):
            before[k] = after[k]
        for status in range(state.counts.shape[1]):
            state.counts[b, status] = i64(state.acc[b, ACC.next_prospect + status])


@inlined
def heard(
    par: Par, state: State, run: int, week: int, j: int, old: int, new: int, stored: bool, contagious: bool
) -> None:
    """Tell the friends of account j, and keep the life table, when its status goes from old to new."""
    firm = state.run[run]
    i = firm.account0 + j
    if stored:
        voice_changed(par, state, run, j, old, new)
    was, is_now = NEUTRAL <= old <= DETRACTOR, NEUTRAL <= new <= DETRACTOR
    if is_now and not was:
        state.life[firm.life0, 0] += 1.0
        referrer = state.referrer[i]
        if referrer >= 0 and state.spells[i] == 1:
            age = week + 1 - int(state.start[firm.account0 + referrer])
            state.life[firm.life0 + min(max(age, 0), firm.ages - 1), 2] += 1.0
            state.thanked[firm.account0 + referrer] = i16(week + 1)
    elif was and not is_now:
        age = week + 1 - int(state.start[i])
        state.life[firm.life0 + min(max(age, 0), firm.ages - 1), 1] += 1.0
        if contagious and state.cause[i] == CAUSE.voluntary:
            leaving_seen(state.status_next, state.exposure, state.edge, state.friend, firm.edge0, firm.account0, j)
