"""A saved simulation goes on to the same bits, and a file that cannot be trusted is refused in one sentence."""

import json
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from flywheel_sim import load
from flywheel_sim.engine import saving
from flywheel_sim.engine.run import Simulation
from flywheel_sim.engine.saving import SavedStateError, copied, load_simulation, redirect, save_simulation
from flywheel_sim.files import PlaceError
from flywheel_sim.results.accounts import Accounts

SMALL = {
    "extends": "b2b-saas",
    "horizon_weeks": 30,
    "market": {"accounts": 1100, "initial_customers": 100, "external": 0.005},
    "ledger": {"can_fail": False},
    "causes": {"enabled": True},
    "reactions": {"enabled": True, "delay": 1},
    "sensing": {"survey_weeks": 4},
    "cadence": {"enabled": True, "members": ["sales"], "review_weeks": 4, "plan_weeks": 13},
}
OTHER = {
    **SMALL,
    "horizon_weeks": 20,
    "market": {"accounts": 300, "initial_customers": 30, "network": {"kind": "barabasi-albert"}},
    "timeline": {"changes": {"later": {"from_week": 12, "ramp_weeks": 3, "set": {"market.external": 0.05}}}},
}


def started(week=13, keep_teams=True):
    simulation = Simulation([load(SMALL).model, load(OTHER).model], [(1, 7, 2), (0, 7, 2)], keep_teams)
    simulation.advance(week)
    return simulation


def same(a, b):
    """Assert that two simulations stand at the same place, to the bit."""
    assert a.week == b.week and a.runs == b.runs
    for name in a.state._fields:
        x, y = getattr(a.state, name), getattr(b.state, name)
        if name == "run":
            x, y = x[[n for n in x.dtype.names if n != "epoch"]], y[[n for n in y.dtype.names if n != "epoch"]]
            assert x.tolist() == y.tolist()
        elif name == "now":
            assert x.tolist() == y.tolist()
        else:
            assert np.array_equal(x, y, equal_nan=True), name
    for q in range(a.runs):
        x, y = Accounts.of(a, q), Accounts.of(b, q)
        assert all(np.array_equal(x[name], y[name]) for name in x)


@pytest.mark.parametrize("week", [0, 1, 13, 25, 30])
@pytest.mark.parametrize("keep_teams", [True, False])
def test_save_load_go_on(tmp_path, week, keep_teams):
    simulation = started(week, keep_teams)
    again, notes = load_simulation(save_simulation(simulation, tmp_path / "state.npz"))
    assert notes == {}
    same(simulation, again)
    simulation.advance()
    again.advance()
    same(simulation, again)


def test_loading_keeps_one_compiled_signature(tmp_path):
    """The arrays that come back are of the very types the engine was compiled for."""
    from flywheel_sim.engine.tick import advance

    simulation = started()
    before = len(advance.signatures)
    again, _ = load_simulation(save_simulation(simulation, tmp_path / "state.npz"))
    again.advance(1)
    copied(simulation).advance(1)
    assert len(advance.signatures) == before


def test_a_copy_lives_its_own_life():
    simulation = started()
    twin = copied(simulation)
    twin.advance()
    assert simulation.week == 13
    same(simulation, started())
    simulation.advance()
    same(simulation, twin)


def test_another_future_is_the_one_a_timeline_tells():
    changed = load(SMALL).with_({"timeline.changes.x": {"from_week": 14, "set": {"teams.sales.headcount": 2}}}).model
    simulation = Simulation([load(SMALL).model], [(0, 1, 0)])
    simulation.advance(13)
    redirect(simulation, changed)
    simulation.advance()
    told = Simulation([changed], [(0, 1, 0)])
    told.advance()
    same(told, simulation)


TWISTED = {
    "first": {"from_week": 3, "until_week": 20, "set": {"market.external": 0.02}},
    "ramp": {"from_week": 5, "ramp_weeks": 8, "set": {"ledger.overhead": 20000.0}},
    "over": {"from_week": 2, "until_week": 9, "set": {"service.issues": 0.3}},
    "settled": {"from_week": 4, "set": {"teams.sales.headcount": 5.0, "word_of_mouth.rate": 0.02}},
    "hidden": {"from_week": 6, "set": {"market.external": 0.03}},
    "group": {"from_week": 13, "set": {"cadence.enabled": True}},
    "no-group": {"from_week": 20, "until_week": 22, "set": {"cadence.enabled": False}},
    "to-come": {"from_week": 22, "set": {"word_of_mouth.rate": 0.001, "ledger.overhead": 1000.0}},
}


@pytest.mark.parametrize("week", [0, 3, 8, 12, 13, 14, 19, 21, 25])
def test_what_is_settled_may_be_forgotten(week):
    """A shortened timeline tells the same future, however its changes overlap."""
    twisted = load({**SMALL, "timeline": {"changes": TWISTED, "customers": {"a": {"week": 4, "add": 9}}}}).model
    told = Simulation([twisted], [(0, 1, 0)])
    told.advance()
    simulation = Simulation([twisted], [(0, 1, 0)])
    simulation.advance(week)
    epochs = len(simulation.program.epochs)
    redirect(simulation, twisted)
    assert len(simulation.program.epochs) <= epochs + 1
    simulation.advance()
    same(told, simulation)


