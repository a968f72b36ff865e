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
import math
import os
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from flywheel_sim.execute.rows import DEFAULT_OUTCOMES, unknown_outcome
from flywheel_sim.scenario import Problem, Scenario, ScenarioError, load
from flywheel_sim.scenario.arguments import whole_or_none
from flywheel_sim.scenario.checking import check, place_of
from flywheel_sim.scenario.columns import NAMES
from flywheel_sim.scenario.composing import beside
from flywheel_sim.scenario.errors import nearest, shown
from flywheel_sim.scenario.fields import Block, param
from flywheel_sim.scenario.idle import own, sentences
from flywheel_sim.scenario.layering import Layers, stack_mapping
from flywheel_sim.scenario.library import shipped_path
from flywheel_sim.scenario.reading import Node, Place, plain, read
from flywheel_sim.scenario.shapes import along, root
from flywheel_sim.study.search.search_file import SearchBlock, in_order, search_problems

__all__ = ["DesignBlock", "ParameterBlock", "Study", "StudyFile", "check_parameters", "read_study", "shipped_studies"]


class ParameterBlock(Block):
    """What one parameter may be."""

    values: list[Any] = param([], "These values.")
    range: list[float] = param([], "From the first number to the second.")
    scale: Literal["linear", "log"] = param("linear", "How a range is divided: evenly, or evenly in the logarithm.")
    whole: bool = param(False, "Only whole numbers of a range; always so where the scenario takes no others.")
    levels: int = param(0, "Values of a range or distribution in a grid.", ge=0, le=100_000)
    distribution: str = param("", "Name of a distribution of scipy.stats.")
    arguments: dict[str, float] = param({}, "Its arguments, by name: shapes, loc and scale.")
    also: list[str] = param([], "Other paths that get the same value.")


class DesignBlock(Block):
    """How points are laid."""

    kind: Literal["grid", "lhs", "sobol", "morris", "table"] = param("grid", "Kind of design.")
    points: int = param(0, "Points of lhs, base rows of sobol, trajectories of morris.", ge=0, le=10_000_000)
    levels: int = param(4, "Levels of morris.", ge=2, le=64)
    second_order: bool = param(False, "Whether sobol lays the points that second-order indices need.")
    rows: list[dict[str, Any]] = param([], "Points of a table: a mapping from path to value each.")
    file: str = param("", "A table's CSV file, relative to the study; its first line names paths.")
    decimal: Literal["", ".", ","] = param("", "Decimal sign of that file; empty = a point, if its numbers show it.")
    seed: int = param(1, "Seed of a design that is drawn.", ge=0, lt=2**32)


class StudyFile(Block):
    """A whole study file."""

    version: Literal[1] = param(1, "Version of the format.")
    title: str = param("", "What it is called.")
    question: str = param("", "What it asks.")
    scenario: str = param("", "The scenario, by name or path.")
    scenarios: list[str] = param([], "Several scenarios; every point is run with each of them.")
    settings: dict[str, Any] = param({}, "Set in every run.", alias="set")
    parameters: dict[str, Any] = param({}, "What varies: path -> values, a range or a distribution.")
    design: DesignBlock = param(DesignBlock(), "How points are laid.")
    search: SearchBlock = param(SearchBlock(), "What to search for, instead of a design.")
    outcomes: list[str] = param(list(DEFAULT_OUTCOMES), "Numbers kept of every run.")
    series: list[str] = param([], "Weekly columns kept of every run.")
    series_every: int = param(1, "Weeks between two rows of them.", ge=1, le=520)
    replicates: int = param(1, "Runs of every point.", ge=1, le=1_000_000)
    seed: int = param(1, "Root of the luck.", ge=0, lt=2**32)


@dataclass(frozen=True)
class Study:
    """A study whose every name has been checked.

    Parameters
    ----------
    file : StudyFile
    parameters : mapping of str to ParameterBlock
    scenarios : mapping of str to Scenario
        With what is set in every run.
    folder : Path
        What the file of a table is relative to.
    name : str
        Stem of the file.
    places : mapping
        Path in the file -> place of the name and of the value.
    source : mapping
        What the file said.
    """

    file: StudyFile
    parameters: Mapping[str, ParameterBlock]
    scenarios: Mapping[str, Scenario]
    folder: Path
    name: str
    places: Mapping[tuple[str, ...], tuple[Place, Place]]
    source: Mapping[str, Any]

    @property
    def searches(self) -> bool:
        """Whether it searches instead of laying a design."""
        return "search" in self.source

    @property
    def base(self) -> Scenario:
        """The first scenario."""
        return next(iter(self.scenarios.values()))

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is probably not meant: settings without effect, ranges far from the scenario's own value."""
        from flywheel_sim.study.design.unit_mismatch import far_off

        varied = {path: None for name, block in self.parameters.items() for path in (name, *block.also)}
        written = [path for scenario in self.scenarios.values() for path in own(scenario)]
        without = sentences(self.scenarios.values(), dict.fromkeys([*written, *varied]), varied)
        return (*without, *far_off(self))

    def problem(self, path: tuple[str, ...], message: str, near: str | None = None, *, name: bool = False) -> Problem:
        """A mistake at a path of the file."""
        file, line, column = place_of(self.places)(path, name)
        return Problem(file, line, column, ".".join(path), message, near)


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
    study = Study(file, {}, {}, folder, name, places, source)
    problems += [problem for problem in _words(study) if problem.field.partition(".")[0] not in bad]
    parameters: dict[str, ParameterBlock] = {}
    for path, value in ((path, file.parameters[path]) for path in source.get("parameters", {}) if file.parameters):
        try:
            parameters[path] = _parameter(study, path, value)
        except ScenarioError as error:
            problems += error.problems
    scenarios = _scenarios(study, changes or {}, problems, objects) if file.scenario or file.scenarios else {}
    study = Study(file, parameters, scenarios, folder, name, places, source)
    if scenarios:
        problems += _paths(study)
        if study.searches and not bad:
            problems += search_problems(study)
    if problems:
        raise ScenarioError(_sorted(problems))
    return study


