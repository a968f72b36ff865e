r"""M27 Selling behaviour: how hard, to whom, with what promises, and when (C12; S21).

The team that owns the touchpoints of the sale (the mean over them) has the effort level e and, towards the need of
segment s, the cosine c_s.

**Effort** multiplies the odds of winning by e^``effort_effect``.  It is how many calls are made; how good they are is
the touchpoint's success (M3).

**Direction** makes selective.  A qualified lead whose fit is below

    m_s = clip(fit_minimum + selectivity (c_s - reference_cosine), 0, 1)

is turned away and stays a prospect.  **Promises**: a new customer's own history of experience starts at
norm + ``promise`` (1 - c_s), at most 1, so what sellers say against the need is expected, and missed.

**Quotas.** In the last ``spike_weeks`` of a quarter of 13 weeks the odds of winning rise by exp(accelerator); in as
many weeks of the next quarter they fall by exp(-borrowed accelerator): deals pulled forward.  At ``borrowed`` 1 the
log-odds of the two stretches cancel, at 0 the rush is free.  A deal closed in the rush costs ``discount`` x accelerator
less in its first 52 weeks; that price is what is billed and earned.

**Lone wolves** are the sellers of a fixed share of accounts.  They take any fit, win with odds x exp(b (1 - fit)),
close deals of size exp(sigma z - sigma^2/2) times the ordinary (mean 1), and pass nothing on: their customers go live
with the effort of a lost handoff (M4) in memory.

Low fit then returns by itself as churn (M1, product weight) and issues (M8, fit effect).

Neutral setting: ``enabled: false``, or effort_effect, fit_minimum, selectivity, promise, accelerator and lone_wolves
all 0.  C12 vanishes where fit acts on nothing: product_weight 0 and service.fit_effect 0, and for the knowledge that
is not passed on handoffs.effort_of_loss 0.
"""

import numpy as np

from flywheel_sim.engine.jit import f32, i64, inlined, step
from flywheel_sim.engine.kernel_types import Par, State, Tables
from flywheel_sim.engine.mechanisms.m03_journey import STAGE
from flywheel_sim.engine.portable_math import exp64, log64, normal_quantile
from flywheel_sim.engine.random import unit64

__all__ = ["DISCOUNT", "LONE", "deal_size", "least_fit", "price_share", "quota_push", "step_selling"]

#: Bits of an account's ``deal``: discount of the first year in percent, and whether a lone wolf sold it.
DISCOUNT, LONE = 127, 128


@inlined
def least_fit(base: float, slope: float, cosine: float, reference: float) -> float:
    """m_s: least fit that is accepted."""
    return min(max(base + slope * (cosine - reference), 0.0), 1.0)


@inlined
def quota_push(t: int, accelerator: float, spike_weeks: int, borrowed: float) -> float:
    """Log-odds that the calendar of quotas adds in week t (0-based); nothing is borrowed before the first rush."""
    week = t % 13
    if week >= 13 - spike_weeks:
        return accelerator
    return -borrowed * accelerator if week < spike_weeks and t >= 13 else 0.0


@inlined
def price_share(deal: int, age: int) -> float:
    """Share of the list price paid for the weeks after age ``age``."""
    percent = i64(deal) & DISCOUNT
    return 1.0 - percent / 100.0 if percent > 0 and age < 52 else 1.0


@inlined
def deal_size(word: np.uint32, spread: float) -> float:
    """Size of a lone wolf's deal: log-normal with mean 1."""
    return exp64(spread * normal_quantile(unit64(word)) - 0.5 * spread * spread)


@step
def step_selling(par: Par, tables: Tables, state: State, run: int, week: int) -> None:
    """Set the odds and the discount of this week, and per segment the least fit and what is promised."""
    firm, selling = state.run[run], par.selling
    firm.win_odds, firm.discount = 1.0, 0.0
    for s in range(par.size.segments):
        state.chain[firm.segment0 + s, 4] = state.chain[firm.segment0 + s, 5] = f32(0.0)
    if not selling.enabled:
        return
    sellers, level = 0.0, 0.0
    for n in range(par.size.touchpoints):
        touch = tables.touch[par.size.touch0 + n]
        if touch.stage == STAGE.sale:
            sellers += 1.0
            level += state.level[firm.team0 + touch.owner]
    push = quota_push(week, selling.accelerator, selling.spike_weeks, selling.borrowed)
    if push > 0.0:
        firm.discount = min(selling.discount * selling.accelerator, 1.0)
    if sellers > 0.0 and selling.effort_effect > 0.0:
        push += selling.effort_effect * log64(max(level / sellers, 1e-6))
    firm.win_odds = exp64(push)
    for s in range(par.size.segments):
        cosine = selling.reference_cosine
        if sellers > 0.0:
            cosine = 0.0
            for n in range(par.size.touchpoints):
                touch = tables.touch[par.size.touch0 + n]
                if touch.stage == STAGE.sale:
                    for a in range(par.size.axes):
                        cosine += (
                            state.direction[firm.team0 + touch.owner, a] * state.need[firm.segment0 + s, a] / sellers
                        )
            state.chain[firm.segment0 + s, 5] = f32(selling.promise * (1.0 - cosine))
        least = least_fit(selling.fit_minimum, selling.selectivity, cosine, selling.reference_cosine)
        state.chain[firm.segment0 + s, 4] = f32(least)
