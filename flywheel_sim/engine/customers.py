"""One week in the life of a block of accounts: the laws of the mechanisms, in the order of tick.py.

    awareness -> sale -> go-live                                       those outside: awake.py, outsiders.py
    use -> contact and service -> relationship                         customers: crowd.py, service.py
    renewal -> revenue -> expansion -> voice                           customers: here

Accounts read what was published last week (voices, the queue's cut-off, the teams' success) and write only their own
columns, ``status_next`` and their block's sums.  So blocks can be visited in any order, on any thread, to the same
bits; and so can the steps of a week be taken for many accounts at once.
"""

from typing import Any

import numpy as np

from flywheel_sim.engine.awake import AWAKE, draw_market, find_awake, settle_leads
from flywheel_sim.engine.crowd import LOT, NUM, WHO, draw_lives, feel, gather, keep, raise_issues, use
from flywheel_sim.engine.jit import f32, f64, i16, i64, law, piece, u8
from flywheel_sim.engine.maths import clip32, exp32, halved, log64
from flywheel_sim.engine.mechanisms.m01_market import first_bill, happens
from flywheel_sim.engine.mechanisms.m05_word_of_mouth import PER_PROSPECT, PER_TIE, REDRAWN, premium_left
from flywheel_sim.engine.mechanisms.m06_contracts import (
    PURCHASES,
    WEEKLY,
    buying_rate,
    renewal_due,
    weeks_to_renewal,
    window_open,
)
from flywheel_sim.engine.mechanisms.m07_expansion import expansion_rate, spend_after
from flywheel_sim.engine.mechanisms.m08_service import poisson_count
from flywheel_sim.engine.mechanisms.m22_loyalty import drive_of
from flywheel_sim.engine.mechanisms.m23_ledger import margin_premium
from flywheel_sim.engine.mechanisms.m27_selling import DISCOUNT, LONE, price_share
from flywheel_sim.engine.outsiders import live_outside
from flywheel_sim.engine.random import ENDOWMENT, EXIT, PURCHASE, SURVEY, below, words
from flywheel_sim.engine.service import pay_touches, serve
from flywheel_sim.engine.state import ACC, ADDED, ADVOCATE, BLOCK, DETRACTOR, FORMER, NEUTRAL, SOUR

__all__ = ["customers_block"]

_ZERO, _ONE = f32(0.0), f32(1.0)
YEAR = 52
_FAINT = f32(1e-6)  # an exposure below this is forgotten
_COMPLETE = 0
_NUM, _WHO, _LOT = len(NUM), len(WHO), len(LOT)
_VOLUNTARY, _INVOLUNTARY = 1, 2


