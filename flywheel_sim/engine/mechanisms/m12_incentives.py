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
from collections.abc import Iterator
from typing import Any

import numpy as np

from flywheel_sim.engine.jit import inlined, step
from flywheel_sim.engine.kernel_types import Par, State, Tables
from flywheel_sim.engine.portable_math import exp64, log64
from flywheel_sim.engine.rows import Room, Rows, vector
from flywheel_sim.scenario.blocks.m12_incentives import Pay
from flywheel_sim.scenario.columns import COL
from flywheel_sim.scenario.schema import ScenarioModel

__all__ = ["attenuation", "bonus_rows", "effort", "pay_rows", "payout"]

BONUS = np.dtype(
    [(n, "i8") for n in ("team", "lower", "weeks", "first", "columns", "per")]
    + [(n, "f8") for n in ("weight", "target", "craft", "peers", "map")],
    align=True,
)
READING = np.dtype([("column", "i8"), ("weight", "f8")], align=True)


def attenuation(gradient2: float, noise: float, lag_weeks: float, risk_aversion: float, patience_weeks: float) -> float:
    """Share of a measure's incentive that survives its noise and its lag (A16).

    Examples
    --------
    >>> attenuation(1.0, 1.0, 0.0, 1.0, 26.0)
    0.5
    """
    risk = risk_aversion * noise * noise / gradient2 if gradient2 > 0 else 0.0
    return math.exp(-lag_weeks / patience_weeks) / (1.0 + risk)


@inlined
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


@inlined
def partners(tables: Tables, state: State, team0: int, row: int, teams: int, d: int, peers: Any) -> float:
    """Sum the directions of a team's handoff partners into ``peers``; returns the length of the sum."""
    size = 0.0
    for a in range(d):
        peers[a] = 0.0
    for j in range(teams):
        for a in range(d):
            peers[a] += tables.partner[row, j] * state.direction[team0 + j, a]
    for a in range(d):
        size += peers[a] * peers[a]
    return math.sqrt(size)


@step
def effort(par: Par, tables: Tables, state: State, run: int, week: int) -> None:
    """Set every team's effort vector (``pay``), effort level and gaming effort."""
    firm, d, incentives, teams = state.run[run], par.size.axes, par.incentives, par.size.teams
    weekly = state.weekly[firm.week0 + week]
    weekly[COL.effort_level] = 1.0 if teams else 0.0
    pull, peers = np.empty(16), np.empty(16)
    for k in range(teams):
        row, tr = firm.team0 + k, par.size.team0 + k
        state.level[row], state.gaming[row] = 1.0, 0.0
        if not incentives.enabled:
            continue
        team = tables.team[tr]
        size = partners(tables, state, firm.team0, tr, teams, d, peers) if team.peer_pay != 0.0 else 0.0
        for a in range(d):
            pull[a] = (
                tables.pay_gradient[tr, a] + team.craft_pay * tables.craft[tr, a] + team.map_pay * state.belief[row, a]
            )
            if size > 0.0:
                pull[a] += team.peer_pay * peers[a] / size
        solve_cost(pull, d, incentives.substitution)
        length = 0.0
        for a in range(d):
            pull[a] += incentives.intrinsic * tables.craft[tr, a]
            length += pull[a] * pull[a]
        length = math.sqrt(length)
        cut = incentives.max_effort / length if length > incentives.max_effort else 1.0
        for a in range(d):
            state.pay[row, a] = cut * pull[a]
        length *= cut
        level = 0.0
        if length > 0.0:
            level = exp64(incentives.effort_elasticity * log64(length / incentives.effort_reference))
        state.level[row] = level if incentives.effort_elasticity > 0.0 else 1.0
        state.gaming[row] = max(0.0, team.gaming_pay) * (1.0 - min(firm.gaming_prevented, 1.0)) / incentives.gaming_cost
        weekly[COL.effort_level] += (state.level[row] - 1.0) / teams
        weekly[COL.gaming] += state.gaming[row] / teams


@inlined
def taken_together(tables: Tables, state: State, week0: int, t: int, weeks: int, first: int, last: int) -> float:
    """Sum the columns that rows first..last of ``reading`` name over the ``weeks`` weeks before week t."""
    total = 0.0
    for week in range(max(0, t - weeks), t):
        for n in range(first, last):
            total += tables.reading[n].weight * state.weekly[week0 + week, tables.reading[n].column]
    return total


