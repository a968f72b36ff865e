r"""Scores and what chasing them does: NPS arithmetic, Goodhart, Deming's funnel (A6, A25).

Sources: NPS definition and sampling error [X]; Keiningham et al. (2007) [V abstract]: not a better predictor of growth
than satisfaction, so a model must not let NPS cause growth.  Deming's rule 2 doubling [V], feedback variances [X];
taxonomy Manheim & Garrabrant [V].
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .arguments import Array, above, at_least, between, same_kind, whole

__all__ = ["deming_variance", "goodhart_attenuation", "goodhart_selection", "nps", "nps_standard_error"]


def _shares(P: npt.ArrayLike, D: npt.ArrayLike) -> tuple[Array, Array]:
    promoters, detractors = between("P", P), between("D", D)
    if np.any(promoters + detractors > 1 + 1e-12):
        raise ValueError("P + D must not exceed 1: nobody is promoter and detractor at once")
    return promoters, detractors


def nps(P: npt.ArrayLike, D: npt.ArrayLike) -> Array:
    """Return the net promoter score, 100 (P - D).

    Parameters
    ----------
    P, D : array_like
        Shares of promoters (answers 9-10) and detractors (0-6), P + D at most 1.

    Returns
    -------
    ndarray or float
        Points between -100 and 100.

    Raises
    ------
    ValueError
        If a share leaves [0, 1] or P + D exceeds 1.

    Notes
    -----
    Definition [V].

    Examples
    --------
    >>> round(float(nps(P=0.50, D=0.18)), 1)
    32.0
    """
    promoters, detractors = _shares(P, D)
    return same_kind(100 * (promoters - detractors))


def nps_standard_error(P: npt.ArrayLike, D: npt.ArrayLike, n: npt.ArrayLike) -> Array:
    r"""Return the standard error of a surveyed NPS, :math:`100\sqrt{(P+D-(P-D)^2)/n}` points.

    Parameters
    ----------
    P, D : array_like
        Shares of promoters and detractors.
    n : array_like
        Number of independent answers, above 0.

    Returns
    -------
    ndarray or float
        Points of NPS.

    Raises
    ------
    ValueError
        If a share leaves [0, 1], P + D exceeds 1 or n is not positive.

    Notes
    -----
    Variance of a variable in {1, 0, -1} [X].

    Examples
    --------
    >>> nps_standard_error(P=0.50, D=0.18, n=[50, 100, 400]).round(1).tolist()
    [10.7, 7.6, 3.8]
    """
    promoters, detractors = _shares(P, D)
    return same_kind(100 * np.sqrt((promoters + detractors - (promoters - detractors) ** 2) / above("n", n)))


def goodhart_attenuation(sigma_V: npt.ArrayLike, sigma_eps: npt.ArrayLike) -> Array:
    r"""Return the share of a measured difference that is real, :math:`\lambda = \sigma_V^2/(\sigma_V^2 +
    \sigma_\epsilon^2)`.

    Parameters
    ----------
    sigma_V : array_like
        Standard deviation of the true value, above 0.
    sigma_eps : array_like
        Standard deviation of the error in the measure, at least 0, same unit.

    Returns
    -------
    ndarray or float
        Slope of E[V | M] on M, in (0, 1].

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Regressional Goodhart (Manheim & Garrabrant [V]).

    Examples
    --------
    >>> float(goodhart_attenuation(sigma_V=1.0, sigma_eps=1.0))
    0.5
    """
    value, noise = above("sigma_V", sigma_V) ** 2, at_least("sigma_eps", sigma_eps) ** 2
    return same_kind(value / (value + noise))


def goodhart_selection(z: npt.ArrayLike, sigma_V: npt.ArrayLike, sigma_eps: npt.ArrayLike) -> Array:
    r"""Return standing on true value of those who stand `z` deviations above the mean of the measure,
    :math:`z\sqrt\lambda`.

    Parameters
    ----------
    z : array_like
        Standing of the selected on the measure, in its standard deviations.
    sigma_V, sigma_eps : array_like
        Standard deviation of value and of measurement error.

    Returns
    -------
    ndarray or float
        Expected standing in standard deviations of the true value.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    E[V|M] = λM with sd(M) = sd(V)/√λ [X].

    Examples
    --------
    >>> round(float(goodhart_selection(2, sigma_V=1.0, sigma_eps=1.0)), 3)
    1.414
    """
    return same_kind(np.asarray(z, dtype=np.float64) * np.sqrt(goodhart_attenuation(sigma_V, sigma_eps)))


def deming_variance(g: npt.ArrayLike, sigma: npt.ArrayLike = 1.0, *, delay: int = 0) -> Array:
    r"""Return the variance of a stable score when every survey triggers a correction of `g` times its distance from
    target.

    The setting moves by :math:`-g(\text{score}-\text{target})` after each survey; score = setting + noise of variance
    :math:`\sigma^2`.  Without delay :math:`2\sigma^2/(2-g)`; acting one survey late
    :math:`\sigma^2\bigl[1 + g(1+g)/((1-g)(2+g))\bigr]`.

    Parameters
    ----------
    g : array_like
        Reaction gain, in [0, 2) without delay and in [0, 1) with; 0 leaves the process alone.
    sigma : array_like
        Standard deviation of one survey's noise.
    delay : {0, 1}
        Survey cycles between the score and the correction.

    Returns
    -------
    ndarray or float
        Stationary variance of the score, in the unit of sigma squared.

    Raises
    ------
    ValueError
        If the gain makes the process unstable, sigma is negative or delay is not 0 or 1.

    Notes
    -----
    Deming's funnel, rule 2 (g = 1) doubles the variance [V]; other values [X].

    Examples
    --------
    >>> deming_variance([0.0, 1.0]).tolist()
    [1.0, 2.0]
    >>> deming_variance([0.25, 0.5, 0.9], delay=1).round(3).tolist()
    [1.185, 1.6, 6.897]
    """
    delay, variance = whole("delay", delay), at_least("sigma", sigma) ** 2
    if delay == 0:
        g = between("g", g, 0, 2, open_high=True)
        return same_kind(2 * variance / (2 - g))
    if delay == 1:
        g = between("g", g, 0, 1, open_high=True)
        return same_kind(variance * (1 + g * (1 + g) / ((1 - g) * (2 + g))))
    raise ValueError(f"delay must be 0 or 1 survey cycles, got {delay}")
