r"""M3 Journey: touchpoints and who serves them.

Teams serve touchpoints together: v_j = sum_k omega_jk mu_k u_k, with omega the dependency matrix, rows summing to 1
(owner 0.6 by default, so the powering teams reach customers; owner only: C44 vanishes).  The need at touchpoint j in
segment s is n_js = unit(need_s + offset_j), and a touch goes well with probability

    p_js = logistic( logit(base_j) + q_match (v_j . n_js - match_ref_j) - q_load overload_owner
                     + q_culture (C - C_ref) - q_tone (1 - r_front) ).

A stage's own rates (interest, odds of a sale, going live, issues solved at the first contact) were found at some
success of its touchpoints and are multiplied by the mean of p_js over it: ``success_reference``, or base_j where that
is 0.  Where a reference stands a better base is a better stage; without one it is only said to have been better.

Overload acts where nothing queues (onboarding, use); leads and issues wait instead (M1, M8), so that being short of
hours is charged once.

A customer of segment s is touched with probability 1 - exp(-r c_js) a week, r the rate and c_js what ``segments`` says
of how often the segment is met in use; 1 where it says nothing.

Where work can be left undone (``capacity.shortness``, m19) the owner's share f of it takes the place of overload,
p <- min(1, f p), and a supporting team's magnitude is mu_k f_k.

Test modes (C36-C38): ``ignored`` replaces v . n by sum omega mu, ``common`` turns all teams one way (their mean
direction), ``no_need`` takes the teams' mean direction as the need.  ``additive`` keeps the length of the served vector
at ``length_reference``, so that alignment between teams multiplies no other lever: turning them all is worth the same
however far apart they look (C28 vanishes).

Neutral setting: ``enabled: false``: no touches in use, and every stage of a sale at its reference.
"""

import math

import numpy as np

from flywheel_sim.engine.channel_rows import hours_factor
from flywheel_sim.engine.choices import codes
from flywheel_sim.engine.jit import f32, step
from flywheel_sim.engine.kernel_types import Par, State, Tables
from flywheel_sim.engine.mechanisms.m11_vectors import normalise
from flywheel_sim.engine.portable_math import exp64, log64, logistic64
from flywheel_sim.engine.rows import Floats, Room, Rows, vector
from flywheel_sim.scenario.blocks.m03_journey import Journey, Touchpoint
from flywheel_sim.scenario.schema import ScenarioModel

__all__ = ["STAGE", "dependencies", "stage_lift", "touch_rows", "touch_success"]

STAGE = codes(Touchpoint, "stage")
DIRECTIONS = codes(Journey, "directions")
TOUCH = np.dtype(
    [("stage", "i8"), ("owner", "i8")]
    + [(n, "f8") for n in ("rate", "hours", "base", "cost", "reference", "weight", "stated")],
    align=True,
)


