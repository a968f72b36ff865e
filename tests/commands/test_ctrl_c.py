"""Real Ctrl-C on real processes, at what takes longest: each ends within a second and says so, even while it starts."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LARGE = ["--set", "market.accounts=1000000", "--set", "market.initial_customers=200000"]
HEADS = "version: 1\nscenario: b2b-saas\nparameters: {teams.sales.headcount: [4, 6, 8]}\noutcomes: [npv]\nreplicates: "
FILES = {
    "heads.yaml": f"{HEADS}3000\n",
    "large.yaml": f"{HEADS}4\nset: {{market.accounts: 1000000, market.initial_customers: 300000}}\n",
    "search.yaml": "version: 1\nscenario: b2b-saas\noutcomes: [npv]\nreplicates: 40\n"
    "parameters: {teams.sales.headcount: {range: [4, 12]}, market.price: {range: [0.8, 1.3]}}\n"
    "search: {objectives: {npv: maximise}, budget: 4000, fresh: 20}\n",
    "screen.yaml": f"{HEADS.replace('[4, 6, 8]', '{range: [4, 8]}')}200\ndesign: {{kind: morris, points: 40}}\n",
    "mine.yaml": "version: 1\nextends: b2b-saas\nknown: {churn: 3% a month}\n",
    "base.yaml": (ROOT / "scenarios/companies/b2b-saas.yaml").read_text("utf-8"),
    "many.yaml": "version: 1\nextends: b2b-thirty-teams\nvectors: {substeps: 10000}\n",
}
#: What is typed, and seconds until it is interrupted.
LINES = {
    "a small batch": (["run", "b2b-saas", "--replicates", "2000"], 4),
    "while it starts": (["run", "b2b-saas", "--replicates", "2000"], 1),
    "a large run": (["run", "b2b-saas", *LARGE], 3),
    "a large run on one thread": (["run", "b2b-saas", "--workers", "1", *LARGE], 6),
    "a batch of large runs": (["run", "b2b-saas", "--replicates", "4", *LARGE], 7),
    "many teams in many steps": (["run", "many.yaml", "--replicates", "8"], 5),
    "a steep law": (
        ["run", "b2b-saas", "--replicates", "8", "--set", "capacity.craft_speed=5", "--set", "vectors.substeps=10000"],
        5,
    ),
    "a sweep": (["sweep", "heads.yaml"], 5),
    "a sweep of large runs": (["sweep", "large.yaml"], 7),
    "a sweep in processes": (["sweep", "heads.yaml", "--on", "processes"], 7),
    "a search": (["optimize", "search.yaml"], 6),
    "a comparison": (["compare", "siloed-close-rate", "relationship-flywheel", "--full", "--replicates", "30"], 5),
    "worlds": (["worlds", "mine.yaml", "--draws", "4000"], 5),
    "what a screening says": (["sensitivity", "screen.yaml"], 5),
    "a fit": (["calibrate", "hubspot"], 6),
    "a fit of all that is possible": (["calibrate", "hubspot", "--method", "posterior"], 6),
    "what is known of a company": (["calibrate", "mine.yaml"], 6),
    "claims": (["claims"], 5),
    "responses": (["responses"], 5),
    "facts": (["facts"], 5),
    "limits": (["verify", "--full"], 5),
    "a bench that compiles": (["bench"], 6),
    "a bench of one large run": (["bench", "--big"], 12),
    "a bench of a sweep": (["bench", "--sweep"], 6),
    "the baseline": (["reproduce", "baseline"], 5),
    "a base case": (["scenario", "freeze", "base.yaml"], 4),
    "the demo": (["demo"], 5),
    "its later stages": (["compare", "siloed-close-rate", "relationship-flywheel", "--full", "--replicates", "4"], 12),
}


def ended(words: list[str], after: float, folder: Path) -> tuple[float, int, str]:
    """Seconds from Ctrl-C to the end of a process, its exit code, and what it said."""
    child = subprocess.Popen(
        [sys.executable, "-m", "flywheel_sim", *words], cwd=folder, text=True, env=os.environ | {"NO_COLOR": "1"},
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    try:
        said = child.communicate(timeout=after)[1]
        raise AssertionError(f"it ended before: {said}")
    except subprocess.TimeoutExpired:
        before = time.monotonic()
        child.send_signal(signal.SIGINT)
        said = child.communicate(timeout=60)[1]
    return time.monotonic() - before, child.returncode, said


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal")
@pytest.mark.parametrize("what", LINES)
def test_it_ends_within_a_second(tmp_path, what):
    words, after = LINES[what]
    took = []
    for turn in range(3):  # somebody else's work may be in the way once
        folder = tmp_path / str(turn)
        folder.mkdir()
        for name, text in FILES.items():
            (folder / name).write_text(text)
        seconds, code, said = ended(words, after, folder)
        assert code == 130 and "interrupted" in said and "Traceback" not in said, said
        took.append(seconds)
        if seconds < 1.0:
            return
    raise AssertionError(f"Ctrl-C took {took} seconds")


@pytest.mark.parametrize("loaded", ["click", "numba", "ruamel"])
def test_one_that_is_still_being_loaded_is_interrupted_too(tmp_path, loaded):
    """Ctrl-C as it comes while a library is read: no traceback, and the exit code of an interruption."""
    (tmp_path / f"{loaded}.py").write_text("exec('raise KeyboardInterrupt')\n")  # as in code that dataclasses write
    paths = os.pathsep.join(filter(None, (str(tmp_path), os.environ.get("PYTHONPATH", ""), str(ROOT))))
    done = subprocess.run(
        [sys.executable, "-m", "flywheel_sim", "run", "b2b-two-teams", "--set", "horizon_weeks=2"], cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": paths}, capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr.strip()) == (130, "", "flywheel: interrupted")
