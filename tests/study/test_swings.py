"""One assumption at a time, on made-up runs whose value is a known function of the settings."""

from types import SimpleNamespace
from typing import Any

import pytest
from random_walk_runs import company

from flywheel_sim.execute.runs import Runs
from flywheel_sim.present.swings import flip_sentence, swings_chart
from flywheel_sim.results.assumptions import key_assumptions
from flywheel_sim.results.naming import leaves
from flywheel_sim.results.swings import Swings
from flywheel_sim.scenario import Scenario, ScenarioError, load
from flywheel_sim.scenario.roles import role_of
from flywheel_sim.study.comparison.swings import FACTORS, swings

RATE = "word_of_mouth.rate"


def pair() -> tuple[Scenario, Scenario]:
    base = company(word_of_mouth={"rate": 0.004}, expansion={"rate": 0.008})
    return base, base.with_({"market.price": 1.2, "vectors.diffusion": 0.03})


def engine(scenarios: list[Scenario], *, replicates: int, seed: int, **_: Any) -> list[list[Any]]:
    """The dearer company gains $1m x (rate - 0.003) and $10k x (expansion - 0.008); everybody has the same luck."""

    def worth(one: Scenario, k: int) -> float:
        dearer = one.model.market.price > 1.0
        gain = 1e6 * (one.model.word_of_mouth.rate - 0.003) + 1e4 * (one.model.expansion.rate - 0.008)
        return 50.0 * k + dearer * gain

    return [[SimpleNamespace(summary={"npv": worth(one, k)}) for k in range(replicates)] for one in scenarios]


@pytest.fixture(scope="module")
def found() -> Swings:
    return swings(*pair(), Runs(replicates=3, seed=1, runner=engine))


def test_the_widest_bar_is_first_and_ends_where_the_assumption_ends(found: Swings) -> None:
    bar = found.bars[0]
    assert found.middle == pytest.approx(1000.0)
    assert (bar.path, bar.value) == (RATE, 0.004)
    assert (bar.low, bar.high) == pytest.approx((0.004 * FACTORS[0], 0.004 * FACTORS[1]))
    assert (bar.at_low, bar.at_high) == pytest.approx((-1000.0, 3000.0))
    assert found.turns(bar)
    assert found.bars[1].path == "expansion.rate"
    assert (found.bars[1].at_low, found.bars[1].at_high) == pytest.approx((960.0, 1040.0))
    assert [one.path for one in found.screened] == [RATE, "expansion.rate"]  # what moves nothing is no bar
    assert found.tried > 50


def test_the_verdict_flips_where_the_difference_is_nothing(found: Swings) -> None:
    assert found.flip is not None
    assert found.flip.path == RATE
    assert found.flip.below
    assert found.flip.at == pytest.approx(0.003, abs=0.002 * 2**-5)
    assert "below 0.003" in flip_sentence(found)


def meeting(scenarios: list[Scenario], *, replicates: int, seed: int, **_: Any) -> list[list[Any]]:
    """A group that meets gains by what a meeting turns; a shared map gains by its pull, in whoever has one."""

    def worth(one: Scenario) -> float:
        model = one.model
        gain = 1e6 * (model.cadence.pull - 0.3) if model.cadence.enabled else 0.0
        return gain + 1e5 * model.vectors.map_pull + 10.0 * model.market.churn.mean

    return [[SimpleNamespace(summary={"npv": worth(one)}) for _ in range(replicates)] for one in scenarios]


def plan() -> tuple[Scenario, Scenario]:
    base = company(vectors={"map_pull": 1.0})
    return base, base.with_({"cadence.enabled": True, "vectors.map_pull": 3.0, "cadence.interval_weeks": 4})


def test_the_decisive_assumption_is_found_though_only_the_plan_uses_it() -> None:
    found = swings(*plan(), Runs(replicates=3, seed=1, runner=meeting))
    bars = {bar.path: bar for bar in found.bars}
    pull = bars["cadence.pull"]
    assert found.bars[0] == pull and pull.value == 0.4
    assert found.middle == pytest.approx(3e5)
    assert (pull.low, pull.high) == pytest.approx((0.0, 0.6))
    assert (pull.at_low, pull.at_high) == pytest.approx((-1e5, 5e5))


def level(scenarios: list[Scenario], *, replicates: int, seed: int, **_: Any) -> list[list[Any]]:
    """What a meeting turns levels off: half of it is as good as all of it, and none of it loses $1m."""

    def worth(one: Scenario) -> float:
        model = one.model
        return (1e6 * (min(model.cadence.pull, 0.1) - 0.05) if model.cadence.enabled else 0.0) + model.market.churn.mean

    return [[SimpleNamespace(summary={"npv": worth(one)}) for _ in range(replicates)] for one in scenarios]


