"""Whether a folder of runs was begun with the study as it stands now."""

import os
from typing import Any

from flywheel_sim.execute.design_table import design_table
from flywheel_sim.execute.experiment import Experiment
from flywheel_sim.execute.store import Store
from flywheel_sim.execute.versions import code
from flywheel_sim.study.design.study import Study

__all__ = ["differences"]


def differences(folder: str | os.PathLike[str], study: Study) -> list[str]:
    """Return what is not as it was when the runs in ``folder`` were begun, in words; empty when they are this study's.

    Parameters
    ----------
    folder : path
        A sweep or a search.
    study : Study
        As it would be run now.

    Raises
    ------
    ResultError
        When the folder cannot be read.
    ScenarioError
        When the study has no design.
    """
    from flywheel_sim.study.design.sweep import planned
    from flywheel_sim.study.search.optimize import is_search
    from flywheel_sim.study.search.plan import experiment_of

    store = Store.open(folder)
    if is_search(store) is not study.searches:
        return [f"it holds a {'search' if is_search(store) else 'sweep'}"]
    now, design = (experiment_of(study), None) if study.searches else planned(study)
    words = _settings(store.experiment, now)
    if store.code != code():
        words.append("the program's version")
    elif design is not None and not words:
        asked = design_table(design, store._names_of, now.seed)[1]
        if sorted(asked) != sorted(str(run_id) for run_id in store.design()["run_id"]):
            words.append("the points of its design")
    return words


def _settings(then: Experiment, now: Experiment) -> list[str]:
    hashes = [{name: scenario.hash for name, scenario in one.scenarios.items()} for one in (then, now)]
    words = [f"scenario {name}" for name in {**hashes[0], **hashes[1]} if hashes[0].get(name) != hashes[1].get(name)]
    words += [f"{name}" for name in ("seed", "outcomes") if getattr(then, name) != getattr(now, name)]
    if (then.columns, then.every) != (now.columns, now.every):
        words.append("series")
    words += [name for name in ("design", "search") if _plain(then.about.get(name)) != _plain(now.about.get(name))]
    if "search" in now.about:  # its runs are asked for as it goes: what it asks stands in the study
        asked = [_plain(one.about.get("study") or {}) for one in (then, now)]
        names = [name for name in {**asked[0], **asked[1]} if name not in ("title", "question", "seed", "set")]
        words += [name for name in names if asked[0].get(name) != asked[1].get(name) and name not in words]
    return words


def _plain(value: Any) -> Any:
    """Return JSON values: what has been on the disk has lists where the study has tuples."""
    if isinstance(value, dict):
        return {str(name): _plain(entry) for name, entry in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value
