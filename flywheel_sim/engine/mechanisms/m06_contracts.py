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

A customer's budget is open for ``window_weeks`` of its fiscal year, whose beginning is its own.  Windows become known
at a rate, so that the share known is 1 - exp(-rate t).  What a shut window does is ``window_effect``:

*odds*  A deal won in talks fails, unless the seller knows the window and times the offer (C8: matched over unmatched
odds are 52/window).  The share of open weeks is a factor of c_ref (M1), so knowing windows makes demand.

*timing*  A window says when a deal can be signed, not whether it is wanted.  A deal won in talks while it is shut is
agreed, and signed in the week the window opens, d weeks later; until then it is lost at rate h = ``agreed_loss`` (a
budget is cut, another offer comes).  With windows of W weeks spread evenly over the year the share that is signed is

    s = [W + sum_{d=1}^{52-W} exp(-h (d - 1))] / 52,

1 at W = 52 or h = 0, whatever is known.  Who does not know the window asks again: ``follow_up`` of the hours of a
qualified lead, each week, for each such deal.  Knowing saves these hours; it makes no demand.

Neutral setting: ``enabled: false``: customers can leave in any week, pay weekly, and buy at any time; window 52 is
always open; ``window_effect: odds`` loses what a shut window meets.
"""

import math
from typing import Any

import numpy as np

from flywheel_sim.engine.choices import codes
from flywheel_sim.engine.customer_tables import LOT, NUM, WHO
from flywheel_sim.engine.jit import f32, f64, i64, inlined
from flywheel_sim.engine.kernel_types import Firm, Lot, Par, Rates, State, Sums, Tables
from flywheel_sim.engine.mechanisms.m01_churn import churn_hazard, gets_used, leave
from flywheel_sim.engine.mechanisms.m22_loyalty import drive_of
from flywheel_sim.engine.mechanisms.m27_selling import price_share
from flywheel_sim.engine.portable_math import CLIP, YEAR, clip32, exp32, happens, poisson_count
from flywheel_sim.engine.random import ENDOWMENT, PURCHASE, below, unit64, words
from flywheel_sim.engine.state import ACC
from flywheel_sim.scenario.blocks.m06_contracts import Contracts

__all__ = [
    "CONTRACT", "WEEKLY", "WINDOW_EFFECT", "buying_rate", "renewal", "renewal_due", "weeks_to_renewal",
    "weeks_to_window", "window_open",
]  # fmt: skip

CONTRACT = codes(Contracts, "kind")
#: What stands in place of a contract where contracts are off.
WEEKLY = len(CONTRACT)
WINDOW_EFFECT = codes(Contracts, "window_effect")


# the kinds of the scenario block, then what they are without contracts

_ZERO, _ONE = f32(0.0), f32(1.0)


@inlined
def buying_rate(table: Any, row: int, word: np.uint32) -> np.float32:
    """lambda_i, purchases a week: quantile u of the Gamma, tabulated evenly in s = 1 - sqrt(1 - u) for its tail."""
    x = (1.0 - math.sqrt(1.0 - unit64(word))) * (table.shape[1] - 1)
    k = int(x)
    low = table[row, k]
    return low + f32(x - k) * (table[row, k + 1] - low)


@inlined
def monthly_date(k: int) -> int:
    """Week of the k-th monthly renewal, round(52 k / 12)."""
    return (52 * k + 6) // 12


@inlined
def weeks_to_renewal(age: int, kind: int) -> int:
    """Weeks paid now, up to the next renewal date, for a spell that is ``age`` weeks old: 0 when paid by purchase."""
    if kind == CONTRACT.non_contractual:
        return 0
    if kind == CONTRACT.annual:
        return 52 - age % 52
    if kind == CONTRACT.monthly:
        k = max(1, age * 12 // 52)
        while monthly_date(k) <= age:
            k += 1
        return monthly_date(k) - age
    return 1


@inlined
def renewal_due(age: int, kind: int) -> bool:
    """Whether a spell of this age is up for renewal at the end of this week."""
    return age > 0 and weeks_to_renewal(age - 1, kind) == 1


@inlined
def window_open(week: int, fiscal: np.uint8, shift: int, window: int) -> bool:
    """Whether an account's budget is open in a week."""
    return (week + 52 * 64 - i64(fiscal) - shift) % 52 < window


