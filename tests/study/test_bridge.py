"""The bridge on made-up runs whose value is a known function of the settings."""

from pathlib import Path

import numpy as np
import pytest
from random_walk_runs import COMPANY, company, run, runs

from flywheel_sim.execute.runs import Runs
from flywheel_sim.present.bridge import waterfall_chart
from flywheel_sim.present.report import render
from flywheel_sim.results import Outcomes, Run
from flywheel_sim.scenario import Scenario, ScenarioError, load
from flywheel_sim.study.comparison import bridge as module
from flywheel_sim.study.comparison.bridge import Mixture, bridge, shapley
from flywheel_sim.study.comparison.compare import compare


def gain(scenario: Scenario) -> float:
    """Two settings that add, two that strengthen one another; the rest does nothing."""
    model = scenario.model
    alone = 0.2 * model.vectors.pay_pull + 0.3 * model.cadence.enabled
    both = 0.4 * model.vectors.pay_pull * model.cadence.enabled
    return min(1.2, alone + both + 0.1 * (model.market.price > 1.0))


def engine(scenarios: list[Scenario], *, replicates: int, seed: int, first: int = 0, **_: object) -> list[list[Run]]:
    return [
        [run(one, seed, k, better=gain(one), accounts=False) for k in range(first, first + replicates)]
        for one in scenarios
    ]


CHANGES = {
    "vectors.pay_pull": 1.0,
    "cadence.enabled": True,
    "market.price": 1.2,
    "culture.retention_month": 0.5,
}


def pair() -> tuple[Scenario, Scenario]:
    base = company(vectors={"pay_pull": 0.0})
    return base, base.with_(CHANGES)


@pytest.fixture(scope="module")
def split() -> "module.Bridge":
    return bridge(*pair(), Runs(replicates=6, seed=3, runner=engine))


def test_the_parts_add_up_to_the_difference_in_every_run(split: "module.Bridge") -> None:
    base, other = pair()
    rows = engine([base, other], replicates=6, seed=3)
    for key in ("npv", "customers_end", "nps_true"):
        expected = np.array([b.summary[key] - a.summary[key] for a, b in zip(*rows, strict=True)])
        np.testing.assert_allclose(split.totals(key), expected, rtol=1e-10, atol=1e-9)
    weekly = np.mean(
        [b.series("value", start=True) - a.series("value", start=True) for a, b in zip(*rows, strict=True)], 0
    )
    np.testing.assert_allclose(split.weekly.sum(axis=0), weekly, rtol=1e-10, atol=1e-6)
    assert split.exact
    assert split.coalitions == 2**4


def test_what_does_nothing_has_no_part_and_the_rest_is_by_hand(split: "module.Bridge") -> None:
    base, _ = pair()

    def value(paths: tuple[str, ...]) -> np.ndarray:
        (row,) = engine([base.with_({path: CHANGES[path] for path in paths})], replicates=6, seed=3)
        return np.array([one.summary["npv"] for one in row])

    values = {
        which: value(paths)
        for which, paths in {
            "": (), "v": ("vectors.pay_pull",), "c": ("cadence.enabled",), "m": ("market.price",),
            "vc": ("vectors.pay_pull", "cadence.enabled"), "vm": ("vectors.pay_pull", "market.price"),
            "cm": ("cadence.enabled", "market.price"), "vcm": ("vectors.pay_pull", "cadence.enabled", "market.price"),
        }.items()
    }  # fmt: skip
    by_hand = (
        (values["m"] - values[""]) / 3
        + (values["vm"] - values["v"]) / 6
        + (values["cm"] - values["c"]) / 6
        + (values["vcm"] - values["vc"]) / 3
    )
    at = {group.blocks: g for g, group in enumerate(split.groups)}
    npv = split.parts[:, :, 0]
    np.testing.assert_allclose(npv[at["market",]], by_hand, rtol=1e-9)
    assert not npv[at["culture",]].any()
    np.testing.assert_allclose(split.alone[at["vectors",], :, 0], values["v"] - values[""])
    np.testing.assert_allclose(split.last[at["cadence",], :, 0], values["vcm"] - values["vm"])
    assert split.last[at["vectors",], :, 0].mean() > split.alone[at["vectors",], :, 0].mean()
    part = split.split()[at["market",]]
    from flywheel_sim.results.intervals import mean_interval

    assert (part.low, part.high) == pytest.approx(mean_interval(npv[at["market",]]))
    assert [g.paths for g in split.groups if g.blocks == ("market",)] == [("market.price",)]


def test_symmetry_and_dummies_of_the_value() -> None:
    """In v(S) = |S|^2 + 5 [0 in S], of 3 and a dummy: everybody gets 3, the first 5 more, the dummy nothing."""
    coalitions = module._needed(4, [])
    values = np.array([len(c - {3}) ** 2 + 5.0 * (0 in c) for c in coalitions])
    got = shapley(values, {c: n for n, c in enumerate(coalitions)}, 4)
    assert got == pytest.approx([8.0, 3.0, 3.0, 0.0])


