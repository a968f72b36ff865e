"""M24 Measures and M23 Ledger: what is read off a week; every dollar has one line."""

import math
from typing import Any

import numpy as np

from flywheel_sim.scenario.columns import NAMES
from replica import luck
from replica.arithmetic import F32, exp32, exp64, f32, log64, normal_quantile
from replica.cadence import event_cost, meets
from replica.incentives import payout
from replica.luck import below, unit
from replica.ruin import settle_debts
from replica.world import Account, Rules, Sums, World

__all__ = ["allocate_pay", "answer_survey", "margin_premium", "post", "promoter_shares", "read_week"]


def promoter_shares(relationship: F32, sensing: Any) -> tuple[F32, F32]:
    """Chance that a customer with this relationship is a promoter, and a detractor, in a survey (M13)."""
    one, slope = f32(1.0), f32(1.0 / sensing.answer_spread)
    up = one / (one + exp32((f32(sensing.promoter_above) - relationship) * slope))
    down = one / (one + exp32((relationship - f32(sensing.detractor_below)) * slope))
    return up, min(down, one - up)


def answer_survey(w: World, p: Rules, account: Account, t: int, sums: Sums) -> bool:
    """M13, M24: what a customer would answer, and, in survey weeks, what it does; whether that is a detractor's."""
    if not p.measures.enabled:
        return False
    sensing = p.sensing
    up, down = promoter_shares(account.relationship, sensing)
    sums.add("asked")
    sums.add("promoters", up)
    sums.add("detractor_scores", down)
    if not (sensing.enabled and (t + 1) % sensing.survey_weeks == 0):
        return False
    w_kind, w_reply, w_happy, _ = w.words(account.number, t, luck.SURVEY)
    promoter = below(w_kind, up)
    rate = min(sensing.response_rate * sensing.happy_bias, 1.0) if promoter else sensing.response_rate
    answers = below(w_reply, f32(rate))
    if sensing.response_bond > 0.0:
        bond, one = f32(sensing.response_bond), f32(1.0)
        silent = f32(normal_quantile(min(max(1.0 - sensing.response_rate, 1e-9), 1.0 - 1e-9)))
        z = (account.relationship - f32(p.relationship.relationship_reference)) * f32(1.0 / sensing.relationship_spread)
        answers = bond * z + np.sqrt(one - bond * bond) * f32(normal_quantile(unit(w_reply))) > silent
    if answers:
        account.answers += 1
        account.promoting += promoter
        account.detracting += not promoter and below(w_kind, up + down)
        sums.add("survey_answers")
        if promoter:
            sums.add("answers_up")
        elif below(w_kind, up + down):
            sums.add("answers_down")
        sums.add("answers_satisfied", below(w_happy, account.experience))
    return bool(answers and not promoter and below(w_kind, up + down))


def allocate_pay(w: World, p: Rules) -> None:
    """M23: the week's pay for other than acquisition, by the hours that accounts took."""
    pool = hours = 0.0
    for k, team in enumerate(w.teams):
        own = [(touch, point.asked) for touch, point in zip(p.touch, w.touchpoints, strict=True) if touch.owner == k]
        winning = all_hours = 0.0
        for touch, asked in own:
            all_hours += asked
            winning += asked if touch.stage in ("awareness", "sale") else 0.0
        wins = any(touch.stage in ("awareness", "sale") for touch, _ in own)
        share = winning / all_hours if all_hours > 0.0 else float(wins)
        pool += team.heads * p.team[k].salary / 52.0 * (1.0 - share)
    for account in w.accounts:
        hours += float(account.week_hours)
    charged = p.ledger.enabled and p.ledger.allocate_payroll and hours > 0.0
    rate = pool / hours if charged else 0.0
    for account in w.accounts:
        if account.week_hours > 0:
            account.cost += f32(float(account.week_hours) * rate)
            account.week_hours = f32(0.0)


#: The columns before those of money.
_UNPAID = NAMES[: NAMES.index("revenue")]


def read_week(w: World, p: Rules, t: int, total: Sums) -> dict[str, float]:
    """Every column but money."""
    row, last = w.row, w.last
    for column in _UNPAID:  # a column has the name of its sum over customers, or of the company's number
        row[column] = total[column] if column in total else float(getattr(w, column, row[column]))
    customers = total["customers"]
    share = 1.0 / customers if customers > 0.0 else 0.0
    for column in ("relationship", "effort", "experience"):
        row[column] = total[column] * share if customers > 0.0 else last[column]
    row["list_price"] = p.market.price
    row["csat_true"], row["exposure"] = row["experience"], total["exposure"] * share
    row["blockers_open"] = float(len(w.blockers))
    row["utilisation"] = w.service_demand / w.service_capacity if 0.0 < w.service_capacity < 1e200 else 0.0
    row["nps_true"] = last["nps_true"]
    if p.measures.enabled and customers > 0.0:
        row["nps_true"] = 100.0 * (total["promoters"] - total["detractor_scores"]) / max(total["asked"], 1.0)
    read_survey(w, p, t, total, row)
    return row


