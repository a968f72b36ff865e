"""``study.json`` and the checksums in it, by which a store knows its own files again.

The parts of a store carry their checksum in their names.  ``study.json`` and ``design.parquet`` have names that
everybody knows, so their checksums stand in ``study.json``, under ``sums``.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flywheel_sim.files import is_folder
from flywheel_sim.results.saving import ResultError

__all__ = ["DESIGN", "FORMAT", "STUDY", "read_study", "summed", "unchanged"]

#: Format of the folder.
FORMAT = "flywheel.store/1"
STUDY, DESIGN = "study.json", "design.parquet"


def summed(study: Mapping[str, Any], design: bytes | memoryview) -> dict[str, Any]:
    """Return what a study says, with the checksums of itself and of its design.

    Examples
    --------
    >>> sorted(summed({"seed": 1}, b"")["sums"])
    ['design.parquet', 'study.json']
    """
    return {**study, "sums": {STUDY: _of_study(study), DESIGN: hashlib.sha256(design).hexdigest()}}


def unchanged(study: Mapping[str, Any], path: Path) -> None:
    """Refuse a design that is not the one ``study`` was written with.

    Raises
    ------
    ValueError
        When its bytes are others.
    OSError
        When it cannot be read.
    """
    known = study.get("sums", {}).get(DESIGN)
    if known is not None and hashlib.sha256(path.read_bytes()).hexdigest() != known:
        raise ValueError("it is not what was written: another program has changed it")


def read_study(folder: Path) -> dict[str, Any]:
    """Read ``study.json`` of a store.

    Raises
    ------
    ResultError
        When there is none, or it is broken, changed, or of another format.
    """
    path = folder / STUDY
    if not is_folder(folder):
        raise ResultError(f"there is no sweep at '{folder}'")
    try:
        study: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        schema = study["schema"]
        sums = study.get("sums", {})
        known = sums.get(STUDY)
    except FileNotFoundError:
        raise ResultError(f"'{folder}' is not a sweep: it has no {STUDY}") from None
    except OSError as error:
        raise ResultError(f"cannot read '{path}': {error.strerror or error}") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ResultError(f"'{path}' is broken; the sweep must be started again") from None
    if schema != FORMAT:
        raise ResultError(f"'{folder}' has format '{schema}'; this version of flywheel_sim reads {FORMAT}")
    if known is not None and known != _of_study(study):
        raise ResultError(
            f"'{path}' has been changed since the sweep began, and its runs are those of what it said then; put it "
            f"back, or start another sweep from a study file"
        )
    return study


def _of_study(study: Mapping[str, Any]) -> str:
    """Return the checksum of everything but the checksums, whatever the file's layout."""
    rest = {name: value for name, value in study.items() if name != "sums"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()
