r"""M17 Cadence: the group that meets, the calendar, reviews, and quarterly themes.

Every m weeks, after the week's drift, each member of the flywheel group at once moves its angle to the members'
unweighted mean direction (itself included) to the share 1 - a of what it was; a = 1 is allowed, a scales with the yield
of culture.  Meetings do not raise the coupling K.  Who was there tells the others: team k, of whose heads the share
s_k is at the meeting, turns by

    a_k = a (1 - exp(-hours/hours_scale)) [ s_k + (1 - s_k) (1 - exp(-relay_hours/relay_scale)) ],

a the pull of a meeting without end; ``relay_hours`` of each head that was not there are booked as meeting hours, and a
team without anybody does not turn.  Nothing is agreed in no time, one delegate does not turn a team of twenty, and what
a group decides together (M16) and need not coordinate (M19) is the share 1 - exp(-hours a week/hours_scale) of what
belongs together, so that a group which never sits spares nobody anything.  Turn and relief rise from 0 with the hours,
saturate, and cost them (an argument, not a measurement; both scales are assumptions).  With coupling and fields off,
the deviation from the mean follows the exact saw-tooth of A20 (geodesic moves lie 1-2 % below the linear law).

Other ``events`` of the calendar (quarterly business review, kick-off, annual plan, whatever a company names) do the
same to those they invite: they cost hours and money, may turn directions, and may settle blockers.  In a week with
several, the group meets first, then they in their order in the scenario.

Themes: K_ij(t) = K w_ij 1[theme_i = theme_j].  ``own``: each team draws one of four every quarter, so coupling works a
quarter of the time; ``common``: always (C47); ``offset``: all go through the same round of four themes, but team k
enters each of them ``theme_offset`` weeks late, so that two teams hear each other in 13 - |difference| of 13 weeks
(C48); ``none``: themes play no part.

Reviews: every ``review_weeks`` weeks the group moves the settings of its members' touchpoints (M14) by

    z_j <- z_j - g [ w_h e(n - lag) + w_i mean(e) + w_f (e(n) + lag slope(e)) ],    e score - target at survey n,

mean and least-squares slope over the last ``review_window`` surveys, w scaled to sum 1: hindsight corrects what has
been corrected already and overshoots, insight averages sampling noise away, foresight meets what is coming (C49).  Of a
past it does not have yet a review makes nothing.  Its hours are those of an event of the
calendar, if there is one.

Plan: leadership's target (M15) is aimed anew only every ``plan_weeks``; in between it stays where it was.

Neutral setting: ``enabled: false``: nobody meets and every pair couples; ``hours_scale: 0`` and ``relay_scale: 0``: a
meeting of any length turns every team by a (A20; also at s = 1 and a meeting much longer than the scale).  C45 vanishes
at a = 0, C48 at equal offsets, C49 at ``review_gain: 0``; ``review_weeks: 0`` leaves scores to M14.
"""

import math
from typing import Any

import numpy as np

from flywheel_sim.engine.choices import codes
from flywheel_sim.engine.jit import inlined, step
from flywheel_sim.engine.kernel_types import Firm, Par, State, Tables
from flywheel_sim.engine.mechanisms.m20_culture import discipline_yield
from flywheel_sim.engine.portable_math import acos64, exp64, sincos64
from flywheel_sim.engine.random import THEME, words
from flywheel_sim.engine.rows import Room, Rows
from flywheel_sim.engine.state import GAPS
from flywheel_sim.scenario.blocks.m17_cadence import Cadence
from flywheel_sim.scenario.schema import ScenarioModel

__all__ = [
    "cadence_rows",
    "carried",
    "clears_blockers",
    "event_cost",
    "event_hours",
    "falls_on",
    "hold_meeting",
    "meets",
    "planning",
    "review_due",
    "review_move",
    "reviewed",
    "same_theme",
]

THEMES = codes(Cadence, "themes")
EVENT = np.dtype(
    [(n, "i8") for n in ("every", "first", "clears")] + [(n, "f8") for n in ("hours", "heads", "pull", "cost")],
    align=True,
)

