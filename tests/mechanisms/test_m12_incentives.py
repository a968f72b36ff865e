"""M12: people do what they are paid for, as far as it pays."""

import numpy as np
import pytest
from compiled import compiled

from flywheel_sim.engine.mechanisms import m12_incentives as m12
from flywheel_sim.engine.run import Simulation
from flywheel_sim.execute.run import batch
from flywheel_sim.scenario import load

solve_cost = compiled(m12.solve_cost)


def test_attenuation_by_hand():
    assert m12.attenuation(2.0, 1.0, 0.0, 1.0, 26.0) == pytest.approx(1 / 1.5)
    assert m12.attenuation(1.0, 0.0, 26.0, 1.0, 26.0) == pytest.approx(np.exp(-1))
    assert m12.attenuation(1.0, 2.0, 13.0, 0.5, 26.0) == pytest.approx(np.exp(-0.5) / 3)
    assert m12.attenuation(1.0, 0.0, 0.0, 9.0, 26.0) == 1.0


@pytest.mark.parametrize("substitution", [-0.3, 0.0, 0.5, 0.9])
@pytest.mark.parametrize("d", [2, 3, 5])
def test_effort_solves_its_cost(d, substitution):
    cost = np.full((d, d), substitution) + (1 - substitution) * np.eye(d)
    v = np.arange(1.0, d + 1)
    expected = np.linalg.solve(cost, v)
    solve_cost(v, d, substitution)
    assert v == pytest.approx(expected)


MEASURES = {
    "closes": {"gradient": {"acquire": 1.0}, "target": 1.0},
    "survey": {"gradient": {"care": 0.5}, "gaming": 0.8, "target": 1.0},
    "goals": {"gradient": {"care": 0.0}, "craft": 1.0, "target": 1.0},
    "peers": {"gradient": {"care": 0.0}, "peers": 1.0, "target": 1.0},
    "storyboard": {"gradient": {"care": 0.0}, "map": 1.0, "target": 1.0},
    "late": {"gradient": {"care": 1.0}, "lag_weeks": 26.0, "noise": 1.0, "target": 1.0},
}


def firm(quiet, on=None, intensity=0.5, teams=None, pay=None, vectors=None, weeks=4, links=None, **incentives):
    """One team `desk` whose craft is `care`, paid as told; no pull but pay."""
    rows = {"desk": {"headcount": 2, "salary": 52_000, "craft": {"care": 1}}} | (teams or {})
    pulls = dict.fromkeys(("craft_pull", "lead_pull", "map_pull", "diffusion"), 0.0) | {"coupling": {"fixed": 0.0}}
    block = {
        "intrinsic": 0.5,
        "effort_reference": 0.5,
        "effort_elasticity": 0.3,
        "max_effort": 100,
        "measures": MEASURES,
        **incentives,
    }
    if on:
        block["pay"] = {"desk": {"intensity": intensity, "on": on, **(pay or {})}}
    extra = {"handoffs": {"links": links}} if links else {}
    return quiet(
        horizon_weeks=weeks,
        teams=rows,
        vectors={"pay_pull": 1.0, **pulls, **(vectors or {})},
        incentives=block,
        **extra,
    )


def effort_of(scenario, team="desk"):
    """Pay field, effort level and gaming of a team in the first week."""
    loaded = load(scenario)
    sim = Simulation([loaded.model], [(0, 1, 0)])
    sim.advance(1)
    k = list(loaded.model.teams).index(team)
    return sim.state.pay[k, :2].copy(), float(sim.state.level[k]), float(sim.state.gaming[k])


def test_effort_by_hand(quiet):
    # a = e0 o + b sum w g att; axes (acquire, care)
    pay, level, gaming = effort_of(firm(quiet, {"closes": 0.6, "late": 0.4}, 0.5))
    a = np.array([0.5 * 0.6, 0.5 + 0.5 * 0.4 * np.exp(-1) / 2])
    assert pay == pytest.approx(a)
    assert level == pytest.approx((np.linalg.norm(a) / 0.5) ** 0.3)
    assert gaming == 0.0


def test_paying_one_task_crowds_out_the_other_where_they_compete(quiet):
    # A15: C^-1 with .5 off the diagonal turns pay on closes into less care
    pay, _, _ = effort_of(firm(quiet, {"closes": 1.0}, 1.0, substitution=0.5))
    cost = np.array([[1, 0.5], [0.5, 1]])
    assert pay == pytest.approx(np.array([0, 0.5]) + np.linalg.solve(cost, [1.0, 0.0]))
    assert pay[1] < 0


def test_effort_is_capped(quiet):
    pay, level, _ = effort_of(firm(quiet, {"closes": 1.0}, 5.0, max_effort=1.5))
    assert np.linalg.norm(pay) == pytest.approx(1.5)
    assert level == pytest.approx(3.0**0.3)


def test_goals_point_along_the_own_craft(quiet):
    pay, _, _ = effort_of(firm(quiet, {"goals": 1.0}, 0.7))
    assert pay == pytest.approx([0.0, 0.5 + 0.7])


def test_peer_scores_point_to_the_partners_and_not_when_traded(quiet):
    other = {"crew": {"headcount": 1, "craft": {"acquire": 1}}, "far": {"headcount": 1, "craft": {"care": 1}}}
    links = {"link": {"from": "desk", "to": "crew", "when": "sale"}}
    pay, _, _ = effort_of(firm(quiet, {"peers": 1.0}, 0.7, teams=other, links=links))
    assert pay == pytest.approx([0.7, 0.5])
    pay, _, _ = effort_of(firm(quiet, {"peers": 1.0}, 0.7, teams=other, links=links, collusion=1.0))
    assert pay == pytest.approx([0.0, 0.5]), "C17"


