"""M1 Market and life cycle, company's side: what prospects, leads and renewing customers meet this week."""

from typing import Any

from replica import luck
from replica.arithmetic import F32, clip32, exp32, exp64, f32, halved, log64, normal_quantile
from replica.contracts import weeks_to_renewal
from replica.journey import response_odds, stage_lift
from replica.luck import unit
from replica.world import ADVOCATE, DETRACTOR, PROSPECT, Account, Rules, World

__all__ = ["begin_spell", "go_live", "happens", "minds", "odds_times", "open_market", "price_share", "voice_pull"]


def happens(rate: F32) -> F32:
    """Chance per week of an event at this rate, 1 - exp(-rate); by its series where it is small."""
    if rate < f32(0.01):
        return rate * (f32(1.0) - rate * (f32(0.5) - rate * f32(1.0 / 6.0)))
    return f32(1.0) - exp32(-rate)


def voice_pull(relationship: F32, effort: F32, p: Rules) -> F32:
    """x = clip(b_R (R - R_ref) - b_E (E - E_ref), +-3): log-factor of the rates towards a good voice."""
    voice, rel = p.market.voice, p.relationship
    better = f32(voice.relationship_effect) * (relationship - f32(rel.relationship_reference))
    return clip32(better - f32(voice.effort_effect) * (effort - f32(rel.effort_reference)), 3.0)


def odds_times(probability: float, factor: float) -> float:
    """Probability after its odds are multiplied."""
    if factor == 1.0 or probability >= 1.0:
        return probability
    odds = probability / (1.0 - probability) * factor
    return odds / (1.0 + odds)


def price_share(account: Account, age: int) -> float:
    """Share of the list price that is paid after age ``age`` (M27: discounts of the first year)."""
    return 1.0 - account.discount / 100.0 if account.discount > 0 and age < 52 else 1.0


def entry_price(w: World, p: Rules) -> float:
    """List price of a new customer."""
    if p.market.pricing.law == "felt" and p.market.pricing.applies == "existing":
        return w.initial["list_price"]
    return float(p.market.price)


def reprice(w: World, p: Rules, t: int) -> None:
    """Factor by which a customer's price changes at an anniversary this week."""
    market, change = p.market, 1.0
    if market.pricing.law == "felt" and market.pricing.applies != "new":
        change = market.price / (w.rows[t - 52] if t >= 52 else w.initial)["list_price"]
    w.now.price_rise = f32((1.0 + market.price_rise) * change)


def minds(w: World, p: Rules, account: Account) -> float:
    """How much an account minds prices, for life: lognormal with mean 1."""
    spread = p.market.pricing.spread
    if spread == 0.0:
        return 1.0
    z = normal_quantile(unit(w.words(account.number, 0, luck.PRICE)[0]))
    return exp64(spread * z - 0.5 * spread * spread)


def begin_spell(w: World, p: Rules, account: Account, week: int) -> float:
    """Make an account a customer from the end of a week on; returns what it is billed."""
    rel = p.relationship
    account.spells += 1
    account.start, account.end, account.cause = week, -1, "none"
    account.open_issues = account.thanked = 0
    account.exposure, account.points = f32(0.0), f32(-1.0)
    account.relationship = f32(rel.start if rel.enabled else rel.relationship_reference)
    account.effort = f32(0.0 if rel.enabled else rel.effort_reference)
    account.experience = account.history = f32(rel.market_norm)
    account.pressed, account.bought = f32(0.0), 0
    price = entry_price(w, p)
    account.price = f32(price)
    account.charged = f32(float(account.price) * price_share(account, 0))
    account.spend = f32(p.segment[account.segment].spend * price)
    if p.selling.enabled:  # M27: promises raise what is expected, lone wolves pass nothing on
        account.history = min(f32(rel.market_norm) + w.chain[account.segment][5], f32(1.0))
        if account.lone:
            z = normal_quantile(unit(w.words(account.number, account.spells - 1, luck.SELLER)[1]))
            spread = p.selling.lone_spread
            account.spend = f32(float(account.spend) * exp64(spread * z - 0.5 * spread * spread))
            if rel.enabled and p.handoffs.enabled:
                account.effort = f32(p.handoffs.effort_of_loss)
    return float(account.spend) * weeks_to_renewal(0, p.contract) * price_share(account, 0)


