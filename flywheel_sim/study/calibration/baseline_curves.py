r"""What a simulation has to beat: two curves fitted to the same observations, blind to how they came about.

*Straight-line drift*: the line through the first and the last observation, carried on; beyond the data this is the last
value plus the mean change so far.

*Bass curve*: a starting level plus a share of a market that fills up,

.. math:: y(t) = a + m F(t; p, q),

with F of `theory.bass` and t in years.  Given p and q the level a and the size m follow by linear least squares, so
only two numbers are searched, from several starts.  m may be negative: the curve then falls.
"""

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.theory import bass

__all__ = ["BASELINES", "bass_curve", "drift"]

Floats = NDArray[np.float64]

#: Bounds of p and q a year; together they span every curve of Bass (1969) and near-exponential growth.
_LOW, _HIGH = np.log([1e-4, 1e-4]), np.log([2.0, 5.0])


def drift(t: Floats, y: Floats, at: Floats) -> Floats:
    """Return straight line through the first and the last observation.

    Parameters
    ----------
    t, y : float64 arrays, shape (n,)
        Observations, times ascending.
    at : float64 array
        Where to evaluate it.

    Examples
    --------
    >>> drift(np.array([0.0, 1.0, 2.0]), np.array([10.0, 99.0, 14.0]), np.array([3.0, 4.0])).tolist()
    [16.0, 18.0]
    """
    if len(t) < 2:
        return np.full(len(at), y[-1] if len(y) else np.nan)
    return np.asarray(y[-1] + (y[-1] - y[0]) / (t[-1] - t[0]) * (at - t[-1]))


def bass_curve(t: Floats, y: Floats, at: Floats) -> Floats:
    """Return starting level plus a Bass curve, by least squares; NaN with fewer than five observations.

    Examples
    --------
    >>> t = np.arange(0.0, 5.0, 0.25)
    >>> y = 100.0 + 900.0 * bass(t, 0.02, 0.9)
    >>> bool(np.allclose(bass_curve(t[:12], y[:12], t), y, rtol=1e-3))
    True
    """
    from scipy.optimize import least_squares

    if len(t) < 5:
        return np.full(len(at), np.nan)
    origin, size = float(t[0]), float(np.abs(y).max()) or 1.0

    def shape(x: Floats, when: Floats) -> Floats:
        p, q = np.exp(x)
        return np.asarray(bass(np.maximum(when - origin, 0.0), float(p), float(q)), dtype=np.float64)

    def linear(x: Floats) -> Floats:
        design = np.column_stack((np.ones(len(t)), shape(x, t)))
        return np.asarray(np.linalg.lstsq(design, y / size, rcond=None)[0])

    def residuals(x: Floats) -> Floats:
        level, extent = linear(x)
        return np.asarray(level + extent * shape(x, t) - y / size)

    starts = [np.log([p, q]) for p in (1e-3, 0.03, 0.3) for q in (0.03, 0.3, 1.5)]
    fits = [least_squares(residuals, start, bounds=(_LOW, _HIGH)) for start in starts]
    best = min(fits, key=lambda fit: float(fit.cost))
    level, extent = linear(best.x)
    return np.asarray(size * (level + extent * shape(best.x, at)))


#: Name -> function of (times, values, times wanted); times in years.
BASELINES = {"straight line": drift, "Bass curve": bass_curve}
