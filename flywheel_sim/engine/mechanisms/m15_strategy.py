r"""M15 Strategy: the target direction, and the cost of change.

Leadership points every team at one target s with strength h_lead (a field of M11).  The quality of the strategy is the
angle between the target and the customers' need: given directly, or as an angle, in which case the need is turned by
that angle towards the axis it has least of.  A good target does nothing for teams that do not follow it
(C37), and a wrong one is worse the better they do.

A team whose pay, group, themes or target change loses skill at once and relearns it,

    s_k += tau0 ln(1 + headcount_k),     ds_k/dt = -s_k / relearn,     skill_k exp(-s_k)            (C3, C50)

so a change costs first and pays later.  It happens where the timeline changes these things, and in week 1 of a way of
working that is not ``established``, for the teams it pays or gathers.

Neutral setting: ``enabled: false``; ``vectors.lead_pull: 0`` for the target; ``transition: 0`` for the cost.
"""

import math
from typing import Any

from flywheel_sim.engine.jit import part
from flywheel_sim.engine.maths import exp64, log64, sincos64
from flywheel_sim.engine.mechanisms.m17_cadence import planning

__all__ = ["aim", "learn"]


@part
def aim(p: Any, tb: Any, st: Any, q: int, t: int) -> None:
    """Set the run's target of this week; between two plans (M17) it stays where it was."""
    if not planning(p, t):
        return
    d, s, need, target = p.size.axes, p.strategy, st.company_need[q], st.target[q]
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
    sine, cosine = sincos64(s.angle * 0.017453292519943295)
    side = math.sqrt(max(1e-300, 1.0 - need[axis] * need[axis]))
    for a in range(d):
        e = ((1.0 if a == axis else 0.0) - need[axis] * need[a]) / side
        target[a] = cosine * need[a] + sine * e


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
