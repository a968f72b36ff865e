"""Root block `frozen`: what a base case was calibrated to before anything was tried in it; no mechanism reads it."""

from collections.abc import Iterator, Mapping
from typing import Any

from flywheel_sim.scenario.fields import MANY, Block, Evidence, param
from flywheel_sim.scenario.references import Problem, unknown

#: Quantities of a company as a business -> years of the run that they need: read at the ends of years 1, 5 and 10.
YEARLY: Mapping[str, int] = {
    f"{name}_year_{year}": year
    for name in ("margin", "growth", "utilisation", "customer_worth", "retention_worth")
    for year in (1, 5, 10)
    if (name, year) != ("growth", 1)
} | {"cash_low": 10}
#: What a base case can be calibrated to.
QUANTITIES = (
    "churn_annual",
    "churn_monthly",
    "nrr",
    "nps_true",
    "referral_share",
    "containment",
    "utilisation",
    "cac_payback_months",
    "flywheel_r",
    "alignment_mean",
    "customers_end",
    *YEARLY,
)


class Target(Block):
    """A number that the base case must meet, and what it came to."""

    low: float = param(..., "Smallest value that will do.", ge=-1e15, le=1e15)
    high: float = param(..., "Largest value that will do.", ge=-1e15, le=1e15)
    source: str = param("", "Where the band comes from.")
    evidence: Evidence = param("a", "Evidence mark of the band.")
    achieved: float = param(0.0, "Mean over the runs when the case was frozen.", ge=-1e15, le=1e15)
    error: float = param(0.0, "Standard error of that mean.", ge=0, le=1e15)


class Frozen(Block):
    """The record of a calibrated base case."""

    hash: str = param("", "sha256 of the scenario when it was frozen, this block and the words for people left out.")
    engine: str = param("", "Version of the engine that ran it.")
    seed: int = param(0, "Seed of the runs.", ge=0, le=4294967295)
    replicates: int = param(0, "Number of runs.", ge=0, le=1_000_000)
    targets: dict[str, Target] = param({}, "What it was calibrated to, by quantity.", max_length=MANY)

    def references(self, at: str, model: Any) -> Iterator[Problem]:
        """Yield targets for quantities that are none."""
        yield from unknown(f"{at}.targets", self.targets, QUANTITIES, "quantity")