@piece
def customers_block(p: Any, tb: Any, st: Any, q: int, t: int, b: int) -> None:
    """Take block b of run q through week t (0-based): writes the block's rows and sums only."""
    r, now = st.run[q], st.now[q]
    a, touched, cases = st.acc[b], st.touched[b], st.cases[b]
    a[:] = 0.0
    touched[:] = 0.0
    cases[:] = 0.0
    market, wom = p.market, p.word_of_mouth
    first, last = r.account0 + (b - r.block0) * BLOCK, r.account0 + min((b - r.block0 + 1) * BLOCK, r.accounts)
    row, width = first - r.account0, last - first

    complete = market.network.kind == _COMPLETE
    wom_on, listens_bad = wom.enabled, wom.enabled and wom.negative > 0.0
    per_prospect, per_tie = wom.normalise == PER_PROSPECT, wom.normalise == PER_TIE
    redrawn = wom_on and per_tie and wom.weak_ties == REDRAWN
    all_good, all_bad = f32(0.0), f32(0.0)
    if complete and r.accounts > 1:
        all_good = f32(r.good_voices / (r.accounts - 1))
        all_bad = f32(r.bad_voices / (r.accounts - 1))
    bad_rate = f32(wom.negative * (1.0 if per_tie else wom.rate))
    settled = p.journey.onboarding_weeks - 1  # from this age on a customer is out of onboarding when newcomers are in

    # most accounts sleep through most weeks: the words of the whole block first, then only those who are awake
    voiced = f32(1.0 / (1 << r.unit)) if not complete and wom_on else _ZERO
    lead_words, bad_words = np.empty(width, np.uint32), np.empty(width, np.uint32)
    awake, visits = np.ones(width, np.uint8), np.empty(width, np.int16)
    status_now, status_next = st.status[first:last], st.status_next[first:last]
    if market.enabled:
        draw_market(row, t, r.seed, r.replicate, lead_words, bad_words)
    hard = per_prospect and not complete
    if market.enabled and not redrawn:  # voices that are drawn every week are heard by those who are awake
        prospects, shut, gone = find_awake(
            status_now, st.blocked_until[first:last], st.good[first:last], st.bad[first:last],
            lead_words, bad_words, np.int32(t),
            (now.external + now.word_rate * all_good) * now.per_lead, now.word_rate * now.per_lead * voiced,
            bad_rate * all_bad if listens_bad else _ZERO, bad_rate * voiced if listens_bad else _ZERO,
            now.win_back, hard, awake,
        )  # fmt: skip
        a[ACC.prospects] += prospects
        a[ACC.blocked] += shut
        a[ACC.former] += gone
    for k in range(width):  # slice to slice would compile a formatter of error messages, for two seconds
        status_next[k] = status_now[k]
    if market.enabled:
        leads, by_word, waits, served, qualified, proposals, new, known, changed = settle_leads(
            status_now, status_next, st.spells[first:last], st.segment[first:last], st.good[first:last],
            st.referrer[first:last], st.chain, r.segment0, lead_words, row, np.int32(t), r.seed, r.replicate,
            now.external, now.word_rate, now.per_lead, now.serve, voiced, all_good, not p.selling.enabled,
            awake,
        )  # fmt: skip
        a[ACC.leads] += leads
        a[ACC.leads_word] += by_word
        a[ACC.waiting] += waits
        a[ACC.served] += served
        a[ACC.qualified] += qualified
        a[ACC.proposals] += proposals
        a[ACC.prospects] += new
        a[ACC.former] += known
        a[ACC.changed] += changed
    num, who = np.empty((_NUM, BLOCK), np.float32), np.empty((_WHO, BLOCK), np.int32)
    visited = count = 0
    for k in range(width):
        customer = (status_now[k] >= NEUTRAL) & (status_now[k] <= DETRACTOR)
        visits[visited] = k
        visited += ((awake[k] & AWAKE) != 0) & (not customer)
        who[WHO.place, count] = k
        count += customer
    joined, won = np.empty(width, np.int16), 0
    if visited > 0:
        won = live_outside(
            p, tb, st, q, t, first, visits, visited, awake, lead_words, bad_words, all_good, all_bad, redrawn,
            settled, a, joined,
        )  # fmt: skip
    lot, hits = np.empty((_LOT, BLOCK), np.uint32), np.empty((max(p.size.touchpoints, 1), BLOCK), np.uint8)
    if count > 0:
        wide = gather(p, st, t, first, count, num, who)
        draw_lives(p, r, now, row, t, wide, who, lot)
        if p.journey.enabled:
            use(p, tb, st, r, row, t, wide, num, who, lot, hits, touched)
            pay_touches(p, tb, st, first, count, who, hits, a)
        if p.service.enabled:
            raise_issues(p, r, now, wide, num, who, lot)
            serve(p, st, q, t, first, count, num, who, lot, a, cases)
        feel(p, now, wide, num, who, lot)
        keep(st, first, count, num, who)
    if count + won > 0:
        decide(p, tb, st, q, t, first, count, num, who, lot, joined, won, settled, a)
    if a[ACC.changed] > 0.0:
        for status in range(st.counts.shape[1]):
            many = i16(0)
            for k in range(width):
                many = i16(many + (status_next[k] == status))
            a[ACC.next_prospect + status] = many


