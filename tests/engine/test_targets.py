"""Targets of measures are what they come to in a company's own base case: a bonus pays 1 there."""

import numpy as np
import pytest
from scores_paid import mean_scores

import flywheel_sim as fs
from flywheel_sim.engine.targets import find_targets, payout_shares, with_targets
from flywheel_sim.scenario import ScenarioError

SMALL = {"market": {"accounts": 1500, "initial_customers": 300}, "horizon_weeks": 60}


@pytest.fixture(scope="module")
def company(tmp_path_factory):
    file = tmp_path_factory.mktemp("company") / "mine.yaml"
    file.write_text(
        "extends: b2c-subscription\nhorizon_weeks: 60\nmarket: {accounts: 1500, initial_customers: 300}\n",
        encoding="utf-8",
    )
    return str(file)


def test_the_engine_pays_a_bonus_at_target_on_every_measure(company):
    """What is read off runs without pay, against the engine's own scores of runs in which all are paid on it."""
    base = fs.load(company)
    found = find_targets(base)
    ready = base.targeted(found)
    assert set(found) == set(base.incentives.measures)
    for name, scores in mean_scores(ready).items():
        assert float(np.mean(scores)) == pytest.approx(1.0, abs=0.006), name
    shares = payout_shares(fs.load(f"{company}+shared-blend").targeted(found))
    assert list(shares.values()) == pytest.approx([1.0] * 6, abs=0.006)


def test_every_way_to_run_finds_the_same_targets_and_says_so(company):
    plan = fs.load(f"{company}+churn-pay")
    ready = with_targets(plan)
    assert ready.incentives.measures["churn"].target and ready.changes == {} and ready.label == plan.label
    assert "found in its base case" in ready.target_note and "churn" in ready.target_note
    one = fs.run(plan, accounts=False)
    assert one.scenario == ready and with_targets(ready) is ready
    model = fs.FlywheelModel(plan, seed=1)
    model.step()
    assert model.last("leads") == one.weekly["leads"].iloc[0]


def test_a_target_is_the_companys_whatever_the_plans(company):
    both = with_targets(fs.load(f"{company}+churn-pay+flywheel-group").with_({"teams.service.headcount": 9}))
    alone = with_targets(fs.load(f"{company}+churn-pay"))
    assert both.incentives.measures["churn"].target == alone.incentives.measures["churn"].target


def test_what_a_company_lacks_is_one_line(company):
    quiet = {"extends": company, "service": {"enabled": False}, "incentives": {"pay": {"all": {"on": {"tickets": 1}}}}}
    with pytest.raises(ScenarioError) as caught:
        fs.run(quiet)
    assert str(caught.value) == (
        "incentives.measures.tickets: nobody can be paid on 'tickets' here: service.enabled is false"
    )
