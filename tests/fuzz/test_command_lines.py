"""Mutated command lines: exit 0, 1 or 2, never a fault of our own, never an end that does not come."""

import os
import random
import shlex
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from flywheel_sim.cli import flywheel

try:
    import resource
except ImportError:  # Windows
    resource = None

#: Seconds of processor time that a command line may take.
LONGEST = 10.0
#: Lines that work, on a company of 60 accounts over 2 weeks.
LINES = [
    "run tiny.yaml", "run tiny.yaml --seed 3 --replicates 2 --json", "run tiny.yaml --set market.price=1.1",
    "compare tiny.yaml tiny.yaml --replicates 2", "scenario show tiny.yaml", "scenario show tiny.yaml --full",
    "scenario list --kind scheme", "scenario validate tiny.yaml", "scenario diff tiny.yaml nps-pay",
    "scenario new other --extends tiny.yaml", "explain M12", "explain S11 --json", "explain market.price",
    "sweep study.yaml --check", "status nowhere", "resume nowhere", "report nowhere --out x.html",
    "reproduce nowhere", "completion bash", "calibrate tiny.yaml data.csv", "optimize study.yaml --check",
]  # fmt: skip
WORDS = [
    "",
    " ",
    "-",
    "--",
    "--json",
    "--out",
    "--set",
    "=",
    "a=b=c",
    "market.price=",
    "market.price=nan",
    "market.price=1e999",
    "market.price={",
    "teams.x\x1b[0m=1",
    "\u2212 5",
    "\N{PILE OF POO}",
    "0",
    "-1",
    "1e9",
    "1,5",
    "10%",
    "x" * 300,
    "/dev/null",
    "../..",
    "tiny.yaml",
    "data.csv",
    ".",
    "~",
    "~nobody",
    "[bold]",
    "$HOME",
    "*",
    "--seed=-1",
    "--replicates=0",
    "--seed=1.9",
    "--workers=0",
    "--unknown",
    "-h",
    "--set=horizon_weeks=1",
    "--set=horizon_weeks=0",
    "--report=x.pdf",
    "\udcff",
]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    small = "market: {accounts: 60, initial_customers: 10}\nhorizon_weeks: 2\n"
    (tmp_path / "tiny.yaml").write_text(f"extends: b2b-two-teams\n{small}")
    (tmp_path / "study.yaml").write_text("scenario: tiny.yaml\nparameters: {market.price: [1.0, 1.1]}\n")
    (tmp_path / "data.csv").write_text("date,customers\n2020-01-01,5\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def mutated(luck: random.Random) -> list[str]:
    """A line with one to three words left out, doubled, swapped, cut, or replaced."""
    words = shlex.split(luck.choice(LINES))
    for _ in range(luck.randint(1, 3)):
        k = luck.randrange(len(words)) if words else 0
        kind = luck.randrange(6)
        if kind == 0 or not words:
            words.insert(k, luck.choice(WORDS))
        elif kind == 1:
            del words[k]
        elif kind == 2:
            words.insert(k, words[k])
        elif kind == 3:
            other = luck.randrange(len(words))
            words[k], words[other] = words[other], words[k]
        elif kind == 4:
            cut = luck.randint(0, len(words[k]))
            words[k] = words[k][:cut] + luck.choice(["", "\x00", "'", "é", "x", "="]) + words[k][cut + 1 :]
        else:
            words[k] = luck.choice(WORDS)
    return words


def lines(seed: int, count: int) -> list[list[str]]:
    luck = random.Random(seed)
    return [mutated(luck) for _ in range(count)]


def wrong(words: list[str], code: int, said: str, seconds: float) -> str:
    """What is wrong with an end; processor time counts, not the clock, so that a busy machine finds nothing."""
    fine = code in (0, 1, 2) and "Traceback" not in said and "internal error:" not in said and seconds < LONGEST
    return "" if fine else f"{words!r} ended with {code} after {seconds:.1f} s: {said[-300:]}"


def in_process(count: int, seed: int) -> list[str]:
    warm()
    bad = []
    for words in lines(seed, count):
        begun = time.process_time()
        found = CliRunner().invoke(flywheel, words)
        bad.append(wrong(words, found.exit_code, found.output, time.process_time() - begun))
    return [one for one in bad if one]


def warm() -> None:
    """Compile the kernels, which is no work of a command line."""
    assert CliRunner().invoke(flywheel, ["compare", "tiny.yaml", "tiny.yaml", "--replicates", "2"]).exit_code == 0


def bounded() -> None:
    """A process that works longer than it may is ended by the system."""
    resource.setrlimit(resource.RLIMIT_CPU, (int(LONGEST), int(LONGEST)))


@pytest.mark.slow
def test_mutated_command_lines_end_with_a_message(place: Path) -> None:
    assert in_process(200, seed=1) == []


@pytest.mark.slow
def test_thousands_of_mutated_command_lines_end_with_a_message(place: Path) -> None:
    assert in_process(4000, seed=2) == []


@pytest.mark.slow
@pytest.mark.skipif(resource is None, reason="needs limits of processor time")
def test_500_mutated_command_lines_as_processes(place: Path) -> None:
    env = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path), "FLYWHEEL_WORKERS": "1"}
    warm()
    bad = []
    for words in lines(3, 500):
        plain = [word.replace("\x00", "") for word in words]
        done = subprocess.run(
            [sys.executable, "-m", "flywheel_sim", *map(os.fsencode, plain)],
            capture_output=True, check=False, stdin=subprocess.DEVNULL, preexec_fn=bounded, env=env,
        )  # fmt: skip
        bad.append(wrong(plain, done.returncode, (done.stdout + done.stderr).decode("utf-8", "replace"), 0.0))
    assert [one for one in bad if one] == []
