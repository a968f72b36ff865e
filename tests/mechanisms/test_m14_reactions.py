"""M14: chasing a score keeps people busy, makes it vary, and looks like commitment."""

import numpy as np
import pytest

from flywheel_sim.engine.run import Simulation
from flywheel_sim.execute.run import batch
from flywheel_sim.scenario import load
from flywheel_sim.scenario.columns import COL

COLUMNS = (
    "score_mean", "score_variance", "activity", "projects", "effort_mismatch", "executive_belief", "belief_gap",
)  # fmt: skip
STABLE = {"noise": "given", "noise_sd": 0.0, "drift_sd": 0.0, "letters": 0.0}


def firm(quiet, owners="a", weeks=26, members=None, survey=1, blocks=None, **reactions):
    teams = {name: {"headcount": 4, "craft": {"care": 1}} for name in "ab"}
    rows = {f"t{n}": {"stage": "use", "owner": o, "rate": 0.5} for n, o in enumerate(owners)}
    return quiet(
        horizon_weeks=weeks,
        teams=teams,
        journey={"touchpoints": rows, "match_effect": 0.0},
        relationship={},
        sensing={"survey_weeks": survey, "need_drift": 0.0},
        measures={},
        reactions={**STABLE, **reactions},
        **(blocks or {}),
    )


def settings(scenario, weeks):
    sim, seen = Simulation([load(scenario).model], [(0, 1, 0)]), []
    touches = len(scenario["journey"]["touchpoints"])
    for _ in range(weeks):
        sim.advance(1)
        seen.append(sim.state.setting[:touches].copy())
    return np.array(seen)


def test_a_setting_closes_in_on_its_target(quiet):
    # read at the beginning of weeks 2, 3, ...: z = 10 (1 - .4^n)
    z = settings(firm(quiet, gain=0.6, target=10.0), 6)[:, 0]
    assert z == pytest.approx(10 * (1 - 0.4 ** np.arange(6)))


def test_a_late_reaction_overshoots(quiet):
    # e_n = z_n - 10; z_(n+1) = z_n - .5 e_(n-1), first with e_0
    z, e = [0.0, 0.0], []
    for _ in range(8):
        e.append(z[-1] - 10.0)
        z.append(z[-1] - 0.5 * (e[-2] if len(e) > 1 else 0.0))
    found = settings(firm(quiet, gain=0.5, delay=1, target=10.0), 9)[:, 0]
    assert found == pytest.approx(z[1:])
    assert found.max() > 12


def test_teams_react_only_to_surveys(quiet):
    z = settings(firm(quiet, gain=0.5, target=8.0, survey=4), 10)[:, 0]
    assert z.tolist() == [0, 0, 0, 0, 4, 4, 4, 4, 6, 6]


def test_off_and_no_reaction_are_off_to_the_bit(quiet, same_bits):
    blocks = {"capacity": {"gross_hours": 40.0}, "causes": {}}
    resting = {"gain": 0.0, "noise": "survey", "letters": 3.0, "preemption": 0.0}
    same_bits(firm(quiet, "ab", blocks=blocks, **resting), firm(quiet, "ab", blocks=blocks, enabled=False), but=COLUMNS)


def test_c60_vanishes_at_no_gain_or_no_noise(quiet, once):
    busy = once(firm(quiet, "ab", gain=0.6, noise_sd=5.0, weeks=60))
    assert busy.series("activity").max() > 0
    assert busy.series("score_variance")[10:].mean() > 1.2 * 25
    for rest in ({"gain": 0.0, "noise_sd": 5.0}, {"gain": 0.6, "noise_sd": 0.0}):
        still = once(firm(quiet, "ab", weeks=60, **rest))
        assert not still.series("activity").any()
        assert not still.series("projects").any()


def test_chasing_noise_spoils_touches_and_saves_a_drifting_process(quiet):
    def failed(**changes):
        runs = batch([firm(quiet, "aabb", weeks=156, loss=0.01, **changes)], replicates=4)[0]
        return np.mean([r.series("defects")[26:].mean() for r in runs])

    assert failed(gain=0.8, noise_sd=12.0) > 1.1 * failed(gain=0.0, noise_sd=12.0)
    assert failed(gain=0.3, noise_sd=3.0, drift_sd=2.0) < 0.9 * failed(gain=0.0, noise_sd=3.0, drift_sd=2.0)


def test_a_departure_either_way_costs_alike(quiet, once):
    up, down = (once(firm(quiet, gain=1.0, target=x, loss=0.01, weeks=10)) for x in (10.0, -10.0))
    assert np.array_equal(up.series("defects"), down.series("defects"))
    none = once(firm(quiet, gain=1.0, target=10.0, loss=0.0, weeks=10))
    assert up.series("defects")[5:].mean() > 1.5 * none.series("defects")[5:].mean(), "one logit"


