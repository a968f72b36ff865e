"""What the ``search:`` of a study file says: objectives, limits, weights that share a total, and what is not known.

::

    search:
      objectives: {npv: maximise}
      constraints:
        - {outcome: churn_annual, at_most: 0.2}
        - {sum: {teams.sales.headcount: 1, teams.service.headcount: 1}, at_most: 20}
      simplexes:
        pay: {paths: [incentives.pay.sales.on.bookings, incentives.pay.sales.on.csat]}
      budget: 600
      uncertainty:
        word_of_mouth.rate: {range: [0.002, 0.02], scale: log}
"""

import math
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from flywheel_sim.execute.outcome import beyond, unknown_outcome
from flywheel_sim.scenario import Problem, ScenarioError
from flywheel_sim.scenario.errors import nearest, shown
from flywheel_sim.scenario.reading import Place
from flywheel_sim.scenario.shapes import along, root
from flywheel_sim.study.blocks import DesignBlock, ParameterBlock, SearchBlock
from flywheel_sim.study.design.parameters import check_parameters
from flywheel_sim.study.design.study import Study

__all__ = ["in_order", "in_search", "needed_outcomes", "search_problems", "uncertain_part", "with_worlds"]


#: What may be wanted of an objective.
WAYS = ("maximise", "minimise")


def in_order(search: SearchBlock, source: Mapping[str, Any]) -> SearchBlock:
    """Return the block with its names in the order of the file."""
    names = ("objectives", "simplexes", "uncertainty")
    kept = {name: {key: getattr(search, name)[key] for key in source.get(name, {})} for name in names}
    return search.model_copy(update=kept)


def in_search(study: Study) -> dict[str, str]:
    """Return every path that the search sets -> the parameter or simplex it belongs to."""
    owners = {other: path for path, block in study.parameters.items() for other in (path, *block.also)}
    return owners | {path: name for name, block in study.file.search.simplexes.items() for path in block.paths}


def uncertain_part(study: Study) -> Study:
    """Return what is not known, as a study of its own whose mistakes are told at their place in this one.

    Raises
    ------
    ScenarioError
    """
    search = study.file.search
    if search.draws_file:
        design = DesignBlock(kind="table", file=search.draws_file, decimal=search.draws_decimal)
        places: dict[tuple[str, ...], tuple[Place, Place]] = {}
        if ("search", "draws_file") in study.places:
            places["design", "file"] = places["design", "rows"] = study.places["search", "draws_file"]
        return replace(study, file=study.file.model_copy(update={"design": design}), parameters={}, places=places)
    given = {path: {"values": v} if isinstance(v, list) else v for path, v in search.uncertainty.items()}
    places = {
        ("parameters", *key[2:]): place for key, place in study.places.items() if key[:2] == ("search", "uncertainty")
    }
    design = DesignBlock(kind="lhs", points=search.draws, seed=search.seed)
    file = study.file.model_copy(update={"parameters": given, "design": design})
    part = replace(study, file=file, parameters={}, places=places)
    try:
        return check_parameters(part)
    except ScenarioError as error:
        moved = [
            Problem(
                p.file,
                p.line,
                p.column,
                p.field.replace("parameters", "search.uncertainty", 1),
                p.message,
                p.suggestion,
            )
            for p in error.problems
        ]
        raise ScenarioError(moved) from None


def with_worlds(study: Study, worlds: int | None, worlds_from: str | os.PathLike[str] | None) -> Study:
    """Return the study with its search over so many worlds; as it is where none are asked for."""
    if worlds is None:
        if worlds_from is not None:
            raise ScenarioError.single("say over how many worlds: worlds=200", field="worlds")
        return study
    update: dict[str, Any] = {"worlds": worlds}
    if worlds_from is not None:
        update["worlds_from"] = os.path.abspath(worlds_from)  # noqa: PTH100
    file = study.file.model_copy(update={"search": study.file.search.model_copy(update=update)})
    return replace(study, file=file, source={**study.source, "search": {**study.source.get("search", {}), **update}})


def search_problems(study: Study) -> Iterator[Problem]:
    """Yield mistakes in what is searched for."""
    file, search = study.file, study.file.search
    if not search.objectives:
        yield study.problem(
            ("search", "objectives"), "expected at least one objective: an outcome and maximise or minimise"
        )
    if file.scenarios:
        yield study.problem(("scenarios",), "a search looks at one scenario; write scenario:")
    if "design" in study.source:
        yield study.problem(("design",), "a search lays its own points; leave design: out", name=True)
    for name, way in search.objectives.items():
        if wrong := unknown_outcome(name):
            yield study.problem(("search", "objectives", name), *wrong, name=True)
        elif way not in WAYS:
            message = f"expected {' or '.join(map(repr, WAYS))}, got {shown(way)}"
            yield study.problem(("search", "objectives", name), message, nearest(str(way), WAYS))
    yield from _tails(study)
    yield from _simplexes(study)
    yield from _constraints(study)
    drawn = [name for name in ("uncertainty", "draws_file", "worlds") if getattr(search, name)]
    if search.over_draws and not drawn:
        message = "nothing to draw: expected uncertainty:, draws_file: or worlds:"
        yield study.problem(("search", "over_draws"), message)
    if len(drawn) > 1:
        yield study.problem(("search", drawn[1]), f"expected {drawn[0]}: or {drawn[1]}:, one of the two")
    if search.worlds_from and not search.worlds:
        yield study.problem(("search", "worlds_from"), "say over how many with worlds:")
    for path in search.uncertainty:
        if path in in_search(study):
            yield study.problem(("search", "uncertainty", path), f"'{path}' is searched over already", name=True)
    unknown: Mapping[str, ParameterBlock] = {}
    try:
        unknown = uncertain_part(study).parameters
    except ScenarioError as error:
        yield from error.problems
    yield from _too_late(study, [*study.parameters.items(), *unknown.items()])


