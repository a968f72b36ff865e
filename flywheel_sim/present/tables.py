"""Tables for the terminal."""

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from flywheel_sim.results import SUMMARY, Outcomes, Run
from flywheel_sim.results.assumptions import plain_label
from flywheel_sim.results.naming import shared_part
from flywheel_sim.results.paired import band
from flywheel_sim.results.summary import outcome_label
from flywheel_sim.results.units import in_dollars
from flywheel_sim.results.words import inside, money, number, of_100, percent, signed_money, week
from flywheel_sim.results.world_answer import WorldVerdict

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

    from flywheel_sim.results.bridge import Bridge
    from flywheel_sim.results.search import Optimum
    from flywheel_sim.results.selection import Selection
    from flywheel_sim.results.sensitivity import Sensitivity

__all__ = [
    "bridge_table",
    "comparison_table",
    "p_value",
    "reduction",
    "regret_table",
    "search_table",
    "selection_table",
    "sensitivity_table",
    "setting",
    "shown",
    "summary_table",
]

_SHARES = ("churn_annual", "referral_share", "loss_making_share", "ruin")


def shown(key: str, value: float) -> str:
    """Return one number of the summary as people read it.

    Examples
    --------
    >>> shown("npv", 2_400_000.0), shown("churn_annual", 0.126), shown("nrr", 1.012), shown("breakeven_week", math.nan)
    ('$2.4m', '13 %', '101 %', 'never')
    """
    if key == "breakeven_week":
        return week(value) if not math.isnan(value) else "never"
    if key in _SHARES or key == "nrr":
        return percent(value)
    if key in SUMMARY and SUMMARY[key].unit.startswith("$"):
        return money(value)
    return number(value, 2 if key.startswith(("nps", "flywheel_r", "score")) else 3)


def comparison_table(outcomes: Outcomes, *, detail: bool = False) -> "Table":
    """Return one column per scenario: the money, the paired difference, and how it got there.

    Parameters
    ----------
    outcomes : Outcomes
    detail : bool
        With medians, bootstrap, p values and what pairing was worth.
    """
    from rich import box
    from rich.table import Table

    below = shared_part(outcomes.scenarios)
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column(f"on {below}" if below else "", max_width=32, overflow="fold")
    rows = outcomes.table.to_dict("records")
    for row in rows:
        table.add_column(row["scenario"], justify="right", overflow="fold", max_width=32)
    columns = [_cells(row, bool(k)) for k, row in enumerate(rows)]
    if outcomes.worlds_run is not None:
        for k, column in enumerate(columns):
            column |= _of_worlds(outcomes.verdict_on(k).worlds)
    hidden = _DETAIL if outcomes.worlds_run is None else _DETAIL | _OF_RUNS
    for name in _ROWS:
        cells = [column[name] for column in columns]
        # What needs more runs or more scenarios than there are has no row.
        if (name not in hidden or detail) and any(cells):
            table.add_row(name, *cells)
    return table


#: Rows of numbers that every scenario has, below what it is worth.
_NUMBERS = ("customers_end", "nps_true", "churn_annual", "referral_share")
_ROWS = (
    "better, of 100 worlds",
    "  80 % interval of that share",
    "worth more, world in the middle",
    "  eight of ten worlds",
    "net present value, median",
    "  80 % of runs",
    "gain over the baseline, mean",
    "  80 % interval",
    "  the same by bootstrap",
    "gain, median",
    "  80 % interval of the median",
    "gain, 80 % of runs",
    "better, of 100 paired runs",
    "  80 % interval of that chance",
    "p value of no difference",
    "  adjusted by Holm",
    "variance reduction by pairing",
    "break-even",
    "largest shortfall",
    *(SUMMARY[key].label for key in _NUMBERS),
)
#: Rows for those who ask how sure this is.
_DETAIL = frozenset(
    {
        "  80 % of runs",
        "  the same by bootstrap",
        "gain, median",
        "  80 % interval of the median",
        "gain, 80 % of runs",
        "  80 % interval of that chance",
        "p value of no difference",
        "  adjusted by Holm",
        "variance reduction by pairing",
    }
)
#: And those that count luck and worlds together, where worlds have rows of their own.
_OF_RUNS = frozenset({"gain over the baseline, mean", "  80 % interval", "better, of 100 paired runs"})


def _of_worlds(verdict: WorldVerdict | None) -> dict[str, str]:
    """Return what worlds say of a challenger in each row; of the baseline, that it is one."""
    if verdict is None:
        return {"better, of 100 worlds": "baseline"}
    low, high = verdict.interval80
    return {
        "better, of 100 worlds": of_100(100.0 * verdict.share),
        "  80 % interval of that share": f"{percent(verdict.low)} to {percent(verdict.high)}",
        "worth more, world in the middle": signed_money(verdict.median),
        "  eight of ten worlds": f"{signed_money(low)} to {signed_money(high)}",
    }


