"""Pydantic's findings in the user's words, on the file's own paths."""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from flywheel_sim.scenario.errors import Problem, alike, nearest, shown
from flywheel_sim.scenario.numbers import Unreadable, amount, share
from flywheel_sim.scenario.reading import Place
from flywheel_sim.scenario.shapes import NAME, Shape, along, every_path, root

__all__ = ["MOST_TOLD", "Locate", "explained", "unknown_name", "where"]

Path = tuple[str, ...]
#: Mistakes that are told at most: looking for the name that was meant takes time, and nobody reads more.
MOST_TOLD = 100
#: (path, whether the name is meant rather than its value) -> where it stands.
Locate = Callable[[Path, bool], Place]
_SAID = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}


def explained(
    model: type[BaseModel], error: ValidationError, source: Mapping[str, Any], locate: Locate, complete: bool
) -> list[Problem]:
    """Return Pydantic's findings, one per path, on the file's own paths."""
    problems: dict[tuple[Path, str], Problem] = {}
    for detail in error.errors(include_url=False):
        if len(problems) > MOST_TOLD:
            break
        path, value = where(detail["loc"], source, detail["type"] == "missing")
        kind = detail["type"]
        if kind == "missing" and not complete:
            continue
        raised = detail.get("ctx", {}).get("error")
        several = getattr(raised, "problems", None)
        if several:
            for dotted, message, candidates in several:
                if not complete and dotted.partition(".")[0] not in source:
                    continue
                if len(problems) > MOST_TOLD:
                    break
                at = (*path, *dotted.split("."))
                near = nearest(_quoted(message) or at[-1], candidates) if candidates else None
                problems.setdefault((at, message), Problem(*locate(at, False), ".".join(at), message, near))
            continue
        if kind == "extra_forbidden":
            message, near = unknown_name(model, path)
            place = locate(path, True)
        elif kind == "missing":
            message, near = _missing(model, path, source)
            place = locate(path, True)
        else:
            message, near = _unfit(model, path, value, str(raised) if raised is not None else None, detail)
            place = locate(path, False)
        several_may = message if kind == "value_error" else ""
        problems.setdefault((path, several_may), Problem(*place, ".".join(path), message, near))
    return list(problems.values())


def where(loc: tuple[int | str, ...], source: Any, missing: bool) -> tuple[Path, Any]:
    """Return Pydantic's location on the data itself: labels it adds for unions and validators are left out."""
    path: list[str] = []
    value = source
    for position, part in enumerate(loc):
        inside = isinstance(value, dict) and part in value
        if inside or (isinstance(value, list) and isinstance(part, int) and part < len(value)):
            value = value[part]
        elif not (missing and position == len(loc) - 1):
            continue
        path.append(str(part))
    return tuple(path), value


def _missing(model: type[BaseModel], path: Path, source: Mapping[str, Any]) -> tuple[str, str | None]:
    shape = along(root(model), path)
    expected = shape.expected() if shape is not None else "a value"
    around = along(root(model), path[:-2]) if len(path) > 2 else None
    if around is not None and around.entries is not None:
        entries: Any = source
        for part in path[:-2]:
            entries = entries[part]
        near = nearest(path[-2], (name for name in entries if name != path[-2]), cutoff=0.8)
        if near is not None:
            return f"missing for the new entry '{path[-2]}', expected {expected}", near
    return f"missing, expected {expected}", None


def _unfit(
    model: type[BaseModel], path: Path, value: Any, said: str | None, detail: Mapping[str, Any]
) -> tuple[str, str | None]:
    shape = along(root(model), path)
    if said is not None:
        return said, None
    kind = str(detail["type"])
    if kind in ("too_short", "too_long", "string_too_short", "string_too_long"):
        context = detail.get("ctx", {})
        bound = f"at least {context['min_length']}" if "min_length" in context else f"at most {context['max_length']}"
        return f"expected {bound}, got {len(value) if isinstance(value, list | dict | str) else shown(value)}", None
    if shape is None or shape.anything:
        return str(detail["msg"]), None
    near, why = None, ""
    if isinstance(value, str):
        near, why = (nearest(value, shape.choices), "") if shape.choices else _meant(value, shape)
    return f"expected {shape.expected()}, got {shown(value)}" + (f": {why}" if why else ""), near


def _meant(text: str, shape: Shape) -> tuple[str | None, str]:
    """Return the number or switch that a text can only stand for, and what is to be said of it."""
    if any(kind.startswith("true") for kind in shape.kinds):
        return _SAID.get(text.casefold()) or (text.casefold() if text.casefold() in ("true", "false") else None), ""
    if not any("number" in kind for kind in shape.kinds):
        return None, ""
    per_cent = text.strip().endswith("%")
    if per_cent and not any(word in shape.unit for word in ("share", "probability")):
        return None, "per cent are for shares, and this is none"
    try:
        return f"{(share if per_cent else amount)(text):.12g}", ""
    except Unreadable as error:
        if not error.near:
            return None, error.said
        # what is near is written with its per cent sign or its k; a file has neither
        return f"{(share if per_cent else amount)(error.near):.12g}", error.said


def _quoted(message: str) -> str | None:
    parts = message.split("'")
    return parts[1] if len(parts) > 2 else None


#: By how much a name in another block must be more like what was written than one in the block that was named.
ELSEWHERE = 0.1


def unknown_name(model: type[BaseModel], path: Path, siblings: tuple[str, ...] = ()) -> tuple[str, str | None]:
    """Return the message and suggestion for a path whose last name is unknown.

    Looks among the names valid at that place, then for the same name in another block, then for a near one there.
    """
    name, parent = path[-1], along(root(model), path[:-1])
    inside = tuple(name.split("."))
    if len(inside) > 1 and along(root(model), (*path[:-1], *inside)) is not None:  # as --set and with_ take it
        written = ": {".join(inside) + ": ..." + "}" * (len(inside) - 1)
        return f"unknown name '{name}'; in a file or a dict blocks stand inside one another: {written}", None
    valid = siblings or (parent.names if parent is not None else ())
    near = nearest(name, valid)
    leaves: dict[str, str] = {}
    for other in every_path(model):
        leaves.setdefault(other[-1], ".".join(other))
    leaves.pop(NAME, None)
    leaf = name if name in leaves else nearest(name, leaves, cutoff=0.8)
    if near is not None and (leaf is None or (leaf != name and alike(name, near) >= alike(name, leaf) - ELSEWHERE)):
        return f"unknown name '{name}'", near
    if leaf is not None:
        return f"unknown name '{name}' here", leaves[leaf]
    if valid:
        listed = ", ".join(valid[:10]) + (", ..." if len(valid) > 10 else "")
        return f"unknown name '{name}', expected one of {listed}", None
    return f"unknown name '{name}'", None
