"""Study files: every mistake at once, where it is, before the first run."""

from pathlib import Path

import numpy as np
import pytest

import flywheel_sim as fs
from flywheel_sim.scenario import ScenarioError
from flywheel_sim.study.design.points import laid
from flywheel_sim.study.design.study_file import read_study, shipped_studies
from flywheel_sim.study.search.optimize import planned

GOOD = """
version: 1
title: Two numbers
scenario: b2b-saas
set: {horizon_weeks: 26}
parameters:
  teams.sales.headcount: [6, 8]
  word_of_mouth.rate: {range: [0.002, 0.02], scale: log, levels: 3}
replicates: 2
outcomes: [npv, customers.end]
"""


def problems(folder: Path, text: str) -> list[str]:
    path = folder / "study.yaml"
    path.write_text(text.lstrip("\n"))
    with pytest.raises(ScenarioError) as caught:
        laid(read_study(path))
    return [str(problem).replace(str(path), "study.yaml") for problem in caught.value.problems]


def test_a_study_reads(tmp_path):
    (tmp_path / "study.yaml").write_text(GOOD)
    study = read_study(tmp_path / "study.yaml")
    assert study.name == "study" and study.base.horizon_weeks == 26
    assert laid(study).runs == 12
    again = read_study(tmp_path / "study.yaml", {"horizon_weeks": 8}, replicates=5, seed=9)
    assert (again.base.horizon_weeks, again.file.replicates, again.file.seed) == (8, 5, 9)


@pytest.mark.parametrize("name", shipped_studies())
def test_shipped_studies_are_in_order(name):
    study = read_study(name)
    assert study.file.title and study.file.question
    if study.searches:
        pytest.importorskip("cma")
        pytest.importorskip("pymoo")
        assert planned(study).runs >= 2
    else:
        assert laid(study).runs >= 2


def test_every_mistake_at_once_with_its_place_and_the_nearest_name(tmp_path):
    found = problems(
        tmp_path,
        """
version: 1
scenario: b2b-saas
set:
  horizon_weks: 20
parameters:
  teams.sale.headcount: [6, 8]
  teams.service.headcount: [6, -8, x]
  word_of_mouth.rate: {range: [0.002, 0.02], scal: log}
  market.churn.mean: {distribution: normal}
  market.churn.dispersion:
design: {kind: lhs, pionts: 3}
outcomes: [nvp, npv, custmers.end]
series: [custmers]
""",
    )
    assert found == [
        "study.yaml:4:3: set.horizon_weks: unknown name 'horizon_weks'; did you mean 'horizon_weeks'?",
        "study.yaml:6:3: parameters.teams.sale.headcount: unknown name 'sale'; did you mean 'teams.sales.headcount'?",
        "study.yaml:7:32: parameters.teams.service.headcount.values.1: "
        "expected a number between 0 and 1000000 (heads), got -8",
        "study.yaml:7:36: parameters.teams.service.headcount.values.2: "
        "expected a number between 0 and 1000000 (heads), got 'x'",
        "study.yaml:8:46: parameters.word_of_mouth.rate.scal: unknown name 'scal'; did you mean 'scale'?",
        "study.yaml:9:37: parameters.market.churn.mean.distribution: scipy.stats has no 'normal'; did you mean 'norm'?",
        "study.yaml:10:3: parameters.market.churn.dispersion: no value given; write one",
        "study.yaml:11:21: design.pionts: unknown name 'pionts'; did you mean 'points'?",
        "study.yaml:12:12: outcomes.0: unknown outcome 'nvp'; did you mean 'npv'?",
        "study.yaml:12:22: outcomes.2: unknown column 'custmers'; did you mean 'customers.end'?",
        "study.yaml:13:10: series.0: unknown column 'custmers'; did you mean 'customers'?",
    ]


