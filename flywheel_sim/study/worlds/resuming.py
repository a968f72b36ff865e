"""Go on with worlds whose making was interrupted."""

import os
from collections.abc import Callable
from pathlib import Path

from flywheel_sim.engine.fingerprint import engine_hash
from flywheel_sim.results.saving import ResultError
from flywheel_sim.results.worlds import Worlds
from flywheel_sim.scenario import ScenarioError
from flywheel_sim.scenario.writing import one_line
from flywheel_sim.study.worlds.making import company_of, folder_for, worlds
from flywheel_sim.study.worlds.prior import Prior
from flywheel_sim.study.worlds.unfinished import asked_of
from flywheel_sim.typed import command

__all__ = ["resume"]


def resume(
    folder: str | os.PathLike[str], *, workers: int | None = None, progress: Callable[[int, int], None] | None = None
) -> Worlds:
    """Go on with worlds that were being made; what is there is not made again, and the bits are those of one go.

    Raises
    ------
    ResultError
        When there are none, or engine or company have changed since they were begun.
    """
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
        asked["company"],
        asked["draws"],
        file if whole else folder,
        changes=asked["changes"],
        seed=asked["seed"],
        keep=asked["keep"],
        workers=workers,
        progress=progress,
    )
