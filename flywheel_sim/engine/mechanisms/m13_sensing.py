r"""M13 Sensing: needs that drift, the belief about them, and surveys.

Each segment's need is a unit vector in slow Brownian motion on the sphere (angular diffusion ``need_drift``), drawn
back to what the segment states at the rate rho (``need_reversion``),

    du = P [ rho u_stated dt + sqrt(2 D) o dW ],        P = I - u u^T,

so that needs keep changing, but an old company is not for ever further from them: what people want of an invoice varies
around something.  In the long run u is von Mises-Fisher about u_stated with concentration rho/D.  The company's need n
is the segments' mean, weighted by size and spend; where touchpoints have a ``weight`` it is the mean of what customers
need *at them*, unit(need_s + offset_j), by those weights too: an experience map has stages, and a company that aims at
the segments' need alone would serve its selling worse than one that aims beside it.  Every ``refresh_weeks`` the
experience map is drawn again: team k believes

    n_k = A n + sqrt(1 - A^2) unit( sqrt(sharing) xi + sqrt(1 - sharing) xi_k ),    xi, xi_k normal, orthogonal to n,

so E cos(n_k, n) = A at once (accuracy) and decays as needs move (freshness); errors are common to the share
``sharing``.  A map that nobody draws (``refresh_weeks: 0``) is no map: its freshness is 0.  The map pulls with strength
h_map x sharing x adherence x yield of culture, so alignment to the need rises only as the product of the four factors
(C4): with any of them 0 there is no pull along the need.

**Listening** of h hours a week per head of the front teams, L = 1 - exp(-h/scale), takes those hours (M19) and keeps
the map up between surveys: what is known of the need, n', follows n by the share L a week, the errors stay those of the
last survey, and

    1 - A <- (1 - A)(1 - gain L) exp(-b (mean R - R_ref)),

because deep relationships make customers understandable (C5; b = ``depth_effect``, and nothing left to learn at A = 1).
Analytics (M9) come before, on the lever ``accuracy``.

**Exploration** (T6).  News of a need comes from somebody who looks where it went.  Of teams that all look one way, r
their alignment last week (M11), a new survey or an hour of listening brings home the share

    1 - ``exploration`` r^2

of the news, and the rest of the map is the old one: agreement is paid for in blindness, none at r = 0.  The first map
is drawn in full.

A survey answer is a noisy function of the relationship, never of the voice:

    P(promoter | R) = logistic((R - a)/s),   P(detractor | R) = logistic((b - R)/s).

The true NPS is their mean over all customers; surveys sample them (response rate, happy ones likelier by
``happy_bias``; A6) or, with the bond rho = ``response_bond``, those whose relationship is good: one answers if

    rho z + sqrt(1 - rho^2) e > Phi^-1(1 - r),     z = (R - R_ref)/sigma_R, e normal luck,

so that of normal z a share r answers and is rho sigma_R phi(Phi^-1(1 - r))/r above the rest, less with every further
answer (S28).  They are asked in survey weeks only, and their scores are seen, and paid on, ``survey_lag_weeks`` later.

Neutral setting: ``enabled: false``: no belief, no survey.  ``need_reversion: 0``, ``exploration: 0``, no touchpoint
with a ``weight``; ``listening_hours: 0``, ``depth_effect: 0`` and ``survey_lag_weeks: 0`` each alone; ``response_bond:
0`` is the bias by kind of answer.
"""

import math
from typing import Any

import numpy as np

from flywheel_sim.engine.jit import f32, inlined, step
from flywheel_sim.engine.kernel_types import Par, State, Tables
from flywheel_sim.engine.mechanisms.m11_vectors import move_along, normalise
from flywheel_sim.engine.portable_math import exp32, exp64, normal_quantile
from flywheel_sim.engine.random import BELIEF, NEED, unit64, words
from flywheel_sim.engine.records import last_row
from flywheel_sim.engine.rows import Room, Rows, unit, vector
from flywheel_sim.scenario.columns import COL
from flywheel_sim.scenario.schema import ScenarioModel

__all__ = ["change_needs", "company_need", "need_rows", "promoter_shares", "refresh_belief", "step_needs"]

_ONE = f32(1.0)
_COMPANY = 1 << 20  # agent number of the map's common error


@inlined
def promoter_shares(relationship: np.float32, sensing: Any) -> tuple[np.float32, np.float32]:
    """Chance that a customer with this relationship is a promoter, and a detractor, in a survey."""
    slope = f32(1.0 / sensing.answer_spread)
    up = _ONE / (_ONE + exp32((f32(sensing.promoter_above) - relationship) * slope))
    down = _ONE / (_ONE + exp32((relationship - f32(sensing.detractor_below)) * slope))
    return up, min(down, _ONE - up)


@step
def step_needs(par: Par, tables: Tables, state: State, run: int, week: int) -> None:
    """Let the segments' needs drift by one week."""
    firm, sensing, d = state.run[run], par.sensing, par.size.axes
    if not sensing.enabled or (sensing.need_drift <= 0.0 and sensing.need_reversion <= 0.0):
        return
    step, size = np.empty(16), math.sqrt(2.0 * sensing.need_drift)
    for s in range(par.size.segments):
        for a in range(d):
            word = words(firm.seed, firm.replicate, s, week, NEED, a >> 2)[a & 3]
            step[a] = size * normal_quantile(unit64(word)) + (
                sensing.need_reversion * tables.need[par.size.segment0 + s, a]
            )
        move_along(state.need[firm.segment0 + s], step, d)


