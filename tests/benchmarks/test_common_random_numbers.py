"""What pairing is worth: measured on every pair, and nothing where luck is not shared."""

import json

import numpy as np
import pytest
from benchmarks.common_random_numbers import NEAR, STEP, common_luck

from flywheel_sim import batch, load, scenarios
from flywheel_sim.results.intervals import variance_reduction

SMALL = {"market.accounts": 500, "market.initial_customers": 60, "horizon_weeks": 26, "ledger.can_fail": False}
PAIR = ["churn-pay", "nps-pay", "profit-share"]


@pytest.fixture(scope="module")
def found():
    return common_luck(PAIR, near=["market.price", "service.issues"], changes=SMALL, replicates=20, seed=4)


def value(scenario, first=0):
    (runs,) = batch([scenario], replicates=20, seed=4, first=first)
    return np.array([run.summary["npv"] for run in runs])


def test_every_pair_and_every_parameter(found):
    assert set(found.pairs) == {("churn-pay", "nps-pay"), ("churn-pay", "profit-share"), ("nps-pay", "profit-share")}
    assert set(found.near) == {"market.price", "service.issues"}
    told = found.to_dict()
    assert [one["ratio"] for one in told["pairs"]] == sorted(found.pairs.values())
    assert told["ratio"] == found.ratio == sorted(found.pairs.values())[1]
    json.dumps(told, allow_nan=False)


def test_the_ratio_is_that_of_the_runs_in_value(found):
    a, b = (value(load(name).with_(SMALL)) for name in PAIR[:2])
    assert found.pairs["churn-pay", "nps-pay"] == pytest.approx(variance_reduction(b, a), rel=1e-12)
    base = load("b2b-saas").with_(SMALL)
    dear = base.with_({"market.price": base.get("market.price") * (1 + STEP)})
    assert found.near["market.price"] == pytest.approx(variance_reduction(value(dear), value(base)), rel=1e-12)


def test_pairing_is_worth_much_and_other_luck_nothing(found):
    assert found.ratio > 2.5 and found.ratio_near > 15
    base = load("b2b-saas").with_(SMALL)
    unpaired = variance_reduction(value(base.with_({"market.price": 1.1}), first=20), value(base))
    assert unpaired < 3


def test_what_is_measured_by_default_is_there():
    assert sum(entry.kind == "scheme" for entry in scenarios().values()) == 15
    base = load("b2b-saas")
    for path in NEAR:
        base.with_({path: base.get(path) * (1 + STEP)})


def test_too_little_to_compare():
    for given in ({"schemes": ["nps-pay"]}, {"near": []}, {"replicates": 2}):
        with pytest.raises(ValueError, match="the least that can be compared"):
            common_luck(**given)
