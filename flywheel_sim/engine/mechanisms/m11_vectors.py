r"""M11 Team vectors.

Team k has a direction u_k on the unit sphere of the priority space and a magnitude mu_k per head.  Directions follow

    du_k = P_k [ h_craft o_k + h_pay a_k + h_lead s + h_map n_k + (K/T) sum_j w_kj u_j ] dt + sqrt(2 D_k) P_k o dW,
    P_k = I - u_k u_k^T,

with fields in units of D (only h/D and kappa = K/D are identified).  The coupling is divided by T, the number of teams,
never T-1 or the degree; w is symmetric and not row-normalised: the overlap of working hours times transparency, and,
where themes are used, 1 only between teams on the same theme (m17).  Growth heats: D_k = D (1 + c tanh(max(g,0)/g_0)),
g the 13-week log growth (C39); culture cools.

kappa_ij = ``coupling.fixed`` + what hours together have made of the pair (m16): the first is an assumption and nobody
pays for it, the second is caused, charged and forgotten.  The map (m13) pulls as far as hours are spent with it, and
transparency takes hours, too (``upkeep.py``).

A step moves each team along a great circle by the tangent increment, all teams from the same positions; weak error
O(dt).  Static fields alone give von Mises-Fisher; coupling alone the n-vector Gibbs measure with kappa = K/D (A19).

Neutral setting: ``enabled: false``: directions stay as they start.
"""

import math
from typing import Any

import numpy as np

from flywheel_sim.engine.jit import inlined, step
from flywheel_sim.engine.kernel_types import Par, Row, State, Tables
from flywheel_sim.engine.mechanisms.m17_cadence import same_theme
from flywheel_sim.engine.mechanisms.m20_culture import discipline_yield
from flywheel_sim.engine.portable_math import exp64, normal_quantile, sincos64
from flywheel_sim.engine.random import TEAM, unit64, words
from flywheel_sim.engine.rows import Room, Rows, unit, vector
from flywheel_sim.scenario.columns import COL
from flywheel_sim.scenario.schema import ScenarioModel, Team

__all__ = ["direction_rows", "move_along", "normalise", "observe_alignment", "step_directions"]


@inlined
def normalise(row: Any, d: int) -> float:
    """Scale a vector to length 1 in place (left alone if it has none); returns the length it had."""
    length = 0.0
    for a in range(d):
        length += row[a] * row[a]
    length = math.sqrt(length)
    if length > 0.0:
        for a in range(d):
            row[a] /= length
    return length


@inlined
def move_along(row: Any, step: Any, d: int) -> None:
    """Move a unit vector along the great circle of the tangent part of a step, by its length."""
    dot = 0.0
    for a in range(d):
        dot += row[a] * step[a]
    length = 0.0
    for a in range(d):
        step[a] -= dot * row[a]
        length += step[a] * step[a]
    length = math.sqrt(length)
    if length > 0.0:
        s, c = sincos64(length)
        for a in range(d):
            row[a] = c * row[a] + s * step[a] / length
        normalise(row, d)


@inlined
def diffusion_of(par: Par, culture: float, growth: float) -> float:
    """D of this week: heated by growth, cooled by culture."""
    vectors = par.vectors
    hot = 0.0
    if vectors.growth_effect > 0.0 and growth > 0.0:
        e = exp64(-2.0 * growth / vectors.growth_reference)
        hot = vectors.growth_effect * (1.0 - e) / (1.0 + e)
    cool = vectors.culture_effect * culture if par.culture.enabled else 0.0
    return vectors.diffusion * (1.0 + hot) * (1.0 - cool)


