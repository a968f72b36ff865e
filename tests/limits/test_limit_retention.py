"""A3 and A5: a cohort under annual contracts, its survival and its value."""

import numpy as np
import pytest

from flywheel_sim import theory
from flywheel_sim.execute.run import batch
from flywheel_sim.scenario import load

pytestmark = pytest.mark.statistical

ALPHA, BETA, N = 0.7041, 1.1820, 20_000
YEARS = np.arange(1, 13)


@pytest.fixture(scope="module")
def cohorts():
    """Runs of ten cohorts."""
    return batch(["limits/a03-sbg-regular"], replicates=10, teams=False)[0]


def test_a03_survival_of_every_year_of_one_cohort(cohorts):
    run = cohorts[0]
    survival = theory.sbg(YEARS, ALPHA, BETA)
    observed = run.series("customers", start=True)[52 * YEARS] / N
    assert np.all(np.abs(observed - survival) < 3 * np.sqrt(survival * (1 - survival) / N))


def test_a03_customers_leave_on_anniversaries_only_and_retention_rises(cohorts):
    run = cohorts[0]
    churned, due, customers = (run.series(name) for name in ("churned", "renewals_due", "customers"))
    weeks = np.arange(1, churned.size + 1)
    assert np.all(churned[weeks % 52 != 0] == 0)
    assert np.all(due[weeks % 52 != 0] == 0)
    assert due[51] == N, "the first renewal is at the end of week 52"
    retention = 1 - churned[51::52] / due[51::52]
    assert np.allclose(retention[:6], theory.sbg_retention(np.arange(1, 7), ALPHA, BETA), atol=0.015)
    assert np.all(np.diff(retention[:4]) > 0)
    assert np.array_equal(customers[51::52], due[51::52] - churned[51::52])


def value_per_customer(changes, replicates):
    runs = batch([load("limits/a03-sbg-regular").with_(changes)], replicates=replicates, teams=False)[0]
    return np.array([run.series("value")[-1] for run in runs]) / N


def paid(survival, discount=0.10):
    """Mean and standard deviation of one customer's discounted payments, the first at t = 0."""
    factor = (1 + discount) ** -np.arange(survival.size)
    total = np.cumsum(factor)
    leave = np.append(-np.diff(survival), survival[-1])
    mean = leave @ total
    return mean, np.sqrt(leave @ (total - mean) ** 2)


def test_a03_value_per_customer_is_the_discounted_expected_lifetime():
    years = 50
    value = value_per_customer({"horizon_weeks": 52 * years}, 2)
    mean, sd = paid(theory.sbg(np.arange(years + 1), ALPHA, BETA))
    assert abs(float(theory.sbg_del(ALPHA, BETA, 0.10)) - 3.6948) < 5e-5
    tail = float(theory.sbg_del(ALPHA, BETA, 0.10)) - mean
    assert 0 < tail < 0.01
    assert abs(value.mean() - mean) < 3 * sd / np.sqrt(2 * N)
    assert abs(value.mean() + tail - 3.6951) < 3 * sd / np.sqrt(2 * N) + 0.0005
    assert value.mean() > 1.3 * 1.1 / (1.1 - 0.631), "constant retention undervalues the cohort by a third"


def test_a03_books_balance_in_a_world_without_costs(cohorts):
    run = cohorts[0]
    billed, revenue, cash, deferred = (
        run.series(name, start=True) for name in ("billed", "revenue", "cash", "deferred")
    )
    assert np.allclose(np.cumsum(billed), cash)
    assert np.allclose(np.cumsum(billed - revenue), deferred)
    assert np.all(run.series("total_cost") == 0)
    # paid in advance, a year each: what is deferred after k weeks of the year is (52 - k)/52 of it
    assert deferred[0] == pytest.approx(N, rel=1e-6)
    assert deferred[26] == pytest.approx(N / 2, rel=1e-6)
    assert deferred[51] == pytest.approx(N / 52, rel=1e-5)
