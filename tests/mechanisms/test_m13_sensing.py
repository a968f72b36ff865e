"""M13: needs that move, a map that ages, and surveys that sample."""

import numba
import numpy as np
import pytest

from flywheel_sim.engine.layout import PAR
from flywheel_sim.engine.mechanisms import m13_sensing as m13
from flywheel_sim.engine.run import Simulation
from flywheel_sim.execute.run import batch
from flywheel_sim.scenario import load

f32 = np.float32
AXES = ["acquire", "value", "ease", "care"]


@numba.njit
def promoter_shares(relationship, p):
    return m13.promoter_shares(relationship, p[0].sensing)


def test_answers_by_hand():
    p = np.zeros(1, PAR)
    s = p[0]["sensing"]
    s["answer_spread"], s["promoter_above"], s["detractor_below"] = 0.12, 0.55, 0.35
    for r in (0.1, 0.35, 0.5, 0.55, 0.9):
        up, down = promoter_shares(f32(r), p)
        assert up == pytest.approx(1 / (1 + np.exp((0.55 - r) / 0.12)), rel=1e-5)
        assert down == pytest.approx(1 / (1 + np.exp((r - 0.35) / 0.12)), rel=1e-5)
        assert up + down <= 1 + 1e-7
    s["promoter_above"], s["detractor_below"] = 0.2, 0.8  # overlapping: shares still add to at most 1
    up, down = promoter_shares(f32(0.5), p)
    assert up + down == pytest.approx(1.0)


def firm(quiet, teams=6, weeks=26, vectors=None, start=0.5, customers=1000, **sensing):
    rows = {f"t{k}": {"headcount": 1, "craft": {"acquire": 1}} for k in range(teams)}
    pulls = dict.fromkeys(("craft_pull", "pay_pull", "lead_pull", "map_pull", "diffusion"), 0.0) | {
        "coupling": {"fixed": 0.0}
    }
    return quiet(
        horizon_weeks=weeks,
        axes=AXES,
        teams=rows,
        vectors={**pulls, **(vectors or {})},
        segments={"all": {"spend": 52, "need": {"value": 0.6, "ease": 0.7, "care": 0.4}}},
        market={"accounts": customers, "initial_customers": customers},
        relationship={"start": start, "depreciation": 0.0},
        sensing={"need_drift": 0.0, **sensing},
        measures={},
    )


def test_a_fresh_map_has_its_accuracy_to_the_last_digit(quiet):
    for accuracy in (0.0, 0.6, 0.85, 1.0):
        runs = batch([firm(quiet, accuracy=accuracy)], replicates=2)[0]
        for run in runs:
            assert run.series("belief_cosine") == pytest.approx(np.full(26, accuracy), abs=1e-9)


@pytest.mark.parametrize(("sharing", "same"), [(1.0, True), (0.0, False)])
def test_the_error_of_the_map_is_common_to_the_share_that_is_shared(quiet, sharing, same):
    sim = Simulation([load(firm(quiet, sharing=sharing, accuracy=0.8)).model], [(0, 1, 0)])
    sim.advance(1)
    belief, need = sim.state.belief[:6], sim.state.company_need[0]
    assert np.linalg.norm(belief, axis=1) == pytest.approx(np.ones(6))
    error = belief - 0.8 * need
    assert error @ need == pytest.approx(np.zeros(6), abs=1e-12)
    assert np.linalg.norm(error, axis=1) == pytest.approx(np.full(6, 0.6))
    assert np.allclose(belief, belief[0]) is same


def test_the_map_is_redrawn_when_due_and_only_then(quiet):
    sim = Simulation([load(firm(quiet, refresh_weeks=5, accuracy=0.5)).model], [(0, 1, 0)])
    seen = []
    for _ in range(12):
        sim.advance(1)
        seen.append(sim.state.belief[:6].copy())
    changes = [k + 1 for k in range(1, 12) if not np.array_equal(seen[k], seen[k - 1])]
    assert changes == [6, 11]


