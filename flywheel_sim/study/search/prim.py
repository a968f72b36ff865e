r"""Scenario discovery: where, in what is not known, a policy fails; said as a box with as few sides as will do.

The patient rule induction method (Friedman and Fisher 1999; Bryant and Lempert 2010): from the box of all draws, peel
off again and again the tenth, of any one parameter at either end, whose loss leaves the greatest share of failures.  Of
all boxes on the way the one is taken whose failures are least to be expected of as many draws taken at random,

.. math:: z = \frac{k - n p}{\sqrt{n p (1 - p) (N - n) / (N - 1)}}, \qquad p = K / N,

k failures in a box of n draws, K in all N; then every side is dropped that z does not need.

A box is found in pure noise as well.  So the same search is made of the same draws with the failures shuffled, and a
box is only told when fewer than one shuffle in twenty does as well.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.results.search import Box

__all__ = ["discovered"]

#: Share of a box that one peel takes off, fewest draws left in one, and shuffles that test it.
PEEL, FEWEST, SHUFFLES, LEVEL = 0.1, 5, 199, 0.05

Mask = NDArray[np.bool_]


def discovered(draws: Sequence[Mapping[str, Any]], fails: Mask, seed: int = 1) -> Box | None:
    """Return the box in which failures are, or None when there is none beyond chance.

    Parameters
    ----------
    draws : sequence of mappings, length D
        Path -> value.
    fails : bool array, shape (D,)
    seed : int
        Of the shuffles.

    Examples
    --------
    >>> luck = np.random.default_rng(1)
    >>> draws = [{"a": float(a), "b": float(b)} for a, b in luck.random((100, 2))]
    >>> box = discovered(draws, np.array([draw["a"] > 0.7 for draw in draws]))
    >>> list(box.limits), box.fails_outside, discovered(draws, luck.random(100) < 0.3)
    (['a'], 0, None)
    """
    count, bad = len(draws), int(fails.sum())
    if count < 2 * FEWEST or bad in (0, count):
        return None
    columns = _columns(draws)
    inside, z = _peeled(columns, fails)
    luck = np.random.default_rng([seed, 20215])
    as_good = 0
    for _ in range(SHUFFLES):
        as_good += _peeled(columns, luck.permutation(fails))[1] >= z - 1e-12
        if (as_good + 1) / (SHUFFLES + 1) >= LEVEL:  # whatever the others do
            return None
    chance = (as_good + 1) / (SHUFFLES + 1)
    limits = _needed(columns, inside, fails)
    inside = _within(columns, limits)
    n, k = int(inside.sum()), int(fails[inside].sum())
    return Box(limits=limits, inside=n, fails_inside=k, outside=count - n, fails_outside=bad - k, chance=chance)


def _columns(draws: Sequence[Mapping[str, Any]]) -> dict[str, NDArray[Any]]:
    """Return what varies, numbers as numbers."""
    columns: dict[str, NDArray[Any]] = {}
    for path in dict.fromkeys(path for draw in draws for path in draw):
        values = [draw.get(path) for draw in draws]
        if all(isinstance(x, int | float) and not isinstance(x, bool) for x in values):
            column = np.array(values, np.float64)
        else:
            column = np.array([str(x) for x in values], object)
        if len(set(column.tolist())) > 1:
            columns[path] = column
    return columns


def _z(inside: Mask, fails: Mask) -> float:
    total, n = len(fails), int(inside.sum())
    share = fails.mean()
    spread = n * share * (1 - share) * (total - n) / (total - 1)
    return float((fails[inside].sum() - n * share) / np.sqrt(spread)) if spread > 0 else 0.0


def _peeled(columns: Mapping[str, NDArray[Any]], fails: Mask) -> tuple[Mask, float]:
    """Return the most telling box of the peeling, and how telling it is."""
    box = np.ones(len(fails), bool)
    best, most = box, 0.0
    while box.sum() > FEWEST and not fails[box].all():
        tries = []
        for column in columns.values():
            inside = column[box]
            if column.dtype == object:
                cuts = [column != word for word in dict.fromkeys(inside.tolist())]
            else:
                low, high = _tenths(inside)
                # at least one draw goes, also where many have the same value
                cuts = [column > max(low, inside.min()), column < min(high, inside.max())]
            tries += [box & cut for cut in cuts]
        tries = [t for t in tries if FEWEST <= t.sum() < box.sum()]
        if not tries:
            break
        box = max(tries, key=lambda t: (fails[t].mean(), t.sum()))
        z = _z(box, fails)
        if z > most + 1e-12:
            best, most = box, z
    return best, most


def _tenths(values: NDArray[np.float64]) -> tuple[float, float]:
    """Return where the lowest and the highest tenth begin: what ``np.quantile`` gives, to the bit, at half its cost."""
    values = np.sort(values)
    last = len(values) - 1
    ends = []
    for share in (PEEL, 1 - PEEL):
        k, part = int(last * share), last * share % 1
        a, b = values[k], values[min(k + 1, last)]
        ends.append(float(b - (b - a) * (1 - part) if part >= 0.5 else a + (b - a) * part))
    return ends[0], ends[1]


def _limits_of(column: NDArray[Any], inside: Mask) -> tuple[Any, ...]:
    """Return the side of a box along one parameter: ends that leave something out."""
    if column.dtype == object:
        words = tuple(dict.fromkeys(column[inside].tolist()))
        return () if len(words) == len(set(column.tolist())) else words
    low, high = float(column[inside].min()), float(column[inside].max())
    ends = (low if low > column.min() else None, high if high < column.max() else None)
    return () if ends == (None, None) else ends


def _within(columns: Mapping[str, NDArray[Any]], limits: Mapping[str, tuple[Any, ...]]) -> Mask:
    inside = np.ones(len(next(iter(columns.values()))), bool)
    for path, limit in limits.items():
        column = columns[path]
        if column.dtype == object:
            inside &= np.isin(column.astype(str), limit)
        else:
            low, high = limit
            inside &= (column >= (-np.inf if low is None else low)) & (column <= (np.inf if high is None else high))
    return inside


def _needed(columns: Mapping[str, NDArray[Any]], inside: Mask, fails: Mask) -> dict[str, tuple[Any, ...]]:
    """Return limits of a box without those that it is as telling without."""
    limits = {path: limit for path, column in columns.items() if (limit := _limits_of(column, inside))}
    while len(limits) > 0:
        sides = [(path, end) for path, limit in limits.items() for end in _ends(columns[path], limit)]
        tries = [_without(limits, path, end) for path, end in sides]
        scores = [_z(_within(columns, t), fails) for t in tries]
        k = int(np.argmax(scores))
        if len(sides) == 1 or scores[k] < 0.98 * _z(_within(columns, limits), fails):
            return limits
        limits = tries[k]
    return limits


def _ends(column: NDArray[Any], limit: tuple[Any, ...]) -> list[int]:
    return [-1] if column.dtype == object else [k for k in (0, 1) if limit[k] is not None]


def _without(limits: Mapping[str, tuple[Any, ...]], path: str, end: int) -> dict[str, tuple[Any, ...]]:
    rest = dict(limits)
    left = () if end < 0 else tuple(None if k == end else x for k, x in enumerate(limits[path]))
    if not any(x is not None for x in left):
        del rest[path]
    else:
        rest[path] = left
    return rest
