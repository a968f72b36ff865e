"""Long work that tells how far it is and can be stopped."""

import threading
import time
from collections.abc import Sequence

from flywheel_sim.app.bounds import check
from flywheel_sim.execute.run import batch, worker_count
from flywheel_sim.results import Run
from flywheel_sim.scenario import Scenario, load

__all__ = ["Cancelled", "Job", "Warmth", "warmth"]


#: Runs of each scenario that a thread makes before a job can be stopped for sure.
_EACH = 2


class Cancelled(Exception):
    """Somebody stopped the work, or asked for something else."""


class Job:
    """One request of one session: its progress, and a way to stop it."""

    def __init__(self) -> None:
        self.done = 0
        self.total = 0
        self.begun = time.monotonic()
        self._stop = threading.Event()

    def cancel(self) -> None:
        """Stop within half a second: runs in hand are left, whatever they are at."""
        self._stop.set()

    @property
    def cancelled(self) -> bool:
        """Whether somebody stopped it."""
        return self._stop.is_set()

    @property
    def seconds(self) -> float:
        """Seconds since the job began."""
        return time.monotonic() - self.begun

    @property
    def share(self) -> float:
        """How much is done, from 0 to 1."""
        return self.done / self.total if self.total else 0.0

    def step(self, done: int, total: int) -> None:
        """Take what a runner reports; raises `Cancelled` once the job is stopped."""
        self.done, self.total = done, total
        if self._stop.is_set():
            raise Cancelled

    def runs(
        self, scenarios: Sequence[Scenario], replicates: int, seed: int, *, first: int = 0, workers: int | None = None
    ) -> list[list[Run]]:
        """Return runs of every scenario under the same luck; refuses what is too big.

        They are made a few at a time, so that a job that is stopped leaves the cores to the next one soon.

        Raises
        ------
        Cancelled
            When the job was stopped.
        ScenarioError
            When it is too big.
        """
        check(scenarios, first + replicates)
        runs_of: list[list[Run]] = [[] for _ in scenarios]
        total = sum(scenario.model.horizon_weeks for scenario in scenarios)
        for start in range(0, replicates, few := _EACH * worker_count(workers)):
            if self.cancelled:
                raise Cancelled
            before, count = start * total, min(few, replicates - start)
            made = batch(
                scenarios,
                replicates=count,
                seed=seed,
                workers=workers,
                first=first + start,
                teams=True,
                progress=lambda done, _, before=before: self.step(before + done, replicates * total),  # type: ignore[misc]
            )
            for runs, more in zip(runs_of, made, strict=True):
                runs += more
        return runs_of


class Warmth:
    """Whether the engine is compiled; all sessions share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ready = threading.Event()
        self.begun = 0.0
        self.failed = ""

    @property
    def ready(self) -> bool:
        """Whether it answers at once."""
        return self._ready.is_set()

    @property
    def seconds(self) -> float:
        """Seconds since the job began."""
        return time.monotonic() - self.begun if self.begun else 0.0

    def up(self) -> None:
        """Compile, or load what was compiled before; only the first caller works, the others wait."""
        with self._lock:
            if self._ready.is_set():
                return
            self.begun = time.monotonic()
            try:
                small = load("b2b-saas").with_({"horizon_weeks": 2, "market.accounts": 300})
                batch([small], replicates=2)
                self.failed = ""
                self._ready.set()
            except Exception as error:
                self.failed = f"{type(error).__name__}: {error}"
                raise


#: The one engine of this process.
warmth = Warmth()
