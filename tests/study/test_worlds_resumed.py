"""Worlds that were interrupted or killed: whoever goes on comes to the bits of one go."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import flywheel_sim as fs
from flywheel_sim.cli import flywheel
from flywheel_sim.execute.lock import Lock
from flywheel_sim.results.saving import ResultError
from flywheel_sim.study.worlds import making, resuming, unfinished

LINES = "extends: b2b-two-teams\nhorizon_weeks: 112\nmarket: {accounts: 300, initial_customers: 60}\n"
LINES += "frozen: {targets: {churn_annual: {low: 0.09, high: 0.15}}}\n"
QUICK = {"PART": 6, "LUCK_RUNS": 3, "STEPS": 1, "SETTLING": 1, "TARGET_RUNS": 2, "IMPLAUSIBLE": 50.0}
RANGE = {"word_of_mouth.rate": "0.002 to 0.02"}
#: The same in a process of its own that ends itself, with nothing said, when so many parts lie there.
KILLED = """
import os, signal, sys
from pathlib import Path
from flywheel_sim.study.worlds import making
for name, value in {quick}.items():
    setattr(making, name, value)
folder = Path(sys.argv[1])
def look(done, total):
    if len(list((folder / "parts").glob("*.npy"))) >= int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
making.worlds("mine.yaml", 24, folder, changes={changes}, workers=1, progress=look)
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, value in QUICK.items():
        monkeypatch.setattr(making, name, value)
    (tmp_path / "mine.yaml").write_text(LINES)
    return tmp_path


def typed(*words: str) -> Any:
    return CliRunner().invoke(flywheel, [*words, "--json", "--quiet"])


def interrupted(folder: str, after: int = 10, **more: Any) -> None:
    def stop(done: int, total: int) -> None:
        if done > after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fs.worlds("mine.yaml", 24, folder, progress=stop, **more)


@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal")
def test_worlds_that_were_killed_are_gone_on_with_to_the_same_bits(here: Path) -> None:
    whole = fs.worlds("mine.yaml", 24, "whole", changes=RANGE, workers=2)
    assert not (here / "whole" / unfinished.ABOUT).exists()
    for parts in (2, 7):
        code = KILLED.format(quick=QUICK, changes=RANGE)
        ended = subprocess.run([sys.executable, "-c", code, "other", str(parts)], check=False, env=os.environ)
        assert ended.returncode == -signal.SIGKILL
        made = {path.name: path.stat().st_mtime_ns for path in (here / "other" / "parts").glob("*.npy")}
        assert len(made) == parts
    with pytest.raises(ResultError, match=r"not whole yet.*flywheel resume other"):
        fs.open("other")
    said = typed("status", "other")
    assert json.loads(said.stdout)["data"]["parts"] == 7

    steps: list[tuple[int, int]] = []
    found = fs.resume("other", workers=2, progress=lambda done, total: steps.append((done, total)))
    assert steps[-1][0] == steps[-1][1]
    assert (here / "other" / "worlds.json").read_bytes() == (here / "whole" / "worlds.json").read_bytes()
    assert found.digest == whole.digest
    assert found.changes == RANGE
    # nothing was made twice
    after = {path.name: path.stat().st_mtime_ns for path in (here / "other" / "parts").glob("*.npy")}
    assert made.items() <= after.items()
    assert set(after) == {path.name for path in (here / "whole" / "parts").iterdir()}


def test_the_command_goes_on_and_answers_for_what_is_whole(here: Path) -> None:
    whole = typed("worlds", "mine.yaml", "--draws", "24", "--out", "whole")
    interrupted("kept")
    done = typed("resume", "kept")
    assert done.exit_code == whole.exit_code == 1  # fewer than a hundred worlds
    first, second = (json.loads(one.stdout)["data"] for one in (whole, done))
    assert {**second, "folder": ""} == {**first, "folder": ""}
    assert (here / "kept" / "worlds.json").read_bytes() == (here / "whole" / "worlds.json").read_bytes()
    again = json.loads(typed("resume", "kept").stdout)
    assert again["data"] == second
    assert again["manifest"]["hashes"]["worlds"] == fs.open("kept").digest
    assert "are for sweeps" in typed("resume", "kept", "--retry-failed").output


def test_a_file_of_its_own_is_written_where_it_was_asked_for(here: Path) -> None:
    (here / "there").mkdir()
    interrupted("there/mine.json")
    assert (here / "mine-worlds" / unfinished.ABOUT).is_file()
    found = fs.resume("mine-worlds")
    assert found.n
    assert fs.worlds("mine.yaml", 24).digest == found.digest
    assert not (here / "mine-worlds" / "worlds.json").exists()
    assert json.loads((here / "there" / "mine.json").read_text())["digest"] == found.digest


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("company", r"mine.yaml or what is drawn of it has changed since.*flywheel worlds mine.yaml --draws 24"),
        ("engine", r"the engine has changed since"),
        ("note", r"making.json' is not what was written"),
        ("gone", r"cannot be read from here"),
        ("writer", r"another process.* is at work on 'kept'"),
    ],
)
def test_what_is_not_the_same_any_more_is_refused(
    here: Path, monkeypatch: pytest.MonkeyPatch, what: str, said: str
) -> None:
    interrupted("kept")
    lock = None
    if what == "company":
        (here / "mine.yaml").write_text(LINES.replace("300", "310"))
    elif what == "engine":
        monkeypatch.setattr(resuming, "engine_hash", lambda: "another")
    elif what == "note":
        note = here / "kept" / unfinished.ABOUT
        note.write_text(note.read_text().replace('"draws": 24', '"draws": 25'))
    elif what == "gone":
        (here / "mine.yaml").unlink()
    else:
        lock = Lock(here / "kept" / unfinished.LOCK)
    try:
        with pytest.raises(ResultError, match=said):
            fs.resume("kept")
    finally:
        if lock:
            lock.release()


def test_what_is_said_of_a_company_beside_its_files_is_said_when_it_is_asked(here: Path) -> None:
    (here / "plan.yaml").write_text("on: mine.yaml\ncadence: {enabled: true, pull: 0.4}\n")
    fs.worlds("mine.yaml", 24, changes={"market.churn.mean": 0.11}, out="kept")
    words = ("compare", "mine.yaml", "plan.yaml", "--worlds", "8", "--worlds-from", "kept")
    refused = typed(*words)
    assert refused.exit_code == 2
    assert "with market.churn.mean=0.11; say the same" in refused.output
    done = typed(*words, "--set", "market.churn.mean=0.11")
    assert done.exit_code == 0, done.output
