"""Runs of worlds that a calibration has left: which draw, the same in both arms, and made again."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import flywheel_sim as fs
from flywheel_sim.cli import flywheel
from flywheel_sim.results.saving import ResultError
from flywheel_sim.results.worlds import Worlds, read_worlds
from flywheel_sim.scenario import load
from flywheel_sim.study.comparison.compare import choose
from flywheel_sim.study.verification.reproduce import reproduce
from flywheel_sim.study.worlds.drawing import drawing

SMALL = {"market.initial_customers": 60, "horizon_weeks": 20}
SPEND, COUNT = "segments.all.spend", 12
SPENDS = np.linspace(8000.0, 12000.0, COUNT)
VALUES = {SPEND: SPENDS, "market.accounts": np.full(COUNT, 300.0)}


@pytest.fixture
def table(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Worlds.of_values("hubspot", VALUES).save("draws.json")
    return "draws.json"


def call(*words):
    return CliRunner().invoke(flywheel, list(words))


def test_the_file_holds_every_bit(table, tmp_path):
    odd = np.random.default_rng(1).normal(size=50) / 3.0
    made = Worlds.of_values("mine.yaml", {"market.price": odd}, prior="p", engine="e", seed=7)
    back = read_worlds(made.save(tmp_path / "odd.json"))
    np.testing.assert_array_equal(back.values["market.price"], odd)
    assert (back.digest, back.company, back.prior, back.engine, back.seed) == (made.digest, "mine.yaml", "p", "e", 7)
    assert back.n == back.fitting == 50


def test_each_replicate_is_of_a_world_of_its_own(table):
    base = load("hubspot").with_(SMALL)
    drawn = drawing([base], table)
    given = [drawn.each(base, k).get(SPEND) for k in range(COUNT)]
    assert given == SPENDS.tolist()
    assert drawn.each(base, 0) == drawn.each(base, COUNT) == base.with_({SPEND: 8000.0, "market.accounts": 300})
    held = base.with_({"doubt.known": [SPEND]})
    assert drawn.each(held, 3).get(SPEND) == base.get(SPEND)


def test_both_arms_draw_the_same_and_what_a_challenger_decides_stays(table, tmp_path):
    base = load("hubspot").with_(SMALL)
    dearer, own = base.with_({"market.price": 1.1}), base.with_({SPEND: 20_000.0})
    found = fs.compare([base, dearer, own], worlds=8, worlds_from=table)
    each = [base.with_({SPEND: x, "market.accounts": 300}) for x in SPENDS[:8].tolist()]
    for k in (0, 7):
        alone = fs.batch([each[k], each[k].with_({"market.price": 1.1})], replicates=1, first=k)
        assert [row[0].summary["npv"] for row in alone] == list(found.final("npv")[:2, k])
    decided = fs.batch([own.with_({"market.accounts": 300})], replicates=8)[0]
    np.testing.assert_array_equal(found.final("npv")[2], [run.summary["npv"] for run in decided])
    assert found.scenarios[0].get(SPEND) == base.get(SPEND)
    assert found.worlds[SPEND].tolist()[:8] == SPENDS[:8].tolist()
    assert found.provenance.worlds.startswith("draws.json ") and "worlds_from='draws.json'" in found.provenance.command
    assert "8 worlds of hubspot that fit what is known" in found.basis
    found.save(tmp_path / "saved")
    assert reproduce(tmp_path / "saved").same
    opened = fs.Comparison.open(tmp_path / "saved")
    assert opened.worlds.equals(found.worlds)
    Worlds.of_values("hubspot", {SPEND: SPENDS + 1.0}).save(table)
    with pytest.raises(ResultError, match="not those of then"):
        reproduce(tmp_path / "saved")


def test_the_best_is_chosen_over_luck_and_worlds(table, tmp_path):
    base = load("hubspot").with_(SMALL)
    others = [base, base.with_({"market.price": 1.1}), base.with_({"market.price": 0.9})]
    found = choose(others, 1e6, first_stage=10, worlds=COUNT, worlds_from=table)
    compared = fs.compare(others, worlds=found.replicates, worlds_from=table)
    np.testing.assert_array_equal(found.final("npv"), compared.final("npv"))  # run k is of world k in every scenario
    assert found.scenarios == compared.scenarios, "told of the scenarios, not of a world"
    means = compared.final("npv").mean(axis=1)
    assert means[found.chosen.best] >= means.max() - 1e6
    found.save(tmp_path / "best")
    assert reproduce(tmp_path / "best").same


def test_swings_hold_one_thing_and_draw_the_rest(table, tmp_path):
    base = load("hubspot").with_(SMALL)
    pair = [base, base.with_({"market.price": 1.1})]
    wom = "word_of_mouth.rate"
    compared = fs.compare(pair, worlds=8, worlds_from=table)
    found = compared.with_swings(paths=[SPEND, wom]).swings
    bars = {bar.path: bar for bar in found.bars}
    assert found.middle == pytest.approx(compared.differences()[1].mean())
    low, high = np.quantile(SPENDS, [0.05, 0.95])
    assert found.drawn == (SPEND,) and (bars[SPEND].low, bars[SPEND].high) == (low, high)
    for end, worth in ((low, bars[SPEND].at_low), (high, bars[SPEND].at_high)):
        alone = fs.compare([one.with_({SPEND: float(end), "market.accounts": 300}) for one in pair], replicates=8)
        assert worth == pytest.approx(alone.differences()[1].mean(), rel=1e-12)
    # what is not drawn moves as ever, and the spend is drawn meanwhile
    assert bars[wom].low == pytest.approx(0.5 * base.get(wom))
    moved = [one.with_({wom: bars[wom].low}) for one in pair]
    drawn = fs.compare(moved, worlds=8, worlds_from=table)
    assert bars[wom].at_low == pytest.approx(drawn.differences()[1].mean(), rel=1e-12)
    assert "middle 90 % of its draws" in found.ends
    opened = fs.Comparison.open(compared.save(tmp_path / "kept"))
    assert opened.with_swings(paths=[SPEND]).swings.drawn == (SPEND,)


def test_the_commands_take_worlds(table):
    words = [word for path, value in SMALL.items() for word in ("--set", f"{path}={value}")]
    words += ["--worlds", "8", "--worlds-from", table, "--json", "--quiet"]
    done = call("run", "hubspot", *words, "--out", "kept")
    assert done.exit_code == 0, done.output
    whole = json.loads(done.stdout)
    assert whole["data"]["replicates"] == 8 and whole["manifest"]["worlds"].startswith("draws.json ")
    assert whole["manifest"]["command"].startswith("flywheel run hubspot ")
    assert call("reproduce", "kept").exit_code == 0
    done = call("compare", "hubspot", "hubspot", *words)
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["data"]["scenarios"][1]["difference"] == 0.0, "the same draws, the same luck"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--worlds", "4", "--worlds-from", "none.json"), "there are no worlds at 'none.json'"),
        (("--worlds", "4", "--worlds-from", "text.csv"), "'text.csv' is broken"),
        (("--worlds", "4", "--worlds-from", "draws.json", "--set", f"{SPEND}=1"), "is drawn from draws.json"),
        (("--worlds", "4", "--worlds-from", "unknown.json"), "did you mean"),
        (("--worlds", "4", "--worlds-from", "below.json"), "segments.all.spend"),
        (("--worlds", "400", "--worlds-from", "draws.json"), "there are 12 worlds in 'draws.json', not 400"),
        (("--worlds", "4", "--worlds-from", "old.json"), "the engine changed since; calibrate hubspot again"),
        (("--worlds-from", "draws.json"), "--worlds N"),
        (("--worlds", "4", "--replicates", "3"), "leave --replicates out"),
    ],
)
def test_bad_input_is_exit_2(table, words, said):
    Worlds.of_values("hubspot", {"segments.all.spnd": np.ones(8)}).save("unknown.json")
    Worlds.of_values("hubspot", {SPEND: -SPENDS}).save("below.json")
    Worlds.of_values("hubspot", VALUES, engine="another").save("old.json")
    Path("text.csv").write_text("a\n1\n", encoding="utf-8")
    done = call("run", "hubspot", *words)
    assert done.exit_code == 2 and said in " ".join(done.stderr.split()), done.stderr


@pytest.mark.parametrize("how", ["another draw", "half a file", "what stands beside"])
def test_draws_that_were_changed_are_refused_by_name(tmp_path, how):
    (tmp_path / "about.txt").write_text("as it was")
    beside = {"about.txt": hashlib.sha256(b"as it was").hexdigest()}
    file = Worlds.of_values("hubspot", VALUES, beside=beside).save(tmp_path / "worlds.json")
    assert read_worlds(tmp_path).n == COUNT
    text = file.read_text()
    if how == "another draw":
        file.write_text(text.replace("8000.0", "8000.5"))
    elif how == "half a file":
        file.write_text(text[: len(text) // 2])
    else:
        (tmp_path / "about.txt").write_text("as it is")
    name = "about.txt" if how == "what stands beside" else "worlds.json"
    with pytest.raises(ResultError, match=f"{name}' is "):
        read_worlds(tmp_path)