BASE = "scenario: b2b-saas\n"
HEADS = BASE + "parameters:\n  teams.sales.headcount: [6, 8]\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        ("- a\n", "expected a mapping"),
        ("a: &x 1\n", "anchors are not allowed"),
        (BASE, "study.yaml:1:1: parameters: expected at least one parameter"),
        ("parameters: {a: [1]}\n", "expected scenario: or scenarios:, one of the two"),
        (HEADS.replace("b2b-saas", "b2b-sas"), "study.yaml:1:11: scenario: no shipped scenario has this name"),
        (HEADS + "version: 2\n", "version"),
        (HEADS + "scenarios: [nps-pay]\n", "one of the two"),
        (HEADS + "outcomes: []\n", "at least one outcome"),
        (HEADS + "outcomes: [npv, npv]\n", "'npv' is named twice"),
        (HEADS + "series: [cash, cash]\n", "'cash' is named twice"),
        (HEADS + "outcomes: [cash.last]\n", "expected a weekly column with .end"),
        (HEADS + "replicates: 0\n", "study.yaml:4:13: replicates: expected a whole number"),
        (HEADS + "seed: 4294967296\n", "seed: expected a whole number"),
        (HEADS + "design: {kind: lsh}\n", "did you mean 'lhs'?"),
        (HEADS + "design: lhs\n", "lhs needs points: how many"),
        (HEADS + "design: {points: 4}\n", "leave points: out"),
        (HEADS + "design: {kind: sobol, points: 100}\n", "sobol needs a power of two, got 100; did you mean 128?"),
        (HEADS + "design: {kind: morris, points: 9, levels: 5}\n", "an even number of levels, got 5"),
        (HEADS + "design: {kind: lhs, points: 4, rows: [{a: 1}]}\n", "belong to a table"),
        (HEADS + "design: {kind: table, rows: [{teams.sales.headcount: 1}]}\n", "leave parameters: out"),
        (BASE + "design: table\n", "rows: or file:, one of the two"),
        (BASE + "design: {kind: table, file: none.csv}\n", "design.file: no such file: "),
        (BASE + "design: {kind: table, rows: [{teams.sale.headcount: 1}]}\n", "did you mean 'teams.sales.headcount'?"),
        (BASE + "parameters: {teams.sales.headcount: 6}\n", "expected a list of values, or a mapping"),
        (BASE + "parameters: {teams.sales.headcount: {}}\n", "one of values, range and distribution, got none"),
        (BASE + "parameters: {teams.sales.headcount: {values: [1], range: [1, 2]}}\n", "got values and range"),
        (BASE + "parameters: {teams.sales.headcount: {range: [2, 1], levels: 2}}\n", "the smaller first"),
        (BASE + "parameters: {teams.sales.headcount: {range: [0, 1], scale: log, levels: 2}}\n", "begins above 0"),
        (BASE + "parameters: {teams.sales.headcount: {range: [1, 2]}}\n", "a grid needs levels"),
        (BASE + "parameters: {teams.sales.headcount: {values: [1], scale: log}}\n", "only a range has a scale"),
        (BASE + "parameters: {teams.sales.headcount: {values: [1], arguments: {s: 1}}}\n", "only a distribution"),
        (BASE + "parameters: {ledger.overhead: {distribution: gamma, levels: 2}}\n", "gamma needs arguments: a"),
        (
            BASE + "parameters: {ledger.overhead: {distribution: gamma, levels: 2, arguments: {A: 1}}}\n",
            "gamma has no 'A', it takes a, loc, scale; did you mean 'a'?",
        ),
        (
            BASE + "parameters: {ledger.overhead: {distribution: norm, levels: 2, arguments: {scale: -1}}}\n",
            "norm does not exist with these arguments",
        ),
        (BASE + "parameters: {word_of_mouth.enabled: {range: [0, 1], levels: 2}}\n", "this is true or false"),
        (BASE + "parameters: {market.churn.mean: {range: [0.1, 3], levels: 2}}\n", "0 and 1 (probability), got 3"),
        (
            BASE + "parameters: {market.churn.mean: {distribution: norm, arguments: {loc: 0.1}, levels: 9}}\n",
            "between 0 and 1 (probability), got -",
        ),
        (HEADS + "  teams.service.headcount: {values: [1], also: [teams.sales.headcount]}\n", "set by two parameters"),
        (HEADS + "  teams.service.headcount: {values: [1], also: [teams.sles.headcount]}\n", "did you mean 'teams.sa"),
        (
            BASE + "parameters: {word_of_mouth.rate: {range: [0.1, 0.2], levels: 9000}, "
            "ledger.overhead: {range: [1, 2], levels: 9000}}\n",
            "runs, more than 20,000,000",
        ),
        (BASE + "parameters: {market.initial_customers: [100, 1000000]}\n", "initial_customers"),
    ],
)
def test_one_mistake(tmp_path, text, message):
    found = problems(tmp_path, text)
    assert any(message in problem for problem in found), found


