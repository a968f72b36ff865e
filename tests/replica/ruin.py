"""M23: interest on what is owed, and the end of a company that owes too much."""

from replica.arithmetic import exp64, log64
from replica.world import CUSTOMER, FORMER, LEAD, PROSPECT, SOLD, SOUR, Rules, World

__all__ = ["close_company", "closed_week", "settle_debts"]


def weekly(yearly: float) -> float:
    """What a yearly rate comes to in a week."""
    return exp64(log64(1.0 + yearly) / 52.0) - 1.0


def trailing_margin(w: World) -> float:
    """Gross margin of the last 52 weeks, this one included; in the first year what the weeks so far come to."""
    weeks, margin = [*w.rows[-51:], w.row], 0.0
    for row in weeks:
        margin += row["revenue"] - row["cost_of_revenue"]
    return margin * (52.0 / len(weeks))


def settle_debts(w: World, p: Rules, t: int) -> None:
    """Pay interest on what was owed a week ago; who owes too much pays back its customers and dismisses everyone."""
    ledger, row = p.ledger, w.row
    discount = exp64(-(t + 1) / 52.0 * log64(1.0 + ledger.discount_rate))
    if ledger.interest > 0.0 and w.last["cash"] < 0.0:
        debt, rate = -w.last["cash"], weekly(ledger.interest)
        row["interest"] = debt * rate
        row["total_cost"] += row["interest"]
        row["profit"] -= row["interest"]
        w.cash -= row["interest"]
        w.value -= debt * max(0.0, rate - weekly(ledger.discount_rate)) * discount
    limit = ledger.credit_limit * max(0.0, trailing_margin(w))
    if ledger.can_fail and w.cash < 0.0 and w.cash < -limit:
        w.ruined = True
        row["refunded"], w.deferred = w.deferred, 0.0
        for team, rules in zip(w.teams, p.team, strict=True):
            row["severance"] += team.heads * rules.salary / 52.0 * ledger.severance_weeks
        row["billed"] -= row["refunded"]
        row["deferred"], row["ruined"] = 0.0, 1.0
        row["total_cost"] += row["severance"]
        row["profit"] -= row["severance"]
        w.cash -= row["refunded"] + row["severance"]
        w.value -= (row["refunded"] + row["severance"]) * discount


def close_company(w: World, t: int) -> None:
    """Everyone goes at the end of the week of ruin."""
    row = w.row
    for account in w.accounts:
        if account.status in CUSTOMER:
            account.status, account.end, account.cause, account.open_issues = FORMER, t + 1, "ruined", 0
            row["lone_churned"] += account.lone
        elif account.status in (LEAD, SOLD):
            account.status = FORMER if account.once_customer else PROSPECT
    for lost, there in (("churned", "customers"), ("churned_spend", "spend"), ("member_churned", "members")):
        row[lost] += row[there]
    for column in (
        "customers", "advocates", "detractors", "members", "spend", "stayed", "stayed_spend", "reward_liability",
        "sold_waiting", "agreed", "backlog",
    ):  # fmt: skip
        row[column] = 0.0
    count(w, row)


def closed_week(w: World) -> None:
    """A week in which there is no company any more: it owes what it owed."""
    row = dict.fromkeys(w.last, 0.0)
    row["cash"], row["value"], row["ruined"] = w.cash, w.value, 1.0
    count(w, row)
    w.rows.append(row)


def count(w: World, row: dict[str, float]) -> None:
    """Who has never been a customer, and who has."""
    row["prospects"] = float(sum(account.status == PROSPECT for account in w.accounts))
    row["former"] = float(sum(account.status in (FORMER, SOUR) for account in w.accounts))
