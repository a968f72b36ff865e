"""M10: causes come up, fires eat the hours to remove them, patches hide them."""

import numpy as np
import pytest
from compiled import compiled

from flywheel_sim import theory
from flywheel_sim.engine.mechanisms import m10_causes as m10
from flywheel_sim.engine.run import Simulation
from flywheel_sim.scenario import load

COLUMNS = ("causes", "causes_hidden", "firefighting")


cause_rates = compiled(m10.cause_rates)


def test_rates_by_hand():
    # f = .8 (1 - .9 x .6) = .368; grow .02 x .3; fix .632 x .1 x .4; hide (.632 x .05 + .1 x .368) x .4 - .02 x .3
    shown, hidden = cause_rates(0.4, 0.3, 0.8, 0.9, 0.02, 0.1, 0.05, 0.1, 0.02)
    assert hidden == pytest.approx(0.4 * (0.632 * 0.05 + 0.0368) - 0.006)
    assert shown == pytest.approx(0.006 - 0.02528 - hidden)


def test_nothing_is_fixed_while_everything_burns():
    shown, hidden = cause_rates(0.9, 0.0, 5.0, 0.9, 0.02, 0.1, 0.05, 0.0, 0.02)
    assert (shown, hidden) == (pytest.approx(0.002), 0.0)


def firm(quiet, directions=(0,), support=None, owner="a", weeks=26, blocks=None, touches=1, **causes):
    teams = {}
    for name, degrees in zip("abcdefgh", directions, strict=False):
        way = {"acquire": float(np.sin(np.radians(degrees))), "care": float(np.cos(np.radians(degrees)))}
        teams[name] = {"headcount": 2, "craft": {"care": 1}, "start": "given", "direction": way, "front": True}
    rows = {
        f"t{n}": {"stage": "use", "owner": owner, "rate": 0.5, "hours": 1.0, "support": support or {}}
        for n in range(touches)
    }
    return quiet(
        horizon_weeks=weeks,
        teams=teams,
        journey={"touchpoints": rows, "match_effect": 0.0, "owner_share": 1.0},
        relationship={},
        causes={"patching": 0.0, **causes},
        **(blocks or {}),
    )


def test_the_week_is_exact(quiet, once):
    # the path of A27, over the kink where fires no longer take all hours
    for start, load_, e in ((0.85, 1.1, 0.1), (0.9, 1.1, 0.1), (0.3, 0.8, 0.2), (0.95, 1.02, 0.2)):
        run = once(firm(quiet, weeks=300, start=start, load=load_, fix_rate=e))
        exact = theory.capability_path(np.arange(1, 301), 1 - start, load_, 0.9, e, 0.02)
        assert np.abs(1 - run.series("causes") - exact).max() < 1e-6


def test_causes_that_come_up_many_times_a_step_fill_up_and_stay_numbers(once):
    # relearning a change of strategy makes them come up 480 times a week here
    steep = {"strategy.transition": 100, "causes.change_effect": 100, "horizon_weeks": 8, "market.accounts": 124,
             "market.initial_customers": 46, "market.network.degree": 2}  # fmt: skip
    causes = once(load("everything-on").with_(steep)).series("causes")
    assert 0.9 < causes[0] <= 1.0 and (causes <= 1.0).all()


def test_off_is_off_to_the_bit(quiet, same_bits):
    blocks = {"service": {"issues": 0.2}}
    same_bits(
        firm(quiet, blocks=blocks, quality_effect=0.0, issue_effect=0.0, patching=0.1),
        firm(quiet, blocks=blocks, enabled=False),
        but=COLUMNS,
    )


