"""The baseline: what every shipped scenario came to, kept with the package, so that no number changes in silence.

``experiments/baseline.json`` holds, for each scenario under one seed, the numbers that sum it up and a digest of all
weekly totals.  A test makes them again; only ``flywheel reproduce baseline --update`` writes them, and says first which
numbers moved and how far.  A changed engine is told apart from changed numbers: most changes of the engine should move
none.
"""

import hashlib
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from flywheel_sim.files import write_text
from flywheel_sim.results import Run
from flywheel_sim.results.provenance import Provenance, provenance
from flywheel_sim.results.saving import ResultError, finite
from flywheel_sim.scenario import load, scenarios
from flywheel_sim.scenario.library import shipped_path

__all__ = ["SEED", "Drift", "Shift", "baseline_path", "drift", "made_now", "read_baseline", "weekly_digest", "write"]

SEED = 1
_FORMAT = "flywheel.baseline/1"


@dataclass(frozen=True)
class Shift:
    """A number of a scenario that is not what it was; None where there was, or is, none."""

    scenario: str
    number: str
    then: float | None
    now: float | None

    @property
    def by(self) -> float:
        """How far it moved; infinite where it came or went."""
        return math.inf if self.then is None or self.now is None else self.now - self.then

    @property
    def relative(self) -> float:
        """The same as a share of what it was."""
        return abs(self.by) / abs(self.then) if self.then else math.inf


@dataclass(frozen=True)
class Drift:
    """What is not as the baseline says.

    Parameters
    ----------
    shifts : tuple of Shift
        Numbers that moved, the furthest in relation to what they were first.
    weekly : tuple of str
        Scenarios whose weekly totals are not the same to the bit.
    missing, added : tuple of str
        Scenarios that only the baseline has, and that it does not have yet.
    described : tuple of str
        Scenarios whose resolved content is not what it was: a file, or a default of the schema.
    scenarios, numbers : int
        How many were compared.
    then, now : Provenance
        What made the baseline, and what made it again.
    """

    shifts: tuple[Shift, ...]
    weekly: tuple[str, ...]
    missing: tuple[str, ...]
    added: tuple[str, ...]
    described: tuple[str, ...]
    scenarios: int
    numbers: int
    then: Provenance
    now: Provenance

    @property
    def same(self) -> bool:
        """Whether every number and every weekly total is the same to the last bit."""
        return not (self.shifts or self.weekly or self.missing or self.added)

    @property
    def changes(self) -> dict[str, tuple[str, str]]:
        """Engine, versions and platform that are not as they were."""
        return self.now.unlike(self.then)

    @property
    def sentence(self) -> str:
        """The verdict in words: numbers first, then whether the engine changed."""
        engine = "another engine" if "engine" in self.changes else "the same engine"
        if self.same:
            what = f"{self.numbers} numbers and all weekly totals of {self.scenarios} scenarios"
            return f"The same to the last bit, with {engine}: {what}."
        parts = []
        if self.weekly:
            count = len({shift.scenario for shift in self.shifts} & set(self.weekly))
            parts.append(f"{len(self.weekly)} of {self.scenarios} scenarios moved, {count} of them in their summary")
        parts += [f"{len(self.missing)} are gone"] if self.missing else []
        parts += [f"{len(self.added)} are new"] if self.added else []
        if not parts:
            parts.append(f"{len(self.shifts)} numbers moved although no weekly total did")
        return f"Not the same, with {engine}: {', '.join(parts)}."

    def to_dict(self) -> dict[str, Any]:
        """Return values strict JSON can hold."""
        names = ("same", "sentence", "scenarios", "numbers", "weekly", "missing", "added", "described")
        whole: dict[str, Any] = {name: getattr(self, name) for name in names}
        whole["moved"] = [vars(shift) | {"by": shift.by, "relative": shift.relative} for shift in self.shifts]
        whole["changes"] = {name: {"then": a, "now": b} for name, (a, b) in self.changes.items()}
        return dict(finite(whole))


def baseline_path() -> Path:
    """Return the file that comes with the package.

    Examples
    --------
    >>> baseline_path().name
    'baseline.json'
    """
    return shipped_path("experiments") / "baseline.json"


