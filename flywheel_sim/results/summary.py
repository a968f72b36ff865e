r"""The numbers that sum up one run, from its weekly columns, its life table and its accounts.

Reproduction number
    ``flywheel_r`` = [sum over age of S_a m_a + S_A m / h] / mean prospect share (weighted by customers): the customers
    one customer brings over its life in a market that is still open (A23).  ``flywheel_r_raw`` = referrals over
    customers who entered: censored at the horizon and slowed by the market that fills.

Customer value
    ``clv`` = contribution per customer-week x discounted weeks of a life, first payment at once (A5).  Contribution is
    revenue less the cost of delivering, contacts and touches; pay, programmes and overhead are not a customer's.

What is there at the end
    ``npv`` ends at the horizon and does not see what was used up on the way: a price that is raised until the customers
    are gone looks well for years.  ``base_value`` is what the customers at the end are worth beyond it in a run-off,

    .. math:: N_W \, c \, d^{W+1} / (1 - (1 - h) d),

    with c what was left of a customer-week's revenue after all costs but those of winning customers, and h what share
    of them left a week, both over the last year, and d the discount of a week (A5 with constant retention).  Nobody is
    won any more, and pay and overhead shrink with the customers.  ``value_with_base`` is both together.

Churn and net revenue retention
    Both follow cohorts, as the trade does: the customers there at the end of the warm-up, and at the end of every 52nd
    week from then on, and what became of them within a year.  ``churn_annual`` is the share that has left, ``nrr`` what
    the cohort's accounts pay after the year over what they paid before; who left counts as lost, who came back too, and
    so does one whom the timeline removed, or the company's ruin.  Cohorts are taken together, so each counts by its
    size, and a year that is not over does not count: with less than 52 weeks after the warm-up both are missing.  Under
    annual contracts every customer of a cohort is up for renewal once in its year, and ``churn_annual`` is the share of
    renewals that failed.

Ruin
    ``ruin`` is 1 where the company failed (M23), so that its mean over runs is the share that did.  Money, rates and
    ends are of the whole horizon: after the ruin nobody is there, and nothing comes in.  Scores and alignment are means
    of the weeks in which there was a company.
"""

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.results.life_table import YEAR, entered, exposure, life_table, over, sum_of_products
from flywheel_sim.scenario.columns import COL

__all__ = [
    "SUMMARY",
    "Readout",
    "breakeven_week",
    "outcome_label",
    "summarize",
    "whale_curve",
]

Floats = NDArray[np.float64]


class Readout(NamedTuple):
    """A number of the summary: its unit, what it means in the model's words, and what strategists read for it."""

    unit: str
    meaning: str
    label: str


#: Key -> unit, meaning and label of every number in ``Run.summary``.
SUMMARY: Mapping[str, Readout] = MappingProxyType(
    {
        "npv": Readout("$", "cash flow over the horizon, discounted to week 0", "net present value"),
        "base_value": Readout(
            "$",
            "what customers at the end are worth beyond the horizon if nobody is won any more, discounted to week 0",
            "worth of the customers at the end",
        ),
        "value_with_base": Readout("$", "npv and base_value together", "net present value with that worth"),
        "customers_end": Readout("accounts", "customers at the end", "customers at the end"),
        "churn_annual": Readout(
            "share",
            "of those there a year ago, who has left since (won back counts as lost); over whole years",
            "annual churn",
        ),
        "nrr": Readout(
            "ratio",
            "net revenue retention: what those there a year ago pay now over what they paid; over whole years",
            "net revenue retention",
        ),
        "referral_share": Readout("share", "new customers won through word of mouth", "new customers by referral"),
        "flywheel_r": Readout(
            "customers", "customers one customer brings over its life in an open market", "referrals per customer"
        ),
        "flywheel_r_raw": Readout(
            "customers",
            "referrals over customers who entered, censored at the horizon",
            "referrals per customer so far",
        ),
        "clv": Readout("$", "discounted contribution of one new customer", "customer lifetime value"),
        "cac_payback_months": Readout(
            "months", "months of contribution that pay for winning a customer, pay included", "CAC payback, months"
        ),
        "nps_true": Readout("points", "mean net promoter score if everyone answered", "NPS, mean of the weeks"),
        "nps_survey": Readout("points", "mean net promoter score as surveyed", "NPS as surveyed, mean of the weeks"),
        "score_inflation_mean": Readout(
            "points", "mean of surveyed minus true score caused by gaming", "NPS points that gaming adds"
        ),
        "profit_total": Readout("$", "profit over the horizon, not discounted", "profit"),
        "cost_to_serve": Readout("$/year", "cost of contacts and touches per customer, beside pay", "cost to serve"),
        "alignment_mean": Readout("0..1", "mean length of the teams' mean direction", "how much the teams agree"),
        "customer_alignment_mean": Readout(
            "-1..1",
            "mean cosine of the teams' resultant with the customers' need",
            "how much the teams put the customer first",
        ),
        "wheel_speed": Readout(
            "1/week",
            "customers won by word of mouth, and expansions, per customer-week",
            "speed of the wheel: referrals and expansions",
        ),
        "wheel_friction": Readout(
            "1/week", "customers lost per customer-week", "friction of the wheel: customers lost"
        ),
        "wheel_mass": Readout(
            "$/week", "mean recurring revenue that turns with the wheel", "mass of the wheel: recurring revenue"
        ),
        "breakeven_week": Readout(
            "week", "first week from which the cumulative value is never again below 0", "break-even of the company"
        ),
        "loss_making_share": Readout(
            "share", "customers ever won whose lifetime profit is negative", "customers that lose money"
        ),
        "whale_peak": Readout(
            "ratio",
            "peak of the cumulative profit curve over total profit",
            "profit of the good customers over all profit",
        ),
        "ruin": Readout(
            "share",
            "whether the company failed: 1 or 0, so that the mean is the share of runs in which it did",
            "runs in which the company failed",
        ),
        "ruin_week": Readout(
            "week", "week at whose end the company failed, of runs in which it did", "week in which it failed"
        ),
    }
)


