r"""M20 Culture, competencies, people: the slow stocks.

*Culture*, capped at 1,

    C <- lambda C + q,     lambda_week = lambda_month^(12/52),   q_week = q_month 12/52                    (A29, C73)

Disciplines (adherence to the map, the pull of themes and meetings) yield the share

    y = c0 + (1 - c0) C / C_ref                                                                            (C26)

of their full effect.

*Programme* (C56).  Funding F (the scenario's share times what M21 lets be granted) buys work; every stock is built in
proportion to what it lacks, x <- lambda (x + b F s (1 - x)) with b_week = 1 - (1 - b_month)^(12/52), where s is
``projects`` for project fixes (fast, fast) and (1 - projects) n w_i / sum w for competency i of n (slow, slow), and
b F s is at most 1.  Touches gain project_effect x + competence_effect mean(x_i) in logits.

*Norms* (C24).  N <- N + transmission (ethics - N) while a leader (M21) is in office, N <- lambda_N N otherwise; gaming
is cut to the share (1 - norms_M12)(1 - gaming N), adherence to the map raised by adherence N of what it lacks.

*Morale* (C25, A14), a stock of each team, its target

    M* = M_ref + support_effect (S - S_ref) - overload_effect overload - cost of command (M21),   cut to [0, 1],
    S = sum of heads x magnitude over the powering teams / heads at work (m19),   dM/dt = (M* - M)/adjust,

acts on the magnitude per head as (M/M_ref)^elasticity (M at least .05) and on turnover as exp(attrition_effect
(M_ref - M)).

*Turnover* (C77).  Leavers go at delta = -ln(1 - yearly)/52 times that factor and are replaced at once; of a hire's
hours the share ``idle`` does not reach the work until the hire is able, so with g the share of the green

    g' = delta (1 - g) - g/ramp,     m' = delta (m_h - m):    m(t) = m_h + (m_0 - m_h) e^{-delta t},

m the mean service orientation in sd of the first staff (m_0 = 0), m_h = selectivity; touches gain trait_effect m.
Expectations, no draws: headcounts are means too (M19).
Where a team looks after people and gets the share f of that work done (m19), hires become able at f/ramp and delta is
times exp(neglect_effect (1 - f)).

*Practices* (C76; A18, March 1991).  n people and the code hold beliefs in {-1, 0, 1} about m practices, 1 being right;
people start at random, the code at 0.  Every period each person takes over each differing non-zero belief of the code
with probability p1; the code follows the majority of the people who know more than it with probability 1 - (1-p2)^k, k
the excess of those who hold the majority's belief over those who hold the code's; a share p3 is replaced by newcomers
with random beliefs.  All read the state at the period's start.  Touches gain effect x (knowledge - knowledge at start).

*Monitoring* (C75).  Of the lapses 1 - a in adherence the share coverage x (1 - norms) gaming is made to look right; of
the rest, coverage x accuracy is found and put right.  Reported adherence is what the indicator says; the difference to
the true one is the Goodhart gap.  Checks cost hours.

A mission statement is read by nothing (C74).

Neutral setting: ``enabled: false``, or each part's own switch; c0 = 1: y = 1 whatever C is.  C24 vanishes at
transmission 0, C25 at elasticity and attrition_effect 0, C56 at equal rates, C73 at retention 1, C75 at accuracy 0 (and
hours 0), C76 at p1 = 0, C77 at selectivity 0 or yearly 0.
"""

from typing import Any

import numpy as np

from flywheel_sim.engine.jit import i64, inlined, step
from flywheel_sim.engine.kernel_types import Par, State, Tables
from flywheel_sim.engine.mechanisms.m19_at_work import heads_at_work
from flywheel_sim.engine.portable_math import exp64, log64
from flywheel_sim.engine.random import PRACTICE, unit64, words
from flywheel_sim.engine.rows import Room, Rows
from flywheel_sim.engine.state import COMPETENCIES
from flywheel_sim.scenario.columns import COL
from flywheel_sim.scenario.schema import ScenarioModel

