"""A result on disk: a folder of parquet tables and one JSON manifest, there as a whole or not at all.

Everything is written into a hidden folder beside the target, flushed, and renamed; a crash leaves no half result.  The
manifest carries the checksums of the tables and its own, so that a result that was changed or damaged is never told.
"""

import contextlib
import hashlib
import json
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.files import draft_folder, is_folder
from flywheel_sim.results.units import with_units
from flywheel_sim.scenario.errors import Problem

__all__ = [
    "MANIFEST",
    "ResultError",
    "finite",
    "fitting",
    "path_from",
    "read_columns",
    "read_manifest",
    "read_table",
    "vacant",
    "write_folder",
]

MANIFEST = "manifest.json"
Table = Mapping[str, "NDArray[np.generic] | Sequence[Any]"]  # or Arrow arrays


class ResultError(ValueError):
    """A saved result that cannot be read, or a place where none can be written, in the words of its owner."""

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The same as every other finding about what a user gave."""
        return (Problem(None, None, None, "", str(self)),)


def write_folder(
    folder: str | os.PathLike[str], manifest: Mapping[str, Any], tables: Mapping[str, Table], *, replace: bool = False
) -> Path:
    """Write a result; the folder appears with everything in it, or not at all.

    Parameters
    ----------
    folder : path
        Must not exist yet, or be empty.
    manifest : mapping
        JSON values; ``schema`` names the format, e.g. ``flywheel.saved-run/1``.
    tables : mapping
        Name -> columns; written as ``<name>.parquet``.
    replace : bool
        Put the new result in the place of an older state of it, once it is whole.

    Raises
    ------
    ResultError
        When something is already there.
    OSError
        When the disk is full or the folder above cannot be written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    target = Path(folder) if replace else vacant(folder)
    with draft_folder(target, replace=replace) as draft:
        for name, table in tables.items():
            columns = pa.table({column: pa.array(values) for column, values in table.items()})
            columns = columns.cast(with_units(columns.schema)) if name in ("weekly", "initial") else columns
            pq.write_table(columns, draft / f"{name}.parquet", compression="zstd")
        sums = {name: _sum_of(draft / f"{name}.parquet") for name in sorted(tables)}
        whole = {**manifest, "tables": sorted(tables), "checksums": sums}
        whole.pop("checksum", None)
        whole["checksum"] = _sum_of_values(whole)
        text = json.dumps(whole, indent=2, allow_nan=False, ensure_ascii=False)
        (draft / MANIFEST).write_text(text + "\n", encoding="utf-8", newline="\n")
    return target


def vacant(folder: str | os.PathLike[str]) -> Path:
    """Return the path of a folder that does not exist yet or is empty.

    Raises
    ------
    ResultError
        When something is already there.
    """
    target = Path(folder)
    empty = target.is_dir() and not target.is_symlink() and not any(target.iterdir())
    if not empty and (target.exists() or target.is_symlink()):
        raise ResultError(f"'{target}' is already there; choose another folder or remove it first")
    return target


def read_manifest(folder: str | os.PathLike[str], schema: str | None = None) -> dict[str, Any]:
    """Return the manifest of a saved result that is still what was written, its tables included.

    Parameters
    ----------
    folder : path
        Where the result is.
    schema : str, optional
        The format expected, e.g. ``flywheel.saved-run/1``.

    Raises
    ------
    ResultError
        When there is no result, it or one of its tables is broken or changed, or another version made it.
    """
    path = Path(folder)
    if not is_folder(path):
        raise ResultError(f"there is no saved result at '{path}'")
    try:
        manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
        stored = manifest["schema"]
        kind, _, number = stored.rpartition("/")
    except FileNotFoundError:
        raise ResultError(f"'{path}' is not a saved result: it has no {MANIFEST}") from None
    except OSError as error:
        raise ResultError(f"cannot read '{path / MANIFEST}': {error.strerror or error}") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ResultError(f"'{path / MANIFEST}' is broken; run the scenario again") from None
    if schema is not None and stored != schema:
        expected, _, ours = schema.rpartition("/")
        if kind == expected:
            raise ResultError(f"'{path}' has format {number}; this version of flywheel_sim reads format {ours}")
        raise ResultError(f"'{path}' holds a '{stored}'; expected a '{schema}'")
    own = manifest.pop("checksum", "")
    if own != _sum_of_values(manifest):
        raise ResultError(f"'{path / MANIFEST}' is not what was written; run the scenario again")
    with fitting(path / MANIFEST):
        sums = {str(name): str(kept) for name, kept in manifest["checksums"].items()}
    if sorted(sums) != manifest.get("tables"):
        raise ResultError(f"'{path / MANIFEST}' is broken: its tables are not those it has checksums of")
    for name, kept in sums.items():
        table = path / f"{name}.parquet"
        if not table.is_file():
            raise ResultError(f"'{folder}' is not complete: {table.name} is missing")
        if _sum_of(table) != kept:
            raise ResultError(f"'{table}' is broken: it is not what was written; run the scenario again")
    return dict(manifest)


@contextlib.contextmanager
def fitting(folder: str | os.PathLike[str]) -> Iterator[None]:
    """Turn what goes wrong while the content of a result is taken apart into a `ResultError` that names it.

    Examples
    --------
    >>> with fitting("mine"):
    ...     {}["seed"]
    Traceback (most recent call last):
    ...
    flywheel_sim.results.saving.ResultError: 'mine' does not fit this version of flywheel_sim ('seed'); run it again
    """
    import pyarrow as pa

    try:
        yield
    except ResultError:
        raise
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, pa.ArrowException) as error:
        why = (str(error).splitlines() or [type(error).__name__])[0]
        raise ResultError(f"'{folder}' does not fit this version of flywheel_sim ({why}); run it again") from None


def path_from(folder: str | os.PathLike[str], path: str | os.PathLike[str]) -> str:
    """Tell where a file is, seen from a folder, so that both may be moved together.

    Examples
    --------
    >>> path_from("results/saved", "results/mine.html")
    '../mine.html'
    """
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:  # another drive
        return Path(path).absolute().as_posix()


def _sum_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sum_of_values(values: Mapping[str, Any]) -> str:
    text = json.dumps(values, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def read_columns(folder: str | os.PathLike[str], name: str) -> dict[str, Any]:
    """Return one table of a saved result, as Arrow arrays by column.

    Raises
    ------
    ResultError
        When the table is missing or broken.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = Path(folder) / f"{name}.parquet"
    try:
        table = pq.read_table(path)
    except FileNotFoundError:
        raise ResultError(f"'{folder}' is not complete: {path.name} is missing") from None
    except (pa.ArrowException, OSError) as error:
        raise ResultError(f"'{path}' is broken: {str(error).splitlines()[0]}") from None
    return {column: table.column(column).combine_chunks() for column in table.column_names}


def read_table(folder: str | os.PathLike[str], name: str) -> dict[str, NDArray[Any]]:
    """Return one table of a saved result, as NumPy arrays by column.

    Raises
    ------
    ResultError
        When the table is missing or broken.
    """
    return {column: values.to_numpy(zero_copy_only=False) for column, values in read_columns(folder, name).items()}


def finite(value: Any) -> Any:
    """Return a value that strict JSON can hold: what is not a finite number becomes null, at any depth.

    Examples
    --------
    >>> finite({"a": float("nan"), "b": [1.0, float("inf")]})
    {'a': None, 'b': [1.0, None]}
    """
    if isinstance(value, Mapping):
        return {str(key): finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
