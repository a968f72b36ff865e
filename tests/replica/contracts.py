"""M6 Contracts and budget windows: when a spell is up for renewal, what is paid in advance, when a budget is open."""

import math
from typing import Any

from replica.arithmetic import F32, f32
from replica.luck import unit

__all__ = ["buying_rate", "renewal_due", "weeks_to_renewal", "weeks_to_window", "window_open"]


def monthly_date(k: int) -> int:
    """Week of the k-th monthly renewal: 52 k/12, rounded."""
    return (52 * k + 6) // 12


def weeks_to_renewal(age: int, contract: str) -> int:
    """Weeks from this age to the next date of the contract, which are paid now; 0 where purchases are paid."""
    if contract == "non-contractual":
        return 0
    if contract == "annual":
        return 52 - age % 52
    if contract == "monthly":
        k = 1
        while monthly_date(k) <= age:
            k += 1
        return monthly_date(k) - age
    return 1


def renewal_due(age: int, contract: str) -> bool:
    """Whether a spell of this age is decided on at the end of this week."""
    return age > 0 and weeks_to_renewal(age - 1, contract) == 1


def window_open(week: int, fiscal: int, contracts: Any) -> bool:
    """Whether an account's budget is open: in the first weeks of its own fiscal year."""
    if not contracts.enabled:
        return True
    return (week - fiscal - contracts.fiscal_shift_weeks) % 52 < contracts.window_weeks


def weeks_to_window(week: int, fiscal: int, contracts: Any) -> int:
    """Weeks until a budget that is shut opens."""
    return 52 - (week - fiscal - contracts.fiscal_shift_weeks) % 52


def buying_rate(table: Any, word: int) -> F32:
    """Purchases a week of a customer without contract: a quantile of the Gamma, tabled evenly in 1 - sqrt(1 - u)."""
    x = (1.0 - math.sqrt(1.0 - unit(word))) * (len(table) - 1)
    k = int(x)
    return table[k] + f32(x - k) * (table[k + 1] - table[k])
