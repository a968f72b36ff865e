"""sweep, resume and status as a person meets them."""

import json
import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import failing_workers
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result

import flywheel_sim as fs
from flywheel_sim.cli import flywheel
from flywheel_sim.execute import drive
from flywheel_sim.execute.store import Store

STUDY = """
version: 1
title: Heads
scenario: b2b-saas
set: {horizon_weeks: 6, market.accounts: 200, market.initial_customers: 20}
parameters:
  teams.sales.headcount: [4, 6, 8]
  ledger.overhead: [0.0]
outcomes: [npv, customers.end]
series: [customers]
replicates: 4
seed: 5
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a study, and workers that make their numbers up."""
    (tmp_path / "heads.yaml").write_text(STUDY)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        drive.run_design, "__kwdefaults__", drive.run_design.__kwdefaults__ | {"work": failing_workers.made_up}
    )
    return tmp_path


def call(*words: str) -> Result:
    return CliRunner().invoke(flywheel, list(words))


def told(result: Result) -> dict:
    assert result.exit_code == 0, result.output
    whole = json.loads(result.stdout)
    assert whole["status"] == "ok"
    return whole


def test_a_sweep_answers_in_json(folder):
    whole = told(call("sweep", "heads.yaml", "--json"))
    assert whole["schema"] == "flywheel.sweep/1"
    data = whole["data"]
    assert (data["runs"], data["done"], data["failed"], data["points"]) == (12, 12, 0, 3)
    assert data["folder"] == "heads-runs" and data["outcomes"]["npv"]["n"] == 12
    assert whole["manifest"]["seeds"] == {"seed": 5}
    assert whole["manifest"]["hashes"]["runs"] == data["hash"] == Store.open("heads-runs").hash()


def test_talk_goes_to_stderr_and_the_result_to_stdout(folder):
    result = call("sweep", "heads.yaml", "--out", "here", "--replicates", "2")
    assert result.exit_code == 0
    assert "Heads: 6 of 6 runs, 3 points, 0 failed" in result.stdout and "the runs are in here" in result.stdout
    assert "runs go to here" in result.stderr
    assert call("sweep", "heads.yaml", "--out", "again", "--quiet").stderr == ""


def test_a_sweep_that_can_say_what_matters_names_the_command_that_says_it(folder):
    """So that who has gone on with a sensitivity finds its answer: ``resume`` knows a sweep alone."""
    (folder / "screen.yaml").write_text(
        STUDY.replace("[4, 6, 8]", "{range: [4, 8]}").replace("[0.0]", "{range: [0, 10]}")
        + "design: {kind: morris, points: 4}\n"
    )
    assert call("sweep", "screen.yaml").exit_code == 0
    resumed = call("resume", "screen-runs").stdout
    assert resumed.endswith("what matters most: flywheel sensitivity screen-runs\n")
    assert call("sensitivity", "screen-runs").exit_code == 0
    assert "sensitivity" not in call("sweep", "heads.yaml").stdout


def test_options_replace_what_the_study_says(folder):
    told(call("sweep", "heads.yaml", "--seed", "9", "--replicates", "1", "--set", "horizon_weeks=4", "--json"))
    store = Store.open("heads-runs")
    assert store.experiment.seed == 9 and store.standing().total == 3
    assert store.experiment.scenarios["b2b-saas"].horizon_weeks == 4


def test_a_check_runs_nothing(folder):
    result = call("sweep", "heads.yaml", "--check")
    assert result.exit_code == 0 and result.stdout == "heads.yaml: ok, 3 points x 4 replicates = 12 runs\n"
    assert not (folder / "heads-runs").exists()


def test_mistakes_are_told_before_the_first_run(folder):
    (folder / "bad.yaml").write_text(STUDY.replace("sales", "sale"))
    result = call("sweep", "bad.yaml")
    assert result.exit_code == 2 and result.stdout == ""
    assert result.stderr == (
        "bad.yaml:7:3: parameters.teams.sale.headcount: unknown name 'sale'; did you mean 'teams.sales.headcount'?\n"
        "try: flywheel sweep bad.yaml, once it is fixed\n"
    )
    assert not (folder / "bad-runs").exists()
    result = call("sweep", "bad.yaml", "--json")
    assert json.loads(result.stdout)["errors"][0]["line"] == 7


