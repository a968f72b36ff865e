r"""M12 Incentive schemes: people do what they are paid for, as far as it pays.

Team k is paid b sum_m w_m (score of measure m).  Measure m rises along its gradient g_m in the priority space.  The
effort of a risk-averse, impatient team with quadratic cost C is

    a_k = e_0 o_k + C^{-1} b sum_m w_m g_m att_m,    att_m = exp(-lag/tau) / (1 + rho sigma_m^2/|g_m|^2),

C with ones on the diagonal and ``substitution`` off it (identity: A16; else A15), cut to |a| <= e_max.  The vector a_k
is the pay field of M11; its length sets the team's magnitude, (|a_k|/a_ref)^elasticity.  A measure may also point along
the paid team's own craft (MBO), along its experience map (its part in what customers are believed to need, M13), or
towards its handoff partners (peer scores: (1 - collusion) x the normalised sum of their directions).

Gaming is an effort axis without value: gamma_k = b sum w_m gaming_m att_m (1 - norms)/cost.  It raises surveyed scores,
takes hours, and leaves the experience as it is.  Bonuses are paid on the weekly columns a measure names, over target,
and booked.

Neutral setting: ``enabled: false``: no pay field, magnitude 1, no gaming, no bonus.  C14 vanishes at intensity 0, C15's
inflation at gaming_cost -> infinity.
"""

import math
from typing import Any

import numpy as np

from flywheel_sim.engine.jit import law, part
from flywheel_sim.engine.maths import exp64, log64

__all__ = ["attenuation", "effort", "payout"]


def attenuation(gradient2: float, noise: float, lag_weeks: float, risk_aversion: float, patience_weeks: float) -> float:
    """Share of a measure's incentive that survives its noise and its lag (A16).

    Examples
    --------
    >>> attenuation(1.0, 1.0, 0.0, 1.0, 26.0)
    0.5
    """
    risk = risk_aversion * noise * noise / gradient2 if gradient2 > 0 else 0.0
    return math.exp(-lag_weeks / patience_weeks) / (1.0 + risk)


@law
def solve_cost(v: Any, d: int, substitution: float) -> None:
    """v <- C^{-1} v for C with ones on the diagonal and ``substitution`` elsewhere (Sherman-Morrison)."""
    if substitution == 0.0:
        return
    total = 0.0
    for a in range(d):
        total += v[a]
    shift = substitution * total / (1.0 + (d - 1) * substitution)
    for a in range(d):
        v[a] = (v[a] - shift) / (1.0 - substitution)


@part
def effort(p: Any, tb: Any, st: Any, q: int) -> None:
    """Set every team's effort vector (``pay``), effort level and gaming effort."""
    r, d, inc, teams = st.run[q], p.size.axes, p.incentives, p.size.teams
    r.effort_level, r.gaming = (1.0 if teams else 0.0), 0.0
    pull = np.empty(16)
    for k in range(teams):
        row, tr = r.team0 + k, p.size.team0 + k
        st.level[row], st.gaming[row] = 1.0, 0.0
        if not inc.enabled:
            continue
        team = tb.team[tr]
        peers, size = np.zeros(16), 0.0
        if team.peer_pay != 0.0:
            for j in range(teams):
                for a in range(d):
                    peers[a] += tb.partner[tr, j] * st.direction[r.team0 + j, a]
            for a in range(d):
                size += peers[a] * peers[a]
            size = math.sqrt(size)
        for a in range(d):
            pull[a] = tb.pay_gradient[tr, a] + team.craft_pay * tb.craft[tr, a] + team.map_pay * st.belief[row, a]
            if size > 0.0:
                pull[a] += team.peer_pay * peers[a] / size
        solve_cost(pull, d, inc.substitution)
        length = 0.0
        for a in range(d):
            pull[a] += inc.intrinsic * tb.craft[tr, a]
            length += pull[a] * pull[a]
        length = math.sqrt(length)
        cut = inc.max_effort / length if length > inc.max_effort else 1.0
        for a in range(d):
            st.pay[row, a] = cut * pull[a]
        length *= cut
        level = 0.0
        if length > 0.0:
            level = exp64(inc.effort_elasticity * log64(length / inc.effort_reference))
        st.level[row] = level if inc.effort_elasticity > 0.0 else 1.0
        st.gaming[row] = max(0.0, team.gaming_pay) * (1.0 - min(r.norms, 1.0)) / inc.gaming_cost
        r.effort_level += (st.level[row] - 1.0) / teams
        r.gaming += st.gaming[row] / teams


@part
def payout(p: Any, tb: Any, st: Any, q: int, last: Any) -> float:
    """Bonuses of the week, from last week's columns: salary x bonus x score over target, each score cut to [0, 2]."""
    if not p.incentives.enabled:
        return 0.0
    r, paid = st.run[q], 0.0
    for k in range(p.size.teams):
        team = tb.team[p.size.team0 + k]
        if not team.paid:
            continue
        score = 0.0
        for n in range(p.size.bonuses):
            row = tb.bonus[p.size.bonus0 + n]
            if row.team == k:
                score += row.weight * (last[row.column] if row.column >= 0 else 1.0)
        paid += st.heads[r.team0 + k] * team.salary / 52.0 * team.bonus * min(max(score, 0.0), 2.0)
    return paid