__all__ = ["care_for_people", "competence_rows", "discipline_yield", "per_week", "step_culture"]

_FIRST, _LEAVES, _NEW = 1000, 2000, 3000  # words of PRACTICE beside learning's own: first beliefs, leaving, newcomers'


@inlined
def discipline_yield(par: Par, culture: float) -> float:
    """y: share of a discipline's effect that this culture lets through."""
    c = par.culture
    return c.independence + (1.0 - c.independence) * culture / c.reference if c.enabled else 1.0


@inlined
def per_week(month: float) -> float:
    """Share kept in a week where ``month`` is kept in a month."""
    return exp64(log64(month) * 12.0 / 52.0) if month > 0.0 else 0.0


@step
def move_stocks(par: Par, tables: Tables, state: State, run: int, week: int) -> None:
    """One week of every stock, and what they move."""
    firm, culture = state.run[run], par.culture
    built = (culture.effort_month + firm.culture_added) * 12.0 / 52.0
    firm.culture = min(1.0, per_week(culture.retention_month) * firm.culture + built)
    lift = 0.0
    if culture.programme.enabled:
        lift += work_programme(par, tables, state, run)
    set_norms(par, state, run, week)
    lift += keep_people(par, tables, state, run, week)
    if culture.learning.enabled and firm.minds == (culture.learning.people + 2) * (culture.learning.practices + 1):
        learn_practices(par, state, run, week)
        lift += culture.learning.effect * (firm.knowledge - firm.knowledge_before)
    if lift != 0.0:
        for n in range(par.size.touchpoints):
            state.shift[firm.success0 + n] += lift


@step
def step_culture(par: Par, tables: Tables, state: State, run: int, week: int) -> None:
    """Live through a week of culture, and write its stocks."""
    firm = state.run[run]
    weekly = state.weekly[firm.week0 + week]
    weekly[COL.adherence_reported] = firm.adherence
    if par.culture.enabled:
        move_stocks(par, tables, state, run, week)
    weekly[COL.culture], weekly[COL.norms], weekly[COL.adherence] = firm.culture, firm.norms, firm.adherence
    weekly[COL.project_fixes], weekly[COL.competencies] = firm.project_fixes, firm.competencies
    weekly[COL.service_orientation], weekly[COL.knowledge] = firm.service_orientation, firm.knowledge


@step
def work_programme(par: Par, tables: Tables, state: State, run: int) -> float:
    """Build and let decay project fixes and competencies; their logit."""
    firm, g = state.run[run], par.culture.programme
    granted = g.funding * firm.funding
    firm.programme += g.cost * granted / 52.0
    build = (1.0 - per_week(1.0 - g.project_build_month)) * granted * g.projects
    firm.project_fixes = per_week(g.project_retention_month) * (firm.project_fixes + build * (1.0 - firm.project_fixes))
    build = (1.0 - per_week(1.0 - g.competence_build_month)) * granted * (1.0 - g.projects)
    kept, count = per_week(g.competence_retention_month), 0
    firm.competencies = 0.0
    for i in range(COMPETENCIES):
        weight = tables.competence[par.size.epoch, i]
        if weight >= 0.0:
            stock = state.competence[run, i]
            state.competence[run, i] = kept * (stock + min(1.0, build * weight) * (1.0 - stock))
            firm.competencies += state.competence[run, i]
            count += 1
    if count > 0:
        firm.competencies /= count
    return g.project_effect * firm.project_fixes + g.competence_effect * firm.competencies


