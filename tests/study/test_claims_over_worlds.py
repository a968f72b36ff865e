"""Claims over worlds: run k of every arm is of world k, and the answer says in how many of them a claim holds."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import flywheel_sim as fs
from flywheel_sim.cli import flywheel
from flywheel_sim.engine.fingerprint import engine_hash
from flywheel_sim.results.claims import InWorlds
from flywheel_sim.results.saving import ResultError
from flywheel_sim.results.worlds import Worlds
from flywheel_sim.scenario import load
from flywheel_sim.study.claims.table import arms, claim_table
from flywheel_sim.study.claims.trial import Over, Pair, weekly_mean
from flywheel_sim.study.worlds.drawing import drawing
from flywheel_sim.study.worlds.prior import Prior

SMALL = {"horizon_weeks": 20, "market.accounts": 400, "market.initial_customers": 100}
COUNT = 24


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Worlds of b2b-saas that nothing has ruled out, so that none needs a run to be made."""
    prior = Prior.of(load("b2b-saas").base()).hash
    worlds = Worlds("b2b-saas", prior, engine_hash(), 1, COUNT, np.arange(COUNT), {}, {}, fitting=COUNT)
    return worlds.save(tmp_path_factory.mktemp("worlds") / "b2b-saas.json")


def test_a_claim_is_tried_in_every_world(kept: Path) -> None:
    found = fs.claims(["C34", "C41"], changes=SMALL, worlds=8, worlds_from=kept)
    assert (found.replicates, found.ok) == (8, True)
    trial = found.trials[0]
    assert trial.worlds is not None
    assert trial.worlds.n == 8
    assert trial.worlds.low <= trial.worlds.share <= trial.worlds.high
    assert trial.gone == "to the bit"
    assert trial.to_dict()["worlds"]["told"] == trial.in_worlds
    # run k of both arms is of world k with luck k
    claim = claim_table()["C34"]
    pair = arms(claim, SMALL)
    drawn = drawing([load("b2b-saas")], kept)
    both = fs.batch([pair.without, pair.with_effect], replicates=8, each=drawn.each)
    means = [np.mean([weekly_mean(run, claim.observe[0]) for run in row]) for row in both]
    assert [trial.seen[0].without, trial.seen[0].with_effect] == pytest.approx(means, rel=1e-12)
    assumed = fs.claims(["C34"], changes=SMALL, replicates=8).trials[0]
    assert assumed.worlds is None
    assert assumed.seen[0].without != trial.seen[0].without


def test_luck_is_taken_out_of_the_share(kept: Path) -> None:
    """Four worlds in five go up by one, luck is three times that: counted as run, 62 of 100 would go up."""
    chance = np.random.default_rng(2)
    count, again = 4000, 400
    truth = np.where(np.arange(count) % 5 == 0, -1.0, 1.0) * chance.gamma(20.0, 0.05, count)
    world = np.r_[np.arange(count), np.arange(again)]
    apart = truth[world] + 3.0 * chance.standard_normal(len(world))
    over = Over(count, again, {"b2b-saas": drawing([load("b2b-saas")], kept)}, {})
    pair = Pair(np.zeros(len(apart)), apart, False)
    up, claim = over.share(claim_table()["C34"], pair), claim_table()["C34"]
    assert claim.direction == "up"
    assert np.mean(apart[:count] > 0) < 0.65
    assert up.low < 0.8 < up.high or abs(up.share - 0.8) < 0.07
    down = over.share(claim, Pair(apart, np.zeros(len(apart)), False))
    assert down.share == pytest.approx(1.0 - up.share, abs=0.01)


@pytest.mark.parametrize(
    ("share", "ends", "said"),
    [
        (0.98, (0.96, 0.99), "almost surely: as claimed in 98 of 100 worlds (96 to 99)"),
        (0.7, (0.65, 0.75), "leans to it: as claimed in 70 of 100 worlds (65 to 75)"),
        (0.55, (0.48, 0.62), "open: as claimed in 55 of 100 worlds (48 to 62)"),
        (0.3, (0.25, 0.35), "leans against it: as claimed in 30 of 100 worlds (25 to 35)"),
        (0.05, (0.03, 0.08), "probably not: as claimed in 5 of 100 worlds (3 to 8)"),
    ],
)
def test_words_go_by_the_nearer_end(share: float, ends: tuple[float, float], said: str) -> None:
    assert InWorlds(200, share, *ends, "b2b-saas").told("as claimed") == said


def test_the_command_tells_it_and_refuses_what_cannot_be(kept: Path, tmp_path: Path) -> None:
    sets = [word for path, value in SMALL.items() for word in ("--set", f"{path}={value}")]
    words = ["claims", "C34", *sets, "--quiet"]
    over = ["--worlds", "8", "--worlds-from", str(kept)]
    done = CliRunner().invoke(flywheel, [*words, *over, "--json"])
    assert done.exit_code == 0, done.output
    (claim,) = json.loads(done.stdout)["data"]["claims"]
    assert claim["worlds"]["n"] == 8
    done = CliRunner().invoke(flywheel, [*words, *over])
    assert f"Over 8 worlds of b2b-saas: {claim['worlds']['told']}" in done.stdout
    for more, said in ((["--replicates", "3", *over], "leave --replicates out"), (over[2:], "--worlds N")):
        done = CliRunner().invoke(flywheel, [*words, *more])
        assert done.exit_code == 2
        assert said in done.output
    with pytest.raises(ResultError, match="not 25"):
        fs.claims(["C34"], worlds=25, worlds_from=kept)