@step
def touch_success(par: Par, tables: Tables, state: State, run: int) -> None:
    """Set the success of every touchpoint in every segment, and the thresholds customers are drawn against."""
    firm, d, journey = state.run[run], par.size.axes, par.journey
    mean, need = np.zeros(16), np.zeros(16)
    front, fronts, served = np.zeros(16), 0, np.zeros(16)
    for k in range(par.size.teams):
        is_front = tables.team[par.size.team0 + k].front
        fronts += is_front
        for a in range(d):
            mean[a] += state.direction[firm.team0 + k, a]
            front[a] += is_front * state.direction[firm.team0 + k, a]
    normalise(mean, d)
    tone = 0.0
    if fronts > 0:
        for a in range(d):
            tone += front[a] * front[a]
        tone = math.sqrt(tone) / fronts
    for n in range(par.size.touchpoints):
        row = par.size.touch0 + n
        touch = tables.touch[row]
        for s in range(par.size.segments):
            often = touch.rate * tables.cell[par.size.cell0 + n * par.size.segments + s, 4]
            state.touch_p[firm.success0 + n * par.size.segments + s] = f32(1.0 - exp64(-often))
            for a in range(d):
                need[a] = (
                    mean[a]
                    if journey.directions == DIRECTIONS.no_need
                    else state.need[firm.segment0 + s, a] + tables.offset[row, a]
                )
            normalise(need, d)
            match = 0.0
            for a in range(d):
                served[a] = 0.0
            for k in range(par.size.teams):
                part, weight = 0.0, tables.dependency[row, k] * state.magnitude[firm.team0 + k]
                if k != touch.owner:
                    weight *= state.done[firm.team0 + k]
                for a in range(d):
                    u = mean[a] if journey.directions == DIRECTIONS.common else state.direction[firm.team0 + k, a]
                    part += u * need[a]
                    served[a] += weight * u
                match += weight * (1.0 if journey.directions == DIRECTIONS.ignored else part)
            if journey.directions == DIRECTIONS.additive:
                length = normalise(served, d)
                match = journey.length_reference * match / length if length > 0.0 else 0.0
            logit = log64(touch.base / (1.0 - touch.base)) + journey.match_effect * (match - touch.reference)
            worked = touch.stage == STAGE.onboarding or touch.stage == STAGE.use
            if worked and not par.capacity.shortness > 0.0:
                logit -= journey.overload_effect * state.overload[firm.team0 + touch.owner]
            if par.culture.enabled:
                logit += journey.culture_effect * (firm.culture - par.culture.reference)
            logit += state.shift[firm.success0 + n] - journey.tone_effect * (1.0 - tone)
            success = logistic64(logit) if journey.enabled else touch.base
            if worked:
                success = min(success * state.done[firm.team0 + touch.owner], 1.0)
            cell = firm.success0 + n * par.size.segments + s
            state.success[cell] = success
            state.fail_p[cell] = f32(state.touch_p[cell] * (1.0 - success))


@step
def stage_lift(par: Par, tables: Tables, state: State, run: int, s: int, stage: int) -> float:
    """Success of a stage's touchpoints in a segment over that at which its rate was found, on average; 1 when off."""
    firm = state.run[run]
    lift, count = 0.0, 0
    if par.journey.enabled:
        for n in range(par.size.touchpoints):
            touch = tables.touch[par.size.touch0 + n]
            if touch.stage == stage:
                lift += state.success[firm.success0 + n * par.size.segments + s] / touch.stated
                count += 1
    return lift / count if count > 0 else 1.0


def touch_rows(m: ScenarioModel, room: Room) -> Rows:
    """Return the touchpoints, the offsets of their needs, and how much each hangs on which team."""
    names, points = tuple(m.teams), m.journey.touchpoints.values()
    rows, offset = np.zeros(len(points), TOUCH), np.zeros((len(points), room.axes))
    for i, t in enumerate(points):
        hours = t.hours * hours_factor(m, t)
        stage, owner = getattr(STAGE, t.stage), names.index(t.owner)
        stated = t.success_reference or t.base_success
        rows[i] = stage, owner, t.rate, hours, t.base_success, t.cost, t.match_reference, t.weight, stated
        offset[i] = vector(m.axes, t.need, room.axes)
    return {"touch": rows, "offset": offset, "dependency": dependencies(m, room)}


def dependencies(m: ScenarioModel, room: Room) -> Floats:
    """Return the share of each touchpoint (rows) that hangs on each team (columns)."""
    names, points = tuple(m.teams), m.journey.touchpoints.values()
    shares = np.zeros((len(points), room.teams))
    for i, t in enumerate(points):
        owner = names.index(t.owner)
        if t.support:
            for name, share in t.support.items():
                shares[i, names.index(name)] += share
        else:
            powering = [j for j, x in enumerate(m.teams.values()) if not x.front and j != owner]
            for j in powering:
                shares[i, j] = (1.0 - m.journey.owner_share) / len(powering)
        shares[i, owner] += 1.0 - shares[i, : len(names)].sum()
    return shares
