"""What is wrong in a Python call is said once, at the entry, with the nearest name."""

import numpy as np
import pandas as pd
import pytest

import flywheel_sim as fs
from flywheel_sim.study.calibration.posterior import Settings
from flywheel_sim.study.comparison.compare import choose

TINY = {"extends": "b2b-saas", "horizon_weeks": 3}
STUDY = {"scenario": "b2b-saas", "set": {"horizon_weeks": 3}, "parameters": {"teams.sales.headcount": [4, 6]}}
SEARCH = {
    "scenario": "b2b-saas",
    "set": {"horizon_weeks": 3},
    "parameters": {"teams.sales.headcount": {"range": [0, 8]}},
    "search": {"objectives": {"npv": "maximise"}, "budget": 40},
}


@pytest.fixture(scope="module")
def run():
    return fs.run(TINY)


def test_numbers_of_a_data_frame_are_numbers(run):
    seeds = pd.DataFrame({"seed": [1]}).loc[0, "seed"]
    assert isinstance(seeds, np.int64)
    again = fs.run(TINY, seed=seeds, workers=np.int64(1))
    assert again.summary == pytest.approx(run.summary, rel=0.0, abs=0.0, nan_ok=True) and type(again.seed) is int
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
        (lambda: fs.calibrate("hubspot", replicates=0), "replicates: expected a whole number from 1"),
        (lambda: fs.calibrate("hubspot", replicates=2.5), "replicates: expected a whole number"),
        (lambda: fs.calibrate("hubspot", seed=True), "seed: expected a whole number"),
        (lambda: fs.calibrate("hubspot", workers=0), "workers: expected a whole number from 1"),
        (lambda: fs.calibrate(5), "expected"),
        (lambda: fs.sweep(STUDY, replicates=True), "replicates: expected a whole number"),
        (lambda: fs.sweep(STUDY, seed=1.9), "seed: expected a whole number"),
        (lambda: fs.sweep(STUDY, workers=-1), "workers: expected a whole number from 1"),
        (lambda: fs.sweep(STUDY, changes=["market.price"]), "changes: expected a mapping"),
        (lambda: fs.sweep(STUDY, changes={"market.prise": 1.0}), "did you mean 'market.price'"),
        (lambda: fs.sweep(5), "expected the path of a study file or a dict"),
        (lambda: fs.sweep("heads-and-tlak"), "did you mean 'heads-and-talk'"),
        (lambda: fs.optimize(SEARCH, replicates=0), "replicates: expected a whole number from 1"),
        (lambda: fs.optimize(SEARCH, seed="1"), "seed: expected a whole number"),
        (lambda: fs.optimize(SEARCH, workers=2.5), "workers: expected a whole number"),
        (lambda: fs.optimize(STUDY), "search"),
        (lambda: choose([TINY, TINY], 1.0, seed=True), "seed: expected a whole number"),
        (lambda: fs.sensitivity(STUDY, seed="1"), "seed: expected a whole number"),
        (lambda: Settings(seed=1.9), "seed: expected a whole number"),
        (lambda: Settings(trials="many"), "trials: expected a whole number"),
        (lambda: fs.claims(seed=1.9), "seed: expected a whole number"),
        (lambda: fs.facts(seed=1.9), "seed: expected a whole number"),
        (lambda: fs.facts(["S9"], draws="ten"), "draws: expected a whole number"),
        (lambda: fs.facts(["S9"], replicates=1), "replicates: expected a whole number from 2"),
        (lambda: fs.responses(seed=1.9), "seed: expected a whole number"),
        (lambda: fs.verify(seed=1.9), "seed: expected a whole number"),
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


@pytest.mark.parametrize("call", [fs.sweep, fs.optimize])
@pytest.mark.parametrize("wrong", [{"workers": 0}, {"on": "procesess"}, {"seed": 1.9}, {"on": 5}])
def test_a_wrong_argument_leaves_no_folder(call, wrong, tmp_path):
    with pytest.raises(ValueError):
        call(SEARCH if call is fs.optimize else STUDY, tmp_path / "runs", **wrong)
    assert not (tmp_path / "runs").exists()
