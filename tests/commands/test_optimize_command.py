"""optimize as a person meets it."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import known_optima
import pytest
from click.testing import CliRunner, Result

import flywheel_sim as fs
from flywheel_sim.cli import flywheel
from flywheel_sim.execute import drive

pytest.importorskip("cma")
pytest.importorskip("pymoo")

STUDY = """
version: 1
title: Heads
scenario: b2b-saas
parameters:
  teams.sales.headcount: {range: [2, 30], whole: true}
search:
  objectives: {npv: maximise}
  budget: 150
  fresh: 5
  uncertainty: {ledger.overhead: {range: [0, 100]}}
  draws: 30
outcomes: [npv]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a study, and workers that make their numbers up."""
    (tmp_path / "heads.yaml").write_text(STUDY)
    monkeypatch.chdir(tmp_path)
    work = {"work": known_optima.staff}
    monkeypatch.setattr(drive.run_design, "__kwdefaults__", drive.run_design.__kwdefaults__ | work)
    return tmp_path


def call(*words: str) -> Result:
    return CliRunner().invoke(flywheel, list(words))


def test_it_answers_in_json_and_leaves_a_scenario_and_a_picture(folder):
    done = call("optimize", "heads.yaml", "--json", "--figure", "way.png", "--best", "best.yaml")
    assert done.exit_code == 0, done.output
    whole = json.loads(done.stdout)
    assert whole["schema"] == "flywheel.optimize/1" and whole["manifest"]["seeds"] == {"seed": 1}
    data = whole["data"]
    assert data["changes"] == {"teams.sales.headcount": 7} and data["found"]
    assert data["robustness"]["box"]["limits"].keys() == {"ledger.overhead"}
    assert (folder / "way.png").stat().st_size > 5000
    assert fs.load("best.yaml").get("teams.sales.headcount") == 7
    resumed = call("resume", "heads-search", "--json")
    assert json.loads(resumed.stdout)["data"] == data
    hint = "flywheel optimize heads-search --best heads-search-best.yaml"
    assert f"as a scenario: {hint}\n" in resumed.stderr
    assert call(*hint.split()[1:]).exit_code == 0
    assert fs.load("heads-search-best.yaml").get("teams.sales.headcount") == 7
    assert json.loads(call("optimize", "heads-search", "--json").stdout)["data"] == data


def test_people_are_told_the_answer_and_where_it_fails(folder):
    done = call("optimize", "heads.yaml")
    assert done.exit_code == 0, done.output
    told = " ".join(done.stdout.split())
    assert "Best: People in the team (sales) = 7" in told and "where fixed cost is at least 7" in told
    assert "mean regret" in told and "the runs are in heads-search" in told


def test_every_run_may_be_of_a_world(folder):
    import numpy as np

    from flywheel_sim.results.worlds import Worlds

    overhead = np.random.default_rng(1).permutation(np.linspace(0.0, 100.0, 60))
    Worlds.of_values("b2b-saas", {"ledger.overhead": overhead}).save("draws.json")
    text = STUDY.replace("  uncertainty: {ledger.overhead: {range: [0, 100]}}\n", "").replace("fresh: 5", "fresh: 30")
    (folder / "alone.yaml").write_text(text.replace("budget: 150", "budget: 600") + "replicates: 15\n")
    words = ("--worlds", "30", "--worlds-from", "draws.json", "--json")
    done = call("optimize", "alone.yaml", *words)
    data = json.loads(done.stdout)["data"]
    assert done.exit_code == 1 and not data["found"], "a third of the draws harm whoever moves away from 8 heads"
    assert data["robustness"]["draws"] == 30 and "of world k of 30 worlds of b2b-saas" in data["notes"][0]
    (folder / "won.yaml").write_text(text.replace("budget: 150", "budget: 600\n  won: [npv]") + "replicates: 15\n")
    done = call("optimize", "won.yaml", *words[:-1])
    assert done.exit_code in (0, 1), done.output
    assert "share of runs with better net present value" in done.stdout and " 50 %" in done.stdout, (
        "as it stands it ties with itself"
    )
    assert done.exit_code == 1 or re.search(
        r"better net present value in \d+ % of runs \(\d+ % to \d+ %\); on average", done.stdout
    )
    for more, said in (
        (("alone.yaml", "--set", "ledger.overhead=1", "--out", "b"), "is drawn from"),
        (("heads.yaml", "--out", "b"), "expected uncertainty: or worlds:"),
        (("alone-search",), "come too late"),
    ):
        done = call("optimize", *more, "--worlds", "30", "--worlds-from", "draws.json")
        assert done.exit_code == 2 and said in done.stderr, done.stderr


def test_check_counts_and_runs_nothing(folder):
    done = call("optimize", "heads.yaml", "--check")
    assert done.exit_code == 0 and "150 of the search" in done.stdout
    assert not (folder / "heads-search").exists()


def test_several_objectives_draw_their_front(folder):
    text = STUDY.replace("{npv: maximise}", "{npv: maximise, customers_end: minimise}").replace("150", "400")
    (folder / "two.yaml").write_text(text.replace("outcomes: [npv]", "outcomes: [npv, customers_end]"))
    done = call("optimize", "two.yaml", "--figure", "front.png")
    # customers_end is not made up, so that no run is whole and nothing is better
    assert done.exit_code == 1, done.output
    assert (folder / "front.png").exists()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("npv: maximise", "nvp: maximise", "did you mean 'npv'"),
        ("teams.sales", "teams.sale", "did you mean 'teams.sales.headcount'"),
        ("budget: 150", "budgt: 150", "did you mean 'budget'"),
        ("budget: 150", "budget: 3", "the first generation alone"),
    ],
)
def test_mistakes_have_a_place_and_exit_2(folder, old, new, said):
    (folder / "heads.yaml").write_text(STUDY.replace(old, new))
    done = call("optimize", "heads.yaml")
    assert done.exit_code == 2 and said in done.stderr and "heads.yaml:" in done.stderr


def test_a_folder_in_use_is_not_overwritten(folder):
    assert call("optimize", "heads.yaml").exit_code == 0
    done = call("optimize", "heads.yaml")
    assert done.exit_code == 2 and "flywheel resume heads-search" in done.stderr


def test_ctrl_c_says_how_to_go_on_and_going_on_comes_to_the_same(folder):
    script = folder / "slow.py"
    script.write_text(
        "import signal, sys; sys.path[:0] = [sys.argv[1]]\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs are deaf to it\n"
        "import known_optima\n"
        "from flywheel_sim.execute import drive\n"
        "drive.run_design.__kwdefaults__['work'] = known_optima.staff\n"
        "from flywheel_sim.commands.command_output import guarded\n"
        "from flywheel_sim.cli import flywheel\n"
        "words = ['optimize', 'heads.yaml', '--out', 'slow']\n"
        "sys.exit(guarded(lambda: flywheel.main(words, standalone_mode=False), words))\n"
    )
    tests = str(Path(known_optima.__file__).parent)
    child = subprocess.Popen(
        [sys.executable, str(script), tests],
        cwd=folder,
        env={**os.environ, "MADE_UP_WAIT": "0.1"},
        stderr=subprocess.PIPE,
        text=True,
    )
    for _ in range(600):
        if len(list((folder / "slow").glob("runs/*"))) > 2:
            break
        time.sleep(0.05)
    child.send_signal(signal.SIGINT)
    _, said = child.communicate(timeout=60)
    assert child.returncode == 130 and "flywheel resume slow" in said
    data = json.loads(call("resume", "slow", "--json").stdout)["data"]
    whole = json.loads(call("optimize", "heads.yaml", "--json").stdout)["data"]
    assert data | {"folder": ""} == whole | {"folder": ""}
