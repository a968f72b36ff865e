"""Check the parameters of a study against its scenarios, before the first run."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from flywheel_sim.scenario import Problem, Scenario, ScenarioError
from flywheel_sim.scenario.checking import check, place_of
from flywheel_sim.scenario.errors import nearest, shown
from flywheel_sim.scenario.ranges import Range, looks_like, read_range
from flywheel_sim.scenario.schema import ScenarioModel
from flywheel_sim.scenario.shapes import along, root
from flywheel_sim.study.blocks import ParameterBlock
from flywheel_sim.study.design.study import Study

__all__ = ["check_parameter", "check_parameters", "path_problems"]

#: Standard deviations beyond which nothing is drawn.
FAR = 9.0


def check_parameters(study: Study) -> Study:
    """Return the study with the parameters its file names, checked against its scenarios.

    Raises
    ------
    ScenarioError
        With every mistake in them.
    """
    parameters: dict[str, ParameterBlock] = {}
    problems: list[Problem] = []
    for path, value in study.file.parameters.items():
        try:
            parameters[path] = check_parameter(study, path, value)
        except ScenarioError as error:
            problems += error.problems
    checked = replace(study, parameters=parameters)
    problems += path_problems(checked)
    if problems:
        raise ScenarioError(problems)
    return checked


def check_parameter(study: Study, path: str, value: Any) -> ParameterBlock:
    """Return one parameter, or every mistake in it."""
    here = ("parameters", path)
    if looks_like(value):
        value = _between(study, path, value)
    if not isinstance(value, Mapping):
        message = f"expected a list of values, or a mapping with values, range or distribution, got {shown(value)}"
        raise ScenarioError([study.problem(here, message)])
    locate = place_of(study.places)
    try:
        block = check(ParameterBlock, dict(value), lambda inside, name: locate((*here, *inside), name))
    except ScenarioError as error:
        mistakes = [
            Problem(p.file, p.line, p.column, ".".join((*here, p.field)), p.message, p.suggestion)
            for p in error.problems
        ]
        raise ScenarioError(mistakes) from None
    problems = list(_of_parameter(study, path, block))
    if problems:
        raise ScenarioError(problems)
    return block


def _between(study: Study, path: str, said: str) -> dict[str, Any]:
    """Return ``LOW to HIGH`` as the distribution that it is in a scenario.

    Raises
    ------
    ScenarioError
        For a wrong range, or where no number stands.
    """
    shape = along(root(ScenarioModel), tuple(path.split(".")))
    if shape is None or not any("number" in kind for kind in shape.kinds):
        return {"values": [said]}  # what is wrong with the path is told as of any other
    interval = read_range(said, shape)
    if not isinstance(interval, Range):
        raise ScenarioError([study.problem(("parameters", path), interval.message, interval.near)])
    law = interval.law
    if law.kind == "log":
        return {"distribution": "lognorm", "arguments": {"s": law.spread, "scale": math.exp(law.middle)}}
    if law.kind == "logit":
        return {"distribution": "johnsonsb", "arguments": {"a": -law.middle / law.spread, "b": 1.0 / law.spread}}
    ends = {"a": (law.low - law.middle) / law.spread, "b": (law.high - law.middle) / law.spread}
    if all(abs(end) > FAR for end in ends.values()):
        return {"distribution": "norm", "arguments": {"loc": law.middle, "scale": law.spread}}
    inside = {name: max(min(end, FAR), -FAR) for name, end in ends.items()}
    return {"distribution": "truncnorm", "arguments": {**inside, "loc": law.middle, "scale": law.spread}}


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


def path_problems(study: Study) -> Iterator[Problem]:
    """Yield paths that do not exist in a scenario, and values of lists that it refuses."""
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
    """Yield what a scenario says to the values of one parameter."""
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
