r"""Executive tenure against effect lag, and how fast an organisation forgets (A24, A29).

Tenure is exponential with mean μ months; each exit is followed by v months of vacancy, and an incumbent's programme
acts only L months after appointment.  The share of time with a matured incumbent is :math:`\mu e^{-L/\mu}/(\mu+v)`.
What was learned decays: :math:`K_t = \lambda K_{t-1} + q_t`.

Sources: reported tenures [V ccocouncil.org, curtisbingham.com, customerexperiencenews]; effects take two years or more
[V CCO Council]; forgetting Argote & Epple [V sciencetheory.net], Liberty ships [V2]; formulas [X].
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .arguments import Array, above, at_least, between, real, same_kind

__all__ = [
    "CCO_TENURE_MONTHS",
    "ExecutiveTenure",
    "campaign_ceiling",
    "executive_tenure",
    "knowledge_half_life",
    "knowledge_stock",
]

CCO_TENURE_MONTHS: dict[int, float] = {2008: 18.0, 2009: 23.0, 2011: 29.4, 2012: 29.6, 2013: 34.5}
"""Reported mean tenure of chief customer officers by year [V ccocouncil.org, curtisbingham.com]."""


class ExecutiveTenure(NamedTuple):
    """Weekly `rate` and `probability` of exit, chance to `outlive` the lag, `matured` share of all time."""

    rate: Array
    probability: Array
    outlive: Array
    matured: Array


def executive_tenure(
    mu: npt.ArrayLike, v: npt.ArrayLike = 0.0, L: npt.ArrayLike = 24.0, *, step: float | None = None
) -> ExecutiveTenure:
    r"""Return constant-hazard tenure: weekly exit, chance to see the effect, share of time a matured executive is in
    place.

    Parameters
    ----------
    mu : array_like
        Mean tenure, months.
    v : array_like
        Vacancy after an exit, months.
    L : array_like
        Lag from appointment to effect, months.
    step : float, optional
        Tick in weeks: exits then happen at the end of a tick, and a tick counts as matured when it begins at least L
        after appointment (L, v in whole ticks for an exact match).

    Returns
    -------
    ExecutiveTenure
        `rate` (per week), `probability` (per week), `outlive` = P(T > L), `matured`.

    Raises
    ------
    ValueError
        If mu is not positive or v or L is negative.

    Notes
    -----
    [X].  At a mean of 26 months the weekly rate is .00888 and the weekly probability .00884.

    Examples
    --------
    >>> seat = executive_tenure(mu=26, v=[0, 3, 6])
    >>> round(float(seat.probability), 5), round(float(seat.outlive), 3), seat.matured.round(3).tolist()
    (0.00884, 0.397, [0.397, 0.356, 0.323])
    """
    mu, v, L = above("mu", mu), at_least("v", v), at_least("L", L)
    rate = 12 / (52 * mu)
    outlive = np.exp(-L / mu)
    if step is None:
        matured = mu * outlive / (mu + v)
    else:
        # Geometric tenure of mean 1/chance ticks; the expected excess over L ticks is outlive / chance.
        chance = -np.expm1(-rate * above("step", step))
        matured = outlive / (1 + chance * v * 52 / 12 / step)
    return ExecutiveTenure(same_kind(rate), same_kind(-np.expm1(-rate)), same_kind(outlive), same_kind(matured))


def knowledge_stock(t: npt.ArrayLike, lam: npt.ArrayLike, q: npt.ArrayLike = 0.0, K0: npt.ArrayLike = 1.0) -> Array:
    r"""Return knowledge after `t` periods, :math:`K_t = \lambda^t K_0 + q(1-\lambda^t)/(1-\lambda)`.

    Parameters
    ----------
    t : array_like
        Periods, at least 0.
    lam : array_like
        Share kept per period, in [0, 1).
    q : array_like
        Knowledge added each period, at its end.
    K0 : array_like
        Stock at the start.

    Returns
    -------
    ndarray or float
        Stock, in the unit of `K0`; it tends to q / (1 - lam).

    Raises
    ------
    ValueError
        If lam leaves [0, 1) or t is negative.

    Notes
    -----
    λ = .75 a month: 3.2 % left after a year (Liberty ships [V2]; .75¹² [M]).

    Examples
    --------
    >>> round(float(knowledge_stock(12, lam=0.75)), 4)
    0.0317
    """
    lam, t = between("lam", lam, open_high=True), at_least("t", t)
    kept = lam**t
    return same_kind(kept * real("K0", K0) + real("q", q) * (1 - kept) / (1 - lam))


def knowledge_half_life(lam: npt.ArrayLike) -> Array:
    r"""Return periods until half is forgotten, :math:`\ln 2/(-\ln\lambda)`.

    Parameters
    ----------
    lam : array_like
        Share kept per period, in (0, 1).

    Returns
    -------
    ndarray or float
        Periods.

    Raises
    ------
    ValueError
        If lam leaves (0, 1).

    Notes
    -----
    [X]: a campaign (.75 a month) against embedded practice (.98 a month).

    Examples
    --------
    >>> knowledge_half_life([0.75, 0.98]).round(1).tolist()
    [2.4, 34.3]
    """
    return same_kind(-np.log(2) / np.log(between("lam", lam, open_low=True, open_high=True)))


def campaign_ceiling(h: npt.ArrayLike, T: npt.ArrayLike, tau: npt.ArrayLike) -> Array:
    r"""Return the level just after a pulse that repeated campaigns approach, :math:`h/(1-e^{-T/\tau})`.

    Parameters
    ----------
    h : array_like
        Height of one campaign's pulse.
    T : array_like
        Time between campaigns.
    tau : array_like
        Time constant of forgetting, same unit.

    Returns
    -------
    ndarray or float
        Ceiling in the unit of `h`; just before the next pulse it has fallen by h.

    Raises
    ------
    ValueError
        If T or tau is not positive.

    Notes
    -----
    Geometric series [X].

    Examples
    --------
    >>> round(float(campaign_ceiling(h=1.0, T=12, tau=3.476)), 3)  # yearly, .75 kept a month
    1.033
    """
    return same_kind(real("h", h) / -np.expm1(-above("T", T) / above("tau", tau)))