def weekly_digest(run: Run) -> str:
    """Return digest of the state before week 1 and of every weekly total, to the last bit.

    Examples
    --------
    >>> from flywheel_sim import run
    >>> spec = {"extends": "b2b-saas", "horizon_weeks": 2}
    >>> weekly_digest(run(spec)) == weekly_digest(run(spec)) != weekly_digest(run(spec, seed=2))
    True
    """
    digest = hashlib.sha256()
    for array in (run.arrays.initial, run.arrays.weekly):
        values = np.where(np.isnan(array), np.nan, array).astype("<f8")  # one pattern of bits for every NaN
        digest.update(values.tobytes())
    return digest.hexdigest()[:16]


def made_now(
    names: Sequence[str] | None = None,
    *,
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Run every shipped scenario, or those named, once.

    Parameters
    ----------
    names : sequence of str, optional
    workers : int, optional
        Threads; the numbers do not depend on it.
    progress : callable, optional
        Called as ``progress(done, total)``.

    Returns
    -------
    dict
        What the file holds: ``format``, ``made`` (provenance) and ``scenarios``, by name: hash, weekly, summary.
    """
    from flywheel_sim.execute.run import run

    names = list(scenarios()) if names is None else list(names)
    results: dict[str, Any] = {}
    for done, name in enumerate(names):
        one = run(load(name), SEED, workers=workers, accounts=False)
        summary = {key: finite(value) for key, value in one.summary.items()}
        results[name] = {"hash": one.scenario.hash, "weekly": weekly_digest(one), "summary": summary}
        if progress:
            progress(done + 1, len(names))
    return {"format": _FORMAT, "made": provenance({}, SEED).to_dict(), "scenarios": results}


def read_baseline(path: Path | None = None, *, new: bool = False) -> dict[str, Any]:
    """Return the kept baseline; with ``new`` an empty one where there is none yet.

    Raises
    ------
    ResultError
        When it is not there or broken.
    """
    path = path or baseline_path()
    try:
        kept = json.loads(path.read_text("utf-8"))
        if kept["format"] != _FORMAT or not isinstance(kept["scenarios"], dict):
            raise ValueError(kept["format"])
        Provenance(**kept["made"])
    except FileNotFoundError:
        if new:
            return {"format": _FORMAT, "made": provenance({}, SEED).to_dict(), "scenarios": {}}
        message = f"there is no baseline at '{path}'; write it with: flywheel reproduce baseline --update"
        raise ResultError(message) from None
    except (ValueError, KeyError, TypeError) as error:
        raise ResultError(f"'{path}' is broken or of another version: {error}") from None
    return dict(kept)


def write(made: Mapping[str, Any], path: Path | None = None) -> Path:
    """Write a baseline, a line a scenario, so that a change of the file shows what moved.

    Raises
    ------
    ResultError
        When the package is installed without a checkout beside it: its baseline is not the user's to change.
    """
    path = path or baseline_path()
    if "_shipped" in path.parts:
        raise ResultError("the baseline of an installed package is not written; update it in a checkout of the source")
    lines = [f"{json.dumps(name)}: {json.dumps(one)}" for name, one in made["scenarios"].items()]
    head = f'{{\n"format": {json.dumps(made["format"])},\n"made": {json.dumps(made["made"])},\n"scenarios": {{\n'
    return write_text(path, head + ",\n".join(lines) + "\n}\n}\n")


def drift(kept: Mapping[str, Any], now: Mapping[str, Any]) -> Drift:
    """Compare a baseline with another, number by number and bit by bit.

    Examples
    --------
    >>> made = made_now(["limits/a22-brooks"])
    >>> drift(made, made).same
    True
    """
    old, new = kept["scenarios"], now["scenarios"]
    both = [name for name in old if name in new]
    shifts = [
        Shift(name, key, old[name]["summary"].get(key), new[name]["summary"].get(key))
        for name in both
        for key in dict.fromkeys([*old[name]["summary"], *new[name]["summary"]])
        if old[name]["summary"].get(key, ...) != new[name]["summary"].get(key, ...)
    ]
    return Drift(
        shifts=tuple(sorted(shifts, key=lambda one: -one.relative)),
        weekly=tuple(name for name in both if old[name]["weekly"] != new[name]["weekly"]),
        missing=tuple(name for name in old if name not in new),
        added=tuple(name for name in new if name not in old),
        described=tuple(name for name in both if old[name]["hash"] != new[name]["hash"]),
        scenarios=len(both),
        numbers=sum(len(new[name]["summary"]) for name in both),
        then=Provenance(**kept["made"]),
        now=Provenance(**now["made"]),
    )
