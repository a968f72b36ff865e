r"""M3 Journey: touchpoints and who serves them.

Teams serve touchpoints together: v_j = sum_k omega_jk mu_k u_k, with omega the dependency matrix, rows summing to 1
(owner 0.6 by default, so the powering teams reach customers; owner only: C44 vanishes).  The need at touchpoint j in
segment s is n_js = unit(need_s + offset_j), and a touch goes well with probability

    p_js = logistic( logit(base_j) + q_match (v_j . n_js - match_ref_j) - q_load overload_owner
                     + q_culture (C - C_ref) - q_tone (1 - r_front) ).

Overload acts where nothing queues (onboarding, use); leads and issues wait instead (M1, M8), so that being short of
hours is charged once.

Test modes (C36-C38): ``ignored`` replaces v . n by sum omega mu, ``common`` turns all teams one way (their mean
direction), ``no_need`` takes the teams' mean direction as the need.  ``additive`` keeps the length of the served vector
at ``length_reference``, so that alignment between teams multiplies no other lever: turning them all is worth the same
however far apart they look (C28 vanishes).

Neutral setting: ``enabled: false``: no touches in use, and every stage of a sale at its reference.
"""

import math
from typing import Any

import numpy as np

from flywheel_sim.engine.jit import f32, part
from flywheel_sim.engine.maths import exp64, log64, logistic64
from flywheel_sim.engine.mechanisms.m11_vectors import normalise

__all__ = ["stage_lift", "touch_success"]

_ONBOARDING, _USE = 2, 3
_VECTOR, _COMMON, _IGNORED, _NO_NEED, _ADDITIVE = 0, 1, 2, 3, 4


@part
def touch_success(p: Any, tb: Any, st: Any, q: int) -> None:
    """Set the success of every touchpoint in every segment, and the thresholds customers are drawn against."""
    r, d, j = st.run[q], p.size.axes, p.journey
    mean, need = np.zeros(16), np.zeros(16)
    front, fronts, served = np.zeros(16), 0, np.zeros(16)
    for k in range(p.size.teams):
        is_front = tb.team[p.size.team0 + k].front
        fronts += is_front
        for a in range(d):
            mean[a] += st.direction[r.team0 + k, a]
            front[a] += is_front * st.direction[r.team0 + k, a]
    normalise(mean, d)
    tone = 0.0
    if fronts > 0:
        for a in range(d):
            tone += front[a] * front[a]
        tone = math.sqrt(tone) / fronts
    for n in range(p.size.touchpoints):
        row = p.size.touch0 + n
        touch = tb.touch[row]
        st.touch_p[r.success0 + n] = f32(1.0 - exp64(-touch.rate))
        for s in range(p.size.segments):
            for a in range(d):
                need[a] = mean[a] if j.directions == _NO_NEED else st.need[r.segment0 + s, a] + tb.offset[row, a]
            normalise(need, d)
            match = 0.0
            for a in range(d):
                served[a] = 0.0
            for k in range(p.size.teams):
                part, weight = 0.0, tb.dependency[row, k] * st.magnitude[r.team0 + k]
                for a in range(d):
                    u = mean[a] if j.directions == _COMMON else st.direction[r.team0 + k, a]
                    part += u * need[a]
                    served[a] += weight * u
                match += weight * (1.0 if j.directions == _IGNORED else part)
            if j.directions == _ADDITIVE:
                length = normalise(served, d)
                match = j.length_reference * match / length if length > 0.0 else 0.0
            logit = log64(touch.base / (1.0 - touch.base)) + j.match_effect * (match - touch.reference)
            if touch.stage == _ONBOARDING or touch.stage == _USE:
                logit -= j.overload_effect * st.overload[r.team0 + touch.owner]
            if p.culture.enabled:
                logit += j.culture_effect * (r.culture - p.culture.reference)
            logit += st.shift[r.success0 + n] - j.tone_effect * (1.0 - tone)
            success = logistic64(logit) if j.enabled else touch.base
            cell = r.success0 + n * p.size.segments + s
            st.success[cell] = success
            st.fail_p[cell] = f32(st.touch_p[r.success0 + n] * (1.0 - success))


@part
def stage_lift(p: Any, tb: Any, st: Any, q: int, s: int, stage: int) -> float:
    """Success of a stage's touchpoints in a segment relative to their base, averaged over touchpoints; 1 when off."""
    r = st.run[q]
    lift, count = 0.0, 0
    if p.journey.enabled:
        for n in range(p.size.touchpoints):
            touch = tb.touch[p.size.touch0 + n]
            if touch.stage == stage:
                lift += st.success[r.success0 + n * p.size.segments + s] / touch.base
                count += 1
    return lift / count if count > 0 else 1.0
