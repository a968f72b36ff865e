"""Closed forms of what a customer lives through: independent luck, lost handoffs, a bond at rest, a short wait."""

import numpy as np
import pytest

from flywheel_sim import theory
from flywheel_sim.execute.run import batch

pytestmark = pytest.mark.statistical


def share(found, exact, n, widths=4.5):
    """Whether a share of n lies where chance allows."""
    return abs(found - exact) < widths * np.sqrt(exact * (1 - exact) / n)


def test_who_renews_speaks_up_as_often_as_anybody(quiet, once):
    """With a contract, renewal and voice are two decisions: half leave, and a share 1 - exp(-h) of the rest speaks."""
    run = once(
        quiet(
            horizon_weeks=52,
            market={
                "accounts": 20_000,
                "initial_customers": 20_000,
                "start": "aligned",
                "churn": {"mean": 0.5, "dispersion": 0.0, "sensitivity": 0.0},
            },
            contracts={"kind": "annual", "involuntary": 0.0},
            timeline={"changes": {"talk": {"from_week": 52, "set": {"market.voice.neutral_to_advocate": 0.3}}}},
        )
    )
    stayed = run.series("customers")[-1]
    assert share(stayed / 20_000, 0.5, 20_000)
    assert share(run.series("advocates")[-1] / stayed, -np.expm1(-0.3), stayed)


def visited(quiet, points, weeks=20, rate=0.3, success=0.9, **blocks):
    """Customers with some touchpoints of one kind."""
    point = {"stage": "use", "owner": "desk", "rate": rate, "base_success": success, "match_reference": 1.0}
    return quiet(
        horizon_weeks=weeks,
        teams={"desk": {"headcount": 1, "craft": {"care": 1}}},
        journey={"match_effect": 0.0, "owner_share": 1.0, "touchpoints": {f"visit {n}": point for n in range(points)}},
        **blocks,
    )


@pytest.mark.parametrize("points", [1, 3, 6])
def test_rates_of_touchpoints_add_up(quiet, once, points):
    """Independent: a week without any has the chance exp(-sum of rates), and failures add up."""
    run = once(visited(quiet, points))
    weeks = 20 * 1000
    assert share(run.series("touches").sum() / weeks, -np.expm1(-0.3 * points), weeks)
    failing = -np.expm1(-0.3) * 0.1
    assert share(run.series("defects").sum() / (points * weeks), failing, points * weeks)


@pytest.mark.parametrize(("success", "asymmetry"), [(0.9, 4.0), (0.8, 1.0), (0.95, 8.0)])
def test_a_relationship_rests_where_gains_and_losses_balance(quiet, success, asymmetry):
    """Touches pull R up by g (1 - norm)(1 - R), down by a g norm R: on average R rests at p(1-m)/[p(1-m) + (1-p)am]."""
    norm = 0.7
    bond = {
        "gain": 0.05, "asymmetry": asymmetry, "depreciation": 0.0, "spill_over": 0.0, "expectation_adaptation": 0.0,
        "market_norm": norm,
    }  # fmt: skip
    runs = batch([visited(quiet, 2, 500, 1.0, success, relationship=bond)], replicates=3, accounts=False)[0]
    found = np.array([run.series("relationship")[300:].mean() for run in runs])
    up, down = success * (1 - norm), (1 - success) * asymmetry * norm
    # a customer's own mean over 200 weeks varies by less than .1, so that of 3 000 by less than .002
    assert found.mean() == pytest.approx(up / (up + down), abs=4 * 0.1 / np.sqrt(3000))


def asset(norm, **settings):
    """Settings of a bond that is built."""
    plain = {"spill_over": 0.0, "expectation_adaptation": 0.0, "asymmetry": 4.0, "market_norm": norm}
    return {"law": "asset", **plain, **settings}


@pytest.mark.parametrize("norm", [0.5, 0.8])
def test_a_failure_weighs_as_much_as_so_many_successes_and_no_more(quiet, once, norm):
    """R rests where p (1 - R) = a (1 - p) R (1 - rho R), wherever the norm is: expectation is not counted twice."""
    for success, forgiven in ((0.9, 0.0), (0.7, 0.0), (0.8, 0.5)):
        bond = asset(norm, gain=0.02, depreciation=0.0, forgiveness=forgiven)
        found = once(visited(quiet, 2, 500, 1.0, success, relationship=bond)).series("relationship")[300:].mean()
        rest = np.linspace(0, 1, 10_001)
        balance = np.abs(success * (1 - rest) - 4 * (1 - success) * rest * (1 - forgiven * rest))
        assert found == pytest.approx(rest[balance.argmin()], abs=0.01)


@pytest.mark.parametrize(("rate", "gain"), [(1.0, 0.02), (1.0, 0.06), (0.1, 0.06), (0.0, 0.06)])
def test_an_asset_rests_at_what_contact_and_gain_keep_up(quiet, once, rate, gain):
    """R* = p / (p + a (1 - p) + delta/(lambda alpha)), and nothing without contact: it rises with gain and touches."""
    success, leak = 0.9, 0.01
    bond = asset(0.7, gain=gain, depreciation=leak, start=0.4)
    found = once(visited(quiet, 2, 600, rate, success, relationship=bond)).series("relationship")[400:].mean()
    touches = 2 * -np.expm1(-rate)
    rest = success / (success + 4 * (1 - success) + leak / (touches * gain)) if touches else 0.0
    assert found == pytest.approx(rest, abs=0.01)


