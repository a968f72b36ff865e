"""Evidence marks in the comments of scenario files.

A comment on the line of a value may say what the value is known by, in the marks of the schema: ``# a``,
``# of accounts, a``, ``# $ (V: S13)``, ``# V: C64``.  A mark holds for every value of its line.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from flywheel_sim.scenario.checking import Places
from flywheel_sim.scenario.library import known

__all__ = ["Marks", "mark_of", "marks_of"]

#: Dotted path -> (evidence mark, source).
Marks = Mapping[str, tuple[str, str]]

_COMMENT = re.compile(r"(?:^|\s)#\s*(.*)$")
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_BRACKETS = re.compile(r"\((V2|V|M|X|a)(?::\s*([^)]*))?\)")
_PART = re.compile(r"(?:^|[,;]\s*)(V2|V|M|X|a)(?::\s*([^,;]*))?\s*(?=$|[,;])")


def mark_of(line: str) -> tuple[str, str] | None:
    """Mark and source in the comment of a line; None when there is none.

    Examples
    --------
    >>> mark_of("spend: 14000 # $/year, a; mean $20 000"), mark_of("mean: 0.05 # per month (V: S26)")
    (('a', ''), ('V', 'S26'))
    >>> mark_of("text: '# a'"), mark_of("rate: 1 # a fifth of all")
    (None, None)
    """
    comment = _COMMENT.search(_QUOTED.sub("''", line))
    if comment is None:
        return None
    match = _BRACKETS.search(comment.group(1)) or _PART.search(comment.group(1))
    return (match.group(1), (match.group(2) or "").strip()) if match else None


def marks_of(places: Places, changed: Iterable[str]) -> Marks:
    """Return marks of all values that files give, but for those ``changed`` since; a file that is gone has none."""
    lines: dict[str, list[str]] = {}
    marks: dict[str, tuple[str, str]] = {}
    shipped, gone = known(), tuple(changed)
    inner = {path[:-1] for path in places}
    for path, (_, place) in places.items():
        name = ".".join(path)
        if (
            path in inner
            or place.file is None
            or place.line is None
            or any(f"{name}.".startswith(f"{one}.") for one in gone)
        ):
            continue
        if place.file not in lines:
            try:
                text = Path(shipped.get(place.file, place.file)).read_text(encoding="utf-8")
            except (OSError, ValueError):
                text = ""
            lines[place.file] = text.splitlines()
        if place.line <= len(lines[place.file]) and (mark := mark_of(lines[place.file][place.line - 1])):
            marks[name] = mark
    return marks