@step
def step_directions(par: Par, tables: Tables, state: State, run: int, week: int, growth: float) -> None:
    """One week of fields, coupling and noise for all teams of a run."""
    firm, vectors, d, teams = state.run[run], par.vectors, par.size.axes, par.size.teams
    if not vectors.enabled or teams == 0:
        return
    scale = vectors.diffusion if vectors.diffusion > 0.0 else 1.0
    coupling = vectors.coupling.fixed * firm.coupling_factor * scale / teams
    lift = firm.coupling_factor * scale / teams
    noise = diffusion_of(par, firm.culture, growth)
    dt = 1.0 / vectors.substeps
    kick = math.sqrt(2.0 * noise * dt)
    mapped = 0.0
    if par.sensing.enabled:
        mapped = vectors.map_pull * par.sensing.sharing * firm.adherence * discipline_yield(par, firm.culture)
    blocks = (d + 3) >> 2
    fields = np.empty((teams, 16))
    for k in range(teams):
        row, tr = firm.team0 + k, par.size.team0 + k
        for a in range(d):
            if state.decided[row]:
                fields[k, a] = state.pull[row, a]
            else:
                fields[k, a] = vectors.craft_pull * tables.craft[tr, a] + mapped * state.belief[row, a]
                if par.incentives.enabled:
                    fields[k, a] += vectors.pay_pull * state.pay[row, a]
                if par.strategy.enabled:
                    fields[k, a] += (vectors.lead_pull + firm.lead_added) * state.target[run, a]
            fields[k, a] = scale * (fields[k, a] + tables.field[tr, a])
    for n in range(vectors.substeps):
        for k in range(teams):
            row, tr = firm.team0 + k, par.size.team0 + k
            step = state.drift[row]
            for a in range(d):
                step[a] = fields[k, a]
            for j in range(teams):
                w = tables.overlap[tr, j] * same_theme(par, tables, firm, k, j, week)
                if w != 0.0:
                    pull = coupling + lift * state.made[firm.pair0 + k * teams + j]
                    for a in range(d):
                        step[a] += pull * w * state.direction[firm.team0 + j, a]
            w0 = w1 = w2 = w3 = np.uint32(0)
            for a in range(d):
                lane = a & 3
                if lane == 0 and kick > 0.0:
                    w0, w1, w2, w3 = words(firm.seed, firm.replicate, k, week, TEAM, n * blocks + (a >> 2))
                word = w0 if lane == 0 else (w1 if lane == 1 else (w2 if lane == 2 else w3))
                step[a] *= dt
                if kick > 0.0:
                    step[a] += kick * normal_quantile(unit64(word))
        for k in range(teams):
            move_along(state.direction[firm.team0 + k], state.drift[firm.team0 + k], d)


@step
def observe_alignment(par: Par, tables: Tables, state: State, run: int, row: Row) -> None:
    """Order parameter r = |sum u|/T, the weighted one, the resultant's cosine with the need, and the net force."""
    firm, d, teams = state.run[run], par.size.axes, par.size.teams
    if teams == 0:
        return
    plain, heavy, along = 0.0, 0.0, 0.0
    total = 0.0
    for k in range(teams):
        total += state.heads[firm.team0 + k] * state.magnitude[firm.team0 + k]
    for a in range(d):
        x, y = 0.0, 0.0
        for k in range(teams):
            u = state.direction[firm.team0 + k, a]
            x += u
            y += state.heads[firm.team0 + k] * state.magnitude[firm.team0 + k] * u
        plain += x * x
        heavy += y * y
        along += x * state.company_need[run, a]
        row[COL.net_force] += y * state.company_need[run, a]
    row[COL.alignment] = math.sqrt(plain) / teams
    row[COL.alignment_weighted] = math.sqrt(heavy) / total if total > 0.0 else 0.0
    row[COL.customer_alignment] = along / math.sqrt(plain) if plain > 0.0 else 0.0


def direction_rows(m: ScenarioModel, room: Room) -> Rows:
    """Return the teams' crafts, where they look at the start, what pulls them, and how well they see each other."""
    rows: Rows = {name: np.zeros((len(m.teams), room.axes)) for name in ("craft", "start", "field")}
    rows["overlap"] = np.zeros((len(m.teams), room.teams))
    for i, team in enumerate(m.teams.values()):
        start = {"craft": team.craft, "given": team.direction, "random": {}}[team.start]
        rows["craft"][i] = unit(vector(m.axes, team.craft, room.axes), len(m.axes))
        rows["start"][i] = unit(vector(m.axes, start, room.axes), len(m.axes))
        rows["field"][i] = vector(m.axes, team.field, room.axes)
        for j, other in enumerate(m.teams.values()):
            rows["overlap"][i, j] = m.vectors.transparency * hours_in_common(team, other)
    return rows


def hours_in_common(a: Team, b: Team) -> float:
    """Return the share of an eight-hour day that two teams have in common."""
    gap = abs(a.utc_offset - b.utc_offset)
    return max(0.0, 8.0 - min(gap, 24.0 - gap)) / 8.0
