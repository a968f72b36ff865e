"""`load`: a name, a path, a dict or a scenario -> a validated scenario, or every mistake in it."""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from flywheel_sim.scenario.checking import bounded, check, place_of
from flywheel_sim.scenario.composing import Part, called, named_parts
from flywheel_sim.scenario.errors import Problem, ScenarioError, shown
from flywheel_sim.scenario.hashing import WORDS
from flywheel_sim.scenario.lacking import without_entries
from flywheel_sim.scenario.layering import Layers, called_as, stack, stack_mapping, stack_over
from flywheel_sim.scenario.library import Origin
from flywheel_sim.scenario.measures import completed
from flywheel_sim.scenario.reading import Node, Place, plain, read
from flywheel_sim.scenario.scenario import Scenario
from flywheel_sim.scenario.shapes import root
from flywheel_sim.scenario.trees import as_tree
from flywheel_sim.scenario.writing import differing

__all__ = ["laid_over", "load", "load_as"]


def load(spec: "str | os.PathLike[str] | Mapping[str, Any] | Scenario") -> Scenario:
    """Read and validate a scenario.

    Parameters
    ----------
    spec : str, path, mapping or Scenario
        Name of a shipped scenario, path of a YAML file, plans laid over it (``mine+churn-pay:front``), the same content
        as a dict (``extends`` allowed), or a scenario, which is returned as it is.

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
    """Return `load` for any model class of a whole file."""
    if isinstance(spec, Scenario):
        return spec
    shape = root(model)
    changes: dict[str, Any] = {}
    called_by = ""
    if isinstance(spec, Mapping):
        if not spec:
            raise ScenarioError.single("expected settings, got an empty dict")
        layers, name = stack_mapping(spec, shape), "unnamed"
        if layers.files:
            named = [spec[key] for key in ("on", "extends") if spec.get(key) is not None]
            texts = [os.fspath(t) for one in named for t in ([one] if isinstance(one, str | os.PathLike) else one)]
            name = "+".join(part.name for text in texts for part in named_parts(text, Path()))
            kept = {key: value for key, value in spec.items() if key not in ("extends", "on", *WORDS)}
            changes = dict(_leaves(kept))
    elif isinstance(spec, str | os.PathLike):
        parts = _parts(spec)
        layers, name, called_by = stack(parts, shape), called(parts), called_as(parts)
        if len(parts) > 1 or parts[0].only:
            _entitle(layers, parts)
    else:
        raise ScenarioError.single(f"expected a name, a path, a dict or a Scenario, got {shown(spec)}")
    return _checked(layers, model, name, changes, called_by)


def laid_over(below: Scenario, overlays: Sequence[Any]) -> Scenario:
    """Return a scenario with plans laid over it, as `Scenario.plus` gives it."""
    model = type(below.model)
    ready: list[Part | Mapping[str, Any]] = []
    for one in overlays:
        if isinstance(one, str | os.PathLike):
            ready += _parts(one)
        elif isinstance(one, Mapping) and one:
            ready.append(one)
        else:
            raise ScenarioError.single(f"expected the name or path of a plan, or a dict, got {shown(one)}")
    if not ready:
        raise ScenarioError.single("expected at least one plan to lay over this scenario")
    plans = [one for one in ready if isinstance(one, Part)]
    tree = as_tree(below.source, below._places)
    start = Layers(tree, below.files, below=called_as(plans) and below.typed, laid=frozenset(below.laid))
    if below.laid:
        start.company = as_tree(below.company, below._places)
    layers = stack_over(start, ready, root(model))
    layers.below = below.typed
    _entitle(layers, plans, below.title)
    typed = "+".join([below.typed, *(one.typed for one in plans)]) if below.typed else ""
    changes = {path: value for path, value in below.changes.items() if _still(layers.root, path, value)}
    name = "+".join([below.name, *(one.name for one in plans)])
    scenario = _checked(layers, model, name, changes, typed)
    if len(plans) == len(ready):
        return scenario
    # what dicts among the plans have set, as `with_` would: the names and paths alone would not lead here
    plainly = laid_over(below, [one for one in overlays if not isinstance(one, Mapping)]) if plans else below
    added = {".".join(path): value for path, _, value in differing(plainly.resolved(), scenario.resolved())}
    words = {path: value for path, value in added.items() if path not in WORDS}
    return _checked(layers, model, name, plainly.changes | words, typed)


def _checked(layers: Layers, model: type[BaseModel], name: str, changes: dict[str, Any], typed: str) -> Scenario:
    source, added = completed(plain(layers.root))
    places = layers.places() | added
    try:
        checked = check(model, source, place_of(places), complete=layers.complete)
    except ScenarioError as error:
        company = plain(layers.company) if layers.company is not None else None
        problems = without_entries(error.problems, company, layers.laid)
        raise ScenarioError(_once(layers, tuple(problems))) from None
    if layers.problems:
        raise ScenarioError(_once(layers, ()))
    return Scenario(
        checked, source, name=name, files=layers.files, places=places, changes=changes, layers=layers.about(typed)
    )


def _entitle(layers: Layers, parts: Sequence[Part], first: str = "") -> None:
    """Call a composition by all its titles: the last one alone would say nothing of the company."""
    titles = [first] if first else []
    company = layers.company.value if layers.company is not None else {}
    for part in parts:
        own = read(part.origin.path, part.origin.shown, []).value
        says = own if isinstance(own, dict) else {}
        if not titles and "title" not in says and isinstance(company, dict):
            says = company  # which has the title of its parent
        if "title" in says and isinstance(says["title"].value, dict | list):
            layers.root.value["title"] = says["title"]  # for the check to refuse where it stands
            return
        title = says["title"].value if "title" in says else part.origin.name
        titles.append(f"{title} ({', '.join(part.only)})" if part.only else str(title))
    layers.root.value["title"] = Node(" + ".join(titles), Place(None, None, None))


def _still(tree: Node, path: str, value: Any) -> bool:
    """Tell whether a value is what it was set to."""
    node: Node | None = tree
    for name in path.split("."):
        node = node.value.get(name) if node is not None and isinstance(node.value, dict) else None
    return bool((plain(node) if node is not None else None) == value)


def _parts(spec: "str | os.PathLike[str]") -> tuple[Part, ...]:
    if isinstance(spec, str):
        return named_parts(spec, Path())
    text = os.fspath(spec)
    if not isinstance(text, str):
        raise ScenarioError.single(f"expected a path of text, got {shown(text)}")
    return (Part(Origin(Path(text), text, Path(text).stem, False)),)


def _once(layers: Layers, later: tuple[Problem, ...]) -> list[Problem]:
    """Return what reading found, then what checking found elsewhere, in the order of the files."""
    seen = {(problem.file, problem.line, problem.column) for problem in layers.problems if problem.line is not None}
    seen_fields = {problem.field for problem in layers.problems}
    # what a role that is nobody has emptied, in this entry and in others like it, is no second mistake
    emptied = {problem.field.partition(".")[0] for problem in layers.problems if problem.field}
    rest = [
        p
        for p in later
        if (p.file, p.line, p.column) not in seen
        and p.field not in seen_fields
        and not (p.field.partition(".")[0] in emptied and p.message.endswith("at least 1, got 0"))
    ]
    order = {file: position for position, file in enumerate(layers.files)}

    def place(problem: Problem) -> tuple[int, int, int]:
        return order.get(problem.file or "", len(order)), problem.line or 0, problem.column or 0

    told: dict[tuple[Any, ...], Problem] = {}
    for problem in [*layers.problems, *rest]:
        # a role stands for many teams, and what is wrong with it is one mistake
        where = (problem.file, problem.line, problem.column, problem.message) if problem.line is not None else problem
        told.setdefault(where, problem)  # type: ignore[arg-type]
    return bounded(sorted(told.values(), key=place))


def _leaves(values: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, f"{path}{name}.")
        else:
            yield f"{path}{name}", value
