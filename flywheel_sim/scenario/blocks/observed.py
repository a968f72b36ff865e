"""Root block `observed`: the data a company is measured by, and what may be fitted to it; no mechanism reads it."""

from typing import Literal

from flywheel_sim.scenario.fields import Block, param

Quantity = Literal["customers", "revenue_per_customer", "revenue"]


class Series(Block):
    """One column of the file, and what of the simulation it is compared with."""

    column: str = param(..., "Column of the file.")
    quantity: Quantity = param(
        ...,
        "What it measures: customers at the date, yearly revenue per customer (revenue of the period times periods a "
        "year, over the mean of opening and closing customers), or revenue of the period.",
    )
    unit: float = param(1.0, "What 1 in the column stands for, e.g. 1e6 for millions.", gt=0)
    error: float = param(
        0.02, "Relative error that counts as one standard deviation in the fit.", unit="share", gt=0, le=1
    )
    fit: bool = param(True, "Part of the fit; otherwise only compared.")


class Fitted(Block):
    """A positive number of the scenario that a calibration may change; it is fitted on a logarithmic scale."""

    path: str = param(..., "Dotted path of the number.")
    low: float = param(..., "Smallest value to try.", gt=0)
    high: float = param(..., "Largest value to try.", gt=0)
    prior: float = param(0.0, "Where it is believed to lie before the data are seen; 0 = no belief.", ge=0)
    spread: float = param(0.7, "Standard deviation of its natural logarithm around `prior`.", gt=0, le=10)


class Observed(Block):
    """Real data on this company."""

    file: str = param("", "CSV file, beside the scenario or among the shipped data; empty = no data.")
    date: str = param("period_end", "Column that holds the last day of each period, as 2018-06-30.")
    start: str = param("", "Date of week 0; empty = the first date of the file.")
    fit_until: str = param("", "Last date a calibration may see; empty = all. Later dates test the forecast.")
    scale: float = param(1.0, "Real accounts that one simulated account stands for.", unit="accounts", gt=0)
    series: dict[str, Series] = param({}, "Columns by name.")
    fit: dict[str, Fitted] = param({}, "What may be fitted, by name.")
