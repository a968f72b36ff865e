"""One long sweep through the command line, as anybody would start it: what it costs beyond its runs, and its memory.

A hundred thousand runs by default, of the company of the bar on a sweep's overhead: 2 000 accounts for 156 weeks with
every mechanism on, sixteen runs a point.  ``flywheel sweep`` runs in a process of its own with a study file that names
three parameters and as many points as it takes; its processor time, from its start to its last line, is held against
that of the compiled code alone on as many threads at once, measured before it and after it.
"""

import json
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.big_run import said_left
from benchmarks.small_runs import A_POINT, kernels
from benchmarks.speed import EVERYTHING, scaled
from benchmarks.timing import fresh, machine
from flywheel_sim.engine.interruptible import together
from flywheel_sim.scenario import Scenario, load

__all__ = ["LongSweep", "long_sweep", "study_of"]

#: Accounts and weeks of a run, as the bar has them.
ACCOUNTS, WEEKS = 2_000, 156
#: Parameters that vary, by this share of their value at most: every point is another scenario, of the same cost.
VARIED, APART = ("word_of_mouth.rate", "market.external", "relationship.gain"), 1e-3
#: Portions of bare runs before the sweep and again after it, and runs of a thread in each.
PORTIONS, A_PORTION = 4, 128
#: Seconds between two looks at the memory of the sweep.
LOOK = 0.2


@dataclass(frozen=True)
class LongSweep:
    """What a long sweep took, and what it left.

    Attributes
    ----------
    runs, points, accounts, weeks, threads : int
    seconds, cpu_seconds : float
        Of the whole process, by the clock and of all cores together.
    kernel_ms : list of float
        Milliseconds of processor time of one run's kernels, a portion each, half of them before the sweep.
    rows, failed : int
        Rows there are, and how many of them say that their run failed.
    once : bool
        Every run of the design has one row, and no other has any.
    same_hash : bool
        The hash of what is on disk is the one that the sweep told.
    hash : str
        Of the content; the same wherever and in whatever order the runs are made.
    files, bytes : int
        On disk, the whole folder.
    memory : list of dicts
        At every line of progress, and last at the end: ``done`` (share), ``bytes`` held, and ``peak``, the most so far.
        Empty where the system does not say.
    estimates : list of dicts
        Every line of progress, as in `BigRun`.
    machine : dict
    """

    runs: int
    points: int
    accounts: int
    weeks: int
    threads: int
    seconds: float
    cpu_seconds: float
    kernel_ms: list[float]
    rows: int
    failed: int
    once: bool
    same_hash: bool
    hash: str
    files: int
    bytes: int
    memory: list[dict[str, float]]
    estimates: list[dict[str, float]]
    machine: dict[str, Any]

    @property
    def kernel_seconds(self) -> float:
        """Processor time of the kernels of all runs."""
        return self.runs * sum(self.kernel_ms) / len(self.kernel_ms) / 1000.0

    @property
    def overhead(self) -> float:
        """Processor time of the sweep over that of its kernels, minus 1."""
        return self.cpu_seconds / self.kernel_seconds - 1.0

    def memory_at(self, share: float) -> dict[str, float] | None:
        """The first look at its memory when so much of it was done.

        Examples
        --------
        >>> looks = [{"done": 0.1, "bytes": 5e8, "peak": 5e8}, {"done": 1.0, "bytes": 4e8, "peak": 6e8}]
        >>> LongSweep(*[0] * 7, [1.0], *[0] * 7, looks, [], {}).memory_at(0.5)["peak"]
        600000000.0
        """
        return next((one for one in self.memory if one["done"] >= share), None)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        made = {"kernel_seconds": self.kernel_seconds, "overhead": self.overhead}
        return dict(vars(self)) | made | {"memory_at": {str(s): self.memory_at(s) for s in (0.1, 0.5, 1.0)}}


def study_of(scenario: Scenario, points: int) -> dict[str, Any]:
    """The study file, but for the name of its scenario.

    Examples
    --------
    >>> base = load("b2b-saas")
    >>> study_of(base, 8)["parameters"]["word_of_mouth.rate"]["range"][0] == base.get("word_of_mouth.rate")
    True
    """
    ends = {path: float(scenario.get(path)) for path in VARIED}
    return {
        "version": 1,
        "title": f"{points * A_POINT:,} runs",
        "parameters": {path: {"range": [x, x * (1.0 + APART)]} for path, x in ends.items()},
        "design": {"kind": "lhs", "points": points},
        "replicates": A_POINT,
    }


