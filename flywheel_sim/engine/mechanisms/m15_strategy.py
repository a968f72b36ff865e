r"""M15 Strategy: the target direction.

Leadership points every team at one target s with strength h_lead (a field of M11).  The quality of the strategy is the
angle between the target and the customers' need: given directly, or as an angle, in which case the need is turned by
that angle towards the axis it has least of.  A good target does nothing for teams that do not follow it
(C37), and a wrong one is worse the better they do.

Neutral setting: ``enabled: false`` or ``vectors.lead_pull: 0``.
"""

import math
from typing import Any

from flywheel_sim.engine.jit import part
from flywheel_sim.engine.maths import sincos64

__all__ = ["aim"]


@part
def aim(p: Any, tb: Any, st: Any, q: int) -> None:
    """Set the run's target of this week."""
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
