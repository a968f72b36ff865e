"""Scenario block of M13: surveys and the belief about what customers need."""

from collections.abc import Iterator
from typing import Any

from flywheel_sim.scenario.fields import Block, param
from flywheel_sim.scenario.references import Problem


class ClosedLoop(Block):
    """Detractors who answer a survey are called back in the same week."""

    enabled: bool = param(False, "Off: nobody is called back.", label="Calling unhappy customers back", role="decision")
    share: float = param(
        1.0, "Share of the detractors among the answers who are called.", unit="share", role="decision", ge=0, le=1
    )
    hours: float = param(
        1.0,
        "Hours of the team that owns the service touchpoint per call.",
        unit="hours",
        role="decision",
        ge=0,
        le=1000,
    )
    success: float = param(
        0.6,
        "Chance that a call goes well where that team gets its work done.",
        label="Share of calls to detractors that go well",
        unit="probability",
        role="effect",
        ge=0,
        le=1,
    )
    relief: float = param(
        0.5, "Share of the remembered effort that such a call takes away.", unit="share", role="effect", ge=0, le=1
    )

    def references(self, at: str, model: Any) -> Iterator[Problem]:
        """Yield calls that nobody makes."""
        if self.enabled and all(touch.stage != "service" for touch in model.journey.touchpoints.values()):
            yield f"{at}.enabled", "nobody calls back: this company has no touchpoint of the stage service", ()


class Sensing(Block):
    """M13: what the company believes about its customers, and what its surveys tell it."""

    enabled: bool = param(True, "Off: no surveys and no belief.", label="Surveys and what they teach")
    accuracy: float = param(
        0.85,
        "Cosine between a fresh experience map and the need.",
        label="How well a fresh customer survey shows the need",
        unit="share",
        ge=0,
        le=1,
        source="C4",
    )
    refresh_weeks: int = param(
        13,
        "Weeks between updates of the map; 0 = nobody ever draws one.",
        label="Weeks between updates of the customer map",
        unit="weeks",
        ge=0,
        le=520,
        source="C4",
    )
    sharing: float = param(0.7, "Share of the map all teams have in common.", unit="share", ge=0, le=1, source="C4")
    adherence: float = param(0.8, "Share of the map that is acted on.", unit="share", ge=0, le=1, source="C4")
    need_drift: float = param(
        0.0005,
        "Angular diffusion of the segments' needs.",
        label="How fast customers' needs change",
        unit="rad^2/week",
        ge=0,
        le=1,
        source="C5",
    )
    need_reversion: float = param(
        0.0,
        "Rate at which needs that have drifted come back to what the segments state; 0 = they drift for ever.",
        unit="1/week",
        ge=0,
        le=1,
    )
    exploration: float = param(
        0.0,
        "Share of a need's news that only teams looking elsewhere can bring home; 0 = a survey finds all of it.",
        unit="share",
        ge=0,
        le=1,
    )
    survey_weeks: int = param(13, "Weeks between surveys.", unit="weeks", ge=1, le=520, source="C59")
    survey_lag_weeks: int = param(
        0, "Weeks until the scores of a survey are seen, and paid on.", unit="weeks", ge=0, le=520, source="C59"
    )
    listening_hours: float = param(
        0.0,
        "Continuous listening to customers, per head of the front teams.",
        label="Hours of listening to customers, per head of the front teams",
        unit="hours/week",
        ge=0,
        le=168,
        source="C59",
    )
    listening_scale: float = param(
        1.0, "Hours of listening at which 1 - 1/e of its effect is reached.", unit="hours/week", ge=0.001, le=168
    )
    listening_gain: float = param(
        0.5, "Share of the map's error that full listening removes.", unit="share", ge=0, le=1, source="C5"
    )
    depth_effect: float = param(
        0.0,
        "Log change of the map's error per unit of mean relationship above reference; 0 = depth teaches nothing.",
        label="How much close relationships teach about the need",
        ge=0,
        le=50,
        source="C5",
    )
    response_rate: float = param(
        0.20, "Share of neutral customers who answer.", unit="share", ge=0, le=1, source="S28", evidence="V"
    )
    happy_bias: float = param(1.5, "How much likelier the happy answer.", ge=1, le=10, source="S28")
    response_bond: float = param(
        0.0,
        "rho: correlation of answering with the relationship; 0 = `happy_bias` says who answers.",
        ge=0,
        le=0.99,
        label="How much closer customers are who answer surveys",
        source="S28",
    )
    relationship_spread: float = param(
        0.15,
        "sigma_R: standard deviation of customers' relationships, in which that is stated.",
        unit="share",
        ge=0.001,
        le=1,
        label="How much customers' relationships differ",
    )
    closed_loop: ClosedLoop = param(ClosedLoop(), "Calls to detractors.")
    answer_spread: float = param(0.12, "Noise of one answer around the relationship.", ge=0.001, le=100)
    promoter_above: float = param(0.55, "Relationship at which half the customers would be promoters.", ge=0, le=1)
    detractor_below: float = param(0.35, "Relationship at which half the customers would be detractors.", ge=0, le=1)
