"""What the laws of customers take of a scenario, worked out once for all customers of a block, in their own float32."""

from typing import NamedTuple

import numpy as np

from flywheel_sim.engine.jit import f32, f64, inlined
from flywheel_sim.engine.kernel_types import Firm, Now, Par
from flywheel_sim.engine.mechanisms.m01_churn import CHURN_BY, LAW
from flywheel_sim.engine.mechanisms.m05_word_of_mouth import fit_at_reference
from flywheel_sim.engine.mechanisms.m06_contracts import CONTRACT, WEEKLY
from flywheel_sim.engine.network import NETWORK
from flywheel_sim.engine.portable_math import YEAR, halved, happens, log64, normal_quantile

__all__ = ["Rates", "rates_of"]

_PER_DOUBLING = 1.4426950408889634  # 1 / ln 2


class Rates(NamedTuple):
    """Constants of the customers of one run in one week."""

    contract: int  # kind of contract (M6)
    # churn (M1)
    by_voice: bool
    sensitivity: np.float32
    effort_effect: np.float32
    relationship_reference: np.float32
    effort_reference: np.float32
    norm: np.float32
    product_share: np.float32  # quality over fit at reference
    price_doublings: np.float32  # log2 of the price, where it is felt alike by all
    felt: bool  # prices by each account in its own way
    price_rise: np.float32  # factor of a customer's price at an anniversary
    dated: bool  # it is charged at the renewal of that week; else from the next purchase on
    habit_weeks: float  # from an anniversary on, until one who stays is used to what it is charged
    renewals: np.float32  # a week, of who may leave in any week; else 1, each time one is due
    # word of mouth (M5)
    speaks_badly: bool
    contagious: bool
    contagion: np.float32  # log-factor a friend that left
    kept_exposure: np.float32
    with_referrer: np.float32
    after_referral: np.float32
    # contracts (M6)
    involuntary: np.float32
    failing: np.float32  # hazard of a payment that fails, after each purchase
    purchase_effect: np.float32
    purchase_weeks: float  # of spend that one purchase is worth
    # expansion (M7)
    expansion: np.float32
    expansion_effect: np.float32
    # loyalty (M22)
    loyal: bool
    joins: np.float32
    redeems: np.float32
    identity: np.float32
    # surveys (M13)
    survey: bool
    answers: np.float32
    happy_answers: np.float32
    bond: np.float32  # correlation of answering with the relationship
    silent: np.float32  # deviate above which one answers
    per_deviation: np.float32
    called: np.float32  # share of the detractors among the answers who are called back
    calls_well: np.float32
    kept_after_call: np.float32  # share of the effort that is still remembered


@inlined
def rates_of(par: Par, firm: Firm, now: Now, week: int) -> Rates:
    """Work out the constants of this week."""
    market, relationship, word_of_mouth, contracts = par.market, par.relationship, par.word_of_mouth, par.contracts
    loyalty, sensing = par.loyalty, par.sensing
    contagion, with_referrer, after_referral = f32(0.0), f32(0.0), f32(0.0)
    if word_of_mouth.enabled:
        contagion = f32(log64(word_of_mouth.contagion))
        with_referrer = f32(log64(word_of_mouth.referred_churn))
        after_referral = f32(log64(word_of_mouth.referrer_churn))
    contract = contracts.kind if contracts.enabled else WEEKLY
    # worked out before the call: numba takes no branches within the arguments of so long a one
    felt = market.pricing.law == LAW.felt
    expected = max(market.product_reference * fit_at_reference(par), 1e-9)  # of the product
    doublings = 0.0 if felt else log64(market.price) * _PER_DOUBLING
    habit_weeks = min(market.churn.period_weeks, f64(YEAR)) if contract == WEEKLY else 1.0
    renewals = f32(1.0 / market.churn.period_weeks) if contract == WEEKLY else f32(1.0)
    speaks_badly = word_of_mouth.enabled and word_of_mouth.negative > 0.0
    contagious = market.network.kind != NETWORK.complete and contagion != f32(0.0)
    involuntary = f32(contracts.involuntary if contracts.enabled else 0.0)
    survey = sensing.enabled and (week + 1) % sensing.survey_weeks == 0
    called = f32(sensing.closed_loop.share if sensing.closed_loop.enabled else 0.0)
    return Rates(
        contract,
        market.churn.by == CHURN_BY.voice,
        f32(market.churn.sensitivity),
        f32(market.churn.effort_effect),
        f32(relationship.relationship_reference),
        f32(relationship.effort_reference),
        f32(relationship.market_norm),
        f32(firm.product_quality / expected),
        f32(doublings),
        felt,
        now.price_rise,
        contract != CONTRACT.non_contractual,
        habit_weeks,
        renewals,
        speaks_badly,
        contagious,
        contagion,
        f32(halved(word_of_mouth.contagion_half_life_weeks)),
        with_referrer,
        after_referral,
        involuntary,
        f32(-log64(max(1.0 - contracts.involuntary, 1e-13))),
        f32(contracts.purchase_effect),
        contracts.purchase_scale_weeks / contracts.purchase_shape,
        now.expansion,
        f32(par.expansion.relationship_effect),
        loyalty.enabled != 0,
        happens(f32(loyalty.join_rate)),
        happens(f32(loyalty.redeem_rate)),
        f32(loyalty.identity),
        survey,
        f32(sensing.response_rate),
        f32(min(sensing.response_rate * sensing.happy_bias, 1.0)),
        f32(sensing.response_bond),
        f32(normal_quantile(min(max(1.0 - sensing.response_rate, 1e-9), 1.0 - 1e-9))),
        f32(1.0 / sensing.relationship_spread),
        called,
        now.calls_well,
        f32(1.0 - sensing.closed_loop.relief),
    )
