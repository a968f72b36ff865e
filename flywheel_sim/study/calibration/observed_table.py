"""Read the CSV file of observations: dates, how long the period of each row is, and the mapped columns.

What can be two things is asked for: a number that may have a decimal point or grouped thousands, a name that stands
over two columns, and gaps of dates that are an absent row or a longer period.
"""

import csv
import datetime
import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.scenario import Problem, Scenario, ScenarioError
from flywheel_sim.scenario.errors import nearest
from flywheel_sim.scenario.numbers import Unreadable, decimal_of, number
from flywheel_sim.scenario.reading import Place

if TYPE_CHECKING:
    from flywheel_sim.scenario.blocks.observed import Observed, Series

__all__ = ["FLOWS", "Rows", "Table", "as_day", "law_of", "mistake", "place_in", "split_head", "twice"]

Floats = NDArray[np.float64]
#: Quantities that add up over a period.
FLOWS = ("revenue", "revenue_per_customer")
#: Word for a period -> months, or days.
_MONTHS = {"month": 1, "quarter": 3, "half-year": 6, "year": 12}
_LENGTH = re.compile(r"([0-9.]+)\s*(weeks?|days?)")
_EXPECTED = "week, month, quarter, half-year, year, or a number of weeks or days as '13 weeks'"
#: Gaps in days that are one kind of period, and how many there are a year.
_ALIKE = ((28, 31, 12.0), (89, 92, 4.0), (181, 184, 2.0), (365, 366, 1.0))
#: Days of a model year.
_YEAR = 364.0


@dataclass(frozen=True, eq=False)
class Rows:
    """What stands in the file.

    Parameters
    ----------
    dates : list of str
        As they stand there.
    days, opening : float64 arrays, shape (n,)
        Day of each date, and the day before its period; NaN where the period is not known.
    per_year : float64 array, shape (n,)
        Periods of that length a year.
    columns : dict of str to float64 array, shape (n,)
        By name of the series, in its unit; NaN where a cell is empty.
    """

    dates: list[str]
    days: Floats
    opening: Floats
    per_year: Floats
    columns: dict[str, Floats]


def law_of(series: "Series") -> str:
    """Return the law of a series: the usual one of its quantity, where none is stated."""
    if series.law != "usual":
        return series.law
    return "binomial" if series.quantity == "survival" else "relative"


def place_in(scenario: Scenario, field: str) -> Place | None:
    """Tell where a file says it; None when it was set since."""
    changed = any(f"{field}.".startswith(f"{path}.") for path in scenario.changes)
    return None if changed else scenario.position(field)


def mistake(scenario: Scenario, field: str, text: str, suggestion: str | None = None) -> ScenarioError:
    """Return one mistake in the block `observed`."""
    place = place_in(scenario, field)
    where = (place.file, place.line, place.column) if place else (None, None, None)
    return ScenarioError([Problem(*where, field, text, suggestion)])


def as_day(text: str, period_weeks: float) -> tuple[float | None, str]:
    """Return a date, or the number of a period, in days; None where it is none, and what was expected."""
    try:
        if period_weeks:
            value = float(text)
            return (7.0 * period_weeks * value if math.isfinite(value) else None), "the number of a period, as 3"
        return float(datetime.date.fromisoformat(text).toordinal()), ""
    except ValueError:
        return None, "the number of a period, as 3" if period_weeks else "a date as 2018-06-30"


def split_head(line: str) -> str:
    """Return the sign between the cells of a table, by its first line: a comma, or else a semicolon or a tab.

    Examples
    --------
    >>> split_head("day;customers"), split_head("day,customers (all; new)"), split_head("day")
    (';', ',', ',')
    """
    return next((sign for sign in ",;\t" if sign in line), ",")


def twice(names: list[str]) -> list[str]:
    """Return names that stand over more than one column.

    Examples
    --------
    >>> twice(["day", "customers", "", "customers", ""])
    ['customers']
    """
    return [name for name, count in Counter(names).items() if name and count > 1]


