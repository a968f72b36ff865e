"""M10 Root causes and firefighting, and M14 Reaction to scores: what piles up behind touchpoints."""

from typing import Any

from replica import luck
from replica.arithmetic import exp64, f32, halved, normal_quantile, poisson32
from replica.cadence import review_move
from replica.culture import discipline_yield
from replica.luck import unit
from replica.world import Rules, Touchpoint, World

__all__ = ["react", "step_causes"]


# --- M10 --------------------------------------------------------------------------------------------------------------


def alignment_behind(w: World, p: Rules, n: int) -> float:
    """Mean cosine of a touchpoint's owner with all who serve it."""
    owner, cosine = w.teams[p.touch[n].owner].direction, 0.0
    for k, team in enumerate(w.teams):
        for a in range(p.d):
            cosine += p.dependency[n][k] * owner[a] * team.direction[a]
    return cosine


def step_causes(w: World, p: Rules, t: int) -> None:
    """One week of causes at every touchpoint; what shows moves touches and issues."""
    c = p.causes
    w.causes = w.causes_hidden = w.firefighting = 0.0
    if not c.enabled or not w.touchpoints:
        return
    first, w.causes_begun = w.causes_begun == 0.0, 1.0
    lost, count = 0.0, len(w.touchpoints)
    if t > 0 and w.last["handled"] > 0.0:
        lost = w.last["handoffs_lost"] / w.last["handled"] - c.handoff_reference
    able = c.fix_rate * discipline_yield(w, p) * (1.0 - w.preempted)
    for n, point in enumerate(w.touchpoints):
        if first:
            point.visible, point.hidden = c.start, 0.0
        owner = w.teams[p.touch[n].owner]
        rho = c.load
        if c.pressure == "observed":
            rho *= owner.demand / owner.hours if owner.hours > 0.0 else 100.0
        apart = c.alignment_effect * (1.0 - alignment_behind(w, p, n))
        grow = c.growth * max(0.0, 1.0 + c.handoff_effect * lost + c.change_effect * owner.unlearned)
        fix = able * (1.0 - point.patched) * max(0.0, 1.0 - apart)
        week_of_causes(c, point, rho, grow, fix, able * point.patched)
        point.shift -= c.quality_effect * (point.visible - c.reference)
        w.causes += (point.visible + point.hidden) / count
        w.causes_hidden += point.hidden / count
        w.firefighting += min(1.0, rho * (1.0 - c.prevention * (1.0 - point.visible))) / count
    w.issue_factor *= exp64(c.issue_effect * (w.causes - w.causes_hidden - c.reference))


def week_of_causes(c: Any, point: Touchpoint, rho: float, grow: float, fix: float, stick: float) -> None:
    """Four steps of Runge-Kutta of fourth order for the visible causes V and the hidden ones W of a touchpoint."""
    back = 1.0 / c.return_weeks

    def rates(v: float, h: float) -> tuple[float, float]:
        fires = min(1.0, rho * (1.0 - c.prevention * (1.0 - v)))
        hide = ((1.0 - fires) * stick + c.patching * fires) * v - back * h
        return grow * (1.0 - v - h) - (1.0 - fires) * fix * v - hide, hide

    step, v, h = 0.25, point.visible, point.hidden
    for _ in range(4):
        dv, dh, at = 0.0, 0.0, (v, h)
        for weight, ahead in (
            (step / 6.0, 0.5 * step),
            (step / 3.0, 0.5 * step),
            (step / 3.0, step),
            (step / 6.0, 0.0),
        ):
            a, b = rates(*at)
            dv += weight * a
            dh += weight * b
            at = min(1.0, max(0.0, v + ahead * a)), min(1.0, max(0.0, h + ahead * b))
        v, h = max(0.0, v + dv), max(0.0, h + dh)
        if v + h > 1.0:
            v, h = v / (v + h), h / (v + h)
    point.visible, point.hidden = v, h


# --- M14 --------------------------------------------------------------------------------------------------------------


def react(w: World, p: Rules, t: int) -> None:
    """Read last week's scores, move settings, work on projects, take letters, and let executives look on."""
    m = p.reactions
    w.activity = w.projects = w.effort_mismatch = 0.0
    if not m.enabled or not w.touchpoints:
        w.score_mean = w.score_variance = w.executive_belief = w.belief_gap = 0.0
        return
    sd, scored = m.noise_sd, p.sensing.enabled and t > 0 and t % p.sensing.survey_weeks == 0
    if m.noise != "given":
        sd, scored = w.survey_sd, t > 0 and w.last["survey_answers"] > 0.0
    known = int(w.scores) + bool(scored)
    if scored:
        w.score_mean = w.score_variance = 0.0
    for n, point in enumerate(w.touchpoints):
        chase_score(w, p, n, point, t, known, sd if scored else None)
        work_on_projects(w, p, n, point)
        point.shift -= m.loss * point.setting * point.setting
    w.scores = known
    take_letters(w, p, t)
    look_on(w, p)


