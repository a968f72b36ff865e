"""M12: what bonuses are paid on. Each measure reads what it is called after, and pays less when that gets worse."""

import numpy as np
import pytest
from scores_paid import mean_scores

from flywheel_sim import ScenarioError, run
from flywheel_sim.engine.run import Simulation
from flywheel_sim.execute.run import batch
from flywheel_sim.scenario import load
from flywheel_sim.study.calibration.freezing import targets

#: What makes each of the shipped measures worse.
WORSE = {
    "leads": {"market.external": 0.0003},
    "close-rate": {"market.funnel.close": 0.1},
    "tickets": {"service.issues": 0.08},
    "mbo": {"incentives.intrinsic": 0.25},
    "nps": {"sensing.promoter_above": 0.4},
    "csat": {"journey.touchpoints.product-use.base_success": 0.6},
    "churn": {"market.churn.mean": 0.36},
    "revenue": {"market.initial_customers": 60},
    "relationship": {"journey.touchpoints.product-use.base_success": 0.6},
    "peers": {"vectors.diffusion": 1.0},
    "bookings": {"market.funnel.close": 0.1},
    "profit": {"ledger.overhead": 30_000},
    "experience-map": {"journey.touchpoints.product-use.base_success": 0.6},
    "engagement": {"journey.touchpoints.product-use.rate": 0.2},
}


@pytest.fixture(scope="module")
def base():
    """Scores of every measure in the base case, under other luck than its targets were found with."""
    return mean_scores(load("b2b-saas"), seed=5, replicates=12)


def test_at_its_target_a_measure_of_the_base_case_pays_one_on_average(base):
    for name, score in base.items():
        error = score.std(ddof=1) * np.sqrt(1 / 12 + 1 / 8)  # of these runs, and of those the target was found in
        assert abs(score.mean() - 1.0) < 4 * error + 0.003, (name, score.mean(), error)
        assert error < 0.1, name


@pytest.mark.parametrize("name", WORSE)
def test_what_gets_worse_pays_less(base, name):
    scenario = load("b2b-saas").with_(WORSE[name])
    only = {name: scenario.model.incentives.measures[name].model_dump()}
    worse = mean_scores(scenario.with_({"incentives.measures": only}), seed=5, replicates=12)[name]
    assert worse.mean() < base[name].mean() - 0.05, "by more than a rounding"
    assert (worse - base[name]).mean() < -3 * (worse - base[name]).std(ddof=1) / np.sqrt(12)


def test_no_shipped_measure_is_left_out():
    assert set(WORSE) == set(load("b2b-saas").model.incentives.measures)


def test_a_bonus_on_churn_falls_where_more_leave():
    few, many = (load("churn-pay").with_({"market.churn.mean": mean}) for mean in (0.12, 0.45))
    (kept,), (lost,) = batch([few, many], replicates=1, seed=1)
    assert lost.summary["churn_annual"] > 2 * kept.summary["churn_annual"]
    assert lost.series("bonus")[60:].sum() < 0.5 * kept.series("bonus")[60:].sum()


def paid(quiet, measures, on, weeks=6, teams=None, market=None, **incentives):
    """Bonus of a firm of one team, 1 = at target, by week."""
    rows = {"desk": {"headcount": 1, "salary": 52_000, "craft": {"care": 1}}} | (teams or {})
    return quiet(
        horizon_weeks=weeks,
        teams=rows,
        vectors={"enabled": False},
        market=market or {},
        ledger={"enabled": True, "cost_of_revenue": 0},
        incentives={
            "intrinsic": 0.5, "effort_reference": 0.5, "max_effort": 100, "measures": measures,
            "pay": {"desk": {"intensity": 0.0, "on": on, "bonus": 0.001}}, **incentives,
        },
    )  # fmt: skip


def test_lower_is_better_by_hand(quiet):
    measure = {"gradient": {"care": 1}, "columns": {"customers": 1}, "target": 800, "better": "lower"}
    assert run(paid(quiet, {"few": measure}, {"few": 1})).series("bonus") == pytest.approx([1.0] + [2 - 1000 / 800] * 5)
    measure["target"] = 400
    assert run(paid(quiet, {"few": measure}, {"few": 1})).series("bonus")[1:] == pytest.approx(0.0), "cut at 0"


def test_a_value_is_taken_over_its_weeks_and_over_what_it_is_divided_by(quiet):
    measure = {"gradient": {"care": 1}, "columns": {"churned": 1}, "per": {"customers": 1}, "over_weeks": 3}
    measure |= {"target": 0.05, "better": "lower"}
    made = run(paid(quiet, {"churn": measure}, {"churn": 1}, market={"churn": {"mean": 0.9, "dispersion": 0}}))
    lost, there = made.series("churned"), made.series("customers")
    assert lost.sum() > 20
    for t in range(1, 6):
        value = lost[max(0, t - 3) : t].sum() / there[max(0, t - 3) : t].sum()
        assert made.series("bonus")[t] == pytest.approx(min(max(2 - value / 0.05, 0), 2), rel=1e-12)


