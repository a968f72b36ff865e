"""Run scenarios on this machine: one run, or a batch with the same luck for every scenario."""

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from flywheel_sim.execute.ruled import Rules, rules
from flywheel_sim.execute.runner import Progress
from flywheel_sim.results import Run
from flywheel_sim.scenario import Scenario, ScenarioError, load
from flywheel_sim.scenario.arguments import MOST_SEEDS, several, whole
from flywheel_sim.scenario.idle import warn

if TYPE_CHECKING:
    from flywheel_sim.engine.run import Simulation
    from flywheel_sim.scenario.schema import ScenarioModel

__all__ = ["batch", "fitting_rules", "run", "worker_count"]

#: A batch is built in chunks of at most so many accounts and runs, so that memory stays flat.
_CHUNK_ACCOUNTS, _CHUNK_RUNS = 4_000_000, 256
#: Of scenarios that differ from run to run a chunk is smaller, and the next is made ready while it runs.
_VARIED_RUNS = 32


def worker_count(workers: int | None = None) -> int:
    """Return threads to use: cores, at most ``workers``, FLYWHEEL_WORKERS and NUMBA_NUM_THREADS.

    Examples
    --------
    >>> worker_count(1)
    1
    """
    if workers is not None:
        workers = whole("workers", workers, 1, 4096)
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    limits = [available, workers or available]
    for name in ("FLYWHEEL_WORKERS", "NUMBA_NUM_THREADS"):
        if os.environ.get(name, "").isdigit():
            limits.append(int(os.environ[name]))
    return max(1, min(limits))


def run(
    scenario: Scenario | str | Mapping[str, Any],
    seed: int = 1,
    *,
    replicate: int = 0,
    workers: int | None = None,
    progress: Progress | None = None,
    accounts: bool = True,
    interventions: Any = (),
    team_class: Any = None,
) -> Run:
    """Run one scenario once, with its own luck.

    Parameters
    ----------
    scenario : Scenario, name, path or mapping
        What :func:`flywheel_sim.load` takes.
    seed, replicate : int
        Key of the run's luck, both in 0 .. 2^32 - 1.
    workers : int, optional
        Threads for a run of 100 000 accounts or more; the result does not depend on it.
    progress : callable, optional
        Called as ``progress(weeks done, weeks in all)`` by the thread that waits; what it raises ends the run.
    accounts : bool
        Keep one row per account for ``Run.customers``.
    interventions, team_class : optional
        As for `flywheel_sim.FlywheelModel`, which then goes through the run week by week; a class may be given by its
        importable name, ``"package.module:Class"``, and one of an intervention is made anew for the run.

    Returns
    -------
    Run

    Examples
    --------
    >>> from flywheel_sim import run
    >>> result = run({"extends": "b2b-saas", "horizon_weeks": 8}, seed=7)
    >>> len(result.weekly)
    8
    """
    from flywheel_sim.engine.run import Simulation
    from flywheel_sim.engine.targets import with_targets

    loaded = with_targets(load(scenario), worker_count(workers))
    warn([loaded])
    seed, replicate = whole("seed", seed), whole("replicate", replicate)
    if ruled := rules(interventions, team_class):
        fitting_rules([loaded], ruled)
        return _with_rules(ruled, [(loaded, seed, replicate)], workers, progress, accounts)[0]

    def look() -> None:
        if progress:
            progress(0, loaded.model.horizon_weeks)

    simulation = Simulation([loaded.model], [(0, seed, replicate)], look=look)
    simulation.advance(threads=worker_count(workers), progress=progress)
    return Run.of(loaded, simulation, accounts=accounts)


