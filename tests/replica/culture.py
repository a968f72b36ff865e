"""M20 Culture, competencies, people: the slow stocks."""

from typing import Any

from replica import luck
from replica.arithmetic import exp64, log64
from replica.luck import pick_lane, unit
from replica.world import Rules, Team, World

__all__ = ["at_work", "care_for_people", "discipline_yield", "heads_at_work", "step_culture"]


def discipline_yield(w: World, p: Rules) -> float:
    """y: share of a discipline's effect that this culture lets through."""
    c = p.culture
    return c.independence + (1.0 - c.independence) * w.culture / c.reference if c.enabled else 1.0


def weekly(month: float) -> float:
    """Share kept in a week where ``month`` is kept in a month."""
    return exp64(log64(month) * 12.0 / 52.0) if month > 0.0 else 0.0


def step_culture(w: World, p: Rules, t: int) -> None:
    """One week of every stock, and what they move."""
    c = p.culture
    w.morale, w.adherence_reported = 0.0, w.adherence
    if not c.enabled:
        return
    w.culture = min(1.0, weekly(c.retention_month) * w.culture + (c.effort_month + w.culture_added) * 12.0 / 52.0)
    lift = 0.0
    if c.programme.enabled:
        lift += work_programme(w, p)
    set_norms(w, p)
    lift += keep_people(w, p)
    if c.learning.enabled:
        learn_practices(w, p, t)
        lift += c.learning.effect * (w.knowledge - w.knowledge_before)
    if lift != 0.0:
        for point in w.touchpoints:
            point.shift += lift


def work_programme(w: World, p: Rules) -> float:
    """Project fixes (fast, fast) and competencies (slow, slow): what is granted builds what is lacking."""
    g = p.culture.programme
    granted = g.funding * w.funding
    w.programme += g.cost * granted / 52.0
    build = (1.0 - weekly(1.0 - g.project_build_month)) * granted * g.projects
    w.project_fixes = weekly(g.project_retention_month) * (w.project_fixes + build * (1.0 - w.project_fixes))
    build = (1.0 - weekly(1.0 - g.competence_build_month)) * granted * (1.0 - g.projects)
    w.competencies = 0.0
    for i, weight in enumerate(p.competence):
        stock = w.competence[i]
        w.competence[i] = weekly(g.competence_retention_month) * (stock + min(1.0, build * weight) * (1.0 - stock))
        w.competencies += w.competence[i]
    if p.competence:
        w.competencies /= len(p.competence)
    return float(g.project_effect * w.project_fixes + g.competence_effect * w.competencies)


def set_norms(w: World, p: Rules) -> None:
    """Norms follow the leader, or fade; they limit gaming and raise adherence, and so do checks, with a gap."""
    c = p.culture
    if c.norms.enabled:
        if w.leader_tenure_weeks > 0.0:
            w.norms += c.norms.transmission * (p.leadership.ethics - w.norms)
        else:
            w.norms *= weekly(c.norms.retention_month)
        w.gaming_prevented = 1.0 - (1.0 - w.gaming_prevented) * (1.0 - c.norms.gaming * w.norms)
        w.adherence += (1.0 - w.adherence) * c.norms.adherence * w.norms
    w.adherence_reported = w.adherence
    if c.monitoring.enabled:
        m = c.monitoring
        hidden = m.coverage * m.gaming * (1.0 - min(w.gaming_prevented, 1.0))
        lapses = 1.0 - w.adherence
        w.adherence += lapses * (1.0 - hidden) * m.coverage * m.accuracy
        w.adherence_reported = w.adherence + lapses * hidden


def care_for_people(w: World, p: Rules) -> float:
    """Share of the work for people that is done by those who look after them."""
    done, carers = 0.0, 0
    for row, team in zip(p.team, w.teams, strict=True):
        if row.looks_after_people:
            done += team.done
            carers += 1
    return done / carers if carers > 0 else 1.0


def at_work(p: Rules, row: Any, team: Team) -> float:
    """Share of a team that has as much to do as in the base case; 1 where nothing is asked of it."""
    usual = team.hours * row.load_reference
    sharp = p.capacity.enabled and p.capacity.shortness > 0.0
    return float(team.demand / usual) if sharp and 0.0 < team.demand < usual else 1.0


def heads_at_work(w: World, p: Rules) -> float:
    """Heads of all teams that are at work."""
    total = 0.0
    for row, team in zip(p.team, w.teams, strict=True):
        total += team.heads * at_work(p, row, team)
    return total


