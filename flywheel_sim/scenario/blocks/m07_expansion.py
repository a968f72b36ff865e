"""Scenario block of M7: expansion."""

from flywheel_sim.scenario.fields import Block, param


class Expansion(Block):
    """M7: satisfied customers with open budgets buy more, up to their wallet."""

    enabled: bool = param(True, "Off: spend changes only with the price.", label="Customers buy more over time")
    rate: float = param(
        0.008,
        "Rate of expansion at reference, closed weeks included.",
        label="Expansion deals per customer in the base case",
        unit="1/week",
        ge=0,
        le=1000,
        source="S25",
        evidence="V",
    )
    step: float = param(0.25, "Growth of spend per expansion.", unit="share", ge=0, le=10)
    relationship_effect: float = param(
        2.0,
        "Log change of the rate per unit of relationship.",
        label="How much a warm relationship raises expansion",
        ge=0,
        le=100,
        source="C34",
    )
    wallet: float = param(3.0, "Cap on spend as a multiple of the segment's starting spend.", ge=1, le=1000)
