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

from flywheel_sim.engine.jit import law, part
from flywheel_sim.engine.maths import exp64, log64, sincos64
from flywheel_sim.engine.mechanisms.m17_cadence import planning
from flywheel_sim.scenario.columns import COL

__all__ = ["aim", "learn", "weighing"]

_MOST = 0.9  # share of the planned payroll that sellers can take


@law
def weighing(p: Any) -> float:
    """x: how far executives' weight on customer equity is from the stated one, as far as they plan beyond a quarter."""
    s = p.strategy
    return (s.attention - s.reference_attention) * max(0.0, 1.0 - 13.0 / s.planning_weeks) if s.enabled else 0.0


@part
def share_out(p: Any, tb: Any, st: Any, q: int, t: int, x: float) -> None:
    """Set the factors by which sellers' and others' planned headcounts change, the planned payroll unchanged."""
    r = st.run[q]
    then, now = st.initial[q, COL.spend], st.weekly[r.week0 + t - 1, COL.spend]
    growth = log64(now / then) if then > 0.0 and now > 0.0 else 0.0
    sellers, others = 0.0, 0.0
    for k in range(p.size.teams):
        team = tb.team[p.size.team0 + k]
        wages = team.headcount * team.salary * exp64(team.scaling * growth)
        if team.sells:
            sellers += wages
        else:
            others += wages
    mine = exp64(-p.strategy.budget_effect * x)
    rest = 1.0
    if sellers > 0.0 and others > 0.0:
        mine = min(mine, max(1.0, _MOST * (sellers + others) / sellers))
        rest = 1.0 - (mine - 1.0) * sellers / others
    else:
        mine = 1.0
    for k in range(p.size.teams):
        st.budget[r.team0 + k] = mine if tb.team[p.size.team0 + k].sells else rest


@part
def aim(p: Any, tb: Any, st: Any, q: int, t: int) -> None:
    """Set the teams' shares of the budget every quarter, and the target; between two plans (M17) it stays."""
    r, d, s, need, target = st.run[q], p.size.axes, p.strategy, st.company_need[q], st.target[q]
    x = weighing(p)
    r.attention = s.reference_attention + x
    if x == 0.0:
        for k in range(p.size.teams):
            st.budget[r.team0 + k] = 1.0
    elif t % 13 == 0 and t > 0:
        share_out(p, tb, st, q, t, x)
    if not planning(p, t):
        return
    given = 0.0
    for a in range(d):
        target[a] = tb.target[p.size.epoch, a] if s.enabled else 0.0
        given += target[a] * target[a]
    if given > 0.0 or not s.enabled:
        return
    axis = 0
    for a in range(d):
        if abs(need[a]) < abs(need[axis]) - 1e-12:
            axis = a
    angle = s.angle * (1.0 - x / (1.0 - s.reference_attention)) if x > 0.0 else s.angle
    sine, cosine = sincos64(angle * 0.017453292519943295)
    side = math.sqrt(max(1e-300, 1.0 - need[axis] * need[axis]))
    for a in range(d):
        e = ((1.0 if a == axis else 0.0) - need[axis] * need[a]) / side
        target[a] = cosine * need[a] + sine * e
    if x < 0.0:
        turn_to_revenue(p, tb, target, d, -x / s.reference_attention)


@part
def turn_to_revenue(p: Any, tb: Any, target: Any, d: int, share: float) -> None:
    """Blend the target with the sellers' mean craft, both of length 1; without sellers it stays."""
    now, size = 0.0, 0.0
    for a in range(d):
        now = 0.0
        for k in range(p.size.teams):
            now += tb.team[p.size.team0 + k].sells * tb.craft[p.size.team0 + k, a]
        size += now * now
    size = math.sqrt(size)
    if size < 1e-12:
        return
    length = 0.0
    for a in range(d):
        now = 0.0
        for k in range(p.size.teams):
            now += tb.team[p.size.team0 + k].sells * tb.craft[p.size.team0 + k, a]
        target[a] = (1.0 - share) * target[a] + share * now / size
        length += target[a] * target[a]
    length = math.sqrt(length)
    for a in range(d):
        target[a] /= max(length, 1e-12)


@part
def learn(p: Any, tb: Any, st: Any, q: int, t: int) -> None:
    """Unsettle the teams that change this week, and let all relearn a week's worth."""
    r, s = st.run[q], p.strategy
    for k in range(p.size.teams):
        row, team = r.team0 + k, tb.team[p.size.team0 + k]
        if not s.enabled:
            st.unlearned[row] = 0.0
            continue
        st.unlearned[row] *= exp64(-1.0 / s.relearn_weeks)
        begins = t == 0 and not s.established and (team.paid or (team.member and p.cadence.enabled))
        if begins or team.changed:
            st.unlearned[row] += s.transition * log64(1.0 + st.heads[row])
