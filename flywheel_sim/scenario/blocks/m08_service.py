"""Scenario block of M8: service."""

from collections.abc import Iterator
from typing import Any

from flywheel_sim.scenario.fields import Block, param
from flywheel_sim.scenario.references import Problem


class Service(Block):
    """M8: issues arrive, wait, are fixed or come back."""

    enabled: bool = param(True, "Off: customers never need help.", label="Customer service")
    issues: float = param(
        0.15,
        "Issues per customer at reference.",
        label="Issues per customer in the base case",
        unit="1/week",
        ge=0,
        le=1000,
    )
    fit_effect: float = param(
        1.0,
        "Log change of issues per unit of missing fit.",
        label="How many more issues a customer who does not fit has",
        ge=0,
        le=100,
    )
    issue_spread: float = param(
        0.0,
        "Coefficient of variation of customers' own rates of issues, a Gamma with mean 1; 0 = all alike.",
        label="How much customers differ in how many issues they have",
        ge=0,
        le=5,
        source="S16",
    )
    product_work: float = param(
        0.0,
        "Issues that buying once more adds, as a share of what a customer has anyway.",
        unit="share",
        ge=0,
        le=10,
        source="S17",
    )
    failure_demand: float = param(
        0.5, "Issues caused by one failed touch.", unit="count", ge=0, le=1, source="S15", evidence="V"
    )
    first_contact_resolution: float = param(
        0.70,
        "FCR: probability that a handled issue stays fixed.",
        label="Share of issues solved at first contact",
        unit="probability",
        ge=0.01,
        le=1,
        source="S12",
        evidence="V2",
    )
    return_delay_weeks: float = param(1.0, "Mean delay before a failed fix returns.", unit="weeks", ge=0, le=1_000_000)
    live_cost: float = param(12.0, "Cost of one live contact beside pay.", unit="$", ge=0, le=1e9, source="S13")
    wait_effort: float = param(0.5, "Effort remembered per week of waiting.", unit="1/week", ge=0, le=1000)
    failed_fix_effort: float = param(0.5, "Effort remembered per failed fix.", ge=0, le=100, source="S12")
    contact_effort: float = param(0.1, "Effort remembered per contact.", ge=0, le=100, source="S11")
    standard_decay_weeks: float = param(
        19.0,
        "tau: the standard of good service follows bad service down with this time constant.",
        label="Weeks in which bad service lowers the standard",
        unit="weeks",
        ge=1,
        le=1_000_000,
        source="A26",
        evidence="M",
    )
    standard_recovery_weeks: float = param(
        0.0, "The same upwards; 0 = never recovers.", unit="weeks", ge=0, le=1_000_000, source="A26", evidence="M"
    )
    erosion: bool = param(False, "Whether the standard of service may erode.", source="A26")
    event_timed: bool = param(
        False,
        "Simulate arrivals and servers inside the week (exact queue, small firms) instead of issues by age.",
        source="A21",
        advanced=True,
    )
    servers: int = param(
        0,
        "Servers in the event-timed queue; 0 = the heads of the team that owns the service touchpoint.",
        unit="heads",
        ge=0,
        le=1000,
        source="A21",
        advanced=True,
    )
    patience_hours: float = param(
        0.0,
        "Mean working hours a customer waits in the event-timed queue before giving up; 0 = for ever.",
        unit="hours",
        ge=0,
        le=1000,
        source="A30",
        advanced=True,
    )
    patience_weeks: float = param(
        0.0,
        "Mean weeks that a case which nobody takes is left open before its customer gives up; 0 = for ever. The "
        "event-timed queue has `patience_hours`.",
        unit="weeks",
        ge=0,
        le=1_000_000,
        source="A30",
    )
    give_up_effort: float = param(
        0.0, "Effort that giving up costs beyond the worst answer after the same wait.", ge=0, le=100, source="A30"
    )
    give_up_return: float = param(
        1.0,
        "Probability that an issue which was given up comes back, as a failed fix does.",
        unit="probability",
        ge=0,
        le=1,
    )
    open_effort: float = param(
        0.0,
        "Effort remembered for each week in which nobody takes a customer's case.",
        unit="1/week",
        ge=0,
        le=1000,
        source="S11",
    )
    open_weight: float = param(
        0.0,
        "Weight of such a week among a customer's touches, as one that failed; 1 = that of a failed contact.",
        ge=0,
        le=1,
        source="S11",
    )
    fractional_servers: bool = param(
        False, "Whether a part of a server counts as one; off = whole servers, one at least.", source="A21"
    )
    handling_hours: float = param(
        0.0, "Mean handling time in working hours; 0 = hours of the service touchpoint.", unit="hours", ge=0, le=1000
    )

    def references(self, at: str, model: Any) -> Iterator[Problem]:
        """Yield an event-timed queue without servers or hours."""
        if not (self.enabled and self.event_timed):
            return
        stages = [touch for touch in model.journey.touchpoints.values() if touch.stage == "service"]
        if not self.servers and not stages:
            yield f"{at}.servers", "an event-timed queue needs servers, or a touchpoint of the stage service", ()
        if not self.handling_hours and not any(touch.hours for touch in stages):
            yield f"{at}.handling_hours", "an event-timed queue needs hours for handling an issue", ()
