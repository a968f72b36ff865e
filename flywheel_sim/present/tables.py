"""Tables for the terminal."""

import math
from typing import TYPE_CHECKING

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
    """One row per scenario: the money, the paired difference, and how it got there."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("scenario", overflow="fold")
    for name in ("value", "80 % of runs", "difference", "80 % interval", "wins of 100", "break-even", "deepest dip",
                 "customers", "NPS"):  # fmt: skip
        table.add_column(name, justify="right")
    for index, row in enumerate(outcomes.table.to_dict("records")):
        money_of = [money(row["npv"]), f"{money(row['npv_low'])} to {money(row['npv_high'])}"]
        end = [number(row["customers_end"]), shown("nps_true", row["nps_true"])]
        if index == 0:
            table.add_row(row["scenario"], *money_of, "baseline", "", "", "", "", *end)
            continue
        dip = f"{money(row['deepest_dip'])}, {week(row['deepest_dip_week'])}" if row["deepest_dip_week"] else "none"
        table.add_row(
            row["scenario"],
            *money_of,
            signed_money(row["difference"]),
            f"{signed_money(row['difference_low'])} to {signed_money(row['difference_high'])}",
            of_100(row["wins_of_100"]),
            week(row["breakeven_week"]),
            dip,
            *end,
        )
    return table


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
