"""Everything that can be named can be explained, from where it is declared."""

import json

import pytest
from click.testing import CliRunner

from flywheel_sim.cli import flywheel
from flywheel_sim.scenario import ScenarioError
from flywheel_sim.scenario.columns import NAMES
from flywheel_sim.scenario.schema import MECHANISMS
from flywheel_sim.study.claims.table import claim_table
from flywheel_sim.study.explain import explain, subjects
from flywheel_sim.theory import ANCHORS


def test_everything_has_words():
    for name in (*MECHANISMS, *claim_table(), *ANCHORS, *NAMES):
        one = explain(name)
        assert one.title, name
        assert one.name == name


def test_a_mechanism_has_equations_parameters_limits_and_claims():
    one = explain("M12")
    assert one == explain("incentives") == explain("m12")
    assert "Neutral setting" in one.text
    paths = {row.path: row for row in one.parameters}
    assert paths["incentives.intrinsic"].default == "0.5"
    assert paths["incentives.intrinsic"].evidence == "a"
    assert {"A15", "A16"} <= {key for key, _ in one.limits}
    assert "C14" in dict(one.claims)


def test_a_closed_form_says_when_it_reduces_and_by_what_it_is_verified():
    one = explain("A19")
    assert "theory.gibbs_order" in dict(one.facts)["functions"]
    assert {"A19-order", "A19-chain"} <= set(dict(one.limits))
    assert "M11" in one.related
    assert dict(explain("A17").limits)["A17"].startswith("theory only")


def test_a_parameter_knows_the_claims_that_set_it_and_the_limits_that_follow_it():
    one = explain("vectors.coupling.fixed")
    assert one.kind == "parameter" and "M11" in one.related
    assert "C18" in dict(one.claims)
    assert "A19-order" in dict(one.limits)
    assert "C15" in dict(explain("incentives.measures.nps.gaming").claims)
    assert explain("teams.sales.headcount").facts


def test_what_a_run_comes_to_can_be_explained():
    assert (explain("npv").kind, dict(explain("npv").facts)["unit"]) == ("summary", "$")


def test_columns_know_who_observes_them_and_a_column_is_not_a_block():
    assert "C7" in dict(explain("expansions").claims)
    with pytest.raises(ScenarioError, match="customer_alignment"):
        explain("customer_alignement")


def test_in_the_terminal_and_as_json():
    runner = CliRunner()
    text = runner.invoke(flywheel, ["explain", "C37"])
    assert text.exit_code == 0 and "vanishes at" in text.output
    listed = runner.invoke(flywheel, ["explain"])
    assert listed.exit_code == 0 and "M27" in listed.output and "A30" in listed.output and "C78" in listed.output
    answer = json.loads(runner.invoke(flywheel, ["explain", "A1", "--json"]).output)
    assert answer["schema"] == "flywheel.explain/1" and answer["data"]["limits"]
    assert runner.invoke(flywheel, ["explain", "M99"]).exit_code == 2
    assert set(subjects()) == {"mechanisms", "closed forms", "claims", "columns", "summary", "sources"}
