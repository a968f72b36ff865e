r"""What a company must look like as a business before anything is tried in it: margin, cash, what a customer is worth.

A base case is run for ten years and read at the ends of years 1, 5 and 10; what a thing is worth comes from variants
with the same luck that differ in nothing else.

``margin_year_Y``
    Profit over revenue in year Y.
``growth_year_Y``
    Revenue of year Y over that of the year before, less 1.
``utilisation_year_Y``
    Hours asked of service over the hours it has, mean of year Y.
``cash_low``
    Lowest cash of ten years over the revenue of the first year: how many years of revenue somebody has to lend.
``customer_worth_year_Y``
    What one more customer in the first week, won for nothing, adds to value by the end of year Y, in years of what a
    customer pays.
``retention_worth_year_Y``
    What one point of a year's retention adds to value by the end of year Y, in hundredths of the first year's revenue.

Value is read without what is paid in advance for the weeks to come.
"""

import math
from collections.abc import Callable, Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.execute.run import batch
from flywheel_sim.results import Run
from flywheel_sim.scenario import Scenario
from flywheel_sim.scenario.blocks.frozen import YEARLY
from flywheel_sim.study.lent import lent

__all__ = ["YEARLY", "measure_years", "read_of_run"]

Floats = NDArray[np.float64]
YEAR = 52
#: Customers added in the first week, as a share, and points of a year's retention added: large enough against luck.
_MORE, _POINTS = 0.10, 2.0

#: Quantity -> function of a run and a year.
_READ: Mapping[str, Callable[[Run, int], float]] = {
    "margin": lambda run, year: _share(_of_year(run, "profit", year), _of_year(run, "revenue", year)),
    "growth": lambda run, year: _share(_of_year(run, "revenue", year), _of_year(run, "revenue", year - 1)) - 1.0,
    "utilisation": lambda run, year: _of_year(run, "utilisation", year) / YEAR,
}


def _share(part: float, whole: float) -> float:
    """Return a share; NaN of nothing, which a company that has died has."""
    return part / whole if whole else math.nan


def read_of_run(name: str, weeks: int) -> Callable[[Run], float] | None:
    """Return how one run of so many weeks tells a quantity; None where it takes variants, or longer runs."""
    kind, _, year = name.rpartition("_year_")
    if kind not in _READ or YEAR * int(year) > weeks:
        return None
    return lambda run: _READ[kind](run, int(year))


def measure_years(
    scenario: Scenario, names: Iterable[str], seed: int = 1, replicates: int = 40, workers: int | None = None
) -> dict[str, Floats]:
    """Measure what a company is worth as a business.

    Parameters
    ----------
    scenario : Scenario
        A base case; its horizon becomes what the quantities need.
    names : iterable of str
        Quantities of `YEARLY`.
    seed, replicates, workers
        As in `flywheel_sim.batch`.

    Returns
    -------
    dict of str to float64 array, shape (replicates,)
        By quantity, a number for each run.

    Examples
    --------
    >>> from flywheel_sim.scenario import load
    >>> values = measure_years(load("b2b-two-teams"), ["margin_year_1"], replicates=2)
    >>> {name: value.shape for name, value in values.items()}
    {'margin_year_1': (2,)}
    """
    names = list(dict.fromkeys(names))
    base = scenario.with_({"horizon_weeks": YEAR * max((YEARLY[name] for name in names), default=1)})
    there = int(scenario.get("market.initial_customers"))
    more = max(1, round(_MORE * there))
    variants = {"base": base}
    if any(name.startswith("customer_worth") for name in names):
        # added in the first week, so that staff is hired for them as for any others
        added = {"week": 1, "add": more}
        variants["customer_worth"] = base.with_({"timeline.enabled": True, "timeline.customers.more": added})
    if any(name.startswith("retention_worth") for name in names):
        variants["retention_worth"] = base.with_({"market.churn.mean": _loyal(scenario)})
    groups = batch([lent(variant) for variant in variants.values()], replicates=replicates, seed=seed, workers=workers)
    runs = dict(zip(variants, groups, strict=True))
    revenue = np.array([_of_year(run, "revenue", 1) for run in runs["base"]])

    def value(name: str) -> Floats:
        if name == "cash_low":
            lowest: Floats = np.array([run.series("cash").min() for run in runs["base"]]) / revenue
            return lowest
        kind, _, year = name.rpartition("_year_")
        if kind in _READ:
            return np.array([_READ[kind](run, int(year)) for run in runs["base"]])
        week = YEAR * int(year) - 1
        pairs = zip(runs[kind], runs["base"], strict=True)
        gain = np.array([_delivered(one, week) - _delivered(other, week) for one, other in pairs])
        if kind == "customer_worth":
            start = np.array([run.initial["spend"] for run in runs["base"]])
            return np.asarray(gain / more / (start * YEAR / there))
        worth: Floats = gain / _POINTS / (0.01 * revenue)
        return worth

    return {name: value(name) for name in names}


def _of_year(run: Run, column: str, year: int) -> float:
    """Return the sum of a column over a year."""
    return float(run.series(column)[YEAR * (year - 1) : YEAR * year].sum())


def _delivered(run: Run, week: int) -> float:
    """Return value at the end of a week, without what is paid for weeks to come."""
    discount = (1.0 + run.scenario.get("ledger.discount_rate")) ** (-(week + 1) / YEAR)
    return float(run.series("value")[week] - discount * run.series("deferred")[week])


def _loyal(scenario: Scenario) -> float:
    """Return the mean propensity to leave at a renewal that keeps `_POINTS` more of a hundred customers in a year."""
    churn = scenario.model.market.churn
    kind = scenario.model.contracts.kind if scenario.model.contracts.enabled else ""
    renewals = {"annual": 1.0, "monthly": 12.0}.get(kind, YEAR / churn.period_weeks)
    kept = (1.0 - churn.mean) ** renewals
    return float(1.0 - min(kept + _POINTS / 100.0, 1.0) ** (1.0 / renewals))
