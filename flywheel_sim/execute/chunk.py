"""A chunk of runs, as it is sent to wherever it is run: plain values in, `Rows` out.

`run_chunk` is all that a worker runs.  It refuses a driver with other code, and turns whatever goes wrong in a run into
that run's row; the other runs of the chunk are not touched.
"""

import json
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from flywheel_sim.execute.design import code_text, run_name
from flywheel_sim.execute.outcome import measure, needs_accounts, same_functions
from flywheel_sim.execute.rows import Rows
from flywheel_sim.execute.ruled import same_rules
from flywheel_sim.execute.versions import agree
from flywheel_sim.results.saving import ResultError
from flywheel_sim.scenario import Scenario, ScenarioError, load
from flywheel_sim.scenario.columns import COL

if TYPE_CHECKING:
    from flywheel_sim.results import Run

__all__ = ["ABANDON", "Abandoned", "Chunk", "Job", "OtherRun", "run_chunk"]

#: Set to make the chunks of this process end within half a second, whatever they are at.
ABANDON = threading.Event()
#: Scenarios of points that a worker keeps between chunks, some 200 kB each: checking one again takes longer than a run
#: of a small company.
KEPT = 256
_LONGEST = 500


class Abandoned(BaseException):
    """Nobody waits for this chunk any more."""


class OtherRun(ResultError):
    """A run is not the one that its name stands for."""


class Job(NamedTuple):
    """One run: its number in the design, its scenario, what is set in it, the key of its luck, and its name."""

    run: int
    scenario: str
    changes: tuple[tuple[str, Any], ...]
    seed: int
    replicate: int
    run_id: str = ""


@dataclass(frozen=True)
class Chunk:
    """Runs to be made in one go.

    Parameters
    ----------
    code : mapping
        Of the driver.
    scenarios : mapping
        Name -> every value of the scenario, as JSON.
    jobs : tuple of Job
    outcomes, columns : tuples of str
        Numbers kept of a run, and weekly columns kept.
    every : int
        Weeks between two rows of the weekly columns; the last week is always kept.
    named_by : mapping, optional
        What stands in the names of the runs beside scenario and luck: that of rules.
    functions, rules : mapping
        Python among the outcomes, and Python that takes part in the runs: importable name -> hash of its source.
    """

    code: dict[str, str]
    scenarios: dict[str, str]
    jobs: tuple[Job, ...]
    outcomes: tuple[str, ...]
    columns: tuple[str, ...] = ()
    every: int = 1
    named_by: Mapping[str, str] = field(default_factory=dict)
    functions: Mapping[str, str] = field(default_factory=dict)
    rules: Mapping[str, str] = field(default_factory=dict)


def run_chunk(chunk: Chunk) -> Rows:
    """Run a chunk and return its rows.

    Raises
    ------
    CodeMismatch
        When the driver has other code than this process.
    OtherRun
        When a run would not be the one that its name stands for.
    """
    agree(chunk.code, "the driver runs", "install the same version for driver and workers")
    same_functions(dict(chunk.functions), "the driver")
    _ready()
    before = time.perf_counter()
    scenarios: list[Scenario | str] = []
    for position, job in enumerate(chunk.jobs):
        last = chunk.jobs[position - 1] if position else None
        _heed()
        same = last is not None and (last.scenario, last.changes) == (job.scenario, job.changes)
        scenarios.append(scenarios[-1] if same else _scenario(chunk.scenarios[job.scenario], job.changes))
    good = [k for k, scenario in enumerate(scenarios) if isinstance(scenario, Scenario)]
    _as_named(chunk, {k: scenario for k, scenario in enumerate(scenarios) if isinstance(scenario, Scenario)})
    rows_of: dict[int, Rows] = {k: _lost(chunk, k, str(scenarios[k])) for k in set(range(len(scenarios))) - set(good)}
    try:
        rows_of |= _runs(chunk, good, scenarios)
    except Exception:
        # one of them spoils the rest: each alone, so that only its own row says so
        for k in good:
            try:
                rows_of |= _runs(chunk, [k], scenarios)
            except Exception as error:
                rows_of[k] = _lost(chunk, k, _said(error))
    rows = Rows.joined(rows_of[k] for k in range(len(chunk.jobs)))
    return Rows(**(vars(rows) | {"seconds": time.perf_counter() - before}))


