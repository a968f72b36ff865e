"""Run what a store has pending: chunks of about a second, a window of them in flight, rows to the disk as they come.

The driver is the only one that writes.  It hands out chunks in the order of the design, sized by what the last ones
took; writes rows every second at first and less often later, so that a long sweep does not end in a million files; and
takes a chunk apart when the process that ran it has ended, until it is known which run was the end of it.
"""

import math
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Executor, Future, wait
from contextlib import contextmanager
from dataclasses import dataclass
from os import PathLike

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.execute.backends import Place, place
from flywheel_sim.execute.chunk import ABANDON, Abandoned, Chunk, Job, OtherRun, run_chunk
from flywheel_sim.execute.design import Design
from flywheel_sim.execute.rows import Rows
from flywheel_sim.execute.store import Standing, Store
from flywheel_sim.execute.versions import CodeMismatch
from flywheel_sim.results.saving import ResultError
from flywheel_sim.typed import command

__all__ = ["ENDED", "Drive", "Interrupted", "Progress", "resume_command", "run_design"]

Progress = Callable[[Standing], None]
Work = Callable[[Chunk], Rows]

#: Seconds of work in a chunk, the fewest of them towards the end, and the most runs and accounts in one.
TARGET, SHORTEST, MOST_RUNS, MOST_ACCOUNTS = 1.0, 0.1, 1000, 4_000_000
#: Rows are written after so many seconds, more as time goes by, or when so many numbers have come together.
WRITE_SECONDS, LONGEST_SECONDS, WRITE_NUMBERS = 1.0, 60.0, 2_000_000
#: Seconds between two looks at what came and who asked; seconds that chunks get to end, once somebody asked to stop.
LOOK, GRACE = 0.05, 0.3
#: After so many runs that all failed, something is wrong with the study.
HOPELESS = 10
#: What the row of a run says whose process has ended.
ENDED = "the process that ran it ended"


class Interrupted(KeyboardInterrupt):
    """Stopped on request; what was finished is kept."""


@dataclass(frozen=True)
class Drive:
    """How a drive ended.

    Parameters
    ----------
    runs : int64 array, shape (points, replicates), or (n,) of what was pending
        Numbers of the runs that were asked for.
    stopped : str
        Why it ended before they were all made; ``""`` when they were.
    asked : bool
        Somebody asked to stop when the last runs were being made: a search should ask for no more.
    """

    runs: NDArray[np.int64]
    stopped: str = ""
    asked: bool = False


def run_design(
    design: Design | None,
    on: "str | PathLike[str] | Executor | Place | None",
    store: Store,
    progress: Progress | None = None,
    *,
    workers: int | None = None,
    stop_on_error: bool = False,
    work: Work = run_chunk,
) -> Drive:
    """Make the runs of a design, those that are not in the store yet, and keep them.

    Parameters
    ----------
    design : Design, optional
        Runs to ask for; None makes what the store has pending.
    on : str, path, Executor or Place, optional
        Where: what `flywheel_sim.execute.backends.place` takes.  A search that asks many times opens a place once.
    store : Store
        Open for writing.
    progress : callable, optional
        Called with a `Standing` when rows have come.
    workers : int, optional
        Threads or processes at most.
    stop_on_error : bool
        Stop at the first run that fails; otherwise a failed run is a row like any other.
    work : callable
        What a worker runs; default `run_chunk`.

    Returns
    -------
    Drive

    Raises
    ------
    Interrupted
        After Ctrl-C or SIGTERM, within a second: what came in by then has been written, the rest is for a resume.
    CodeMismatch
        When a worker has other code.
    OtherRun
        When a row of the design is not the run that it is named after.
    ResultError
        When rows cannot be written, or the place is lost; what was written stays.

    Examples
    --------
    Ask, tell, ask again; a search that was killed starts anew and is answered from the store up to where it was.

    >>> import tempfile
    >>> from flywheel_sim.execute.design import Point
    >>> from flywheel_sim.execute.store import Experiment
    >>> from flywheel_sim.scenario import load
    >>> small = load("b2b-saas").with_({"market.accounts": 300, "market.initial_customers": 30, "horizon_weeks": 8})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with Store.create(f"{folder}/search", Experiment({"base": small}, outcomes=("npv",))) as store:
    ...         with place("threads", 1) as here:
    ...             for heads in (4, 6):
    ...                 asked = Design([Point({"teams.sales.headcount": heads})], replicates=2)
    ...                 runs = run_design(asked, here, store).runs
    ...         told = store.table()
    >>> told["teams.sales.headcount"].tolist()
    [4, 4, 6, 6]
    """
    asked = store.extend(design) if design is not None else store.pending()
    pending = np.intersect1d(asked, store.pending()) if design is not None else store.in_turn(asked)
    with place(on, workers) as here, _signals() as stop:
        stopped = _Driver(
            store=store, here=here, work=work, progress=progress, stop_on_error=stop_on_error, stop=stop
        ).run(pending)
        return Drive(asked, stopped, stop.asked)