def outcome_label(name: str) -> str:
    """Return what strategists read for an outcome of a study; what is no number of the summary keeps its name.

    Examples
    --------
    >>> outcome_label("npv"), outcome_label("npv (difference)"), outcome_label("customers.end")
    ('net present value', 'net present value (difference)', 'customers.end')
    """
    key, bracket, rest = name.partition(" (")
    return f"{SUMMARY[key].label}{bracket}{rest}" if key in SUMMARY else name


def breakeven_week(path: Floats) -> float:
    """Return the first week from which ``path`` is never again below its start; NaN when it ends below.

    Parameters
    ----------
    path : float64 array, shape (W + 1,)
        A cumulative value by week, week 0 first.

    Examples
    --------
    >>> breakeven_week(np.array([0.0, -2.0, -1.0, 1.0, 3.0]))
    3.0
    >>> breakeven_week(np.array([0.0, 1.0, -1.0]))
    nan
    """
    below = np.flatnonzero(path < path[0])
    if below.size == 0:
        return 1.0 if path.size > 1 else math.nan
    last = int(below[-1])
    return math.nan if last == path.size - 1 else float(last + 1)


def whale_curve(profit: Floats) -> Floats:
    """Return the cumulative profit of customers, best first, as a share of the total; NaN when the total is not
    positive (S16).

    Examples
    --------
    >>> [float(x) for x in whale_curve(np.array([-50.0, 100.0, 50.0]))]
    [1.0, 1.5, 1.0]
    """
    running = np.cumsum(np.sort(profit)[::-1])
    if running.size == 0 or running[-1] <= 0:
        return np.full(running.size, math.nan)
    return np.asarray(running / running[-1])