@step
def change_needs(tables: Tables, state: State, run: int, segments: int, d: int, old: int, new: int) -> None:
    """Move the needs by what the timeline changed, keeping how far they have drifted."""
    firm = state.run[run]
    for s in range(segments):
        row, moved = state.need[firm.segment0 + s], 0.0
        for a in range(d):
            moved += abs(tables.need[new + s, a] - tables.need[old + s, a])
        if moved > 0.0:
            for a in range(d):
                row[a] += tables.need[new + s, a] - tables.need[old + s, a]
            normalise(row, d)


@step
def company_need(par: Par, tables: Tables, state: State, run: int) -> None:
    """Set the company's need: segments weighted by size and spend, at the touchpoints that count."""
    firm, d = state.run[run], par.size.axes
    need, here = state.company_need[run], np.empty(16)
    counted = 0.0
    for n in range(par.size.touchpoints):
        counted += tables.touch[par.size.touch0 + n].weight
    for a in range(d):
        need[a] = 0.0
    before = 0.0
    for s in range(par.size.segments):
        row = tables.segment[par.size.segment0 + s]
        weight = (row.upto - before) * max(row.spend, 1e-12)
        before = row.upto
        if counted <= 0.0:
            for a in range(d):
                need[a] += weight * state.need[firm.segment0 + s, a]
            continue
        for n in range(par.size.touchpoints):
            for a in range(d):
                here[a] = state.need[firm.segment0 + s, a] + tables.offset[par.size.touch0 + n, a]
            normalise(here, d)
            for a in range(d):
                need[a] += weight * tables.touch[par.size.touch0 + n].weight * here[a]
    normalise(need, d)


@step
def listen(par: Par, tables: Tables, state: State, run: int, week: int) -> float:
    """Let listening and deep relationships sharpen the map; returns how much of the need's news is heard in a week."""
    firm, sensing = state.run[run], par.sensing
    heard = 0.0
    if sensing.listening_hours > 0.0:
        heard = 1.0 - exp64(-sensing.listening_hours / sensing.listening_scale)
        firm.map_accuracy = 1.0 - (1.0 - firm.map_accuracy) * (1.0 - sensing.listening_gain * heard)
        for k in range(par.size.teams):
            if tables.team[par.size.team0 + k].front:
                state.taken[firm.team0 + k] += sensing.listening_hours * state.heads[firm.team0 + k]
    if sensing.depth_effect > 0.0 and par.relationship.enabled and firm.map_accuracy < 1.0:
        depth = last_row(state, run, week)[COL.relationship] - par.relationship.relationship_reference
        firm.map_accuracy = 1.0 - min(1.0, (1.0 - firm.map_accuracy) * exp64(-sensing.depth_effect * depth))
    return heard


@step
def keep_map(par: Par, tables: Tables, state: State, run: int, week: int) -> None:
    """Draw the experience map afresh when it is due, and keep it up by listening in between."""
    firm, d, sensing = state.run[run], par.size.axes, par.sensing
    heard = listen(par, tables, state, run, week)
    need, known = state.company_need[run], state.known[run]
    found = 1.0
    if week > 0:
        alike = state.weekly[firm.week0 + week - 1, COL.alignment]
        found -= sensing.exploration * alike * alike
    heard *= found
    begun = 0  # week of the survey behind the map: its errors stay until the next one
    if sensing.refresh_weeks > 0:
        begun = week - week % sensing.refresh_weeks
    due = sensing.refresh_weeks > 0 and begun == week
    if due or heard > 0.0:
        for a in range(d):
            share = found if due else heard
            known[a] = need[a] if share >= 1.0 else (1.0 - share) * known[a] + share * need[a]
        if not due or found < 1.0:
            normalise(known, d)
        common, own = math.sqrt(sensing.sharing), math.sqrt(1.0 - sensing.sharing)
        side = math.sqrt(max(0.0, 1.0 - firm.map_accuracy * firm.map_accuracy))
        for k in range(par.size.teams):
            row = state.belief[firm.team0 + k]
            dot = 0.0
            for a in range(d):
                lane = a & 3
                shared = words(firm.seed, firm.replicate, _COMPANY, begun, BELIEF, a >> 2)[lane]
                mine = words(firm.seed, firm.replicate, k, begun, BELIEF, a >> 2)[lane]
                row[a] = common * normal_quantile(unit64(shared)) + own * normal_quantile(unit64(mine))
                dot += row[a] * known[a]
            for a in range(d):
                row[a] -= dot * known[a]
            normalise(row, d)
            for a in range(d):
                row[a] = firm.map_accuracy * known[a] + side * row[a]
    firm.belief_cosine = 0.0
    for k in range(par.size.teams):
        for a in range(d):
            firm.belief_cosine += state.belief[firm.team0 + k, a] * need[a] / par.size.teams


@step
def refresh_belief(par: Par, tables: Tables, state: State, run: int, week: int) -> None:
    """Keep the experience map, if there is one, and write how good it is."""
    firm = state.run[run]
    if par.sensing.enabled:
        keep_map(par, tables, state, run, week)
    weekly = state.weekly[firm.week0 + week]
    weekly[COL.map_accuracy], weekly[COL.belief_cosine] = firm.map_accuracy, firm.belief_cosine


def need_rows(m: ScenarioModel, room: Room) -> Rows:
    """Return what the segments need, as unit vectors."""
    need = [unit(vector(m.axes, s.need, room.axes), len(m.axes)) for s in m.segments.values()]
    return {"need": np.array(need)}
