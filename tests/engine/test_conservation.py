"""In debug mode every week of every shipped scenario is checked: customers, accounts, dollars."""

import numpy as np
import pytest

import flywheel_sim as fs
from flywheel_sim.execute.run import run

NAMES = list(fs.scenarios())


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_lost_or_invented(name):
    scenario = fs.load(name)
    checked = scenario.with_({"measures.debug": True, "horizon_weeks": min(scenario.model.horizon_weeks, 130)})
    result = run(checked, seed=3)
    assert np.all(np.isfinite(result.arrays.weekly))
    for column in ("prospects", "customers", "former", "leads", "churned", "handled", "backlog"):
        assert np.all(result.series(column) >= 0), column
    accounts = result.customers
    assert np.all(accounts["referrer"] < len(accounts))
    assert np.all(accounts["referrer"] != accounts["id"]), "nobody brings itself"
    won = accounts["start_week"] > 0
    assert won.sum() + np.sum(accounts["start_week"] <= 0) == len(accounts)
    live = accounts["state"] == "customer"
    assert live.sum() == result.series("customers")[-1]
    assert np.all(accounts.loc[live, "end_week"] == -1)