def _too_late(study: Study, moved: Iterable[tuple[str, ParameterBlock]]) -> Iterator[Problem]:
    """Yield outcomes that look at weeks which some runs of the search may not have."""
    horizon = float(study.base.model.horizon_weeks)
    for path, block in moved:
        if "horizon_weeks" in (path, *block.also):
            horizon = min([horizon, *(float(x) for x in block.values or block.range if isinstance(x, int | float))])
    named: list[tuple[tuple[str, ...], str, bool]] = [
        *((("search", "objectives", name), name, True) for name in study.file.search.objectives),
        *(
            (("search", "constraints", str(k), "outcome"), limit.outcome, False)
            for k, limit in enumerate(study.file.search.constraints)
        ),
        *((("outcomes", str(k)), name, False) for k, name in enumerate(study.file.outcomes)),
    ]
    for here, name, key in named:
        if wrong := beyond(name, horizon):
            yield study.problem(here, *wrong, name=key)


def _tails(study: Study) -> Iterator[Problem]:
    """Yield shares of runs that are none, or less than one run, and what is wanted in two ways."""
    file, search = study.file, study.file.search
    for k, name in enumerate(search.won):
        if name not in search.objectives:
            message = f"'{name}' is not among the objectives"
            yield study.problem(("search", "won", str(k)), message, nearest(name, search.objectives))
        elif name in search.cvar:
            yield study.problem(("search", "won", str(k)), f"'{name}' is under cvar: as well; one of the two")
    for name, share in search.cvar.items():
        here = ("search", "cvar", name)
        if name not in search.objectives:
            message = f"'{name}' is not among the objectives"
            yield study.problem(here, message, nearest(name, search.objectives), name=True)
        elif isinstance(share, bool) or not isinstance(share, int | float) or not 0 < share <= 1:
            yield study.problem(here, f"expected a share above 0, up to 1 (the mean of all runs), got {shown(share)}")
        else:
            for what, count in (("replicates", file.replicates), ("fresh", search.fresh)):
                if share * count < 1 - 1e-9:
                    least = math.ceil(1 / share - 1e-9)
                    message = (
                        f"the worst {share:g} of {count} runs ({what}) is less than one run; take {least} at least"
                    )
                    yield study.problem(here, message)


def _simplexes(study: Study) -> Iterator[Problem]:
    taken = {other for path, block in study.parameters.items() for other in (path, *block.also)}
    for name, block in study.file.search.simplexes.items():
        for k, path in enumerate(block.paths):
            here = ("search", "simplexes", name, "paths", str(k))
            if path in taken:
                yield study.problem(here, f"'{path}' is set twice")
                continue
            taken.add(path)
            for scenario in study.scenarios.values():
                shape = along(root(type(scenario.model)), tuple(path.split(".")))
                kinds = shape.kinds if shape else ()
                if kinds and not any("a number" in kind for kind in kinds):
                    yield study.problem(here, f"a weight is a number; '{path}' takes {' or '.join(kinds)}")
                    continue
                try:
                    scenario.with_({path: block.total / len(block.paths)})
                except ScenarioError as error:
                    yield from (study.problem(here, p.message, p.suggestion) for p in error.problems)


def _constraints(study: Study) -> Iterator[Problem]:
    known = in_search(study)
    for k, block in enumerate(study.file.search.constraints):
        here = ("search", "constraints", str(k))
        if bool(block.outcome) == bool(block.sum):
            yield study.problem(here, "a constraint needs outcome: or sum:, one of the two")
        if block.at_least is None and block.at_most is None:
            yield study.problem(here, "a constraint needs at_least:, at_most: or both")
        elif block.at_least is not None and block.at_most is not None and block.at_least > block.at_most:
            yield study.problem(here, f"nothing is at least {block.at_least:g} and at most {block.at_most:g}")
        if block.outcome and (wrong := unknown_outcome(block.outcome)):
            yield study.problem((*here, "outcome"), *wrong)
        for path in block.sum:
            if path not in known:
                message = f"'{path}' is not searched over; a sum is over parameters"
                yield study.problem((*here, "sum", path), message, nearest(path, known), name=True)


def needed_outcomes(search: SearchBlock) -> Mapping[str, None]:
    """Return outcomes a search cannot do without, in order."""
    return dict.fromkeys([*search.objectives, *(c.outcome for c in search.constraints if c.outcome)])
