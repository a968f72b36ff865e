"""M3 Journey and M4 Handoffs: how touches and handoffs go, given where the teams look."""

import math

from replica.arithmetic import exp64, f32, log64, logistic64
from replica.world import Rules, World, normalise

__all__ = ["dot", "handoff_survival", "response_odds", "stage_lift", "touch_success"]


def dot(u: list[float], v: list[float]) -> float:
    """Scalar product, in the order of the axes."""
    total = 0.0
    for x, y in zip(u, v, strict=True):
        total += x * y
    return total


def touch_success(w: World, p: Rules) -> None:
    """p_js = logistic(logit base + q_match (v.n - reference) - q_load overload + culture + levers - tone)."""
    j, mean, front = p.journey, [0.0] * p.d, [0.0] * p.d
    for k, team in enumerate(w.teams):
        for a in range(p.d):
            mean[a] += team.direction[a]
            front[a] += p.team[k].front * team.direction[a]
    normalise(mean)
    fronts = sum(team.front for team in p.team)
    tone = math.sqrt(dot(front, front)) / fronts if fronts > 0 else 0.0
    for n, (touch, point) in enumerate(zip(p.touch, w.touchpoints, strict=True)):
        for s in range(len(p.segment)):
            point.happens[s] = f32(1.0 - exp64(-touch.rate * float(p.cell[n][s][4])))
            need = list(mean) if j.directions == "no_need" else [w.need[s][a] + p.offset[n][a] for a in range(p.d)]
            normalise(need)
            match = served_along(w, p, n, need, mean)
            logit = log64(touch.base / (1.0 - touch.base)) + j.match_effect * (match - touch.reference)
            worked = touch.stage in ("onboarding", "use")
            if worked and p.capacity.shortness <= 0.0:
                logit -= j.overload_effect * w.teams[touch.owner].overload
            if p.culture.enabled:
                logit += j.culture_effect * (w.culture - p.culture.reference)
            logit += point.shift - j.tone_effect * (1.0 - tone)
            point.success[s] = logistic64(logit) if j.enabled else touch.base
            if worked:
                point.success[s] = min(point.success[s] * w.teams[touch.owner].done, 1.0)
            point.fails[s] = f32(float(point.happens[s]) * (1.0 - point.success[s]))


def served_along(w: World, p: Rules, n: int, need: list[float], mean: list[float]) -> float:
    """v.n of a touchpoint, v = sum of omega mu u over the teams; and its test modes."""
    mode, match, served = p.journey.directions, 0.0, [0.0] * p.d
    for k, team in enumerate(w.teams):
        weight = p.dependency[n][k] * team.magnitude
        if k != p.touch[n].owner:
            weight *= team.done
        u = mean if mode == "common" else team.direction
        for a in range(p.d):
            served[a] += weight * u[a]
        match += weight * (1.0 if mode == "ignored" else dot(u, need))
    if mode == "additive":  # the length of v is kept, so that alignment multiplies nothing
        length = normalise(served)
        match = p.journey.length_reference * match / length if length > 0.0 else 0.0
    return match


def stage_lift(w: World, p: Rules, s: int, stage: str) -> float:
    """Success of a stage's touchpoints relative to base, on average; 1 without any."""
    lift, count = 0.0, 0
    if p.journey.enabled:
        for touch, point in zip(p.touch, w.touchpoints, strict=True):
            if touch.stage == stage:
                lift += point.success[s] / touch.stated
                count += 1
    return lift / count if count > 0 else 1.0


def friction_between(cosine: float, base: float, angle: float, integration: float) -> float:
    """phi = f0 + f1 (1 - cos)/2 (1 - integration)."""
    return base + angle * (1.0 - cosine) * 0.5 * (1.0 - integration)


def response_odds(mean_hours: float) -> float:
    """Expected odds of a lead that is answered after an exponential delay: 1 within the hour, then 1/7, then 1/60."""
    if mean_hours <= 0.0:
        return 1.0
    hour, day = exp64(-1.0 / mean_hours), exp64(-24.0 / mean_hours)
    return (1.0 - hour) + (hour - day) / 7.0 + day / 60.0


def handoff_survival(w: World, p: Rules) -> dict[str, float]:
    """Leads, sales and expansions that come through, relative to the reference cosine; and issues, as they are."""
    h = p.handoffs
    survival = {"lead": 1.0, "sale": 1.0, "issue": 1.0, "expansion": 1.0}
    w.friction = 0.0
    if not h.enabled or not p.link:
        return survival
    reference = 1.0 - exp64(-friction_between(h.reference_cosine, h.base_friction, h.angle_friction, 0.0))
    for link in p.link:
        cosine = dot(w.teams[link.giver].direction, w.teams[link.taker].direction)
        phi = friction_between(cosine, h.base_friction, h.angle_friction, h.integration) * w.friction_factor
        w.friction += phi / len(p.link)
        loss = 1.0 - exp64(-phi)
        if link.when == "issue":
            survival["issue"] *= 1.0 - link.share * loss
        else:
            survival[link.when] *= (1.0 - link.share * loss) / (1.0 - link.share * reference)
    return survival
