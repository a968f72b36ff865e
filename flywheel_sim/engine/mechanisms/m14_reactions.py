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

Reacting keeps people busy.  A move opens projects of ``project_hours`` an absolute point; the open hours are worked off
with time constant ``project_weeks`` and are not there for other work (M19).  The share ``patching`` of projects, over
the hours kept for improving, hides symptoms instead of removing causes (M10).  Letters and anecdotes arrive as
Poisson(``letters``) at touchpoints at random; the granted share of their claim on the company's hours for improving,

    l = preemption min(1, letters of the week x letter_hours / (heads x improvement_hours)),

goes to them and not to causes (M10).  Mismatch is the distance between where that effort goes and where causes show,
l/2 sum_j |letters_j/letters - V_j/sum V|, by touchpoints (C62).  Executives take movement for progress:

    belief <- m belief + (1 - m) [ (1 - w) outcome + w A/(A + A_0) ],     A activity: hours of projects this week,

outcome the customers' mean recent experience; the gap is belief less the same average at w = 0 (C55, C61).

Neutral setting: ``enabled: false``.  C59 and C60 vanish at gain 0 and drift 0 (z stays 0, nobody opens a project) or,
on a process that does not drift, at noise 0; C59 as well when surveys come every week; C61 at w = 0; C62 at
``preemption: 0``.
"""

from typing import Any

from flywheel_sim.engine.jit import f32, i64, part
from flywheel_sim.engine.maths import exp64, halved, normal_quantile
from flywheel_sim.engine.mechanisms.m08_service import poisson_count
from flywheel_sim.engine.mechanisms.m17_cadence import review_due, review_move, reviewed
from flywheel_sim.engine.random import REACTION, unit64, words
from flywheel_sim.engine.state import GAPS
from flywheel_sim.scenario.columns import COL

__all__ = ["react"]

_GIVEN = 1


@part
def react(p: Any, tb: Any, st: Any, q: int, t: int) -> None:
    """Read last week's scores, move settings, work on projects, take letters, and let executives look on."""
    r, m, touchpoints = st.run[q], p.reactions, p.size.touchpoints
    r.activity = r.projects = r.effort_mismatch = 0.0
    if not m.enabled or touchpoints == 0:
        r.score_mean = r.score_variance = r.executive_belief = r.belief_gap = 0.0
        return
    sd, scored = m.noise_sd, p.sensing.enabled and t > 0 and t % p.sensing.survey_weeks == 0
    if m.noise != _GIVEN:
        sd, scored = r.survey_sd, t > 0 and st.weekly[r.week0 + t - 1, COL.survey_answers] > 0.0
    known = i64(r.scores)
    if scored:
        known += 1
        r.score_mean = r.score_variance = 0.0
    done_share = 1.0 - exp64(-1.0 / m.project_weeks)
    mail, heads, showing = 0, 0.0, 0.0
    for n in range(touchpoints):
        cell, touch = r.success0 + n, tb.touch[p.size.touch0 + n]
        owner, team = r.team0 + touch.owner, tb.team[p.size.team0 + touch.owner]
        noise, drift, letter, _ = words(r.seed, r.replicate, n, t, REACTION, 0)
        if m.drift_sd > 0.0:
            st.setting[cell] += m.drift_sd * normal_quantile(unit64(drift))
        if scored:
            score = st.setting[cell] + (sd * normal_quantile(unit64(noise)) if sd > 0.0 else 0.0)
            gap = score - m.target
            st.gaps[cell, (known - 1) % GAPS] = gap
            r.score_mean += score / touchpoints
            r.score_variance += gap * gap / touchpoints
        if reviewed(p) and team.member:
            if review_due(p, t):
                st.setting[cell] -= review_move(p.cadence, st.gaps, cell, known)
        elif scored and known > m.delay:
            move = m.gain * st.gaps[cell, (known - 1 - m.delay) % GAPS]
            if move != 0.0:
                st.setting[cell] -= move
                st.work[cell] += m.project_hours * abs(move)
                r.projects += 1.0
        done = st.work[cell] * done_share
        st.work[cell] -= done
        st.taken[owner] += done
        r.activity += done
        kept = m.improvement_hours * st.heads[owner]
        if kept > 0.0:
            st.patched[cell] = m.patching * min(1.0, done / kept)
        st.shift[cell] -= m.loss * st.setting[cell] * st.setting[cell]
        mail += poisson_count(letter, f32(m.letters / touchpoints))
        showing += st.visible[cell]
    r.scores = known
    for k in range(p.size.teams):
        heads += st.heads[r.team0 + k]
    if mail > 0 and heads > 0.0:
        r.preempted = m.preemption * min(1.0, mail * m.letter_hours / (m.improvement_hours * heads))
        for n in range(touchpoints):
            letter = words(r.seed, r.replicate, n, t, REACTION, 0)[2]
            due = st.visible[r.success0 + n] / showing if showing > 0.0 else 1.0 / touchpoints
            r.effort_mismatch += (
                0.5 * r.preempted * abs(poisson_count(letter, f32(m.letters / touchpoints)) / mail - due)
            )
    outcome = st.weekly[r.week0 + t - 1, COL.experience] if t > 0 else st.initial[q, COL.experience]
    memory = halved(m.belief_half_life_weeks)
    if r.watching == 0.0:
        r.watching, r.executive_belief, r.outcome_seen = 1.0, outcome, outcome
    movement = r.activity / (r.activity + m.activity_reference)
    looks = (1.0 - m.belief_in_activity) * outcome + m.belief_in_activity * movement
    r.executive_belief = memory * r.executive_belief + (1.0 - memory) * looks
    r.outcome_seen = memory * r.outcome_seen + (1.0 - memory) * outcome
    r.belief_gap = r.executive_belief - r.outcome_seen