def test_another_size_is_no_other_future():
    simulation = Simulation([load(SMALL).model], [(0, 1, 0)])
    with pytest.raises(ValueError, match="the number of horizon is fixed for the whole run: 30 cannot become 40"):
        redirect(simulation, load(SMALL).with_({"horizon_weeks": 40}).model)


def test_the_same_state_makes_the_same_file(tmp_path):
    a, b = save_simulation(started(), tmp_path / "a"), save_simulation(started(), tmp_path / "b")
    assert a.read_bytes() == b.read_bytes()


def test_a_file_holds_plain_arrays_and_json(tmp_path):
    path = save_simulation(started(), tmp_path / "state.npz", {"why": "to see"})
    with zipfile.ZipFile(path) as file:
        assert {name.rpartition(".")[2] for name in file.namelist()} == {"npy"}
    with np.load(path, allow_pickle=False) as file:
        manifest = json.loads(file["manifest"].tobytes())
        assert all(file[name].dtype != object for name in file.files)
    assert manifest["format"] == "flywheel.saved-state/1"
    assert manifest["runs"] == [[1, 7, 2], [0, 7, 2]] and manifest["notes"] == {"why": "to see"}


@pytest.fixture
def saved(tmp_path):
    return save_simulation(started(), tmp_path / "state.npz")


def rewritten(path, **changes):
    """The file with some arrays replaced (None: left out) and the manifest changed."""
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    manifest = json.loads(arrays["manifest"].tobytes()) | changes.pop("manifest", {})
    arrays["manifest"] = np.frombuffer(json.dumps(manifest).encode(), np.uint8)
    arrays = {name: array for name, array in (arrays | changes).items() if array is not None}
    with path.open("wb") as file:
        np.savez(file, allow_pickle=True, **arrays)
    return path


def refused(path, words):
    with pytest.raises(SavedStateError, match=words) as found:
        load_simulation(path)
    assert "\n" not in str(found.value)


def test_no_file(tmp_path):
    refused(tmp_path / "nothing.npz", "there is no saved state")
    refused(tmp_path, "there is no saved state")


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04" + bytes(200), b"\x93NUMPY" + bytes(100)])
def test_not_a_saved_state(tmp_path, content):
    (tmp_path / "x").write_bytes(content)
    refused(tmp_path / "x", "is not a saved state")


def test_cut_off_or_damaged(saved):
    whole = saved.read_bytes()
    saved.write_bytes(whole[: len(whole) // 2])
    refused(saved, "is not a saved state, or it is cut off")
    saved.write_bytes(whole[:2000] + bytes(500) + whole[2500:])
    refused(saved, "is broken")


@pytest.mark.parametrize(
    "changes",
    [
        {"manifest": {"models": []}},
        {"manifest": {"runs": "x"}},
        {"manifest": {"models": [{"horizon_weeks": -1}]}},
        {"manifest": {"week": "soon"}},
        {"relationship": None},
        {"relationship": np.zeros(3, np.float32)},
        {"status": np.zeros(3072, np.float64)},
        {"weekly": np.array([{}], object)},
        {"run": np.zeros(2)},
    ],
)
def test_what_does_not_fit(saved, changes):
    refused(rewritten(saved, **changes), "is broken")


def test_another_format_or_engine(saved):
    refused(rewritten(saved, manifest={"format": "flywheel.saved-state/2"}), "holds a 'flywheel.saved-state/2'")
    refused(
        rewritten(saved, manifest={"format": saving.FORMAT, "engine": "0" * 16}), "written by engine 0000000000000000"
    )


@pytest.mark.skipif(os.name == "nt", reason="permissions are those of the folder there")
def test_a_saved_state_follows_the_umask_a_link_and_a_pipe(saved, tmp_path):
    simulation, before = load_simulation(saved)[0], os.umask(0o027)
    try:
        assert save_simulation(simulation, tmp_path / "new.npz").stat().st_mode & 0o777 == 0o640
    finally:
        os.umask(before)
    (tmp_path / "new.npz").chmod(0o600)
    (tmp_path / "link.npz").symlink_to(tmp_path / "new.npz")
    save_simulation(simulation, tmp_path / "link.npz", {"by": "hand"})
    assert (tmp_path / "link.npz").is_symlink() and load_simulation(tmp_path / "new.npz")[1] == {"by": "hand"}
    assert (tmp_path / "new.npz").stat().st_mode & 0o777 == 0o600, "a file that is replaced keeps its permissions"
    with pytest.raises(PlaceError, match="there is no folder"):
        save_simulation(simulation, tmp_path / "none" / "state.npz")
    assert save_simulation(simulation, os.devnull) == Path(os.devnull) and not Path(os.devnull).is_file()


def test_a_failed_save_leaves_the_old_file(saved, monkeypatch):
    before = saved.read_bytes()

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(saving.np, "savez_compressed", full)
    with pytest.raises(OSError, match="No space"):
        save_simulation(started(), saved)
    assert saved.read_bytes() == before
    assert [path.name for path in saved.parent.iterdir()] == ["state.npz"]
    with pytest.raises(SavedStateError, match="is a folder"):
        save_simulation(started(), saved.parent)
