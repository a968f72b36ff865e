r"""M7 Expansion.

A customer with an open budget buys more at rate

    h = h0 exp(b (R - R_ref)) x (handoffs that come through, relative to reference) / (share of open weeks),

each time by ``step`` of its spend, never above ``wallet`` times the segment's starting spend (C34, S17).  What was
bought adds work (M8).

Neutral setting: ``enabled: false``: spend changes only with the price.  C34 vanishes at relationship_effect = 0.
"""

import numpy as np

from flywheel_sim.engine.customer_tables import LOT, NUM, WHO
from flywheel_sim.engine.jit import f32, f64, i64, inlined, u8
from flywheel_sim.engine.kernel_types import Lot, Par, Rates, State, Sums, Tables
from flywheel_sim.engine.mechanisms.m06_contracts import weeks_to_renewal, window_open
from flywheel_sim.engine.mechanisms.m22_loyalty import drive_of
from flywheel_sim.engine.mechanisms.m27_selling import price_share
from flywheel_sim.engine.portable_math import CLIP, clip32, exp32, happens
from flywheel_sim.engine.random import below
from flywheel_sim.engine.state import ACC

__all__ = ["expansion", "expansion_rate", "spend_after"]


@inlined
def expansion_rate(base: np.float32, effect: np.float32, relationship: np.float32, reference: np.float32) -> np.float32:
    """Rate per week of buying more."""
    return base * exp32(clip32(effect * (relationship - reference), CLIP))


@inlined
def spend_after(spend: np.float32, step: np.float32, cap: np.float32) -> np.float32:
    """Spend after one expansion; a spend already above its cap stays."""
    return max(spend, min(spend * (f32(1.0) + step), cap))


@inlined
def expansion(
    par: Par, tables: Tables, state: State, week: int, i: int, m: int, num: Lot, who: Lot, lot: Lot,
    spend: np.float32, rates: Rates, sums: Sums,
) -> tuple[np.float32, float]:  # fmt: skip
    """Buy more, where the budget is open, up to the wallet; return how much more a week, and what is billed for it."""
    contracts, age = par.contracts, i64(who[WHO.age, m])
    expands = who[WHO.expands, m] != 0
    if expands and contracts.enabled:
        expands = window_open(week + 1, state.fiscal[i], contracts.fiscal_shift_weeks, contracts.window_weeks)
    if expands and rates.loyal:  # marked at the strongest drive there is
        rate = expansion_rate(
            rates.expansion, rates.expansion_effect, num[NUM.relationship, m], rates.relationship_reference
        )
        expands = below(lot[LOT.expand, m], happens(rate * drive_of(state.points[i], par.loyalty)))
    more, billed = f32(0.0), 0.0
    if expands:
        segment = tables.segment[par.size.segment0 + i64(who[WHO.segment, m])]
        more = spend_after(spend, f32(par.expansion.step), f32(segment.spend * par.expansion.wallet)) - spend
        if more > f32(0.0):
            sums[ACC.expansions] += 1.0
            state.bought[i] = u8(min(i64(state.bought[i]) + 1, 255))
            sums[ACC.expanded_spend] += more
            billed = f64(more) * weeks_to_renewal(age, rates.contract) * price_share(i64(state.deal[i]), age)
    return more, billed
