r"""M15 Strategy: the target direction, what executives attend to, and the cost of change.

Leadership points every team at one target s with strength h_lead (a field of M11).  The quality of the strategy is the
angle between the target and the customers' need: given directly, or as an angle, in which case the need is turned by
that angle towards the axis it has least of.  A good target does nothing for teams that do not follow it
(C37), and a wrong one is worse the better they do.

Executives weigh customer equity (w) against current revenue (1 - w).  What the scenario states as target and headcounts
is what the weight w_ref stands for; the weight acts through the part of the plan that lies beyond the quarter (C2),

    x = (w - w_ref) max(0, 1 - 13/planning_weeks),

on budgets: teams that own a touchpoint of awareness or sale are planned at exp(-budget_effect x) of what M19 would
plan, all others at the one factor that leaves the planned payroll as it is (sellers never take more than nine tenths of
it); and on the target, where none is given: for x > 0 the angle to the need shrinks, to 0 at w = 1; for x < 0

    s = unit( (1 - l) s_stated + l c ),     l = -x/w_ref,     c = unit(mean craft of the teams that sell),

so that w = 1 aims at the need, w = w_ref at what is stated, and w = 0 at current revenue.

A team whose pay, group, themes or target change loses skill at once and relearns it,

    s_k += tau0 ln(1 + headcount_k),     ds_k/dt = -s_k / relearn,     skill_k exp(-s_k)            (C3, C50)

so a change costs first and pays later.  It happens where the timeline changes these things, and in week 1 of a way of
working that is not ``established``, for the teams it pays or gathers.

Neutral setting: ``enabled: false``; ``vectors.lead_pull: 0`` for the target; ``transition: 0`` for the cost;
``attention`` = ``reference_attention`` or ``planning_weeks: 13`` for the weighing.
"""

import math
from typing import Any

import numpy as np

from flywheel_sim.engine.jit import inlined, step
from flywheel_sim.engine.kernel_types import Par, State, Tables
from flywheel_sim.engine.mechanisms.m17_cadence import planning
from flywheel_sim.engine.portable_math import exp64, log64, sincos64
from flywheel_sim.engine.rows import Room, Rows, unit, vector
from flywheel_sim.scenario.columns import COL
from flywheel_sim.scenario.schema import ScenarioModel

__all__ = ["aim", "learn", "strategy_rows", "ways_of_working", "weighing"]

_MOST = 0.9  # share of the planned payroll that sellers can take


@inlined
def weighing(par: Par) -> float:
    """x: how far executives' weight on customer equity is from the stated one, as far as they plan beyond a quarter."""
    strategy = par.strategy
    return (
        (strategy.attention - strategy.reference_attention) * max(0.0, 1.0 - 13.0 / strategy.planning_weeks)
        if strategy.enabled
        else 0.0
    )


@step
def share_out(par: Par, tables: Tables, state: State, run: int, week: int, x: float) -> None:
    """Set the factors by which sellers' and others' planned headcounts change, the planned payroll unchanged."""
    firm = state.run[run]
    then, now = state.initial[run, COL.spend], state.weekly[firm.week0 + week - 1, COL.spend]
    growth = log64(now / then) if then > 0.0 and now > 0.0 else 0.0
    sellers, others = 0.0, 0.0
    for k in range(par.size.teams):
        team = tables.team[par.size.team0 + k]
        wages = team.headcount * team.salary * exp64(team.scaling * growth)
        if team.sells:
            sellers += wages
        else:
            others += wages
    mine = exp64(-par.strategy.budget_effect * x)
    rest = 1.0
    if sellers > 0.0 and others > 0.0:
        mine = min(mine, max(1.0, _MOST * (sellers + others) / sellers))
        rest = 1.0 - (mine - 1.0) * sellers / others
    else:
        mine = 1.0
    for k in range(par.size.teams):
        state.budget[firm.team0 + k] = mine if tables.team[par.size.team0 + k].sells else rest


