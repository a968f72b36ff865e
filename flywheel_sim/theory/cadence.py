r"""Meeting cadence: the saw-tooth of misalignment and the interval that pays (A20).

Each week every direction component of every team takes an independent step of standard deviation :math:`\sigma`; every
m weeks a meeting multiplies the deviation from the mean by :math:`1-a`.  Per component

.. math::
    V_\mathrm{pre} = \frac{m\sigma^2(1-1/N)}{1-(1-a)^2}, \quad V_\mathrm{post} = (1-a)^2 V_\mathrm{pre}, \quad
    \bar V = V_\mathrm{post} + \sigma^2(1-\tfrac1N)\tfrac{m-1}{2},

variance between teams around their mean, before and after a meeting and averaged over weeks (drift first, meeting
second, record last).  Own derivation for small angles, checked by Monte Carlo [X]; with angular diffusion D, sigma² =
2D.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .arguments import Array, above, at_least, between, same_kind

__all__ = ["CadenceVariance", "cadence_cost", "cadence_optimal_interval", "cadence_variance"]


class CadenceVariance(NamedTuple):
    """Variance per component just before (`pre`) and after (`post`) a meeting, and its weekly `mean`."""

    pre: Array
    post: Array
    mean: Array


def cadence_variance(n: npt.ArrayLike, m: npt.ArrayLike, a: npt.ArrayLike, sigma: npt.ArrayLike) -> CadenceVariance:
    """Return the stationary misalignment variance around a meeting rhythm.

    Parameters
    ----------
    n : array_like
        Number of teams, at least 2.
    m : array_like
        Weeks between meetings, at least 1.
    a : array_like
        Share of the deviation a meeting removes, in (0, 1].
    sigma : array_like
        Weekly drift per component, rad.

    Returns
    -------
    CadenceVariance
        `pre`, `post`, `mean` in rad².

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    [X].  Holds while angles are small; on the sphere geodesic moves lie 1-2 % lower.

    Examples
    --------
    >>> [round(float(v), 5) for v in cadence_variance(n=7, m=2, a=0.5, sigma=0.1)]
    [0.02286, 0.00571, 0.01]
    """
    drift = at_least("sigma", sigma) ** 2 * (1 - 1 / at_least("n", n, 2))
    m, kept = at_least("m", m, 1), (1 - between("a", a, open_low=True)) ** 2
    pre = m * drift / (1 - kept)
    return CadenceVariance(same_kind(pre), same_kind(kept * pre), same_kind(kept * pre + drift * (m - 1) / 2))


def cadence_cost(
    n: npt.ArrayLike, m: npt.ArrayLike, a: npt.ArrayLike, sigma: npt.ArrayLike, c: npt.ArrayLike, lam: npt.ArrayLike
) -> Array:
    r"""Return the weekly cost of a rhythm: meetings plus misalignment, :math:`c/m + \lambda\bar V`.

    Parameters
    ----------
    n, m, a, sigma : array_like
        As in `cadence_variance`.
    c : array_like
        Cost of one meeting, money.
    lam : array_like
        Cost of one unit of variance for a week, money.

    Returns
    -------
    ndarray or float
        Money per week.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    [X].

    Examples
    --------
    >>> cost = cadence_cost(n=7, m=[1, 2, 4, 8], a=1.0, sigma=0.2, c=1500, lam=30_000)
    >>> cost.round(0).tolist()
    [1500.0, 1264.0, 1918.0, 3788.0]
    """
    return same_kind(
        at_least("c", c) / at_least("m", m, 1) + at_least("lam", lam) * cadence_variance(n, m, a, sigma).mean
    )


def cadence_optimal_interval(
    c: npt.ArrayLike, lam: npt.ArrayLike, sigma: npt.ArrayLike, n: npt.ArrayLike, a: npt.ArrayLike = 1.0
) -> Array:
    r"""Return the interval that minimises `cadence_cost`, a square-root law.

    :math:`m^* = \sqrt{2c\,/\,(\lambda\sigma^2(1-1/n))}` for a = 1; in general the drift is multiplied by
    :math:`1 + 2(1-a)^2/(1-(1-a)^2)`, since a weak meeting leaves a rest that also grows with m.

    Parameters
    ----------
    c : array_like
        Cost of one meeting, money.
    lam : array_like
        Cost of one unit of variance for a week, money.
    sigma : array_like
        Weekly drift per component, rad.
    n : array_like
        Number of teams, at least 2.
    a : array_like
        Share of the deviation a meeting removes, in (0, 1].

    Returns
    -------
    ndarray or float
        Weeks, as a continuous number.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    The economic-order-quantity law [X]: twice the cost of a meeting lengthens the interval by √2.

    Examples
    --------
    >>> round(float(cadence_optimal_interval(c=1500, lam=30_000, sigma=0.2, n=7)), 3)
    1.708
    """
    kept = (1 - between("a", a, open_low=True)) ** 2
    drift = above("sigma", sigma) ** 2 * (1 - 1 / at_least("n", n, 2)) * (1 + 2 * kept / (1 - kept))
    return same_kind(np.sqrt(2 * above("c", c) / (above("lam", lam) * drift)))
