"""M16 and M11: hours that teams spend on each other are charged to both, couple them, and are forgotten."""

import math

import numpy as np
import pytest

from flywheel_sim.execute.run import batch
from flywheel_sim.scenario import ScenarioError, load

COUPLING = {"fixed": 0.0, "gain": 0.5, "most": 8.0, "half_hours": 0.4, "memory_weeks": 26.0}


def at(degrees):
    return {"acquire": float(np.sin(np.radians(degrees))), "care": float(np.cos(np.radians(degrees)))}


def firm(quiet, hours=6.0, heads=(5, 3), weeks=60, members=(), coupling=None, **blocks):
    """Teams a, b, c... at right angles, with no pull but coupling; all hours are worked."""
    teams = {
        name: {"headcount": n, "craft": {"care": 1}, "start": "given", "direction": at(90 * (k % 2))}
        for k, (name, n) in enumerate(zip("abcdefgh", heads, strict=False))
    }
    pulls = dict.fromkeys(("craft_pull", "pay_pull", "lead_pull", "map_pull"), 0.0)
    together = {"all": {"hours": hours, "members": list(members)}} if hours else {}
    blocks.setdefault("strategy", {"enabled": True, "established": False, "transition": 0.0})
    return quiet(
        horizon_weeks=weeks,
        teams=teams,
        vectors={"diffusion": 0.02, **pulls, "coupling": COUPLING | (coupling or {})},
        decisions={"enabled": False, "together": together},
        **blocks,
    )


def closed(hours, heads, weeks, c=COUPLING):
    """kappa at the end of each week, started at 0 and built from week 3 on."""
    met = 2 * hours / sum(heads)
    build = c["gain"] * met / (met + c["half_hours"])
    rate = build / c["most"] + 1 / c["memory_weeks"]
    return build / rate * (1 - np.exp(-rate * np.maximum(0, np.arange(weeks) - 1)))


def test_hours_together_couple_by_the_closed_form_and_saturate(quiet, once):
    for hours in (0.5, 6.0, 1e5):
        kappa = once(firm(quiet, hours)).series("coupling")
        assert kappa == pytest.approx(closed(hours, (5, 3), 60), abs=1e-9)
    most = COUPLING["gain"] * 26 / (1 + COUPLING["gain"] * 26 / COUPLING["most"])
    assert once(firm(quiet, 1e5, weeks=600)).series("coupling")[-1] == pytest.approx(most, rel=1e-3)


def test_an_established_way_of_working_starts_at_rest(quiet, once):
    kappa = once(firm(quiet, strategy={"enabled": True, "established": True})).series("coupling")
    assert kappa == pytest.approx(np.full(60, closed(6.0, (5, 3), 9000)[-1]), rel=1e-9)


def test_what_is_not_kept_up_is_forgotten_at_its_rate(quiet, once):
    stop = {"enabled": True, "changes": {"stop": {"from_week": 31, "set": {"decisions.together.all.hours": 0.0}}}}
    kappa = once(firm(quiet, strategy={"enabled": False}, timeline=stop)).series("coupling")
    assert kappa[30:] == pytest.approx(kappa[29] * np.exp(-np.arange(1, 31) / COUPLING["memory_weeks"]))


def test_hours_of_a_set_are_shared_over_the_others_and_charged_to_each(quiet, once):
    works = {"enabled": True, "pair_hours": 0.0, "staffing": False, "craft_speed": 0.0, "gross_hours": 40}
    run = once(firm(quiet, 6.0, heads=(5, 3, 2), capacity=works))
    assert run.series("together_hours") == pytest.approx(np.full(60, 18.0)), "six hours of each of three teams"
    magnitude = run.arrays.teams[-1, :, 0]
    assert magnitude == pytest.approx([1 - 6 / 200, 1 - 6 / 120, 1 - 6 / 80])
    pairs = [closed(3.0, pair, 60)[-1] for pair in ((5, 3), (5, 2), (3, 2))]
    assert run.series("coupling")[-1] == pytest.approx(np.mean(pairs))


