"""A store's design in a new store, to be run once more."""

import shutil
from dataclasses import replace
from pathlib import Path

from flywheel_sim.execute.parts import part_names
from flywheel_sim.execute.ruled import same_rules
from flywheel_sim.execute.store import Store

__all__ = ["begun_again"]


def begun_again(store: Store, folder: Path) -> Store:
    """Begin a store that asks for the same runs, with the code that is here, and open it for writing.

    Runs keep their numbers and names, though another engine may have named them.

    Parameters
    ----------
    store : Store
    folder : path
        Must not exist yet, or be empty.

    Raises
    ------
    ResultError
        When it cannot be written.
    """
    experiment = replace(store.experiment, rules=same_rules(store.rules, f"'{store.folder}'"))
    Store.create(folder, experiment, like=store).close()
    for name in part_names(store.folder / "design"):
        shutil.copy2(store.folder / "design" / name, folder / "design" / name)
    return Store.open(folder, write=True)
