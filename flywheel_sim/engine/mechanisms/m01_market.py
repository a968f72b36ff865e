r"""M1 Market and life cycle.

**Leads.** A prospect becomes a lead at rate (p a + word of mouth) / c_ref: p the external rate, a the success of the
awareness touchpoints relative to base, c_ref the product of the reference stage conversions and of the open-window
share, so that p and w are *net new customers* at reference (frozen in ``funnel.reference``: a better stage wins more).
Under ``pool: constant`` the rate is multiplied by N/S, S the prospects left: inflow as if prospects never ran out.
The external part comes o + max(0, b - o) f times as often, o ``organic``, b the ``promotion`` relative to the base case
and f the share of their work that the owners of awareness get done (m19): interest that nobody has to ask for, and
interest that somebody buys and finds, concave in their hours.  More promotion buys more of the second kind alone, so it
needs people who do it (no free lunch).
Former customers become leads at the win-back rate over c_ref, whatever the pool.

**The sale.** Qualified, proposed, closed, onboarded are nested in one draw: word < q, < q s, < q s c, < q s c o.  Each
stage's odds are multiplied by the factors of the touchpoints, handoffs, delay, price and sellers (M27).

**Who is worked.**  Sales have hours for K leads a week: those left by their other work, over the hours of a qualified
lead and q.  Last week's n new leads and m waiting ones stand for this week's.  ``order: any`` works each with the same
chance min(1, K/(n + m)), and the mean wait m/K, known to all, lowers everybody's odds of qualifying (M4) and of winning
(A28).  ``order: newest`` works

    new leads with chance min(1, K/n),      waiting ones with min(1, max(0, K - n)/m),

and the odds are each lead's own: those of the base delay in the week it comes, f(> 24 h)/f(m_0) of that from the next
week on (S22).  Among leads older than a day odds and lapsing are alike, so nothing hangs on who of them is first, and
two classes do for a count by age.  A lead nobody works in a week lapses with 1 - exp(-``lapse``); hours that nobody has
are no overload, because nobody works the leads they were for.

**Rest.**  An account whose lead lapsed or was lost is no lead for T = ``rest_weeks``.  An account that is one at hazard
l in the other weeks is one l/(1 + l T) times a week in the long run, so that l = L/(1 - L T) keeps L, the
``leads_reference`` of the base case (a factor of c_ref).  Interest x times as high then brings x l/(1 + x l T) leads,
at most one each T weeks.  Accounts start at rest with the chance they have in the long run at reference.

How this keeps the four laws of the whole: leads left undone lapse and are lost for months (no free neglect); work is
hours (no free lunch); K -> 0 wins nothing, K -> infinity everything there is (continuity); rest makes demand finite.

**Onboarding.**  A customer in onboarding takes w = sum of touch rate x hours a week from each team that owns such a
touchpoint.  Of the C sold customers that could go live (those who wait, and as many new ones as last week) a share

    g = min(1, (H - n w) / (C w)),   the least over such teams,

goes live at the end of this week, by keyed luck; H are the hours that the team's other work of last week leaves (a
tenth at least, M19), n the customers that will still be in onboarding then.  The rest wait, 1/g - 1 weeks on average.
They are not customers yet: nothing is billed, nobody leaves, and they count with the prospects (or the former
customers).  A known wait for either queue lowers the odds of winning (A28).  Neutral: g = 1 exactly while the team has
hours, and whenever the funnel, the journey or capacity is off.

**Price.**  ``pricing.law: level`` adds w_price log2(price) to the log-factor of churn below and takes it from the
log-odds of winning, whatever an account pays; a rise is paid and not felt.  Under ``felt`` an account feels the price
P_i that it pays (``price`` when it joined, then what was charged at its anniversaries), each by its own a_i: lognormal
over accounts with mean 1 and log-sd ``spread``, times the segment's price weight over the mean of the market.  Where it
may leave, the log-factor is

    a_i [eta_L (P_i'/P_out - 1) + eta_C max(0, ln(P_i'/P_i))],

P_i' asked now, P_i what it is used to, which is the last it was charged.  At an anniversary P_i' = P_i
(1 + ``price_rise``) x what the list price has become in a year, if a change ``applies`` to those there are; the end of
a discount (M27) is a rise.  So a rise is felt once, at the renewal that charges it; without contracts, where one may
leave in any week, for one ``period_weeks``; without dates (M6), at the first purchase after the anniversary.  The
log-odds of winning change by -eps a_i (P/P_out - 1).

Both are linear in the price, as utility is in the logit models of choice, and eps and eta_L are their elasticities at
the rival's price.  Constant elasticities would not do: whoever has a_i eta below 1 would pay any price, and of
customers who differ those are the ones that stay, so a price without bound would be the best.  Linear, everybody has a
price at which he goes; the factor is not cut to +-3 as that of experience is, for who hardly ever leaves would then pay
any price after all.  The level keeps small rises from adding up unfelt; who minds prices most leaves and stays away
first.  The elasticities are wide ranges: S40 is of consumers' brands, for renewals nothing was found; an optimum near
today's price is calibrated by them, not found.  It is no free lunch (who asks for more sells less and loses more),
continuous, and makes no demand.  Neutral: price and rival 1 and no rise, where both laws are the same to the bit.

**Voice.** neutral <-> advocate, neutral <-> detractor at four rates, each times exp(+-x) with

    x = clip(b_R (R - R_ref) - b_E (E - E_ref), +-3).

**Churn.** ``by: voice``: one rate per voice.  ``by: experience``: the log-factor

    -s [w_R (R - R_ref) + w_prod (Q fit / (Q_ref fit_ref) - 1) + w_serv (recent - norm) - w_price log2(price)]
    + s b_E (E - E_ref) + outside option + friends (M5), membership (M22)   clipped to +-3,

fit_ref = ``fit_reference``, or the market's own mean where that is 0: then a market that fits better is one of the same
churn, its base rates having been found in it.  Never both; friends and membership also act under ``by: voice``.  A
probability p per renewal becomes 1 - (1 - p)^M with M = exp(log-factor), carried as the hazard -log(1 - p) M; a weekly
rate becomes rate x M.  Without contracts leaving and the changes of voice share one draw: total 1 - exp(-sum of
hazards), then which one in proportion.  With contracts a renewal is a decision of its own, and so is each purchase of a
customer without one (M6).

Neutral setting: ``order: any``, lapse 0 and rest_weeks 0 are leads that wait for ever and are never tired.
``enabled: false`` wins and loses nobody; b_R = b_E = 0 is static experience (A23); sensitivity 0
makes churn blind to experience.  Limits: A1, A3, A23, Little's law.
"""

