"""Tables for the terminal."""

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from flywheel_sim.results import SUMMARY, Outcomes, Run
from flywheel_sim.results.naming import shared_part
from flywheel_sim.results.paired import band
from flywheel_sim.results.units import in_dollars
from flywheel_sim.results.words import money, number, of_100, percent, signed_money, week
from flywheel_sim.results.world_answer import WorldVerdict

if TYPE_CHECKING:
    from rich.table import Table

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
    if SUMMARY.get(key, ("", ""))[0].startswith("$"):
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


_ROWS = (
    "better, of 100 worlds", "  80 % interval of that share", "worth more, world in the middle",
    "  eight of ten worlds", "value, median", "  80 % of runs", "difference, mean", "  80 % interval",
    "  the same by bootstrap",
    "difference, median", "  80 % interval of the median", "difference, 80 % of runs", "wins of 100",
    "  80 % interval of that chance", "p value of no difference", "  adjusted by Holm", "variance reduction by pairing",
    "break-even", "deepest dip", "customers at the end", "NPS, mean of the weeks", "churn a year", "referred",
)  # fmt: skip
#: Rows for those who ask how sure this is.
_DETAIL = frozenset(
    {
        "  80 % of runs", "  the same by bootstrap", "difference, median", "  80 % interval of the median",
        "difference, 80 % of runs", "  80 % interval of that chance", "p value of no difference", "  adjusted by Holm",
        "variance reduction by pairing",
    }
)  # fmt: skip
#: And those that count luck and worlds together, where worlds have rows of their own.
_OF_RUNS = frozenset({"difference, mean", "  80 % interval", "wins of 100"})


def _of_worlds(found: WorldVerdict | None) -> dict[str, str]:
    """Return what worlds say of a challenger in each row; of the baseline, that it is one."""
    if found is None:
        return {"better, of 100 worlds": "baseline"}
    low, high = found.interval80
    return {
        "better, of 100 worlds": of_100(100.0 * found.share),
        "  80 % interval of that share": f"{percent(found.low)} to {percent(found.high)}",
        "worth more, world in the middle": signed_money(found.median),
        "  eight of ten worlds": f"{signed_money(low)} to {signed_money(high)}",
    }


def _cells(row: Mapping[Any, Any], challenger: bool) -> dict[str, str]:
    """Return what a scenario has to say in each row; nothing where it has none."""

    def between(low: str, high: str, words: Callable[[float], str]) -> str:
        return f"{words(row[low])} to {words(row[high])}"

    cells = dict.fromkeys(_ROWS, "") | {
        "value, median": money(row["npv"]),
        "  80 % of runs": between("npv_low", "npv_high", money),
        "difference, mean": "baseline",
    }
    if challenger:
        never = f" (never in {percent(row['never_share'])})" if 0 < row["never_share"] < 1 else ""
        bootstrapped = math.isfinite(row["difference_bca_low"])
        cells |= {
            "difference, mean": signed_money(row["difference"]),
            "  80 % interval": between("difference_low", "difference_high", signed_money),
            "  the same by bootstrap": between("difference_bca_low", "difference_bca_high", signed_money)
            if bootstrapped
            else "",
            "difference, median": signed_money(row["difference_median"]),
            "  80 % interval of the median": between("difference_median_low", "difference_median_high", signed_money),
            "difference, 80 % of runs": between("difference_runs_low", "difference_runs_high", signed_money),
            "wins of 100": of_100(row["wins_of_100"]),
            "  80 % interval of that chance": between("superiority_low", "superiority_high", percent),
            "p value of no difference": p_value(row["p_value"]),
            "  adjusted by Holm": p_value(row["p_holm"]) if row["p_holm"] != row["p_value"] else "",
            "variance reduction by pairing": reduction(row["variance_reduction"]),
            "break-even": week(row["breakeven_week"]) + never,
            "deepest dip": f"{money(row['deepest_dip'])}, {week(row['deepest_dip_week'])}"
            if row["deepest_dip_week"]
            else "none",
        }
    keys = ("customers_end", "nps_true", "churn_annual", "referral_share")
    return cells | {name: shown(key, row[key]) for name, key in zip(_ROWS[-len(keys) :], keys, strict=True)}


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


