"""What is wrong in a Python call is said once, at the entry, with the nearest name."""

import numpy as np
import pandas as pd
import pytest

import flywheel_sim as fs

TINY = {"extends": "b2b-saas", "horizon_weeks": 3}


@pytest.fixture(scope="module")
def run():
    return fs.run(TINY)


def test_numbers_of_a_data_frame_are_numbers(run):
    seeds = pd.DataFrame({"seed": [1]}).loc[0, "seed"]
    assert isinstance(seeds, np.int64)
    again = fs.run(TINY, seed=seeds, workers=np.int64(1))
    assert again.summary == run.summary and type(again.seed) is int
    fs.batch([TINY], replicates=np.int32(1), seed=np.float64(2.0))


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: fs.run(TINY, seed=1.9), "seed: expected a whole number"),
        (lambda: fs.run(TINY, seed=True), "seed: expected a whole number"),
        (lambda: fs.run(TINY, seed=np.bool_(True)), "seed: expected a whole number"),
        (lambda: fs.run(TINY, seed=-1), "seed: expected a whole number"),
        (lambda: fs.run(TINY, seed=2**32), "seed: expected a whole number"),
        (lambda: fs.run(TINY, seed="one"), "seed: expected a whole number"),
        (lambda: fs.run(TINY, seed=None), "seed: expected a whole number"),
        (lambda: fs.run(TINY, seed=float("nan")), "seed: expected a whole number"),
        (lambda: fs.run(TINY, seed=np.array([1, 2])), "seed: expected a whole number"),
        (lambda: fs.run(TINY, replicate=-1), "replicate: expected a whole number"),
        (lambda: fs.run(TINY, workers=-1), "workers: expected a whole number from 1"),
        (lambda: fs.run(TINY, workers=0), "workers: expected a whole number from 1"),
        (lambda: fs.run("b2b-sas"), "did you mean 'b2b-saas'"),
        (lambda: fs.batch([]), "scenarios: expected at least 1"),
        (lambda: fs.batch("b2b-saas"), "scenarios: expected a list of scenarios, got one text"),
        (lambda: fs.batch(TINY), "scenarios: expected a list of scenarios"),
        (lambda: fs.batch([TINY], replicates=0), "replicates: expected a whole number from 1"),
        (lambda: fs.batch([TINY], replicates=2.5), "replicates: expected a whole number"),
        (lambda: fs.batch([TINY], seed="1"), "seed: expected a whole number"),
        (lambda: fs.compare("b2b-saas"), "scenarios: expected a list of scenarios"),
        (lambda: fs.compare([TINY]), "at least two scenarios"),
        (lambda: fs.compare([TINY, TINY], replicates=1), "at least 2 replicates"),
        (lambda: fs.compare([TINY, TINY], replicates="40"), "replicates: expected a whole number"),
        (lambda: fs.load("b2b-saas").with_({"market.acounts": 5}), "did you mean 'market.accounts'"),
        (lambda: fs.load({"extends": "b2b-saas", "market": {"acounts": 5}}), "did you mean 'accounts'"),
    ],
)
def test_wrong_arguments_are_named(call, said):
    with pytest.raises(fs.ScenarioError) as caught:
        call()
    assert said in str(caught.value)


def test_wrong_names_are_answered_with_the_nearest(run):
    with pytest.raises(fs.ScenarioError, match="did you mean 'customers'"):
        run.series("customer")
    with pytest.raises(KeyError, match="did you mean 'npv'"):
        run.summary["nvp"]
    with pytest.raises(AttributeError, match="did you mean 'compare'"):
        fs.comapre  # noqa: B018
    assert "nvp" not in run.summary and run.summary.get("nvp") is None
