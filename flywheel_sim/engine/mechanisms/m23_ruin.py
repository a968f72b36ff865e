r"""M23 Ruin: what is owed costs interest, and a company that owes too much is closed.

The law, and why no limited liability is credited, stand in ``m23_ledger``.  Here are its three steps: debts are settled
when the week is booked, the company is closed when its last week has been published, and stays so.

Neutral setting: ``can_fail: false``: there is no ruin.  ``interest: 0``, ``severance_weeks: 0``: they cost nothing.
"""

from flywheel_sim.engine.jit import f64, i16, i64, inlined, step
from flywheel_sim.engine.kernel_types import Firm, Par, Row, State, Tables
from flywheel_sim.engine.mechanisms.m25_timeline import republish
from flywheel_sim.engine.mechanisms.m27_selling import LONE
from flywheel_sim.engine.network import NETWORK
from flywheel_sim.engine.portable_math import exp64, log64
from flywheel_sim.engine.state import CAUSE, DETRACTOR, FORMER, LEAD, NEUTRAL, PROSPECT, SOUR
from flywheel_sim.scenario.columns import COL

__all__ = ["close_company", "settle_debts", "stay_closed", "trailing_margin", "weekly_rate"]

#: Weeks of gross margin that lenders look at.
_LOOKED_AT = 52


@inlined
def weekly_rate(yearly: float) -> float:
    """Return what a yearly rate comes to in a week."""
    return exp64(log64(1.0 + yearly) / 52.0) - 1.0


@inlined
def trailing_margin(state: State, firm: Firm, week: int) -> float:
    """Return the gross margin of the last year; in the first one what the weeks so far come to in a year."""
    first, margin = max(0, week + 1 - _LOOKED_AT), 0.0
    for t in range(first, week + 1):
        margin += state.weekly[firm.week0 + t, COL.revenue] - state.weekly[firm.week0 + t, COL.cost_of_revenue]
    return margin * (52.0 / (week + 1 - first))


@step
def settle_debts(par: Par, tables: Tables, state: State, run: int, week: int, last: Row, row: Row) -> None:
    """Charge interest on what was owed a week ago, and pay off customers and staff of a company that is ruined."""
    firm, ledger = state.run[run], par.ledger
    discount = exp64(-(week + 1) / 52.0 * log64(1.0 + ledger.discount_rate))
    if ledger.interest > 0.0 and last[COL.cash] < 0.0:
        debt, rate = -last[COL.cash], weekly_rate(ledger.interest)
        row[COL.interest] = debt * rate
        row[COL.total_cost] += row[COL.interest]
        row[COL.profit] -= row[COL.interest]
        firm.cash -= row[COL.interest]
        firm.value -= debt * max(0.0, rate - weekly_rate(ledger.discount_rate)) * discount
    if not ledger.can_fail or firm.cash >= 0.0:
        return
    if firm.cash < -ledger.credit_limit * max(0.0, trailing_margin(state, firm, week)):
        firm.ruined = week + 1
        row[COL.ruined] = 1.0
        row[COL.refunded] = firm.deferred
        for k in range(par.size.teams):
            pay = state.heads[firm.team0 + k] * tables.team[par.size.team0 + k].salary / 52.0
            row[COL.severance] += pay * ledger.severance_weeks
        row[COL.billed] -= row[COL.refunded]
        firm.deferred = row[COL.deferred] = 0.0
        row[COL.total_cost] += row[COL.severance]
        row[COL.profit] -= row[COL.severance]
        firm.cash -= row[COL.refunded] + row[COL.severance]
        firm.value -= (row[COL.refunded] + row[COL.severance]) * discount


@step
def close_company(par: Par, state: State, run: int, week: int, row: Row) -> None:
    """Let every customer, lead and deal of a ruined company go, at the end of the week of its ruin."""
    firm, stored = state.run[run], par.market.network.kind != NETWORK.complete
    for j in range(firm.accounts):
        i = firm.account0 + j
        status = i64(state.status[i])
        if NEUTRAL <= status <= DETRACTOR:
            age = max(1, week + 1 - i64(state.start[i]))
            state.life[firm.life0 + min(age, firm.ages - 1), 1] += 1.0
            state.end[i], state.cause[i], state.open[i] = i16(week + 1), CAUSE.ruined, 0
            row[COL.lone_churned] += 1.0 if state.deal[i] & LONE else 0.0
            republish(par, state, run, j, i64(FORMER), stored)
        elif status >= LEAD:
            republish(par, state, run, j, i64(FORMER) if state.spells[i] > 0 else i64(PROSPECT), stored)
    row[COL.churned] += row[COL.customers]
    row[COL.churned_spend] += row[COL.spend]
    row[COL.member_churned] += row[COL.members]
    row[COL.customers] = row[COL.advocates] = row[COL.detractors] = row[COL.members] = 0.0
    row[COL.spend] = row[COL.stayed] = row[COL.stayed_spend] = row[COL.reward_liability] = 0.0
    row[COL.sold_waiting] = row[COL.agreed] = row[COL.backlog] = 0.0
    write_accounts(state, run, row)
    for k in range(par.size.teams):
        state.heads[firm.team0 + k] = state.able[firm.team0 + k] = state.magnitude[firm.team0 + k] = 0.0


@step
def write_accounts(state: State, run: int, row: Row) -> None:
    """Write how many accounts are left to a company without customers."""
    firm = state.run[run]
    row[COL.prospects] = row[COL.former] = 0.0
    for b in range(firm.block0, firm.block0 + firm.blocks):
        row[COL.prospects] += f64(state.counts[b, PROSPECT])
        row[COL.former] += f64(state.counts[b, FORMER] + state.counts[b, SOUR])


@step
def stay_closed(state: State, run: int, row: Row) -> None:
    """Write the week of a company that has failed: nothing happens, and it owes what it owed."""
    firm = state.run[run]
    write_accounts(state, run, row)
    row[COL.ruined], row[COL.cash], row[COL.value] = 1.0, firm.cash, firm.value
