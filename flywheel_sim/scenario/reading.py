"""YAML 1.2 to a tree in which every key and value remembers its file, line and column.

We read parser events and resolve plain scalars by the YAML 1.2 core rules ourselves: ``no`` is a text, ``1e6`` is a
number, ``010`` is ten.  What makes a position ambiguous or lets a small file grow without bound (anchors, aliases,
merge keys, tags, duplicate keys) is refused, and all such findings in a file are reported together.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from flywheel_sim.scenario.errors import Problem, ScenarioError, shown

__all__ = ["MAX_BYTES", "MAX_DEPTH", "Node", "Place", "parse", "parse_value", "plain", "read", "scalar"]

MAX_BYTES = 500_000
MAX_DEPTH = 20
_INT = re.compile(r"[-+]?[0-9]+")
_OTHER_BASE = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_WORDS = {"": None, "~": None, "null": None, "Null": None, "NULL": None} | {
    word: word.lower() == "true" for word in ("true", "True", "TRUE", "false", "False", "FALSE")
}

#: What the parser says -> what to do about it.
_PLAINLY = {
    "mapping values are not allowed here": "a ':' where no name can stand; check the indentation, or quote the text",
    "found character '\\t' that cannot start any token": "a tab; indent with blanks",
}


class Place(NamedTuple):
    """A point in a file, line and column from 1."""

    file: str | None
    line: int | None
    column: int | None


@dataclass(slots=True)
class Node:
    """A value with its place: a scalar, a ``dict[str, Node]`` or a ``list[Node]``."""

    value: Any
    place: Place
    key: Place | None = None
    blank: bool = False
    covers: bool = False


@dataclass(slots=True)
class _Reader:
    """Turns the events of one file into a tree, collecting problems on the way."""

    file: str | None
    problems: list[Problem] = field(default_factory=list)

    def complain(self, place: Place, path: tuple[str, ...], message: str, suggestion: str | None = None) -> None:
        self.problems.append(Problem(*place, ".".join(path), message, suggestion))

    def place(self, mark: Any) -> Place:
        return Place(self.file, mark.line + 1, mark.column + 1)

    def node(self, event: Any, events: Iterator[Any], path: tuple[str, ...], depth: int) -> Node:
        kind = type(event).__name__
        place = self.place(event.start_mark)
        if kind == "AliasEvent":
            self.complain(place, path, f"aliases are not allowed (*{event.anchor}): write the value out")
            return Node(None, place)
        if event.anchor is not None:
            self.complain(place, path, f"anchors are not allowed (&{event.anchor}): write the value out")
        if event.tag is not None and event.tag != "!":
            self.complain(place, path, f"tags are not allowed ({event.tag}): write a plain value")
        if depth > MAX_DEPTH:
            raise ScenarioError([*self.problems, Problem(*place, ".".join(path), f"nested deeper than {MAX_DEPTH}")])
        if kind == "ScalarEvent":
            return self.leaf(event, place, path)
        if kind == "SequenceStartEvent":
            items: list[Node] = []
            last: Any = None
            while type(event := next(events)).__name__ != "SequenceEndEvent":
                self.decimal_comma(last, event, path)
                last = event
                items.append(self.node(event, events, (*path, str(len(items))), depth + 1))
            return Node(items, place)
        return Node(self.mapping(events, path, depth), place)

    def decimal_comma(self, one: Any, other: Any, path: tuple[str, ...]) -> None:
        """Refuse ``[1,05]``, two numbers to YAML and one to many who write it; ``[1,5]`` and ``[1, 05]`` pass."""
        if type(one).__name__ != "ScalarEvent" or type(other).__name__ != "ScalarEvent":
            return
        together = one.end_mark.line == other.start_mark.line and one.end_mark.column + 1 == other.start_mark.column
        whole, digits = str(one.value), str(other.value)
        if together and _INT.fullmatch(whole) and re.fullmatch(r"0[0-9]+", digits):
            said = f"two numbers or a decimal comma: write [{whole}, {int(digits)}] or {whole}.{digits}"
            self.complain(self.place(one.start_mark), path, f"'{whole},{digits}' may be {said}")

    def mapping(self, events: Iterator[Any], path: tuple[str, ...], depth: int) -> dict[str, Node]:
        entries: dict[str, Node] = {}
        while type(event := next(events)).__name__ != "MappingEndEvent":
            where = self.place(event.start_mark)
            name = event.value if type(event).__name__ == "ScalarEvent" else ""
            key = self.node(event, events, path, depth + 1)
            value = self.node(next(events), events, (*path, name), depth + 1)
            value.key = where
            if not isinstance(key.value, str | int | float | bool) or name == "":
                self.complain(where, path, f"expected a name before the colon, got {shown(plain(key))}")
            elif name == "<<":
                self.complain(where, (*path, name), "merge keys are not allowed: write the entries out, or use extends")
            elif name in entries:
                first = entries[name].key
                self.complain(where, (*path, name), f"given twice, first on line {first.line if first else '?'}")
            else:
                entries[name] = value
        return entries

    def leaf(self, event: Any, place: Place, path: tuple[str, ...]) -> Node:
        if not event.implicit[0] or event.style is not None:
            return Node(event.value, place)
        try:
            return Node(scalar(event.value), place, blank=event.value == "")
        except ValueError as error:
            self.complain(place, path, str(error))
            return Node(None, place)


def scalar(text: str) -> bool | int | float | str | None:
    """Return a plain scalar by the YAML 1.2 core rules; not-a-number and infinity raise ``ValueError``.

    Examples
    --------
    >>> [scalar(text) for text in ("no", "1e6", "010", "0x1F", "~", "true", "-.5", "10_000")]
    ['no', 1000000.0, 10, 31, None, True, -0.5, '10_000']
    """
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        if len(text) > 300:
            raise ValueError(f"expected a number a computer can hold, got {len(text)} digits")
        return int(text)
    if _OTHER_BASE.fullmatch(text) and len(text) <= 300:
        return int(text, 0)
    if _NOT_FINITE.fullmatch(text):
        raise ValueError(f"expected a finite number, got {text}")
    if _FLOAT.fullmatch(text):
        value = float(text)
        if not math.isfinite(value):
            raise ValueError(f"expected a finite number, got {text}")
        return value
    return text


def parse(text: str, file: str | None = None, problems: list[Problem] | None = None) -> Node:
    """Read one YAML document into a tree.

    Parameters
    ----------
    text : str
        All of it.
    file : str or None
        What the file is called in problems.
    problems : list of Problem, optional
        Where to put findings that leave a readable rest, so that the caller can go on and find more.

    Returns
    -------
    Node
        The root, whatever its kind.

    Raises
    ------
    ScenarioError
        When nothing can be read (an empty file, a syntax error), or on any finding when there is no list for them.

    Examples
    --------
    >>> root = parse("market:\\n  accounts: 1e4\\n", "shop.yaml")
    >>> root.value["market"].value["accounts"].place
    Place(file='shop.yaml', line=2, column=13)
    """
    reader = _Reader(file)
    root: Node | None = None
    try:
        events = iter(YAML(typ="safe", pure=True).parse(text))
        for event in events:
            kind = type(event).__name__
            if kind in ("StreamStartEvent", "DocumentStartEvent", "DocumentEndEvent", "StreamEndEvent"):
                continue
            if root is not None:
                reader.complain(reader.place(event.start_mark), (), "expected one document, got a second after '---'")
                break
            root = reader.node(event, events, (), 0)
    except MarkedYAMLError as error:
        root = None
        mark = error.problem_mark or error.context_mark
        place = reader.place(mark) if mark is not None else Place(file, None, None)
        said = str(error.problem or error.context)
        reader.complain(place, (), f"not valid YAML: {_PLAINLY.get(said, said)}")
    except YAMLError as error:
        root = None
        reader.complain(Place(file, None, None), (), f"not valid YAML: {str(error).splitlines()[0]}")
    if root is None and not reader.problems:
        reader.complain(Place(file, 1, 1), (), "the file is empty")
    if root is None or (problems is None and reader.problems):
        raise ScenarioError(reader.problems)
    if problems is not None:
        problems += reader.problems
    return root


def parse_value(text: str, field: str) -> Any:
    """Return one value as typed on a command line: a YAML scalar, list or mapping in flow style.

    Examples
    --------
    >>> parse_value("{headcount: 12, axes: [a, b]}", "teams.sales")
    {'headcount': 12, 'axes': ['a', 'b']}
    """
    if text.strip() == "":
        return text
    try:
        return plain(parse(text))
    except ScenarioError as error:
        problems = [Problem(None, None, None, p.field or field, p.message, p.suggestion) for p in error.problems]
        raise ScenarioError(problems) from None


def read(path: Path, file: str | None = None, problems: list[Problem] | None = None) -> Node:
    """Read a file of at most ``MAX_BYTES``; ``file`` is what it is called in problems, ``problems`` as in ``parse``.

    Raises
    ------
    ScenarioError
        When it is missing, unreadable, too large, not UTF-8, empty or not what ``parse`` accepts.
    """
    name = file if file is not None else str(path)
    try:
        if not path.exists():
            raise ScenarioError.single("no such file", file=name)
        if not path.is_file():
            raise ScenarioError.single("expected a file, got a folder or a device", file=name)
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise ScenarioError.single(f"cannot be read: {error.strerror or error}", file=name) from None
    if len(data) > MAX_BYTES:
        why = f"larger than {MAX_BYTES // 1000} kB, the most a file may have: leave defaults out, or extend another"
        raise ScenarioError.single(why, file=name)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ScenarioError([Problem(name, line, None, "", "expected UTF-8 text, got other bytes")]) from None
    return parse(text, name, problems)


def plain(node: Node) -> Any:
    """Return the tree without its places: dicts, lists and scalars."""
    if isinstance(node.value, dict):
        return {name: plain(value) for name, value in node.value.items()}
    if isinstance(node.value, list):
        return [plain(value) for value in node.value]
    return node.value
