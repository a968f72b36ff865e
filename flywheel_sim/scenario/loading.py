"""`load`: a name, a path, a dict or a scenario -> a validated scenario, or every mistake in it."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from flywheel_sim.scenario.checking import bounded, check, place_of
from flywheel_sim.scenario.errors import Problem, ScenarioError, shown
from flywheel_sim.scenario.layering import Layers, stack, stack_mapping
from flywheel_sim.scenario.library import Origin, find
from flywheel_sim.scenario.reading import plain
from flywheel_sim.scenario.scenario import WORDS, Scenario
from flywheel_sim.scenario.shapes import root

__all__ = ["load", "load_as"]


def load(spec: "str | os.PathLike[str] | Mapping[str, Any] | Scenario") -> Scenario:
    """Read and validate a scenario.

    Parameters
    ----------
    spec : str, path, mapping or Scenario
        Name of a shipped scenario, path of a YAML file, the same content as a dict (``extends`` allowed), or a
        scenario, which is returned as it is.

    Returns
    -------
    Scenario

    Raises
    ------
    ScenarioError
        With every mistake found, each with file, line and column.

    Examples
    --------
    >>> load({"extends": "b2b-saas", "market": {"accounts": 3000}}).market.accounts
    3000
    >>> load("b2b-sass")
    Traceback (most recent call last):
    ...
    flywheel_sim.scenario.errors.ScenarioError: no shipped scenario has this name: 'b2b-sass'; did you mean 'b2b-saas'?
    """
    from flywheel_sim.scenario.schema import ScenarioModel

    return load_as(spec, ScenarioModel)


def load_as(spec: Any, model: type[BaseModel]) -> Scenario:
    """`load` for any model class of a whole file."""
    if isinstance(spec, Scenario):
        return spec
    shape = root(model)
    changes: dict[str, Any] = {}
    if isinstance(spec, Mapping):
        if not spec:
            raise ScenarioError.single("expected settings, got an empty dict")
        layers, name = stack_mapping(spec, shape), "unnamed"
        if layers.files:
            base = str(spec["extends"])
            name = Path(base).stem if base.lower().endswith((".yaml", ".yml")) else base
            changes = dict(_leaves({key: value for key, value in spec.items() if key not in ("extends", *WORDS)}))
    elif isinstance(spec, str | os.PathLike):
        origin = _origin(spec)
        layers, name = stack(origin, shape), origin.name
    else:
        raise ScenarioError.single(f"expected a name, a path, a dict or a Scenario, got {shown(spec)}")
    source, places = plain(layers.root), layers.places()
    try:
        checked = check(model, source, place_of(places), complete=layers.complete)
    except ScenarioError as error:
        raise ScenarioError(_once(layers, error.problems)) from None
    if layers.problems:
        raise ScenarioError(_once(layers, ()))
    return Scenario(checked, source, name=name, files=layers.files, places=places, changes=changes)


def _origin(spec: "str | os.PathLike[str]") -> Origin:
    if isinstance(spec, str):
        return find(spec, Path())
    text = os.fspath(spec)
    if not isinstance(text, str):
        raise ScenarioError.single(f"expected a path of text, got {shown(text)}")
    return Origin(Path(text), text, Path(text).stem, False)


def _once(layers: Layers, later: tuple[Problem, ...]) -> list[Problem]:
    """What reading found, then what checking found elsewhere, in the order of the files."""
    seen = {(problem.file, problem.line, problem.column) for problem in layers.problems if problem.line is not None}
    seen_fields = {problem.field for problem in layers.problems}
    rest = [p for p in later if (p.file, p.line, p.column) not in seen and p.field not in seen_fields]
    order = {file: position for position, file in enumerate(layers.files)}

    def place(problem: Problem) -> tuple[int, int, int]:
        return order.get(problem.file or "", len(order)), problem.line or 0, problem.column or 0

    return bounded(sorted(dict.fromkeys([*layers.problems, *rest]), key=place))


def _leaves(values: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, f"{path}{name}.")
        else:
            yield f"{path}{name}", value
