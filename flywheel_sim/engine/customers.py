"""One week in the life of a block of customers: the laws of the mechanisms, in the order of tick.py.

awareness -> sale -> use -> contact -> service -> relationship -> renewal -> expansion -> voice

Customers read what was published last week (voices, the queue's cut-off, the teams' success) and write only their own
columns, ``status_next`` and their block's sums.  So blocks can be visited in any order, on any thread, to the same
bits.
"""

from typing import Any

import numpy as np

from flywheel_sim.engine.awake import draw_market, find_awake, settle_leads
from flywheel_sim.engine.fetch import fetch
from flywheel_sim.engine.jit import f32, f64, i16, i64, piece, u8
from flywheel_sim.engine.maths import clip32, exp32, exp64, halved, log64
from flywheel_sim.engine.mechanisms.m01_market import begin_spell, happens, odds_times, voice_pull
from flywheel_sim.engine.mechanisms.m02_relationship import expected, felt, moved
from flywheel_sim.engine.mechanisms.m05_word_of_mouth import (
    PER_PROSPECT,
    PER_TIE,
    REDRAWN,
    fit_of,
    pick_friend,
    pick_stranger,
    pick_tie,
    premium_left,
    redrawn_voices,
)
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
from flywheel_sim.engine.mechanisms.m13_sensing import promoter_shares
from flywheel_sim.engine.mechanisms.m22_loyalty import goal_drive, reward_share
from flywheel_sim.engine.mechanisms.m23_ledger import margin_premium
from flywheel_sim.engine.mechanisms.m27_selling import DISCOUNT, LONE, price_share
from flywheel_sim.engine.random import (
    CARE,
    CHANNEL,
    ENDOWMENT,
    EXIT,
    GO_LIVE,
    LIFE,
    POINTS,
    PURCHASE,
    SALE,
    SELLER,
    SURVEY,
    TOUCH,
    below,
    unit64,
    words,
)
from flywheel_sim.engine.state import (
    ACC,
    ADVOCATE,
    AGES,
    BLOCK,
    DETRACTOR,
    FORMER,
    ISSUES,
    LEAD,
    MARKS,
    NEUTRAL,
    PROSPECT,
    SOLD,
    SOUR,
)

__all__ = ["customers_block"]

_ZERO, _ONE, _TWO = f32(0.0), f32(1.0), f32(2.0)
_FAINT = f32(1e-6)  # an exposure below this is forgotten
_AHEAD = 2
_ONBOARDING, _USE, _SERVICE = 2, 3, 4
_COMPLETE = 0
_VOLUNTARY, _INVOLUNTARY = 1, 2