def test_sampled_orders_add_up_and_their_error_is_told(monkeypatch: pytest.MonkeyPatch, split: "module.Bridge") -> None:
    monkeypatch.setattr(module, "MOST_EXACT", 3)
    monkeypatch.setattr(module, "BUDGET", 48)
    rough = bridge(*pair(), Runs(replicates=6, seed=3, runner=engine))
    assert rough.orders == 16
    assert not rough.exact
    np.testing.assert_allclose(rough.totals(), split.totals(), rtol=1e-10)
    np.testing.assert_allclose(rough.weekly.sum(axis=0), split.weekly.sum(axis=0), rtol=1e-9, atol=1e-6)
    for exact, sampled, error in zip(split.split(), rough.split(), rough.order_error[:, 0], strict=True):
        assert sampled.mean == pytest.approx(exact.mean, abs=4 * error + 1e-6)
        assert sampled.high - sampled.low >= 2.0 * error
    assert rough.order_error[:, 0].max() > 0


def test_settings_that_need_one_another_are_changed_together_and_it_says_so() -> None:
    base = load(COMPANY)
    grown = {**COMPANY["teams"], "success": {"headcount": 4, "craft": {"care": 1.0}}}  # type: ignore[dict-item]
    other = load(
        {
            **COMPANY,
            "teams": grown,
            "cadence": {"enabled": True, "members": ["success", "sales"]},
            "market": {**COMPANY["market"], "price": 1.3},
        }
    )  # type: ignore[dict-item]
    made = bridge(base, other, Runs(replicates=2, seed=1, runner=engine))
    assert [group.blocks for group in made.groups] == [("teams", "cadence"), ("market",)]
    assert made.notes == ("Teams and Cadence are changed together: one without the other is no valid scenario",)
    assert made.coalitions == 4
    rows = engine([base, other], replicates=2, seed=1)
    np.testing.assert_allclose(made.totals(), [b.summary["npv"] - a.summary["npv"] for a, b in zip(*rows, strict=True)])


def test_when_nothing_can_be_mixed_there_is_one_part() -> None:
    base = load(COMPANY)
    axes = ["pull", "push", "hold", "wait"]
    other = load(
        {
            **COMPANY,
            "axes": axes,
            "teams": {"crew": {"headcount": 3, "craft": {"pull": 1.0}}},
            "segments": {"smb": {"need": {"push": 1.0}}},
            "strategy": {"target": {"pull": 1.0}},
            "journey": {"touchpoints": {"pitch": {"stage": "sale", "owner": "crew"}}},
        }
    )
    mixture = Mixture(base, other)
    assert len(mixture.groups) == 5
    made = bridge(base, other, Runs(replicates=2, seed=1, runner=engine))
    assert len(made.groups) < 3
    assert made.notes


def test_what_cannot_be_bridged_is_refused() -> None:
    base = company()
    with pytest.raises(ScenarioError, match="do not differ in anything that acts"):
        bridge(base, company(title="Other"), Runs(replicates=2, seed=1, runner=engine))
    with pytest.raises(ScenarioError, match="same horizon"):
        bridge(base, company(horizon_weeks=30), Runs(replicates=2, seed=1, runner=engine))
    found = compare([*pair()], replicates=3, runner=engine)
    with pytest.raises(ScenarioError, match="number of a challenger, 1 to 1, got 2"):
        found.bridge(2, runner=engine)


def test_a_comparison_bridges_its_own_verdict_and_keeps_it(tmp_path: Path) -> None:
    found = compare([*pair()], replicates=5, seed=9, runner=engine).with_bridge(runner=engine)
    assert found.split is not None
    np.testing.assert_allclose(found.split.totals(), found.differences()[1], rtol=1e-10)
    assert found.to_dict()["bridge"]["difference"] == pytest.approx(found.verdict.difference)
    assert found.split.table["mean"].abs().is_monotonic_decreasing
    assert found.split.table["share"].sum() == pytest.approx(1.0)
    again = Outcomes.open(found.save(tmp_path / "saved"))
    assert again.split is not None
    for name in ("parts", "alone", "last", "weekly", "order_error"):
        np.testing.assert_array_equal(getattr(again.split, name), getattr(found.split, name))
    assert again.split.to_dict() == found.split.to_dict()
    page = render(found)
    assert render(again) == page
    assert "Where the difference comes from" in page
    assert 'id="bridge"' in page
    assert "Where the difference comes from" not in render(compare([*pair()], replicates=3, runner=engine))


def test_the_waterfall_ends_at_the_difference(split: "module.Bridge") -> None:
    bars = waterfall_chart(split).axes[0].patches
    assert bars[-1].get_width() == pytest.approx(split.totals().mean())
    assert sum(bar.get_width() for bar in bars[:-1]) == pytest.approx(bars[-1].get_width())
    left = [bar.get_x() for bar in bars[:-1]]
    assert left[0] == 0.0
    assert left[1] == pytest.approx(bars[0].get_width())


def test_progress_goes_up_to_the_end() -> None:
    seen: list[tuple[int, int]] = []

    def reporting(
        scenarios: list[Scenario], *, progress: object, replicates: int, seed: int, **_: object
    ) -> list[list[Run]]:
        assert callable(progress)
        progress(5, 10 * len(scenarios))
        progress(10 * len(scenarios), 10 * len(scenarios))
        return engine(scenarios, replicates=replicates, seed=seed)

    bridge(*pair(), Runs(replicates=2, seed=1, runner=reporting, progress=lambda done, of: seen.append((done, of))))
    assert seen[-1] == (160, 160)
    assert all(0 < done <= of == 160 for done, of in seen)


def test_made_up_runs_still_pair_without_a_bridge() -> None:
    assert Outcomes.of(runs(3)).split is None