from typing import Any

import numpy as np

from flywheel_sim.engine.choices import codes
from flywheel_sim.engine.customer_tables import LOT, NUM, WHO
from flywheel_sim.engine.jit import f32, f64, i16, i64, inlined, step, u8
from flywheel_sim.engine.kernel_types import Lot, Par, Rates, State, Tables
from flywheel_sim.engine.mechanisms.m01_churn import LAW
from flywheel_sim.engine.mechanisms.m03_journey import STAGE, stage_lift
from flywheel_sim.engine.mechanisms.m04_handoffs import WHEN, late_odds, response_odds
from flywheel_sim.engine.mechanisms.m05_reviews import read_reviews, reward_lift
from flywheel_sim.engine.mechanisms.m05_word_of_mouth import NORMALISE
from flywheel_sim.engine.mechanisms.m06_contracts import WEEKLY, weeks_to_renewal
from flywheel_sim.engine.mechanisms.m19_capacity import KEPT, ORDER
from flywheel_sim.engine.mechanisms.m27_selling import LONE, deal_size, price_share
from flywheel_sim.engine.portable_math import CLIP, clip32, exp64, happens, log64
from flywheel_sim.engine.random import SELLER, below, words
from flywheel_sim.engine.rows import Room, Rows
from flywheel_sim.engine.state import ADVOCATE, DETRACTOR, NEUTRAL, PROSPECT
from flywheel_sim.scenario.blocks.m01_market import Market, Pricing
from flywheel_sim.scenario.columns import COL
from flywheel_sim.scenario.schema import ScenarioModel

