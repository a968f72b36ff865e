r"""M23 Ledger: every dollar has one line.

Cash is billed in advance at contract dates; revenue is recognised week by week, the difference is the deferred line:

    deferred <- deferred + billed - revenue,          cash <- cash + billed - total cost.

Pay is split by where the hours went: payroll (hours that reach the work), coordination, meetings.  Value is the cash
flow discounted at (1 + i)^(-w/52), first payment at w = 0, so that the sBG run gives DEL and constant retention A5's
immediate-margin form.

What referred customers save (M5) is taken off the cost of revenue: ``referral_saving`` says how much.

Discounts (M27) never enter: revenue and billing are net of them, and ``discounts`` says what was given away.

**Pay by the hours customers take** (``allocate_payroll``).  The week's pay of every team, less the share of its hours
that goes into leads and sales (all of it where a team that owns these has no other work), is charged to the accounts
that took hours this week, in proportion to them, before overhead and acquisition.  It is no line of its own: payroll
stays what it is, and what is charged to accounts adds up to what is not acquisition to the rounding of float32 (S16).

**Leads get dearer the more of them are bought** (``lead_doubling``).  Who is easily won is reached first, so the price
of a lead from outside rises with the interest p (``market.external`` x ``market.promotion``) that is bought,

    c (1 + p / p_2),

p_2 the interest at which it has doubled: twice the interest costs more than twice as much, and there is an interest
beyond which more of it does not pay.  A straight line is the least that says so; how steep it is, is an assumption.

``acquisition_pay`` is a readout, not a line: the weekly pay of the teams that own a touchpoint of awareness or sale,
whatever their hours went into.  It is within payroll, coordination and meetings, and results need it for the payback of
what a customer costs to win.

**Interest.** Cash below 0 is owed to lenders.  On what was owed at the end of last week, :math:`D`, the company pays

.. math:: D q_i, \quad q_i = (1 + i)^{1/52} - 1,

i ``interest``: a line of cost of its own, so that debts grow by it.  Value discounts every loss at the week in which
it was made, which charges :math:`q_r` a week on it already, r ``discount_rate``; so of the interest only
:math:`D \max(0, q_i - q_r)` is taken off value.  At :math:`i \ge r` a company in debt since week 0 is then worth
exactly what it owes in the end, discounted.  Credit that is cheaper than the owners' own money is not credited.

**Ruin** (``can_fail``).  Lenders let the company owe ``credit_limit`` years of gross margin M: revenue less the cost of
revenue of the last 52 weeks; in the first year what the weeks so far come to in a year.  At the end of the first week
with

.. math:: \text{cash} < -\text{credit limit} \cdot \max(M, 0)

nobody pays its bills any more.  What customers have paid for and will not get is paid back (``refunded``, taken off
what was billed: the deferred line is 0 afterwards), and everyone is dismissed with ``severance_weeks`` of pay
(``severance``).  Both are owed on top of what was owed, and value takes them as any other cash flow.

Then the company is closed, at the end of that very week: every customer is lost, for the cause ``ruined``, and leads
and deals come to nothing.  From the next week on nobody works, buys, pays or is paid, and every weekly column is 0 but
``cash``, ``value``, ``prospects``, ``former`` and ``ruined``.

**No limited liability.** What cannot be paid stays in ``cash`` and ``value``: lenders, customers and staff lose what
the owners do not, and a plan would look the better the more of its losses it leaves to others.  So ruin takes refunds
and severance off value, and all that was still to be earned; the one thing it saves is losses that were still to be
made.  Nor does a debt bear interest afterwards: discounted, it stays what it is.

Neutral setting: ``enabled: false``: nothing is billed and nothing costs.  ``allocate_payroll: false``: pay is nobody's
in particular.  ``lead_doubling: 0``: every lead has the same price.  ``interest: 0``: debts cost nothing.
``can_fail: false``: no debt is too large.
"""

import numpy as np