def _cells(row: Mapping[Any, Any], challenger: bool) -> dict[str, str]:
    """Return what a scenario has to say in each row; nothing where it has none."""

    def between(low: str, high: str, words: Callable[[float], str]) -> str:
        return f"{words(row[low])} to {words(row[high])}"

    cells = dict.fromkeys(_ROWS, "") | {
        "net present value, median": money(row["npv"]),
        "  80 % of runs": between("npv_low", "npv_high", money),
        "gain over the baseline, mean": "baseline",
    }
    if challenger:
        never = f" (never in {percent(row['never_share'])})" if 0 < row["never_share"] < 1 else ""
        bootstrapped = math.isfinite(row["difference_bca_low"])
        cells |= {
            "gain over the baseline, mean": signed_money(row["difference"]),
            "  80 % interval": between("difference_low", "difference_high", signed_money),
            "  the same by bootstrap": between("difference_bca_low", "difference_bca_high", signed_money)
            if bootstrapped
            else "",
            "gain, median": signed_money(row["difference_median"]),
            "  80 % interval of the median": between("difference_median_low", "difference_median_high", signed_money),
            "gain, 80 % of runs": between("difference_runs_low", "difference_runs_high", signed_money),
            "better, of 100 paired runs": of_100(row["wins_of_100"]),
            "  80 % interval of that chance": between("superiority_low", "superiority_high", percent),
            "p value of no difference": p_value(row["p_value"]),
            "  adjusted by Holm": p_value(row["p_holm"]) if row["p_holm"] != row["p_value"] else "",
            "variance reduction by pairing": reduction(row["variance_reduction"]),
            "break-even": week(row["breakeven_week"]) + never,
            "largest shortfall": f"{money(row['deepest_dip'])}, {week(row['deepest_dip_week'])}"
            if row["deepest_dip_week"]
            else "none",
        }
    return cells | {SUMMARY[key].label: shown(key, row[key]) for key in _NUMBERS}


def p_value(p: float) -> str:
    """Format a p value for a table.

    Examples
    --------
    >>> p_value(0.03214), p_value(1e-9), p_value(math.nan)
    ('0.032', 'below 0.0001', 'not known')
    """
    return "below 0.0001" if p < 1e-4 else number(p, 2)


def reduction(factor: float) -> str:
    """Return a variance reduction factor.

    Examples
    --------
    >>> reduction(12.3), reduction(math.inf), reduction(math.nan)
    ('12 times', 'any number of times', 'not known times')
    """
    return "any number of times" if math.isinf(factor) else f"{number(factor, 2)} times"


def bridge_table(bridge: "Bridge") -> "Table":
    """Return the parts of a difference, the largest first."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column(f"from {bridge.baseline} to {bridge.challenger}", overflow="fold")
    for name in ("part", "80 % interval", "changed alone", "changed last"):
        table.add_column(name, justify="right")
    for part in bridge.sorted():
        interval = f"{signed_money(part.low)} to {signed_money(part.high)}"
        table.add_row(part.group, signed_money(part.mean), interval, signed_money(part.alone), signed_money(part.last))
    table.add_section()
    table.add_row(f"difference, mean of {bridge.parts.shape[1]} runs", signed_money(float(bridge.totals().mean())))
    return table


def selection_table(outcomes: Outcomes, chosen: "Selection") -> "Table":
    """Tell how the best of several scenarios was found."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("scenario", overflow="fold")
    for name in ("value, mean", "runs", "out after"):
        table.add_column(name, justify="right")
    for index in sorted(range(len(chosen.means)), key=lambda i: (i != chosen.best, -chosen.means[i])):
        out = f"{chosen.out_after[index]} runs" if chosen.out_after[index] else "chosen" if index == chosen.best else ""
        table.add_row(outcomes.labels[index], money(chosen.means[index]), str(chosen.runs[index]), out)
    return table


def sensitivity_table(sensitivity: "Sensitivity", outcome: str) -> "Table":
    """Return indices of one outcome, the most important parameter first, and the pairs that matter."""
    from rich import box
    from rich.table import Table

    k, names = sensitivity.outcomes.index(outcome), [name for name in sensitivity.indices if name != "second"]
    words = money if in_dollars(outcome) else number
    cell = number if sensitivity.method == "sobol" else words
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("setting", overflow="fold")
    for name in names:
        table.add_column(name.replace("mu_star", "mu*"), justify="right")
        table.add_column("95 %", justify="right")
    table.add_column("where it is low", justify="right")
    table.add_column("high", justify="right")
    for p in sensitivity.ranked(outcome):
        cells = []
        for name in names:
            index = sensitivity.indices[name]
            cells += [
                _index(cell, index.value[p, k]),
                f"{_index(cell, index.low[p, k])} to {_index(cell, index.high[p, k])}",
            ]
        low, high = sensitivity.swings[p, k]
        table.add_row(setting(sensitivity.parameters[p]), *cells, words(float(low)), words(float(high)))
    pairs = sensitivity.pairs[(sensitivity.pairs["outcome"] == outcome) & (sensitivity.pairs["low"] > 0)]
    if len(pairs):
        table.add_section()
    for row in pairs.sort_values("index", ascending=False).head(5).to_dict("records"):
        together = f"{plain_label(row['first'])} with {inside(plain_label(row['second']))}"
        table.add_row(
            together, _index(number, row["index"]), f"{_index(number, row['low'])} to {_index(number, row['high'])}"
        )
    return table


