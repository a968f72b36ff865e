r"""M23 Ledger: every dollar has one line.

Cash is billed in advance at contract dates; revenue is recognised week by week, the difference is the deferred line:

    deferred <- deferred + billed - revenue,          cash <- cash + billed - total cost.

Pay is split by where the hours went: payroll (hours that reach the work), coordination, meetings.  Value is the cash
flow discounted at (1 + i)^(-w/52), first payment at w = 0, so that the sBG run gives DEL and constant retention A5's
immediate-margin form.

What referred customers save (M5) is taken off the cost of revenue: ``referral_saving`` says how much.

Discounts (M27) never enter: revenue and billing are net of them, and ``discounts`` says what was given away.

``acquisition_pay`` is a readout, not a line: the weekly pay of the teams that own a touchpoint of awareness or sale,
whatever their hours went into.  It is within payroll, coordination and meetings, and results need it for the payback of
what a customer costs to win.

Neutral setting: ``enabled: false``: nothing is billed and nothing costs.
"""

from typing import Any

from flywheel_sim.engine.jit import law, part
from flywheel_sim.engine.maths import exp64, log64
from flywheel_sim.engine.mechanisms.m12_incentives import payout
from flywheel_sim.engine.mechanisms.m17_cadence import event_cost, meets
from flywheel_sim.engine.state import ACC
from flywheel_sim.scenario.columns import COL

__all__ = ["margin_premium", "post"]

_AWARENESS, _SALE = 0, 1


@law
def margin_premium(p: Any) -> float:
    """Saved per dollar of revenue on a referred customer in its first week: a higher margin, never above 1 (M5)."""
    cost = p.ledger.cost_of_revenue
    return min(p.word_of_mouth.referred_margin * (1.0 - cost), cost) if p.word_of_mouth.enabled else 0.0


@part
def acquisition_pay(p: Any, tb: Any, st: Any, q: int) -> float:
    """Weekly pay of the teams that own a touchpoint of awareness or sale: a readout within the lines of pay."""
    r, pay = st.run[q], 0.0
    for k in range(p.size.teams):
        wins = False
        for n in range(p.size.touchpoints):
            touch = tb.touch[p.size.touch0 + n]
            wins = wins or (touch.owner == k and (touch.stage == _AWARENESS or touch.stage == _SALE))
        if wins:
            pay += st.heads[r.team0 + k] * tb.team[p.size.team0 + k].salary / 52.0
    return pay


@part
def post(p: Any, tb: Any, st: Any, q: int, t: int, total: Any, last: Any, row: Any) -> None:
    """Write the money columns of the week into ``row``; ``last`` is the row before."""
    r, ledger = st.run[q], p.ledger
    heads, wages = 0.0, 0.0
    for k in range(p.size.teams):
        team = tb.team[p.size.team0 + k]
        heads += st.heads[r.team0 + k]
        wages += st.heads[r.team0 + k] * team.salary / 52.0
    row[COL.headcount] = heads
    gross = heads * r.gross_hours
    row[COL.coordination_share] = (r.coordination_hours + r.meeting_hours) / gross if gross > 0.0 else 0.0
    if not ledger.enabled:
        return
    row[COL.revenue] = total[ACC.revenue]
    row[COL.revenue_referred] = total[ACC.revenue_referred]
    row[COL.discounts] = total[ACC.discounts]
    row[COL.billed] = total[ACC.billed] + r.added_billed
    r.deferred += row[COL.billed] - row[COL.revenue]
    row[COL.deferred] = r.deferred
    row[COL.referral_saving] = margin_premium(p) * total[ACC.referral_margin]
    row[COL.cost_of_revenue] = ledger.cost_of_revenue * row[COL.revenue] - row[COL.referral_saving]
    row[COL.service_cost] = p.service.live_cost * total[ACC.handled] if p.service.enabled else 0.0
    if p.channels.enabled:
        row[COL.service_cost] += p.channels.self_service_cost * total[ACC.tries]
        row[COL.tech_cost] = p.channels.technology.spend + p.channels.analytics.spend
    outside = total[ACC.leads] - total[ACC.leads_word]
    won = total[ACC.won] + total[ACC.won_back]
    row[COL.acquisition_cost] = ledger.cost_per_lead * outside + ledger.cost_per_win * won
    coordination = wages * r.coordination_hours / gross if gross > 0.0 else 0.0
    meetings = wages * min(r.meeting_hours, gross - r.coordination_hours) / gross if gross > 0.0 else 0.0
    row[COL.coordination_cost] = coordination
    row[COL.meeting_cost] = meetings + event_cost(p, tb, t) + (ledger.meeting_cost if meets(p, t) else 0.0)
    row[COL.payroll] = wages - coordination - meetings
    row[COL.acquisition_pay] = acquisition_pay(p, tb, st, q)
    row[COL.bonus] = payout(p, tb, st, q, t)
    row[COL.touch_cost] = total[ACC.touch_cost]
    row[COL.programme_cost] = ledger.programme_cost + r.programme
    if p.loyalty.enabled:
        row[COL.reward_cost] = p.loyalty.reward_value * total[ACC.redeemed]
        row[COL.reward_liability] = p.loyalty.reward_value / p.loyalty.threshold * total[ACC.points]
    row[COL.overhead] = ledger.overhead
    row[COL.total_cost] = (
        row[COL.cost_of_revenue] + row[COL.service_cost] + row[COL.acquisition_cost] + row[COL.payroll]
        + row[COL.coordination_cost] + row[COL.meeting_cost] + row[COL.bonus] + row[COL.touch_cost]
        + row[COL.programme_cost] + row[COL.reward_cost] + row[COL.overhead] + row[COL.tech_cost]
    )  # fmt: skip
    row[COL.profit] = row[COL.revenue] - row[COL.total_cost]
    flow = row[COL.billed] - row[COL.total_cost]
    r.cash += flow
    r.value += flow * exp64(-(t + 1) / 52.0 * log64(1.0 + ledger.discount_rate))
    row[COL.cash], row[COL.value] = r.cash, r.value
