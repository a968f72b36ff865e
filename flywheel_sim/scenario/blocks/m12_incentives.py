"""Scenario block of M12: incentive schemes."""

from collections.abc import Iterator
from typing import Any, Literal

from flywheel_sim.scenario.columns import NAMES
from flywheel_sim.scenario.fields import MANY, Block, Weight, param
from flywheel_sim.scenario.measures import axes_of_library, library
from flywheel_sim.scenario.references import Problem, unknown, unknown_axes


class Measure(Block):
    """Something a team can be paid on."""

    gradient: dict[str, Weight] = param(
        ..., "g: how effort along each axis moves the measure the better way.", label="What work moves the measure"
    )
    craft: float = param(
        0.0,
        "Added gradient along the paid team's own craft (MBO).",
        label="How much the paid team's own craft moves it",
        ge=0,
        le=100,
    )
    peers: float = param(
        0.0,
        "Added gradient towards the team's handoff partners (peer score).",
        label="How much help to partner teams moves it",
        ge=0,
        le=100,
        source="C17",
    )
    map: float = param(
        0.0,
        "Added gradient along the team's experience map: its part in what customers are believed to need.",
        label="How much work on believed customer needs moves it",
        ge=0,
        le=100,
        source="C15, C16",
    )
    gaming: float = param(
        0.0,
        "Gradient of the score along gaming effort, which has no value.",
        label="How far the measure can be gamed",
        ge=0,
        le=100,
        source="C15",
    )
    noise: float = param(
        0.0, "sigma_g: noise of the measure.", label="Noise of the measure", ge=0, le=100, source="A16"
    )
    lag_weeks: float = param(0.0, "Weeks until effort shows in it.", unit="weeks", ge=0, le=1_000_000)
    columns: dict[str, Weight] = param(
        {},
        "Weekly columns and weights that make its value; none: it reads what the paid team's own effort moves it by.",
    )
    per: dict[str, Weight] = param({}, "Weekly columns and weights it is divided by; none: weeks.")
    over_weeks: int = param(1, "Weeks back that are taken together.", unit="weeks", ge=1, le=520)
    better: Literal["higher", "lower"] = param(
        "higher", "Which way pays more: a score is value / target, or 2 - value / target, within 0 and 2."
    )
    target: float | None = param(
        None,
        "Value that pays the full bonus; none: what it comes to in the company's base case, found when needed.",
        ge=1e-6,
        le=1e12,
    )

    def references(self, at: str, model: Any) -> Iterator[Problem]:
        """Yield unknown axes and columns."""
        yield from unknown_axes(f"{at}.gradient", self.gradient, model)
        for part in ("columns", "per"):
            for column in getattr(self, part):
                yield from unknown(f"{at}.{part}.{column}", [column], NAMES, "weekly column")
        if self.per and not self.columns:
            yield f"{at}.per", "a measure that is divided names the columns it divides", ()


class Pay(Block):
    """What one team is paid on."""

    intensity: float = param(0.5, "b: strength of the incentive.", label="Strength of the bonus", ge=0, le=10)
    on: dict[str, Weight] = param(..., "Measures and their weights.", min_length=1)
    bonus: float = param(0.10, "Bonus at target as a share of salary.", unit="share", ge=0, le=5)


class Incentives(Block):
    """M12: teams do what they are paid for, as far as it pays."""

    enabled: bool = param(True, "Off: nobody is paid on anything but salary.", label="Bonuses")
    intrinsic: float = param(
        0.5, "e0: effort along the own craft without pay.", label="Effort without any bonus", ge=0, le=100
    )
    max_effort: float = param(1.5, "Cap on total effort.", ge=0.01, le=1e6)
    effort_reference: float = param(
        0.5, "Effort that gives magnitude 1.", label="Effort in the base case", ge=0.01, le=100
    )
    effort_elasticity: float = param(
        0.15,
        "Elasticity of a team's magnitude in its effort; 0 = pay turns but never drives.",
        label="How much effort raises a team's output",
        ge=0,
        le=1,
    )
    substitution: float = param(0.0, "Off-diagonal of the effort-cost matrix C.", gt=-1, lt=1, source="A15")
    risk_aversion: float = param(
        1.0,
        "rho: aversion to noisy measures.",
        label="How much people shun measures with noise",
        ge=0,
        le=100,
        source="A16",
    )
    lag_tau_weeks: float = param(
        26.0,
        "tau: patience for late measures.",
        label="How long people wait for a measure to pay",
        unit="weeks",
        gt=0,
        le=1_000_000,
    )
    gaming_cost: float = param(1.0, "Cost of gaming effort; large = nobody games.", ge=0.01, le=1e9, source="C15")
    gaming_hours: float = param(
        2.0,
        "Hours a head a week per unit of gaming effort.",
        label="Hours lost to gaming the measures",
        unit="hours",
        ge=0,
        le=1000,
    )
    norms: float = param(0.0, "Share of gaming prevented by norms.", unit="share", ge=0, le=1, source="C24")
    norms_hours: float = param(
        0.0,
        "Hours a head spends on keeping up norms that prevent all gaming.",
        unit="hours/week",
        ge=0,
        le=168,
        source="C24",
    )
    intensity_bonus: float = param(
        0.0,
        "Bonus at target that one unit of intensity takes at least, as a share of salary; 0 = strength is free.",
        unit="share",
        ge=0,
        le=5,
        source="A16",
    )
    collusion: float = param(0.0, "Share of peer scoring that is traded.", unit="share", ge=0, le=1, source="C17")
    measures: dict[str, Measure] = param({}, "Measures by name.", max_length=MANY)
    pay: dict[str, Pay] = param({}, "Pay by team.", max_length=MANY)

    def references(self, at: str, model: Any) -> Iterator[Problem]:
        """Yield unknown teams and measures, and effort that costs less than nothing."""
        shared = library()
        for name, pay in self.pay.items():
            yield from unknown(f"{at}.pay.{name}", [name], model.teams, "team")
            for paid in pay.on:
                here = f"{at}.pay.{name}.on.{paid}"
                if paid in shared and paid not in self.measures:
                    meant = f"the library's measure {paid!r} is for the axes {', '.join(axes_of_library())}"
                    yield here, f"{meant}; define it in {at}.measures", ()
                else:
                    yield from unknown(here, [paid], {**self.measures, **shared}, "measure")
        if len(model.axes) > 1 and self.substitution <= (least := -1.0 / (len(model.axes) - 1)) + 1e-6:
            more = f"expected more than {least:.3g} with {len(model.axes)} axes (else effort costs less than nothing)"
            yield f"{at}.substitution", f"{more}, got {self.substitution:g}", ()