def test_pay_on_the_experience_map_points_where_the_map_does(quiet):
    scenario = firm(quiet, {"storyboard": 1.0}, 0.7, intrinsic=0.0)
    scenario["segments"] = {"all": {"spend": 52, "need": {"acquire": 0.6, "care": 0.8}}}
    scenario["sensing"] = {"enabled": True, "accuracy": 1.0, "need_drift": 0.0}
    pay, _, _ = effort_of(scenario)
    assert pay == pytest.approx([0.7 * 0.6, 0.7 * 0.8], abs=1e-9)
    scenario["sensing"] = {"enabled": False}
    pay, _, _ = effort_of(scenario)
    assert np.all(pay == 0.0), "without a map there is nothing to be paid on"


def test_gaming_by_hand_and_its_vanishing(quiet):
    on = {"survey": 1.0}
    assert effort_of(firm(quiet, on, 0.5))[2] == pytest.approx(0.4)
    assert effort_of(firm(quiet, on, 0.5, norms=0.25, gaming_cost=2.0))[2] == pytest.approx(0.15)
    assert effort_of(firm(quiet, on, 0.5, norms=1.0))[2] == 0.0, "C24"
    assert effort_of(firm(quiet, on, 0.5, gaming_cost=1e9))[2] < 1e-9, "C15"


def test_teams_turn_to_what_they_are_paid_for(quiet):
    # C14: the pay field alone ends along e0 o + b g
    scenario = firm(quiet, {"closes": 1.0}, 0.5, weeks=60, vectors={"pay_pull": 1.0, "substeps": 4})
    u = batch([scenario], replicates=1)[0][0].arrays.teams[-1, 0, 1:]
    assert u == pytest.approx(np.array([0.5, 0.5]) / np.hypot(0.5, 0.5), abs=1e-6)


def test_surplus_share_of_a_measure_is_its_squared_cosine(quiet):
    # A16: e0 = 0; value f.a, cost |a|^2/2; at the best b the share of first best is cos^2
    f = np.array([1.0, 1.0])
    shares = []
    for b in np.linspace(0.2, 1.8, 17):
        a, _, _ = effort_of(firm(quiet, {"closes": 1.0}, float(b), intrinsic=0.0))
        shares.append((f @ a - a @ a / 2) / (f @ f / 2))
    assert max(shares) == pytest.approx(0.5, abs=1e-9)
    assert np.argmax(shares) == 8, "b* = f.g/|g|^2 = 1"


def test_without_intensity_pay_does_nothing(quiet, same_bits):
    same_bits(
        firm(quiet, {"closes": 1.0}, 0.0, pay={"bonus": 0.0}, weeks=20),
        firm(quiet, {"survey": 1.0}, 0.0, pay={"bonus": 0.0}, weeks=20),
        firm(quiet, None, weeks=20),
    )


def test_off_there_is_no_pay_field_no_gaming_no_bonus(quiet, same_bits, once):
    off = firm(quiet, {"survey": 1.0}, 2.0, weeks=20, enabled=False) | {"ledger": {"enabled": True}}
    none = firm(quiet, None, weeks=20, vectors={"pay_pull": 0.0}, effort_elasticity=0.0) | {"ledger": {"enabled": True}}
    same_bits(off, none)
    run = once(off)
    assert run.series("bonus").sum() == run.series("gaming").sum() == run.series("score_inflation").sum() == 0
    assert np.all(run.series("effort_level") == 1)


def test_gaming_lifts_the_surveyed_score_and_nothing_else(quiet):
    sensing = {"survey_weeks": 4, "response_rate": 1.0, "happy_bias": 1.0}

    def company(cost):
        return firm(quiet, {"survey": 1.0}, 0.5, weeks=12, gaming_cost=cost, pay={"bonus": 0.0}) | {
            "sensing": {"enabled": True, **sensing},
            "measures": {"enabled": True},
        }

    honest, gamed = (runs[0] for runs in batch([company(1e9), company(1.0)], replicates=1))
    assert np.array_equal(honest.series("nps_true"), gamed.series("nps_true"))
    assert np.array_equal(honest.series("customers"), gamed.series("customers"))
    assert gamed.series("nps_survey")[-1] - honest.series("nps_survey")[-1] == pytest.approx(20 * 0.4, abs=1e-6)
    assert gamed.series("score_inflation")[-1] == pytest.approx(8.0)


def test_bonuses_are_paid_on_last_weeks_columns_and_booked(quiet, once):
    measures = {"base": {"gradient": {"care": 1.0}, "columns": {"customers": 1.0}, "target": 500.0}}
    run = once(
        firm(quiet, {"base": 1.0}, 0.5, pay={"bonus": 0.1}, measures=measures)
        | {"ledger": {"enabled": True, "cost_of_revenue": 0}}
    )
    # 2 heads x 1000 a week x 10 % x score 2 (1 000 customers over a target of 500, at the cap); in week 1 there is
    # nothing to read yet, and the bonus is that at target
    assert run.series("bonus") == pytest.approx([200.0, 400.0, 400.0, 400.0])
    assert run.series("total_cost") == pytest.approx([2200.0, 2400.0, 2400.0, 2400.0])
