"""Scenario block of M20: culture as a stock."""

from flywheel_sim.scenario.fields import Block, param


class Culture(Block):
    """M20: culture is built slowly, decays, and multiplies what the disciplines yield."""

    enabled: bool = param(True, "Off: culture plays no part.")
    start: float = param(0.5, "Culture at the start.", unit="share", ge=0, le=1)
    reference: float = param(0.5, "C_ref: culture at the frozen base case.", unit="share", gt=0, le=1)
    retention_month: float = param(
        0.98, "lambda: share kept from month to month.", unit="share/month", ge=0, le=1, source="A29"
    )
    effort_month: float = param(0.01, "q: culture added a month.", unit="1/month", ge=0, le=1)
    independence: float = param(
        0.5,
        "c0: share of the disciplines' yield that needs no culture; 1 = all.",
        unit="share",
        ge=0,
        le=1,
        source="C26",
    )
