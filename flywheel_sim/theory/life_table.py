"""Reproduction and growth read off a life table (A23).

A cohort's survival and the customers it brings at each age give the same two numbers as the rate matrices in
`reproduction.py`, without assuming states: the net reproduction number is their sum, the growth rate the discount at
which the sum is 1.  This is how a run is measured; a table cut at the end of the run misses its tail.

Source: Lotka [V, textbook].
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq

from .arguments import Array, at_least, between, same_kind

__all__ = ["euler_lotka_growth", "life_table_reproduction"]


def _life_table(survival: npt.ArrayLike, referrals: npt.ArrayLike) -> Array:
    alive, brought = np.broadcast_arrays(between("survival", survival), at_least("referrals", referrals))
    if alive.ndim != 1 or alive.size == 0:
        raise ValueError("survival must be a list, one share per week of age")
    result: Array = alive * brought
    return result


def life_table_reproduction(
    survival: npt.ArrayLike, referrals: npt.ArrayLike, susceptible: npt.ArrayLike = 1.0
) -> Array:
    """Return reproduction number from a life table: sum over age of survival times referrals, at full susceptibility.

    Parameters
    ----------
    survival : array_like, shape (k,)
        Share of a cohort still a customer in each week of age.
    referrals : array_like, shape (k,) or a number
        Customers brought per surviving customer and week.
    susceptible : array_like
        Prospect share S/N at which the referrals were counted, in (0, 1].

    Returns
    -------
    ndarray or float
        R_f at S/N = 1.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Lotka's net reproduction rate [V, textbook].  A table cut at the end of a run underestimates it.

    Examples
    --------
    >>> survival = 0.99 ** np.arange(2000)
    >>> round(float(life_table_reproduction(survival, 0.004, susceptible=0.8)), 3)
    0.5
    """
    share = between("susceptible", susceptible, open_low=True)
    return same_kind(_life_table(survival, referrals).sum() / share)


def euler_lotka_growth(survival: npt.ArrayLike, referrals: npt.ArrayLike) -> float:
    r"""Return the weekly growth rate g that solves :math:`\sum_{x\ge1} e^{-gx} l_x b_x = 1`.

    Parameters
    ----------
    survival, referrals : array_like, shape (k,)
        Share surviving and customers brought in each week of age, the first entry for age one week.

    Returns
    -------
    float
        Growth rate per week.

    Raises
    ------
    ValueError
        If an argument is out of range or nobody is ever brought.

    Notes
    -----
    Euler-Lotka [V, textbook].

    Examples
    --------
    >>> round(euler_lotka_growth(0.99 ** np.arange(4000), np.full(4000, 0.02)), 5)
    0.00995
    """
    births = _life_table(survival, referrals)
    if births.sum() == 0:
        raise ValueError("referrals must not be zero at every age: there is no growth rate without newcomers")
    age = np.arange(1, births.size + 1)

    def surplus(g: float) -> float:
        return float(np.log(np.sum(births * np.exp(-g * age))))

    low, high = -1e-6, 1e-6
    while surplus(high) > 0:
        high *= 2
    while surplus(low) < 0:
        low *= 2
    return float(brentq(surplus, low, high, xtol=1e-14))
