"""M17: meetings turn the members, themes let teams hear each other."""

import numba
import numpy as np
import pytest

from flywheel_sim.engine.layout import PAR
from flywheel_sim.engine.mechanisms import m17_cadence as m17
from flywheel_sim.engine.state import RUN
from flywheel_sim.execute.run import batch


@numba.njit
def same_theme(p, r, k, j, t):
    return m17.same_theme(p[0], r[0], k, j, t)


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
    pulls = dict.fromkeys(("craft_pull", "pay_pull", "lead_pull", "map_pull", "coupling", "diffusion"), 0.0)
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
            quiet, [0, 50, 100, 150], weeks=104, vectors={"diffusion": 0.05, "coupling": 6.0}, pull=0.0, themes=themes
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
