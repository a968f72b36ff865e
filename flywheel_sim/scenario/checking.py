"""From what the files say to a validated model, or to every mistake in plain words.

pydantic does the checking; here its findings are put back on the file's own paths and said in the user's language.
Numbers are read strictly: a quoted number, ``yes`` for a switch or 2.5 for a count of people is a mistake.
"""

import json
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from flywheel_sim.scenario.errors import Problem, ScenarioError, shown
from flywheel_sim.scenario.explaining import MOST_TOLD, Locate, explained, unknown_name, where
from flywheel_sim.scenario.ranges import settled
from flywheel_sim.scenario.reading import Place
from flywheel_sim.scenario.shapes import Shape, along, root

__all__ = ["Places", "arranged", "bounded", "check", "place_of"]

Path = tuple[str, ...]
Places = Mapping[Path, tuple[Place, Place]]
Model = TypeVar("Model", bound=BaseModel)

#: Unicode categories: control characters and halves of characters; ends of lines and paragraphs.
_STEERING, _LINES = frozenset({"Cc", "Cs"}), frozenset({"Zl", "Zp"})
#: Control characters that lay out a text of several lines.
_LAYOUT = dict.fromkeys(map(ord, "\n\r\t"), " ")

#: Entries of these come first, in this order, whatever the file's; the rest follows by name.  Order is not data, so
#: two files that differ in it must give the same run; and an added team must not move the others.
CUSTOMARY: dict[Path, tuple[str, ...]] = {
    ("teams",): ("marketing", "sales", "service", "product", "people", "finance", "enablement")
}


def place_of(places: Places) -> Locate:
    """Look a path up, or the nearest thing around it."""

    def locate(path: Path, name: bool) -> Place:
        for length in range(len(path), -1, -1):
            if path[:length] in places:
                key, value = places[path[:length]]
                return key if name or length < len(path) else value
        return Place(None, None, None)

    return locate


def check(model: type[Model], source: Mapping[str, Any], locate: Locate, *, complete: bool = True) -> Model:
    """Validate what the files say.

    Parameters
    ----------
    model : type
        The pydantic class of the whole file.
    source : mapping
        Plain nested dict; of a range (``LOW to HIGH``) the median is taken.
    locate : callable
        Path -> place.
    complete : bool
        False when a parent file could not be read, so that what is missing is not the user's mistake.

    Raises
    ------
    ScenarioError
        With every mistake.
    """
    shape = root(model)
    source, problems = settled(model, source, locate)
    problems += _bad_names(source, shape, (), locate)
    try:
        checked = _validated(model, source)
        problems += _bad_changes(model, source, locate, sound=True)
        if not problems:
            return checked
    except ValidationError as error:
        problems += explained(model, error, source, locate, complete)
        problems += _bad_changes(model, source, locate, sound=False)
        if complete:
            problems += _beyond(model, error, source, locate)
    raise ScenarioError(problems)


def bounded(problems: list[Problem]) -> list[Problem]:
    """Return the first of many mistakes, and how many more there are: nobody reads thousands."""
    if len(problems) <= MOST_TOLD:
        return problems
    more = f"and at least {len(problems) - MOST_TOLD + 1:,} more mistakes, listed once these are fixed"
    return [*problems[: MOST_TOLD - 1], Problem(problems[0].file, None, None, "", more)]


def _validated(model: type[Model], source: Mapping[str, Any]) -> Model:
    return model.model_validate_json(json.dumps(arranged(source, root(model)), allow_nan=False), strict=True)


def _beyond(
    model: type[BaseModel], error: ValidationError, source: Mapping[str, Any], locate: Locate
) -> Iterator[Problem]:
    """Yield what can only be seen once single values are right: names that do not exist, values that contradict each
    other.

    The faulty values are replaced by harmless ones, and what is then found at other paths is real.
    """
    repaired: Any = json.loads(json.dumps(source))
    faulty: list[Path] = []
    for detail in error.errors(include_url=False):
        path, _ = where(detail["loc"], source, detail["type"] == "missing")
        # what is too long stands for the names in it, and without them others would seem wrong
        if not path or "error" in detail.get("ctx", {}) or detail["type"] == "too_long" or len(faulty) > MOST_TOLD:
            return
        faulty.append(path)
        inside = repaired
        for part in path[:-1]:
            inside = inside[int(part)] if isinstance(inside, list) else inside.get(part, {})
        shape = along(root(model), path)
        if isinstance(inside, list) or (shape is not None and shape.field is not None and shape.field.is_required()):
            key: Any = int(path[-1]) if isinstance(inside, list) else path[-1]
            inside[key] = shape.harmless() if shape is not None else None
        else:
            inside.pop(path[-1], None)
    try:
        _validated(model, repaired)
        return
    except ValidationError as again:
        problems = explained(model, again, repaired, locate, True)
    dotted = {".".join(path) for path in faulty}
    for problem in problems:
        if not any(f"{problem.field}.".startswith(f"{p}.") or f"{p}.".startswith(f"{problem.field}.") for p in dotted):
            yield problem