@step
def aim(par: Par, tables: Tables, state: State, run: int, week: int) -> None:
    """Set the teams' shares of the budget every quarter, and the target; between two plans (M17) it stays."""
    firm, d, strategy, need, target = (
        state.run[run],
        par.size.axes,
        par.strategy,
        state.company_need[run],
        state.target[run],
    )
    x = weighing(par)
    state.weekly[firm.week0 + week, COL.attention] = strategy.reference_attention + x
    if x == 0.0:
        for k in range(par.size.teams):
            state.budget[firm.team0 + k] = 1.0
    elif week % 13 == 0 and week > 0:
        share_out(par, tables, state, run, week, x)
    if not planning(par, week):
        return
    given = 0.0
    for a in range(d):
        target[a] = tables.target[par.size.epoch, a] if strategy.enabled else 0.0
        given += target[a] * target[a]
    if given > 0.0 or not strategy.enabled:
        return
    axis = 0
    for a in range(d):
        if abs(need[a]) < abs(need[axis]) - 1e-12:
            axis = a
    angle = strategy.angle * (1.0 - x / (1.0 - strategy.reference_attention)) if x > 0.0 else strategy.angle
    sine, cosine = sincos64(angle * 0.017453292519943295)
    side = math.sqrt(max(1e-300, 1.0 - need[axis] * need[axis]))
    for a in range(d):
        e = ((1.0 if a == axis else 0.0) - need[axis] * need[a]) / side
        target[a] = cosine * need[a] + sine * e
    if x < 0.0:
        turn_to_revenue(par, tables, target, d, -x / strategy.reference_attention)


@step
def turn_to_revenue(par: Par, tables: Tables, target: Any, d: int, share: float) -> None:
    """Blend the target with the sellers' mean craft, both of length 1; without sellers it stays."""
    now, size = 0.0, 0.0
    for a in range(d):
        now = 0.0
        for k in range(par.size.teams):
            now += tables.team[par.size.team0 + k].sells * tables.craft[par.size.team0 + k, a]
        size += now * now
    size = math.sqrt(size)
    if size < 1e-12:
        return
    length = 0.0
    for a in range(d):
        now = 0.0
        for k in range(par.size.teams):
            now += tables.team[par.size.team0 + k].sells * tables.craft[par.size.team0 + k, a]
        target[a] = (1.0 - share) * target[a] + share * now / size
        length += target[a] * target[a]
    length = math.sqrt(length)
    for a in range(d):
        target[a] /= max(length, 1e-12)


@step
def learn(par: Par, tables: Tables, state: State, run: int, week: int) -> None:
    """Unsettle the teams that change this week, and let all relearn a week's worth."""
    firm, strategy = state.run[run], par.strategy
    for k in range(par.size.teams):
        row, team = firm.team0 + k, tables.team[par.size.team0 + k]
        if not strategy.enabled:
            state.unlearned[row] = 0.0
            continue
        state.unlearned[row] *= exp64(-1.0 / strategy.relearn_weeks)
        begins = week == 0 and not strategy.established and (team.paid or (team.member and par.cadence.enabled))
        if begins or team.changed:
            state.unlearned[row] += strategy.transition * log64(1.0 + state.heads[row])


def strategy_rows(m: ScenarioModel, room: Room) -> Rows:
    """Return the target that leadership names, if any, and which teams sell."""
    target = unit(vector(m.axes, m.strategy.target, room.axes), len(m.axes))
    sellers = {x.owner for x in m.journey.touchpoints.values() if x.stage in ("awareness", "sale")}
    return {"target": target[None, :], "team.sells": np.array([name in sellers for name in m.teams], bool)}


def ways_of_working(m: ScenarioModel) -> tuple[Any, ...]:
    """Return what each team would have to learn anew: what it is paid on, its group and themes, the target."""
    group = (m.cadence.themes, m.cadence.interval_weeks) if m.cadence.enabled else None
    members = m.cadence.members or list(m.teams)
    target = tuple(sorted(m.strategy.target.items())) if m.strategy.enabled else None
    paid = m.incentives.pay if m.incentives.enabled else {}
    return tuple(
        (tuple(sorted(paid[name].on)) if name in paid else None, group if name in members else None, target)
        for name in m.teams
    )
