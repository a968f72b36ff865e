"""Why a number of a summary is not there.

A run that nobody ever left has no mean life, one that never earns has no week of break-even.  Such numbers are NaN or
infinite in the summary and null in JSON, and here is the sentence that goes with each.  All others are always there.
"""

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.scenario.columns import COL, NAMES

__all__ = ["MAY_BE_MISSING", "NotFiniteError", "check_columns", "reasons"]

_NO_CUSTOMERS = "there was no customer in the weeks that count"
_ENDLESS = "nobody left in the last year and money is not discounted"
#: What takes a whole year -> why it is missing where there was one.
_OF_A_YEAR = {
    "churn_annual": "there were no customers a year before",
    "nrr": "there were no paying customers a year before",
    "base_value": _ENDLESS,
    "value_with_base": _ENDLESS,
}
_NO_END = "nobody left in the weeks that count, so that a life has no end"

#: Key of a summary that may be missing -> the reason in general; `reasons` finds the one of a run.
MAY_BE_MISSING: Mapping[str, str] = {
    "base_value": "it takes a whole year, and customers who leave or money that is discounted",
    "value_with_base": "it takes a whole year, and customers who leave or money that is discounted",
    "churn_annual": "it takes a whole year, and customers when it begins",
    "nrr": "it takes a whole year, and paying customers when it begins",
    "referral_share": "nobody was won in the weeks that count",
    "flywheel_r": _NO_END,
    "flywheel_r_raw": "nobody ever was a customer",
    "clv": _NO_END,
    "cac_payback_months": "nobody was won in the weeks that count, or a customer contributes nothing",
    "cost_to_serve": _NO_CUSTOMERS,
    "wheel_speed": _NO_CUSTOMERS,
    "wheel_friction": _NO_CUSTOMERS,
    "nps_true": "the company had failed before the weeks that count",
    "nps_survey": "the company had failed before the weeks that count",
    "score_inflation_mean": "the company had failed before the weeks that count",
    "alignment_mean": "the company had failed before the weeks that count",
    "customer_alignment_mean": "the company had failed before the weeks that count",
    "breakeven_week": "the cumulative value ends below its start",
    "loss_making_share": "no accounts were kept, or nobody ever was a customer",
    "whale_peak": "no accounts were kept, or customers brought no profit in total",
    "ruin_week": "the company did not fail",
}


class NotFiniteError(ValueError):
    """A run went beyond the numbers a computer holds; ``problems`` says where, as for every mistake in the input."""

    def __init__(self, message: str) -> None:
        from flywheel_sim.scenario.errors import Problem

        self.problems = (Problem(None, None, None, "", message),)
        super().__init__(message)


def check_columns(weekly: NDArray[np.float64], seed: int, replicate: int) -> None:
    """Refuse a run with a number that is none.

    Parameters
    ----------
    weekly : float64 array, shape (W, n_columns)
    seed, replicate : key of the run, for the message.

    Raises
    ------
    NotFiniteError
        Naming the first week and column.

    Examples
    --------
    >>> check_columns(np.zeros((3, len(NAMES))), 1, 0)
    """
    if np.isfinite(weekly).all():
        return
    week, column = (int(x) for x in np.argwhere(~np.isfinite(weekly))[0])
    raise NotFiniteError(
        f"the run with seed {seed}, replicate {replicate} left the numbers a computer can hold in week {week + 1} "
        f"(column {NAMES[column]}), so that nothing is told of it; settings at the ends of what is allowed can do "
        f"that together: move them towards their defaults"
    )


def reasons(
    summary: Mapping[str, float], weekly: NDArray[np.float64], *, kept: bool, warm_up_weeks: int = 0
) -> dict[str, str]:
    """Tell why each number that is missing from a summary is.

    Parameters
    ----------
    summary : mapping of str to float
        What `summarise` found.
    weekly : float64 array, shape (W, n_columns)
    kept : bool
        Whether the run kept its accounts.
    warm_up_weeks : int

    Returns
    -------
    dict
        Key -> reason, for every key whose value is not a finite number.

    Examples
    --------
    >>> reasons({"npv": 1.0, "nrr": float("nan")}, np.zeros((8, len(NAMES))), kept=True)
    {'nrr': 'it takes 52 weeks and this run has 8'}
    """
    warm = weekly[min(warm_up_weeks, len(weekly) - 1) :]

    def total(name: str) -> float:
        return float(warm[:, getattr(COL, name)].sum())

    served, won = total("customers") + total("churned") > 0, total("new_customers") + total("won_back") > 0
    by_key = {}
    for key, value in summary.items():
        if math.isfinite(value):
            continue
        reason = MAY_BE_MISSING.get(key, "it cannot be told")
        if key in _OF_A_YEAR:
            after = " after the warm-up" if warm_up_weeks else ""
            few = f"it takes 52 weeks{after} and this run has {max(len(weekly) - warm_up_weeks, 0)}"
            reason = few if len(weekly) - warm_up_weeks < 52 else _OF_A_YEAR[key]
        elif key in ("flywheel_r", "clv") and not served:
            reason = _NO_CUSTOMERS
        elif key == "flywheel_r" and total("prospects") == 0:
            reason = "no prospect was left to be won"
        elif key == "cac_payback_months":
            reason = "a customer contributes nothing" if won else "nobody was won in the weeks that count"
        elif key == "loss_making_share":
            reason = "nobody ever was a customer" if kept else "no accounts were kept"
        elif key == "whale_peak":
            reason = "customers brought no profit in total" if kept else "no accounts were kept"
        by_key[key] = reason
    return by_key
