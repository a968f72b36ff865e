"""Worlds of a company: what is drawn, which draws fit what is known, and answers over them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import flywheel_sim as fs
from flywheel_sim.results.intervals import share_interval
from flywheel_sim.results.saving import ResultError
from flywheel_sim.results.world_answer import WorldRuns, over_worlds
from flywheel_sim.results.world_draws import WorldDraws
from flywheel_sim.results.worlds import Worlds, read_worlds
from flywheel_sim.scenario import Scenario, load
from flywheel_sim.scenario.roles import role_of
from flywheel_sim.study.calibration.freezing import references_of
from flywheel_sim.study.worlds import drawing as how_drawn
from flywheel_sim.study.worlds import making
from flywheel_sim.study.worlds.drawing import WorldDrawing, drawing
from flywheel_sim.study.worlds.prior import SHARED, Prior, scores, values_at
from flywheel_sim.study.worlds.targets import Target

#: What is known of the small company.
TARGETS = {"churn_annual": {"low": 0.09, "high": 0.15}, "utilisation": {"low": 0.15, "high": 0.6}}
SMALL: dict[str, Any] = {
    "extends": "b2b-two-teams",
    "horizon_weeks": 112,
    "market": {"accounts": 400, "initial_customers": 80},
    "frozen": {"targets": TARGETS},
}


def company(**changes: Any) -> Scenario:
    return load(SMALL).with_(changes).settled() if changes else load(SMALL)


# -- what is drawn -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["b2b-saas", "b2c-subscription", "relationship-flywheel", "nps-pay"])
def test_decisions_are_never_drawn(name: str) -> None:
    paths = Prior.of(load(name)).paths
    assert len(paths) > 100
    assert {role_of(path) for path in paths} == {"company", "effect"}
    scenario = load(name).with_({"teams.sales.headcount": "6 to 9"}) if name == "b2b-saas" else load(name)
    prior = Prior.of(scenario)
    assert "teams.sales.headcount" not in prior.paths
    told = " ".join(prior.told)
    assert [path for path in scenario.ranges if path not in prior.paths and path not in told] == []


def test_the_effect_of_a_decision_is_drawn_where_only_one_plan_takes_it() -> None:
    base = load("b2b-saas")
    plan = base.with_({"cadence.enabled": True, "cadence.pull": 0.4})
    stronger = base.with_({"cadence.enabled": True, "cadence.pull": 0.6})
    assert "cadence.pull" not in Prior.of(base).paths
    drawn = [np.array(_column(one, "cadence.pull")) for one in (plan, stronger)]
    assert np.ptp(drawn[0]) > 0.2
    # the same draw in both: as high among its own as the other is
    assert (np.argsort(drawn[0]) == np.argsort(drawn[1])).all()
    assert (drawn[1] > drawn[0]).all()


def test_what_two_scenarios_share_is_drawn_alike() -> None:
    one, other = load("siloed-close-rate"), load("relationship-flywheel")
    for path in ("word_of_mouth.rate", "market.churn.mean", "service.issues"):
        assert _column(one, path) == _column(other, path)


def _column(scenario: Scenario, path: str) -> list[float]:
    prior = Prior.of(scenario)
    return list(prior.values(prior.scores(np.arange(50), 1))[:, prior.paths.index(path)])


def test_widths_go_by_evidence_and_can_be_said() -> None:
    base = load("b2b-saas")
    why = {one.path: one.why for one in Prior.of(base).numbers}
    assert why["market.churn.mean"] == "V2"
    assert why["word_of_mouth.rate"] == "a"
    ratio = _ends(base, "word_of_mouth.rate") / base.get("word_of_mouth.rate")
    assert ratio == pytest.approx([0.5, 2.0], rel=1e-6)
    wider = base.with_({"doubt.widths": {"a": 4.0}})
    assert _ends(wider, "word_of_mouth.rate") / base.get("word_of_mouth.rate") == pytest.approx([0.25, 4.0], rel=1e-6)
    assert wider.hash == base.hash
    assert Prior.of(wider).hash != Prior.of(base).hash


def _ends(scenario: Scenario, path: str) -> Any:
    prior = Prior.of(scenario)
    law = prior.numbers[prior.paths.index(path)].law
    return values_at(law, np.array([-1.6448536269514722, 1.6448536269514722]))


def test_what_is_known_stays_and_what_is_tied_goes_together() -> None:
    base = load("b2b-saas").with_(
        {"doubt.known": ["word_of_mouth"], "doubt.tied": {"churn": ["market.churn.sensitivity", "market.churn.mean"]}}
    )
    prior = Prior.of(base)
    assert not [path for path in prior.paths if path.startswith("word_of_mouth")]
    z = prior.scores(np.arange(20), 1)
    one, other = (prior.paths.index(f"market.churn.{name}") for name in ("sensitivity", "mean"))
    assert (z[:, one] == z[:, other]).all()


def test_what_is_stated_of_the_own_company_is_known_and_references_are_worked_out() -> None:
    paths = Prior.of(load("b2b-saas")).paths
    for path in ("teams.sales.salary", "segments.enterprise.spend", "market.accounts", "relationship.effort_reference"):
        assert path not in paths
    assert "market.accounts" in Prior.of(load("b2b-saas").with_({"market.accounts": "4000 to 6000"})).paths


def test_scores_are_standard_normal_with_a_part_in_common() -> None:
    z = scores([f"m.{k}" for k in range(40)] + ["n.0"], ["m"] * 40 + ["n"], np.arange(4000), 7)
    assert abs(z.mean()) < 0.03
    assert abs(z.std() - 1.0) < 0.03
    among = np.corrcoef(z.T)
    assert abs(among[:40, :40][np.triu_indices(40, 1)].mean() - SHARED) < 0.02
    assert abs(among[40, :40].mean()) < 0.03
    assert (scores(["m.3"], ["m"], np.arange(90, 95), 7)[:, 0] == z[90:95, 3]).all()


# -- worlds ------------------------------------------------------------------------------------------------------------


def test_draws_are_moved_to_the_posterior_of_a_linear_company(monkeypatch: pytest.MonkeyPatch) -> None:
    """x = 2 z + e with e of sd 1, and x known to be 3: z has mean 6/5 and variance 1/5 then, and others stay."""
    base = company(**{"doubt.tied": {}})
    noise = np.random.default_rng(3)
    monkeypatch.setattr(making, "known_targets", lambda scenario: [Target("x", 2.999, 3.001, lambda run: 0.0)])
    monkeypatch.setattr(making._Making, "_luck", lambda self: [1.0])
    monkeypatch.setattr(making._Making, "_follow", lambda self, numbers, z: {})
    monkeypatch.setattr(Target, "scaled", lambda self, x: np.asarray(x) / (self.high - self.low))
    monkeypatch.setattr(making, "IMPLAUSIBLE", np.inf)

    def part(self: Any, z: Any, first: int, step: int) -> Any:
        x = 2.0 * z[:, 0] + noise.standard_normal(len(z))
        return np.column_stack((np.ones(len(z)), x))

    monkeypatch.setattr(making._Making, "_part", part)
    found = fs.worlds(base, draws=4000, seed=5)
    prior = Prior.of(base.base())
    z = prior.scores(found.numbers, found.seed, found.shifts)
    assert found.n == 4000
    assert z[:, 0].mean() == pytest.approx(1.2, abs=0.06)
    assert z[:, 0].var() == pytest.approx(0.2, abs=0.03)
    other = prior.groups.index(next(group for group in prior.groups if group != prior.groups[0]))
    assert abs(z[:, other].mean()) < 0.06
    assert z[:, other].var() == pytest.approx(1.0, abs=0.08)
    assert found.learned[0].path == prior.paths[0]
    assert not next(one for one in found.learned if one.path == prior.paths[other]).sure


def test_worlds_are_the_same_bits_whoever_makes_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "PART", 6)
    monkeypatch.setattr(making, "LUCK_RUNS", 4)
    monkeypatch.setattr(making, "STEPS", 1)
    monkeypatch.setattr(making, "SETTLING", 2)
    monkeypatch.setattr(making, "IMPLAUSIBLE", 20.0)
    whole = fs.worlds(company(), 24, tmp_path / "whole", workers=1)
    assert whole.n > 3

    seen = []

    def stop(done: int, total: int) -> None:
        seen.append((done, total))
        if done > 10:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fs.worlds(company(), 24, tmp_path / "other", workers=2, progress=stop)
    parts = sorted((tmp_path / "other" / "parts").iterdir())
    assert len(parts) >= 3
    damaged = parts[0].read_bytes()
    parts[0].write_bytes(damaged[:-8] + bytes(8))
    again = fs.worlds(company(), 24, tmp_path / "other", workers=2)
    assert again.digest == whole.digest
    assert (tmp_path / "other" / "worlds.json").read_bytes() == (tmp_path / "whole" / "worlds.json").read_bytes()
    assert {path.name for path in (tmp_path / "whole" / "parts").iterdir()} == {
        path.name for path in (tmp_path / "other" / "parts").iterdir()
    }

    read = fs.open(tmp_path / "whole")
    assert isinstance(read, Worlds)
    assert read.digest == whole.digest
    prior = Prior.of(company().base())
    assert (prior.scores(read.numbers, 1, read.shifts) == prior.scores(whole.numbers, 1, whole.shifts)).all()
    kept = json.loads((tmp_path / "whole" / "worlds.json").read_text())
    kept["numbers"][0] += 1
    (tmp_path / "whole" / "worlds.json").write_text(json.dumps(kept))
    with pytest.raises(ResultError, match="not what was written"):
        read_worlds(tmp_path / "whole")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A company in a file, with worlds beside it."""
    folder = tmp_path_factory.mktemp("worlds")
    lines = ["extends: b2b-two-teams", "horizon_weeks: 112", "market: {accounts: 400, initial_customers: 80}"]
    lines.append("frozen: {targets: {churn_annual: {low: 0.09, high: 0.15}, utilisation: {low: 0.15, high: 0.6}}}")
    (folder / "mine.yaml").write_text("\n".join(lines) + "\n")
    (folder / "plan.yaml").write_text("on: mine.yaml\ncadence: {enabled: true, pull: 0.2 to 0.6}\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(making, "LUCK_RUNS", 4)
        patch.setattr(making, "STEPS", 1)
        patch.setattr(making, "SETTLING", 1)
        patch.setattr(making, "IMPLAUSIBLE", 20.0)
        base = load(folder / "mine.yaml")
        fs.worlds(base, 40, making.folder_for(base))
    return folder


def test_a_comparison_over_worlds_has_a_row_for_each(made: Path, tmp_path: Path) -> None:
    pair = [made / "mine.yaml", made / "plan.yaml"]
    found = fs.compare(pair, worlds=12, workers=1)
    rows = found.worlds
    assert len(rows) == 12
    assert {"world", "difference", "effect", "cadence.pull", "word_of_mouth.rate"} <= set(rows)
    assert rows["cadence.pull"].between(0.05, 0.95).all()
    assert rows["cadence.pull"].nunique() == 12
    data = found.to_dict()
    worlds = data["verdict"]["worlds"]
    assert set(worlds) == {"n", "n_eff", "share", "low", "high", "median", "interval80"}
    assert worlds["n"] == 12
    assert worlds["share"] == np.mean(rows["effect"] > 0)
    assert data["verdict"]["evpi"] >= 0
    assert "12 worlds" in data["basis"]
    assert found.verdict.sentence.endswith((".", "?"))
    assert isinstance(data["fails_where"], str)

    other = fs.compare(pair, worlds=12, workers=2)
    assert (other.finals == found.finals).all() or np.array_equal(other.finals, found.finals, equal_nan=True)
    opened = fs.open(found.save(tmp_path / "kept"))
    assert opened.verdict.sentence == found.verdict.sentence
    assert opened.worlds.equals(rows)
    assert opened.to_dict()["verdict"] == data["verdict"]


def test_run_k_is_of_world_k_with_luck_k(made: Path) -> None:
    pair = [load(made / "mine.yaml"), load(made / "plan.yaml")]
    found = fs.compare(pair, worlds=8)
    drawn = drawing(pair)
    each = drawn.each
    for k in (0, 5):
        alone = fs.batch([each(one, k) for one in pair], replicates=1, first=k)
        assert [row[0].summary["npv"] for row in alone] == list(found.final("npv")[:, k])
    # a world that is run again has the same draws and other luck
    assert each(pair[1], 3) == each(pair[1], 3 + drawn.rows)
    assert each(pair[1], 3).get("relationship.effort_reference") != pair[1].get("relationship.effort_reference")


def test_an_answer_as_assumed_says_so(made: Path) -> None:
    found = fs.compare([made / "mine.yaml", made / "plan.yaml"], replicates=2, as_assumed=True)
    assert found.basis.startswith("As assumed")
    assert found.to_dict()["verdict"]["worlds"] is None
    with pytest.raises(ValueError, match="as assumed"):
        _ = found.worlds


def test_worlds_that_do_not_fit_are_refused(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = load(made / "mine.yaml")
    with pytest.raises(ResultError, match=r"there are no worlds of b2c-subscription yet.*flywheel worlds"):
        drawing([load("b2c-subscription")])
    with pytest.raises(ResultError, match="another company"):
        drawing([load("b2c-subscription")], made / "mine-worlds")
    with pytest.raises(ResultError, match="not 5000; make more with"):
        drawing([mine], least=5000)
    with monkeypatch.context() as patch:
        patch.setattr(how_drawn, "engine_hash", lambda: "another")
        with pytest.raises(ResultError, match="out of date: the engine"):
            drawing([mine])
    text = (made / "mine.yaml").read_text()
    try:
        (made / "mine.yaml").write_text(text + "word_of_mouth: {rate: 0.001 to 0.1}\n")
        with pytest.raises(ResultError, match=r"out of date: what is drawn of the company.*flywheel worlds"):
            drawing([load(made / "mine.yaml")])
    finally:
        (made / "mine.yaml").write_text(text)


def test_a_plan_in_a_file_of_its_own_uses_the_worlds_of_its_company(made: Path) -> None:
    (made / "paid.yaml").write_text("extends: mine.yaml\nteams: {front: {headcount: 9}}\n")
    assert isinstance(drawing([load(made / "paid.yaml")]), WorldDrawing)


@pytest.mark.parametrize(
    ("effects", "start"),
    [
        (np.full(200, 1e6), "Almost surely Plan: in 100 of 100 worlds that fit what is known"),
        (np.r_[np.full(180, 1e6), np.full(20, -1e6)], "Probably Plan: in 90 of 100 worlds"),
        (np.r_[np.full(71, 1e6), np.full(29, -1e6)], "Leans to Plan: in 71 of 100 worlds"),
        (np.r_[np.full(55, 1e6), np.full(45, -1e6)], "Open: in 55 of 100 worlds that fit what is known, Plan is worth"),
        (np.r_[np.full(40, 1e6), np.full(160, -1e6)], "Leans to Base: in 80 of 100 worlds"),
    ],
)
def test_the_sentence_goes_by_the_lower_end_of_the_share(effects: Any, start: str) -> None:
    n = len(effects)
    both = np.array([np.zeros(n), effects])
    draws = WorldDraws(np.zeros((n, 1)), ("a",), ("A",), ("a",))
    runs = WorldRuns(
        company="c", source="s", digest="d", seed=1, numbers=np.arange(n), draws=draws, again=np.zeros((2, 2)),
        effects=both, luck=np.array([0.0, 1e5]), n_eff=np.array([n, n], float),
    )  # fmt: skip
    verdict, sentence, _ = over_worlds(runs, 1, 260, "Plan", "Base")
    assert sentence.startswith(start)
    assert sentence.endswith("Luck alone would leave no doubt.")
    assert (verdict.low, verdict.high) == pytest.approx(share_interval(float(np.sum(effects > 0)), n), rel=1e-9)


def test_the_command_of_a_comparison_over_worlds_makes_it_again(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(made)
    found = fs.compare(["mine.yaml", "plan.yaml"], worlds=8)
    assert found.provenance.command == "flywheel compare mine.yaml plan.yaml --worlds 8 --seed 1"
    told = fs.compare(["mine.yaml", "plan.yaml"], worlds=8, worlds_from="mine-worlds").provenance.command
    assert told == "flywheel compare mine.yaml plan.yaml --worlds 8 --worlds-from mine-worlds --seed 1"


def test_a_world_is_looked_into_further_as_it_was_run(made: Path, tmp_path: Path) -> None:
    pair = [load(made / "mine.yaml"), load(made / "plan.yaml")]
    found = fs.compare(pair, worlds=8).with_bridge(replicates=4)
    assert found.split is not None
    assert found.split.totals() == pytest.approx(found.differences()[1][:4], rel=1e-9)
    opened = fs.open(found.save(tmp_path / "kept"))
    assert opened.bridge(replicates=4).totals() == pytest.approx(found.split.totals(), rel=1e-9)
    # one assumption that is drawn is held while the rest is drawn
    moved = found.with_swings(replicates=2, paths=["cadence.pull"]).swings
    assert moved is not None
    assert [bar.path for bar in moved.bars] == ["cadence.pull"]
    with_held = pair[1].with_({"cadence.pull": 0.5, "doubt.known": ["cadence.pull"]})
    each = drawing(pair).each
    assert each(with_held, 0).get("cadence.pull") == each(with_held, 3).get("cadence.pull") == 0.5


def test_targets_of_what_is_paid_on_are_those_of_the_world(made: Path) -> None:
    pair = [load(made / "mine.yaml"), load(made / "mine.yaml").plus("churn-pay")]
    from flywheel_sim.engine.targets import with_targets

    paid, drawn = with_targets(pair[1]), drawing(pair)
    found = [drawn.each(paid, k).get("incentives.measures.churn.target") for k in range(drawn.rows)]
    assert found == [
        value or paid.get("incentives.measures.churn.target")
        for value in drawn.worlds.references["incentives.measures.churn.target"]
    ]
    assert len(set(found)) > 3


def test_the_best_is_chosen_over_worlds(made: Path) -> None:
    from flywheel_sim.study.comparison.compare import choose

    pair = [load(made / "mine.yaml"), load(made / "plan.yaml")]
    found = choose(pair, budget=20, first_stage=10, worlds=10)
    assert found.verdict.worlds is not None
    assert found.replicates <= 10


def test_references_of_companies_together_are_those_of_each_alone() -> None:
    """Tables of several companies lie one after another; each must be read at its own place."""
    short = {"horizon_weeks": 40, "market.accounts": 300, "market.initial_customers": 60}
    each = [load(name).with_(short) for name in ("b2b-two-teams", "b2b-saas", "b2c-subscription")]
    together = references_of(each, [(11, 0), (11, 1)], every=7)
    for one, found in zip(each, together, strict=True):
        assert references_of([one], [(11, 0), (11, 1)], every=7) == [found]
    paired = references_of(each, [(11, 0), (11, 3), (12, 0)], every=7, paired=True)
    assert paired[1] == references_of([each[1]], [(11, 3)], every=7)[0]


def test_a_file_of_worlds_is_small(made: Path, tmp_path: Path) -> None:
    mine = load(made / "mine.yaml")
    kept = read_worlds(made / "mine-worlds")
    file = kept.save(tmp_path / "mine.json")
    assert read_worlds(file).digest == kept.digest
    assert drawing([mine], file).rows == kept.n
    # 300 worlds are to take 200 kB at most
    assert file.stat().st_size < 56_000 + 480 * kept.n
