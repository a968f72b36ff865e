"""Replace numbers and hashes in a scenario file; everything else, comments and order included, stays."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from flywheel_sim.scenario.errors import Problem, ScenarioError
from flywheel_sim.scenario.scenario import Scenario

__all__ = ["replaced"]

_PLAIN = re.compile(r"(?:null|[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)(?=[\s,}#\]]|$)")
#: Why a value cannot be written where it does not stand.
_ELSEWHERE = (
    "expected in this file itself, to be written anew; flywheel scenario show NAME --full --out FILE makes one of all"
)
_WORD = re.compile(r"[\"']?[0-9A-Za-z]*[\"']?(?=[\s,}#\]]|$)")


def replaced(base: Scenario, path: Path, values: Mapping[str, float | int | str]) -> str:
    """Return the text of ``path`` with the values at these dotted paths in place of the old ones.

    Parameters
    ----------
    base : Scenario
        As it was read from ``path``.
    path : Path
        The file in which every value stands.
    values : mapping
        Dotted path -> number, or a word of letters and digits.

    Raises
    ------
    ScenarioError
        When a value does not stand in this file.
    """
    text = path.read_bytes().decode("utf-8")  # line ends as they are, and a byte order mark where there is one
    mark, text = ("\ufeff", text[1:]) if text.startswith("\ufeff") else ("", text)
    lines = text.splitlines(keepends=True)
    problems: list[Problem] = []
    edits: list[tuple[int, int, int, str]] = []
    for name, value in values.items():
        place = base.position(name)
        if place is None or place.line is None or place.column is None or place.file != os.fspath(path):
            problems.append(Problem(os.fspath(path), None, None, name, _ELSEWHERE))
            continue
        kind, word = (_WORD, "word") if isinstance(value, str) else (_PLAIN, "number")
        match = kind.match(lines[place.line - 1], place.column - 1)
        if match is None:
            problems.append(Problem(*place, name, f"expected a plain {word} here, which is written anew"))
            continue
        text = value if isinstance(value, str) else f"{value:g}" if abs(value) < 1e5 else f"{value!r}"
        edits.append((place.line - 1, match.start(), match.end(), text))
    if problems:
        raise ScenarioError(problems)
    for line, start, end, text in sorted(edits, reverse=True):
        lines[line] = lines[line][:start] + text + lines[line][end:]
    return mark + "".join(lines)