@step
def score(par: Par, tables: Tables, state: State, run: int, week: int, n: int, peers: Any) -> float:
    """Score of row n of ``bonus`` in week t, 1 at target; -1 where nobody can score it."""
    firm, d, row = state.run[run], par.size.axes, tables.bonus[n]
    k = row.team
    traded, value = 0.0, 0.0
    if row.columns > 0:
        first = par.size.reading0 + row.first
        weeks = min(row.weeks, week)
        below = float(weeks)
        if row.per > 0:
            below = taken_together(
                tables, state, firm.week0, week, weeks, first + row.columns, first + row.columns + row.per
            )
        if below == 0.0:
            return 1.0
        value = taken_together(tables, state, firm.week0, week, weeks, first, first + row.columns) / below
    else:
        size = 0.0
        if row.peers != 0.0:
            size = partners(tables, state, firm.team0, par.size.team0 + k, par.size.teams, d, peers)
            if size == 0.0:
                return -1.0
            traded = par.incentives.collusion
        for a in range(d):
            g = (
                tables.bonus_gradient[n, a]
                + row.craft * tables.craft[par.size.team0 + k, a]
                + row.map * state.belief[firm.team0 + k, a]
            )
            if size > 0.0:
                g += row.peers * peers[a] / size
            value += g * state.pay[firm.team0 + k, a]
        value /= 1.0 + state.overload[firm.team0 + k]
    done = value / row.target if row.lower == 0 else 2.0 - value / row.target
    return traded + (1.0 - traded) * min(max(done, 0.0), 2.0)


@step
def payout(par: Par, tables: Tables, state: State, run: int, week: int) -> float:
    """Bonuses of the week: salary x bonus x the weighted mean of the team's scores; keeps the scores by team."""
    firm, paid = state.run[run], 0.0
    peers = np.empty(16)
    for k in range(par.size.teams):
        team = tables.team[par.size.team0 + k]
        state.scored[firm.team0 + k] = 0.0
        if not par.incentives.enabled or not team.paid:
            continue
        mean, weight = 0.0, 0.0
        for n in range(par.size.bonus0, par.size.bonus0 + par.size.bonuses):
            row = tables.bonus[n]
            if row.team == k:
                one = score(par, tables, state, run, week, n, peers)
                if one >= 0.0:
                    mean += row.weight * one
                    weight += abs(row.weight)
        if weight > 0.0:
            state.scored[firm.team0 + k] = min(max(mean / weight, 0.0), 2.0)
        paid += state.heads[firm.team0 + k] * team.salary / 52.0 * team.bonus * state.scored[firm.team0 + k]
    return paid


def paid_teams(m: ScenarioModel) -> Iterator[tuple[int, Pay]]:
    """Yield the teams that are paid on something, by number."""
    for i, name in enumerate(m.teams):
        if m.incentives.enabled and name in m.incentives.pay:
            yield i, m.incentives.pay[name]


def pay_rows(m: ScenarioModel, room: Room) -> Rows:
    """Return what pay pulls each team to: w = intensity x weight x attenuation, times what moves the measure."""
    inc, names = m.incentives, ("bonus", "paid", "craft_pay", "peer_pay", "map_pay", "gaming_pay")
    rows: Rows = {f"team.{name}": np.zeros(len(m.teams)) for name in names}
    rows["pay_gradient"] = np.zeros((len(m.teams), room.axes))
    for i, pay in paid_teams(m):
        rows["team.paid"][i], rows["team.bonus"][i] = 1, max(pay.bonus, inc.intensity_bonus * pay.intensity)
        for key, weight in pay.on.items():
            measure = inc.measures[key]
            g = vector(m.axes, measure.gradient, room.axes)
            own = g[: len(m.axes)]
            size2 = float((own * own).sum()) + measure.craft**2 + measure.peers**2 + measure.map**2
            heard = attenuation(size2, measure.noise, measure.lag_weeks, inc.risk_aversion, inc.lag_tau_weeks)
            w = pay.intensity * weight * heard
            rows["pay_gradient"][i] += w * g
            rows["team.craft_pay"][i] += w * measure.craft
            rows["team.peer_pay"][i] += w * measure.peers * (1.0 - inc.collusion)
            rows["team.map_pay"][i] += w * measure.map
            rows["team.gaming_pay"][i] += w * measure.gaming
    return rows


def bonus_rows(m: ScenarioModel, room: Room) -> Rows:
    """Return the measures that each team's bonus is scored on, and the weekly columns that these read.

    Targets that nobody gave have been found before (`targets.with_targets`); here they count as 1.
    """
    rows: list[Any] = []
    gradients: list[Any] = []
    reading: list[Any] = []
    for i, pay in paid_teams(m):
        for key, weight in pay.on.items():
            measure = m.incentives.measures[key]
            rows.append(
                (
                    i, measure.better == "lower", measure.over_weeks, len(reading), len(measure.columns),
                    len(measure.per), weight, measure.target or 1.0, measure.craft, measure.peers, measure.map,
                )
            )  # fmt: skip
            gradients.append(vector(m.axes, measure.gradient, room.axes))
            reading += [(getattr(COL, column), x) for column, x in (*measure.columns.items(), *measure.per.items())]
    return {
        "bonus": np.array(rows, BONUS),
        "bonus_gradient": np.array(gradients, np.float64).reshape(len(rows), room.axes),
        "reading": np.array(reading, READING),
    }
