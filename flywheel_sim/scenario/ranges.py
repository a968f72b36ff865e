"""``LOW to HIGH`` in place of a number: 90 % sure that it lies between.

A range stands wherever a file or ``--set`` may give a number.  A run takes the median; worlds (`flywheel worlds`) draw
from the whole of it.  The law follows from what the number may be:

positive numbers
    lognormal: the median is the geometric mean of the ends;
shares, from 0 to 1
    normal in the logit;
numbers that may be negative, and ranges that begin or end where the number may not go on
    normal: the median is the middle.

What is drawn is cut at the bounds of the schema; whole numbers are rounded.
"""

import math
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import NormalDist
from typing import Any, NamedTuple

import annotated_types as limits
from pydantic import BaseModel

from flywheel_sim.scenario.editing import copied
from flywheel_sim.scenario.errors import Problem
from flywheel_sim.scenario.explaining import Locate
from flywheel_sim.scenario.numbers import Unreadable, number
from flywheel_sim.scenario.shapes import Shape, along, root

__all__ = [
    "Law",
    "Range",
    "bounds_of",
    "choice_between",
    "looks_like",
    "ranges_of",
    "read_range",
    "settled",
    "with_ranges",
]

#: 95 % point of the standard normal law: half of the 90 % outside lies above it.
Z95 = 1.6448536269514722
_SAID = re.compile(r"\s*(\S.*?)\s+to\s+(\S.*?)\s*")
#: Smallest distance to an end that does not belong to what is allowed, as a share of the value there.
_INSIDE = 1e-9


@dataclass(frozen=True, slots=True)
class Law:
    """How a setting may be otherwise: its value is ``h(middle + spread z)`` with z standard normal.

    Parameters
    ----------
    kind : {"log", "logit", "plain", "choice"}
        h: the exponential, the logistic function, or nothing.  Of a choice the value is the place among ``options``
        that z falls in, and ``cuts`` lie between them.
    middle, spread : float
        Mean and standard deviation of what h is taken of.
    low, high : float
        Where values are cut.
    step : int
        Values are rounded to multiples of it; 0 where they are not.
    options : tuple of str
        What a choice is between.
    cuts : tuple of float
        Scores that lie between one option and the next.

    Examples
    --------
    >>> law = Law("log", math.log(0.006), math.log(1.5) / Z95, 0.0, 1.0)
    >>> [round(law.value(z), 4) for z in (-Z95, 0.0, Z95)]
    [0.004, 0.006, 0.009]
    """

    kind: str
    middle: float
    spread: float
    low: float = -math.inf
    high: float = math.inf
    step: int = 0
    options: tuple[str, ...] = ()
    cuts: tuple[float, ...] = ()

    def value(self, z: float) -> float:
        """Return the value at a standard normal score; of a choice, the place among the options."""
        if self.options:
            return float(bisect_right(self.cuts, z))
        x = self.middle + self.spread * z
        if self.kind == "log":
            x = math.exp(x)
        elif self.kind == "logit":
            x = 1.0 / (1.0 + math.exp(-x))
        x = min(max(x, self.low), self.high)
        return float(round(x / self.step) * self.step) if self.step else x

    def entry(self, value: float) -> float | int | str:
        """Return a value as it stands in a scenario.

        Examples
        --------
        >>> choice_between({"ring": 1.0, "blocks": 3.0}).entry(1.0), Law("plain", 5.0, 1.0, step=1).entry(4.0)
        ('blocks', 4)
        """
        if self.options:
            return self.options[int(value)]
        return int(value) if self.step else value


def choice_between(weights: Mapping[str, float]) -> Law:
    """Return the law of a choice of which nobody knows how it falls.

    Parameters
    ----------
    weights : mapping of str to float
        Option -> how likely it is, relative to the others; those of weight 0 are left out.

    Examples
    --------
    >>> law = choice_between({"ring": 1.0, "blocks": 3.0})
    >>> [law.entry(law.value(z)) for z in (-1.0, -0.6, 2.0)]
    ['ring', 'blocks', 'blocks']
    """
    kept = {option: weight for option, weight in weights.items() if weight > 0}
    total, below, cuts = sum(kept.values()), 0.0, []
    for weight in [*kept.values()][:-1]:
        below += weight
        cuts.append(NormalDist().inv_cdf(below / total))
    return Law(
        kind="choice",
        middle=0.0,
        spread=1.0,
        low=0.0,
        high=len(kept) - 1.0,
        step=1,
        options=tuple(kept),
        cuts=tuple(cuts),
    )