def check_parameters(study: Study) -> Study:
    """The study with the parameters its file names, checked against its scenarios.

    Raises
    ------
    ScenarioError
        With every mistake in them.
    """
    found: dict[str, ParameterBlock] = {}
    problems: list[Problem] = []
    for path, value in study.file.parameters.items():
        try:
            found[path] = _parameter(study, path, value)
        except ScenarioError as error:
            problems += error.problems
    checked = replace(study, parameters=found)
    problems += _paths(checked)
    if problems:
        raise ScenarioError(problems)
    return checked


def _sorted(problems: list[Problem]) -> list[Problem]:
    return sorted(dict.fromkeys(problems), key=lambda p: (p.line or 0, p.column or 0))


def _tree(spec: str | os.PathLike[str] | Mapping[str, Any], problems: list[Problem]) -> tuple[Path, str, Node]:
    """Folder, name and content of a study."""
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
    """A bare word for the design is its kind; a list for a parameter is its values."""
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
    """Names that are no paths: outcomes, columns; and what a design needs."""
    file = study.file
    for k, outcome in enumerate(file.outcomes):
        if wrong := unknown_outcome(outcome):
            yield study.problem(("outcomes", str(k)), *wrong)
        elif outcome in file.outcomes[:k]:
            yield study.problem(("outcomes", str(k)), f"'{outcome}' is named twice")
    if not file.outcomes:
        yield study.problem(("outcomes",), "expected at least one outcome")
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


def _parameter(study: Study, path: str, value: Any) -> ParameterBlock:
    """One parameter, or every mistake in it."""
    here = ("parameters", path)
    if not isinstance(value, Mapping):
        message = f"expected a list of values, or a mapping with values, range or distribution, got {shown(value)}"
        raise ScenarioError([study.problem(here, message)])
    locate = place_of(study.places)
    try:
        block = check(ParameterBlock, dict(value), lambda inside, name: locate((*here, *inside), name))
    except ScenarioError as error:
        found = [Problem(p.file, p.line, p.column, ".".join((*here, p.field)), p.message, p.suggestion)
                 for p in error.problems]  # fmt: skip
        raise ScenarioError(found) from None
    problems = list(_of_parameter(study, path, block))
    if problems:
        raise ScenarioError(problems)
    return block


def _of_parameter(study: Study, path: str, block: ParameterBlock) -> Iterator[Problem]:
    here, kind = ("parameters", path), study.file.design.kind
    given = [name for name in ("values", "range", "distribution") if getattr(block, name)]
    if len(given) != 1:
        got = " and ".join(given) or "none of them"
        yield study.problem(here, f"expected one of values, range and distribution, got {got}")
        return
    if block.range:
        if len(block.range) != 2 or not block.range[0] < block.range[1]:
            yield study.problem((*here, "range"), f"expected two numbers, the smaller first, got {block.range}")
        elif block.scale == "log" and block.range[0] <= 0:
            yield study.problem((*here, "range"), f"a range in logarithms begins above 0, got {block.range[0]:g}")
    elif block.scale == "log":
        yield study.problem((*here, "scale"), "only a range has a scale")
    if block.whole and block.range and (block.range[0] % 1 or block.range[1] % 1):
        yield study.problem((*here, "range"), f"expected whole numbers, got {block.range}")
    elif block.whole and not block.range:
        yield study.problem((*here, "whole"), "only a range is made whole")
    if block.arguments and not block.distribution:
        yield study.problem((*here, "arguments"), "only a distribution has arguments")
    if not block.values and kind == "grid" and block.levels < 2 and not study.searches:
        yield study.problem(here, "a grid needs levels: into how many values to divide this (2 or more)")
    if block.distribution:
        yield from _distribution(study, path, block)


