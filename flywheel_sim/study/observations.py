"""Read the observations a scenario names, and take the same quantities from a run.

A quantity of a period is compared like with like: revenue per customer is the revenue of the period times the periods a
year, over the mean of opening and closing customers, in the file and in the run.  Where a file lacks it but has revenue
and customers, it is derived by this identity and marked; other gaps stay gaps.
"""

import csv
import datetime
import math
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.results import Run
from flywheel_sim.results.observed import Observations, ObservedSeries
from flywheel_sim.scenario import Problem, Scenario, ScenarioError
from flywheel_sim.scenario.errors import nearest
from flywheel_sim.scenario.library import shipped_path
from flywheel_sim.scenario.reading import Place

if TYPE_CHECKING:
    from flywheel_sim.scenario.blocks.observed import Observed

__all__ = ["NoOverlap", "extended", "located", "measured", "named", "observations", "taken", "with_data"]

Floats = NDArray[np.float64]
_ORDER = ("customers", "revenue_per_customer", "revenue", "survival")


class NoOverlap(ScenarioError):
    """Observations and run have no date in common."""


def named(scenario: Scenario) -> bool:
    """Whether a scenario names observed data."""
    return bool(scenario.model.observed.file)


def with_data(scenario: Scenario, data: str | os.PathLike[str] | None, until: str | None = None) -> Scenario:
    """The scenario with other data.

    Parameters
    ----------
    scenario : Scenario
        What to change.
    data : path, optional
        A CSV file to be read by the scenario's own mapping, or a YAML file that holds a mapping: the keys of the block
        ``observed``, of which those it leaves out stay as they are.
    until : str, optional
        Last date a calibration may see.
    """
    changes: dict[str, Any] = {}
    if data is not None:
        path = Path(data)
        if path.suffix.lower() in (".yaml", ".yml"):
            from flywheel_sim.scenario.blocks.observed import Observed
            from flywheel_sim.scenario.loading import load_as

            mapping = load_as(path, Observed).source
            if mapping.get("file"):
                mapping["file"] = os.fspath(_beside(path.parent, mapping["file"]))
            changes |= {f"observed.{name}": value for name, value in mapping.items()}
        else:
            changes["observed.file"] = os.fspath(path)
    if until is not None:
        changes["observed.fit_until"] = until
    return scenario.with_(changes) if changes else scenario


def observations(scenario: Scenario) -> Observations:
    """Read what a scenario names.

    Raises
    ------
    ScenarioError
        With every mistake in the file or in the mapping, each with file and line.

    Examples
    --------
    >>> from flywheel_sim.scenario import load
    >>> seen = observations(load("hubspot"))
    >>> seen.dates[0], seen.periods, round(100 * seen.identity_gap, 2)
    ('2018-06-30', 4, 0.37)
    """
    mapping = scenario.model.observed
    if not mapping.file:
        raise _mistake(scenario, "observed.file", f"the scenario '{scenario.name}' names no data; give a CSV file")
    path = located(scenario)
    shown = mapping.file
    table = _Table(scenario, mapping, path, shown)
    dates, at, columns = table.read()
    start = _day(scenario, "observed.start", mapping.start, at[0])
    until = _day(scenario, "observed.fit_until", mapping.fit_until, at[-1])
    days = at - start
    weeks = np.round(days / 7.0).astype(np.int64)
    horizon = scenario.model.horizon_weeks
    keep = (weeks >= 0) & (weeks <= horizon)
    first, last = mapping.start or dates[0], mapping.fit_until or dates[-1]
    if not (keep & (weeks > 0)).any():
        end = _shifted(first, horizon, mapping.period_weeks)
        text = f"no date of {shown} lies in the run, {first} to {end}; the file goes from {dates[0]} to {dates[-1]}"
        raise NoOverlap(_mistake(scenario, "observed.start", text).problems)
    in_sample = at <= until
    if not (keep & in_sample & (weeks > 0)).any():
        raise _mistake(scenario, "observed.fit_until", f"expected a date after the first of {shown}, got {last}")
    _cohort_only(scenario)
    gap = np.median(np.diff(days)) if len(days) > 1 else 91.0
    periods = max(1, round(365.25 / float(gap)))
    values, derived, identity = _complete(mapping, columns, periods)
    opening = np.concatenate(([-1], weeks[:-1]))
    return Observations(
        file=shown,
        dates=tuple(date for date, kept in zip(dates, keep, strict=True) if kept),
        start=first,
        fit_until=last if until < at[-1] else dates[-1],
        in_sample=in_sample[keep],
        periods=periods,
        scale=mapping.scale,
        series=tuple(
            ObservedSeries(
                name,
                one.quantity,
                weeks[keep],
                opening[keep],
                values[name][keep],
                derived[name][keep],
                one.error,
                one.fit,
                one.law,
                one.cohort,
            )
            for name, one in sorted(mapping.series.items(), key=lambda item: _ORDER.index(item[1].quantity))
        ),
        identity_gap=identity,
    )