__all__ = [
    "FIRST_SPELLS",
    "begin_spell",
    "conversion_reference",
    "delay_odds",
    "first_bill",
    "go_live",
    "odds_times",
    "open_market",
    "segment_rows",
    "voice",
    "voice_pull",
]

POOL = codes(Market, "pool")
FIRST_SPELLS = codes(Market, "start")
APPLIES = codes(Pricing, "applies")
SEGMENT = np.dtype(
    [(n, "f8") for n in ("upto", "spend", "relationship", "product", "service", "price", "outside")], align=True
)

# typed, so that stage_lift is compiled once and not for each literal

_ZERO, _ONE = f32(0.0), f32(1.0)


@inlined
def voice_pull(
    relationship: np.float32, effort: np.float32, r_ref: np.float32, e_ref: np.float32, b_r: np.float32, b_e: np.float32
) -> np.float32:
    """x: log-factor of the rates towards a good voice."""
    return clip32(b_r * (relationship - r_ref) - b_e * (effort - e_ref), CLIP)


@inlined
def voice(
    status: int, m: int, num: Lot, who: Lot, lot: Lot, lives: bool, p_leave: np.float32, p_turn: np.float32,
    rates: Rates,
) -> int:  # fmt: skip
    """Speak better, or worse, from now on; without contracts the word that let it stay decides this, too."""
    rise = num[NUM.rise, m]
    turns = rise + num[NUM.fall, m] if lives else _ZERO
    weekly = rates.contract == WEEKLY
    word, stay = (lot[LOT.exit, m], p_leave) if weekly else (lot[LOT.voice, m], _ZERO)
    if turns > _ZERO and (below(word, stay + p_turn) if weekly else who[WHO.turns, m] != 0):
        if status != NEUTRAL:
            return NEUTRAL
        return ADVOCATE if below(word, stay + p_turn * (rise / turns)) else DETRACTOR
    return status


@inlined
def odds_times(probability: float, factor: float) -> float:
    """Probability after its odds are multiplied by a factor; 1 stays 1, factor 1 changes nothing."""
    if factor == 1.0 or probability >= 1.0:
        return probability
    odds = probability / (1.0 - probability) * factor
    return odds / (1.0 + odds)


@inlined
def first_bill(par: Par, state: State, i: int) -> float:
    """What account i (row in the batch) is billed when it becomes a customer."""
    kind = par.contracts.kind if par.contracts.enabled else WEEKLY
    return f64(state.spend[i]) * weeks_to_renewal(0, kind) * price_share(i64(state.deal[i]), 0)  # type: ignore[no-any-return]


@inlined
def entry_price(par: Par, state: State, run: int) -> float:
    """List price that a new customer pays, relative to the base case."""
    if par.market.pricing.law == LAW.felt and par.market.pricing.applies == APPLIES.existing:
        return state.initial[run, COL.list_price]  # type: ignore[no-any-return]
    return par.market.price  # type: ignore[no-any-return]


@step
def reprice(par: Par, state: State, run: int, week: int) -> None:
    """Write down the list price, and set by what factor a customer's price changes at an anniversary this week."""
    firm, market, change = state.run[run], par.market, 1.0
    state.weekly[firm.week0 + week, COL.list_price] = market.price
    if market.pricing.law == LAW.felt and market.pricing.applies != APPLIES.new:
        past = state.weekly[firm.week0 + week - 52] if week >= 52 else state.initial[run]
        change = market.price / past[COL.list_price]
    state.now[run].price_rise = f32((1.0 + market.price_rise) * change)