def test_needs_wander_at_their_diffusion_and_the_map_goes_stale(quiet):
    scenario = firm(quiet, weeks=40, customers=10, accuracy=1.0, need_drift=0.01, refresh_weeks=520)
    cosines = np.array([run.series("belief_cosine") for run in batch([scenario], replicates=200)[0]])
    t = np.arange(40)  # the map is drawn in week 1, after that week's drift
    exact = np.exp(-3 * 0.01 * t)  # exp(-(d-1) D t), d = 4
    assert np.all(np.abs(cosines.mean(0) - exact) < 4 * cosines.std(0) / np.sqrt(200) + 2e-3)


@pytest.mark.parametrize(
    ("factor", "vectors"),
    [({"sharing": 0.0}, {}), ({"adherence": 0.0}, {}), ({}, {"map_pull": 0.0}), ({"enabled": False}, {})],
)
def test_the_map_pulls_only_as_the_product_of_its_factors(quiet, same_bits, factor, vectors):
    # C4: any factor 0 and there is no pull at all
    on = {"diffusion": 0.02, "map_pull": 4.0}
    same_bits(
        firm(quiet, vectors=on | vectors, **factor),
        firm(quiet, vectors=on | {"map_pull": 0.0}),
        but=(
            "belief_cosine", "nps_survey", "csat_survey", "nps_taken", "csat_taken", "survey_answers",
            "adherence", "adherence_reported",
        ),
    )  # fmt: skip


def test_a_blind_map_is_of_no_use_and_a_good_one_is(quiet):
    on = {"diffusion": 0.05, "map_pull": 6.0}
    blind, good = batch(
        [firm(quiet, weeks=104, vectors=on, accuracy=a, sharing=0.9, adherence=0.9, customers=10) for a in (0.0, 0.9)],
        replicates=10,
    )
    found = [np.mean([run.series("customer_alignment")[52:].mean() for run in runs]) for runs in (blind, good)]
    assert found[1] > 0.75
    assert found[0] < 0.5


def test_surveys_come_when_due_and_scatter_as_samples_do(quiet):
    # A6: sd 100 sqrt((P + D - (P - D)^2) / n)
    scenario = firm(quiet, weeks=13, start=0.5, response_rate=0.3, happy_bias=1.0, survey_weeks=13, customers=400)
    runs = batch([scenario], replicates=300)[0]
    answers = np.array([run.series("survey_answers") for run in runs])
    assert np.all(answers[:, :12] == 0)
    assert abs(answers[:, 12].mean() - 120) < 4 * np.sqrt(84 / 300)
    up, down = 1 / (1 + np.exp(0.05 / 0.12)), 1 / (1 + np.exp(0.15 / 0.12))
    score = np.array([run.series("nps_survey")[12] for run in runs])
    true = 100 * (up - down)
    assert runs[0].series("nps_true")[12] == pytest.approx(true, abs=1e-3)
    sd = 100 * np.sqrt((up + down - (up - down) ** 2) / 120)
    assert abs(score.mean() - true) < 4 * sd / np.sqrt(300)
    assert score.std() == pytest.approx(sd, rel=0.15)


def test_happy_customers_answer_more(quiet):
    fair, biased = (
        np.mean([run.series("nps_survey")[12] for run in runs])
        for runs in batch(
            [firm(quiet, weeks=13, response_rate=0.3, happy_bias=b, survey_weeks=13) for b in (1.0, 2.0)], replicates=5
        )
    )
    up, down = 1 / (1 + np.exp(0.05 / 0.12)), 1 / (1 + np.exp(0.15 / 0.12))
    assert fair == pytest.approx(100 * (up - down), abs=6)
    assert biased == pytest.approx(100 * (2 * up - down) / (1 + up), abs=6)


