r"""Bass diffusion in a well-mixed market (A1).

A prospect adopts at hazard :math:`p + q F`, with :math:`p` the external (marketing) hazard and :math:`q` the internal
(word-of-mouth) hazard when everybody has adopted, both per unit of time:

.. math::
    \dot F = (p + qF)(1 - F), \qquad
    F(t) = \frac{1 - e^{-(p+q)t}}{1 + (q/p)\,e^{-(p+q)t}} .

The peak of :math:`\dot F` lies at :math:`t^* = \ln(q/p)/(p+q)` with height :math:`(p+q)^2/4q` and
:math:`F(t^*) = 1/2 - p/2q`.  Two corrections matter to a simulation: it moves in ticks (`step`), and its market has a
finite number of accounts, for which the closed form is only the limit of a pure-birth chain (`pure_birth.py`).

Sources: Bass (1969), Management Science 15; formulas [V] from Bass' 1999 slides.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .arguments import Array, above, at_least, one_of, real, same_kind

__all__ = ["BASS_DURABLES", "BassPeak", "BassRegression", "Durable", "bass", "bass_peak", "bass_regression", "ticks"]


class Durable(NamedTuple):
    """A durable of Bass (1969): annual `p` and `q`, market `m` in thousands, fit `r2`, published peak years."""

    p: float
    q: float
    m: float
    r2: float
    predicted_peak: float
    actual_peak: float


_NAN = float("nan")

BASS_DURABLES: dict[str, Durable] = {
    "electric refrigerators": Durable(0.0026167, 0.21566, 40_001, 0.903, _NAN, _NAN),
    "home freezers": Durable(0.018119, 0.17110, 21_973, 0.742, 11.6, 13),
    "water softeners": Durable(0.017703, 0.29695, 5_793, 0.919, 8.9, 9),
    "power lawnmowers": Durable(0.0091837, 0.33790, 44_751, 0.932, 10.3, 11),
    "electric bed coverings": Durable(0.005876, 0.24387, 76_589, 0.976, 14.9, 14),
    "automatic coffee makers": Durable(0.017135, 0.30145, 58_838, 0.883, 9.0, 10),
    "steam irons": Durable(0.028632, 0.32791, 55_696, 0.828, 6.8, 7),
    "record players": Durable(0.024796, 0.65410, 21_937, 0.899, 4.8, 5),
}
"""Annual Bass parameters of eight durables, Bass (1969); from memory but meeting the algebraic identities [M]."""


def ticks(t: npt.ArrayLike, step: float) -> npt.NDArray[np.intp]:
    """Return the number of whole ticks of length `step` in each time `t`.

    Parameters
    ----------
    t : array_like
        Times, at least 0, each a whole number of ticks up to rounding error.
    step : float
        Length of a tick in the unit of `t` (1/52 for weekly ticks of years).

    Raises
    ------
    ValueError
        If a time is negative or falls between two ticks.

    Examples
    --------
    >>> ticks([1, 15], 1 / 52).tolist()
    [52, 780]
    """
    ratio = at_least("t", t) / above("step", step)
    count = np.rint(ratio)
    if np.any(np.abs(ratio - count) > 1e-6):
        raise ValueError(f"every t must be a whole number of steps of {step:g}, got {t!r}")
    return count.astype(np.intp)


def bass(
    t: npt.ArrayLike, p: npt.ArrayLike, q: npt.ArrayLike, *, step: float | None = None, rule: str = "exponential"
) -> Array:
    r"""Return the fraction of the market that has adopted by time `t`.

    Without `step` the closed form :math:`F(t) = (1 - e^{-(p+q)t}) / (1 + (q/p) e^{-(p+q)t})`.  With `step` the mean
    field of a simulation that ticks: each tick a prospect adopts with probability :math:`1 - e^{-h\,step}`
    (``rule="exponential"``) or :math:`h\,step` (``rule="linear"``, Bass' own discrete form), :math:`h = p + qF`.

    Parameters
    ----------
    t : array_like
        Time since launch, in the unit of 1/p and 1/q.
    p, q : array_like
        External hazard (above 0) and internal hazard (at least 0) per unit of time; broadcast against `t`.
    step : float, optional
        Tick length in the unit of `t`; every `t` must be a whole number of ticks.
    rule : {'exponential', 'linear'}
        How a hazard becomes a probability within a tick.

    Returns
    -------
    ndarray or float
        Adopted fraction, in [0, 1], in the broadcast shape of `t`, `p`, `q`.

    Raises
    ------
    ValueError
        If an argument is out of range, `t` falls between ticks, or a linear step gives a probability above 1.

    Notes
    -----
    Bass (1969) [V]; discrete rows [X].  At five years and p=.03, q=.38 the annual linear form stands 6 points below
    the closed form: discretisation, not an error.

    Examples
    --------
    >>> bass([1, 2, 5, 10, 15], p=0.03, q=0.38).round(5).tolist()
    [0.03576, 0.08506, 0.3312, 0.8128, 0.97161]
    >>> bass([1, 2, 5, 10, 15], p=0.03, q=0.38, step=1 / 52).round(5).tolist()
    [0.03561, 0.08466, 0.32955, 0.81132, 0.97133]
    """
    t, p, q = np.broadcast_arrays(at_least("t", t), above("p", p), at_least("q", q))
    if step is None:
        decay = np.exp(-(p + q) * t)
        return same_kind(-np.expm1(-(p + q) * t) / (1.0 + q / p * decay))
    one_of("rule", rule, ("exponential", "linear"))
    at = ticks(t, step)
    if rule == "linear" and np.any((p + q) * step > 1):
        raise ValueError(f"a linear step needs (p + q) * step <= 1, got {float(np.max((p + q) * step)):g}")
    adopted = np.zeros(t.shape)
    result = np.zeros(t.shape)
    for tick in range(1, int(at.max(initial=0)) + 1):
        hazard = (p + q * adopted) * step
        adopted = adopted + (1 - adopted) * (hazard if rule == "linear" else -np.expm1(-hazard))
        result = np.where(at == tick, adopted, result)
    return same_kind(result)


class BassPeak(NamedTuple):
    """Time `t`, height `rate` (adopters per unit of time) and adopted fraction `F` at the peak of adoption."""

    t: Array
    rate: Array
    F: Array


def bass_peak(p: npt.ArrayLike, q: npt.ArrayLike, m: npt.ArrayLike = 1.0) -> BassPeak:
    r"""Return peak of the adoption rate: :math:`t^* = \ln(q/p)/(p+q)`, :math:`m(p+q)^2/4q`, :math:`1/2 - p/2q`.

    Parameters
    ----------
    p, q : array_like
        External and internal hazard per unit of time, q at least p (otherwise adoption only falls).
    m : array_like
        Market size; the default 1 gives fractions.

    Returns
    -------
    BassPeak
        `t` in units of time, `rate` in units of `m` per unit of time, `F` in [0, 1/2].

    Raises
    ------
    ValueError
        If p or m is not positive or q is below p.

    Notes
    -----
    Bass (1969) [V]; values for the eight durables [X] from `BASS_DURABLES` [M].

    Examples
    --------
    >>> peak = bass_peak(p=0.024796, q=0.65410, m=21_937)  # record players, thousands
    >>> round(float(peak.t), 2), round(float(peak.rate))
    (4.82, 3864)
    """
    p, q, m = above("p", p), real("q", q), above("m", m)
    if np.any(q < p):
        raise ValueError("q must be at least p: with weaker imitation adoption has no peak after launch")
    return BassPeak(
        same_kind(np.log(q / p) / (p + q)), same_kind(m * (p + q) ** 2 / (4 * q)), same_kind(0.5 - p / (2 * q))
    )


class BassRegression(NamedTuple):
    """Coefficients of Bass' regression of sales on cumulative sales, S = a + b Y + c Y^2."""

    a: Array
    b: Array
    c: Array


def bass_regression(p: npt.ArrayLike, q: npt.ArrayLike, m: npt.ArrayLike) -> BassRegression:
    """Return coefficients of S = a + bY + cY² implied by p, q, m: a = pm, b = q - p, c = -q/m.

    Parameters
    ----------
    p, q : array_like
        External and internal hazard per period.
    m : array_like
        Market size, in the unit of sales.

    Returns
    -------
    BassRegression
        `a` (sales per period), `b` (1/period), `c` (1/(sales period)).

    Raises
    ------
    ValueError
        If p or m is not positive or q is negative.

    Notes
    -----
    Bass (1969) [V].  The way back: m is the positive root of a + bm + cm² = 0, p = a/m, q = b + p.

    Examples
    --------
    >>> a, b, c = bass_regression(p=0.03, q=0.38, m=1000)
    >>> [round(float(x), 5) for x in (a, b, c)]
    [30.0, 0.35, -0.00038]
    """
    p, q, m = above("p", p), at_least("q", q), above("m", m)
    return BassRegression(same_kind(p * m), same_kind(q - p), same_kind(-q / m))
