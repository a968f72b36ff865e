r"""A posterior from simulated data by regression adjustment (Beaumont, Zhang & Balding 2002).

Simulations near the data are kept, weighted by the Epanechnikov kernel :math:`w = 1 - (d / h)^2` of their distance; a
local-linear regression of the parameters on the scores then carries each to where the data are,

.. math:: t^* = t - \hat B^T (s - s_{obs}).

Parameters are adjusted as t = logit(u), u the prior's distribution function, so none leaves its limits.
"""

import numpy as np
from numpy.typing import NDArray

__all__ = ["adjusted", "epanechnikov"]

Floats = NDArray[np.float64]
_EDGE = 1e-6


def epanechnikov(distance: Floats, bandwidth: float) -> Floats:
    """Return weights of distances, 0 from the bandwidth on.

    Examples
    --------
    >>> epanechnikov(np.array([0.0, 0.5, 1.0, 2.0]), 1.0).tolist()
    [1.0, 0.75, 0.0, 0.0]
    """
    return np.asarray(np.maximum(1.0 - (distance / bandwidth) ** 2, 0.0))


def adjusted(unit: Floats, scores: Floats, target: Floats, keep: int) -> tuple[Floats, Floats]:
    """Return points of the posterior and their weights.

    Parameters
    ----------
    unit : float64 array, shape (n, p)
        Simulated parameters, in the unit cube.
    scores : float64 array, shape (n, k)
        Their simulated data.
    target : float64 array, shape (k,)
        The data.
    keep : int
        Simulations nearest to the data that are kept.

    Returns
    -------
    float64 arrays, shapes (keep, p) and (keep,)
        Adjusted parameters in the unit cube; weights that add up to 1.

    Examples
    --------
    A known answer: u even, one score s = 4 logit(u) + noise of sd 1; seen: 0.  The posterior of logit(u) is nearly
    normal with standard deviation 1/4.

    >>> luck = np.random.default_rng(1)
    >>> u = luck.random((20_000, 1))
    >>> s = 4 * np.log(u / (1 - u)) + luck.normal(size=u.shape)
    >>> points, weights = adjusted(u, s, np.zeros(1), 2000)
    >>> t = np.log(points / (1 - points))[:, 0]
    >>> mean = weights @ t
    >>> round(float(mean), 1) + 0.0, round(float(np.sqrt(weights @ (t - mean) ** 2)), 2)
    (0.0, 0.25)
    """
    gap = scores - target
    distance = np.sqrt((gap**2).sum(axis=1))
    nearest = np.argsort(distance, kind="stable")[: min(keep + 1, len(distance))]
    bandwidth = max(float(distance[nearest[-1]]), 1e-12)
    nearest = nearest[:keep]
    weights = epanechnikov(distance[nearest], bandwidth)
    if not weights.sum() > 0:
        weights = np.ones(len(nearest))
    inside = np.clip(unit[nearest], _EDGE, 1.0 - _EDGE)
    t = np.log(inside / (1.0 - inside))
    design = np.column_stack((np.ones(len(nearest)), gap[nearest]))
    root = np.sqrt(weights)[:, None]
    slope = np.linalg.lstsq(design * root, t * root, rcond=None)[0][1:]
    carried = t - gap[nearest] @ slope
    return np.asarray(1.0 / (1.0 + np.exp(-carried))), np.asarray(weights / weights.sum())
