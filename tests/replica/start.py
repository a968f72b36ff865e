"""Week 0: who the accounts are, who is a customer already, where the teams look, and what is in the books."""

import math
from typing import Any

from replica import luck
from replica.arithmetic import F32, exp64, f32, log64, normal_quantile, poisson32
from replica.contracts import renewal_due, weeks_to_renewal, weeks_to_window, window_open
from replica.directions import company_need, observe_alignment
from replica.luck import below, unit
from replica.market import begin_spell
from replica.measures import promoter_shares
from replica.network import build_friends
from replica.world import ADVOCATE, DETRACTOR, NEUTRAL, SOLD, Account, Rules, World, normalise

__all__ = ["give_traits", "populate"]


def quantile(row: Any, word: int) -> float:
    """Quantile of a word, between the points of a table."""
    x = unit(word) * (len(row) - 1)
    k = int(x)
    return float(row[k]) + (x - k) * (float(row[k + 1]) - float(row[k]))


def factor(row: Any, word: int) -> F32:
    """Factor with mean 1, of a word: its table is even in 1 - sqrt(1 - u)."""
    x = (1.0 - math.sqrt(1.0 - unit(word))) * (len(row) - 1)
    k = int(x)
    return f32(float(row[k]) + (x - k) * (float(row[k + 1]) - float(row[k])))


def endow(w: World, p: Rules) -> None:
    """Segment, churn propensity as a hazard, fit and fiscal year of every account, for life."""
    for account in w.accounts:
        w_segment, _, _, w_fiscal = w.words(account.number, 0, luck.ENDOWMENT)
        u = unit(w_segment)
        account.segment = next((s for s, row in enumerate(p.segment[:-1]) if u < row.upto), len(p.segment) - 1)
        account.fiscal = int(unit(w_fiscal) * 52)
        give_traits(w, p, account)


def give_traits(w: World, p: Rules, account: Account) -> None:
    """Churn propensity and fit: the account's rank for life, the scenario's distribution."""
    _, w_churn, w_fit, _ = w.words(account.number, 0, luck.ENDOWMENT)
    leave = quantile(p.traits[0], w_churn)
    account.propensity = f32(min(-log64(max(1.0 - leave, 1e-13)), 30.0))
    account.fit = f32(quantile(p.traits[1], w_fit))
    w_talk, w_issues, w_wanted, _ = w.words(account.number, 0, luck.ENDOWMENT, 2)
    account.talk, account.issues = factor(p.traits[3], w_talk), factor(p.traits[4], w_issues)
    account.wanted = factor(p.traits[5], w_wanted)


def share_at_rest(p: Rules) -> float:
    """Share of prospects that rest, in the long run, after a lead that came to nothing (M1)."""
    if not (p.market.enabled and p.market.funnel.enabled):
        return 0.0
    comes = 1.0 - exp64(-p.market.external / p.conversion_reference)
    rest = comes * p.market.funnel.rest_weeks
    return rest / (1.0 + rest)