def arranged(value: Any, shape: Shape | None, path: Path = ()) -> Any:
    """Return the same values with named entries in an order that does not depend on the file."""
    if not isinstance(value, dict | list):
        return _whole(value)
    if isinstance(value, list):
        return [arranged(item, shape.items if shape is not None else None) for item in value]
    names = list(value)
    if shape is not None and shape.entries is not None:
        first = CUSTOMARY.get(path, ())
        names.sort(key=lambda name: (first.index(name) if name in first else len(first), name))
    # most entries are plain values: looking their shape up would take most of the time of a scenario with changes
    return {
        name: arranged(entry, shape.child(name) if shape else None, (*path, name))
        if isinstance(entry := value[name], dict | list)
        else _whole(entry)
        for name in names
    }


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 2**53 else value


def _bad_names(value: Any, shape: Shape | None, path: Path, locate: Locate) -> Iterator[Problem]:
    """Yield names of entries that no dotted path could reach, and names and texts that steer a terminal or a page."""
    if not isinstance(value, dict) or shape is None or shape.anything:
        return
    for name, entry in value.items():
        here, place = (*path, name), ".".join(path)
        named = shape.entries is not None
        if named and not shape.entries.anything and (not name or "." in name or len(name) > 80):  # type: ignore[union-attr]
            yield Problem(*locate(here, True), place, f"expected a name without dots, got {shown(name)}")
        elif named and _unseen(name, _STEERING | _LINES):
            yield Problem(*locate(here, True), place, f"expected a name of visible characters, got {name!a}")
        for text in entry if isinstance(entry, list) else [entry]:
            if isinstance(text, str) and _unseen(text.translate(_LAYOUT), _STEERING):
                said = f"expected text without control characters, got {text[:80]!a}"
                yield Problem(*locate(here, False), ".".join(here) if not _unseen(name, _STEERING) else place, said)
        if isinstance(entry, dict):
            yield from _bad_names(entry, shape.child(name), here, locate)


def _unseen(text: object, kinds: frozenset[str]) -> bool:
    """Tell whether a text holds a character of some Unicode categories."""
    return any(unicodedata.category(letter) in kinds for letter in str(text))


def _bad_changes(
    model: type[BaseModel], source: Mapping[str, Any], locate: Locate, *, sound: bool
) -> Iterator[Problem]:
    """Yield the paths and values that ``timeline.changes`` sets, checked as if they were written in the scenario
    itself.

    ``sound`` says that the rest is right, so that whatever is wrong after a change comes from it.
    """
    timeline = source.get("timeline")
    changes = timeline.get("changes") if isinstance(timeline, dict) else None
    if along(root(model), ("timeline", "changes")) is None or not isinstance(changes, dict):
        return
    bare = {name: value for name, value in source.items() if name != "timeline"}
    fits = _fitting(model, bare) if sound else lambda path, value: False
    told = 0
    for name, change in changes.items():
        values = change.get("set") if isinstance(change, dict) else None
        for dotted, value in values.items() if isinstance(values, dict) else ():
            at = ("timeline", "changes", name, "set", dotted)
            path = tuple(dotted.split("."))
            shape = along(root(model), path)
            if told > MOST_TOLD:
                return
            if shape is None:
                told += 1
                good = next(i for i in range(1, len(path) + 1) if along(root(model), path[:i]) is None)
                message, near = unknown_name(model, path[:good])
                near = ".".join((*path[: good - 1], near)) if near and "." not in near else near
                yield Problem(*locate(at, True), ".".join(at), message, near)
            elif not fits(path, value):
                changed = _set(bare, path, value)
                told += 1
                try:
                    _validated(model, changed)
                except ValidationError as error:
                    for problem in explained(model, error, changed, locate, True):
                        if sound or problem.field == dotted:
                            yield Problem(*locate(at, False), ".".join(at), problem.message, problem.suggestion)


def _fitting(model: type[BaseModel], source: Mapping[str, Any]) -> Callable[[Path, Any], bool]:
    """Return a quick look whether a scenario stands with one value changed: only the block that holds it is read
    again.
    """
    try:
        base = _validated(model, source)
    except ValidationError:
        return lambda path, value: False
    blocks = {name: getattr(base, name) for name in model.model_fields}
    adapters: dict[str, TypeAdapter[Any]] = {}
    known: dict[tuple[Path, str], bool] = {}

    def fits(path: Path, value: Any) -> bool:
        key = (path, json.dumps(value, sort_keys=True))
        if key not in known:
            known[key] = looked(path, value)
        return known[key]

    def looked(path: Path, value: Any) -> bool:
        top = path[0]
        if top not in blocks:
            return False
        if top not in adapters:
            adapters[top] = TypeAdapter(model.model_fields[top].rebuild_annotation())
        changed = arranged(_set(source, path, value)[top], root(model).child(top), (top,))
        try:
            block = adapters[top].validate_json(json.dumps(changed, allow_nan=False), strict=True)
            model.model_validate({**blocks, top: block})
        except ValidationError:
            return False
        return True

    return fits


def _set(source: Mapping[str, Any], path: Path, value: Any) -> dict[str, Any]:
    changed = dict(source)
    if len(path) > 1:
        below = changed.get(path[0], {})
        value = _set(below if isinstance(below, dict) else {}, path[1:], value)
    changed[path[0]] = value
    return changed
