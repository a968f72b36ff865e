"""Read the observations a scenario names, and take the same quantities from a run.

A quantity of a period is compared like with like: revenue per customer is the revenue of the period times the periods a
year, over the mean of opening and closing customers, in the file and in the run.  Where a file lacks it but has revenue
and customers, it is derived by this identity and marked; other gaps stay gaps.
"""

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
from flywheel_sim.scenario import Scenario, ScenarioError
from flywheel_sim.scenario.errors import nearest
from flywheel_sim.scenario.library import shipped_path
from flywheel_sim.study.calibration.observed_table import Rows, Table, as_day, law_of, mistake, place_in

if TYPE_CHECKING:
    from flywheel_sim.scenario.blocks.observed import Observed

__all__ = ["NoOverlap", "extended", "located", "measured", "named", "observations", "taken", "with_data"]

Floats = NDArray[np.float64]
_ORDER = ("customers", "revenue_per_customer", "revenue", "survival")


class NoOverlap(ScenarioError):
    """Observations and run have no date in common."""


def named(scenario: Scenario) -> bool:
    """Tell whether a scenario names observed data."""
    return bool(scenario.model.observed.file)


def with_data(scenario: Scenario, data: str | os.PathLike[str] | None, until: str | None = None) -> Scenario:
    """Return the scenario with other data.

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
        raise mistake(scenario, "observed.file", f"the scenario '{scenario.name}' names no data; give a CSV file")
    path = located(scenario)
    shown = mapping.file
    table = Table(scenario, mapping, path, shown).read()
    dates, at = table.dates, table.days
    start = _day(scenario, "observed.start", mapping.start, at[0])
    until = _day(scenario, "observed.fit_until", mapping.fit_until, at[-1])
    weeks = (at - start) / 7.0
    horizon = scenario.model.horizon_weeks
    # a year of 365 days ends inside week 53: a date up to half a week after the end counts as in the run
    keep = (weeks >= 0) & (weeks <= horizon + 0.5)
    first, last = mapping.start or dates[0], mapping.fit_until or dates[-1]
    if not (keep & (weeks > 0)).any():
        end = _shifted(first, horizon, mapping.period_weeks)
        text = f"no date of {shown} lies in the run, {first} to {end}; the file goes from {dates[0]} to {dates[-1]}"
        raise NoOverlap(mistake(scenario, "observed.start", text).problems)
    in_sample = at <= until
    if not (keep & in_sample & (weeks > 0)).any():
        raise mistake(scenario, "observed.fit_until", f"expected a date after the first of {shown}, got {last}")
    _cohort_only(scenario)
    _whole_at_first(scenario, table, start)
    values, derived, identity = _complete(mapping, table)
    opening = (table.opening - start) / 7.0
    return Observations(
        file=shown,
        dates=tuple(date for date, kept in zip(dates, keep, strict=True) if kept),
        start=first,
        fit_until=last if until < at[-1] else dates[-1],
        in_sample=in_sample[keep],
        periods=_usual(table.per_year),
        per_year=table.per_year[keep],
        scale=mapping.scale,
        series=tuple(
            ObservedSeries(
                name=name,
                quantity=one.quantity,
                weeks=weeks[keep],
                opening=opening[keep],
                values=values[name][keep],
                derived=derived[name][keep],
                error=one.error,
                fitted=one.fit,
                law=law_of(one),
                cohort=one.cohort,
            )
            for name, one in sorted(mapping.series.items(), key=lambda item: _ORDER.index(item[1].quantity))
        ),
        identity_gap=identity,
        outside=tuple(date for date, kept in zip(dates, keep, strict=True) if not kept),
    )


def measured(run: Run, seen: Observations, series: ObservedSeries) -> Floats:
    """Return the same quantity in a run, one entry per date; NaN where the run does not cover the period.

    Raises
    ------
    ValueError
        When the run ends before the last date.
    """
    customers = run.series("customers", start=True)
    paid = np.concatenate(([0.0], np.cumsum(run.series("revenue"))))
    return taken(customers, paid, seen, series)


def taken(customers: Floats, paid: Floats, seen: Observations, series: ObservedSeries) -> Floats:
    """Return the quantity of a series from what runs had at the end of every week.

    Parameters
    ----------
    customers, paid : float64 arrays, shape (..., W + 1)
        Simulated customers, and revenue so far, week 0 first; only the weeks of the dates need be known.

    Returns
    -------
    float64 array, shape (..., n)
        NaN where the run does not cover the period.
    """
    weeks, opening = series.weeks, np.where(series.opening >= 0, series.opening, 0.0)
    if series.quantity == "survival":
        return np.asarray(_at(customers, weeks) / np.maximum(customers[..., :1], 1e-9))
    ending = _at(customers, weeks) * seen.scale
    if series.quantity == "customers":
        return np.asarray(ending)
    out = (_at(paid, weeks) - _at(paid, opening)) * seen.scale
    if series.quantity == "revenue_per_customer":
        out = seen.per_year * out / np.maximum((ending + _at(customers, opening) * seen.scale) / 2.0, 1e-9)
    return np.where(series.opening >= 0, out, np.nan)


def _at(values: Floats, weeks: Floats) -> Floats:
    """Return what stood at the end of weeks, inside a week in proportion to its days; the last week may run on a
    little.

    Examples
    --------
    >>> _at(np.array([0.0, 10.0, 30.0]), np.array([1.0, 1.5, 2.25])).tolist()
    [10.0, 20.0, 35.0]
    """
    last = values.shape[-1] - 1
    below = np.clip(np.floor(weeks), 0, last).astype(np.int64)
    below = np.where(weeks > last, max(last - 1, 0), below)
    above, part = np.minimum(below + 1, last), weeks - below
    start = values[..., below]
    return np.asarray(np.where(part == 0, start, start + part * (values[..., above] - start)))


def weeks_needed(seen: Observations, horizon: int) -> list[int]:
    """Return weeks at whose end a run must be known for `taken`, week 0 apart.

    Examples
    --------
    >>> from flywheel_sim.scenario import load
    >>> weeks_needed(observations(load("hubspot")), 235)[:4]
    [13, 14, 26, 27]
    """
    named = np.concatenate([part for one in seen.series for part in (one.weeks, one.opening)])
    named = np.clip(named[np.isfinite(named)], 0, None)
    beyond = named > horizon
    weeks = np.concatenate((np.floor(named), np.ceil(named), named[beyond] * 0 + horizon - 1))
    return sorted({int(week) for week in np.minimum(weeks, horizon) if week > 0})


def _usual(per_year: Floats) -> int:
    """Return periods a year of most rows."""
    return max(1, round(float(np.median(per_year))))


def _complete(mapping: "Observed", table: Rows) -> tuple[dict[str, Floats], dict[str, NDArray[np.bool_]], float]:
    """Fill gaps in revenue per customer by the identity, and check it where both are known."""
    columns = table.columns
    of = {one.quantity: name for name, one in mapping.series.items()}
    values = {name: column.copy() for name, column in columns.items()}
    derived = {name: np.zeros(len(column), bool) for name, column in columns.items()}
    identity = math.nan
    if {"customers", "revenue", "revenue_per_customer"} <= set(of):
        customers, target = columns[of["customers"]], of["revenue_per_customer"]
        # the row before is the opening only where it stands at the opening, within a few days
        before = np.concatenate(
            (
                [np.nan],
                np.where(np.abs(np.diff(table.days) - (table.days - table.opening)[1:]) <= 3, customers[:-1], np.nan),
            )
        )
        follows = table.per_year * columns[of["revenue"]] / ((customers + before) / 2.0)
        both = np.isfinite(follows) & np.isfinite(columns[target])
        if both.any():
            identity = float(np.max(np.abs(follows / columns[target] - 1.0)[both]))
        derived[target] = np.isfinite(follows) & ~np.isfinite(columns[target])
        values[target] = np.where(derived[target], follows, columns[target])
    return values, derived, identity


def _shifted(text: str, weeks: float, period_weeks: float) -> str:
    """Return the date, or the number of the period, so many weeks later."""
    if period_weeks:
        return f"{float(text) + weeks / period_weeks:.6g}"
    return str(datetime.date.fromisoformat(text) + datetime.timedelta(days=round(7 * weeks)))


def extended(seen: Observations, horizon: int, period_weeks: float = 0.0) -> Observations:
    """Return the observations with the periods to come, up to the end of the run, at which nothing has been observed
    yet.

    Examples
    --------
    >>> from flywheel_sim.scenario import load
    >>> longer = extended(observations(load("hubspot")), 261)
    >>> longer.dates[-3:], longer.series[0].values[-2:].tolist()
    (('2022-12-31', '2023-04-01', '2023-07-01'), [nan, nan])
    """
    last = float(seen.series[0].weeks[-1])
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
        dates=seen.dates + tuple(_shifted(seen.start, float(week), period_weeks) for week in new),
        in_sample=np.concatenate((seen.in_sample, np.zeros(len(new), bool))),
        per_year=np.concatenate((seen.per_year, np.full(len(new), 52.0 / gap))),
        series=tuple(series),
    )


def _day(scenario: Scenario, field: str, text: str, otherwise: float) -> float:
    """Return the day that a field of the mapping names."""
    if not text:
        return float(otherwise)
    day, expected = as_day(text, scenario.model.observed.period_weeks)
    if day is None:
        raise mistake(scenario, field, f"expected {expected}, got '{text}'")
    return day


def _cohort_only(scenario: Scenario) -> None:
    """Yield mistakes in how survival is mapped: it follows a cohort, so the scenario must win nobody."""
    model = scenario.model
    for name, one in model.observed.series.items():
        here = f"observed.series.{name}"
        if one.law == "binomial" and one.quantity != "survival":
            raise mistake(scenario, f"{here}.law", "binomial is for survival: it counts who of a cohort stays")
        if law_of(one) == "binomial" and not one.cohort:
            text = "a retention table needs cohort: how many customers it has counted; or law: absolute and its error"
            raise mistake(scenario, f"{here}.law" if one.law == "binomial" else here, text)
        if law_of(one) == "relative" and one.error > 1:
            raise mistake(scenario, f"{here}.error", f"expected a share, at most 1, got {one.error:g}")
        talk = model.word_of_mouth
        if one.quantity == "survival" and (
            model.market.external or (talk.enabled and talk.rate) or model.market.win_back.rate
        ):
            text = "survival follows the customers of week 0: set market.external, word of mouth and win-back to 0"
            raise mistake(scenario, f"{here}.quantity", text)


def _whole_at_first(scenario: Scenario, table: Rows, start: float) -> None:
    """Yield a mistake where a retention table does not begin with everybody."""
    for name, one in scenario.model.observed.series.items():
        first = table.columns[name][table.days == start]
        if one.quantity == "survival" and np.isfinite(first).all() and (np.abs(first - 1.0) > 1e-6).any():
            text = f"survival is the share of those of week 0, so it is 1 at {table.dates[0]}, got {first[0]:g}"
            raise mistake(scenario, f"observed.series.{name}", text)


def _folders(scenario: Scenario) -> Iterator[Path]:
    """Tell where a file of observations may lie: beside the file that names it, here, or among the shipped data."""
    place = place_in(scenario, "observed.file")
    if place and place.file and Path(place.file).is_file():
        yield Path(place.file).parent
    yield Path()
    yield shipped_path("scenarios/data")


def _beside(folder: Path, file: str) -> Path:
    return folder / file if (folder / file).is_file() else Path(file)


def located(scenario: Scenario) -> Path:
    """Return the file of observations a scenario names.

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
    raise mistake(scenario, "observed.file", f"no such file: '{file}'", nearest(Path(file).name, there))
