"""Scenario block of M27: selling behaviour."""

from flywheel_sim.scenario.fields import Block, param


class Selling(Block):
    """M27: how hard sellers sell, to whom, with what promises, and when in the quarter."""

    enabled: bool = param(False, "Off: sellers sell as at reference.", label="Quality of selling")
    effort_effect: float = param(
        0.5,
        "Elasticity of the odds of winning in the effort of the team that sells; 0 = off.",
        label="How much sales effort raises the win rate",
        ge=0,
        le=5,
        source="C12",
    )
    fit_minimum: float = param(
        0.45,
        "Least fit that sellers accept at the reference direction; 0 with selectivity 0 = everybody.",
        label="Least fit that sellers accept",
        unit="share",
        ge=0,
        le=1,
        source="C12",
    )
    selectivity: float = param(
        0.3,
        "Rise of that minimum per unit of the cosine between sellers and the segment's need.",
        label="How far customer-minded sellers are more selective",
        ge=0,
        le=5,
        source="C12",
    )
    reference_cosine: float = param(
        0.3,
        "Cosine of sellers with the need at the base case.",
        label="Customer focus of sellers in the base case",
        ge=-1,
        le=1,
    )
    promise: float = param(
        0.05,
        "Overselling: what a new customer expects above the market's norm, per unit of 1 - cosine; 0 = off.",
        label="How far sellers overpromise",
        unit="share",
        ge=0,
        le=1,
        source="C12",
    )
    accelerator: float = param(
        0.7,
        "Log rise of the odds of winning in the last weeks of a quarter, from quotas; 0 = off.",
        label="How much quotas raise wins at the end of a quarter",
        ge=0,
        le=3,
        source="S21",
    )
    spike_weeks: int = param(
        3, "Weeks at the end of a quarter in which sellers rush.", unit="weeks", ge=1, le=6, source="S21"
    )
    borrowed: float = param(
        0.5, "Share of that rise taken from as many weeks of the next quarter.", unit="share", ge=0, le=1, source="S21"
    )
    discount: float = param(
        0.29,
        "Discount off the first year's price of a rushed deal, per unit of the accelerator; whole percents.",
        label="Discount on rushed deals",
        unit="share",
        ge=0,
        le=1,
        source="S21: 6-8 % of what deals are worth",
        evidence="X",
    )
    lone_wolves: float = param(
        0.1,
        "Share of accounts that lone wolves sell to; 0 = none.",
        label="Share of accounts that lone wolves sell to",
        unit="share",
        ge=0,
        le=1,
        source="C12",
    )
    lone_low_fit: float = param(
        1.5,
        "Log rise of a lone wolf's odds of winning per unit of missing fit.",
        label="How far lone wolves win customers who do not fit",
        ge=0,
        le=5,
        source="C12",
    )
    lone_spread: float = param(
        0.8,
        "Standard deviation of the log size of a lone wolf's deals, whose mean stays.",
        label="How much lone wolves' deals differ in size",
        ge=0,
        le=3,
        source="C12",
    )
