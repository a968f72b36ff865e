"""Scenario block of M23: money."""

from flywheel_sim.scenario.fields import Block, param


class Ledger(Block):
    """M23: every dollar has one line."""

    enabled: bool = param(True, "Off: nothing is billed and nothing costs.", label="Billing and costs")
    discount_rate: float = param(0.10, "Yearly discount rate.", unit="1/year", ge=0, le=1)
    cost_of_revenue: float = param(
        0.23, "Cost of delivering, before service.", unit="share of revenue", ge=0, le=1, source="S25", evidence="V"
    )
    allocate_payroll: bool = param(
        False, "Charge pay to accounts by the hours they take, before overhead and acquisition.", source="S16"
    )
    cost_per_lead: float = param(
        0.0, "Marketing cost per lead from outside, where little interest is bought.", unit="$", ge=0, le=1e9
    )
    lead_doubling: float = param(
        0.0,
        "p_2: interest (`market.external` x `market.promotion`) at which a lead costs twice `cost_per_lead`; 0 = "
        "leads cost the same however many are bought.",
        unit="1/week",
        ge=0,
        le=1000,
        label="Interest at which leads cost twice as much",
        role="effect",
    )
    cost_per_win: float = param(0.0, "Sales cost per customer won, beside pay.", unit="$", ge=0, le=1e9)
    overhead: float = param(0.0, "Fixed cost.", unit="$/week", ge=0, le=1e9)
    meeting_cost: float = param(0.0, "Cost of one meeting beside the hours.", unit="$", ge=0, le=1e9)
    programme_cost: float = param(0.0, "Cost of the programme while it runs.", unit="$/week", ge=0, le=1e9)
    opening_cash: float = param(0.0, "Cash at the start.", unit="$", ge=-1e15, le=1e15)
    interest: float = param(
        0.0, "i: yearly interest on what is owed, where cash is below 0.", unit="1/year", role="company", ge=0, le=10,
        label="Yearly interest on debts",
    )  # fmt: skip
    can_fail: bool = param(
        False, "Lenders have a limit, and a company that owes more is closed. Off: they lend without end.",
        label="Whether the company can fail", role="company",
    )  # fmt: skip
    credit_limit: float = param(
        1.0, "Years of gross margin, of the last 52 weeks, that lenders let the company owe.", unit="years",
        role="company", acts="can_fail = true", ge=0, le=1000,
    )  # fmt: skip
    severance_weeks: float = param(
        0.0, "Weeks of pay owed to everyone when the company fails.", unit="weeks", role="company",
        acts="can_fail = true", ge=0, le=520,
    )  # fmt: skip