@law
def decide(
    p: Any, tb: Any, st: Any, q: int, t: int, first: int, count: int, num: Any, who: Any, lot: Any, joined: Any,
    won: int, settled: int, a: Any,
) -> None:  # fmt: skip
    """Renewal, revenue, expansion, points, voice and scores, customer by customer."""
    r, size = st.run[q], p.size
    market, rel, wom, contracts = p.market, p.relationship, p.word_of_mouth, p.contracts
    seed, replicate = r.seed, r.replicate
    complete = market.network.kind == _COMPLETE
    listens_bad = wom.enabled and wom.negative > 0.0
    contagion, kept_exposure = f32(0.0), f32(halved(wom.contagion_half_life_weeks))
    with_referrer, after_referral = f32(0.0), f32(0.0)
    if wom.enabled:
        contagion = f32(log64(wom.contagion))
        with_referrer, after_referral = f32(log64(wom.referred_churn)), f32(log64(wom.referrer_churn))
    contagious = not complete and contagion != _ZERO
    premium = margin_premium(p)
    loyalty = p.loyalty
    loyal = loyalty.enabled
    joins, redeems = happens(f32(loyalty.join_rate)), happens(f32(loyalty.redeem_rate))
    would_join, identity = f32(loyalty.share), f32(loyalty.identity)
    earn, earn_more, threshold = loyalty.earn, 52.0 * loyalty.earn_expansion, f32(loyalty.threshold)
    kind = contracts.kind if contracts.enabled else WEEKLY
    buy_effect = f32(contracts.purchase_effect)
    purchase_weeks = contracts.purchase_scale_weeks / contracts.purchase_shape
    failing = f32(-log64(max(1.0 - contracts.involuntary, 1e-13)))
    by_voice = market.churn.by == 0
    norm = f32(rel.market_norm)
    r_ref, e_ref = f32(rel.relationship_reference), f32(rel.effort_reference)
    sens, churn_e = f32(market.churn.sensitivity), f32(market.churn.effort_effect)
    involuntary = f32(contracts.involuntary if contracts.enabled else 0.0)
    product_share = f32(r.product / max(market.product_reference * market.fit_mean, 1e-9))
    price_log = f32(log64(market.price) * 1.4426950408889634)
    base, effect = st.now[q].expansion, f32(p.expansion.relationship_effect)
    sensing = p.sensing
    survey = sensing.enabled and (t + 1) % sensing.survey_weeks == 0
    answer = f32(sensing.response_rate)
    happy_answer = f32(min(sensing.response_rate * sensing.happy_bias, 1.0))
    comer, touches, failed, customers, advocates, detractors, newest = 0, 0, 0, 0, 0, 0, 0
    revenue, spends, relationships, efforts, recents, billed = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    promoters, detractor_scores = 0.0, 0.0
    stayed, stayed_spend = 0, 0.0

    for m in range(count + 1):
        place = who[WHO.place, m] if m < count else BLOCK
        while comer < won and joined[comer] < place:  # sums go by the order of the accounts
            i = first + joined[comer]
            customers += 1
            billed += first_bill(p, st, i)
            spends += st.spend[i]
            relationships += st.relationship[i]
            efforts += st.effort[i]
            recents += st.recent[i]
            comer += 1
        if m == count:
            break
        i = first + place
        j = i - r.account0
        status, age, s = i64(who[WHO.status, m]), i64(who[WHO.age, m]), i64(who[WHO.segment, m])
        relationship, effort, recent = num[NUM.relationship, m], num[NUM.effort, m], num[NUM.recent, m]
        fit = num[NUM.fit, m]
        spend = st.spend[i]
        paid, bought, wanted, added = spend, 0, 0, _ZERO
        member, points = False, f32(-1.0)
        if loyal:
            points = st.points[i]
            member = points >= _ZERO
        touches += who[WHO.contact, m]
        failed += who[WHO.failed, m]

        # --- renewal: without contracts, leaving and the changes of voice compete for one draw ---------------------
        after = status
        rise = num[NUM.rise, m]
        turns = rise + num[NUM.fall, m] if market.enabled else _ZERO
        p_leave, p_turn = _ZERO, num[NUM.turn, m]
        w_exit, turned = lot[LOT.exit, m], who[WHO.turns, m] != 0
        w_drop = w_why = np.uint32(0)
        due = renewal_due(age, kind)
        if kind == PURCHASES:
            rate = buying_rate(tb.traits, size.trait0 + 2, words(seed, replicate, j, 0, ENDOWMENT, 1)[1])
            w_buy, w_drop, w_why, _ = words(seed, replicate, j, t, PURCHASE, 0)
            drive = drive_of(points, loyalty) if loyal else _ONE
            wanted = poisson_count(w_buy, rate * drive * exp32(clip32(buy_effect * (relationship - r_ref), f32(3.0))))
            due = wanted > 0
        if due:
            social = -identity if member else _ZERO  # log-factor of belonging and of what friends did
            if contagious:
                social += contagion * st.exposure[i]
            if (
                with_referrer != _ZERO
                and who[WHO.referred, m] != 0
                and st.referrer[i] >= 0
                and NEUTRAL <= st.status[r.account0 + st.referrer[i]] <= DETRACTOR
            ):
                social += with_referrer
            if after_referral != _ZERO and st.thanked[i] > 0 and t + 1 - st.thanked[i] <= 52:
                social += after_referral
            row = tb.segment[size.segment0 + s]
            if by_voice:
                hazard = f32(market.churn.neutral)
                if status == ADVOCATE:
                    hazard = f32(market.churn.advocate)
                elif status == DETRACTOR:
                    hazard = f32(market.churn.detractor)
                if social != _ZERO:
                    hazard *= exp32(clip32(social, f32(3.0)))
            else:
                log_factor = _ZERO
                if sens > _ZERO:
                    log_factor = (
                        churn_e * (effort - e_ref)
                        - f32(row.relationship) * (relationship - r_ref)
                        - f32(row.product) * (product_share * fit - _ONE)
                        - f32(row.service) * (recent - norm)
                        + f32(row.price) * price_log
                    ) * sens
                log_factor = clip32(log_factor + f32(row.outside) + social, f32(3.0))
                hazard = st.propensity[i] * exp32(log_factor)
                if kind == WEEKLY:
                    hazard *= f32(1.0 / market.churn.period_weeks)
            p_leave, leaves, fails = happens(hazard), False, False
            if kind == PURCHASES:
                while bought < wanted and not leaves:
                    bought += 1
                    leaves = market.enabled and below(w_drop, happens((hazard + failing) * f32(bought)))
                fails = leaves and not below(w_why, p_leave / happens(hazard + failing))
                paid = f32(f64(spend) * purchase_weeks * bought)
                a[ACC.purchases] += bought
            else:
                if kind == WEEKLY:
                    both = happens(hazard + turns)
                    p_leave = both * (hazard / (hazard + turns)) if hazard > _ZERO else _ZERO
                    p_turn = both - p_leave
                else:
                    a[ACC.due] += 1.0
                p_any = _ONE - (_ONE - p_leave) * (_ONE - involuntary) if market.enabled else _ZERO
                leaves = below(w_exit, p_any)
                fails = leaves and not below(w_exit, p_leave)
            if leaves:
                after = FORMER
                a[ACC.churned] += 1.0
                a[ACC.churned_spend] += spend
                a[ACC.lone_churned] += 1.0 if st.deal[i] & LONE else 0.0
                a[ACC.member_churned] += 1.0 if member else 0.0
                st.end[i] = i16(t + 1)
                st.open[i] = 0
                st.cause[i] = _VOLUNTARY
                if fails:
                    st.cause[i] = _INVOLUNTARY
                    a[ACC.involuntary] += 1.0
                elif listens_bad and below(words(seed, replicate, j, t, EXIT, 0)[0], f32(wom.former_voice)):
                    after = SOUR
            elif kind != PURCHASES:
                if age % 52 == 0:
                    spend *= f32(1.0 + market.price_rise)
                billed += f64(spend) * weeks_to_renewal(age, kind) * price_share(i64(st.deal[i]), age)
        if kind == PURCHASES:
            if wanted == 0:
                paid = _ZERO
            if age % 52 == 0:
                spend *= f32(1.0 + market.price_rise)
        if contagious and st.exposure[i] > _ZERO:
            a[ACC.exposure] += st.exposure[i] if after == status else _ZERO
            st.exposure[i] *= kept_exposure if st.exposure[i] > _FAINT else _ZERO

        # --- this week's revenue -----------------------------------------------------------------------------------
        if st.deal[i] & DISCOUNT:
            listed = f64(paid)
            paid = f32(listed * price_share(i64(st.deal[i]), age - 1))
            a[ACC.discounts] += listed - paid
        if kind == PURCHASES:
            billed += paid
        revenue += paid
        st.revenue[i] += paid
        if who[WHO.referred, m] != 0:
            a[ACC.revenue_referred] += paid
            if premium > 0.0 and age <= 52:
                a[ACC.referral_margin] += f64(paid) * premium_left(age)
                st.cost[i] -= f32(f64(paid) * premium_left(age) * premium)

        # --- expansion and voice ---------------------------------------------------------------------------------
        if after == status:
            expands = who[WHO.expands, m] != 0
            if expands and contracts.enabled:
                expands = window_open(t + 1, st.fiscal[i], contracts.fiscal_shift_weeks, contracts.window_weeks)
            if expands and loyal:  # marked at the strongest drive there is
                rate = expansion_rate(base, effect, relationship, r_ref) * drive_of(points, loyalty)
                expands = below(lot[LOT.expand, m], happens(rate))
            if expands:
                cap = f32(tb.segment[size.segment0 + s].spend * p.expansion.wallet)
                more = spend_after(spend, f32(p.expansion.step), cap) - spend
                if more > _ZERO:
                    a[ACC.expansions] += 1.0
                    a[ACC.expanded_spend] += more
                    billed += f64(more) * weeks_to_renewal(age, kind) * price_share(i64(st.deal[i]), age)
                    spend += more
                    added = more
            st.spend[i] = spend
            # --- points --------------------------------------------------------------------------------------------
            if loyal:
                if member:
                    points += f32(earn * paid + earn_more * added)
                    if points >= threshold and below(lot[LOT.redeems, m], redeems):
                        points -= threshold
                        a[ACC.redeemed] += 1.0
                        st.cost[i] += f32(loyalty.reward_value)
                elif below(lot[LOT.joins, m], joins) and below(
                    words(seed, replicate, j, 0, ENDOWMENT, 1)[2], would_join
                ):
                    points = _ZERO
                st.points[i] = points
                if points >= _ZERO:
                    a[ACC.members] += 1.0
                    a[ACC.points] += points
            word, stay = (w_exit, p_leave) if kind == WEEKLY else (lot[LOT.voice, m], _ZERO)
            if turns > _ZERO and (below(word, stay + p_turn) if kind == WEEKLY else turned):
                after = NEUTRAL
                if status == NEUTRAL:
                    after = ADVOCATE if below(word, stay + p_turn * (rise / turns)) else DETRACTOR
            customers += 1
            newest += age < settled
            spends += spend
            # one added at the beginning of a week was not there at the end of the week before
            if age > YEAR or (age == YEAR and not (st.source[i] == ADDED and st.spells[i] == 1)):
                stayed += 1
                stayed_spend += spend
            relationships += relationship
            efforts += effort
            recents += recent
            if after == ADVOCATE:
                advocates += 1
            elif after == DETRACTOR:
                detractors += 1
            # --- scores: read, never felt --------------------------------------------------------------------------
            if p.measures.enabled:
                up_share, down_share = num[NUM.promoter, m], num[NUM.detractor, m]
                promoters += up_share
                detractor_scores += down_share
                if survey:
                    w_kind, w_reply, w_happy, _ = words(seed, replicate, j, t, SURVEY, 0)
                    promoter = below(w_kind, up_share)
                    if below(w_reply, happy_answer if promoter else answer):
                        a[ACC.answers] += 1.0
                        if promoter:
                            a[ACC.answers_up] += 1.0
                        elif below(w_kind, up_share + down_share):
                            a[ACC.answers_down] += 1.0
                        if below(w_happy, recent):
                            a[ACC.answers_satisfied] += 1.0
        else:
            a[ACC.former] += 1.0
        if after != status:
            a[ACC.changed] += 1.0
            st.status_next[i] = u8(after)
    a[ACC.touches] += touches
    a[ACC.failed] += failed
    a[ACC.customers] += customers
    a[ACC.advocates] += advocates
    a[ACC.detractors] += detractors
    a[ACC.onboarding] += newest
    a[ACC.revenue] += revenue
    a[ACC.billed] += billed
    a[ACC.spend] += spends
    a[ACC.stayed] += stayed
    a[ACC.stayed_spend] += stayed_spend
    a[ACC.relationship] += relationships
    a[ACC.effort] += efforts
    a[ACC.recent] += recents
    if p.measures.enabled:
        a[ACC.asked] += customers - won
        a[ACC.promoters] += promoters
        a[ACC.detractor_scores] += detractor_scores