def setting(path: str) -> "Text":
    """Return what strategists read for a setting, and below it the path that a file has."""
    from rich.text import Text

    label = plain_label(path)
    return Text(path) if label == path else Text.assemble(label, "\n", (path, "dim"))


def _index(words: Callable[[float], str], value: float) -> str:
    return words(round(float(value), 3)) if words is number else words(float(value))


def summary_table(runs: list[Run]) -> "Table":
    """Return the summary of one run, or median and 80 % interval of several."""
    import numpy as np
    from rich import box
    from rich.table import Table

    several = len(runs) > 1
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("what")
    table.add_column("median" if several else "value", justify="right")
    if several:
        table.add_column("80 % of runs", justify="right")
    table.add_column("meaning", overflow="fold")
    table.add_column("key", style="dim")
    for key, (unit, meaning, label) in SUMMARY.items():
        values = np.array([run.summary[key] for run in runs])
        if np.isnan(values).all() and key != "breakeven_week":
            table.add_row(label, "none", *([""] if several else []), f"{meaning}: {runs[0].missing[key]}", key)
            continue
        low, middle, high = band(np.where(np.isnan(values), np.inf, values) if key == "breakeven_week" else values)
        cells = [label, shown(key, middle)]
        cells += [f"{shown(key, low)} to {shown(key, high)}"] if several else []
        shown_unit = unit if unit not in ("$", "week", "share", "ratio", "0..1", "-1..1") else ""
        if key == "ruin":  # of 0 and 1 the mean tells, not the median
            cells[1:] = [shown(key, float(values.mean())), *([""] if several else [])]
        table.add_row(*cells, meaning + (f" ({shown_unit})" if shown_unit else ""), key)
    return table


def search_table(optimum: "Optimum", most: int = 12) -> "Table":
    """Return one row per policy: what it sets, its objectives under fresh luck, and their gain with its interval."""
    from rich import box
    from rich.table import Table

    from flywheel_sim.results.intervals import mean_interval
    from flywheel_sim.results.search import COVERAGE

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    paths = list(dict.fromkeys(path for policy in optimum.policies for path in policy.changes))
    for name in ("", *optimum.objectives):
        table.add_column(optimum.what(name) if name else "", justify="left" if not name else "right")
        if name:
            table.add_column("gain")
    table.add_column("sets", overflow="fold")
    rows = list(range(len(optimum.policies)))
    if len(rows) > most:
        rows = sorted({0, optimum.winner, *(1 + round(k * (len(rows) - 2) / (most - 1)) for k in range(most))})
    for p in rows:
        policy = optimum.policies[p]
        cells = [
            policy.name + (" *" if p and p == optimum.winner else "") + (f" ({policy.fault})" if policy.fault else "")
        ]
        for k, name in enumerate(optimum.objectives):
            gain = optimum.gains(p)[:, k]
            low, high = mean_interval(gain, COVERAGE)
            won = name in optimum.won
            middle, lower, upper = (number(100.0 * x if won else x) for x in (float(gain.mean()), low, high))
            cell = f"{middle}{' points' if won else ''} ({lower} to {upper})" if p else ""
            worth = float(policy.worth[k])
            cells += [percent(abs(worth)) if won else shown(name, worth), cell]
        sets = [f"{plain_label(path)}: {_said(policy.changes[path])}" for path in paths if path in policy.changes]
        table.add_row(*cells, "\n".join(sets))
    return table


def regret_table(optimum: "Optimum") -> "Table":
    """Return one row per policy and objective over draws of what is not known."""
    from rich import box
    from rich.table import Table

    assert optimum.robustness is not None
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for name in ("objective", "policy", "mean", "worst tenth", "mean regret", "most regret", "beats as it stands"):
        table.add_column(name, justify="left" if name in ("objective", "policy") else "right")
    for row in optimum.robustness.rows(tuple(optimum.objectives)):
        key = row["objective"]
        table.add_row(
            outcome_label(key),
            row["policy"],
            shown(key, row["mean"]),
            shown(key, row["worst_tenth"]),
            number(row["regret_mean"]),
            number(row["regret_most"]),
            percent(row["beats_as_it_stands"]),
        )
    return table


def _said(value: object) -> str:
    return number(value) if isinstance(value, int | float) and not isinstance(value, bool) else str(value)
