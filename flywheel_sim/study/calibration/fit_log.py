"""Keep what a fit has simulated, so that one that is interrupted or killed loses neither its best point nor its work.

A folder holds

- ``fit.json``: what is fitted to what, with which code, who asked for it, and the best point so far,
- ``sets.npz``: the residuals of every parameter set so far,
- ``best.yaml``: the scenario with the best point, to run as it is.

The search asks for parameter sets in an order that follows from what it was answered.  Begun again, it is answered from
the folder up to where it was, and so comes to the same result, to the last bit.
"""

import dataclasses
import hashlib
import json
import os
import shutil
import zipfile
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.engine.fingerprint import engine_hash
from flywheel_sim.files import whole_file, write_text
from flywheel_sim.results.naming import origin
from flywheel_sim.results.observed import Observations
from flywheel_sim.results.saving import ResultError, finite
from flywheel_sim.scenario import Scenario, load
from flywheel_sim.scenario.library import find
from flywheel_sim.scenario.writing import changes_as_yaml, to_yaml

__all__ = ["ABOUT", "BEST", "Kept", "asked_of", "so_far", "written"]

Floats = NDArray[np.float64]
Key = tuple[int, bytes]

ABOUT, SETS, BEST = "fit.json", "sets.npz", "best.yaml"
#: Format of ``fit.json``.
FORMAT = "flywheel.fit/1"


class Kept:
    """The parameter sets of one fit on disk.

    Parameters
    ----------
    folder : path
        Made when the first sets come.  One that holds sets of the same fit is gone on with.
    base : Scenario
        Where the fit starts from.
    seen : Observations
        What it is fitted to.
    seed, replicates : int
    asked : mapping, optional
        JSON values to keep with it: what the caller needs to go on.

    Raises
    ------
    ResultError
        When the folder holds something else, another fit, or is broken.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        base: Scenario,
        seen: Observations,
        seed: int,
        replicates: int,
        asked: Mapping[str, Any] | None = None,
    ) -> None:
        self.folder, self.base = Path(folder), base
        self.about = {
            "format": FORMAT,
            "scenario": _digest(base.resolved()),
            "observations": _digest(seen),
            "seed": seed,
            "replicates": replicates,
            "made_with": {"engine": engine_hash(), "numpy": version("numpy"), "scipy": version("scipy")},
            "asked": dict(asked or {}),
        }
        self.sets: dict[Key, tuple[Floats, Floats]] = {}
        if self.folder.exists() and (not self.folder.is_dir() or any(self.folder.iterdir())):
            self._read()

    def recall(self, key: Key) -> tuple[Floats, Floats] | None:
        """Return residuals of a set, of the mean and of its runs apart; None where it has not been simulated."""
        return self.sets.get(key)

    def add(self, sets: Mapping[Key, tuple[Floats, Floats]], cost: float, best: Mapping[str, float]) -> None:
        """Write some more sets down, and the best point so far with its cost.

        Raises
        ------
        OSError
            When they cannot be written; those of before stay.
        """
        self.sets |= sets
        self.folder.mkdir(exist_ok=True)
        keys = list(self.sets)
        arrays = {
            "replicates": np.array([replicates for replicates, _ in keys], np.int64),
            "points": np.array([np.frombuffer(point, np.float64) for _, point in keys]),
            "residuals": np.array([self.sets[key][0] for key in keys]),
            "apart": np.concatenate([self.sets[key][1] for key in keys]),
        }
        with whole_file(self.folder / SETS) as draft, draft.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)
        entry = {"sets": len(keys), "cost": cost, "best": dict(best)}
        write_text(self.folder / ABOUT, json.dumps(self.about | entry, indent=2) + "\n")
        head = f"# The best of {len(keys)} parameter sets of a fit that has not ended: cost {cost:.6g}.\n"
        values = {**self.base.with_(dict(best)).resolved(), "title": f"{self.base.title}, not yet fitted"}
        write_text(self.folder / BEST, head + written(self.base, values, self.folder / BEST))

    def remove(self) -> None:
        """Take the folder away, once the fit is on file."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _read(self) -> None:
        about = _about(self.folder)
        for name, what in (("scenario", "another scenario"), ("observations", "other data"), ("seed", "another seed"),
                           ("replicates", "another number of runs"), ("made_with", "other code")):  # fmt: skip
            if about[name] != self.about[name]:
                raise ResultError(f"'{self.folder}' holds a fit of {what}; remove it, or keep this one elsewhere")
        self.about["asked"] = about["asked"]
        try:
            with (self.folder / SETS).open("rb") as file, np.load(file, allow_pickle=False) as held:
                replicates, points, residuals, apart = (
                    held[name] for name in ("replicates", "points", "residuals", "apart")
                )
            ends = np.cumsum(replicates)
            parts = np.split(apart, ends[:-1])
            if not len(replicates) == len(points) == len(residuals) or len(apart) != ends[-1]:
                raise ValueError("its tables do not fit each other")
        except (OSError, ValueError, KeyError, IndexError, EOFError, zipfile.BadZipFile) as error:
            raise ResultError(f"'{self.folder / SETS}' is broken ({error}); remove the folder and fit again") from None
        for n, point, row, part in zip(replicates, points, residuals, parts, strict=True):
            self.sets[int(n), np.asarray(point, np.float64).tobytes()] = (row, part)


