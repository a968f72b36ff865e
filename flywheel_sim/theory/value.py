r"""What a customer is worth: constant retention, referral, defection, referred customers (A5, A7, A8).

Sources: Gupta & Lehmann [V via Gupta, Lehmann & Stuart 2004, Columbia archive]; Reichheld & Sasser (1990) [V, M as
marked]; Schmitt, Skiera & Van den Bulte (2011) and Van den Bulte et al. (2018) [V abstracts].
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .arguments import Array, above, at_least, between, one_of, real, same_kind

__all__ = [
    "REICHHELD_SASSER",
    "base_defection",
    "clv",
    "clv_retention_elasticity",
    "clv_with_referral",
    "defection_profit_gain",
    "referred_value_ratio",
]

REICHHELD_SASSER: dict[str, tuple[float, str]] = {
    "auto-service chain": (0.30, "V"),
    "branch deposits": (0.85, "V"),
    "insurance brokerage": (0.50, "V"),
    "credit card": (0.75, "M"),
    "credit insurance": (0.25, "M"),
    "industrial distribution": (0.45, "M"),
    "industrial laundry": (0.45, "M"),
    "office-building management": (0.40, "M"),
    "software": (0.35, "M"),
}
"""Profit gain from five points lower defection, with evidence mark, Reichheld & Sasser (1990)."""


def clv(m: npt.ArrayLike, r: npt.ArrayLike, i: npt.ArrayLike, *, first_margin: str = "end") -> Array:
    r"""Return customer lifetime value under constant margin and retention.

    ``first_margin="end"``: :math:`\sum_{t\ge1} m r^t/(1+i)^t = m r/(1+i-r)`.  ``first_margin="start"`` adds the margin
    at t = 0: :math:`m(1+i)/(1+i-r)`.

    Parameters
    ----------
    m : array_like
        Margin per period, money.
    r : array_like
        Retention per period, in [0, 1].
    i : array_like
        Discount rate per period, at least 0.
    first_margin : {'end', 'start'}
        Whether the first margin arrives after a period (if retained) or at once.

    Returns
    -------
    ndarray or float
        Value in the unit of `m`.

    Raises
    ------
    ValueError
        If an argument is out of range, or 1 + i - r is 0 (nobody leaves and nothing is discounted).

    Notes
    -----
    Gupta & Lehmann [V].  With heterogeneous customers use `sbg_del`: a constant r gets 37 % too little (A3).

    Examples
    --------
    >>> round(float(clv(m=100, r=0.8, i=0.12)), 2)
    250.0
    >>> round(float(clv(m=1, r=0.631, i=0.1, first_margin="start")), 3)
    2.345
    """
    one_of("first_margin", first_margin, ("end", "start"))
    m, r, i = real("m", m), between("r", r), at_least("i", i)
    if np.any(1 + i - r <= 0):
        raise ValueError("i must be above 0 where r is 1: otherwise the value has no limit")
    return same_kind(m * (r if first_margin == "end" else 1 + i) / (1 + i - r))


def clv_retention_elasticity(r: npt.ArrayLike, i: npt.ArrayLike, *, first_margin: str = "end") -> Array:
    r"""Return per cent of value per per cent of retention: :math:`(1+i)/(1+i-r)`, or :math:`r/(1+i-r)` with a margin at
    once.

    Parameters
    ----------
    r : array_like
        Retention per period, in [0, 1].
    i : array_like
        Discount rate per period, at least 0.
    first_margin : {'end', 'start'}
        As in `clv`.

    Returns
    -------
    ndarray or float
        Elasticity, no unit.

    Raises
    ------
    ValueError
        If an argument is out of range or 1 + i - r is 0.

    Notes
    -----
    [X] from the closed form.  Empirical: 1 % of retention, margin, acquisition cost move value by 5 (3-7), 1 and .1
    (.02-.3) % (Gupta, Lehmann & Stuart 2004 [V]).

    Examples
    --------
    >>> clv_retention_elasticity([0.8, 0.9], i=0.12).round(2).tolist()
    [3.5, 5.09]
    """
    one_of("first_margin", first_margin, ("end", "start"))
    r, i = between("r", r), at_least("i", i)
    if np.any(1 + i - r <= 0):
        raise ValueError("i must be above 0 where r is 1: otherwise the value has no limit")
    return same_kind((1 + i if first_margin == "end" else r) / (1 + i - r))


def clv_with_referral(clv: npt.ArrayLike, R_f: npt.ArrayLike) -> Array:
    """Return the value of a customer with everyone he or she brings, directly or not: CLV / (1 - R_f).

    Parameters
    ----------
    clv : array_like
        Own lifetime value, money.
    R_f : array_like
        Flywheel reproduction number, in [0, 1).

    Returns
    -------
    ndarray or float
        Value in the unit of `clv`; an upper bound, since referrals are taken as clones without delay.

    Raises
    ------
    ValueError
        If R_f is negative or at least 1 (the chain of referrals then has no end).

    Notes
    -----
    [X] geometric series; R_f from `flywheel_reproduction` (A23).

    Examples
    --------
    >>> round(float(clv_with_referral(1000, R_f=0.698)))
    3311
    """
    return same_kind(real("clv", clv) / (1 - between("R_f", R_f, open_high=True)))


def defection_profit_gain(c: npt.ArrayLike, points: npt.ArrayLike = 0.05) -> Array:
    """Return the relative gain of lifetime profit when defection falls by `points`: points / (c - points).

    Parameters
    ----------
    c : array_like
        Defection per period before, a share in (0, 1], above `points`.
    points : array_like
        Absolute fall in defection (.05 = five points, not five per cent).

    Returns
    -------
    ndarray or float
        Relative gain (1 = doubled).

    Raises
    ------
    ValueError
        If `points` is not positive or not below `c`.

    Notes
    -----
    Constant margin, no discount: profit is proportional to lifetime 1/c [X].  Five points often halve defection,
    which is Sharp's critique of the famous 25-85 % [V byronsharp blog].

    Examples
    --------
    >>> float(defection_profit_gain(0.10))  # MBNA: 10 % to 5 % doubles it; published +125 %
    1.0
    """
    c, points = between("c", c, open_low=True), above("points", points)
    if np.any(points >= c):
        raise ValueError("points must be smaller than c: defection cannot fall to zero or below")
    return same_kind(points / (c - points))


def base_defection(gain: npt.ArrayLike, points: npt.ArrayLike = 0.05) -> Array:
    """Return defection rate that a published profit gain implies under constant margin: points (1 + 1/gain).

    Parameters
    ----------
    gain : array_like
        Relative profit gain, above 0 (.85 = 85 %).
    points : array_like
        Absolute fall in defection behind the gain.

    Returns
    -------
    ndarray or float
        Defection per period before the fall.

    Raises
    ------
    ValueError
        If an argument is not positive.

    Notes
    -----
    Inverse of `defection_profit_gain` [X].

    Examples
    --------
    >>> base_defection([0.25, 0.85, 1.25]).round(3).tolist()
    [0.25, 0.109, 0.09]
    """
    gain, points = above("gain", gain), above("points", points)
    return same_kind(points * (1 + 1 / gain))


def referred_value_ratio(
    c: npt.ArrayLike,
    c_referrer: npt.ArrayLike,
    reduction: npt.ArrayLike = 0.18,
    i: npt.ArrayLike = 0.10,
    premium: npt.ArrayLike = 0.0,
    decay: npt.ArrayLike = 0.0,
) -> Array:
    r"""Return the discounted value of a referred customer over that of one acquired otherwise.

    The churn hazard is :math:`c(1-x)` while the referrer stays and :math:`c` afterwards; the margin starts
    :math:`1+\pi` times the usual and the premium fades at rate :math:`\gamma`.  With
    :math:`L(\delta) = \frac{1}{\delta + c(1-x) + c_r}\bigl(1 + \frac{c_r}{\delta + c}\bigr)` the ratio is
    :math:`(i + c)\,(L(i) + \pi L(i + \gamma))`.

    Parameters
    ----------
    c, c_referrer : array_like
        Churn hazard per year of the customer and of the referrer, `c` above 0.
    reduction : array_like
        Share x by which the hazard is lower while the referrer stays, in [0, 1].
    i : array_like
        Continuous discount rate per year.
    premium, decay : array_like
        Margin premium at the start and the rate per year at which it fades.

    Returns
    -------
    ndarray or float
        Ratio, 1 without premium and reduction.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Own derivation [X] of the two mechanisms in Van den Bulte et al. (2018) [V]; hazard 18 % lower [M, not confirmed in
    the primary text]; at least 16 % more value in one bank [V], not replicated in telecom [V].

    Examples
    --------
    >>> round(float(referred_value_ratio(c=0.12, c_referrer=0.12, premium=0.1, decay=1.0)), 3)
    1.086
    """
    c, c_r, x = above("c", c), at_least("c_referrer", c_referrer), between("reduction", reduction)
    i, premium, decay = at_least("i", i), at_least("premium", premium, -1.0), at_least("decay", decay)

    def lifetime(discount: Array) -> Array:
        together = 1 / (discount + c * (1 - x) + c_r)
        result: Array = np.asarray(together * (1 + c_r / (discount + c)))
        return result

    with np.errstate(divide="ignore"):
        return same_kind((i + c) * (lifetime(i) + premium * lifetime(i + decay)))
