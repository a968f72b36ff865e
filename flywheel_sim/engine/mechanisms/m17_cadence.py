r"""M17 Cadence: the group that meets, and quarterly themes.

Every m weeks, after the week's drift, each member of the flywheel group at once moves its angle to the members'
unweighted mean direction (itself included) to the share 1 - a of what it was; a = 1 is allowed, a scales with the yield
of culture.  Meetings do not raise the coupling K.  With coupling and fields off, the deviation from the mean follows
the exact saw-tooth of A20 (geodesic moves lie 1-2 % below the linear law).

Themes: K_ij(t) = K w_ij 1[theme_i = theme_j].  ``own``: each team draws one of four every quarter, so coupling works a
quarter of the time; ``common``: always (C47); ``none``: themes play no part.

Neutral setting: ``enabled: false``: nobody meets and every pair couples.  C45 vanishes at a = 0.
"""

import math
from typing import Any

import numpy as np

from flywheel_sim.engine.jit import law, part
from flywheel_sim.engine.maths import acos64, sincos64
from flywheel_sim.engine.mechanisms.m20_culture import discipline_yield
from flywheel_sim.engine.random import THEME, words

__all__ = ["hold_meeting", "meets", "same_theme"]

_OWN = 1


@law
def meets(p: Any, t: int) -> bool:
    """Whether the group meets in week t (0-based)."""
    return p.cadence.enabled and (t + 1) % p.cadence.interval_weeks == 0


@law
def same_theme(p: Any, r: Any, k: int, j: int, t: int) -> float:
    """1 where two teams can hear each other this quarter, else 0."""
    if not p.cadence.enabled or p.cadence.themes != _OWN or k == j:
        return 1.0
    mine = words(r.seed, r.replicate, k, t // 13, THEME, 0)[0] & np.uint32(3)
    other = words(r.seed, r.replicate, j, t // 13, THEME, 0)[0] & np.uint32(3)
    return 1.0 if mine == other else 0.0


@part
def hold_meeting(p: Any, tb: Any, st: Any, q: int, t: int) -> None:
    """Turn the members of the group towards their mean direction."""
    if not meets(p, t):
        return
    r, d, teams = st.run[q], p.size.axes, p.size.teams
    pull = min(1.0, p.cadence.pull * discipline_yield(p, r.culture))
    mean = np.zeros(16)
    for k in range(teams):
        if tb.team[p.size.team0 + k].member:
            for a in range(d):
                mean[a] += st.direction[r.team0 + k, a]
    length = 0.0
    for a in range(d):
        length += mean[a] * mean[a]
    length = math.sqrt(length)
    if length < 1e-12 or pull <= 0.0:  # turning by the whole angle would still change the last bit
        return
    for k in range(teams):
        if not tb.team[p.size.team0 + k].member:
            continue
        u = st.direction[r.team0 + k]
        dot = 0.0
        for a in range(d):
            dot += u[a] * mean[a] / length
        side = 0.0
        for a in range(d):
            e = u[a] - dot * mean[a] / length
            side += e * e
        side = math.sqrt(side)
        if side < 1e-12:
            continue
        s, c = sincos64((1.0 - pull) * acos64(dot))
        for a in range(d):
            m = mean[a] / length
            u[a] = c * m + s * (u[a] - dot * m) / side
