"""M8: a wait is felt while it lasts, patience ends, parts of servers count, and nobody in the team serves nobody."""

import numba
import numpy as np
import pytest

from flywheel_sim.engine.mechanisms import m08_service as m08
from flywheel_sim.execute.run import batch
from flywheel_sim.scenario import load


@numba.njit
def wait_between(servers, load):
    return m08.wait_between(servers, load)


@numba.njit
def erlang_wait(servers, load):
    return m08.erlang_wait(servers, load)


def desk(quiet, heads, *, weeks=60, relationship=None, capacity=None, event_timed=False, **service):
    """1 000 customers with half an issue a week, and a desk that handles 40 a head."""
    return quiet(
        horizon_weeks=weeks,
        teams={"desk": {"headcount": heads, "craft": {"care": 1}}},
        journey={"touchpoints": {"help": {"stage": "service", "owner": "desk", "hours": 1.0, "match_reference": 1.0}}},
        capacity={"gross_hours": 40, "pair_hours": 0, "craft_speed": 0, "staffing": False, **(capacity or {})},
        service={
            "issues": 0.5, "fit_effect": 0, "failure_demand": 0, "first_contact_resolution": 1.0,
            "return_delay_weeks": 0, "event_timed": event_timed, **service,
        },
        relationship=relationship or {"enabled": False},
    )  # fmt: skip


def test_whole_servers_wait_as_erlang_says():
    for servers, offered in ((1, 0.8), (3, 2.4), (10, 9.0), (50, 45.0)):
        assert wait_between(float(servers), offered) == pytest.approx(erlang_wait(servers, offered), rel=1e-12)


def test_a_part_of_a_server_is_one_that_works_slower():
    # M/M/1 at half the pace with load .3: W = rho/(1 - rho) handling times of its own, which take twice as long
    assert wait_between(0.5, 0.3) == pytest.approx(0.6 / 0.4 * 2.0, rel=1e-12)


def test_the_wait_is_continuous_in_servers_and_falls_with_each():
    servers = np.linspace(2.001, 9.0, 14_000)
    waits = np.array([wait_between(c, 2.0) for c in servers])
    assert np.all(np.diff(waits) <= 0)
    far = servers > 2.1
    assert np.abs(np.diff(waits[far])).max() < 0.1
    assert wait_between(3.0 - 1e-9, 2.0) == pytest.approx(wait_between(3.0 + 1e-9, 2.0), rel=1e-6)
    assert wait_between(0.0, 1.0) == 50.0 and wait_between(0.0, 0.0) == 0.0


def test_neutral_settings_leave_no_trace_where_cases_wait(quiet, same_bits):
    firm = desk(quiet, 6.3, relationship={"enabled": True})
    same_bits(firm, {**firm, "service": {**firm["service"], "give_up_effort": 3.0, "give_up_return": 0.2}})
    assert batch([firm], replicates=1)[0][0].series("backlog")[-1] > 1_000, "or there is nothing to be neutral about"


def test_where_every_case_is_taken_in_time_nobody_feels_a_wait_or_gives_up(quiet, same_bits):
    firm = desk(quiet, 1000, relationship={"enabled": True})
    felt = {**firm, "service": {**firm["service"], "open_effort": 2.0, "open_weight": 1.0, "patience_weeks": 0.1}}
    same_bits(firm, felt)


def test_a_wait_costs_a_customer_once_a_week_however_many_issues_it_has(quiet, once):
    # nobody works: whoever has had an issue for more than a week remembers 1 more each week, and nothing fades
    memory = {"effort_half_life_weeks": 1e6, "gain": 0}
    run = once(desk(quiet, 0, weeks=30, relationship=memory, open_effort=1.0, issues=2.0))
    effort = run.series("effort") * 1000
    with_case = 1000 * (1 - np.exp(-2.0 * np.arange(1, 31)))  # who has had an issue by the end of that week
    assert np.allclose(np.diff(effort), with_case[:-1], atol=4 * np.sqrt(140))
    assert run.series("handled").sum() == 0


def test_customers_give_up_at_the_rate_of_their_patience(quiet, once):
    # nobody works and nothing returns: of N waiting cases the share 1 - exp(-1/4) goes each week, and with each what
    # joined it in the same week
    run = once(desk(quiet, 0, weeks=250, issues=0.02, patience_weeks=4.0, give_up_return=0.0))
    given, before = run.series("abandoned")[50:], run.series("backlog")[49:-1]
    assert given.sum() / before.sum() == pytest.approx((1 - np.exp(-0.25)) * 1.02, rel=0.04)


def test_what_is_given_up_is_unsolved_and_comes_back(quiet, once):
    gone = once(desk(quiet, 0, issues=0.05, patience_weeks=2.0, give_up_return=0.0))
    back = once(desk(quiet, 0, issues=0.05, patience_weeks=2.0, give_up_return=1.0))
    raised = back.series("contacts") - np.concatenate(([0.0], back.series("abandoned")[1:]))
    assert back.series("backlog")[-1] == pytest.approx(raised.sum(), abs=1e-9), "nothing is ever solved"
    assert gone.series("backlog")[-1] < 0.4 * back.series("backlog")[-1]


