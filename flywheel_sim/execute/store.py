"""The store: a folder that holds a study's design and its runs, and survives every kind of end.

::

    study.json                   what is run: scenarios with every value, seed, outcomes, code, provenance
    design.parquet               a row per run: run, point, run_id, scenario, seed, replicate, and the values set.
                                 Runs of the same name are made once, and each has its rows
    design/part-*.parquet        runs asked for later, by searches that ask as they go
    runs/part-*.parquet          a row per finished run: run, run_id, error, outcomes.  The commit record
    series/part-*.parquet        weekly columns of the same runs, written before their rows
    broken/                      parts that are no longer what was written; their runs are made again

One process writes, under a lock that ends with it.  A part is flushed to the disk under another name and renamed; its
series come first, so a run is either there with everything or not at all.  The design and the empty first parts exist
before the first run, so any program that reads parquet can look at a sweep while it runs.

Nothing is made from files that have changed: parts carry their checksum in their names, ``study.json`` and the design
have theirs in ``study.json``, and whoever makes a run compares its name with what is really made.
"""

import json
import os
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.execute.checksums import DESIGN, STUDY, read_study, summed, unchanged
from flywheel_sim.execute.chunk import Job
from flywheel_sim.execute.design import Design, Names
from flywheel_sim.execute.design_table import design_table, jobs_of, joined, matrix
from flywheel_sim.execute.digest import content_hash
from flywheel_sim.execute.experiment import Experiment, Standing
from flywheel_sim.execute.lock import Lock, locked_by
from flywheel_sim.execute.outcome import same_functions
from flywheel_sim.execute.parts import (
    DRAFTS,
    encoded,
    number_of,
    part_names,
    read_part,
    sound,
    telling,
    write_part,
    write_whole,
)
from flywheel_sim.execute.rows import Rows
from flywheel_sim.execute.ruled import same_rules
from flywheel_sim.execute.spread import spread
from flywheel_sim.execute.versions import agree
from flywheel_sim.files import draft_folder
from flywheel_sim.results.saving import ResultError, fitting, vacant
from flywheel_sim.results.units import UNITS

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Experiment", "Standing", "Store"]

_LOCK, _BROKEN = "lock", "broken"


