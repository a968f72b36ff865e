r"""Non-contractual buying: the BG/NBD model (A4).

While alive a customer buys as a Poisson process with rate :math:`\lambda \sim \mathrm{Gamma}(r, \text{rate } \alpha)`;
after each purchase the customer drops out with probability :math:`p \sim \mathrm{Beta}(a, b)`.

Source: Fader, Hardie & Lee (2005), Marketing Science 24; CDNOW parameters [V] from the CLVTools test-suite.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import betaln, gammaln, hyp2f1

from .arguments import Array, above, at_least, same_kind, whole

__all__ = [
    "BGNBD_CDNOW",
    "BgNbd",
    "bgnbd_expected_purchases",
    "bgnbd_log_likelihood",
    "bgnbd_no_purchase_probability",
    "bgnbd_purchase_probability",
]


class BgNbd(NamedTuple):
    """Shape `r` and rate `alpha` of the buying rate, Beta parameters `a`, `b` of the drop-out probability."""

    r: float
    alpha: float
    a: float
    b: float


BGNBD_CDNOW = BgNbd(r=0.2425945, alpha=4.4136019, a=0.7929199, b=2.4258881)
"""CDNOW cohort, time in weeks, log-likelihood -9582.429 over 2 357 customers [V: CLVTools; Fader-Hardie-Lee 2005]."""


def bgnbd_expected_purchases(
    t: npt.ArrayLike, r: npt.ArrayLike, alpha: npt.ArrayLike, a: npt.ArrayLike, b: npt.ArrayLike
) -> Array:
    r"""Return the expected number of purchases of a new customer up to time `t`.

    .. math::
        E[X(t)] = \frac{a+b-1}{a-1}\left[1 - \left(\frac{\alpha}{\alpha+t}\right)^r
        {}_2F_1\!\left(r, b; a+b-1; \frac{t}{\alpha+t}\right)\right]

    Parameters
    ----------
    t : array_like
        Time since the customer could first buy (none is counted at t = 0).
    r, alpha, a, b : array_like
        BG/NBD parameters, above 0, a different from 1; `alpha` in the unit of `t`.

    Returns
    -------
    ndarray or float
        Expected purchases.

    Raises
    ------
    ValueError
        If an argument is out of range, or a = 1 (a removable singularity of the formula), or a + b = 1.

    Notes
    -----
    Fader, Hardie & Lee (2005) [V]; values [X].

    Examples
    --------
    >>> bgnbd_expected_purchases([1, 10, 52], **BGNBD_CDNOW._asdict()).round(5).tolist()
    [0.05318, 0.43176, 1.44401]
    """
    t, r, alpha = at_least("t", t), above("r", r), above("alpha", alpha)
    a, b = above("a", a), above("b", b)
    if np.any(a == 1) or np.any(a + b == 1):
        raise ValueError("a must not be 1, nor a + b: the closed form divides by zero there; move it a little")
    bracket = 1 - (alpha / (alpha + t)) ** r * hyp2f1(r, b, a + b - 1, t / (alpha + t))
    return same_kind((a + b - 1) / (a - 1) * bracket)


def bgnbd_no_purchase_probability(t: npt.ArrayLike, r: npt.ArrayLike, alpha: npt.ArrayLike) -> Array:
    r"""Return the chance that a new customer has not bought by time `t`, :math:`(\alpha/(\alpha+t))^r`.

    Parameters
    ----------
    t : array_like
        Time since the customer could first buy, at least 0.
    r, alpha : array_like
        Shape and rate of the gamma law of buying rates among customers, above 0.

    Returns
    -------
    ndarray or float
        Probability in the shape of the arguments broadcast together.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Fader, Hardie & Lee (2005) [V]; values [X].  Nobody drops out before a purchase, so the law of
    dropping out (a, b) plays no part.

    Examples
    --------
    >>> round(float(bgnbd_no_purchase_probability(39, r=0.2425945, alpha=4.4136019)), 5)
    0.57431
    """
    t, r, alpha = at_least("t", t), above("r", r), above("alpha", alpha)
    return same_kind((alpha / (alpha + t)) ** r)


def bgnbd_purchase_probability(x: int, t: npt.ArrayLike, r: float, alpha: float, a: float, b: float) -> Array:
    r"""Return the chance that a new customer has bought exactly `x` times by time `t`.

    Parameters
    ----------
    x : int
        Number of purchases, at least 0.
    t : array_like
        Time since the customer could first buy.
    r, alpha, a, b : float
        BG/NBD parameters, above 0.

    Returns
    -------
    ndarray or float
        Probability in the shape of `t`.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Fader, Hardie & Lee (2005), equation for P(X(t) = x) [M]; the sum over x is 1 and its mean is
    `bgnbd_expected_purchases` [X].

    Examples
    --------
    >>> round(float(bgnbd_purchase_probability(1, 39, **BGNBD_CDNOW._asdict())), 4)
    0.1992
    """
    x, t = whole("x", x), at_least("t", t)
    r, alpha, a, b = (float(above(n, v)) for n, v in (("r", r), ("alpha", alpha), ("a", a), ("b", b)))
    none, gone = (alpha / (alpha + t)) ** r, t / (alpha + t)

    def alive(j: int) -> Array:
        """Return law of the number of purchases of somebody who never drops out (negative binomial)."""
        result: Array = np.exp(gammaln(r + j) - gammaln(r) - gammaln(j + 1.0)) * none * gone**j
        return result

    chance = np.exp(betaln(a, b + x) - betaln(a, b)) * alive(x)
    if x > 0:
        beyond = 1 - sum((alive(j) for j in range(x)), np.zeros(t.shape))
        chance = chance + np.exp(betaln(a + 1, b + x - 1) - betaln(a, b)) * beyond
    return same_kind(chance)


def bgnbd_log_likelihood(
    x: npt.ArrayLike, t_x: npt.ArrayLike, T: npt.ArrayLike, r: float, alpha: float, a: float, b: float
) -> float:
    r"""Return log-likelihood of repeat-purchase records under the BG/NBD model.

    Parameters
    ----------
    x : array_like
        Purchases of each customer in the window.
    t_x, T : array_like
        Time of the last purchase (0 if none) and length of the window, per customer, in the unit of `alpha`.
    r, alpha, a, b : float
        BG/NBD parameters, above 0.

    Returns
    -------
    float
        Sum over customers of ln L.

    Raises
    ------
    ValueError
        If an argument is out of range or a last purchase lies after the window's end.

    Notes
    -----
    Fader, Hardie & Lee (2005) [M]: ln L = ln of
    [Γ(r+x)α^r/Γ(r)] · B(a,b+x)/B(a,b) · [(α+T)^-(r+x) + 1(x>0) a/(b+x-1) (α+t_x)^-(r+x)].

    Examples
    --------
    >>> round(bgnbd_log_likelihood([0, 2], [0, 30.4], [38.9, 38.9], **BGNBD_CDNOW._asdict()), 3)
    -10.015
    """
    x, t_x, T = np.broadcast_arrays(at_least("x", x), at_least("t_x", t_x), at_least("T", T))
    r, alpha, a, b = (float(above(n, v)) for n, v in (("r", r), ("alpha", alpha), ("a", a), ("b", b)))
    if np.any(t_x > T):
        raise ValueError("t_x must not exceed T: the last purchase lies inside the window")
    base = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + betaln(a, b + x) - betaln(a, b)
    live = -(r + x) * np.log(alpha + T)
    with np.errstate(divide="ignore"):
        lapsed = np.where(x > 0, np.log(a / np.where(x > 0, b + x - 1, 1.0)) - (r + x) * np.log(alpha + t_x), -np.inf)
    return float(np.sum(base + np.logaddexp(live, lapsed)))
