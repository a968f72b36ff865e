"""A saved result is made again to the last bit, and what is not the same is named."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

import flywheel_sim as fs
from flywheel_sim.cli import flywheel
from flywheel_sim.results.saving import ResultError
from flywheel_sim.study.reproduce import moved, reproduce

SMALL = {"market.accounts": 400, "market.initial_customers": 60, "horizon_weeks": 12}


@pytest.fixture
def saved(tmp_path):
    scenario = fs.load("b2b-saas").with_(SMALL)
    return fs.run(scenario, seed=5).save(tmp_path / "run")


def test_a_run_is_the_same_to_the_last_bit(saved):
    found = reproduce(saved)
    assert found.same and not found.changes
    assert found.numbers > 12 * 100
    assert not list(saved.parent.glob(".run*")), "nothing is left behind"


def test_a_comparison_too(tmp_path):
    pair = [fs.load(name).with_(SMALL) for name in ("nps-pay", "relationship-pay")]
    folder = fs.compare(pair, replicates=3, seed=2).save(tmp_path / "comparison")
    assert reproduce(folder).same


def test_what_moved_is_named_and_measured(saved):
    path = saved / "weekly.parquet"
    table = pq.read_table(path)
    cash = table.column("cash").to_numpy().copy()
    cash[7:] += 100.0
    place = table.column_names.index("cash")
    pq.write_table(table.set_column(place, "cash", pa.array(cash)).append_column("gone", pa.array(cash)), path)
    manifest = json.loads((saved / "manifest.json").read_text())
    manifest["provenance"]["engine"] = "another"
    (saved / "manifest.json").write_text(json.dumps(manifest))
    found = reproduce(saved)
    assert not found.same
    assert [(one.column, one.rows, one.first) for one in found.moved] == [("cash", 5, 7)]
    assert found.moved[0].largest == pytest.approx(100.0)
    assert found.missing == ("weekly.gone",)
    assert found.changes["engine"][0] == "another"
    answer = CliRunner().invoke(flywheel, ["reproduce", str(saved), "--json", "--quiet"])
    assert answer.exit_code == 1
    assert json.loads(answer.output)["data"]["moved"][0]["column"] == "cash"
    assert "cash" in CliRunner().invoke(flywheel, ["reproduce", str(saved), "--quiet"]).output


def test_from_the_command_line(saved, tmp_path):
    answer = CliRunner().invoke(flywheel, ["reproduce", str(saved), "--quiet"])
    assert answer.exit_code == 0 and "same to the last bit" in answer.output
    assert CliRunner().invoke(flywheel, ["reproduce", str(tmp_path / "nothing")]).exit_code == 2
    with pytest.raises(ResultError):
        reproduce(tmp_path)


def test_bits_not_numbers():
    assert moved("t", "c", np.array([0.0]), np.array([-0.0])) is not None
    assert moved("t", "c", np.array([1]), np.array([3])).largest == 2
    assert moved("t", "c", np.array(["a"]), np.array(["a"])) is None
    assert moved("t", "c", np.array([1.0]), np.array([1.0, 2.0])).rows == 1
