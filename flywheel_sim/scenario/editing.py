"""Dotted paths into plain nested values: read one, set many.

A path assigns: ``{"teams.sales": {...}}`` replaces the whole team, ``{"teams.sales.headcount": 12}`` one number, and
``None`` takes an entry away (or puts a number back to its default).
"""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from flywheel_sim.scenario.errors import Problem, ScenarioError, nearest
from flywheel_sim.scenario.explaining import unknown_name
from flywheel_sim.scenario.layering import normal
from flywheel_sim.scenario.shapes import Shape, along, root

__all__ = ["assign", "copied", "look_up", "paths_of"]


def look_up(model: type[BaseModel], resolved: Mapping[str, Any], path: str) -> Any:
    """Return the value at a dotted path of a resolved scenario.

    Raises
    ------
    ScenarioError
        Naming the nearest path when there is none.
    """
    value: Any = resolved
    parts = tuple(path.split("."))
    for position, part in enumerate(parts):
        if isinstance(value, dict) and part in value:
            value = value[part]
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            raise ScenarioError([_unknown(model, parts, position, value)])
    return value


def assign(
    model: type[BaseModel], source: Mapping[str, Any], resolved: Mapping[str, Any], changes: Mapping[str, Any]
) -> tuple[dict[str, Any], list[Problem]]:
    """Return what the files would say after ``changes``; ``source`` is left alone.

    Parameters
    ----------
    model : type
        The pydantic class of the whole file.
    source, resolved : mapping
        What the files say, and the same with defaults filled in.
    changes : mapping
        Dotted path -> value.  Shorter paths go first, so that a block and one number in it can be set together.

    Returns
    -------
    result : dict
        Shares with ``source`` whatever did not change.
    problems : list of Problem
        Every path that does not exist; these are left out of the result.
    """
    problems: list[Problem] = []
    result = dict(source)
    fresh: set[int] = {id(result)}
    for path in sorted(changes, key=lambda path: str(path).count(".")):
        if not isinstance(path, str) or not path:
            problems.append(Problem(None, None, None, str(path), "expected a dotted path such as 'market.accounts'"))
            continue
        try:
            value = normal(changes[path], path)
            _set(model, result, resolved, tuple(path.split(".")), value, fresh)
        except ScenarioError as error:
            problems += error.problems
    return result, problems


def _set(
    model: type[BaseModel],
    result: dict[str, Any],
    resolved: Mapping[str, Any],
    parts: tuple[str, ...],
    value: Any,
    fresh: set[int],
) -> None:
    shape: Shape | None = along(root(model), parts)
    if shape is not None and shape.bare and isinstance(value, str):
        parts, shape = (*parts, "kind"), along(root(model), (*parts, "kind"))
    inside: Any = result
    known: Any = resolved
    for position, part in enumerate(parts[:-1]):
        around = along(root(model), parts[:position])
        here = along(root(model), parts[: position + 1])
        index: Any = _index(inside, part)
        if index is None:
            absent = around is None or around.entries is not None or around.items is not None
            if here is None or isinstance(inside, list) or (absent and not (isinstance(known, dict) and part in known)):
                raise ScenarioError([_unknown(model, parts, position, inside if isinstance(inside, list) else known)])
            index = part
            inside[part] = _filled(here, known.get(part) if isinstance(known, dict) else None)
        child = inside[index]
        if not isinstance(child, dict | list):
            raise ScenarioError([_unknown(model, parts, position + 1, child)])
        if id(child) not in fresh:
            child = child.copy()
            fresh.add(id(child))
            inside[index] = child
        inside = child
        known = known.get(part) if isinstance(known, dict) else None
    last, around = parts[-1], along(root(model), parts[:-1])
    if shape is None and not (around is not None and around.items is not None and last.isdigit()):
        raise ScenarioError([_unknown(model, parts, len(parts) - 1, known if isinstance(known, dict) else inside)])
    if isinstance(inside, list):
        index = _index(inside, last)
        if index is None:
            raise ScenarioError([_unknown(model, parts, len(parts) - 1, inside)])
        inside[index] = value
    elif value is None and shape is not None and not shape.nullable:
        if around is not None and around.entries is not None and last not in inside:
            raise ScenarioError([_unknown(model, parts, len(parts) - 1, inside)])
        inside.pop(last, None)
    else:
        inside[last] = value


def _index(inside: Any, part: str) -> Any:
    """Tell how to reach ``part`` in a mapping or list; ``None`` when it is not there."""
    if isinstance(inside, dict):
        return part if part in inside else None
    return int(part) if part.isdigit() and int(part) < len(inside) else None


def _filled(shape: Shape, known: Any) -> Any:
    """Return what stands at a place the files are silent about: nothing, where the block's own defaults say the
    same.
    """
    if known is None:
        return {}
    if shape.block is not None:
        try:
            if shape.block().model_dump(mode="json", by_alias=True) == known:
                return {}
        except ValueError:
            pass
    return copied(known)


def paths_of(values: Mapping[str, Any], start: str = "") -> list[str]:
    """Return every dotted path of a nested mapping, blocks included.

    Examples
    --------
    >>> paths_of({"a": {"b": 1}, "c": 2})
    ['a', 'a.b', 'c']
    """
    paths: list[str] = []
    for name, value in values.items():
        paths.append(f"{start}{name}")
        if isinstance(value, Mapping):
            paths += paths_of(value, f"{start}{name}.")
    return paths


def copied(value: Any) -> Any:
    """Return the same nested dicts and lists, free to be changed."""
    if isinstance(value, dict):
        return {name: copied(entry) for name, entry in value.items()}
    return [copied(item) for item in value] if isinstance(value, list) else value


def _unknown(model: type[BaseModel], parts: tuple[str, ...], position: int, value: Any) -> Problem:
    """Return no such path: suggest the whole path with its first wrong name put right."""
    path, upto = ".".join(parts), parts[: position + 1]
    around = along(root(model), parts[:position])
    if around is None or not (around.names or around.entries) or isinstance(value, list):
        return Problem(None, None, None, path, f"there is nothing inside '{'.'.join(parts[:position])}' of that name")
    present = tuple(value) if around.entries is not None and isinstance(value, dict) else ()
    if around.entries is not None and not nearest(parts[position], present):
        listed = ", ".join(present) or "none"
        message = f"no '{parts[position]}' in {'.'.join(parts[:position])}, which has: {listed}"
        return Problem(None, None, None, path, message)
    message, near = unknown_name(model, upto, present)
    if near is not None and "." not in near:
        near = ".".join((*parts[:position], near, *parts[position + 1 :]))
    return Problem(None, None, None, path, message, near)
