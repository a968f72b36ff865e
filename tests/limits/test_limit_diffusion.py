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