def read_survey(w: World, p: Rules, t: int, total: Sums, row: dict[str, float]) -> None:
    """Scores of this week's survey, inflated by gaming, and those that are seen, and paid on, after the lag."""
    row["score_inflation"] = inflation = 20.0 * w.gaming
    answers = total["survey_answers"]
    if answers > 0.0:
        up, down = total["answers_up"] / answers, total["answers_down"] / answers
        w.survey_sd = 100.0 * math.sqrt(max(0.0, up + down - (up - down) * (up - down)) / answers)
        w.nps_taken = min(100.0, 100.0 * (total["answers_up"] - total["answers_down"]) / answers + inflation)
        w.csat_taken = min(1.0, total["answers_satisfied"] / answers + inflation / 200.0)
    row["nps_taken"], row["csat_taken"] = w.nps_taken, w.csat_taken
    lag = p.sensing.survey_lag_weeks
    seen = row if lag == 0 else (w.initial if lag > t else w.rows[t - lag])
    w.nps_survey, w.csat_survey = seen["nps_taken"], seen["csat_taken"]
    row["nps_survey"], row["csat_survey"] = w.nps_survey, w.csat_survey


def margin_premium(p: Rules) -> float:
    """Saved per dollar of revenue on a referred customer in its first week (M5)."""
    cost = p.ledger.cost_of_revenue
    return min(p.word_of_mouth.referred_margin * (1.0 - cost), cost) if p.word_of_mouth.enabled else 0.0


def wages_of(w: World, p: Rules) -> tuple[float, float, float]:
    """Heads, weekly pay, and the pay of those who own awareness or sale."""
    heads = wages = sellers = 0.0
    for k, team in enumerate(w.teams):
        pay = team.heads * p.team[k].salary / 52.0
        heads += team.heads
        wages += pay
        if any(touch.owner == k and touch.stage in ("awareness", "sale") for touch in p.touch):
            sellers += pay
    return heads, wages, sellers


def post(w: World, p: Rules, t: int, total: Sums, row: dict[str, float]) -> None:
    """The money columns of the week."""
    ledger = p.ledger
    row["headcount"], wages, sellers = wages_of(w, p)
    gross = row["headcount"] * w.gross_hours
    row["coordination_share"] = (w.coordination_hours + w.meeting_hours) / gross if gross > 0.0 else 0.0
    if not ledger.enabled:
        return
    for name in ("revenue", "revenue_referred", "discounts", "touch_cost"):
        row[name] = total[name]
    row["billed"] = total["billed"] + w.added_billed
    w.deferred += row["billed"] - row["revenue"]
    row["deferred"] = w.deferred
    row["referral_saving"] = margin_premium(p) * total["referral_margin"]
    row["cost_of_revenue"] = ledger.cost_of_revenue * row["revenue"] - row["referral_saving"]
    row["service_cost"] = p.service.live_cost * total["handled"] if p.service.enabled else 0.0
    technology = w.upkeep
    if p.channels.enabled:
        row["service_cost"] += p.channels.self_service_cost * total["self_service"]
        technology += p.channels.technology.spend + p.channels.analytics.spend
    row["tech_cost"] = technology
    outside, won = total["leads"] - total["leads_word"], total["new_customers"] + total["won_back"]
    lead = ledger.cost_per_lead
    if ledger.lead_doubling > 0.0:
        lead = lead * (1.0 + p.market.external * p.market.promotion / ledger.lead_doubling)
    row["acquisition_cost"] = lead * outside + ledger.cost_per_win * won
    if p.word_of_mouth.enabled:
        row["acquisition_cost"] += p.word_of_mouth.reward * total["referred_new"]
    row["coordination_cost"] = wages * w.coordination_hours / gross if gross > 0.0 else 0.0
    met = wages * min(w.meeting_hours, gross - w.coordination_hours) / gross if gross > 0.0 else 0.0
    row["meeting_cost"] = met + event_cost(p, t) + (ledger.meeting_cost if meets(p, t) else 0.0)
    row["payroll"] = wages - row["coordination_cost"] - met
    row["acquisition_pay"] = sellers
    row["bonus"] = payout(w, p, t)
    row["programme_cost"] = ledger.programme_cost + w.programme
    if p.loyalty.enabled:
        row["reward_cost"] = p.loyalty.reward_value * total["rewards"]
        row["reward_liability"] = p.loyalty.reward_value / p.loyalty.threshold * total["points"]
    row["overhead"] = ledger.overhead
    for line in (
        "cost_of_revenue", "service_cost", "acquisition_cost", "payroll", "coordination_cost", "meeting_cost", "bonus",
        "touch_cost", "programme_cost", "reward_cost", "overhead", "tech_cost",
    ):  # fmt: skip
        row["total_cost"] += row[line]
    row["profit"] = row["revenue"] - row["total_cost"]
    flow = row["billed"] - row["total_cost"]
    w.cash += flow
    w.value += flow * exp64(-(t + 1) / 52.0 * log64(1.0 + ledger.discount_rate))
    settle_debts(w, p, t)
    row["cash"], row["value"] = w.cash, w.value
