"""M3: how well touchpoints are served, and what the test modes take away."""

import numpy as np
import pytest

from flywheel_sim.engine.run import Simulation
from flywheel_sim.execute.run import batch
from flywheel_sim.scenario import load


def logistic(x):
    return 1 / (1 + np.exp(-x))


def logit(p):
    return np.log(p / (1 - p))


def at(degrees):
    return {"acquire": float(np.sin(np.radians(degrees))), "care": float(np.cos(np.radians(degrees)))}


def firm(quiet, owner=0.0, other=90.0, journey=None, touch=None, **blocks):
    """Two teams at these angles to the need; `owner` has the touchpoint, `other` powers it."""
    teams = {
        "owner": {"headcount": 1, "craft": {"care": 1}, "start": "given", "direction": at(owner), "front": True},
        "other": {"headcount": 1, "craft": {"care": 1}, "start": "given", "direction": at(other), "front": False},
    }
    point = {
        "stage": "use",
        "owner": "owner",
        "rate": 0.7,
        "base_success": 0.8,
        "match_reference": 0.5,
        **(touch or {}),
    }
    return quiet(
        teams=blocks.pop("teams", teams),
        journey={"match_effect": 2.0, **(journey or {}), "touchpoints": {"use": point}},
        **blocks,
    )


def success(scenario):
    sim = Simulation([load(scenario).model], [(0, 1, 0)])
    sim.advance(1)
    return float(sim.state.success[0])


def test_success_by_hand(quiet):
    # v.n = .6 cos(owner) + .4 cos(other), the need being the axis `care`
    for owner, other in ((0, 0), (0, 90), (60, 180), (120, 30)):
        match = 0.6 * np.cos(np.radians(owner)) + 0.4 * np.cos(np.radians(other))
        assert success(firm(quiet, owner, other)) == pytest.approx(logistic(logit(0.8) + 2 * (match - 0.5)), abs=1e-12)


def test_a_better_base_is_a_better_stage_against_its_reference_and_the_same_without_one(quiet):
    def going_well(**touch):
        made = firm(
            quiet,
            60,
            60,
            touch={"stage": "service", "hours": 0.1, **touch},
            service={"issues": 0.05},
            horizon_weeks=104,
        )
        made["service"] |= {"first_contact_resolution": 0.6, "return_delay_weeks": 0.0}
        run = batch([made], replicates=1)[0][0]
        return 1.0 - run.series("repeat_contacts").sum() / run.series("handled").sum()

    base = going_well(base_success=0.6)
    assert base == going_well(base_success=0.6, success_reference=0.6)
    assert base == pytest.approx(0.6, abs=0.02), "cases of one issue, for the most part"
    assert going_well(base_success=0.9) == pytest.approx(base, abs=1e-12), "it is only said to have been better"
    assert going_well(base_success=0.9, success_reference=0.6) == pytest.approx(0.9, abs=0.02)


def test_at_the_reference_match_success_is_the_base(quiet):
    assert success(firm(quiet, 60, 60)) == pytest.approx(0.8, abs=1e-12)


def test_owner_alone_where_powering_teams_are_not_needed(quiet):
    for other in (0, 90, 180):
        assert success(firm(quiet, 30, other, {"owner_share": 1.0})) == pytest.approx(
            logistic(logit(0.8) + 2 * (np.cos(np.radians(30)) - 0.5)), abs=1e-12
        )
        assert success(firm(quiet, 30, other, touch={"support": {"other": 0.25}})) == pytest.approx(
            logistic(logit(0.8) + 2 * (0.75 * np.cos(np.radians(30)) + 0.25 * np.cos(np.radians(other)) - 0.5)),
            abs=1e-12,
        )


def test_a_touchpoints_need_is_the_unit_sum_of_segment_and_offset(quiet):
    scenario = firm(quiet, 45, 45, touch={"need": {"acquire": 1.0}})  # need at 45 degrees
    assert success(scenario) == pytest.approx(logistic(logit(0.8) + 2 * 0.5), abs=1e-12)


def test_skill_scales_the_vector(quiet):
    teams = {
        "owner": {"headcount": 1, "craft": {"care": 1}, "skill": 1.5, "start": "given", "direction": at(0)},
    }
    scenario = firm(quiet, journey={"owner_share": 1.0}, teams=teams)
    assert success(scenario) == pytest.approx(logistic(logit(0.8) + 2 * (1.5 - 0.5)), abs=1e-12)


def test_directions_ignored_adds_magnitudes(quiet):
    # C38: with scalars, opposite teams help as much as aligned ones
    values = {success(firm(quiet, a, b, {"directions": "ignored"})) for a, b in ((0, 0), (0, 180), (90, 270))}
    assert len(values) == 1
    assert values.pop() == pytest.approx(logistic(logit(0.8) + 2 * 0.5), abs=1e-12)


def test_opposite_vectors_cancel(quiet):
    scenario = firm(quiet, 0, 180, touch={"support": {"other": 0.5}, "match_reference": 0.0})
    assert success(scenario) == pytest.approx(0.8, abs=1e-12)


