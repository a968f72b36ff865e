r"""M18 Blockers and response.

An issue between two teams arises by Poisson(rate v_ij) a week, v_ij the coupling of M16, at a keyed instant.  It is
seen at once with probability ``vectors.transparency`` (one transparency for coupling, ideas and blockers), else after
Exp(``discovery_weeks``) (C19).  It then travels to whoever can settle it: ``hop_weeks`` for every step of the path
between the two teams along ``reports_to``, over the lowest common superior (teams that report to nobody report to the
head of the company, so two of them are two steps apart); a pair with a lateral link needs one step (C20).  Which pairs
have one is keyed luck for life, so more lateral links include the fewer.

Then it is ready.  Where both teams are in the flywheel group, the next meeting settles it (C46: age m/2 + travel, as
issues come at any time of the interval), else the two do after Exp(``solo_weeks``).  With ``between_meetings`` a
pair of the group does not sit still until a meeting that is far away: whichever comes first settles it, and a group
that hardly ever meets is the limit of no group (law 3 of the whole).  Any other event of the calendar
that settles blockers does so for the pairs it invites.  A resolution does not hold with
probability ``reopen`` (1 - u_i . u_j)/2; the issue is ready again then.  While it is open, seen or not, it costs both
teams ``idle_hours`` a week, for the part of the week that it is open.

Open issues are a list of at most ``BLOCKERS`` per run; what arrives when it is full is dropped and counted.

    open = open before + new - resolved            every week

Neutral setting: ``enabled: false``: no blockers.  C19 and C46 vanish at rate 0; C20 where the path is one step anyway.
"""

from typing import Any

import numpy as np

from flywheel_sim.engine.jit import inlined, step
from flywheel_sim.engine.kernel_types import Firm, Par, State, Tables
from flywheel_sim.engine.mechanisms.m16_decisions import decide_together, gap_between
from flywheel_sim.engine.mechanisms.m17_cadence import clears_blockers
from flywheel_sim.engine.portable_math import log64, poisson64
from flywheel_sim.engine.random import BLOCKER, unit64, words
from flywheel_sim.engine.records import last_row
from flywheel_sim.engine.rows import Room, Rows
from flywheel_sim.engine.state import BLOCKERS, OPEN
from flywheel_sim.scenario.columns import COL
from flywheel_sim.scenario.schema import ScenarioModel

__all__ = ["hop_rows", "step_blockers"]

_PAIR = 65536  # a pair of teams as one agent: 65536 i + j
_ATTEMPT = 65536  # k of a blocker's draws: 65536 attempt + number + 1
_LINK = 1 << 30  # k of a pair's lateral link


@inlined
def path_weeks(par: Par, hops: Any, firm: Firm, i: int, j: int) -> float:
    """How long an issue travels between two teams."""
    blockers = par.blockers
    link = unit64(words(firm.seed, firm.replicate, _PAIR * i + j, 0, BLOCKER, _LINK)[0])
    return blockers.hop_weeks * (1.0 if link < blockers.lateral else hops[par.size.team0 + i, j])  # type: ignore[no-any-return]


@step
def arrive(par: Par, tables: Tables, state: State, run: int, week: int) -> None:
    """Add this week's issues to the list."""
    firm, blockers = state.run[run], par.blockers
    weekly = state.weekly[firm.week0 + week]
    for i in range(par.size.teams):
        for j in range(i):
            mean = blockers.rate * tables.coupled[par.size.team0 + i, j]
            if mean <= 0.0:
                continue
            pair = _PAIR * i + j
            weeks = path_weeks(par, tables.hops, firm, i, j)
            for n in range(poisson64(unit64(words(firm.seed, firm.replicate, pair, week, BLOCKER, 0)[0]), mean)):
                if firm.blockers >= BLOCKERS:
                    weekly[COL.blockers_dropped] += 1.0
                    continue
                w = words(firm.seed, firm.replicate, pair, week, BLOCKER, n + 1)
                born = week + unit64(w[0])
                seen = born
                if unit64(w[1]) >= par.vectors.transparency:
                    seen -= blockers.discovery_weeks * log64(unit64(w[2]))
                row = state.blocker[firm.blocker0 + firm.blockers]
                row[OPEN.pair], row[OPEN.number], row[OPEN.attempt] = pair, n, 0.0
                row[OPEN.born], row[OPEN.ready] = born, seen + weeks
                firm.blockers += 1
                weekly[COL.blockers_new] += 1.0


@step
def step_blockers(par: Par, tables: Tables, state: State, run: int, week: int) -> None:
    """One week of issues between teams: they arrive, are settled or not, and cost hours."""
    firm, blockers = state.run[run], par.blockers
    weekly = state.weekly[firm.week0 + week]
    weekly[COL.resolve_weeks] = last_row(state, run, week)[COL.resolve_weeks]
    if not blockers.enabled:
        firm.blockers = 0
        return
    arrive(par, tables, state, run, week)
    end, kept, waited = week + 1.0, 0, 0.0
    for n in range(firm.blockers):
        row = state.blocker[firm.blocker0 + n]
        pair, born = int(row[OPEN.pair]), row[OPEN.born]
        i, j = pair // _PAIR, pair % _PAIR
        joint, cleared = decide_together(par, tables.team, i, j), clears_blockers(par, tables, i, j, week)
        closed = -1.0
        for _ in range(8):  # more solutions of one issue in a week wait for the next
            if row[OPEN.ready] > end:
                break
            k = _ATTEMPT * (int(row[OPEN.attempt]) + 1) + int(row[OPEN.number]) + 1
            w = words(firm.seed, firm.replicate, pair, int(born), BLOCKER, k)
            at = end + 1.0
            if not joint or blockers.between_meetings:
                at = max(row[OPEN.ready] - blockers.solo_weeks * log64(unit64(w[0])), float(week))
            if cleared:
                at = min(at, end)
            if at > end:
                break
            row[OPEN.attempt] += 1.0
            if unit64(w[1]) >= blockers.reopen * gap_between(
                state.direction, firm.team0 + i, firm.team0 + j, par.size.axes
            ):
                closed = at
                break
            weekly[COL.blockers_reopened] += 1.0
            row[OPEN.ready] = at
            if at == end:
                break
        hours = blockers.idle_hours * ((closed if closed >= 0.0 else end) - max(born, float(week)))
        state.taken[firm.team0 + i] += hours
        state.taken[firm.team0 + j] += hours
        if closed >= 0.0:
            weekly[COL.blockers_resolved] += 1.0
            waited += closed - born
        else:
            for c in range(row.shape[0]):
                state.blocker[firm.blocker0 + kept, c] = row[c]
            kept += 1
    firm.blockers = kept
    weekly[COL.blockers_open] = kept
    if weekly[COL.blockers_resolved] > 0.0:
        weekly[COL.resolve_weeks] = waited / weekly[COL.blockers_resolved]


def hop_rows(m: ScenarioModel, room: Room) -> Rows:
    """Return steps from team to team along ``reports_to``; who reports to nobody reports to the head of the company."""
    names, lines = tuple(m.teams), []
    for name in names:
        line = [name]
        while m.teams[line[-1]].reports_to:
            line.append(m.teams[line[-1]].reports_to)
        lines.append([*line, ""])
    steps = np.zeros((len(names), room.teams))
    for i, mine in enumerate(lines):
        for j, other in enumerate(lines):
            common = next(name for name in mine if name in other)
            steps[i, j] = mine.index(common) + other.index(common)
    return {"hops": steps}
