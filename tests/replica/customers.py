"""A week of a customer: use, service, relationship, renewal, revenue, expansion, points, voice, scores."""

from types import SimpleNamespace
from typing import Any

from replica import luck
from replica.arithmetic import F32, clip32, exp32, exp64, f32, halved, log64, poisson32
from replica.contracts import buying_rate, renewal_due, weeks_to_renewal, window_open
from replica.luck import below, pick_lane
from replica.market import happens, minds, price_share, voice_pull
from replica.measures import answer_survey, margin_premium
from replica.service import contact_and_service
from replica.word_of_mouth import fit_of
from replica.world import (
    ADVOCATE,
    CUSTOMER,
    DETRACTOR,
    FORMER,
    NEUTRAL,
    SOUR,
    Account,
    Rules,
    Sums,
    World,
)

__all__ = ["count", "customer_week", "live_through"]

Week = Any  # what one customer's week has brought so far


def customer_week(w: World, p: Rules, account: Account, t: int, sums: Sums) -> None:
    """Take one customer through a week, in the order of the modules."""
    week = SimpleNamespace(
        age=t + 1 - account.start, contact=False, failures=0, shock=f32(0.0), pressed=f32(0.0), drive=f32(1.0),
        added=f32(0.0),
        after=account.status, spend=account.spend, paid=account.spend,
        member=p.loyalty.enabled and account.points >= f32(0.0),
    )  # fmt: skip
    week.fit = fit_of(account, f32(p.word_of_mouth.referred_fit if p.word_of_mouth.enabled else 0.0))
    goal_gradient(p, account, week)
    use(w, p, account, week, t, sums)
    press(p, account, week)
    contact_and_service(w, p, account, week, t, sums, live_through)
    relationship_and_effort(p, account, week, sums)
    renewal(w, p, account, week, t, sums)
    exposure_fades(p, account, week, sums)
    revenue(p, account, week, sums)
    if week.after == account.status:
        expansion(w, p, account, week, t, sums)
        account.spend = week.spend
        points(w, p, account, week, t, sums)
        voice(w, p, account, week, t)
        stays(w, p, account, week, t, sums)
    else:
        sums.add("former")
    account.status_next = week.after


# --- M22 goal gradient ------------------------------------------------------------------------------------------------


def goal_gradient(p: Rules, account: Account, week: Week) -> None:
    """A member near a reward buys more: exp(elasticity v g^curvature)."""
    loyalty = p.loyalty
    strength = loyalty.elasticity * (loyalty.reward_value * loyalty.earn / loyalty.threshold)
    if week.member and strength > 0.0:
        share = min((float(account.points) / loyalty.threshold + loyalty.endowed) / (1.0 + loyalty.endowed), 1.0)
        if share > 0.0:
            week.drive = exp32(clip32(f32(strength * exp64(loyalty.curvature * log64(share))), 3.0))


# --- M3 use, M2 relationship ------------------------------------------------------------------------------------------


def use(w: World, p: Rules, account: Account, week: Week, t: int, sums: Sums) -> None:
    """Touchpoints of onboarding and use: each happens with its chance, and goes wrong with a smaller one."""
    if not p.journey.enabled:
        return
    hours, touches = 0.0, 0
    for n, (touch, point) in enumerate(zip(p.touch, w.touchpoints, strict=True)):
        in_use = touch.stage == "use" or (touch.stage == "onboarding" and week.age <= p.journey.onboarding_weeks)
        word = pick_lane(w.key, account.number, t, luck.TOUCH, n)
        if not (in_use and below(word, point.happens[account.segment])):
            continue
        failed = below(word, point.fails[account.segment])
        gain, effort, cost, depth, _ = p.cell[n][account.segment]  # M9: means over the channels of the touchpoint
        week.contact = True
        week.failures += failed
        point.touched += 1.0
        hours, touches = hours + touch.hours, touches + 1
        live_through(p, account, f32(0.0 if failed else 1.0), better=gain, depth=depth)
        week.shock += effort
        if touch.stage == "use":
            week.pressed += depth
        outlay = touch.cost + float(cost)
        if outlay > 0.0:
            sums.add("touch_cost", outlay)
            account.cost += f32(outlay)
    if touches > 0:
        count(account, touches, week.failures, 0, hours)