def test_common_forces_one_direction(quiet):
    # the mean of 0 and 90 degrees is 45 degrees, for both
    match = np.cos(np.radians(45))
    assert success(firm(quiet, 0, 90, {"directions": "common"})) == pytest.approx(
        logistic(logit(0.8) + 2 * (match - 0.5)), abs=1e-12
    )


def test_without_a_need_any_common_direction_is_as_good(quiet):
    values = [success(firm(quiet, a, a, {"directions": "no_need"})) for a in (0, 77, 180)]
    assert values == pytest.approx([logistic(logit(0.8) + 2 * 0.5)] * 3, abs=1e-12)


@pytest.mark.parametrize("spread", [0, 20, 45, 70])
def test_c28_turning_the_teams_is_worth_what_their_alignment_lets_through(quiet, spread):
    # two teams `spread` degrees either side of where the company looks; support .5 makes their weights equal
    def worth(mode):
        logits = [
            logit(success(firm(quiet, at + spread, at - spread, {"directions": mode, "length_reference": 0.7},
                               {"support": {"other": 0.5}, "match_reference": 0.0})))
            for at in (80, 0)
        ]  # fmt: skip
        return logits[1] - logits[0]

    turned = 2.0 * (1.0 - np.cos(np.radians(80)))
    assert worth("vector") == pytest.approx(turned * np.cos(np.radians(spread)), abs=1e-9)
    assert worth("additive") == pytest.approx(turned * 0.7, abs=1e-9), "vanishes: the same however far apart they look"


def test_tone_between_front_teams(quiet):
    teams = {
        name: {"headcount": 1, "craft": {"care": 1}, "start": "given", "direction": at(angle)}
        for name, angle in (("owner", 0), ("other", 60))
    }

    def cost(effect):
        return success(firm(quiet, journey={"tone_effect": effect, "owner_share": 1.0}, teams=teams))

    r_front = np.cos(np.radians(30))  # length of the mean of two vectors 60 degrees apart
    assert logit(cost(0.0)) - logit(cost(3.0)) == pytest.approx(3 * (1 - r_front), abs=1e-9)


def test_overload_and_culture_enter_the_logit(quiet):
    touch = {"hours": 1000.0}
    scenario = firm(
        quiet, 60, 60, {"overload_effect": 1.5, "culture_effect": 2.0}, touch,
        capacity={"gross_hours": 40, "pair_hours": 0, "craft_speed": 0, "staffing": False},
        culture={"start": 0.9, "reference": 0.5, "retention_month": 1.0, "effort_month": 0.0},
    )  # fmt: skip
    sim = Simulation([load(scenario).model], [(0, 1, 0)])
    sim.advance(1)
    assert logit(sim.state.success[0]) == pytest.approx(logit(0.8) + 2 * 0.4, abs=1e-9), "nothing was asked before"
    sim.advance(1)
    assert sim.state.overload.max() == 5.0, "hopelessly overloaded, at the cap"
    assert logit(sim.state.success[0]) == pytest.approx(logit(0.8) + 2 * 0.4 - 1.5 * 5, abs=1e-9)


def test_touches_fail_as_often_as_stated(quiet, once):
    run = once(firm(quiet, 0, 90) | {"horizon_weeks": 40})
    p_touch = 1 - np.exp(-0.7)
    touches, failed = run.series("touches").sum(), run.series("defects").sum()
    assert abs(touches / 40_000 - p_touch) < 4 * np.sqrt(p_touch * (1 - p_touch) / 40_000)
    p = 1 - success(firm(quiet, 0, 90))
    assert abs(failed / touches - p) < 4 * np.sqrt(p * (1 - p) / touches)


def test_directions_do_nothing_at_match_effect_zero(quiet):
    for a, b in ((0, 0), (0, 180), (50, 70)):
        assert success(firm(quiet, a, b, {"match_effect": 0.0})) == pytest.approx(0.8, abs=1e-12)


def test_off_there_are_no_touches_and_stages_are_at_reference(quiet, once):
    def company(angle, enabled):
        scenario = firm(
            quiet, angle, angle, {"enabled": enabled}, {"stage": "sale"},
            market={"initial_customers": 100, "external": 0.01, "funnel": {"enabled": True}},
        )  # fmt: skip
        scenario["journey"]["touchpoints"]["campaign"] = {"stage": "awareness", "owner": "owner"}
        return scenario

    blind = ("alignment", "customer_alignment", "net_force", "alignment_weighted")
    # 60 degrees is the reference match: on or off, every stage is at its stated chance
    near = once(company(60, True)), once(company(60, False))
    assert near[0].series("new_customers").sum() == near[1].series("new_customers").sum()
    off = [once(company(a, False)) for a in (0, 180)]
    assert all(np.array_equal(off[0].weekly[c], off[1].weekly[c]) for c in off[0].weekly.columns if c not in blind)
    good, bad = once(company(0, True)), once(company(180, True))
    assert good.series("leads").sum() > 1.2 * bad.series("leads").sum(), "awareness"
    assert good.series("sold").sum() > 1.5 * bad.series("sold").sum(), "sale"
