"""Numbers far from the trade's or the parent's are questioned, with their unit and what was probably meant."""

import json

import pytest
from click.testing import CliRunner

import flywheel_sim as fs
from flywheel_sim.cli import flywheel
from flywheel_sim.scenario import scenarios
from flywheel_sim.scenario.plausible import TRADES, questions
from flywheel_sim.scenario.schema import ScenarioModel
from flywheel_sim.scenario.shapes import NAME, along, every_path, root


def asked(changes, company="b2b-saas"):
    return {one.field: one.message for one in questions(fs.load(company).with_(changes))}


@pytest.mark.parametrize(
    ("changes", "meant"),
    [
        ({"teams.sales.salary": 150}, "$150,000 meant, written in thousands"),
        ({"teams.sales.salary": 9000}, "$108,000 meant, written by the month"),
        ({"segments.small.spend": 1200}, "$14,400 meant, written by the month"),
        ({"market.churn.mean": 0.003}, "0.036 meant, written by the month"),
        ({"horizon_weeks": 5}, "260 meant, written in years"),
        ({"service.issues": 8}, "0.1538 meant, written by the year"),
        ({"journey.touchpoints.help.hours": 192}, "3.2 meant, written in minutes"),
        ({"incentives.pay.sales": {"on": {"leads": 1}, "bonus": 2}}, "0.02 meant, written in per cent"),
        ({"market.external": 0.03}, "50 times as much; is the unit right?"),
        ({"market.accounts": 20_000_000}, "4,000 times as much"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_a_slip_of_the_unit_is_questioned_with_what_was_meant(changes, meant):
    (said,) = asked(changes).values()
    assert meant in said, said


@pytest.mark.parametrize(
    "changes",
    [
        {"teams.sales.salary": 90_000},
        {"teams.sales.headcount": 12},
        {"segments.small.spend": 28_000},
        {"segments.small.spend": 7_000},
        {"market.accounts": 40_000, "market.initial_customers": 1200},
        {"market.churn.mean": 0.3},
        {"word_of_mouth.rate": 0.0},
        {"market.external": 0.002},
        {"horizon_weeks": 156},
    ],
)
def test_other_companies_and_bold_plans_are_left_in_peace(changes):
    assert asked(changes) == {}


def test_nothing_that_ships_is_questioned_by_the_trade():
    from flywheel_sim.scenario.editing import paths_of
    from flywheel_sim.scenario.plausible import _number, _of_trade

    strange = []
    for name, entry in scenarios().items():
        if entry.kind in ("company", "scheme", "programme", "part", "example"):
            shown = fs.load(name)
            for path in paths_of(shown.source):
                value = _number(shown, path)
                if value is not None and (said := _of_trade(shown, path, value)):
                    strange.append(f"{name}: {path}: {said}")
    assert strange == []


def test_every_rule_of_the_trade_is_about_a_number_there_is():
    known = {".".join("*" if part == NAME else part for part in path) for path in every_path(ScenarioModel)}
    assert set(TRADES) <= known
    for path in TRADES:
        shape = along(root(ScenarioModel), tuple(NAME if part == "*" else part for part in path.split(".")))
        assert shape is not None and any("number" in kind for kind in shape.kinds), path


def test_validate_warns_with_file_and_line_and_still_says_ok(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yaml").write_text(
        "extends: b2c-subscription\nteams:\n  marketing:\n    salary: 150\nknown: {churn: 60% a week}\n", "utf-8"
    )
    got = CliRunner().invoke(flywheel, ["scenario", "validate", "mine.yaml"])
    assert got.exit_code == 0, got.output
    assert "warning: mine.yaml:4:13: teams.marketing.salary: $150 a year is far from other salaries" in got.stderr
    assert "warning: mine.yaml: known.churn: '60% a week' loses 100.0% of the customers in a year" in got.stderr
    assert "mine.yaml: ok, with 2 to look at again" in got.stdout
    answer = json.loads(CliRunner().invoke(flywheel, ["scenario", "validate", "mine.yaml", "--json"]).stdout)
    assert len(answer["data"]["scenarios"][0]["questions"]) == 2
