"""A1 and A2: without churn, on a graph, with one voice for all, the market is Bass's.

Rule: means within 3 standard errors of the exact weekly law, replicates with fixed seeds.
"""

import numpy as np
import pytest

from flywheel_sim import theory
from flywheel_sim.execute.run import batch
from flywheel_sim.scenario import load

pytestmark = pytest.mark.statistical

P, Q = 0.03 / 52, 0.38 / 52
YEARS = np.array([1, 2, 5, 10, 15])
WEEKS = 52 * YEARS


def adopted(scenario, replicates, seed=1):
    """Share of accounts that are customers, by replicate and year."""
    scenario = load(scenario)
    runs = batch([scenario], replicates=replicates, seed=seed, teams=False)[0]
    shares = np.array([run.series("customers", start=True) for run in runs]) / scenario.model.market.accounts
    assert np.all(shares[:, 0] == 0)
    assert np.all(np.diff(shares, axis=1) >= 0), "nobody leaves"
    return shares


def test_a01_mean_and_standard_deviation_of_500_accounts():
    x = adopted("limits/a01-bass", 400)[:, WEEKS]
    exact = theory.bass_pure_birth(WEEKS, P, Q, 500, step=1.0)
    assert np.all(np.abs(x.mean(0) - exact.mean) < 3 * exact.sd / np.sqrt(len(x)))
    assert np.all(np.abs(x.std(0, ddof=1) / exact.sd - 1) < 3.5 / np.sqrt(2 * len(x)))
    # and the continuous-time values of the literature, to which a week adds less than .002
    printed = np.array([0.0358, 0.0850, 0.3302, 0.8102, 0.9710])
    assert np.all(np.abs(x.mean(0) - printed) < 3 * exact.sd / np.sqrt(len(x)) + 0.002)


def test_a01_weekly_row_in_a_large_market():
    n = 100_000
    x = adopted(load("limits/a01-bass").with_({"market.accounts": n}), 1)[0, WEEKS]
    row = np.array([0.03561, 0.08466, 0.32955, 0.81132, 0.97133])
    assert np.allclose(theory.bass(WEEKS, P, Q, step=1.0), row, atol=6e-6)
    sd = theory.bass_pure_birth(WEEKS, P, Q, 500, step=1.0).sd * np.sqrt(500 / n)
    assert np.all(np.abs(x - row) < 3 * sd)


def test_a01_a_prospect_hears_every_other_account_not_itself():
    # two accounts, one a customer: the other joins at q, not at q/2
    two = load("limits/a01-bass").with_(
        {
            "market.accounts": 2,
            "market.initial_customers": 1,
            "market.external": 0.0,
            "word_of_mouth.rate": 1.0,
            "horizon_weeks": 1,
        }
    )
    joined = np.array([run.series("customers")[0] - 1 for run in batch([two], replicates=1500, teams=False)[0]])
    p = 1 - np.exp(-1.0)
    assert abs(joined.mean() - p) < 4 * np.sqrt(p * (1 - p) / joined.size)


@pytest.mark.parametrize(("name", "law"), [("ring", theory.bass_ring), ("pair", theory.bass_pair)])
def test_a02_sparse_networks(name, law):
    x = adopted(f"limits/a02-{name}", 60)[:, WEEKS]
    error = x.std(0, ddof=1) / np.sqrt(len(x))
    assert np.all(np.abs(x.mean(0) - law(WEEKS, P, Q, step=1.0)) < 3 * error)


def test_a02_every_network_lies_between_pairs_and_random_mixing():
    base = load("limits/a01-bass").with_({"market.accounts": 2000, "horizon_weeks": 520})
    networks = ("pairs", "ring", "watts-strogatz", "barabasi-albert", "configuration", "blocks", "complete")
    runs = batch([base.with_({"market.network": {"kind": kind, "degree": 4}}) for kind in networks], replicates=6)
    means = {
        kind: np.mean([run.series("customers")[[103, 259, 519]] for run in group], axis=0) / 2000
        for kind, group in zip(networks, runs, strict=True)
    }
    at = np.array([104, 260, 520])
    low, high = theory.bass_network_bounds(at, P, Q, step=1.0)
    slack = 4 * theory.bass_pure_birth(at, P, Q, 500, step=1.0).sd / 2 / np.sqrt(6)
    for kind, mean in means.items():
        assert np.all(mean > low - slack), kind
        assert np.all(mean < high + slack), kind
    assert means["pairs"][2] < means["ring"][2] < means["watts-strogatz"][2] < means["complete"][2]
