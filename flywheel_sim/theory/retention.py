r"""Contractual retention with customers who differ: the shifted beta-geometric law, sBG (A3).

Each customer has a churn probability per renewal, fixed for life, :math:`\theta \sim \mathrm{Beta}(\alpha, \beta)`.
Nobody changes, yet the retention rate of a cohort rises with tenure because the likely leavers leave first:

.. math::
    S(t) = \frac{B(\alpha, \beta+t)}{B(\alpha, \beta)}, \qquad r_t = \frac{\beta+t-1}{\alpha+\beta+t-1}.

Source: Fader & Hardie (2007), J. Interactive Marketing 21.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import betaln, hyp2f1

from .arguments import Array, above, at_least, real, same_kind

__all__ = ["SBG_REGULAR", "SbgFit", "sbg", "sbg_churn", "sbg_del", "sbg_derl", "sbg_fit", "sbg_retention"]

SBG_REGULAR: tuple[float, ...] = (100, 63.1, 46.8, 38.2, 32.6, 28.9, 26.2, 24.1, 22.3, 20.7, 19.4, 18.3, 17.3)
"""Per cent of the Regular cohort surviving year 0-12, Fader & Hardie (2007), Table 1 [V: two public copies]."""


def sbg(t: npt.ArrayLike, alpha: npt.ArrayLike, beta: npt.ArrayLike) -> Array:
    r"""Return the share of a cohort still there after `t` renewals, :math:`S(t) = B(\alpha, \beta+t)/B(\alpha, \beta)`.

    Parameters
    ----------
    t : array_like
        Number of renewals passed, at least 0.
    alpha, beta : array_like
        Beta parameters of the churn probability, above 0; mean churn alpha / (alpha + beta).

    Returns
    -------
    ndarray or float
        Surviving share in (0, 1].

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Fader & Hardie (2007) [V].

    Examples
    --------
    >>> sbg([1, 2, 12], alpha=0.7041, beta=1.1820).round(4).tolist()
    [0.6267, 0.4738, 0.17]
    """
    t, alpha, beta = at_least("t", t), above("alpha", alpha), above("beta", beta)
    return same_kind(np.exp(betaln(alpha, beta + t) - betaln(alpha, beta)))


def sbg_churn(t: npt.ArrayLike, alpha: npt.ArrayLike, beta: npt.ArrayLike) -> Array:
    r"""Return the share of a cohort lost exactly at renewal `t`, :math:`P(T=t) = B(\alpha+1, \beta+t-1)/B(\alpha,
    \beta)`.

    Parameters
    ----------
    t : array_like
        Renewal number, at least 1.
    alpha, beta : array_like
        Beta parameters of the churn probability, above 0.

    Returns
    -------
    ndarray or float
        Probability; the sum over t = 1, 2, ... is 1.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Fader & Hardie (2007) [V]; the same as the forward recursion P(t) = P(t-1)(β+t-2)/(α+β+t-1).

    Examples
    --------
    >>> round(float(sbg_churn(1, alpha=0.7041, beta=1.1820)), 4)
    0.3733
    """
    t, alpha, beta = at_least("t", t, 1), above("alpha", alpha), above("beta", beta)
    return same_kind(np.exp(betaln(alpha + 1, beta + t - 1) - betaln(alpha, beta)))


def sbg_retention(t: npt.ArrayLike, alpha: npt.ArrayLike, beta: npt.ArrayLike) -> Array:
    r"""Return retention rate at renewal `t`, :math:`r_t = (\beta+t-1)/(\alpha+\beta+t-1)`, rising with tenure.

    Parameters
    ----------
    t : array_like
        Renewal number, at least 1.
    alpha, beta : array_like
        Beta parameters of the churn probability, above 0.

    Returns
    -------
    ndarray or float
        Share of those facing renewal `t` who renew.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Fader & Hardie (2007) [V].

    Examples
    --------
    >>> sbg_retention([1, 2, 6], alpha=0.7041, beta=1.1820).round(3).tolist()
    [0.627, 0.756, 0.898]
    """
    t, alpha, beta = at_least("t", t, 1), above("alpha", alpha), above("beta", beta)
    return same_kind((beta + t - 1) / (alpha + beta + t - 1))


class SbgFit(NamedTuple):
    """Maximum-likelihood `alpha` and `beta`, and the log-likelihood `ll` in the unit of the data's weights."""

    alpha: float
    beta: float
    ll: float


