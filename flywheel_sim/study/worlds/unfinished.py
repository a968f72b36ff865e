"""Worlds that are being made: what was asked for, kept beside the parts until they are whole, for anybody to go on.

The note is written before the first draw and removed after the last, so what is killed in between leaves it.  It names
the company, the changes to it, how many draws and worlds, seed and place; and by which engine and prior it was begun,
under a checksum of its own.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flywheel_sim.execute.lock import Lock
from flywheel_sim.files import write_text
from flywheel_sim.results.saving import ResultError

__all__ = ["ABOUT", "LOCK", "asked_of", "unfinished"]

#: The note, and who is at work.
ABOUT, LOCK = "making.json", "making.lock"
FORMAT = "flywheel.making-worlds/1"
#: What a note has to say.
_NEEDED = {"company", "changes", "draws", "seed", "keep", "file", "prior", "engine"}


@contextmanager
def unfinished(folder: Path | None, asked: Mapping[str, Any]) -> Iterator[None]:
    """Keep a note in a folder of what was asked for until the block ends well; nobody else works there meanwhile.

    Raises
    ------
    ResultError
        When somebody else is at work there.
    """
    if folder is None:
        yield
        return
    folder.mkdir(parents=True, exist_ok=True)
    lock = Lock(folder / LOCK)
    try:
        note = {"format": FORMAT, **asked}
        write_text(folder / ABOUT, json.dumps({**note, "checksum": _sum(note)}, indent=1) + "\n")
        yield
        (folder / ABOUT).unlink(missing_ok=True)
    finally:
        lock.release()


def asked_of(folder: str | os.PathLike[str]) -> dict[str, Any]:
    """Return what was asked for when worlds that are not whole were begun.

    Raises
    ------
    ResultError
        When there is no such note, or it is not what was written.
    """
    file = Path(folder) / ABOUT
    try:
        note = json.loads(file.read_text("utf-8"))
        fine = note.pop("checksum") == _sum(note) and note["format"] == FORMAT and set(note) >= _NEEDED
    except FileNotFoundError:
        raise ResultError(f"'{folder}' holds no worlds that are being made") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        fine = False
    if not fine:
        raise ResultError(f"'{file}' is not what was written; type flywheel worlds anew, which uses what is there")
    return dict(note)


def _sum(note: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(note, sort_keys=True).encode()).hexdigest()