def test_what_shows_spoils_touches_and_makes_issues(quiet, once):
    still = {"growth": 0.0, "fix_rate": 0.0, "start": 0.7, "reference": 0.2}
    plain, spoilt = once(firm(quiet, enabled=False)), once(firm(quiet, quality_effect=2.0, **still))
    failed = [x.series("defects").sum() / x.series("touches").sum() for x in (plain, spoilt)]
    assert failed[0] == pytest.approx(0.2, abs=0.01)
    assert failed[1] == pytest.approx(1 / (1 + np.exp(np.log(0.8 / 0.2) - 2.0 * 0.5)), abs=0.01)
    service = {"service": {"issues": 0.4, "failure_demand": 0.0, "first_contact_resolution": 1.0}}
    plain = once(firm(quiet, blocks=service, enabled=False))
    spoilt = once(firm(quiet, blocks=service, quality_effect=0.0, issue_effect=1.0, **still))
    contacts = [x.series("contacts").sum() for x in (plain, spoilt)]
    assert contacts[1] / contacts[0] == pytest.approx(np.exp(1.0 * 0.5), rel=0.05)


def test_at_the_reference_nothing_is_moved(quiet, same_bits):
    still = {"growth": 0.0, "fix_rate": 0.0, "start": 0.2, "reference": 0.2}
    same_bits(firm(quiet, **still), firm(quiet, enabled=False), but=COLUMNS)


def test_causes_go_with_the_teams_behind_a_touchpoint_aligned(quiet, once):
    # owner .6, helper .4 at 60 degrees: a = .8; fixing alone, dX/dt = -e a X
    alone = {"growth": 0.0, "load": 0.0, "start": 0.5, "fix_rate": 0.1, "support": {"b": 0.4}, "weeks": 10}
    run = once(firm(quiet, (0, 60), **alone))
    assert run.series("causes")[-1] == pytest.approx(0.5 * np.exp(-0.1 * 0.8 * 10), rel=1e-6)
    run = once(firm(quiet, (0, 60), alignment_effect=0.0, **alone))
    assert run.series("causes")[-1] == pytest.approx(0.5 * np.exp(-0.1 * 10), rel=1e-6)
    run = once(firm(quiet, (0, 180), alignment_effect=1.0, **{**alone, "support": {"b": 0.6}}))
    assert run.series("causes")[-1] == 0.5, "against each other nothing is fixed, and nothing is made worse"


def test_culture_lets_fixes_work(quiet, once):
    slow = {"culture": {"start": 0.0, "reference": 0.5, "independence": 0.4, "effort_month": 0.0}}
    run = once(firm(quiet, blocks=slow, weeks=10, growth=0.0, load=0.0, start=0.5, fix_rate=0.1))
    assert run.series("causes")[-1] == pytest.approx(0.5 * np.exp(-0.1 * 0.4 * 10), rel=1e-6)


def test_hidden_causes_come_back(quiet, once):
    # with all hours on fires: V' = -.1 V + W/10, W the rest, so W -> 1/2 (1 - exp(-.2 t)) of the whole
    scenario = firm(quiet, weeks=20, growth=0.0, load=100.0, start=0.6, patching=0.1, return_weeks=10.0)
    run, t = once(scenario), np.arange(1, 21)
    assert run.series("causes") == pytest.approx(np.full(20, 0.6)), "patches remove nothing"
    assert run.series("causes_hidden") == pytest.approx(0.3 * (1 - np.exp(-0.2 * t)), rel=1e-5)
    scenario["timeline"] = {
        "enabled": True,
        "changes": {"stop": {"from_week": 21, "set": {"causes.patching": 0.0}}},
    }
    scenario["horizon_weeks"] = 40
    after = once(scenario)
    assert np.array_equal(after.series("causes_hidden")[:20], run.series("causes_hidden")), "what is past stays"
    left = run.series("causes_hidden")[-1] * np.exp(-0.1 * t)
    assert after.series("causes_hidden")[20:] == pytest.approx(left, rel=1e-5)


def test_c60_patching_leaves_more_causes_than_fixing(quiet, once):
    plain, patched = (once(firm(quiet, weeks=520, patching=x, load=0.9, start=0.3)) for x in (0.0, 0.2))
    assert patched.series("causes")[-1] > plain.series("causes")[-1] + 0.02
    assert plain.series("causes_hidden").max() == 0.0


