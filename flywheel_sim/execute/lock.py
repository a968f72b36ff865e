"""One writer to a store: a lock that ends with the process that holds it, however it ends."""

import contextlib
import os
import platform
import time
from pathlib import Path
from typing import Any

from flywheel_sim.results.saving import ResultError

__all__ = ["Lock", "locked_by"]


def _take(file: Any) -> None:
    """Take the lock or raise ``OSError``."""
    if os.name == "nt":  # pragma: no cover
        import msvcrt

        file.seek(1 << 20)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
    else:
        import fcntl

        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)


def _take_soon(file: Any) -> None:
    """Take the lock with patience for somebody who only looks whether it is taken."""
    for _ in range(4):
        with contextlib.suppress(OSError):
            return _take(file)
        time.sleep(0.02)
    _take(file)


class Lock:
    """The right to write to a store.

    Raises
    ------
    ResultError
        When somebody else has it.
    OSError
        When the folder cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file: Any = path.open("r+b" if path.exists() else "w+b")
        try:
            _take_soon(self.file)
        except OSError:
            holder = self.file.read(200).decode("utf-8", "replace").strip()
            self.file.close()
            who = f" ({holder})" if holder else ""
            raise ResultError(f"another process{who} is at work on '{path.parent}'; wait for it or stop it") from None
        self.file.seek(0)
        self.file.truncate()
        self.file.write(f"process {os.getpid()} on {platform.node()}".encode())
        self.file.flush()

    def release(self) -> None:
        """Release the lock, so that others can write."""
        with contextlib.suppress(OSError):
            self.file.seek(0)
            self.file.truncate()
        self.file.close()


def locked_by(path: Path) -> str:
    """Tell who holds a lock, ``""`` when nobody does."""
    try:
        with path.open("r+b") as file:
            holder = file.read(200).decode("utf-8", "replace").strip()
            try:
                _take(file)
            except OSError:
                return holder or "another process"
    except OSError:
        pass
    return ""