class Table:
    """A CSV file being read; every mistake in it is kept until the end."""

    def __init__(self, scenario: Scenario, mapping: "Observed", path: Path, shown: str) -> None:
        self.scenario, self.mapping, self.path, self.shown = scenario, mapping, path, shown
        self.problems: list[Problem] = []
        self.told: set[str] = set()
        self.decimal = "."

    def read(self) -> Rows:
        """Read the whole table of observations.

        Raises
        ------
        ScenarioError
            With every mistake, each with file and line.
        """
        head, lines = self._raw()
        self._check_names(head)
        if self.problems:
            raise ScenarioError(self.problems)
        used = [head.index(one.column) for one in self.mapping.series.values()]
        self.decimal = self.mapping.decimal or self._shown_by(
            row[at] for _, row in lines if len(row) == len(head) for at in used
        )
        rows = self._cells(head, lines)
        if self.problems:
            raise ScenarioError(self.problems)
        return rows

    def _raw(self) -> tuple[list[str], list[tuple[int, list[str]]]]:
        """Return the names, and the rows that are not blank with their lines."""
        try:
            with self.path.open(encoding="utf-8-sig", newline="") as stream:
                first = stream.readline()
                stream.seek(0)
                rows = csv.reader(stream, strict=True, delimiter=split_head(first))
                head = [cell.strip() for cell in next(rows, [])]
                lines = [(rows.line_num, row) for row in rows if any(cell.strip() for cell in row)]
        except UnicodeDecodeError:
            raise ScenarioError.single("expected UTF-8 text, got other bytes", file=self.shown) from None
        except csv.Error as error:
            raise ScenarioError.single(f"not a CSV file: {error}", file=self.shown) from None
        if not head or not lines:
            raise ScenarioError.single("expected a line of names and lines of values, found none", file=self.shown)
        return head, lines

    def _check_names(self, head: list[str]) -> None:
        """Note every name that stands over two columns, and every column that the mapping needs and the file lacks."""
        needed = [("observed.date", self.mapping.date)]
        needed += [(f"observed.series.{name}.column", one.column) for name, one in self.mapping.series.items()]
        if len(needed) == 1:  # the date alone
            raise mistake(self.scenario, "observed.series", f"no column of {self.shown} is mapped to a quantity")
        if self.mapping.period_column:
            needed.append(("observed.period_column", self.mapping.period_column))
        for name in twice(head):
            at = " and ".join(str(k) for k, other in enumerate(head, 1) if other == name)
            self._complain(1, "", f"the name '{name}' stands over columns {at}; give each a name of its own")
        for field, column in needed:
            if column not in head:
                text = f"no column '{column}' in {self.shown}, which has: {', '.join(head)}"
                place = place_in(self.scenario, field) or Place(self.shown, 1, None)
                self.problems.append(Problem(*place, field, text, nearest(column, head)))

    def _shown_by(self, cells: Iterable[str]) -> str:
        try:
            return decimal_of(cells)
        except Unreadable as error:
            text = f"{error.said}; say what the decimal sign of {self.shown} is: '.' or ','"
            raise mistake(self.scenario, "observed.decimal", text) from None

    def _cells(self, head: list[str], lines: list[tuple[int, list[str]]]) -> Rows:
        dates: list[str] = []
        days: list[float] = []
        periods: list[str] = []
        whole: list[int] = []
        cells: dict[str, list[float]] = {name: [] for name in self.mapping.series}
        for line, row in lines:
            if len(row) != len(head):
                self._complain(line, "", f"expected {len(head)} cells as in the first line, got {len(row)}")
                continue
            text = row[head.index(self.mapping.date)].strip()
            day, expected = as_day(text, self.mapping.period_weeks)
            if day is None:
                self._complain(line, self.mapping.date, f"expected {expected}, got '{text}'")
            else:
                if days and day - days[-1] < 7:
                    after = f"expected a date a week or more after {dates[-1]}, got {text}"
                    self._complain(line, self.mapping.date, after)
                dates.append(text)
                days.append(day)
                whole.append(line)
                column = self.mapping.period_column
                periods.append(row[head.index(column)].strip() if column else self.mapping.period)
            for name, one in self.mapping.series.items():
                cells[name].append(self._number(line, name, one, row[head.index(one.column)].strip()))
        for name, one in self.mapping.series.items():
            if one.quantity == "survival":
                self._falls(lines, name, one, cells[name])
        if self.problems:
            return Rows(dates, np.array(days), np.array([]), np.array([]), {})
        columns = {name: np.array(column) for name, column in cells.items()}
        opening, per_year = self._periods(dates, days, periods, whole, columns)
        return Rows(dates, np.array(days), opening, per_year, columns)

    def _number(self, line: int, name: str, one: "Series", text: str) -> float:
        """Return a cell in the unit of its series; NaN where it is empty."""
        if not text:
            return math.nan
        least = 0.0 if law_of(one) != "relative" else math.ulp(0.0)
        expected = f"a number {'of at least' if not least else 'above'} 0 or an empty cell"
        said = ""
        try:
            value = number(text, self.decimal) * one.unit
            if value >= least and not (one.quantity == "survival" and value > 1 + 1e-9):
                return value
            if value > 1:
                expected, said = "a share of those who began, at most 1", self._per_cent(name, one)
            elif value == 0:
                said = "; 0 has no logarithm, so set law: absolute for such a column"
        except Unreadable as error:
            said = f": {error.said}" if error.said else ""
            if text.endswith("%"):
                said = "; write it without the sign" + self._per_cent(name, one)
        if name not in self.told:
            self._complain(line, one.column, f"expected {expected}, got '{text}'{said}")
        if "per cent" in said:
            self.told.add(name)  # a whole column in per cent is one mistake
        return math.nan

    @staticmethod
    def _per_cent(name: str, one: "Series") -> str:
        return f"; for a column in per cent set observed.series.{name}.unit: 0.01" if one.unit == 1 else ""

    def _falls(self, lines: list[tuple[int, list[str]]], name: str, one: "Series", values: list[float]) -> None:
        """Complain where a cohort grows."""
        before = math.inf
        for (line, _), value in zip(lines, values, strict=False):
            if value > before * (1 + 1e-9):
                self._complain(line, one.column, f"survival never rises: {value:g} after {before:g}")
                return
            before = value if math.isfinite(value) else before

    def _periods(
        self, dates: list[str], days: list[float], texts: list[str], lines: list[int], columns: dict[str, Floats]
    ) -> tuple[Floats, Floats]:
        """Return the day before each row's period, and how many such periods a year has."""
        mapping, n = self.mapping, len(days)
        opening, per_year = np.full(n, math.nan), np.full(n, math.nan)
        if mapping.period_weeks and not mapping.period and not mapping.period_column:
            return np.array(days) - 7.0 * mapping.period_weeks, np.full(n, 52.0 / mapping.period_weeks)
        if mapping.period or mapping.period_column:
            for k, text in enumerate(texts):
                period = _length(text, days[k], bool(mapping.period_weeks))
                if period is not None:
                    opening[k], per_year[k] = period
                elif mapping.period_column:
                    self._complain(lines[k], mapping.period_column, f"expected {_EXPECTED}, got '{text}'")
                else:
                    raise mistake(self.scenario, "observed.period", f"expected {_EXPECTED}, got '{text}'")
            return opening, per_year
        flows = [name for name, one in mapping.series.items() if one.quantity in FLOWS]
        gaps = np.diff(days)
        if len(gaps) and (year := _alike(gaps)):
            opening[1:], per_year[:] = days[:-1], year
        elif len(gaps) and flows:
            text = (
                f"the dates of {self.shown} are {gaps.min():.0f} to {gaps.max():.0f} days apart, and gaps cannot tell "
                f"an absent row from a longer period; say how long the periods are with period: (as quarter), or row "
                f"by row with period_column:"
            )
            raise mistake(self.scenario, "observed.period", text)
        else:
            opening[1:] = days[:-1]
            per_year[:] = max(1.0, np.round(365.25 / np.median(gaps))) if len(gaps) else 4.0
        start = as_day(mapping.start, mapping.period_weeks)[0] if mapping.start else None
        if start is not None and days[0] > start and any(np.isfinite(columns[name][0]) for name in flows):
            text = (
                f"how long the period before {dates[0]} is, the first row of {self.shown}, cannot be seen from its "
                f"dates; say it with period: (as quarter), or row by row with period_column:"
            )
            raise mistake(self.scenario, "observed.period", text)
        return opening, per_year

    def _complain(self, line: int, column: str, text: str) -> None:
        self.problems.append(Problem(self.shown, line, None, column, text))


