"""Scenario block of M13: surveys and the belief about what customers need."""

from flywheel_sim.scenario.fields import Block, param


class Sensing(Block):
    """M13: what the company believes about its customers, and what its surveys tell it."""

    enabled: bool = param(True, "Off: no surveys and no belief.")
    accuracy: float = param(
        0.85, "Cosine between a fresh experience map and the need.", unit="share", ge=0, le=1, source="C4"
    )
    refresh_weeks: int = param(13, "Weeks between updates of the map.", unit="weeks", ge=1, le=520)
    sharing: float = param(0.7, "Share of the map all teams have in common.", unit="share", ge=0, le=1, source="C4")
    adherence: float = param(0.8, "Share of the map that is acted on.", unit="share", ge=0, le=1, source="C4")
    need_drift: float = param(
        0.0005, "Angular diffusion of the segments' needs.", unit="rad^2/week", ge=0, le=1, source="C5"
    )
    survey_weeks: int = param(13, "Weeks between surveys.", unit="weeks", ge=1, le=520, source="C59")
    response_rate: float = param(
        0.20, "Share of neutral customers who answer.", unit="share", ge=0, le=1, source="S28", evidence="V"
    )
    happy_bias: float = param(1.5, "How much likelier the happy answer.", ge=1, le=10, source="S28")
    answer_spread: float = param(0.12, "Noise of one answer around the relationship.", gt=0)
    promoter_above: float = param(0.55, "Relationship at which half the customers would be promoters.", ge=0, le=1)
    detractor_below: float = param(0.35, "Relationship at which half the customers would be detractors.", ge=0, le=1)
