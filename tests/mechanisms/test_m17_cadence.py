"""M17: meetings turn the members, themes let teams hear each other."""

from typing import NamedTuple

import numba
import numpy as np
import pytest

from flywheel_sim.engine.layout import PAR
from flywheel_sim.engine.mechanisms import m17_cadence as m17
from flywheel_sim.engine.run import Simulation
from flywheel_sim.engine.state import RUN
from flywheel_sim.execute.run import batch
from flywheel_sim.scenario import load

TEAM = np.dtype([("theme_offset", "f8")])


class Rows(NamedTuple):
    team: np.ndarray


@numba.njit
def themes_meet(p, tb, r, k, j, t):
    return m17.same_theme(p[0], tb, r[0], k, j, t)


def same_theme(p, r, k, j, t, late=(0.0, 0.0, 0.0, 0.0)):
    team = np.zeros(len(late), TEAM)
    team["theme_offset"] = late
    return themes_meet(p, Rows(team), r, k, j, t)


@numba.njit
def review_move(p, gaps, known):
    return m17.review_move(p[0].cadence, gaps, 0, known)


@numba.njit
def meets(p, t):
    return m17.meets(p[0], t)


def block(**values):
    p = np.zeros(1, PAR)
    p[0]["cadence"]["enabled"] = 1
    for name, value in values.items():
        p[0]["cadence"][name] = value
    return p


def test_the_group_meets_every_m_weeks():
    p = block(interval_weeks=3)
    assert [t + 1 for t in range(12) if meets(p, t)] == [3, 6, 9, 12]
    p[0]["cadence"]["enabled"] = 0
    assert not any(meets(p, t) for t in range(12))


def test_own_themes_meet_a_quarter_of_the_time_and_last_a_quarter():
    p, r = block(themes=1), np.zeros(1, RUN)
    r[0]["seed"] = 5
    quarters = 400
    same = np.array([[same_theme(p, r, 0, j, 13 * q) for q in range(quarters)] for j in (1, 2, 3)])
    assert abs(same.mean() - 0.25) < 4 * np.sqrt(0.1875 / same.size)
    for q in range(20):
        assert len({same_theme(p, r, 0, 1, 13 * q + w) for w in range(13)}) == 1
        assert same_theme(p, r, 0, 1, 13 * q) == same_theme(p, r, 1, 0, 13 * q)
        assert same_theme(p, r, 2, 2, 13 * q) == 1.0


@pytest.mark.parametrize("themes", [0, 2])
def test_no_themes_and_a_common_theme_always_meet(themes):
    p, r = block(themes=themes), np.zeros(1, RUN)
    assert all(same_theme(p, r, 0, j, t) == 1.0 for j in (1, 2) for t in range(60))


def at(degrees):
    return {"acquire": float(np.sin(np.radians(degrees))), "care": float(np.cos(np.radians(degrees)))}


def firm(quiet, angles, weeks=4, members=(), vectors=None, **cadence):
    names = "abcdefgh"[: len(angles)]
    teams = {
        n: {"headcount": 1, "craft": {"care": 1}, "start": "given", "direction": at(a)}
        for n, a in zip(names, angles, strict=True)
    }
    pulls = dict.fromkeys(("craft_pull", "pay_pull", "lead_pull", "map_pull", "diffusion"), 0.0) | {
        "coupling": {"fixed": 0.0}
    }
    return quiet(
        horizon_weeks=weeks,
        teams=teams,
        vectors={**pulls, **(vectors or {})},
        cadence={"interval_weeks": 2, "members": list(members), "hours": 0.0, **cadence},
    )


def angles_of(run):
    u = run.arrays.teams[:, :, 1:]
    return np.degrees(np.arctan2(u[:, :, 0], u[:, :, 1]))