def measured(run: Run, seen: Observations, series: ObservedSeries) -> Floats:
    """The same quantity in a run, one entry per date; NaN where the run does not cover the period.

    Raises
    ------
    ValueError
        When the run ends before the last date.
    """
    customers = run.series("customers", start=True)
    paid = np.concatenate(([0.0], np.cumsum(run.series("revenue"))))
    return taken(customers, paid, seen, series)


def taken(customers: Floats, paid: Floats, seen: Observations, series: ObservedSeries) -> Floats:
    """The quantity of a series from what runs had at the end of every week.

    Parameters
    ----------
    customers, paid : float64 arrays, shape (..., W + 1)
        Simulated customers, and revenue so far, week 0 first; only the weeks of the dates need be known.

    Returns
    -------
    float64 array, shape (..., n)
        NaN where the run does not cover the period.
    """
    weeks, opening = series.weeks, np.maximum(series.opening, 0)
    if series.quantity == "survival":
        return np.asarray(customers[..., weeks] / np.maximum(customers[..., :1], 1e-9))
    customers, paid = customers * seen.scale, paid * seen.scale
    if series.quantity == "customers":
        return np.asarray(customers[..., weeks])
    yearly = 52.0 * (paid[..., weeks] - paid[..., opening]) / np.maximum(weeks - opening, 1)
    if series.quantity == "revenue":
        out = yearly / seen.periods
    else:
        out = yearly / np.maximum((customers[..., weeks] + customers[..., opening]) / 2.0, 1e-9)
    return np.where(series.opening >= 0, out, np.nan)


def _complete(
    mapping: "Observed", columns: dict[str, Floats], periods: int
) -> tuple[dict[str, Floats], dict[str, NDArray[np.bool_]], float]:
    """Fill gaps in revenue per customer by the identity, and check it where both are known."""
    of = {one.quantity: name for name, one in mapping.series.items()}
    values = {name: column.copy() for name, column in columns.items()}
    derived = {name: np.zeros(len(column), bool) for name, column in columns.items()}
    identity = math.nan
    if {"customers", "revenue", "revenue_per_customer"} <= set(of):
        customers, target = columns[of["customers"]], of["revenue_per_customer"]
        mean = np.concatenate(([np.nan], (customers[1:] + customers[:-1]) / 2.0))
        follows = periods * columns[of["revenue"]] / mean
        both = np.isfinite(follows) & np.isfinite(columns[target])
        if both.any():
            identity = float(np.max(np.abs(follows / columns[target] - 1.0)[both]))
        derived[target] = np.isfinite(follows) & ~np.isfinite(columns[target])
        values[target] = np.where(derived[target], follows, columns[target])
    return values, derived, identity


