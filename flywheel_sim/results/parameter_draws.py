"""Parameters drawn anew for every run, from a table such as a calibration leaves."""

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.results.saving import ResultError, read_table
from flywheel_sim.typed import command

if TYPE_CHECKING:
    from flywheel_sim.scenario import Scenario

__all__ = ["ABOUT", "NOTE", "TABLE", "Drawn", "digest_of", "read_draws"]

#: What a calibration says of its table inside it, with the checksum of its draws, and the file beside it.
NOTE, ABOUT = b"flywheel.posterior", "posterior.json"
#: Its draws.
TABLE = "posterior.parquet"


@dataclass(frozen=True, eq=False)
class Drawn:
    """A table of draws, and which of them a run gets.

    Replicate k takes row (start + k) modulo their number, in every scenario: what is compared differs neither in luck
    nor in what is not known.  The start follows from the seed.

    Parameters
    ----------
    source : str
        The table's file, as it was given.
    digest : str
        Hash of the table's numbers.
    table : mapping of str to float64 array, shape (n,)
        Values by path.
    start : int
    """

    source: str
    digest: str
    table: Mapping[str, NDArray[np.float64]]
    start: int = 0

    @property
    def rows(self) -> int:
        """Number of draws in the table."""
        return len(next(iter(self.table.values())))

    def row(self, replicate: int) -> dict[str, float]:
        """Return what is drawn for a replicate, by path."""
        k = (self.start + replicate) % self.rows
        return {path: float(values[k]) for path, values in self.table.items()}

    def of(self, baseline: "Scenario") -> "Callable[[Scenario, int], Scenario]":
        """Return the scenario that a replicate of another one is run with.

        A scenario keeps a value of its own where it differs from the baseline: that is a decision, not a doubt.

        Raises
        ------
        ScenarioError
            When a path is none of the scenario's, or a value none it can have.
        """
        before = {path: baseline.get(path) for path in self.table}

        def drawn(scenario: "Scenario", replicate: int) -> "Scenario":
            values = self.row(replicate)
            return scenario.with_(
                {
                    path: round(value) if isinstance(before[path], int) else value
                    for path, value in values.items()
                    if scenario.get(path) == before[path]
                }
            )

        return drawn

    def some(self, baseline: "Scenario", count: int) -> list[dict[str, float]]:
        """Return so many rows at random, none of them twice and by the same seed always the same; whole where the
        scenario is.

        Raises
        ------
        ScenarioError
            When a path is none of the scenario's.
        """
        whole = {path for path in self.table if isinstance(baseline.get(path), int)}
        taken = np.random.default_rng(self.start).permutation(self.rows)[:count]
        return [
            {path: round(value) if path in whole else value for path, value in self.row(int(k)).items()} for k in taken
        ]

    def used(self, replicates: int) -> dict[str, NDArray[np.float64]]:
        """Return rows of the first replicates, in their order."""
        k = (self.start + np.arange(replicates)) % self.rows
        return {path: np.asarray(values[k]) for path, values in self.table.items()}

    @property
    def note(self) -> str:
        """Return a note for the provenance.

        Examples
        --------
        >>> Drawn("p.parquet", "ab12" * 16, {"market.price": np.ones(3)}).note
        'p.parquet ab12ab12ab12ab12'
        """
        return f"{self.source} {self.digest[:16]}"


def read_draws(path: str | os.PathLike[str], seed: int) -> Drawn:
    """Read a table of draws: a parquet file with a column per path, or the folder of a calibration.

    Raises
    ------
    ResultError
        When there is none, it holds anything but numbers, or a calibration's has been changed since.
    """
    given = Path(path)
    file = given / TABLE if given.is_dir() else given
    if not file.is_file():
        raise ResultError(f"there is no posterior table at '{path}'; flywheel calibrate --method posterior makes one")
    if file.suffix != ".parquet":
        raise ResultError(f"'{path}': expected a parquet file, as flywheel calibrate --method posterior leaves it")
    table = {name: np.asarray(values) for name, values in read_table(file.parent, file.stem).items()}
    if not table or not len(next(iter(table.values()))):
        raise ResultError(f"'{path}' holds no draws")
    for name, values in table.items():
        if values.dtype.kind not in "fiu" or not np.isfinite(values).all():
            raise ResultError(f"'{path}': expected a number in every row of '{name}'")
    numbers = {name: values.astype(np.float64) for name, values in table.items()}
    digest, kept = digest_of(numbers), _kept(file)
    if kept and kept["draws"] != digest:
        raise ResultError(f"'{file}' is broken: its draws are not those that were written; calibrate again")
    if kept and given.is_dir():
        _unchanged(given)
    rows = len(next(iter(numbers.values())))
    start = int.from_bytes(hashlib.sha256(f"{digest}|{seed}".encode()).digest()[:8], "big") % rows
    return Drawn(os.fspath(path), digest, numbers, start)


def digest_of(numbers: Mapping[str, NDArray[np.float64]]) -> str:
    """Return the checksum of a table of draws, whatever the order of its columns.

    Examples
    --------
    >>> digest_of({"a": np.ones(2)}) == digest_of({"a": np.zeros(2)})
    False
    """
    parts = (name.encode() + b"|" + np.asarray(numbers[name], np.float64).tobytes() for name in sorted(numbers))
    return hashlib.sha256(b"".join(parts)).hexdigest()


def _unchanged(folder: Path) -> None:
    """Refuse a calibration's folder where what stands beside its draws is not what was written.

    Raises
    ------
    ResultError
        With the file; a scenario that somebody wants to go on with is copied out of the folder.
    """
    table = folder / TABLE
    for name, known in (_kept(table).get("files", {}) if table.is_file() else {}).items():
        path = folder / name
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != known:
            raise ResultError(
                f"'{path}' is not as flywheel calibrate has left it; write it anew with: "
                f"{command('flywheel', 'resume', folder)} (what you have changed in it belongs into a file elsewhere)"
            )


def _kept(file: Path) -> dict[str, Any]:
    """Return what a calibration has left in its table: checksums of draws and files; empty for a table of one's own."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        notes = (pq.read_schema(file).metadata or {}).get(NOTE)
        if notes is None and not (file.parent / ABOUT).is_file():
            return {}
        kept: dict[str, Any] = json.loads(notes or b"")
        return {**kept, "draws": str(kept["draws"]), "files": dict(kept.get("files", {}))}
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError) as error:
        raise ResultError(
            f"'{file}' is not as flywheel calibrate has left it: it has no checksum of its draws; calibrate again"
        ) from error
