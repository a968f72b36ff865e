"""Write files and folders: all of one or nothing, where the user said, with the permissions the user's umask gives.

A regular file is made under another name beside its place, flushed and renamed, so that readers see the old one or the
whole new one; one that is replaced keeps its permissions.  A link is followed, and stays a link.  What is no regular
file (a device, a pipe) cannot be replaced without destroying it: it is written to.
"""

import contextlib
import errno
import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from flywheel_sim.scenario.errors import Problem

__all__ = ["HTML", "PlaceError", "draft_folder", "is_folder", "place", "whole_file", "write_bytes", "write_text"]

Where = str | os.PathLike[str]
#: What the name of a report may end in.
HTML = (".html", ".htm")


class PlaceError(ValueError):
    """A place where a file cannot be written, in the words of its owner."""

    def __init__(self, message: str, suggestion: str | None = None) -> None:
        super().__init__(message)
        self.suggestion = suggestion

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The same as every other finding about what a user gave."""
        return (Problem(None, None, None, "", str(self), self.suggestion),)


def place(path: Where, *endings: str, what: str = "a file", overwrite: bool = True) -> Path:
    """Check that a file can be written at ``path``, before work is spent on what goes there.

    Parameters
    ----------
    path : path
    *endings : str
        What its name may end in, e.g. ``".html"``, the first one being the usual; a name without an ending passes, and
        so does a device.  None given: anything.
    what : str
        What is written, for the message.
    overwrite : bool
        Whether a file that is there may be replaced.

    Returns
    -------
    Path

    Raises
    ------
    PlaceError
        For a folder, a name that promises another format, a missing or locked folder above, or a file that may not be
        replaced.

    Examples
    --------
    >>> place("mine.html", ".html", ".htm", what="a report").name
    'mine.html'
    """
    asked = Path(path)
    try:
        kind = _kind(asked)
        if kind == "folder":
            raise PlaceError(f"{asked}: expected a file for {what}, got a folder")
        if kind == "other":
            return asked
        ending = asked.suffix.lower()
        if endings and ending and ending not in endings:
            better = asked.with_suffix(endings[0])
            raise PlaceError(f"'{asked}': {what} is written as {endings[0][1:].upper()}, not {ending[1:]}", str(better))
        if kind == "file" and not overwrite:
            raise PlaceError(f"{asked} exists and is not overwritten; choose another name or remove it")
        target = _target(asked)
        if not target.parent.is_dir():
            raise PlaceError(f"{asked}: there is no folder {asked.parent}")
        if kind == "file" and not os.access(target, os.W_OK):
            raise PlaceError(f"{asked}: this file may not be written to")
        if not os.access(target.parent, os.W_OK | os.X_OK):
            raise PlaceError(f"{asked}: nothing may be written into the folder {asked.parent}")
    except (OSError, ValueError) as error:
        if isinstance(error, PlaceError):
            raise
        raise PlaceError(f"'{asked}' cannot be written to: {getattr(error, 'strerror', None) or error}") from None
    return asked


def write_text(path: Where, text: str, *, overwrite: bool = True) -> Path:
    """Write a text as UTF-8, its line ends as they are; see `write_bytes`."""
    return write_bytes(path, text.encode("utf-8"), overwrite=overwrite)


def write_bytes(path: Where, data: bytes, *, overwrite: bool = True) -> Path:
    """Write a whole file or nothing.

    Raises
    ------
    PlaceError
        When it cannot be written there; what was there stays.
    OSError
        When the disk is full.
    """
    with whole_file(path, overwrite=overwrite) as draft:
        draft.write_bytes(data)
    return Path(path)


@contextmanager
def whole_file(path: Where, *, overwrite: bool = True) -> Iterator[Path]:
    """Yield a path to write to; when the block ends well its content is at ``path``, else nothing has changed.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with whole_file(f"{folder}/a.txt") as draft:
    ...         _ = draft.write_text("all of it")
    ...     Path(folder, "a.txt").read_text()
    'all of it'
    """
    asked = place(path, overwrite=overwrite)
    if _kind(asked) == "other":  # never replaced; what cannot be sought in is written in one go, once it is whole
        with tempfile.TemporaryDirectory(prefix="flywheel-") as folder:
            draft = Path(folder, "draft")
            draft.touch()
            yield draft
            with _naming(asked), draft.open("rb") as source, asked.open("wb") as stream:
                shutil.copyfileobj(source, stream)
        return
    target = _target(asked)
    with _naming(asked):
        mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else None
        draft = _fresh(target, lambda name: os.close(os.open(name, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)))
    try:
        yield draft
        with _naming(asked):
            if mode is not None:
                draft.chmod(mode)
            _flush(draft)
            if not overwrite:  # refused where somebody else was faster
                os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
            draft.replace(target)
            _flush_folder(target.parent)
    except BaseException:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
        raise


@contextmanager
def draft_folder(target: Path, *, replace: bool = False) -> Iterator[Path]:
    """Yield a folder to fill; when the block ends well it stands at ``target``, else it is gone.

    The target is absent or empty before, or, with ``replace``, what is there goes when the new one is whole.

    Raises
    ------
    OSError
        When the folder above cannot be written.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with _naming(target):
        draft = _fresh(target, lambda name: name.mkdir(0o777))
    try:
        yield draft
        for path in draft.rglob("*"):
            if path.is_file():
                _flush(path)
        with _naming(target):
            old = None
            if replace and target.exists():
                old = target.with_name(f"{draft.name}-old")
                target.rename(old)
            elif target.exists():
                target.rmdir()
            draft.rename(target)
            if old is not None:
                shutil.rmtree(old, ignore_errors=True)
            _flush_folder(target.parent)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise


def is_folder(path: Path) -> bool:
    """Tell whether a folder is there; one in a place that may not be looked into is not said to be absent.

    `Path.is_dir` takes the one for the other from Python 3.14 on.

    Raises
    ------
    PermissionError

    Examples
    --------
    >>> is_folder(Path()), is_folder(Path("no such folder"))
    (True, False)
    """
    try:
        return _kind(path) == "folder"
    except PermissionError:
        raise
    except (OSError, ValueError):  # a name that is too long, a link to itself, a zero byte
        return False


def _kind(path: Path) -> str:
    """Return ``file``, ``folder``, ``other`` (device, pipe, socket), or nothing when there is none."""
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return ""
    return "file" if stat.S_ISREG(mode) else "folder" if stat.S_ISDIR(mode) else "other"


def _target(path: Path) -> Path:
    """Tell where a chain of links ends; what has none is itself."""
    return Path(os.path.realpath(path)) if path.is_symlink() else path


def _fresh(target: Path, make: Callable[[Path], None]) -> Path:
    """Make something of a hidden name that nobody has, beside the target; the kernel applies the umask."""
    for _ in range(100):
        name = target.parent / f".{target.name[:40]}.{secrets.token_hex(4)}.part"
        try:
            make(name)
        except FileExistsError:
            continue
        return name
    raise FileExistsError(errno.EEXIST, "no free name beside it", os.fspath(target))


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Raise an ``OSError`` that names the file asked for, not the draft nobody knows of."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror or str(error), os.fspath(path)) from error


def _flush(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _flush_folder(folder: Path) -> None:
    """Make the names in a folder last; systems that cannot do so are left alone."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):
            os.fsync(handle)
    finally:
        os.close(handle)
