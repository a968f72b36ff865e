"""What a study file says, checked against the scenario before the first run.

::

    version: 1
    title: Sales heads and word of mouth
    scenario: b2b-saas                 # or scenarios: [siloed-close-rate, relationship-flywheel]
    set: {horizon_weeks: 104}          # the same in every run
    parameters:
      teams.sales.headcount: [6, 8, 10]
      word_of_mouth.rate: {range: [0.002, 0.02], scale: log}
      market.churn.mean: {distribution: lognorm, arguments: {s: 0.3, scale: 0.15}}
    design: {kind: lhs, points: 200}   # grid, lhs, sobol, morris or table
    outcomes: [npv, customers.end]
    replicates: 10

Names of parameters are paths of the scenario, as ``--set`` takes them.
"""

import itertools
import os
from collections.abc import Container, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from flywheel_sim.execute.outcome import unknown_outcome
from flywheel_sim.execute.ruled import ALL, rules
from flywheel_sim.importable import called
from flywheel_sim.scenario import Problem, Scenario, ScenarioError, load
from flywheel_sim.scenario.arguments import whole_or_none
from flywheel_sim.scenario.checking import check, place_of
from flywheel_sim.scenario.columns import NAMES
from flywheel_sim.scenario.composing import beside
from flywheel_sim.scenario.errors import nearest, shown
from flywheel_sim.scenario.layering import Layers, stack_mapping
from flywheel_sim.scenario.library import shipped_path
from flywheel_sim.scenario.reading import Node, plain, read
from flywheel_sim.scenario.shapes import root
from flywheel_sim.study.blocks import DesignBlock, ParameterBlock, StudyFile
from flywheel_sim.study.design.parameters import check_parameter, path_problems
from flywheel_sim.study.design.study import Study
from flywheel_sim.study.search.search_file import in_order, search_problems

__all__ = ["read_study", "shipped_studies"]


def shipped_studies() -> dict[str, Path]:
    """Name -> file of every study that comes with the package.

    Examples
    --------
    >>> "heads-and-talk" in shipped_studies()
    True
    """
    return {path.stem: path for path in sorted(shipped_path("experiments").glob("sweeps/*.yaml"))}


def read_study(
    spec: str | os.PathLike[str] | Mapping[str, Any],
    changes: Mapping[str, Any] | None = None,
    *,
    replicates: int | None = None,
    seed: int | None = None,
) -> Study:
    """Read a study and check it against its scenarios.

    Parameters
    ----------
    spec : name, path or mapping
        A shipped study, a file, or what would stand in one; its scenarios may be `Scenario` objects or dicts.
    changes : mapping, optional
        Path -> value, set in every run over what the study sets.
    replicates, seed : int, optional
        Instead of the study's.

    Raises
    ------
    ScenarioError
        With every mistake found, each with file, line and column.

    Examples
    --------
    >>> read_study({"scenario": "b2b-saas", "parameters": {"horizon_week": [26, 52]}})
    Traceback (most recent call last):
    ...
    flywheel_sim.scenario.errors.ScenarioError: parameters.horizon_week: unknown name ...; did you mean 'horizon_weeks'?
    """
    replicates, seed = whole_or_none("replicates", replicates, 1, 1_000_000), whole_or_none("seed", seed)
    if changes is not None and not isinstance(changes, Mapping):
        raise ScenarioError.single(f"expected a mapping from paths to values, got {shown(changes)}", field="changes")
    problems: list[Problem] = []
    objects: dict[str, Scenario] = {}
    if isinstance(spec, Mapping):
        spec = _named(spec, objects)
    folder, name, tree = _tree(spec, problems)
    source, places = plain(tree), Layers(tree).places()
    locate = place_of(places)
    bad: set[str] = set()
    try:
        file = check(StudyFile, source, locate)
    except ScenarioError as error:
        # what is wrong is left out, and the rest is looked at all the same
        problems += error.problems
        bad = {problem.field.partition(".")[0] for problem in error.problems}
        try:
            file = check(StudyFile, {key: value for key, value in source.items() if key not in bad}, locate)
        except ScenarioError:
            raise ScenarioError(_sorted(problems)) from None
    if "design" in bad:
        file = file.model_copy(update={"design": DesignBlock(kind="lhs", points=1)})  # asks nothing of parameters
    if "search" not in bad:
        file = file.model_copy(update={"search": in_order(file.search, source.get("search", {}))})
    given = {key: value for key, value in (("replicates", replicates), ("seed", seed)) if value is not None}
    file = file.model_copy(update=given)
    study = Study(file=file, parameters={}, scenarios={}, folder=folder, name=name, places=places, source=source)
    problems += [problem for problem in _words(study) if problem.field.partition(".")[0] not in bad]
    parameters: dict[str, ParameterBlock] = {}
    for path, value in ((path, file.parameters[path]) for path in source.get("parameters", {}) if file.parameters):
        try:
            parameters[path] = check_parameter(study, path, value)
        except ScenarioError as error:
            problems += error.problems
    scenarios = _scenarios(study, changes or {}, problems, objects) if file.scenario or file.scenarios else {}
    study = Study(
        file=file, parameters=parameters, scenarios=scenarios, folder=folder, name=name, places=places, source=source
    )
    if scenarios:
        problems += [*path_problems(study), *_teams_of_rules(study)]
        if study.searches and not bad:
            problems += search_problems(study)
    if problems:
        raise ScenarioError(_sorted(problems))
    return study


