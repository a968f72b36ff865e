"""M6: when customers can leave, pay and buy."""

import numpy as np
import pytest
from compiled import compiled
from hypothesis import given, settings
from hypothesis import strategies as st

from flywheel_sim.engine.mechanisms import m06_contracts as m06
from flywheel_sim.execute.run import batch

ANNUAL, MONTHLY, WEEKLY = m06.CONTRACT.annual, m06.CONTRACT.monthly, m06.WEEKLY


renewal_due = compiled(m06.renewal_due)
weeks_to_renewal = compiled(m06.weeks_to_renewal)
window_open = compiled(m06.window_open)


def due(kind, last):
    return [age for age in range(last + 1) if renewal_due(age, kind)]


def test_annual_contracts_renew_on_anniversaries():
    assert due(ANNUAL, 160) == [52, 104, 156]


def test_the_kth_monthly_renewal_is_at_week_52_k_over_12():
    assert due(MONTHLY, 60) == [4, 9, 13, 17, 22, 26, 30, 35, 39, 43, 48, 52, 56]
    assert len(due(MONTHLY, 520)) == 120


def test_without_contracts_every_week_is_a_chance():
    assert due(WEEKLY, 5) == [1, 2, 3, 4, 5]


@settings(deadline=None)  # the first call compiles
@given(st.integers(0, 5000), st.sampled_from([ANNUAL, MONTHLY, WEEKLY]))
def test_the_next_renewal_is_the_next_one(age, kind):
    ahead = weeks_to_renewal(age, kind)
    assert ahead >= 1
    assert renewal_due(age + ahead, kind)
    assert not any(renewal_due(age + k, kind) for k in range(1, ahead))


@settings(deadline=None)
@given(st.integers(1, 5000), st.integers(0, 51), st.integers(0, 300), st.integers(1, 52))
def test_a_budget_is_open_for_the_stated_weeks_of_every_year(week, fiscal, shift, window):
    assert sum(window_open(week + k, np.uint8(fiscal), shift, window) for k in range(52)) == window
    assert window_open(week, np.uint8(fiscal), shift, window) == window_open(week + 52, np.uint8(fiscal), shift, window)


def test_a_budget_opens_when_the_fiscal_year_begins():
    assert [w for w in range(1, 105) if window_open(w, np.uint8(10), 0, 3)] == [10, 11, 12, 62, 63, 64]
    assert [w for w in range(1, 53) if window_open(w, np.uint8(10), 5, 3)] == [15, 16, 17]


def cohort(quiet, contracts, churn=None, start="aligned", weeks=60, **market):
    return quiet(
        horizon_weeks=weeks,
        market={
            "accounts": 5000,
            "initial_customers": 5000,
            "start": start,
            "churn": {"mean": 0.0, "dispersion": 0.0, "sensitivity": 0.0, **(churn or {})},
            **market,
        },
        contracts={"involuntary": 0.0, **contracts},
        ledger={"cost_of_revenue": 0},
    )


def test_monthly_customers_leave_on_their_dates_each_time_with_the_same_chance(quiet, once):
    run = once(cohort(quiet, {"kind": "monthly"}, {"mean": 0.1}))
    churned, due_now, customers = run.series("churned"), run.series("renewals_due"), run.series("customers", start=True)
    dates = np.array([4, 9, 13, 17, 22, 26, 30, 35, 39, 43, 48, 52, 56])
    assert np.flatnonzero(due_now).tolist() == (dates - 1).tolist()
    assert np.all(churned[due_now == 0] == 0)
    assert np.array_equal(due_now[dates - 1], customers[dates - 1])
    rate = churned[dates - 1] / due_now[dates - 1]
    assert np.all(np.abs(rate - 0.1) < 4 * np.sqrt(0.09 / due_now[dates - 1])), (
        "a probability per renewal, used as it is"
    )


def test_a_new_customer_first_renews_a_year_after_the_sale(quiet, once):
    run = once(cohort(quiet, {"kind": "annual"}, {"mean": 1.0}, weeks=70, initial_customers=0, external=0.02))
    spells = run.customers.query("end_week >= 0")
    assert len(spells) > 500
    assert np.all(spells["end_week"] - spells["start_week"] == 52)


