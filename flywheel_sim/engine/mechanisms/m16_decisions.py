r"""M16 Decision rights.

**Coupling.** Two teams have decisions that belong together in proportion to the handoffs between them and to the
touchpoints they serve together,

    v_ij = sum of shares of handoffs i-j + sum_n omega_ni omega_nj,   i != j,   scaled so that sum v^2 / sum v = 1:

the pair to which an average decision belongs has coupling 1, whatever the number of teams without any.  A pair has
``rate`` v_ij decisions a week.

**Joint or apart.**  A pair of members of the flywheel group (``cadence``) decides together: the decision waits for the
next meeting, m/2 weeks on average, and holds.  Any other pair decides at once, and the decision is reworked with
probability

    p_ij = 1 - exp(-k (1 - u_i . u_j)/2)           each time, so 1/(1 - p_ij) - 1 = exp(k (1 - u_i . u_j)/2) - 1 times;

each rework takes ``rework_weeks`` and hours of both teams.  The centre's share c of the decisions needs no rework but
waits ``centre_weeks``.  All this is by expectation over the many decisions of a week: nothing is drawn.

    decision_weeks = c centre_weeks + (1 - c) mean wait,   rework_rate = (1 - c) mean p,
    misfit = (1 - c) sum of v_ij over pairs apart (coupled decisions taken apart, in average pairs: C42).

Slow decisions slow whatever learns from them: M26 divides its uptake by 1 + decision_weeks.

**Error.**  Decisions about a touchpoint of team f err with variance

    E = c s_c^2 (1 - competence_f) + (1 - c) [ s_t^2 + s_u^2 sum_j v_fj apart_fj (1 - u_f . u_j)/2 / sum_j v_fj ],

and the logit of its success falls by ``error_effect`` (E - reference).  A centre with competence 1 everywhere should
decide everything (C23); there, C22 vanishes.  C43 vanishes at k = 0: the group then only costs time.  C42 vanishes when
all decide together; C44 for a team with neither handoffs nor touchpoints shared with others.

Neutral setting: ``enabled: false``: decisions cost nothing and err no more than at reference.
"""

from typing import Any

import numpy as np

from flywheel_sim.engine.jit import inlined, step
from flywheel_sim.engine.kinds import Par, State, Tables
from flywheel_sim.engine.maths import exp64
from flywheel_sim.engine.mechanisms.m03_journey import dependencies
from flywheel_sim.engine.rows import Room, Rows
from flywheel_sim.scenario.columns import COL
from flywheel_sim.scenario.schema import ScenarioModel

__all__ = ["decide", "decide_together", "decision_rows", "gap_between"]


@inlined
def gap_between(direction: Any, i: int, j: int, d: int) -> float:
    """(1 - u_i . u_j)/2: 0 for teams that look the same way, 1 for opposite ones."""
    cosine = 0.0
    for a in range(d):
        cosine += direction[i, a] * direction[j, a]
    return (1.0 - cosine) * 0.5


@inlined
def decide_together(par: Par, team: Any, i: int, j: int) -> bool:
    """Whether two teams of the company are both in a group that meets."""
    return bool(par.cadence.enabled and team[par.size.team0 + i].member and team[par.size.team0 + j].member)


@step
def decide(par: Par, tables: Tables, state: State, run: int, week: int) -> None:
    """Book this week's rework, set how long decisions take, and what their errors cost the touchpoints."""
    firm, decisions, d, teams = state.run[run], par.decisions, par.size.axes, par.size.teams
    weekly = state.weekly[firm.week0 + week]
    if not decisions.enabled:
        return
    total = wait = reworked = apart = 0.0
    own = 1.0 - decisions.centralisation
    for i in range(teams):
        for j in range(i):
            v = tables.coupled[par.size.team0 + i, j]
            total += v
            if v <= 0.0:
                continue
            if decide_together(par, tables.team, i, j):
                wait += v * par.cadence.interval_weeks * 0.5
                continue
            attempts = exp64(decisions.rework * gap_between(state.direction, firm.team0 + i, firm.team0 + j, d))
            wait += v * (attempts - 1.0) * decisions.rework_weeks
            reworked += v * (1.0 - 1.0 / attempts)
            apart += v
            hours = own * decisions.rate * v * (attempts - 1.0) * decisions.rework_hours
            state.taken[firm.team0 + i] += hours
            state.taken[firm.team0 + j] += hours
    if total > 0.0:
        weekly[COL.decision_weeks] = decisions.centralisation * decisions.centre_weeks + own * wait / total
        weekly[COL.rework_rate] = own * reworked / total
        weekly[COL.misfit] = own * apart
    for n in range(par.size.touchpoints):
        f = tables.touch[par.size.touch0 + n].owner
        scattered, coupled = 0.0, 0.0
        for j in range(teams):
            v = tables.coupled[par.size.team0 + f, j]
            coupled += v
            if v > 0.0 and not decide_together(par, tables.team, f, j):
                scattered += v * gap_between(state.direction, firm.team0 + f, firm.team0 + j, d)
        if coupled > 0.0:
            scattered /= coupled
        centre = decisions.centre_sd * decisions.centre_sd * (1.0 - tables.team[par.size.team0 + f].competence)
        error = decisions.centralisation * centre
        error += own * (decisions.team_sd * decisions.team_sd + decisions.scatter_sd * decisions.scatter_sd * scattered)
        weekly[COL.decision_error] += error / par.size.touchpoints
        state.shift[firm.success0 + n] -= decisions.error_effect * (error - decisions.reference_variance)


def decision_rows(m: ScenarioModel, room: Room) -> Rows:
    """Return the coupling of decisions, by handoffs and touchpoints served together, and how much each team knows.

    The sum of the coupling's squares is its sum.
    """
    names = tuple(m.teams)
    competence = [m.decisions.competence.get(name, m.decisions.other_competence) for name in names]
    own = dependencies(m, room)[:, : len(names)]
    v = np.zeros((len(names), len(names)))
    for row in own:  # one after the other: a library's product of matrices rounds as the processor likes
        v += np.multiply.outer(row, row)
    for link in m.handoffs.links.values():
        a, b = names.index(link.giver), names.index(link.taker)
        v[a, b] += link.share
        v[b, a] += link.share if a != b else 0.0
    np.fill_diagonal(v, 0.0)
    size = float(np.sum(v * v))
    coupled = np.zeros((len(names), room.teams))
    if size > 0:
        coupled[:, : len(names)] = v * (float(np.sum(v)) / size)
    return {"coupled": coupled, "team.competence": np.array(competence)}
