r"""The cost of coordinating n people (A22).

n people have :math:`n(n-1)/2` channels; if each costs c units of output, net output :math:`n - c\,n(n-1)/2` peaks at
:math:`n^* = 1/c + 1/2` and is gone at :math:`2/c + 1`.  Source: Brooks (1975) [M]; numbers [X].
"""

from __future__ import annotations

from typing import NamedTuple

import numpy.typing as npt

from .arguments import Array, above, at_least, same_kind

__all__ = ["BrooksOptimum", "brooks_optimum", "brooks_output", "communication_channels"]


def communication_channels(n: npt.ArrayLike) -> Array:
    """Return pairs among `n` people, n(n - 1)/2.

    Parameters
    ----------
    n : array_like
        People (or working groups), at least 0.

    Returns
    -------
    ndarray or float
        Number of channels.

    Raises
    ------
    ValueError
        If n is negative.

    Notes
    -----
    Brooks (1975) [M].

    Examples
    --------
    >>> communication_channels([2, 7, 50]).tolist()
    [1.0, 21.0, 1225.0]
    """
    n = at_least("n", n)
    return same_kind(n * (n - 1) / 2)


def brooks_output(n: npt.ArrayLike, c: npt.ArrayLike) -> Array:
    """Return the net output of `n` people whose every channel costs `c`: n - c n(n - 1)/2.

    Parameters
    ----------
    n : array_like
        People, at least 0.
    c : array_like
        Cost of a channel in units of one person's output, at least 0.

    Returns
    -------
    ndarray or float
        Output in persons; negative where coordination eats more than is made.

    Raises
    ------
    ValueError
        If an argument is negative.

    Notes
    -----
    [X].

    Examples
    --------
    >>> brooks_output([10, 11, 21], c=0.1).round(6).tolist()
    [5.5, 5.5, 0.0]
    """
    return same_kind(at_least("n", n) - at_least("c", c) * communication_channels(n))


class BrooksOptimum(NamedTuple):
    """Size `n` of largest net output, that `output`, and the size `zero` at which nothing is left."""

    n: Array
    output: Array
    zero: Array


def brooks_optimum(c: npt.ArrayLike) -> BrooksOptimum:
    """Return the size at which adding people stops helping: n* = 1/c + 1/2.

    Parameters
    ----------
    c : array_like
        Cost of a channel in units of one person's output, above 0.

    Returns
    -------
    BrooksOptimum
        `n` and `zero` in people, `output` in persons' output, n taken as continuous.

    Raises
    ------
    ValueError
        If c is not positive.

    Notes
    -----
    [X].

    Examples
    --------
    >>> best = brooks_optimum(c=0.1)
    >>> float(best.n), float(best.zero)
    (10.5, 21.0)
    """
    c = above("c", c)
    n = 1 / c + 0.5
    return BrooksOptimum(same_kind(n), brooks_output(n, c), same_kind(2 / c + 1))
