"""Scenario block of M25: what changes when."""

from collections.abc import Iterator
from typing import Any

from pydantic import ConfigDict, Field

from flywheel_sim.scenario.fields import Block, param
from flywheel_sim.scenario.references import Problem

#: What a timeline may not change, because the run is built on it.
FIXED = (
    "version", "title", "question", "description", "horizon_weeks", "axes", "timeline", "observed",
    "frozen",
    "market.accounts", "market.initial_customers", "market.initial_advocates", "market.initial_detractors",
    "market.start", "market.network", "culture.start", "ledger.opening_cash", "service.event_timed",
    "culture.learning.enabled", "culture.learning.people", "culture.learning.practices",
)  # fmt: skip
#: Mappings whose names are fixed for a run, though the values inside may change.
FIXED_NAMES = ("teams", "segments", "journey.touchpoints", "handoffs.links")


class Change(Block):
    """Numbers of the scenario that change at a week."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, allow_inf_nan=False)

    from_week: int = param(..., "First week of the change.", unit="weeks", ge=1, le=5200)
    until_week: int = param(0, "First week back to normal; 0 = for good.", unit="weeks", ge=0, le=5200)
    ramp_weeks: int = param(0, "Weeks over which numbers slide to their new value.", unit="weeks", ge=0, le=520)
    values: dict[str, Any] = Field(..., alias="set", description="Paths and their new values.", min_length=1)

    def references(self, at: str, model: Any) -> Iterator[Problem]:
        """Yield what is fixed for a run, and an end before the beginning."""
        for path in self.values:
            here = f"{at}.set.{path}"
            if any(path == fixed or path.startswith(fixed + ".") for fixed in FIXED):
                yield here, "is fixed for the whole run; start from another scenario instead", ()
            for group in FIXED_NAMES:
                inside = path[len(group) + 1 :] if path.startswith(group + ".") else ""
                if path in (group, group.partition(".")[0]) or (inside and "." not in inside):
                    names = f"the names under {group} are fixed for the whole run"
                    yield here, f"{names}; set a value inside one of them", ()
        if self.until_week and self.until_week <= self.from_week:
            yield f"{at}.until_week", f"expected a week after from_week ({self.from_week})", ()


class CustomerPulse(Block):
    """Customers added to, or taken from, the base at a week."""

    week: int = param(..., "Week of the pulse.", unit="weeks", ge=1, le=5200)
    add: int = param(..., "Customers added (negative: removed).", ge=-100_000_000, le=100_000_000)

    def references(self, at: str, model: Any) -> Iterator[Problem]:
        """Yield more customers than the market has accounts."""
        accounts = model.market.accounts
        if abs(self.add) > accounts:
            yield f"{at}.add", f"expected at most the {accounts} accounts of the market", ()


class Timeline(Block):
    """M25: start, stop, ramp and pulse."""

    enabled: bool = param(True, "Off: nothing changes.", label="Changes on the timeline")
    changes: dict[str, Change] = param({}, "Changes by name.", max_length=10_000)
    customers: dict[str, CustomerPulse] = param({}, "Pulses of customers by name.", max_length=10_000)
