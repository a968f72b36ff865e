"""Worlds that are being made: what was asked for, kept beside the parts until they are whole, for anybody to go on.

The note is written before the first draw and removed after the last, so what is killed in between leaves it.  It names
the company, the changes to it, how many draws and worlds, seed and place; and by which engine and prior it was begun,
under a checksum of its own.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flywheel_sim.engine.fingerprint import engine_hash
from flywheel_sim.execute.lock import Lock
from flywheel_sim.files import write_text
from flywheel_sim.results.saving import ResultError
from flywheel_sim.results.worlds import Worlds
from flywheel_sim.scenario import ScenarioError
from flywheel_sim.scenario.writing import one_line
from flywheel_sim.typed import command

__all__ = ["ABOUT", "asked_of", "resume", "unfinished"]

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


def resume(
    folder: str | os.PathLike[str], *, workers: int | None = None, progress: Callable[[int, int], None] | None = None
) -> Worlds:
    """Go on with worlds that were being made; what is there is not made again, and the bits are those of one go.

    Raises
    ------
    ResultError
        When there are none, or engine or company have changed since they were begun.
    """
    from flywheel_sim.study.worlds.making import company_of, folder_for, worlds
    from flywheel_sim.study.worlds.prior import Prior

    asked = asked_of(folder)
    sets = [word for path, value in asked["changes"].items() for word in ("--set", f"{path}={one_line(value)}")]
    anew = command("flywheel", "worlds", asked["company"], *sets, "--draws", str(asked["draws"]))
    try:
        base = company_of(asked["company"], asked["changes"])
        now = {"prior": Prior.of(base).hash, "engine": engine_hash()}
    except ScenarioError as error:
        raise ResultError(
            f"'{folder}' holds worlds of {asked['company']}, which cannot be read from here ({error}); go on in the "
            f"folder in which they were begun"
        ) from None
    for name, what in (("prior", f"{asked['company']} or what is drawn of it"), ("engine", "the engine")):
        if asked[name] != now[name]:
            raise ResultError(f"{what} has changed since the worlds in '{folder}' were begun; make them anew: {anew}")
    file = Path(os.path.normpath(Path(folder) / asked["file"]))
    whole = file.suffix == ".json" and file.parent != Path(folder)
    if whole and not (folder_for(base).exists() and folder_for(base).samefile(folder)):
        raise ResultError(f"'{folder}' was begun in another folder; go on with it from there")
    return worlds(
        asked["company"], asked["draws"], file if whole else folder, changes=asked["changes"], seed=asked["seed"],
        keep=asked["keep"], workers=workers, progress=progress,
    )  # fmt: skip


def _sum(note: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(note, sort_keys=True).encode()).hexdigest()