@step
def begin_spell(par: Par, tables: Tables, state: State, run: int, i: int, week: int) -> float:
    """Make account i (row in the batch) a customer from the end of ``week`` on; returns what it is billed."""
    relationship = par.relationship
    state.spells[i] = u8(min(i64(state.spells[i]) + 1, 255))
    state.start[i], state.end[i] = i16(week), i16(-1)
    state.cause[i] = state.open[i] = u8(0)
    state.thanked[i], state.exposure[i], state.points[i] = i16(0), f32(0.0), f32(-1.0)
    state.relationship[i] = f32(relationship.start if relationship.enabled else relationship.relationship_reference)
    state.effort[i] = f32(0.0 if relationship.enabled else relationship.effort_reference)
    state.recent[i] = state.history[i] = f32(relationship.market_norm)
    state.pressed[i], state.bought[i] = f32(0.0), u8(0)
    price = entry_price(par, state, run)
    state.price[i] = f32(price)
    state.charged[i] = f32(f64(state.price[i]) * price_share(i64(state.deal[i]), 0))
    state.spend[i] = f32(tables.segment[par.size.segment0 + state.segment[i]].spend * price)
    deal = i64(state.deal[i])
    if par.selling.enabled:  # what was promised, and what a lone wolf did not pass on (M27)
        firm = state.run[run]
        promised = f32(relationship.market_norm) + state.chain[firm.segment0 + state.segment[i], 5]
        state.history[i] = min(promised, _ONE)
        if deal & LONE:
            word = words(firm.seed, firm.replicate, i - firm.account0, i64(state.spells[i]) - 1, SELLER, 0)[1]
            state.spend[i] = f32(f64(state.spend[i]) * deal_size(word, par.selling.lone_spread))
            if relationship.enabled and par.handoffs.enabled:
                state.effort[i] = f32(par.handoffs.effort_of_loss)
    return first_bill(par, state, i)


# f(delay) of Forrester's market growth model: odds left after a known delay of 0, 1, ... 10 months (A28)
_DELAY = np.array([1.0, 0.97, 0.87, 0.73, 0.53, 0.38, 0.25, 0.15, 0.08, 0.03, 0.02])


@inlined
def delay_odds(weeks: float) -> float:
    """f: factor of the odds of winning at a known delay."""
    months = min(weeks * 12.0 / 52.0, 9.999999)
    k = int(months)
    return _DELAY[k] + (months - k) * (_DELAY[k + 1] - _DELAY[k])  # type: ignore[no-any-return]


@step
def go_live(par: Par, tables: Tables, state: State, run: int, week: int) -> None:
    """Set the share of sold customers that go live this week, and the expected wait of one."""
    firm, now = state.run[run], state.now[run]
    share, candidates = 1.0, firm.signed_before + firm.sold_waiting
    if par.market.funnel.enabled and par.journey.enabled and par.capacity.enabled:
        for k in range(par.size.teams):
            hours, able, other = 0.0, state.hours[firm.team0 + k], state.demand[firm.team0 + k]
            for n in range(par.size.touchpoints):
                touch = tables.touch[par.size.touch0 + n]
                if touch.stage == STAGE.onboarding and touch.owner == k:
                    # onboarding is alike in all segments
                    hours += state.touch_p[firm.success0 + n * par.size.segments] * touch.hours
                    other -= state.asked[firm.success0 + n]
            if hours > 0.0:
                room = max(0.0, max(able - other, KEPT * able) - firm.onboarding_before * hours)
                if candidates > 0.0:
                    share = min(share, room / (candidates * hours))
                elif able <= 0.0:  # nobody is there to bring them live, whether any were expected or not
                    share = 0.0
    now.go_live = f32(share)
    state.weekly[firm.week0 + week, COL.onboarding_wait_weeks] = min(1.0 / share - 1.0, 52.0) if share > 0.0 else 52.0


