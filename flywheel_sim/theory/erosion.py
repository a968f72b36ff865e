r"""Service standards that follow quality down but not up (A26).

The standard :math:`s^*` adapts to delivered service s, :math:`\dot s^* = (s - s^*)/\tau`, with time constant
:math:`\tau_\downarrow` when service is below standard and :math:`\tau_\uparrow` when it is above.  Equal constants
recover from a passing shortage; with :math:`\tau_\uparrow = \infty` every shortage is remembered for good.  Fulfilment
is capacity times intensity over time per order, but never faster than the backlog can pass.

Source: Oliva & Sterman (2001) [V AGSM copy of the model, V abstract for permanent erosion]; downward 19 weeks, upward
none [M, low confidence].
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .arguments import Array, above, at_least, real, same_kind

__all__ = ["order_fulfillment", "standard_after_pulse", "standard_path"]


def order_fulfillment(
    backlog: npt.ArrayLike,
    capacity: npt.ArrayLike,
    intensity: npt.ArrayLike,
    time_per_order: npt.ArrayLike,
    residence: npt.ArrayLike = 0.1,
) -> Array:
    """Return orders completed per week: capacity times intensity over time per order, at most backlog over residence.

    Parameters
    ----------
    backlog : array_like
        Orders waiting, at least 0.
    capacity : array_like
        Service capacity, person-hours per week, at least 0.
    intensity : array_like
        Work intensity, 1 = normal.
    time_per_order : array_like
        Person-hours per order, above 0.
    residence : array_like
        Shortest time an order stays, weeks.

    Returns
    -------
    ndarray or float
        Orders per week.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Oliva & Sterman (2001) [V]; residence .1 week [V].

    Examples
    --------
    >>> order_fulfillment(backlog=[10, 500], capacity=1200, intensity=1.0, time_per_order=1.0).tolist()
    [100.0, 1200.0]
    """
    potential = at_least("capacity", capacity) * at_least("intensity", intensity)
    potential = potential / above("time_per_order", time_per_order)
    return same_kind(np.minimum(potential, at_least("backlog", backlog) / above("residence", residence)))


def _time_constant(name: str, value: npt.ArrayLike) -> Array:
    given = np.asarray(value, dtype=np.float64)
    if np.any(np.isnan(given)) or np.any(given <= 0):
        raise ValueError(f"{name} must be greater than 0 weeks, or inf for never, got {value!r}")
    return given


def standard_path(
    s: npt.ArrayLike, tau_down: float = 19.0, tau_up: float = float("inf"), s0: float = 1.0, *, step: float = 1.0
) -> Array:
    r"""Return the standard at the end of each tick, given the service delivered in it.

    Within a tick the service is constant, so :math:`s^* \leftarrow s + (s^*-s)e^{-step/\tau}` is exact at any tick.

    Parameters
    ----------
    s : array_like, shape (T,)
        Service delivered in each tick.
    tau_down, tau_up : float
        Weeks to adapt downwards and upwards; ``inf`` means never.
    s0 : float
        Standard at the start.
    step : float
        Tick, weeks.

    Returns
    -------
    ndarray, shape (T,)
        Standard after each tick, in the unit of `s`.

    Raises
    ------
    ValueError
        If a time constant or the tick is not positive.

    Notes
    -----
    [M] time constants, solution [X].

    Examples
    --------
    >>> service = [0.9] * 13 + [1.1] * 13  # a shortage and an equal surplus
    >>> float(standard_path(service)[-1].round(4)), float(standard_path(service, tau_up=19)[-1].round(4))
    (0.9504, 1.0246)
    """
    service = np.atleast_1d(real("s", s))
    keep = [
        float(np.exp(-above("step", step) / _time_constant(*pair)))
        for pair in (("tau_down", tau_down), ("tau_up", tau_up))
    ]
    standard, path = float(real("s0", s0)), np.empty(service.shape)
    for tick, level in enumerate(service):
        standard = float(level + (standard - level) * keep[0 if level < standard else 1])
        path[tick] = standard
    return path


def standard_after_pulse(
    x: npt.ArrayLike,
    T: npt.ArrayLike,
    tau_down: npt.ArrayLike = 19.0,
    tau_up: npt.ArrayLike = float("inf"),
    *,
    rest: npt.ArrayLike = 0.0,
) -> Array:
    r"""Return the standard, relative to 1, `rest` weeks after a shortage of depth `x` lasting `T` weeks.

    :math:`1 - x(1-e^{-T/\tau_\downarrow})\,e^{-\text{rest}/\tau_\uparrow}`, service being back at 1 during the rest.

    Parameters
    ----------
    x : array_like
        Depth of the shortage in units of the standard, at least 0.
    T : array_like
        Its length, weeks.
    tau_down, tau_up : array_like
        Weeks to adapt downwards and upwards; ``inf`` means never.
    rest : array_like
        Weeks of normal service afterwards.

    Returns
    -------
    ndarray or float
        Standard; below 1 for ever if `tau_up` is infinite.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    [X] solution of the linear equation.

    Examples
    --------
    >>> standard_after_pulse(0.1, T=13, tau_up=[19.0, float("inf")], rest=260).round(4).tolist()
    [1.0, 0.9504]
    """
    lost = at_least("x", x) * -np.expm1(-at_least("T", T) / _time_constant("tau_down", tau_down))
    return same_kind(1 - lost * np.exp(-at_least("rest", rest) / _time_constant("tau_up", tau_up)))