def _runs(chunk: Chunk, which: Sequence[int], scenarios: Sequence[Scenario | str]) -> dict[int, Rows]:
    """Return rows of some jobs of a chunk, run as one batch."""
    from flywheel_sim.engine.run import Simulation
    from flywheel_sim.results import Run

    if not which:
        return {}
    accounts = needs_accounts(chunk.outcomes)
    if chunk.rules:
        rules = same_rules(chunk.rules, "the driver")
        each = {k: (chunk.jobs[k], scenarios[k]) for k in which}
        return {
            k: _rows(chunk, k, rules.run(scenario, job.seed, job.replicate, accounts=accounts, look=_heed))
            for k, (job, scenario) in each.items()
            if isinstance(scenario, Scenario)
        }
    kinds: dict[int, int] = {}
    models: list[Scenario] = []
    for k in which:
        scenario = scenarios[k]
        assert isinstance(scenario, Scenario)
        if id(scenario) not in kinds:
            kinds[id(scenario)] = len(models)
            models.append(scenario)
    keys = [(kinds[id(scenarios[k])], chunk.jobs[k].seed, chunk.jobs[k].replicate) for k in which]
    teams = bool(chunk.functions)  # what a function looks at is its own affair
    simulation = Simulation([scenario.model for scenario in models], keys, keep_teams=teams, look=_heed)
    simulation.advance(progress=_heed)
    rows: dict[int, Rows] = {}
    for q, k in enumerate(which):
        _heed()
        rows[k] = _rows(chunk, k, Run.of(models[keys[q][0]], simulation, q, accounts=accounts))
    return rows


def _rows(chunk: Chunk, k: int, run: "Run") -> Rows:
    """Return what is kept of the run of job k."""
    index = [getattr(COL, name) for name in chunk.columns]
    outcomes, weeks = measure(chunk.outcomes, run), np.arange(1, run.weeks + 1)
    kept = weeks[(weeks % chunk.every == 0) | (weeks == run.weeks)] if index else weeks[:0]
    return Rows(
        run=np.array([chunk.jobs[k].run]),
        outcomes=outcomes[None, :],
        errors=(None,),
        series_run=np.full(len(kept), chunk.jobs[k].run),
        week=kept,
        series=run.arrays.weekly[kept - 1][:, index],
    )


def _as_named(chunk: Chunk, scenarios: Mapping[int, Scenario]) -> None:
    """Refuse runs whose names say that something else was asked for."""
    code = code_text(chunk.named_by)
    for k, scenario in scenarios.items():
        job = chunk.jobs[k]
        if job.run_id and job.run_id != run_name(code, scenario.hash, job.seed, job.replicate):
            listed = ", ".join(f"{path} = {value}" for path, value in job.changes[:4]) or "nothing changed"
            raise OtherRun(
                f"run {job.run} is named {job.run_id}, which is not the run of {job.scenario} with {listed}, seed "
                f"{job.seed}, replicate {job.replicate}: the design has been changed since it was written; start "
                f"another sweep"
            )


def _heed(done: int = 0, total: int = 0) -> None:
    if ABANDON.is_set():
        raise Abandoned


def _lost(chunk: Chunk, k: int, why: str) -> Rows:
    return Rows.lost([chunk.jobs[k].run], why, len(chunk.outcomes), len(chunk.columns))


def _said(error: BaseException) -> str:
    """Return an exception in one line that does not depend on where it was raised."""
    if isinstance(error, ScenarioError):
        return "; ".join(map(str, error.problems))[:_LONGEST]
    first = (str(error).splitlines() or [""])[0]
    return f"{type(error).__name__}: {first}"[:_LONGEST] if first else type(error).__name__


@lru_cache(maxsize=8)
def _base(text: str) -> Scenario:
    return load(json.loads(text))


@lru_cache(maxsize=KEPT)
def _changed(text: str, changes: str) -> Scenario | str:
    """Return a scenario, or why there is none; kept, as the runs of a point stand in several chunks."""
    try:
        base, what = _base(text), json.loads(changes)
        from flywheel_sim.engine.targets import with_targets

        return with_targets(base.with_(what)) if what else base
    except Exception as error:
        return _said(error)


def _scenario(text: str, changes: tuple[tuple[str, Any], ...]) -> Scenario | str:
    # as text, where 1, 1.0 and true are three things
    return _changed(text, json.dumps(dict(changes)))


@cache
def _ready() -> None:
    """Load the engine, or compile it, so that the first chunk's time is that of its runs."""
    from flywheel_sim.engine.run import Simulation

    small = {"horizon_weeks": 1, "market.accounts": 64, "market.initial_customers": 8}
    Simulation([load("b2b-saas").with_(small).model], [(0, 1, 0)], keep_teams=False, look=_heed).advance()