def test_a_meeting_halves_the_angle_to_the_mean(quiet, once):
    phi = angles_of(once(firm(quiet, [0, 80], pull=0.5)))
    assert phi[0] == pytest.approx([0, 80])
    assert phi[1] == pytest.approx([20, 60])
    assert phi[2] == pytest.approx([20, 60])
    assert phi[3] == pytest.approx([30, 50])


def test_every_member_counts_alike_itself_included(quiet, once):
    # the mean direction of 0, 0 and 90 degrees is atan(1/2)
    phi = angles_of(once(firm(quiet, [0, 0, 90], pull=1.0)))
    assert phi[1] == pytest.approx([np.degrees(np.arctan(0.5))] * 3)


def test_who_is_not_a_member_does_not_move(quiet, once):
    phi = angles_of(once(firm(quiet, [0, 40, 160], pull=1.0, members=["a", "b"])))
    assert phi[-1] == pytest.approx([20, 20, 160])


def test_opposite_members_have_no_mean_to_turn_to(quiet, once):
    phi = angles_of(once(firm(quiet, [0, 180], pull=1.0)))
    assert np.abs(phi[-1]) == pytest.approx([0, 180])


def test_culture_lets_meetings_work(quiet, once):
    scenario = firm(quiet, [0, 80], pull=0.5) | {
        "culture": {"enabled": True, "start": 0.0, "reference": 0.5, "independence": 0.4, "effort_month": 0.0}
    }
    assert angles_of(once(scenario))[1] == pytest.approx([8, 72]), "pull .5 x yield .4"


def test_meetings_without_pull_change_no_direction(quiet, same_bits):
    # C45
    noisy = {"diffusion": 0.02}
    same_bits(
        firm(quiet, [0, 50, 90], weeks=26, vectors=noisy, pull=0.0),
        firm(quiet, [0, 50, 90], weeks=26, vectors=noisy, enabled=False),
    )


def test_meetings_keep_drifting_teams_together(quiet):
    apart, together = batch(
        [
            firm(quiet, [0] * 5, weeks=104, vectors={"diffusion": 0.05}, pull=0.0),
            firm(quiet, [0] * 5, weeks=104, vectors={"diffusion": 0.05}, pull=0.5),
        ],
        replicates=10,
    )
    r = [np.mean([run.series("alignment")[52:].mean() for run in runs]) for runs in (apart, together)]
    assert r[1] > 0.9 > 0.75 > r[0]


def test_own_themes_weaken_the_coupling(quiet):
    def company(themes):
        return firm(
            quiet,
            [0, 50, 100, 150],
            weeks=104,
            vectors={"diffusion": 0.05, "coupling": {"fixed": 6.0}},
            pull=0.0,
            themes=themes,
        )

    none, own, common = batch([company("none"), company("own"), company("common")], replicates=10)
    r = [np.mean([run.series("alignment")[26:].mean() for run in runs]) for runs in (none, own, common)]
    assert all(np.array_equal(a.arrays.weekly, b.arrays.weekly) for a, b in zip(none, common, strict=True)), "C47"
    assert r[1] < r[0] - 0.1, "C48"


def test_meetings_cost_hours_and_money(quiet, once):
    scenario = firm(quiet, [0, 0, 0], hours=2.0, heads_per_team=1.0, members=["a", "b"]) | {
        "capacity": {"enabled": True, "gross_hours": 40, "pair_hours": 0.0, "staffing": False},
        "ledger": {"enabled": True, "meeting_cost": 100.0, "cost_of_revenue": 0.0},
    }
    for name in "abc":
        scenario["teams"][name]["salary"] = 52_000
    run = once(scenario)
    # 2 members x 2 of 120 hours, at 3 000 a week
    assert run.series("meeting_cost") == pytest.approx([0, 100 + 100, 0, 100 + 100])
    assert run.series("coordination_share") == pytest.approx([0, 4 / 120, 0, 4 / 120])
    assert run.series("payroll") + run.series("meeting_cost") == pytest.approx([3000, 3100, 3000, 3100])
    assert run.arrays.teams[1, :, 0] == pytest.approx([38 / 40, 38 / 40, 1.0])