def test_scores_cause_nothing(quiet, same_bits):
    same_bits(
        firm(quiet, vectors={"diffusion": 0.02}, response_rate=0.9, survey_weeks=2),
        firm(quiet, vectors={"diffusion": 0.02}, response_rate=0.0),
        but=("nps_survey", "csat_survey", "nps_taken", "csat_taken", "survey_answers"),
    )


# --- the four factors (C4) -----------------------------------------------------------------------------------------


def test_a_map_that_nobody_draws_pulls_nobody(quiet, same_bits):
    # freshness 0
    on = {"diffusion": 0.02, "map_pull": 4.0}
    same_bits(
        firm(quiet, vectors=on, refresh_weeks=0),
        firm(quiet, vectors=on | {"map_pull": 0.0}, refresh_weeks=0),
    )
    run = batch([firm(quiet, vectors=on, refresh_weeks=0)], replicates=1)[0][0]
    assert np.all(run.series("belief_cosine") == 0.0)


def test_c4_alignment_to_need_rises_only_as_the_product_of_the_four(quiet):
    """2^4 design, no noise: the pull of the first week along the need is the product, and 0 where a factor is."""
    import itertools

    def pulled(accuracy, fresh, sharing, adherence):
        # stale: the need turned away after the map was drawn
        scenario = firm(
            quiet, teams=8, weeks=2, customers=10, accuracy=accuracy, sharing=sharing, adherence=adherence,
            refresh_weeks=13 if fresh else 0, vectors={"map_pull": 0.01},
        )  # fmt: skip
        sim = Simulation([load(scenario).model], [(0, 1, 0)])
        sim.advance(1)
        u, need = sim.state.direction[:8], sim.state.company_need[0]
        # craft is acquire, orthogonal to the need: one small step moves u . need by D h x pull along the need
        return float((u @ need).mean())

    low, high = (0.3, 0, 0.2, 0.5), (0.9, 1, 0.8, 1.0)
    rise = {}
    for cell in itertools.product((0, 1), repeat=4):
        factors = [(low, high)[x][i] for i, x in enumerate(cell)]
        rise[cell] = pulled(*factors) / 0.01
        assert rise[cell] == pytest.approx(np.prod(factors), abs=2e-3), cell
    for zeroed in range(4):
        factors = list(high)
        factors[zeroed] = 0
        assert pulled(*factors) == pytest.approx(0.0, abs=1e-12)


def test_c4_a_fully_stale_map_is_no_better_than_none(quiet):
    """Needs that moved on: freshness decays to 0, and with it the pull along the need."""
    scenario = firm(
        quiet, weeks=300, customers=10, accuracy=1.0, need_drift=0.01, refresh_weeks=520, sharing=1.0, adherence=1.0,
        vectors={"map_pull": 12.0, "diffusion": 0.02},
    )  # fmt: skip
    runs = batch([scenario], replicates=60)[0]
    late = np.array([run.series("customer_alignment")[200:].mean() for run in runs])
    early = np.array([run.series("customer_alignment")[6:12].mean() for run in runs])
    assert early.mean() > 0.4
    assert abs(late.mean()) < 4 * late.std() / np.sqrt(60) + 0.02


# --- listening and depth (C5) ---------------------------------------------------------------------------------------


def test_listening_keeps_the_map_fresh_and_sharpens_it(quiet):
    drift = {"need_drift": 0.01, "refresh_weeks": 26, "accuracy": 0.7, "listening_gain": 0.5}
    deaf, some, all_ears = (
        np.mean([run.series("belief_cosine") for run in runs], axis=0)
        for runs in batch(
            [firm(quiet, customers=10, listening_hours=h, **drift) for h in (0.0, 1.0, 50.0)], replicates=40
        )
    )
    v = 1 - np.exp(-1)
    assert deaf[0] == pytest.approx(0.7)
    assert some[0] == pytest.approx(1 - 0.3 * (1 - 0.5 * v), abs=1e-9)
    assert all_ears == pytest.approx(np.full(26, 0.85), abs=1e-9), "who hears everything is never behind"
    assert deaf[-1] < 0.55
    assert deaf[-1] + 0.1 < some[-1] < all_ears[-1]