@dataclass(frozen=True, slots=True)
class Range:
    """A number of which only a range is known.

    Parameters
    ----------
    low, high : float
        It lies between with 90 % probability.
    law : Law
    said : str
        In the words of the file.
    """

    low: float
    high: float
    law: Law
    said: str

    @property
    def median(self) -> float | int:
        """The value that a run takes."""
        value = self.law.value(0.0)
        return round(value) if self.law.step else float(f"{value:.6g}")


def looks_like(value: Any) -> bool:
    """Tell whether a value is written as a range.

    Examples
    --------
    >>> looks_like("0.004 to 0.009"), looks_like("to be told"), looks_like(0.004)
    (True, False, False)
    """
    match = _SAID.fullmatch(value) if isinstance(value, str) else None
    return match is not None and any(re.match(r"[-+\u2212]?[.\d]", match[k]) for k in (1, 2))


def bounds_of(shape: Shape) -> tuple[float, float]:
    """Return the smallest and the largest number that may stand somewhere; just inside where an end is left out.

    Examples
    --------
    >>> from flywheel_sim.scenario.schema import ScenarioModel
    >>> bounds_of(along(root(ScenarioModel), ("cadence", "pull")))
    (0.0, 1.0)
    """
    low, high = -math.inf, math.inf
    for one in shape.metadata:
        for end in ("ge", "gt", "le", "lt"):
            bound = getattr(one, end, None)
            if bound is None or not isinstance(one, limits.Ge | limits.Gt | limits.Le | limits.Lt):
                continue
            step = _INSIDE * max(abs(float(bound)), 1e-3) if end in ("gt", "lt") else 0.0
            if end in ("ge", "gt"):
                low = max(low, float(bound) + step)
            else:
                high = min(high, float(bound) - step)
    return low, high


def law_between(shape: Shape, low: float, high: float) -> Law:
    """Return the law of a number that lies between two ends with 90 % probability."""
    least, most = bounds_of(shape)
    whole = any(kind.startswith("a whole number") for kind in shape.kinds)
    share = least >= 0.0 and most <= 1.0
    if share and low > 0.0 and high < 1.0:
        kind, ends = "logit", (math.log(low / (1.0 - low)), math.log(high / (1.0 - high)))
    elif least >= 0.0 and low > 0.0 and not share:
        kind, ends = "log", (math.log(low), math.log(high))
    else:
        kind, ends = "plain", (low, high)
    return Law(
        kind=kind,
        middle=(ends[0] + ends[1]) / 2.0,
        spread=(ends[1] - ends[0]) / (2.0 * Z95),
        low=least,
        high=most,
        step=int(whole),
    )


class _Wrong(NamedTuple):
    """What is wrong with a range, what it should be, and a number with which the rest can be checked."""

    message: str
    near: str | None
    stand_in: Any


def read_range(text: str, shape: Shape) -> "Range | _Wrong":
    """Return a range, or what is wrong with it."""
    match = _SAID.fullmatch(text)
    assert match is not None
    ends: list[float] = []
    wrong = partial(_wrong, shape, ends)
    for part in (match[1], match[2]):
        try:
            ends.append(number(part))
        except Unreadable as error:
            near = f"{error.near} to {match[2]}" if error.near and part == match[1] else None
            near = f"{match[1]} to {error.near}" if error.near and part == match[2] else near
            why = f" ({error.said})" if error.said else ""
            return wrong(f"expected two numbers, LOW to HIGH, got '{text}'{why}", near)
    low, high = ends
    if low >= high:
        if low == high:
            return wrong(f"expected LOW below HIGH, got '{text}'; write {match[1]} where the number is known")
        return wrong(f"expected LOW below HIGH, got '{text}'", f"{match[2]} to {match[1]}")
    least, most = bounds_of(shape)
    if low < least - 1e-12 or high > most + 1e-12:
        return wrong(f"expected both ends to be {shape.expected()}, got '{text}'")
    if any(kind.startswith("a whole number") for kind in shape.kinds) and not (low.is_integer() and high.is_integer()):
        return wrong(f"expected two whole numbers, LOW to HIGH, got '{text}'")
    return Range(low, high, law_between(shape, low, high), text)


