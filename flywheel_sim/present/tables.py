"""Tables for the terminal."""

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from flywheel_sim.results import SUMMARY, Outcomes, Run
from flywheel_sim.results.paired import band
from flywheel_sim.results.words import money, number, of_100, percent, signed_money, week

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["comparison_table", "shown", "summary_table"]

_SHARES = ("churn_annual", "referral_share", "loss_making_share")


def shown(key: str, value: float) -> str:
    """One number of the summary as people read it.

    Examples
    --------
    >>> shown("npv", 2_400_000.0), shown("churn_annual", 0.126), shown("nrr", 1.012), shown("breakeven_week", math.nan)
    ('$2.4m', '13 %', '101 %', 'never')
    """
    if key == "breakeven_week":
        return week(value) if not math.isnan(value) else "never"
    if key in _SHARES or key == "nrr":
        return percent(value)
    if SUMMARY.get(key, ("", ""))[0].startswith("$"):
        return money(value)
    return number(value, 2 if key.startswith(("nps", "flywheel_r", "score")) else 3)


def comparison_table(outcomes: Outcomes) -> "Table":
    """One column per scenario: the money, the paired difference, and how it got there."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("")
    rows = outcomes.table.to_dict("records")
    for row in rows:
        table.add_column(row["scenario"], justify="right", overflow="fold", max_width=32)
    for name, cells in zip(_ROWS, zip(*(_cells(row, bool(k)) for k, row in enumerate(rows)), strict=True), strict=True):
        table.add_row(name, *cells)
    return table


_ROWS = (
    "value, median", "  80 % of runs", "difference, mean", "  80 % interval of the mean", "  80 % of runs",
    "wins of 100", "break-even, median", "deepest dip", "customers at the end", "NPS", "churn a year", "referred",
)  # fmt: skip


def _cells(row: Mapping[Any, Any], challenger: bool) -> list[str]:
    def between(low: str, high: str, words: Callable[[float], str]) -> str:
        return f"{words(row[low])} to {words(row[high])}"

    against = ["baseline", "", "", "", "", ""]
    if challenger:
        dip = f"{money(row['deepest_dip'])}, {week(row['deepest_dip_week'])}" if row["deepest_dip_week"] else "none"
        never = f" (never in {percent(row['never_share'])})" if 0 < row["never_share"] < 1 else ""
        against = [
            signed_money(row["difference"]),
            between("difference_low", "difference_high", signed_money),
            between("difference_runs_low", "difference_runs_high", signed_money),
            of_100(row["wins_of_100"]),
            week(row["breakeven_week"]) + never,
            dip,
        ]
    ends = [shown(key, row[key]) for key in ("customers_end", "nps_true", "churn_annual", "referral_share")]
    return [money(row["npv"]), between("npv_low", "npv_high", money), *against, *ends]


def summary_table(runs: list[Run]) -> "Table":
    """The summary of one run, or median and 80 % interval of several."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("what")
    table.add_column("value" if len(runs) == 1 else "median", justify="right")
    if len(runs) > 1:
        table.add_column("80 % of runs", justify="right")
    table.add_column("meaning", overflow="fold")
    import numpy as np

    for key, (unit, meaning) in SUMMARY.items():
        values = np.array([run.summary[key] for run in runs])
        if np.isnan(values).all() and key != "breakeven_week":
            continue
        low, middle, high = band(np.where(np.isnan(values), np.inf, values) if key == "breakeven_week" else values)
        label = unit if unit not in ("$", "week", "share", "ratio", "0..1", "-1..1") else ""
        cells = [key, f"{shown(key, middle)}"]
        cells += [f"{shown(key, low)} to {shown(key, high)}"] if len(runs) > 1 else []
        table.add_row(*cells, meaning + (f" ({label})" if label else ""))
    return table