@pytest.mark.parametrize("event_timed", [False, True])
def test_giving_up_is_no_better_than_the_worst_answer(quiet, event_timed):
    # every fix fails, against nobody to fix: the same relationship lost at each, and at least the same effort
    memory = {"effort_half_life_weeks": 1e6, "depreciation": 0.0}
    parts = {"first_contact_resolution": 0.01, "return_delay_weeks": 2.0, "contact_effort": 0.3, "wait_effort": 0.0,
             "failed_fix_effort": 0.7, "issues": 0.05, "event_timed": event_timed}  # fmt: skip
    if not event_timed:
        parts["give_up_return"] = 0.0  # one issue a case, and each case given up, or answered, once
    worst = desk(quiet, 1000, weeks=120, relationship=memory, **parts)
    quitting = desk(quiet, 0, weeks=120, relationship=memory, patience_weeks=1.0, patience_hours=40.0, **parts)
    answered, left = (runs[0] for runs in batch([worst, quitting], replicates=1))
    per_answer = answered.series("effort")[-1] * 1000 / answered.series("handled").sum()
    given = left.series("abandoned")[:-1].sum() if event_timed else left.series("abandoned").sum()
    assert 0.8 < per_answer <= 1.001, "issues of one case are answered together"
    assert left.series("effort")[-1] * 1000 / given >= per_answer * 0.999
    assert left.series("relationship")[-1] < 0.9 * left.series("relationship")[0]


def test_without_heads_nothing_is_handled_sold_or_brought_live(quiet, once):
    run = once(desk(quiet, 0))
    assert run.series("handled").sum() == 0
    assert run.series("backlog")[-1] == run.series("contacts").sum()
    sales = {"teams.sales.headcount": 0.0, "horizon_weeks": 30, "market.accounts": 500, "market.initial_customers": 50}
    firm = load("b2b-saas").with_(sales)
    assert batch([firm], replicates=1)[0][0].series("sold").sum() == 0
    firm = load("b2b-saas").with_({**sales, "teams.sales.headcount": 8, "teams.enablement.headcount": 0})
    assert batch([firm], replicates=1)[0][0].series("new_customers").sum() == 0


def test_capacity_switched_off_is_endless_even_without_heads(quiet, once):
    run = once(desk(quiet, 0, capacity={"enabled": False}))
    assert run.series("handled")[1:].sum() == run.series("contacts")[:-1].sum()


def test_no_heads_are_the_limit_of_few(quiet):
    felt = {"open_effort": 0.5, "open_weight": 0.4, "patience_weeks": 3.0, "fractional_servers": True}
    runs = batch([desk(quiet, heads, relationship={"gain": 0.03}, **felt) for heads in (0, 1e-6, 0.1)], replicates=1)
    none, few, more = (one[0].series("relationship")[-1] for one in runs)
    assert none == few
    assert 0 < more - none < 0.02


def test_fewer_heads_never_help_customers(quiet):
    felt = {"open_effort": 0.5, "open_weight": 0.4, "patience_weeks": 3.0, "fractional_servers": True}
    heads = (20, 14, 11, 8, 4, 1, 0)
    runs = batch(
        [desk(quiet, n, relationship={"gain": 0.03}, first_contact_resolution=0.7, **felt) for n in heads], replicates=3
    )
    relationship = [np.mean([run.series("relationship")[-1] for run in one]) for one in runs]
    effort = [np.mean([run.series("effort")[-1] for run in one]) for one in runs]
    assert np.all(np.diff(relationship) < 0.004)
    assert np.all(np.diff(effort) > -0.05)
    assert relationship[-1] < 0.6 * relationship[0]


def test_a_team_follows_customers_or_their_issues_instead_of_revenue(quiet):
    # prices rise, customers stay: by revenue heads would multiply, by customers and issues they stay
    def heads(follows):
        firm = desk(quiet, 20, weeks=157, capacity={"staffing": True})
        firm["teams"]["desk"] |= {"follows": follows, "scaling": 1.0}
        firm["expansion"] = {"enabled": True, "rate": 0.02}
        return batch([firm], replicates=1)[0][0].series("headcount")[-1]

    assert heads("revenue") > 25
    assert heads("customers") == 20
    assert heads("issues") == pytest.approx(20, rel=0.08)


def test_a_team_can_shrink_below_one_head_where_nothing_keeps_it(quiet):
    def least(fewest):
        firm = desk(quiet, 3, weeks=260, capacity={"staffing": True, "fewest_heads": fewest})
        firm["market"] |= {"churn": {"mean": 0.05, "dispersion": 0, "period_weeks": 4}}
        return batch([firm], replicates=1)[0][0].series("headcount")[-1]

    assert least(1.0) == 1.0
    assert least(0.0) < 0.5