def _wrong(shape: Shape, ends: Sequence[float], message: str, near: str | None = None) -> _Wrong:
    if not ends:
        return _Wrong(message, near, shape.harmless())
    least, most = bounds_of(shape)
    inside = min(max(ends[0], least), most)
    return _Wrong(message, near, round(inside) if any("whole" in kind for kind in shape.kinds) else inside)


def settled(model: type[BaseModel], source: Mapping[str, Any], locate: Locate) -> tuple[dict[str, Any], list[Problem]]:
    """Return what files say with the median in place of every range, and mistakes in the ranges.

    Parameters
    ----------
    model : type
        The pydantic class of the whole file.
    source : mapping
        Shares with the result whatever holds no range.
    locate : callable
        Path -> place, for problems.
    """
    problems: list[Problem] = []
    out: Any = source
    for path, said in _read_ranges(model, source):
        if isinstance(said, Range):
            out = _put(out, path, said.median)
            continue
        message, near, stand_in = said
        problems.append(Problem(*locate(path, False), ".".join(path), message, near))
        out = _put(out, path, stand_in)
    return dict(out), problems


def ranges_of(model: type[BaseModel], source: Mapping[str, Any]) -> dict[str, Range]:
    """Return ranges by dotted path.

    Examples
    --------
    >>> from flywheel_sim.scenario.schema import ScenarioModel
    >>> ranges = ranges_of(ScenarioModel, {"cadence": {"pull": "0.2 to 0.8"}})
    >>> ranges["cadence.pull"].median
    0.5
    """
    return {".".join(path): said for path, said in _read_ranges(model, source) if isinstance(said, Range)}


def _read_ranges(
    model: type[BaseModel], source: Mapping[str, Any]
) -> Iterator[tuple[tuple[str, ...], "Range | _Wrong"]]:
    """Yield the path of every number that is written as a range, and the range or what is wrong with it."""
    for path, text in _texts(source, ()):
        shape = _shape(model, path)
        if shape is None or not any("number" in kind for kind in shape.kinds) or "text" in shape.kinds:
            continue
        yield path, read_range(text, shape)


def _shape(model: type[BaseModel], path: tuple[str, ...]) -> Shape | None:
    """Return the shape at a path; of what the timeline sets, that of what it sets."""
    if path[:2] == ("timeline", "changes") and path[3:4] == ("set",) and len(path) == 5:
        return along(root(model), tuple(path[4].split(".")))
    return along(root(model), path)


def _texts(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(value, Mapping):
        for name, entry in value.items():
            if isinstance(entry, Mapping | list | str):
                yield from _texts(entry, (*path, name))
    elif isinstance(value, list):
        for k, entry in enumerate(value):
            yield from _texts(entry, (*path, str(k)))
    elif looks_like(value):
        yield path, value


def _put(tree: Any, path: tuple[str, ...], value: Any) -> Any:
    """Return a tree with one value set, sharing the rest."""
    if not path:
        return value
    if isinstance(tree, list):
        k = int(path[0])
        return [*tree[:k], _put(tree[k], path[1:], value), *tree[k + 1 :]]
    return {**tree, path[0]: _put(tree[path[0]], path[1:], value)}


def with_ranges(values: Mapping[str, Any], ranges: Mapping[str, Range]) -> dict[str, Any]:
    """Return a copy of resolved values with ranges as they were given."""
    given = copied(values)
    for path, one in ranges.items():
        inside: Any = given
        *above, last = path.split(".") if ".set." not in path else [*path.split(".", 4)]
        for name in above:
            inside = inside[int(name)] if isinstance(inside, list) else inside[name]
        inside[int(last) if isinstance(inside, list) else last] = one.said
    return dict(given)