def _distribution(study: Study, path: str, block: ParameterBlock) -> Iterator[Problem]:
    from scipy import stats

    here = ("parameters", path)
    names = [n for n in dir(stats) if isinstance(getattr(stats, n), stats.rv_continuous | stats.rv_discrete)]
    if block.distribution not in names:
        near = nearest({"normal": "norm", "lognormal": "lognorm"}.get(block.distribution, block.distribution), names)
        yield study.problem((*here, "distribution"), f"scipy.stats has no '{block.distribution}'", near)
        return
    law = getattr(stats, block.distribution)
    shapes = [name.strip() for name in (law.shapes or "").split(",") if name.strip()]
    known = [*shapes, "loc", *(("scale",) if isinstance(law, stats.rv_continuous) else ())]
    wrong = [name for name in block.arguments if name not in known]
    missing = [name for name in shapes if name not in block.arguments]
    for name in wrong:
        message = f"{block.distribution} has no '{name}', it takes {', '.join(known)}"
        yield study.problem((*here, "arguments", name), message, nearest(name, known), name=True)
    if missing and not wrong:
        yield study.problem((*here, "distribution"), f"{block.distribution} needs arguments: {', '.join(missing)}")
    if not wrong and not missing and not math.isfinite(float(law.ppf(0.5, **block.arguments))):
        yield study.problem((*here, "arguments"), f"{block.distribution} does not exist with these arguments")


def _named(spec: Mapping[str, Any], objects: dict[str, Scenario]) -> dict[str, Any]:
    """A study whose scenarios are named; those that came as objects or dicts go to ``objects``, by their names."""

    def name(one: Any) -> Any:
        if not isinstance(one, Scenario | Mapping):
            return one
        found = load(one)
        said = _unlike(found.label, objects)
        objects[said] = found
        return said

    out = dict(spec)
    if "scenario" in out:
        out["scenario"] = name(out["scenario"])
    if isinstance(out.get("scenarios"), list | tuple):
        out["scenarios"] = [name(one) for one in out["scenarios"]]
    return out


def _scenarios(
    study: Study, changes: Mapping[str, Any], problems: list[Problem], objects: Mapping[str, Scenario]
) -> dict[str, Scenario]:
    """The scenarios with what is set in every run; mistakes go to ``problems``."""
    file = study.file
    found: dict[str, Scenario] = {}
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
        found[_unlike(spec if spec in objects else loaded.name, found)] = loaded
    return found


def _unlike(name: str, known: Container[str]) -> str:
    """The name, or the name with a number where it is taken: two files of one name, or a scenario beside itself.

    Examples
    --------
    >>> _unlike("base", {"base", "base (2)"})
    'base (3)'
    """
    numbers = itertools.count(2)
    told = name
    while told in known:
        told = f"{name} ({next(numbers)})"
    return told


def _moved(study: Study, inside: str | None, values: Mapping[str, Any], p: Problem) -> Problem:
    """A problem of the scenario at the place of the study that brought it about."""
    if inside is None or p.line is not None:
        return p
    path = next((path for path in values if f"{p.field}.".startswith(f"{path}.")), p.field)
    return study.problem((inside, path), p.message, p.suggestion, name="unknown" in p.message)


def _paths(study: Study) -> Iterator[Problem]:
    """Paths that do not exist in a scenario, and values of lists that it refuses."""
    for path, block in study.parameters.items():
        for position, other in enumerate([path, *block.also]):
            here = ("parameters", path) if not position else ("parameters", path, "also", str(position - 1))
            again = [name for name, b in study.parameters.items() if other in ([name] if position else []) + b.also]
            if len(again) > (1 if position else 0):
                yield study.problem(here, f"'{other}' is set by two parameters")
                continue
            for scenario in study.scenarios.values():
                shape = along(root(type(scenario.model)), tuple(other.split(".")))
                yield from _tried(study, here, scenario, other, block, shape.kinds if shape else ())


def _tried(
    study: Study, here: tuple[str, ...], scenario: Scenario, path: str, block: ParameterBlock, kinds: tuple[str, ...]
) -> Iterator[Problem]:
    """What a scenario says to the values of one parameter."""
    if block.values:
        tries: list[tuple[Any, tuple[str, ...]]] = [
            (value, ("parameters", here[1], "values", str(k))) for k, value in enumerate(block.values)
        ]
    else:
        part = "range" if block.range else "distribution"
        whole = any(kind.startswith("a whole number") for kind in kinds)
        ends = block.range or [float(x) for x in _median(block)]
        if not any("number" in kind for kind in kinds) and kinds:
            yield study.problem(here, f"expected values: this is {' or '.join(kinds)}, not a number")
            return
        tries = [(round(x) if whole else x, ("parameters", here[1], part)) for x in ends]
    said: set[str] = set()
    for value, place in tries:
        try:
            scenario.with_({path: value})
        except ScenarioError as error:
            for p in error.problems:
                own = f"{p.field}.".startswith(f"{path}.") or f"{path}.".startswith(f"{p.field}.")
                unknown = own and ("unknown" in p.message or p.message.startswith(("no '", "there is nothing")))
                if not own and study.file.design.kind != "grid":
                    continue  # depends on what else is set; the points themselves are checked later
                if p.message not in said:
                    said.add(p.message)
                    yield study.problem(here if unknown else place, p.message, p.suggestion, name=unknown)
                if unknown:
                    return


def _median(block: ParameterBlock) -> list[float]:
    from scipy import stats

    return [float(getattr(stats, block.distribution).ppf(0.5, **block.arguments))]
