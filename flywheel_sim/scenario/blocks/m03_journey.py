"""Scenario block of M3: touchpoints, who serves them, and the experience they give."""

from collections.abc import Iterator
from typing import Any, Literal

from flywheel_sim.scenario.fields import MANY, Block, Weight, param
from flywheel_sim.scenario.references import Problem, bad_weights, nowhere, unknown, unknown_axes

Stage = Literal["awareness", "sale", "onboarding", "use", "service", "renewal"]


class Touchpoint(Block):
    """One kind of contact between a customer and the company."""

    stage: Stage = param(..., "When it happens: per lead, per sale, in the first weeks, in use, per issue, at renewal.")
    owner: str = param(..., "Team that owns it.")
    support: dict[str, Weight] = param(
        {},
        "Weights of other teams; the owner keeps the rest. Empty: the powering teams share 1 - owner_share.",
        unit="share",
    )
    rate: float = param(0.0, "Touches per customer (stages onboarding, use).", unit="1/week", ge=0, le=1000)
    hours: float = param(0.0, "Work of the owner per touch (sale: per qualified lead).", unit="hours", ge=0, le=1000)
    depth: float = param(
        1.0,
        "What is at stake for the relationship in a touch, good or bad: 1 a talk with a person, 0 nobody is met.",
        unit="ratio",
        ge=0,
        le=10,
        source="C6",
    )
    segments: dict[str, Weight] = param(
        {},
        "How often customers of a segment are met relative to `rate` (stage use); 1 where none is given, 0 = never.",
        unit="ratio",
        role="decision",
    )
    base_success: float = param(
        0.8,
        "Probability that it goes well at the reference match.",
        label="Share of contacts that go well in the base case",
        unit="probability",
        ge=0.001,
        le=0.999,
    )
    success_reference: float = param(
        0.0, "Success at which the rate of its stage was found (stages awareness, sale, onboarding, service); "
        "0 = `base_success`.", unit="probability", ge=0, le=0.999,
    )  # fmt: skip
    match_reference: float = param(0.5, "Match of served vector and need at the frozen base case.", ge=-5, le=5)
    need: dict[str, Weight] = param({}, "Offset of this touchpoint's need from the segment's need, by axis.")
    cost: float = param(0.0, "Money per touch.", unit="$", ge=0, le=1e9)
    weight: float = param(
        0.0,
        "How much it counts in the need that the company takes aim at, relative to the others; 0 everywhere = the "
        "segments' needs alone.",
        ge=0,
        le=1e6,
    )
    channels: dict[str, Weight] = param(
        {},
        "Relative shares of the channels it uses (stages onboarding, use). None: as if there were no channels.",
        unit="share",
        source="C10",
    )

    def references(self, at: str, model: Any) -> Iterator[Problem]:
        """Yield unknown teams, axes and channels, and shares that cannot be."""
        yield from unknown(f"{at}.owner", [self.owner], model.teams, "team")
        for name, share in self.support.items():
            yield from unknown(f"{at}.support.{name}", [name], model.teams, "team")
            if not 0 <= share <= 1:
                yield f"{at}.support.{name}", f"expected a share between 0 and 1, got {share}", ()
        if sum(self.support.values()) > 1 + 1e-12:
            yield f"{at}.support", f"shares add up to {sum(self.support.values()):g}, more than 1", ()
        yield from unknown_axes(f"{at}.need", self.need, model)
        yield from bad_weights(f"{at}.channels", self.channels, model.channels.kinds, "channel")
        yield from bad_weights(f"{at}.segments", self.segments, model.segments, "segment")
        if self.segments and self.stage != "use":
            yield f"{at}.segments", f"segments are for touchpoints of the stage use, not {self.stage}", ()
        if self.channels and self.stage not in ("onboarding", "use"):
            stages = f"channels are for touchpoints of the stages onboarding and use, not {self.stage}"
            yield f"{at}.channels", stages, ()
        if self.channels and nowhere(self.channels):
            yield f"{at}.channels", "expected at least one share above 0", ()


class Journey(Block):
    """M3: teams serve touchpoints together; success depends on how well their vectors meet the need."""

    enabled: bool = param(
        True, "Off: every touch succeeds with its base probability.", label="Teams shape how contacts go"
    )
    directions: Literal["vector", "common", "ignored", "no_need", "additive"] = param(
        "vector",
        "Test modes: teams' vectors, one common direction, magnitudes only, the teams' mean as need, or a "
        "served vector of constant length.",
        label="What is lost where teams pull apart",
        source="C28, C36-C38",
    )
    length_reference: float = param(
        0.6, "Length of the served vector with `directions: additive`.", ge=0, le=10, source="C28", advanced=True
    )
    match_effect: float = param(
        2.0,
        "q_match: logit per unit of the served vector along the need.",
        label="How much team focus on the customer improves a contact",
        ge=0,
        le=100,
    )
    overload_effect: float = param(
        1.5,
        "q_load: logit lost per unit of overload, where nothing queues.",
        label="How much overload spoils a contact",
        ge=0,
        le=100,
    )
    culture_effect: float = param(
        0.0, "q_culture: logit per unit of culture.", label="How much culture improves a contact", ge=0, le=100
    )
    tone_effect: float = param(
        0.0,
        "q_tone: logit lost when front teams disagree in tone.",
        label="How much disagreement in tone spoils a contact",
        ge=0,
        le=100,
        source="C13",
    )
    owner_share: float = param(0.6, "Dependency on the owner where support is not given.", unit="share", gt=0, le=1)
    onboarding_weeks: int = param(13, "Weeks that count as onboarding.", unit="weeks", ge=0, le=520)
    touchpoints: dict[str, Touchpoint] = param({}, "Touchpoints by name.", max_length=MANY)
