"""Which parameters matter: run a study with a ``sobol`` or ``morris`` design, and take its indices.

A study of two scenarios also tells what moves their difference: the tornado of a verdict.
"""

import os
from collections.abc import Mapping
from typing import Any

from flywheel_sim.execute.drive import Progress
from flywheel_sim.results.sensitivity import Sensitivity
from flywheel_sim.scenario import ScenarioError
from flywheel_sim.study.design.study import Study
from flywheel_sim.study.design.study_file import read_study
from flywheel_sim.study.design.sweep import On, Sweep, sweep
from flywheel_sim.study.sensitivity.indices_of_runs import analyzed

__all__ = ["fit_for_indices", "of_sweep", "sensitivity"]

DESIGNS = ("sobol", "morris")


def sensitivity(
    study: str | os.PathLike[str] | Mapping[str, Any] | Study,
    folder: str | os.PathLike[str] | None = None,
    *,
    on: On = None,
    changes: Mapping[str, Any] | None = None,
    replicates: int | None = None,
    seed: int | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Sensitivity:
    """Run a study and say which of its parameters matter.

    Parameters
    ----------
    study : name, path, mapping or Study
        With a ``sobol`` or ``morris`` design; its runs share their luck inside a base row or trajectory.
    folder, on, changes, replicates, seed, workers, progress
        As for `flywheel_sim.sweep`.

    Returns
    -------
    Sensitivity

    Raises
    ------
    ScenarioError
        With every mistake in the study, before the first run; or when too many runs failed.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> tiny = {"market.accounts": 300, "market.initial_customers": 30, "horizon_weeks": 8}
    >>> ranges = {"market.price": {"range": [0.9, 1.1]}, "ledger.discount_rate": {"range": [0.05, 0.15]}}
    >>> design = {"kind": "morris", "points": 4}
    >>> study = {"scenario": "b2b-saas", "set": tiny, "parameters": ranges, "design": design, "outcomes": ["npv"]}
    >>> fs.sensitivity(study).tornado("npv")[0].parameter
    'market.price'
    """
    ready = study if isinstance(study, Study) else read_study(study, changes, replicates=replicates, seed=seed)
    fit_for_indices(ready)
    if folder is None and isinstance(study, Mapping):
        swept = sweep(
            study, on=on, changes=changes, replicates=replicates, seed=seed, workers=workers, progress=progress
        )
    else:
        swept = sweep(ready, folder, on=on, workers=workers, progress=progress)
    return of_sweep(swept)


def fit_for_indices(study: Study) -> None:
    """Refuse a study whose design tells no indices.

    Raises
    ------
    ScenarioError
    """
    kind = study.file.design.kind
    if kind not in DESIGNS:
        message = f"indices need a design of kind sobol or morris, got {kind}"
        raise ScenarioError([study.problem(("design", "kind"), message)])
    if kind == "morris" and study.file.design.levels % 2:
        message = f"indices need an even number of levels, got {study.file.design.levels}"
        raise ScenarioError([study.problem(("design", "levels"), message)])


def of_sweep(swept: Sweep) -> Sensitivity:
    """Return indices of a sweep that has been made, all of it or a part; rows that are not whole do not count.

    Raises
    ------
    ScenarioError
        When its design tells none, or too few of its rows are whole.
    """
    experiment, design = swept.store.experiment, swept.store.design()
    laid = dict(experiment.about.get("design", {}))
    if laid.get("kind") not in DESIGNS:
        raise ScenarioError.single(
            f"'{swept.store.folder}' holds a sweep with a design of kind {laid.get('kind', 'unknown')}; indices need "
            f"sobol or morris"
        )
    table = design.merge(swept.store.runs().drop(columns="run_id"), on="run", how="left")
    study = dict(experiment.about.get("study", {}))
    parameters = list(study["parameters"])
    scenarios = list(experiment.scenarios) if len(experiment.scenarios) > 1 else []
    return analyzed(
        table, parameters, list(experiment.outcomes), scenarios=scenarios, levels=int(laid.get("levels", 4)), once=True
    )
