"""Run scenarios over worlds: which company a replicate is run in, the same for every scenario.

What a world has drawn for a number is a score by its key, so every scenario has its own value at that score: the same
where two state the same, and drawn for what one of them alone uses.  References are those of the world's own base case,
but where a plan has changed one.  Worlds that a calibration has left hold values instead; a scenario that sets one of
these to another value than the first one keeps its own: that is a decision, not a doubt.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.engine.fingerprint import engine_hash
from flywheel_sim.results.likeness import unlike
from flywheel_sim.results.saving import ResultError
from flywheel_sim.results.worlds import FILE, Worlds, read_worlds
from flywheel_sim.scenario import Scenario, ScenarioError, shipped_path
from flywheel_sim.scenario.library import index
from flywheel_sim.study.worlds.making import called, company_of
from flywheel_sim.study.worlds.prior import Doubtful, Prior, stated
from flywheel_sim.study.worlds.targets import known_targets
from flywheel_sim.typed import command

__all__ = ["USUAL", "WorldDrawing", "drawing", "found_worlds", "same_worlds", "shipped_worlds", "usual_drawing"]

Floats = NDArray[np.float64]

#: Worlds that answers are given over, where there are so many and nobody says how many.
USUAL = 200
#: Scenarios whose draws are kept; a search makes thousands.
_MOST = 64


@dataclass(frozen=True, eq=False)
class WorldDrawing:
    """Worlds as runs take them.

    Replicate k of every scenario is run in world k modulo their number.

    Parameters
    ----------
    worlds : Worlds
    base : Scenario
        The base case that they are worlds of; of what a calibration has drawn, the first scenario.
    given : bool
        Whether somebody said where they are.
    """

    worlds: Worlds
    base: Scenario
    given: bool = False
    _made: dict[str, tuple[tuple[Doubtful, ...], Floats, tuple[str, ...], Floats]] = field(
        default_factory=dict, repr=False
    )

    @property
    def rows(self) -> int:
        """How many worlds there are."""
        return self.worlds.n

    @property
    def source(self) -> str:
        """Where they were read from."""
        return self.worlds.source

    @property
    def digest(self) -> str:
        """Checksum of the worlds' file."""
        return self.worlds.digest

    @property
    def note(self) -> str:
        """Return a note for the provenance."""
        return f"{self.source} {self.digest[:16]}"

    @cached_property
    def table(self) -> Mapping[str, Floats]:
        """What numbers are drawn of the base case, by path, shape (worlds,)."""
        numbers, values, _, _ = self._of(self.base)
        return {one.path: values[:, k] for k, one in enumerate(numbers) if not one.law.options}

    def each(self, scenario: Scenario, replicate: int) -> Scenario:
        """Return the scenario that a replicate of another one is run with."""
        return scenario.varied(self.row(scenario, replicate))

    def row(self, scenario: Scenario, replicate: int) -> dict[str, float | int | str]:
        """Return what a replicate of a scenario is run with, by path: what is drawn, and what follows from it."""
        numbers, values, paths, references = self._of(scenario)
        k = replicate % self.rows
        row = {one.path: one.law.entry(x) for one, x in zip(numbers, values[k].tolist(), strict=True)}
        own = zip(paths, references[k].tolist(), strict=True)
        # a world that allows no target of a measure leaves that of the company
        return row | {path: x for path, x in own if x or not path.endswith(".target")}

    def values_of(self, scenario: Scenario) -> tuple[tuple[Doubtful, ...], Floats]:
        """Return what is drawn of a scenario, and its values in every world, shape (worlds, numbers)."""
        numbers, values, _, _ = self._of(scenario)
        return numbers, values

    def _of(self, scenario: Scenario) -> tuple[tuple[Doubtful, ...], Floats, tuple[str, ...], Floats]:
        # a hash does not tell doubts, which change no run
        key = f"{scenario.hash} {scenario.model.doubt!r} {scenario.ranges!r}"
        if key not in self._made:
            if self.worlds.values:
                known = scenario.model.doubt.known
                columns = {
                    path: column
                    for path, column in self.worlds.values.items()
                    if self._same(scenario, path) and not any(f"{path}.".startswith(f"{one}.") for one in known)
                }
                numbers = tuple(stated(scenario, path) for path in columns)
                values = np.stack([*columns.values()], axis=1) if columns else np.empty((self.rows, 0))
            else:
                prior = Prior.of(scenario)
                numbers = prior.numbers
                values = prior.values(prior.scores(self.worlds.numbers, self.worlds.seed, self.worlds.shifts))
            paths = tuple(path for path in self.worlds.references if self._same(scenario, path))
            own = [self.worlds.references[path] for path in paths]
            references = np.stack(own, axis=1) if own else np.empty((self.rows, 0))
            if len(self._made) >= _MOST:
                del self._made[next(iter(self._made))]
            self._made[key] = numbers, values, paths, references
        return self._made[key]

    def _same(self, scenario: Scenario, path: str) -> bool:
        """Tell whether a scenario has the reference of the base case, or a target that was found in it."""
        if path.endswith(".target") and path.split(".")[2] in scenario.found_targets:
            return True
        try:
            value = scenario.get(path)
            return value is not None and bool(value == self.base.get(path))
        except ScenarioError:
            return False