@step
def set_norms(par: Par, state: State, run: int, week: int) -> None:
    """Norms follow the leader, or fade; checks and norms raise adherence, and gaming hides part of the lapses."""
    firm, culture = state.run[run], par.culture
    weekly = state.weekly[firm.week0 + week]
    if culture.norms.enabled:
        if firm.leader_tenure_weeks > 0.0:
            firm.norms += culture.norms.transmission * (par.leadership.ethics - firm.norms)
        else:
            firm.norms *= per_week(culture.norms.retention_month)
        firm.gaming_prevented = 1.0 - (1.0 - firm.gaming_prevented) * (1.0 - culture.norms.gaming * firm.norms)
        firm.adherence += (1.0 - firm.adherence) * culture.norms.adherence * firm.norms
    weekly[COL.adherence_reported] = firm.adherence
    if culture.monitoring.enabled:
        m = culture.monitoring
        hidden = m.coverage * m.gaming * (1.0 - min(firm.gaming_prevented, 1.0))
        lapses = 1.0 - firm.adherence
        firm.adherence += lapses * (1.0 - hidden) * m.coverage * m.accuracy
        weekly[COL.adherence_reported] = firm.adherence + lapses * hidden


@step
def care_for_people(par: Par, tables: Tables, state: State, run: int) -> float:
    """Share of the work for people that those teams do who look after them; 1 where nobody is named."""
    firm, done, carers = state.run[run], 0.0, 0
    for k in range(par.size.teams):
        if tables.team[par.size.team0 + k].looks_after_people:
            done += state.done[firm.team0 + k]
            carers += 1
    return done / carers if carers > 0 else 1.0


@step
def keep_people(par: Par, tables: Tables, state: State, run: int, week: int) -> float:
    """Morale, leavers and hires of every team; the logit of the staff's mean trait."""
    firm, culture, teams = state.run[run], par.culture, par.size.teams
    weekly = state.weekly[firm.week0 + week]
    heads, powering = 0.0, 0.0
    for k in range(teams):
        row = firm.team0 + k
        heads += state.heads[row]
        if not tables.team[par.size.team0 + k].front:
            powering += state.heads[row] * state.magnitude[row]
    working = heads_at_work(par, tables, state, run)
    support = powering / working if working > 0.0 else culture.morale.support_reference
    delta, left = -log64(1.0 - culture.turnover.yearly) / 52.0, 0.0
    care = care_for_people(par, tables, state, run)
    for k in range(teams):
        row, rate = firm.team0 + k, delta
        mine = state.heads[row]
        share = mine / heads if heads > 0.0 else 1.0 / teams
        if culture.morale.enabled:
            m = culture.morale
            target = m.reference + m.support_effect * (support - m.support_reference) + firm.morale_added
            target -= m.overload_effect * state.overload[row]
            away = min(max(target, 0.0), 1.0) - m.reference
            state.morale[row] += (away - state.morale[row]) / m.adjust_weeks  # kept as the difference to reference
            level = max(0.05, 1.0 + state.morale[row] / m.reference)
            if m.elasticity > 0.0:
                state.ability[row] *= exp64(m.elasticity * log64(level))
            rate *= exp64(-m.attrition_effect * state.morale[row])
            weekly[COL.morale] += share * (m.reference + state.morale[row])
        if culture.turnover.enabled:
            rate *= exp64(culture.turnover.neglect_effect * (1.0 - care))
            gone = 1.0 - exp64(-rate)
            state.green[row] += gone * (1.0 - state.green[row]) - min(
                state.green[row] * care / culture.turnover.ramp_weeks, state.green[row]
            )
            state.taken[row] += culture.turnover.idle * state.green[row] * mine * par.capacity.gross_hours
            left += share * rate
        if culture.monitoring.enabled:
            state.taken[row] += culture.monitoring.coverage * culture.monitoring.hours * mine
    if not culture.turnover.enabled:
        return 0.0
    if teams == 0:
        left = delta
    firm.service_orientation += (1.0 - exp64(-left)) * (culture.turnover.selectivity - firm.service_orientation)
    return culture.turnover.trait_effect * firm.service_orientation  # type: ignore[no-any-return]


@inlined
def belief_of(word: Any) -> Any:
    """A belief at random: -1, 0 or 1."""
    return np.int8(min(int(unit64(word) * 3.0), 2) - 1)


