r"""The life table of a run: how long customers stay, and whom they bring, by weeks since the sale.

A run counts, by weeks since the sale, customers who entered observation (new ones at age 0, the first ones at the
age they had), customers lost in their a-th week, and referrals made in it.  How many were at risk follows from who
entered when: a customer won in week w of W is watched for W - w weeks.  With ``G(k)`` = won by week k and ``I_e`` =
first customers of age e, the product-limit estimate runs

.. math:: n_a = S_{a-1} [ G(W-a) + \sum_{a-W \le e < a} I_e / S_e ], \quad S_a = S_{a-1} (1 - x_a / n_a).

Old ages are thin, so the ages that hold the last quarter of the exposure are pooled into one constant hazard
``h`` and one constant referral rate ``m``, which also carry the tail beyond the horizon.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.scenario.columns import COL

__all__ = ["YEAR", "LifeTable", "entered", "exposure", "life_table", "over", "renewals", "sum_of_products"]

Floats = NDArray[np.float64]
#: Weeks of a year.
YEAR = 52


class LifeTable(NamedTuple):
    """Survival by weeks since the sale, with a constant tail.

    Parameters
    ----------
    survival : float64 array, shape (A,)
        Share of customers still there at the start of each week of age below the tail.
    referrals : float64 array, shape (A,)
        Referrals per customer-week at those ages.
    tail_survival, tail_hazard, tail_referrals : float
        Share that reaches the tail, and its weekly loss probability and referral rate.
    """

    survival: Floats
    referrals: Floats
    tail_survival: float
    tail_hazard: float
    tail_referrals: float

    def weeks(self, discount: float = 1.0) -> float:
        """Return expected weeks of a life, week ``a`` counted with weight ``discount**a``; infinite when nobody leaves.

        Examples
        --------
        >>> round(life_table(np.array([[100, 10, 0], [90, 9, 0], [81, 8.1, 0]])).weeks(), 9)
        10.0
        """
        weight = np.multiply.accumulate(np.append(1.0, np.full(len(self.survival), discount)))
        head = sum_of_products(self.survival, weight[:-1])
        return head + over(self.tail_survival * float(weight[-1]), 1.0 - (1.0 - self.tail_hazard) * discount)

    def children(self) -> float:
        """Return referrals of one customer over its whole life."""
        head = sum_of_products(self.survival, self.referrals)
        if self.tail_referrals == 0:
            return head
        return head + over(self.tail_survival * self.tail_referrals, self.tail_hazard)


def exposure(life: Floats, won: Floats) -> Floats:
    """Tell how many customers were at risk in each week of their life; see the formula of this module.

    Parameters
    ----------
    life : float64 array, shape (A, 3)
        By weeks since the sale: customers who entered observation, customers lost, referrals.
    won : float64 array, shape (W,)
        Customers who entered at age 0, by week.

    Returns
    -------
    float64 array, shape (A', 3)
        Customers at risk, customers lost, referrals; row 0 is the first week after the sale.

    Examples
    --------
    Ten customers at the start and ten won in week 1 of 3; three are lost in the first week of their life.

    >>> exposure(np.array([[20.0, 0, 0], [0, 3, 0], [0, 0, 0], [0, 0, 0], [0, 0, 0]]), np.array([10.0, 0, 0]))[:, 0]
    array([20. , 17. ,  8.5])
    """
    weeks = len(won)
    # The last row gathers every greater age: it has no exposure of its own.
    ages = len(life) - 1
    if ages < 2:
        return np.zeros((0, 3))
    # plain numbers: one at a time, NumPy's are five times slower
    by_week, first = [0.0, *np.cumsum(won).tolist()], life[:ages, 0].tolist()
    lost = life[:ages, 1].tolist()
    first[0] = max(first[0] - by_week[-1], 0.0)
    at_risk, survival, weighted = [0.0] * ages, [1.0] * ages, [0.0] * ages
    watched = 0.0
    for age in range(1, ages):
        before = survival[age - 1]
        weighted[age - 1] = first[age - 1] / before if before > 0 else 0.0
        watched += weighted[age - 1]
        if age - 1 - weeks >= 0:
            watched -= weighted[age - 1 - weeks]
        at_risk[age] = before * (by_week[max(weeks - age, 0)] + watched)
        hazard = min(lost[age] / at_risk[age], 1.0) if at_risk[age] > 1e-9 else 0.0
        survival[age] = before * (1.0 - hazard)
    last = max((age for age, exposed in enumerate(at_risk) if exposed > 1e-9), default=0)
    return np.column_stack([at_risk, life[:ages, 1:]])[1 : last + 1]


def life_table(life: Floats) -> LifeTable:
    """Turn counts by age into survival and rates.

    Parameters
    ----------
    life : float64 array, shape (A, 3)
        Customers at risk, customers lost, referrals; by weeks since the sale.

    Examples
    --------
    >>> table = life_table(np.array([[100, 10, 1], [90, 9, 0.9], [81, 8.1, 0.81]]))
    >>> round(table.tail_hazard, 12), round(table.children(), 12)
    (0.1, 0.1)
    """
    at_risk = life[:, 0]
    total = float(at_risk.sum())
    if total <= 0:
        nothing = np.zeros(0)
        return LifeTable(nothing, nothing, math.nan, math.nan, math.nan)
    start = int(np.searchsorted(np.cumsum(at_risk), 0.75 * total, side="left"))
    with np.errstate(invalid="ignore", divide="ignore"):
        hazard = np.where(at_risk > 0, np.minimum(life[:, 1] / at_risk, 1.0), 0.0)[:start]
        referrals = np.where(at_risk > 0, life[:, 2] / at_risk, 0.0)[:start]
    survival = np.concatenate(([1.0], np.cumprod(1.0 - hazard)))
    pooled = life[start:].sum(axis=0)
    return LifeTable(
        survival[:-1],
        referrals,
        float(survival[-1]),
        min(float(pooled[1] / pooled[0]), 1.0),
        float(pooled[2] / pooled[0]),
    )


def renewals(weekly: Floats, life: Floats, kind: str) -> dict[str, Floats]:
    """Return the survival by renewal number under annual or monthly contracts.

    Parameters
    ----------
    weekly : float64 array, shape (W, n_columns)
    life : float64 array, shape (A, 3)
        By weeks since the sale: customers who entered observation, customers lost, referrals.
    kind : str
        ``annual``, ``monthly``; any other has no renewals.

    Returns
    -------
    dict of arrays
        ``renewal`` k = 1, 2, ..., ``week`` of the spell, customers ``due`` and ``renewed``, ``rate`` renewed over due,
        ``survival`` the product of the rates.

    Examples
    --------
    >>> from flywheel_sim.scenario.columns import N_COLUMNS
    >>> life = np.zeros((106, 3))
    >>> life[0, 0], life[52, 1], life[104, 1] = 100, 30, 7
    >>> table = renewals(np.zeros((104, N_COLUMNS)), life, "annual")
    >>> table["due"].tolist(), table["renewed"].tolist(), table["survival"].tolist()
    ([100.0, 70.0], [70.0, 63.0], [0.7, 0.63])
    """
    watched = exposure(life, entered(weekly))
    a_year = {"annual": 1, "monthly": 12}.get(kind, 0)
    numbers = np.arange(1, len(watched) * a_year // 52 + 1)
    weeks = np.array([(52 * k + a_year // 2) // a_year for k in numbers], np.int64)
    due, lost = watched[weeks - 1, 0], watched[weeks - 1, 1]
    renewed = np.maximum(due - lost, 0.0)
    rate = np.divide(renewed, due, out=np.ones(len(due)), where=due > 0)
    return {
        "renewal": numbers, "week": weeks, "due": due, "renewed": renewed, "rate": rate, "survival": np.cumprod(rate),
    }  # fmt: skip


def over(above: float, below: float) -> float:
    """Return division that answers infinity for a positive number over 0, and NaN for 0 over 0."""
    if below == 0:
        return math.inf * above if above else math.nan
    return above / below


def sum_of_products(a: Floats, b: Floats) -> float:
    """Return the exact but for the rounding of products; a library's scalar product has other last bits on other
    processors.
    """
    return math.fsum((a * b).tolist())


def entered(weekly: Floats) -> Floats:
    """Return customers who entered, by week."""
    return np.asarray(weekly[:, COL.new_customers] + weekly[:, COL.won_back] + np.maximum(weekly[:, COL.added], 0.0))
