r"""The capability trap: fire-fighting that eats the time to prevent fires (A27).

Capability C in [0, 1] keeps problems down: they arrive at :math:`g_0(1-kC)` and fire-fighting takes the share
:math:`f = \min(1, \rho(1-kC))` of the hours, :math:`\rho = g_0/\text{capacity}`.  What is left builds capability,

.. math::
    \dot C = e\,(1-f)(1-C) - \delta C .

Where :math:`\rho \ge 1` the firm below the unstable point spends everything on fires and falls to C = 0.

Sources: Repenning & Sterman (2001), Repenning (2001), Repenning, Gonçalves & Black (2001) [V] for the mechanism;
minimal form own, values [X].
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .arguments import Array, above, at_least, between, real, same_kind

__all__ = ["CapabilityEquilibria", "capability_path", "capability_rate", "capability_trap_equilibria"]


class CapabilityEquilibria(NamedTuple):
    """Tipping point `unstable` and working point `stable`; NaN where there is none."""

    unstable: Array
    stable: Array


def capability_rate(
    C: npt.ArrayLike, rho: npt.ArrayLike, k: npt.ArrayLike, e: npt.ArrayLike, delta: npt.ArrayLike
) -> Array:
    r"""Return change of capability per unit of time, :math:`e(1-f)(1-C) - \delta C`.

    Parameters
    ----------
    C : array_like
        Capability, in [0, 1].
    rho : array_like
        Problem hours over capacity hours at C = 0, at least 0.
    k : array_like
        Share of problems that full capability prevents, in [0, 1].
    e, delta : array_like
        Rate at which free time builds capability and rate at which it erodes, per unit of time, at least 0.

    Returns
    -------
    ndarray or float
        dC/dt.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Own minimal form [X].

    Examples
    --------
    >>> capability_rate([0.1, 0.2], rho=1.1, k=0.9, e=0.1, delta=0.02).round(4).tolist()  # around the tipping point
    [-0.002, 0.0038]
    """
    C, rho, k = between("C", C), at_least("rho", rho), between("k", k)
    f = np.minimum(1.0, rho * (1 - k * C))
    return same_kind(at_least("e", e) * (1 - f) * (1 - C) - at_least("delta", delta) * C)


def capability_trap_equilibria(
    rho: npt.ArrayLike, k: npt.ArrayLike, e: npt.ArrayLike, delta: npt.ArrayLike
) -> CapabilityEquilibria:
    r"""Return points at which capability stands still, apart from C = 0.

    Both solve :math:`e\,(1-\rho(1-kC))(1-C) = \delta C`, a quadratic in C.

    Parameters
    ----------
    rho : array_like
        Problem hours over capacity hours at C = 0, at least 0.
    k : array_like
        Share of problems that full capability prevents, in [0, 1].
    e, delta : array_like
        Rate of building (above 0) and of erosion (at least 0) per unit of time.

    Returns
    -------
    CapabilityEquilibria
        `unstable` is NaN below rho = 1 (no trap); both are NaN where the firm always falls to 0.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Values [X].  At rho >= 1, C = 0 is stable as well: below `unstable` the firm falls into it.

    Examples
    --------
    >>> trap = capability_trap_equilibria(rho=[0.8, 1.1, 1.3], k=0.9, e=0.1, delta=0.02)
    >>> trap.unstable.round(3).tolist(), trap.stable.round(3).tolist()
    ([nan, 0.132, 0.347], [0.794, 0.767, 0.738])
    """
    rho, k, e, delta = np.broadcast_arrays(
        at_least("rho", rho), between("k", k), above("e", e), at_least("delta", delta)
    )
    # e (1 - rho + rho k C)(1 - C) - delta C = 0
    square = -e * rho * k
    linear = e * (rho * k - (1 - rho)) - delta
    constant = e * (1 - rho)
    root = linear**2 - 4 * square * constant
    safe = np.where(square < 0, square, -1.0)
    with np.errstate(invalid="ignore"):
        low = (-linear + np.sqrt(root)) / (2 * safe)
        high = (-linear - np.sqrt(root)) / (2 * safe)
    straight = constant / (e * (1 - rho) + delta + (rho >= 1))
    stable = np.where(square < 0, high, np.where(rho < 1, straight, np.nan))
    stable = np.where((stable > 0) & (stable <= 1), stable, np.nan)
    unstable = np.where((square < 0) & (rho >= 1) & np.isfinite(stable), np.maximum(low, 0.0), np.nan)
    return CapabilityEquilibria(same_kind(unstable), same_kind(stable))


def capability_path(t: npt.ArrayLike, C0: float, rho: float, k: float, e: float, delta: float) -> Array:
    """Return capability over time from a start, by integrating `capability_rate`.

    Parameters
    ----------
    t : array_like, shape (T,)
        Times, rising, starting at 0 or later.
    C0 : float
        Capability at time 0, in [0, 1].
    rho, k, e, delta : float
        As in `capability_rate`.

    Returns
    -------
    ndarray, shape (T,)
        Capability.

    Raises
    ------
    ValueError
        If an argument is out of range or times do not rise.

    Notes
    -----
    scipy's LSODA at relative tolerance 1e-9 [X].

    Examples
    --------
    >>> [capability_path([600], C0, rho=1.1, k=0.9, e=0.1, delta=0.02).round(3).tolist() for C0 in (0.12, 0.15)]
    [[0.0], [0.767]]
    """
    from scipy.integrate import solve_ivp

    times = np.atleast_1d(at_least("t", t))
    if np.any(np.diff(times) < 0):
        raise ValueError("t must rise from one entry to the next")
    C0, rho, k = float(between("C0", C0)), float(at_least("rho", rho)), float(between("k", k))
    e, delta = float(at_least("e", e)), float(at_least("delta", delta))

    def slope(_: float, C: Array) -> Array:
        return np.atleast_1d(capability_rate(np.clip(C, 0, 1), rho, k, e, delta))

    span = (0.0, max(float(times[-1]), 1e-12))
    path = solve_ivp(slope, span, [C0], t_eval=times, method="LSODA", rtol=1e-9, atol=1e-12)
    return np.clip(real("C", path.y[0]), 0, 1)
