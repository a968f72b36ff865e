"""Run scenarios once and read every run at several weeks of its life."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.execute.run import worker_count
from flywheel_sim.execute.runner import Progress
from flywheel_sim.results import Run
from flywheel_sim.scenario import Scenario

__all__ = ["Stage", "staged"]

T = TypeVar("T")

#: A chunk holds at most so many accounts and runs, so that memory stays flat.
_ACCOUNTS, _RUNS = 1_000_000, 64


@dataclass(frozen=True)
class Stage:
    """A run as it stands at one week.

    Parameters
    ----------
    run : Run
        What it has left behind so far, with one row per account.
    began : bool array, shape (N,)
        Who was a customer before week 1.
    relationship : float32 array, shape (N,)
        The relationship of every account; of those who left, their last.
    """

    run: Run
    began: NDArray[np.bool_]
    relationship: NDArray[np.float32]


def staged(
    scenarios: Sequence[Scenario],
    weeks: Sequence[int],
    read: Callable[[Stage], T],
    *,
    replicates: int,
    seed: int = 1,
    workers: int | None = None,
    progress: Progress | None = None,
) -> list[list[list[T]]]:
    """Run every scenario ``replicates`` times and read each run at several weeks.

    Parameters
    ----------
    scenarios : sequence of Scenario
        Each at least as long as the last week.
    weeks : sequence of int
        Rising.
    read : callable
        What is kept of a `Stage`.
    replicates, seed, workers, progress
        As in `flywheel_sim.batch`.

    Returns
    -------
    list of lists of lists
        By scenario, replicate and week.

    Examples
    --------
    >>> from flywheel_sim.scenario import load
    >>> short = load("b2b-two-teams").with_({"horizon_weeks": 8})
    >>> staged([short], [4, 8], lambda stage: stage.run.weeks, replicates=2)
    [[[4, 8], [4, 8]]]
    """
    from flywheel_sim.engine.run import Simulation
    from flywheel_sim.engine.targets import with_targets

    scenarios = [with_targets(scenario, worker_count(workers)) for scenario in scenarios]
    models = [scenario.model for scenario in scenarios]
    # a chunk holds neighbours only: few scenarios are made ready for it
    jobs = [(s, k) for s in range(len(scenarios)) for k in range(replicates)]
    kept: list[list[list[T]]] = [[] for _ in scenarios]
    total, before, at = weeks[-1] * len(jobs), 0, 0
    while at < len(jobs):
        chunk: list[tuple[int, int]] = []
        size = 0
        while at < len(jobs) and len(chunk) < _RUNS and (not chunk or size < _ACCOUNTS):
            chunk.append(jobs[at])
            size += models[jobs[at][0]].market.accounts
            at += 1
        first, last = chunk[0][0], chunk[-1][0]

        def look(done: int = before) -> None:
            if progress:
                progress(done, total)

        keys = [(s - first, seed, k) for s, k in chunk]
        simulation = Simulation(models[first : last + 1], keys, keep_teams=False, look=look)
        began = [_customers(Run.of(scenarios[s], simulation, q)) for q, (s, _) in enumerate(chunk)]
        readings: list[list[T]] = [[] for _ in chunk]
        for week in weeks:
            ahead = before + simulation.week * len(chunk)

            def report(done: int, of: int, ahead: int = ahead) -> None:
                if progress:
                    progress(ahead + done, total)

            simulation.advance(week - simulation.week, threads=worker_count(workers), progress=report)
            for q, (s, _) in enumerate(chunk):
                run = simulation.state.run[q]
                rows = slice(int(run["account0"]), int(run["account0"]) + int(run["accounts"]))
                stage = Stage(Run.of(scenarios[s], simulation, q), began[q], simulation.state.relationship[rows].copy())
                readings[q].append(read(stage))
        for q, (s, _) in enumerate(chunk):
            kept[s].append(readings[q])
        before += weeks[-1] * len(chunk)
    return kept


def _customers(run: Run) -> NDArray[np.bool_]:
    assert run.accounts is not None
    return np.asarray(run.accounts["state"] == "customer")
