"""Read what the experiments declare: claims, facts and levers, entries by name in YAML files."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flywheel_sim.scenario import Scenario, shipped_path
from flywheel_sim.scenario.reading import parse, plain

__all__ = ["entries", "entries_of", "every_name"]


def entries(folder: str, *, without: str = "") -> Iterator[tuple[Path, str, dict[str, Any]]]:
    """Yield file, name and fields of every entry in the YAML files of a folder of ``experiments``.

    Parameters
    ----------
    folder : str
        Such as ``"claims"``.
    without : str
        Name of a file that holds something else.

    Raises
    ------
    ValueError
        When a file is no mapping, or a name is there twice.
    """
    names: set[str] = set()
    for path in sorted(shipped_path(f"experiments/{folder}").glob("*.yaml")):
        if path.name == without:
            continue
        for name, entry in entries_of(path).items():
            if name in names:
                raise ValueError(f"{path}: {name} is there twice")
            names.add(name)
            yield path, name, entry


def entries_of(path: Path) -> dict[str, Any]:
    """Return the entries of one file by name."""
    tree = plain(parse(path.read_text("utf-8")))
    if not isinstance(tree, dict):
        raise ValueError(f"{path}: expected entries by name")
    return tree


def every_name(scenario: Scenario, path: str) -> list[str]:
    """Return a dotted path once for every name that may stand for its ``*``.

    Examples
    --------
    >>> from flywheel_sim.scenario import load
    >>> every_name(load("b2b-saas"), "segments.*.need.care")
    ['segments.enterprise.need.care', 'segments.small.need.care']
    """
    here = [""]
    for part in path.split("."):
        here = [f"{at}.{name}" for at in here for name in (scenario.get(at[1:]) if part == "*" else (part,))]
    return [at[1:] for at in here]
