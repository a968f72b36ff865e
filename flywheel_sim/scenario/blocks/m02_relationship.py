"""Scenario block of M2: relationship and effort memory."""

from typing import Literal

from flywheel_sim.scenario.fields import Block, param


class Relationship(Block):
    """M2: touches build or burn a relationship; friction is remembered as effort."""

    enabled: bool = param(
        True, "Off: relationship and effort stay at their reference.", label="Customers remember how they were treated"
    )
    law: Literal["surprise", "asset"] = param(
        "surprise",
        "What a touch moves: by its surprise, leaking in weeks without contact; or an asset that good "
        "contact builds, by surprises relative to the norm, and that leaks every week.",
        source="C1, C6; A13",
    )
    start: float = param(0.5, "Relationship of a new customer.", unit="share", ge=0, le=1)
    gain: float = param(
        0.06,
        "alpha: pull of one good touch towards 1.",
        label="How much one good contact warms a relationship",
        ge=0,
        le=1,
    )
    asymmetry: float = param(4.0, "Loss to gain ratio.", ge=0, le=20, source="S11", evidence="V")
    depreciation: float = param(
        0.004,
        "Weekly loss of relationship without any contact; of an asset, every week.",
        unit="share/week",
        ge=0,
        le=1,
    )
    forgiveness: float = param(
        0.0,
        "rho: share of a loss that a relationship of 1 forgives; 0 = none.",
        label="How much a warm relationship forgives",
        unit="share",
        ge=0,
        le=1,
        source="C6",
    )
    annoyance: float = param(
        0.0,
        "eps: effort of a week with one more touch in use than is wanted, each by its depth; 0 = never annoyed.",
        label="How annoying too many contacts are",
        unit="effort",
        ge=0,
        le=100,
        source="S11",
    )
    contacts_wanted: float = param(
        0.25,
        "c: touches in use that a customer welcomes, each by its depth.",
        label="Contact points in use that a customer welcomes",
        unit="1/week",
        ge=0,
        le=1000,
    )
    wanted_spread: float = param(
        0.0,
        "Standard deviation of the logarithm of how much contact a customer welcomes, mean 1; 0 = all alike.",
        ge=0,
        le=3,
    )
    contact_half_life_weeks: float = param(
        4.0,
        "Half-life of the memory of touches that are held against what is wanted.",
        unit="weeks",
        gt=0,
        le=1_000_000,
    )
    spill_over: float = param(
        0.3,
        "beta: share of recent pooled experience in how one touch is felt.",
        label="How far one experience colors the next",
        unit="share",
        ge=0,
        le=1,
        source="C29",
    )
    recent_weight: float = param(0.25, "Weight of one touch in the recent pooled experience.", unit="share", ge=0, le=1)
    history_weight: float = param(
        0.05, "Weight of one touch in the customer's own long history.", unit="share", ge=0, le=1
    )
    expectation_adaptation: float = param(
        0.3,
        "w: share of own history in expectations.",
        label="How far customers expect what they are used to",
        unit="share",
        ge=0,
        le=0.5,
    )
    market_norm: float = param(0.70, "Quality of a touch customers expect from anyone.", unit="share", ge=0, le=1)
    effort_half_life_weeks: float = param(
        13.0, "Half-life of effort memory (B2B 13, B2C 6).", unit="weeks", gt=0, le=1_000_000
    )
    relationship_reference: float = param(0.5, "Mean relationship of the frozen base case, R_ref.", ge=0, le=1)
    experience_reference: float = param(
        0.7, "Mean recent experience of the frozen base case; used by `market.at_rest`.", unit="share", ge=0, le=1
    )
    effort_reference: float = param(0.5, "Mean effort memory of the frozen base case, E_ref.", ge=0, le=100)
