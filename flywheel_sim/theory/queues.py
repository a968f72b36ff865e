r"""Service queues and failure demand (A21).

c servers, Poisson arrivals at rate :math:`\lambda`, exponential service at rate :math:`\mu`, load a = λ/μ,
utilisation ρ = a/c.  Chance to wait (Erlang C) :math:`C = B/(1-\rho(1-B))` with Erlang's loss formula B; mean wait
:math:`W_q = C/(c\mu-\lambda)`.  Contacts caused by failed fixes are offered again: with share f of all contacts,
:math:`\lambda_\mathrm{eff} = \lambda/(1-f)`.

Sources: Erlang [V, textbook]; failure demand Seddon [V]; numbers [X].
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .arguments import Array, above, at_least, between, real, same_kind, whole

__all__ = [
    "break_even_containment",
    "erlang_b",
    "erlang_c",
    "erlang_late_share",
    "erlang_wait",
    "failure_demand",
    "little",
]


def erlang_b(a: npt.ArrayLike, c: int) -> Array:
    """Return the chance that all `c` servers are busy when nobody waits (Erlang's loss formula).

    Parameters
    ----------
    a : array_like
        Offered load, at least 0 (arrivals per mean service time).
    c : int
        Servers, at least 1.

    Returns
    -------
    ndarray or float
        Probability in the shape of `a`.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Recursion B_k = aB/(k + aB) [V, textbook], stable for many servers.

    Examples
    --------
    >>> round(float(erlang_b(8, c=10)), 4)
    0.1217
    """
    a, c = at_least("a", a), whole("c", c, 1)
    blocked = np.ones_like(a)
    for k in range(1, c + 1):
        blocked = a * blocked / (k + a * blocked)
    return same_kind(blocked)


def erlang_c(a: npt.ArrayLike, c: int) -> Array:
    """Return the chance that an arrival has to wait in a queue with `c` servers.

    Parameters
    ----------
    a : array_like
        Offered load, in [0, c).
    c : int
        Servers, at least 1.

    Returns
    -------
    ndarray or float
        Probability in the shape of `a`.

    Raises
    ------
    ValueError
        If the load is at or above the number of servers: the queue then has no steady state.

    Notes
    -----
    Erlang C [V]; numbers [X].

    Examples
    --------
    >>> round(float(erlang_c(8, c=10)), 4)
    0.4092
    """
    c = whole("c", c, 1)
    a = _stable(at_least("a", a), c)
    blocked = erlang_b(a, c)
    return same_kind(blocked / (1 - a / c * (1 - blocked)))


def _stable(a: Array, c: int) -> Array:
    if np.any(a >= c):
        raise ValueError(f"a must be below c = {c} servers, got {float(np.max(a)):g}: the queue grows without end")
    return a


def erlang_wait(a: npt.ArrayLike, c: int, mu: npt.ArrayLike = 1.0) -> Array:
    r"""Return the mean time in queue, :math:`W_q = C/(c\mu - \lambda)`.

    Parameters
    ----------
    a : array_like
        Offered load λ/μ, in [0, c).
    c : int
        Servers.
    mu : array_like
        Service rate of one server; the default 1 gives waits in mean service times.

    Returns
    -------
    ndarray or float
        Mean wait over all arrivals, in the unit of 1/mu.

    Raises
    ------
    ValueError
        If an argument is out of range or the queue is unstable.

    Notes
    -----
    [X].  Waits explode with utilisation in small teams: at 80 % one server keeps people four service times, fifty
    servers at 90 % a fourteenth of one.

    Examples
    --------
    >>> [round(float(erlang_wait(a, c)), 4) for a, c in ((0.8, 1), (8, 10), (45, 50))]
    [4.0, 0.2046, 0.0728]
    """
    a = real("a", a)
    return same_kind(erlang_c(a, c) / (above("mu", mu) * (c - a)))


def erlang_late_share(t: npt.ArrayLike, a: npt.ArrayLike, c: int, mu: npt.ArrayLike = 1.0) -> Array:
    r"""Return the share of arrivals that wait longer than `t`, :math:`C e^{-(c\mu-\lambda)t}`.

    Parameters
    ----------
    t : array_like
        Waiting time, at least 0, in the unit of 1/mu.
    a : array_like
        Offered load, in [0, c).
    c : int
        Servers.
    mu : array_like
        Service rate of one server.

    Returns
    -------
    ndarray or float
        Share in [0, 1].

    Raises
    ------
    ValueError
        If an argument is out of range or the queue is unstable.

    Notes
    -----
    First come, first served [V, textbook].

    Examples
    --------
    >>> round(float(erlang_late_share(0.5, a=8, c=10)), 4)
    0.1505
    """
    a = real("a", a)
    return same_kind(erlang_c(a, c) * np.exp(-above("mu", mu) * (c - a) * at_least("t", t)))


def failure_demand(lam: npt.ArrayLike, f: npt.ArrayLike) -> Array:
    r"""Return contacts per unit of time when a share `f` of contacts is repeated, :math:`\lambda/(1-f)`.

    Parameters
    ----------
    lam : array_like
        First contacts (value demand) per unit of time, or the load they offer.
    f : array_like
        Share of contacts caused by a failed fix, in [0, 1).

    Returns
    -------
    ndarray or float
        All contacts, in the unit of `lam`.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Seddon [V] for the idea, 40-60 % in command-and-control services; geometric series [X].

    Examples
    --------
    >>> [round(float(erlang_wait(failure_demand(6, f), c=10)), 4) for f in (0, 0.2, 0.3)]
    [0.0253, 0.1226, 0.384]
    """
    return same_kind(at_least("lam", lam) / (1 - between("f", f, open_high=True)))


def little(lam: npt.ArrayLike, W: npt.ArrayLike) -> Array:
    """Return the mean number present, L = λW: issues in service, or customers = inflow × mean lifetime.

    Parameters
    ----------
    lam : array_like
        Arrivals per unit of time.
    W : array_like
        Mean time an arrival stays, same unit.

    Returns
    -------
    ndarray or float
        Mean number present.

    Raises
    ------
    ValueError
        If an argument is negative.

    Notes
    -----
    Little's law [V].  It is the funnel limit of the whole firm: no word of mouth, steady inflow.

    Examples
    --------
    >>> round(float(little(lam=2.9, W=1 / 0.00246)))  # customers at 12 % churn a year
    1179
    """
    return same_kind(at_least("lam", lam) * at_least("W", W))


def break_even_containment(c_L: npt.ArrayLike, c_S: npt.ArrayLike, a: npt.ArrayLike = 0.0) -> Array:
    r"""Return the share of contacts self-service must resolve before it saves money, :math:`1 -
    \frac{c_L-(1+a)c_S}{(1+a)c_L}`.

    Parameters
    ----------
    c_L, c_S : array_like
        Cost of a live contact (above 0) and of a self-service attempt.
    a : array_like
        Extra contacts called forth by the easy channel, relative (.1 = 10 %).

    Returns
    -------
    ndarray or float
        Containment below which the firm pays more than without self-service.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Costs Gartner (2019) [V], formula [X]; augmentation Campbell & Frei (2010) [V].  Only 9 % resolve fully there [V]:
    a tenth more contacts then eats the whole saving.

    Examples
    --------
    >>> break_even_containment(c_L=8.01, c_S=0.10, a=[0, 0.05, 0.10, 0.20]).round(3).tolist()
    [0.012, 0.06, 0.103, 0.179]
    """
    c_L, c_S, more = above("c_L", c_L), at_least("c_S", c_S), 1 + at_least("a", a)
    return same_kind(1 - (c_L - more * c_S) / (more * c_L))
