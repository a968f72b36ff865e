"""A simulation put aside: copied, given another future, written to disk and read back, to the same bits.

A saved state is one zip of plain ``.npy`` arrays (numpy's npz): the arrays of
:class:`~flywheel_sim.engine.state.State`, and ``manifest``, JSON as UTF-8 bytes.  Nothing is pickled, so a file from a
stranger runs no code.  What follows from the scenario and the key alone, the network, is not stored but built again.
State means something only to the engine that wrote it, so a file carries the engine's hash and another engine refuses
it.
"""

import copy
import dataclasses
import io
import json
import os
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np

from flywheel_sim.__about__ import __version__
from flywheel_sim.engine.fingerprint import engine_hash
from flywheel_sim.engine.lowering import lower, model_at_week
from flywheel_sim.engine.run import Simulation
from flywheel_sim.engine.state import State
from flywheel_sim.files import whole_file
from flywheel_sim.scenario.blocks.m25_timeline import Change
from flywheel_sim.scenario.schema import ScenarioModel

__all__ = [
    "FORMAT", "SavedStateError", "copied", "from_bytes", "load_simulation", "redirect", "save_simulation", "to_bytes",
]  # fmt: skip

#: Format of a saved state.
FORMAT = "flywheel.saved-state/1"
_BUILT = ("edge", "friend")


class SavedStateError(ValueError):
    """A saved state that cannot be read, in the words of its owner."""


def copied(simulation: Simulation) -> Simulation:
    """A simulation that stands where this one stands and goes on by itself."""
    twin = copy.copy(simulation)
    twin.state = State._make(array.copy() for array in simulation.state)
    return twin


def redirect(simulation: Simulation, model: ScenarioModel) -> None:
    """Let a simulation of one run go on under another scenario, from the coming week on.

    Parameters
    ----------
    simulation : Simulation
        Of one run.
    model : ScenarioModel
        Its past must be what the simulation has lived through; names and sizes must be the same.

    Raises
    ------
    ValueError
        If the number of something named differs.
    """
    program = lower([_settled(model, simulation.week)])
    before, after = simulation.program.par[simulation.program.calendar[0, 0]]["size"], program.par[0]["size"]
    for name in ("axes", "teams", "segments", "touchpoints", "horizon"):
        if before[name] != after[name]:
            raise ValueError(
                f"the number of {name} is fixed for the whole run: {before[name]} cannot become {after[name]}"
            )
    before_learning, learning = simulation.program.models[0].culture.learning, model.culture.learning
    if (before_learning.enabled, before_learning.people, before_learning.practices) != (
        learning.enabled,
        learning.people,
        learning.practices,
    ):
        raise ValueError("culture.learning: who learns how many practices is fixed for the whole run")
    before_model = simulation.program.models[0]
    if (before_model.measures.per_account or before_model.ledger.allocate_payroll) != (
        model.measures.per_account or model.ledger.allocate_payroll
    ):
        raise ValueError("measures.per_account and ledger.allocate_payroll: what is counted is fixed for the whole run")
    if simulation.program.models[0].service.event_timed != model.service.event_timed:
        raise ValueError("service.event_timed is fixed for the whole run: issues in a queue cannot change their form")
    simulation.program = dataclasses.replace(program, models=(model,))
    _recall_epoch(simulation)


def _recall_epoch(simulation: Simulation) -> None:
    """Say under which epoch of its program each run lived last, so that it sees what changes in the coming week."""
    calendar, week = simulation.program.calendar, simulation.week
    for run in simulation.state.run:
        run["epoch"] = calendar[run["scenario"], min(week, calendar.shape[1]) - 1] if week else -1


def _settled(model: ScenarioModel, week: int) -> ScenarioModel:
    """Return the scenario with what its timeline has settled by ``week`` written in: the same future in fewer epochs.

    ``week`` is the last one lived through, so that what changes in the coming one still is a change.
    """
    timeline = model.timeline
    if not timeline.enabled:
        return model
    settled: dict[str, Change] = {}
    open_paths: list[str] = []
    later: dict[str, Change] = {}
    for name, change in timeline.changes.items():
        if change.until_week and change.until_week <= week:
            continue
        paths = list(change.values)
        done = week >= change.from_week + change.ramp_weeks and not change.until_week
        if done and not any(_overlap(a, b) for a in paths for b in open_paths):
            settled[name] = change
        else:
            later[name] = change
            open_paths += paths
    if not settled:
        return model.model_copy(update={"timeline": timeline.model_copy(update={"changes": later})})
    past = model.model_copy(update={"timeline": timeline.model_copy(update={"changes": settled})})
    return model_at_week(past, week).model_copy(update={"timeline": timeline.model_copy(update={"changes": later})})


def _overlap(a: str, b: str) -> bool:
    return a == b or a.startswith(b + ".") or b.startswith(a + ".")