def _alike(gaps: Floats) -> float:
    """Return periods a year where all gaps are one kind of period; 0 where they are not.

    Examples
    --------
    >>> _alike(np.array([90.0, 91.0, 92.0])), _alike(np.array([28.0, 28.0])), _alike(np.array([91.0, 182.0]))
    (4.0, 13.0, 0.0)
    """
    low, high = float(gaps.min()), float(gaps.max())
    if low == high and not (low % 7 and any(least <= low <= most for least, most, _ in _ALIKE)):
        return _YEAR / low
    return next((year for least, most, year in _ALIKE if least <= low and high <= most), 0.0)


def _length(text: str, day: float, numbered: bool) -> tuple[float, float] | None:
    """Return the day before a period that ends on this day, and how many a year has; None where the text is no
    length.
    """
    word = text.casefold().replace("half year", "half-year")
    if word == "week":
        return day - 7.0, 52.0
    if word in _MONTHS:
        months = _MONTHS[word]
        return (day - _YEAR * months / 12.0 if numbered else _months_before(int(day), months)), 12.0 / months
    match = _LENGTH.fullmatch(word)
    try:
        days = number(match[1]) * (7.0 if match[2].startswith("week") else 1.0) if match else 0.0
    except Unreadable:
        return None
    return (day - days, _YEAR / days) if 0 < days < 1e5 else None


def _months_before(day: int, months: int) -> float:
    """Return the same day of an earlier month; the last of a month goes with the last.

    Examples
    --------
    >>> of = datetime.date.toordinal
    >>> _months_before(of(datetime.date(2021, 2, 28)), 3) == of(datetime.date(2020, 11, 30))
    True
    >>> _months_before(of(datetime.date(2021, 5, 31)), 3) == of(datetime.date(2021, 2, 28))
    True
    """
    date = datetime.date.fromordinal(day)
    whole = 12 * date.year + date.month - 1 - months
    year, month = whole // 12, whole % 12 + 1
    ends = (date + datetime.timedelta(days=1)).month != date.month
    after = datetime.date(year + month // 12, month % 12 + 1, 1)
    last = (after - datetime.timedelta(days=1)).day
    return float(datetime.date(year, month, last if ends else min(date.day, last)).toordinal())
