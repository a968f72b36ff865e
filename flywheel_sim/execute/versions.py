"""Which code made a run: driver, workers and store must agree, or their runs are not of one kind."""

from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path

from flywheel_sim.__about__ import __version__
from flywheel_sim.engine.fingerprint import code_hash, engine_hash
from flywheel_sim.results.saving import ResultError

__all__ = ["CodeMismatch", "agree", "code", "unlike"]


class CodeMismatch(ResultError):
    """Two places that should compute the same run have different code."""


@cache
def _outcomes_hash() -> str:
    """Return the hash of the sources that turn a run into its numbers."""
    package = Path(__file__).parents[1]
    sources = [package / "results" / "summary.py", package / "execute" / "chunk.py", package / "execute" / "outcome.py"]
    return code_hash(sources, package)


@cache
def _library(name: str) -> str:
    return version(name)


def code() -> dict[str, str]:
    """Return what decides the bits of a run and of its numbers, by name.

    Examples
    --------
    >>> sorted(code())
    ['engine', 'flywheel_sim', 'numba', 'numpy', 'outcomes', 'scipy']
    """
    return {
        "flywheel_sim": __version__,
        "engine": engine_hash(),
        "outcomes": _outcomes_hash(),
        "numpy": _library("numpy"),
        "scipy": _library("scipy"),
        "numba": _library("numba"),
    }


def agree(theirs: Mapping[str, str], who: str, what_to_do: str) -> None:
    """Refuse code that differs from ours.

    Parameters
    ----------
    theirs : mapping
        What `code` said elsewhere.
    who : str
        Where that was, to begin the message with.
    what_to_do : str
        Ends the message.

    Raises
    ------
    CodeMismatch
    """
    if listed := unlike(theirs):
        raise CodeMismatch(f"{who} other code: {listed}; {what_to_do}")


def unlike(theirs: Mapping[str, str]) -> str:
    """Return what differs from our code, in words; empty when nothing does.

    Examples
    --------
    >>> unlike(code()), unlike(code() | {"numba": "0.1"}).split(" (here")[0]
    ('', 'numba 0.1')
    """
    ours = code()
    names = [name for name in ours if ours[name] != theirs.get(name)]
    return ", ".join(f"{name} {theirs.get(name, 'unknown')} (here {ours[name]})" for name in names)
