"""Run a study file: its whole design, into a folder that survives interruption."""

import os
import shutil
import tempfile
import warnings
import weakref
from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from flywheel_sim.execute.backends import Place, checked
from flywheel_sim.execute.design import Design
from flywheel_sim.execute.drive import Progress, run_design
from flywheel_sim.execute.ruled import NO_RULES, Rules, rules
from flywheel_sim.execute.run import fitting_rules
from flywheel_sim.execute.store import Experiment, Standing, Store
from flywheel_sim.results.saving import finite, vacant
from flywheel_sim.scenario import ScenarioError
from flywheel_sim.study.design.points import laid
from flywheel_sim.study.design.study import Study
from flywheel_sim.study.design.study_file import read_study
from flywheel_sim.study.design.unit_mismatch import study_warnings

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Sweep", "folder_of", "planned", "remove_with", "resume", "room_for_runs", "study_asked", "sweep"]

On = str | os.PathLike[str] | Executor | Place | None


@dataclass(frozen=True, eq=False)
class Sweep:
    """A sweep on disk, finished or not.

    Parameters
    ----------
    store : Store
        Open for reading.
    stopped : str
        Why it ended before all runs were made; ``""`` when they were.

    Attributes
    ----------
    table : DataFrame, a row per finished run
        run, point, run_id, scenario, seed, replicate, the values set, error, outcomes.
    """

    store: Store
    stopped: str = ""

    @cached_property
    def table(self) -> "pd.DataFrame":
        """Return a row per finished run."""
        return self.store.table()

    @property
    def series(self) -> "pd.DataFrame":
        """Weekly columns: a row per finished run and week."""
        return self.store.series()

    @property
    def standing(self) -> Standing:
        """Return how far the sweep is."""
        return self.store.standing()

    def to_dict(self) -> dict[str, Any]:
        """Return what it comes to, as values strict JSON can hold."""
        now, about = self.standing, self.store.experiment.about
        columns = {name: self.table[name].dropna() for name in self.store.experiment.outcomes}
        return {
            "folder": str(self.store.folder),
            "title": about.get("title", ""),
            "points": int(self.store.design()["point"].nunique()),
            "runs": now.total,
            "done": now.done,
            "failed": now.failed,
            "errors": self.store.errors(),
            "stopped": self.stopped,
            "hash": self.store.hash(),
            "code": self.store.code,
            "outcomes": {name: finite(_described(values)) for name, values in columns.items()},
        }

    def __repr__(self) -> str:
        now = self.standing
        return f"<Sweep {self.store.folder}: {now.done} of {now.total} runs, {now.failed} failed>"


def _described(values: "pd.Series[float]") -> dict[str, float]:
    """Return numbers of one outcome; what never pays back is infinite, and so is its mean."""
    with np.errstate(invalid="ignore"):
        return {"n": len(values), "mean": values.mean(), "sd": values.std(), "least": values.min(),
                "median": values.median(), "greatest": values.max()}  # fmt: skip


def folder_of(study: Study) -> Path:
    """Tell where a study goes when nothing else is said.

    Examples
    --------
    >>> folder_of(read_study("heads-and-talk")).name
    'heads-and-talk-runs'
    """
    return Path(f"{study.name}-runs")


def planned(study: Study, more: Rules = NO_RULES) -> tuple[Experiment, Design]:
    """Return what a study keeps, and its runs; ``more`` rules take part in them beside the study's.

    Raises
    ------
    ScenarioError
        When it searches, and so has no design.
    """
    file = study.file
    if study.searches:
        message = "this study searches for the best settings; run it with flywheel optimize"
        raise ScenarioError([study.problem(("search",), message, name=True)])
    about = {
        "title": file.title or study.name,
        "question": file.question,
        "design": file.design.model_dump(mode="json"),
        "study": dict(study.source),
    }
    ruled = study.rules.plus(more)
    fitting_rules([*study.scenarios.values()], ruled)
    experiment = Experiment(
        scenarios=study.scenarios,
        seed=file.seed,
        outcomes=tuple(file.outcomes),
        columns=tuple(file.series),
        every=file.series_every,
        about=about,
        rules=ruled,
    )
    return experiment, laid(study)


