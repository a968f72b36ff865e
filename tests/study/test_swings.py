"""One assumption at a time, on made-up runs whose value is a known function of the settings."""

from types import SimpleNamespace
from typing import Any

import pytest
from fabricated import company

from flywheel_sim.present.swings import flip_sentence, swings_chart
from flywheel_sim.results.swings import Swings
from flywheel_sim.scenario import Scenario, ScenarioError
from flywheel_sim.study.swings import FACTORS, swings

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
    return swings(*pair(), replicates=3, seed=1, runner=engine)


def test_the_widest_bar_is_first_and_ends_where_the_assumption_ends(found: Swings) -> None:
    bar = found.bars[0]
    assert found.middle == pytest.approx(1000.0)
    assert (bar.path, bar.value) == (RATE, 0.004)
    assert (bar.low, bar.high) == pytest.approx((0.004 * FACTORS[0], 0.004 * FACTORS[1]))
    assert (bar.at_low, bar.at_high) == pytest.approx((-1000.0, 3000.0))
    assert found.turns(bar)
    assert found.bars[1].path == "expansion.rate"
    assert (found.bars[1].at_low, found.bars[1].at_high) == pytest.approx((960.0, 1040.0))
    assert all(one.width == pytest.approx(0.0, abs=1e-9) for one in found.bars[2:])


def test_the_verdict_flips_where_the_difference_is_nothing(found: Swings) -> None:
    assert found.flip is not None
    assert found.flip.path == RATE
    assert found.flip.below
    assert found.flip.at == pytest.approx(0.003, abs=0.002 * 2**-5)
    assert "below 0.003" in flip_sentence(found)


def test_what_the_scenarios_decide_differently_is_no_assumption(found: Swings) -> None:
    paths = {bar.path for bar in found.bars}
    assert "vectors.diffusion" not in paths
    assert "market.accounts" not in paths
    assert "market.churn.mean" in paths


def test_limits_of_the_schema_cut_the_range() -> None:
    bars = {bar.path: bar for bar in swings(*pair(), replicates=2, seed=1, runner=engine).bars}
    assert bars["service.first_contact_resolution"].high == 1.0


def test_without_a_flip_the_sentence_says_so() -> None:
    found = swings(*pair(), replicates=2, seed=1, runner=engine, paths=["expansion.rate"])
    assert found.flip is None
    assert "None of the 1 key assumptions flips it" in flip_sentence(found)
    assert "expansion.rate" in flip_sentence(found)


def test_nothing_to_move_is_refused() -> None:
    with pytest.raises(ScenarioError, match="share no key assumption"):
        swings(*pair(), replicates=2, seed=1, runner=engine, paths=["market.price"])


def test_swings_survive_saving_and_have_a_figure(found: Swings) -> None:
    assert Swings.of(found.to_dict()) == found
    assert swings_chart(found).axes
