"""Parquet files that are there as a whole or not at all, and say themselves whether they are still what was written.

A file is made in a hidden folder, flushed, and renamed into place.  Its name carries the checksum of its bytes:
``part-000007-1a2b3c4d.parquet``; a file that was cut short or changed no longer fits its name.
"""

import contextlib
import os
import re
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from flywheel_sim.results.saving import ResultError

__all__ = [
    "DRAFTS",
    "flush_folder",
    "number_of",
    "part_names",
    "read_part",
    "sound",
    "telling",
    "write_part",
    "write_whole",
]

#: Where files are made.
DRAFTS = ".drafts"
_NAME = re.compile(r"part-(\d{6,})-([0-9a-f]{8})\.parquet")


def write_part(store: Path, folder: str, number: int, table: Any, notes: Mapping[str, str]) -> str:
    """Write a table as a numbered part of a store, and return the name of its file.

    The name holds the number and a checksum of the bytes: who reads the part can tell whether it is whole.

    Parameters
    ----------
    store : Path
        Folder of the store.
    folder : str
        Folder inside it: ``runs``, ``series`` or ``design``.
    number : int
        Of the part among those of its folder; parts are read in this order.
    table : pyarrow.Table
    notes : mapping
        Kept in the file's metadata.

    Raises
    ------
    OSError
        When it cannot be written; then nothing is left of it.
    """
    data = encoded(table, notes)
    name = f"part-{number:06d}-{zlib.crc32(data):08x}.parquet"
    write_whole(store / folder / name, data, store / DRAFTS)
    return name


def encoded(table: Any, notes: Mapping[str, str] | None = None) -> Any:
    """Return a table as the bytes of a parquet file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    kept = {**(table.schema.metadata or {}), **{key.encode(): value.encode() for key, value in (notes or {}).items()}}
    words = [field.name for field in table.schema if pa.types.is_string(field.type)]
    sink = pa.BufferOutputStream()
    pq.write_table(table.replace_schema_metadata(kept or None), sink, compression="zstd", use_dictionary=words)
    return memoryview(sink.getvalue())


def write_whole(path: Path, data: Any, drafts: Path) -> None:
    """Write bytes under a name that appears only when all of them are on the disk."""
    draft = drafts / path.name
    try:
        with draft.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        flush_folder(path.parent)
    except BaseException:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
        raise


def flush_folder(folder: Path) -> None:
    """Make the names in a folder last; systems that cannot do so are left alone."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def part_names(folder: Path) -> list[str]:
    """Return names of the parts in a folder, in order of number; whatever else is there is left out."""
    try:
        names = [entry.name for entry in os.scandir(folder)]
    except FileNotFoundError:
        return []
    return sorted((name for name in names if _NAME.fullmatch(name)), key=lambda name: (number_of(name), name))


def number_of(name: str) -> int:
    """Return the number of a part file.

    Examples
    --------
    >>> number_of("part-000012-1a2b3c4d.parquet")
    12
    """
    match = _NAME.fullmatch(name)
    return int(match.group(1)) if match else -1


def sound(path: Path) -> bool:
    """Tell whether a part is there and still what was written."""
    match, check = _NAME.fullmatch(path.name), 0
    try:
        with path.open("rb") as file:
            while piece := file.read(1 << 20):
                check = zlib.crc32(piece, check)
    except OSError:
        return False
    return match is not None and match.group(2) == f"{check:08x}"


def read_part(path: Path) -> Any:
    """Return a part as a pyarrow table, with its notes in ``schema.metadata``.

    Raises
    ------
    ResultError
        When it is no parquet file (any more).
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    # on this thread, and from a path: a reader's pool thread that still holds a Python object when the interpreter ends
    # takes the process down with an abort
    try:
        with pq.ParquetFile(path, pre_buffer=False) as parquet:
            return parquet.read(use_threads=False)
    except pa.ArrowException as error:
        raise ResultError(f"'{path}' is broken: {str(error).splitlines()[0]}") from None


@contextlib.contextmanager
def telling(what: str) -> Iterator[None]:
    """Tell an ``OSError`` in the words of the folder's owner."""
    try:
        yield
    except OSError as error:
        raise ResultError(f"{what}: {error.strerror or error}") from error
