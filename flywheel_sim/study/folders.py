"""Open whatever the package has left in a folder, and go on with whatever is not complete."""

import os
from pathlib import Path
from typing import Any

from flywheel_sim.execute.store import Store
from flywheel_sim.results import Run
from flywheel_sim.results.outcomes import SCHEMA as OUTCOMES
from flywheel_sim.results.posterior import Posterior
from flywheel_sim.results.run import SCHEMA as RUN
from flywheel_sim.results.run import open_run
from flywheel_sim.results.saving import ResultError, read_manifest
from flywheel_sim.results.search import Optimum
from flywheel_sim.results.worlds import FILE as WORLDS
from flywheel_sim.results.worlds import Worlds, read_worlds
from flywheel_sim.study.calibration import posterior as calibrating
from flywheel_sim.study.calibration.fit_log import ABOUT as FIT
from flywheel_sim.study.comparison.compare import Comparison
from flywheel_sim.study.design import sweep as sweeping
from flywheel_sim.study.design.sweep import On, Sweep
from flywheel_sim.study.search import optimize as searching
from flywheel_sim.study.worlds import unfinished
from flywheel_sim.typed import command

__all__ = ["open", "resume"]

#: File of a store of runs.
STUDY = "study.json"
#: What a comparison may have left to look at, in this order.
STAGES = ("bridge", "swings", "groups")


def open(folder: str | os.PathLike[str]) -> Run | Comparison | Sweep | Worlds:
    """Open a result that was saved, or the runs of a study, a search or a calibration as far as they are made.

    Nothing is run and nothing is changed.

    Parameters
    ----------
    folder : path
        What `Run.save`, `Comparison.save`, a sweep, a search, a calibration or `flywheel_sim.worlds` has written.

    Returns
    -------
    Run, Comparison, Sweep or Worlds
        Of a search and of a calibration the runs, as those of a sweep; `resume` gives the answer.

    Raises
    ------
    ResultError
        When there is nothing of the kind, it is damaged, or another version of the package wrote it.

    Examples
    --------
    >>> import tempfile
    >>> import flywheel_sim as fs
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     made = fs.run({"extends": "b2b-saas", "horizon_weeks": 3}).save(f"{folder}/mine")
    ...     back = fs.open(made)
    >>> back.weeks
    3
    """
    path = Path(folder)
    if (path / STUDY).is_file():
        if (path / WORLDS).is_file():  # a calibration's draws, and what stands beside them
            read_worlds(path)
        return Sweep(Store.open(path))
    if (path / FIT).is_file():
        raise ResultError(_of_a_fit(path))
    if (path / WORLDS).is_file():
        return read_worlds(path)
    if (path / unfinished.ABOUT).is_file():
        raise ResultError(
            f"'{path}' holds worlds that are not whole yet; go on with: {command('flywheel', 'resume', path)}"
        )
    kind = read_manifest(path)["schema"].rpartition("/")[0]
    if kind == RUN.rpartition("/")[0]:
        return open_run(path)
    return Comparison.open(path)


def resume(
    folder: str | os.PathLike[str],
    *,
    on: On = None,
    workers: int | None = None,
    retry_failed: bool = False,
    progress: Any = None,
) -> Run | Comparison | Sweep | Optimum | Posterior | Worlds:
    """Go on with what a folder holds; what is complete is answered without another run.

    Parameters
    ----------
    folder : path
        What a sweep, a search, a calibration, a comparison or worlds have left, complete or not.
    on, workers : optional
        Where to run, as for `flywheel_sim.sweep`; they need not be what they were.
    retry_failed : bool
        Make the runs of a sweep or a search that failed again.
    progress : callable, optional
        As for what is gone on with.

    Returns
    -------
    Sweep, Optimum, Posterior, Comparison, Worlds or Run
        A comparison comes with what it had left to look at.

    Raises
    ------
    ResultError
        When there is nothing to go on with, another process is at work on it, or other code began it.

    Examples
    --------
    >>> import tempfile
    >>> import flywheel_sim as fs
    >>> tiny = {"market.accounts": 300, "market.initial_customers": 30, "horizon_weeks": 8}
    >>> study = {"scenario": "b2b-saas", "set": tiny, "parameters": {"teams.sales.headcount": [4, 8]}}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     made = fs.sweep(study, f"{folder}/runs")
    ...     again = fs.resume(f"{folder}/runs").standing
    >>> again.done, again.left
    (2, 0)
    """
    path = Path(folder)
    if (path / FIT).is_file():
        raise ResultError(_of_a_fit(path))
    if not (path / STUDY).is_file():
        if on is not None or retry_failed:
            raise ResultError(f"'{path}' holds no study; on and retry_failed are for studies")
        if (path / unfinished.ABOUT).is_file():
            from flywheel_sim.study.worlds import resuming

            return resuming.resume(path, workers=workers, progress=progress)
        result = open(path)
        return _stages(result, path, workers, progress) if isinstance(result, Comparison) else result
    store = Store.open(path)
    if calibrating.is_calibration(store):
        if retry_failed:
            raise ResultError("a calibration does without the trials that failed; leave retry_failed out")
        return calibrating.resume(path, on=on, workers=workers, progress=progress)
    if searching.is_search(store):
        return searching.resume(path, on=on, workers=workers, retry_failed=retry_failed, progress=progress)
    return sweeping.resume(path, on=on, workers=workers, retry_failed=retry_failed, progress=progress)


def _stages(comparison: Comparison, path: Path, workers: int | None, progress: Any) -> Comparison:
    """Return a comparison with what it had left, written down after every stage."""
    kept = read_manifest(path, OUTCOMES)
    report = os.path.normpath(path / kept["report"]) if kept.get("report") else None
    left = [stage for stage in STAGES if stage in (kept.get("left") or [])]
    for k, stage in enumerate(left):
        comparison = getattr(comparison, f"with_{stage}")(workers=workers, progress=progress)
        comparison.save(path, left=left[k + 1 :], report=report if left[k + 1 :] else None, replace=True)
    return comparison


def _of_a_fit(path: Path) -> str:
    return f"'{path}' holds a fit that is not complete; go on with it: {command('flywheel', 'resume', path)}"