def test_a_team_without_anybody_spends_no_hours_and_couples_to_nobody(quiet, once):
    found = [once(firm(quiet, 6.0, heads=(5, n))).series("coupling")[-1] for n in (0.0, 1e-4, 0.1, 1.0)]
    assert found[0] == 0.0
    assert all(np.diff(found) > 0) and found[1] < 0.05, "no step at nobody"


def test_handing_over_couples_whom_it_joins_by_the_cases_of_last_week(quiet, once):
    link = {"from": "a", "to": "b", "when": "issue", "share": 0.5}
    blocks = {
        "handoffs": {"enabled": True, "hours": 0.2, "base_friction": 0.0, "angle_friction": 0.0, "links": {"it": link}},
        "service": {"enabled": True, "issues": 0.1, "first_contact_resolution": 1.0},
        "strategy": {"enabled": False},
    }
    run = once(firm(quiet, 0.0, heads=(5, 3, 4), weeks=40, **blocks))
    handled, together = run.series("handled"), run.series("together_hours")
    assert together[0] == 0.0
    assert together[1:] == pytest.approx(2 * 0.2 * 0.5 * handled[:-1])
    assert run.series("coupling")[-1] > 0.1


def test_hours_build_nothing_without_gain_and_cost_all_the_same(quiet, same_bits):
    free = {"gain": 0.0, "fixed": 2.0}
    capacity = {"enabled": False}
    spent = firm(quiet, 6.0, coupling=free, capacity=capacity)
    saved = firm(quiet, 0.0, coupling=free, capacity=capacity)
    same_bits(saved, spent, but=("together_hours",))


def test_more_hours_together_align_more_and_leave_less_for_work(quiet):
    works = {"enabled": True, "pair_hours": 0.0, "staffing": False, "gross_hours": 40}
    firms = [firm(quiet, h, heads=(5, 3, 4, 4), weeks=300, capacity=works) for h in (0.0, 2.0, 8.0, 30.0)]
    runs = batch(firms, replicates=20)
    r = [np.mean([run.series("alignment")[150:].mean() for run in one]) for one in runs]
    gained = np.diff(r)
    assert all(gained > 0.01) and all(np.diff(gained) < 0), "less and less"
    assert [run[0].series("together_hours")[-1] for run in runs] == pytest.approx([0.0, 8.0, 32.0, 120.0])


def test_a_plain_number_is_refused_and_both_ways_are_named():
    with pytest.raises(ScenarioError) as found:
        load("b2b-saas").with_({"vectors.coupling": 6})
    assert "{fixed: 6}" in str(found.value) and "decisions.together" in str(found.value)
    assert load("b2b-saas").with_({"vectors.coupling": {"fixed": 6}}).vectors.coupling.fixed == 6


def test_a_set_needs_two_teams_that_exist(quiet):
    for members, said in ((["a"], "two teams"), (["a", "z"], "unknown team")):
        with pytest.raises(ScenarioError, match=said):
            load(firm(quiet, members=members))


def test_joint_decisions_of_the_group_take_their_hours(quiet, once):
    group = {"enabled": True, "pull": 0.0, "interval_weeks": 2}
    link = {"handoffs": {"enabled": False, "links": {"ab": {"from": "a", "to": "b", "when": "sale"}}}}
    scenario = firm(quiet, 0.0, cadence=group, **link)
    scenario["decisions"] = {"enabled": True, "rate": 0.5, "joint_hours": 3.0, "centralisation": 0.2}
    run = once(scenario)
    assert run.series("together_hours") == pytest.approx(np.full(60, 2 * 0.8 * 0.5 * 3.0))
    assert math.isclose(run.series("coupling")[-1], closed(1.2, (5, 3), 60)[-1], rel_tol=1e-9)
