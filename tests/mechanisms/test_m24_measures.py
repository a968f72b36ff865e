"""M24: readouts that cause nothing, and checks that notice."""

import numpy as np
import pytest

from flywheel_sim.engine.run import ConservationError, Simulation
from flywheel_sim.execute.run import batch
from flywheel_sim.scenario import load


def company(**changes):
    return load("b2b-saas").with_(
        {
            "horizon_weeks": 40,
            "market.accounts": 1000,
            "market.initial_customers": 300,
            "reactions.enabled": False,  # would feel the surveys
            **changes,
        }
    )


def test_scores_are_read_and_never_felt(same_bits):
    same_bits(
        company(),
        company(**{"measures.enabled": False}),
        company(**{"measures.debug": True}),
        company(**{"measures.warm_up_weeks": 20}),
        but=("nps_true", "nps_survey", "csat_survey", "nps_taken", "csat_taken", "survey_answers", "score_inflation"),
    )


def test_true_nps_is_a_function_of_the_relationship_not_of_the_voice(quiet, once):
    sensing = {"answer_spread": 0.12, "promoter_above": 0.55, "detractor_below": 0.35, "survey_weeks": 520}
    r = 0.6
    up, down = 1 / (1 + np.exp((0.55 - r) / 0.12)), 1 / (1 + np.exp((r - 0.35) / 0.12))
    for advocates, detractors in ((0.0, 0.0), (0.9, 0.0), (0.0, 0.9)):
        run = once(
            quiet(
                market={"initial_advocates": advocates, "initial_detractors": detractors},
                relationship={"start": r, "depreciation": 0.0},
                sensing=sensing,
                measures={},
            )
        )
        assert run.series("nps_true", start=True) == pytest.approx(np.full(27, 100 * (up - down)), abs=1e-3)


def test_statuses_partition_the_accounts_and_flows_add_up():
    run = batch([company(**{"market.win_back.rate": 0.05, "horizon_weeks": 104})], replicates=1)[0][0]
    prospects, customers, former = (run.series(n, start=True) for n in ("prospects", "customers", "former"))
    assert np.all(prospects + customers + former == 1000)
    flow = run.series("new_customers") + run.series("won_back") - run.series("churned")
    assert np.array_equal(np.diff(customers), flow)
    assert np.array_equal(-np.diff(prospects), run.series("new_customers"))
    assert run.series("won_back").sum() > 0
    assert np.all(run.series("referred_new") <= run.series("new_customers"))


@pytest.mark.parametrize(
    "damage",
    [
        lambda sim: sim.state.status.__setitem__(int(np.flatnonzero(sim.state.status[:1000] == 0)[0]), 1),
        lambda sim: sim.state.run["cash"].__setitem__(0, sim.state.run["cash"][0] + 1000.0),
        lambda sim: sim.state.run["deferred"].__setitem__(0, sim.state.run["deferred"][0] - 1000.0),
    ],
    ids=["an invented customer", "an invented dollar", "a lost obligation"],
)
def test_the_checks_notice(damage):
    sim = Simulation([company(**{"measures.debug": True}).model], [(0, 1, 0)])
    sim.advance(10)
    damage(sim)
    with pytest.raises(ConservationError, match="violation"):
        sim.advance(5)


def test_without_debug_nothing_is_checked():
    sim = Simulation([company().model], [(0, 1, 0)])
    sim.advance(10)
    sim.state.run["cash"][0] += 1000.0
    sim.advance(5)


def test_the_wheel_has_speed_friction_and_mass():
    run = batch([company(**{"horizon_weeks": 104})], replicates=1)[0][0]
    before = run.series("customers", start=True)[:-1].sum()
    turned = run.series("referred_new").sum() + run.series("expansions").sum()
    assert run.summary["wheel_speed"] == pytest.approx(turned / before)
    assert run.summary["wheel_friction"] == pytest.approx(run.series("churned").sum() / before)
    assert run.summary["wheel_mass"] == pytest.approx(run.series("spend").mean())
    assert run.summary["wheel_speed"] > 0


def test_surveyed_satisfaction_scatters_around_the_true_one():
    runs = batch(
        [company(**{"sensing.survey_weeks": 1, "sensing.happy_bias": 1.0, "sensing.response_bond": 0.0})], replicates=4
    )[0]
    for run in runs:
        answers, true = run.series("survey_answers"), run.series("csat_true")
        assert np.array_equal(true, run.series("experience"))
        z = (run.series("csat_survey") - true) * np.sqrt(answers / (true * (1 - true)))
        assert abs(z.mean()) < 4 / np.sqrt(len(z))