def study_asked(
    study: str | os.PathLike[str] | Mapping[str, Any] | Study,
    changes: Mapping[str, Any] | None,
    *,
    replicates: int | None,
    seed: int | None,
) -> Study:
    """Read the study that somebody asks for, and warn them of ranges that look like another unit."""
    if isinstance(study, Study):
        return study
    ready = read_study(study, changes, replicates=replicates, seed=seed)
    for warning in study_warnings(ready):
        warnings.warn(warning, stacklevel=3)  # of the line that called `sweep` or its like
    return ready


def room_for_runs(study: object, folder: str | os.PathLike[str] | None, default: Path) -> tuple[Path, Path | None]:
    """Return where runs go, and the temporary folder to remove with the result, if it is one.

    Raises
    ------
    ResultError
        When something stands there already.
    """
    kept = None
    if folder is None and isinstance(study, Mapping):
        kept = Path(tempfile.mkdtemp(prefix="flywheel-runs-"))
        folder = kept / "runs"
    target = Path(folder) if folder is not None else default
    vacant(target)
    return target, kept


def remove_with(result: object, folder: Path | None) -> None:
    """Remove a temporary folder when the result that reads it is gone."""
    if folder is not None:
        weakref.finalize(result, shutil.rmtree, folder, ignore_errors=True)


def sweep(
    study: str | os.PathLike[str] | Mapping[str, Any] | Study,
    folder: str | os.PathLike[str] | None = None,
    *,
    on: On = None,
    changes: Mapping[str, Any] | None = None,
    replicates: int | None = None,
    seed: int | None = None,
    workers: int | None = None,
    stop_on_error: bool = False,
    progress: Progress | None = None,
    interventions: Any = (),
    team_class: Any = None,
) -> Sweep:
    """Run a study and keep its runs in a folder.

    Parameters
    ----------
    study : name, path, mapping or Study
        A shipped study, a study file, what would stand in one (its scenarios may be `Scenario` objects), or what
        `read_study` made of it.
    folder : path, optional
        Must not exist yet, or be empty.  Default: ``<study>-runs`` here for a file; for a mapping, a folder that goes
        with the result.
    on : str, path or Executor, optional
        ``"threads"`` (default), ``"processes"``, the address of a Dask scheduler, a scheduler file, or any Executor.
    changes : mapping, optional
        Path -> value, set in every run.
    replicates, seed : int, optional
        Instead of the study's.
    workers : int, optional
        Threads or processes at most.
    stop_on_error : bool
        Stop at the first run that fails.
    progress : callable, optional
        Called with a `Standing`.
    interventions, team_class : optional
        As for `flywheel_sim.run`, beside what the study names under ``interventions:`` and ``team_class:``; each must
        have an importable name, and its module's hash is kept with the runs.

    Returns
    -------
    Sweep

    Raises
    ------
    ScenarioError
        With every mistake in the study, before the first run.
    ResultError
        When the folder cannot be written.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> tiny = {"market.accounts": 300, "market.initial_customers": 30, "horizon_weeks": 8}
    >>> heads = {"teams.sales.headcount": [4, 8]}
    >>> swept = fs.sweep({"scenario": "b2b-saas", "set": tiny, "parameters": heads, "replicates": 2})
    >>> swept.table.groupby("teams.sales.headcount")["npv"].count().to_dict()
    {4: 2, 8: 2}
    """
    checked(on, workers)
    ready = study_asked(study, changes, replicates=replicates, seed=seed)
    target, kept = room_for_runs(study, folder, folder_of(ready))
    with Store.create(target, *planned(ready, rules(interventions, team_class))) as store:
        drive = run_design(None, on, store, progress, workers=workers, stop_on_error=stop_on_error)
    swept = Sweep(Store.open(target), drive.stopped)
    remove_with(swept, kept)
    return swept


def resume(
    folder: str | os.PathLike[str],
    *,
    on: On = None,
    workers: int | None = None,
    stop_on_error: bool = False,
    retry_failed: bool = False,
    progress: Progress | None = None,
) -> Sweep:
    """Make the runs of a sweep that are not there yet; those that are stay as they are.

    Parameters
    ----------
    folder : path
        What `sweep` wrote.
    on, workers, stop_on_error, progress
        As for `sweep`; they need not be what they were.
    retry_failed : bool
        Make the runs that failed again, too: after a worker ran out of memory, say.

    Raises
    ------
    ResultError
        When there is no sweep, another process is at work on it, or other code began it.
    """
    with Store.open(folder, write=True) as store:
        if retry_failed:
            store.forget_failed()
        drive = run_design(None, on, store, progress, workers=workers, stop_on_error=stop_on_error)
    return Sweep(Store.open(folder), drive.stopped)