class Store:
    """A folder of runs; made by `create`, found again by `open`.

    Attributes
    ----------
    folder : Path
    experiment : Experiment
    broken : list of str
        Parts that were not what had been written, found when the store was opened.

    Examples
    --------
    >>> import tempfile
    >>> from flywheel_sim.execute.design import Point
    >>> from flywheel_sim.scenario import load
    >>> experiment = Experiment({"base": load("b2b-saas")}, outcomes=("npv",))
    >>> with tempfile.TemporaryDirectory() as place:
    ...     with Store.create(f"{place}/mine", experiment, Design([Point({"horizon_weeks": 8})], 2)) as store:
    ...         store.pending().tolist(), store.standing().total
    ([0, 1], 2)
    """

    def __init__(
        self, folder: Path, lock: Lock | None, study: Mapping[str, Any], experiment: Experiment | None = None
    ) -> None:
        self.folder, self.lock, self.study = folder, lock, dict(study)
        self.code: dict[str, str] = self.study["code"]
        #: The code in the names of the runs: that of rules, and of older stores, all that made them.
        self.named_by: dict[str, str] = self.study.get("named_by", self.code)
        self.functions: dict[str, str] = self.study.get("functions", {})
        self.rules: dict[str, str] = self.study.get("rules", {})
        self.experiment = experiment or Experiment.of(self.study)
        self.texts = {name: json.dumps(packed["resolved"]) for name, packed in self.study["scenarios"].items()}
        self.broken: list[str] = []
        self._design: list[Any] = []
        self._starts: list[int] = [0]
        self._ids: list[str] = []
        self._number: dict[str, int] = {}
        self._copies: dict[int, list[int]] = {}
        self._names: dict[str, Names] = {}
        self._done = np.zeros(0, bool)
        self._failed = 0
        self._runs: list[tuple[str, str]] = []
        self._told = np.zeros((0, len(self.experiment.outcomes)))
        self._parts_told = 0
        self._next = 0

    # -- make, open, close ---------------------------------------------------------------------------------------------

    @classmethod
    def create(
        cls,
        folder: str | os.PathLike[str],
        experiment: Experiment,
        design: Design | None = None,
        *,
        like: "Store | None" = None,
    ) -> "Store":
        """Make a store and open it for writing; it appears with its whole design, or not at all.

        Parameters
        ----------
        folder : path
            Must not exist yet, or be empty.
        experiment : Experiment
        design : Design, optional
            The runs to make; more can be asked for later with `extend`.  Points that are equal share their runs, and
            each has rows of its own.
        like : Store, optional
            Take its first design instead, with the names that runs have there.

        Raises
        ------
        ResultError
            When something is already there, or nothing can be written there.
        """
        target = Path(folder)
        with telling(f"cannot make '{target}'"):
            vacant(target)
            with draft_folder(target) as draft:
                for name in ("runs", "design", DRAFTS, *(("series",) if experiment.columns else ())):
                    (draft / name).mkdir()
                study = experiment.to_dict(target, design)
                if like is not None:
                    study["named_by"] = like.named_by
                store = cls(draft, None, study, experiment)
                asked = design or Design([])
                table = encoded(design_table(asked, store._names_of, experiment.seed)[0])
                laid = table if like is None else (like.folder / DESIGN).read_bytes()
                write_whole(draft / DESIGN, laid, draft / DRAFTS)
                empty = Rows.lost([], "", len(experiment.outcomes), len(experiment.columns))
                store._write(empty, 0)
                text = json.dumps(summed(study, laid), indent=2, allow_nan=False, ensure_ascii=False) + "\n"
                write_whole(draft / STUDY, text.encode(), draft / DRAFTS)
        return cls._open(target, True, experiment)

    @classmethod
    def open(cls, folder: str | os.PathLike[str], *, write: bool = False) -> "Store":
        """Open a store that is there already.

        Parameters
        ----------
        folder : path
        write : bool
            To add runs: nobody else may be writing, the code must be the one it was made with, and parts that are
            broken are put aside, so that their runs are pending again.

        Raises
        ------
        ResultError
            When there is none, or it cannot be written to.
        """
        return cls._open(Path(folder), write, None)

    @classmethod
    def _open(cls, path: Path, write: bool, experiment: Experiment | None) -> "Store":
        study = read_study(path)
        lock = None
        if write:
            agree(study["code"], f"'{path}' was made by", "finish it with that version, or start another sweep")
            same_functions(study.get("functions", {}), f"'{path}'")
            same_rules(study.get("rules", {}), f"'{path}'")
            with telling(f"cannot write to '{path}'"):
                lock = Lock(path / _LOCK)
        try:
            with fitting(path / STUDY):
                store = cls(path, lock, study, experiment)
            with telling(f"cannot read '{path}'"), fitting(path):
                store._read_design()
                store._read_runs()
        except BaseException:
            if lock is not None:
                lock.release()
            raise
        return store

    def close(self) -> None:
        """Close the store, so that others can write."""
        if self.lock is not None:
            self.lock.release()
            self.lock = None

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- write ---------------------------------------------------------------------------------------------------------

    def extend(self, design: Design) -> NDArray[np.int64]:
        """Ask for more runs; those that are there already, finished or not, are not asked for twice.

        Returns
        -------
        int64 array, shape (points, replicates)
            Numbers of the runs.
        """
        self._must_write()
        number = 1 + max((number_of(name) for name in part_names(self.folder / "design")), default=-1)
        points = 1 + max((int(part.column("point").to_numpy().max(initial=-1)) for part in self._design), default=-1)
        table, ids = design_table(design, self._names_of, self.experiment.seed, len(self._ids), points, self._number)
        if table.num_rows:
            with telling(f"cannot write to '{self.folder}'"):
                write_part(self.folder, "design", number, table, {})
            self._add_design(table)
        return np.array([self._number[run_id] for run_id in ids], np.int64).reshape(-1, max(design.replicates, 1))

    def append(self, rows: Rows | Sequence[Rows]) -> None:
        """Write rows of finished runs; when this returns they are on the disk.

        Raises
        ------
        ResultError
            When they cannot be written; what is there stays as it is.
        """
        self._must_write()
        joined = self.with_copies(rows if isinstance(rows, Rows) else Rows.joined(rows))
        if not len(joined):
            return
        if self._done[joined.run].any():
            raise ValueError("these runs are there already")
        with telling(f"cannot write to '{self.folder}'"):
            names = self._write(joined, self._next)
        self._count(joined.run, joined.failed, names)

    def with_copies(self, rows: Rows) -> Rows:
        """Return the rows, with those of the runs that are the same ones under other numbers."""
        here = set(rows.run.tolist()) if self._copies else set()
        pairs = [(run, copy) for run in here for copy in self._copies.get(run, ()) if copy not in here]
        return rows.repeated(pairs) if pairs else rows

    def forget_failed(self) -> int:
        """Ask again for the runs that failed; returns how many they are.

        A part with failed runs is written anew without them before the old one goes, so an end in between loses
        nothing: one of the two is put aside when the store is opened next.

        Raises
        ------
        ResultError
            When it cannot be written.
        """
        import pyarrow.compute as pc

        self._must_write()
        forgotten = 0
        for position, (name, series) in enumerate(self._runs):
            table = read_part(self.folder / "runs" / name)
            fine = pc.is_null(table.column("error"))
            lost = table.filter(pc.invert(fine)).column("run").to_numpy()
            if not len(lost):
                continue
            with telling(f"cannot write to '{self.folder}'"):
                kept = write_part(self.folder, "runs", self._next, table.filter(fine), {"series": series})
                (self.folder / "runs" / name).unlink()
            self._runs[position] = kept, series
            self._next += 1
            self._done[lost] = False
            self._failed -= len(lost)
            forgotten += len(lost)
        return forgotten

    def pending(self) -> NDArray[np.int64]:
        """Return numbers of the runs that are to be made; of runs that are the same, the first."""
        left = ~self._done
        left[[copy for copies in self._copies.values() for copy in copies]] = False
        return np.flatnonzero(left)

    def in_turn(self, runs: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the same runs in the order in which to make them: every point once, then three times more, and so
        on.
        """
        point = np.concatenate([part.column("point").to_numpy() for part in self._design])
        replicate = np.concatenate([part.column("replicate").to_numpy() for part in self._design])
        together = any(set(part.column_names) & {"row", "part"} for part in self._design)
        turns = spread(point, replicate, scatter=not together)
        return turns[np.isin(turns, runs)]

    def jobs(self, runs: Sequence[int] | NDArray[np.int64]) -> list[Job]:
        """Return what to do for these runs."""
        asked = np.asarray(runs, np.int64)
        to_do: list[Job] = []
        for part, start in zip(self._design, self._starts, strict=False):
            here = asked[(asked >= start) & (asked < start + part.num_rows)]
            if not len(here):
                continue
            to_do += jobs_of(part, here - start)
        return to_do

    # -- read ----------------------------------------------------------------------------------------------------------

    def standing(self) -> Standing:
        """Return how far the store's runs are."""
        return Standing(len(self._ids), int(self._done.sum()), self._failed)

    def design(self) -> "pd.DataFrame":
        """Return the design, a row per run asked for."""
        table: pd.DataFrame = joined(self._design).to_pandas(use_threads=False)
        return table

    def runs(self) -> "pd.DataFrame":
        """Return a row per finished run: run, run_id, error, outcomes."""
        import pyarrow as pa

        tables = [read_part(self.folder / "runs" / name).replace_schema_metadata(None) for name, _ in self._runs]
        table: pd.DataFrame = pa.concat_tables(tables).to_pandas(use_threads=False)
        return table.sort_values("run", ignore_index=True)

    def outcomes(self, runs: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return outcomes of finished runs; NaN where one failed.  What has been read before is not read again.

        Parameters
        ----------
        runs : int64 array, any shape

        Returns
        -------
        float64 array, shape (*runs.shape, outcomes)
        """
        more = len(self._ids) - len(self._told)
        self._told = np.concatenate([self._told, np.full((more, len(self.experiment.outcomes)), np.nan)])
        for name, _ in self._runs[self._parts_told :]:
            path = self.folder / "runs" / name
            with fitting(path):
                table = read_part(path)
                self._told[table.column("run").to_numpy()] = matrix(table, self.experiment.outcomes)
        self._parts_told = len(self._runs)
        return self._told[runs]

    def series(self) -> "pd.DataFrame":
        """Return weekly columns of the finished runs: run, week, columns."""
        import pyarrow as pa

        if not self.experiment.columns:
            raise ResultError(f"'{self.folder}' keeps no weekly columns; name them under series: in the study")
        paths = [self.folder / "series" / name for _, name in self._runs]
        for path in paths:
            if not sound(path):
                raise ResultError(
                    f"'{path}' is missing or not what was written; its runs are made again by: "
                    f"{shlex.join(['flywheel', 'resume', str(self.folder)])}"
                )
        tables = [read_part(path).replace_schema_metadata(None) for path in paths]
        table: pd.DataFrame = pa.concat_tables(tables).to_pandas(use_threads=False)
        table = table.sort_values(["run", "week"], ignore_index=True)
        table.attrs["units"] = {name: UNITS[name] for name in table.columns if name in UNITS}
        return table

    def table(self) -> "pd.DataFrame":
        """Return a row per finished run: design, then error and outcomes."""
        return self.design().merge(self.runs().drop(columns="run_id"), on="run", how="inner", validate="one_to_one")

    def errors(self) -> dict[str, int]:
        """Tell why runs failed, and how many did, the most frequent first."""
        counts = self.runs()["error"].value_counts()
        return {str(text): int(count) for text, count in counts.items()}

    def writer(self) -> str:
        """Tell who writes to it now, ``""`` when nobody does."""
        return f"process {os.getpid()}" if self.lock is not None else locked_by(self.folder / _LOCK)

    def hash(self) -> str:
        """Return the hash of every finished run, its series included; order, parts and what ran them do not matter."""

        def parts() -> Iterator[tuple[Any, Any]]:
            for runs, series in self._runs:
                weekly = read_part(self.folder / "series" / series) if series else None
                yield read_part(self.folder / "runs" / runs), weekly

        with fitting(self.folder):
            return content_hash(parts(), self.experiment.outcomes, self.experiment.columns)

    # -- inside --------------------------------------------------------------------------------------------------------

    def _must_write(self) -> None:
        if self.lock is None:
            raise ResultError(f"'{self.folder}' is open for reading only")

    def _names_of(self, scenario: str) -> Names:
        name = scenario or next(iter(self.experiment.scenarios))
        if name not in self._names:
            self._names[name] = Names(self.experiment.scenarios[name], self.named_by, name)
        return self._names[name]

    def _add_design(self, table: Any) -> None:
        ids = table.column("run_id").to_pylist()
        for run, run_id in enumerate(ids, len(self._ids)):
            first = self._number.setdefault(run_id, run)
            if first != run:
                self._copies.setdefault(first, []).append(run)
        self._ids += ids
        self._design.append(table)
        self._starts.append(len(self._ids))
        self._done = np.concatenate([self._done, np.zeros(len(ids), bool)])

    def _read_design(self) -> None:
        import pyarrow as pa

        paths = [self.folder / DESIGN, *(self.folder / "design" / n for n in part_names(self.folder / "design"))]
        for path in paths:
            try:
                if path.name == DESIGN:
                    unchanged(self.study, path)
                elif not sound(path):
                    raise ValueError("it is not what was written")
                self._add_design(read_part(path))
            except (FileNotFoundError, ValueError, KeyError, pa.ArrowException) as error:
                why = str(error).splitlines()[0]
                raise ResultError(f"'{path}' is missing or broken ({why}); the sweep must be started again") from None

    def _read_runs(self) -> None:
        import pyarrow as pa

        kept: set[str] = set()
        for name in part_names(self.folder / "runs"):
            path, series = self.folder / "runs" / name, ""
            self._next = max(self._next, number_of(name) + 1)
            try:
                fine = sound(path)
                if fine:
                    table = read_part(path)
                    series = (table.schema.metadata or {}).get(b"series", b"").decode()
                    run = table.column("run").to_numpy()
                    fine = not self._done[run].any() and self._named(run, table)
                if fine and series:
                    fine = (
                        sound(self.folder / "series" / series)
                        if self.lock
                        else (self.folder / "series" / series).exists()
                    )
            except (OSError, ValueError, IndexError, KeyError, pa.ArrowException):
                fine = False
            if fine:
                kept.add(series)
                self._count(run, table.num_rows - table.column("error").null_count, (name, series))
            else:
                self.broken.append(f"runs/{name}")
                self._aside("runs", name)
        for name in part_names(self.folder / "series"):
            self._next = max(self._next, number_of(name) + 1)
            if name not in kept and self.lock is not None:
                # a series without its commit record: the writer ended between the two
                (self.folder / "series" / name).unlink()
        if self.lock is not None:
            (self.folder / DRAFTS).mkdir(exist_ok=True)
            for draft in (self.folder / DRAFTS).iterdir():
                draft.unlink()

    def _named(self, run: NDArray[np.int64], table: Any) -> bool:
        """Tell whether finished runs have the names that the design gives their numbers."""
        return bool([self._ids[number] for number in run.tolist()] == table.column("run_id").to_pylist())

    def _aside(self, folder: str, name: str) -> None:
        """Put a broken part where nobody reads it."""
        if self.lock is not None:
            (self.folder / _BROKEN).mkdir(exist_ok=True)
            (self.folder / folder / name).replace(self.folder / _BROKEN / f"{folder}-{name}")

    def _write(self, rows: Rows, number: int) -> tuple[str, str]:
        """Write the series first, then the commit record; return their names."""
        asked, series = self.experiment, ""
        if asked.columns:
            series = write_part(self.folder, "series", number, rows.series_table(asked.columns), {})
        table = rows.table([self._ids[run] for run in rows.run.tolist()], asked.outcomes)
        return write_part(self.folder, "runs", number, table, {"series": series}), series

    def _count(self, run: NDArray[np.int64], failed: int, names: tuple[str, str]) -> None:
        self._done[run] = True
        self._failed += failed
        self._runs.append(names)
        self._next = max(self._next, number_of(names[0]) + 1)
