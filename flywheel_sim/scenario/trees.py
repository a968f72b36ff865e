"""Build, merge and clean the trees that scenario files are read into."""

import math
from collections.abc import Mapping
from typing import Any

from flywheel_sim.scenario.errors import Problem, ScenarioError, nearest, shown
from flywheel_sim.scenario.reading import Node, Place
from flywheel_sim.scenario.shapes import Shape
from flywheel_sim.scenario.team_roles import paid_on

__all__ = ["as_node", "as_tree", "collect", "drop_blanks", "merge", "node_of", "spelled_out", "without_nulls"]


def drop_blanks(node: Node, path: tuple[str, ...], problems: list[Problem]) -> None:
    """Drop entries without a value, and report each of them."""
    entries: dict[str, Node] = node.value
    for name, value in list(entries.items()):
        if value.blank:
            message = "no value given; write one, or `null` to take an inherited value away"
            problems.append(Problem(*(value.key or value.place), ".".join((*path, name)), message))
            del entries[name]
        elif isinstance(value.value, dict):
            drop_blanks(value, (*path, name), problems)


def merge(parent: Node, child: Node, shape: Shape | None, path: tuple[str, ...] = ()) -> Node:
    """Lay a tree over another: mappings entry by entry, everything else as a whole."""
    if shape is not None and shape.bare:
        parent, child = spelled_out(parent), spelled_out(child)
    if isinstance(parent.value, dict) and isinstance(child.value, dict):
        whole = paid_on(path)  # one value, from which an inherited entry may still be taken away by name
        entries = {} if whole else dict(parent.value)
        for name, value in child.value.items():
            below = shape.child(name) if shape is not None else None
            if name not in parent.value:
                entries[name] = value
            elif not whole:
                entries[name] = merge(entries[name], value, below, (*path, name))
            elif value.value is not None:
                entries[name] = value
        return Node(entries, child.place, child.key)
    return Node(child.value, child.place, child.key, covers=child.value is None)


def spelled_out(node: Node) -> Node:
    """Return a bare word where a block with a ``kind`` stands means that kind."""
    if not isinstance(node.value, str):
        return node
    return Node({"kind": Node(node.value, node.place, node.key)}, node.place, node.key)


def without_nulls(node: Node, shape: Shape | None, path: tuple[str, ...], problems: list[Problem]) -> Node:
    """Drop what was taken away with null, and report nulls where nothing can be taken away."""
    if shape is not None and shape.bare:
        node = spelled_out(node)
    if not isinstance(node.value, dict):
        return node
    kept: dict[str, Node] = {}
    entries: dict[str, Node] = node.value
    for name, value in entries.items():
        below = shape.child(name) if shape is not None else None
        here = (*path, name)
        if value.value is not None or below is None or below.nullable:
            kept[name] = without_nulls(value, below, here, problems)
        elif not value.covers and shape is not None and shape.entries is not None:
            near = nearest(name, (other for other in entries if other != name))
            problems.append(Problem(*(value.key or value.place), ".".join(here), "nothing here to take away", near))
        elif not value.covers:
            kept[name] = value
    return Node(kept, node.place, node.key)


def node_of(value: Any, path: tuple[str, ...], depth: int, problems: list[Problem]) -> Node:
    """Return a Python value as a tree without places."""
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
                entries[name] = node_of(entry, (*path, name), depth + 1, problems)
            else:
                complain(f"expected names as text, got {shown(name)}")
        return Node(entries, nowhere, nowhere)
    if isinstance(value, list | tuple):
        return Node([node_of(item, (*path, str(i)), depth + 1, problems) for i, item in enumerate(value)], nowhere)
    if isinstance(value, float) and not math.isfinite(value):
        return complain(f"expected a finite number, got {value!r}")
    if value is None or isinstance(value, bool | int | float | str):
        return Node(value, nowhere, nowhere)
    return complain(f"expected numbers, texts, lists and mappings, got {type(value).__name__}")


def as_node(value: Any) -> Node:
    """Return a Python value as a tree without places; raises ``ScenarioError``."""
    problems: list[Problem] = []
    node = node_of(value, (), 0, problems)
    if problems:
        raise ScenarioError(problems)
    return node


def as_tree(value: Any, places: Mapping[tuple[str, ...], tuple[Place, Place]], path: tuple[str, ...] = ()) -> Node:
    """Return a tree again out of plain values and their places."""
    nowhere = Place(None, None, None)
    key, place = places.get(path, (nowhere, nowhere))
    if isinstance(value, Mapping):
        value = {name: as_tree(entry, places, (*path, name)) for name, entry in value.items()}
    elif isinstance(value, list):
        value = [as_tree(item, places, (*path, str(k))) for k, item in enumerate(value)]
    return Node(value, place, key)


def collect(node: Node, path: tuple[str, ...], places: dict[tuple[str, ...], tuple[Place, Place]]) -> None:
    """Collect the places of a tree by path: of each name, and of its value."""
    places[path] = (node.key or node.place, node.place)
    if isinstance(node.value, dict):
        for name, value in node.value.items():
            collect(value, (*path, name), places)
    elif isinstance(node.value, list):
        for position, value in enumerate(node.value):
            collect(value, (*path, str(position)), places)
