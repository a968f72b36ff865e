"""Indices of study files, on made-up engines and on the real one."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import flywheel_sim as fs
from flywheel_sim.cli import flywheel
from flywheel_sim.execute.store import Store
from flywheel_sim.scenario import ScenarioError
from flywheel_sim.study.design.sweep import Sweep, sweep
from flywheel_sim.study.sensitivity.analysis import of_sweep

TINY = {"market.accounts": 300, "market.initial_customers": 200, "horizon_weeks": 8}


def study(kind: str, points: int, **more: object) -> dict[str, object]:
    parameters = {
        "market.price": {"range": [0.8, 1.2]},
        "market.churn.mean": {"range": [0.05, 0.9], "scale": "log"},
        # Inert: a reference of a mechanism that is off, and a whole number that is often the same in A and B.
        "cadence.interval_weeks": {"range": [2, 3]},
    }
    outcomes = ["npv", "customers_end"]
    design = {"kind": kind, "points": points}
    return {
        "scenario": "b2b-saas",
        "set": TINY,
        "parameters": parameters,
        "design": design,
        "outcomes": outcomes,
        **more,
    }


def test_an_inert_parameter_of_a_noisy_model_has_no_effect(tmp_path: Path) -> None:
    """Whole numbers that are equal in A and B make points that are the same: they count all the same."""
    found = fs.sensitivity(study("sobol", 32), tmp_path / "runs")
    assert (found.rows, found.dropped) == ((32, 32), (0, 0))
    assert found.outcomes == ("npv", "customers_end")
    total = found.indices["total"]
    assert total.value[2].tolist() == [0.0, 0.0]
    assert (total.low[2] <= 0).all()
    assert (total.high[2] >= 0).all()
    assert total.value[0, 0] > total.value[2, 0]
    assert found.seed_share is not None
    assert of_sweep(Sweep(Store.open(tmp_path / "runs"))).to_dict() == found.to_dict()


def test_morris_and_the_difference_of_two_scenarios() -> None:
    two = study("morris", 6, scenarios=["siloed-close-rate", "relationship-flywheel"])
    del two["scenario"]
    found = fs.sensitivity(two)
    assert found.outcomes[-2:] == ("npv (difference)", "customers_end (difference)")
    assert found.rows == (6,) * 6
    assert np.isfinite(found.indices["mu_star"].value).all()
    assert found.indices["mu_star"].value[0, 0] > 0


def test_an_outcome_that_needs_a_year_takes_nothing_from_one_that_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Net revenue retention needs more weeks than the run has."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "short.yaml").write_text(yaml_of(study("morris", 4, outcomes=["nrr", "npv"])))
    words = ["sensitivity", "short.yaml", "--figure", "t.png"]
    made = CliRunner().invoke(flywheel, words)
    assert made.exit_code == 0, made.output
    assert made.stdout.startswith("net present value is moved most by voluntary churn")
    assert "net revenue retention: too few rows can say what it is (0 of 4)." in made.stdout
    assert (tmp_path / "t.png").exists()
    asked = CliRunner().invoke(flywheel, ["sensitivity", "short-runs", "--outcome", "nrr", "--figure", "n.png"])
    assert (asked.exit_code, asked.stdout.strip()) == (
        0,
        "net revenue retention: too few rows can say what it is (0 of 4).",
    )
    assert not (tmp_path / "n.png").exists()


def test_designs_that_tell_no_indices_are_refused_before_the_first_run(tmp_path: Path) -> None:
    grid = study("grid", 0, parameters={"market.price": [0.9, 1.1]}, design="grid")
    with pytest.raises(ScenarioError, match="kind sobol or morris, got grid"):
        fs.sensitivity(grid, tmp_path / "x")
    assert not (tmp_path / "x").exists()
    odd = study("morris", 5, design={"kind": "morris", "points": 5, "levels": 5})
    with pytest.raises(ScenarioError, match="even number of levels, got 5"):
        fs.sensitivity(odd)
    made = sweep(grid, tmp_path / "grid")
    with pytest.raises(ScenarioError, match="design of kind grid"):
        of_sweep(made)


def test_the_command_runs_a_study_or_takes_one_that_has_been_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "prices.yaml").write_text(yaml_of(study("sobol", 8)))
    first = CliRunner().invoke(flywheel, ["sensitivity", "prices.yaml", "--json", "--figure", "t.png"])
    assert first.exit_code == 0, first.output
    data = json.loads(first.stdout)["data"]
    assert data["method"] == "sobol"
    assert set(data["outcomes"]) == {"npv", "customers_end"}
    assert (tmp_path / "t.png").stat().st_size > 1000
    again = CliRunner().invoke(flywheel, ["sensitivity", data["folder"], "--json"])
    assert json.loads(again.stdout)["data"] == data
    told = CliRunner().invoke(flywheel, ["sensitivity", data["folder"], "--outcome", "customers_end"])
    assert told.stdout.startswith("customers at the end is moved most by voluntary churn")
    assert "95 %" in told.stdout
    for words, said in (
        (["prices.yaml"], "holds runs already"),
        ([data["folder"], "--seed", "3"], "come too late"),
        ([data["folder"], "--outcome", "nvp"], "did you mean 'npv'"),
        (["nonsense"], "nonsense"),
    ):
        wrong = CliRunner().invoke(flywheel, ["sensitivity", *words])
        assert wrong.exit_code == 2, wrong.output
        assert said in wrong.stderr


def yaml_of(values: dict[str, object]) -> str:
    from flywheel_sim.scenario.writing import to_yaml

    return to_yaml(values)