def test_first_customers_of_a_uniform_start_renew_evenly_over_the_year(quiet, once):
    run = once(cohort(quiet, {"kind": "annual"}, start="uniform", weeks=104))
    due_now = run.series("renewals_due")
    assert due_now[:52].sum() == 5000
    assert np.array_equal(due_now[:52], due_now[52:])
    assert np.sum((due_now[:52] - 5000 / 52) ** 2 / (5000 / 52)) < 105  # chi-square, 51 degrees of freedom, 1e-5


def test_payment_failure_comes_at_the_same_dates_and_on_its_own(quiet, once):
    run = once(cohort(quiet, {"kind": "annual", "involuntary": 0.1}, {"mean": 0.2}, weeks=52))
    lost = run.series("churned").sum()
    p = 1 - 0.8 * 0.9
    assert run.series("churned")[:51].sum() == 0
    assert abs(lost / 5000 - p) < 4 * np.sqrt(p * (1 - p) / 5000)
    failed = run.series("churned_involuntary").sum()
    q = 0.8 * 0.1  # those who wanted to stay
    assert abs(failed / 5000 - q) < 4 * np.sqrt(q * (1 - q) / 5000)
    causes = run.customers["cause"].value_counts()
    assert causes["involuntary"] == failed
    assert causes["voluntary"] == lost - failed


def test_billing_covers_the_weeks_to_the_next_renewal(quiet, once):
    for kind, dates in (("annual", [52]), ("monthly", [4, 9, 13, 17, 22, 26, 30, 35, 39, 43, 48, 52])):
        run = once(cohort(quiet, {"kind": kind}, weeks=53))
        billed = run.series("billed", start=True)
        assert np.flatnonzero(billed[:53]).tolist() == [0, *dates]
        ahead = np.diff([0, *dates, 104 if kind == "annual" else 56])
        assert billed[[0, *dates]] == pytest.approx(5000 * ahead)
        assert run.series("deferred")[51 - 1] == pytest.approx(5000)


def test_selling_into_open_budgets_pays_52_over_the_window(quiet):
    # C8: a seller who knows the window against one who does not
    def firm(window, learning):
        return cohort(
            quiet,
            {"window_weeks": window, "window_learning": learning},
            weeks=20,
            accounts=30_000,
            initial_customers=0,
            external=0.002,
        )

    blind, known, open_ = (
        sum(run.series("new_customers").sum() for run in runs)
        for runs in batch([firm(6, 0.0), firm(6, 1e3), firm(52, 0.0)], replicates=2)
    )
    # the rate of leads is stated so that blind selling brings the market's external rate
    expected = 2 * 30_000 * 0.002 * 20
    assert abs(blind - expected * 0.98) < 5 * np.sqrt(expected)
    assert abs(open_ - expected * 0.98) < 5 * np.sqrt(expected)
    weekly = -np.expm1(-0.002 * 52 / 6)
    matched = 2 * 30_000 * -np.expm1(20 * np.log1p(-weekly))
    assert abs(known - matched) < 5 * np.sqrt(matched)
    assert known / blind > 6


def test_an_always_open_budget_is_no_budget_calendar(quiet, same_bits):
    def firm(**contracts):
        return cohort(quiet, {"window_weeks": 52, **contracts}, weeks=30, initial_customers=2000, external=0.01)

    same_bits(firm(), firm(fiscal_shift_weeks=17), firm(window_learning=5.0))


def test_windows_become_known_at_a_rate(quiet, once):
    run = once(
        cohort(
            quiet,
            {"window_weeks": 1, "window_learning": 0.05},
            weeks=40,
            accounts=50_000,
            initial_customers=0,
            external=0.00002,
        )
    )
    leads, sold = run.series("leads"), run.series("sold")
    t = np.arange(1, 41)
    known = -np.expm1(-0.05 * t)
    # sellers cannot know who never bought yet, so prospects thin out among the known; compare early weeks only
    early = slice(0, 8)
    expected = np.sum(leads[early] * (1 / 52 + (1 - 1 / 52) * known[early]))
    assert abs(sold[early].sum() - expected) < 4 * np.sqrt(expected) + 0.02 * expected


# --- without contracts ------------------------------------------------------------------------------------------------


#: Shape of the Gamma of buying rates: the larger, the more alike buyers are.
ALIKE = 100.0


def shop(quiet, contracts=None, churn=None, weeks=10, segment=None, **more):
    """Buyers who buy 1.5 times a week on average, nearly all alike, unless told otherwise."""
    alike = {"kind": "non-contractual", "purchase_shape": ALIKE, "purchase_scale_weeks": ALIKE / 1.5}
    scenario = cohort(quiet, alike | (contracts or {}), churn, weeks=weeks)
    scenario["segments"]["all"] |= segment or {}
    for block, values in more.items():
        scenario[block] = scenario[block] | {"enabled": True} | values
    return scenario


