"""A batch of runs: build it, advance it, read it out.

:class:`Simulation` owns the arrays of a batch and is the only caller of :func:`~flywheel_sim.engine.tick.advance`.
Long calls are cut into slices of at most half a second, so that Ctrl-C works and progress can be shown.  A batch is
shared out over threads run by run; a large run block by block within each week.  Neither changes a bit.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from threading import Lock, Thread, current_thread, main_thread
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.engine.arrays import RunArrays
from flywheel_sim.engine.lower import Program, lower
from flywheel_sim.engine.network import build_network
from flywheel_sim.engine.populate import endow, populate
from flywheel_sim.engine.prepare import prepare
from flywheel_sim.engine.state import State, allocate
from flywheel_sim.engine.tick import ALL, CLOSING, CUSTOMERS, OPENING, advance
from flywheel_sim.scenario.schema import ScenarioModel

__all__ = ["BIG", "ConservationError", "Simulation"]

#: Accounts from which one run is shared out over threads.
BIG = 100_000
_SLICE = 0.4  # seconds


class ConservationError(RuntimeError):
    """A run in debug mode lost or invented a customer or a dollar."""


def _minds(learning: Any) -> int:
    """Room for the beliefs of the people, the code and the code to be, each with a mark; none where nobody learns."""
    return (int(learning["people"]) + 2) * (int(learning["practices"]) + 1) if learning["enabled"] else 0


class Simulation:
    """A batch of runs that share one program.

    Parameters
    ----------
    models : scenarios.
    runs : ``(scenario index, seed, replicate)`` for every run; seed and replicate below 2^32.
    keep_teams : keep weekly team directions.

    Examples
    --------
    >>> from flywheel_sim.scenario import load
    >>> sim = Simulation([load("b2b-saas").with_({"horizon_weeks": 4}).model], [(0, 1, 0)])
    >>> sim.advance()
    >>> sim.arrays(0).weekly.shape[0]
    4
    """

    def __init__(
        self, models: Sequence[ScenarioModel], runs: Sequence[tuple[int, int, int]], keep_teams: bool = True
    ) -> None:
        self.program: Program = lower(models)
        self._large = False
        self.week = 0
        program = self.program
        first = [program.par[program.calendar[s, 0]] for s, _, _ in runs]
        sizes = np.array([p["size"] for p in first])
        accounts = np.array([int(p["market"]["accounts"]) for p in first], np.int64)
        networks: list[tuple[NDArray[np.int32], NDArray[np.int32]]] = []
        state = allocate(
            len(runs),
            accounts,
            sizes,
            keep_teams,
            0,
            program.tables.craft.shape[1],
            int(sizes["touchpoints"].max()),
            np.array([bool(p["service"]["event_timed"]) for p in first]),
            np.array([_minds(p["culture"]["learning"]) for p in first]),
        )
        prepare(program, state)
        self._large = int(accounts.max(initial=0)) >= 10 * BIG
        for q, (p, (scenario, seed, replicate)) in enumerate(zip(first, runs, strict=True)):
            if not (0 <= seed < 2**32 and 0 <= replicate < 2**32):
                raise ValueError(f"seed and replicate must lie in 0 .. 2^32 - 1, got {seed} and {replicate}")
            r = state.run[q]
            r["scenario"], r["seed"], r["replicate"] = scenario, seed, replicate
            n, start = int(accounts[q]), int(r["account0"])
            self._apart(endow, p, program.tables, state, q)
            tied = (p["market"]["network"], n, seed, replicate, state.segment[start : start + n])
            networks.append(self._apart(build_network, *tied))
            self._apart(populate, p, program.tables, state, q)
        base = np.concatenate(([0], np.cumsum([len(f) for _, f in networks])))
        for (edge, _), start in zip(networks, base, strict=False):
            edge += np.int32(start)
        if len(networks) == 1:  # of one large run there is no second copy
            edge, friend = networks[0]
        else:
            edge, friend = (np.concatenate(parts) for parts in zip(*networks, strict=True))
        self.state: State = state._replace(edge=edge, friend=friend)
        self.horizon = int(sizes["horizon"].max())

    @property
    def runs(self) -> int:
        """Number of runs."""
        return len(self.state.run)

    def _call(self, t0: int, t1: int, run0: int, run1: int, phase: int = ALL, block0: int = 0, block1: int = 0) -> None:
        program = self.program
        self._apart(
            advance,
            program.par,
            program.tables,
            program.calendar,
            self.state,
            t0,
            t1,
            run0,
            run1,
            phase,
            block0,
            block1,
        )

    def _apart(self, kernel: Callable[..., Any], *given: Any) -> Any:
        """Call a kernel; that of a very large company on a thread of its own, so that Ctrl-C ends the wait for it."""
        if not self._large or current_thread() is not main_thread():
            return kernel(*given)
        found: list[tuple[Any, BaseException | None]] = []

        def work() -> None:
            try:
                found.append((kernel(*given), None))
            except BaseException as error:
                found.append((None, error))

        thread = Thread(target=work, name="flywheel-kernel", daemon=True)
        thread.start()
        while thread.is_alive():
            thread.join(0.1)
        value, error = found[0]
        if error is not None:
            raise error
        return value

    def advance(
        self, weeks: int | None = None, threads: int = 1, progress: Callable[[int, int], None] | None = None
    ) -> None:
        """Advance all runs by ``weeks`` (default: to the horizon).

        Parameters
        ----------
        weeks : weeks to go.
        threads : threads to share the work over; the result does not depend on it.
        progress : called as ``progress(done, total)`` in run-weeks.

        Raises
        ------
        ConservationError
            In debug mode, if a customer or a dollar was lost or invented.
        """
        t1 = self.horizon if weeks is None else min(self.horizon, self.week + weeks)
        if threads > 1 and self.runs == 1 and int(self.state.run[0]["accounts"]) >= BIG:
            self._advance_big(t1, threads, progress)
        else:
            self._advance_batch(t1, max(1, min(threads, self.runs)), progress)
        self.week = max(self.week, t1)
        for q in range(self.runs):
            if self.state.run[q]["violations"] > 0:
                raise ConservationError(
                    f"{int(self.state.run[q]['violations'])} violations of conservation in run {q} "
                    f"(seed {self.state.run[q]['seed']}, replicate {self.state.run[q]['replicate']})"
                )

    def _advance_big(self, t1: int, threads: int, progress: Callable[[int, int], None] | None) -> None:
        blocks = int(self.state.run[0]["blocks"])
        shares = list(pairwise(np.linspace(0, blocks, 4 * threads + 1).astype(int).tolist()))
        start, shown = self.week, time.monotonic()

        def work(t: int, left: Iterator[tuple[int, int]]) -> None:
            for first, last in left:  # taking the next share is atomic
                self._call(t, t + 1, 0, 1, CUSTOMERS, first, last)

        with ThreadPoolExecutor(threads - 1) as pool:
            for t in range(self.week, t1):
                self._call(t, t + 1, 0, 1, OPENING)
                left = iter(shares)
                others = [pool.submit(work, t, left) for _ in range(threads - 1)]
                work(t, left)
                for other in others:
                    other.result()
                self._call(t, t + 1, 0, 1, CLOSING)
                self.week = t + 1
                if progress and (time.monotonic() - shown > 0.1 or t + 1 == t1):
                    progress(t + 1 - start, t1 - start)
                    shown = time.monotonic()

    def _advance_batch(self, t1: int, threads: int, progress: Callable[[int, int], None] | None) -> None:
        start, total = self.week, (t1 - self.week) * self.runs
        if total <= 0:
            return
        done, lock = [0] * threads, Lock()
        stop: list[bool] = []
        begun = 0

        def take(most: int) -> range:
            # a share of the runs nobody has begun: large ones first, small ones in the end, so that all end together
            nonlocal begun
            with lock:
                share = max(1, min(most, (self.runs - begun) // (2 * threads)))
                runs = range(begun, min(begun + share, self.runs))
                begun = runs.stop
            return runs

        def work(k: int) -> None:
            # the first slice is one run-week, later ones as long as the last one's speed allows
            per_slice = 1.0
            while runs := take(int(per_slice / (t1 - start))):
                t = start
                while t < t1:
                    if stop:
                        return
                    step = t1 - t if len(runs) > 1 else max(1, min(t1 - t, int(per_slice)))
                    before = time.perf_counter()
                    self._call(t, t + step, runs.start, runs.stop)
                    took = max(time.perf_counter() - before, 1e-6)
                    per_slice = min(max(1.0, step * len(runs) * _SLICE / took), per_slice * 8)
                    done[k] += step * len(runs)
                    t += step
                    if progress:
                        progress(sum(done), total)

        if threads == 1:
            work(0)
            return
        with ThreadPoolExecutor(threads) as pool:
            jobs = [pool.submit(work, k) for k in range(threads)]
            try:
                for job in jobs:
                    job.result()
            except BaseException:
                stop.append(True)
                raise

    def arrays(self, q: int) -> RunArrays:
        """Copy out what run q has left behind so far."""
        st, r = self.state, self.state.run[q]
        p = self.program.par[self.program.calendar[int(r["scenario"]), 0]]
        weeks, size = min(self.week, int(p["size"]["horizon"])), p["size"]
        w0 = int(r["week0"])
        teams = need = None
        if int(r["log0"]) >= 0:
            count, axes, l0 = int(size["teams"]), int(size["axes"]), int(r["log0"])
            need = st.need_log[w0 : w0 + weeks, :axes].copy()
            teams = st.log[l0 : l0 + weeks * count, : 1 + axes].reshape(weeks, count, 1 + axes).copy()
        life = st.life[int(r["life0"]) : int(r["life0"]) + int(r["ages"])].copy()
        return RunArrays(
            seed=int(r["seed"]),
            replicate=int(r["replicate"]),
            weeks=weeks,
            initial=st.initial[q].copy(),
            weekly=st.weekly[w0 : w0 + weeks].copy(),
            teams=teams,
            life=life,
            need=need,
        )
