"""What is kept whatever happens: directions have length 1, a stage passes on what it got, a dollar is owed to somebody.

The engine's own weekly checks of customers and dollars are those of tests/engine/test_conservation.py.
"""

import numpy as np
import pytest

from flywheel_sim import load
from flywheel_sim.engine.run import Simulation
from flywheel_sim.execute.run import batch


def test_every_direction_keeps_its_length():
    """Teams, needs, maps and targets are directions: whatever turns them, their length is 1."""
    scenario = load("everything-on").with_(
        {
            "market.accounts": 60, "market.initial_customers": 30, "horizon_weeks": 20, "sensing.accuracy": 0.6,
            "sensing.refresh_weeks": 3, "sensing.need_drift": 0.05, "vectors.diffusion": 0.1, "cadence.plan_weeks": 0,
            "ledger.can_fail": False,
        }
    )  # fmt: skip
    model = scenario.model
    teams, segments, axes = len(model.teams), len(model.segments), len(model.axes)
    sim = Simulation([model], [(0, 1, 0)])
    for _ in range(20):
        sim.advance(1)
        state = sim.state
        for name, rows in (("direction", teams), ("belief", teams), ("need", segments), ("target", 1)):
            length = np.linalg.norm(getattr(state, name)[:rows, :axes], axis=1)
            assert length == pytest.approx(np.ones(rows), abs=1e-9), name
        assert sim.arrays(0).weekly.shape[0] == sim.week


def test_a_stage_of_the_sale_passes_on_no_more_than_it_got():
    busy = {"market.accounts": 3000, "market.external": 0.01, "horizon_weeks": 40, "ledger.can_fail": False}
    for run in batch([load("everything-on").with_(busy), load("b2b-saas").with_(busy)], replicates=1):
        leads, qualified, proposals, sold = (run[0].series(n) for n in ("leads", "qualified", "proposals", "sold"))
        assert sold.sum() > 20
        assert np.all(sold <= proposals) and np.all(proposals <= qualified)
        assert qualified.sum() <= leads.sum()


def test_revenue_of_a_week_is_what_customers_paid_to_the_last_digit(quiet, once):
    """The same numbers in the same order, added up in 64 bits twice."""
    run = once(
        quiet(
            horizon_weeks=40,
            segments={"all": {"spend": 1234.56, "need": {"care": 1}}},
            market={"accounts": 4000, "initial_customers": 3000, "external": 0.01, "churn": {"mean": 0.3}},
            expansion={"rate": 0.05, "step": 0.137},
            ledger={"cost_of_revenue": 0},
        )
    )
    assert run.series("expansions").sum() > 1000 and run.series("churned").sum() > 100
    spend = run.series("spend", start=True)
    assert run.series("revenue")[1:] == pytest.approx(spend[1:-1], rel=1e-13)


@pytest.mark.parametrize("kind", ["annual", "monthly"])
def test_when_the_last_customer_has_gone_nothing_is_owed(quiet, once, kind):
    """Unused weeks that were paid for are paid back."""
    run = once(
        quiet(
            market={"accounts": 400, "initial_customers": 300},
            contracts={"kind": kind, "involuntary": 0},
            ledger={"cost_of_revenue": 0},
            timeline={"customers": {"some": {"week": 7, "add": -100}, "all": {"week": 20, "add": -200}}},
        )
    )
    assert run.series("customers")[-1] == 0
    assert run.series("deferred")[17] > 100
    assert run.series("deferred")[-1] == pytest.approx(0.0, abs=1e-6 * run.series("billed").max())
