"""Bookkeeping of the closing phase: sums over blocks, rows of records, and the publication of new statuses."""

from typing import Any

from flywheel_sim.engine.jit import i16, i64, law, part
from flywheel_sim.engine.mechanisms.m05_word_of_mouth import leaving_seen, voice_changed
from flywheel_sim.engine.state import ACC, BLOCK, DETRACTOR, NEUTRAL, SOUR

__all__ = ["last_row", "publish", "sum_blocks", "write_teams"]

_VOLUNTARY = 1
_STRETCH = 64  # accounts that are compared at once


@part
def sum_blocks(st: Any, q: int, total: Any) -> None:
    """Add up the blocks' sums, in the order of the blocks."""
    r = st.run[q]
    for b in range(r.block0, r.block0 + r.blocks):
        for n in range(total.shape[0]):
            total[n] += st.acc[b, n]


@part
def last_row(st: Any, q: int, t: int) -> Any:
    """Row of the week before; before week 1 the initial row."""
    return st.weekly[st.run[q].week0 + t - 1] if t > 0 else st.initial[q]


@part
def write_teams(p: Any, st: Any, q: int, t: int) -> None:
    """Keep the teams' magnitudes and directions and the company's need of this week, where that was asked for."""
    r, teams = st.run[q], p.size.teams
    if r.log0 < 0:
        return
    for a in range(p.size.axes):
        st.need_log[r.week0 + t, a] = st.company_need[q, a]
    for k in range(teams):
        row = st.log[r.log0 + t * teams + k]
        row[0] = st.magnitude[r.team0 + k]
        for a in range(p.size.axes):
            row[1 + a] = st.direction[r.team0 + k, a]


@law
def speaks(status: int) -> bool:
    """Whether a change from or to this status is more than a number: customers', and what angry leavers say."""
    return (status >= NEUTRAL) & (status <= DETRACTOR) | (status == SOUR)


@part
def publish(p: Any, st: Any, q: int, t: int) -> None:
    """Make ``status_next`` the status the world sees, tell friends, count, and keep the life table."""
    r, wom = st.run[q], p.word_of_mouth
    stored = p.market.network.kind != 0
    contagious = stored and wom.enabled and wom.contagion != 1.0
    for b in range(r.block0, r.block0 + r.blocks):
        if st.acc[b, ACC.changed] == 0.0:
            continue
        row = (b - r.block0) * BLOCK
        first, last = r.account0 + row, r.account0 + min(row + BLOCK, r.accounts)
        before, after = st.status[first:last], st.status_next[first:last]
        for here in range(0, last - first, _STRETCH):  # those who speak change seldom: a stretch at a time
            end, told = min(here + _STRETCH, last - first), False
            for k in range(here, end):
                told |= (before[k] != after[k]) & (speaks(before[k]) | speaks(after[k]))
            if told:
                for k in range(here, end):
                    if before[k] != after[k] and (speaks(before[k]) or speaks(after[k])):
                        heard(p, st, q, t, row + k, i64(before[k]), i64(after[k]), stored, contagious)
        for k in range(last - first):
            before[k] = after[k]
        for status in range(st.counts.shape[1]):
            st.counts[b, status] = i64(st.acc[b, ACC.next_prospect + status])


@law
def heard(p: Any, st: Any, q: int, t: int, j: int, old: int, new: int, stored: bool, contagious: bool) -> None:
    """Tell the friends of account j, and keep the life table, when its status goes from old to new."""
    r = st.run[q]
    i = r.account0 + j
    if stored:
        voice_changed(p, st, q, j, old, new)
    was, is_now = NEUTRAL <= old <= DETRACTOR, NEUTRAL <= new <= DETRACTOR
    if is_now and not was:
        st.life[r.life0, 0] += 1.0
        referrer = st.referrer[i]
        if referrer >= 0 and st.spells[i] == 1:
            age = t + 1 - int(st.start[r.account0 + referrer])
            st.life[r.life0 + min(max(age, 0), r.ages - 1), 2] += 1.0
            st.thanked[r.account0 + referrer] = i16(t + 1)
    elif was and not is_now:
        age = t + 1 - int(st.start[i])
        st.life[r.life0 + min(max(age, 0), r.ages - 1), 1] += 1.0
        if contagious and st.cause[i] == _VOLUNTARY:
            leaving_seen(st.status_next, st.exposure, st.edge, st.friend, r.edge0, r.account0, j)
