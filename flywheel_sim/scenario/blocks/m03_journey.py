"""Scenario block of M3: touchpoints, who serves them, and the experience they give."""

from typing import Literal

from flywheel_sim.scenario.fields import MANY, Block, Weight, param

Stage = Literal["awareness", "sale", "onboarding", "use", "service", "renewal"]


class Touchpoint(Block):
    """One kind of contact between a customer and the company."""

    stage: Stage = param(..., "When it happens: per lead, per sale, in the first weeks, in use, per issue, at renewal.")
    owner: str = param(..., "Team that owns it.")
    support: dict[str, Weight] = param(
        {}, "Weights of other teams; the owner keeps the rest. Empty: the powering teams share 1 - owner_share.",
        unit="share",
    )  # fmt: skip
    rate: float = param(0.0, "Touches per customer (stages onboarding, use).", unit="1/week", ge=0, le=1000)
    hours: float = param(0.0, "Work of the owner per touch (sale: per qualified lead).", unit="hours", ge=0, le=1000)
    base_success: float = param(
        0.8, "Probability that it goes well at the reference match.", unit="probability", ge=0.001, le=0.999
    )
    match_reference: float = param(0.5, "Match of served vector and need at the frozen base case.", ge=-5, le=5)
    need: dict[str, Weight] = param({}, "Offset of this touchpoint's need from the segment's need, by axis.")
    cost: float = param(0.0, "Money per touch.", unit="$", ge=0, le=1e9)
    channels: dict[str, Weight] = param(
        {}, "Relative shares of the channels it uses (stages onboarding, use). None: as if there were no channels.",
        unit="share", source="C10",
    )  # fmt: skip


class Journey(Block):
    """M3: teams serve touchpoints together; success depends on how well their vectors meet the need."""

    enabled: bool = param(True, "Off: every touch succeeds with its base probability.")
    directions: Literal["vector", "common", "ignored", "no_need", "additive"] = param(
        "vector", "Test modes: teams' vectors, one common direction, magnitudes only, the teams' mean as need, or a "
        "served vector of constant length.", source="C28, C36-C38",
    )  # fmt: skip
    length_reference: float = param(
        0.6, "Length of the served vector with `directions: additive`.", ge=0, le=10, source="C28", advanced=True
    )
    match_effect: float = param(2.0, "q_match: logit per unit of the served vector along the need.", ge=0, le=100)
    overload_effect: float = param(1.5, "q_load: logit lost per unit of overload, where nothing queues.", ge=0, le=100)
    culture_effect: float = param(0.0, "q_culture: logit per unit of culture.", ge=0, le=100)
    tone_effect: float = param(0.0, "q_tone: logit lost when front teams disagree in tone.", ge=0, le=100, source="C13")
    owner_share: float = param(0.6, "Dependency on the owner where support is not given.", unit="share", gt=0, le=1)
    onboarding_weeks: int = param(13, "Weeks that count as onboarding.", unit="weeks", ge=0, le=520)
    touchpoints: dict[str, Touchpoint] = param({}, "Touchpoints by name.", max_length=MANY)
