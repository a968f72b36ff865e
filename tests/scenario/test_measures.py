"""The library of measures that every company has, and whose a target is."""

import pytest

from flywheel_sim.scenario import ScenarioError, load, scenarios
from flywheel_sim.scenario.in_place import replaced
from flywheel_sim.scenario.measures import library, silent, without_target

COMPANIES = [name for name, entry in scenarios().items() if entry.kind == "company"]
SCHEMES = [name for name, entry in scenarios().items() if entry.kind == "scheme"]
OWN = """
title: Mine
segments: {all: {spend: 100, need: {value: 1}}}
teams: {crew: {headcount: 2, salary: 50000, craft: {value: 1}}}
"""


def targets(scenario):
    return {name: one.target for name, one in scenario.incentives.measures.items()}


@pytest.mark.parametrize("company", [name for name in COMPANIES if name != "hubspot"])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_scheme_finds_its_measures_in_every_company(company, scheme):
    found = load(f"{company}+{scheme}")
    paid = {name for pay in found.incentives.pay.values() for name in pay.on}
    assert paid and paid <= set(found.incentives.measures)
    assert [name for name in paid if silent(found.model, name)] == []


def test_a_company_from_nothing_has_the_library_and_takes_what_it_pays_on(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text(OWN + "incentives: {measures: {nps: {noise: 0.1}}}\n", encoding="utf-8")
    found = load(f"{file}+churn-pay")
    assert set(found.incentives.measures) == {"nps", "churn"}
    assert found.incentives.measures["nps"].noise == 0.1
    assert found.incentives.measures["nps"].columns == {"nps_survey": 1.0}
    assert found.position("incentives.measures.churn.columns").file == "library/measures"
    assert without_target(found) == ["churn"]
    set_later = load(file).with_({"incentives.pay": {"crew": {"on": {"profit": 1.0}}}})
    assert "profit" in set_later.incentives.measures


def test_other_axes_need_measures_of_their_own(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("axes: [value, other]\n" + OWN, encoding="utf-8")
    with pytest.raises(ScenarioError, match="the library's measure 'churn' is for the axes acquire"):
        load(f"{file}+churn-pay")
    with pytest.raises(ScenarioError, match="unknown measure 'chrn'; did you mean 'churn'"):
        load("b2c-subscription").plus({"incentives": {"pay": {"all": {"on": {"chrn": 1}}}}})


def test_a_target_goes_with_the_base_case_it_was_found_in(tmp_path):
    parent = targets(load("b2b-saas"))
    assert set(parent) == set(library()) and all(parent.values())
    plan = tmp_path / "plan.yaml"
    plan.write_text("extends: b2b-saas\nteams: {sales: {headcount: 12}}\n", encoding="utf-8")
    assert targets(load(plan)) == parent, "a decision leaves the base case as it is"
    other = tmp_path / "other.yaml"
    other.write_text("extends: b2b-saas\nmarket: {accounts: 7000}\n", encoding="utf-8")
    assert set(targets(load(other)).values()) == {None}, "another company has another base case"
    own = tmp_path / "own.yaml"
    own.write_text("extends: other.yaml\nincentives: {measures: {leads: {target: 9}}}\n", encoding="utf-8")
    assert targets(load(own))["leads"] == 9
    laid = load("b2b-saas").plus({"market": {"accounts": 7000}})
    assert targets(laid) == parent, "plans are laid over a company and leave its base case as it is"
    reads = load("b2b-saas").plus({"incentives": {"measures": {"churn": {"over_weeks": 13}}}})
    assert targets(reads) == {**parent, "churn": None}, "a measure that reads something else has another target"


def test_the_base_case_is_the_company_without_plans_and_changes():
    company = load("b2c-subscription")
    both = load("b2c-subscription+churn-pay").with_({"market.accounts": 3000}).plus("flywheel-group")
    assert both.base().market.accounts == 20000 and not both.base().cadence.enabled and not both.base().incentives.pay
    smaller = company.with_({"market.accounts": 3000}).plus("churn-pay")
    assert smaller.base().market.accounts == 3000, "what a plan is laid over is the company"


def test_what_a_measure_reads_can_be_lacking():
    company = load("b2c-subscription")
    assert silent(company.with_({"service.enabled": False}).model, "tickets") == "service.enabled is false"
    assert silent(company.model, "tickets") == ""


@pytest.mark.parametrize("company", [name for name in COMPANIES if name != "hubspot"])
def test_freezing_can_write_every_target_into_a_shipped_company(company, tmp_path):
    file = tmp_path / f"{company}.yaml"
    file.write_text(scenarios()[company].path.read_text("utf-8"), encoding="utf-8")
    start = load(file)
    found = {f"incentives.measures.{name}.target": 0.5 for name in library()}
    file.write_text(replaced(start, file, found), encoding="utf-8")
    assert set(targets(load(file)).values()) == {0.5}
