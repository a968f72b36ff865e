"""Scenario block of M6: contracts and budget windows."""

from typing import Literal

from flywheel_sim.scenario.fields import Block, param


class Contracts(Block):
    """M6: when a customer can leave, pay and buy."""

    enabled: bool = param(True, "Off: customers can leave in any week, pay weekly and buy at any time.")
    kind: Literal["annual", "monthly"] = param("annual", "Renewal dates: anniversaries, or every twelfth of a year.")
    involuntary: float = param(
        0.012, "Payment failure per renewal.", unit="probability", ge=0, le=1, source="S26", evidence="V"
    )
    window_weeks: int = param(
        52, "Weeks of the customer's fiscal year in which its budget is open; 52 = always.", unit="weeks", ge=1, le=52,
        source="C8",
    )  # fmt: skip
    window_learning: float = param(0.0, "Rate at which sellers learn the windows.", unit="1/week", ge=0, source="C8")
    fiscal_shift_weeks: int = param(0, "Shifts every fiscal calendar.", unit="weeks", ge=0, advanced=True)