def batch(
    scenarios: Sequence[Scenario | str | Mapping[str, Any]],
    *,
    replicates: int = 40,
    seed: int = 1,
    workers: int | None = None,
    progress: Progress | None = None,
    accounts: bool = False,
    teams: bool = True,
    first: int = 0,
    each: Callable[[Scenario, int], Scenario] | None = None,
    interventions: Any = (),
    team_class: Any = None,
) -> list[list[Run]]:
    """Run every scenario ``replicates`` times; run k of every scenario has the same luck.

    Parameters
    ----------
    scenarios : sequence of Scenario, name, path or mapping
    replicates : int
        Runs of each scenario.
    seed : int
        Root seed; replicate k has the key (seed, k).
    workers : int, optional
        Threads; the result does not depend on it.
    progress : callable, optional
        Called as ``progress(run-weeks done, run-weeks in all)`` by the thread that waits; what it raises ends the runs.
    accounts, teams : bool
        Whether to keep a row per account, and the teams' weekly directions.
    first : int
        Number of the first replicate, to add runs to those made before.
    each : callable, optional
        What replicate k of a scenario is run with, as ``each(scenario, k)``; by default the scenario itself.  Worlds:
        ``each=flywheel_sim.study.worlds.drawing.drawing(scenarios).each``.
    interventions, team_class : optional
        As in `run`; they take part in every run, each with interventions of its own.

    Returns
    -------
    list of lists of Run
        Outer list by scenario, inner by replicate.

    Examples
    --------
    >>> from flywheel_sim.execute.run import batch
    >>> runs = batch([{"extends": "b2b-saas", "horizon_weeks": 4}], replicates=2)
    >>> [run.replicate for run in runs[0]]
    [0, 1]
    """
    from flywheel_sim.engine.targets import with_targets

    loaded = [with_targets(load(scenario), worker_count(workers)) for scenario in several("scenarios", scenarios)]
    warn(loaded)
    seed, first = whole("seed", seed), whole("first", first)
    replicates = whole("replicates", replicates, 1, MOST_SEEDS - first)
    count = len(loaded)
    if ruled := rules(interventions, team_class):
        fitting_rules(loaded, ruled)
        keys = [(s, seed, k) for s in loaded for k in range(first, first + replicates)]
        asked = [(s if each is None else each(s, k), seed, k) for s, seed, k in keys]
        made = _with_rules(ruled, asked, workers, progress, accounts)
        return [made[s * replicates : (s + 1) * replicates] for s in range(count)]
    if each is not None:
        loaded = [with_targets(each(scenario, k)) for k in range(first, first + replicates) for scenario in loaded]
    models = [scenario.model for scenario in loaded]
    jobs = [
        (s if each is None else (k - first) * count + s, seed, k)
        for k in range(first, first + replicates)
        for s in range(count)
    ]
    total = sum(models[s].horizon_weeks for s, _, _ in jobs)
    chunks: list[list[tuple[int, int, int]]] = [[]]
    most, size = _CHUNK_RUNS if each is None else _VARIED_RUNS, 0
    for job in jobs:
        accounts_here = models[job[0]].market.accounts
        if chunks[-1] and (size + accounts_here > _CHUNK_ACCOUNTS or len(chunks[-1]) >= most):
            chunks.append([])
            size = 0
        chunks[-1].append(job)
        size += accounts_here
    out: list[list[Run]] = [[] for _ in range(count)]
    before = 0
    with ThreadPoolExecutor(1, "flywheel-ready") as aside:
        coming = None
        for k, chunk in enumerate(chunks):
            weeks = sum(models[s].horizon_weeks for s, _, _ in chunk)

            def report(done: int = 0, of: int = 1, before: int = before, weeks: int = weeks) -> None:
                if progress:
                    progress(before + round(weeks * done / max(of, 1)), total)

            simulation = _ready(models, chunk, teams, report) if coming is None else _made(coming, report)
            coming = None
            if each is not None and k + 1 < len(chunks):
                coming = aside.submit(_ready, models, chunks[k + 1], teams)
            simulation.advance(threads=worker_count(workers), progress=report)
            for q, (s, _, _) in enumerate(chunk):
                report(1)
                out[s % count].append(Run.of(loaded[s], simulation, q, accounts=accounts))
            before += weeks
    return out


def _ready(
    models: "Sequence[ScenarioModel]",
    chunk: Sequence[tuple[int, int, int]],
    teams: bool,
    look: Callable[[], None] = lambda: None,
) -> "Simulation":
    """Return the runs of a chunk, made ready; nothing is done for scenarios that it does not run."""
    from flywheel_sim.engine.run import Simulation

    place = {s: k for k, s in enumerate(dict.fromkeys(s for s, _, _ in chunk))}
    own = [(place[s], seed, replicate) for s, seed, replicate in chunk]
    return Simulation([models[s] for s in place], own, keep_teams=teams, look=look)


def _made(coming: "Future[Simulation]", look: Callable[[], None]) -> "Simulation":
    """Return what is being made ready once it is, looking up now and then."""
    while True:
        try:
            return coming.result(timeout=0.05)
        except TimeoutError:
            if coming.done():  # it was the work itself that took too long for somebody
                raise
            look()


def fitting_rules(scenarios: Sequence[Scenario], ruled: Rules) -> None:
    """Refuse rules for teams that a scenario does not have.

    Raises
    ------
    ScenarioError
    """
    for scenario in scenarios:
        if wrong := ruled.misfits(scenario):
            raise ScenarioError.single(f"{wrong[0]} (in {scenario.label})", field="team_class")


def _with_rules(
    ruled: Rules,
    asked: Sequence[tuple[Scenario, int, int]],
    workers: int | None,
    progress: Progress | None,
    accounts: bool,
) -> list[Run]:
    """Make runs one after another, week by week; progress counts weeks."""
    total, done, runs = sum(scenario.model.horizon_weeks for scenario, _, _ in asked), 0, []

    def look() -> None:
        nonlocal done
        if progress:
            progress(done, total)
        done += 1

    for scenario, seed, replicate in asked:
        run = ruled.run(scenario, seed, replicate, workers=worker_count(workers), accounts=accounts, look=look)
        runs.append(run)
    if progress:
        progress(total, total)
    return runs
