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

**Together.**  Hours that two teams spend on each other make them care about the same things: hours of decisions taken
together outside the group's meetings (``together``: P of each team's week, shared evenly over the others; and
``joint_hours`` for each decision that the group takes together), and of handing over (``handoffs.hours`` for each case
of last week).  Both teams are charged for them, and a team without anybody spends none:

    P_ij = min(1, heads_i) min(1, heads_j) (sum over sets of hours/(members - 1) + joint + handed over),
    h_ij = 2 P_ij/(heads_i + heads_j)                                                       per head of the two,
    dkappa_ij/dt = g (1 - kappa_ij/K_max) h_ij/(h_ij + h_0) - kappa_ij/tau                       (``vectors.coupling``),

which is linear in kappa and stepped exactly.  Meetings of the group turn teams at once (M17) and do not count again.
What is built lasts as long as people remember it: tau is between a quarter, in which a project's contacts lapse, and
the two years in which half the people have changed (an assumption; 13 to 104 weeks).  The four laws: who stops deciding
together drifts apart over tau; nothing couples without hours of both; at 0 hours it is 0 without a step, and it
saturates at g tau/(1 + g tau/K_max); and it makes no demand.  The company starts at rest: kappa_ij is where the hours
of week 1 hold it, less those of a way of working that is not ``strategy.established`` and only begins in week 1.

**Error.**  Decisions about a touchpoint of team f err with variance

    E = c s_c^2 (1 - competence_f) + (1 - c) [ s_t^2 + s_u^2 sum_j v_fj apart_fj (1 - u_f . u_j)/2 / sum_j v_fj ],

and the logit of its success falls by ``error_effect`` (E - reference).  A centre with competence 1 everywhere should
decide everything (C23); there, C22 vanishes.  C43 vanishes at k = 0: the group then only costs time.  C42 vanishes when
all decide together; C44 for a team with neither handoffs nor touchpoints shared with others.

Where the group's hours count (``cadence.hours_scale``), it decides the share 1 - exp(-hours a week/scale) of what
belongs together, and the rest is decided apart.

