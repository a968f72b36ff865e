"""Where a plan loses over worlds: the region that was put in comes back, in words, and none where there is none."""

import numpy as np
import pytest

from flywheel_sim.results.failing import FailsWhere
from flywheel_sim.results.world_draws import WorldDraws
from flywheel_sim.study.search import prim
from flywheel_sim.study.worlds.failing import failing


def table(n, p, seed=1):
    x = np.random.default_rng(seed).random((n, p))
    paths = [f"block{k % 7}.input{k}" for k in range(p)]
    return WorldDraws(x, paths, [f"Input number {k}." for k in range(p)], [f"g{k % 7}" for k in range(p)],
                      ["weeks" if k == 3 else "share" for k in range(p)])  # fmt: skip


def test_a_corner_that_was_put_in_comes_back_among_forty_inputs():
    draws = table(300, 40)
    x = draws.values
    effects = 3.0 * np.maximum(x[:, 3] - 0.4, x[:, 8] - 0.4) + 0.2 * x[:, 20] - 0.1
    found = failing(draws, effects)
    assert set(found.limits) == {"block3.input3", "block1.input8"}
    for path in found.limits:
        low, high = found.limits[path]
        assert low is None and 0.25 < high < 0.6
    assert found.losing_inside / found.inside > 0.75 > 0.15 > found.losing_outside / found.outside
    assert "input number 3 is at most 0." in found.sentence and " weeks" in found.sentence
    assert "block" not in found.sentence, "a board reads words, not paths"
    assert f"in {found.losing_inside} of {found.inside} such worlds" in found.sentence
    assert found.inside + found.outside == 200, "the third that chose the inputs is not counted"


@pytest.mark.statistical
def test_losses_by_luck_alone_have_no_region():
    """At 5 % each, more than four of 20 have a chance of 1 in 390."""
    found = [
        failing(table(120, 12, seed), np.random.default_rng([seed, 2]).normal(0.5, 1.0, 120)) for seed in range(20)
    ]
    assert sum(bool(one.limits) for one in found) <= 4
    honest = next(one.sentence for one in found if not one.limits)
    assert "no region of them stands out" in honest


def test_labels_of_ones_own_take_the_place_of_the_tables():
    draws = table(200, 3)
    said = failing(draws, draws.values[:, 1] - 0.3, {"block1.input1": "What a visit costs"}).sentence
    assert "where what a visit costs is at most 0." in said


@pytest.mark.parametrize(
    ("effects", "said"),
    [
        (np.ones(40), "none of the 40 worlds"), (-np.ones(40), "every one of the 40 worlds"),
        (np.r_[np.ones(12), -np.ones(8)], "8 of 20 worlds: too few to tell"),
    ],
)  # fmt: skip
def test_where_there_is_no_region_to_look_for_it_says_so(effects, said):
    assert said in failing(table(len(effects), 4), effects).sentence


def test_what_was_found_is_the_same_after_saving():
    draws = table(200, 3)
    found = failing(draws, draws.values[:, 1] - 0.3)
    assert FailsWhere.from_dict(found.to_dict()) == found


def test_an_effect_is_missing():
    with pytest.raises(ValueError, match="each of 40 worlds"):
        failing(table(40, 2), np.ones(39))


def test_the_tenths_of_a_peel_are_numpys_to_the_bit():
    draw = np.random.default_rng(4)
    for k in range(600):
        values = draw.normal(size=1 + k % 200) if k % 2 else draw.integers(0, 5, 1 + k % 200).astype(float)
        assert prim._tenths(values) == tuple(np.quantile(values, [prim.PEEL, 1 - prim.PEEL]))
