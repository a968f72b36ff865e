"""Scenario block of M15: the strategy's target direction."""

from flywheel_sim.scenario.fields import Block, param


class Strategy(Block):
    """M15: where leadership points; its quality is its angle to the customers' need."""

    enabled: bool = param(True, "Off: leadership points nowhere.")
    target: dict[str, float] = param({}, "Target direction by axis; empty = towards the need, turned by `angle`.")
    angle: float = param(
        0.0, "Angle between the target and the need when `target` is empty.", unit="degrees", ge=0, le=180
    )
