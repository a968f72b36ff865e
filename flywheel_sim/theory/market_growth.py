r"""Forrester's market growth: sales that pay for sales, until delay stops them (A28).

A salesperson sells SE units a month times the effect f of the delivery delay customers have come to expect; revenue
spent on sales pays salaries.  The loop gain is :math:`SE\,f\,\text{revenue}/\text{salary}`: above 1 the sales force
grows, below 1 it shrinks, and delay rises until the gain is 1.

Source: Forrester (1968) [V albany.edu PAD624 mktgrow.mdl]; loop gain [X].
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .arguments import Array, above, at_least, real, same_kind

__all__ = [
    "FORRESTER",
    "ForresterMarket",
    "forrester_capacity_fraction",
    "forrester_delay_effect",
    "forrester_expansion",
    "forrester_loop_gain",
    "forrester_stagnation_delay",
]

_DELAY = np.arange(11.0)
_DELAY_EFFECT = np.array([1, 0.97, 0.87, 0.73, 0.53, 0.38, 0.25, 0.15, 0.08, 0.03, 0.02])
_BACKLOG_RATIO = np.linspace(0, 5, 11)
_CAPACITY_FRACTION = np.array([0, 0.25, 0.5, 0.67, 0.8, 0.87, 0.93, 0.95, 0.97, 0.98, 1])
_CONDITION = np.linspace(0, 2.5, 6)
_EXPANSION = np.array([-0.07, -0.02, 0, 0.02, 0.07, 0.15])


class ForresterMarket(NamedTuple):
    """Constants of the 1968 model; times in months, money in dollars."""

    sales_effectiveness: float
    salary: float
    revenue_to_sales: float
    company_recognition: float
    market_recognition: float
    capacity_delay: float
    delay_bias: float
    initial_backlog: float


FORRESTER = ForresterMarket(400.0, 2000.0, 12.0, 4.0, 6.0, 12.0, 0.3, 8000.0)
"""Constants [V]; revenue to sales is 10 in some variants [V]."""


def forrester_delay_effect(delay: npt.ArrayLike) -> Array:
    """Return the effect of the recognised delivery delay on sales, 1 at no delay, read off Forrester's table.

    Parameters
    ----------
    delay : array_like
        Recognised delay, months, at least 0; .02 from ten months on.

    Returns
    -------
    ndarray or float
        Factor in [.02, 1].

    Raises
    ------
    ValueError
        If a delay is negative.

    Notes
    -----
    Table [V], straight lines in between.

    Examples
    --------
    >>> forrester_delay_effect([0, 2, 4.5]).round(3).tolist()
    [1.0, 0.87, 0.455]
    """
    return same_kind(np.interp(at_least("delay", delay), _DELAY, _DELAY_EFFECT))


def forrester_capacity_fraction(ratio: npt.ArrayLike) -> Array:
    """Return the fraction of production capacity in use, by how long the backlog would last relative to the shortest
    delay.

    Parameters
    ----------
    ratio : array_like
        Minimum delivery delay implied by the backlog over its normal value, at least 0.

    Returns
    -------
    ndarray or float
        Fraction in [0, 1].

    Raises
    ------
    ValueError
        If a ratio is negative.

    Notes
    -----
    Table [V], straight lines in between.

    Examples
    --------
    >>> forrester_capacity_fraction([1, 1.25, 9]).round(3).tolist()
    [0.5, 0.585, 1.0]
    """
    return same_kind(np.interp(at_least("ratio", ratio), _BACKLOG_RATIO, _CAPACITY_FRACTION))


def forrester_expansion(condition: npt.ArrayLike) -> Array:
    """Return monthly change of capacity ordered, by the pressure of delivery delay.

    Parameters
    ----------
    condition : array_like
        Recognised delay over the operating goal, less the bias, at least 0.

    Returns
    -------
    ndarray or float
        Fraction of capacity per month, from -.07 to .15.

    Raises
    ------
    ValueError
        If a condition is negative.

    Notes
    -----
    Table [V], straight lines in between.

    Examples
    --------
    >>> forrester_expansion([0, 1, 2]).tolist()
    [-0.07, 0.0, 0.07]
    """
    return same_kind(np.interp(at_least("condition", condition), _CONDITION, _EXPANSION))


def forrester_loop_gain(
    SE: npt.ArrayLike = 400.0, revenue: npt.ArrayLike = 10.0, salary: npt.ArrayLike = 2000.0, delay: npt.ArrayLike = 0.0
) -> Array:
    """Return how many salespeople one salesperson's sales can pay for.

    Parameters
    ----------
    SE : array_like
        Units sold per person and month without delay, at least 0.
    revenue : array_like
        Dollars of a unit's price that the sales budget gets.
    salary : array_like
        Dollars per person and month, above 0.
    delay : array_like
        Delivery delay as customers perceive it, in months, at least 0.

    Returns
    -------
    ndarray or float
        Loop gain: above 1 growth, below 1 decline.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    [X] from Forrester's constants [V].

    Examples
    --------
    >>> forrester_loop_gain(SE=[400, 200]).tolist()
    [2.0, 1.0]
    """
    sold = at_least("SE", SE) * forrester_delay_effect(delay)
    return same_kind(sold * real("revenue", revenue) / above("salary", salary))


def forrester_stagnation_delay(SE: float = 400.0, revenue: float = 10.0, salary: float = 2000.0) -> float:
    """Return recognised delay at which growth stops because the loop gain is 1.

    Parameters
    ----------
    SE, revenue, salary : float
        As in `forrester_loop_gain`.

    Returns
    -------
    float
        Months; 0 if there is no growth even without delay, infinite if the longest delay does not stop it.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    [X].  It is a property of the market's table, not of production: more sales effort only reaches it sooner.

    Examples
    --------
    >>> round(forrester_stagnation_delay(), 2)
    4.2
    """
    gain = float(forrester_loop_gain(SE, revenue, salary))
    if gain <= 1:
        return 0.0
    if gain * _DELAY_EFFECT[-1] >= 1:
        return float("inf")
    return float(np.interp(-1 / gain, -_DELAY_EFFECT, _DELAY))
