"""Stops of a study, by Ctrl-C, by kill and by an end in between: nothing that is finished is lost."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import failing_workers
import numpy as np
import pandas as pd
import pytest

from flywheel_sim.execute.chunk import ABANDON, Abandoned, _heed
from flywheel_sim.execute.drive import Interrupted, run_design
from flywheel_sim.execute.store import Standing, Store

from .conftest import heads


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="needs signals between threads")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_ctrl_c_drains_saves_and_says_how_to_go_on(made, tmp_path, number):
    def work(chunk):
        for first in once if chunk.jobs[0].run else ():
            os.kill(os.getpid(), first)
        return failing_workers.made_up(chunk)

    once = iter([number])
    before = signal.getsignal(number)
    told: list[Standing] = []
    with pytest.raises(
        Interrupted, match=r"interrupted; \d+ of 300 runs are kept; go on with: flywheel resume .*runs-0"
    ):
        made(heads(range(1, 101), 3), work=work, progress=told.append)
    assert signal.getsignal(number) is before and told[-1].stopping
    store = Store.open(tmp_path / "runs-0")
    assert 1 < store.standing().done < 300 and store.standing().done == told[-1].done
    assert store.writer() == ""


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="needs signals between threads")
def test_one_ctrl_c_is_enough_where_a_run_does_not_end(made, tmp_path):
    def work(chunk):
        if chunk.jobs[0].run:  # run 0 is the first chunk, and goes alone
            for first in once:
                os.kill(os.getpid(), first)
            assert ABANDON.wait(60), "nobody told the chunk to end"
            _heed()
        return failing_workers.made_up(chunk)

    once = iter([signal.SIGINT])
    with pytest.raises(Interrupted, match=r"interrupted; 1 of 300 runs are kept; go on with: flywheel resume"):
        made(heads(range(1, 101), 3), work=work)
    assert Store.open(tmp_path / "runs-0").standing().done == 1


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="needs signals between threads")
def test_the_second_ctrl_c_drops_what_is_running(made, tmp_path):
    once = iter([signal.SIGINT])

    def work(chunk):
        if chunk.jobs[0].run:  # run 0 is the first chunk, and goes alone
            for first in once:
                os.kill(os.getpid(), first)
            assert ABANDON.wait(60), "nobody told the chunk to end"
            _heed(0, 1)
        return failing_workers.made_up(chunk)

    def again(now):
        if now.stopping:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt) as stopped:
        made(heads(range(1, 101), 3), work=work, progress=again)
    assert not isinstance(stopped.value, Interrupted)
    assert Store.open(tmp_path / "runs-0").standing().done == 1


def test_an_abandoned_chunk_ends():
    ABANDON.set()
    with pytest.raises(Abandoned):
        _heed(1, 2)
    ABANDON.clear()
    _heed(1, 2)


def test_outside_the_main_thread_signals_are_left_alone(made):
    found = []
    thread = threading.Thread(target=lambda: found.append(made(heads())[0].standing()))
    thread.start()
    thread.join()
    assert found[0].done == 12


DRIVER = """
import sys
from pathlib import Path
import failing_workers
from flywheel_sim.execute import drive
from flywheel_sim.execute.store import Store
drive.WRITE_SECONDS = 0.0
with Store.open(sys.argv[1], write=True) as store:
    drive.run_design(None, sys.argv[2], store, workers=2, work=failing_workers.leave_a_trace)
"""


def gone(pid: int) -> bool:
    """Whether a process has ended (one that nobody has waited for yet has)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except FileNotFoundError:
        return True


def until(what, seconds: float = 120.0):
    """Look again and again until something is there."""
    ended = threading.Event()
    for _ in range(int(seconds / 0.005)):
        if found := what():
            return found
        ended.wait(0.005)
    raise AssertionError("it did not come")


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("on", ["threads", "processes"])
def test_killed_at_random_moments_it_resumes_to_the_same_bits(tmp_path, experiment, on):
    """kill -9 of the driver: no orphan is left, and in the end every run is there once."""
    design, luck = heads(range(1, 16), 4), np.random.default_rng(20)
    folder, traces = tmp_path / "runs", tmp_path / "traces"
    traces.mkdir()
    Store.create(folder, experiment, design).close()
    env = os.environ | {"TRACES": str(traces), "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    kills = 0
    for moment in sorted(luck.choice(55, 3 if on == "processes" else 5, replace=False)):
        began = len(Store.open(folder).pending())
        run = subprocess.Popen([sys.executable, "-c", DRIVER, str(folder), on], env=env)
        if began > 60 - moment:
            until(lambda at=moment, run=run: len(list(traces.iterdir())) > at or run.poll() is not None)
        run.kill()
        kills += run.wait() == -signal.SIGKILL
        workers = {int(path.name.rpartition("-")[2]) for path in traces.iterdir()}
        until(lambda pids=workers: all(gone(pid) for pid in pids))
        assert not Store.open(folder).writer()
    assert kills
    assert subprocess.run([sys.executable, "-c", DRIVER, str(folder), on], env=env).returncode == 0
    store = Store.open(folder)
    runs = pd.read_parquet(folder / "runs")
    assert sorted(runs["run"]) == list(range(60)) and store.standing().left == 0 and not store.broken
    assert pd.read_parquet(folder / "series").groupby("run").size().tolist() == [3] * 60
    with Store.create(tmp_path / "whole", experiment, design) as whole:
        run_design(None, "threads", whole, work=failing_workers.made_up)
        assert whole.hash() == store.hash()
