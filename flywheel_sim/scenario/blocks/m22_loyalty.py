"""Scenario block of M22: loyalty programme."""

from flywheel_sim.scenario.fields import Block, param


class Loyalty(Block):
    """M22: members earn points, buy faster towards a reward, and belong."""

    enabled: bool = param(False, "Off: no programme.", label="Loyalty programme")
    share: float = param(0.6, "Share of accounts that would ever join.", unit="share", ge=0, le=1, source="C69")
    join_rate: float = param(0.05, "Rate at which such a customer joins.", unit="1/week", ge=0, le=1000, source="C69")
    earn: float = param(1.0, "Points per dollar paid.", unit="1/$", ge=0, le=1e6, source="C68")
    earn_expansion: float = param(
        0.0,
        "Points per dollar a year bought more: set it by the margin of what should sell.",
        label="Points per dollar a year bought more",
        unit="1/$",
        ge=0,
        le=1e6,
        source="C68",
    )
    threshold: float = param(5000.0, "Points for a reward.", unit="points", ge=0.01, le=1e9, source="C68")
    reward_value: float = param(100.0, "What a reward is worth, and costs.", unit="$", ge=0, le=1e9, source="C68")
    redeem_rate: float = param(
        0.5, "Rate at which a member with enough points takes the reward.", unit="1/week", ge=0, le=1000, source="C68"
    )
    elasticity: float = param(
        20.0,
        "Goal gradient: log rise of buying close to the reward per unit of its value over what has to be spent "
        "for it; 0 = off.",
        label="How much a reward in reach raises buying",
        ge=0,
        le=100,
        source="C68, S19",
    )
    curvature: float = param(
        2.0,
        "Exponent of the progress: the higher, the nearer to the reward the rise comes.",
        label="How late on the way to a reward buying rises",
        gt=0,
        le=20,
        source="S19",
    )
    endowed: float = param(
        0.0,
        "Head start shown to members, as a share of the threshold, which is shown raised as much (two stamps on a "
        "card of ten would be .2).",
        unit="share",
        ge=0,
        le=5,
        source="S19",
    )
    identity: float = param(
        0.2,
        "Log fall of a member's churn from belonging, whatever the reward; 0 = off.",
        label="How much belonging lowers a member's churn",
        ge=0,
        le=3,
        source="C69, S20",
    )