def count(account: Account, touches: int, failures: int, contacts: int, hours: float) -> None:
    """M24: what the table of accounts tells of a customer."""
    account.touches, account.failed = account.touches + touches, account.failed + failures
    account.contacts += contacts
    account.hours, account.week_hours = account.hours + f32(hours), account.week_hours + f32(hours)


def press(p: Rules, account: Account, week: Week) -> None:
    """M2: touches in use beyond those that are wanted are an effort."""
    rel = p.relationship
    if not (p.journey.enabled and rel.enabled and rel.annoyance > 0.0):
        return
    kept = f32(halved(rel.contact_half_life_weeks))
    account.pressed = account.pressed * kept + week.pressed
    beyond = account.pressed * (f32(1.0) - kept) - f32(rel.contacts_wanted) * account.wanted
    week.shock += f32(rel.annoyance) * max(f32(0.0), beyond)


def live_through(
    p: Rules,
    account: Account,
    outcome: F32,
    better: F32 | None = None,
    weight: F32 | None = None,
    depth: F32 | None = None,
) -> None:
    """M2: one touch with outcome 1 or 0, felt against what is expected; gains are slow, losses four times as fast.

    ``better`` multiplies what a good touch gains, ``depth`` what any does to the relationship, ``weight`` everything.
    """
    rel = p.relationship
    if not rel.enabled:
        return
    one, spill, adapt = f32(1.0), f32(rel.spill_over), f32(rel.expectation_adaptation)
    gain, loss = f32(rel.gain), f32(rel.gain * rel.asymmetry)
    if rel.law == "asset":
        norm = rel.market_norm
        gain = f32(rel.gain / (1.0 - norm) if norm < 1.0 else 0.0)
        loss = f32(rel.gain * rel.asymmetry / norm if norm > 0.0 else 0.0)
    recent_weight, history_weight = f32(rel.recent_weight), f32(rel.history_weight)
    if better is not None:
        gain = gain * better
    if weight is not None:
        gain, loss = gain * weight, loss * weight
        recent_weight, history_weight = recent_weight * weight, history_weight * weight
    if depth is not None:
        gain, loss = gain * depth, loss * depth
    felt = (one - spill) * outcome + spill * account.experience
    expected = (one - adapt) * f32(rel.market_norm) + adapt * account.history
    x, r = felt - expected, account.relationship
    change = gain * x * (one - r) if x > 0 else loss * x * r
    if x <= 0:
        change = change * (one - f32(rel.forgiveness) * r)
    account.relationship = min(max(r + change, f32(0.0)), one)
    account.experience += recent_weight * (outcome - account.experience)
    account.history += history_weight * (outcome - account.history)


def relationship_and_effort(p: Rules, account: Account, week: Week, sums: Sums) -> None:
    """M2: a week without contact leaks; effort is a fading sum of the week's shocks."""
    rel = p.relationship
    if rel.enabled:
        if rel.law == "asset" or not week.contact:
            account.relationship *= f32(1.0 - rel.depreciation)
        account.effort = account.effort * f32(halved(rel.effort_half_life_weeks)) + week.shock
    sums.add("touches", week.contact)
    sums.add("defects", week.failures)


# --- M1 churn, M6 renewal ---------------------------------------------------------------------------------------------


def renewal(w: World, p: Rules, account: Account, week: Week, t: int, sums: Sums) -> None:
    """Leave or stay: at a date of the contract, after a purchase, or, without contracts, in any week."""
    contract, market = p.contract, p.market
    week.turns = rise_and_fall(p, account)[2] if market.enabled else f32(0.0)
    week.p_leave, week.p_turn = f32(0.0), happens(week.turns)
    w_exit = w.words(account.number, t, luck.LIFE)[0]
    leaves = fails = False
    if contract == "non-contractual":
        leaves, fails = purchases(w, p, account, week, t, sums)
    elif renewal_due(week.age, contract):
        hazard = churn_hazard(w, p, account, week, t)
        week.p_leave = happens(hazard)
        if contract == "weekly":  # leaving and the changes of voice compete for one draw
            both = happens(hazard + week.turns)
            week.p_leave = both * (hazard / (hazard + week.turns)) if hazard > 0 else f32(0.0)
            week.p_turn = both - week.p_leave
        else:
            sums.add("renewals_due")
        one, involuntary = f32(1.0), f32(p.contracts.involuntary if p.contracts.enabled else 0.0)
        p_any = one - (one - week.p_leave) * (one - involuntary) if market.enabled else f32(0.0)
        leaves = below(w_exit, p_any)
        fails = leaves and not below(w_exit, week.p_leave)
        if not leaves:
            if week.age % 52 == 0:
                week.spend = week.spend * w.now.price_rise
                account.price *= w.now.price_rise
            sums.add(
                "billed", float(week.spend) * weeks_to_renewal(week.age, contract) * price_share(account, week.age)
            )
            gets_used(p, account, week)
    if leaves:
        leave(w, p, account, week, t, fails, sums)
    if contract == "non-contractual" and week.age % 52 == 0:
        week.spend = week.spend * w.now.price_rise
        account.price *= w.now.price_rise


