"""M16: coupled decisions, taken together or apart, and what their errors cost."""

import numpy as np
import pytest

from flywheel_sim.engine.lowering import lower
from flywheel_sim.engine.run import Simulation
from flywheel_sim.execute.run import batch
from flywheel_sim.scenario import ScenarioError, load


def at(degrees):
    return {"acquire": float(np.sin(np.radians(degrees))), "care": float(np.cos(np.radians(degrees)))}


def gap(degrees):
    return (1 - np.cos(np.radians(degrees))) / 2


def firm(quiet, angles=(0, 90, 180), weeks=6, links="ab bc", members=None, owner_share=1.0, **blocks):
    """Teams a, b, c, ...; handoffs join neighbours; `a` owns a touchpoint in use."""
    teams = {
        n: {"headcount": 5, "craft": {"care": 1}, "start": "given", "direction": at(d), "front": n == "a"}
        for n, d in zip("abcdefgh", angles, strict=False)
    }
    if members is not None:
        blocks["cadence"] = {"members": list(members), "pull": 0.0, "interval_weeks": 4} | blocks.get("cadence", {})
    joined = {pair: {"from": pair[0], "to": pair[1], "when": "sale"} for pair in links.split()}
    point = {"stage": "use", "owner": "a", "rate": 0.5, "match_reference": 0.0, "base_success": 0.8}
    return quiet(
        horizon_weeks=weeks,
        teams=teams,
        handoffs={"enabled": False, "links": joined},
        journey={"owner_share": owner_share, "match_effect": 0.0, "touchpoints": {"use": point}},
        decisions={"rate": 0.5, "rework": 1.0, "centralisation": 0.0} | blocks.pop("decisions", {}),
        **blocks,
    )


def coupling(scenario):
    return lower([load(scenario).model]).tables.coupled


def test_coupling_is_handoffs_plus_touchpoints_served_together(quiet):
    # a - b by a handoff; a serves .6, b and c .2 each of the touchpoint
    v = np.array([[0, 1.12, 0.12], [1.12, 0, 0.04], [0.12, 0.04, 0]])
    found = coupling(firm(quiet, links="ab", owner_share=0.6))
    assert found == pytest.approx(v * v.sum() / (v * v).sum())
    assert (found**2).sum() == pytest.approx(found.sum())


def test_a_team_without_coupling_changes_no_other_pair(quiet):
    few, more = coupling(firm(quiet, (0, 90), links="ab")), coupling(firm(quiet, (0, 90, 0, 0), links="ab"))
    assert more[:2, :2] == pytest.approx(few[:2, :2])
    assert np.all(more[2:] == 0) and np.all(more[:, 2:] == 0)


def test_rework_by_hand(quiet, once):
    # both pairs have coupling 1 and 90 degrees between them: expected reworks exp(1/2) - 1, two weeks each
    run = once(firm(quiet))
    again = np.exp(0.5) - 1
    assert run.series("decision_weeks") == pytest.approx([2 * again] * 6)
    assert run.series("rework_rate") == pytest.approx([1 - np.exp(-0.5)] * 6)
    assert run.series("misfit") == pytest.approx([2.0] * 6)


def test_rework_takes_hours_of_both_teams(quiet, once):
    capacity = {"gross_hours": 40, "pair_hours": 0, "staffing": False, "craft_speed": 0}
    run = once(firm(quiet, capacity=capacity, decisions={"rework_hours": 10}))
    one = 0.5 * (np.exp(0.5) - 1) * 10
    assert run.arrays.teams[0, :, 0] == pytest.approx([1 - one / 200, 1 - 2 * one / 200, 1 - one / 200])


def test_c43_a_group_decides_once_and_waits_for_its_meeting(quiet, once):
    run = once(firm(quiet, members="abc"))
    assert run.series("decision_weeks") == pytest.approx([2.0] * 6), "half of four weeks"
    assert np.all(run.series("rework_rate") == 0) and np.all(run.series("misfit") == 0)
    half = once(firm(quiet, members="ab"))
    assert half.series("decision_weeks") == pytest.approx([(2.0 + 2 * (np.exp(0.5) - 1)) / 2] * 6)
    assert half.series("misfit") == pytest.approx([1.0] * 6)


def test_c43_vanishes_without_rework(quiet, once):
    apart, together = (once(firm(quiet, members=m, decisions={"rework": 0.0})) for m in ("a", "abc"))
    assert np.all(apart.series("decision_weeks") == 0) and np.all(apart.series("rework_rate") == 0)
    assert np.all(together.series("decision_weeks") == 2.0), "the group only costs time"


def test_c42_rework_grows_with_the_misfit_and_vanishes_when_all_is_joint(quiet, once):
    runs = [once(firm(quiet, (0, 90, 0, 90), links="ab bc cd da", members=m)) for m in ("abcd", "abc", "ab", "a")]
    misfit = [run.series("misfit")[-1] for run in runs]
    rework = [run.series("rework_rate")[-1] for run in runs]
    assert misfit == pytest.approx([0, 2, 3, 4])
    assert np.all(np.diff(rework) > 0) and rework[0] == 0
    aligned = once(firm(quiet, (30, 30, 30, 30), links="ab bc cd da", members="a"))
    assert aligned.series("misfit")[-1] == pytest.approx(4)
    assert aligned.series("rework_rate")[-1] == pytest.approx(0, abs=1e-12), "apart, but of one mind"


