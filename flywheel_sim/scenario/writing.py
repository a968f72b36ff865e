"""Scenarios as YAML text: all of one, or what differs from another."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from flywheel_sim.scenario.errors import ScenarioError
from flywheel_sim.scenario.reading import scalar

__all__ = ["changes_as_yaml", "differing", "one_line", "to_yaml"]

_SAFE = re.compile(r"[A-Za-z_][A-Za-z0-9_ ./+()%-]*[A-Za-z0-9_)%]|[A-Za-z_]")


def to_yaml(values: Mapping[str, Any]) -> str:
    """Return a nested dict as block YAML that reads back to the same values.

    Examples
    --------
    >>> print(to_yaml({"market": {"accounts": 5, "share": 1e-07}, "axes": ["value", "ease"], "teams": {}}), end="")
    market:
      accounts: 5
      share: 1e-07
    axes: [value, ease]
    teams: {}
    """
    return "".join(line + "\n" for line in _lines(values, ""))


def changes_as_yaml(base: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """Return a file that extends ``base`` and holds what differs from it.

    Raises
    ------
    ScenarioError
        When ``base`` is empty: only a scenario as read from a file can be extended.
    """
    if not base:
        raise ScenarioError.single("the base has been changed since it was read; extend the scenario it came from")
    values = {"version": after.get("version", 1), "extends": base, **_changed(before, after)}
    return to_yaml(values)


def one_line(value: Any) -> str:
    """Return a value in flow style, as in a table or after ``--set``."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_text(name)}: {one_line(entry)}" for name, entry in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(one_line(item) for item in value) + "]"
    if isinstance(value, str):
        return _text(value)
    return json.dumps(value, allow_nan=False)


def differing(before: Any, after: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    """Yield every path at which two resolved scenarios differ, with both values (``None`` where one has none).

    Examples
    --------
    >>> list(differing({"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 3}, "d": 4}))
    [(('a', 'c'), 2, 3), (('d',), None, 4)]
    """
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in [*before, *(name for name in after if name not in before)]:
            yield from differing(before.get(name), after.get(name), (*path, name))
    elif before != after:
        yield path, before, after


def _changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    for name, value in after.items():
        if name not in before:
            changes[name] = value
        elif isinstance(value, Mapping) and isinstance(before[name], Mapping):
            if below := _changed(before[name], value):
                changes[name] = below
        elif value != before[name]:
            changes[name] = value
    return changes | {name: None for name in before if name not in after}


def _lines(values: Mapping[str, Any], indent: str) -> Iterator[str]:
    for name, value in values.items():
        if isinstance(value, Mapping) and value:
            yield f"{indent}{_text(name)}:"
            yield from _lines(value, indent + "  ")
        else:
            yield f"{indent}{_text(name)}: {one_line(value)}"


def _text(text: str) -> str:
    plain = _SAFE.fullmatch(text) and isinstance(scalar(text), str) and len(text) < 120
    return text if plain else json.dumps(text, ensure_ascii=False)