@piece
def customers_block(p: Any, tb: Any, st: Any, q: int, t: int, b: int) -> None:
    """Take block b of run q through week t (0-based): writes the block's rows and sums only."""
    r, now, size = st.run[q], st.now[q], p.size
    a, touched, cases = st.acc[b], st.touched[b], st.cases[b]
    a[:] = 0.0
    touched[:] = 0.0
    cases[:] = 0.0
    market, rel, wom, contracts, service = p.market, p.relationship, p.word_of_mouth, p.contracts, p.service
    seed, replicate = r.seed, r.replicate
    first, last = r.account0 + (b - r.block0) * BLOCK, r.account0 + min((b - r.block0 + 1) * BLOCK, r.accounts)

    complete = market.network.kind == _COMPLETE
    wom_on, listens_bad = wom.enabled, wom.enabled and wom.negative > 0.0
    per_prospect, per_tie = wom.normalise == PER_PROSPECT, wom.normalise == PER_TIE
    redrawn = wom_on and per_tie and wom.weak_ties == REDRAWN
    unit = f32(1.0 / (1 << r.unit))
    all_good, all_bad = f32(0.0), f32(0.0)
    if complete and r.accounts > 1:
        all_good = f32(r.good_voices / (r.accounts - 1))
        all_bad = f32(r.bad_voices / (r.accounts - 1))
    lead_alone = happens(now.external * now.per_lead)
    back = happens(now.win_back)
    bad_rate = f32(wom.negative * (1.0 if per_tie else wom.rate))
    fades = f32(1.0 - halved(wom.former_half_life_weeks))

    contagion, kept_exposure = f32(0.0), f32(halved(wom.contagion_half_life_weeks))
    with_referrer, after_referral, closer = f32(0.0), f32(0.0), f32(0.0)
    if wom_on:
        contagion, closer = f32(log64(wom.contagion)), f32(wom.referred_fit)
        with_referrer, after_referral = f32(log64(wom.referred_churn)), f32(log64(wom.referrer_churn))
    contagious = not complete and contagion != _ZERO
    premium = margin_premium(p)

    loyalty = p.loyalty
    loyal, drive_strength = loyalty.enabled, loyalty.elasticity * reward_share(loyalty)
    joins, redeems = happens(f32(loyalty.join_rate)), happens(f32(loyalty.redeem_rate))
    would_join, identity = f32(loyalty.share), f32(loyalty.identity)
    earn, earn_more, threshold = loyalty.earn, 52.0 * loyalty.earn_expansion, f32(loyalty.threshold)

    selling = p.selling
    lone_share = f32(selling.lone_wolves if selling.enabled else 0.0)
    discount = np.uint8(r.discount * 100.0 + 0.5)

    kind = contracts.kind if contracts.enabled else WEEKLY
    buy_effect = f32(contracts.purchase_effect)
    purchase_weeks = contracts.purchase_scale_weeks / contracts.purchase_shape
    failing = f32(-log64(max(1.0 - contracts.involuntary, 1e-13)))
    by_voice = market.churn.by == 0
    gain, loss = f32(rel.gain), f32(rel.gain * rel.asymmetry)
    spill, adapt, norm = f32(rel.spill_over), f32(rel.expectation_adaptation), f32(rel.market_norm)
    recent_w, history_w = f32(rel.recent_weight), f32(rel.history_weight)
    keep_effort, leak = f32(halved(rel.effort_half_life_weeks)), f32(1.0 - rel.depreciation)
    r_ref, e_ref = f32(rel.relationship_reference), f32(rel.effort_reference)
    b_r, b_e = f32(market.voice.relationship_effect), f32(market.voice.effort_effect)
    to_adv, to_det = f32(market.voice.neutral_to_advocate), f32(market.voice.neutral_to_detractor)
    from_adv, from_det = f32(market.voice.advocate_to_neutral), f32(market.voice.detractor_to_neutral)
    sens, churn_e = f32(market.churn.sensitivity), f32(market.churn.effort_effect)
    involuntary = f32(contracts.involuntary if contracts.enabled else 0.0)
    product_share = f32(r.product / max(market.product_reference * market.fit_mean, 1e-9))
    price_log = f32(log64(market.price) * 1.4426950408889634)
    issue_rate, fit_mean, fit_b = (
        f32(service.issues * r.issue_factor),
        f32(market.fit_mean),
        f32(service.fit_effect),
    )
    failure_demand = f32(service.failure_demand)
    settled = p.journey.onboarding_weeks - 1  # from this age on a customer is out of onboarding when newcomers are in
    timed = service.event_timed and r.item_room > 0
    marks, waited = st.marks, st.waited
    fail_shock, contact_shock = f32(service.failed_fix_effort), f32(service.contact_effort)
    loss_shock = f32(p.handoffs.effort_of_loss)
    self_cost, self_effort = f32(p.channels.self_service_cost), f32(p.channels.self_service_effort)
    self_gain = f32(p.channels.self_service_gain)
    expand_base, expand_b = now.expansion, f32(p.expansion.relationship_effect)
    sensing = p.sensing
    survey = sensing.enabled and (t + 1) % sensing.survey_weeks == 0
    answer = f32(sensing.response_rate)
    happy_answer = f32(min(sensing.response_rate * sensing.happy_bias, 1.0))

    # most accounts sleep through most weeks: the words of the whole block first, then only those who are awake
    width = last - first
    voiced = unit if not complete and wom_on else _ZERO
    lead_words, bad_words = np.empty(width, np.uint32), np.empty(width, np.uint32)
    awake, visits, visited = np.ones(width, np.uint8), np.empty(width, np.int16), 0
    status_now, status_next = st.status[first:last], st.status_next[first:last]
    if market.enabled:
        draw_market(first - r.account0, t, seed, replicate, lead_words, bad_words)
    if market.enabled and not redrawn:  # voices that are drawn every week are heard by those who are awake
        prospects, shut, gone = find_awake(
            status_now, st.blocked_until[first:last], st.good[first:last], st.bad[first:last],
            lead_words, bad_words, np.int32(t),
            (now.external + now.word_rate * all_good) * now.per_lead, now.word_rate * now.per_lead * voiced,
            bad_rate * all_bad if listens_bad else _ZERO, bad_rate * voiced if listens_bad else _ZERO,
            now.win_back, awake,
        )  # fmt: skip
        a[ACC.prospects] += prospects
        a[ACC.blocked] += shut
        a[ACC.former] += gone
    for k in range(width):  # slice to slice would compile a formatter of error messages, for two seconds
        status_next[k] = status_now[k]
    if market.enabled:
        hard = redrawn or (per_prospect and not complete) or (listens_bad and all_bad > _ZERO)
        leads, waits, served, new, known, changed = settle_leads(
            status_now, status_next, st.spells[first:last], st.segment[first:last], st.blocked_until[first:last],
            st.good[first:last], st.bad[first:last], st.referrer[first:last], st.chain, r.segment0, lead_words,
            first - r.account0, np.int32(t), seed, replicate, now.external, now.word_rate, now.per_lead, lead_alone,
            now.serve, voiced, all_good, listens_bad, hard, awake,
        )  # fmt: skip
        a[ACC.leads] += leads
        a[ACC.waiting] += waits
        a[ACC.served] += served
        a[ACC.prospects] += new
        a[ACC.former] += known
        a[ACC.changed] += changed
    for k in range(width):
        visits[visited] = k
        visited += awake[k]

    edge, friend, spends, revenues, costs, starts = st.edge, st.friend, st.spend, st.revenue, st.cost, st.start
    relationships, efforts, recents, histories = st.relationship, st.effort, st.recent, st.history
    fits, referrers, exposures, points_of = st.fit, st.referrer, st.exposure, st.points
    opens, sinces, deals, fiscals = st.open, st.since, st.deal, st.fiscal
    for visit in range(visited):
        # those who are awake lie far apart: have the memory fetch the next ones while this one lives
        if visit + 2 * _AHEAD < visited:
            fetch(edge, r.edge0 + first - r.account0 + visits[visit + 2 * _AHEAD])
        if visit + _AHEAD < visited:
            i = first + visits[visit + _AHEAD]
            if st.status[i] == PROSPECT:
                fetch(friend, i64(edge[r.edge0 + i - r.account0]))
            else:
                fetch(relationships, i), fetch(efforts, i), fetch(recents, i), fetch(histories, i), fetch(spends, i)
                fetch(revenues, i), fetch(costs, i), fetch(fits, i), fetch(referrers, i), fetch(starts, i)
                fetch(exposures, i), fetch(points_of, i), fetch(opens, i), fetch(sinces, i), fetch(deals, i)
                fetch(fiscals, i)
        i = first + visits[visit]
        j = i - r.account0
        status = i64(st.status[i])
        w_lead, w_bad = lead_words[visits[visit]], bad_words[visits[visit]]
        if status == PROSPECT or status >= FORMER:
            if not market.enabled:
                if status == PROSPECT or (status >= LEAD and st.spells[i] == 0):
                    a[ACC.prospects] += 1.0
                else:
                    a[ACC.former] += 1.0
                continue
            lead, waiting, word_share = False, status == LEAD, 0.0
            if status == PROSPECT:
                good, bad = all_good, all_bad
                if not complete and wom_on:
                    good, bad = f32(st.good[i]) * unit, f32(st.bad[i]) * unit
                    if per_prospect and good + bad > _ZERO:
                        k = f32(st.edge[r.edge0 + j + 1] - st.edge[r.edge0 + j])
                        good, bad = good / k, bad / k
                    if redrawn:
                        more_good, more_bad = redrawn_voices(
                            wom, st.edge, st.friend, st.status, r.edge0, r.account0, r.accounts, seed, replicate, t, j
                        )
                        good, bad = good + f32(more_good), bad + f32(more_bad)
                blocked = st.blocked_until[i] > t
                if listens_bad and bad > _ZERO and below(w_bad, happens(bad_rate * bad)):
                    st.blocked_until[i] = i16(min(t + 1 + wom.negative_weeks, 32767))
                if not blocked:
                    word = now.word_rate * good
                    chance = lead_alone if word <= _ZERO else happens((now.external + word) * now.per_lead)
                    if below(w_lead, chance):
                        lead = True
                        word_share = f64(word) / f64(now.external + word)
                else:
                    a[ACC.blocked] += 1.0
            elif status != SOLD and not waiting:
                if below(w_lead, back):
                    lead = True
                elif status == SOUR and below(w_bad, fades):
                    st.status_next[i] = FORMER
            if lead:
                a[ACC.leads] += 1.0
            if lead or waiting:
                # source and referrer, then work, window and stages: one draw, nested thresholds
                w_serve, w_chain, w_source, w_referrer = words(seed, replicate, j, t, SALE, 0)
                if not waiting:
                    by_word = word_share > 0.0 and unit64(w_source) < word_share
                    brought = -1
                    if by_word:
                        a[ACC.leads_word] += 1.0
                        if complete:
                            brought = pick_stranger(
                                wom, st.counts, st.status, r.good_voices, r.block0, r.blocks, r.account0, r.accounts,
                                unit64(w_referrer),
                            )  # fmt: skip
                        elif per_tie:
                            brought = pick_tie(
                                wom, st.edge, st.friend, st.status, r.edge0, r.account0, r.accounts, seed, replicate,
                                t, j, unit64(w_referrer),
                            )  # fmt: skip
                        else:
                            brought = pick_friend(
                                wom, st.edge, st.friend, st.status, r.edge0, r.account0, j, unit64(w_referrer)
                            )
                    st.referrer[i] = brought
                s = r.segment0 + st.segment[i]
                qualify = st.chain[s, 0]
                propose = qualify * st.chain[s, 1]
                close = propose * st.chain[s, 2]
                live = close * st.chain[s, 3]
                outcome = FORMER if st.spells[i] > 0 else PROSPECT
                accepted, lone = True, False
                if selling.enabled:
                    fit = fit_of(st.fit[i], st.referrer[i], closer)
                    if lone_share > _ZERO:
                        lone = below(words(seed, replicate, j, i64(st.spells[i]), SELLER, 0)[0], lone_share)
                    if lone:
                        close = propose * f32(
                            odds_times(f64(st.chain[s, 2]), exp64(selling.lone_low_fit * (1.0 - fit)))
                        )
                        live = close * st.chain[s, 3]
                    else:
                        accepted = fit >= st.chain[s, 4]
                if not below(w_serve, now.serve):
                    outcome = LEAD
                    a[ACC.waiting] += 1.0
                else:
                    a[ACC.served] += 1.0
                    if not accepted:
                        a[ACC.turned_away] += 1.0 if below(w_chain, qualify) else 0.0
                        qualify = propose = close = live = _ZERO
                    a[ACC.qualified] += 1.0 if below(w_chain, qualify) else 0.0
                    a[ACC.proposals] += 1.0 if below(w_chain, propose) else 0.0
                    if below(w_chain, close):
                        timely = not contracts.enabled or window_open(
                            t + 1, st.fiscal[i], contracts.fiscal_shift_weeks, contracts.window_weeks
                        )
                        if not timely:
                            timely = below(words(seed, replicate, j, 0, ENDOWMENT, 1)[0], now.window_known)
                        if timely:
                            a[ACC.sold] += 1.0
                            st.deal[i] = discount + u8(LONE) if lone else discount
                            if below(w_chain, live):
                                a[ACC.signed] += 1.0
                                outcome = SOLD
                st.status_next[i] = u8(outcome)
            if st.status_next[i] == SOLD:
                # go-live needs hours of the team that onboards
                if now.go_live >= _ONE or below(words(seed, replicate, j, t, GO_LIVE, 0)[0], now.go_live):
                    st.status_next[i] = NEUTRAL
                    if st.spells[i] > 0:
                        a[ACC.won_back] += 1.0
                    else:
                        a[ACC.won] += 1.0
                        a[ACC.won_referred] += 1.0 if st.referrer[i] != -1 else 0.0
                    a[ACC.billed] += begin_spell(p, tb, st, q, i, t + 1)
                    a[ACC.spend] += st.spend[i]
                    a[ACC.lone_deals] += 1.0 if st.deal[i] & LONE else 0.0
                    a[ACC.onboarding] += 1.0 if settled > 0 else 0.0
                    st.cost[i] += f32(p.ledger.cost_per_win)
                else:
                    a[ACC.sold_waiting] += 1.0
            after = i64(st.status_next[i])
            if after != status:
                a[ACC.changed] += 1.0
            if after == PROSPECT or (after >= LEAD and st.spells[i] == 0):
                a[ACC.prospects] += 1.0
            elif after != NEUTRAL:
                a[ACC.former] += 1.0
            else:
                a[ACC.customers] += 1.0
                a[ACC.relationship] += st.relationship[i]
                a[ACC.effort] += st.effort[i]
                a[ACC.recent] += st.recent[i]
            continue

        # --- a customer: use --------------------------------------------------------------------------------------
        age = t + 1 - i64(st.start[i])
        s = i64(st.segment[i])
        spend = st.spend[i]
        paid, bought, wanted = spend, 0, 0
        fit = fit_of(st.fit[i], st.referrer[i], closer)
        member, points, drive, added = False, f32(-1.0), _ONE, _ZERO
        if loyal:
            points = st.points[i]
            member = points >= _ZERO
            if member and drive_strength > 0.0:
                drive = goal_drive(points, drive_strength, loyalty.threshold, loyalty.endowed, loyalty.curvature)
        relationship, effort = st.relationship[i], st.effort[i]
        recent, history = st.recent[i], st.history[i]
        failures, contact = 0, False
        effort_new = _ZERO
        if p.journey.enabled:
            w0 = w1 = w2 = w3 = np.uint32(0)
            for n in range(size.touchpoints):
                lane = n & 3
                if lane == 0:
                    w0, w1, w2, w3 = words(seed, replicate, j, t, TOUCH, n >> 2)
                word = w0 if lane == 0 else (w1 if lane == 1 else (w2 if lane == 2 else w3))
                touch = tb.touch[size.touch0 + n]
                in_use = touch.stage == _USE or (touch.stage == _ONBOARDING and age <= p.journey.onboarding_weeks)
                if in_use and below(word, st.touch_p[r.success0 + n]):
                    failed = below(word, st.fail_p[r.success0 + n * size.segments + s])
                    cell = size.cell0 + n * size.segments + s
                    contact = True
                    touched[2 * n] += 1.0
                    outcome = _ONE
                    if failed:
                        failures += 1
                        touched[2 * n + 1] += 1.0
                        outcome = _ZERO
                    if rel.enabled:
                        surprise = felt(outcome, recent, spill) - expected(norm, history, adapt)
                        relationship = moved(relationship, surprise, gain * tb.cell[cell, 0], loss)
                        recent += recent_w * (outcome - recent)
                        history += history_w * (outcome - history)
                    effort_new += tb.cell[cell, 1]
                    outlay = touch.cost + tb.cell[cell, 2]
                    if outlay > 0.0:
                        a[ACC.touch_cost] += outlay
                        st.cost[i] += f32(outlay)

        # --- contact and service ---------------------------------------------------------------------------------
        w_exit, w_voice, w_expand, w_issues = words(seed, replicate, j, t, LIFE, 0)
        if service.enabled:
            if timed:
                m = r.mark0 + j
                handled = i64(marks[m, MARKS.handled])
                if handled > 0 or waited[m] > _ZERO:
                    bad_ones = i64(marks[m, MARKS.bad])
                    contact = contact or handled > 0
                    effort_new += (
                        contact_shock * f32(handled)
                        + f32(service.wait_effort) * waited[m]
                        + fail_shock * f32(marks[m, MARKS.unfixed])
                        + loss_shock * f32(marks[m, MARKS.lost])
                    )
                    if rel.enabled:
                        for h in range(handled):
                            outcome = _ZERO if h < bad_ones else _ONE
                            surprise = felt(outcome, recent, spill) - expected(norm, history, adapt)
                            relationship = moved(relationship, surprise, gain, loss)
                            recent += recent_w * (outcome - recent)
                            history += history_w * (outcome - history)
                    marks[m, :] = 0
                    waited[m] = _ZERO
            elif st.open[i] > 0:
                case_age = min(t - 1 - i64(st.since[i]), AGES - 1)
                cutoff = i64(now.cutoff)
                if case_age >= 0 and case_age >= cutoff:
                    w_margin, w_fix, w_delay, w_lost = words(seed, replicate, j, t, CARE, 0)
                    if case_age > cutoff or below(w_margin, now.margin):
                        issues = f32(st.open[i])
                        a[ACC.handled] += issues
                        st.cost[i] += issues * f32(service.live_cost)
                        effort_new += contact_shock + now.wait_effort + f32(service.wait_effort) * f32(case_age)
                        contact = True
                        lost = below(w_lost, now.lost_issue)
                        fixed = below(w_fix, now.fix)
                        st.open[i] = 0
                        if rel.enabled:
                            outcome = _ONE if fixed and not lost else _ZERO
                            surprise = felt(outcome, recent, spill) - expected(norm, history, adapt)
                            relationship = moved(relationship, surprise, gain, loss)
                            recent += recent_w * (outcome - recent)
                            history += history_w * (outcome - history)
                        if lost:
                            a[ACC.lost] += 1.0
                            effort_new += loss_shock
                        if lost or not fixed:
                            if not fixed:
                                effort_new += fail_shock
                            a[ACC.repeats] += 1.0
                            delay = 0
                            if service.return_delay_weeks > 0.0:
                                delay = i64(-log64(unit64(w_delay)) * service.return_delay_weeks)
                            st.open[i] = 1
                            st.since[i] = i16(t + min(delay, 100))
            mean = issue_rate * exp32(clip32(fit_b * (fit_mean - fit), f32(3.0))) + failure_demand * f32(failures)
            new = poisson_count(w_issues, mean * now.live)
            if new > 0:
                if timed:
                    new = max(0, min(new, ISSUES - i64(st.open[i])))
                    marks[r.mark0 + j, MARKS.fresh] = u8(new)
                else:
                    if st.open[i] == 0:
                        st.since[i] = i16(t)
                    st.open[i] = u8(min(i64(st.open[i]) + new, 255))
                a[ACC.new_issues] += new
            if now.contained > _ZERO or now.tried > _ZERO:  # self-service is offered
                easy = 0
                if now.contained > _ZERO:
                    easy = poisson_count(words(seed, replicate, j, t, CHANNEL, 0)[0], mean * now.contained)
                tries = f32(easy) + now.tried * f32(new)
                if tries > _ZERO:
                    a[ACC.contacts] += easy
                    a[ACC.contained] += easy
                    a[ACC.tries] += tries
                    st.cost[i] += self_cost * tries
                    effort_new += self_effort * tries
                    if rel.enabled and self_gain > _ZERO:
                        for _ in range(easy):
                            surprise = felt(_ONE, recent, spill) - expected(norm, history, adapt)
                            relationship = moved(relationship, surprise, gain * self_gain, loss * self_gain)
                            recent += recent_w * self_gain * (_ONE - recent)
                            history += history_w * self_gain * (_ONE - history)
            if st.open[i] > 0 and not timed:
                case_age = t - i64(st.since[i])
                if case_age >= 0:
                    a[ACC.backlog] += st.open[i]
                    cases[min(case_age, AGES - 1)] += st.open[i]
                    # a case that opens is counted whole; later only what joins it
                    a[ACC.contacts] += i64(st.open[i]) if case_age == 0 else i64(new)

        # --- relationship ----------------------------------------------------------------------------------------
        if rel.enabled:
            if not contact:
                relationship *= leak
            effort = effort * keep_effort + effort_new
            st.relationship[i], st.effort[i], st.recent[i], st.history[i] = relationship, effort, recent, history
        a[ACC.touches] += 1.0 if contact else 0.0
        a[ACC.failed] += failures

        # --- renewal: without contracts, leaving and the changes of voice compete for one draw ---------------------
        after = status
        pull = voice_pull(relationship, effort, r_ref, e_ref, b_r, b_e)
        up, down = exp32(pull), exp32(-pull)
        rise, fall = to_adv * up, to_det * down
        if status == ADVOCATE:
            rise, fall = _ZERO, from_adv * down
        elif status == DETRACTOR:
            rise, fall = from_det * up, _ZERO
        turns = rise + fall if market.enabled else _ZERO
        p_leave, p_turn = _ZERO, happens(turns)
        w_drop = w_why = np.uint32(0)
        due = renewal_due(age, kind)
        if kind == PURCHASES:
            rate = buying_rate(tb.traits, size.trait0 + 2, words(seed, replicate, j, 0, ENDOWMENT, 1)[1])
            w_buy, w_drop, w_why, _ = words(seed, replicate, j, t, PURCHASE, 0)
            wanted = poisson_count(w_buy, rate * drive * exp32(clip32(buy_effect * (relationship - r_ref), f32(3.0))))
            due = wanted > 0
        if due:
            social = -identity if member else _ZERO  # log-factor of belonging and of what friends did
            if contagious:
                social += contagion * st.exposure[i]
            if (
                with_referrer != _ZERO
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
                a[ACC.billed] += f64(spend) * weeks_to_renewal(age, kind) * price_share(i64(st.deal[i]), age)
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
            a[ACC.billed] += paid
        a[ACC.revenue] += paid
        st.revenue[i] += paid
        if st.referrer[i] != -1:
            a[ACC.revenue_referred] += paid
            if premium > 0.0 and age <= 52:
                a[ACC.referral_margin] += f64(paid) * premium_left(age)
                st.cost[i] -= f32(f64(paid) * premium_left(age) * premium)

        # --- expansion and voice ---------------------------------------------------------------------------------
        if after == status:
            if p.expansion.enabled and expand_base > _ZERO:
                is_open = not contracts.enabled or window_open(
                    t + 1, st.fiscal[i], contracts.fiscal_shift_weeks, contracts.window_weeks
                )
                rate = expansion_rate(expand_base, expand_b, relationship, r_ref) * drive
                if is_open and below(w_expand, happens(rate)):
                    row = tb.segment[size.segment0 + s]
                    cap = f32(row.spend * p.expansion.wallet)
                    more = spend_after(spend, f32(p.expansion.step), cap) - spend
                    if more > _ZERO:
                        a[ACC.expansions] += 1.0
                        a[ACC.expanded_spend] += more
                        a[ACC.billed] += f64(more) * weeks_to_renewal(age, kind) * price_share(i64(st.deal[i]), age)
                        spend += more
                        added = more
            st.spend[i] = spend
            # --- points --------------------------------------------------------------------------------------------
            if loyal:
                if member:
                    points += f32(earn * paid + earn_more * added)
                    if points >= threshold and below(words(seed, replicate, j, t, POINTS, 0)[1], redeems):
                        points -= threshold
                        a[ACC.redeemed] += 1.0
                        st.cost[i] += f32(loyalty.reward_value)
                elif below(words(seed, replicate, j, t, POINTS, 0)[0], joins) and below(
                    words(seed, replicate, j, 0, ENDOWMENT, 1)[2], would_join
                ):
                    points = _ZERO
                st.points[i] = points
                if points >= _ZERO:
                    a[ACC.members] += 1.0
                    a[ACC.points] += points
            word, stay = (w_exit, p_leave) if kind == WEEKLY else (w_voice, _ZERO)
            if turns > _ZERO and below(word, stay + p_turn):
                after = NEUTRAL
                if status == NEUTRAL:
                    after = ADVOCATE if below(word, stay + p_turn * (rise / turns)) else DETRACTOR
            a[ACC.customers] += 1.0
            a[ACC.onboarding] += 1.0 if age < settled else 0.0
            a[ACC.spend] += spend
            a[ACC.relationship] += relationship
            a[ACC.effort] += effort
            a[ACC.recent] += recent
            if after == ADVOCATE:
                a[ACC.advocates] += 1.0
            elif after == DETRACTOR:
                a[ACC.detractors] += 1.0
            # --- scores: read, never felt --------------------------------------------------------------------------
            if p.measures.enabled:
                up_share, down_share = promoter_shares(relationship, sensing)
                a[ACC.asked] += 1.0
                a[ACC.promoters] += up_share
                a[ACC.detractor_scores] += down_share
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
