"""M23: every dollar has one line."""

import numpy as np
import pytest

from flywheel_sim.execute.run import batch
from flywheel_sim.scenario import load

COSTS = (
    "cost_of_revenue", "service_cost", "acquisition_cost", "payroll", "coordination_cost", "meeting_cost", "bonus",
    "touch_cost", "tech_cost", "programme_cost", "reward_cost", "overhead",
)  # fmt: skip


def busy():
    """The base case with every line of cost in use."""
    return load("b2b-saas").with_(
        {
            "horizon_weeks": 78,
            "market.accounts": 1000,
            "market.initial_customers": 300,
            "market.win_back.rate": 0.01,
            "market.price_rise": 0.05,
            "cadence.enabled": True,
            "ledger.meeting_cost": 500.0,
            "ledger.programme_cost": 700.0,
            "loyalty.enabled": True,
            "loyalty.threshold": 2000.0,
            "ledger.opening_cash": 12_345.0,
            "measures.debug": True,
            "journey.touchpoints.account-review.cost": 40.0,
            "incentives": {
                "measures": {"base": {"gradient": {"care": 1.0}, "columns": {"customers": 1.0}, "target": 300.0}},
                "pay": {"sales": {"on": {"base": 1.0}}},
            },
            "timeline.customers": {"gift": {"week": 20, "add": 30}, "loss": {"week": 40, "add": -30}},
        }
    )


@pytest.fixture(scope="module")
def run():
    return batch([busy().with_({"ledger.allocate_payroll": False})], replicates=1, accounts=True)[0][0]


def test_every_line_is_in_use(run):
    for name in COSTS:
        assert run.series(name).sum() > 0, name


def test_costs_add_up_and_cash_is_what_came_less_what_went(run):
    total = sum(run.series(name) for name in COSTS)
    assert run.series("total_cost") == pytest.approx(total, rel=1e-12)
    assert run.series("profit") == pytest.approx(run.series("revenue") - total, rel=1e-9)
    cash = run.series("cash", start=True)
    assert np.diff(cash) == pytest.approx(run.series("billed") - total, rel=1e-9, abs=1e-4)
    assert cash[0] == pytest.approx(12_345.0 + run.initial["billed"])


def test_what_is_billed_is_recognised_week_by_week(run):
    deferred = run.series("deferred", start=True)
    assert np.diff(deferred) == pytest.approx(run.series("billed") - run.series("revenue"), rel=1e-6, abs=1e-2)
    assert np.all(deferred > 0)
    spend, added = run.series("spend", start=True), run.series("added")
    quiet = added == 0
    assert run.series("revenue")[quiet] == pytest.approx(spend[:-1][quiet], rel=1e-6)
    assert not np.allclose(run.series("revenue")[~quiet], spend[:-1][~quiet], rtol=1e-3)


def test_value_is_discounted_cash_flow_from_week_0(run):
    flow = np.concatenate(([run.initial["billed"]], run.series("billed") - run.series("total_cost")))
    factor = 1.10 ** (-np.arange(flow.size) / 52)
    assert run.series("value", start=True) == pytest.approx(np.cumsum(flow * factor), rel=1e-9)
    assert run.summary["npv"] == pytest.approx(float(flow @ factor), rel=1e-9)


def test_pay_is_split_and_neither_lost_nor_doubled(run):
    scenario = run.scenario.model
    at_start = sum(team.headcount * team.salary / 52 for team in scenario.teams.values())
    meetings = (np.arange(1, 79) % scenario.cadence.interval_weeks == 0) * 500.0
    pay = run.series("payroll") + run.series("coordination_cost") + run.series("meeting_cost") - meetings
    assert pay[:13] == pytest.approx(np.full(13, at_start), rel=1e-12)


def test_the_lines_that_follow_events(run):
    model = run.scenario.model
    ledger = model.ledger
    delivering = run.series("cost_of_revenue") + run.series("referral_saving")
    assert delivering == pytest.approx(ledger.cost_of_revenue * run.series("revenue"))
    live, tried = model.service.live_cost * run.series("handled"), run.series("self_service")
    assert run.series("service_cost") == pytest.approx(live + model.channels.self_service_cost * tried)
    won = run.series("new_customers") + run.series("won_back")
    price = ledger.cost_per_lead * (1 + model.market.external / ledger.lead_doubling)
    assert price == pytest.approx(220), "as before leads got dearer"
    leads = (run.series("acquisition_cost") - ledger.cost_per_win * won) / price
    assert np.all((leads >= -1e-6) & (leads <= run.series("leads") + 1e-6)), "leads by word of mouth are free"
    assert np.allclose(leads, np.round(leads), atol=1e-6)


