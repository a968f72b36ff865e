r"""The mean-field twin: prospects, neutral customers, advocates, detractors, lost (A1, A23, all at once).

What the agent-based model must follow when nobody knows anybody in particular and experience does not change: with
:math:`\Phi = p + (w_CC + w_AA + w_DD)/N` and S prospects in a market of N,

.. math::
    \dot C = \Phi S - (h_C + CA + CD)\,C + AC\,A + DC\,D, \quad
    \dot A = CA\,C - (h_A + AC)\,A, \quad \dot D = CD\,C - (h_D + DC)\,D,

:math:`\dot S = -\Phi S` and :math:`\dot L = h_CC + h_AA + h_DD` (`win_back` moves L to C at its own rate).  In a
constant pool a win leaves a fresh prospect, so S stays as it was.  With every w equal to q and no churn it is Bass;
with w = 0 and a constant pool it is Little's law; its threshold is the reproduction number of `reproduction.py`.

Sources: compartment form of Bass (1969) with the voices of A23 [X].  `B2B_MARKET` and `B2C_MARKET` are assumptions,
tuned to churn and NPS [a].
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .arguments import Array, above, at_least, one_of, whole
from .expected import market_symbols
from .reproduction import VoiceRates, transfer_matrix

__all__ = ["B2B_MARKET", "B2C_MARKET", "MeanField", "mean_field"]

B2B_MARKET: dict[str, float] = {
    "N": 5000, "initial": 200, "p": 0.0006, "w_A": 0.004,
    "CA": 0.012, "CD": 0.005, "AC": 0.015, "DC": 0.030, "hC": 0.0026, "hA": 0.0010, "hD": 0.0070,
}  # fmt: skip
"""A B2B software market, per week; assumptions tuned to 12-13 % churn a year and an NPS in the twenties [a]."""

B2C_MARKET: dict[str, float] = {
    "N": 20_000, "initial": 2000, "p": 0.0012, "w_A": 0.012,
    "CA": 0.020, "CD": 0.012, "AC": 0.030, "DC": 0.050, "hC": 0.0135, "hA": 0.0060, "hD": 0.0300,
}  # fmt: skip
"""A B2C subscription market, per week; assumptions tuned to 5.4 % churn a month and an NPS of about 24 [a]."""

_OPTIONAL = {"initial": 0.0, "w_A": 0.0, "hC": 0.0, "hA": 0.0, "hD": 0.0, "CA": 0.0, "CD": 0.0, "AC": 0.0, "DC": 0.0}
_OPTIONAL |= {"w_C": 0.0, "w_D": 0.0, "win_back": 0.0, "initial_A": 0.0, "initial_D": 0.0}


class MeanField(NamedTuple):
    """Expected numbers at the end of weeks 0..H; `bought`, `referred`, `churned`, `won_back` count from week 0 on."""

    week: Array
    prospects: Array
    neutral: Array
    advocates: Array
    detractors: Array
    lost: Array
    bought: Array
    referred: Array
    churned: Array
    won_back: Array

    @property
    def customers(self) -> Array:
        """Neutral customers, advocates and detractors together."""
        return self.neutral + self.advocates + self.detractors

    @property
    def nps(self) -> Array:
        """Points: 100 times advocates less detractors over customers, NaN without customers."""
        base = self.customers
        balance = self.advocates - self.detractors
        return np.where(base > 0, 100 * balance / np.where(base > 0, base, 1.0), np.nan)

    @property
    def referral_share(self) -> Array:
        """Share of the new customers since week 0 who came by word of mouth, NaN before the first."""
        new = self.bought + self.referred
        return np.where(new > 0, self.referred / np.where(new > 0, new, 1.0), np.nan)


def mean_field(
    market: Any = None,
    *,
    weeks: int | None = None,
    pool: str | None = None,
    step: float | None = None,
    **symbols: float,
) -> MeanField:
    """Follow the expected market for a number of weeks.

    Parameters
    ----------
    market : mapping or Scenario, optional
        Numbers by symbol, for instance `B2B_MARKET`, or a scenario, whose rates `market_symbols` reads; keywords add to
        or replace them.
    weeks : int, optional
        Horizon, at least 1; default: the scenario's, else 260.
    pool : {'closed', 'constant'}, optional
        Whether a win takes a prospect away or leaves a fresh one; default: as in the scenario, else closed.
    step : float, optional
        Without it the differential equations; with it ticks of so many weeks (1/step whole), every transition with
        probability 1 - exp(-rate step), competing exits sharing one draw, all reading the state at the tick's start.
    **symbols : float
        N (accounts, needed), p (external hazard per week, needed), initial (customers at week 0 out of N, neutral but
        for initial_A advocates and initial_D detractors among them), w_A, w_C, w_D (word of mouth), hC, hA, hD
        (churn), CA, CD, AC, DC (voice), win_back; all rates per week, 0 unless given.

    Returns
    -------
    MeanField
        Arrays of length weeks + 1.

    Raises
    ------
    ValueError
        If a symbol is missing, unknown or out of range.

    Notes
    -----
    [X]; scipy's LSODA at relative tolerance 1e-9.  Annual probabilities become rates by -ln(1 - x)/52.

    Examples
    --------
    >>> path = mean_field(B2B_MARKET)
    >>> path.customers[[0, 52, 156, 260]].round().tolist()
    [200.0, 322.0, 543.0, 724.0]
    """
    given = dict((market_symbols(market) if hasattr(market, "model") else market) or {}) | dict(symbols)
    horizon, kind = given.pop("weeks", 260), given.pop("pool", "closed")
    weeks, pool = horizon if weeks is None else weeks, kind if pool is None else pool
    known = {"N", "p", *_OPTIONAL}
    if unknown := sorted(set(given) - known):
        raise ValueError(f"the market does not know {', '.join(unknown)}; its symbols are {', '.join(sorted(known))}")
    if missing := sorted({"N", "p"} - set(given)):
        raise ValueError(f"the market needs {', '.join(missing)}")
    values = {name: float(at_least(name, value)) for name, value in (_OPTIONAL | given).items()}
    N = float(above("N", values.pop("N")))
    p, initial, win_back = (values.pop(name) for name in ("p", "initial", "win_back"))
    advocates, detractors = values.pop("initial_A"), values.pop("initial_D")
    if initial > N:
        raise ValueError(f"initial must not exceed N = {N:g}, got {initial:g}")
    if advocates + detractors > initial:
        raise ValueError(f"initial_A + initial_D must not exceed initial = {initial:g}")
    weeks, closed = whole("weeks", weeks, 1), one_of("pool", pool, ("closed", "constant")) == "closed"
    rates = VoiceRates(**values)
    speak = np.array([rates.w_C, rates.w_A, rates.w_D]) / N
    # Order: S, C, A, D, L, then counters bought, referred, churned, won back.
    start = np.zeros(9)
    start[:4] = N - initial, initial - advocates - detractors, advocates, detractors
    if step is None:
        path = _flow(start, weeks, p, speak, rates, win_back, closed)
    else:
        path = _ticks(start, weeks, float(above("step", step)), p, speak, rates, win_back, closed)
    return MeanField(np.arange(weeks + 1, dtype=np.float64), *path)


def _flow(start: Array, weeks: int, p: float, speak: Array, rates: VoiceRates, win_back: float, closed: bool) -> Array:
    """Solve the differential equations at whole weeks."""
    from scipy.integrate import solve_ivp

    V, churn = transfer_matrix(rates), np.array([rates.hC, rates.hA, rates.hD])

    def slope(_: float, y: Array) -> Array:
        voices = y[1:4]
        bought, referred = p * y[0], speak @ voices * y[0]
        back, lost = win_back * y[4], churn @ voices
        change = -V @ voices
        change[0] += bought + referred + back
        drain = -(bought + referred) if closed else 0.0
        return np.array([drain, *change, lost - back, bought, referred, lost, back])

    solution = solve_ivp(
        slope, (0.0, float(weeks)), start, t_eval=np.arange(weeks + 1), method="LSODA", rtol=1e-9, atol=1e-9
    )
    path: Array = solution.y
    return path


def _ticks(
    start: Array, weeks: int, step: float, p: float, speak: Array, rates: VoiceRates, win_back: float, closed: bool
) -> Array:
    """Step the expected numbers the way a synchronous simulation does."""
    per_week = whole("1 / step", round(1 / step, 9), 1)
    V, churn = transfer_matrix(rates), np.array([rates.hC, rates.hA, rates.hD])
    exits = np.diag(V) * step
    within = np.where(exits > 0, -np.expm1(-exits) / np.where(exits > 0, exits, 1.0), 1.0) * step
    move, leave, back_chance = V * within, churn * within, -np.expm1(-win_back * step)
    path = np.empty((start.size, weeks + 1))
    path[:, 0], y = start, start.copy()
    for tick in range(1, weeks * per_week + 1):
        voices = y[1:4].copy()
        word = float(speak @ voices)
        new = y[0] * -np.expm1(-(p + word) * step)
        referred = new * word / (p + word) if p + word > 0 else 0.0
        back, lost = y[4] * back_chance, float(leave @ voices)
        y[1:4] = voices - move @ voices
        y[1] += new + back
        y += np.array([-new if closed else 0.0, 0, 0, 0, lost - back, new - referred, referred, lost, back])
        if tick % per_week == 0:
            path[:, tick // per_week] = y
    return path