def _sorted(problems: list[Problem]) -> list[Problem]:
    return sorted(dict.fromkeys(problems), key=lambda p: (p.line or 0, p.column or 0))


def _tree(spec: str | os.PathLike[str] | Mapping[str, Any], problems: list[Problem]) -> tuple[Path, str, Node]:
    """Return the folder, name and content of a study."""
    if isinstance(spec, Mapping):
        if "extends" in spec:
            raise ScenarioError.single("a study names its scenario with scenario:, not extends:", field="extends")
        layers = stack_mapping(spec, root(StudyFile))
        problems += layers.problems
        return Path(), "study", _spelled_out(layers.root)
    if not isinstance(spec, str | os.PathLike):
        raise ScenarioError.single(f"expected the path of a study file or a dict, got {shown(spec)}")
    text = os.fspath(spec)
    path, known = Path(text), {} if text.lower().endswith((".yaml", ".yml")) else shipped_studies()
    if text in known:
        path = known[text]
    elif not path.exists() and "/" not in text and known:
        near = nearest(text, known)
        raise ScenarioError.single(f"'{text}' is neither a shipped study nor a file", suggestion=near)
    tree = read(path, text, problems)
    if not isinstance(tree.value, dict):
        message = f"expected a mapping (name: value, one per line), got {shown(plain(tree))}"
        raise ScenarioError([*problems, Problem(*tree.place, "", message)])
    _blanks(tree, (), problems)
    return path.parent, path.stem, _spelled_out(tree)


def _blanks(node: Node, path: tuple[str, ...], problems: list[Problem]) -> None:
    entries: dict[str, Node] = node.value
    for name, value in list(entries.items()):
        if value.blank:
            where = value.key or value.place
            problems.append(Problem(*where, ".".join((*path, name)), "no value given; write one"))
            del entries[name]
        elif isinstance(value.value, dict):
            _blanks(value, (*path, name), problems)


def _spelled_out(tree: Node) -> Node:
    """Return a bare word for the design is its kind; a list for a parameter is its values."""
    entries = dict(tree.value)
    design = entries.get("design")
    if design is not None and isinstance(design.value, str):
        entries["design"] = Node({"kind": design}, design.place, design.key)
    parameters = entries.get("parameters")
    if parameters is not None and isinstance(parameters.value, dict):
        spelled = {
            path: Node({"values": node}, node.place, node.key) if isinstance(node.value, list) else node
            for path, node in parameters.value.items()
        }
        entries["parameters"] = Node(spelled, parameters.place, parameters.key)
    return Node(entries, tree.place, tree.key)


def _words(study: Study) -> Iterator[Problem]:
    """Yield names that are no paths: outcomes, columns; and what a design needs."""
    file = study.file
    for k, outcome in enumerate(file.outcomes):
        if wrong := unknown_outcome(outcome):
            yield study.problem(("outcomes", str(k)), *wrong)
        elif outcome in file.outcomes[:k]:
            yield study.problem(("outcomes", str(k)), f"'{outcome}' is named twice")
    if not file.outcomes:
        yield study.problem(("outcomes",), "expected at least one outcome")
    yield from _rules(study)
    for k, column in enumerate(file.series):
        if column not in NAMES:
            yield study.problem(("series", str(k)), f"unknown column '{column}'", nearest(column, NAMES))
        elif column in file.series[:k]:
            yield study.problem(("series", str(k)), f"'{column}' is named twice")
    if bool(file.scenario) == bool(file.scenarios):
        yield study.problem(("scenario",), "expected scenario: or scenarios:, one of the two")
    design, table = file.design, file.design.kind == "table"
    if table and bool(design.rows) == bool(design.file):
        yield study.problem(("design",), "a table needs rows: or file:, one of the two")
    elif table and file.parameters:
        yield study.problem(("parameters",), "a table names its parameters itself; leave parameters: out")
    elif not table and not file.parameters and not file.search.simplexes:
        yield study.problem(("parameters",), "expected at least one parameter")
    elif not table and (design.rows or design.file):
        yield study.problem(("design",), f"rows: and file: belong to a table, not to {design.kind}")
    if design.kind in ("lhs", "sobol", "morris") and design.points < 1:
        yield study.problem(("design", "points"), f"{design.kind} needs points: how many")
    elif design.kind in ("grid", "table") and design.points:
        yield study.problem(("design", "points"), f"a {design.kind} has as many points as it lists; leave points: out")
    if design.kind == "morris" and design.levels % 2:
        yield study.problem(("design", "levels"), f"morris needs an even number of levels, got {design.levels}")
    n = design.points
    if design.kind == "sobol" and n & (n - 1):
        power = 1 << n.bit_length()
        yield study.problem(("design", "points"), f"sobol needs a power of two, got {n}", str(power))