def drawing(
    scenarios: Sequence[Scenario], source: str | os.PathLike[str] | None = None, *, least: int = 1
) -> WorldDrawing:
    """Return the worlds that scenarios are compared over: those of their company.

    Parameters
    ----------
    scenarios : sequence of Scenario
    source : path, optional
        File or folder of worlds; default: those kept beside the company's file, or shipped.
    least : int
        So many worlds are needed.

    Raises
    ------
    ResultError
        When there are none or too few, or they are of another company, or engine or prior have changed since.
    ScenarioError
        When the first scenario has no such setting as a calibration has drawn, or it cannot have that value.
    """
    base = scenarios[0].base()
    worlds = read_worlds(source) if source is not None else found_worlds(base)
    name, where = called(base), _how_to_make(base)
    if worlds is None:
        raise ResultError(f"there are no worlds of {name} yet; make them with: {where}")
    if worlds.values:
        return _calibrated(worlds, scenarios[0], source, least)
    own = _company_of(worlds, base)
    for path, value in worlds.changes.items():
        if scenarios[0].get(path) != own.get(path):
            raise ResultError(
                f"'{worlds.source}' holds worlds of {worlds.company} with {path}={value}; say the same of what is "
                f"compared: --set {path}={value}"
            )
    base = scenarios[0].base().with_(worlds.changes).settled() if worlds.changes else base
    if why := _other(own, base):
        if source is None:
            raise ResultError(
                f"there are no worlds of {name} yet (those of {worlds.company} are not: {why}); make them with: {where}"
            )
        raise ResultError(
            f"'{worlds.source}' holds worlds of {worlds.company}, and {name} is another company ({why}); make its own "
            f"with: {where}"
        )
    stale = [
        what
        for what, then, now in (
            ("what is drawn of the company", worlds.prior, Prior.of(own).hash),
            ("the engine", worlds.engine, engine_hash()),
        )
        if then != now
    ]
    if stale:
        raise ResultError(
            f"the worlds in '{worlds.source}' are out of date: {' and '.join(stale)} changed since; make them again "
            f"with: {where}"
        )
    if worlds.n < least:
        more = -(-worlds.tried * least // max(worlds.fitting or worlds.n, 1))
        raise ResultError(f"there are {worlds.n} worlds of {name}, not {least}; make more with: {where} --draws {more}")
    return WorldDrawing(worlds, own, source is not None)


def usual_drawing(
    scenarios: Sequence[Scenario], source: str | os.PathLike[str] | None = None, *, least: int = 1
) -> tuple[WorldDrawing | None, str]:
    """Return the worlds that scenarios are compared over unless somebody says else, and why there are none.

    Parameters
    ----------
    scenarios, least
        As in `drawing`.
    source : path, optional
        File or folder of worlds: what is wrong with these is an error.

    Returns
    -------
    worlds : WorldDrawing or None
        None where none are kept or shipped, they are out of date, or the scenarios are several companies.
    why : str
        Why not, in a sentence, with the command that makes them; nothing where every number is known.

    Raises
    ------
    ResultError
        When there are worlds, but fewer than ``least``.
    """
    if source is not None:
        return drawing(scenarios, source, least=least), ""
    bases = [scenario.base() for scenario in scenarios]
    if any(base.hash != bases[0].hash for base in bases) and unlike(bases):
        return None, "Worlds are those of one company, and these scenarios are several."
    if not Prior.of(bases[0]).numbers:
        return None, ""
    try:
        drawn = drawing(scenarios)
    except ResultError as error:
        text = str(error)
        return None, f"{text[:1].upper()}{text[1:]}"
    return (drawn if drawn.rows >= least else drawing(scenarios, least=least)), ""


def same_worlds(source: str, digest: str, first: Scenario) -> WorldDrawing:
    """Return the worlds that something was begun with, for its first scenario as it was then.

    Raises
    ------
    ResultError
        When they are not there any more as they were.
    """
    worlds = read_worlds(source)
    if worlds.digest != digest:
        raise ResultError(f"the worlds in '{source}' are not those of then any more; begin anew to ask over them")
    return WorldDrawing(worlds, first if worlds.values else _company_of(worlds, first.base()), True)


def _calibrated(worlds: Worlds, first: Scenario, source: str | os.PathLike[str] | None, least: int) -> WorldDrawing:
    """Return worlds of what a calibration has drawn, if scenarios can be run with it."""
    if worlds.engine and worlds.engine != engine_hash():
        raise ResultError(
            f"the worlds in '{worlds.source}' are out of date: the engine changed since; "
            f"calibrate {worlds.company} again"
        )
    if worlds.n < least:
        raise ResultError(
            f"there are {worlds.n} worlds in '{worlds.source}', not {least}; ask over as many as there are"
        )
    if twice := sorted({*worlds.values} & {*first.changes}):
        raise ResultError(f"'{twice[0]}' is drawn from {worlds.source}; do not set it, or leave the worlds out")
    for end in (np.min, np.max):
        first.with_({path: _plain(first.get(path), end(column)) for path, column in worlds.values.items()})
    return WorldDrawing(worlds, first, source is not None)


def _plain(before: Any, value: float) -> float:
    return round(value) if isinstance(before, int) else float(value)


def found_worlds(base: Scenario) -> Worlds | None:
    """Return the worlds kept beside a company's file, in this folder, or shipped; None where there are none."""
    shipped = shipped_worlds()
    for file in base.files:
        # beside the company's file, or beside that of a company it extends
        folder = Path(file).with_name(f"{Path(file).stem}-worlds")
        if (folder / FILE).is_file():
            return read_worlds(folder)
        if file in shipped:
            return read_worlds(shipped[file])
    return None


def shipped_worlds() -> dict[str, Path]:
    """Return the files of worlds that come with the package, by company."""
    folder = shipped_path("scenarios") / "worlds"
    return {path.stem: path for path in sorted(folder.glob("*.json")) if path.stem in index()}


def _other(own: Scenario, base: Scenario) -> str:
    """Return what makes a base case another company than the one that worlds are of, or holds it to something else."""
    if own.hash != base.hash and (named := unlike([own, base])):
        return f"{named[0].path} differs"
    drawn = Prior.of(own).paths  # of what it does not draw, plans may say what they like
    for what, one, other in (
        ("doubt", own.model.doubt, base.model.doubt),
        ("a range", *({path: x for path, x in each.ranges.items() if path in drawn} for each in (own, base))),
        ("what is known of it", *([(t.name, t.low, t.high) for t in known_targets(each)] for each in (own, base))),
    ):
        if one != other:
            return f"{what} differs"
    return ""


def _how_to_make(base: Scenario) -> str:
    """Return what makes worlds of a base case: a command, or Python for a company that no file holds."""
    name = called(base)
    try:
        same = company_of(name).hash == base.hash
    except ScenarioError:
        same = False
    return command("flywheel", "worlds", name) if same else f"fs.worlds(company, out='{name}-worlds')"


def _company_of(worlds: Worlds, base: Scenario) -> Scenario:
    """Return the base case that worlds were made of, as it stands today."""
    try:
        return company_of(worlds.company, worlds.changes)
    except ScenarioError:
        return base
