"""Scenario block of M9: channels and technology."""

from collections.abc import Iterator
from typing import Any

from flywheel_sim.scenario.fields import MANY, Block, Weight, param
from flywheel_sim.scenario.references import Problem, bad_weights, nowhere, unknown


class Kind(Block):
    """One way for a customer and the company to be in touch."""

    cost: float = param(0.0, "Money per contact.", unit="$", ge=0, le=1e9)
    hours: float = param(1.0, "Hours of a contact relative to those of its touchpoint.", unit="ratio", ge=0, le=100)
    effort: float = param(0.0, "Effort the customer remembers per contact.", unit="effort", ge=0, le=100)
    gain: float = param(
        1.0,
        "Relationship gained in a good touch relative to the base case (in person > digital).",
        unit="ratio",
        ge=0,
        le=10,
        source="C10",
    )
    human: bool = param(True, "Whether the customer meets a person: what analytics can build on.", source="C11")


class IssueType(Block):
    """A kind of issue: how common it is, and whether it could be solved without a person."""

    share: float = param(1.0, "Relative frequency among the issues.", ge=0, le=100)
    solvable: float = param(
        0.0, "Share that the best self-service solves for good.", unit="probability", ge=0, le=1, source="C9"
    )
    hours: float = param(1.0, "Hours of live handling relative to the mean issue.", unit="ratio", ge=0, le=100)


class Technology(Block):
    """What is spent on self-service, and how far it gets."""

    spend: float = param(0.0, "Cost of the technology of self-service.", unit="$/week", ge=0, le=1e9)
    scale: float = param(
        0.0,
        "Spend at which 1 - 1/e of what is solvable is solved; 0 = all of it, whatever is spent.",
        unit="$/week",
        ge=0,
        le=1e9,
        source="C9",
    )


class Analytics(Block):
    """What is spent on understanding customers from data, and what it is good for."""

    spend: float = param(0.0, "Cost of analytics.", unit="$/week", ge=0, le=1e9)
    scale: float = param(
        2000.0, "Spend at which 1 - 1/e of its effect is reached; 0 = all of it.", unit="$/week", ge=0, le=1e9
    )
    gain: float = param(
        0.3,
        "Share of the experience map's error it removes, at full spend and contact.",
        unit="share",
        ge=0,
        le=1,
        source="C11",
    )
    timing: float = param(
        0.0,
        "Rate it adds to the learning of budget windows, at full spend.",
        unit="1/week",
        ge=0,
        le=1000,
        source="C11",
    )


class Channels(Block):
    """M9: self-service, digital and in-person contact, analytics and personalisation."""

    enabled: bool = param(
        False, "Off: no self-service, every contact live, no technology.", label="Online channels and self-service"
    )
    kinds: dict[str, Kind] = param({}, "Channels by name; touchpoints say which they use.", max_length=MANY)
    replaced: dict[str, Weight] = param(
        {}, "Share of the contacts of a channel that `replaced_by` takes over, by channel.", unit="share", source="C10"
    )
    replaced_by: str = param("", "The channel that takes them over.")
    issue_types: dict[str, IssueType] = param(
        {}, "Kinds of issue by name. None: no issue is solvable without people.", max_length=MANY
    )
    offered: float = param(
        0.0,
        "s: share of the issues for which self-service is the first thing offered.",
        label="Share of issues offered self-service first",
        unit="share",
        ge=0,
        le=1,
    )
    simplest_first: bool = param(
        False, "The issues that self-service solves most often are the first to be offered it; off: all kinds alike."
    )
    augmentation: float = param(
        0.10,
        "a: extra contacts because the channel is easy, as a share (B2B .10, B2C .15).",
        label="Extra contacts because the channel is easy",
        unit="share",
        ge=0,
        le=2,
        source="S13",
    )
    self_service_cost: float = param(
        0.50,
        "c_S: cost of one try at self-service (B2B .50, B2C .10).",
        label="Cost of one try at self-service",
        unit="$",
        ge=0,
        le=1e9,
        source="S13",
    )
    self_service_effort: float = param(
        0.02, "Effort remembered per try; less than that of a live contact.", unit="effort", ge=0, le=100, source="C70"
    )
    failed_try_effort: float = param(
        0.0,
        "Effort remembered beside that for a try that solves nothing: the issue has to be told again to a person.",
        label="Effort of telling an issue again after a failed try",
        unit="effort",
        ge=0,
        le=100,
        source="C9",
    )
    self_service_gain: float = param(
        0.0,
        "Weight of a contained contact as a good touch; 0 = nobody was met, nothing is felt.",
        unit="share",
        ge=0,
        le=1,
        source="C10",
    )
    technology: Technology = param(Technology(), "Technology of self-service.")
    analytics: Analytics = param(Analytics(), "Analytics.")
    personalisation: float = param(
        0.3,
        "Logit gained in use where data are integrated and the context is shared in full.",
        label="How much shared data improve a contact",
        ge=0,
        le=100,
        source="C51",
    )
    personalisation_cost: float = param(
        0.0,
        "Cost of content and rules per logit that personalisation gains.",
        label="Cost of personal content",
        unit="$/week",
        ge=0,
        le=1e9,
        source="C51",
    )

    def references(self, at: str, model: Any) -> Iterator[Problem]:
        """Yield unknown channels, and kinds of issue that never come."""
        yield from bad_weights(f"{at}.replaced", self.replaced, self.kinds, "channel", most=1.0)
        if self.replaced or self.replaced_by:
            yield from unknown(f"{at}.replaced_by", [self.replaced_by], self.kinds, "channel")
        if self.issue_types and nowhere({name: kind.share for name, kind in self.issue_types.items()}):
            yield f"{at}.issue_types", "expected at least one kind with a share above 0", ()