def test_a_folder_that_is_taken_is_left_alone(folder):
    call("sweep", "heads.yaml")
    result = call("sweep", "heads.yaml")
    assert result.exit_code == 2 and "go on with them: flywheel resume heads-runs" in result.stderr
    (folder / "full").mkdir()
    (folder / "full" / "letter").touch()
    assert "already there" in call("sweep", "heads.yaml", "--out", "full").stderr
    assert call("resume", "full").exit_code == call("status", "none").exit_code == 2
    assert call("sweep", "heads.yaml", "--out", "new", "--on", "procesess").exit_code == 2


def test_a_failed_run_is_exit_1_and_a_row(folder):
    (folder / "bad.yaml").write_text(STUDY.replace("[0.0]", "[0.0, 1.0]"))
    result = call("sweep", "bad.yaml")
    assert result.exit_code == 1
    assert "24 of 24 runs, 6 points, 12 failed" in result.stdout and "12 x ValueError: made to fail" in result.stdout
    result = call("sweep", "bad.yaml", "--on-error", "stop", "--json", "--out", "stopped")
    whole = json.loads(result.stdout)
    assert result.exit_code == 1 and whole["status"] == "failed"
    assert whole["data"]["stopped"] == "a run failed: ValueError: made to fail"
    again = call("resume", "stopped")
    assert again.exit_code == 1 and "24 of 24 runs" in again.stdout


def test_failed_runs_are_made_again_when_asked_for(folder, monkeypatch):
    (folder / "bad.yaml").write_text(STUDY.replace("[0.0]", "[0.0, 1.0]"))
    assert "make them again with: flywheel resume bad-runs --retry-failed" in call("sweep", "bad.yaml").stdout
    assert "flywheel resume bad-runs --retry-failed" in call("status", "bad-runs").stdout

    def mended(chunk):
        jobs = (job._replace(changes=tuple(one for one in job.changes if one[1] != 1.0)) for job in chunk.jobs)
        return failing_workers.made_up(replace(chunk, jobs=tuple(jobs)))

    monkeypatch.setitem(drive.run_design.__kwdefaults__, "work", mended)
    kept = call("resume", "bad-runs")
    assert kept.exit_code == 1 and "12 failed" in kept.stdout, "they count as finished"
    data = told(call("resume", "bad-runs", "--retry-failed", "--json"))["data"]
    assert (data["done"], data["failed"], data["errors"]) == (24, 0, {})
    whole = told(call("sweep", "bad.yaml", "--out", "whole", "--json"))["data"]
    assert whole["hash"] == data["hash"]


def test_status_and_resume(folder):
    call("sweep", "heads.yaml")
    data = told(call("status", "heads-runs", "--json"))["data"]
    assert (data["runs"], data["done"], data["broken"], data["writer"], data["same_code"]) == (12, 12, [], "", True)
    before = Store.open("heads-runs").hash()
    path = sorted((folder / "heads-runs" / "runs").iterdir())[-1]
    path.write_bytes(path.read_bytes()[:-1])
    status = call("status", "heads-runs").stdout
    assert "0 of 12 runs done" in status and path.name in status
    assert "nobody is at work on it; go on with: flywheel resume heads-runs" in status
    with Store.open("heads-runs", write=True):
        assert "is at work on it" in call("status", "heads-runs").stdout
        refused = call("resume", "heads-runs")
        assert refused.exit_code == 2 and "is at work on 'heads-runs'" in refused.stderr
    whole = told(call("resume", "heads-runs", "--json"))
    assert whole["schema"] == "flywheel.resume/1" and whole["data"]["hash"] == before


