r"""The finite complete graph behind Bass diffusion (A1): a pure-birth chain, exact.

Among n accounts that all hear each other the number k of adopters jumps to k + 1 at rate
:math:`(n-k)\,(p + qk/(n-1))`; self is excluded, hence n - 1.  Bass' curve is its limit for large n.  Prospects that all
read last tick's count make the chain :math:`k \to k + \mathrm{Bin}(n-k,\,1-e^{-(p+qk/(n-1))\,step})`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln

from .arguments import Array, above, at_least, same_kind, whole
from .diffusion import ticks

__all__ = ["PureBirth", "bass_pure_birth"]


class PureBirth(NamedTuple):
    """Exact `mean` and standard deviation `sd` of the adopted fraction, one entry per time."""

    mean: Array
    sd: Array


def bass_pure_birth(t: npt.ArrayLike, p: float, q: float, n: int, *, step: float | None = None) -> PureBirth:
    r"""Return adopted fraction among `n` accounts that all hear each other: exact mean and standard deviation.

    The number of adopters is a pure-birth chain with rate :math:`(n-k)\,(p + qk/(n-1))` from `k`.  In continuous time
    its distribution is propagated by uniformisation (all terms positive, tail below 1e-15); with `step` it is the
    Markov chain :math:`k \to k + \mathrm{Bin}(n-k,\,1 - e^{-(p + qk/(n-1))\,step})` of a simulation whose prospects
    all read last tick's count.

    Parameters
    ----------
    t : array_like
        Times, one dimension or a number.
    p, q : float
        External and internal hazard per unit of time.
    n : int
        Number of accounts, at least 2.
    step : float, optional
        Tick length; every `t` must be a whole number of ticks.

    Returns
    -------
    PureBirth
        `mean` and `sd` in the shape of `t`.

    Raises
    ------
    ValueError
        If an argument is out of range or `t` falls between ticks.

    Notes
    -----
    [X] exact.  The mean lies below the closed form: word of mouth starts from nobody, and luck early on is never made
    up in full.  The gap is of order 1/n.  A tick costs n² operations: keep n below about 2 000 with `step`.

    Examples
    --------
    >>> chain = bass_pure_birth([1, 5, 15], p=0.03, q=0.38, n=100)
    >>> chain.mean.round(4).tolist(), chain.sd.round(3).tolist()
    ([0.0357, 0.3262, 0.9681], [0.022, 0.095, 0.024])
    """
    times = at_least("t", t)
    p, q, n = float(above("p", p)), float(at_least("q", q)), whole("n", n, 2)
    adopters = np.arange(n + 1)
    hazard = p + q * adopters / (n - 1)
    law = np.zeros(n + 1)
    law[0] = 1.0
    flat = times.ravel()
    clock = flat if step is None else ticks(flat, step).astype(np.float64)
    chance = None if step is None else _tick_matrix(n, -np.expm1(-hazard * step))
    mean, sd = np.zeros(flat.size), np.zeros(flat.size)
    now = 0.0
    for position in np.argsort(clock, kind="stable"):
        if chance is None:
            law = _uniformise(law, (n - adopters) * hazard, clock[position] - now)
        else:
            for _ in range(int(clock[position] - now)):
                law = law @ chance
        now = clock[position]
        mean[position] = law @ adopters / n
        sd[position] = np.sqrt(max(law @ (adopters / n - mean[position]) ** 2, 0.0))
    return PureBirth(same_kind(mean.reshape(times.shape)), same_kind(sd.reshape(times.shape)))


def _uniformise(law: Array, rates: Array, span: float) -> Array:
    """Return carry the distribution of a pure-birth chain over `span` as a Poisson mixture of jump chains."""
    top = float(rates.max())
    # Short strides keep exp(-top * stride) far from underflow.
    strides = max(1, int(np.ceil(top * span / 100)))
    mass = top * span / strides
    terms = int(mass + 12 * np.sqrt(mass + 1) + 30)
    stay, move = 1 - rates / top, rates[:-1] / top
    for _ in range(strides):
        weight, jumped = np.exp(-mass), law
        law = weight * jumped
        for k in range(1, terms):
            moved = stay * jumped
            moved[1:] += move * jumped[:-1]
            jumped, weight = moved, weight * mass / k
            law = law + weight * jumped
    return law


def _tick_matrix(n: int, chance: Array) -> Array:
    """Return the row k: law of k + Bin(n - k, chance[k]), written with log-factorials so that n may be large."""
    k, j = np.arange(n + 1)[:, None], np.arange(n + 1)[None, :]
    new = np.clip(j - k, 0, None)
    left = np.clip(n - j, 0, None)
    log = gammaln(n - k + 1) - gammaln(new + 1) - gammaln(left + 1)
    log = log + new * np.log(chance)[:, None] + left * np.log1p(-chance)[:, None]
    return np.where(j >= k, np.exp(np.where(j >= k, log, 0.0)), 0.0)
