r"""M6 Contracts and budget windows.

*Annual* contracts are decided only on anniversaries, *monthly* ones at their k-th renewal, week round(52 k / 12) after
the sale.  What is billed at a date covers the weeks to the next.  theta, the per-renewal probability of leaving, is
fixed for life; payment failure (involuntary churn) happens at the same dates (S26), independently:

    p = 1 - (1 - p_voluntary)(1 - p_involuntary).

A customer's budget is open for ``window_weeks`` of its fiscal year, whose beginning is its own; an offer outside it
fails, unless the seller knows the window and times the offer.  Windows become known at a rate, so that the share known
is 1 - exp(-rate t) (C8: matched over unmatched odds are 52/window).

Neutral setting: ``enabled: false``: customers can leave in any week, pay weekly, and buy at any time; window 52 is
always open.
"""

import numpy as np

from flywheel_sim.engine.jit import i64, law

__all__ = ["ANNUAL", "MONTHLY", "WEEKLY", "renewal_due", "weeks_to_renewal", "window_open"]

ANNUAL, MONTHLY, WEEKLY = 0, 1, 2


@law
def monthly_date(k: int) -> int:
    """Week of the k-th monthly renewal, round(52 k / 12)."""
    return (52 * k + 6) // 12


@law
def weeks_to_renewal(age: int, kind: int) -> int:
    """Weeks from now to the next renewal date, at least 1, for a spell that is ``age`` weeks old."""
    if kind == ANNUAL:
        return 52 - age % 52
    if kind == MONTHLY:
        k = max(1, age * 12 // 52)
        while monthly_date(k) <= age:
            k += 1
        return monthly_date(k) - age
    return 1


@law
def renewal_due(age: int, kind: int) -> bool:
    """Whether a spell of this age is up for renewal at the end of this week."""
    return age > 0 and weeks_to_renewal(age - 1, kind) == 1


@law
def window_open(week: int, fiscal: np.uint8, shift: int, window: int) -> bool:
    """Whether an account's budget is open in a week."""
    return (week + 52 * 64 - i64(fiscal) - shift) % 52 < window