def chase_score(w: World, p: Rules, n: int, point: Touchpoint, t: int, known: int, sd: float | None) -> None:
    """Drift, score, and what the owner, or the group's review, takes off the setting; no score where ``sd`` is None."""
    m, c, count = p.reactions, p.cadence, len(w.touchpoints)
    w_noise, w_drift, _, _ = w.words(n, t, luck.REACTION)
    if m.drift_sd > 0.0:
        point.setting += m.drift_sd * normal_quantile(unit(w_drift))
    if sd is not None:
        score = point.setting + (sd * normal_quantile(unit(w_noise)) if sd > 0.0 else 0.0)
        gap = score - m.target
        point.gaps[(known - 1) % 8] = gap
        w.score_mean += score / count
        w.score_variance += gap * gap / count
    if c.enabled and c.review_weeks > 0 and p.team[p.touch[n].owner].member:
        if t > 0 and t % c.review_weeks == 0:
            point.setting -= review_move(c, point.gaps, known)
    elif sd is not None and known > m.delay:
        move = m.gain * point.gaps[(known - 1 - m.delay) % 8]
        if move != 0.0:
            move *= within(w, p, n, point, m.project_hours * abs(move))
            point.setting -= move
            point.work += m.project_hours * abs(move)
            w.projects += 1.0


def within(w: World, p: Rules, n: int, point: Touchpoint, hours: float) -> float:
    """Share of a move for which the owner's hours for improving reach, an equal part at each of its touchpoints."""
    m, owner = p.reactions, p.touch[n].owner
    owned = sum(touch.owner == owner for touch in p.touch)
    kept = m.improvement_hours * w.teams[owner].heads / owned
    if not p.capacity.enabled or hours <= 0.0:
        return 1.0
    return min(1.0, max(0.0, kept * m.project_weeks - point.work) / hours)


def work_on_projects(w: World, p: Rules, n: int, point: Touchpoint) -> None:
    """Open hours are worked off, and are not there for other work; part of them hides symptoms."""
    m, owner = p.reactions, w.teams[p.touch[n].owner]
    done = point.work * (1.0 - exp64(-1.0 / m.project_weeks))
    point.work -= done
    owner.taken += done
    w.activity += done
    kept = m.improvement_hours * owner.heads
    if kept > 0.0:
        point.patched = m.patching * min(1.0, done / kept)


def take_letters(w: World, p: Rules, t: int) -> None:
    """Letters pre-empt the hours for improving, at touchpoints at random, wherever causes show."""
    m, count = p.reactions, len(w.touchpoints)
    mean = f32(m.letters / count)
    letters = [poisson32(w.words(n, t, luck.REACTION)[2], mean) for n in range(count)]
    mail, heads, showing = sum(letters), 0.0, 0.0
    for point in w.touchpoints:
        showing += point.visible
    for team in w.teams:
        heads += team.heads
    if mail > 0 and heads > 0.0:
        w.preempted = m.preemption * min(1.0, mail * m.letter_hours / (m.improvement_hours * heads))
        for letter, point in zip(letters, w.touchpoints, strict=True):
            due = point.visible / showing if showing > 0.0 else 1.0 / count
            w.effort_mismatch += 0.5 * w.preempted * abs(letter / mail - due)


def look_on(w: World, p: Rules) -> None:
    """Executives believe in what customers live through, and in movement."""
    m, outcome = p.reactions, w.last["experience"]
    memory = halved(m.belief_half_life_weeks)
    if w.watching == 0.0:
        w.watching, w.executive_belief, w.outcome_seen = 1.0, outcome, outcome
    movement = w.activity / (w.activity + m.activity_reference)
    looks = (1.0 - m.belief_in_activity) * outcome + m.belief_in_activity * movement
    w.executive_belief = memory * w.executive_belief + (1.0 - memory) * looks
    w.outcome_seen = memory * w.outcome_seen + (1.0 - memory) * outcome
    w.belief_gap = w.executive_belief - w.outcome_seen