def populate(w: World, p: Rules) -> None:
    """Week 0: the first customers, where teams look, what is in the books."""
    endow(w, p)
    segments = [account.segment for account in w.accounts]
    for account, friends in zip(
        w.accounts, build_friends(p.market.network, len(w.accounts), w.key, segments), strict=True
    ):
        account.friends = friends
    market, row = p.market, w.initial
    order = sorted((w.words(a.number, 0, luck.START)[0], a.number) for a in w.accounts)
    chosen = {number for _, number in order[: market.initial_customers]}
    tired = share_at_rest(p)
    for account in w.accounts:
        u = unit(w.words(account.number, 0, luck.START)[3])
        if account.number not in chosen and u < tired:
            account.held_until = 1 + int(u / tired * market.funnel.rest_weeks)
        week = None if account.number in chosen else agreed_until(w, p, account)
        if week is not None:
            account.status = account.status_next = SOLD
            account.held_until = week
            row["agreed"] += 1.0
    w.initial["list_price"] = market.price
    sign = [account for account in w.accounts if account.number in chosen]
    for account in sign:
        _, w_voice, w_tenure, _ = w.words(account.number, 0, luck.START)
        adv, det = f32(market.initial_advocates), f32(market.initial_advocates + market.initial_detractors)
        status = ADVOCATE if below(w_voice, adv) else (DETRACTOR if below(w_voice, det) else NEUTRAL)
        bill, age = begin_spell(w, p, account, 0), 0
        rest(w, p, account)
        if market.start == "uniform":
            age = int(unit(w_tenure) * 52)
            account.start = -age
        paid_now = float(account.spend) * weeks_to_renewal(age, p.contract)
        if age == 0 or renewal_due(age, p.contract):
            row["billed"] += bill if age == 0 else paid_now
        w.deferred += paid_now
        up, down = promoter_shares(account.relationship, p.sensing)
        row["customers"] += 1.0
        row["advocates"] += status == ADVOCATE
        row["detractors"] += status == DETRACTOR
        row["relationship"] += float(account.relationship)
        row["experience"] += float(account.experience)
        row["effort"] += float(account.effort)
        row["spend"] += float(account.spend)
        row["nps_true"] += 100.0 * float(up - down)
        account.status = account.status_next = status
    for name in ("relationship", "experience", "effort", "nps_true"):
        row[name] /= max(len(sign), 1)
    row["prospects"] = float(len(w.accounts) - len(sign))
    row["product_quality"] = market.product_quality
    start_teams(w, p)
    w.culture, w.service_standard = p.culture.start, 1.0
    w.nps_survey = w.nps_taken = row["nps_true"]
    w.csat_survey = w.csat_taken = row["experience"]
    row["culture"], row["service_standard"], row["effort_level"] = w.culture, 1.0, 1.0
    row["nps_survey"] = row["nps_taken"] = w.nps_survey
    row["csat_survey"] = row["csat_taken"] = row["csat_true"] = w.csat_survey
    if p.ledger.enabled:
        w.cash = p.ledger.opening_cash + row["billed"]
        w.value = row["billed"]
    else:
        w.deferred = row["billed"] = 0.0
    row["cash"], row["value"], row["deferred"] = w.cash, w.value, w.deferred


def rest(w: World, p: Rules, account: Account) -> None:
    """Begin as customers are on average, with the issues of last week, where the company starts at rest."""
    rel, s = p.relationship, p.service
    if not p.market.at_rest:
        return
    if rel.enabled:
        account.relationship, account.effort = f32(rel.relationship_reference), f32(rel.effort_reference)
        account.experience = account.history = f32(rel.experience_reference)
    if s.enabled and not s.event_timed:
        w.now.cutoff, w.now.margin = f32(-1.0), f32(1.0)
        word = w.words(account.number, 0, luck.START, 1)[0]
        account.open_issues = min(poisson32(word, f32(s.issues) * account.issues), 255)
        account.since = -1


def agreed_until(w: World, p: Rules, account: Account) -> int | None:
    """Week in which a prospect signs what was agreed before week 0: deals of every week since its budget shut."""
    market, c = p.market, p.contracts
    rests = market.at_rest and market.enabled and market.funnel.enabled and market.initial_customers > 0
    if not rests or not c.enabled or c.window_effect != "timing" or window_open(0, account.fiscal, c):
        return None
    weeks, kept, deals = weeks_to_window(0, account.fiscal, c), 1.0, 0.0
    for _ in range(52 - c.window_weeks - weeks + 1):
        deals, kept = deals + kept, kept * exp64(-c.agreed_loss)
    comes = unit(w.words(account.number, 0, luck.START, 1)[1]) < 1.0 - exp64(-market.external * deals)
    return weeks - 1 if comes else None


def start_teams(w: World, p: Rules) -> None:
    """Directions: as written, or at random on the sphere."""
    for k, team in enumerate(w.teams):
        team.direction = list(p.start[k][: p.d])
        if not any(team.direction):
            team.direction = [
                normal_quantile(unit(luck.pick_lane(w.key, k, 0, luck.TEAM_START, a))) for a in range(p.d)
            ]
        normalise(team.direction)
        team.magnitude = team.level = p.team[k].skill
        team.heads = team.able = p.team[k].headcount
        w.initial["headcount"] += p.team[k].headcount
    company_need(w, p)
    observe_alignment(w, p)
    for name in ("alignment", "alignment_weighted", "customer_alignment", "net_force"):
        w.initial[name] = getattr(w, name)
