"""Scenario block of M11: team vectors."""

from collections.abc import Iterator
from typing import Any

from pydantic import model_validator

from flywheel_sim.scenario.fields import Block, param
from flywheel_sim.scenario.references import Problem

#: Steps of pairs of teams and axes in a week at most: half a second's work, so that a run can be stopped.
MOST_WORK = 100_000_000


class Coupling(Block):
    """How strongly teams adopt each other's priorities: fixed by assumption, made by hours they share, or both."""

    fixed: float = param(
        0.5,
        "kappa = K/D that every pair of teams has whatever it does, by assumption (K itself when D = 0).",
        label="How strongly teams adopt each other's priorities, whatever they do",
        ge=0,
        le=1000,
        source="A19",
    )
    gain: float = param(
        0.0,
        "g: kappa a week that endless hours together add to a pair of teams; 0 = hours together couple nobody.",
        label="How much hours together bring two teams closer",
        unit="1/week",
        ge=0,
        le=100,
        source="C42",
    )
    most: float = param(
        12.0,
        "K_max: kappa that hours together come to at most.",
        label="How close hours together can bring two teams",
        ge=0.001,
        le=1000,
        source="A19",
    )
    half_hours: float = param(
        0.5,
        "h_0: hours together, per head of the two teams, at which half of `gain` is reached.",
        label="Hours together per head that do half of what they can",
        unit="hours/week",
        ge=0.0001,
        le=168,
    )
    memory_weeks: float = param(
        52.0,
        "tau: time constant in which teams that no longer meet forget each other.",
        label="How long teams remember each other's priorities",
        unit="weeks",
        ge=1,
        le=1_000_000,
    )

    @model_validator(mode="before")
    @classmethod
    def _not_a_number(cls, value: Any) -> Any:
        if isinstance(value, int | float) and not isinstance(value, bool):
            raise ValueError(
                f"expected what couples teams, got the number {value:g}: write {{fixed: {value:g}}} to assume it, or "
                "let hours make it (decisions.together says who decides together, `gain` what that builds)"
            )
        return value


class Vectors(Block):
    """M11: every team is a direction on a sphere; fields pull it, others couple to it, noise spreads it."""

    enabled: bool = param(True, "Off: directions stay as they start.", label="Team priorities can move")
    diffusion: float = param(
        0.02, "D: angular diffusion.", label="How fast team priorities drift", unit="rad^2/week", ge=0, le=1
    )
    coupling: Coupling = param(Coupling(), "Pull of the teams on each other.", source="A19")
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
    map_hours: float = param(
        0.0,
        "Hours a head spends with the shared map per unit of `map_pull` that is shared.",
        label="Hours each person spends with the shared map of customers",
        unit="hours/week",
        ge=0,
        le=168,
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
    transparency_hours: float = param(
        0.0,
        "Hours a head spends on being understood by others, at full transparency.",
        unit="hours/week",
        ge=0,
        le=168,
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
