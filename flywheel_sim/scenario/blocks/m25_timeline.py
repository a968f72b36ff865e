"""Scenario block of M25: what changes when."""

from typing import Any

from pydantic import ConfigDict, Field

from flywheel_sim.scenario.fields import Block, param


class Change(Block):
    """Numbers of the scenario that change at a week."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, allow_inf_nan=False)

    from_week: int = param(..., "First week of the change.", unit="weeks", ge=1, le=5200)
    until_week: int = param(0, "First week back to normal; 0 = for good.", unit="weeks", ge=0, le=5200)
    ramp_weeks: int = param(0, "Weeks over which numbers slide to their new value.", unit="weeks", ge=0, le=520)
    values: dict[str, Any] = Field(..., alias="set", description="Paths and their new values.", min_length=1)


class CustomerPulse(Block):
    """Customers added to, or taken from, the base at a week."""

    week: int = param(..., "Week of the pulse.", unit="weeks", ge=1, le=5200)
    add: int = param(..., "Customers added (negative: removed).", ge=-100_000_000, le=100_000_000)


class Timeline(Block):
    """M25: start, stop, ramp and pulse."""

    enabled: bool = param(True, "Off: nothing changes.")
    changes: dict[str, Change] = param({}, "Changes by name.", max_length=10_000)
    customers: dict[str, CustomerPulse] = param({}, "Pulses of customers by name.", max_length=10_000)
