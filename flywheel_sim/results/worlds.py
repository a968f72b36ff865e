"""Worlds of a company: the draws of what is not known in which it still looks like the company that is known."""

import hashlib
import json
import os
import zlib
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.results.saving import ResultError, finite
from flywheel_sim.typed import command

__all__ = ["FEWEST", "SCHEMA", "Aim", "Learned", "Worlds", "read_worlds"]

Floats = NDArray[np.float64]

#: Format of the file of worlds, and its name in a folder.
SCHEMA, FILE = "flywheel.worlds/1", "worlds.json"
#: Worlds that there should be at least.
FEWEST = 100


@dataclass(frozen=True)
class Aim:
    """Something the company is known to look like, and how many draws do.

    Parameters
    ----------
    name : str
        A target of its base case, or a number that is known of it.
    low, high : float
        The band.
    error : float
        Standard deviation of one run for luck and for what the model leaves out.
    inside : float
        Share of draws whose run lies in the band.
    ruled_out : float
        Share of draws that it alone rules out.
    prior, worlds : (float, float, float)
        10, 50 and 90 % quantile over all draws, and over the worlds.
    """

    name: str
    low: float
    high: float
    error: float
    inside: float
    ruled_out: float
    prior: tuple[float, float, float]
    worlds: tuple[float, float, float]