from flywheel_sim.engine.customer_tables import WHO
from flywheel_sim.engine.jit import f32, f64, i64, inlined, step
from flywheel_sim.engine.kernel_types import Lot, Par, Rates, Row, State, Sums, Tables
from flywheel_sim.engine.mechanisms.m03_journey import STAGE
from flywheel_sim.engine.mechanisms.m05_word_of_mouth import premium_left
from flywheel_sim.engine.mechanisms.m06_contracts import CONTRACT
from flywheel_sim.engine.mechanisms.m12_incentives import payout
from flywheel_sim.engine.mechanisms.m17_cadence import event_cost, meets
from flywheel_sim.engine.mechanisms.m23_ruin import settle_debts
from flywheel_sim.engine.mechanisms.m27_selling import DISCOUNT, price_share
from flywheel_sim.engine.portable_math import YEAR, exp64, log64
from flywheel_sim.engine.state import ACC, TALLY
from flywheel_sim.scenario.columns import COL

__all__ = ["allocate_pay", "lead_price", "margin_premium", "post", "revenue"]


@inlined
def margin_premium(par: Par) -> float:
    """Saved per dollar of revenue on a referred customer in its first week: a higher margin, never above 1 (M5)."""
    cost = par.ledger.cost_of_revenue
    return min(par.word_of_mouth.referred_margin * (1.0 - cost), cost) if par.word_of_mouth.enabled else 0.0


@inlined
def revenue(
    par: Par, state: State, i: int, m: int, who: Lot, paid: np.float32, rates: Rates, sums: Sums
) -> tuple[np.float32, float]:
    """Earn what is paid for this week, less a discount of the first year; referred customers cost less to serve.

    Returns what is earned, and what is billed for it: of purchases everything, of contracts nothing.
    """
    age = i64(who[WHO.age, m])
    if state.deal[i] & DISCOUNT:
        listed = f64(paid)
        paid = f32(listed * price_share(i64(state.deal[i]), age - 1))
        sums[ACC.discounts] += listed - paid
    state.revenue[i] += paid
    if who[WHO.referred, m] != 0:
        sums[ACC.revenue_referred] += paid
        premium = margin_premium(par)
        if premium > 0.0 and age <= YEAR:
            sums[ACC.referral_margin] += f64(paid) * premium_left(age)
            state.cost[i] -= f32(f64(paid) * premium_left(age) * premium)
    return paid, f64(paid) if rates.contract == CONTRACT.non_contractual else 0.0


@inlined
def lead_price(par: Par) -> float:
    """What a lead from outside costs, in $: more where more interest is bought."""
    price, doubling = par.ledger.cost_per_lead, par.ledger.lead_doubling
    return price * (1.0 + par.market.external * par.market.promotion / doubling) if doubling > 0.0 else price


@step
def acquisition_pay(par: Par, tables: Tables, state: State, run: int) -> float:
    """Weekly pay of the teams that own a touchpoint of awareness or sale: a readout within the lines of pay."""
    firm, pay = state.run[run], 0.0
    for k in range(par.size.teams):
        wins = False
        for n in range(par.size.touchpoints):
            touch = tables.touch[par.size.touch0 + n]
            wins = wins or (touch.owner == k and (touch.stage == STAGE.awareness or touch.stage == STAGE.sale))
        if wins:
            pay += state.heads[firm.team0 + k] * tables.team[par.size.team0 + k].salary / 52.0
    return pay


@step
def allocate_pay(par: Par, tables: Tables, state: State, run: int) -> None:
    """Charge the week's pay for other than acquisition to the accounts by the hours they took."""
    firm, pool, hours = state.run[run], 0.0, 0.0
    if firm.tally0 < 0:
        return
    for k in range(par.size.teams):
        winning, all_hours, wins = 0.0, 0.0, False
        for n in range(par.size.touchpoints):
            touch = tables.touch[par.size.touch0 + n]
            if touch.owner == k:
                asked, outside = state.asked[firm.success0 + n], touch.stage == STAGE.awareness
                outside = outside or touch.stage == STAGE.sale
                all_hours += asked
                winning += asked if outside else 0.0
                wins = wins or outside
        share = winning / all_hours if all_hours > 0.0 else (1.0 if wins else 0.0)
        pay = state.heads[firm.team0 + k] * tables.team[par.size.team0 + k].salary / 52.0
        pool += pay * (1.0 - share)
    for i in range(firm.tally0, firm.tally0 + firm.accounts):
        hours += state.tally[i, TALLY.week]
    charged = par.ledger.enabled and par.ledger.allocate_payroll and hours > 0.0
    rate = pool / hours if charged else 0.0
    for j in range(firm.accounts):
        mine = state.tally[firm.tally0 + j, TALLY.week]
        if mine > f32(0.0):
            state.cost[firm.account0 + j] += f32(mine * rate)
            state.tally[firm.tally0 + j, TALLY.week] = f32(0.0)


