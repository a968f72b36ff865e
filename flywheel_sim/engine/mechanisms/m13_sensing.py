r"""M13 Sensing: needs that drift, the belief about them, and surveys.

Each segment's need is a unit vector in slow Brownian motion on the sphere (angular diffusion ``need_drift``).  The
company's need n is their mean, weighted by size and spend.  Every ``refresh_weeks`` the experience map is drawn again:
team k believes

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

A survey answer is a noisy function of the relationship, never of the voice:

    P(promoter | R) = logistic((R - a)/s),   P(detractor | R) = logistic((b - R)/s).

The true NPS is their mean over all customers; surveys sample them (response rate, happy ones likelier by
``happy_bias``; A6), in survey weeks only, and their scores are seen, and paid on, ``survey_lag_weeks`` later.

Neutral setting: ``enabled: false``: no belief, no survey.  ``listening_hours: 0``, ``depth_effect: 0`` and
``survey_lag_weeks: 0`` each alone.
"""

import math
from typing import Any

import numpy as np

from flywheel_sim.engine.jit import f32, law, part
from flywheel_sim.engine.maths import exp32, exp64, normal_quantile
from flywheel_sim.engine.mechanisms.m11_vectors import normalise, wander
from flywheel_sim.engine.random import BELIEF, NEED, unit64, words
from flywheel_sim.engine.records import last_row
from flywheel_sim.scenario.columns import COL

__all__ = ["change_needs", "company_need", "promoter_shares", "refresh_belief", "step_needs"]

_ONE = f32(1.0)
_COMPANY = 1 << 20  # agent number of the map's common error


@law
def promoter_shares(relationship: np.float32, sensing: Any) -> tuple[np.float32, np.float32]:
    """Chance that a customer with this relationship is a promoter, and a detractor, in a survey."""
    slope = f32(1.0 / sensing.answer_spread)
    up = _ONE / (_ONE + exp32((f32(sensing.promoter_above) - relationship) * slope))
    down = _ONE / (_ONE + exp32((relationship - f32(sensing.detractor_below)) * slope))
    return up, min(down, _ONE - up)


@part
def step_needs(p: Any, st: Any, q: int, t: int) -> None:
    """Let the segments' needs drift by one week."""
    r = st.run[q]
    if p.sensing.enabled and p.sensing.need_drift > 0.0:
        for s in range(p.size.segments):
            wander(st.need[r.segment0 + s], p.size.axes, p.sensing.need_drift, r.seed, r.replicate, s, t, NEED, 0)


@part
def change_needs(tb: Any, st: Any, q: int, segments: int, d: int, old: int, new: int) -> None:
    """Move the needs by what the timeline changed, keeping how far they have drifted."""
    r = st.run[q]
    for s in range(segments):
        row, moved = st.need[r.segment0 + s], 0.0
        for a in range(d):
            moved += abs(tb.need[new + s, a] - tb.need[old + s, a])
        if moved > 0.0:
            for a in range(d):
                row[a] += tb.need[new + s, a] - tb.need[old + s, a]
            normalise(row, d)


@part
def company_need(p: Any, tb: Any, st: Any, q: int) -> None:
    """Set the company's need: segments weighted by size and spend."""
    r, d = st.run[q], p.size.axes
    need = st.company_need[q]
    for a in range(d):
        need[a] = 0.0
    before = 0.0
    for s in range(p.size.segments):
        row = tb.segment[p.size.segment0 + s]
        weight = (row.upto - before) * max(row.spend, 1e-12)
        before = row.upto
        for a in range(d):
            need[a] += weight * st.need[r.segment0 + s, a]
    normalise(need, d)


@part
def listen(p: Any, tb: Any, st: Any, q: int, t: int) -> float:
    """Let listening and deep relationships sharpen the map; returns how much of the need's news is heard in a week."""
    r, m = st.run[q], p.sensing
    heard = 0.0
    if m.listening_hours > 0.0:
        heard = 1.0 - exp64(-m.listening_hours / m.listening_scale)
        r.accuracy = 1.0 - (1.0 - r.accuracy) * (1.0 - m.listening_gain * heard)
        for k in range(p.size.teams):
            if tb.team[p.size.team0 + k].front:
                st.taken[r.team0 + k] += m.listening_hours * st.heads[r.team0 + k]
    if m.depth_effect > 0.0 and p.relationship.enabled and r.accuracy < 1.0:
        depth = last_row(st, q, t)[COL.relationship] - p.relationship.relationship_reference
        r.accuracy = 1.0 - min(1.0, (1.0 - r.accuracy) * exp64(-m.depth_effect * depth))
    return heard


@part
def refresh_belief(p: Any, tb: Any, st: Any, q: int, t: int) -> None:
    """Draw the experience map afresh when it is due, and keep it up by listening in between."""
    r, d, m = st.run[q], p.size.axes, p.sensing
    if not m.enabled:
        return
    heard = listen(p, tb, st, q, t)
    need, known = st.company_need[q], st.known[q]
    begun = 0  # week of the survey behind the map: its errors stay until the next one
    if m.refresh_weeks > 0:
        begun = t - t % m.refresh_weeks
    due = m.refresh_weeks > 0 and begun == t
    if due or heard > 0.0:
        for a in range(d):
            known[a] = need[a] if due else (1.0 - heard) * known[a] + heard * need[a]
        if not due:
            normalise(known, d)
        common, own = math.sqrt(m.sharing), math.sqrt(1.0 - m.sharing)
        side = math.sqrt(max(0.0, 1.0 - r.accuracy * r.accuracy))
        for k in range(p.size.teams):
            row = st.belief[r.team0 + k]
            dot = 0.0
            for a in range(d):
                lane = a & 3
                shared = words(r.seed, r.replicate, _COMPANY, begun, BELIEF, a >> 2)[lane]
                mine = words(r.seed, r.replicate, k, begun, BELIEF, a >> 2)[lane]
                row[a] = common * normal_quantile(unit64(shared)) + own * normal_quantile(unit64(mine))
                dot += row[a] * known[a]
            for a in range(d):
                row[a] -= dot * known[a]
            normalise(row, d)
            for a in range(d):
                row[a] = r.accuracy * known[a] + side * row[a]
    r.belief_cosine = 0.0
    for k in range(p.size.teams):
        for a in range(d):
            r.belief_cosine += st.belief[r.team0 + k, a] * need[a] / p.size.teams
