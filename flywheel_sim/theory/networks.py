r"""Bass diffusion on networks: the ring, the pair, and the bounds they give (A2).

Every account adopts at hazard p plus q shared equally over its neighbours: q/2 per neighbour on a ring, q for the one
partner in a pair.  Runs of accounts that have not adopted close the equations on both graphs, also when the simulation
ticks: on a ring a run of k survives a tick if none adopts by itself, and either outer neighbour then matters only at
its own end.  Writing :math:`s_k = A B^k` for the chance of such a run gives, with :math:`\delta` the tick,

.. math::
    A \leftarrow A\,\bigl(B + (1-B)e^{-q\delta/2}\bigr)^2, \qquad B \leftarrow B e^{-p\delta},

whose limit is :math:`F = 1 - \exp(-(p+q)t + q(1-e^{-pt})/p)`.

Sources: ring formula [M], checked with 6e5 nodes [X]; bounds: arXiv 2312.05450 [V]; small worlds lie between: Fibich &
Gibori (2010) [V abstract]; tick forms own derivation [X].
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .arguments import Array, above, at_least, real, same_kind
from .diffusion import bass, ticks

__all__ = ["Bounds", "bass_network_bounds", "bass_pair", "bass_ring", "epidemic_threshold"]


def bass_ring(t: npt.ArrayLike, p: npt.ArrayLike, q: npt.ArrayLike, *, step: float | None = None) -> Array:
    r"""Return adopted fraction on an infinite ring, q/2 from each of two neighbours.

    :math:`F(t) = 1 - \exp(-(p+q)t + q(1-e^{-pt})/p)`; with `step` the exact law of a simulation whose accounts all read
    last tick's state (see the module's text).

    Parameters
    ----------
    t : array_like
        Time since launch.
    p, q : array_like
        External hazard (above 0) and total internal hazard (at least 0) per unit of time.
    step : float, optional
        Tick length in the unit of `t`.

    Returns
    -------
    ndarray or float
        Adopted fraction in [0, 1].  A ring of N accounts differs by about exp(-N p t).

    Raises
    ------
    ValueError
        If an argument is out of range or `t` falls between ticks.

    Notes
    -----
    Formula [M], values [X].

    Examples
    --------
    >>> bass_ring([1, 2, 5, 10, 15], p=0.03, q=0.38).round(5).tolist()
    [0.03502, 0.07905, 0.24846, 0.55826, 0.78985]
    """
    t, p, q = np.broadcast_arrays(at_least("t", t), above("p", p), at_least("q", q))
    if step is None:
        return same_kind(-np.expm1(-(p + q) * t - q / p * np.expm1(-p * t)))
    at = ticks(t, step)
    log_a, result = np.zeros(t.shape), np.zeros(t.shape)
    for tick in range(1, int(at.max(initial=0)) + 1):
        b = np.exp(-p * step * (tick - 1))
        log_a = log_a + 2 * np.log(b + (1 - b) * np.exp(-q * step / 2))
        result = np.where(at == tick, -np.expm1(log_a - p * step * tick), result)
    return same_kind(result)


def bass_pair(t: npt.ArrayLike, p: npt.ArrayLike, q: npt.ArrayLike, *, step: float | None = None) -> Array:
    r"""Return adopted fraction in a market of isolated pairs, the slowest network with total internal hazard q.

    :math:`F(t) = 1 - e^{-2pt} - p\,(e^{-2pt} - e^{-(p+q)t})/(q-p)`; with `step` the exact law in ticks.

    Parameters
    ----------
    t : array_like
        Time since launch.
    p, q : array_like
        External hazard (above 0) and internal hazard (at least 0) per unit of time; q = p is taken as a limit.
    step : float, optional
        Tick length in the unit of `t`.

    Returns
    -------
    ndarray or float
        Adopted fraction in [0, 1].

    Raises
    ------
    ValueError
        If an argument is out of range or `t` falls between ticks.

    Notes
    -----
    arXiv 2312.05450 [V]; values [X].

    Examples
    --------
    >>> bass_pair([1, 2, 5, 10, 15], p=0.03, q=0.38).round(5).tolist()
    [0.0344, 0.07481, 0.20672, 0.40557, 0.55876]
    """
    t, p, q = np.broadcast_arrays(at_least("t", t), above("p", p), at_least("q", q))
    if step is None:
        gap = q - p
        # (1 - exp(-gap t)) / gap, which tends to t as q approaches p.
        safe = np.where(np.abs(gap) < 1e-12, 1.0, gap)
        ratio = np.where(np.abs(gap) < 1e-12, t, -np.expm1(-safe * t) / safe)
        return same_kind(1 - np.exp(-2 * p * t) * (1 + p * ratio))
    at = ticks(t, step)
    neither, one, result = np.ones(t.shape), np.zeros(t.shape), np.zeros(t.shape)
    alone = np.exp(-p * step)
    for tick in range(1, int(at.max(initial=0)) + 1):
        one = one * np.exp(-(p + q) * step) + neither * 2 * alone * (1 - alone)
        neither = neither * alone**2
        result = np.where(at == tick, 1 - neither - one / 2, result)
    return same_kind(result)


class Bounds(NamedTuple):
    """Smallest and largest adopted fraction that any network allows."""

    lower: Array
    upper: Array


def bass_network_bounds(t: npt.ArrayLike, p: npt.ArrayLike, q: npt.ArrayLike, *, step: float | None = None) -> Bounds:
    """Return bounds on adoption over every network with the same p and the same total internal hazard q per account.

    Parameters
    ----------
    t : array_like
        Time since launch.
    p, q : array_like
        External and total internal hazard per unit of time.
    step : float, optional
        Tick length in the unit of `t`, applied to both bounds.

    Returns
    -------
    Bounds
        `lower` = isolated pairs, `upper` = the infinite complete graph.

    Raises
    ------
    ValueError
        If an argument is out of range or `t` falls between ticks.

    Notes
    -----
    arXiv 2312.05450 [V].  The bounds hold for expectations; one run of a small market may leave them by luck.

    Examples
    --------
    >>> lower, upper = bass_network_bounds(5, p=0.03, q=0.38)
    >>> bool(lower < bass_ring(5, p=0.03, q=0.38) < upper)
    True
    """
    return Bounds(bass_pair(t, p, q, step=step), bass(t, p, q, step=step))


def epidemic_threshold(degrees: npt.ArrayLike) -> float:
    r"""Return transmissibility above which a message spreads on a configuration graph, ⟨k⟩ / (⟨k²⟩ - ⟨k⟩).

    Parameters
    ----------
    degrees : array_like
        Degree of every account, at least 0.

    Returns
    -------
    float
        Chance per tie; infinite if nobody has two ties.

    Raises
    ------
    ValueError
        If `degrees` is empty or holds a negative number.

    Notes
    -----
    Newman's percolation argument [M].  Hubs lower the threshold: one account with many ties is enough.

    Examples
    --------
    >>> round(epidemic_threshold([8] * 100), 4)  # regular: 1 / (k - 1)
    0.1429
    >>> round(epidemic_threshold([4] * 99 + [400]), 4)
    0.005
    """
    k = at_least("degrees", real("degrees", degrees))
    if k.size == 0:
        raise ValueError("degrees must hold at least one account")
    excess = float(np.mean(k**2) - np.mean(k))
    return float(np.mean(k)) / excess if excess > 0 else float("inf")
