"""The table of responses: which lever is pulled, what is read, and which shape anybody of the trade would expect.

Every entry of ``experiments/responses/*.yaml`` moves one lever of a whole company, every mechanism on, over a wide
range, and holds everything else; nobody stops lending, so that what a ruinous lever costs is seen in full.  Fields of
an entry:

``title``
    What the lever is, in words.
``lever``
    Dotted path, or company -> path where companies call it differently; ``*`` stands for every name at its place.
``values`` or ``times``
    The points: values of the lever, or multiples of what the company itself has.
``of``
    What ``times`` multiplies, where that is another setting than the lever.
``set``
    Settings that hold at every point, such as a group that has to meet before its interval matters.
``companies``
    Where it is tried, out of `COMPANIES`; all of them that have the path, if absent.
``why``
    The argument for the expectations.
``expect``
    A list of ``{outcome, shape}`` with optional ``years`` (read at the end of these, default 1, 5 and 10), ``inside``
    (band in which an optimum or valley lies, as values of the lever, or as multiples where ``times`` is used),
    ``factor`` (of ``bounded``), ``from`` (points below are left out), ``companies``, and ``excused`` (why the
    expectation turned out to be wrong: told, and no failure).

Outcomes are those of `trial.OUTCOMES`, shapes those of `shapes.SHAPES`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from flywheel_sim.scenario import Scenario, load
from flywheel_sim.study.declared import entries, every_name
from flywheel_sim.study.lent import ENDLESS_CREDIT

__all__ = ["COMPANIES", "YEARS", "Expectation", "Lever", "Point", "points", "response_table"]

#: Companies in which levers are pulled.
COMPANIES = ("b2b-saas", "b2c-subscription", "b2b-two-teams")
#: Years at whose ends a run is read.
YEARS = (1, 5, 10)


@dataclass(frozen=True, kw_only=True)
class Expectation:
    """One shape that is expected of one outcome."""

    outcome: str
    shape: str
    years: tuple[int, ...] = YEARS
    inside: tuple[float, float] | None = None
    factor: float = 0.0
    start: float = float("-inf")
    companies: tuple[str, ...] = COMPANIES
    excused: str = ""


@dataclass(frozen=True, kw_only=True)
class Lever:
    """One lever, its points, and what is expected of it."""

    name: str
    title: str
    paths: Mapping[str, str]
    why: str
    grid: tuple[float, ...]
    multiples: bool
    of: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    expect: tuple[Expectation, ...] = ()


@dataclass(frozen=True)
class Point:
    """A company with the lever at one place; ``x`` is its value, or its multiple where several values move together."""

    x: float
    scenario: Scenario


@lru_cache(maxsize=1)
def response_table() -> Mapping[str, Lever]:
    """Return every lever by name, in the order of the files.

    Examples
    --------
    >>> response_table()["service-heads"].paths["b2b-two-teams"]
    'teams.delivery.headcount'
    """
    return MappingProxyType({name: _lever(path, name, entry) for path, name, entry in entries("responses")})


def points(lever: Lever, company: str, changes: Mapping[str, Any] | None = None) -> tuple[list[Point], int]:
    """Return the company at every point of the lever, and which point is nearest to what it has itself.

    Parameters
    ----------
    lever : Lever
    company : str
        One of ``lever.paths``.
    changes : mapping, optional
        Settings for all points, such as the horizon.

    Examples
    --------
    >>> made, own = points(response_table()["service-heads"], "b2b-saas")
    >>> [round(point.x, 2) for point in made][:3], round(made[own].x, 1)
    ([0.0, 0.22, 1.04], 7.4)
    """
    base = load(company).with_({**ENDLESS_CREDIT, **(changes or {})})
    if lever.settings:
        base = base.with_(lever.settings)
    paths = every_name(base, lever.paths[company])
    own = [float(base.get(lever.of or path)) for path in paths]
    same = all(value == own[0] for value in own)
    numbers = []
    for step in lever.grid:
        values = [value * step for value in own] if lever.multiples else [step] * len(own)
        whole = [_whole(base, path, value) for path, value in zip(paths, values, strict=True)]
        x = values[0] if same or not lever.multiples else step
        numbers.append(Point(float(x), base.with_(dict(zip(paths, whole, strict=True)))))
    there = [float(base.get(path)) for path in paths]
    here = there[0] if same or not lever.multiples else there[0] / own[0] if own[0] else 1.0
    return numbers, min(range(len(numbers)), key=lambda k: abs(numbers[k].x - here))


def _whole(base: Scenario, path: str, value: float) -> float | int:
    """Keep whole numbers whole: 3, not 3.0."""
    return round(value) if isinstance(base.get(path), int) else value


def _lever(path: Path, name: str, entry: Mapping[str, Any]) -> Lever:
    known = {"title", "lever", "values", "times", "of", "set", "companies", "why", "expect"}
    if unknown := sorted(set(entry) - known):
        raise ValueError(f"{path}: {name}: unknown field {unknown[0]}")
    for needed in ("title", "lever", "why", "expect"):
        if not entry.get(needed):
            raise ValueError(f"{path}: {name} says nothing about {needed}")
    if ("values" in entry) == ("times" in entry):
        raise ValueError(f"{path}: {name}: expected values or times")
    grid = tuple(float(x) for x in entry.get("values", entry.get("times")))
    if list(grid) != sorted(set(grid)):
        raise ValueError(f"{path}: {name}: expected rising points without repeats, got {list(grid)}")
    where = entry["lever"]
    companies = entry.get("companies") or (list(where) if isinstance(where, Mapping) else COMPANIES)
    paths = {company: where[company] if isinstance(where, Mapping) else where for company in companies}
    expect = tuple(_expectation(path, name, one, tuple(paths)) for one in entry["expect"])
    return Lever(
        name=name,
        title=entry["title"],
        paths=paths,
        why=" ".join(entry["why"].split()),
        grid=grid,
        multiples="times" in entry,
        of=entry.get("of", ""),
        settings=entry.get("set", {}),
        expect=expect,
    )


def _expectation(path: Path, name: str, entry: Mapping[str, Any], companies: tuple[str, ...]) -> Expectation:
    given = dict(entry)
    given["start"] = float(given.pop("from", float("-inf")))
    given["companies"] = tuple(given.get("companies", companies))
    given["years"] = tuple(given.get("years", YEARS))
    if "inside" in given:
        low, high = given["inside"]
        given["inside"] = (float(low), float(high))
    try:
        return Expectation(**given)
    except TypeError as error:
        raise ValueError(f"{path}: {name}: {error}") from None
