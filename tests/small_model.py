"""A small company as a Mesa model, with hooks that remember, for the tests of models."""

import mesa
import numpy as np
import pytest

from flywheel_sim import FlywheelModel
from flywheel_sim.model import Team

SMALL = {
    "extends": "b2b-saas",
    "horizon_weeks": 20,
    "market": {"accounts": 1100, "initial_customers": 100, "external": 0.005},
    "ledger": {"can_fail": False},
    "incentives": {
        "enabled": False,
        "measures": {"deals": {"gradient": {"acquire": 1.0}, "columns": {"new_customers": 1.0}, "target": 1.0}},
        "pay": {"sales": {"on": {"deals": 1.0}}},
    },
}


def same(a, b):
    """Assert that two runs are equal to the bit."""
    a, b = a.arrays, b.arrays
    for name in ("initial", "weekly", "teams", "life"):
        assert np.array_equal(getattr(a, name), getattr(b, name), equal_nan=True), name
    for name in a.accounts:
        assert np.array_equal(a.accounts[name], b.accounts[name]), name


def to(model, week):
    while model.week < week:
        model.step()
    return model


class Listens(Team):
    """Decides something else than the engine, and remembers how often."""

    def decide(self):
        self.asked = getattr(self, "asked", 0) + 1
        return 3.0 * self.model.need


class Keeps:
    """Remembers the model, its teams and an account, and interferes."""

    def step(self, model):
        self.model, self.team, self.teams, self.one = model, model.teams["sales"], model.teams, model.customers[3]
        if model.week == 4:
            model.set("market.external", 0.02)
            model.customers.add(5)


class Other(mesa.Agent):
    """An agent of the user's own."""


def half_way():
    model = FlywheelModel(SMALL, rng=2, team_class={"sales": Listens}, interventions=[Keeps()])
    Other(model).remove()
    Other(model)
    return to(model, 9)


def broken_off():
    model = FlywheelModel(SMALL, rng=2, interventions=[Keeps(), BreaksOff()])
    with pytest.raises(ZeroDivisionError):
        model.run_model()
    return model


class BreaksOff:
    def step(self, model):
        if model.week == 3:
            raise ZeroDivisionError


class Log:
    """Writes down when it was called."""

    def __init__(self, name="log", log=None):
        self.name, self.log = name, [] if log is None else log

    def step(self, model):
        self.log.append((self.name, model.week))
