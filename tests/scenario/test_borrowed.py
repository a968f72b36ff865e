"""Targets that were measured for another company are told as that company's."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from random_walk_runs import run

from flywheel_sim.cli import flywheel
from flywheel_sim.present.report import render
from flywheel_sim.results import Outcomes
from flywheel_sim.results.borrowed import borrowed
from flywheel_sim.results.naming import pack, unpack
from flywheel_sim.scenario import load, scenarios

MINE = "version: 1\nextends: b2b-saas\ntitle: My company\nmarket: {accounts: 9000}\nword_of_mouth: {rate: 0.008}\n"


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "mine.yaml"
    path.write_text(MINE)
    return path


def test_a_company_that_extends_another_has_the_other_ones_results(mine: Path) -> None:
    found = borrowed(load(mine))
    assert found is not None
    assert (found.name, found.paths) == ("b2b-saas", ("market.accounts", "word_of_mouth.rate"))
    assert "measured for B2B software company" in found.sentence


def test_a_plan_for_a_company_has_its_base_case_and_shipped_companies_their_own() -> None:
    for name, entry in scenarios().items():
        if entry.kind == "company":
            assert borrowed(load(name)) is None, name
    base = load("b2b-saas")
    assert borrowed(base.with_({"teams.sales.headcount": 3.0, "cadence.enabled": True})) is None
    assert borrowed(load("siloed-close-rate")) is None
    assert borrowed(load({"segments": {"all": {"need": {"ease": 1.0}}}})) is None  # no targets, nothing borrowed


def test_validate_and_the_report_say_whose_they_are(mine: Path) -> None:
    told = CliRunner().invoke(flywheel, ["scenario", "validate", "mine.yaml", "b2b-saas"])
    assert told.exit_code == 0
    first, second = told.stdout.splitlines()
    assert "measured for B2B software company" in first and "have not been measured" in first
    assert second == "b2b-saas: ok"
    for spec, said in ((mine, False), ("b2b-saas", True)):
        page = render(Outcomes.of([[run(load(spec).with_({"horizon_weeks": 8}), accounts=False)]]))
        assert ("Fit of this company to known figures" in page) == said
        assert ("not measured for this company" in page) == (not said)


def test_a_saved_scenario_still_says_it() -> None:
    changed = load("b2b-saas").with_({"market.accounts": 9000, "word_of_mouth.rate": 0.008})
    kept = unpack(pack(changed))
    assert borrowed(kept) == borrowed(changed) is not None


def test_a_changed_company_field_drops_the_bands_that_the_parent_was_calibrated_to(mine: Path) -> None:
    assert not load(mine).model.frozen.targets and not load(mine).model.frozen.hash
    assert load("b2b-saas+churn-pay").model.frozen.targets, "a plan leaves the base case as it is"
    plan = mine.with_name("plan.yaml")
    plan.write_text("extends: b2b-saas\nteams: {sales: {headcount: 8}}\n")
    assert load(plan).model.frozen == load("b2b-saas").model.frozen, "and so does a file that only decides something"
    mine.write_text(MINE + "frozen: {targets: {nrr: {low: 0.9, high: 1.1}}}\n")
    assert set(load(mine).model.frozen.targets) == {"nrr"}
    plan.write_text("extends: mine.yaml\ntitle: Next year\n")
    assert set(load(plan).model.frozen.targets) == {"nrr"}


def test_a_grandchild_knows_whose_company_was_measured(mine: Path) -> None:
    child = mine.with_name("child.yaml")
    child.write_text("extends: mine.yaml\nmarket: {fit_mean: 0.6}\n")
    found = borrowed(load(child))
    assert found is not None and found.name == "b2b-saas" and "market.fit_mean" in found.paths
