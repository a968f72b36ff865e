"""M8, event-timed: the heap, the servers, what reaches the customer, and what leaves no trace when off."""

import numba
import numpy as np
import pytest

from flywheel_sim.engine import event_queue
from flywheel_sim.engine.run import Simulation
from flywheel_sim.engine.state import ISSUES
from flywheel_sim.execute.run import batch
from flywheel_sim.scenario import ScenarioError, load


@numba.njit
def sorted_by_heap(instants, out):
    heap = np.zeros((instants.shape[0], 4))
    n = 0
    for x in range(instants.shape[0]):
        n = event_queue.heap_push(heap, n, instants[x], x, 0, 0)
    full = event_queue.heap_push(heap, n, 0.0, 0, 0, 0)
    for x in range(instants.shape[0]):
        out[x, 0], out[x, 1] = heap[0, 0], heap[0, 1]
        n = event_queue.heap_pop(heap, n)
    return full, n


@pytest.mark.parametrize("size", [1, 2, 3, 64, 501])
def test_a_heap_gives_back_the_oldest_first(size):
    instants = np.random.default_rng(size).random(size)
    out = np.empty((size, 2))
    assert sorted_by_heap(instants, out) == (size, 0), "a full heap takes no more, an emptied one is empty"
    assert np.array_equal(out[:, 0], np.sort(instants))
    assert np.array_equal(out[:, 1], np.argsort(instants))


def service(**changes):
    """A service block with ten servers at load 8."""
    return {
        "event_timed": True, "servers": 10, "handling_hours": 1.0, "issues": 8 * 38 / 1000, "fit_effect": 0.0,
        "failure_demand": 0.0, "first_contact_resolution": 1.0, "give_up_return": 0.0, **changes,
    }  # fmt: skip


def balance(run, *, gone=0):
    """Issues of every week: what was open, came in, was handled or given up, and is open still."""
    column = {name: run.series(name) for name in ("contacts", "handled", "backlog", "abandoned")}
    before = np.concatenate(([0.0], column["backlog"][:-1]))
    return before + column["contacts"] - column["handled"] - column["abandoned"] - column["backlog"]


def test_the_switch_changes_nothing_where_nobody_has_issues(quiet, same_bits):
    same_bits(
        quiet(service={"issues": 0.0}),
        quiet(service=service(issues=0.0)),
        quiet(service=service(issues=0.0, patience_hours=2.0)),
        quiet(service={"enabled": False}),
        but=("utilisation",),
    )


def test_fields_of_the_queue_do_nothing_to_the_fast_form(quiet, same_bits):
    fast = {"handling_hours": 1.0}
    same_bits(quiet(service=fast), quiet(service={**fast, "servers": 7, "patience_hours": 3.0}))


def test_issues_are_conserved(quiet, once):
    for changes in (
        {},
        {"first_contact_resolution": 0.7, "return_delay_weeks": 0.3},
        {"servers": 7, "patience_hours": 1.5},
        {"servers": 6, "first_contact_resolution": 0.5, "patience_hours": 5.0, "return_delay_weeks": 0.0},
    ):
        run = once(quiet(service=service(**changes)))
        assert not balance(run).any(), changes
        assert run.series("handled").sum() > 1000
        assert (run.series("abandoned").sum() > 0) == ("patience_hours" in changes)


def test_issues_of_those_who_leave_go_with_them(quiet, once):
    run = once(quiet(service=service(servers=5), market={"churn": {"mean": 0.05, "dispersion": 0, "period_weeks": 1}}))
    lost = balance(run)
    assert lost.min() >= 0 and lost.sum() > 10
    assert run.series("customers")[-1] < 400


@pytest.mark.statistical
def test_patience_bounds_the_queue(quiet):
    # one and a half times as much as can be handled: without patience the queue grows without end; with exponential
    # patience theta the mean number waiting settles near (lambda - c mu) theta (Erlang-A, overloaded)
    scenario = quiet(
        service=service(servers=10, issues=15 * 38 / 1000, patience_hours=20.0), market={"accounts": 1000}
    ) | {"horizon_weeks": 80}
    runs = batch([scenario], replicates=6)[0]
    waiting = np.mean([run.series("backlog")[10:].mean() for run in runs]) - 10
    assert waiting == pytest.approx(5 * 20.0, rel=0.05)
    given_up = np.mean([run.series("abandoned")[10:].mean() for run in runs])
    assert given_up == pytest.approx(5 * 38, rel=0.05)
    assert np.mean([run.series("handled")[10:].mean() for run in runs]) == pytest.approx(10 * 38, rel=0.02)


def test_no_customer_has_more_open_issues_than_it_can(quiet):
    scenario = load(quiet(service=service(servers=1, issues=2.0), market={"accounts": 50, "initial_customers": 50}))
    simulation = Simulation([scenario.model], [(0, 1, 0)])
    simulation.advance()
    assert simulation.state.open.max() == ISSUES
    assert simulation.state.run[0]["items"] <= 50 * ISSUES


