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


def test_a_saved_scenario_still_says_it(mine: Path) -> None:
    kept = unpack(pack(load(mine)))
    mine.unlink()
    assert borrowed(kept) == borrowed(
        load({"extends": "b2b-saas", "market": {"accounts": 9000}, "word_of_mouth": {"rate": 0.008}})
    )