def test_errors_stay_those_of_the_last_survey(quiet):
    sim = Simulation([load(firm(quiet, accuracy=0.6, refresh_weeks=8, listening_hours=1.0)).model], [(0, 1, 0)])
    seen = []
    for _ in range(17):
        sim.advance(1)
        seen.append(sim.state.belief[:6].copy())
    for week in range(1, 17):
        assert np.allclose(seen[week], seen[week - 1], atol=1e-12) is (week not in (8, 16)), week


def test_listening_takes_hours_of_the_front_teams(quiet, once):
    def company(hours):
        scenario = firm(quiet, teams=2, customers=10, listening_hours=hours, listening_gain=0.0)
        scenario["teams"]["t1"] |= {"front": False}
        scenario["capacity"] = {"enabled": True, "gross_hours": 40, "pair_hours": 0, "staffing": False}
        return once(scenario).arrays.teams

    without, with_it = company(0.0), company(10.0)
    magnitude = {tuple(np.round(rows.reshape(26, 2, -1)[3, :, 0], 9)) for rows in (without, with_it)}
    assert magnitude == {(1.0, 1.0), (0.75, 1.0)}


def test_c5_depth_makes_customers_understandable(quiet):
    def company(depth, start, accuracy=0.7):
        scenario = firm(quiet, customers=100, depth_effect=depth, start=start, accuracy=accuracy)
        scenario["relationship"]["relationship_reference"] = 0.4
        return scenario

    cells = [(0.0, 0.8), (3.0, 0.4), (3.0, 0.6), (3.0, 0.8), (3.0, 0.2)]
    flat, same, more, most, less = (
        runs[0].series("belief_cosine")[0] for runs in batch([company(*cell) for cell in cells], replicates=1)
    )
    assert flat == pytest.approx(0.7)
    assert same == pytest.approx(0.7, abs=1e-6)
    assert more == pytest.approx(1 - 0.3 * np.exp(-0.6), abs=1e-6)
    assert less < same < more < most


def test_c5_vanishes_when_the_need_is_seen_without_noise(quiet, same_bits):
    on = {"map_pull": 4.0, "diffusion": 0.02}
    same_bits(
        firm(quiet, accuracy=1.0, depth_effect=0.0, start=0.8, vectors=on),
        firm(quiet, accuracy=1.0, depth_effect=5.0, start=0.8, vectors=on),
    )


# --- scores that come late -------------------------------------------------------------------------------------------


def test_scores_are_seen_after_their_lag(quiet):
    def company(lag):
        return firm(quiet, weeks=40, survey_weeks=4, response_rate=0.5, customers=300, survey_lag_weeks=lag)

    now, late, very_late = (runs[0] for runs in batch([company(lag) for lag in (0, 6, 100)], replicates=1))
    for name in ("nps", "csat"):
        taken, seen = now.series(f"{name}_taken", start=True), now.series(f"{name}_survey", start=True)
        assert np.array_equal(taken, seen)
        assert len(set(taken)) > 5
        assert np.array_equal(late.series(f"{name}_taken", start=True), taken)
        assert np.array_equal(late.series(f"{name}_survey", start=True)[6:], taken[:-6])
        assert np.all(late.series(f"{name}_survey", start=True)[:6] == taken[0])
        assert np.all(very_late.series(f"{name}_survey") == taken[0])


def drifted(quiet, weeks=400, **sensing):
    """Cosine of the need with what the segment states, week by week, over 60 runs."""
    scenario = firm(quiet, teams=1, weeks=weeks, customers=1, **sensing)
    scenario["teams"]["t0"] |= {"start": "given", "direction": {"value": 0.6, "ease": 0.7, "care": 0.4}}
    return np.array([run.series("customer_alignment") for run in batch([scenario], replicates=60)[0]])


