"""Scenario block of M11: team vectors."""

from collections.abc import Iterator
from typing import Any

from flywheel_sim.scenario.fields import Block, param
from flywheel_sim.scenario.references import Problem

#: Steps of pairs of teams and axes in a week at most: half a second's work, so that a run can be stopped.
MOST_WORK = 100_000_000


class Vectors(Block):
    """M11: every team is a direction on a sphere; fields pull it, others couple to it, noise spreads it."""

    enabled: bool = param(True, "Off: directions stay as they start.")
    diffusion: float = param(
        0.02, "D: angular diffusion.", label="How fast team priorities drift", unit="rad^2/week", ge=0, le=1
    )
    coupling: float = param(
        0.5,
        "kappa = K/D: pull of the teams on each other (K itself when D = 0).",
        label="How strongly teams adopt each other's priorities",
        ge=0,
        le=1000,
        source="A19",
    )
    craft_pull: float = param(
        1.0,
        "h_craft/D: pull of a team's own craft.",
        label="How strongly a team's own craft sets its priorities",
        ge=0,
        le=1000,
    )
    pay_pull: float = param(
        3.0,
        "h_pay/D: pull of what a team is paid for, times its effort.",
        label="How strongly pay sets a team's priorities",
        ge=0,
        le=1000,
        source="C14",
    )
    lead_pull: float = param(
        0.0,
        "h_lead/D: pull of the strategy's direction.",
        label="How strongly the strategy sets a team's priorities",
        ge=0,
        le=1000,
        source="C40",
    )
    map_pull: float = param(
        0.0,
        "h_map/D: pull of the shared belief about the customer's need.",
        label="How strongly shared customer understanding sets priorities",
        ge=0,
        le=1000,
        source="C4",
    )
    transparency: float = param(
        1.0,
        "Scales the coupling of every pair.",
        label="How well teams see what the others do",
        unit="share",
        ge=0,
        le=1,
        source="C19",
    )
    growth_effect: float = param(
        0.0,
        "c: growth raises diffusion by up to this share.",
        label="How much growth unsettles priorities",
        ge=0,
        le=100,
        source="C39",
    )
    growth_reference: float = param(
        0.1,
        "g0: 13-week log growth at which that effect bends.",
        label="Growth at which that levels off",
        ge=0.001,
        le=100,
    )
    culture_effect: float = param(
        0.0,
        "Share of the diffusion removed by full culture.",
        label="How much culture steadies priorities",
        unit="share",
        ge=0,
        le=1,
    )
    substeps: int = param(4, "Integration steps a week.", ge=1, le=10_000)

    def references(self, at: str, model: Any) -> Iterator[Problem]:
        """Yield more steps than a run can be stopped between."""
        pairs = len(model.teams) ** 2 * len(model.axes)
        if self.enabled and pairs * self.substeps > MOST_WORK:
            most = f"expected at most {MOST_WORK // pairs} with {len(model.teams)} teams and {len(model.axes)} axes"
            yield f"{at}.substeps", most, ()