@step
def post(par: Par, tables: Tables, state: State, run: int, week: int, total: Sums, last: Row, row: Row) -> None:
    """Write the money columns of the week into ``row``; ``last`` is the row before."""
    firm, ledger = state.run[run], par.ledger
    heads, wages = 0.0, 0.0
    for k in range(par.size.teams):
        team = tables.team[par.size.team0 + k]
        heads += state.heads[firm.team0 + k]
        wages += state.heads[firm.team0 + k] * team.salary / 52.0
    row[COL.headcount] = heads
    gross = heads * firm.gross_hours
    row[COL.coordination_share] = (firm.coordination_hours + firm.meeting_hours) / gross if gross > 0.0 else 0.0
    if not ledger.enabled:
        return
    row[COL.revenue] = total[ACC.revenue]
    row[COL.revenue_referred] = total[ACC.revenue_referred]
    row[COL.discounts] = total[ACC.discounts]
    row[COL.billed] = total[ACC.billed] + firm.added_billed
    firm.deferred += row[COL.billed] - row[COL.revenue]
    row[COL.deferred] = firm.deferred
    row[COL.referral_saving] = margin_premium(par) * total[ACC.referral_margin]
    row[COL.cost_of_revenue] = ledger.cost_of_revenue * row[COL.revenue] - row[COL.referral_saving]
    row[COL.service_cost] = par.service.live_cost * total[ACC.handled] if par.service.enabled else 0.0
    technology = firm.upkeep
    if par.channels.enabled:
        row[COL.service_cost] += par.channels.self_service_cost * total[ACC.self_service]
        technology += par.channels.technology.spend + par.channels.analytics.spend
    row[COL.tech_cost] = technology
    outside = total[ACC.leads] - total[ACC.leads_word]
    won = total[ACC.new_customers] + total[ACC.won_back]
    row[COL.acquisition_cost] = lead_price(par) * outside + ledger.cost_per_win * won
    if par.word_of_mouth.enabled:
        row[COL.acquisition_cost] += par.word_of_mouth.reward * total[ACC.referred_new]
    coordination = wages * firm.coordination_hours / gross if gross > 0.0 else 0.0
    meetings = wages * min(firm.meeting_hours, gross - firm.coordination_hours) / gross if gross > 0.0 else 0.0
    row[COL.coordination_cost] = coordination
    row[COL.meeting_cost] = (
        meetings + event_cost(par, tables, week) + (ledger.meeting_cost if meets(par, week) else 0.0)
    )
    row[COL.payroll] = wages - coordination - meetings
    row[COL.acquisition_pay] = acquisition_pay(par, tables, state, run)
    row[COL.bonus] = payout(par, tables, state, run, week)
    row[COL.touch_cost] = total[ACC.touch_cost]
    row[COL.programme_cost] = ledger.programme_cost + firm.programme
    if par.loyalty.enabled:
        row[COL.reward_cost] = par.loyalty.reward_value * total[ACC.rewards]
        row[COL.reward_liability] = par.loyalty.reward_value / par.loyalty.threshold * total[ACC.points]
    row[COL.overhead] = ledger.overhead
    row[COL.total_cost] = (
        row[COL.cost_of_revenue] + row[COL.service_cost] + row[COL.acquisition_cost] + row[COL.payroll]
        + row[COL.coordination_cost] + row[COL.meeting_cost] + row[COL.bonus] + row[COL.touch_cost]
        + row[COL.programme_cost] + row[COL.reward_cost] + row[COL.overhead] + row[COL.tech_cost]
    )  # fmt: skip
    row[COL.profit] = row[COL.revenue] - row[COL.total_cost]
    flow = row[COL.billed] - row[COL.total_cost]
    firm.cash += flow
    firm.value += flow * exp64(-(week + 1) / 52.0 * log64(1.0 + ledger.discount_rate))
    settle_debts(par, tables, state, run, week, last, row)
    row[COL.cash], row[COL.value] = firm.cash, firm.value