def summarize(
    weekly: Floats,
    initial: Floats,
    life: Floats,
    profits: Floats | None = None,
    *,
    discount_rate: float = 0.0,
    warm_up_weeks: int = 0,
    open_market: bool = False,
) -> Mapping[str, float]:
    """Return the summary of a run: every key of `SUMMARY`, NaN where the run cannot say.

    Parameters
    ----------
    weekly : float64 array, shape (W, n_columns)
        The weekly columns.
    initial : float64 array, shape (n_columns,)
        The same before week 1.
    life : float64 array, shape (A, 3)
        See `flywheel_sim.results.life_table.exposure`.
    profits : float64 array, optional
        Profit of everybody who ever was a customer; needed for ``loss_making_share`` and ``whale_peak``.
    discount_rate : float
        Yearly, for ``clv`` and ``base_value``.
    warm_up_weeks : int
        Weeks left out of means, rates and shares; totals and ends count every week.
    open_market : bool
        Prospects never run out, so the prospect share is 1.
    """
    warm = weekly[min(warm_up_weeks, len(weekly) - 1) :]
    path = np.concatenate((initial[None, :], weekly))

    def total(name: str) -> float:
        return float(warm[:, getattr(COL, name)].sum())

    closed = np.concatenate(([False], path[1:-1, COL.ruined] > 0.0))[len(weekly) - len(warm) :]
    there = warm[~closed] if closed.any() else warm  # a company that has failed has no score and no teams

    def mean(name: str) -> float:
        values = there[:, getattr(COL, name)]
        values = values[np.isfinite(values)]
        return float(values.mean()) if values.size else math.nan

    customers_start = path[len(path) - 1 - len(warm) : -1, COL.customers]
    customer_weeks = float(customers_start.sum())
    table = life_table(exposure(life, entered(weekly)))
    serve = total("service_cost") + total("touch_cost")
    contribution = over(total("revenue") - total("cost_of_revenue") - serve, customer_weeks)
    ever = float(initial[COL.customers] + entered(weekly).sum())
    won = total("new_customers") + total("won_back")
    acquisition = total("acquisition_cost") + total("acquisition_pay")
    share = 1.0 if open_market else _prospect_share(warm)
    npv, base = float(weekly[-1, COL.value]), _base_value(warm, path, discount_rate)
    values = {
        "npv": npv,
        "base_value": base,
        "value_with_base": npv + base,
        "customers_end": float(weekly[-1, COL.customers]),
        "churn_annual": 1.0 - _kept(path, len(path) - len(warm) - 1, COL.stayed, COL.customers),
        "nrr": _kept(path, len(path) - len(warm) - 1, COL.stayed_spend, COL.spend),
        "referral_share": over(total("referred_new"), total("new_customers")),
        "flywheel_r": over(table.children(), share),
        "flywheel_r_raw": over(float(weekly[:, COL.referred_new].sum()), ever),
        "clv": contribution * table.weeks((1.0 + discount_rate) ** (-1.0 / YEAR)),
        "cac_payback_months": _payback(over(acquisition, won), contribution * YEAR / 12.0),
        "nps_true": mean("nps_true"),
        "nps_survey": mean("nps_survey"),
        "score_inflation_mean": mean("score_inflation"),
        "profit_total": float(weekly[:, COL.profit].sum()),
        "cost_to_serve": YEAR * over(serve, customer_weeks),
        "alignment_mean": mean("alignment"),
        "customer_alignment_mean": mean("customer_alignment"),
        "wheel_speed": over(total("referred_new") + total("expansions"), customer_weeks),
        "wheel_friction": over(total("churned"), customer_weeks),
        "wheel_mass": float(warm[:, COL.spend].mean()),
        "breakeven_week": breakeven_week(path[:, COL.value]),
        **_of_profits(profits),
        "ruin": float(weekly[-1, COL.ruined] > 0.0),
        "ruin_week": float(np.argmax(weekly[:, COL.ruined]) + 1) if weekly[-1, COL.ruined] > 0.0 else math.nan,
    }
    return MappingProxyType({key: values[key] for key in SUMMARY})


def _base_value(warm: Floats, path: Floats, discount_rate: float) -> float:
    """Return what the customers at the end are worth in a run-off; NaN where less than a year counts."""
    if len(warm) < YEAR:
        return math.nan
    customers = float(path[-1, COL.customers])
    if customers == 0:
        return 0.0
    year, there = warm[-YEAR:], float(path[-YEAR - 1 : -1, COL.customers].sum())
    left = float((year[:, COL.profit] + year[:, COL.acquisition_cost] + year[:, COL.acquisition_pay]).sum())
    stays = 1.0 - min(over(float(year[:, COL.churned].sum()), there), 1.0)
    discount = (1.0 + discount_rate) ** (-1.0 / YEAR)
    return float(customers * over(left, there) * discount ** len(path) * over(1.0, 1.0 - stays * discount))


def _payback(spent: float, monthly: float) -> float:
    """Return months until what was spent is back; NaN where nothing comes back."""
    return spent / monthly if monthly > 0 else math.nan


def _prospect_share(weekly: Floats) -> float:
    """Return the share of the market still to be won, weighted by the customers who could speak."""
    prospects, customers = weekly[:, COL.prospects], weekly[:, COL.customers]
    market = prospects + customers + weekly[:, COL.former]
    share = np.divide(prospects, market, out=np.zeros_like(market), where=market > 0)
    return over(sum_of_products(share, customers), float(customers.sum()))


def _kept(path: Floats, first: int, stayed: int, there: int) -> float:
    """Return the share of yearly cohorts, from week ``first`` on, that is left after their year; NaN without a whole
    year.

    ``stayed`` and ``there`` are the columns of what is left and of what was there, accounts or dollars.
    """
    opens = np.arange(first, len(path) - YEAR, YEAR)
    before = float(path[opens, there].sum())
    return float(path[opens + YEAR, stayed].sum()) / before if before > 0 else math.nan


def _of_profits(profits: Floats | None) -> dict[str, float]:
    if profits is None:
        return {"loss_making_share": math.nan, "whale_peak": math.nan}
    curve = whale_curve(profits)
    return {
        "loss_making_share": float(np.mean(profits < 0)) if profits.size else math.nan,
        "whale_peak": float(curve.max()) if curve.size else math.nan,
    }