def test_offset_themes_meet_in_the_weeks_they_share():
    p, r = block(themes=3), np.zeros(1, RUN)
    late = (0.0, 3.0, 13.0, 52.0)
    same = [np.mean([same_theme(p, r, 0, j, t, late) for t in range(104)]) for j in range(4)]
    assert same == pytest.approx([1.0, 10 / 13, 0.0, 1.0])
    assert all(same_theme(p, r, 0, j, t, (-2.0,) * 4) == 1.0 for j in range(4) for t in range(60))


def test_c48_offsets_make_it_messy_and_vanish_at_0(quiet, same_bits):
    strong = {"diffusion": 0.05, "coupling": {"fixed": 6.0}}

    def company(themes, *offsets):
        scenario = firm(quiet, [0, 50, 100, 150], weeks=104, vectors=strong, pull=0.0, themes=themes)
        for team, late in zip(scenario["teams"].values(), offsets, strict=False):
            team["theme_offset"] = late
        return scenario

    same_bits(company("offset"), company("common"))
    same_bits(company("offset", 6, 6, 6, 6), company("common"))
    same_bits(company("common", 0, 3, 6, 9), company("common"))
    runs = batch([company("offset", *(x * k for k in range(4))) for x in (0.0, 3.0, 13.0)], replicates=10)
    r = [np.mean([run.series("alignment")[26:].mean() for run in group]) for group in runs]
    assert r[0] > r[1] + 0.02 > r[2] + 0.04


BUSINESS_REVIEW = {"every_weeks": 4, "hours": 2.0, "heads_per_team": 2.0, "members": ["a", "b"], "pull": 0.5}


def test_an_event_of_the_calendar_turns_those_it_invites(quiet, once):
    events = {"business review": BUSINESS_REVIEW}
    phi = angles_of(once(firm(quiet, [0, 80, 120], weeks=8, pull=0.0, events=events)))
    assert phi[2] == pytest.approx([0, 80, 120])
    assert phi[3] == pytest.approx([20, 60, 120])
    assert phi[7] == pytest.approx([30, 50, 120])
    events = {"kick-off": BUSINESS_REVIEW | {"first_week": 1, "every_weeks": 520, "pull": 1.0}}
    phi = angles_of(once(firm(quiet, [0, 80, 120], weeks=8, pull=0.0, events=events)))
    assert phi[0] == pytest.approx([40, 40, 120])
    assert phi[7] == pytest.approx([40, 40, 120])


def test_an_event_without_names_invites_the_group(quiet, once):
    events = {"plan": BUSINESS_REVIEW | {"members": []}}
    phi = angles_of(once(firm(quiet, [0, 80, 120], weeks=4, pull=0.0, members=["b", "c"], events=events)))
    assert phi[3] == pytest.approx([0, 90, 110])


def test_events_cost_hours_and_money_and_rest_with_the_cadence(quiet, once, same_bits):
    def company(**cadence):
        scenario = firm(quiet, [0, 0, 0], hours=0.0, pull=0.0, **cadence) | {
            "capacity": {"enabled": True, "gross_hours": 40, "pair_hours": 0.0, "staffing": False},
            "ledger": {"enabled": True, "meeting_cost": 0.0, "cost_of_revenue": 0.0},
        }
        for name in "abc":
            scenario["teams"][name]["salary"] = 52_000
        return scenario

    events = {"business review": BUSINESS_REVIEW | {"pull": 0.0, "cost": 70.0}}
    run = once(company(events=events))
    # one head each of a and b: 2 x 2 of 120 hours, at 3 000 a week
    assert run.series("meeting_cost") == pytest.approx([0, 0, 0, 100 + 70])
    assert run.series("payroll") + run.series("meeting_cost") == pytest.approx([3000, 3000, 3000, 3070])
    same_bits(company(events=events, enabled=False), company(enabled=False))