def rise_and_fall(p: Rules, account: Account) -> tuple[F32, F32, F32]:
    """Rates towards the better voice, towards the worse one, and of any change."""
    v = p.market.voice
    x = voice_pull(account.relationship, account.effort, p)
    up, down, zero = exp32(x), exp32(-x), f32(0.0)
    if account.status == ADVOCATE:
        rise, fall = zero, f32(v.advocate_to_neutral) * down
    elif account.status == DETRACTOR:
        rise, fall = f32(v.detractor_to_neutral) * up, zero
    else:
        rise, fall = f32(v.neutral_to_advocate) * up, f32(v.neutral_to_detractor) * down
    return rise, fall, rise + fall


def social_factor(w: World, p: Rules, account: Account, week: Week, t: int) -> F32:
    """M5, M22: log-factor of what friends did, of having been brought, of having brought somebody, of membership."""
    wom = p.word_of_mouth
    social = f32(-p.loyalty.identity) if week.member else f32(0.0)
    if not wom.enabled:
        return social
    if contagious(p):
        social += f32(log64(wom.contagion)) * account.exposure
    if account.referred and account.referrer >= 0 and w.accounts[account.referrer].status in CUSTOMER:
        social += f32(log64(wom.referred_churn))
    if account.thanked > 0 and t + 1 - account.thanked <= 52:
        social += f32(log64(wom.referrer_churn))
    return social


def churn_hazard(w: World, p: Rules, account: Account, week: Week, t: int) -> F32:
    """Hazard of leaving of one's own will, by voice or by experience, never both; log-factors are cut at +-3."""
    market, rel, row = p.market, p.relationship, p.segment[account.segment]
    social = social_factor(w, p, account, week, t)
    if market.churn.by == "voice":
        hazard = f32(getattr(market.churn, account.status))
        return hazard * exp32(clip32(social, 3.0)) if social != 0 else hazard
    factor, felt = f32(0.0), market.pricing.law == "felt"
    if market.churn.sensitivity > 0.0:
        product_share = f32(
            w.product_quality / max(market.product_reference * (market.fit_reference or market.fit_mean), 1e-9)
        )
        factor = (
            f32(market.churn.effort_effect) * (account.effort - f32(rel.effort_reference))
            - f32(row.relationship) * (account.relationship - f32(rel.relationship_reference))
            - f32(row.product) * (product_share * week.fit - f32(1.0))
            - f32(row.service) * (account.experience - f32(rel.market_norm))
            + f32(row.price) * f32(0.0 if felt else log64(market.price) * 1.4426950408889634)
        ) * f32(market.churn.sensitivity)
    factor = clip32(factor + f32(row.outside) + social, 3.0)
    if felt:
        factor += price_felt(w, p, account, week)
    hazard = account.propensity * exp32(factor)
    return hazard * f32(1.0 / market.churn.period_weeks) if p.contract == "weekly" else hazard


def gets_used(p: Rules, account: Account, week: Week) -> None:
    """Who stays is used to what it is charged: at once with a date, after a period without."""
    if p.market.pricing.law != "felt":
        return
    if p.contract != "weekly" or week.age % 52 + 1 >= min(p.market.churn.period_weeks, 52):
        account.charged = f32(float(account.price) * price_share(account, week.age))


