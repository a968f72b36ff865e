"""Estimate what published studies estimated, from plain arrays: ratios of rates, concentration, correlations.

Nothing here knows the model, so every estimator is tested on tables whose answer is known.  Comparisons are made within
strata, and whoever is followed counts week by week: a customer who referred somebody in week 30 belongs to those who
have referred nobody until then (immortal time).
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "correlation",
    "curvature",
    "jackknife",
    "lorenz",
    "matched_difference",
    "matched_ratio",
    "misclassified",
    "neighbors",
    "person_weeks",
    "rank_correlation",
    "rate_ratio",
    "shares_by_third",
    "strata",
    "times_referred",
    "top_share",
    "unprofitable",
]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]


def jackknife(rows: Floats, of: Callable[[Floats], float]) -> tuple[float, float]:
    """Estimate a function of means over runs, and its standard error by leaving out one run at a time.

    Parameters
    ----------
    rows : float64 array, shape (R, k)
        What every run contributes.
    of : callable
        From means, shape (k,), to the value.

    Returns
    -------
    tuple of float
        Value, and standard error; the error is NaN for fewer than two runs.

    Examples
    --------
    >>> jackknife(np.array([[1.0, 2.0], [3.0, 4.0]]), lambda mean: float(mean[0] / mean[1]))[0].__round__(4)
    0.6667
    """
    n = len(rows)
    value = of(rows.mean(axis=0))
    if n < 2:
        return value, float("nan")
    total = rows.sum(axis=0)
    without_one = np.array([of((total - row) / (n - 1)) for row in rows])
    return value, float(np.sqrt((n - 1) / n * ((without_one - without_one.mean()) ** 2).sum()))


def strata(*parts: NDArray[np.integer]) -> Integers:
    """Number the combinations of several non-negative codes, 0, 1, ...

    Examples
    --------
    >>> strata(np.array([0, 0, 1, 1]), np.array([5, 6, 5, 5])).tolist()
    [0, 1, 2, 2]
    """
    code = np.zeros(len(parts[0]), np.int64)
    for part in parts:
        size = int(part.max(initial=0)) + 1
        code = np.unique(code * size + part, return_inverse=True)[1].astype(np.int64)
    return code


def person_weeks(start: Integers, end: Integers, weeks: int) -> tuple[Integers, Integers, Flags]:
    """Expand spells into one row for every week in which somebody could have left.

    Parameters
    ----------
    start, end : int64 arrays, shape (n,)
        Week of winning, and of leaving; -1 = has not left.
    weeks : int
        Weeks watched.

    Returns
    -------
    row, week : int64 arrays, shape (m,)
        Whose week it is, and which.
    left : bool array, shape (m,)
        Whether it was the last one.

    Examples
    --------
    >>> row, week, left = person_weeks(np.array([0, 3]), np.array([2, -1]), 5)
    >>> row.tolist(), week.tolist(), left.tolist()
    ([0, 0, 1, 1], [1, 2, 4, 5], [False, True, False, False])
    """
    first = np.maximum(start + 1, 1)
    last = np.where(end >= 0, end, weeks)
    length = np.maximum(last - first + 1, 0)
    row = np.repeat(np.arange(len(start)), length)
    week = first[row] + np.arange(len(row)) - np.repeat(np.cumsum(length) - length, length)
    return row, week, (week == end[row]) & (end[row] >= 0)


def rate_ratio(events: NDArray[np.number] | Flags, exposed: Flags, stratum: Integers) -> tuple[float, float]:
    """Return numerator and denominator of the ratio of rates after Mantel and Haenszel, one row a person-week.

    Strata without an exposed or an unexposed week say nothing.

    Examples
    --------
    >>> events = np.array([1, 1, 0, 0, 1, 0, 0, 0])
    >>> above, below = rate_ratio(events, np.arange(8) < 4, np.zeros(8, int))
    >>> above / below
    2.0
    """
    size = int(stratum.max(initial=-1)) + 1
    at_risk = np.bincount(stratum, minlength=size).astype(float)
    with_it = np.bincount(stratum[exposed], minlength=size)
    happened = np.bincount(stratum, weights=events, minlength=size)
    happened_with = np.bincount(stratum[exposed], weights=events[exposed], minlength=size)
    weight = np.divide(1.0, at_risk, out=np.zeros(size), where=at_risk > 0)
    above = (happened_with * (at_risk - with_it) * weight).sum()
    below = ((happened - happened_with) * with_it * weight).sum()
    return float(above), float(below)


def matched_ratio(values: Floats, treated: Flags, stratum: Integers) -> tuple[float, float]:
    """Sum over the treated, and what the others of their strata would have come to in their place.

    Treated rows of a stratum without others are left out.

    Examples
    --------
    >>> matched_ratio(np.array([4.0, 2.0, 9.0, 1.0]), np.array([True, False, True, False]), np.array([0, 0, 1, 2]))
    (4.0, 2.0)
    """
    size = int(stratum.max(initial=-1)) + 1
    others = np.bincount(stratum[~treated], minlength=size)
    mean = np.divide(
        np.bincount(stratum[~treated], weights=values[~treated], minlength=size),
        others,
        out=np.zeros(size),
        where=others > 0,
    )
    kept = treated & (others[stratum] > 0)
    return float(values[kept].sum()), float(mean[stratum[kept]].sum())


def matched_difference(values: Floats, treated: Flags, stratum: Integers) -> tuple[float, float]:
    """Return the sum of the treated less that of others in their place, and how many treated there were.

    Examples
    --------
    >>> matched_difference(np.array([4.0, 2.0, 6.0]), np.array([True, False, True]), np.zeros(3, int))
    (6.0, 2.0)
    """
    above, below = matched_ratio(values, treated, stratum)
    count, _ = matched_ratio(np.ones(len(values)), treated, stratum)
    return above - below, count


def lorenz(values: Floats) -> Floats:
    """Return the cumulative share of the total, smallest first, from 0 to 1.

    Examples
    --------
    >>> lorenz(np.array([3.0, 1.0])).tolist()
    [0.0, 0.25, 1.0]
    """
    running = np.concatenate(([0.0], np.cumsum(np.sort(values))))
    return np.asarray(running / running[-1])


def unprofitable(profit: Floats, bought: Floats) -> tuple[float, float, float, float]:
    """Return loss-making cross-buyers, all cross-buyers, what the first lose, and what all customers lose.

    Parameters
    ----------
    profit : float64 array, shape (N,)
        Profit of every customer, $.
    bought : float64 array, shape (N,)
        Times each has bought more; from one on it is a cross-buyer.

    Examples
    --------
    >>> unprofitable(np.array([5.0, -3.0, 2.0, -1.0]), np.array([1.0, 2.0, 0.0, 0.0]))
    (1.0, 2.0, 3.0, 4.0)
    """
    losing, crosses = profit < 0, bought > 0
    lost = -profit[losing & crosses].sum(), -profit[losing].sum()
    return float(np.sum(losing & crosses)), float(crosses.sum()), float(lost[0]), float(lost[1])


def shares_by_third(by: Floats, hits: Floats, tries: Floats) -> tuple[float, float, float, float]:
    """Return hits and tries of the third that has least of something, and of the third that has most.

    Parameters
    ----------
    by : float64 array, shape (N,)
        What customers are ordered by; those without a try do not count.
    hits, tries : float64 arrays, shape (N,)
        What is counted of each.

    Examples
    --------
    >>> by, hits = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), np.array([0.0, 0.0, 0.0, 1.0, 1.0, 1.0])
    >>> shares_by_third(by, hits, np.ones(6))
    (0.0, 2.0, 2.0, 2.0)
    """
    some = tries > 0
    by, hits, tries = by[some], hits[some], tries[some]
    order = np.argsort(by, kind="stable")
    third = len(order) // 3
    least, most = order[:third], order[len(order) - third :]
    return tuple(float(x.sum()) for x in (hits[least], tries[least], hits[most], tries[most]))  # type: ignore[return-value]


def top_share(values: Floats, fraction: float) -> float:
    """Return the share of the total that the largest values have; above 1 where others lose.

    Examples
    --------
    >>> top_share(np.array([8.0, 4.0, 2.0, -2.0, -2.0]), 0.2)
    0.8
    """
    if not len(values) or not values.sum():
        return float("nan")
    curve = lorenz(values)
    return float(1.0 - np.interp(1.0 - fraction, np.linspace(0.0, 1.0, len(curve)), curve))


def times_referred(referrer: Integers, accounts: int) -> Integers:
    """Tell how often every account is named as a referrer; negative numbers name nobody.

    Examples
    --------
    >>> times_referred(np.array([2, -1, 0, 2]), 4).tolist()
    [1, 0, 2, 0]
    """
    return np.bincount(referrer[referrer >= 0], minlength=accounts)[:accounts]


def misclassified(past: Floats, future: Floats, fraction: float) -> float:
    """Return the share of those best in the future who were not among the best in the past.

    Examples
    --------
    >>> misclassified(np.array([5.0, 4.0, 1.0, 0.0]), np.array([5.0, 0.0, 4.0, 1.0]), 0.5)
    0.5
    """
    count = round(len(past) * fraction)
    if not count:
        return float("nan")
    best_then = np.argsort(-past, kind="stable")[:count]
    best_now = np.argsort(-future, kind="stable")[:count]
    return float(1.0 - len(np.intersect1d(best_then, best_now)) / count)


def correlation(x: Floats, y: Floats) -> float:
    """Return the correlation of two arrays; NaN where one does not vary.

    Examples
    --------
    >>> round(correlation(np.array([0.0, 1.0, 2.0]), np.array([1.0, 3.0, 5.0])), 12)
    1.0
    """
    x, y = x - x.mean(), y - y.mean()
    size = float(np.sqrt((x @ x) * (y @ y)))
    return float(x @ y) / size if size else float("nan")


def rank_correlation(x: NDArray[np.number], y: NDArray[np.number]) -> float:
    """Return the correlation of ranks; ties share theirs.

    Examples
    --------
    >>> round(rank_correlation(np.array([1, 2, 3]), np.array([1, 8, 27])), 12)
    1.0
    """
    from scipy.stats import rankdata

    return correlation(rankdata(x), rankdata(y))


def curvature(x: Floats, y: Floats, stratum: Integers) -> float:
    """Return by thirds of x within each stratum: slope of y from the middle to the upper, less that to the middle
    third.

    Strata count by their size; those of fewer than three rows, or whose thirds have the same mean of x, say nothing.

    Examples
    --------
    >>> x = np.array([0.0, 1.0, 2.0])
    >>> curvature(x, x**2, np.zeros(3, int))
    2.0
    """
    total = weight = 0.0
    for one in range(int(stratum.max(initial=-1)) + 1):
        rows = np.flatnonzero(stratum == one)
        thirds = np.array_split(rows[np.argsort(x[rows], kind="stable")], 3)
        if len(rows) < 3:
            continue
        at = np.array([x[third].mean() for third in thirds])
        height = np.array([y[third].mean() for third in thirds])
        if (np.diff(at) > 0).all():
            slope = np.diff(height) / np.diff(at)
            total += len(rows) * (slope[1] - slope[0])
            weight += len(rows)
    return float(total / weight) if weight else float("nan")


def neighbors(flags: NDArray[np.number], reach: int) -> NDArray[np.int64]:
    """Tell how many of the ``reach`` accounts on either side of each, on a ring, are flagged; accounts are the first
    axis.

    Examples
    --------
    >>> neighbors(np.array([1, 0, 0, 0, 1]), 1).tolist()
    [1, 1, 0, 1, 1]
    """
    count = np.zeros(flags.shape, np.int64)
    for k in range(1, reach + 1):
        count += np.roll(flags, k, axis=0)
        count += np.roll(flags, -k, axis=0)
    return count
