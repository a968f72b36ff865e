r"""Does the wheel feed itself?  The flywheel reproduction number (A23).

A customer is neutral (C), an advocate (A) or a detractor (D).  V holds the exits of each state on its diagonal and
minus the transfers off it, F the new customers each state brings per week; the next-generation matrix is
:math:`FV^{-1}` and :math:`R_f` its spectral radius.  All newcomers enter C, so

.. math::
    R_f = \frac SN \sum_s w_s\,E[\text{weeks in } s] .

Below 1 each bought customer ends up as :math:`1/(1-R_f)`; :math:`R_f = 1` is the take-off line.

Source: van den Driessche & Watmough (2002) [V]; check values and the form in ticks [X].
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .arguments import Array, above, at_least, between, real, same_kind

__all__ = [
    "VoiceRates",
    "flywheel_growth",
    "flywheel_reproduction",
    "next_generation_reproduction",
    "referral_total",
    "voice_weeks",
]


class VoiceRates(NamedTuple):
    """Weekly rates: churn `hC`, `hA`, `hD`; changes of voice `CA`, `CD`, `AC`, `DC`; word of mouth `w_A`, `w_C`, `w_D`.

    Examples
    --------
    >>> VoiceRates(hC=0.0026, hA=0.0010, hD=0.0070, CA=0.012, CD=0.005, AC=0.015, DC=0.03, w_A=0.004).w_C
    0.0
    """

    hC: float
    hA: float
    hD: float
    CA: float
    CD: float
    AC: float
    DC: float
    w_A: float
    w_C: float = 0.0
    w_D: float = 0.0


def _voice(rates: VoiceRates | Mapping[str, float] | None, symbols: Mapping[str, float]) -> VoiceRates:
    given = dict(rates._asdict() if isinstance(rates, VoiceRates) else rates or {}) | dict(symbols)
    unknown = sorted(set(given) - set(VoiceRates._fields))
    missing = [name for name in VoiceRates._fields if name not in given and name not in VoiceRates._field_defaults]
    if unknown or missing:
        wrong = [f"does not know {', '.join(unknown)}"] * bool(unknown) + [f"needs {', '.join(missing)}"] * bool(
            missing
        )
        raise ValueError(f"the wheel {' and '.join(wrong)}; its rates are {', '.join(VoiceRates._fields)}")
    return VoiceRates(**{name: float(at_least(name, value)) for name, value in given.items()})


def transfer_matrix(rates: VoiceRates) -> Array:
    """Return V for the states (C, A, D): exits on the diagonal, minus transfers off it, column = from.

    Examples
    --------
    >>> rates = VoiceRates(hC=0.1, hA=0.2, hD=0.3, CA=0.4, CD=0.5, AC=0.6, DC=0.7, w_A=0)
    >>> transfer_matrix(rates).sum(axis=0).round(12).tolist()  # what is left is churn
    [0.1, 0.2, 0.3]
    """
    return np.array(
        [
            [rates.hC + rates.CA + rates.CD, -rates.AC, -rates.DC],
            [-rates.CA, rates.hA + rates.AC, 0.0],
            [-rates.CD, 0.0, rates.hD + rates.DC],
        ]
    )


def voice_weeks(
    rates: VoiceRates | Mapping[str, float] | None = None, *, step: float | None = None, **symbols: float
) -> Array:
    """Return expected weeks a new customer spends as neutral, advocate and detractor.

    Parameters
    ----------
    rates : VoiceRates or mapping, optional
        Weekly rates; keywords of the same names add to or replace them.
    step : float, optional
        Tick in weeks: states then change at the end of a tick with probability 1 - exp(-rate step), competing exits
        sharing one draw in proportion, and each tick counts in full for the state it began in.
    **symbols : float
        hC, hA, hD, CA, CD, AC, DC, w_A, w_C, w_D (see `VoiceRates`).

    Returns
    -------
    ndarray, shape (3,)
        Weeks in (C, A, D).

    Raises
    ------
    ValueError
        If a rate is missing, unknown or negative, or a customer could stay for ever.

    Notes
    -----
    First column of V⁻¹ [V]; values [X].

    Examples
    --------
    >>> voice_weeks(hC=0.0026, hA=0.0010, hD=0.0070, CA=0.012, CD=0.005, AC=0.015, DC=0.03, w_A=0.004).round(1).tolist()
    [232.8, 174.6, 31.5]
    """
    V = transfer_matrix(_voice(rates, symbols))
    if step is not None:
        step = float(above("step", step))
        total = np.diag(V)
        leave = np.where(total > 0, -np.expm1(-total * step) / np.where(total > 0, total * step, 1.0), 1.0)
        V = V * leave  # each column: share of an exit hazard that happens within a tick
    if abs(np.linalg.det(V)) < 1e-300 or np.linalg.cond(V) > 1e14:
        raise ValueError("some churn rate must be above 0 on every path: a customer could otherwise stay for ever")
    result: Array = np.linalg.solve(V, np.array([1.0, 0.0, 0.0]))
    return result


def flywheel_reproduction(
    rates: VoiceRates | Mapping[str, float] | None = None,
    *,
    susceptible: npt.ArrayLike = 1.0,
    step: float | None = None,
    **symbols: float,
) -> Array:
    """Return flywheel reproduction number: customers one customer brings over a lifetime.

    Parameters
    ----------
    rates : VoiceRates or mapping, optional
        Weekly rates; keywords of the same names add to or replace them.
    susceptible : array_like
        Prospect share S/N among those who are spoken to, in [0, 1].
    step : float, optional
        Tick in weeks, as in `voice_weeks`; weekly ticks raise R_f by about 1 %.
    **symbols : float
        hC, hA, hD, CA, CD, AC, DC, w_A, w_C, w_D (see `VoiceRates`).

    Returns
    -------
    ndarray or float
        R_f in the shape of `susceptible`.

    Raises
    ------
    ValueError
        If a rate is missing, unknown or negative, or a customer could stay for ever.

    Notes
    -----
    van den Driessche & Watmough (2002) [V]; value [X].  The viral k-factor is the case of one generation.

    Examples
    --------
    >>> b2b = VoiceRates(hC=0.0026, hA=0.0010, hD=0.0070, CA=0.012, CD=0.005, AC=0.015, DC=0.03, w_A=0.004)
    >>> round(float(flywheel_reproduction(b2b)), 3), round(float(flywheel_reproduction(b2b, step=1)), 3)
    (0.698, 0.704)
    """
    voice = _voice(rates, symbols)
    brought = voice_weeks(voice, step=step) @ np.array([voice.w_C, voice.w_A, voice.w_D])
    return same_kind(between("susceptible", susceptible) * brought)


def flywheel_growth(
    rates: VoiceRates | Mapping[str, float] | None = None, *, susceptible: float = 1.0, **symbols: float
) -> float:
    """Return the long-run weekly growth rate of the customer base from word of mouth alone, largest eigenvalue of F -
    V.

    Parameters
    ----------
    rates : VoiceRates or mapping, optional
        Weekly rates; keywords of the same names add to or replace them.
    susceptible : float
        Prospect share S/N, in [0, 1].
    **symbols : float
        hC, hA, hD, CA, CD, AC, DC, w_A, w_C, w_D (see `VoiceRates`).

    Returns
    -------
    float
        Rate per week; its sign is that of R_f - 1, and doubling takes ln 2 over it.

    Raises
    ------
    ValueError
        If a rate is missing, unknown or negative.

    Notes
    -----
    Euler-Lotka in matrix form [V, textbook].

    Examples
    --------
    >>> rates = VoiceRates(hC=0.0026, hA=0.0010, hD=0.0070, CA=0.012, CD=0.005, AC=0.015, DC=0.03, w_A=0.01)
    >>> round(float(flywheel_reproduction(rates)), 3), round(flywheel_growth(rates), 5)
    (1.746, 0.00147)
    """
    voice = _voice(rates, symbols)
    matrix = -transfer_matrix(voice)
    matrix[0] += float(between("susceptible", susceptible)) * np.array([voice.w_C, voice.w_A, voice.w_D])
    return float(np.linalg.eigvals(matrix).real.max())


def next_generation_reproduction(F: npt.ArrayLike, V: npt.ArrayLike) -> float:
    r"""Return spectral radius of :math:`FV^{-1}` for any set of customer states.

    Parameters
    ----------
    F : array_like, shape (k, k)
        Rate of new customers entering state i per customer in state j, at least 0.
    V : array_like, shape (k, k)
        Exits on the diagonal, minus transfers from j to i off it; invertible.

    Returns
    -------
    float
        Reproduction number.

    Raises
    ------
    ValueError
        If the matrices are not square and alike, F is negative or V cannot be inverted.

    Notes
    -----
    van den Driessche & Watmough (2002) [V].

    Examples
    --------
    >>> round(next_generation_reproduction([[0.03]], [[0.05]]), 3)
    0.6
    """
    F, V = np.atleast_2d(at_least("F", F)), np.atleast_2d(real("V", V))
    if F.shape != V.shape or F.shape[0] != F.shape[1]:
        raise ValueError(f"F and V must be square and of one size, got {F.shape} and {V.shape}")
    try:
        generation = np.linalg.solve(V.T, F.T).T
    except np.linalg.LinAlgError as error:
        raise ValueError("V must be invertible: every customer has to leave in the end") from error
    return float(np.abs(np.linalg.eigvals(generation)).max())


def referral_total(R_f: npt.ArrayLike) -> Array:
    """Return customers that one bought customer stands for in the end, 1/(1 - R_f).

    Parameters
    ----------
    R_f : array_like
        Reproduction number, in [0, 1).

    Returns
    -------
    ndarray or float
        The bought customer and everyone brought, directly or not.

    Raises
    ------
    ValueError
        If R_f is negative or at least 1.

    Notes
    -----
    Geometric series [X].

    Examples
    --------
    >>> round(float(referral_total(0.698)), 2)
    3.31
    """
    return same_kind(1 / (1 - between("R_f", R_f, open_high=True)))
