"""A23 and Little's law: constant inflow, static experience, word of mouth without end."""

import numpy as np
import pytest

from flywheel_sim import theory
from flywheel_sim.execute.run import batch
from flywheel_sim.scenario import load

pytestmark = pytest.mark.statistical

RATES = theory.VoiceRates(hC=0.0026, hA=0.0010, hD=0.0070, CA=0.012, CD=0.005, AC=0.015, DC=0.03, w_A=0.004)


def test_a23_weeks_in_every_voice():
    n = 20_000
    scenario = load("limits/a23-reproduction").with_(
        {"market.accounts": n, "market.initial_customers": n, "word_of_mouth.enabled": False, "horizon_weeks": 4000}
    )
    runs = batch([scenario], replicates=2, teams=False)[0]
    weeks = np.zeros(3)
    for run in runs:
        all_, good, bad = (run.series(name, start=True) for name in ("customers", "advocates", "detractors"))
        weeks += np.array([np.sum(all_ - good - bad), good.sum(), bad.sum()]) / n / len(runs)
        assert all_[-1] < 0.002 * n, "the cohort must have left"
    exact = theory.voice_weeks(RATES, step=1)
    # sd of one customer's weeks in a state is about its mean and a half
    assert np.all(np.abs(weeks - exact) < 3 * 1.6 * exact / np.sqrt(2 * n)), (weeks, exact)


@pytest.fixture(scope="module")
def families():
    """Runs in which nobody comes but by word of mouth."""
    return batch(["limits/a23-reproduction"], replicates=12, teams=False)[0]


def test_a23_reproduction_number_is_referrals_per_customer(families):
    assert all(np.array_equal(run.series("new_customers"), run.series("referred_new")) for run in families)
    born = np.array([run.series("new_customers").sum() for run in families])
    alive = np.array([run.series("customers")[-1] for run in families])
    exact = float(theory.flywheel_reproduction(RATES, step=1))
    # whoever is left at the horizon would have had families of 1/(1 - R_f)
    whole = born + alive * (float(theory.referral_total(exact)) - 1)
    R = whole / (500 + whole)
    error = R.std(ddof=1) / np.sqrt(len(R))
    assert error < 0.012
    assert abs(R.mean() - exact) < 3 * error


def test_a23_every_advocate_brings_w_customers_a_week(families):
    born = sum(run.series("new_customers").sum() for run in families)
    spoken = sum(run.series("advocates", start=True)[:-1].sum() for run in families)
    assert abs(born / spoken / 0.004 - 1) < 3 / np.sqrt(born)


def test_a23_measured_reproduction_number():
    # the life table sees a censored window of a growing company and must still find R_f
    scenario = load("limits/a23-reproduction").with_(
        {"market.accounts": 60_000, "market.initial_customers": 5000, "horizon_weeks": 520}
    )
    found = np.array([run.summary["flywheel_r"] for run in batch([scenario], replicates=4, teams=False)[0]])
    assert abs(found.mean() - float(theory.flywheel_reproduction(RATES, step=1))) < 0.05


def test_little_customers_are_inflow_times_lifetime():
    n, inflow, churn = 50_000, 5.0, 0.02
    scenario = load("limits/a23-reproduction").with_(
        {
            "market.accounts": n,
            "market.initial_customers": 0,
            "market.external": inflow / n,
            "market.churn.neutral": churn,
            "market.churn.advocate": churn,
            "market.churn.detractor": churn,
            "word_of_mouth.enabled": False,
            "horizon_weeks": 500,
        }
    )
    runs = batch([scenario], replicates=4, teams=False)[0]
    customers = np.mean([run.series("customers")[250:].mean() for run in runs])
    # newcomers of a week are counted at its end: mean stay 1/(1 - exp(-churn)) weeks
    assert customers == pytest.approx(float(theory.little(inflow, 1 / -np.expm1(-churn))), rel=0.04)
    assert np.mean([run.series("new_customers").mean() for run in runs]) == pytest.approx(inflow, rel=0.04)
