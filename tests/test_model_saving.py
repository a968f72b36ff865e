"""Models that are put away, pickled or on disk, and go on to the same bits."""

import copy
import pickle

import numpy as np
import pytest
from small_model import SMALL, Listens, Log, Other, broken_off, half_way, same, to

from flywheel_sim import FlywheelModel, run
from flywheel_sim.engine import saving
from flywheel_sim.engine.saving import SavedStateError
from flywheel_sim.model import Team


@pytest.fixture
def model():
    return FlywheelModel(SMALL, rng=2)


@pytest.mark.parametrize("again", [lambda m: pickle.loads(pickle.dumps(m)), copy.deepcopy], ids=["pickled", "copied"])
def test_a_pickled_model_goes_on_to_the_same_bits(again):
    model = half_way()
    model.note = [model.teams["sales"], model.customers]
    model.rng.random()
    model.random.random()
    twin = again(model)
    assert (twin.week, twin.steps, twin.running, twin.spec) == (9, 9, True, model.spec)
    hook = twin.interventions[0]
    assert hook.model is twin and hook.team is twin.teams["sales"] is twin.note[0] and hook.teams[1] is twin.teams[1]
    assert hook.one.id == 3 and hook.one.relationship == model.customers[3].relationship
    assert type(hook.team) is Listens and hook.team.asked == 9 and twin.note[1] is twin.customers
    assert [type(agent) for agent in twin.agents] == [type(agent) for agent in model.agents]
    assert [agent.unique_id for agent in twin.agents] == [agent.unique_id for agent in model.agents]
    assert all(agent.model is twin for agent in twin.agents)
    assert twin.rng.random() == model.rng.random() and twin.random.random() == model.random.random()
    assert Other(twin).unique_id == Other(model).unique_id
    twin.step()
    assert model.week == 9, "the two share nothing"
    twin.run_model()
    model.run_model()
    same(twin.results(), model.results())
    assert twin.datacollector.get_model_vars_dataframe().equals(model.datacollector.get_model_vars_dataframe())


@pytest.mark.parametrize("week", [0, 20])
def test_pickle_at_the_ends(model, week):
    twin = pickle.loads(pickle.dumps(to(model, week)))
    assert (twin.week, twin.running) == (week, week < 20)
    if twin.running:
        twin.run_model()
    same(twin.results(), run(SMALL, seed=2))
    with pytest.raises(RuntimeError, match="the run is over"):
        twin.step()


def test_pickle_remembers_why_a_model_stopped():
    model = broken_off()
    twin = pickle.loads(pickle.dumps(model))
    for one in (model, twin):
        with pytest.raises(RuntimeError, match=r"stopped in week 4 \(ZeroDivisionError"):
            one.step()


def test_pickle_may_begin_at_any_part():
    model = half_way()
    for part in (model.teams["sales"], model.teams, model.customers, model.customers[5], model.interventions[0]):
        again = pickle.loads(pickle.dumps(part))
        found = again[0].model if part is model.teams else again._all.model if part is model.customers[5] else (
            again._all.model if hasattr(again, "_all") else again.model)  # fmt: skip
        assert found.week == 9 and found.teams["sales"].asked == 9 and len(found.teams) == len(model.teams)
        found.run_model()
        assert found.week == 20
    whole = to(model, 20).results()
    same(found.results(), whole)


def test_what_cannot_be_pickled():
    class Local:
        def step(self, model):
            pass

    with pytest.raises((pickle.PicklingError, AttributeError), match="Local"):
        pickle.dumps(FlywheelModel(SMALL, analyzers=[Local()]))


def test_another_engine_refuses_a_pickled_model(model, monkeypatch):
    held = pickle.dumps(model)
    monkeypatch.setattr(saving, "engine_hash", lambda: "another")
    with pytest.raises(SavedStateError, match="the pickled model was written by engine"):
        pickle.loads(held)


@pytest.mark.parametrize("week", [0, 7, 20])
def test_save_and_load(tmp_path, model, week):
    to(model, week)
    model.save(tmp_path / "state.npz")
    again = FlywheelModel.load(tmp_path / "state.npz")
    assert (again.week, again.running, again.spec) == (week, week < 20, model.spec)
    assert again.spec.label == model.spec.label
    if week < 20:
        again.run_model()
    same(again.results(), run(SMALL, seed=2))
    assert again.datacollector.get_model_vars_dataframe().equals(again.results().weekly)


def test_save_and_load_a_changed_future(tmp_path, model):
    to(model, 5)
    model.set("teams.sales.headcount", np.int64(2))
    model.set("market.price", np.float32(1.25))
    model.customers.add(np.int64(40))
    to(model, 9)
    model.save(tmp_path / "state.npz")
    log = Log()
    again = FlywheelModel.load(tmp_path / "state.npz", analyzers=[log], team_class={"sales": Team})
    again.set("market.external", 0.05)
    model.set("market.external", 0.05)
    again.run_model()
    model.run_model()
    same(again.results(), model.results())
    same(again.results(), run(again.spec, seed=2))
    assert len(log.log) == 11


def test_a_broken_file(tmp_path):
    (tmp_path / "state.npz").write_text("nothing")
    with pytest.raises(SavedStateError, match="is not a saved state"):
        FlywheelModel.load(tmp_path / "state.npz")