def keep_people(w: World, p: Rules) -> float:
    """Morale, leavers and hires of every team; the logit of the staff's mean trait."""
    c, heads, powering = p.culture, 0.0, 0.0
    for row, team in zip(p.team, w.teams, strict=True):
        heads += team.heads
        if not row.front:
            powering += team.heads * team.magnitude
    working = heads_at_work(w, p)
    support = powering / working if working > 0.0 else c.morale.support_reference
    delta, left, care = -log64(1.0 - c.turnover.yearly) / 52.0, 0.0, care_for_people(w, p)
    for team in w.teams:
        rate = delta
        share = team.heads / heads if heads > 0.0 else 1.0 / len(w.teams)
        if c.morale.enabled:
            m = c.morale
            target = m.reference + m.support_effect * (support - m.support_reference) + w.morale_added
            target -= m.overload_effect * team.overload
            away = min(max(target, 0.0), 1.0) - m.reference
            team.morale += (away - team.morale) / m.adjust_weeks  # as a difference to the reference
            if m.elasticity > 0.0:
                team.ability *= exp64(m.elasticity * log64(max(0.05, 1.0 + team.morale / m.reference)))
            rate *= exp64(-m.attrition_effect * team.morale)
            w.morale += share * (m.reference + team.morale)
        if c.turnover.enabled:
            rate *= exp64(c.turnover.neglect_effect * (1.0 - care))
            gone = 1.0 - exp64(-rate)
            team.green += gone * (1.0 - team.green) - min(team.green * care / c.turnover.ramp_weeks, team.green)
            team.taken += c.turnover.idle * team.green * team.heads * p.capacity.gross_hours
            left += share * rate
        if c.monitoring.enabled:
            team.taken += c.monitoring.coverage * c.monitoring.hours * team.heads
    if not c.turnover.enabled:
        return 0.0
    if not w.teams:
        left = delta
    w.service_orientation += (1.0 - exp64(-left)) * (c.turnover.selectivity - w.service_orientation)
    return float(c.turnover.trait_effect * w.service_orientation)


# --- practices (March 1991; A18) --------------------------------------------------------------------------------------


def belief_of(word: int) -> int:
    """A belief at random: -1, 0 or 1."""
    return min(int(unit(word) * 3.0), 2) - 1


def know(people: list[list[int]]) -> float:
    """Share of reality, 1 for every practice, that people have right."""
    return sum(b == 1 for mind in people for b in mind) / (len(people) * len(people[0]))


def learn_practices(w: World, p: Rules, t: int) -> None:
    """One period of mutual learning: people from the code, the code from those who know more; all at once."""
    c = p.culture.learning
    practices = range(c.practices)
    if w.learned == 0.0:
        w.learned = 1.0
        people = [
            [belief_of(pick_lane(w.key, i + 1, 0, luck.PRACTICE, b, 1000)) for b in practices] for i in range(c.people)
        ]
        w.minds = [[0] * c.practices, *people]
        w.knowledge_before = w.knowledge = know(people)
    if (t + 1) % c.period_weeks != 0:
        return
    code, people = w.minds[0], w.minds[1:]
    revised = revise_code(w, c, code, people, t)
    for i, mind in enumerate(people):
        gone = c.leaving > 0.0 and unit(w.words(i + 1, t, luck.PRACTICE, 2000)[0]) < c.leaving
        for b in practices:
            word = pick_lane(w.key, i + 1, t, luck.PRACTICE, b, 3000 if gone else 0)
            if gone:
                mind[b] = belief_of(word)
            elif code[b] != 0 and unit(word) < c.from_code:
                mind[b] = code[b]
    w.minds[0] = revised
    w.knowledge = know(people)


def revise_code(w: World, c: Any, code: list[int], people: list[list[int]], t: int) -> list[int]:
    """The code to be: it follows the majority of those who know more than it, the likelier the clearer it is."""
    wiser = [mind for mind in people if mind.count(1) > code.count(1)]
    revised = list(code)
    for b, held in enumerate(code):
        votes = {belief: sum(mind[b] == belief for mind in wiser) for belief in (-1, 0, 1)}
        majority = 1 if votes[1] > votes[-1] else (-1 if votes[-1] > votes[1] else 0)
        excess = max(votes[1], votes[-1]) - votes[held]
        if majority != 0 and majority != held and excess > 0:
            stays = exp64(excess * log64(1.0 - c.of_code)) if c.of_code < 1.0 else 0.0
            if unit(pick_lane(w.key, 0, t, luck.PRACTICE, b)) < 1.0 - stays:
                revised[b] = majority
    return revised