class _Table:
    """A CSV file being read; every mistake in it is kept until the end."""

    def __init__(self, scenario: Scenario, mapping: "Observed", path: Path, shown: str) -> None:
        self.scenario, self.mapping, self.path, self.shown = scenario, mapping, path, shown
        self.problems: list[Problem] = []

    def read(self) -> tuple[list[str], Floats, dict[str, Floats]]:
        """Dates as they stand there, their days, and the mapped columns by name of the series."""
        try:
            with self.path.open(encoding="utf-8-sig", newline="") as stream:
                rows = csv.reader(stream, strict=True)
                head = next(rows, None)
                lines = [(rows.line_num, row) for row in rows if any(cell.strip() for cell in row)]
        except UnicodeDecodeError:
            raise ScenarioError.single("expected UTF-8 text, got other bytes", file=self.shown) from None
        except csv.Error as error:
            raise ScenarioError.single(f"not a CSV file: {error}", file=self.shown) from None
        if not head or not lines:
            raise ScenarioError.single("expected a line of names and lines of values, found none", file=self.shown)
        wanted = [("observed.date", self.mapping.date)]
        wanted += [(f"observed.series.{name}.column", one.column) for name, one in self.mapping.series.items()]
        if len(wanted) == 1:
            raise _mistake(self.scenario, "observed.series", f"no column of {self.shown} is mapped to a quantity")
        for field, column in wanted:
            if column not in head:
                text = f"no column '{column}' in {self.shown}, which has: {', '.join(head)}"
                place = _place(self.scenario, field) or Place(self.shown, 1, None)
                self.problems.append(Problem(*place, field, text, nearest(column, head)))
        if self.problems:
            raise ScenarioError(self.problems)
        dates, days, cells = self._cells(head, lines)
        if self.problems:
            raise ScenarioError(self.problems)
        return dates, days, cells

    def _cells(
        self, head: list[str], lines: list[tuple[int, list[str]]]
    ) -> tuple[list[str], Floats, dict[str, Floats]]:
        dates: list[str] = []
        days: list[float] = []
        cells: dict[str, list[float]] = {name: [] for name in self.mapping.series}
        for line, row in lines:
            if len(row) != len(head):
                self._complain(line, "", f"expected {len(head)} cells as in the first line, got {len(row)}")
                continue
            text = row[head.index(self.mapping.date)].strip()
            day, expected = _as_day(text, self.mapping.period_weeks)
            if day is None:
                self._complain(line, self.mapping.date, f"expected {expected}, got '{text}'")
            else:
                if days and day - days[-1] < 7:
                    after = f"expected a date a week or more after {dates[-1]}, got {text}"
                    self._complain(line, self.mapping.date, after)
                dates.append(text)
                days.append(day)
            for name, one in self.mapping.series.items():
                cells[name].append(self._number(line, one.column, row[head.index(one.column)].strip()) * one.unit)
        return dates, np.array(days), {name: np.array(column) for name, column in cells.items()}

    def _number(self, line: int, column: str, text: str) -> float:
        if not text:
            return math.nan
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not (math.isfinite(value) and value > 0):
            self._complain(line, column, f"expected a number above 0 or an empty cell, got '{text}'")
        return value

    def _complain(self, line: int, column: str, text: str) -> None:
        self.problems.append(Problem(self.shown, line, None, column, text))


def _as_day(text: str, period_weeks: float) -> tuple[float | None, str]:
    """A date, or the number of a period, in days; None where it is none, and what was expected."""
    try:
        if period_weeks:
            number = float(text)
            return (7.0 * period_weeks * number if math.isfinite(number) else None), "the number of a period, as 3"
        return float(datetime.date.fromisoformat(text).toordinal()), ""
    except ValueError:
        return None, "the number of a period, as 3" if period_weeks else "a date as 2018-06-30"


def _shifted(text: str, weeks: int, period_weeks: float) -> str:
    """The date, or the number of the period, so many weeks later."""
    if period_weeks:
        return f"{float(text) + weeks / period_weeks:.6g}"
    return str(datetime.date.fromisoformat(text) + datetime.timedelta(weeks=weeks))