def asked_of(folder: str | os.PathLike[str]) -> dict[str, Any]:
    """Return what was asked for when a fit was begun.

    Raises
    ------
    ResultError
        When the folder holds no fit, or is broken.
    """
    return dict(_about(Path(folder))["asked"])


def so_far(folder: str | os.PathLike[str]) -> dict[str, Any]:
    """Tell how far a fit is: ``sets``, and the ``cost`` and values (``best``) of the best one.

    Raises
    ------
    ResultError
        When the folder holds no fit, or is broken.
    """
    about = _about(Path(folder))
    return {"sets": int(about["sets"]), "cost": float(about["cost"]), "best": dict(about["best"])}


def _about(folder: Path) -> dict[str, Any]:
    try:
        about = json.loads((folder / ABOUT).read_text("utf-8"))
        needed = {"scenario", "observations", "seed", "replicates", "made_with", "asked", "sets", "cost", "best"}
        if about["format"] != FORMAT or needed - set(about):
            raise ValueError
        if not (isinstance(about["asked"], dict) and isinstance(about["best"], dict)):
            raise ValueError
        int(about["sets"]), float(about["cost"])
    except FileNotFoundError:
        raise ResultError(f"'{folder}' holds something else than a fit; keep this one elsewhere") from None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise ResultError(f"'{folder / ABOUT}' is broken; remove the folder and fit again") from None
    return dict(about)


def written(base: Scenario, values: dict[str, Any], out: Path) -> str:
    """Return the text of a scenario file at ``out`` that holds ``values`` and extends what ``base`` comes from, where
    it can.

    A file of data is named as it is found from there.
    """
    file = Path(base.model.observed.file)
    if base.model.observed.file and not file.is_absolute() and file.exists():
        values["observed"] = {**values["observed"], "file": Path(os.path.relpath(file, out.parent)).as_posix()}
    spec = origin(base)
    try:
        parent = find(spec, Path())
        before = load(spec).resolved()
    except ValueError:  # made of a dict, or its file is elsewhere: everything is written
        return to_yaml(values)
    extends = spec if parent.shipped else Path(os.path.relpath(parent.path, out.parent)).as_posix()
    return changes_as_yaml(extends, before, values)


def _digest(value: Any) -> str:
    """Return a name for plain values and arrays, at any depth."""
    text = json.dumps(finite(_plain(value)), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {one.name: _plain(getattr(value, one.name)) for one in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist())
    return value if value is None or isinstance(value, str | bool | int | float) else str(value)