def test_interrupted_is_130_with_the_command_to_go_on(folder, monkeypatch):
    chunks = []

    def work(chunk):
        chunks.append(chunk)
        if len(chunks) == 2:  # how many runs a chunk has depends on the clock, that there is a second one does not
            os.kill(os.getpid(), signal.SIGINT)
        return failing_workers.made_up(chunk)

    monkeypatch.setitem(drive.run_design.__kwdefaults__, "work", work)
    result = call("sweep", "heads.yaml", "--workers", "1", "--replicates", "500")
    assert result.exit_code == 130
    assert "runs are kept; go on with: flywheel resume heads-runs\n" in result.stderr
    assert 0 < Store.open("heads-runs").standing().done < 1500
    monkeypatch.setitem(drive.run_design.__kwdefaults__, "work", failing_workers.made_up)
    assert told(call("resume", "heads-runs", "--json"))["data"]["done"] == 1500


def test_an_outcome_that_is_infinite_is_told_without_a_word_of_numpy():
    small = {"market.accounts": 60, "market.initial_customers": 10, "horizon_weeks": 2}
    study = {"scenario": "b2b-two-teams", "set": small, "parameters": {"market.price": [1.0, 1.1]}}
    found = fs.sweep({**study, "outcomes": ["cac_payback_months", "npv"]})
    assert np.isinf(found.table["cac_payback_months"]).all()
    told = found.to_dict()["outcomes"]
    assert told["cac_payback_months"] == {"n": 2, **dict.fromkeys(("mean", "sd", "least", "median", "greatest"))}
    assert told["npv"]["sd"] > 0


def test_from_python_a_mapping_needs_no_folder(folder):
    found = fs.sweep({"scenario": "b2b-saas", "parameters": {"teams.sales.headcount": [4, 6]}, "replicates": 2})
    assert len(found.table) == 4 and found.standing.left == 0 and "4 of 4 runs" in repr(found)
    assert json.loads(json.dumps(found.to_dict(), allow_nan=False))["points"] == 2
    kept = Path(found.store.folder)
    del found
    assert not kept.exists()


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal")
def test_real_ctrl_c_and_resume(tmp_path):
    """The true engine in a process of its own, interrupted when the first rows are there, equals one that was not."""
    (tmp_path / "heads.yaml").write_text(STUDY.replace("replicates: 4", "replicates: 3000"))
    line = [sys.executable, "-m", "flywheel_sim.cli"]
    env = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path), "NO_COLOR": "1"}
    run = subprocess.Popen([*line, "sweep", "heads.yaml"], cwd=tmp_path, env=env, stderr=subprocess.PIPE, text=True)
    ended = threading.Event()
    while run.poll() is None and len(list((tmp_path / "heads-runs" / "runs").glob("part-*"))) < 2:
        ended.wait(0.005)
    run.send_signal(signal.SIGINT)
    said = run.communicate()[1]
    assert run.returncode == 130, said
    assert "of 9000 runs are kept; go on with: flywheel resume heads-runs" in said
    assert 0 < Store.open(tmp_path / "heads-runs").standing().done < 9000
    again = subprocess.run(
        [*line, "resume", "heads-runs", "--json"], cwd=tmp_path, env=env, capture_output=True, text=True
    )
    assert again.returncode == 0, again.stderr
    runs = pd.read_parquet(tmp_path / "heads-runs" / "runs")
    assert sorted(runs["run"]) == list(range(9000)) and runs["error"].isna().all()
    pairs = runs.merge(pd.read_parquet(tmp_path / "heads-runs" / "design.parquet"), on="run")
    one = pairs[(pairs["replicate"] == 2999) & (pairs["teams.sales.headcount"] == 8)]["npv"].item()
    small = {"horizon_weeks": 6, "market.accounts": 200, "market.initial_customers": 20}
    scenario = fs.load("b2b-saas").with_({**small, "teams.sales.headcount": 8, "ledger.overhead": 0.0})
    assert one == fs.run(scenario, seed=5, replicate=2999).summary["npv"]