def test_an_effect_that_only_the_plan_uses_goes_to_nothing_at_all() -> None:
    found = swings(*plan(), Runs(replicates=3, seed=1, runner=level))
    assert found.flip is not None and found.flip.path == "cadence.pull" and found.flip.below
    bar = found.bars[0]
    assert (bar.path, bar.low, bar.at_low, bar.high) == ("cadence.pull", 0.0, -50_000.0, FACTORS[1] * bar.value)
    assert found.flip.at == pytest.approx(0.05, abs=bar.value / 2**4)
    assert found.alone[0] == "cadence.pull" and "from none at all" in found.ends
    assert "market.churn.mean" not in found.alone, "the company is the same in both"


def test_what_works_more_strongly_in_one_scenario_moves_by_the_same_factor_in_both() -> None:
    found = swings(*plan(), Runs(replicates=3, seed=1, runner=meeting))
    pull = {bar.path: bar for bar in found.bars}["vectors.map_pull"]
    assert (pull.low, pull.value, pull.high) == (1.5, 3.0, 4.5)
    assert (pull.at_low, pull.at_high) == pytest.approx((1e5 + 1e5, 1e5 + 3e5))  # 1 and 3, halved and half as much more


def test_decisions_and_sizes_are_no_assumptions() -> None:
    rows = {row.path for row in key_assumptions(plan())}
    assert {"cadence.pull", "vectors.map_pull", "market.churn.mean", "ledger.discount_rate"} <= rows
    assert not {"cadence.interval_weeks", "market.price", "market.accounts", "teams.sales.headcount"} & rows
    assert all(role_of(path) in ("company", "effect") for path in rows)
    assert next(iter(row.path for row in key_assumptions(plan()))).partition(".")[0] in ("vectors", "cadence")


def test_every_effect_that_acts_in_either_scenario_is_tried() -> None:
    one, two = load("siloed-close-rate"), load("relationship-flywheel")
    rows = {row.path for row in key_assumptions([one, two])}
    for scenario in (one, two):
        flat = dict(leaves(scenario.resolved()))
        for path, value in flat.items():
            parts = path.split(".")
            numeric = isinstance(value, int | float) and not isinstance(value, bool) and value != 0
            on = all(flat.get(".".join((*parts[:k], "enabled")), True) for k in range(1, len(parts)))
            if numeric and on and role_of(path) == "effect" and not path.startswith("incentives.measures."):
                assert path in rows, path
    paid = {name for one in (one, two) for pay in one.model.incentives.pay.values() for name in pay.on}
    told = {path.split(".")[2] for path in rows if path.startswith("incentives.measures.")}
    assert told == paid < set(one.model.incentives.measures)


def effects(scenario: Scenario) -> set[str]:
    """Effects that act in a scenario: numbers that are not 0, in blocks that are on, and of measures somebody is paid
    on."""
    flat = dict(leaves(scenario.resolved()))
    paid = {name for pay in scenario.model.incentives.pay.values() for name in pay.on}
    return {
        path
        for path, value in flat.items()
        if isinstance(value, int | float) and not isinstance(value, bool) and value != 0 and role_of(path) == "effect"
        if all(flat.get(path[:dot] + ".enabled", True) for dot in range(len(path)) if path[dot] == ".")
        if not path.startswith("incentives.measures.") or path.split(".")[2] in paid
    }


def test_every_effect_that_one_plan_alone_uses_is_moved_and_told() -> None:
    """Screening finds them, no list: nothing of what a plan adds is left out."""
    small = {"market.accounts": 300, "market.initial_customers": 60, "horizon_weeks": 8}
    both = [load(name).with_(small) for name in ("siloed-close-rate", "relationship-flywheel")]
    alone = effects(both[0]) ^ effects(both[1])
    assert "cadence.pull" in alone and len(alone) > 20
    bases, moved = [dict(leaves(one.resolved())) for one in both], set()

    def watched(scenarios: list[Scenario], *, replicates: int, **_: Any) -> list[list[Any]]:
        """Whatever is moved, something comes of it."""
        found = []
        for one in scenarios:
            flat = dict(leaves(one.resolved()))
            changes = min(({path for path in flat if flat[path] != base.get(path)} for base in bases), key=len)
            moved.update(changes)
            worth = 1000.0 + sum(flat[path] for path in changes if isinstance(flat[path], int | float))
            found.append([SimpleNamespace(summary={"npv": worth}) for _ in range(replicates)])
        return found

    found = swings(both[0], both[1], Runs(replicates=1, seed=1, runner=watched))
    assert alone <= moved
    assert alone <= {one.path for one in found.screened}