def save_simulation(
    simulation: Simulation, path: str | os.PathLike[str], notes: Mapping[str, Any] | None = None
) -> Path:
    """Write a simulation to one file; readers see the old file or the whole new one.

    Parameters
    ----------
    simulation : Simulation
        At any week.
    path : path
        File to write or replace.
    notes : mapping, optional
        JSON values to keep with it.

    Raises
    ------
    SavedStateError
        For the path of a folder.
    PlaceError
        When the folder above is missing or locked, or the file may not be written to.
    OSError
        When the disk is full.

    Examples
    --------
    >>> import tempfile
    >>> from flywheel_sim.engine.run import Simulation
    >>> from flywheel_sim.scenario import load
    >>> simulation = Simulation([load("b2b-saas").with_({"horizon_weeks": 4}).model], [(0, 1, 0)])
    >>> simulation.advance(2)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     again, notes = load_simulation(save_simulation(simulation, f"{folder}/state.npz", {"by": "hand"}))
    >>> again.week, notes
    (2, {'by': 'hand'})
    """
    target = Path(path)
    if target.is_dir():
        raise SavedStateError(f"'{target}' is a folder; expected a file name")
    with whole_file(target) as draft, draft.open("wb") as file:
        _write(simulation, file, notes)
    return target


def to_bytes(simulation: Simulation, notes: Mapping[str, Any] | None = None) -> bytes:
    """Hold in memory what `save_simulation` writes to a file."""
    held = io.BytesIO()
    _write(simulation, held, notes)
    return held.getvalue()


def from_bytes(held: bytes) -> tuple[Simulation, dict[str, Any]]:
    """Go on from what `to_bytes` held.

    Raises
    ------
    SavedStateError
        When it is broken, or another engine wrote it.
    """
    return _made(_arrays(io.BytesIO(held), "the pickled model"), "the pickled model")


def _write(simulation: Simulation, file: IO[bytes], notes: Mapping[str, Any] | None) -> None:
    state = simulation.state
    manifest = {
        "format": FORMAT,
        "version": __version__,
        "engine": engine_hash(),
        "week": simulation.week,
        "runs": [[int(r["scenario"]), int(r["seed"]), int(r["replicate"])] for r in state.run],
        "keep_teams": bool((state.run["log0"] >= 0).all()),
        "models": [model.model_dump(mode="json", by_alias=True) for model in simulation.program.models],
        "notes": dict(notes or {}),
    }
    arrays = {name: array for name, array in state._asdict().items() if name not in _BUILT}
    arrays["manifest"] = np.frombuffer(json.dumps(manifest, allow_nan=False).encode(), np.uint8)
    np.savez_compressed(file, allow_pickle=False, **arrays)


def load_simulation(path: str | os.PathLike[str]) -> tuple[Simulation, dict[str, Any]]:
    """Read a simulation back; it goes on as if it had never stopped.

    Returns
    -------
    simulation : Simulation
    notes : dict
        What was kept with it.

    Raises
    ------
    SavedStateError
        When there is no such file, it is broken, or another engine wrote it.
    """
    return _made(_read(Path(path)), f"'{path}'")


def _made(arrays: dict[str, Any], what: str) -> tuple[Simulation, dict[str, Any]]:
    """The simulation that saved arrays describe; ``what`` is what messages call them."""
    broken = SavedStateError(f"{what} is broken; run the scenario again")
    try:
        manifest = json.loads(arrays.pop("manifest").tobytes())
        written, engine = str(manifest["format"]), str(manifest["engine"])
    except (ValueError, KeyError, TypeError):
        raise broken from None
    if written != FORMAT:
        raise SavedStateError(f"{what} holds a '{written}'; this version of flywheel_sim reads '{FORMAT}'")
    if engine != engine_hash():
        raise SavedStateError(
            f"{what} was written by engine {engine} (flywheel_sim {manifest.get('version')}); under this one, "
            f"{engine_hash()}, it would not continue to the same numbers; run the scenario again"
        )
    try:
        models = [ScenarioModel.model_validate(values) for values in manifest["models"]]
        runs = [(int(s), int(seed), int(k)) for s, seed, k in manifest["runs"]]
        simulation = Simulation(models, runs, keep_teams=bool(manifest["keep_teams"]))
        simulation.week, notes = int(manifest["week"]), dict(manifest["notes"])
    except (ValueError, KeyError, TypeError):
        raise broken from None
    _fill(simulation.state, arrays, broken)
    _recall_epoch(simulation)
    return simulation, notes


def _read(path: Path) -> dict[str, Any]:
    """Every array of a file."""
    if not path.is_file():
        raise SavedStateError(f"there is no saved state at '{path}'")
    if not zipfile.is_zipfile(path):
        raise SavedStateError(f"'{path}' is not a saved state, or it is cut off")
    return _arrays(path, f"'{path}'")


def _arrays(file: Path | IO[bytes], what: str) -> dict[str, Any]:
    """Every array of a saved state."""
    try:
        with np.load(file, allow_pickle=False) as held:
            return {name: held[name] for name in held.files}
    except (ValueError, OSError, EOFError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise SavedStateError(f"{what} is broken: {error}") from None


def _fill(state: State, arrays: Mapping[str, Any], broken: SavedStateError) -> None:
    """Copy arrays into a state of the same shape and type."""
    fields: Sequence[str] = [name for name in State._fields if name not in _BUILT]
    for name in fields:
        target, array = getattr(state, name), arrays.get(name)
        if array is None or array.shape != target.shape or _kinds(array.dtype) != _kinds(target.dtype):
            raise broken
    for name in fields:
        getattr(state, name)[...] = arrays[name]


def _kinds(dtype: Any) -> Any:
    """A type without its padding."""
    return dtype.str if dtype.names is None else [(name, dtype[name].str) for name in dtype.names]