@pytest.mark.parametrize("wanted", [0.0, 0.3, 1.0])
def test_contact_beyond_what_is_wanted_is_remembered_as_effort(quiet, once, wanted):
    """Touched every week: n = 1, and effort rests at eps max(0, 1 - c) / (1 - 2^(-1/half-life))."""
    bond = {"annoyance": 0.5, "contacts_wanted": wanted, "effort_half_life_weeks": 4.0, "contact_half_life_weeks": 2.0}
    effort = once(visited(quiet, 1, 80, 50.0, relationship=bond)).series("effort")[-1]
    assert effort == pytest.approx(0.5 * (1 - wanted) / (1 - 2**-0.25), rel=1e-3, abs=1e-9)


@pytest.mark.parametrize("friction", [0.3, 1.0])
def test_a_handoff_loses_one_less_exp_of_its_friction(quiet, once, friction):
    run = once(
        visited(
            quiet, 0, 100,
            handoffs={
                "base_friction": friction, "angle_friction": 0.0,
                "links": {"on": {"from": "desk", "to": "desk", "when": "issue"}},
            },
            service={
                "event_timed": True, "servers": 100, "handling_hours": 1.0, "issues": 0.05, "failure_demand": 0.0,
                "fit_effect": 0.0, "first_contact_resolution": 1.0,
            },
        )
    )  # fmt: skip
    handled = run.series("handled").sum()
    assert handled > 4000
    assert share(run.series("handoffs_lost").sum() / handled, -np.expm1(-friction), handled)


def test_the_wait_of_the_fast_form_is_erlangs(quiet, once):
    """While servers are enough, issues counted by age wait as in M/M/c at the load of the week."""
    desk = {"stage": "service", "owner": "desk", "hours": 1.0, "match_reference": 1.0}
    run = once(
        quiet(
            horizon_weeks=60,
            teams={"desk": {"headcount": 20.5, "craft": {"care": 1}}},
            journey={"touchpoints": {"help": desk}},
            capacity={"gross_hours": 40, "pair_hours": 0, "craft_speed": 0, "staffing": False},
            service={"issues": 0.68, "fit_effect": 0, "failure_demand": 0, "first_contact_resolution": 1.0},
        )
    )
    load, wait = run.series("backlog") / 40, run.series("wait_weeks") * 40
    short = load < 20
    assert short.sum() > 40
    exact = [float(theory.erlang_wait(a, 20)) for a in load[short]]
    assert wait[short] == pytest.approx(np.minimum(exact, 40), rel=1e-9)


def test_an_executive_who_stays_has_effect_in_all_weeks_after_the_lag(quiet, once):
    """A24 without exits: of H weeks H - L are matured."""
    lag = 10
    office = {"tenure_months": 0, "start": "appointed", "lag_weeks": lag}
    run = once(quiet(horizon_weeks=40, teams={"desk": {"headcount": 1, "craft": {"care": 1}}}, leadership=office))
    assert run.series("leader_matured").tolist() == [0.0] * lag + [1.0] * (40 - lag)


def test_a_lone_wolfs_deals_are_of_any_size_and_of_the_ordinary_on_average(quiet, once):
    spread = 0.5
    run = once(
        quiet(
            horizon_weeks=1,
            market={"accounts": 20_000, "initial_customers": 0, "external": 0.5},
            selling={
                "lone_wolves": 1.0, "lone_spread": spread, "accelerator": 0.0, "promise": 0.0, "fit_minimum": 0.0,
            },
            ledger={"cost_of_revenue": 0},
        )
    )  # fmt: skip
    won = run.series("new_customers")[0]
    assert won == run.series("lone_deals")[0] > 5000
    size = run.series("spend")[0] / won
    assert abs(size - 1.0) < 4 * np.sqrt(np.expm1(spread**2) / won)


@pytest.mark.parametrize(("bond", "b_r", "b_e"), [(0.5, 2.0, 0.0), (0.8, 2.0, 0.0), (0.5, 0.0, 1.2), (0.3, 1.5, 1.0)])
def test_voices_rest_where_experience_puts_their_rates(quiet, once, bond, b_r, b_e):
    """With R fixed and no effort in memory, rates to the better are exp(x) times as high, to the worse exp(-x)."""
    rate, effort_reference = 0.05, 0.5
    run = once(
        quiet(
            horizon_weeks=260,
            market={
                "accounts": 8000, "initial_customers": 8000,
                "voice": {
                    "neutral_to_advocate": rate, "neutral_to_detractor": rate, "advocate_to_neutral": rate,
                    "detractor_to_neutral": rate, "relationship_effect": b_r, "effort_effect": b_e,
                },
            },
            relationship={
                "start": bond, "depreciation": 0.0, "relationship_reference": 0.5, "effort_reference": effort_reference,
            },
        )
    )  # fmt: skip
    x = b_r * (bond - 0.5) + b_e * effort_reference
    up, down = rate * np.exp(x), rate * np.exp(-x)
    turns = -np.expm1(-(up + down))
    good = turns * up / (up + down) / -np.expm1(-down)  # advocates for one neutral customer
    bad = turns * down / (up + down) / -np.expm1(-up)
    for name, ratio in (("advocates", good), ("detractors", bad)):
        assert share(run.series(name)[-1] / 8000, ratio / (1 + good + bad), 8000), name