def test_a_scenario_that_does_not_use_an_assumption_is_not_run_again() -> None:
    asked: list[bool] = []

    def counted(scenarios: list[Scenario], **options: Any) -> list[list[Any]]:
        asked.extend(one.model.cadence.enabled for one in scenarios)
        return meeting(scenarios, **options)

    swings(*plan(), Runs(replicates=2, seed=1, runner=counted), paths=["cadence.pull"])
    assert asked.count(False) == 1


def test_the_difference_is_that_of_the_whole_comparison() -> None:
    """With few runs of many, ends are told as the mean of all and the paired shift from it."""
    few = swings(*pair(), Runs(replicates=3, seed=1, runner=engine))
    anchored = swings(*pair(), Runs(replicates=3, seed=1, runner=engine), middle=1200.0)
    assert anchored.middle == 1200.0
    assert anchored.bars[0].at_low - few.bars[0].at_low == pytest.approx(200.0)


def test_progress_goes_up_to_the_end() -> None:
    seen: list[tuple[int, int]] = []

    def told(scenarios: list[Scenario], *, progress: Any = None, **options: Any) -> list[list[Any]]:
        progress(len(scenarios), len(scenarios))
        return engine(scenarios, **options)

    swings(*pair(), Runs(replicates=2, seed=1, runner=told, progress=lambda done, of: seen.append((done, of))))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert seen[-1][0] == seen[-1][1]
    assert len({of for _, of in seen}) == 1


def test_limits_of_the_schema_cut_the_range() -> None:
    def fixed(scenarios: list[Scenario], *, replicates: int, **_: Any) -> list[list[Any]]:
        worth = [one.model.service.first_contact_resolution * one.model.market.price for one in scenarios]
        return [[SimpleNamespace(summary={"npv": w}) for _ in range(replicates)] for w in worth]

    bars = {bar.path: bar for bar in swings(*pair(), Runs(replicates=2, seed=1, runner=fixed)).bars}
    assert bars["service.first_contact_resolution"].high == 1.0


def test_a_limit_that_is_itself_not_allowed_is_come_close_to() -> None:
    """The mean fit is below 1: half as much again of .7 would be 1.05, and that end is .997, not left out."""

    def fitting(scenarios: list[Scenario], *, replicates: int, **_: Any) -> list[list[Any]]:
        worth = [one.model.market.fit_mean * one.model.market.price for one in scenarios]
        return [[SimpleNamespace(summary={"npv": w}) for _ in range(replicates)] for w in worth]

    base = company(market={"fit_mean": 0.7})
    (bar,) = swings(
        base, base.with_({"market.price": 1.2}), Runs(replicates=2, seed=1, runner=fitting), paths=["market.fit_mean"]
    ).bars
    assert (bar.low, bar.high) == pytest.approx((0.35, 0.997))
    assert (bar.at_low, bar.at_high) == pytest.approx((0.2 * 0.35, 0.2 * 0.997))


def test_without_a_flip_the_sentence_says_so() -> None:
    found = swings(*pair(), Runs(replicates=2, seed=1, runner=engine), paths=["expansion.rate"])
    assert found.flip is None
    assert "The one assumption tried does not flip it" in flip_sentence(found)
    assert "expansion.rate" in flip_sentence(found)


def test_nothing_to_move_is_refused() -> None:
    with pytest.raises(ScenarioError, match="no assumption that could be moved"):
        swings(*pair(), Runs(replicates=2, seed=1, runner=engine), paths=["market.price"])


def test_swings_survive_saving_and_have_a_figure(found: Swings) -> None:
    assert Swings.of(found.to_dict()) == found
    assert swings_chart(found).axes


def test_a_plan_that_meets_rests_on_what_a_meeting_does() -> None:
    """On the engine: the pull of meetings acts in the plan alone, is on the list, and moves the answer."""
    small = {"horizon_weeks": 156, "market.accounts": 1500, "market.initial_customers": 200}
    one, two = (load(name).with_(small) for name in ("siloed-close-rate", "relationship-flywheel"))
    assert "cadence.pull" in {row.path for row in key_assumptions([one, two])}
    tried = ["cadence.pull", "capacity.craft_speed", "vectors.diffusion"]
    found = swings(one, two, Runs(replicates=4, seed=1), paths=tried)
    pull = found.bars[0]
    assert pull.path == "cadence.pull"
    assert pull.at_low < 0.0 < found.middle, "a meeting that moves nobody only costs hours; beyond .4 it saturates"
    assert pull.width > 0.1 * abs(found.middle)
