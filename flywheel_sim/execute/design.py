"""A design: points to run, each a few values set in a scenario, and how often.

A run's name is the hash of its resolved scenario, of the rules that take part in it, and of the key of its luck, so the
same run has the same name in every design, and a design that is asked for again is answered from what is there.  The
versions that made it stand beside, in ``study.json``: where they come to the same bits, the runs are the same runs.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flywheel_sim.scenario import Scenario
from flywheel_sim.scenario.hashing import WORDS

__all__ = ["Design", "Names", "Point", "code_text", "run_name"]


@dataclass(frozen=True, slots=True)
class Point:
    """One point of a design.

    Parameters
    ----------
    changes : mapping
        Dotted path -> value, as `Scenario.with_` takes it.
    scenario : str
        Name of the scenario they are set in; ``""`` means the first one of the store.
    first : int
        Number of its first replicate.  Points with the same number have the same luck.
    marks : mapping of str to int or str
        Where the point stands in its design, e.g. ``{"row": 3, "part": "A"}``.
    """

    changes: Mapping[str, Any]
    scenario: str = ""
    first: int = 0
    marks: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Design:
    """Points and how often each is run.

    Examples
    --------
    >>> design = Design([Point({"horizon_weeks": 26}), Point({"horizon_weeks": 52})], replicates=3)
    >>> design.runs
    6
    """

    points: Sequence[Point]
    replicates: int = 1

    @property
    def runs(self) -> int:
        """Return the number of runs in all."""
        return len(self.points) * self.replicates


def code_text(code: Mapping[str, str]) -> str:
    """Return code as it goes into the names of runs."""
    return json.dumps(dict(code), sort_keys=True)


def run_name(code: str, scenario_hash: str, seed: int, replicate: int) -> str:
    """Return the name of a run: hash of the code, as `code_text` writes it, of its scenario, and of the key of its
    luck.
    """
    return hashlib.sha256(f"{code}|{scenario_hash}|{seed}|{replicate}".encode()).hexdigest()[:20]


class Names:
    """Names of runs of one scenario.

    Where points differ by plain values only, the hash of the resolved scenario is made by putting them into its text,
    thirty times faster than by making the scenario; whether that is right is checked on some points, and where it is
    not, every scenario is made.

    Parameters
    ----------
    scenario : Scenario
    code : mapping
        What `flywheel_sim.execute.versions.code` says.
    name : str
        What the scenario is called in its store.
    """

    def __init__(self, scenario: Scenario, code: Mapping[str, str], name: str = "") -> None:
        self.scenario, self.name = scenario, name
        self.code = code_text(code)
        self.resolved = {name: value for name, value in scenario.resolved().items() if name not in WORDS}
        self.cut: dict[tuple[str, ...], list[str] | None] = {}

    def hash_of(self, changes: Mapping[str, Any]) -> str:
        """Return the hash of the scenario with these changes; of what was asked for, where there can be no such
        scenario.
        """
        paths = tuple(changes)
        if paths not in self.cut:
            self.cut[paths] = pieces = self._pieces(paths)
            if pieces is not None and _filled(pieces, self._values(changes)) != self._slowly(changes):
                self.cut[paths] = None
        pieces = self.cut[paths]
        if pieces is None or not all(isinstance(value, bool | int | float | str) for value in changes.values()):
            return self._slowly(changes)
        return _filled(pieces, self._values(changes))

    def run_id(self, scenario_hash: str, seed: int, replicate: int) -> str:
        """Return the name of one run."""
        return run_name(self.code, scenario_hash, seed, replicate)

    def _slowly(self, changes: Mapping[str, Any]) -> str:
        try:
            return self.scenario.with_(changes).hash if changes else self.scenario.hash
        except ValueError:
            text = json.dumps([self.scenario.hash, dict(changes)], sort_keys=True, default=str)
            return hashlib.sha256(text.encode()).hexdigest()

    def _values(self, changes: Mapping[str, Any]) -> list[str]:
        """Return values as the resolved scenario writes them, in the order of the places they stand at."""
        values = []
        for path in sorted(changes, key=lambda path: path.split(".")):
            old, value = self._at(path.split(".")), changes[path]
            whole = isinstance(old, int) and not isinstance(old, bool)
            if isinstance(old, float) and isinstance(value, int) and not isinstance(value, bool):
                value = float(value)
            elif whole and isinstance(value, float) and value.is_integer():
                value = int(value)
            values.append(json.dumps(value))
        return values

    def _at(self, parts: Sequence[str]) -> Any:
        value: Any = self.resolved
        for part in parts:
            value = value.get(part) if isinstance(value, dict) else None
        return value

    def _pieces(self, paths: tuple[str, ...]) -> list[str] | None:
        """Return the resolved scenario's text cut where the values stand, or None when that cannot be done."""
        tree: Any = json.loads(json.dumps(self.resolved))
        marks = []
        for path in sorted(paths, key=lambda path: path.split(".")):
            parts = path.split(".")
            if not isinstance(self._at(parts), bool | int | float | str):
                return None
            inside = tree
            for part in parts[:-1]:
                inside = inside[part]
            marks.append(f"\x00{path}\x00")
            inside[parts[-1]] = marks[-1]
        text, pieces = json.dumps(tree, sort_keys=True, separators=(",", ":"), allow_nan=False), []
        for mark in marks:
            before, mark_found, text = text.partition(json.dumps(mark))
            if not mark_found:
                return None
            pieces.append(before)
        return [*pieces, text]


def _filled(pieces: Sequence[str], values: Sequence[str]) -> str:
    digest = hashlib.sha256()
    for piece, value in zip(pieces, [*values, ""], strict=True):
        digest.update(piece.encode())
        digest.update(value.encode())
    return digest.hexdigest()