def extended(seen: Observations, horizon: int, period_weeks: float = 0.0) -> Observations:
    """The observations with the periods to come, up to the end of the run, at which nothing has been observed yet.

    Examples
    --------
    >>> from flywheel_sim.scenario import load
    >>> longer = extended(observations(load("hubspot")), 261)
    >>> longer.dates[-3:], longer.series[0].values[-2:].tolist()
    (('2022-12-31', '2023-04-01', '2023-07-01'), [nan, nan])
    """
    last = int(seen.series[0].weeks[-1])
    gap = max(1, round(52.0 / seen.periods)) if not period_weeks else max(1, round(period_weeks))
    new = np.arange(last + gap, horizon + 1, gap)
    if not len(new):
        return seen
    empty, opening = np.full(len(new), np.nan), np.concatenate(([last], new[:-1]))
    series = [
        replace(
            one,
            weeks=np.concatenate((one.weeks, new)),
            opening=np.concatenate((one.opening, opening)),
            values=np.concatenate((one.values, empty)),
            derived=np.concatenate((one.derived, np.zeros(len(new), bool))),
        )
        for one in seen.series
    ]
    return replace(
        seen,
        dates=seen.dates + tuple(_shifted(seen.start, int(week), period_weeks) for week in new),
        in_sample=np.concatenate((seen.in_sample, np.zeros(len(new), bool))),
        series=tuple(series),
    )


def _day(scenario: Scenario, field: str, text: str, otherwise: float) -> float:
    """The day that a field of the mapping names."""
    if not text:
        return float(otherwise)
    day, expected = _as_day(text, scenario.model.observed.period_weeks)
    if day is None:
        raise _mistake(scenario, field, f"expected {expected}, got '{text}'")
    return day


def _cohort_only(scenario: Scenario) -> None:
    """Mistakes in how survival is mapped: it follows a cohort, so the scenario must win nobody."""
    model = scenario.model
    for name, one in model.observed.series.items():
        here = f"observed.series.{name}"
        if one.law == "binomial" and (one.quantity != "survival" or not one.cohort):
            raise _mistake(scenario, f"{here}.law", "binomial is for survival, and needs cohort: how many were counted")
        if one.law == "relative" and one.error > 1:
            raise _mistake(scenario, f"{here}.error", f"expected a share, at most 1, got {one.error:g}")
        talk = model.word_of_mouth
        if one.quantity == "survival" and (
            model.market.external or (talk.enabled and talk.rate) or model.market.win_back.rate
        ):
            text = "survival follows the customers of week 0: set market.external, word of mouth and win-back to 0"
            raise _mistake(scenario, f"{here}.quantity", text)


def _mistake(scenario: Scenario, field: str, text: str, suggestion: str | None = None) -> ScenarioError:
    place = _place(scenario, field)
    where = (place.file, place.line, place.column) if place else (None, None, None)
    return ScenarioError([Problem(*where, field, text, suggestion)])


def _place(scenario: Scenario, field: str) -> Place | None:
    """Where a file says it; None when it was set since."""
    changed = any(f"{field}.".startswith(f"{path}.") for path in scenario.changes)
    return None if changed else scenario.position(field)


def _folders(scenario: Scenario) -> Iterator[Path]:
    """Where a file of observations may lie: beside the file that names it, here, or among the shipped data."""
    place = _place(scenario, "observed.file")
    if place and place.file and Path(place.file).is_file():
        yield Path(place.file).parent
    yield Path()
    yield shipped_path("scenarios/data")


def _beside(folder: Path, file: str) -> Path:
    return folder / file if (folder / file).is_file() else Path(file)


def located(scenario: Scenario) -> Path:
    """The file of observations a scenario names.

    Raises
    ------
    ScenarioError
        When there is none, with the nearest name.
    """
    file = scenario.model.observed.file
    for folder in _folders(scenario):
        if (folder / file).is_file():
            return folder / file
    there = sorted({path.name for folder in _folders(scenario) for path in folder.glob("*.csv")})
    raise _mistake(scenario, "observed.file", f"no such file: '{file}'", nearest(Path(file).name, there))