@inlined
def weeks_to_window(week: int, fiscal: np.uint8, shift: int) -> int:
    """Weeks until a shut window opens."""
    return 52 - (week + 52 * 64 - i64(fiscal) - shift) % 52


@inlined
def renewal(
    par: Par, tables: Tables, state: State, firm: Firm, week: int, i: int, m: int, num: Lot, who: Lot, lot: Lot,
    member: bool, rates: Rates, sums: Sums,
) -> tuple[int, np.float32, np.float32, float, np.float32, np.float32]:  # fmt: skip
    """Leave or stay: at a date of the contract, after a purchase or, without contracts, in any week.

    Returns the status after it, what it spends a week from now on, what it pays for this week, what it is billed, and
    the chances of leaving and of a change of voice.
    """
    after, age, spend = i64(who[WHO.status, m]), i64(who[WHO.age, m]), state.spend[i]
    paid, billed = spend, 0.0
    p_leave, p_turn = _ZERO, num[NUM.turn, m]
    leaves = fails = False
    if rates.contract == CONTRACT.non_contractual:
        leaves, fails, paid = purchases(par, tables, state, firm, week, i, m, num, who, member, rates, sums)
    elif renewal_due(age, rates.contract):
        hazard = churn_hazard(par, tables, state, firm, week, i, m, num, who, member, rates)
        p_leave = happens(hazard)
        if rates.contract == WEEKLY:  # leaving and the changes of voice compete for one draw
            turns = num[NUM.rise, m] + num[NUM.fall, m] if par.market.enabled else _ZERO
            both = happens(hazard + turns)
            p_leave = both * (hazard / (hazard + turns)) if hazard > _ZERO else _ZERO
            p_turn = both - p_leave
        else:
            sums[ACC.renewals_due] += 1.0
        p_any = _ONE - (_ONE - p_leave) * (_ONE - rates.involuntary) if par.market.enabled else _ZERO
        leaves = below(lot[LOT.exit, m], p_any)
        fails = leaves and not below(lot[LOT.exit, m], p_leave)
        if not leaves:
            if age % YEAR == 0:
                spend *= rates.price_rise
                state.price[i] *= rates.price_rise
            billed = f64(spend) * weeks_to_renewal(age, rates.contract) * price_share(i64(state.deal[i]), age)
            if rates.felt:
                gets_used(state, i, age, rates)
    if leaves:
        after = leave(par, state, firm, week, i, member, fails, rates, sums)
    if rates.contract == CONTRACT.non_contractual and age % YEAR == 0:
        spend *= rates.price_rise
        state.price[i] *= rates.price_rise
    return after, spend, paid, billed, p_leave, p_turn


@inlined
def purchases(
    par: Par, tables: Tables, state: State, firm: Firm, week: int, i: int, m: int, num: Lot, who: Lot, member: bool,
    rates: Rates, sums: Sums,
) -> tuple[bool, bool, np.float32]:  # fmt: skip
    """Buy without a contract, Poisson many times, with a coin after each.

    Returns whether the customer is gone, whether for want of payment, and what it pays.
    """
    j = i - firm.account0
    rate = buying_rate(tables.traits, par.size.trait0 + 2, words(firm.seed, firm.replicate, j, 0, ENDOWMENT, 1)[1])
    w_buy, w_drop, w_why, _ = words(firm.seed, firm.replicate, j, week, PURCHASE, 0)
    drive = drive_of(state.points[i], par.loyalty) if rates.loyal else _ONE
    pull = rates.purchase_effect * (num[NUM.relationship, m] - rates.relationship_reference)
    wanted, bought = poisson_count(w_buy, rate * drive * exp32(clip32(pull, CLIP))), 0
    leaves = fails = False
    paid = _ZERO
    if wanted > 0:
        hazard = churn_hazard(par, tables, state, firm, week, i, m, num, who, member, rates)
        p_leave = happens(hazard)
        while bought < wanted and not leaves:
            bought += 1
            leaves = par.market.enabled and below(w_drop, happens((hazard + rates.failing) * f32(bought)))
        fails = leaves and not below(w_why, p_leave / happens(hazard + rates.failing))
        paid = f32(f64(state.spend[i]) * rates.purchase_weeks * bought)
        sums[ACC.purchases] += bought
        if rates.felt and not leaves:
            gets_used(state, i, i64(who[WHO.age, m]), rates)
    return leaves, fails, paid
