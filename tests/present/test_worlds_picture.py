"""A hundred dots, what to find out first, and where a plan loses: what is drawn is what was worked out."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from flywheel_sim.present.bridge import GAIN, LOSS
from flywheel_sim.present.drawing import save_png, to_svg
from flywheel_sim.present.worlds import dots_words, hundred_dots, learn_words, where_chart
from flywheel_sim.results.failing import FailsWhere
from flywheel_sim.results.over_worlds import hundred, share_better, weighted_quantiles
from flywheel_sim.results.world_draws import ToLearn, WorldDraws


def to_learn(name="Meetings", evppi=4e5, share=0.38, sure=True):
    return ToLearn(name=name, path="a.b", paths=["a.b"], evppi=evppi, evpi_share=share, distinguishable=sure)


def drawn(figure):
    """Dots by what they look like, and every word."""
    sheet = figure.axes[0]
    dots = {}
    for group in sheet.collections:
        tints = group.get_edgecolors() if len(group.get_edgecolors()) else group.get_facecolors()
        dots[to_hex(tints[0]).upper()] = len(group.get_offsets())
    return dots, [t.get_text() for t in sheet.texts]


@pytest.mark.parametrize(("n", "weights"), [(200, False), (24, False), (1000, False), (24, True)])
def test_dots_are_worlds_or_hundredths_of_them(n, weights):
    luck = np.random.default_rng(n)
    effects = luck.normal(0.6e6, 1e6, n)
    weight = luck.random(n) if weights else None
    dots, words = drawn(hundred_dots(effects, weight))
    better = np.sum(effects > 0) if n == 24 and not weights else np.floor(100 * share_better(effects, weight) + 1e-9)
    assert sum(dots.values()) == (24 if n == 24 and not weights else 100)
    assert dots.get(GAIN.upper(), 0) == better and f"{better:.0f} better" in words
    assert dots[LOSS.upper()] == sum(dots.values()) - better
    assert f"{better:.0f} better" in dots_words(effects, weight, "the plan")


def test_a_better_and_a_worse_dot_differ_without_colour():
    groups = [group for group in hundred_dots(np.linspace(-1, 1, 50)).axes[0].collections if len(group.get_offsets())]
    rings = [to_hex(group.get_facecolors()[0]) == "#ffffff" for group in groups]
    assert sorted(rings) == [False, True]


def test_all_better_and_all_worse_can_be_drawn(tmp_path):
    for effects in (np.full(200, 1e6), np.full(24, -1e6), np.zeros(5)):
        figure = hundred_dots(effects, learn_first=[to_learn(sure=False, evppi=0.0)])
        assert save_png(figure, tmp_path / "x.png").stat().st_size > 1000
        assert "not distinguishable from nothing" in to_svg(figure, "dots", "dots of worlds")


def test_weights_of_a_world_count_as_so_many_worlds():
    values, times = np.array([-3.0, -1.0, 2.0, 5.0]), np.array([1, 2, 3, 4])
    repeated = np.repeat(values, times)
    assert share_better(values, times.astype(float)) == pytest.approx(share_better(repeated))
    shares = np.array([0.05, 0.25, 0.55, 0.95])
    exact = np.quantile(repeated, shares, method="inverted_cdf")
    assert weighted_quantiles(values, shares, times.astype(float)).tolist() == exact.tolist()
    assert hundred(values, times.astype(float))[1] == 70


def test_three_things_are_named_and_only_what_is_more_than_chance_has_dollars():
    told = [to_learn(), to_learn("Word of mouth", 1.5e5, 0.14), to_learn("Churn", 1e4, 0.01, False), to_learn("Fourth")]
    _, words = drawn(hundred_dots(np.linspace(-1e6, 3e6, 200), learn_first=told))
    assert {"Meetings", "Word of mouth", "Churn", "$400k", "38 %", "$150k", "14 %"} <= set(words)
    assert words.count("not distinguishable from nothing") == 1 and not {"Fourth", "$10.0k", "1 %"} & set(words)
    said = learn_words(told, 1.2e6, 200)
    assert said.endswith("First: meetings ($400k); word of mouth ($150k).") and "$1.2m" in said
    assert "not distinguishable" in learn_words([to_learn(sure=False)], 1e6, 200)
    assert "nothing that could be found out" in learn_words([], 0.0, 30)
    for whole in (0.0, 1e6):
        few = learn_words([], whole, 29)
        assert few.startswith("So few worlds cannot tell") and "$" not in few


def test_the_region_is_drawn_where_it_lies():
    draws = WorldDraws(np.random.default_rng(1).random((50, 2)), ["a.x", "b.y"], ["X", "Y"], ["a", "b"], ["weeks", ""])
    effects = np.where((draws.values < 0.4).all(axis=1), -1.0, 1.0)
    labels = {"a.x": "X", "b.y": "Y"}
    found = FailsWhere(50, 8, {"a.x": (None, 0.4), "b.y": (0.1, 0.5)}, labels, {"a.x": "weeks"}, 10, 8, 40, 0)
    axes = where_chart(draws, effects, found).axes[0]
    (box,) = axes.patches
    assert box.get_x() + box.get_width() == pytest.approx(0.4) and box.get_x() == pytest.approx(axes.get_xlim()[0])
    assert (box.get_y(), box.get_y() + box.get_height()) == (pytest.approx(0.1), pytest.approx(0.5))
    assert axes.get_xlabel() == "X, weeks"
    one = FailsWhere(50, 8, {"a.x": (None, 0.4)}, labels, {}, 10, 8, 40, 0)
    assert where_chart(draws, effects, one).axes[0].get_ylabel() == "what the plan is worth"
    assert where_chart(draws, effects, FailsWhere(50, 8)) is None
