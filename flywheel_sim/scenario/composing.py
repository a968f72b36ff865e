"""Plans that compose: ``mine+churn-pay:service,sales`` is a company, and overlays that are laid over it in order.

A name or a path that exists is read before ``+`` and ``:`` are split, so files may have both in their names.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from flywheel_sim.scenario.errors import Problem, ScenarioError
from flywheel_sim.scenario.library import Origin, find, sought

__all__ = ["MOST_PARTS", "Part", "beside", "called", "named_parts", "seen_from"]

#: Most scenarios in one text: more is a mistake, or somebody's joke.
MOST_PARTS = 20


class Part(NamedTuple):
    """One scenario of a composition: its file, and the roles or teams that it is limited to (none: all)."""

    origin: Origin
    only: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Its name, with what it is limited to."""
        return self.origin.name + self._limit

    @property
    def typed(self) -> str:
        """What to type to mean it again: a shipped name, or a path."""
        return (self.origin.name if self.origin.shipped else self.origin.shown) + self._limit

    @property
    def _limit(self) -> str:
        return f":{','.join(self.only)}" if self.only else ""


def named_parts(text: str, folder: Path, shown_folder: str = "") -> tuple[Part, ...]:
    """Return the scenarios that a text names: what lies at the bottom, then what is laid over it, in order.

    Parameters
    ----------
    text : str
        ``A``, ``A+B``, ``A+B:front,sales``: names of shipped scenarios and paths.
    folder, shown_folder
        What paths are relative to, and how the user wrote it.

    Raises
    ------
    ScenarioError
        With every one of them that is no scenario.

    Examples
    --------
    >>> [part.name for part in named_parts("b2c-subscription+churn-pay:service,growth", Path())]
    ['b2c-subscription', 'churn-pay:service,growth']
    """
    parts: list[Part] = []
    problems: list[Problem] = []
    for piece in _pieces(text, folder):
        try:
            parts.append(_part(piece, folder, shown_folder, text))
        except ScenarioError as error:
            problems += error.problems
    if problems:
        raise ScenarioError(dict.fromkeys(problems))
    return tuple(parts)


def called(parts: Sequence[Part]) -> str:
    """Return the name of a composition."""
    return "+".join(part.name for part in parts)


def beside(text: str, folder: Path) -> str:
    """Return the same text with paths that end as YAML files do taken relative to a folder."""
    moved = []
    for piece in _pieces(text, folder):
        name = piece if _file(piece) else piece.rpartition(":")[0]
        moved.append(str(folder / piece) if _file(name) else piece)
    return "+".join(moved)


def seen_from(text: str, folder: Path) -> str:
    """Return the same text with its paths relative to a folder, as a file there would write them.

    Examples
    --------
    >>> seen_from("b2b-saas+churn-pay:sales", Path("plans"))
    'b2b-saas+churn-pay:sales'
    """
    parts = []
    for part in named_parts(text, Path()):
        path = part.origin.name
        if not part.origin.shipped:
            path = Path(os.path.relpath(part.origin.path, folder)).as_posix()
            path = path if "/" in path or path.lower().endswith((".yaml", ".yml")) else f"./{path}"
        parts.append(f"{path}:{','.join(part.only)}" if part.only else path)
    return "+".join(parts)


def _pieces(text: str, folder: Path) -> Iterator[str]:
    """Yield what stands between the signs, but for those that belong to a name."""
    pieces = text.split("+")
    if len(pieces) > MOST_PARTS:
        raise ScenarioError.single(f"expected at most {MOST_PARTS} scenarios joined by '+', got {len(pieces)}")
    while pieces:
        taken = next((n for n in range(len(pieces), 0, -1) if _there("+".join(pieces[:n]), folder)), 1)
        yield "+".join(pieces[:taken])
        pieces = pieces[taken:]


def _file(text: str) -> bool:
    return text.lower().endswith((".yaml", ".yml")) and not Path(text).expanduser().is_absolute()


def _there(text: str, folder: Path) -> bool:
    """Tell whether a text means something that exists, with a limit to teams or without."""
    return any(sought(one, folder) for one in _readings(text))


def _readings(text: str) -> Iterator[str]:
    yield text
    name, colon, limit = text.rpartition(":")
    if colon and "+" not in limit:  # a limit ends where the next scenario begins
        yield name


def _part(piece: str, folder: Path, shown_folder: str, whole: str) -> Part:
    name, colon, limit = piece.rpartition(":")
    only: tuple[str, ...] = ()
    if colon and not sought(piece, folder) and sought(name, folder):
        only = tuple(one.strip() for one in limit.split(","))
        if not all(only):
            raise ScenarioError.single(f"expected roles or teams after ':', as in '{name}:front,sales', got '{piece}'")
        piece = name
    try:
        return Part(find(piece, folder, shown_folder), only)
    except ScenarioError as error:
        if piece == whole:
            raise
        (problem,) = error.problems
        lacking = "expected a name or a path on both sides of '+'" if not piece.strip() else problem.message
        raise ScenarioError.single(f"{lacking} (in '{whole}')", suggestion=problem.suggestion) from None
