"""Root block `observed`: the data a company is measured by, and what may be fitted to it; no mechanism reads it."""

from typing import Literal

from flywheel_sim.scenario.fields import MANY, Block, param

Quantity = Literal["customers", "revenue_per_customer", "revenue", "survival"]


class Series(Block):
    """One column of the file, and what of the simulation it is compared with."""

    column: str = param(..., "Column of the file.")
    quantity: Quantity = param(
        ...,
        "What it measures: customers at the date, yearly revenue per customer (revenue of the period times periods a "
        "year, over the mean of opening and closing customers), revenue of the period, or survival: the share of the "
        "customers of week 0 who are still there, in a scenario that wins nobody (a retention table).",
    )
    unit: float = param(1.0, "What 1 in the column stands for, e.g. 1e6 for millions.", ge=1e-12, le=1e12)
    law: Literal["usual", "relative", "absolute", "binomial"] = param(
        "usual",
        "How far is far: relative = the logarithms of observed and simulated differ by a normal error; absolute = they "
        "themselves do; binomial = of a cohort, who stays each period is counted, over all periods the multinomial law "
        "of a retention table (survival only); usual = binomial for survival, relative for all else.",
    )
    error: float = param(
        0.02,
        "Standard deviation of the error: a share where it is relative, in units of the column's values where it "
        "is absolute; not used where it is binomial.",
        ge=1e-9,
        le=1e12,
    )
    cohort: float = param(0.0, "Customers of week 0 that a table of survival has counted.", ge=0, le=1e9)
    fit: bool = param(True, "Part of the fit; otherwise only compared.")


class Fitted(Block):
    """A positive number of the scenario that a calibration may change; it is fitted on a logarithmic scale."""

    path: str = param(..., "Dotted path of the number.")
    low: float = param(..., "Smallest value to try.", ge=1e-12, le=1e12)
    high: float = param(..., "Largest value to try.", ge=1e-12, le=1e12)
    prior: float = param(0.0, "Where it is believed to lie before the data are seen; 0 = no belief.", ge=0, le=1e12)
    spread: float = param(0.7, "Standard deviation of its natural logarithm around `prior`.", gt=0, le=10)


class Observed(Block):
    """Real data on this company."""

    file: str = param("", "CSV file, beside the scenario or among the shipped data; empty = no data.")
    date: str = param("period_end", "Column that holds the last day of each period, as 2018-06-30.")
    period_weeks: float = param(
        0.0,
        "Weeks of a period in a file whose column `date` numbers its periods (52: years of tenure); 0 = it holds "
        "dates.",
        unit="weeks",
        ge=0,
        le=520,
    )
    period: str = param(
        "",
        "How long the periods are that revenue is of: week, month, quarter, half-year, year, or as '13 weeks' or "
        "'91 days'; empty = from one date to the next, where all these are alike.",
    )
    period_column: str = param("", "Column that says so row by row, in the same words.")
    decimal: Literal["", ".", ","] = param(
        "",
        "Decimal sign of the numbers; the other one then stands between thousands. Empty = a point, in a file "
        "whose numbers show that it is one.",
    )
    start: str = param("", "Date (or number) of week 0; empty = the first of the file.")
    fit_until: str = param(
        "", "Last date (or number) a calibration may see; empty = all. Later ones test the forecast."
    )
    scale: float = param(1.0, "Real accounts that one simulated account stands for.", unit="accounts", ge=1e-6, le=1e9)
    series: dict[str, Series] = param({}, "Columns by name.", max_length=MANY)
    fit: dict[str, Fitted] = param({}, "What may be fitted, by name.", max_length=MANY)