_QUARTER, _ROUND = 13, 4


@inlined
def meets(par: Par, week: int) -> bool:
    """Whether the group meets in week t (0-based)."""
    return par.cadence.enabled and (week + 1) % par.cadence.interval_weeks == 0


@inlined
def falls_on(event: Any, t: int) -> bool:
    """Whether an event of the calendar, the group's meeting included, takes place in week t (0-based)."""
    return t + 1 >= event.first and (t + 1 - event.first) % event.every == 0


@inlined
def depth(hours: float, scale: float) -> float:
    """1 - exp(-hours/scale), 1 at scale 0: how far so many hours go."""
    return 1.0 - exp64(-hours / scale) if scale > 0.0 else 1.0


@inlined
def carried(par: Par) -> float:
    """Share of what belongs together that the group has the hours to decide."""
    return depth(par.cadence.hours / par.cadence.interval_weeks, par.cadence.hours_scale)


@inlined
def reached(par: Par, event: Any, heads: float) -> float:
    """Share of its turn that a team of so many heads makes: who is there, and how far they carry the word."""
    scale = par.cadence.relay_scale
    if scale <= 0.0:
        return 1.0
    if heads <= 0.0:
        return 0.0
    there = min(event.heads, heads) / heads
    return there + (1.0 - there) * depth(par.cadence.relay_hours, scale)


@inlined
def clears_blockers(par: Par, tables: Tables, i: int, j: int, week: int) -> bool:
    """Whether two teams settle blockers in week t: both are at a meeting of the group or an event that does so."""
    settled = False
    for n in range(par.size.events):
        e = par.size.event0 + n
        both = tables.invited[e, i] > 0.0 and tables.invited[e, j] > 0.0
        settled = settled or (both and tables.event[e].clears > 0 and falls_on(tables.event[e], week))
    return settled


@inlined
def event_hours(par: Par, tables: Tables, k: int, heads: float, week: int) -> float:
    """Hours that a team of so many heads spends in this week's meetings."""
    hours = 0.0
    for n in range(par.size.events):
        event = tables.event[par.size.event0 + n]
        if tables.invited[par.size.event0 + n, k] > 0.0 and heads > 0.0 and falls_on(event, week):
            there = min(event.heads, heads)
            hours += event.hours * there + par.cadence.relay_hours * (heads - there)
    return hours


@inlined
def event_cost(par: Par, tables: Tables, week: int) -> float:
    """What this week's events cost beside hours; the group's own meetings are in the ledger."""
    cost = 0.0
    for n in range(par.size.events):
        event = tables.event[par.size.event0 + n]
        if falls_on(event, week):
            cost += event.cost
    return cost


@inlined
def planning(par: Par, week: int) -> bool:
    """Whether leadership may aim anew in week t (0-based)."""
    cadence = par.cadence
    return not cadence.enabled or cadence.plan_weeks == 0 or week % cadence.plan_weeks == 0


@inlined
def theme_of(offset: float, t: int) -> int:
    """Number of the theme a team works on that enters each one so many weeks late."""
    return math.floor((t - offset) / _QUARTER) % _ROUND