def _rules(study: Study) -> Iterator[Problem]:
    """Find names of Python that lead nowhere, or to what is no rule."""
    named = [(("interventions", str(k)), partial(rules, [name])) for k, name in enumerate(study.file.interventions)]
    named += [(("team_class", team), partial(rules, (), {team: name})) for team, name in study.file.team_class.items()]
    for here, read_rule in named:
        try:
            read_rule()
        except ScenarioError as error:
            yield study.problem(here, error.problems[0].message, error.problems[0].suggestion)


def _teams_of_rules(study: Study) -> Iterator[Problem]:
    """Find teams with a class that some scenario does not have."""
    for team in study.file.team_class:
        for scenario in study.scenarios.values():
            if team not in (ALL, *scenario.model.teams):
                message = f"there is no team '{team}' in {scenario.label}"
                yield study.problem(("team_class", team), message, nearest(team, scenario.model.teams), name=True)


def _named(spec: Mapping[str, Any], objects: dict[str, Scenario]) -> dict[str, Any]:
    """Return a study whose scenarios are named; those that came as objects or dicts go to ``objects``, by their
    names.
    """

    def name(one: Any) -> Any:
        if not isinstance(one, Scenario | Mapping):
            return one
        scenario = load(one)
        said = _unlike(scenario.label, objects)
        objects[said] = scenario
        return said

    out = dict(spec)
    if "scenario" in out:
        out["scenario"] = name(out["scenario"])
    if isinstance(out.get("scenarios"), list | tuple):
        out["scenarios"] = [name(one) for one in out["scenarios"]]
    if isinstance(out.get("interventions"), list | tuple):
        out["interventions"] = [_text(one) for one in out["interventions"]]
    if isinstance(out.get("team_class"), Mapping):
        out["team_class"] = {team: _text(kind) for team, kind in out["team_class"].items()}
    return out


def _text(one: Any) -> Any:
    """Name a class by its importable name."""
    if isinstance(one, type) and not called(one):
        raise ScenarioError.single(f"a study needs rules that can be imported by name, got {shown(one)}")
    return called(one) if isinstance(one, type) else one


def _scenarios(
    study: Study, changes: Mapping[str, Any], problems: list[Problem], objects: Mapping[str, Scenario]
) -> dict[str, Scenario]:
    """Return the scenarios with what is set in every run; mistakes go to ``problems``."""
    file = study.file
    scenarios: dict[str, Scenario] = {}
    several = bool(file.scenarios)
    for k, spec in enumerate(file.scenarios or [file.scenario]):
        here = ("scenarios", str(k)) if several else ("scenario",)
        try:
            loaded = objects[spec] if spec in objects else load(beside(spec, study.folder))
        except ScenarioError as error:
            problems += [
                p if p.line is not None else study.problem(here, p.message, p.suggestion) for p in error.problems
            ]
            continue
        for values, inside in ((file.settings, "set"), (changes, None)):
            try:
                loaded = loaded.with_(values) if values else loaded
            except ScenarioError as error:
                problems += [_moved(study, inside, values, p) for p in error.problems]
        scenarios[_unlike(spec if spec in objects else loaded.name, scenarios)] = loaded
    return scenarios


def _unlike(name: str, known: Container[str]) -> str:
    """Return the name, or the name with a number where it is taken: two files of one name, or a scenario beside itself.

    Examples
    --------
    >>> _unlike("base", {"base", "base (2)"})
    'base (3)'
    """
    numbers = itertools.count(2)
    label = name
    while label in known:
        label = f"{name} ({next(numbers)})"
    return label


def _moved(study: Study, inside: str | None, values: Mapping[str, Any], p: Problem) -> Problem:
    """Return a problem of the scenario at the place of the study that brought it about."""
    if inside is None or p.line is not None:
        return p
    path = next((path for path in values if f"{p.field}.".startswith(f"{path}.")), p.field)
    return study.problem((inside, path), p.message, p.suggestion, name="unknown" in p.message)
