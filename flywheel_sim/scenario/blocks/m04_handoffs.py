"""Scenario block of M4: handoffs between teams."""

from collections.abc import Iterator
from typing import Any, Literal

from pydantic import ConfigDict, Field

from flywheel_sim.scenario.fields import Block, param
from flywheel_sim.scenario.references import Problem, unknown


class Handoff(Block):
    """One passage of a customer, a lead or a case from one team to the next."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, allow_inf_nan=False)

    giver: str = Field(..., alias="from", description="Team that hands over.")
    taker: str = Field(..., alias="to", description="Team that takes over.")
    when: Literal["lead", "sale", "issue", "expansion"] = param(..., "The event at which it happens.")
    share: float = param(1.0, "Share of those events that pass through it.", unit="share", ge=0, le=1)

    def references(self, at: str, model: Any) -> Iterator[Problem]:
        """Yield teams that the company does not have."""
        yield from unknown(f"{at}.from", [self.giver], model.teams, "team")
        yield from unknown(f"{at}.to", [self.taker], model.teams, "team")


class Handoffs(Block):
    """M4: every handoff loses something, more so between teams that look different ways."""

    enabled: bool = param(
        True, "Off: nothing is lost and nothing waits between teams.", label="Losses at handoffs between teams"
    )
    base_friction: float = param(
        0.05,
        "f0: friction of a handoff between aligned teams.",
        label="Friction of a handoff between teams that agree",
        ge=0,
        le=100,
    )
    angle_friction: float = param(
        0.50,
        "f1: added friction between opposite teams.",
        label="Added friction when teams pull apart",
        ge=0,
        le=100,
        source="C41",
    )
    integration: float = param(0.0, "Share of the angle friction removed by shared systems.", unit="share", ge=0, le=1)
    integration_cost: float = param(
        0.0, "Cost of shared systems that carry every handoff.", unit="$/week", ge=0, le=1e9
    )
    integration_hours: float = param(
        0.0,
        "Hours a head spends on keeping shared records, where they carry every handoff.",
        unit="hours/week",
        ge=0,
        le=168,
    )
    hours: float = param(
        0.0, "Hours that giver and taker each spend on one handoff with each other.", unit="hours", ge=0, le=1000
    )
    reference_cosine: float = param(
        0.3,
        "Cosine between teams at the frozen base case.",
        label="Agreement between teams in the base case",
        ge=-1,
        le=1,
    )
    effort_of_loss: float = param(1.0, "Effort a customer remembers for one lost handoff.", ge=0, le=100, source="C41")
    base_delay_hours: float = param(
        0.7, "Hours until a lead is answered when nobody queues.", unit="hours", ge=0, le=1000
    )
    response_effect: bool = param(
        True, "Lead response odds: 1 within the hour, 1/7 after it, 1/60 after a day.", source="S22", evidence="V"
    )
    links: dict[str, Handoff] = param({}, "Handoffs by name.", max_length=10_000)
