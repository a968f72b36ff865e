r"""M4 Handoffs.

Between teams i and j, friction and the chance that information is lost are

    phi = f0 + f1 (1 - u_i . u_j)/2 (1 - integration),      loss = 1 - exp(-phi).

A lost lead handoff is a lost lead, a lost sale handoff a customer who drops out before going live, a lost issue handoff
a repeat contact and remembered effort, a lost expansion handoff a missed offer.  Base rates are stated at the
reference cosine, so survival enters as (1 - loss)/(1 - loss_ref).

A lead answered after an exponential delay of mean m hours has expected odds of qualifying

    f(m) = P(<1h) + P(1..24h)/7 + P(>24h)/60                                      (S22),   odds x f(m)/f(m_0).

Neutral setting: ``enabled: false``: no loss, no friction, no delay.  C41 vanishes at angle_friction = 0.
"""

from typing import Any

import numpy as np

from flywheel_sim.engine.choices import codes
from flywheel_sim.engine.jit import inlined, step
from flywheel_sim.engine.kernel_types import Par, State, Tables
from flywheel_sim.engine.portable_math import exp64
from flywheel_sim.engine.rows import Room, Rows
from flywheel_sim.scenario.blocks.m04_handoffs import Handoff
from flywheel_sim.scenario.columns import COL
from flywheel_sim.scenario.schema import ScenarioModel

__all__ = ["EVENTS", "WHEN", "friction_between", "handoff_survival", "late_odds", "link_rows", "response_odds"]

WHEN = codes(Handoff, "when")
#: Kinds of event at which something is handed over.
EVENTS = len(WHEN)
LINK = np.dtype([("giver", "i8"), ("taker", "i8"), ("when", "i8"), ("share", "f8")], align=True)


@inlined
def friction_between(cosine: float, base: float, angle: float, integration: float) -> float:
    """phi for two teams at this cosine."""
    return base + angle * (1.0 - cosine) * 0.5 * (1.0 - integration)


@inlined
def response_odds(mean_hours: float) -> float:
    """f(m): expected odds factor of an answer after an exponential delay of this mean."""
    if mean_hours <= 0.0:
        return 1.0
    hour, day = exp64(-1.0 / mean_hours), exp64(-24.0 / mean_hours)
    return (1.0 - hour) + (hour - day) / 7.0 + day / 60.0


@inlined
def late_odds(mean_hours: float) -> float:
    """Odds of a lead that has waited for more than a day, over those of one answered after this mean delay."""
    return 1.0 / 60.0 / response_odds(mean_hours)


@step
def handoff_survival(par: Par, tables: Tables, state: State, run: int, week: int, survival: Any) -> None:
    """Fill ``survival`` (4,): share of leads, sales, issues, expansions that come through, relative to reference for
    all but issues; and write the mean friction.
    """
    firm, handoffs, size = state.run[run], par.handoffs, par.size
    weekly = state.weekly[firm.week0 + week]
    survival[:] = 1.0
    if not handoffs.enabled or size.links == 0:
        return
    reference = 1.0 - exp64(
        -friction_between(
            handoffs.reference_cosine, handoffs.base_friction, handoffs.angle_friction, handoffs.integration * 0.0
        )
    )
    for n in range(size.links):
        link = tables.link[size.link0 + n]
        cosine = 0.0
        for a in range(size.axes):
            cosine += state.direction[firm.team0 + link.giver, a] * state.direction[firm.team0 + link.taker, a]
        phi = (
            friction_between(cosine, handoffs.base_friction, handoffs.angle_friction, handoffs.integration)
            * firm.friction_factor
        )
        weekly[COL.friction] += phi / size.links
        loss = 1.0 - exp64(-phi)
        if link.when == WHEN.issue:
            survival[WHEN.issue] *= 1.0 - link.share * loss
        else:
            survival[link.when] *= (1.0 - link.share * loss) / (1.0 - link.share * reference)


def link_rows(m: ScenarioModel, room: Room) -> Rows:
    """Return the handoffs, and which teams one joins."""
    names, links = tuple(m.teams), m.handoffs.links.values()
    pairs = [(names.index(x.giver), names.index(x.taker)) for x in links]
    partner = np.zeros((len(names), room.teams))
    for a, b in pairs:
        partner[a, b] = partner[b, a] = 1.0 if a != b else 0.0
    rows = [(*pair, getattr(WHEN, x.when), x.share) for pair, x in zip(pairs, links, strict=True)]
    return {"link": np.array(rows, LINK), "partner": partner}
