"""The true engine from the command line, on all it can run on and through every kind of end: the same bits, and once.

Slow: every line of it starts the engine in processes of its own.
"""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from flywheel_sim.execute.drive import ENDED
from flywheel_sim.execute.store import Store
from flywheel_sim.results import ResultError

from .cluster import Cluster, until

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")]

STUDY = """
version: 1
title: Heads
scenario: b2b-saas
set: {horizon_weeks: 13, market.accounts: 400, market.initial_customers: 40}
parameters:
  teams.sales.headcount: [4, 6, 8]
outcomes: [npv, customers.end]
series: [customers, cash]
series_every: 4
replicates: 1000
seed: 5
"""
RUNS = 3000
LINE = [sys.executable, "-m", "flywheel_sim.cli"]
ENV = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path), "NO_COLOR": "1"}


def said(folder: Path, *words: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a command."""
    done = subprocess.run([*LINE, *words], cwd=folder, env=ENV, capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def told(folder: Path, *words: str) -> dict:
    code, out, err = said(folder, *words, "--json")
    assert code == 0, out + err
    return json.loads(out)["data"]


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Path:
    """A folder with a study, and its sweep on threads."""
    folder = tmp_path_factory.mktemp("study")
    (folder / "heads.yaml").write_text(STUDY)
    assert told(folder, "sweep", "heads.yaml", "--out", "whole")["done"] == RUNS
    return folder


@pytest.fixture(scope="module")
def whole(study: Path) -> str:
    return Store.open(study / "whole").hash()


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> str:
    """A scheduler and two workers."""
    pytest.importorskip("distributed")
    made = Cluster(tmp_path_factory.mktemp("cluster"))
    made.worker()
    made.worker()
    yield json.loads(made.file.read_text())["address"]
    made.close()


@pytest.fixture
def place(request) -> str:
    return request.getfixturevalue("address") if request.param == "dask" else request.param


def once_each(folder: Path) -> bool:
    """Every run is there, once, with its series."""
    runs, series = pd.read_parquet(folder / "runs"), pd.read_parquet(folder / "series")
    assert sorted(runs["run"]) == list(range(RUNS)) and runs["error"].isna().all()
    return bool((series.groupby("run").size() == 4).all() and series["run"].nunique() == RUNS)


def descendants(of: int) -> set[int]:
    """Processes below a process."""
    above = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            above[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
    found, more = set(), {of}
    while more:
        more = {child for child, parent in above.items() if parent in more} - found
        found |= more
    return found


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return True


def finished(folder: Path) -> int:
    """Runs that are there; 0 where there is no sweep yet."""
    try:
        return Store.open(folder).standing().done
    except ResultError:
        return 0


@pytest.mark.parametrize("place", ["processes", "dask"], indirect=True)
def test_the_same_bits_as_on_threads(study, whole, place, request):
    folder = request.node.name
    assert told(study, "sweep", "heads.yaml", "--out", folder, "--on", place, "--workers", "2")["hash"] == whole
    assert once_each(study / folder)


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("place", ["threads", "processes", "dask"], indirect=True)
def test_killed_at_five_random_moments_and_resumed(study, whole, place, request):
    """kill -9 of the driver: at its first moment, and when so many runs are there; no child outlives it."""
    folder = study / request.node.name
    moments = [-1, *sorted(np.random.default_rng(len(place)).choice(RUNS // 2, 4, replace=False).tolist())]
    kills = 0
    for moment in moments:
        words = (
            ["resume", folder.name]
            if (folder / "study.json").exists()
            else ["sweep", "heads.yaml", "--out", folder.name]
        )
        run = subprocess.Popen([*LINE, *words, "--on", place, "--quiet"], cwd=study, env=ENV, stdout=subprocess.DEVNULL)
        if moment < 0:
            until(lambda: (folder / "study.json").exists())
        else:
            until(lambda run=run, moment=moment: run.poll() is not None or finished(folder) > moment)
        children = descendants(run.pid)
        run.kill()
        kills += run.wait() == -signal.SIGKILL
        until(lambda children=children: all(gone(pid) for pid in children))
        assert not Store.open(folder).writer()
    assert kills >= 3
    assert told(study, "resume", folder.name, "--on", place)["hash"] == whole
    assert once_each(folder) and not (folder / "broken").exists()


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_two_workers_killed_in_between_change_nothing(study, whole, tmp_path):
    pytest.importorskip("distributed")
    mine = Cluster(tmp_path)
    try:
        workers = [mine.worker("--no-nanny") for _ in range(3)]
        words = ["sweep", "heads.yaml", "--out", "survives", "--on", str(mine.file), "--json"]
        run = subprocess.Popen([*LINE, *words], cwd=study, env=ENV, stdout=subprocess.PIPE, text=True)
        for worker, moment in zip(workers[:2], (1, RUNS // 3), strict=True):
            until(lambda moment=moment: run.poll() is not None or finished(study / "survives") > moment)
            worker.kill()
        out = run.communicate()[0]
        assert run.returncode == 0, out
        assert json.loads(out)["data"]["hash"] == whole and once_each(study / "survives")
    finally:
        mine.close()


def test_a_second_driver_is_refused_and_the_first_goes_on(study, whole):
    folder = study / "two"
    first = subprocess.Popen(
        [*LINE, "sweep", "heads.yaml", "--out", "two", "--json"], cwd=study, env=ENV, stdout=subprocess.PIPE, text=True
    )
    until(lambda: first.poll() is not None or finished(folder) > 0)
    code, out, err = said(study, "resume", "two")
    assert (code, out) == (2, "") and f"another process (process {first.pid}" in err
    assert json.loads(first.communicate()[0])["data"]["hash"] == whole


#: Seconds of processor time that each process may take, many times what a small run and its process need.
ALLOWED = 12


def allowed():
    """Processes that take longer are ended by the system, and leave no core."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (ALLOWED, ALLOWED))


def test_a_run_that_ends_its_process_is_the_only_row_that_fails(study, whole):
    """One of 24 runs has millions of accounts and takes more processor time than a process may have."""
    huge = {"market.accounts": 3_000_000, "market.initial_customers": 300_000, "horizon_weeks": 1040}
    rows = [{"teams.sales.headcount": k + 1} for k in range(24)]
    rows[9] |= huge
    text = {"version": 1, "scenario": "b2b-saas", "outcomes": ["npv"], "design": {"kind": "table", "rows": rows},
            "set": {"horizon_weeks": 13, "market.accounts": 400, "market.initial_customers": 40}}  # fmt: skip
    (study / "ends.yaml").write_text(json.dumps(text))
    done = subprocess.run(
        [*LINE, "sweep", "ends.yaml", "--on", "processes", "--workers", "2", "--json"], cwd=study, env=ENV,
        capture_output=True, text=True, preexec_fn=allowed,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    data = json.loads(done.stdout)["data"]
    assert (data["done"], data["failed"], data["errors"]) == (24, 1, {ENDED: 1})
    table = Store.open(study / "ends-runs").table()
    assert table.index[table["error"].notna()].tolist() == [9]
    rows.pop(9)
    (study / "others.yaml").write_text(json.dumps(text))
    told(study, "sweep", "others.yaml")
    others = Store.open(study / "others-runs").table()
    assert table["npv"].drop(9).tolist() == others["npv"].tolist(), "the other rows are as if it had not been there"


SEARCH = """
version: 1
scenario: b2b-saas
set: {horizon_weeks: 52, market.accounts: 1000, market.initial_customers: 100}
parameters:
  teams.sales.headcount: {range: [1, 12], whole: true}
  teams.service.headcount: {range: [1, 12], whole: true}
search:
  objectives: OBJECTIVES
  budget: 240
  population: 6
  fresh: 12
  shortlist: 3
  uncertainty: {word_of_mouth.rate: {range: [0.002, 0.02]}}
  draws: 6
outcomes: [npv, customers_end]
replicates: 4
"""


@pytest.mark.parametrize("objectives", ["{npv: maximise}", "{npv: maximise, customers_end: maximise}"])
def test_a_search_killed_at_four_moments_comes_to_the_same_answer(tmp_path, objectives):
    """kill -9 before the first run, twice in the search, and among the runs that choose the answer."""
    pytest.importorskip("cma")
    pytest.importorskip("pymoo")
    (tmp_path / "mine.yaml").write_text(SEARCH.replace("OBJECTIVES", objectives))

    def answer(*words: str) -> dict:
        code, out, err = said(tmp_path, *words, "--json")
        assert code in (0, 1) and out, err
        return json.loads(out)["data"] | {"folder": ""}

    want, folder = answer("optimize", "mine.yaml", "--out", "whole"), tmp_path / "killed"
    whole = Store.open(tmp_path / "whole")
    searched = int((whole.design()["phase"] == "search").sum())
    assert 0 < searched < whole.standing().done == want["runs"]
    kills = 0
    for moment in (-1, searched // 4, 3 * searched // 4, searched):
        words = ["resume", "killed"] if (folder / "study.json").exists() else ["optimize", "mine.yaml"]
        line = [*LINE, *words, "--quiet"] + (["--out", "killed"] if words[0] == "optimize" else [])
        run = subprocess.Popen(line, cwd=tmp_path, env=ENV, stdout=subprocess.DEVNULL)
        if moment < 0:
            until(lambda: (folder / "study.json").exists())
        else:
            until(lambda run=run, moment=moment: run.poll() is not None or finished(folder) > moment)
        run.kill()
        kills += run.wait() == -signal.SIGKILL
    assert kills >= 3 and finished(folder) < want["runs"]
    assert answer("resume", "killed") == want
    mine = Store.open(folder)
    assert mine.hash() == whole.hash() and sorted(mine.runs()["run"]) == list(range(want["runs"]))


@pytest.mark.skipif(not shutil.which("unshare"), reason="mounts a small disk")
def test_a_full_and_a_read_only_disk(study, whole):
    """A disk of 240 kB in a namespace of its own: full in mid-sweep, then larger, then read-only."""
    if subprocess.run(["unshare", "-rm", "true"], capture_output=True).returncode:
        pytest.skip("no namespaces here")
    script = f"""
        set -u
        say() {{ {" ".join(LINE)} "$@"; echo "exit $?"; }}
        mkdir -p disk && mount -t tmpfs -o size=240k tmpfs disk
        say sweep heads.yaml --out disk/runs
        say status disk/runs
        mount -o remount,size=20m disk
        say resume disk/runs --quiet
        mount -o remount,ro disk
        say resume disk/runs
        say status disk/runs
        say sweep heads.yaml --out disk/other
        cp -r disk/runs after-full
    """
    done = subprocess.run(
        ["unshare", "-rm", "bash", "-c", script], cwd=study, env=ENV, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True,
    )  # fmt: skip
    exits = [line for line in done.stdout.splitlines() if line.startswith("exit")]
    assert exits == ["exit 2", "exit 0", "exit 0", "exit 2", "exit 0", "exit 2"], done.stdout
    assert "cannot write to 'disk/runs': No space left on device" in done.stdout
    assert "runs are kept; go on with: flywheel resume disk/runs" in done.stdout
    assert "cannot write to 'disk/runs': Read-only file system" in done.stdout
    assert "cannot make 'disk/other': Read-only file system" in done.stdout
    assert Store.open(study / "after-full").hash() == whole and once_each(study / "after-full")
