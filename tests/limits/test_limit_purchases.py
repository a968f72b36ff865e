"""A4: purchases of a cohort without contracts (BG/NBD)."""

import numpy as np
import pytest

from flywheel_sim import theory
from flywheel_sim.execute.run import batch
from flywheel_sim.scenario import load

pytestmark = pytest.mark.statistical

CDNOW = theory.BGNBD_CDNOW._asdict()
N, REPLICATES = 20_000, 10


@pytest.fixture(scope="module")
def cohorts():
    return batch(["limits/a04-bgnbd"], replicates=REPLICATES, teams=False, accounts=True)[0]


def test_a04_share_that_has_not_bought():
    runs = batch([load("limits/a04-bgnbd").with_({"horizon_weeks": 39})], replicates=5, teams=False, accounts=True)[0]
    never = np.mean([np.mean(run.customers["revenue"] == 0) for run in runs])
    exact = float(theory.bgnbd_no_purchase_probability(39, CDNOW["r"], CDNOW["alpha"]))
    assert round(exact, 5) == 0.57431
    assert abs(never - exact) < 3.5 * np.sqrt(exact * (1 - exact) / (5 * N))
    # and of those who bought exactly once or twice; the value of a purchase is spend x alpha / r
    value = CDNOW["alpha"] / CDNOW["r"]
    counts = np.concatenate([np.rint(run.customers["revenue"] / value) for run in runs])
    for x in (1, 2, 3, 6):
        p = float(theory.bgnbd_purchase_probability(x, 39, **CDNOW))
        assert abs(np.mean(counts == x) - p) < 3.5 * np.sqrt(p / counts.size), x


def test_a04_nobody_leaves_without_having_bought(cohorts):
    customers = cohorts[0].customers
    gone = customers["state"] == "former"
    assert gone.sum() > 1000
    assert np.all(customers.loc[gone, "revenue"] > 0)
    assert np.all(customers.loc[gone, "cause"] == "voluntary")
    assert cohorts[0].series("churned").sum() == gone.sum()


def test_a04_purchases_are_earned_and_billed_at_once(cohorts):
    run = cohorts[0]
    value = CDNOW["alpha"] / CDNOW["r"]
    assert np.allclose(run.series("revenue"), value * run.series("purchases"), rtol=1e-6)
    assert np.array_equal(run.series("billed"), run.series("revenue"))
    assert np.all(run.series("deferred", start=True) == 0)
    assert run.initial["billed"] == 0, "no purchase at t = 0"
    assert np.all(run.series("renewals_due") == 0) and run.renewals.empty


def test_a04_buyers_who_stay_buy_at_the_mean_rate():
    """Without a drop-out coin and nearly alike, purchases are Poisson, and revenue is the segment's spend."""
    alike = {"market.churn.mean": 0.0, "market.churn.dispersion": 0.0, "contracts.purchase_shape": 100,
             "contracts.purchase_scale_weeks": 100 / 0.8}  # fmt: skip
    run = batch([load("limits/a04-bgnbd").with_(alike)], replicates=1, teams=False)[0][0]
    weekly = run.series("purchases")
    # a Gamma of shape 100 spreads the mean over customers by a tenth
    assert abs(weekly.sum() - 0.8 * 52 * N) < 4 * np.sqrt((0.8 * 52 + (0.08 * 52) ** 2) * N)
    assert abs(weekly.var() / (0.8 * N) - 1) < 0.7
    assert abs(run.series("revenue").sum() / (52 * N) - 1) < 0.01
