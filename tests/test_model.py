"""The simulation as a Mesa model: Mesa's own tools work on it, and looking or interfering does only what it says."""

import gc
import pickle
import random
import weakref

import mesa
import numpy as np
import pytest
from small_model import SMALL, Log, Other, broken_off, half_way, same, to

from flywheel_sim import FlywheelModel, ScenarioError, load, run
from flywheel_sim.model import Customers, Team
from flywheel_sim.scenario.columns import NAMES


@pytest.fixture
def model():
    return FlywheelModel(SMALL, rng=2)


# --- Mesa -------------------------------------------------------------------------------------------------------------


def test_stepping_is_running(model):
    assert (model.week, model.horizon, model.running, model.steps) == (0, 20, True, 0)
    for week in range(1, 21):
        assert model.running
        model.step()
        assert model.week == model.steps == week
    assert not model.running
    same(model.results(), run(SMALL, seed=2))


def test_beyond_the_horizon(model):
    model.run_model()
    for _ in range(2):
        with pytest.raises(RuntimeError, match="the run is over: its horizon is 20 weeks"):
            model.step()
    assert model.week == model.steps == 20
    assert len(model.datacollector.model_vars["week"]) == 20


def test_nothing_is_collected_before_somebody_looks(monkeypatch):
    collected = []
    monkeypatch.setattr(mesa.DataCollector, "collect", lambda self, model: collected.append(model.week))
    model = FlywheelModel(SMALL, rng=3)
    for _ in range(3):
        model.step()
    assert collected == []
    assert model.datacollector and collected == [1, 2, 3]
    model.step()
    assert collected == [1, 2, 3, 4]


def test_a_data_collector_is_full_whenever_it_is_first_looked_at():
    early, late = FlywheelModel(SMALL, rng=3), FlywheelModel(SMALL, rng=3)
    assert list(early.datacollector.model_vars["week"]) == []
    early.run_model()
    late.run_model()
    frame = late.datacollector.get_model_vars_dataframe()
    assert frame.equals(early.datacollector.get_model_vars_dataframe()) and frame.equals(late.results().weekly)


def test_a_data_collector_of_ones_own_takes_its_place():
    model = FlywheelModel(SMALL, rng=3)
    model.datacollector = mesa.DataCollector(model_reporters={"twice": lambda model: 2 * model.week})
    model.step()
    model.step()
    assert model.datacollector.model_vars == {"twice": [2, 4]}


def test_the_data_collector_holds_the_weekly_columns(model):
    model.run_model()
    collected = model.datacollector.get_model_vars_dataframe()
    assert list(collected) == ["week", *NAMES]
    assert collected.equals(run(SMALL, seed=2).weekly)


def test_teams_and_customers_are_agents(model):
    assert isinstance(model, mesa.Model) and all(isinstance(agent, mesa.Agent) for agent in model.agents)
    assert len(model.agents) == len(model.spec.teams) + 1
    assert set(model.agents_by_type) == {Team, Customers}
    assert set(model.teams) | {model.customers} == set(model.agents)
    assert len({agent.unique_id for agent in model.agents}) == len(model.agents)


def test_mesas_own_names_are_left_to_mesa():
    for name in ("scenario", "time", "steps", "agents", "rng", "random"):
        assert name not in vars(FlywheelModel)


def test_mesas_generators_are_not_touched(model):
    def states():
        world = np.random.get_state()  # noqa: NPY002
        return [model.rng.bit_generator.state, model.random.getstate(), random.getstate(), world[1].tolist(), world[2]]

    before = states()
    model.run_model()
    model.fork()
    assert states() == before


@pytest.mark.parametrize("period", [1, -1, 7])
def test_batch_run(period):
    shorter = {**SMALL, "horizon_weeks": 12}
    parameters = {"spec": [SMALL, shorter], "rng": [4, 5]}
    rows = mesa.batch_run(FlywheelModel, parameters, data_collection_period=period, display_progress=False)
    assert len({row["RunId"] for row in rows}) == 4
    weekly = {
        (weeks, k): run({**SMALL, "horizon_weeks": weeks}, seed=k).arrays.weekly for weeks in (12, 20) for k in (4, 5)
    }
    for row in rows:
        expected = weekly[row["spec"]["horizon_weeks"], row["rng"]][row["week"] - 1]
        assert np.array_equal([row[name] for name in NAMES], expected, equal_nan=True)
    last = [max(row["week"] for row in rows if row["RunId"] == k) for k in range(4)]
    if period != 7:  # Mesa 3.3 adds the last week to every seventh, Mesa 3.5 does not
        assert sorted(last) == [12, 12, 20, 20]
    if period == 1:
        assert len(rows) == 64


def test_batch_run_with_names_and_scenarios():
    spec = load(SMALL).with_({"horizon_weeks": 3})
    rows = mesa.batch_run(FlywheelModel, {"spec": spec, "rng": range(2)}, display_progress=False)
    assert [row["week"] for row in rows] == [3, 3] and rows[0]["cash"] != rows[1]["cash"]
    rows = mesa.batch_run(FlywheelModel, {"spec": ["b2b-saas"]}, max_steps=2, display_progress=False)
    assert rows[0]["cash"] == run("b2b-saas").weekly["cash"][rows[0]["week"] - 1]