def test_needs_come_back_to_what_the_segment_states_and_rest_around_it(quiet):
    # in the long run von Mises-Fisher with concentration rho/D = 10 on the sphere of four axes
    from flywheel_sim import theory

    found = drifted(quiet, need_drift=0.004, need_reversion=0.04)[:, 150:].mean(axis=1)
    exact = theory.vmf_mean_cosine(4, 10.0)
    assert found.mean() == pytest.approx(exact, abs=4 * found.std() / np.sqrt(60) + 0.005)
    assert drifted(quiet, need_drift=0.004)[:, 150:].mean() < exact - 0.3, "without it they drift for ever"


def test_a_need_that_was_moved_returns_by_its_law(quiet):
    # without noise a week turns it back by rho sin(phi)
    sim = Simulation([load(firm(quiet, need_reversion=0.1)).model], [(0, 1, 0)])
    sim.advance(3)
    stated = sim.state.need[0].copy()
    assert stated == pytest.approx(np.array([0, 0.6, 0.7, 0.4]) / np.linalg.norm([0.6, 0.7, 0.4])), "at rest it stays"
    phi = 1.2
    sim.state.need[0] = np.cos(phi) * stated + np.sin(phi) * np.array([1.0, 0, 0, 0])
    for _ in range(9):
        sim.advance(1)
        phi -= 0.1 * np.sin(phi)
        assert np.arccos(sim.state.need[0] @ stated) == pytest.approx(phi, abs=1e-9)


def test_the_need_of_the_journey_is_what_customers_need_at_its_touchpoints(quiet, once):
    point = {"stage": "use", "owner": "t0", "rate": 0.1, "match_reference": 0.0, "base_success": 0.8}
    points = {"buy": point | {"need": {"acquire": 2.0}, "weight": 3.0}, "use": point | {"weight": 1.0}}
    scenario = firm(quiet, teams=1, weeks=2, customers=1)
    scenario["journey"] = {"enabled": True, "touchpoints": points}
    need = np.array([0, 0.6, 0.7, 0.4]) / np.linalg.norm([0, 0.6, 0.7, 0.4])
    buy = need + np.array([2, 0, 0, 0])
    exact = 3 * buy / np.linalg.norm(buy) + need
    run = once(scenario)
    assert run.series("customer_alignment")[0] == pytest.approx(exact[0] / np.linalg.norm(exact)), "t0 looks to acquire"
    points["buy"]["weight"] = points["use"]["weight"] = 0.0
    assert once(scenario).series("customer_alignment")[0] == pytest.approx(0.0), "the segments' need alone"


def test_teams_that_all_look_one_way_bring_home_less_news(quiet):
    # t looks at r = 1: of the news of a need that has moved, a survey brings home the share 1 - exploration
    def belief(exploration, spread):
        scenario = firm(quiet, teams=4, weeks=30, customers=1, accuracy=1.0, refresh_weeks=10, exploration=exploration)
        if spread:
            for k, team in enumerate(scenario["teams"].values()):
                team["craft"] = {AXES[k % 2]: 1.0 if k < 2 else -1.0}
        there = {"segments.all.need": {"value": 1.0}}
        scenario["timeline"] = {"enabled": True, "changes": {"turn": {"from_week": 5, "set": there}}}
        return batch([scenario], replicates=1)[0][0].series("belief_cosine")

    free, blind, wide = belief(0.0, False), belief(0.8, False), belief(0.8, True)
    assert free[10:] == pytest.approx(np.ones(20)), "a survey finds all of it"
    assert blind[0] == pytest.approx(1.0) and blind[4] < 0.7, "the need moved"
    assert np.all(np.diff(blind[[9, 10, 20]]) > 0) and blind[20] < 0.99, "part of the news each time"
    assert wide == pytest.approx(free), "r = 0: nothing is missed"