def price_felt(w: World, p: Rules, account: Account, week: Week) -> F32:
    """Log-factor of the price an account pays, and of a rise when it is charged; the end of a discount is one."""
    pricing, price = p.market.pricing, account.price
    if p.contract != "non-contractual" and week.age % 52 == 0:
        price *= w.now.price_rise
    asked = float(f32(float(price) * price_share(account, week.age)))
    rise = max(0.0, log64(asked / float(account.charged)))
    pull = pricing.level_elasticity * (asked / pricing.rival - 1.0) + pricing.rise_elasticity * rise
    return f32(min(minds(w, p, account) * p.segment[account.segment].price * pull, 30.0)) if pull != 0.0 else f32(0.0)


def purchases(w: World, p: Rules, account: Account, week: Week, t: int, sums: Sums) -> tuple[bool, bool]:
    """M6 without contracts: Poisson many purchases, a coin after each; whether it is gone, and for want of payment."""
    c, rel = p.contracts, p.relationship
    rate = buying_rate(p.traits[2], w.words(account.number, 0, luck.ENDOWMENT, 1)[1])
    w_buy, w_drop, w_why, _ = w.words(account.number, t, luck.PURCHASE)
    pull = f32(c.purchase_effect) * (account.relationship - f32(rel.relationship_reference))
    wanted, bought = poisson32(w_buy, rate * week.drive * exp32(clip32(pull, 3.0))), 0
    leaves = fails = False
    week.paid = f32(0.0)
    if wanted > 0:
        hazard = churn_hazard(w, p, account, week, t)
        week.p_leave = happens(hazard)
        failing = f32(-log64(max(1.0 - c.involuntary, 1e-13)))
        while bought < wanted and not leaves:
            bought += 1
            leaves = p.market.enabled and below(w_drop, happens((hazard + failing) * f32(bought)))
        fails = leaves and not below(w_why, week.p_leave / happens(hazard + failing))
        week.paid = f32(float(week.spend) * (c.purchase_scale_weeks / c.purchase_shape) * bought)
        sums.add("purchases", bought)
        if not leaves:
            gets_used(p, account, week)
    return leaves, fails


def leave(w: World, p: Rules, account: Account, week: Week, t: int, fails: bool, sums: Sums) -> None:
    """End the spell; who leaves of its own will may speak badly from now on."""
    wom = p.word_of_mouth
    week.after = FORMER
    sums.add("churned")
    sums.add("churned_spend", week.spend)
    sums.add("lone_churned", account.lone)
    sums.add("member_churned", week.member)
    account.end, account.open_issues, account.cause = t + 1, 0, "voluntary"
    if fails:
        account.cause = "involuntary"
        sums.add("churned_involuntary")
        return
    speaks = wom.enabled and wom.negative > 0.0
    if speaks and below(w.words(account.number, t, luck.EXIT)[0], f32(wom.former_voice)):
        week.after = SOUR


def contagious(p: Rules) -> bool:
    """Whether leaving is catching (S3)."""
    wom = p.word_of_mouth
    return bool(p.market.network.kind != "complete" and wom.enabled and f32(log64(wom.contagion)) != 0)


def exposure_fades(p: Rules, account: Account, week: Week, sums: Sums) -> None:
    """M5: what was seen of friends leaving is forgotten."""
    if contagious(p) and account.exposure > 0:
        sums.add("exposure", account.exposure if week.after == account.status else 0.0)
        faint = account.exposure <= f32(1e-6)
        account.exposure *= f32(0.0) if faint else f32(halved(p.word_of_mouth.contagion_half_life_weeks))


# --- M23 revenue, M7 expansion, M22 points ----------------------------------------------------------------------------


def revenue(p: Rules, account: Account, week: Week, sums: Sums) -> None:
    """What the week earns, less a discount of the first year; referred customers cost less to serve."""
    if account.discount:
        listed = float(week.paid)
        week.paid = f32(listed * price_share(account, week.age - 1))
        sums.add("discounts", listed - float(week.paid))
    if p.contract == "non-contractual":
        sums.add("billed", week.paid)
    sums.add("revenue", week.paid)
    account.revenue += week.paid
    if account.referred:
        sums.add("revenue_referred", week.paid)
        premium = margin_premium(p)
        if premium > 0.0 and week.age <= 52:
            left = max(0.0, (53 - week.age) / 52.0)
            sums.add("referral_margin", float(week.paid) * left)
            account.cost -= f32(float(week.paid) * left * premium)


