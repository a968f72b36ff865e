"""Points and scenarios that are equal: each has the rows it was asked for, and counts as often in every mean."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import flywheel_sim as fs
from flywheel_sim.cli import flywheel
from flywheel_sim.execute.store import Store
from flywheel_sim.scenario.writing import to_yaml

SALES = "teams.sales.headcount"
TINY = {"market.accounts": 200, "market.initial_customers": 100, "horizon_weeks": 6}
TABLE = {
    "scenario": "b2b-saas",
    "set": TINY,
    "design": {"kind": "table", "rows": [{SALES: 6}, {SALES: 8}, {SALES: 6}]},
    "outcomes": ["npv", "payroll.sum"],
    "replicates": 2,
}


def test_a_table_with_equal_rows_keeps_them(tmp_path: Path) -> None:
    (tmp_path / "rows.yaml").write_text(to_yaml(TABLE))
    words = ["sweep", str(tmp_path / "rows.yaml"), "--json", "--out", str(tmp_path / "runs")]
    promised = json.loads(CliRunner().invoke(flywheel, [*words, "--check"]).stdout)["data"]
    told = json.loads(CliRunner().invoke(flywheel, words).stdout)["data"]
    assert (promised["points"], promised["runs"]) == (told["points"], told["runs"]) == (3, 6)
    status = json.loads(CliRunner().invoke(flywheel, ["status", str(tmp_path / "runs"), "--json"]).stdout)["data"]
    assert (status["runs"], status["done"]) == (6, 6)
    table = Store.open(tmp_path / "runs").table()
    assert table[SALES].tolist() == [6, 6, 8, 8, 6, 6]
    pay = table.groupby(SALES)["payroll.sum"].mean()
    assert pay[8] > pay[6]
    mean = told["outcomes"]["payroll.sum"]["mean"]
    assert mean == pytest.approx((2 * pay[6] + pay[8]) / 3), "the mean over the points asked for"
    assert CliRunner().invoke(flywheel, ["reproduce", str(tmp_path / "runs")]).exit_code == 0


def test_grid_values_that_are_repeated_are_points_of_their_own() -> None:
    study = {key: value for key, value in TABLE.items() if key != "design"} | {"parameters": {SALES: [6, 6.0, 8]}}
    assert fs.sweep(study).table[SALES].tolist() == [6, 6, 6, 6, 8, 8]


@pytest.mark.parametrize("kind", ["grid", "morris"])
def test_equal_scenarios_in_one_study_have_runs_each_and_differ_by_nothing(tmp_path: Path, kind: str) -> None:
    """A file and its copy, a file of the same name elsewhere, and a scenario beside itself."""
    (tmp_path / "other").mkdir()
    for name in ("a.yaml", "b.yaml", "other/a.yaml"):
        (tmp_path / name).write_text("extends: b2b-saas\n")
    scenarios = [str(tmp_path / name) for name in ("a.yaml", "b.yaml", "other/a.yaml", "a.yaml")]
    study = {"scenarios": scenarios, "set": TINY, "outcomes": ["npv"]}
    if kind == "grid":
        found = fs.sweep(study | {"parameters": {SALES: [6, 8]}}).table
        assert list(dict.fromkeys(found["scenario"])) == ["a", "b", "a (2)", "a (3)"]
        values = found["npv"].to_numpy().reshape(2, 4)
        np.testing.assert_array_equal(values, np.repeat(values[:, :1], 4, axis=1))
        return
    prices = {"market.price": {"range": [0.8, 1.2]}}
    two = study | {"scenarios": scenarios[:2], "parameters": prices, "design": {"kind": "morris", "points": 4}}
    told = fs.sensitivity(two)
    assert told.outcomes == ("npv (a)", "npv (b)", "npv (difference)")
    assert told.indices["mu_star"].value[0, 0] > 0
    assert told.indices["mu_star"].value[0, 2] == 0