def test_noise_is_that_of_the_survey(quiet, once):
    # 1 000 customers alike: R stays .5 without contact; 20 % answer
    scenario = firm(quiet, "abababababab", gain=0.0, noise="survey", weeks=104)
    scenario["relationship"] = {"enabled": True, "start": 0.5, "depreciation": 0.0}
    scenario["journey"]["enabled"] = False
    scenario["sensing"] |= {"response_rate": 0.2, "happy_bias": 1.0}
    run = once(scenario)
    up, down = 1 / (1 + np.exp(0.05 / 0.12)), 1 / (1 + np.exp(0.15 / 0.12))
    exact = 1e4 * (up + down - (up - down) ** 2) / 200
    assert run.series("score_variance")[1:].mean() == pytest.approx(exact, rel=0.1)
    assert np.all(run.series("survey_answers") > 0)


def test_nobody_answers_nobody_reacts(quiet, once):
    scenario = firm(quiet, gain=1.0, noise="survey", target=10.0)
    scenario["sensing"]["response_rate"] = 0.0
    assert not once(scenario).series("projects").any()


def test_projects_take_their_hours_over_time(quiet, once):
    # one move of 10 points x 2 hours: 20 hours with a time constant of 4 weeks, from week 2 on
    blocks = {"capacity": {"gross_hours": 40.0, "pair_hours": 0.0, "staffing": False, "craft_speed": 0.0}}
    run = once(firm(quiet, gain=1.0, target=10.0, project_hours=2.0, project_weeks=4.0, weeks=40, blocks=blocks))
    t = np.arange(39)
    hours = 20 * np.exp(-t / 4) * (1 - np.exp(-1 / 4))
    assert run.series("activity")[0] == 0.0
    assert run.series("activity")[1:] == pytest.approx(hours)
    assert run.series("projects").tolist() == [0, 1] + [0] * 38
    net = run.arrays.teams[:, 0, 0]
    assert net[1:] == pytest.approx(1 - hours / 160), "four heads of 40 hours"


def test_a_move_goes_no_further_than_the_hours_for_improving(quiet, once):
    # 4 heads keep 2 hours each, 4 weeks long: 32 hours are 1.6 points of 20 hours, .8 at each of two touchpoints
    hours = {"blocks": {"capacity": {"staffing": False}}, "project_weeks": 4.0}
    z = settings(firm(quiet, "aa", gain=1.0, target=10.0, project_hours=20.0, **hours), 3)
    first = np.full(2, 0.8)
    assert z[1] == pytest.approx(first)
    assert z[2] == pytest.approx(first * (2 - np.exp(-1 / 4))), "as far again as was worked off"
    worked = once(firm(quiet, "aabb", gain=0.6, noise_sd=40.0, weeks=60, **hours)).series("activity")
    assert 8 < worked.max() <= 16, "eight heads keep 16 hours in all"


def test_where_hours_have_no_end_or_moves_take_none_they_go_all_the_way(quiet):
    far = {"gain": 1.0, "target": 10.0, "project_weeks": 0.5}
    free = firm(quiet, "aaaa", project_hours=100.0, **far)
    light = firm(quiet, "aaaa", project_hours=0.0, blocks={"capacity": {}}, **far)
    assert np.all(settings(free, 3)[1:] == 10.0) and np.all(settings(light, 3)[1:] == 10.0)


def test_c59_effort_follows_the_survey(quiet, once):
    def spectrum(survey):
        scenario = firm(quiet, "aabb", gain=0.6, noise_sd=8.0, project_weeks=2.0, survey=survey, weeks=13 * 16)
        x = once(scenario).series("activity")
        power = np.abs(np.fft.rfft(x - x.mean())) ** 2
        return power[16] / power[1:].mean(), x

    peak, x = spectrum(13)
    assert peak > 8, "a peak at 13 weeks"
    assert x.reshape(16, 13)[1:].mean(axis=0).argmax() == 0, "right after the survey"
    assert spectrum(1)[0] < 5, "and none when customers are heard every week"
    resting = once(firm(quiet, "aabb", gain=0.0, noise_sd=8.0, survey=13, weeks=52))
    assert not resting.series("activity").any()


