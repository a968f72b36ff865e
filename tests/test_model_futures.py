"""Other futures of a model half-way: what a fork changes, what it remembers, and what can be told of it."""

import numpy as np
import pytest
from small_model import SMALL, Log, same, to

from flywheel_sim import FlywheelModel, ScenarioError, run
from flywheel_sim.model import Team


@pytest.fixture
def model():
    return FlywheelModel(SMALL, rng=2)


FUTURES = {
    "a number": {"market.external": 0.05},
    "a team": {"teams.sales.headcount": 3, "teams.marketing.headcount": 9},
    "a switch": {"incentives.enabled": True},
    "a choice": {"word_of_mouth.normalise": "per_prospect"},
    "a block": {"market.churn": {"mean": 0.1, "sensitivity": 2.0}},
    "the default": {"market.external": None},
    "its own timeline": {"timeline.changes.soon": {"from_week": 9, "until_week": 12, "set": {"market.price": 2.0}}},
    "a pulse": {"timeline.customers.gift": {"week": 11, "add": 30}, "market.price": 1.2},
}


@pytest.mark.parametrize("changes", FUTURES.values(), ids=list(FUTURES))
def test_a_fork_is_a_run_that_can_be_told(model, changes):
    to(model, 7)
    fork = model.fork(changes)
    assert (fork.week, fork.steps) == (7, 0) and fork.spec != model.spec
    fork.run_model()
    model.run_model()
    same(model.results(), run(SMALL, seed=2))
    same(fork.results(), run(fork.spec, seed=2))
    same(fork.results(), run(fork.results().scenario, seed=2))
    a, b = model.results().arrays.weekly, fork.results().arrays.weekly
    assert np.array_equal(a[:7], b[:7], equal_nan=True)
    assert not np.array_equal(a[7:], b[7:], equal_nan=True)
    assert fork.datacollector.get_model_vars_dataframe().equals(fork.results().weekly)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"market.accounts": 2000}, "market.accounts: is fixed"),
        ({"horizon_weeks": 52}, "horizon_weeks: is fixed"),
        ({"market.network.kind": "ring"}, "market.network.kind: is fixed"),
        ({"teams.robots": {"headcount": 1, "craft": {"ease": 1}}}, "teams.robots.* cannot appear during a run"),
        ({"teams.people": None}, "teams.people.* cannot vanish during a run"),
        ({"incentives.pay.service": {"on": {"deals": 1}}}, "incentives.pay.service.* cannot appear"),
        ({"timeline.changes.past": {"from_week": 3, "set": {"market.external": 0.1}}}, "the past has happened"),
        ({"timeline.customers.past": {"week": 7, "add": 5}}, "from week 8 on"),
    ],
)
def test_what_no_fork_can_change(model, changes, words):
    to(model, 7)
    with pytest.raises(ValueError, match=words):
        model.fork(changes)
    with pytest.raises(ScenarioError, match=r"did you mean 'market\.external'"):
        model.fork({"market.externl": 1})
    model.run_model()
    same(model.results(), run(SMALL, seed=2))


def test_changes_on_the_way_can_be_told():
    """Interventions that change numbers, add customers and change their mind leave a scenario that says so."""

    class Campaign:
        def step(self, model):
            if model.week == 3:
                model.set("market.external", 0.05)
                model.set("market.external", 0.03)
                model.set("teams.marketing.headcount", 8)
            if model.week == 6:
                model.customers.add(20)
                model.customers.add(5)
            if model.week >= 10:
                model.set("market.price", 1 + model.last("utilisation") / 10)

    model = FlywheelModel(SMALL, rng=2, interventions=[Campaign()])
    model.run_model()
    assert model.last("headcount") != run(SMALL, seed=2).weekly["headcount"][19]
    assert model.results().weekly["added"][6] == 25
    same(model.results(), run(model.spec, seed=2))
    assert len(model._simulation.program.epochs) <= 4, "what has happened is not lowered again"


def test_customers_can_be_added_where_the_timeline_is_off():
    spec = {**SMALL, "timeline": {"enabled": False, "customers": {"old": {"week": 2, "add": 70}}}}
    model = to(FlywheelModel(spec), 4)
    fork = model.fork({"market.external": 0.02})
    model.customers.add(-10)
    model.run_model()
    fork.run_model()
    assert model.results().weekly["added"].sum() == -10 and fork.results().weekly["added"].sum() == 0
    same(model.results(), run(model.spec))
    same(fork.results(), run(fork.spec))


def test_a_fork_remembers_but_does_not_share():
    class Moody(Team):
        def decide(self):
            self.mood = getattr(self, "mood", 0) + 1

    class Watches(FlywheelModel):
        pass

    watch = Log()
    model = Watches(SMALL, analyzers=[watch], team_class=Moody)
    model.note = [model.teams["sales"]]
    to(model, 3)
    fork = model.fork()
    assert type(fork) is Watches and fork.teams["sales"].mood == 3 and fork.note == [fork.teams["sales"]]
    fork.step()
    assert fork.analyzers[0].log == [("log", 1), ("log", 2), ("log", 3), ("log", 4)]
    assert len(watch.log) == 3 and model.teams["sales"].mood == 3 and model.week == 3
    assert fork.teams["sales"].model is fork and fork.customers.model is fork
