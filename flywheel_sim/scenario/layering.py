"""Files that extend files: one tree out of a chain, every leaf with the place that holds it.

Mappings merge, everything else replaces.  An explicit ``null`` over an inherited entry takes it away (a team vanishes,
a number falls back to its default); a name followed by nothing is a mistake, because it is usually an unfinished edit.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flywheel_sim.scenario.errors import Problem, ScenarioError, nearest, shown
from flywheel_sim.scenario.library import Origin, find
from flywheel_sim.scenario.reading import Node, Place, plain, read
from flywheel_sim.scenario.shapes import Shape

__all__ = ["FORMAT_VERSION", "Layers", "normal", "stack", "stack_mapping"]

#: Version of the scenario format this package reads.
FORMAT_VERSION = 1
MAX_CHAIN = 20


@dataclass(slots=True)
class Layers:
    """What a chain of files says together."""

    root: Node
    files: tuple[str, ...] = ()
    problems: list[Problem] = field(default_factory=list)
    complete: bool = True

    def places(self) -> dict[tuple[str, ...], tuple[Place, Place]]:
        """Path -> (place of the name, place of the value)."""
        found: dict[tuple[str, ...], tuple[Place, Place]] = {}
        _collect(self.root, (), found)
        return found


def stack(origin: Origin, shape: Shape) -> Layers:
    """Read a file and everything it extends.

    Parameters
    ----------
    origin : Origin
        The file to start from.
    shape : Shape
        Shape of a whole file; it says where ``null`` is a value and where names stand.
    """
    return _with_parents(None, origin, shape, ())


def stack_mapping(data: Mapping[str, Any], shape: Shape) -> Layers:
    """The same for a dict, whose ``extends`` is read relative to the current folder."""
    problems: list[Problem] = []
    if "extends" in data and isinstance(data["extends"], os.PathLike):
        data = {**data, "extends": os.fspath(data["extends"])}
    root = _node(data, (), 0, problems)
    layers = _with_parents(root, None, shape, ())
    layers.problems[:0] = problems
    return layers


def normal(value: Any, field: str = "") -> Any:
    """A Python value as a file would hold it (text keys, plain numbers, lists); raises ``ScenarioError``."""
    problems: list[Problem] = []
    node = _node(value, tuple(field.split(".")) if field else (), 0, problems)
    if problems:
        raise ScenarioError(problems)
    return plain(node)


def _with_parents(root: Node | None, origin: Origin | None, shape: Shape, above: tuple[Origin, ...]) -> Layers:
    problems: list[Problem] = []
    if root is None:
        assert origin is not None
        root = _read(origin, shape, problems, parent=bool(above))
    files = (origin.shown,) if origin is not None else ()
    if not isinstance(root.value, dict):
        message = f"expected a mapping (name: value, one per line), got {shown(plain(root))}"
        raise ScenarioError([*problems, Problem(*root.place, "", message)])
    _check_version(root, problems)
    _drop_blanks(root, (), problems)
    extends = root.value.pop("extends", None)
    if extends is None:
        kept = _without_nulls(root, shape, (), problems)
        return Layers(kept, files, problems)
    chain = (*above, origin) if origin is not None else above
    try:
        parent_origin = _parent(extends, origin, chain)
        below = _with_parents(None, parent_origin, shape, chain)
    except ScenarioError as error:
        here = [_placed(problem, extends) for problem in error.problems]
        kept = _without_nulls(root, shape, (), [])
        return Layers(kept, files, problems + here, complete=False)
    merged = _merge(below.root, root, shape)
    kept = _without_nulls(merged, shape, (), problems)
    return Layers(kept, files + below.files, problems + below.problems, below.complete)


def _read(origin: Origin, shape: Shape, problems: list[Problem], *, parent: bool) -> Node:
    """Read a file; of one that another file names, and that is no scenario, nothing is told but that.

    Whoever writes ``extends`` decides which file is opened, and need not be who runs it and sees the message.
    """
    if not parent or origin.shipped:
        return read(origin.path, origin.shown, problems)
    own: list[Problem] = []
    no_scenario = Problem(origin.shown, None, None, "", "this file is no scenario; extends takes one")
    try:
        root = read(origin.path, origin.shown, own)
    except ScenarioError as error:
        unreadable = all(problem.line is None for problem in error.problems)
        raise error if unreadable else ScenarioError([_syntax(error.problems[-1], no_scenario)]) from None
    if not isinstance(root.value, dict) or not {*shape.names, "extends", "version"} & set(root.value):
        raise ScenarioError([no_scenario])
    problems += own
    return root


def _syntax(problem: Problem, otherwise: Problem) -> Problem:
    """Where the YAML ends to be YAML, without the words that stand there."""
    if not problem.message.startswith("not valid YAML"):
        return otherwise
    return Problem(problem.file, problem.line, problem.column, "", "not valid YAML; look at it there")


def _parent(extends: Node, origin: Origin | None, chain: tuple[Origin, ...]) -> Origin:
    if not isinstance(extends.value, str):
        raise ScenarioError.single(
            f"expected the name or path of one scenario, got {shown(plain(extends))}", field="extends"
        )
    folder = origin.path.parent if origin is not None else Path()
    shown_folder = str(Path(origin.shown).parent) if origin is not None and not origin.shipped else ""
    parent = find(extends.value, folder, "" if shown_folder == "." else shown_folder)
    names = [link.shown for link in chain]
    for position, link in enumerate(chain):
        if link.path.resolve() == parent.path.resolve():
            circle = " -> ".join([*names[position:], parent.shown])
            raise ScenarioError.single(f"these files extend each other in a circle: {circle}", field="extends")
    if len(chain) >= MAX_CHAIN:
        raise ScenarioError.single(f"more than {MAX_CHAIN} files extend one another", field="extends")
    return parent


def _placed(problem: Problem, extends: Node) -> Problem:
    """A problem without a place of its own belongs to the ``extends`` line."""
    if problem.line is not None:
        return problem
    message = problem.message if problem.file is None else f"{problem.file}: {problem.message}"
    return Problem(*extends.place, problem.field or "extends", message, problem.suggestion)


def _check_version(root: Node, problems: list[Problem]) -> None:
    node: Node | None = root.value.get("version")
    if node is None or node.value == FORMAT_VERSION or not isinstance(node.value, int) or isinstance(node.value, bool):
        return
    if node.value > FORMAT_VERSION:
        how = "update with `pip install -U flywheel-sim`"
    else:
        how = f"compare it with `flywheel scenario new` and write version: {FORMAT_VERSION}"
    message = f"this package reads scenario format {FORMAT_VERSION}, this file is format {node.value}: {how}"
    problems.append(Problem(*node.place, "version", message))
    node.value = FORMAT_VERSION


def _drop_blanks(node: Node, path: tuple[str, ...], problems: list[Problem]) -> None:
    entries: dict[str, Node] = node.value
    for name, value in list(entries.items()):
        if value.blank:
            message = "no value given; write one, or `null` to take an inherited value away"
            problems.append(Problem(*(value.key or value.place), ".".join((*path, name)), message))
            del entries[name]
        elif isinstance(value.value, dict):
            _drop_blanks(value, (*path, name), problems)


def _merge(parent: Node, child: Node, shape: Shape | None) -> Node:
    if shape is not None and shape.bare:
        parent, child = _spelled_out(parent), _spelled_out(child)
    if isinstance(parent.value, dict) and isinstance(child.value, dict):
        entries = dict(parent.value)
        for name, value in child.value.items():
            below = shape.child(name) if shape is not None else None
            entries[name] = _merge(entries[name], value, below) if name in entries else value
        return Node(entries, child.place, child.key)
    return Node(child.value, child.place, child.key, covers=child.value is None)


def _spelled_out(node: Node) -> Node:
    """A bare word where a block with a ``kind`` stands means that kind."""
    if not isinstance(node.value, str):
        return node
    return Node({"kind": Node(node.value, node.place, node.key)}, node.place, node.key)


def _without_nulls(node: Node, shape: Shape | None, path: tuple[str, ...], problems: list[Problem]) -> Node:
    if shape is not None and shape.bare:
        node = _spelled_out(node)
    if not isinstance(node.value, dict):
        return node
    kept: dict[str, Node] = {}
    entries: dict[str, Node] = node.value
    for name, value in entries.items():
        below = shape.child(name) if shape is not None else None
        here = (*path, name)
        if value.value is not None or below is None or below.nullable:
            kept[name] = _without_nulls(value, below, here, problems)
        elif not value.covers and shape is not None and shape.entries is not None:
            near = nearest(name, (other for other in entries if other != name))
            problems.append(Problem(*(value.key or value.place), ".".join(here), "nothing here to take away", near))
        elif not value.covers:
            kept[name] = value
    return Node(kept, node.place, node.key)


def _node(value: Any, path: tuple[str, ...], depth: int, problems: list[Problem]) -> Node:
    """A Python value as a tree without places."""
    nowhere = Place(None, None, None)

    def complain(message: str) -> Node:
        problems.append(Problem(None, None, None, ".".join(path), message))
        return Node(None, nowhere)

    if depth > 20:
        return complain("nested deeper than 20")
    if type(value).__module__ == "numpy" and hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, Mapping):
        entries: dict[str, Node] = {}
        for name, entry in value.items():
            if isinstance(name, str):
                entries[name] = _node(entry, (*path, name), depth + 1, problems)
            else:
                complain(f"expected names as text, got {shown(name)}")
        return Node(entries, nowhere, nowhere)
    if isinstance(value, list | tuple):
        return Node([_node(item, (*path, str(i)), depth + 1, problems) for i, item in enumerate(value)], nowhere)
    if isinstance(value, float) and value - value != 0:
        return complain(f"expected a finite number, got {value!r}")
    if value is None or isinstance(value, bool | int | float | str):
        return Node(value, nowhere, nowhere)
    return complain(f"expected numbers, texts, lists and mappings, got {type(value).__name__}")


def _collect(node: Node, path: tuple[str, ...], found: dict[tuple[str, ...], tuple[Place, Place]]) -> None:
    found[path] = (node.key or node.place, node.place)
    if isinstance(node.value, dict):
        for name, value in node.value.items():
            _collect(value, (*path, name), found)
    elif isinstance(node.value, list):
        for position, value in enumerate(node.value):
            _collect(value, (*path, str(position)), found)
