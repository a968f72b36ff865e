"""One name opens whatever lies in a folder, and one goes on with it."""

from pathlib import Path

import pytest

import flywheel_sim as fs
from flywheel_sim.results import ResultError
from flywheel_sim.results.search import Optimum
from flywheel_sim.study.comparison.compare import Comparison

TINY = {"market.accounts": 300, "market.initial_customers": 30, "horizon_weeks": 8}
SMALL = {"extends": "b2b-saas", "market": {"accounts": 300, "initial_customers": 30}, "horizon_weeks": 8}
STUDY = {"scenario": "b2b-saas", "set": TINY, "parameters": {"teams.sales.headcount": [4, 8]}}


def test_a_run_a_comparison_and_a_sweep_come_back_as_what_they_were(tmp_path: Path) -> None:
    run = fs.run(SMALL)
    back = fs.open(run.save(tmp_path / "run"))
    assert isinstance(back, fs.Run) and back.series("customers").tolist() == run.series("customers").tolist()
    made = fs.compare([SMALL, {**SMALL, "cadence": {"enabled": True}}], replicates=2)
    found = fs.open(made.save(tmp_path / "both"))
    assert isinstance(found, Comparison) and found.verdict.sentence == made.verdict.sentence
    sweep = fs.sweep(STUDY, tmp_path / "runs")
    assert fs.open(tmp_path / "runs").table.equals(sweep.table)


def test_a_comparison_goes_on_with_what_it_left(tmp_path: Path) -> None:
    made = fs.compare([SMALL, {**SMALL, "cadence": {"enabled": True}}], replicates=2)
    made.save(tmp_path / "both", left=["groups"])
    assert made.groups is None
    assert fs.resume(tmp_path / "both").groups is not None
    again = fs.open(tmp_path / "both")
    assert again.groups is not None


def test_a_search_is_answered_without_another_run(tmp_path: Path) -> None:
    search = {"objectives": {"customers.end": "maximise"}, "budget": 40, "fresh": 4, "shortlist": 2}
    heads = {"teams.sales.headcount": {"range": [0, 8]}}
    made = fs.optimize({"scenario": "b2b-saas", "set": TINY, "parameters": heads, "search": search}, tmp_path / "s")
    before = fs.open(tmp_path / "s").standing
    found = fs.resume(tmp_path / "s")
    assert isinstance(found, Optimum) and found.changes == made.changes
    assert fs.open(tmp_path / "s").standing == before


def test_what_is_no_result_is_said_to_be_none(tmp_path: Path) -> None:
    for act in (fs.open, fs.resume):
        with pytest.raises(ResultError, match="there is no saved result at"):
            act(tmp_path / "nothing")
