"""Scenario block of M26: ideas and product."""

from collections.abc import Iterator
from typing import Any

from flywheel_sim.scenario.fields import Block, param
from flywheel_sim.scenario.references import Problem, unknown


class Ideas(Block):
    """M26: interacting teams have ideas that keep the product good."""

    enabled: bool = param(False, "Off: product quality stays as the scenario states it.", label="Product ideas")
    rate: float = param(
        1.0,
        "Ideas a week where as many pairs of teams interact as at reference.",
        label="Ideas a week in the base case",
        unit="1/week",
        ge=0,
        le=1000,
        source="C21",
    )
    reference_pairs: float = param(
        7.4, "Interacting pairs at the frozen base case.", unit="pairs", ge=0.01, le=1_000_000
    )
    far: float = param(
        0.2, "How much a pair interacts that shares neither the group nor a handoff.", unit="share", ge=0, le=1
    )
    owner: str = param("", "Team that takes ideas up; empty = all teams alike.")
    reference_uptake: float = param(
        1.0,
        "Magnitude per head of the owner over 1 + weeks a decision takes, at the frozen base case.",
        label="How readily ideas are taken up in the base case",
        ge=0.001,
        le=100,
    )
    value: float = param(
        0.0093, "Share of what the product lacks that one idea adds when it is taken up.", unit="share", ge=0, le=1
    )
    decay: float = param(
        0.004, "Share of its quality that a product loses a week against the market.", unit="1/week", ge=0, le=1
    )

    def references(self, at: str, model: Any) -> Iterator[Problem]:
        """Yield an owner who is no team."""
        if self.owner:
            yield from unknown(f"{at}.owner", [self.owner], model.teams, "team")
