r"""M13 Sensing: needs that drift, the belief about them, and surveys.

Each segment's need is a unit vector in slow Brownian motion on the sphere (angular diffusion ``need_drift``).  The
company's need n is their mean, weighted by size and spend.  Every ``refresh_weeks`` the experience map is drawn again:
team k believes

    n_k = A n + sqrt(1 - A^2) unit( sqrt(sharing) xi + sqrt(1 - sharing) xi_k ),    xi, xi_k normal, orthogonal to n,

so E cos(n_k, n) = A at once (accuracy) and decays as needs move (freshness); errors are common to the share
``sharing``.  The map pulls with strength h_map x sharing x adherence x yield of culture, so alignment to the
need rises only as the product of the four factors (C4).

A survey answer is a noisy function of the relationship, never of the voice:

    P(promoter | R) = logistic((R - a)/s),   P(detractor | R) = logistic((b - R)/s).

The true NPS is their mean over all customers; surveys sample them (response rate, happy ones likelier by
``happy_bias``; A6), in survey weeks only.  Neutral setting: ``enabled: false``: no belief, no survey.
"""

import math
from typing import Any

import numpy as np

from flywheel_sim.engine.jit import f32, law, part
from flywheel_sim.engine.maths import exp32, normal_quantile
from flywheel_sim.engine.mechanisms.m11_vectors import normalise, wander
from flywheel_sim.engine.random import BELIEF, NEED, unit64, words

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
def refresh_belief(p: Any, st: Any, q: int, t: int) -> None:
    """Draw the experience map afresh when it is due."""
    r, d, m = st.run[q], p.size.axes, p.sensing
    if not m.enabled:
        return
    need = st.company_need[q]
    if t % m.refresh_weeks == 0:
        common, own = math.sqrt(m.sharing), math.sqrt(1.0 - m.sharing)
        side = math.sqrt(max(0.0, 1.0 - r.accuracy * r.accuracy))
        for k in range(p.size.teams):
            row = st.belief[r.team0 + k]
            dot = 0.0
            for a in range(d):
                lane = a & 3
                shared = words(r.seed, r.replicate, _COMPANY, t, BELIEF, a >> 2)[lane]
                mine = words(r.seed, r.replicate, k, t, BELIEF, a >> 2)[lane]
                row[a] = common * normal_quantile(unit64(shared)) + own * normal_quantile(unit64(mine))
                dot += row[a] * need[a]
            for a in range(d):
                row[a] -= dot * need[a]
            normalise(row, d)
            for a in range(d):
                row[a] = r.accuracy * need[a] + side * row[a]
    r.belief_cosine = 0.0
    for k in range(p.size.teams):
        for a in range(d):
            r.belief_cosine += st.belief[r.team0 + k, a] * need[a] / p.size.teams
