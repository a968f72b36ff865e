r"""M14 Reaction to scores.

Every touchpoint j has a setting z_j, in points of its score, where 0 is what its customers want.  A survey reads

    score_j = S* + z_j + eps,     sd eps = 100 sqrt((P + D - (P - D)^2)/n) from the n answers (A6), or ``noise_sd``,

with S* the level the process has by itself, from which scores and targets are counted.  In the week after a survey, or
``delay`` surveys later, the team that owns the touchpoint moves

    z_j <- z_j - g (score_j - target).

On a stable process this is Deming's funnel (A25): Var(score) = 2 sigma^2/(2 - g) at once, sigma^2 [1 + g (1 + g)/((1 -
g)(2 + g))] one survey late, instead of sigma^2 for those who leave it alone.  Processes also drift (``drift_sd``), so
that some reaction is of use.  Where the group reviews scores (M17), its members' touchpoints are moved by the review
alone.  A setting either way off 0 is a departure from what customers want, whose loss begins flat and grows the faster
the further it goes, hence Taguchi's square: the touch loses the logit ``loss`` z_j^2 (M3), and nothing at z = 0.

Reacting keeps people busy. A move opens projects of ``project_hours`` an absolute point; the open hours are worked off
with time constant ``project_weeks`` and are not there for other work (M19). They are those that a team keeps for
improving, ``improvement_hours`` a head, shared evenly by its touchpoints: a touchpoint has ``project_weeks`` times its
part in open projects at most, and a move goes no further than they reach. Otherwise a small company would hunt the
noise of a frequent survey, or of one that few answer, until nothing else were done. (Without M19 hours have no end, and
at ``project_hours: 0`` a move takes none.) The share ``patching`` of projects, over the hours kept for improving, hides
symptoms instead of removing causes (M10). Letters and anecdotes arrive as Poisson(``letters``) at touchpoints at
random; the granted share of their claim on the company's hours for improving,

    l = preemption min(1, letters of the week x letter_hours / (heads x improvement_hours)),

goes to them and not to causes (M10).  Mismatch is the distance between where that effort goes and where causes show,
l/2 sum_j |letters_j/letters - V_j/sum V|, by touchpoints (C62).  Executives take movement for progress:

    belief <- m belief + (1 - m) [ (1 - w) outcome + w A/(A + A_0) ],     A activity: hours of projects this week,

outcome the customers' mean recent experience; the gap is belief less the same average at w = 0 (C55, C61).

Neutral setting: ``enabled: false``.  C59 and C60 vanish at gain 0 and drift 0 (z stays 0, nobody opens a project) or,
on a process that does not drift, at noise 0; C59 as well when surveys come every week; C61 at w = 0; C62 at
``preemption: 0``.
"""

from flywheel_sim.engine.choices import codes
from flywheel_sim.engine.jit import f32, i64, inlined, step
from flywheel_sim.engine.kernel_types import Firm, Par, State, Tables
from flywheel_sim.engine.mechanisms.m17_cadence import review_due, review_move, reviewed
from flywheel_sim.engine.portable_math import exp64, halved, normal_quantile, poisson_count
from flywheel_sim.engine.random import REACTION, unit64, words
from flywheel_sim.engine.state import GAPS
from flywheel_sim.scenario.blocks.m14_reactions import Reactions
from flywheel_sim.scenario.columns import COL

__all__ = ["react"]

NOISE = codes(Reactions, "noise")


@inlined
def within(par: Par, tables: Tables, state: State, firm: Firm, cell: int, owner: int, hours: float) -> float:
    """Share of a move of so many hours for which the team still has hours for improving; 1 as long as it has."""
    reactions, owned = par.reactions, 0
    if not par.capacity.enabled or hours <= 0.0:
        return 1.0
    for n in range(par.size.touchpoints):
        owned += firm.team0 + tables.touch[par.size.touch0 + n].owner == owner
    kept = reactions.improvement_hours * state.heads[owner] / owned
    room = max(0.0, kept * reactions.project_weeks - state.work[cell])
    return min(1.0, room / hours)  # type: ignore[no-any-return]


@step
def take_letters(par: Par, state: State, run: int, week: int, mail: int, showing: float) -> None:
    """Let letters take hours from causes, at touchpoints that need them or not."""
    firm, reactions, touchpoints = state.run[run], par.reactions, par.size.touchpoints
    heads = 0.0
    for k in range(par.size.teams):
        heads += state.heads[firm.team0 + k]
    if mail > 0 and heads > 0.0:
        firm.preempted = reactions.preemption * min(
            1.0, mail * reactions.letter_hours / (reactions.improvement_hours * heads)
        )
        for n in range(touchpoints):
            letter = words(firm.seed, firm.replicate, n, week, REACTION, 0)[2]
            due = state.visible[firm.success0 + n] / showing if showing > 0.0 else 1.0 / touchpoints
            state.weekly[firm.week0 + week, COL.effort_mismatch] += (
                0.5 * firm.preempted * abs(poisson_count(letter, f32(reactions.letters / touchpoints)) / mail - due)
            )