def test_mistakes_from_python_have_no_place():
    with pytest.raises(ScenarioError, match=r"^parameters\.teams\.sale\.headcount: unknown name"):
        read_study({"scenario": "b2b-saas", "parameters": {"teams.sale.headcount": [1]}})
    with pytest.raises(ScenarioError, match="not extends"):
        read_study({"extends": "b2b-saas"})
    with pytest.raises(ScenarioError, match="expected the path of a study file"):
        read_study(3)
    with pytest.raises(ScenarioError, match="did you mean 'heads-and-talk'"):
        read_study("heads-and-tall")


def test_a_path_in_a_study_is_relative_to_it(tmp_path):
    (tmp_path / "mine.yaml").write_text("extends: b2b-saas\nhorizon_weeks: 9\n")
    (tmp_path / "points.csv").write_text("teams.sales.headcount,market.network.kind\n4,ring\n\n6,\n")
    (tmp_path / "study.yaml").write_text("scenario: mine.yaml\ndesign: {kind: table, file: points.csv}\n")
    study = read_study(tmp_path / "study.yaml")
    assert study.base.horizon_weeks == 9
    assert [dict(point.changes) for point in laid(study).points] == [
        {"teams.sales.headcount": 4, "market.network.kind": "ring"},
        {"teams.sales.headcount": 6},
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("teams.sales.headcount\n", "at least one row"),
        ("teams.sales.headcount\n1,2\n", "points.csv:2:1: expected 1 cells, got 2"),
        ("teams.sales.headcount\n.inf\n", "expected a finite number"),
        ("teams.sales.headcount\n-1\n", "between 0 and 1000000"),
        (b"\xff\xfe\x00", "cannot be read"),
    ],
)
def test_mistakes_in_a_table(tmp_path, text, message):
    path = tmp_path / "points.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    found = problems(tmp_path, "scenario: b2b-saas\ndesign: {kind: table, file: points.csv}\n")
    assert any(message in problem for problem in found), found


def test_scenarios_may_be_objects_and_dicts(tmp_path: Path) -> None:
    tiny = {"market.accounts": 300, "market.initial_customers": 30, "horizon_weeks": 4}
    base = fs.load("b2b-saas").with_(tiny)
    dear = base.with_({"market.price": 1.5})
    heads = {"parameters": {"teams.sales.headcount": [4, 8]}}
    named = fs.sweep({"scenario": "b2b-saas", "set": tiny, **heads}, tmp_path / "a").table
    for k, one in enumerate(
        (base, {"extends": "b2b-saas", "horizon_weeks": 4, "market": {"accounts": 300, "initial_customers": 30}})
    ):
        given = fs.sweep({"scenario": one, **heads}, tmp_path / f"b{k}").table
        assert given["npv"].tolist() == named["npv"].tolist()
    both = fs.sweep({"scenarios": [base, dear], **heads}, tmp_path / "c")
    assert both.table["scenario"].unique().tolist() == [base.label, dear.label]
    assert both.table["npv"].nunique() == 4
    assert fs.resume(tmp_path / "c").table.equals(both.table)


@pytest.mark.parametrize(
    ("path", "said", "tails"),
    [
        ("word_of_mouth.rate", "0.004 to 0.009", (0.004, 0.009)),
        ("market.fit_mean", "0.5 to 0.9", (0.5, 0.9)),
        ("teams.sales.utc_offset", "-4 to 2", (-4.0, 2.0)),
    ],
)
def test_a_parameter_may_be_a_range_as_in_a_scenario(path: str, said: str, tails: tuple[float, float]) -> None:
    design = {"kind": "lhs", "points": 400}
    study = read_study({"scenario": "b2b-saas", "parameters": {path: said}, "design": design})
    drawn = np.array([point.changes[path] for point in laid(study).points])
    assert np.quantile(drawn, (0.05, 0.95)) == pytest.approx(tails, rel=0.02)


def test_a_wrong_range_of_a_parameter_is_told() -> None:
    spec = {"scenario": "b2b-saas", "parameters": {"word_of_mouth.rate": "0.9 to 0.4"}, "design": "grid"}
    with pytest.raises(ScenarioError, match="expected LOW below HIGH") as caught:
        read_study(spec)
    assert caught.value.problems[0].field == "parameters.word_of_mouth.rate"