def test_servers_are_the_heads_of_the_service_team(quiet, once):
    journey = {"touchpoints": {"help": {"stage": "service", "owner": "care", "hours": 1.0}}}
    team = {"care": {"headcount": 10, "craft": {"care": 1}}}
    by_heads = service(servers=0, handling_hours=0.0)
    a = once(quiet(service=service(), journey=journey) | {"teams": team})
    b = once(quiet(service=by_heads, journey=journey) | {"teams": team})
    assert np.array_equal(a.arrays.weekly, b.arrays.weekly)
    # with capacity on, hours that do not reach the work make the same heads slower
    capacity = {"staffing": False, "pair_hours": 0.0, "craft_speed": 0.0}
    c = once(quiet(service=by_heads, journey=journey, capacity=capacity) | {"teams": team})
    assert np.array_equal(c.series("wait_weeks"), b.series("wait_weeks"))
    slow = {**capacity, "pair_hours": 38.0, "angle_share": 0.0}  # two groups: 38 hours of 380
    d = once(quiet(service=by_heads, journey=journey, capacity=slow) | {"teams": team})
    assert d.series("utilisation").mean() == pytest.approx(c.series("utilisation").mean() / 0.9, rel=0.02)
    assert d.series("wait_weeks").mean() > 1.5 * c.series("wait_weeks").mean()


def test_what_happened_reaches_the_customer_a_week_later(quiet, once):
    on = {"relationship": {"start": 0.5, "relationship_reference": 0.5, "depreciation": 0.0}}
    good = once(quiet(service=service(contact_effort=0.0, wait_effort=0.0), **on))
    assert good.series("touches")[0] == 0
    assert np.array_equal(good.series("touches")[1:] > 0, good.series("handled")[:-1] > 0)
    assert not good.series("effort").any()
    poor = once(
        quiet(
            service=service(
                contact_effort=0.0, wait_effort=0.0, failed_fix_effort=2.0, first_contact_resolution=0.5,
                return_delay_weeks=0.0, issues=0.1,
            ),
            **on,
        )
    )  # fmt: skip
    assert poor.series("effort")[0] == 0
    assert poor.series("effort")[1] == pytest.approx(2.0 * poor.series("repeat_contacts")[0] / 1000, rel=1e-5)
    assert poor.series("relationship")[-1] < good.series("relationship")[-1]


def test_waiting_is_felt_by_the_week(quiet, once):
    on = {"relationship": {"effort_half_life_weeks": 1e6}}
    run = once(quiet(service=service(servers=8, contact_effort=0.0, wait_effort=3.0), **on))
    waited = np.cumsum(run.series("wait_weeks") * run.series("handled"))
    assert run.series("effort")[1:] == pytest.approx(3.0 * waited[:-1] / 1000, rel=1e-4)


def test_handled_issues_cost_money(quiet, once):
    run = once(quiet(service=service(live_cost=12.0), ledger={"cost_of_revenue": 0.0}))
    assert run.series("service_cost") == pytest.approx(12.0 * run.series("handled"))
    assert run.customers["cost"].sum() == pytest.approx(12.0 * run.series("handled").sum())


BUSY = {
    "extends": "b2b-saas",
    "horizon_weeks": 30,
    "market": {"accounts": 2300, "initial_customers": 500, "external": 0.004},
    "service": {"event_timed": True, "patience_hours": 30.0},
    "measures": {"debug": True},
}


@pytest.mark.parametrize("cuts", [[1] * 30, [7, 23], [30]])
def test_slices_and_threads_change_no_bit(monkeypatch, cuts):
    from flywheel_sim.engine import run as engine_run

    model = load(BUSY).model
    whole = Simulation([model], [(0, 1, 0)])
    whole.advance()
    cut = Simulation([model, load("limits/a01-bass").with_({"horizon_weeks": 30}).model], [(1, 1, 0), (0, 1, 0)])
    for weeks in cuts:
        cut.advance(weeks, threads=2)
    assert np.array_equal(whole.arrays(0).weekly, cut.arrays(1).weekly)
    monkeypatch.setattr(engine_run, "BIG", 1000)
    big = Simulation([model], [(0, 1, 0)])
    big.advance(threads=2)
    assert np.array_equal(whole.arrays(0).weekly, big.arrays(0).weekly)
    assert np.array_equal(
        whole.state.items[: whole.state.run[0]["items"]], big.state.items[: big.state.run[0]["items"]]
    )


def test_a_queue_without_servers_or_hours_is_refused(quiet):
    with pytest.raises(ScenarioError, match=r"service\.servers") as refused:
        load(quiet(service={"event_timed": True}))
    assert "service.handling_hours" in str(refused.value)
    with pytest.raises(ScenarioError, match="fixed for the whole run"):
        load(
            quiet(service=service())
            | {"timeline": {"changes": {"x": {"from_week": 3, "set": {"service.event_timed": False}}}}}
        )