@step
def look_on(par: Par, state: State, run: int, week: int) -> None:
    """Let executives take movement for progress."""
    firm, reactions = state.run[run], par.reactions
    weekly = state.weekly[firm.week0 + week]
    outcome = state.weekly[firm.week0 + week - 1, COL.experience] if week > 0 else state.initial[run, COL.experience]
    memory = halved(reactions.belief_half_life_weeks)
    if firm.watching == 0.0:
        firm.watching, firm.executive_belief, firm.outcome_seen = 1.0, outcome, outcome
    movement = weekly[COL.activity] / (weekly[COL.activity] + reactions.activity_reference)
    looks = (1.0 - reactions.belief_in_activity) * outcome + reactions.belief_in_activity * movement
    firm.executive_belief = memory * firm.executive_belief + (1.0 - memory) * looks
    firm.outcome_seen = memory * firm.outcome_seen + (1.0 - memory) * outcome
    weekly[COL.belief_gap] = firm.executive_belief - firm.outcome_seen
    weekly[COL.executive_belief] = firm.executive_belief


@step
def react(par: Par, tables: Tables, state: State, run: int, week: int) -> None:
    """Read last week's scores, move settings, work on projects, take letters, and let executives look on."""
    firm, reactions, touchpoints = state.run[run], par.reactions, par.size.touchpoints
    weekly = state.weekly[firm.week0 + week]
    if not reactions.enabled or touchpoints == 0:
        firm.score_mean = firm.score_variance = firm.executive_belief = 0.0
        return
    sd, scored = reactions.noise_sd, par.sensing.enabled and week > 0 and week % par.sensing.survey_weeks == 0
    if reactions.noise != NOISE.given:
        sd, scored = firm.survey_sd, week > 0 and state.weekly[firm.week0 + week - 1, COL.survey_answers] > 0.0
    known = i64(firm.scores)
    if scored:
        known += 1
        firm.score_mean = firm.score_variance = 0.0
    done_share = 1.0 - exp64(-1.0 / reactions.project_weeks)
    mail, showing = 0, 0.0
    for n in range(touchpoints):
        cell, touch = firm.success0 + n, tables.touch[par.size.touch0 + n]
        owner, team = firm.team0 + touch.owner, tables.team[par.size.team0 + touch.owner]
        noise, drift, letter, _ = words(firm.seed, firm.replicate, n, week, REACTION, 0)
        if reactions.drift_sd > 0.0:
            state.setting[cell] += reactions.drift_sd * normal_quantile(unit64(drift))
        if scored:
            score = state.setting[cell] + (sd * normal_quantile(unit64(noise)) if sd > 0.0 else 0.0)
            gap = score - reactions.target
            state.gaps[cell, (known - 1) % GAPS] = gap
            firm.score_mean += score / touchpoints
            firm.score_variance += gap * gap / touchpoints
        if reviewed(par) and team.member:
            if review_due(par, week):
                state.setting[cell] -= review_move(par.cadence, state.gaps, cell, known)
        elif scored and known > reactions.delay:
            move = reactions.gain * state.gaps[cell, (known - 1 - reactions.delay) % GAPS]
            if move != 0.0:
                move *= within(par, tables, state, firm, cell, owner, reactions.project_hours * abs(move))
                state.setting[cell] -= move
                state.work[cell] += reactions.project_hours * abs(move)
                weekly[COL.projects] += 1.0
        done = state.work[cell] * done_share
        state.work[cell] -= done
        state.taken[owner] += done
        weekly[COL.activity] += done
        kept = reactions.improvement_hours * state.heads[owner]
        if kept > 0.0:
            state.patched[cell] = reactions.patching * min(1.0, done / kept)
        state.shift[cell] -= reactions.loss * state.setting[cell] * state.setting[cell]
        mail += poisson_count(letter, f32(reactions.letters / touchpoints))
        showing += state.visible[cell]
    firm.scores = known
    weekly[COL.score_mean], weekly[COL.score_variance] = firm.score_mean, firm.score_variance
    take_letters(par, state, run, week, mail, showing)
    look_on(par, state, run, week)
