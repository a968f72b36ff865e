"""Scenario block of M6: contracts and budget windows."""

from typing import Literal

from flywheel_sim.scenario.fields import Block, param


class Contracts(Block):
    """M6: when a customer can leave, pay and buy."""

    enabled: bool = param(
        True, "Off: customers can leave in any week, pay weekly and buy at any time.", label="Contracts"
    )
    kind: Literal["annual", "monthly", "non-contractual"] = param(
        "annual",
        "Renewal dates: anniversaries, every twelfth of a year, or none: customers buy when they like and may drop out "
        "after any purchase.",
    )
    involuntary: float = param(
        0.012,
        "Payment failure per renewal, or per purchase.",
        unit="probability",
        ge=0,
        le=1,
        source="S26",
        evidence="V",
    )
    purchase_shape: float = param(
        0.2425945,
        "r: shape of the Gamma from which each customer's buying rate is drawn (`non-contractual`).",
        label="How alike customers are in how often they buy",
        ge=0.01,
        le=100,
        source="A4",
        evidence="V",
    )
    purchase_scale_weeks: float = param(
        4.4136019,
        "alpha: rate parameter of that Gamma; purchases a week are r/alpha on average (`non-contractual`).",
        label="Scale of the time between purchases",
        unit="weeks",
        ge=0.01,
        le=5200,
        source="A4",
        evidence="V",
    )
    purchase_effect: float = param(
        1.0,
        "Log change of the buying rate per unit of relationship above reference (`non-contractual`).",
        label="How much a warm relationship raises buying",
        ge=0,
        le=100,
        source="C34",
    )
    window_weeks: int = param(
        52,
        "Weeks of the customer's fiscal year in which its budget is open; 52 = always.",
        unit="weeks",
        ge=1,
        le=52,
        source="C8",
    )
    window_learning: float = param(
        0.0, "Rate at which sellers learn the windows.", unit="1/week", ge=0, le=1000, source="C8"
    )
    window_effect: Literal["odds", "timing"] = param(
        "odds",
        "What a shut window does to a deal won in talks: it fails, unless the seller knows the window "
        "(`odds`), or it is agreed and signed when the window opens (`timing`).",
        label="Whether an agreed deal waits for the customer's budget",
        source="C8",
    )
    agreed_loss: float = param(
        0.01,
        "Rate at which agreed deals are lost before the window opens (`window_effect: timing`).",
        unit="1/week",
        ge=0,
        le=1000,
    )
    follow_up: float = param(
        0.1,
        "Hours a week that sellers spend on an agreed deal whose window they do not know, relative to those of a "
        "qualified lead (`window_effect: timing`).",
        unit="ratio",
        ge=0,
        le=100,
    )
    fiscal_shift_weeks: int = param(0, "Shifts every fiscal calendar.", unit="weeks", ge=0, le=5200, advanced=True)