def test_c44_leaving_a_powering_team_out_costs_and_vanishes_without_dependency(quiet):
    def left_out(share):
        scenarios = [firm(quiet, (0, 60, 120), links="ab", owner_share=share, members=m) for m in ("abc", "ab")]
        return [run[0] for run in batch(scenarios, replicates=1)]

    full, without = left_out(0.6)
    assert without.series("misfit")[-1] > full.series("misfit")[-1] == 0
    assert without.series("relationship")[-1] == full.series("relationship")[-1], "relationship is off"
    assert without.series("decision_error")[-1] > full.series("decision_error")[-1]
    assert without.series("defects").sum() >= full.series("defects").sum()
    full, without = left_out(1.0)
    for column in ("misfit", "decision_weeks", "rework_rate", "decision_error", "defects"):
        assert np.array_equal(full.series(column), without.series(column)), column


def success(scenario):
    sim = Simulation([load(scenario).model], [(0, 1, 0)])
    sim.advance(1)
    return float(sim.state.success[0])


def test_error_variance_by_hand_enters_the_logit(quiet):
    settings = {
        "centralisation": 0.25, "centre_sd": 0.8, "team_sd": 0.3, "scatter_sd": 0.5, "competence": {"a": 0.5},
        "error_effect": 2.0, "reference_variance": 0.1,
    }  # fmt: skip
    # a's partners: b at 90 degrees only
    error = 0.25 * 0.64 * 0.5 + 0.75 * (0.09 + 0.25 * gap(90))
    expected = 1 / (1 + np.exp(-(np.log(4) - 2 * (error - 0.1))))
    assert success(firm(quiet, decisions=settings)) == pytest.approx(expected, abs=1e-12)
    joint = 0.25 * 0.64 * 0.5 + 0.75 * 0.09
    found = success(firm(quiet, decisions=settings, members="ab"))
    assert found == pytest.approx(1 / (1 + np.exp(-(np.log(4) - 2 * (joint - 0.1)))), abs=1e-12)


def test_c22_centralising_costs_where_the_executive_is_not_expert_and_vanishes_with_competence(quiet):
    def by_share(competence, **more):
        return [
            success(firm(quiet, members="abc", decisions={"centralisation": c, "competence": competence, **more}))
            for c in (0.0, 0.5, 1.0)
        ]

    assert np.all(np.diff(by_share({"b": 0.9})) < 0), "a is not the executive's function"
    expert = by_share({"a": 1.0})
    assert np.all(np.diff(expert) > 0)
    assert expert == by_share({}, other_competence=1.0), "competence 1 everywhere: no function is worse than another"


def test_c23_the_best_share_falls_with_the_breadth_of_the_executive(quiet):
    def best(competence):
        shares = (0.0, 0.5, 1.0)
        values = [success(firm(quiet, decisions={"centralisation": c, "other_competence": competence})) for c in shares]
        return shares[int(np.argmax(values))]

    assert best(1.0) == 1.0, "omniscient: centralising is optimal"
    assert best(0.0) == 0.0
    # against teams that decide together the centre has to know more
    assert success(firm(quiet, decisions={"centralisation": 1.0, "other_competence": 0.6})) > success(firm(quiet))
    assert success(firm(quiet, decisions={"centralisation": 1.0, "other_competence": 0.6})) < success(
        firm(quiet, members="abc")
    )


def test_the_centre_neither_reworks_nor_is_quick(quiet, once):
    run = once(firm(quiet, decisions={"centralisation": 1.0, "centre_weeks": 1.5}))
    assert np.all(run.series("decision_weeks") == 1.5)
    assert np.all(run.series("rework_rate") == 0) and np.all(run.series("misfit") == 0)


def test_off_and_neutral_settings_change_no_bit(quiet, same_bits):
    capacity = {"gross_hours": 40, "pair_hours": 0.3, "staffing": False}
    off = firm(quiet, weeks=20, capacity=capacity, decisions={"enabled": False})
    own = ("decision_weeks", "rework_rate", "misfit", "decision_error")
    same_bits(off, firm(quiet, weeks=20, capacity=capacity, decisions={"enabled": False, "rework": 5.0}))
    neutral = {"rework": 0.0, "error_effect": 0.0}
    same_bits(off, firm(quiet, weeks=20, capacity=capacity, decisions=neutral), but=own)
    alone = {"enabled": True}
    same_bits(quiet(), quiet(decisions=alone), but=own)


def test_competence_must_name_a_team_and_be_a_share(quiet):
    with pytest.raises(ScenarioError, match="unknown team"):
        load(firm(quiet, decisions={"competence": {"nobody": 0.5}}))
    with pytest.raises(ScenarioError, match="between 0 and 1"):
        load(firm(quiet, decisions={"competence": {"a": 1.5}}))