Neutral setting: ``enabled: false``: decisions cost nothing and err no more than at reference; ``vectors.coupling.gain``
0: hours together couple nobody; ``together`` empty, ``joint_hours`` 0 and ``handoffs.hours`` 0: none are spent.
"""

from typing import Any

import numpy as np

from flywheel_sim.engine.jit import inlined, step
from flywheel_sim.engine.kernel_types import Par, State, Sums, Tables
from flywheel_sim.engine.mechanisms.m03_journey import dependencies
from flywheel_sim.engine.mechanisms.m04_handoffs import WHEN
from flywheel_sim.engine.mechanisms.m17_cadence import carried
from flywheel_sim.engine.portable_math import exp64
from flywheel_sim.engine.rows import Floats, Room, Rows
from flywheel_sim.engine.state import ACC
from flywheel_sim.scenario.columns import COL
from flywheel_sim.scenario.schema import ScenarioModel

__all__ = ["count_handoffs", "decide", "decide_together", "decision_rows", "gap_between", "work_together"]


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


@inlined
def kept_apart(par: Par, team: Any, i: int, j: int) -> float:
    """Share of what two teams should decide together that they decide apart."""
    return 1.0 - carried(par) if decide_together(par, team, i, j) else 1.0


@step
def work_together(par: Par, tables: Tables, state: State, run: int, week: int) -> None:
    """Charge the hours that pairs of teams spend on each other, and let these hours couple them."""
    firm, coupling, teams = state.run[run], par.vectors.coupling, par.size.teams
    begun = par.strategy.established or not par.strategy.enabled or week > 1
    weekly = state.weekly[firm.week0 + week]
    for i in range(teams):
        for j in range(i):
            here, there = firm.pair0 + i * teams + j, firm.pair0 + j * teams + i
            mine, theirs = state.heads[firm.team0 + i], state.heads[firm.team0 + j]
            planned = tables.together[par.size.team0 + i, j]
            if par.decisions.enabled:
                joint = 1.0 - kept_apart(par, tables.team, i, j)
                own = (1.0 - par.decisions.centralisation) * par.decisions.rate
                planned += joint * own * tables.coupled[par.size.team0 + i, j] * par.decisions.joint_hours
            staffed = min(1.0, mine) * min(1.0, theirs)
            hours = staffed * (planned + state.passed[here])
            state.taken[firm.team0 + i] += hours
            state.taken[firm.team0 + j] += hours
            weekly[COL.together_hours] += 2.0 * hours
            kappa = 0.0
            if par.vectors.enabled and coupling.gain > 0.0:
                spent = hours if begun else staffed * state.passed[here]
                met = 2.0 * spent / (mine + theirs) if staffed > 0.0 else 0.0
                build = coupling.gain * met / (met + coupling.half_hours)
                rate = build / coupling.most + 1.0 / coupling.memory_weeks
                kappa = build / rate
                if week > 1:
                    kappa += (state.made[here] - kappa) * exp64(-rate)
            state.made[here] = state.made[there] = kappa
            heard = tables.overlap[par.size.team0 + i, j] * 2.0 / (teams * (teams - 1))
            if par.vectors.enabled:
                weekly[COL.coupling] += (coupling.fixed + kappa) * heard


@step
def count_handoffs(par: Par, tables: Tables, state: State, run: int, total: Sums) -> None:
    """Keep the hours that each pair of teams spent on handing over this week: they are charged next week."""
    firm, size = state.run[run], par.size
    for n in range(size.teams * size.teams):
        state.passed[firm.pair0 + n] = 0.0
    if not par.handoffs.enabled or par.handoffs.hours <= 0.0:
        return
    for n in range(size.links):
        link = tables.link[size.link0 + n]
        if link.giver == link.taker:
            continue
        cases = total[ACC.expansions]
        if link.when == WHEN.lead:
            cases = total[ACC.leads]
        elif link.when == WHEN.sale:
            cases = total[ACC.sold]
        elif link.when == WHEN.issue:
            cases = total[ACC.handled]
        hours = par.handoffs.hours * link.share * cases
        state.passed[firm.pair0 + link.giver * size.teams + link.taker] += hours
        state.passed[firm.pair0 + link.taker * size.teams + link.giver] += hours


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
            alone = kept_apart(par, tables.team, i, j)
            wait += v * (1.0 - alone) * par.cadence.interval_weeks * 0.5
            if alone <= 0.0:
                continue
            v *= alone
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
            alone = kept_apart(par, tables.team, f, j)
            if v > 0.0 and alone > 0.0:
                scattered += v * alone * gap_between(state.direction, firm.team0 + f, firm.team0 + j, d)
        if coupled > 0.0:
            scattered /= coupled
        centre = decisions.centre_sd * decisions.centre_sd * (1.0 - tables.team[par.size.team0 + f].competence)
        error = decisions.centralisation * centre
        error += own * (decisions.team_sd * decisions.team_sd + decisions.scatter_sd * decisions.scatter_sd * scattered)
        weekly[COL.decision_error] += error / par.size.touchpoints
        state.shift[firm.success0 + n] -= decisions.error_effect * (error - decisions.reference_variance)


def decision_rows(m: ScenarioModel, room: Room) -> Rows:
    """Return the coupling of decisions, by handoffs and touchpoints served together, and how much each team knows.

    The coupling is scaled so that its squares sum to what its entries sum to, as they do where each is 0 or 1.
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
    return {"coupled": coupled, "together": hours_together(m, room), "team.competence": np.array(competence)}


def hours_together(m: ScenarioModel, room: Room) -> Floats:
    """Return the hours a week that two teams decide together: a team's hours in a set, evenly over the others in it."""
    names, hours = tuple(m.teams), np.zeros((len(m.teams), room.teams))
    for one in m.decisions.together.values():
        members = sorted({names.index(name) for name in one.members or names})
        for i in members:
            for j in members:
                if i != j:
                    hours[i, j] += one.hours / (len(members) - 1)
    return hours