@step
def learn_practices(par: Par, state: State, run: int, week: int) -> None:
    """One period of mutual learning (A18).

    Rows of m beliefs and a mark: row 0 the code, rows 1..n the people, marked where they know more than the code, row
    n + 1 the code to be.
    """
    firm, c = state.run[run], par.culture.learning
    n, m, base, wide = c.people, c.practices, firm.mind0, c.practices + 1
    if firm.learned == 0.0:
        firm.learned = 1.0
        for i in range(1, n + 1):
            for b in range(m):
                word = words(firm.seed, firm.replicate, i, 0, PRACTICE, _FIRST + (b >> 2))[b & 3]
                state.mind[base + i * wide + b] = belief_of(word)
        firm.knowledge_before = firm.knowledge = know(state, base, n, m)
    if (week + 1) % c.period_weeks != 0:
        return
    revise_code(par, state, run, week)
    for i in range(1, n + 1):
        gone = False
        if c.leaving > 0.0:
            gone = unit64(words(firm.seed, firm.replicate, i, week, PRACTICE, _LEAVES)[0]) < c.leaving
        w0 = w1 = w2 = w3 = np.uint32(0)
        for b in range(m):
            lane = b & 3
            if lane == 0:
                w0, w1, w2, w3 = words(firm.seed, firm.replicate, i, week, PRACTICE, (_NEW if gone else 0) + (b >> 2))
            word = w0 if lane == 0 else (w1 if lane == 1 else (w2 if lane == 2 else w3))
            code = state.mind[base + b]
            if gone:
                state.mind[base + i * wide + b] = belief_of(word)
            elif code != 0 and unit64(word) < c.from_code:
                state.mind[base + i * wide + b] = code
    for b in range(m):
        state.mind[base + b] = state.mind[base + (n + 1) * wide + b]
    firm.knowledge = know(state, base, n, m)


@step
def revise_code(par: Par, state: State, run: int, week: int) -> None:
    """Write the code to be: where the majority of those who know more than the code is heard."""
    firm, c = state.run[run], par.culture.learning
    n, m, base, wide = c.people, c.practices, firm.mind0, c.practices + 1
    known = 0
    for i in range(n + 1):
        right = 0
        for b in range(m):
            right += state.mind[base + i * wide + b] == 1
        if i == 0:
            known = right
        state.mind[base + i * wide + m] = 1 if right > known else 0
    for b in range(m):
        right, wrong, none = 0, 0, 0
        for i in range(1, n + 1):
            if state.mind[base + i * wide + m] == 1:
                belief = state.mind[base + i * wide + b]
                right += belief == 1
                wrong += belief == -1
                none += belief == 0
        code = i64(state.mind[base + b])
        majority = 1 if right > wrong else (-1 if wrong > right else 0)
        excess = max(right, wrong) - (right if code == 1 else (wrong if code == -1 else none))
        if majority != 0 and majority != code and excess > 0:
            stays = exp64(excess * log64(1.0 - c.of_code)) if c.of_code < 1.0 else 0.0
            word = words(firm.seed, firm.replicate, 0, week, PRACTICE, b >> 2)[b & 3]
            if unit64(word) < 1.0 - stays:
                code = majority
        state.mind[base + (n + 1) * wide + b] = code


@step
def know(state: State, base: int, n: int, m: int) -> float:
    """Share of reality that people have right."""
    right = 0
    for i in range(1, n + 1):
        for b in range(m):
            right += state.mind[base + i * (m + 1) + b] == 1
    return right / (n * m)


def competence_rows(m: ScenarioModel, room: Room) -> Rows:
    """Return the weight of each competency over the mean weight; -1 where there is none."""
    row, weights = np.full((1, COMPETENCIES), -1.0), list(m.culture.programme.competencies.values())
    mean = sum(weights) / len(weights) if weights else 0.0
    row[0, : len(weights)] = [x / mean if mean > 0 else 0.0 for x in weights]
    return {"competence": row}
