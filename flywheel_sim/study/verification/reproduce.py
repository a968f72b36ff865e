"""Make a saved result again, and say whether it is the same to the last bit; if not, which numbers moved and how far.

A saved run, comparison or sweep carries everything: its scenarios in full, seed and replicates, versions and platform.
Nothing else is read, so that a result can be made again without the files it came from.
"""

import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.results import Outcomes, Run
from flywheel_sim.results.naming import unpack
from flywheel_sim.results.provenance import INTERVENTION, Provenance, provenance
from flywheel_sim.results.run import SCHEMA as RUN
from flywheel_sim.results.saving import ResultError, finite, read_manifest, read_table
from flywheel_sim.scenario import Scenario

if TYPE_CHECKING:
    from flywheel_sim.execute.store import Store

__all__ = ["Moved", "Reproduction", "moved", "reproduce"]

_COMPARISON = "flywheel.saved-comparison/1"
#: Tables of a comparison that stand for runs of their own and are not made again.
_APART = ("bridge", "groups-")


@dataclass(frozen=True)
class Moved:
    """A column that is not the same: in how many rows, from which on, and by how much at most."""

    table: str
    column: str
    rows: int
    of: int
    first: int
    largest: float
    relative: float


@dataclass(frozen=True)
class Reproduction:
    """What came of making a result again.

    Parameters
    ----------
    folder : str
    moved : tuple of Moved
        Columns that differ, the largest relative move first.
    missing, added : tuple of str
        Columns only the saved result has, and only the new one.
    left_out : tuple of str
        Tables that were not made again.
    numbers : int
        Values compared.
    then, now : Provenance
        What made the saved result, and the new one.
    """

    folder: str
    moved: tuple[Moved, ...]
    missing: tuple[str, ...]
    added: tuple[str, ...]
    left_out: tuple[str, ...]
    numbers: int
    then: Provenance
    now: Provenance

    @property
    def same(self) -> bool:
        """Whether every number is the same to the last bit."""
        return not (self.moved or self.missing or self.added)

    @property
    def changes(self) -> dict[str, tuple[str, str]]:
        """What is not as it was when the result was made: engine, versions, platform."""
        return self.now.unlike(self.then)

    @property
    def sentence(self) -> str:
        """Say the verdict in one sentence."""
        if self.same:
            return f"The same to the last bit: {self.numbers} numbers.{self._by}"
        parts = [f"{len(self.moved)} columns moved"] if self.moved else []
        parts += [f"{len(self.missing)} are no longer there"] if self.missing else []
        parts += [f"{len(self.added)} are new"] if self.added else []
        return f"Not the same: {', '.join(parts)}.{self._by}"

    @property
    def _by(self) -> str:
        """The interventions that took part, of which only the timeline they left was made again."""
        names = ", ".join(self.then.rules)
        return f" Made again from the timeline that {names} left in the scenario." if names else ""

    def to_dict(self) -> dict[str, Any]:
        """Return values strict JSON can hold."""
        return dict(
            finite(
                {
                    "same": self.same,
                    "sentence": self.sentence,
                    "folder": self.folder,
                    "numbers": self.numbers,
                    "moved": [vars(one) for one in self.moved],
                    "missing": list(self.missing),
                    "added": list(self.added),
                    "left_out": list(self.left_out),
                    "changes": {name: {"then": then, "now": now} for name, (then, now) in self.changes.items()},
                }
            )
        )