def delay_odds(weeks: float) -> float:
    """f(delay) of Forrester's market growth model: odds left after a known delay of 0, 1, ... 10 months (A28)."""
    table = (1.0, 0.97, 0.87, 0.73, 0.53, 0.38, 0.25, 0.15, 0.08, 0.03, 0.02)
    months = min(weeks * 12.0 / 52.0, 9.999999)
    k = int(months)
    return table[k] + (months - k) * (table[k + 1] - table[k])


def go_live(w: World, p: Rules) -> None:
    """Share of sold customers that the onboarding teams' hours let go live, and how long one waits for it."""
    share, candidates = 1.0, w.signed_before + w.sold_waiting
    if p.market.funnel.enabled and p.journey.enabled and p.capacity.enabled:
        for k, team in enumerate(w.teams):
            hours, other = 0.0, team.demand
            for touch, point in zip(p.touch, w.touchpoints, strict=True):
                if touch.stage == "onboarding" and touch.owner == k:
                    hours += float(point.happens[0]) * touch.hours
                    other -= point.asked
            if hours > 0.0:
                room = max(0.0, max(team.hours - other, 0.1 * team.hours) - w.onboarding_before * hours)
                if candidates > 0.0:
                    share = min(share, room / (candidates * hours))
                elif team.hours <= 0.0:
                    share = 0.0
    w.now.go_live = f32(share)
    w.onboarding_wait_weeks = min(1.0 / share - 1.0, 52.0) if share > 0.0 else 52.0


def share_out_leads(w: World, p: Rules) -> None:
    """Shares of new and of waiting leads that sales work this week, and how long one waits for it."""
    now, funnel, new, waiting = w.now, p.market.funnel, w.leads_before, w.waiting_before
    queue = funnel.enabled and p.capacity.enabled and w.sales_capacity < 1e200
    able = max(0.0, w.sales_capacity - p.contracts.follow_up * w.chased_before)
    now.lapse = happens(f32(funnel.lapse))
    now.serve = now.serve_waiting = f32(1.0)
    w.sales_delay_weeks = 0.0
    if not queue:
        return
    if w.sales_capacity <= 0.0:
        now.serve = now.serve_waiting = f32(0.0)
    if funnel.order == "newest":
        room = able / funnel.qualify
        if new > 0.0:
            now.serve, w.sales_delay_weeks = f32(min(1.0, room / new)), min(waiting / new, 520.0)
        if waiting > 0.0:
            now.serve_waiting = f32(min(1.0, max(0.0, room - new) / waiting))
        return
    work = (new + waiting) * funnel.qualify
    if work > 0.0:
        now.serve = now.serve_waiting = f32(min(1.0, able / work))
    if able > 0.0:
        w.sales_delay_weeks = waiting * funnel.qualify / able


