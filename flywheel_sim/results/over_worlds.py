"""Shares and quantiles over worlds that may count differently."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["hundred", "share_better", "weighted_quantiles"]

Floats = NDArray[np.float64]


def share_better(effects: Floats, weights: Floats | None = None) -> float:
    """Return the share of worlds in which a difference is above 0; ties count half.

    Examples
    --------
    >>> share_better(np.array([-1.0, 0.0, 2.0, 3.0])), share_better(np.array([-1.0, 2.0]), np.array([1.0, 3.0]))
    (0.625, 0.75)
    """
    return float(np.average((effects > 0) + 0.5 * (effects == 0), weights=weights))


def weighted_quantiles(values: Floats, shares: Floats, weights: Floats | None = None) -> Floats:
    """Return quantiles of values that count by their weight; without weights, numpy's.

    Parameters
    ----------
    values : float64 array, shape (n,)
    shares : float64 array, shape (q,)
        0 to 1.
    weights : float64 array, shape (n,), optional

    Examples
    --------
    >>> weighted_quantiles(np.array([3.0, 1.0, 2.0]), np.array([0.5])).tolist()
    [2.0]
    >>> weighted_quantiles(np.array([1.0, 2.0]), np.array([0.2, 0.5]), np.array([1.0, 3.0])).tolist()
    [1.0, 2.0]
    """
    if weights is None:
        return np.asarray(np.quantile(values, shares))
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order]) / np.sum(weights)
    return np.asarray(values[order][np.minimum(np.searchsorted(reached, shares - 1e-12), len(values) - 1)])


def hundred(effects: Floats, weights: Floats | None = None) -> tuple[Floats, int]:
    """Return one value a dot, the lowest first, and how many dots are better: a world each where there are at most a
    hundred that count alike, else a hundredth of them all.

    As many dots are better as words say of a hundred, rounded down.

    Examples
    --------
    >>> values, better = hundred(np.linspace(-1.0, 3.0, 1000))
    >>> len(values), better
    (100, 75)
    >>> hundred(np.array([2.0, -1.0]))[0].tolist()
    [-1.0, 2.0]
    """
    if len(effects) <= 100 and (weights is None or np.ptp(weights) == 0):
        return np.sort(effects), int(np.sum(effects > 0))
    middles = np.linspace(0.005, 0.995, 100)
    return weighted_quantiles(effects, middles, weights), int(np.floor(100.0 * share_better(effects, weights) + 1e-9))