def test_weights_share_the_bonus_and_each_score_is_cut_alone(quiet):
    high = {"gradient": {"care": 1}, "columns": {"customers": 1}, "target": 1}
    low = {"gradient": {"care": 1}, "columns": {"customers": 1}, "target": 2000}
    made = run(paid(quiet, {"high": high, "low": low}, {"high": 3, "low": 1}))
    assert made.series("bonus")[1:] == pytest.approx((3 * 2 + 1 * 0.5) / 4)


def test_without_columns_a_measure_reads_the_teams_own_effort(quiet):
    goals = {"gradient": {}, "craft": 1.0, "target": 0.5}
    assert run(paid(quiet, {"mbo": goals}, {"mbo": 1})).series("bonus") == pytest.approx(1.0)
    half = paid(quiet, {"mbo": goals}, {"mbo": 1}, intrinsic=0.25)
    assert run(half).series("bonus") == pytest.approx(0.5)
    away = paid(quiet, {"mbo": goals, "leads": {"gradient": {"acquire": 1}, "target": 1.0}}, {"mbo": 1})
    away["incentives"]["pay"]["desk"] |= {"intensity": 1.0, "on": {"leads": 1.0, "mbo": 1.0}}
    assert np.all(run(away).series("bonus") > 0)


def test_overload_takes_from_what_a_team_gets_done():
    """Own projects, team by team: what the team's effort along its craft got done in the hours it had."""
    scenario = load("mbo-pay").with_({"horizon_weeks": 60, "service.issues": 0.4})
    simulation = Simulation([scenario.model], [(0, 1, 0)])
    state, craft = simulation.state, simulation.program.tables.craft
    target, seen = scenario.model.incentives.measures["mbo"].target, 0.0
    for _ in range(12):
        simulation.advance(5)
        done = (state.pay * craft[: len(state.pay)]).sum(axis=1) / (1 + state.overload)
        assert state.scored == pytest.approx(np.clip(done / target, 0, 2))
        seen = max(seen, state.overload.max())
    assert seen > 0.1


def test_peers_score_where_the_effort_went_and_trade_a_share(quiet):
    peers = {"gradient": {}, "peers": 1.0, "target": 0.5}
    teams = {
        "desk": {"headcount": 1, "salary": 52_000, "craft": {"care": 1}, "start": "craft"},
        "crew": {"headcount": 1, "salary": 0, "craft": {"care": 0.6, "acquire": 0.8}, "start": "craft"},
    }
    links = {"link": {"from": "desk", "to": "crew", "when": "sale"}}
    scenario = paid(quiet, {"peers": peers}, {"peers": 1}, teams=teams) | {"handoffs": {"links": links}}
    assert run(scenario).series("bonus") == pytest.approx(0.6)
    scenario["incentives"]["collusion"] = 0.25
    assert run(scenario).series("bonus") == pytest.approx(0.25 + 0.75 * 0.6), "C17"
    alone = paid(quiet, {"peers": peers, "mbo": {"gradient": {}, "craft": 1.0, "target": 1.0}}, {"peers": 1, "mbo": 1})
    assert run(alone).series("bonus") == pytest.approx(0.5), "nobody to be scored by: the rest counts alone"
    only = paid(quiet, {"peers": peers}, {"peers": 1})
    assert np.all(run(only).series("bonus") == 0.0)


def test_targets_are_found_where_they_have_to_be(quiet):
    measure = {"gradient": {"care": 1}, "columns": {"customers": 1}, "target": 100.0}
    late = {**measure, "better": "lower", "target": 700.0}
    found = targets(load(paid(quiet, {"many": measure, "few": late}, {"many": 1}, weeks=30)))
    assert found == pytest.approx({f"incentives.measures.{name}.target": 1000.0 for name in ("many", "few")}, rel=1e-3)


def test_a_column_that_is_no_column_is_named(quiet):
    wrong = {"gradient": {"care": 1}, "columns": {"churned": 1}, "per": {"custommers": 1}}
    with pytest.raises(ScenarioError, match="customers"):
        load(paid(quiet, {"churn": wrong}, {"churn": 1}))
    with pytest.raises(ScenarioError, match="names the columns it divides"):
        load(paid(quiet, {"churn": {"gradient": {}, "per": {"customers": 1}}}, {"churn": 1}))