@step
def share_out_leads(par: Par, state: State, run: int, week: int) -> None:
    """Set the share of new and of waiting leads that sales work this week, and the expected wait of a lead."""
    firm, now, funnel = state.run[run], state.now[run], par.market.funnel
    row = state.weekly[firm.week0 + week]
    queue = funnel.enabled and par.capacity.enabled and firm.sales_capacity < 1e200
    new, waiting = firm.leads_before, firm.waiting_before
    able = max(0.0, firm.sales_capacity - par.contracts.follow_up * firm.chased_before)  # qualified leads
    now.lapse = happens(f32(funnel.lapse))
    if funnel.order == ORDER.newest:
        room = able / funnel.qualify
        now.serve = f32(min(1.0, room / new)) if queue and new > 0.0 else f32(1.0)
        left = max(0.0, room - new)
        now.serve_waiting = f32(min(1.0, left / waiting)) if queue and waiting > 0.0 else f32(1.0)
        row[COL.sales_delay_weeks] = min(waiting / new, 520.0) if queue and new > 0.0 else 0.0
        return
    work = (new + waiting) * funnel.qualify
    now.serve = now.serve_waiting = f32(min(1.0, able / work)) if queue and work > 0.0 else f32(1.0)
    row[COL.sales_delay_weeks] = waiting * funnel.qualify / able if queue and able > 0.0 else 0.0


@step
def outreach(par: Par, tables: Tables, state: State, run: int) -> float:
    """Share of their work that the owners of awareness get done, the mean over its touchpoints (M19); 1 without any."""
    firm, done, count = state.run[run], 0.0, 0
    for n in range(par.size.touchpoints):
        touch = tables.touch[par.size.touch0 + n]
        if touch.stage == STAGE.awareness:
            done += state.done[firm.team0 + touch.owner]
            count += 1
    return done / count if count > 0 else 1.0