def test_leads_get_dearer_the_more_of_them_are_bought(quiet, once):
    """c (1 + p / p2): at p2 twice the price, and the same price for all where there is none."""

    def bought(interest: float, doubling: float):
        ledger = {"cost_per_lead": 40.0, "cost_per_win": 0.0, "lead_doubling": doubling}
        return once(
            quiet(
                horizon_weeks=30, market={"external": interest, "accounts": 500, "initial_customers": 50}, ledger=ledger
            )
        )

    plain = bought(0.01, 0.0)
    spent = plain.series("acquisition_cost")
    assert spent.sum() > 0
    for doubling, factor in ((0.01, 2.0), (0.02, 1.5), (1000.0, 1.00001)):
        dearer = bought(0.01, doubling)
        assert np.allclose(dearer.series("acquisition_cost"), factor * spent, rtol=1e-12)
        # money alone: who is won does not hang on it
        assert np.array_equal(dearer.series("customers"), plain.series("customers"))
    promoted = quiet(
        horizon_weeks=30, market={"external": 0.01, "promotion": 2.0, "accounts": 500, "initial_customers": 50},
        ledger={"cost_per_lead": 40.0, "cost_per_win": 0.0, "lead_doubling": 0.01},
    )  # fmt: skip
    assert np.array_equal(once(promoted).series("acquisition_cost"), bought(0.02, 0.01).series("acquisition_cost")), (
        "bought interest is dear as any other"
    )
    leads = bought(0.02, 0.01).series("acquisition_cost") / (40.0 * 3.0)
    assert np.allclose(leads, np.round(leads)), "three times the price at twice the interest"


def test_customers_accounts_add_up_to_the_lines(run):
    accounts = run.customers
    assert accounts["revenue"].sum() == pytest.approx(run.series("revenue").sum(), rel=1e-5)
    direct = sum(run.series(name).sum() for name in ("cost_of_revenue", "service_cost", "touch_cost", "reward_cost"))
    won = (run.series("new_customers") + run.series("won_back")).sum() * run.scenario.model.ledger.cost_per_win
    assert accounts["cost"].sum() == pytest.approx(direct + won, rel=1e-5)
    assert accounts["profit"].sum() == pytest.approx(accounts["revenue"].sum() - accounts["cost"].sum(), rel=1e-9)


@pytest.mark.parametrize(("live_cost", "difference"), [(10.0, -5.0), (0.0, 5.0)])
def test_c67_five_dollars_more_revenue_and_ten_more_of_service_lose_five(quiet, once, live_cost, difference):
    """Happy is not profitable: who pays $5 more a year and calls once, at $10, is worth $5 less."""
    asks = {"issues": 1 / 52, "failure_demand": 0, "first_contact_resolution": 1, "fit_effect": 0}
    company = {"horizon_weeks": 52, "ledger": {"cost_of_revenue": 0}}
    before = once(quiet(**company)).customers
    calls = once(quiet(**company, service={**asks, "live_cost": 1.0})).customers["cost"]
    run = once(
        quiet(
            **company,
            service={**asks, "live_cost": live_cost},
            segments={"all": {"spend": 57, "need": {"care": 1}}},
        )
    )
    gained = run.customers["profit"] - before["profit"]
    assert (calls == 1).sum() > 200
    assert np.allclose(gained[calls == 1], difference, atol=1e-3)
    assert np.allclose(gained, 5.0 - live_cost * calls, atol=1e-3)
    assert run.series("service_cost").sum() == pytest.approx(live_cost * calls.sum())


def test_c67_some_loyal_customers_lose_money_and_the_whale_curve_shows_it(quiet, once):
    costly = {"issues": 0.1, "failure_demand": 0, "first_contact_resolution": 1, "live_cost": 10.0, "fit_effect": 0}
    run = once(quiet(horizon_weeks=52, ledger={"cost_of_revenue": 0}, service=costly))
    profit = run.customers["profit"].to_numpy()
    assert run.summary["loss_making_share"] == pytest.approx((profit < 0).mean())
    assert 0.2 < (profit < 0).mean() < 0.7, "nobody left: they are as loyal as the others"
    curve = run.whale_curve()
    assert curve["customers"].iloc[-1] == curve["profit"].iloc[-1] == 1
    assert curve["profit"].max() == run.summary["whale_peak"] > 1
    best = np.sort(profit)[::-1]
    assert curve["profit"].iloc[199] == pytest.approx(best[:200].sum() / best.sum())
    free = once(quiet(horizon_weeks=52, ledger={"cost_of_revenue": 0}, service={**costly, "live_cost": 0.0}))
    assert free.summary["loss_making_share"] == 0 and free.summary["whale_peak"] == pytest.approx(1)


def test_a_lost_annual_customer_has_had_what_it_paid_for(quiet, once):
    run = once(
        quiet(
            horizon_weeks=52,
            market={"start": "aligned", "churn": {"mean": 1.0}},
            contracts={"involuntary": 0},
            ledger={"cost_of_revenue": 0},
        )
    )
    assert run.series("customers")[-1] == 0
    assert run.series("deferred")[-1] == pytest.approx(0.0, abs=1e-6)
    assert run.series("revenue").sum() == pytest.approx(52_000)
    assert run.series("cash")[-1] == pytest.approx(52_000)


def test_off_nothing_is_billed_and_nothing_costs(once):
    run = once(busy().with_({"ledger.enabled": False, "measures.debug": False}))
    for name in (*COSTS, "revenue", "billed", "deferred", "cash", "value", "total_cost", "profit"):
        assert np.all(run.series(name, start=True) == 0), name


def test_books_cause_nothing(same_bits):
    money = (
        *COSTS, "revenue", "revenue_referred", "billed", "deferred", "cash", "value", "total_cost", "profit",
        "acquisition_pay", "referral_saving", "discounts", "reward_liability",
    )  # fmt: skip
    base = busy()
    same_bits(base, base.with_({"ledger.enabled": False, "measures.debug": False}), but=money, replicates=1)