def open_market(w: World, p: Rules, t: int, survival: dict[str, float]) -> None:
    """Rates and chances of the week, in float32 as customers see them."""
    now, m = w.now, p.market
    prospects = float(sum(account.status == PROSPECT for account in w.accounts))
    pool = len(w.accounts) / prospects if m.pool == "constant" and prospects > 0.0 else 1.0
    share_out_leads(w, p)
    reprice(w, p, t)
    go_live(w, p)
    reach, before, paid = 0.0, 0.0, 0.0
    for s, row in enumerate(p.segment):
        reach += (row.upto - before) * stage_lift(w, p, s, "awareness")
        paid += (row.upto - before) * row.spend * 52.0
        before = row.upto
        sell_to_segment(w, p, s, row, survival)
    done = [w.teams[touch.owner].done for touch in p.touch if touch.stage == "awareness"]
    outreach = 0.0
    for share in done:
        outreach += share
    outreach = outreach / len(done) if done else 1.0
    interest = m.external * reach * (m.organic + max(0.0, m.promotion - m.organic) * outreach)
    if p.word_of_mouth.reviews.enabled:
        interest *= read_reviews(w, p)
    now.external = f32(interest)
    strength = 1.0 if p.word_of_mouth.normalise == "per_tie" else p.word_of_mouth.rate
    if p.word_of_mouth.reward > 0.0:
        scale = max(p.word_of_mouth.reward_scale * (paid * m.price), 1e-9)
        strength *= 1.0 + p.word_of_mouth.reward_effect * (1.0 - exp64(-p.word_of_mouth.reward / scale))
    now.word_rate = f32(strength if p.word_of_mouth.enabled else 0.0)
    now.per_lead = f32(pool / p.conversion_reference)
    now.win_back = f32(m.win_back.rate) * f32(1.0 / p.conversion_reference)
    now.window_known = f32(1.0 - exp64(-p.contracts.window_learning * (t + 1) - w.timing))
    now.agreed_loss = happens(f32(p.contracts.agreed_loss))
    is_open = p.contracts.window_weeks / 52.0 if p.contracts.enabled else 1.0
    now.expansion = f32(p.expansion.rate / is_open * survival["expansion"])
    now.lost_issue = f32(1.0 - survival["issue"])
    now.fix = f32(min(1.0, p.service.first_contact_resolution * w.service_standard * stage_lift(w, p, 0, "service")))
    now.wait_effort = f32(p.service.wait_effort * min(w.wait_weeks, 1.0))


def read_reviews(w: World, p: Rules) -> float:
    """M5: this week's reviews beside those there are, and what the share of good ones makes of interest."""
    reviews, voices = p.word_of_mouth.reviews, [account.status for account in w.accounts]
    good = reviews.written * float(voices.count(ADVOCATE))
    bad = reviews.written * reviews.angry * float(voices.count(DETRACTOR))
    kept = halved(reviews.half_life_weeks)
    begins = w.reviews_good + w.reviews_bad <= 0.0
    if begins:
        w.reviews_good, w.reviews_bad = good / (1.0 - kept), bad / (1.0 - kept)
    else:
        w.reviews_good, w.reviews_bad = w.reviews_good * kept + good, w.reviews_bad * kept + bad
    both = w.reviews_good + w.reviews_bad
    if begins:
        w.rated_before = w.reviews_good / both if both > 0.0 else 0.0
    w.good_reviews = w.reviews_good / both if both > 0.0 else w.rated_before
    return exp64(reviews.effect * (w.good_reviews - w.rated_before))


def sell_to_segment(w: World, p: Rules, s: int, row: Any, survival: dict[str, float]) -> None:
    """Chances of the stages of a sale in one segment: odds times what touchpoints, delays, price and sellers do."""
    m, funnel, chain = p.market, p.market.funnel, w.chain[s]
    chain[:4], chain[6] = [f32(1.0)] * 4, f32(1.0)
    if not funnel.enabled:
        return
    odds = late = 1.0
    known = w.sales_delay_weeks + w.onboarding_wait_weeks
    base = response_odds(p.handoffs.base_delay_hours)
    if funnel.order == "newest":
        known = w.onboarding_wait_weeks
    if p.handoffs.enabled and p.handoffs.response_effect:
        if funnel.order == "newest":
            late = 1.0 / 60.0 / base
        else:
            odds = late = response_odds(p.handoffs.base_delay_hours + w.sales_delay_weeks * 168.0) / base
    win = stage_lift(w, p, s, "sale")
    win *= delay_odds(known) if funnel.delay_effect else 1.0
    chain[7] = f32(0.0)
    if m.pricing.law == "felt":
        chain[7] = f32(-m.pricing.win_elasticity * row.price * (entry_price(w, p) / m.pricing.rival - 1.0))
    elif m.price != 1.0:
        win *= exp64(-row.price * log64(m.price) * 1.4426950408889634)
    win *= w.win_odds
    chain[0] = f32(min(1.0, odds_times(funnel.qualify, odds) * survival["lead"]))
    chain[6] = f32(min(1.0, odds_times(funnel.qualify, late) * survival["lead"]))
    chain[1] = f32(funnel.propose)
    chain[2] = f32(odds_times(funnel.close, win))
    chain[3] = f32(min(1.0, odds_times(funnel.onboard, stage_lift(w, p, s, "onboarding")) * survival["sale"]))
