"""What is wrong with a scenario, said to the person who wrote it.

One exception carries every mistake found at once.  Each mistake knows the file, line and column that hold it (in the
file that holds it, not the one that inherits it), the field, what was expected, and the nearest valid name.
"""

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["Problem", "ScenarioError", "alike", "nearest", "shown"]

_UNQUOTED = re.compile(r"[-+]?[0-9.][0-9.eE+-]*|true|false|null")


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake and where it is.

    Parameters
    ----------
    file : str or None
        The path as the user typed it, or the name of a built-in scenario; ``None`` when the value came from Python.
    line, column : int or None
        Both count from 1.
    field : str
        Dotted path, ``""`` for the file as a whole.
    message : str
        What was expected, and what was found.
    suggestion : str or None
        The nearest valid name or value.

    Examples
    --------
    >>> print(Problem("shop.yaml", 3, 5, "market.acounts", "unknown name", "accounts"))
    shop.yaml:3:5: market.acounts: unknown name; did you mean 'accounts'?
    """

    file: str | None
    line: int | None
    column: int | None
    field: str
    message: str
    suggestion: str | None = None

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)
        text = ": ".join(part for part in (place, self.field, self.message) if part)
        if self.suggestion is None:
            return text
        quoted = self.suggestion if _UNQUOTED.fullmatch(self.suggestion) else f"'{self.suggestion}'"
        return f"{text}; did you mean {quoted}?"

    def as_dict(self) -> dict[str, Any]:
        """Return the six parts under their own names, as ``--json`` prints them."""
        return asdict(self)


class ScenarioError(ValueError):
    """What the user gave cannot be used; ``problems`` lists every mistake found.

    Parameters
    ----------
    problems : sequence of Problem

    Examples
    --------
    >>> str(ScenarioError([Problem(None, None, None, "horizon_weeks", "expected a whole number, got 'x'")]))
    "horizon_weeks: expected a whole number, got 'x'"
    """

    problems: tuple[Problem, ...]

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(self.problems)

    @classmethod
    def single(cls, message: str, *, field: str = "", file: str | None = None, suggestion: str | None = None) -> Any:
        """Return the error for one mistake that has no line of its own."""
        return cls([Problem(file, None, None, field, message, suggestion)])

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


def nearest(name: str, valid: Iterable[str], cutoff: float = 0.6) -> str | None:
    """Return the valid name most like ``name``, or ``None`` when none is close.

    Case does not count, nor whether words are joined by ``_``, ``-`` or a space; of valid names that differ in nothing
    else the first is taken.

    Parameters
    ----------
    name : str
    valid : iterable of str
    cutoff : float
        Similarity from which a name is close, 0 to 1 (`difflib.get_close_matches`).

    Examples
    --------
    >>> nearest("acounts", ["accounts", "network"])
    'accounts'
    >>> nearest("zzz", ["accounts", "network"]) is None
    True
    """

    def key(text: str) -> str:
        return text.casefold().replace("-", "_").replace(" ", "_")

    known: dict[str, str] = {}
    for candidate in valid:
        known.setdefault(key(candidate), candidate)
    if key(name) in known:
        return known[key(name)]
    close = difflib.get_close_matches(key(name), list(known), n=1, cutoff=cutoff)
    return known[close[0]] if close else None


def alike(one: str, other: str) -> float:
    """Tell how like two names are, 0 to 1; case and dashes do not count."""
    a, b = (text.casefold().replace("-", "_").replace(" ", "_") for text in (one, other))
    return difflib.SequenceMatcher(None, a, b).ratio()


def shown(value: Any) -> str:
    """Return a value as a person would name it in a sentence.

    Examples
    --------
    >>> shown("abc"), shown(None), shown(True), shown([1, 2]), shown({})
    ("'abc'", 'nothing', 'true', 'a list of 2', 'an empty mapping')
    """
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return repr(value if len(value) <= 40 else value[:37] + "...")
    if isinstance(value, dict):
        return f"a mapping of {len(value)}" if value else "an empty mapping"
    if isinstance(value, Sequence):
        return f"a list of {len(value)}" if value else "an empty list"
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."