def test_a_drop_out_coin_is_tossed_after_every_purchase(quiet, once):
    run = once(shop(quiet, churn={"mean": 0.2}, weeks=1))
    gone, bought = run.series("churned")[0], run.series("purchases")[0]
    p = 1 - (1 + 0.2 * 1.5 / ALIKE) ** -ALIKE  # a Poisson number of coins, over the Gamma of its means
    assert abs(gone / 5000 - p) < 4 * np.sqrt(p * (1 - p) / 5000)
    assert abs(gone / bought - 0.2) < 4 * np.sqrt(0.16 / bought), "one coin for every purchase that was made"
    assert run.series("billed")[0] == pytest.approx(bought / 1.5, rel=1e-6)


def test_churn_factors_act_on_the_coin(quiet, once):
    run = once(shop(quiet, churn={"mean": 0.2}, segment={"outside_option": 0.7}, weeks=1))
    coin = 1 - 0.8 ** np.exp(0.7)
    gone, bought = run.series("churned")[0], run.series("purchases")[0]
    assert abs(gone / bought - coin) < 4 * np.sqrt(coin * (1 - coin) / bought)


def test_payments_fail_at_purchases_apart_from_the_coin(quiet, once):
    run = once(shop(quiet, {"involuntary": 0.1}, {"mean": 0.2}, weeks=3))
    bought, gone, failed = (run.series(n).sum() for n in ("purchases", "churned", "churned_involuntary"))
    assert abs(gone / bought - 0.28) < 4 * np.sqrt(0.28 * 0.72 / bought)
    assert abs(failed / gone - 0.08 / 0.28) < 4 * np.sqrt(0.2 / gone)
    assert (run.customers["cause"] == "involuntary").sum() == failed


def test_a_good_relationship_buys_more_often(quiet, once):
    bond = {"start": 0.8, "relationship_reference": 0.5, "depreciation": 0.0}
    for effect in (0.0, 2.0):
        run = once(shop(quiet, {"purchase_effect": effect}, relationship=bond))
        mean = 5000 * 10 * 1.5 * np.exp(effect * 0.3)
        spread = mean * (1 + mean / 5000 / ALIKE)  # Poisson, and buyers who differ
        assert abs(run.series("purchases").sum() - mean) < 4 * np.sqrt(spread)


def test_who_does_not_buy_stays(quiet, once):
    run = once(shop(quiet, {"purchase_shape": 0.01, "purchase_scale_weeks": 5200}, {"mean": 0.9}, weeks=30))
    assert run.series("purchases").sum() < 10
    assert run.series("customers")[-1] >= 4990


def test_purchases_are_off_under_contracts(quiet, same_bits):
    base = {"kind": "monthly", "window_weeks": 20}
    same_bits(
        cohort(quiet, base, {"mean": 0.1}),
        cohort(
            quiet, base | {"purchase_shape": 3.0, "purchase_scale_weeks": 9.0, "purchase_effect": 5.0}, {"mean": 0.1}
        ),
    )


def test_the_books_of_buyers_close(quiet, once):
    run = once(
        shop(
            quiet, {"involuntary": 0.02}, {"mean": 0.05}, weeks=60, measures={"debug": True},
            expansion={"rate": 0.02}, market={"price_rise": 0.1, "win_back": {"rate": 0.05}},
        )
    )  # fmt: skip
    assert np.array_equal(run.series("billed"), run.series("revenue"))
    assert run.customers["revenue"].sum() == pytest.approx(run.series("revenue").sum(), rel=1e-5)
    assert run.series("won_back").sum() > 0


def test_renewals_are_counted_by_number(quiet, once):
    run = once(cohort(quiet, {"kind": "monthly"}, {"mean": 0.1}, weeks=52))
    table = run.renewals
    assert table["week"].tolist() == [4, 9, 13, 17, 22, 26, 30, 35, 39, 43, 48, 52]
    due = run.series("renewals_due")
    assert table["due"].to_numpy() == pytest.approx(due[due > 0])
    assert table["renewed"].to_numpy() == pytest.approx((due - run.series("churned"))[due > 0])
    assert table["survival"].iloc[-1] == pytest.approx(run.series("customers")[-1] / 5000)
    assert once(shop(quiet, weeks=20)).renewals.empty
