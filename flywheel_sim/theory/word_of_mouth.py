r"""Word of mouth through strong and weak ties, bad news, and what one more customer is worth (A9-A12).

Sources: Goldenberg, Libai & Muller (2001) [V replication notebook for the law, M for the ranges]; Goldenberg, Libai,
Moldovan & Muller (2007) [M form, V abstract for the finding]; Hogan, Lemon & Libai (2003) and Libai, Muller & Peres
(2013) [V abstracts]; multiplier own derivation [X].
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .arguments import Array, above, at_least, between, same_kind
from .diffusion import bass

__all__ = ["Verdict", "adopter_multiplier", "bad_news_probabilities", "informed_probability"]


def informed_probability(
    alpha: npt.ArrayLike, beta_w: npt.ArrayLike, beta_s: npt.ArrayLike, j: npt.ArrayLike, m: npt.ArrayLike
) -> Array:
    r"""Return the chance to become informed in a period, :math:`1 - (1-\alpha)(1-\beta_w)^j(1-\beta_s)^m` (A11).

    Parameters
    ----------
    alpha : array_like
        Chance through advertising, per period; ranges used .0005-.01 [M].
    beta_w, beta_s : array_like
        Chance through one weak tie (.005-.015 [M]) and one strong tie (.01-.07 [M]) that is informed.
    j, m : array_like
        Number of informed weak and strong ties.

    Returns
    -------
    ndarray or float
        Probability, broadcast over the arguments.

    Raises
    ------
    ValueError
        If a chance leaves [0, 1] or a count is negative.

    Notes
    -----
    Goldenberg, Libai & Muller (2001) [V].  As a hazard each tie adds -ln(1 - beta), so ties add up.

    Examples
    --------
    >>> round(float(informed_probability(alpha=0.005, beta_w=0.01, beta_s=0.04, j=10, m=3)), 4)
    0.2039
    """
    silent = 1 - between("alpha", alpha)
    silent = silent * (1 - between("beta_w", beta_w)) ** at_least("j", j)
    return same_kind(1 - silent * (1 - between("beta_s", beta_s)) ** at_least("m", m))


class Verdict(NamedTuple):
    """Chances per period to `adopt` and to `reject`; the rest stay undecided."""

    adopt: Array
    reject: Array


def bad_news_probabilities(
    delta: npt.ArrayLike,
    q_w: npt.ArrayLike,
    q_s: npt.ArrayLike,
    M: npt.ArrayLike,
    w_plus: npt.ArrayLike,
    s_plus: npt.ArrayLike,
    w_minus: npt.ArrayLike,
    s_minus: npt.ArrayLike,
) -> Verdict:
    r"""Return chances to adopt and to reject when good and bad news travel together (A12).

    :math:`p^+ = 1-(1-\delta)(1-q_w)^{w+}(1-q_s)^{s+}`, :math:`p^- = 1-(1-Mq_w)^{w-}(1-Mq_s)^{s-}`,
    :math:`a = p^+/(p^++p^-)`; adopt :math:`(1-p^-)p^+ + a p^+p^-`, reject :math:`(1-p^+)p^- + (1-a)p^+p^-`.

    Parameters
    ----------
    delta : array_like
        Chance through advertising per period.
    q_w, q_s : array_like
        Chance per weak and per strong tie of a satisfied customer.
    M : array_like
        Impact of bad news relative to good; M q may not exceed 1.
    w_plus, s_plus, w_minus, s_minus : array_like
        Numbers of weak and strong ties to satisfied (plus) and dissatisfied (minus) customers.

    Returns
    -------
    Verdict
        `adopt` and `reject`, broadcast over the arguments; their sum is 1 - (1 - p⁺)(1 - p⁻).

    Raises
    ------
    ValueError
        If a chance leaves [0, 1] or a count is negative.

    Notes
    -----
    Goldenberg et al. (2007), form [M].  Familiar brands: M near 1, not 2 (East et al. 2008 [V]).

    Examples
    --------
    >>> verdict = bad_news_probabilities(0.01, 0.01, 0.05, M=2, w_plus=5, s_plus=2, w_minus=3, s_minus=1)
    >>> round(float(verdict.adopt), 4), round(float(verdict.reject), 4)
    (0.1387, 0.1415)
    """
    M, q_w, q_s = at_least("M", M), between("q_w", q_w), between("q_s", q_s)
    good = informed_probability(delta, q_w, q_s, w_plus, s_plus)
    bad = informed_probability(0.0, between("M * q_w", M * q_w), between("M * q_s", M * q_s), w_minus, s_minus)
    total = good + bad
    share = np.where(total > 0, good / np.where(total > 0, total, 1.0), 0.0)
    both = good * bad
    return Verdict(same_kind((1 - bad) * good + share * both), same_kind((1 - good) * bad + (1 - share) * both))


def adopter_multiplier(t: npt.ArrayLike, T: npt.ArrayLike, p: npt.ArrayLike, q: npt.ArrayLike) -> Array:
    r"""Return extra customers at time `T` per customer added at time `t` in a closed Bass market without churn (A9,
    A10).

    For an autonomous :math:`N' = g(N)`, :math:`\partial N(T)/\partial N(t) = g(N(T))/g(N(t))` with
    :math:`g = (p+qF)(1-F)`.

    Parameters
    ----------
    t, T : array_like
        When the customer is added and when customers are counted, T at least t.
    p, q : array_like
        External and internal hazard per unit of time.

    Returns
    -------
    ndarray or float
        Multiplier; above 1 while diffusion still speeds up, and falling to 0 for large T: pure acceleration, since in
        a closed market without churn everybody adopts in the end.

    Raises
    ------
    ValueError
        If T is before t or another argument is out of range.

    Notes
    -----
    Own derivation [X].  It is the exact handle on the value of a lost customer (Hogan, Lemon & Libai 2003): the
    imitation lost with an early customer is worth several of its own purchases, with a late one almost nothing.

    Examples
    --------
    >>> adopter_multiplier([0, 1, 3], T=6.1918, p=0.03, q=0.38).round(2).tolist()
    [3.69, 2.63, 1.49]
    """
    t, T = np.broadcast_arrays(at_least("t", t), at_least("T", T))
    p, q = above("p", p), at_least("q", q)
    if np.any(t > T):
        raise ValueError("T must not be before t: a customer cannot bring others before being there")
    then, now = bass(T, p, q), bass(t, p, q)
    return same_kind((p + q * then) * (1 - then) / ((p + q * now) * (1 - now)))
