"""Ranges in another unit than the scenario's are told; no study that ships or is printed has one."""

import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import flywheel_sim as fs
from flywheel_sim.cli import flywheel
from flywheel_sim.scenario.reading import parse, plain
from flywheel_sim.study.design import study_file
from flywheel_sim.study.design.study_file import read_study, shipped_studies
from flywheel_sim.study.design.unit_mismatch import study_warnings

ROOT = Path(__file__).parents[2]
TINY = {"market.accounts": 200, "market.initial_customers": 30, "horizon_weeks": 4}


def printed() -> dict[str, dict[str, Any]]:
    """Every study in a code block of the docs, and the one in the module that reads them."""
    found = {}
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        for k, text in enumerate(re.findall(r"```yaml\n(.*?)```", page.read_text("utf-8"), flags=re.S)):
            content = plain(parse(text))
            if isinstance(content, dict) and ("parameters" in content or "search" in content):
                found[f"{page.name} {k}"] = (
                    {"scenario": "b2b-saas", **content} if "scenarios" not in content else content
                )
    body = re.search(r"::\n\n(.*?)\n\n[A-Z]", str(study_file.__doc__), flags=re.S)
    assert body is not None
    return found | {"study_file": plain(parse(re.sub("^    ", "", body[1], flags=re.M)))}


@pytest.mark.parametrize("name", sorted(shipped_studies()))
def test_no_shipped_study_draws_in_another_unit(name: str) -> None:
    assert study_warnings(read_study(name)) == ()


def test_no_printed_study_draws_in_another_unit() -> None:
    studies = printed()
    assert {"studies.md 0", "optimize.md 0", "optimize.md 1", "study_file"} <= set(studies)
    for name, content in studies.items():
        if "parameters" not in content:  # a piece of one
            content = {**content, "parameters": {"teams.sales.headcount": [6, 8]}}
        content = {key: value for key, value in content.items() if key not in ("interventions", "team_class")}
        outcomes = [one for one in content.get("outcomes", []) if "mine:" not in one]  # a module of the reader's own
        content |= {"outcomes": outcomes} if outcomes else {}
        assert study_warnings(read_study(content)) == (), name


@pytest.mark.parametrize(
    "block",
    [
        {"range": [0.003, 0.012]},
        {"range": [0.5, 0.9]},
        {"values": [0.003, 0.006]},
        {"distribution": "beta", "arguments": {"a": 20, "b": 1980}},
    ],
)
def test_a_range_in_another_unit_is_told_with_the_value_in_hand(block: dict[str, Any]) -> None:
    study = {"scenario": "b2b-saas", "parameters": {"market.churn.mean": block}, "design": {"kind": "lhs", "points": 2}}
    (said,) = study_warnings(read_study(study))
    assert re.match(
        r"market.churn.mean is drawn from \S+ to \S+, but b2b-saas has 0.13 \(probability: Voluntary churn", said
    )
    assert said.endswith("is that the same unit?")


@pytest.mark.parametrize(
    "parameters",
    [
        {"market.churn.mean": {"range": [0.08, 0.12]}},  # does not hold .15, and is not far
        {"teams.sales.headcount": [1, 40]},
        {"word_of_mouth.enabled": [True, False]},
        {"market.network.rewiring": {"range": [0.5, 0.9]}, "horizon_weeks": [52, 520]},
    ],
)
def test_what_holds_the_value_or_is_near_is_not_told(parameters: dict[str, Any]) -> None:
    base = {"scenario": "b2b-saas", "set": {"market.network.rewiring": 0}, "design": {"kind": "lhs", "points": 2}}
    assert study_warnings(read_study({**base, "parameters": parameters})) == ()


def test_doubt_and_paths_beside_are_looked_at_too() -> None:
    study = {
        "scenario": "b2b-saas",
        "parameters": {"teams.sales.headcount": {"range": [4, 12], "also": ["horizon_weeks"]}},
        "search": {"objectives": {"npv": "maximise"}, "uncertainty": {"market.churn.mean": {"range": [0.003, 0.012]}}},
    }
    told = [said.partition(" ")[0] for said in study_warnings(read_study(study))]
    assert told == ["horizon_weeks", "market.churn.mean"]


def test_the_command_and_python_say_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    study = {"scenario": "b2b-saas", "set": TINY, "parameters": {"market.churn.mean": [0.003]}, "design": "grid"}
    with pytest.warns(UserWarning, match="market.churn.mean is drawn from 0.003 to 0.003, but b2b-saas has 0.13"):
        fs.sweep(study)
    Path("mine.yaml").write_text(
        "scenario: b2b-saas\nparameters:\n  market.churn.mean: [0.003]\ndesign: grid\n", encoding="utf-8"
    )
    done = CliRunner().invoke(flywheel, ["sweep", "mine.yaml", "--check"])
    assert done.exit_code == 0 and "note: market.churn.mean is drawn from 0.003" in done.stderr


def test_limits_and_beliefs_of_a_fit_are_looked_at() -> None:
    from flywheel_sim.study.design.unit_mismatch import fit_warnings

    fit = {"churn": {"path": "market.churn.mean", "low": 0.001, "high": 0.02, "prior": 0.004, "spread": 0.3}}
    said = fit_warnings(fs.load("hubspot").with_({"observed.fit": fit}))
    assert [one.split(", but")[0] for one in said] == [
        "market.churn.mean may be fitted from 0.001 to 0.02",
        "market.churn.mean is believed to lie from 0.00162628 to 0.00983841",
    ]