@inlined
def same_theme(par: Par, tables: Tables, firm: Firm, k: int, j: int, week: int) -> float:
    """1 where two teams can hear each other this week, else 0."""
    if not par.cadence.enabled or k == j:
        return 1.0
    same = True
    if par.cadence.themes == THEMES.own:
        mine = words(firm.seed, firm.replicate, k, week // _QUARTER, THEME, 0)[0] & np.uint32(3)
        same = mine == words(firm.seed, firm.replicate, j, week // _QUARTER, THEME, 0)[0] & np.uint32(3)
    elif par.cadence.themes == THEMES.offset:
        late, later = tables.team[par.size.team0 + k].theme_offset, tables.team[par.size.team0 + j].theme_offset
        same = theme_of(late, week) == theme_of(later, week)
    return 1.0 if same else 0.0


@inlined
def reviewed(par: Par) -> bool:
    """Whether the group's reviews take the place of its members' own reactions to scores."""
    return par.cadence.enabled and par.cadence.review_weeks > 0


@inlined
def review_due(par: Par, week: int) -> bool:
    """Whether the group reviews scores in week t (0-based): at its beginning, when last week's survey is in."""
    return week > 0 and week % par.cadence.review_weeks == 0


@inlined
def review_move(c: Any, gaps: Any, cell: int, known: int) -> float:
    """What a review takes off a setting, from the distances to target at the ``known`` surveys so far."""
    total = c.hindsight + c.insight + c.foresight
    if known == 0 or total <= 0.0:
        return 0.0
    n = min(known, c.review_window)
    mean, slope, spread = 0.0, 0.0, 0.0
    for i in range(n):
        mean += gaps[cell, (known - 1 - i) % GAPS] / n
    for i in range(n):
        x = 0.5 * (n - 1) - i
        slope += x * gaps[cell, (known - 1 - i) % GAPS]
        spread += x * x
    if spread > 0.0:
        slope /= spread
    past = gaps[cell, (known - 1 - c.review_lag) % GAPS] if known > c.review_lag else 0.0
    coming = gaps[cell, (known - 1) % GAPS] + c.review_lag * slope
    return c.review_gain * (c.hindsight * past + c.insight * mean + c.foresight * coming) / total


@step
def hold_meeting(par: Par, tables: Tables, state: State, run: int, week: int) -> None:
    """Turn those who meet this week towards their mean direction."""
    firm, d, teams = state.run[run], par.size.axes, par.size.teams
    mean = np.empty(16)
    for n in range(par.size.events):
        e = par.size.event0 + n
        if not falls_on(tables.event[e], week):
            continue
        pull = min(1.0, tables.event[e].pull * discipline_yield(par, firm.culture))
        pull *= depth(tables.event[e].hours, par.cadence.hours_scale)
        length = 0.0
        for a in range(d):
            mean[a] = 0.0
            for k in range(teams):
                if tables.invited[e, k] > 0.0:
                    mean[a] += state.direction[firm.team0 + k, a]
            length += mean[a] * mean[a]
        length = math.sqrt(length)
        if length < 1e-12 or pull <= 0.0:  # turning by the whole angle would still change the last bit
            continue
        for k in range(teams):
            if tables.invited[e, k] == 0.0:
                continue
            u = state.direction[firm.team0 + k]
            dot = 0.0
            for a in range(d):
                dot += u[a] * mean[a] / length
            side = 0.0
            for a in range(d):
                x = u[a] - dot * mean[a] / length
                side += x * x
            side = math.sqrt(side)
            if side < 1e-12:
                continue
            mine = pull * reached(par, tables.event[e], state.heads[firm.team0 + k])
            if mine <= 0.0:
                continue
            s, c = sincos64((1.0 - mine) * acos64(dot))
            for a in range(d):
                m = mean[a] / length
                u[a] = c * m + s * (u[a] - dot * m) / side


def cadence_rows(m: ScenarioModel, room: Room) -> Rows:
    """Return the events of the calendar, the group's meeting first, who takes part, and who is in the group.

    The group meets for the first time after one interval, and so does any other event that says nothing else.
    """
    c, names = m.cadence, tuple(m.teams)
    rows, who = [], []
    if c.enabled:
        m0 = c.interval_weeks
        rows.append((m0, m0, 1, c.hours, c.heads_per_team, c.pull, 0.0))
        who.append(c.members or names)
        for e in c.events.values():
            first = e.first_week or e.every_weeks
            rows.append((e.every_weeks, first, e.clears_blockers, e.hours, e.heads_per_team, e.pull, e.cost))
            who.append(e.members or c.members or names)
    invited = np.zeros((len(rows), room.teams))
    for row, members in zip(invited, who, strict=True):
        for name in members:
            row[names.index(name)] = 1.0
    group = c.members or names
    return {
        "event": np.array(rows, EVENT),
        "invited": invited,
        "team.member": np.array([name in group for name in names], bool),
        "team.theme_offset": np.array([team.theme_offset for team in m.teams.values()]),
    }