@dataclass(frozen=True)
class Learned:
    """What worlds tell of a number beyond its prior.

    Parameters
    ----------
    path, label : str
    prior, worlds : (float, float, float)
        5, 50 and 95 % quantile of the prior and of the worlds; of a choice the share of each option.
    share : float
        Share of the prior's variance (of its score) that is gone; below 0 where worlds are wider.
    shift : float
        Mean score over the worlds, in standard deviations of the prior.
    sure : bool
        Whether so many worlds of the prior alone would show as much by luck in less than one number of all.
    options : tuple of str
        Of a choice, what it is between.
    """

    path: str
    label: str
    prior: tuple[float, ...]
    worlds: tuple[float, ...]
    share: float
    shift: float
    sure: bool
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class Worlds:
    """Draws in which a company looks like what is known of it, each as likely as any other.

    Parameters
    ----------
    company : str
        What to type to mean it.
    prior : str
        Hash of what is drawn and from what.
    engine : str
        Version of the engine that ran it.
    seed : int
        Of the draws.
    tried : int
        Draws that were run, from number 0 on.
    numbers : int64 array, shape (n,)
        Numbers of the draws that are worlds.
    shifts : dict of str to float64 array, shape (n,)
        By how many standard deviations what is known has moved numbers from where their key has drawn them.
    references : dict of str to float64 array, shape (n,)
        What follows from a world's own base case, by path: references, and targets of measures.
    aims : tuple of Aim
    learned : tuple of Learned
        All numbers that are drawn, those of which most was learned first.
    impossible : int
        Draws that are no company at all, or whose run failed.
    source : str
        Where they were read from.
    fitting : int
        Draws that fit what is known; more than there are worlds where not all were kept.
    changes : mapping
        What was said of the company beside its files.
    values : dict of str to float64 array, shape (n,)
        What a calibration has drawn, by path; nothing is drawn by key then.
    beside : mapping of str to str
        Files that belong to them, in the same folder -> sha256.
    """

    company: str
    prior: str
    engine: str
    seed: int
    tried: int
    numbers: NDArray[np.int64]
    shifts: Mapping[str, Floats]
    references: Mapping[str, Floats]
    aims: tuple[Aim, ...] = ()
    learned: tuple[Learned, ...] = ()
    impossible: int = 0
    source: str = ""
    notes: tuple[str, ...] = field(default=())
    fitting: int = 0
    changes: Mapping[str, Any] = field(default_factory=dict)
    values: Mapping[str, Floats] = field(default_factory=dict)
    beside: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of_values(
        cls,
        company: str,
        values: Mapping[str, Floats],
        *,
        prior: str = "",
        engine: str = "",
        seed: int = 1,
        beside: Mapping[str, str] | None = None,
    ) -> "Worlds":
        """Return worlds of draws that lie there as values, such as a calibration leaves, all of the same weight.

        Parameters
        ----------
        company : str
            What to type to mean it.
        values : mapping of str to float64 array, shape (n,)
            By path; all else is taken as scenarios state it.
        prior, engine : str
            Hash of what was calibrated, and version of the engine that ran it; an empty one is not held against this.
        seed : int
        beside : mapping of str to str, optional
            Files that belong to them, in the same folder -> sha256.

        Examples
        --------
        >>> Worlds.of_values("b2b-saas", {"market.price": np.array([0.9, 1.1])}).sentence
        '2 worlds of b2b-saas: draws of market.price, all else as it is stated'
        """
        columns = {path: np.asarray(column, np.float64) for path, column in values.items()}
        count = len(next(iter(columns.values())))
        return cls(
            company,
            prior,
            engine,
            seed,
            count,
            np.arange(count),
            {},
            {},
            fitting=count,
            values=columns,
            beside=dict(beside or {}),
        )

    @property
    def n(self) -> int:
        """How many worlds there are."""
        return len(self.numbers)

    @property
    def enough(self) -> bool:
        """Whether there are as many as answers should stand on."""
        return self.n >= FEWEST or not self.aims

    @property
    def digest(self) -> str:
        """Checksum of which draws they are and of what follows from each."""
        text = json.dumps(self._core(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def sentence(self) -> str:
        """What was found, in words of people."""
        if self.values:
            return f"{self.n:,} worlds of {self.company}: draws of {', '.join(self.values)}, all else as it is stated"
        if not self.aims:
            return (
                f"{self.n:,} worlds of {self.company}: nothing is known that could rule any out (no targets in "
                f"`frozen`, no numbers in `known`), so all draws count"
            )
        few = "" if self.enough else f"; answers should stand on {FEWEST} at least, so take more draws"
        kept = f"; the first {self.n:,} are kept" if self.fitting > self.n else ""
        return f"{max(self.fitting, self.n):,} of {self.tried:,} draws look like {self.company}{kept}{few}"

    def _core(self) -> dict[str, Any]:
        return {
            "prior": self.prior,
            "engine": self.engine,
            "seed": self.seed,
            "tried": self.tried,
            "numbers": self.numbers.tolist(),
            "shifts": {path: np.rint(1000.0 * values).astype(int).tolist() for path, values in self.shifts.items()},
            "references": {path: values.tolist() for path, values in self.references.items()},
            **({"values": {path: values.tolist() for path, values in self.values.items()}} if self.values else {}),
        }

    def to_dict(self) -> dict[str, Any]:
        """Return everything as values strict JSON can hold."""
        rest = {
            "schema": SCHEMA,
            "company": self.company,
            "impossible": self.impossible,
            "fitting": self.fitting,
            "notes": list(self.notes),
            **({"changes": dict(self.changes)} if self.changes else {}),
            **({"beside": dict(self.beside)} if self.beside else {}),
            "aims": [vars(aim) for aim in self.aims],
            "learned": [{k: v for k, v in vars(one).items() if v != ()} for one in self.learned],
        }
        return dict(finite({**rest, **self._core(), "digest": self.digest}))

    def _packed(self) -> dict[str, Any]:
        """Return the same with scores in a form that takes a quarter of the room."""
        table = np.array([np.rint(1000.0 * values) for values in self.shifts.values()], "<i2").reshape(-1, self.n)
        scores = {"paths": list(self.shifts), "data": b64encode(zlib.compress(table.tobytes(), 9)).decode()}
        return {**self.to_dict(), "shifts": scores}

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the file of worlds; one that is there is replaced."""
        from flywheel_sim.files import write_text

        text = json.dumps(self._packed(), indent=None, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
        return write_text(path, text.replace(',"', ',\n"', 8) + "\n")


def read_worlds(path: str | os.PathLike[str]) -> Worlds:
    """Read a file of worlds, or a folder that holds one.

    Raises
    ------
    ResultError
        When there is none, it is broken, or it has been changed.
    """
    given = Path(path)
    file = given / FILE if given.is_dir() else given
    again = "make the worlds again with flywheel worlds"
    if (file.parent / "study.json").is_file():  # the runs of a calibration
        again = f"write it anew with: {command('flywheel', 'resume', file.parent)}"
    try:
        kept = json.loads(file.read_text("utf-8"))
        if kept["schema"] != SCHEMA:
            raise ResultError(f"'{file}' holds '{kept['schema']}'; expected '{SCHEMA}'")
        worlds = Worlds(
            company=str(kept["company"]),
            prior=str(kept["prior"]),
            engine=str(kept["engine"]),
            seed=int(kept["seed"]),
            tried=int(kept["tried"]),
            numbers=np.array(kept["numbers"], np.int64),
            shifts=_unpacked(kept["shifts"], len(kept["numbers"])),
            references=_columns(kept["references"]),
            values=_columns(kept.get("values", {})),
            beside=dict(kept.get("beside", {})),
            aims=tuple(Aim(**_tuples(one)) for one in kept["aims"]),
            learned=tuple(Learned(**_tuples(one)) for one in kept["learned"]),
            impossible=int(kept["impossible"]),
            source=os.fspath(path),
            notes=tuple(kept["notes"]),
            fitting=int(kept["fitting"]),
            changes=dict(kept.get("changes", {})),
        )
        same = worlds.digest == kept["digest"]
    except FileNotFoundError:
        raise ResultError(
            f"there are no worlds at '{path}'; flywheel worlds COMPANY makes them, or flywheel calibrate --method "
            f"posterior"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ResultError(f"'{file}' cannot be read: {error}") from None
    except (ValueError, KeyError, TypeError, AttributeError, zlib.error) as error:
        if isinstance(error, ResultError):
            raise
        raise ResultError(f"'{file}' is broken; {again}") from None
    columns = (*worlds.references.values(), *worlds.shifts.values(), *worlds.values.values())
    if not same or any(len(column) != worlds.n for column in columns):
        raise ResultError(f"'{file}' is not what was written; {again}")
    for name, known in worlds.beside.items() if given.is_dir() else ():
        path = given / name
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != known:
            raise ResultError(
                f"'{path}' is not what was written; {again} (what you have changed in it belongs into a file elsewhere)"
            )
    return worlds


def _columns(kept: Mapping[str, Any]) -> dict[str, Floats]:
    return {str(path): np.array(values, np.float64) for path, values in kept.items()}


def _unpacked(packed: Mapping[str, Any], count: int) -> dict[str, Floats]:
    table = np.frombuffer(zlib.decompress(b64decode(packed["data"], validate=True)), "<i2") / 1000.0
    return dict(zip(map(str, packed["paths"]), table.reshape(len(packed["paths"]), count), strict=True))


def _tuples(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return lists as tuples, with what JSON cannot hold as it was."""
    return {
        name: tuple(float("nan") if x is None else x for x in value)
        if isinstance(value, list)
        else float("nan")
        if value is None
        else value
        for name, value in values.items()
    }
