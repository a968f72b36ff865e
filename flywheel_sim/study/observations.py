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

__all__ = ["NoOverlap", "located", "measured", "named", "observations", "with_data"]

Floats = NDArray[np.float64]
_ORDER = ("customers", "revenue_per_customer", "revenue")


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
    dates, columns = table.read()
    start = _date(scenario, "observed.start", mapping.start) or dates[0]
    until = _date(scenario, "observed.fit_until", mapping.fit_until) or dates[-1]
    horizon = scenario.model.horizon_weeks
    days = np.array([(date - start).days for date in dates])
    weeks = np.round(days / 7.0).astype(np.int64)
    keep = (weeks >= 0) & (weeks <= horizon)
    end = start + datetime.timedelta(weeks=horizon)
    if not (keep & (weeks > 0)).any():
        text = f"no date of {shown} lies in the run, {start} to {end}; the file goes from {dates[0]} to {dates[-1]}"
        raise NoOverlap(_mistake(scenario, "observed.start", text).problems)
    in_sample = np.array([date <= until for date in dates])
    if not (keep & in_sample & (weeks > 0)).any():
        raise _mistake(scenario, "observed.fit_until", f"expected a date after the first of {shown}, got {until}")
    gap = np.median(np.diff(days)) if len(days) > 1 else 91.0
    periods = max(1, round(365.25 / float(gap)))
    values, derived, identity = _complete(mapping, columns, periods)
    opening = np.concatenate(([-1], weeks[:-1]))
    return Observations(
        file=shown,
        dates=tuple(str(date) for date, kept in zip(dates, keep, strict=True) if kept),
        start=str(start),
        fit_until=str(min(until, dates[-1])),
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
    weeks, opening = series.weeks, np.maximum(series.opening, 0)
    customers = run.series("customers", start=True) * seen.scale
    if series.quantity == "customers":
        return np.asarray(customers[weeks])
    paid = np.concatenate(([0.0], np.cumsum(run.series("revenue")))) * seen.scale
    yearly = 52.0 * (paid[weeks] - paid[opening]) / np.maximum(weeks - opening, 1)
    if series.quantity == "revenue":
        out = yearly / seen.periods
    else:
        out = yearly / np.maximum((customers[weeks] + customers[opening]) / 2.0, 1e-9)
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

    def read(self) -> tuple[list[datetime.date], dict[str, Floats]]:
        """Dates, and the mapped columns by name of the series."""
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
        dates, cells = self._cells(head, lines)
        if self.problems:
            raise ScenarioError(self.problems)
        return dates, cells

    def _cells(
        self, head: list[str], lines: list[tuple[int, list[str]]]
    ) -> tuple[list[datetime.date], dict[str, Floats]]:
        dates: list[datetime.date] = []
        cells: dict[str, list[float]] = {name: [] for name in self.mapping.series}
        for line, row in lines:
            if len(row) != len(head):
                self._complain(line, "", f"expected {len(head)} cells as in the first line, got {len(row)}")
                continue
            text = row[head.index(self.mapping.date)].strip()
            try:
                date = datetime.date.fromisoformat(text)
            except ValueError:
                self._complain(line, self.mapping.date, f"expected a date as 2018-06-30, got '{text}'")
            else:
                if dates and (date - dates[-1]).days < 7:
                    self._complain(
                        line, self.mapping.date, f"expected a date a week or more after {dates[-1]}, got {text}"
                    )
                dates.append(date)
            for name, one in self.mapping.series.items():
                cells[name].append(self._number(line, one.column, row[head.index(one.column)].strip()) * one.unit)
        return dates, {name: np.array(column) for name, column in cells.items()}

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


def _date(scenario: Scenario, field: str, text: str) -> datetime.date | None:
    if not text:
        return None
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise _mistake(scenario, field, f"expected a date as 2018-06-30, got '{text}'") from None


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