class _Stop:
    """What a signal has asked for."""

    def __init__(self) -> None:
        self.asked = False
        self.since = math.inf

    @property
    def over(self) -> bool:
        """Whether those who are at work have had the time to end."""
        return self.asked and time.monotonic() - self.since > GRACE


@contextmanager
def _signals() -> Iterator[_Stop]:
    """Stop soon at the first Ctrl-C (or SIGTERM), at once at the second; only the main thread can listen."""
    stop = _Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def ask(number: int, frame: object) -> None:
        if stop.asked:
            raise KeyboardInterrupt
        stop.asked, stop.since = True, time.monotonic()

    names = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(name, ask) for name in names]
    try:
        yield stop
    finally:
        for name, handler in zip(names, before, strict=True):
            signal.signal(name, handler)


class _Driver:
    """One drive through the pending runs of a store."""

    def __init__(
        self, store: Store, here: Place, work: Work, progress: Progress | None, stop_on_error: bool, stop: _Stop
    ) -> None:
        self.store, self.here, self.work, self.progress = store, here, work, progress
        self.stop_on_error, self.stop, self.stopped = stop_on_error, stop, ""
        self.flying: dict[Future[Rows], tuple[Job, ...]] = {}
        self.suspects: deque[tuple[Job, ...]] = deque()
        self.ahead: deque[Job] = deque()
        self.rest = np.zeros(0, np.int64)
        self.kept: list[Rows] = []
        self.numbers = 0
        self.begun = self.written = time.monotonic()
        self.counted = -math.inf
        self.slots, self.pace, self.last = 1, 0.0, 0
        self.warm = self.stopping = False
        self.to_go = 0
        self.made = self.failed = 0
        self.paced = (-1.0, 0)
        experiment = store.experiment
        self.sizes = {
            name: (scenario.model.market.accounts, scenario.model.horizon_weeks)
            for name, scenario in experiment.scenarios.items()
        }

    def run(self, wanted: NDArray[np.int64]) -> str:
        """Make these runs; returns why not all were made."""
        self.rest, self.to_go = wanted, len(wanted)
        ABANDON.clear()
        try:
            while True:
                while (chunk := self._next()) is not None:
                    self._submit(chunk)
                if not self.flying:
                    break
                done, _ = wait(self.flying, timeout=LOOK, return_when=FIRST_COMPLETED)
                for future in done:
                    if future in self.flying:
                        self._take(future)
                self._write_when_due()
                if (self.stop.asked or self.stopped) and not self.stopping:
                    self._drain()
                if self.stop.over and self.flying:
                    self._write()
                    raise Interrupted(f"interrupted; {self._how_to_go_on()}")
                if why := self.here.lost():
                    raise ResultError(f"{why}; {self._how_to_go_on()}")
            self._write()
        except BaseException as error:
            # a second Ctrl-C, a full disk, a worker with other code: keep what has come, wait for nobody
            ABANDON.set()
            for future in self.flying:
                future.cancel()
            if isinstance(error, ResultError) and isinstance(error.__cause__, OSError):
                raise ResultError(f"{error}; {self._how_to_go_on()}") from error
            self._write()
            raise
        if self.stop.asked and len(np.intersect1d(wanted, self.store.pending())):
            raise Interrupted(f"interrupted; {self._how_to_go_on()}")
        return self.stopped

    def _drain(self) -> None:
        """Take back what nobody has begun, where that can be told; the rest is waited for a moment."""
        self.stopping = True
        if self.here.local or self.here.renew is not None:
            for future in [future for future in self.flying if future.cancel()]:
                del self.flying[future]
        if self.progress and self.stop.asked:
            self.progress(self._standing())

    # -- handing out ---------------------------------------------------------------------------------------------------

    def _next(self) -> tuple[Job, ...] | None:
        """Return the next chunk to hand out, or None when there is none now."""
        if self.stop.asked or self.stopped:
            return None
        if self.suspects:
            # alone, so that it is known whose fault it is
            return None if self.flying else self.suspects.popleft()
        now = time.monotonic()
        if self.warm and now - self.counted > 2.0:
            self.slots, self.counted = self.here.slots(), now
        # the first chunk goes alone: where the engine must be compiled, once is enough
        if len(self.flying) >= (2 * self.slots if self.warm else 1):
            return None
        ahead = self.ahead
        if len(ahead) < MOST_RUNS and len(self.rest):
            # a few thousand at a time, so that memory does not grow with the design
            some, self.rest = self.rest[: 4 * MOST_RUNS], self.rest[4 * MOST_RUNS :]
            ahead.extend(self.store.jobs(some))
        if not ahead:
            return None
        # fourfold at most, until it is known what a run takes
        most, goal = min(MOST_RUNS, max(1, 4 * self.last)), TARGET
        if self.slots > 1:
            # towards the end smaller, so that all workers end together
            n, weeks = self._size(ahead[0])
            rest = self.pace * n * weeks * (len(ahead) + len(self.rest))
            goal = max(SHORTEST, min(TARGET, rest / (2 * self.slots)))
        chunk: list[Job] = []
        work = accounts = 0.0
        while ahead and len(chunk) < most:
            n, weeks = self._size(ahead[0])
            if chunk and (accounts + n > MOST_ACCOUNTS or self.pace * (work + n * weeks) > goal):
                break
            work, accounts = work + n * weeks, accounts + n
            chunk.append(ahead.popleft())
        if ahead and _same_point(chunk[-1], ahead[0]):
            # a point that is cut in two is made twice: rather end where the last one did, if that is not far back
            whole = next((k for k in range(len(chunk) - 1, 0, -1) if not _same_point(chunk[k - 1], chunk[k])), 0)
            if 2 * whole >= len(chunk):
                ahead.extendleft(reversed(chunk[whole:]))
                del chunk[whole:]
        return tuple(chunk)

    def _size(self, job: Job) -> tuple[float, float]:
        """Return accounts and weeks of a run, as far as can be told without making its scenario."""
        accounts, weeks = self.sizes[job.scenario]
        changes = dict(job.changes)
        sizes = changes.get("market.accounts", accounts), changes.get("horizon_weeks", weeks)
        return tuple(float(x) if isinstance(x, int | float) else 1.0 for x in sizes)  # type: ignore[return-value]

    def _submit(self, jobs: tuple[Job, ...]) -> None:
        store = self.store
        names = {job.scenario for job in jobs}
        chunk = Chunk(
            code=store.code,
            scenarios={name: store.texts[name] for name in names},
            jobs=jobs,
            outcomes=store.experiment.outcomes,
            columns=store.experiment.columns,
            every=store.experiment.every,
            named_by=store.named_by,
            functions=store.functions,
            rules=store.rules,
        )
        try:
            future = self.here.executor.submit(self.work, chunk)
        except BrokenExecutor:
            self._renew()
            future = self.here.executor.submit(self.work, chunk)
        self.flying[future] = jobs

    # -- taking back ---------------------------------------------------------------------------------------------------

    def _take(self, future: "Future[Rows]") -> None:
        jobs = self.flying.pop(future)
        alone = not self.flying
        try:
            rows = future.result()
        except (CodeMismatch, ImportError, AttributeError) as error:
            if isinstance(error, CodeMismatch):
                raise
            raise ResultError(f"a worker cannot run this: {error}; {self._how_to_go_on()}") from error
        except OtherRun as error:
            raise OtherRun(f"'{self.store.folder}': {error}") from error
        except Abandoned:
            raise KeyboardInterrupt from None
        except CancelledError as error:
            raise ResultError(f"{self.here.lost() or 'a chunk was cancelled'}; {self._how_to_go_on()}") from error
        except (Exception, SystemExit) as error:
            if why := self.here.lost():
                raise ResultError(f"{why}; {self._how_to_go_on()}") from error
            self._lose(jobs, error, alone)
            return
        self.warm = True
        work = sum(n * weeks for n, weeks in map(self._size, jobs))
        pace = rows.seconds / max(work, 1.0)
        self.last = max(self.last, len(jobs))
        self.pace = pace if not self.pace else 0.5 * (self.pace + pace)
        self._keep(rows)

    def _lose(self, jobs: tuple[Job, ...], error: BaseException, alone: bool) -> None:
        """Count a chunk that came back without rows: its process has ended, or took another's end with it."""
        if isinstance(error, BrokenExecutor):
            if self.here.renew is None:
                raise ResultError(f"the executor has broken ({error}); {self._how_to_go_on()}") from error
            for other, others in self.flying.items():
                if other.done() and not other.cancelled() and other.exception() is None:
                    self._keep(other.result())
                else:
                    self.suspects.append(others)
            alone, self.flying = alone and not self.flying, {}
            self._renew()
        if alone and len(jobs) == 1:
            experiment, killed = self.store.experiment, type(error).__name__ == "KilledWorker"
            ended = killed or isinstance(error, BrokenExecutor | SystemExit)
            why = ENDED if ended else f"{type(error).__name__}: {error}"[:500]
            self._keep(Rows.lost([jobs[0].run], why, len(experiment.outcomes), len(experiment.columns)))
        elif alone:
            self.suspects.extendleft((jobs[len(jobs) // 2 :], jobs[: len(jobs) // 2]))
        else:
            self.suspects.append(jobs)

    def _renew(self) -> None:
        if self.here.renew is None:
            raise ResultError(f"the executor takes no more work; {self._how_to_go_on()}")
        self.here.executor = self.here.renew()

    def _keep(self, rows: Rows) -> None:
        self.made += len(rows)
        self.failed += rows.failed
        rows = self.store.with_copies(rows)
        self.kept.append(rows)
        self.numbers += rows.outcomes.size + rows.series.size
        if self.paced[0] < 0.0:
            self.paced = time.monotonic(), self.made
        if rows.failed and self.stop_on_error and not self.stopped:
            why = next(error for error in rows.errors if error is not None)
            self.stopped = f"a run failed: {why}"
        elif not self.stopped and self.made >= HOPELESS and self.failed == self.made and self.to_go > self.made:
            why = next(error for error in rows.errors if error is not None)
            self.stopped = f"the first {self.made} runs all failed, the last one with: {why}"
        if self.progress:
            self.progress(self._standing())

    def _standing(self) -> Standing:
        now = self.store.standing()
        waiting = sum(len(rows) for rows in self.kept)
        done = now.done + waiting
        # the first chunk's time is that of the engine's start: what has come since tells the pace
        since, before = self.paced
        left = None
        if self.made == self.to_go:
            left = 0.0
        elif self.made > before:
            left = (time.monotonic() - since) * (self.to_go - self.made) / (self.made - before)
        failed = now.failed + sum(rows.failed for rows in self.kept)
        return Standing(now.total, done, failed, left, self.stop.asked)

    # -- writing -------------------------------------------------------------------------------------------------------

    def _write_when_due(self) -> None:
        now = time.monotonic()
        due = min(max(WRITE_SECONDS, 0.02 * (now - self.begun)), LONGEST_SECONDS)
        if self.kept and (now - self.written >= due or self.numbers >= WRITE_NUMBERS):
            self._write()

    def _write(self) -> None:
        self.written = time.monotonic()
        if self.kept:
            rows, self.kept, self.numbers = self.kept, [], 0
            self.store.append(rows)

    def _how_to_go_on(self) -> str:
        now = self.store.standing()
        kept = f"{now.done + sum(len(rows) for rows in self.kept)} of {now.total} runs are kept"
        return f"{kept}; go on with: {resume_command(self.store)}"


def _same_point(one: Job, other: Job) -> bool:
    """Tell whether two runs differ by their luck alone."""
    return one.scenario == other.scenario and one.changes == other.changes


def resume_command(store: Store) -> str:
    """Return the command that goes on with a store.

    Examples
    --------
    >>> from pathlib import Path
    >>> from types import SimpleNamespace
    >>> resume_command(SimpleNamespace(folder=Path("my runs")))
    "flywheel resume 'my runs'"
    """
    return command("flywheel", "resume", store.folder)
