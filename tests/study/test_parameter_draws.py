"""Runs that draw their parameters from a posterior table: which draw, the same in both arms, and made again."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

import flywheel_sim as fs
from flywheel_sim.cli import flywheel
from flywheel_sim.results.parameter_draws import ABOUT, NOTE, digest_of, read_draws
from flywheel_sim.results.saving import ResultError
from flywheel_sim.scenario import load
from flywheel_sim.study.comparison.compare import choose
from flywheel_sim.study.verification.reproduce import reproduce

SMALL = {"market.accounts": 300, "market.initial_customers": 60, "horizon_weeks": 20}
PRICES = {"segments.all.spend": np.linspace(8000.0, 12000.0, 7), "market.accounts": np.full(7, 300.0)}


@pytest.fixture
def table(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pq.write_table(pa.table(PRICES), "posterior.parquet")
    return "posterior.parquet"


def call(*words):
    return CliRunner().invoke(flywheel, list(words))


def test_each_replicate_has_a_row_of_its_own_that_follows_from_the_seed(table):
    drawn = read_draws(table, 1)
    base = load("hubspot").with_(SMALL)
    given = [drawn.of(base)(base, k).get("segments.all.spend") for k in range(7)]
    assert sorted(given) == pytest.approx(PRICES["segments.all.spend"].tolist())
    assert drawn.row(0) == drawn.row(7) and len({read_draws(table, seed).start for seed in range(20)}) > 3
    assert drawn.of(base)(base, 0).market.accounts == 300, "whole numbers stay whole"
    np.testing.assert_array_equal(drawn.used(3)["segments.all.spend"], given[:3])


def test_both_arms_draw_the_same_and_what_a_challenger_decides_stays(table, tmp_path):
    base = load("hubspot").with_(SMALL)
    dearer = base.with_({"market.price": 1.1})
    own = base.with_({"segments.all.spend": 20_000.0})
    found = fs.compare([base, dearer, own], replicates=4, posterior=table)
    spends = found.drawn.used(4)["segments.all.spend"]
    plain = fs.compare([base, dearer, own], replicates=4)
    assert (found.final("npv")[:2] != plain.final("npv")[:2]).all(), "drawn in both"
    np.testing.assert_array_equal(found.final("npv")[2], plain.final("npv")[2])  # it has decided on its spend
    assert found.scenarios[0].get("segments.all.spend") == base.get("segments.all.spend")
    assert (table in found.provenance.posterior and "--posterior" in found.provenance.command) or "posterior=" in (
        found.provenance.command
    )
    found.save(tmp_path / "saved")
    Path(table).unlink()  # what was drawn is in the folder
    assert reproduce(tmp_path / "saved").same
    opened = fs.Comparison.open(tmp_path / "saved")
    np.testing.assert_array_equal(opened.drawn.used(4)["segments.all.spend"], spends)


def test_the_best_is_chosen_over_luck_and_draws(table, tmp_path):
    base = load("hubspot").with_(SMALL)
    others = [base, base.with_({"market.price": 1.1}), base.with_({"market.price": 0.9})]
    found = choose(others, 1e6, first_stage=10, posterior=table)
    compared = fs.compare(others, replicates=found.replicates, posterior=table)
    np.testing.assert_array_equal(found.final("npv"), compared.final("npv"))  # run k has row k in every scenario
    assert found.chosen.decided and found.drawn.digest == compared.drawn.digest
    assert found.scenarios == compared.scenarios, "told of the scenarios, not of a draw"
    means = compared.final("npv").mean(axis=1)
    assert means[found.chosen.best] >= means.max() - 1e6
    assert "choose(" in found.provenance.command and f"posterior='{table}'" in found.provenance.command
    found.save(tmp_path / "best")
    assert reproduce(tmp_path / "best").same


def test_swings_hold_one_thing_and_draw_the_rest(table):
    base = load("hubspot").with_(SMALL)
    pair = [base, base.with_({"market.price": 1.1})]
    spend, wom = "segments.all.spend", "word_of_mouth.rate"
    found = fs.compare(pair, replicates=7, posterior=table).with_swings(paths=[spend, wom]).swings
    bars = {bar.path: bar for bar in found.bars}
    assert found.middle == pytest.approx(fs.compare(pair, replicates=7, posterior=table).differences()[1].mean())
    # all that the table draws is the spend (and accounts, always the same): held at an end, nothing is drawn
    low, high = np.quantile(PRICES[spend], [0.05, 0.95])
    assert found.drawn == (spend,) and (bars[spend].low, bars[spend].high) == (low, high)
    assert bars[spend].value == 10_000.0, "the middle draw"
    for end, worth in ((low, bars[spend].at_low), (high, bars[spend].at_high)):
        alone = fs.compare([one.with_({spend: float(end)}) for one in pair], replicates=7)
        assert worth == pytest.approx(alone.differences()[1].mean(), rel=1e-12)
    # what the table does not draw moves as ever, and the spend is drawn meanwhile
    assert bars[wom].low == pytest.approx(0.5 * base.get(wom))
    moved = [one.with_({wom: bars[wom].low}) for one in pair]
    drawn = fs.compare(moved, replicates=7, posterior=table)
    assert bars[wom].at_low == pytest.approx(drawn.differences()[1].mean(), rel=1e-12)
    assert "middle 90 % of its draws" in found.ends


def test_the_commands_take_a_table(table):
    words = [
        word for path, value in SMALL.items() if path != "market.accounts" for word in ("--set", f"{path}={value}")
    ]
    words += ["--posterior", table, "--replicates", "3", "--json", "--quiet"]
    done = call("run", "hubspot", *words, "--out", "kept")
    assert done.exit_code == 0, done.stderr
    whole = json.loads(done.stdout)
    assert whole["data"]["replicates"] == 3 and whole["manifest"]["posterior"].startswith("posterior.parquet ")
    assert call("reproduce", "kept").exit_code == 0
    done = call("compare", "hubspot", "hubspot", *words)
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["data"]["scenarios"][1]["difference"] == 0.0, "the same draws, the same luck"
    Path("dearer.yaml").write_text("version: 1\nextends: hubspot\nmarket: {price: 1.1}\n", encoding="utf-8")
    done = call("compare", "hubspot", "dearer.yaml", *words, "--full")
    assert done.exit_code == 0, done.stderr
    data = json.loads(done.stdout)["data"]
    assert data["bridge"] and data["swings"]["drawn"] == ["segments.all.spend"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("run", "hubspot", "--posterior", "none.parquet"), "there is no posterior table at 'none.parquet'"),
        (("run", "hubspot", "--posterior", "bad.parquet"), "expected a number in every row of 'segments.all.spend'"),
        (("run", "hubspot", "--posterior", "text.csv"), "expected a parquet file"),
        (("run", "hubspot", "--posterior", "posterior.parquet", "--set", "segments.all.spend=1"), "is drawn from"),
        (("run", "hubspot", "--posterior", "unknown.parquet"), "did you mean"),
    ],
)
def test_bad_input_is_exit_2(table, words, said):
    pq.write_table(pa.table({"segments.all.spend": [1.0, float("nan")]}), "bad.parquet")
    pq.write_table(pa.table({"segments.all.spnd": [1.0, 2.0]}), "unknown.parquet")
    Path("text.csv").write_text("a\n1\n", encoding="utf-8")
    done = call(*words)
    assert done.exit_code == 2 and said in done.stderr and done.stdout == ""


@pytest.mark.parametrize("how", ["another draw", "no checksum", "half a file"])
def test_draws_of_a_calibration_that_were_changed_are_refused_by_name(tmp_path, how):
    numbers = {path: np.asarray(values, np.float64) for path, values in PRICES.items()}
    file, other = tmp_path / "posterior.parquet", {path: values + 1e-9 for path, values in numbers.items()}
    (tmp_path / ABOUT).write_text("{}")
    note = {NOTE: json.dumps({"draws": digest_of(numbers)}).encode()}
    pq.write_table(pa.table(numbers).replace_schema_metadata(note), file)
    assert read_draws(tmp_path, 1).digest == digest_of(numbers)
    if how == "another draw":
        pq.write_table(pa.table(other).replace_schema_metadata(note), file)
    elif how == "no checksum":
        pq.write_table(pa.table(other), file)
    else:
        file.write_bytes(file.read_bytes()[:-40])
    with pytest.raises(ResultError, match=r"posterior\.parquet' is "):
        read_draws(tmp_path, 1)
