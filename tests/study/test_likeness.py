"""A verdict between two companies says that it is one; plans for one company may differ in whatever is decided."""

import json
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner
from random_walk_runs import COMPANY, company, run, shared

from flywheel_sim.cli import flywheel
from flywheel_sim.commands.run_options import told
from flywheel_sim.present.report import render
from flywheel_sim.results import Outcomes
from flywheel_sim.results.likeness import unlike, unlike_sentence
from flywheel_sim.scenario import Scenario, load, scenarios
from flywheel_sim.scenario.funnel import funnel_twin

ROOT = Path(__file__).parents[2]


def outcomes(*pair: Scenario) -> Outcomes:
    return Outcomes.of([[run(one, 1, k, accounts=False) for k in range(3)] for one in pair])


def larger() -> Scenario:
    return company(title="Larger", market={"accounts": 4000, "initial_customers": 300})


@pytest.mark.parametrize(
    ("changes", "paths"),
    [
        ({"market.accounts": 9000}, ["market.accounts"]),
        ({"market.initial_customers": 100}, ["market.initial_customers"]),
        ({"segments.small.need.ease": 0.1}, ["segments.small.need"]),
        ({"contracts.kind": "monthly"}, ["contracts.kind"]),
        ({"teams.sales.headcount": 20.0, "market.price": 1.2, "capacity.staffing": False}, []),
        ({"incentives.intrinsic": 0.6, "cadence.enabled": True, "cadence.interval_weeks": 4}, []),
        ({"cadence.pull": 0.9, "vectors.map_pull": 2.0, "word_of_mouth.rate": 0.01}, []),
        ({"title": "Another", "description": "Other words"}, []),
    ],
)
def test_companies_differ_in_what_nobody_decides(changes: dict[str, object], paths: list[str]) -> None:
    base = load("b2b-saas")
    assert [one.path for one in unlike([base, base.with_(changes)])] == paths


def test_names_that_only_one_has_stand_once() -> None:
    other = {name: team for name, team in COMPANY["teams"].items() if name != "finance"}  # type: ignore[attr-defined]
    found = unlike([company(), company(teams=other | {"people": {"headcount": 2, "craft": {"care": 1.0}}})])
    assert [one.path for one in found] == ["teams"]
    assert "finance" in found[0].values[0] and "people" in found[0].values[1]


def test_plans_that_add_a_measure_or_a_meeting_are_plans_for_one_company() -> None:
    for name, entry in scenarios().items():
        if entry.kind in ("scheme", "programme"):
            assert unlike([load("b2b-saas"), load(name)]) == (), name
    for name in ("b2b-saas", "b2c-subscription", "relationship-flywheel"):
        assert unlike([funnel_twin(load(name)), load(name)]) == ()


def test_two_shipped_companies_are_two_and_the_first_things_first() -> None:
    pair = [load("b2c-subscription"), load("siloed-close-rate")]
    found = unlike(pair)
    assert [one.path for one in found[:4]] == ["market.accounts", "market.initial_customers", "segments", "teams"]
    said = unlike_sentence(found, [one.title for one in pair])
    assert "different companies" in said and "accounts in the market: 20,000 against 5,000" in said
    assert f"and {len(found) - 5} more settings" in said


def test_the_warning_stands_above_the_verdict_wherever_there_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    made = outcomes(company(), larger())
    warning = "accounts in the market: 2,000 against 4,000; customers at the start: 200 against 300"
    assert warning in made.warnings[0]
    text = str(told(made))
    assert -1 < text.index(warning) < text.index(made.verdict.sentence)
    assert capsys.readouterr().err.count(warning) == 0  # said once
    page = render(made)
    assert -1 < page.index(warning) < page.index('aria-label="Verdict"')
    assert page.count(warning) == 1
    assert json.loads(json.dumps(made.to_dict()))["different_company"] == [
        {"path": "market.accounts", "values": [2000, 4000]},
        {"path": "market.initial_customers", "values": [200, 300]},
    ]


def test_plans_for_one_company_have_no_such_warning() -> None:
    made = outcomes(company(), shared())
    assert made.unlike == () and made.warnings == ()
    assert made.to_dict()["different_company"] == []
    assert "different companies" not in str(told(made)) + render(made)


def test_a_saved_comparison_still_says_it(tmp_path: Path) -> None:
    made = outcomes(company(), larger())
    assert Outcomes.open(made.save(tmp_path / "x")).unlike == made.unlike


def test_what_the_documents_compare_is_one_company(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names of shipped scenarios in every command that compares; a file of the reader's own extends b2b-saas."""
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(flywheel, ["scenario", "new", "mine", "--extends", "b2b-saas"]).exit_code == 0
    pairs = 0
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        for line in re.findall(r"^\$ flywheel compare (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE):
            words = [word for word in shlex.split(line, comments=True) if word in scenarios() or word == "mine.yaml"]
            if len(words) > 1:
                pairs += 1
                assert unlike([load(word) for word in words]) == (), (page.name, line)
    assert pairs >= 5