@pytest.mark.slow
def test_batch_run_in_processes():
    parameters = {"spec": [SMALL], "rng": [1, 2]}
    rows = mesa.batch_run(FlywheelModel, parameters, number_processes=2, display_progress=False)
    assert {row["rng"]: row["cash"] for row in rows} == {k: run(SMALL, seed=k).weekly["cash"][19] for k in (1, 2)}


@pytest.mark.parametrize(
    "make",
    [
        lambda: FlywheelModel(SMALL),
        half_way,
        broken_off,
        lambda: half_way().fork({"market.external": 0.01}),
        lambda: pickle.loads(pickle.dumps(half_way())),
        lambda: to(FlywheelModel({**SMALL, "horizon_weeks": 2}), 2),
    ],
    ids=["never stepped", "half way", "broken off", "forked", "pickled", "finished"],
)
def test_a_model_nobody_holds_is_freed(make):
    model = make()
    seen, state = weakref.ref(model), weakref.ref(model._state.status)
    del model
    gc.collect()
    assert seen() is None and state() is None


def test_a_model_that_could_not_be_made_is_freed():
    class Half(FlywheelModel):
        def __init__(self):
            super().__init__(SMALL)
            made.append(weakref.ref(self))
            raise ZeroDivisionError

    made = []
    with pytest.raises(ZeroDivisionError):
        Half()
    gc.collect()
    assert made[0]() is None


def test_agents_are_numbered_from_one_in_every_model():
    for _ in range(2):
        model = FlywheelModel(SMALL)
        later = [Other(model) for _ in range(2)]
        count = len(model.teams) + 1
        assert sorted(agent.unique_id for agent in model.agents) == list(range(1, count + 3))
        assert [agent.unique_id for agent in later] == [count + 1, count + 2]


# --- what goes in -----------------------------------------------------------------------------------------------------


def test_every_kind_of_spec(tmp_path):
    (tmp_path / "mine.yaml").write_text("extends: b2b-saas\nhorizon_weeks: 2\n", encoding="utf-8")
    for spec in (str(tmp_path / "mine.yaml"), tmp_path / "mine.yaml", {"extends": "b2b-saas", "horizon_weeks": 2}):
        assert FlywheelModel(spec).horizon == 2
    assert FlywheelModel().spec == load("b2b-saas") == FlywheelModel(load("b2b-saas")).spec


def test_keys():
    short = {**SMALL, "horizon_weeks": 2}

    def luck(**key):
        arrays = FlywheelModel(short, **key).results().arrays
        return arrays.seed, arrays.replicate

    assert luck() == luck(rng=None) == luck(seed=None) == luck(rng=1) == (1, 0)
    assert luck(seed=3) == luck(rng=np.int64(3)) == luck(rng=3, seed=3) == (3, 0)
    assert luck(rng=2**32 - 1, replicate=9) == (2**32 - 1, 9)
    with pytest.raises(ValueError, match="two names of one thing"):
        luck(rng=1, seed=2)
    for bad in (-1, 2**32):
        with pytest.raises(ValueError, match="must lie in 0"):
            luck(rng=bad)
    for bad in (1.5, "1", True, np.random.default_rng(1), [1, 2]):
        with pytest.raises(TypeError, match="luck is keyed"):
            luck(rng=bad)


def test_mistakes_are_named():
    with pytest.raises(ScenarioError, match="accounts"):
        FlywheelModel({**SMALL, "market": {"acounts": 3}})
    with pytest.raises(ValueError, match="no team 'sale'; did you mean 'sales'"):
        FlywheelModel(SMALL, team_class={"sale": Team})
    with pytest.raises(TypeError, match="expected a subclass of Team for 'sales'"):
        FlywheelModel(SMALL, team_class={"sales": int})
    with pytest.raises(TypeError, match=r"interventions: expected objects with a step\(model\)"):
        FlywheelModel(SMALL, interventions=[print])
    with pytest.raises(TypeError, match="analyzers: expected objects"):
        FlywheelModel(SMALL, analyzers=[Log])


# --- looking ----------------------------------------------------------------------------------------------------------


def test_teams(model):
    to(model, 5)
    last = model.results().teams.query("week == 5").set_index("team")
    assert [team.name for team in model.teams] == list(last.index)
    for team in model.teams:
        assert team is model.teams[team.name]
        assert team.magnitude == last.magnitude[team.name]
        assert np.array_equal(team.direction, last.loc[team.name].iloc[-4:].to_numpy(float))
        assert np.linalg.norm(team.direction) == pytest.approx(1)
        assert team.belief.shape == model.need.shape == (4,)
    assert sum(team.headcount for team in model.teams) == pytest.approx(model.last("headcount"))
    model.teams[0].direction[:] = 9
    assert np.linalg.norm(model.teams[0].direction) == pytest.approx(1), "a copy"
    with pytest.raises(KeyError, match="did you mean 'sales'"):
        model.teams["sale"]