def test_patches_hide_causes_instead_of_removing_them(quiet, once):
    causes = {"causes": {"patching": 0.0, "growth": 0.0, "load": 0.0, "fix_rate": 0.1, "start": 0.5}}
    busy = {"gain": 0.5, "noise_sd": 20.0, "project_hours": 10.0, "loss": 0.0, "blocks": causes}
    fix, hide = (once(firm(quiet, patching=x, **busy)) for x in (0.0, 1.0))
    assert fix.series("causes") == pytest.approx(0.5 * np.exp(-0.1 * np.arange(1, 27)), rel=1e-6)
    assert not fix.series("causes_hidden").any()
    assert hide.series("causes")[-1] > fix.series("causes")[-1] + 0.2
    assert hide.series("causes_hidden").max() > 0.1


def test_c62_letters_pull_effort_from_where_causes_show(quiet, once):
    causes = {"causes": {"patching": 0.0, "growth": 0.0, "load": 0.0, "fix_rate": 0.1, "start": 0.5}}
    few = {"letters": 2.0, "letter_hours": 8.0, "improvement_hours": 2.0, "blocks": causes, "weeks": 104, "gain": 0.0}
    run = once(firm(quiet, "aabb", preemption=0.5, **few))
    # 8 heads x 2 hours are 2 letters' worth: half of min(1, N/2) for N Poisson(2)
    lost = 0.5 * (1 - (0.5 * 2 + 1.0) * np.exp(-2.0))
    assert -np.log(run.series("causes")[-1] / 0.5) / 104 == pytest.approx(0.1 * (1 - lost), rel=0.05)
    assert run.series("effort_mismatch").mean() > 0.1
    vanished = once(firm(quiet, "aabb", preemption=0.0, **few))
    assert not vanished.series("effort_mismatch").any()
    assert vanished.series("causes") == pytest.approx(0.5 * np.exp(-0.1 * np.arange(1, 105)), rel=1e-6)


def test_mismatch_by_hand(quiet, once):
    # one touchpoint: all letters go where all causes are
    run = once(firm(quiet, "a", letters=2.0, preemption=1.0, weeks=52))
    assert run.series("effort_mismatch") == pytest.approx(np.zeros(52), abs=1e-15)
    # two, without causes: N letters, k for one: l/2 (|k/N - 1/2| + |1 - k/N - 1/2|) <= l/2
    run = once(firm(quiet, "ab", letters=0.2, preemption=1.0, letter_hours=16.0, weeks=520))
    seen = run.series("effort_mismatch")
    assert seen.max() == 0.5
    assert (seen > 0).mean() == pytest.approx(0.2, abs=0.06)


def test_c61_belief_follows_activity_unless_outcome_alone_counts(quiet, once):
    busy = {"gain": 0.6, "noise_sd": 15.0, "weeks": 104, "activity_reference": 1.0}
    told, seeing = (once(firm(quiet, "aabb", belief_in_activity=w, **busy)) for w in (0.8, 0.0))
    assert not seeing.series("belief_gap").any()
    assert told.series("belief_gap")[26:].mean() > 0.05
    assert np.array_equal(told.series("experience"), seeing.series("experience")), "believing changes nothing by itself"
    memory = 0.5 ** (1 / 13)
    belief = outcome = told.arrays.initial[COL.experience]
    for t in range(104):
        seen = told.series("experience")[t - 1] if t else outcome
        a = told.series("activity")[t]
        belief = memory * belief + (1 - memory) * (0.2 * seen + 0.8 * a / (a + 1.0))
        assert told.series("executive_belief")[t] == pytest.approx(belief)


def test_where_the_group_reviews_its_members_rest(quiet):
    cadence = {"cadence": {"members": ["a"], "pull": 0.0, "hours": 0.0, "review_weeks": 4, "review_gain": 0.0}}
    z = settings(firm(quiet, "ab", gain=0.5, target=8.0, blocks=cadence), 5)
    assert not z[:, 0].any()
    assert z[:, 1] == pytest.approx(8 * (1 - 0.5 ** np.arange(5)))
    cadence["cadence"]["enabled"] = False
    z = settings(firm(quiet, "ab", gain=0.5, target=8.0, blocks=cadence), 5)
    assert np.array_equal(z[:, 0], z[:, 1])


def test_one_more_touchpoint_leaves_the_luck_of_the_others(quiet):
    one, two = (settings(firm(quiet, x, gain=0.5, noise_sd=3.0, drift_sd=1.0), 20) for x in ("a", "ab"))
    assert np.array_equal(one[:, 0], two[:, 0])
    assert not np.array_equal(two[:, 0], two[:, 1])


def test_no_touchpoints_no_scores(quiet, once):
    run = once(quiet(reactions={}, sensing={}, horizon_weeks=16))
    assert not run.series("activity").any()
