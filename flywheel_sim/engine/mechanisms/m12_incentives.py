r"""M12 Incentive schemes: people do what they are paid for, as far as it pays.

Team k is paid b sum_m w_m (score of measure m).  Measure m rises along its gradient g_m in the priority space.  The
effort of a risk-averse, impatient team with quadratic cost C is

    a_k = e_0 o_k + C^{-1} b sum_m w_m g_m att_m,    att_m = exp(-lag/tau) / (1 + rho sigma_m^2/|g_m|^2),

C with ones on the diagonal and ``substitution`` off it (identity: A16; else A15), cut to |a| <= e_max.  The vector a_k
is the pay field of M11; its length sets the team's magnitude, (|a_k|/a_ref)^elasticity.  A measure may also point along
the paid team's own craft (MBO), along its experience map (its part in what customers are believed to need, M13), or
towards its handoff partners (peer scores: (1 - collusion) x the normalised sum of their directions).

Gaming is an effort axis without value: gamma_k = b sum w_m gaming_m att_m (1 - norms)/cost.  It raises surveyed scores,
takes hours, and leaves the experience as it is.

Bonuses are paid on what a measure reads, over its target, and booked.  A measure's value is the sum of the weekly
columns it names over its last ``over_weeks`` weeks, divided by those of ``per``, or by the weeks; one that names none
reads its own team, a being the effort and g the measure's gradient (own craft, map and partners' direction included):

    value = g . a_k / (1 + overload_k):

what effort moved of it (MBO: the craft's share of the team's own effort), as far as the team's hours went.  It scores

    value / target,  or  2 - value / target where lower is better,  within [0, 2],

so that a value at target pays 1 on average whichever way is better.  Of peer scores the traded share, ``collusion``,
scores 1 whatever was done; a team that hands over to nobody is not scored by peers, and its other measures count alone.
Where there is nothing to read yet, in week 1 or before the first renewal falls due, the score is 1.

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


@law
def partners(tb: Any, st: Any, team0: int, row: int, teams: int, d: int, peers: Any) -> float:
    """Sum the directions of a team's handoff partners into ``peers``; returns the length of the sum."""
    size = 0.0
    for a in range(d):
        peers[a] = 0.0
    for j in range(teams):
        for a in range(d):
            peers[a] += tb.partner[row, j] * st.direction[team0 + j, a]
    for a in range(d):
        size += peers[a] * peers[a]
    return math.sqrt(size)


@part
def effort(p: Any, tb: Any, st: Any, q: int) -> None:
    """Set every team's effort vector (``pay``), effort level and gaming effort."""
    r, d, inc, teams = st.run[q], p.size.axes, p.incentives, p.size.teams
    r.effort_level, r.gaming = (1.0 if teams else 0.0), 0.0
    pull, peers = np.empty(16), np.empty(16)
    for k in range(teams):
        row, tr = r.team0 + k, p.size.team0 + k
        st.level[row], st.gaming[row] = 1.0, 0.0
        if not inc.enabled:
            continue
        team = tb.team[tr]
        size = partners(tb, st, r.team0, tr, teams, d, peers) if team.peer_pay != 0.0 else 0.0
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


@law
def taken_together(tb: Any, st: Any, week0: int, t: int, weeks: int, first: int, last: int) -> float:
    """Sum the columns that rows first..last of ``reading`` name over the ``weeks`` weeks before week t."""
    total = 0.0
    for week in range(max(0, t - weeks), t):
        for n in range(first, last):
            total += tb.reading[n].weight * st.weekly[week0 + week, tb.reading[n].column]
    return total


@part
def score(p: Any, tb: Any, st: Any, q: int, t: int, n: int, peers: Any) -> float:
    """Score of row n of ``bonus`` in week t, 1 at target; -1 where nobody can score it."""
    r, d, row = st.run[q], p.size.axes, tb.bonus[n]
    k = row.team
    traded, value = 0.0, 0.0
    if row.columns > 0:
        first = p.size.reading0 + row.first
        weeks = min(row.weeks, t)
        below = float(weeks)
        if row.per > 0:
            below = taken_together(tb, st, r.week0, t, weeks, first + row.columns, first + row.columns + row.per)
        if below == 0.0:
            return 1.0
        value = taken_together(tb, st, r.week0, t, weeks, first, first + row.columns) / below
    else:
        size = 0.0
        if row.peers != 0.0:
            size = partners(tb, st, r.team0, p.size.team0 + k, p.size.teams, d, peers)
            if size == 0.0:
                return -1.0
            traded = p.incentives.collusion
        for a in range(d):
            g = (
                tb.bonus_gradient[n, a]
                + row.craft * tb.craft[p.size.team0 + k, a]
                + row.map * st.belief[r.team0 + k, a]
            )
            if size > 0.0:
                g += row.peers * peers[a] / size
            value += g * st.pay[r.team0 + k, a]
        value /= 1.0 + st.overload[r.team0 + k]
    done = value / row.target if row.lower == 0 else 2.0 - value / row.target
    return traded + (1.0 - traded) * min(max(done, 0.0), 2.0)


@part
def payout(p: Any, tb: Any, st: Any, q: int, t: int) -> float:
    """Bonuses of the week: salary x bonus x the weighted mean of the team's scores; keeps the scores by team."""
    r, paid = st.run[q], 0.0
    peers = np.empty(16)
    for k in range(p.size.teams):
        team = tb.team[p.size.team0 + k]
        st.scored[r.team0 + k] = 0.0
        if not p.incentives.enabled or not team.paid:
            continue
        mean, weight = 0.0, 0.0
        for n in range(p.size.bonus0, p.size.bonus0 + p.size.bonuses):
            row = tb.bonus[n]
            if row.team == k:
                one = score(p, tb, st, q, t, n, peers)
                if one >= 0.0:
                    mean += row.weight * one
                    weight += abs(row.weight)
        if weight > 0.0:
            st.scored[r.team0 + k] = min(max(mean / weight, 0.0), 2.0)
        paid += st.heads[r.team0 + k] * team.salary / 52.0 * team.bonus * st.scored[r.team0 + k]
    return paid
