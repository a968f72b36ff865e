"""M1: the throughput of onboarding: who is sold and not yet live, and for how long."""

import numpy as np
import pytest

from flywheel_sim.engine.run import Simulation
from flywheel_sim.execute.run import batch
from flywheel_sim.scenario import load

FUNNEL = {
    "enabled": True, "qualify": 1.0, "propose": 1.0, "close": 0.999999, "onboard": 0.999999, "delay_effect": False,
}  # fmt: skip


def company(quiet, *, heads=2.0, hours=1.0, rate=100.0, inflow=0.01, **changes):
    """About 20 sales a week, each an hour a week of one team for four weeks; ``heads`` of 38 hours."""
    parts = {
        "market": {"accounts": 2000, "initial_customers": 0, "external": inflow, "pool": "constant", "funnel": FUNNEL},
        "journey": {
            "onboarding_weeks": 4,
            "touchpoints": {
                "go-live": {"stage": "onboarding", "owner": "setup", "rate": rate, "hours": hours},
                "demo": {"stage": "sale", "owner": "sales"},
            },
        },
        "capacity": {"staffing": False, "pair_hours": 0.0, "craft_speed": 0.0},
    }
    for block, values in changes.items():
        parts[block] = {**parts.get(block, {}), **values}
    teams = {name: {"headcount": n, "craft": {"care": 1}} for name, n in (("setup", heads), ("sales", 50))}
    return quiet(**parts) | {"teams": teams, "horizon_weeks": 60}


def live(run):
    return run.series("new_customers")


def test_enough_hours_make_nobody_wait(quiet, once, same_bits):
    """20 sales x 4 weeks x 1 hour = 80 hours: three heads are plenty, as many as without any limit."""
    run = once(company(quiet, heads=4.0))
    assert not run.series("sold_waiting").any()
    assert not run.series("onboarding_wait_weeks").any()
    same_bits(
        company(quiet, heads=4.0),
        company(quiet, heads=40.0),
        company(quiet, heads=4.0, capacity={"enabled": False}),
        but=(
            "headcount", "overload", "net_force", "coordination_share", "alignment_weighted", "customer_alignment",
            "utilisation",
        ),
    )  # fmt: skip


def test_neutral_when_the_funnel_or_capacity_is_off(quiet, once):
    for off in ({"market": {"funnel": {"enabled": False}}}, {"capacity": {"enabled": False}}):
        scenario = load(company(quiet, heads=1.0)).with_(
            {f"{block}.{name}": value for block, values in off.items() for name, value in values.items()}
        )
        run = once(scenario)
        assert not run.series("sold_waiting").any()
        assert not run.series("onboarding_wait_weeks").any()
        assert live(run).mean() == pytest.approx(20, rel=0.1)


def test_short_hours_let_in_as_many_as_they_can_look_after(quiet):
    """One head: 38 hours, each customer four of them over four weeks: 9.5 a week go live, the rest wait."""
    runs = batch([company(quiet, heads=1.0)], replicates=4)[0]
    for run in runs:
        sold, won, waiting = run.series("sold").sum(), live(run).sum(), run.series("sold_waiting")
        assert sold - won == pytest.approx(waiting[-1], abs=1)
        assert waiting[-1] > 300 and run.series("onboarding_wait_weeks")[-1] > 10
    assert np.mean([live(run)[12:].mean() for run in runs]) == pytest.approx(38 / 4, rel=0.06)
    in_use = np.mean([run.series("touches")[12:].mean() for run in runs])
    assert in_use == pytest.approx(38, rel=0.06)


def test_those_who_wait_are_prospects_and_pay_nothing(quiet, once):
    scenario = load(company(quiet, heads=1.0, ledger={}, measures={"debug": True}))
    run = once(scenario)
    total = run.series("prospects") + run.series("customers") + run.series("former")
    assert (total == 2000).all()
    assert run.series("customers") == pytest.approx(np.cumsum(live(run)))
    table = run.customers
    assert (table.loc[table["state"] == "prospect", ["revenue", "spells"]] == 0).all().all()
    simulation = Simulation([scenario.model], [(0, 1, 0)])
    simulation.advance()
    assert np.sum(simulation.state.status[:2000] == 7) == run.series("sold_waiting")[-1]


def test_no_hours_at_all(quiet, once):
    run = once(company(quiet, heads=1.0, hours=1000.0))
    assert live(run)[2:].max() <= 1
    assert run.series("onboarding_wait_weeks").max() == 52


def test_a_known_wait_lowers_the_odds_of_winning(quiet):
    short = load(company(quiet, heads=1.0)).with_({"market.funnel.close": 0.5})
    known = short.with_({"market.funnel.delay_effect": True})
    blind, seen = (batch([s], replicates=3)[0] for s in (short, known))
    assert np.mean([r.series("sold")[20:].mean() for r in seen]) < 0.8 * np.mean(
        [r.series("sold")[20:].mean() for r in blind]
    )


def test_luck_is_keyed(quiet, once):
    scenario = company(quiet, heads=1.0)
    whole = once(scenario)
    steps = Simulation([load(scenario).model], [(0, 1, 0)])
    while steps.week < steps.horizon:
        steps.advance(1)
    assert np.array_equal(whole.arrays.weekly, steps.arrays(0).weekly)
