r"""A service queue whose customers give up: Erlang A (A30).

Poisson arrivals at rate :math:`\lambda`, c servers of rate :math:`\mu`, first come first served; who waits gives up at
rate :math:`\theta` and does not come back.  The number of issues open, waiting or in hand, is a birth-death process:

.. math:: p_n = p_0 \prod_{k=1}^{n} \frac{\lambda}{\min(k, c)\,\mu + \max(0, k - c)\,\theta}

With Q those who wait, they give up at rate :math:`\theta E[Q]`, so that a share
:math:`P(\mathrm{abandon}) = \theta E[Q] / \lambda` of all arrivals is lost.  Any load has a steady state as long as
patience is finite; :math:`\theta \to 0` is Erlang C (A21), and the share lost of an overload tends to
:math:`1 - c\mu/\lambda`, its least.

Sources: Palm (1957) and Garnett, Mandelbaum & Reiman (2002) [V]; numbers [X].
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .arguments import Array, above, at_least, same_kind, whole
from .queues import erlang_c

__all__ = ["erlang_a", "erlang_a_open", "erlang_a_waits"]

#: Terms below this share of the largest are left out.
_LEAST = -50.0
#: Terms summed at a time: memory does not grow with patience.
_BLOCK = 65_536
#: Shortest rate of giving up, relative to that of service. The work grows with the root of load over this.
_FINITE = 1e-9


class _Law(NamedTuple):
    waits: float
    waiting: float
    busy: float


def _law(lam: float, c: int, theta: float, mu: float) -> _Law:
    """Return the chance to find all servers busy, mean number waiting, mean number in hand."""
    a = lam / mu
    if theta == 0.0:
        waits = float(erlang_c(a, c))
        return _Law(waits, waits * a / (c - a), a)
    if lam == 0.0:
        return _Law(0.0, 0.0, 0.0)
    # The sum of the weights, and those of: all servers busy, how many wait, how many are in hand.
    # Weights relative to the largest, at n = top, summed outwards from there: nothing overflows, nothing cancels.
    top = int(min(a, c)) if lam <= c * mu else c + int((lam - c * mu) / theta)
    sums = np.array([1.0, float(top >= c), float(max(0, top - c)), float(min(top, c))])
    for step in (1, -1):
        n, log_weight, block = top, 0.0, 256
        while log_weight > _LEAST and (step > 0 or n > 0):
            size = block if step > 0 else min(block, n)
            states = n + step * np.arange(1, size + 1)
            into = states if step > 0 else states + 1  # weight(k) / weight(k - 1) has k in its denominator
            ratio = np.log(lam / (np.minimum(into, c) * mu + np.maximum(into - c, 0) * theta))
            weights = log_weight + step * np.cumsum(ratio)
            share, over = np.exp(weights), np.maximum(states - c, 0)
            sums += share.sum(), share[states >= c].sum(), share @ over, share @ np.minimum(states, c)
            n, log_weight, block = int(states[-1]), float(weights[-1]), min(2 * block, _BLOCK)
    return _Law(*(sums[1:] / sums[0]).tolist())


def _each(
    take: Callable[[_Law, float, float], float], lam: npt.ArrayLike, c: int, theta: npt.ArrayLike, mu: npt.ArrayLike
) -> Array:
    """Take one number of every law that the arguments, broadcast against each other, stand for."""
    lam, c, theta, mu = at_least("lam", lam), whole("c", c, 1), at_least("theta", theta), above("mu", mu)
    if np.any((theta > 0) & (theta < _FINITE * mu)):
        raise ValueError(f"theta must be 0, or at least {_FINITE:g} times mu, got {float(np.min(theta[theta > 0])):g}")
    grid = np.broadcast(lam, theta, mu)
    numbers = [take(_law(float(x), c, float(t), float(m)), float(x), float(t)) for x, t, m in grid]
    return same_kind(np.reshape(numbers, grid.shape))


def erlang_a(lam: npt.ArrayLike, c: int, theta: npt.ArrayLike, mu: npt.ArrayLike = 1.0) -> Array:
    r"""Compute the share of arrivals that give up before they are served, :math:`\theta E[Q]/\lambda`.

    Parameters
    ----------
    lam : array_like
        Arrivals per unit of time, at least 0.
    c : int
        Servers, at least 1.
    theta : array_like
        Rate at which who waits gives up: 1 / mean patience.  0 is endless patience, else at least 1e-9 mu.
    mu : array_like
        Service rate of one server; the default 1 measures time in mean service times.

    Returns
    -------
    ndarray or float
        Probability in the shape of the arguments broadcast together.

    Raises
    ------
    ValueError
        If an argument is out of range, or patience is endless and the load at or above the number of servers.

    Notes
    -----
    Erlang A: Palm (1957); Garnett, Mandelbaum & Reiman (2002) [V]; numbers [X].  No retrials.  Twice the work ten
    servers can do loses half the arrivals, whatever their patience: those who go make room for the rest.

    Examples
    --------
    >>> [round(float(erlang_a(lam, c=10, theta=theta)), 4) for lam, theta in ((8, 1), (10, 0.1), (20, 0.1))]
    [0.0532, 0.0605, 0.5]
    """
    return _each(lambda law, x, t: t * law.waiting / x if x > 0 else 0.0, lam, c, theta, mu)


def erlang_a_waits(lam: npt.ArrayLike, c: int, theta: npt.ArrayLike, mu: npt.ArrayLike = 1.0) -> Array:
    """Compute the chance that an arrival finds all servers busy, and has to wait or give up.

    Parameters
    ----------
    lam : array_like
        Arrivals per unit of time, at least 0.
    c : int
        Servers, at least 1.
    theta : array_like
        Rate at which who waits gives up: 1 / mean patience.  0 is endless patience, else at least 1e-9 mu.
    mu : array_like
        Service rate of one server.

    Returns
    -------
    ndarray or float
        Probability in the shape of the arguments broadcast together.

    Raises
    ------
    ValueError
        If an argument is out of range, or patience is endless and the load at or above the number of servers.

    Notes
    -----
    Erlang A [V]: the sum of p_n from n = c, since Poisson arrivals see time averages; Erlang C at theta = 0.

    Examples
    --------
    >>> [round(float(erlang_a_waits(8, c=10, theta=theta)), 4) for theta in (0, 0.1, 1)]
    [0.4092, 0.3756, 0.2834]
    """
    return _each(lambda law, x, t: law.waits, lam, c, theta, mu)


def erlang_a_open(lam: npt.ArrayLike, c: int, theta: npt.ArrayLike, mu: npt.ArrayLike = 1.0) -> Array:
    """Compute the mean number of issues open, waiting or in hand.

    Parameters
    ----------
    lam : array_like
        Arrivals per unit of time, at least 0.
    c : int
        Servers, at least 1.
    theta : array_like
        Rate at which who waits gives up: 1 / mean patience.  0 is endless patience, else at least 1e-9 mu.
    mu : array_like
        Service rate of one server.

    Returns
    -------
    ndarray or float
        Mean number in the shape of the arguments broadcast together.

    Raises
    ------
    ValueError
        If an argument is out of range, or patience is endless and the load at or above the number of servers.

    Notes
    -----
    Erlang A [V]: the sum of n p_n.  With theta = mu it is the load itself, since everybody leaves at one rate [X].

    Examples
    --------
    >>> [round(float(erlang_a_open(20, c=10, theta=theta)), 3) for theta in (0.1, 1)]
    [110.0, 20.0]
    """
    return _each(lambda law, x, t: law.waiting + law.busy, lam, c, theta, mu)
