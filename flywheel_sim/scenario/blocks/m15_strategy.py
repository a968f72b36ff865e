"""Scenario block of M15: the strategy's target direction, and what change costs."""

from collections.abc import Iterator
from typing import Any

from flywheel_sim.scenario.fields import Block, Weight, param
from flywheel_sim.scenario.references import Problem, unknown_axes


class Strategy(Block):
    """M15: where leadership points; its quality is its angle to the customers' need."""

    enabled: bool = param(True, "Off: leadership points nowhere.", label="Leadership sets a direction")
    target: dict[str, Weight] = param({}, "Target direction by axis; empty = towards the need, turned by `angle`.")
    established: bool = param(
        True,
        "Whether this way of working is in place already; false: it begins in week 1 and has to be learned.",
        label="This way of working is already in place",
    )
    transition: float = param(
        0.10,
        "tau0: log skill a changed team loses per unit of log(1 + headcount); 0 = change is free.",
        label="How much skill a change of direction costs",
        ge=0,
        le=100,
        source="C3, C50",
    )
    relearn_weeks: float = param(
        26.0,
        "Time constant in which lost skill is relearned.",
        label="Weeks in which lost skill is relearned",
        unit="weeks",
        gt=0,
        le=1_000_000,
    )
    angle: float = param(
        0.0, "Angle between the target and the need when `target` is empty.", unit="degrees", ge=0, le=180
    )
    attention: float = param(
        0.5,
        "w: weight executives give customer equity against current revenue.",
        label="Weight of future customers against current revenue",
        unit="share",
        ge=0,
        le=1,
        source="C2",
    )
    reference_attention: float = param(
        0.5,
        "w_ref: the weight that the stated budgets and target stand for.",
        label="That weight in the base case",
        unit="share",
        ge=0,
        le=1,
        source="C2",
    )
    planning_weeks: float = param(
        52.0,
        "Planning horizon; at one quarter only current revenue counts.",
        unit="weeks",
        ge=13,
        le=1_000_000,
        source="C2",
    )
    budget_effect: float = param(
        0.5,
        "Log change of the sellers' planned headcount per unit of w_ref - w.",
        label="How far short-term focus enlarges the sales team",
        ge=0,
        le=100,
        source="C2",
    )

    def references(self, at: str, model: Any) -> Iterator[Problem]:
        """Yield unknown axes of the target."""
        yield from unknown_axes(f"{at}.target", self.target, model)