def sbg_fit(survivors: npt.ArrayLike) -> SbgFit:
    """Fit the sBG to one cohort's survivor counts or percentages by maximum likelihood.

    Parameters
    ----------
    survivors : array_like
        Survivors at renewal 0, 1, ..., n; never rising, first entry above 0.  Shares, per cent and counts give the same
        parameters; only `ll` scales.

    Returns
    -------
    SbgFit
        `alpha`, `beta`, `ll`.

    Raises
    ------
    ValueError
        If there are fewer than three entries, they rise, are negative, or nobody leaves.

    Notes
    -----
    The published .704 / 1.182 [V] come from years 1-7 of the Regular cohort; the rest is the hold-out.

    Examples
    --------
    >>> fit = sbg_fit(SBG_REGULAR[:8])
    >>> round(fit.alpha, 4), round(fit.beta, 4)
    (0.7041, 1.182)
    """
    alive = at_least("survivors", survivors)
    if alive.ndim != 1 or alive.size < 3:
        raise ValueError("survivors must be a list of at least three entries, starting at renewal 0")
    lost = -np.diff(alive)
    if np.any(lost < 0) or lost.sum() == 0:
        raise ValueError("survivors must fall from one renewal to the next and somebody must leave")
    lost, left, n = lost / alive[0], alive[-1] / alive[0], np.arange(1, alive.size)

    def loss(log_parameters: Array) -> float:
        alpha, beta = np.exp(log_parameters)
        base = betaln(alpha, beta)
        log_churn = betaln(alpha + 1, beta + n - 1) - base
        return -float(lost @ log_churn + left * (betaln(alpha, beta + alive.size - 1) - base))

    best = minimize(loss, np.zeros(2), method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-14, "maxiter": 4000})
    alpha, beta = np.exp(best.x)
    return SbgFit(float(alpha), float(beta), -float(best.fun) * float(alive[0]))


def sbg_del(alpha: npt.ArrayLike, beta: npt.ArrayLike, d: npt.ArrayLike) -> Array:
    r"""Return the discounted expected lifetime of a new customer, :math:`{}_2F_1(1, \beta; \alpha+\beta; 1/(1+d))`.

    Parameters
    ----------
    alpha, beta : array_like
        Beta parameters of the churn probability, above 0.
    d : array_like
        Discount rate per renewal period, above 0 (.1 = 10 %).

    Returns
    -------
    ndarray or float
        Number of discounted payments, the first at t = 0 counted in full; times the margin it is the CLV.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Fader & Hardie (2010) [M formula, X values].

    Examples
    --------
    >>> round(float(sbg_del(alpha=0.704, beta=1.182, d=0.1)), 4)
    3.6951
    """
    alpha, beta, d = above("alpha", alpha), above("beta", beta), above("d", d)
    return same_kind(hyp2f1(1.0, beta, alpha + beta, 1 / (1 + d)))


def sbg_derl(n: npt.ArrayLike, alpha: npt.ArrayLike, beta: npt.ArrayLike, d: npt.ArrayLike) -> Array:
    r"""Return the discounted expected residual lifetime of a customer who has just made payment number `n`.

    :math:`\frac{\beta+n-1}{\alpha+\beta+n-1}\,{}_2F_1(1, \beta+n; \alpha+\beta+n; 1/(1+d))`, in payments, the next one
    counted in full if it comes.

    Parameters
    ----------
    n : array_like
        Payments made so far, at least 1.
    alpha, beta : array_like
        Beta parameters of the churn probability, above 0.
    d : array_like
        Discount rate per renewal period, above 0.

    Returns
    -------
    ndarray or float
        Expected discounted payments to come, valued at the next renewal.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Fader & Hardie (2010) [M formula, X values].  It rises with n: tenure reveals who was never going to leave.

    Examples
    --------
    >>> sbg_derl([1, 2, 5], alpha=0.704, beta=1.182, d=0.1).round(4).tolist()
    [2.9647, 4.1035, 5.8944]
    """
    n, alpha, beta, d = real("n", at_least("n", n, 1)), above("alpha", alpha), above("beta", beta), above("d", d)
    head = (beta + n - 1) / (alpha + beta + n - 1)
    return same_kind(head * hyp2f1(1.0, beta + n, alpha + beta + n, 1 / (1 + d)))
