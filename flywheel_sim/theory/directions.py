r"""Team directions: one in a field, a line of handoffs, drift without alignment, frequency spread (A19).

A unit vector u in d dimensions with weight :math:`\exp(k\,u\cdot u_0)` has mean cosine
:math:`A_d(k) = I_{d/2}(k)/I_{d/2-1}(k)` (:math:`A_2 = I_1/I_0`, :math:`A_3 = \coth k - 1/k`).  Everything on this page
is that function or free rotational diffusion; order under all-to-all coupling is in `gibbs.py`.

Sources: von Mises-Fisher law [V, textbook]; chain [X]; noisy Kuramoto [V2].
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import ive

from .arguments import Array, above, at_least, same_kind, whole

__all__ = [
    "gibbs_chain_cosine",
    "gibbs_critical_kappa",
    "kuramoto_order",
    "mean_pair_cosine",
    "rotational_cosine",
    "rotational_order",
    "vmf_mean_cosine",
]


def vmf_mean_cosine(d: int, kappa: npt.ArrayLike) -> Array:
    r"""Return the mean cosine of one direction to its field, :math:`A_d(\kappa) = I_{d/2}(\kappa)/I_{d/2-1}(\kappa)`.

    Parameters
    ----------
    d : int
        Dimension, at least 2.
    kappa : array_like
        Strength of the field over angular diffusion, h/D, at least 0.

    Returns
    -------
    ndarray or float
        Mean cosine, in [0, 1).

    Raises
    ------
    ValueError
        If d is below 2 or kappa negative.

    Notes
    -----
    von Mises-Fisher [V]; values [X].

    Examples
    --------
    >>> vmf_mean_cosine(3, [0.5, 1, 2, 4, 8]).round(4).tolist()
    [0.164, 0.313, 0.5373, 0.7507, 0.875]
    """
    d, kappa = whole("d", d, 2), at_least("kappa", kappa)
    small = kappa < 1e-4
    safe = np.where(small, 1.0, kappa)
    return same_kind(np.where(small, kappa / d, ive(d / 2, safe) / ive(d / 2 - 1, safe)))


def gibbs_chain_cosine(d: int, J: npt.ArrayLike, k: npt.ArrayLike) -> Array:
    r"""Return the mean cosine between teams `k` handoffs apart on an open line, :math:`A_d(J)^k`.

    Parameters
    ----------
    d : int
        Dimension, at least 2.
    J : array_like
        Coupling of neighbours over angular diffusion, at least 0.
    k : array_like
        Number of links between the two, at least 0.

    Returns
    -------
    ndarray or float
        Mean cosine; it fades geometrically along the line.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Free ends make the relative rotations of neighbours independent [X].  With coupling strength K w / T in the
    dynamics, J = K w / (T D).

    Examples
    --------
    >>> gibbs_chain_cosine(2, J=2, k=[1, 2, 3]).round(3).tolist()
    [0.698, 0.487, 0.34]
    """
    return same_kind(vmf_mean_cosine(d, J) ** at_least("k", k))


def gibbs_critical_kappa(d: int) -> float:
    """Return coupling K/D above which infinitely many directions order by themselves: d.

    Parameters
    ----------
    d : int
        Dimension, at least 2.

    Returns
    -------
    float
        Critical kappa (2 in the noisy Kuramoto model: K_c = 2D).

    Raises
    ------
    ValueError
        If d is below 2.

    Notes
    -----
    Curie-Weiss O(n) [V].

    Examples
    --------
    >>> gibbs_critical_kappa(3)
    3.0
    """
    return float(whole("d", d, 2))


def mean_pair_cosine(r2: npt.ArrayLike, n: int) -> Array:
    r"""Return the mean cosine between two different teams, :math:`(n^2\langle r^2\rangle - n)/(n(n-1))`.

    Parameters
    ----------
    r2 : array_like
        Mean squared order parameter, in [0, 1].
    n : int
        Number of teams, at least 2.

    Returns
    -------
    ndarray or float
        Mean cosine over pairs; 0 for independent directions (r2 = 1/n), 1 for one direction.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Identity [X].

    Examples
    --------
    >>> round(float(mean_pair_cosine(0.6213, n=2)), 4)  # d = 2, kappa = 1: A_2(1/2)
    0.2426
    """
    r2, n = at_least("r2", r2), whole("n", n, 2)
    return same_kind((n * r2 - 1) / (n - 1))


def rotational_cosine(t: npt.ArrayLike, D: npt.ArrayLike, d: int) -> Array:
    r"""Return the mean cosine of a freely drifting direction with its start, :math:`e^{-(d-1)Dt}`.

    Parameters
    ----------
    t : array_like
        Time.
    D : array_like
        Angular diffusion, rad² per unit of time; the small-angle variance is 2Dt per tangent direction.
    d : int
        Dimension, at least 2.

    Returns
    -------
    ndarray or float
        Mean cosine, in (0, 1].

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    First eigenvalue of the Laplacian on the sphere [V, textbook].  Decorrelation takes 1/((d-1)D).

    Examples
    --------
    >>> round(float(rotational_cosine(25, D=0.02, d=3)), 4)  # weeks
    0.3679
    """
    return same_kind(np.exp(-(whole("d", d, 2) - 1) * at_least("D", D) * at_least("t", t)))


def rotational_order(t: npt.ArrayLike, D: npt.ArrayLike, d: int, n: int) -> Array:
    r"""Return the mean square order of n teams that start aligned and then drift apart uncoupled.

    :math:`\langle r^2\rangle(t) = 1/n + (1 - 1/n)\,e^{-2(d-1)Dt}`.

    Parameters
    ----------
    t : array_like
        Time since all pointed the same way.
    D : array_like
        Angular diffusion, rad² per unit of time.
    d, n : int
        Dimension (at least 2) and number of teams (at least 1).

    Returns
    -------
    ndarray or float
        Mean r², falling from 1 to the level of chance 1/n.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Pairs decorrelate at twice the rate of one vector [X].

    Examples
    --------
    >>> round(float(rotational_order(26, D=0.02, d=3, n=7)), 4)
    0.2499
    """
    n = whole("n", n, 1)
    return same_kind(1 / n + (1 - 1 / n) * rotational_cosine(t, D, d) ** 2)


def kuramoto_order(K: npt.ArrayLike, gamma: npt.ArrayLike) -> Array:
    r"""Return the order of many noiseless oscillators with Lorentzian frequencies, :math:`r = \sqrt{1 - 2\gamma/K}`
    above K = 2γ.

    Parameters
    ----------
    K : array_like
        Coupling, above 0.
    gamma : array_like
        Half-width of the frequency spread, at least 0, same unit.

    Returns
    -------
    ndarray or float
        Order parameter, 0 below the threshold.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Kuramoto [V2].  The case d = 2 of teams whose own agendas turn at different speeds.

    Examples
    --------
    >>> kuramoto_order([1.0, 4.0], gamma=1.0).round(4).tolist()
    [0.0, 0.7071]
    """
    K, gamma = above("K", K), at_least("gamma", gamma)
    return same_kind(np.sqrt(np.maximum(1 - 2 * gamma / K, 0.0)))