def test_change_and_lost_handoffs_make_causes(quiet, once):
    # change: log skill lost tau0 ln(1 + 2) in week 1, before causes step
    alone = {"fix_rate": 0.0, "start": 0.5, "weeks": 1, "growth": 0.02}
    strategy = {"strategy": {"established": False, "transition": 0.5}, "cadence": {"pull": 0.0}}
    run = once(firm(quiet, blocks=strategy, change_effect=2.0, handoff_reference=0.0, **alone))
    grow = 0.02 * (1 + 2.0 * 0.5 * np.log(3))
    assert run.series("causes")[0] == pytest.approx(1 - 0.5 * np.exp(-grow), rel=1e-6)
    run = once(firm(quiet, blocks=strategy, change_effect=0.0, **alone))
    assert run.series("causes")[0] == pytest.approx(1 - 0.5 * np.exp(-0.02), rel=1e-6)


def test_lost_handoffs_of_last_week_count_from_their_reference(quiet, once):
    blocks = {
        "service": {"issues": 0.4},
        "handoffs": {
            "base_friction": 0.5,
            "angle_friction": 0.0,
            "links": {"back": {"from": "a", "to": "b", "when": "issue", "share": 1.0}},
        },
    }
    alone = {"fix_rate": 0.0, "start": 0.5, "weeks": 6, "growth": 0.02, "handoff_reference": 0.1, "issue_effect": 0.0}
    run = once(firm(quiet, (0, 0), blocks=blocks, handoff_effect=3.0, **alone))
    share = run.series("handoffs_lost") / np.maximum(run.series("handled"), 1)
    assert share[1:].min() > 0.2
    x = 0.5
    for t in range(6):
        lost = share[t - 1] - 0.1 if t and run.series("handled")[t - 1] > 0 else 0.0
        x = 1 - (1 - x) * np.exp(-0.02 * max(0.0, 1 + 3 * lost))
        assert run.series("causes")[t] == pytest.approx(x, rel=1e-6)


def test_a_busy_owner_has_no_time_to_fix(quiet, once):
    # 1 000 customers x (1 - exp(-.5)) x 1 hour for two heads of 200 hours: nearly always full
    def company(hours):
        capacity = {"capacity": {"gross_hours": hours, "pair_hours": 0.0, "staffing": False, "craft_speed": 0.0}}
        return once(
            firm(quiet, blocks=capacity, weeks=40, pressure="observed", load=1.0, start=0.5, quality_effect=0.0)
            | {"journey": {"enabled": True, "overload_effect": 0.0, "touchpoints": {
                "t0": {"stage": "use", "owner": "a", "rate": 0.5, "hours": 0.3}}}}
        )  # fmt: skip

    busy, free = company(60.0), company(168.0)
    assert busy.series("firefighting")[5:].mean() > free.series("firefighting")[5:].mean() + 0.2
    assert busy.series("causes")[-1] > free.series("causes")[-1] + 0.05


def test_causes_begin_when_they_are_switched_on_and_are_saved(quiet, once):
    scenario = firm(quiet, weeks=12, growth=0.02, enabled=False, start=0.4, fix_rate=0.0)
    scenario["timeline"] = {
        "enabled": True,
        "changes": {"on": {"from_week": 7, "set": {"causes.enabled": True}}},
    }
    causes = once(scenario).series("causes")
    assert np.all(causes[:6] == 0)
    assert causes[6:] == pytest.approx(1 - 0.6 * np.exp(-0.02 * np.arange(1, 7)), rel=1e-6)


def test_causes_without_touchpoints_or_teams(quiet, once):
    run = once(quiet(causes={}, horizon_weeks=3))
    assert np.all(run.series("causes") == 0)


def test_every_touchpoint_has_its_own(quiet):
    scenario = firm(quiet, (0, 180), touches=2, growth=0.0, load=0.0, start=0.5)
    scenario["journey"]["touchpoints"]["t1"] |= {"support": {"b": 0.5}}
    sim = Simulation([load(scenario).model], [(0, 1, 0)])
    sim.advance(5)
    seen = sim.state.visible
    assert seen[0] == pytest.approx(0.5 * np.exp(-0.5), rel=1e-6)
    assert seen[1] == pytest.approx(0.5)