@step
def open_market(par: Par, tables: Tables, state: State, run: int, week: int, survival: Any) -> None:
    """Set what prospects, leads and renewing customers meet this week."""
    firm, now, market = state.run[run], state.now[run], par.market
    weekly = state.weekly[firm.week0 + week]
    prospects = 0.0
    for b in range(firm.block0, firm.block0 + firm.blocks):
        prospects += state.counts[b, PROSPECT]
    pool = firm.accounts / prospects if market.pool == POOL.constant and prospects > 0.0 else 1.0
    funnel = market.funnel
    share_out_leads(par, state, run, week)
    if market.funnel.enabled and par.capacity.enabled and firm.sales_capacity <= 0.0:
        now.serve = now.serve_waiting = _ZERO  # nobody works a lead, whether any were expected or not
    reprice(par, state, run, week)
    go_live(par, tables, state, run, week)
    reach, before, paid = 0.0, 0.0, 0.0
    for s in range(par.size.segments):
        row = tables.segment[par.size.segment0 + s]
        reach += (row.upto - before) * stage_lift(par, tables, state, run, s, STAGE.awareness)
        paid += (row.upto - before) * row.spend * 52.0
        before = row.upto
        chain = state.chain[firm.segment0 + s]
        chain[0] = chain[1] = chain[2] = chain[3] = chain[6] = f32(1.0)
        if not funnel.enabled:
            continue
        odds = late = 1.0
        if par.handoffs.enabled and par.handoffs.response_effect:
            if funnel.order == ORDER.newest:
                late = late_odds(par.handoffs.base_delay_hours)
            else:
                waited = par.handoffs.base_delay_hours + weekly[COL.sales_delay_weeks] * 168.0
                odds = late = response_odds(waited) / response_odds(par.handoffs.base_delay_hours)
        win = stage_lift(par, tables, state, run, s, STAGE.sale)
        known = weekly[COL.onboarding_wait_weeks]
        if funnel.order == ORDER.any:
            known = weekly[COL.sales_delay_weeks] + known
        win *= delay_odds(known) if funnel.delay_effect else 1.0
        chain[7] = f32(0.0)
        if market.pricing.law == LAW.felt:
            dearer = entry_price(par, state, run) / market.pricing.rival - 1.0
            chain[7] = f32(-market.pricing.win_elasticity * row.price * dearer)  # by each in its own way, when it buys
        elif market.price != 1.0:
            win *= exp64(-row.price * log64(market.price) * 1.4426950408889634)
        win *= firm.win_odds
        chain[0] = f32(min(1.0, odds_times(funnel.qualify, odds) * survival[WHEN.lead]))
        chain[6] = f32(min(1.0, odds_times(funnel.qualify, late) * survival[WHEN.lead]))
        chain[1] = f32(funnel.propose)
        chain[2] = f32(odds_times(funnel.close, win))
        welcome = stage_lift(par, tables, state, run, s, STAGE.onboarding)
        chain[3] = f32(min(1.0, odds_times(funnel.onboard, welcome) * survival[WHEN.sale]))
    bought = max(0.0, market.promotion - market.organic)
    interest = market.external * reach * (market.organic + bought * outreach(par, tables, state, run))
    if par.word_of_mouth.reviews.enabled:
        interest *= read_reviews(par, state, run, week)
    now.external = f32(interest)
    strength = 1.0 if par.word_of_mouth.normalise == NORMALISE.per_tie else par.word_of_mouth.rate
    if par.word_of_mouth.reward > 0.0:
        strength *= reward_lift(par, paid * market.price)
    now.word_rate = f32(strength if par.word_of_mouth.enabled else 0.0)
    now.per_lead = f32(pool / par.conversion_reference)
    now.win_back = f32(market.win_back.rate) * f32(
        1.0 / par.conversion_reference
    )  # former customers run out in any pool
    now.window_known = f32(1.0 - exp64(-par.contracts.window_learning * (week + 1) - firm.timing))
    now.agreed_loss = happens(f32(par.contracts.agreed_loss))
    is_open = par.contracts.window_weeks / 52.0 if par.contracts.enabled else 1.0
    now.expansion = f32(par.expansion.rate / is_open * survival[WHEN.expansion])
    now.lost_issue = f32(1.0 - survival[WHEN.issue])
    now.fix = f32(
        min(
            1.0,
            par.service.first_contact_resolution
            * firm.service_standard
            * stage_lift(par, tables, state, run, i64(0), STAGE.service),
        )
    )
    now.wait_effort = f32(par.service.wait_effort * min(firm.wait_weeks, 1.0))


def conversion_reference(m: ScenarioModel) -> float:
    """c_ref: net customers per lead at reference, by which the lead rate is divided; taken from the first week.

    The share of its time in which an account does not rest is a factor of it, too, so that resting accounts bring as
    many leads at reference as those that never rest.
    """
    funnel, contracts = m.market.funnel, m.contracts
    stages = funnel.reference or funnel.qualify * funnel.propose * funnel.close * funnel.onboard
    c = stages * (1.0 - funnel.leads_reference * funnel.rest_weeks) if funnel.enabled else 1.0
    return c * (contracts.window_weeks / 52.0 if contracts.enabled and contracts.window_effect == "odds" else 1.0)


def segment_rows(m: ScenarioModel, room: Room) -> Rows:
    """Return the segments: up to which share of the market, what they spend, what their churn hangs on."""
    rows = np.zeros(len(m.segments), SEGMENT)
    total, run = sum(s.share for s in m.segments.values()), 0.0
    price = sum(s.share * s.price_weight for s in m.segments.values()) / total
    if m.market.pricing.law == "level" or price == 0.0:  # else elasticities are means over accounts
        price = 1.0
    for i, s in enumerate(m.segments.values()):
        run += s.share
        rows[i] = (
            1.0 if i == len(rows) - 1 else run / total, s.spend / 52.0,
            s.relationship_weight, s.product_weight, s.service_weight, s.price_weight / price,
            s.outside_option,
        )  # fmt: skip
    return {"segment": rows}
