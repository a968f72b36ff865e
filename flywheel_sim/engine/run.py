"""A batch of runs: build it, advance it, read it out.

:class:`Simulation` owns the arrays of a batch and is the only caller of :func:`~flywheel_sim.engine.tick.advance`.
Long calls are cut into slices of a fifth of a second on threads of their own (`interruptible.py`), so that whoever
waits can always stop and progress can be shown.  A batch is shared out over threads run by run; a large run block by
block within each week.  Neither changes a bit.
"""

import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from threading import Barrier, BrokenBarrierError, Event, Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.engine.arrays import RunArrays
from flywheel_sim.engine.compilation import prepare
from flywheel_sim.engine.interruptible import Left, aside, together
from flywheel_sim.engine.lowering import Program, lower
from flywheel_sim.engine.network import build_network
from flywheel_sim.engine.populate import endow, populate
from flywheel_sim.engine.state import State, allocate
from flywheel_sim.engine.tick import ALL, CLOSING, CUSTOMERS, OPENING, advance
from flywheel_sim.scenario.schema import ScenarioModel

__all__ = ["BIG", "ConservationError", "Left", "Simulation"]

#: Accounts from which one run is shared out over threads.
BIG = 100_000
#: Seconds of a slice of weeks; and the longest that work may take as far as can be told, to be done by the caller.
_SLICE, _AT_ONCE = 0.2, 0.05
#: Accounts and ties that are made ready by the caller: some hundredths of a second.
_FEW = 500_000
#: Most blocks of accounts that a thread takes of a large run at a time.
_BLOCKS = 256


class ConservationError(RuntimeError):
    """A run in debug mode lost or invented a customer or a dollar."""