def reproduce(
    folder: str | os.PathLike[str],
    *,
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Reproduction:
    """Make a saved run, comparison or sweep again and compare every number with what was saved.

    Parameters
    ----------
    folder : path
        Written by ``Run.save``, ``Comparison.save``, ``--out``, or a sweep or search, whose runs must all be there.
    workers : int, optional
        Threads; the result does not depend on it.
    progress : callable, optional
        Called as ``progress(done, total)``.

    Returns
    -------
    Reproduction

    Raises
    ------
    ResultError
        When there is no saved result, it is broken, or Python had a hand in it that is not saved.
    ScenarioError
        When its scenario is none any more.
    """
    if (Path(folder) / "study.json").exists():
        return _sweep(Path(folder), workers, progress)
    manifest = read_manifest(folder)
    if manifest["schema"] not in (RUN, _COMPARISON):
        raise ResultError(f"'{folder}' holds a '{manifest['schema']}'; expected a saved run or comparison")
    try:
        then = Provenance.of(manifest["provenance"])
        _by_rules(folder, then)
        tables = list(manifest["tables"])
        left_out = tuple(name for name in tables if name.startswith(_APART))
        with tempfile.TemporaryDirectory(prefix="flywheel-") as draft:
            place = Path(draft) / "again"
            _made_now(manifest, tables, workers, progress).save(place)
            fresh = read_manifest(place)["tables"]
            old = {name: read_table(folder, name) for name in tables if name not in left_out}
            new = {name: read_table(place, name) for name in fresh}
    except (KeyError, TypeError, IndexError) as error:
        raise ResultError(f"'{folder}' is broken or of another version: {error}") from None
    return _judged(folder, old, new, left_out, then)


def _by_rules(folder: str | os.PathLike[str], then: Provenance) -> None:
    """Refuse a result that code made which is not saved with it."""
    hidden = {name: source for name, source in then.rules.items() if not name.startswith(f"{INTERVENTION} ")}
    if not hidden:
        return
    kinds = ", ".join(f"{name} (source {source or 'not in a file'})" for name, source in hidden.items())
    raise ResultError(
        f"'{folder}' was made with Python that is not saved with it: {kinds}; make it again from that code: "
        f"FlywheelModel(scenario, rng={then.seed}, replicate={then.replicate}, interventions=..., team_class=...), "
        f"run_model(), results()"
    )


def _judged(
    folder: str | os.PathLike[str],
    old: Mapping[str, Mapping[str, NDArray[Any]]],
    new: Mapping[str, Mapping[str, NDArray[Any]]],
    left_out: tuple[str, ...],
    then: Provenance,
) -> Reproduction:
    """Compare tables of columns, what was saved with what was made now."""
    here = {f"{table}.{column}" for table, columns in old.items() for column in columns}
    there = {f"{table}.{column}" for table, columns in new.items() for column in columns}
    columns_moved = [
        one
        for table, columns in old.items()
        for column, values in columns.items()
        if column in new.get(table, {}) and (one := moved(table, column, values, new[table][column])) is not None
    ]
    columns_moved.sort(key=lambda one: -one.relative)
    numbers = sum(len(values) for columns in old.values() for values in columns.values())
    return Reproduction(
        folder=str(folder),
        moved=tuple(columns_moved),
        missing=tuple(sorted(here - there)),
        added=tuple(sorted(there - here)),
        left_out=left_out,
        numbers=numbers,
        then=then,
        now=provenance({}, then.seed),
    )


def _sweep(folder: Path, workers: int | None, progress: Callable[[int, int], None] | None) -> Reproduction:
    """Make the runs of a sweep or search again, in a store of their own."""
    from flywheel_sim.execute.drive import run_design
    from flywheel_sim.execute.rerun import begun_again
    from flywheel_sim.execute.store import Store

    saved = Store.open(folder)
    if saved.standing().left:
        raise ResultError(
            f"'{folder}' is not finished: {saved.standing().left} runs are to be made; finish it with: flywheel resume "
            f"{folder}"
        )
    try:
        then = Provenance.of(saved.study["provenance"])
    except (KeyError, TypeError) as error:
        raise ResultError(f"'{folder}' is broken or of another version: {error}") from None
    step = (lambda standing: progress(standing.done, standing.total)) if progress else None
    with tempfile.TemporaryDirectory(prefix="flywheel-") as draft:
        with begun_again(saved, Path(draft) / "again") as store:
            run_design(None, None, store, step, workers=workers)
        return _judged(folder, _columns(saved), _columns(Store.open(Path(draft) / "again")), (), then)


def _columns(store: "Store") -> dict[str, dict[str, NDArray[Any]]]:
    """Return runs and weekly columns of a store in the order of its design."""
    runs = store.runs()
    runs["error"] = runs["error"].fillna("").astype(str)
    tables = {"runs": runs, **({"series": store.series()} if store.experiment.columns else {})}
    return {name: {str(column): table[column].to_numpy() for column in table} for name, table in tables.items()}


def _made_now(
    manifest: Mapping[str, Any],
    tables: list[str],
    workers: int | None,
    progress: Callable[[int, int], None] | None,
) -> Any:
    """Return the runs of a saved result, made now."""
    from flywheel_sim.execute.run import batch, run

    scenarios, seed = [unpack(packed) for packed in manifest["scenarios"]], int(manifest["seed"])
    if manifest["schema"] == RUN and int(manifest["weeks"]) < scenarios[0].model.horizon_weeks:
        return _begun(scenarios[0], manifest, "customers" in tables)
    if manifest["schema"] == RUN:
        return run(
            scenarios[0],
            seed,
            replicate=int(manifest["replicate"]),
            workers=workers,
            progress=progress,
            accounts="customers" in tables,
        )
    if manifest.get("worlds"):
        return _over_worlds(scenarios, manifest, workers, progress)
    return Outcomes.of(
        batch(scenarios, replicates=int(manifest["replicates"]), seed=seed, workers=workers, progress=progress)
    )


def _over_worlds(
    scenarios: list[Scenario],
    manifest: Mapping[str, Any],
    workers: int | None,
    progress: Callable[[int, int], None] | None,
) -> Any:
    """Return the same runs of the same worlds, some of them once more, and what is learned over them."""
    from flywheel_sim.execute.run import batch
    from flywheel_sim.execute.runs import Runs
    from flywheel_sim.study.worlds.comparing import over_worlds
    from flywheel_sim.study.worlds.drawing import same_worlds

    about = manifest["worlds"]
    drawn = same_worlds(about["source"], about["digest"], scenarios[0])
    how = Runs(int(manifest["replicates"]), int(manifest["seed"]), workers, progress, partial(batch, each=drawn.each))
    return over_worlds(how, scenarios, drawn, lambda runs: replace(Outcomes.of(runs), scenarios=tuple(scenarios)))


def _begun(scenario: Scenario, manifest: Mapping[str, Any], accounts: bool) -> Run:
    """Return a run that was looked at before its end, up to where it was."""
    from flywheel_sim.engine.run import Simulation

    simulation = Simulation([scenario.model], [(0, int(manifest["seed"]), int(manifest["replicate"]))])
    simulation.advance(int(manifest["weeks"]))
    return Run.of(scenario, simulation, accounts=accounts)


def moved(table: str, column: str, old: NDArray[Any], new: NDArray[Any]) -> Moved | None:
    """Tell how a column differs, bit for bit; None when it does not.

    Examples
    --------
    >>> moved("weekly", "cash", np.array([1.0, 2.0]), np.array([1.0, 2.5])).largest
    0.5
    >>> moved("weekly", "cash", np.array([1.0, np.nan]), np.array([1.0, np.nan])) is None
    True
    """
    difference = partial(Moved, table=table, column=column, of=len(old))
    if len(old) != len(new):
        return difference(rows=abs(len(old) - len(new)), first=min(len(old), len(new)), largest=np.inf, relative=np.inf)
    if old.dtype.kind == "f" and new.dtype.kind == "f":
        with np.errstate(invalid="ignore"):
            differs = (old != new) & ~(np.isnan(old) & np.isnan(new)) | (np.signbit(old) != np.signbit(new))
            if old.dtype == new.dtype and not differs.any():
                return None
            gap = np.abs(np.subtract(new, old, dtype=np.float64))
            gap = np.where(np.isnan(gap) & differs, np.inf, gap)
            scale = max(float(np.nanmax(np.abs(old), initial=0.0)), 1e-300)
        if not differs.any():
            return difference(rows=0, first=0, largest=0.0, relative=0.0)
        largest = float(gap[differs].max())
        relative = largest / scale
    else:
        differs = np.asarray(old != new)
        if not differs.any():
            return None
        largest = relative = np.inf
        if old.dtype.kind in "iu" and new.dtype.kind in "iu":
            gap = np.abs(old.astype(np.float64) - new.astype(np.float64))
            largest = float(gap.max())
            relative = largest / max(float(np.abs(old.astype(np.float64)).max()), 1.0)
    return difference(rows=int(differs.sum()), first=int(np.argmax(differs)), largest=largest, relative=relative)