def expansion(w: World, p: Rules, account: Account, week: Week, t: int, sums: Sums) -> None:
    """M7: buy more, where the budget is open, up to the wallet."""
    x = p.expansion
    if not (x.enabled and w.now.expansion > 0 and window_open(t + 1, account.fiscal, p.contracts)):
        return
    pull = f32(x.relationship_effect) * (account.relationship - f32(p.relationship.relationship_reference))
    rate = w.now.expansion * exp32(clip32(pull, 3.0)) * week.drive
    if below(w.words(account.number, t, luck.LIFE)[2], happens(rate)):
        cap = f32(p.segment[account.segment].spend * x.wallet)
        more = max(week.spend, min(week.spend * (f32(1.0) + f32(x.step)), cap)) - week.spend
        if more > 0:
            sums.add("expansions")
            account.bought = min(account.bought + 1, 255)
            sums.add("expanded_spend", more)
            sums.add("billed", float(more) * weeks_to_renewal(week.age, p.contract) * price_share(account, week.age))
            week.spend = week.spend + more
            week.added = more


def points(w: World, p: Rules, account: Account, week: Week, t: int, sums: Sums) -> None:
    """M22: members earn points and take rewards; others may join."""
    loyalty = p.loyalty
    if not loyalty.enabled:
        return
    w_join, w_redeem, _, _ = w.words(account.number, t, luck.POINTS)
    if week.member:
        earned = loyalty.earn * float(week.paid) + 52.0 * loyalty.earn_expansion * float(week.added)
        account.points += f32(earned)
        if account.points >= f32(loyalty.threshold) and below(w_redeem, happens(f32(loyalty.redeem_rate))):
            account.points -= f32(loyalty.threshold)
            sums.add("rewards")
            account.cost += f32(loyalty.reward_value)
    elif below(w_join, happens(f32(loyalty.join_rate))):
        would_join = below(w.words(account.number, 0, luck.ENDOWMENT, 1)[2], f32(loyalty.share))
        account.points = f32(0.0) if would_join else account.points
    if account.points >= 0:
        sums.add("members")
        sums.add("points", account.points)


# --- M1 voice, M24 ----------------------------------------------------------------------------------------------------


def voice(w: World, p: Rules, account: Account, week: Week, t: int) -> None:
    """Speak better, or worse, from now on; without contracts the word that let it stay decides this, too."""
    w_exit, w_voice, _, _ = w.words(account.number, t, luck.LIFE)
    weekly = p.contract == "weekly"
    word, stay = (w_exit, week.p_leave) if weekly else (w_voice, f32(0.0))
    rise, _, turns = rise_and_fall(p, account)
    if week.turns > 0 and below(word, stay + week.p_turn):
        week.after = NEUTRAL
        if account.status == NEUTRAL:
            week.after = ADVOCATE if below(word, stay + week.p_turn * (rise / turns)) else DETRACTOR


def stays(w: World, p: Rules, account: Account, week: Week, t: int, sums: Sums) -> None:
    """Count a customer that is one at the end of the week."""
    if answer_survey(w, p, account, t, sums) and p.sensing.closed_loop.enabled:
        call_back(w, p, account, week, t, sums)
    sums.add("customers")
    sums.add("onboarding", week.age < p.journey.onboarding_weeks - 1)
    sums.add("spend", week.spend)
    added = (
        account.added and account.spells == 1
    )  # at the beginning of its first week, so after the one before was counted
    if week.age >= (53 if added else 52):
        sums.add("stayed")
        sums.add("stayed_spend", week.spend)
    for name in ("relationship", "effort", "experience"):
        sums.add(name, getattr(account, name))
    if week.after in (ADVOCATE, DETRACTOR):
        sums.add("advocates" if week.after == ADVOCATE else "detractors")


def call_back(w: World, p: Rules, account: Account, week: Week, t: int, sums: Sums) -> None:
    """M13: a detractor who answered is called; a call that goes well takes effort away and ends a bad voice."""
    loop = p.sensing.closed_loop
    w_called, w_well, _, _ = w.words(account.number, t, luck.CALL)
    if not below(w_called, f32(loop.share)):
        return
    sums.add("called_back")
    owners = [touch.owner for touch in p.touch if touch.stage == "service"]
    if below(w_well, f32(loop.success * min(1.0, w.teams[owners[0]].done))):
        account.effort *= f32(1.0 - loop.relief)
        if week.after == DETRACTOR:
            week.after = NEUTRAL