def test_reviews_by_hand():
    p = block(review_gain=0.5, review_lag=1, review_window=3, hindsight=1.0, insight=1.0, foresight=2.0)
    gaps = np.zeros((1, 8))
    gaps[0, :4] = 9.0, 1.0, 2.0, 6.0  # mean of the last three 3, slope 2.5
    assert review_move(p, gaps, 4) == pytest.approx(0.5 * (2.0 + 3.0 + 2 * 8.5) / 4)
    assert review_move(p, gaps, 1) == pytest.approx(0.5 * (0.0 + 9.0 + 2 * 9.0) / 4), "no past, no trend yet"
    assert review_move(p, gaps, 0) == 0.0
    p[0]["cadence"]["review_gain"] = 0.0
    assert review_move(p, gaps, 4) == 0.0, "C49"


def reviewing(quiet, hindsight, insight, foresight, noise=0.0, target=0.0, weeks=60, gain=0.6):
    weights = {"hindsight": hindsight, "insight": insight, "foresight": foresight}
    scenario = firm(quiet, [0, 0], weeks=weeks, pull=0.0, review_weeks=1, review_gain=gain, **weights)
    rows = {f"t{n}": {"stage": "use", "owner": "ab"[n % 2], "rate": 0.5} for n in range(8)}
    return scenario | {
        "journey": {"enabled": False, "touchpoints": rows},
        "sensing": {"enabled": True, "survey_weeks": 1, "need_drift": 0.0},
        "reactions": {
            "enabled": True, "noise": "given", "noise_sd": noise, "drift_sd": 0.0, "letters": 0.0, "target": target,
        },
    }  # fmt: skip


def test_c49_hindsight_alone_overshoots(quiet, once):
    ways = {"hindsight": (1, 0, 0), "insight": (0, 1, 0), "foresight": (0, 0, 1), "balance": (1, 1, 1)}
    step = {k: once(reviewing(quiet, *w, target=10.0)).series("score_mean") for k, w in ways.items()}
    over = {k: x.max() - 10 for k, x in step.items()}
    assert over["hindsight"] > 4.0
    assert over["foresight"] < 0.01
    assert over["balance"] < 1.0
    settled = {k: np.nonzero(np.abs(x - 10) > 0.5)[0][-1] for k, x in step.items()}
    assert settled["balance"] < settled["foresight"] < settled["hindsight"]
    spread = {
        k: once(reviewing(quiet, *w, noise=1.0, weeks=400)).series("score_variance")[50:].mean()
        for k, w in ways.items()
    }
    assert spread["hindsight"] == pytest.approx(1 + 0.6 * 1.6 / (0.4 * 2.6), rel=0.1), "A25, one survey late"
    assert spread["balance"] < min(spread["hindsight"], spread["foresight"])


def test_c49_vanishes_without_gain(quiet, once):
    for w in ((1, 0, 0), (0, 0, 1)):
        assert not once(reviewing(quiet, *w, target=10.0, gain=0.0)).series("score_mean").any()
    assert not once(reviewing(quiet, 0, 0, 0, target=10.0)).series("score_mean").any()


def test_between_plans_the_target_stays(quiet):
    def targets(plan):
        scenario = firm(quiet, [0, 0], weeks=12, pull=0.0, plan_weeks=plan) | {
            "strategy": {"enabled": True},
            "sensing": {"enabled": True, "need_drift": 0.02},
        }
        sim, seen = Simulation([load(scenario).model], [(0, 1, 0)]), []
        for _ in range(12):
            sim.advance(1)
            seen.append(sim.state.target[0, :2].copy())
        return np.array(seen)

    any_week, planned = targets(0), targets(4)
    assert len(np.unique(any_week, axis=0)) == 12
    assert np.array_equal(planned, any_week[[0, 0, 0, 0, 4, 4, 4, 4, 8, 8, 8, 8]])


EVENT = np.dtype([(name, "i8") for name in ("every", "first", "clears")])


