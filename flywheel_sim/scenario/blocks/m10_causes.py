"""Scenario block of M10: root causes and firefighting."""

from typing import Literal

from flywheel_sim.scenario.fields import Block, param


class Causes(Block):
    """M10: root causes build up, firefighting eats the time to remove them, patches only hide them."""

    enabled: bool = param(False, "Off: no root causes.", label="Root causes of failures")
    start: float = param(0.2, "Root causes of every touchpoint when the mechanism sets in.", unit="share", ge=0, le=1)
    reference: float = param(
        0.2,
        "X_ref: visible causes at the frozen base case.",
        label="Visible root causes in the base case",
        unit="share",
        ge=0,
        le=1,
    )
    growth: float = param(
        0.02,
        "delta: rate at which causes come up.",
        label="How fast new root causes appear",
        unit="1/week",
        ge=0,
        le=1,
        source="A27",
        evidence="X",
    )
    fix_rate: float = param(
        0.10,
        "e: rate at which full attention removes causes.",
        label="How fast full attention removes root causes",
        unit="1/week",
        ge=0,
        le=1,
        source="A27",
        evidence="X",
    )
    pressure: Literal["given", "observed"] = param(
        "given",
        "Load of firefighting: `load` as it is, or times the owner's demand over hours of the week.",
        source="A27",
    )
    load: float = param(
        0.8,
        "rho: hours of symptoms over hours for improving, were every cause there.",
        label="Time that symptoms take from improving",
        ge=0,
        le=100,
        source="A27",
        evidence="X",
    )
    prevention: float = param(
        0.9,
        "k: share of symptoms that is gone when no cause is left.",
        label="Share of issues that root causes bring about",
        unit="share",
        ge=0,
        le=1,
        source="A27",
        evidence="X",
    )
    patching: float = param(
        0.05,
        "Share of visible causes that a week of nothing but firefighting hides.",
        unit="1/week",
        ge=0,
        le=1,
        source="C60",
    )
    return_weeks: float = param(
        13.0, "Weeks until a hidden cause shows again.", unit="weeks", ge=1, le=1_000_000, source="C60"
    )
    alignment_effect: float = param(
        1.0,
        "How far fixing needs the teams behind a touchpoint to pull one way; 0 = not at all.",
        label="How far fixing root causes needs aligned teams",
        unit="share",
        ge=0,
        le=1,
        source="C60",
    )
    handoff_effect: float = param(
        1.0,
        "Relative growth of causes per handoff lost per issue above `handoff_reference`.",
        label="How many root causes lost handoffs bring",
        ge=0,
        le=100,
    )
    handoff_reference: float = param(
        0.1, "Handoffs lost per issue handled at the frozen base case.", unit="share", ge=0, le=1
    )
    change_effect: float = param(
        1.0,
        "Relative growth of causes per unit of log skill not yet relearned.",
        label="How many root causes a reorganization brings",
        ge=0,
        le=100,
    )
    quality_effect: float = param(
        1.0,
        "q_cause: logit a touch loses per unit of visible causes.",
        label="How much root causes spoil a contact",
        ge=0,
        le=20,
    )
    issue_effect: float = param(
        0.5, "Log change of issues per unit of visible causes.", label="How many issues root causes bring", ge=0, le=20
    )
