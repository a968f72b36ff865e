"""Base cases: references that are the case's own means, targets, and the record in the file."""

import shutil

import numpy as np
import pytest

from flywheel_sim.engine.run import Simulation
from flywheel_sim.scenario import ScenarioError, load, shipped_path
from flywheel_sim.scenario.columns import COL
from flywheel_sim.scenario.in_place import replaced
from flywheel_sim.study.calibration.freezing import freeze, measure, references

BASE = shipped_path("scenarios/companies/b2b-saas.yaml")


@pytest.fixture
def small():
    """A short base case."""
    return load("b2b-saas").with_(
        {
            "market.accounts": 600, "market.initial_customers": 200, "horizon_weeks": 60,
            "word_of_mouth.enabled": False, "market.at_rest": False, "sensing.response_bond": 0.0,
        }
    )  # fmt: skip


def test_references_are_means_of_the_run_itself(small):
    found = references(small, replicates=2)
    again = references(small.with_({"relationship.relationship_reference": 0.9}), replicates=2)
    assert 0 < found["relationship.relationship_reference"] < 1
    assert set(found) == set(again)
    assert {f"journey.touchpoints.{name}.match_reference" for name in small.model.journey.touchpoints} <= set(found)
    assert all(found[path] != 0 for path in found)


def test_freezing_puts_references_in_and_measures_targets(small):
    away = small.with_({"capacity.craft_reference": 0.0, "frozen.targets.churn_annual.high": 0.0001})
    said = []
    found = freeze(away, replicates=2, rounds=2, progress=said.append)
    assert found.scenario.get("capacity.craft_reference") == found.references["capacity.craft_reference"] > 0.2
    missed = [one for one in found.achieved if one.quantity == "churn_annual"]
    assert not missed[0].met and not found.met
    assert said[0].startswith("round 1")


def test_measuring_alone_changes_nothing(small):
    found = freeze(small, replicates=2, rounds=0)
    assert found.scenario is small
    assert found.achieved == measure(small, replicates=2)


def test_the_record_is_no_part_of_what_it_records(small):
    assert small.with_({"frozen.targets.churn_annual.achieved": 0.5}).hash == small.hash


def test_an_unknown_target_is_a_mistake_in_the_file(small):
    with pytest.raises(ScenarioError, match="nps_true"):
        small.with_({"frozen.targets.nps_tru": {"low": 0, "high": 1}})


def test_numbers_are_replaced_where_they_stand(tmp_path):
    path = tmp_path / "base.yaml"
    shutil.copy(BASE, path)
    base = load(path)
    text = replaced(base, path, {"frozen.hash": "abc123", "capacity.craft_reference": 0.25})
    path.write_text(text, encoding="utf-8")
    after = load(path)
    assert after.get("capacity.craft_reference") == 0.25
    assert after.model.frozen.hash == "abc123"
    assert after.with_({"capacity.craft_reference": base.get("capacity.craft_reference")}).hash == base.hash
    assert text.count("#") == BASE.read_text(encoding="utf-8").count("#")


def test_a_number_of_another_file_is_not_replaced(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("extends: b2b-saas\ntitle: Mine\n", encoding="utf-8")
    with pytest.raises(ScenarioError, match="expected in this file"):
        replaced(load(path), path, {"capacity.craft_reference": 0.25})


def test_a_start_at_rest_and_a_bond_of_answers_have_their_references(small):
    experience, spread = "relationship.experience_reference", "sensing.relationship_spread"
    assert not {experience, spread} & set(references(small, replicates=2))
    asked = small.with_({"market.at_rest": True, "sensing.response_bond": 0.5})
    found = references(asked, replicates=2)
    assert 0.5 < found[experience] < 1 and 0.01 < found[spread] < 0.4
    run = Simulation([asked.with_(found).model], [(0, 11, 0)])
    assert run.arrays(0).initial[COL.experience] == pytest.approx(found[experience], abs=1e-5)


def test_leads_of_accounts_that_rest_have_their_own_reference(small):
    at, rests = "market.funnel.leads_reference", {"market.funnel.enabled": True, "market.funnel.rest_weeks": 4}
    assert at not in references(small.with_({"market.funnel.rest_weeks": 0}), replicates=2)
    found = references(small.with_(rests), replicates=2)
    again = references(small.with_(rests | {at: found[at]}), replicates=2)
    assert 0 < found[at] < 1 / 4
    assert again[at] == pytest.approx(found[at], rel=0.2, abs=2e-4)  # resting brings as many leads as before


def test_the_length_of_what_is_served_is_a_reference_where_vectors_are_added(small):
    at = "journey.length_reference"
    assert at not in references(small, replicates=2)
    added = small.with_({"journey.directions": "additive"})
    found = references(added, replicates=2)
    point = next(path for path in found if path.endswith("match_reference"))
    doubled = references(added.with_({at: 2 * added.get(at)}), replicates=2)
    assert 0 < found[at] < 2
    # what a touchpoint must match is in units of that length
    assert doubled[point] == pytest.approx(2 * found[point], rel=0.25)


def test_a_reference_that_a_file_states_follows_its_own_mean(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(
        "extends: b2b-saas\ntitle: Mine\nhorizon_weeks: 60\nculture: {reference: 0.9}\n"
        "market: {product_reference: 0.2, accounts: 600, initial_customers: 200}\n",
        encoding="utf-8",
    )
    mine = load(path)
    found = references(mine, replicates=2)
    assert found["market.product_reference"] == pytest.approx(mine.get("market.product_quality"), abs=0.1)
    assert 0.01 < found["culture.reference"] < 0.8


def test_references_of_a_company_that_lenders_would_close_are_those_it_has_while_it_lives():
    """It has no teams to read once it is closed; a draw like that came to none, and ended the making of worlds."""
    owing = load("b2b-two-teams").with_({"ledger.opening_cash": -1e8, "market.accounts": 200, "horizon_weeks": 60})
    found = references(owing, replicates=1)
    assert all(np.isfinite(value) for value in found.values())
    assert found == references(owing.with_({"ledger.can_fail": False}), replicates=1)