class Calendar(NamedTuple):
    event: np.ndarray
    invited: np.ndarray


@numba.njit
def clears_blockers(p, tb, i, j, t):
    return m17.clears_blockers(p[0], tb, i, j, t)


def test_blockers_are_settled_where_both_teams_meet_for_it():
    p = block(interval_weeks=6)
    p[0]["size"]["events"] = 3
    invited = np.array([[1.0, 1, 0], [1, 1, 1], [1, 1, 1]])  # the third team is at the events, not in the group
    calendar = Calendar(np.array([(6, 6, 1), (4, 3, 1), (2, 2, 0)], EVENT), invited)
    assert [t + 1 for t in range(13) if clears_blockers(p, calendar, 0, 1, t)] == [3, 6, 7, 11, 12]
    assert [t + 1 for t in range(13) if clears_blockers(p, calendar, 1, 2, t)] == [3, 7, 11]


def crowd(quiet, heads, angles=(0, 80), **cadence):
    """Teams of these sizes that meet once, in week 2."""
    scenario = firm(quiet, angles, weeks=3, pull=0.5, interval_weeks=2, **cadence)
    for team, n in zip(scenario["teams"].values(), heads, strict=True):
        team["headcount"] = n
    return scenario


def turned(run):
    """Share of its angle to the mean, 40 degrees, that each of two teams lost in the meeting."""
    before, after = angles_of(run)[0], angles_of(run)[1]
    return (after - before) / (40 - before)


def test_a_team_turns_by_who_was_there_and_how_far_they_carry_the_word(quiet, once):
    # one of one, one of four: .5 [1/4 + 3/4 (1 - exp(-.6/1.5))]
    law = {"relay_scale": 1.5, "relay_hours": 0.6}
    assert turned(once(crowd(quiet, (1, 4), **law))) == pytest.approx([0.5, 0.5 * (0.25 + 0.75 * (1 - np.exp(-0.4)))])
    assert turned(once(crowd(quiet, (1, 4), relay_scale=1.5))) == pytest.approx([0.5, 0.125]), "nobody is told"
    assert turned(once(crowd(quiet, (4, 4), heads_per_team=4, **law))) == pytest.approx([0.5, 0.5]), "A20 where all sit"
    assert turned(once(crowd(quiet, (1, 0), **law)))[1] == 0.0, "nobody is there to turn"


def test_nothing_is_agreed_in_no_time_and_a_long_meeting_turns_by_all_of_its_pull(quiet, once):
    found = [turned(once(crowd(quiet, (1, 1), hours=h, hours_scale=2.0)))[0] for h in (0.0, 1.0, 2.0, 100.0)]
    assert found == pytest.approx([0.0, 0.5 * (1 - np.exp(-0.5)), 0.5 * (1 - np.exp(-1.0)), 0.5])


def test_those_who_are_told_spend_the_hours_of_being_told(quiet, once):
    works = {"capacity": {"enabled": True, "gross_hours": 40, "pair_hours": 0.0, "staffing": False}}
    run = once(crowd(quiet, (1, 4), hours=2.0, relay_hours=0.6, relay_scale=1.5) | works)
    booked = run.series("coordination_share") * run.series("headcount") * 40
    assert booked == pytest.approx([0.0, 2 * 2.0 + 3 * 0.6, 0.0])


def test_neutral_scales_turn_every_team_at_once_whatever_its_hours(quiet, same_bits):
    noisy = {"diffusion": 0.02}
    short, long = (firm(quiet, [0, 50, 90], weeks=26, vectors=noisy, pull=0.5, hours=h) for h in (0.0, 3.0))
    large = firm(quiet, [0, 50, 90], weeks=26, vectors=noisy, pull=0.5)
    for team in large["teams"].values():
        team["headcount"] = 7
    size = ("headcount", "net_force", "alignment_weighted")
    same_bits(short, long, but=("coordination_share",))
    same_bits(short, large, but=size)
