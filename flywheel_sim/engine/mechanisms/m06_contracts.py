r"""M6 Contracts and budget windows.

*Annual* contracts are decided only on anniversaries, *monthly* ones at their k-th renewal, week round(52 k / 12) after
the sale.  What is billed at a date covers the weeks to the next.  theta, the per-renewal probability of leaving, is
fixed for life; payment failure (involuntary churn) happens at the same dates (S26), independently:

    p = 1 - (1 - p_voluntary)(1 - p_involuntary).

*Without a contract* (BG/NBD; A4) customer i buys n_i ~ Poisson(lambda_i exp(b (R - R_ref))) times a week, lambda_i ~
Gamma(shape r, rate alpha) fixed for life, and drops out after each purchase with probability 1 - (1 - p_i)^M, p_i the
churn propensity of the market block and M its factor of churn (M1); payment failure comes on top, independently.  One
draw decides for the week: the customer is gone after the first k purchases with probability 1 - (1 - p)^k.  Purchases
after that are not made, and none is made at t = 0.  A purchase is billed and earned at once; it is worth

    v_i = spend_i alpha / r,

spend_i the weekly spend of its segment with what expansion and price made of it, so that a customer who stays and buys
at the mean rate pays the segment's spend.  Counts above 16 a week are cut.  With b = 0 and M = 1

    E[X(t)] = (a+b-1)/(a-1) [1 - (alpha/(alpha+t))^r 2F1(r, b; a+b-1; t/(alpha+t))]
    P(X(t) = 0) = (alpha/(alpha+t))^r.

A customer's budget is open for ``window_weeks`` of its fiscal year, whose beginning is its own; an offer outside it
fails, unless the seller knows the window and times the offer.  Windows become known at a rate, so that the share known
is 1 - exp(-rate t) (C8: matched over unmatched odds are 52/window).

Neutral setting: ``enabled: false``: customers can leave in any week, pay weekly, and buy at any time; window 52 is
always open.
"""

import math
from typing import Any

import numpy as np

from flywheel_sim.engine.jit import f32, i64, law
from flywheel_sim.engine.random import unit64

__all__ = ["ANNUAL", "MONTHLY", "PURCHASES", "WEEKLY", "buying_rate", "renewal_due", "weeks_to_renewal", "window_open"]

# the kinds of the scenario block, then what they are without contracts
ANNUAL, MONTHLY, PURCHASES, WEEKLY = 0, 1, 2, 3


@law
def buying_rate(table: Any, row: int, word: np.uint32) -> np.float32:
    """lambda_i, purchases a week: quantile u of the Gamma, tabulated evenly in s = 1 - sqrt(1 - u) for its tail."""
    x = (1.0 - math.sqrt(1.0 - unit64(word))) * (table.shape[1] - 1)
    k = int(x)
    low = table[row, k]
    return low + f32(x - k) * (table[row, k + 1] - low)


@law
def monthly_date(k: int) -> int:
    """Week of the k-th monthly renewal, round(52 k / 12)."""
    return (52 * k + 6) // 12


@law
def weeks_to_renewal(age: int, kind: int) -> int:
    """Weeks paid now, up to the next renewal date, for a spell that is ``age`` weeks old: 0 when paid by purchase."""
    if kind == PURCHASES:
        return 0
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
