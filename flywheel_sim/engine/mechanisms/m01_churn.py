"""M1 Market, leaving: the hazard of churn, and what leaving does.  The equations stand in m01_market.

Neutral setting: ``market.churn.mean`` and ``contracts.involuntary`` 0, so that nobody leaves.
"""

import numpy as np

from flywheel_sim.engine.choices import codes
from flywheel_sim.engine.customer_tables import NUM, WHO
from flywheel_sim.engine.jit import f32, f64, i16, i64, inlined
from flywheel_sim.engine.kernel_types import Firm, Lot, Par, Rates, State, Sums, Tables
from flywheel_sim.engine.mechanisms.m05_word_of_mouth import social_factor
from flywheel_sim.engine.mechanisms.m27_selling import LONE, price_share
from flywheel_sim.engine.portable_math import CLIP, YEAR, clip32, exp32, exp64, log64, normal_quantile
from flywheel_sim.engine.random import EXIT, PRICE, below, unit64, words
from flywheel_sim.engine.state import ACC, ADVOCATE, CAUSE, DETRACTOR, FORMER, SOUR
from flywheel_sim.scenario.blocks.m01_market import Churn, Pricing

__all__ = ["CHURN_BY", "LAW", "churn_hazard", "gets_used", "leave", "minds"]

CHURN_BY = codes(Churn, "by")
LAW = codes(Pricing, "law")

_ZERO, _ONE = f32(0.0), f32(1.0)
_CERTAIN = 30.0  # log-factor at which everybody leaves, and which float32 still holds


@inlined
def minds(par: Par, firm: Firm, j: int) -> float:
    """a_i: how much an account minds prices, for life."""
    spread = par.market.pricing.spread
    if spread == 0.0:
        return 1.0
    word = words(firm.seed, firm.replicate, j, 0, PRICE, 0)[0]
    return exp64(spread * normal_quantile(unit64(word)) - 0.5 * spread * spread)  # type: ignore[no-any-return]


@inlined
def price_felt(par: Par, state: State, firm: Firm, i: int, age: int, weight: float, rates: Rates) -> np.float32:
    """Log-factor of leaving that the price makes: its level, and a rise over what an account is used to."""
    pricing, price = par.market.pricing, state.price[i]
    if rates.dated and age % YEAR == 0:
        price *= rates.price_rise
    asked = f64(f32(f64(price) * price_share(i64(state.deal[i]), age)))
    rise = max(0.0, log64(asked / f64(state.charged[i])))
    pull = pricing.level_elasticity * (asked / pricing.rival - 1.0) + pricing.rise_elasticity * rise
    if pull == 0.0:
        return _ZERO
    return f32(min(minds(par, firm, i - firm.account0) * weight * pull, _CERTAIN))


@inlined
def gets_used(state: State, i: int, age: int, rates: Rates) -> None:
    """Let an account that stays get used to what it is charged: at once, or after a period where there is no date.

    Who may leave in any week has a week's share of the hazard of a period; were a rise felt in one week only, it would
    be felt by next to nobody.
    """
    if age % YEAR + 1 >= rates.habit_weeks:
        state.charged[i] = f32(f64(state.price[i]) * price_share(i64(state.deal[i]), age))


@inlined
def churn_hazard(
    par: Par, tables: Tables, state: State, firm: Firm, week: int, i: int, m: int, num: Lot, who: Lot, member: bool,
    rates: Rates,
) -> np.float32:  # fmt: skip
    """Return the hazard of leaving of one's own will, by voice or by experience, never both."""
    social = social_factor(par, state, firm, week, i, who[WHO.referred, m] != 0, member, rates)
    if rates.by_voice:
        churn, status = par.market.churn, who[WHO.status, m]
        hazard = f32(churn.neutral)
        if status == ADVOCATE:
            hazard = f32(churn.advocate)
        elif status == DETRACTOR:
            hazard = f32(churn.detractor)
        if social != _ZERO:
            hazard *= exp32(clip32(social, CLIP))
        return hazard
    row = tables.segment[par.size.segment0 + i64(who[WHO.segment, m])]
    log_factor = _ZERO
    if rates.sensitivity > _ZERO:
        log_factor = (
            rates.effort_effect * (num[NUM.effort, m] - rates.effort_reference)
            - f32(row.relationship) * (num[NUM.relationship, m] - rates.relationship_reference)
            - f32(row.product) * (rates.product_share * num[NUM.fit, m] - _ONE)
            - f32(row.service) * (num[NUM.recent, m] - rates.norm)
            + f32(row.price) * rates.price_doublings
        ) * rates.sensitivity
    log_factor = clip32(log_factor + f32(row.outside) + social, CLIP)
    if rates.felt:  # not within the clip: who hardly ever leaves would pay any price
        log_factor += price_felt(par, state, firm, i, i64(who[WHO.age, m]), row.price, rates)
    hazard = state.propensity[i] * exp32(log_factor)
    return hazard * rates.renewals


@inlined
def leave(
    par: Par, state: State, firm: Firm, week: int, i: int, member: bool, fails: bool, rates: Rates, sums: Sums
) -> int:
    """End the spell of account i and return its status from now on.

    Who leaves because its payment ``fails`` leaves in silence; who leaves of its own will may speak badly.
    """
    sums[ACC.churned] += 1.0
    sums[ACC.churned_spend] += state.spend[i]
    sums[ACC.lone_churned] += 1.0 if state.deal[i] & LONE else 0.0
    sums[ACC.member_churned] += 1.0 if member else 0.0
    state.end[i] = i16(week + 1)
    state.open[i] = 0
    state.cause[i] = CAUSE.voluntary
    if fails:
        state.cause[i] = CAUSE.involuntary
        sums[ACC.churned_involuntary] += 1.0
    elif rates.speaks_badly:
        word = words(firm.seed, firm.replicate, i - firm.account0, week, EXIT, 0)[0]
        if below(word, f32(par.word_of_mouth.former_voice)):
            return SOUR
    return FORMER