def long_sweep(
    runs: int = 100_000,
    *,
    accounts: int = ACCOUNTS,
    weeks: int = WEEKS,
    cores: int | None = None,
    portions: int = PORTIONS,
    progress: Callable[[str], None] | None = None,
) -> LongSweep:
    """Sweep so many small runs through ``flywheel sweep``, on threads.

    Parameters
    ----------
    runs : int
        Rounded down to whole points of sixteen.
    accounts, weeks : int
        Of a run.
    cores : int, optional
        Cores to use at most.
    portions : int
        Portions of bare runs before and after.
    progress : callable, optional
        Told what is being done, and every line the sweep says.

    Raises
    ------
    RuntimeError
        When the sweep fails; with what it said.
    """
    import pandas as pd

    from flywheel_sim.execute.run import worker_count
    from flywheel_sim.execute.store import Store

    say = progress or (lambda _: None)
    threads, points = worker_count(cores), max(1, runs // A_POINT)
    scenario = scaled(accounts, weeks)
    kernels(scenario, 1)  # compiles, where nothing is kept from earlier
    say("the kernels alone, before")
    before = [_run_ms(scenario, threads) for _ in range(portions)]
    with tempfile.TemporaryDirectory(prefix="flywheel-bench-") as place:
        here = Path(place)
        (here / "company.yaml").write_text(scenario.to_yaml(load(EVERYTHING)), "utf-8")
        study = study_of(scenario, points) | {"scenario": "company.yaml"}
        (here / "study.yaml").write_text(json.dumps(study), "utf-8")
        memory = _Memory()

        def hear(line: str) -> None:
            memory.at(line)
            say(line)

        words = ["sweep", str(here / "study.yaml"), "--out", str(here / "runs"), "--json", "--workers", str(threads)]
        done = fresh(["-m", "flywheel_sim.cli", *words], hear=hear, begun=memory.watch)
        looks = memory.looks()
        told = json.loads(done.out)["data"]
        found = pd.read_parquet(here / "runs" / "runs", columns=["run", "run_id"])
        store = Store.open(here / "runs")
        asked = store.design()[["run", "run_id"]]
        once = found.sort_values("run", ignore_index=True).equals(asked.sort_values("run", ignore_index=True))
        files = [path for path in (here / "runs").rglob("*") if path.is_file()]
        size, hashed = sum(path.stat().st_size for path in files), store.hash()
    say("the kernels alone, after")
    after = [_run_ms(scenario, threads) for _ in range(portions)]
    return LongSweep(
        points * A_POINT, points, accounts, weeks, threads, done.wall, done.cpu, before + after, len(found),
        int(told["failed"]), bool(once and found["run_id"].is_unique), hashed == told["hash"], hashed, len(files), size,
        looks, said_left(done.said, done.wall), machine(),
    )  # fmt: skip


def _run_ms(scenario: Scenario, threads: int) -> float:
    """Milliseconds of processor time of one run's kernels, where every thread makes runs of its own.

    The luck is that of a point's runs, over and over, since a run's cost depends on its luck.
    """

    def portion(_: threading.Event) -> None:
        kernels(scenario, A_PORTION, lucks=A_POINT)

    before = time.process_time()
    together([portion] * threads)
    return 1000.0 * (time.process_time() - before) / (threads * A_PORTION)


class _Memory:
    """What another process holds, looked at now and then until it ends."""

    def __init__(self) -> None:
        self.pid = 0
        self.found: list[dict[str, float]] = []
        self.last: dict[str, float] = {}
        self.ended = threading.Event()
        self.watcher: threading.Thread | None = None

    def watch(self, pid: int) -> None:
        """Begin to look."""
        self.pid, self.watcher = pid, threading.Thread(target=self._look_on, daemon=True)
        self.watcher.start()

    def at(self, line: str) -> None:
        """Look now, and note how far the process says it is."""
        now = self._look()
        if now and (told := said_left([(0.0, line)], 0.0)):
            self.found.append({"done": told[0]["done"], **now})

    def looks(self) -> list[dict[str, float]]:
        """All that was noted, and the last look before the end."""
        self.ended.set()
        if self.watcher is not None:
            self.watcher.join()
        return [*self.found, {"done": 1.0, **self.last}] if self.last else []

    def _look_on(self) -> None:
        while not self.ended.wait(LOOK):
            self.last = self._look() or self.last

    def _look(self) -> dict[str, float]:
        """Bytes it holds and the most it ever held, in its own memory; empty when it is gone or nothing says."""
        try:
            lines = Path(f"/proc/{self.pid}/status").read_text("utf-8").splitlines()
        except OSError:
            return {}
        sizes = {
            name: float(rest.split()[0]) * 1024.0
            for name, _, rest in (x.partition(":") for x in lines)
            if name in ("VmRSS", "VmHWM")
        }
        return {"bytes": sizes["VmRSS"], "peak": sizes["VmHWM"]} if len(sizes) == 2 else {}