def test_customers(model):
    to(model, 8)
    customers, table = model.customers, model.results().customers
    assert len(customers) == 1100 == len(list(customers))
    for name in (
        "segment",
        "state",
        "voice",
        "cause",
        "spells",
        "end_week",
        "source",
        "referrer",
        "first_source",
        "first_referrer",
    ):
        assert np.array_equal(getattr(customers, name), table[name]), name
    assert (customers.state == "customer").sum() == model.last("customers")
    here = customers.state == "customer"
    assert customers.spend[here].sum(dtype=float) == pytest.approx(model.last("spend"))
    one = customers[int(np.flatnonzero(here)[0])]
    assert (one.state, one.voice) == (table.state[one.id], table.voice[one.id])
    assert one.relationship == customers.relationship[one.id] and isinstance(one.relationship, float)
    assert isinstance(one.segment, str) and isinstance(one.spells, int)
    assert customers[-1].id == 1099 and customers[np.int64(3)].id == 3


def test_columns_are_views(model):
    before = model.customers.relationship
    model.step()
    assert np.shares_memory(before, model.customers.relationship)
    assert np.array_equal(before, model.customers.relationship)
    model.customers.relationship[3] = 0.25
    assert model.customers[3].relationship == 0.25
    model.customers.effort = 0.5
    assert (model.customers.effort == 0.5).all()


def test_what_may_not_be_written(model):
    customers = model.customers
    for name in ("status", "revenue", "state", "spells"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(customers, name)[0] = 1
        with pytest.raises(AttributeError, match="cannot be set"):
            setattr(customers, name, 1)
    with pytest.raises(AttributeError, match=r"write to the column: model.customers.spend\[3\]"):
        customers[3].spend = 5
    with pytest.raises(AttributeError, match="did you mean 'relationship'"):
        customers.relationships  # noqa: B018
    with pytest.raises(AttributeError, match="has no 'x'"):
        customers[0].x  # noqa: B018
    for bad in (1100, -1101):
        with pytest.raises(IndexError, match=r"numbered 0 \.\. 1099"):
            customers[bad]
    for bad in (slice(3), "a", 1.0):
        with pytest.raises(TypeError, match="for many, use a column"):
            customers[bad]


def test_last(model):
    assert model.last("customers") == 100
    model.step()
    assert model.last("customers") == model.results().weekly["customers"][0]
    with pytest.raises(KeyError, match="did you mean 'customers'"):
        model.last("customer")


# --- hooks ------------------------------------------------------------------------------------------------------------


def test_the_order_of_a_week():
    log = []

    class Deciding(Team):
        def decide(self):
            log.append((self.name, self.model.week))

    hooks = {"interventions": [Log("first", log), Log("second", log)], "analyzers": [Log("after", log)]}
    model = FlywheelModel(SMALL, team_class={"sales": Deciding}, **hooks)
    model.step()
    assert log == [("first", 0), ("second", 0), ("sales", 0), ("after", 1)]


def test_a_team_that_decides():
    class Stubborn(Team):
        def decide(self):
            return [0, 0, 0, 50.0]

    model = FlywheelModel(SMALL, rng=2, team_class={"sales": Stubborn})
    plain = to(FlywheelModel(SMALL, rng=2), 20)
    to(model, 20)
    assert isinstance(model.teams["sales"], Stubborn) and type(model.teams["service"]) is Team
    assert model.teams["sales"].direction[3] > 0.9 > plain.teams["sales"].direction[3]
    assert FlywheelModel(SMALL, team_class=Stubborn).agents_by_type.keys() == {Stubborn, Customers}


def test_a_decision_holds_for_one_week():
    class Once(Team):
        def decide(self):
            return np.full(4, 9.0) if self.model.week == 3 else None

    model = FlywheelModel(SMALL, rng=2, team_class=Once)
    to(model, 4)
    assert model._state.decided.all()
    to(model, 5)
    assert not model._state.decided.any()


@pytest.mark.parametrize("wrong", [[1, 2], "north", [1, 2, 3, float("nan")], 1.0, {"care": 1.0}])
def test_a_decision_that_is_none(wrong):
    class Confused(Team):
        def decide(self):
            return wrong

    model = FlywheelModel(SMALL, team_class={"people": Confused})
    with pytest.raises(ValueError, match=r"team 'people' decided .* 4 finite numbers \(acquire, value, ease, care\)"):
        model.step()
    assert not model.running


def test_an_error_in_a_hook_stops_the_model():
    class Broken:
        def step(self, model):
            if model.week == 4:
                raise ZeroDivisionError("no reason")

    model = FlywheelModel(SMALL, interventions=[Broken()])
    with pytest.raises(ZeroDivisionError):
        model.run_model()
    assert not model.running and model.week == 4
    with pytest.raises(RuntimeError, match=r"stopped in week 5 \(ZeroDivisionError: no reason\)"):
        model.step()
    twin = model.fork()
    twin.interventions.clear()
    twin.run_model()
    same(twin.results(), run(SMALL))