def _here(look: Callable[[], None], function: Callable[..., Any], *given: Any) -> Any:
    return function(*given)


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
    look : called now and then while the runs are made ready; what it raises ends that within a second.

    Examples
    --------
    >>> from flywheel_sim.scenario import load
    >>> sim = Simulation([load("b2b-saas").with_({"horizon_weeks": 4}).model], [(0, 1, 0)])
    >>> sim.advance()
    >>> sim.arrays(0).weekly.shape[0]
    4
    """

    def __init__(
        self,
        models: Sequence[ScenarioModel],
        runs: Sequence[tuple[int, int, int]],
        keep_teams: bool = True,
        look: Callable[[], None] = lambda: None,
    ) -> None:
        self.program: Program = lower(models)
        self.week = 0
        self._pace = 0.0  # seconds of a run-week of the last slice
        self._torn = ""
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
            np.array([bool(p["measures"]["per_account"] or p["ledger"]["allocate_payroll"]) for p in first]),
        )
        prepare(program, state, look)
        for q, (p, (scenario, seed, replicate)) in enumerate(zip(first, runs, strict=True)):
            if not (0 <= seed < 2**32 and 0 <= replicate < 2**32):
                raise ValueError(f"seed and replicate must lie in 0 .. 2^32 - 1, got {seed} and {replicate}")
            r = state.run[q]
            r["scenario"], r["seed"], r["replicate"] = scenario, seed, replicate
            look()
            n, start = int(accounts[q]), int(r["account0"])
            call = aside if n * (1 + float(p["market"]["network"]["degree"])) > _FEW else _here
            call(look, endow, p, program.tables, state, q)
            tied = (p["market"]["network"], n, seed, replicate, state.segment[start : start + n])
            networks.append(call(look, build_network, *tied))
            call(look, populate, p, program.tables, state, q)
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
        advance(program.par, program.tables, program.calendar, self.state, t0, t1, run0, run1, phase, block0, block1)

    def advance(
        self, weeks: int | None = None, threads: int = 1, progress: Callable[[int, int], None] | None = None
    ) -> None:
        """Advance all runs by ``weeks`` (default: to the horizon).

        Parameters
        ----------
        weeks : weeks to go.
        threads : threads to share the work over; the result does not depend on it.
        progress : called as ``progress(done, total)`` in run-weeks, by the thread that waits; what it raises stops the
            runs within a second.

        Raises
        ------
        ConservationError
            In debug mode, if a customer or a dollar was lost or invented.
        Left
            If an earlier call was stopped in the middle of a slice.
        """
        if self._torn:
            raise Left(f"{self._torn}; make these runs again, or go on from a saved state")
        t1 = self.horizon if weeks is None else min(self.horizon, self.week + weeks)
        if t1 > self.week:
            self._go(t1, threads, progress)
        for q in range(self.runs):
            if self.state.run[q]["violations"] > 0:
                raise ConservationError(
                    f"{int(self.state.run[q]['violations'])} violations of conservation in run {q} "
                    f"(seed {self.state.run[q]['seed']}, replicate {self.state.run[q]['replicate']})"
                )

    def _go(self, t1: int, threads: int, progress: Callable[[int, int], None] | None) -> None:
        start, total = self.week, (t1 - self.week) * self.runs
        if progress:
            progress(0, total)
        in_blocks = threads > 1 and self.runs == 1 and int(self.state.run[0]["accounts"]) >= BIG
        if not in_blocks and self._short(t1):
            before = time.perf_counter()
            self._call(start, t1, 0, self.runs)
            self._pace = (time.perf_counter() - before) / total
        else:
            reached = [start] * self.runs
            if in_blocks:
                works = self._in_blocks(t1, threads, reached)
            else:
                works = self._in_runs(t1, max(1, min(threads, self.runs)), reached)

            def look() -> None:
                if progress:
                    progress(sum(reached) - start * self.runs, total)

            try:
                together(works, look)
            except BaseException as error:
                if getattr(error, "left", True) or len(set(reached)) > 1:
                    self._torn = f"these runs were stopped between week {min(reached)} and week {t1}"
                else:
                    self.week = reached[0]
                raise
        self.week = t1
        if progress:
            progress(total, total)

    def _short(self, t1: int) -> bool:
        """Whether these weeks are like the last one, and it tells that all of them are over at once."""
        if not 0.0 < self._pace * self.runs * (t1 - self.week) <= _AT_ONCE:
            return False
        epochs = self.program.calendar[:, self.week - 1 : t1]
        return bool((epochs == epochs[:, :1]).all())

    def _in_blocks(self, t1: int, threads: int, reached: list[int]) -> list[Callable[[Event], None]]:
        """Share out one large run: the first thread does what is serial in a week, all take blocks of accounts."""
        blocks = int(self.state.run[0]["blocks"])
        parts = max(4 * threads, blocks // _BLOCKS)
        shares = list(pairwise(np.linspace(0, blocks, parts + 1).astype(int).tolist()))
        gate, left = Barrier(threads), [iter(shares)]
        over: list[bool] = []

        def weeks(k: int, stop: Event) -> None:
            for t in range(self.week, t1):
                if k == 0:
                    if stop.is_set():
                        over.append(True)
                    else:
                        self._call(t, t + 1, 0, 1, OPENING)
                        left[0] = iter(shares)
                gate.wait()
                if over:
                    return
                for first, last in left[0]:  # taking the next share is atomic
                    self._call(t, t + 1, 0, 1, CUSTOMERS, first, last)
                gate.wait()
                if k == 0:
                    self._call(t, t + 1, 0, 1, CLOSING)
                    reached[0] = t + 1

        def work(k: int) -> Callable[[Event], None]:
            def run(stop: Event) -> None:
                try:
                    weeks(k, stop)
                except BrokenBarrierError:
                    return  # another one has failed, and says so
                except BaseException:
                    gate.abort()
                    raise

            return run

        return [work(k) for k in range(threads)]

    def _in_runs(self, t1: int, threads: int, reached: list[int]) -> list[Callable[[Event], None]]:
        """Share out a batch: each thread takes some of the runs that nobody has begun, and brings them to the end."""
        lock, start = Lock(), self.week
        begun = 0

        def take(most: int) -> range:
            # a share of the runs nobody has begun: large ones first, small ones in the end, so that all end together
            nonlocal begun
            with lock:
                share = max(1, min(most, (self.runs - begun) // (2 * threads)))
                runs = range(begun, min(begun + share, self.runs))
                begun = runs.stop
            return runs

        def work(stop: Event) -> None:
            # the first slice is one run-week, later ones as long as the last one's speed allows
            per_slice = 1.0
            while runs := take(int(per_slice / (t1 - start))):
                t = start
                while t < t1:
                    if stop.is_set():
                        return
                    step = t1 - t if len(runs) > 1 else max(1, min(t1 - t, int(per_slice)))
                    before = time.perf_counter()
                    self._call(t, t + step, runs.start, runs.stop)
                    took = max(time.perf_counter() - before, 1e-6)
                    self._pace = took / (step * len(runs))
                    per_slice = min(max(1.0, _SLICE / self._pace), per_slice * 8)
                    t += step
                    reached[runs.start : runs.stop] = [t] * len(runs)

        return [work] * threads

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