def sensitivity_table(found: "Sensitivity", outcome: str) -> "Table":
    """Return indices of one outcome, the most important parameter first, and the pairs that matter."""
    from rich import box
    from rich.table import Table

    k, names = found.outcomes.index(outcome), [name for name in found.indices if name != "second"]
    words = money if in_dollars(outcome) else number
    cell = number if found.method == "sobol" else words
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("parameter", overflow="fold")
    for name in names:
        table.add_column(name.replace("mu_star", "mu*"), justify="right")
        table.add_column("95 %", justify="right")
    table.add_column("where it is low", justify="right")
    table.add_column("high", justify="right")
    for p in found.ranked(outcome):
        cells = []
        for name in names:
            index = found.indices[name]
            cells += [
                _index(cell, index.value[p, k]),
                f"{_index(cell, index.low[p, k])} to {_index(cell, index.high[p, k])}",
            ]
        low, high = found.swings[p, k]
        table.add_row(found.parameters[p], *cells, words(float(low)), words(float(high)))
    pairs = found.pairs[(found.pairs["outcome"] == outcome) & (found.pairs["low"] > 0)]
    if len(pairs):
        table.add_section()
    for row in pairs.sort_values("index", ascending=False).head(5).to_dict("records"):
        together = f"{row['first']} with {row['second']}"
        table.add_row(
            together, _index(number, row["index"]), f"{_index(number, row['low'])} to {_index(number, row['high'])}"
        )
    return table


def _index(words: Callable[[float], str], value: float) -> str:
    return words(round(float(value), 3)) if words is number else words(float(value))


def summary_table(runs: list[Run]) -> "Table":
    """Return the summary of one run, or median and 80 % interval of several."""
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
            table.add_row(key, "none", *([""] if len(runs) > 1 else []), f"{meaning}: {runs[0].missing[key]}")
            continue
        low, middle, high = band(np.where(np.isnan(values), np.inf, values) if key == "breakeven_week" else values)
        label = unit if unit not in ("$", "week", "share", "ratio", "0..1", "-1..1") else ""
        cells = [key, f"{shown(key, middle)}"]
        cells += [f"{shown(key, low)} to {shown(key, high)}"] if len(runs) > 1 else []
        if key == "ruin":  # of 0 and 1 the mean tells, not the median
            cells[1:] = [shown(key, float(values.mean())), *([""] if len(runs) > 1 else [])]
        table.add_row(*cells, meaning + (f" ({label})" if label else ""))
    return table


def search_table(found: "Optimum", most: int = 12) -> "Table":
    """Return one row per policy: what it sets, its objectives under fresh luck, and their gain with its interval."""
    from rich import box
    from rich.table import Table

    from flywheel_sim.results.intervals import mean_interval
    from flywheel_sim.results.search import COVERAGE

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    paths = list(dict.fromkeys(path for policy in found.policies for path in policy.changes))
    for name in ("", *found.objectives):
        table.add_column(found.what(name) if name else "", justify="left" if not name else "right")
        if name:
            table.add_column("gain")
    table.add_column("sets", overflow="fold")
    rows = list(range(len(found.policies)))
    if len(rows) > most:
        rows = sorted({0, found.winner, *(1 + round(k * (len(rows) - 2) / (most - 1)) for k in range(most))})
    for p in rows:
        policy = found.policies[p]
        cells = [
            policy.name + (" *" if p and p == found.winner else "") + (f" ({policy.fault})" if policy.fault else "")
        ]
        for k, name in enumerate(found.objectives):
            gain = found.gains(p)[:, k]
            low, high = mean_interval(gain, COVERAGE)
            won = name in found.won
            middle, lower, upper = (number(100.0 * x if won else x) for x in (float(gain.mean()), low, high))
            told = f"{middle}{' points' if won else ''} ({lower} to {upper})" if p else ""
            worth = float(policy.worth[k])
            cells += [percent(abs(worth)) if won else shown(name, worth), told]
        sets = [f"{path} {_said(policy.changes[path])}" for path in paths if path in policy.changes]
        table.add_row(*cells, ", ".join(sets))
    return table


def regret_table(found: "Optimum") -> "Table":
    """Return one row per policy and objective over draws of what is not known."""
    from rich import box
    from rich.table import Table

    assert found.robustness is not None
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for name in ("objective", "policy", "mean", "worst tenth", "mean regret", "most regret", "beats as it stands"):
        table.add_column(name, justify="left" if name in ("objective", "policy") else "right")
    for row in found.robustness.rows(tuple(found.objectives)):
        key = row["objective"]
        table.add_row(
            key, row["policy"], shown(key, row["mean"]), shown(key, row["worst_tenth"]), number(row["regret_mean"]),
            number(row["regret_most"]), percent(row["beats_as_it_stands"]),
        )  # fmt: skip
    return table


def _said(value: object) -> str:
    return number(value) if isinstance(value, int | float) and not isinstance(value, bool) else str(value)
