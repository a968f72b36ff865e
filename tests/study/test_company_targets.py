"""What a company is worth as a business, in companies whose books can be written by hand."""

import numpy as np
import pytest

from flywheel_sim.scenario import load
from flywheel_sim.scenario.blocks.frozen import YEARLY
from flywheel_sim.study.calibration.company_targets import measure_years

#: Customers who leave for no reason but their own, a contract a year, nobody who works, a margin of 80 %.
BOOKS = {
    "horizon_weeks": 520,
    "axes": ["care", "ease"],
    "segments": {"all": {"share": 1.0, "spend": 5200, "need": {"care": 1.0}}},
    "market": {
        "accounts": 4000,
        "initial_customers": 2000,
        "external": 0,
        "win_back": {"rate": 0},
        "churn": {"mean": 0.2, "dispersion": 0, "sensitivity": 0},
    },
    "relationship": {"enabled": False},
    "service": {"enabled": False},
    "word_of_mouth": {"enabled": False},
    "expansion": {"rate": 0},
    "contracts": {"enabled": True, "kind": "annual", "involuntary": 0},
    "ledger": {"discount_rate": 0, "cost_of_revenue": 0.2, "overhead": 0},
}


@pytest.fixture(scope="module")
def business():
    return measure_years(load(BOOKS), YEARLY, replicates=16)


def mean(business, name):
    return float(np.mean(business[name]))


def revenue(kept):
    """What a customer pays in ten years, in years of what it pays: renewals are spread over the year."""
    return sum(kept**year * (1 + kept) / 2 for year in range(10))


def value(kept):
    """What comes in at the renewals, less the cost of delivering, and less the half year that is paid and to come."""
    return sum(kept ** (year + 1) for year in range(10)) - 0.2 * revenue(kept) - 0.5 * kept**10


def test_margin_is_profit_over_revenue(business):
    for year in (1, 5, 10):
        assert mean(business, f"margin_year_{year}") == pytest.approx(0.8)


def test_growth_is_what_stays(business):
    assert mean(business, "growth_year_5") == pytest.approx(-0.2, abs=0.01)


def test_a_customer_is_worth_what_it_pays_less_what_it_costs(business):
    # a contract begins in the first week, so that it is paid for ten times at most
    assert mean(business, "customer_worth_year_10") == pytest.approx(0.8 * sum(0.8**k for k in range(10)), rel=0.05)


def test_a_point_of_retention_is_worth_what_it_keeps(business):
    gain = (value(0.82) - value(0.80)) / 2 / (0.01 * 0.9)
    assert mean(business, "retention_worth_year_10") == pytest.approx(gain, rel=0.05)


def test_cash_that_only_grows_has_its_low_at_the_start(business):
    assert 0 <= mean(business, "cash_low") < 0.1


def test_a_company_that_has_died_has_no_margin_and_no_growth():
    from flywheel_sim import run
    from flywheel_sim.study.calibration.company_targets import read_of_run

    dying = {**BOOKS, "horizon_weeks": 156, "market": {**BOOKS["market"], "accounts": 20, "initial_customers": 1}}
    dying["market"]["churn"] = {"mean": 0.999, "dispersion": 0, "sensitivity": 0}
    gone = run(dying, accounts=False)
    assert gone.series("revenue")[52:].sum() == 0.0
    for name in ("margin_year_3", "growth_year_3"):
        assert np.isnan(read_of_run(name, 156)(gone))
