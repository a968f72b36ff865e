"""A search before its first run: what it will cost, what its store says about it, and how it is found again there."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flywheel_sim.execute.store import Experiment, Store
from flywheel_sim.scenario import ScenarioError
from flywheel_sim.study.blocks import SearchBlock, StudyFile
from flywheel_sim.study.design.parameters import check_parameters
from flywheel_sim.study.design.points import drawn
from flywheel_sim.study.design.study import Study
from flywheel_sim.study.search.algorithms import Cma, Method, Nsga, made_with
from flywheel_sim.study.search.search_file import in_order, in_search, needed_outcomes, search_problems, uncertain_part
from flywheel_sim.study.search.space import Space
from flywheel_sim.study.worlds.drawing import WorldDrawing, drawing, same_worlds

__all__ = [
    "LIKED",
    "MOST_FRONT",
    "RIVALS",
    "Plan",
    "asked_again",
    "cost_of",
    "experiment_of",
    "method_of",
    "over_worlds",
    "planned",
]

#: Rivals of the answer that run in draws of what is not known.
RIVALS = 6
#: Points of a front that run again.
MOST_FRONT = 60
#: Points that run again because the search's own model of its outcomes likes them best.
LIKED = 3


@dataclass(frozen=True)
class Plan:
    """What a search will cost.

    Parameters
    ----------
    search, again, draws : int
        Runs at most: of the search, of its best points again, over what is not known.
    """

    search: int
    again: int
    draws: int

    @property
    def runs(self) -> int:
        """Return the most runs it can take."""
        return self.search + self.again + self.draws


def cost_of(search: SearchBlock, draws: int) -> Plan:
    """Return how many runs a search may take.

    One objective: the candidates (the scenario as it stands, the shortlist, and what the search's model likes) run
    under fresh luck to choose among them, then the best of them once more to judge the choice.  Several objectives: the
    front runs under fresh luck, beside the scenario as it stands.

    Parameters
    ----------
    search : SearchBlock
        What the study file says under ``search:``.
    draws : int
        Draws of what is not known in which the answer and its rivals run.
    """
    candidates = 1 + search.shortlist + LIKED
    points = MOST_FRONT + 1 if len(search.objectives) > 1 else candidates + min(candidates, 1 + RIVALS)
    in_draws = 2 + RIVALS  # as it stands, the answer, its rivals
    return Plan(search.budget, points * search.fresh, draws * search.draw_replicates * in_draws)


def planned(study: Study) -> Plan:
    """Check everything about a search, and return what it will cost.

    Raises
    ------
    ScenarioError
        With whatever cannot be searched for as it is written.
    ResultError
        When the library that searches is not installed, or there are no worlds to search over.
    """
    file, search = study.file, study.file.search
    if not study.searches:
        raise ScenarioError([study.problem((), "this study does not search; say what for, under search:")])
    problems = list(search_problems(study))
    if problems:
        raise ScenarioError(problems)
    made_with(len(search.objectives))  # refuses where the library is not installed
    first = (len(method_of(study, Space(study)).ask()) + 1) * file.replicates
    if search.budget < first:
        message = f"the first generation alone has {first} runs; the budget is {search.budget}"
        raise ScenarioError([study.problem(("search", "budget"), message)])
    if search.worlds:
        over_worlds(study)  # refuses where there are too few
    return cost_of(search, search.worlds or len(_draws(study)))


def experiment_of(study: Study) -> Experiment:
    """Return what the store of a search says about it, the draws included."""
    file = study.file
    outcomes = tuple(dict.fromkeys([*needed_outcomes(file.search), *file.outcomes]))
    about = {
        "title": file.title or study.name, "question": file.question, "design": {"kind": "search"},
        "study": dict(study.source), "name": study.name,
        "search": {
            "made_with": made_with(len(file.search.objectives)), "replicates": file.replicates, "draws": _draws(study),
            **({"worlds": _kept(over_worlds(study))} if file.search.worlds else {}),
        },
    }  # fmt: skip
    return Experiment(
        scenarios=study.scenarios,
        seed=file.seed,
        outcomes=outcomes,
        columns=tuple(file.series),
        every=file.series_every,
        about=about,
        rules=study.rules,
    )


def asked_again(store: Store) -> Study:
    """Return the study that a store was made for; what is set in every run is in its scenarios already."""
    experiment = store.experiment
    about = dict(experiment.about)
    file = StudyFile.model_validate({**about["study"], "seed": experiment.seed})
    search = in_order(file.search, about["study"]["search"])
    file = file.model_copy(update={"replicates": about["search"]["replicates"], "search": search})
    given = {path: {"values": v} if isinstance(v, list) else v for path, v in file.parameters.items()}
    study = Study(
        file=file.model_copy(update={"parameters": given}),
        parameters={},
        scenarios=experiment.scenarios,
        folder=Path(),
        name=about["name"],
        places={},
        source=about["study"],
    )
    return check_parameters(study)


def over_worlds(study: Study, kept: Mapping[str, str] | None = None) -> WorldDrawing:
    """Return the worlds that a search is over, or is kept to have been begun with.

    Raises
    ------
    ResultError
        When there are none, too few, or other ones than it was begun with.
    """
    if kept is not None:
        return same_worlds(kept["source"], kept["digest"], study.base)
    search = study.file.search
    source = study.folder / search.worlds_from if search.worlds_from else None
    return drawing([study.base], source, least=search.worlds)


def _kept(worlds: WorldDrawing) -> dict[str, str]:
    return {"source": os.path.abspath(worlds.source), "digest": worlds.digest}  # noqa: PTH100


def _draws(study: Study) -> list[dict[str, Any]]:
    """Draw what is not known, once for all points.

    Raises
    ------
    ScenarioError
    """
    search = study.file.search
    if not search.uncertainty and not search.draws_file:
        return []
    draws = drawn(uncertain_part(study))
    if again := sorted({path for draw in draws for path in draw} & set(in_search(study))):
        raise ScenarioError([study.problem(("search", "draws_file"), f"'{again[0]}' is searched over already")])
    return draws


def method_of(study: Study, space: Space) -> Method:
    """Return what asks: CMA-ES for one objective, NSGA-II for several."""
    search = study.file.search
    if len(search.objectives) == 1:
        return Cma(space.start(), space.grain(), search.step, search.population, search.seed)
    return Nsga(space.start(), len(search.objectives), search.population, search.seed)
