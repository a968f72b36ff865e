"""Sequential rules against simulation on normals; false-alarm rate of every statistical test below 1 in 1000."""

import math
from collections.abc import Sequence

import numpy as np
import pytest

from flywheel_sim.results.intervals import LEVEL, mean_interval
from flywheel_sim.study.comparison.sequential import Sample, kim_nelson, ocba, runs_needed


def normals(means: Sequence[float], rho: float, seed: int, spread: float = 1.0, length: int = 4000) -> Sample:
    """Runs whose luck is shared with correlation ``rho``."""
    luck = np.random.default_rng(seed)
    values = np.sqrt(rho) * luck.normal(size=length) + np.sqrt(1 - rho) * luck.normal(size=(len(means), length))
    values = np.asarray(means)[:, None] + spread * values

    def sample(systems: Sequence[int], first: int, count: int) -> np.ndarray:
        assert first + count <= length
        return values[list(systems), first : first + count]

    return sample


@pytest.mark.statistical
@pytest.mark.parametrize("width", [0.08, 0.15, 0.5])
def test_an_interval_made_narrow_on_purpose_keeps_its_coverage(width: float) -> None:
    """Two stages, whatever the variance turns out to be: about 250, 70 and 15 runs."""
    luck, hits, widths = np.random.default_rng(11), 0, []
    for _ in range(3000):
        values = luck.normal(size=2000)
        count = runs_needed(values[None, :15], width)
        low, high = mean_interval(values[:count], first_stage=15)
        hits += low <= 0.0 <= high
        widths.append((high - low) / 2)
    assert max(widths) <= width * (1 + 1e-9)
    assert abs(hits / 3000 - LEVEL) < 3.3 * math.sqrt(LEVEL * (1 - LEVEL) / 3000)


def test_a_narrow_first_stage_needs_no_second() -> None:
    assert runs_needed(np.zeros((2, 12)), 1.0) == 12
    assert runs_needed(np.array([[-1.0, 1.0] * 10, [-10.0, 10.0] * 10]), 1.0) > 100


@pytest.mark.statistical
@pytest.mark.parametrize("rho", [0.0, 0.8])
def test_kim_nelson_chooses_right_as_often_as_it_promises(rho: float) -> None:
    """Slippage, the hardest case: the best of 6 is ahead of all others by just the indifference zone."""
    right = 0
    for seed in range(300):
        found = kim_nelson(normals([0.0] * 5 + [0.5], rho, seed), 6, indifference=0.5, limit=4000)
        assert found.decided
        right += found.best == 5
    assert right / 300 > 0.95 - 3.1 * math.sqrt(0.95 * 0.05 / 300)


@pytest.mark.statistical
def test_shared_luck_makes_the_best_of_eight_three_times_cheaper() -> None:
    means = [0.0, 0.1, 0.2, 0.3, 0.3, 0.4, 0.5, 0.7]
    paired, apart = (
        sum(kim_nelson(normals(means, rho, seed), 8, indifference=0.15, limit=4000).total for seed in range(40))
        for rho in (0.85, 0.0)
    )
    assert apart > 3 * paired


def test_when_none_is_better_the_choice_ends_within_the_zone() -> None:
    found = kim_nelson(normals([1.0] * 4, 0.5, 3), 4, indifference=0.4, limit=4000)
    assert found.decided
    identical = np.random.default_rng(1).normal(size=500)
    same = kim_nelson(
        lambda systems, first, count: np.array([identical[first : first + count] for _ in systems]), 3, indifference=0.1
    )
    assert same.decided
    assert same.total == 3 * 20


def test_the_limit_is_kept_and_said() -> None:
    found = kim_nelson(normals([0.0, 0.01], 0.0, 1), 2, indifference=0.001, limit=95)
    assert not found.decided
    assert found.runs == (95, 95)
    assert "before a guarantee" in found.sentence(["A", "B"])


def test_the_losers_stop_and_the_means_are_those_of_their_runs() -> None:
    sample = normals([0.0, 3.0, 3.2], 0.5, 2)
    found = kim_nelson(sample, 3, indifference=0.1, limit=4000)
    assert found.best == 2
    assert found.runs[0] < found.runs[1]
    assert found.means[0] == pytest.approx(sample([0], 0, found.out_after[0]).mean())
    assert found.out_after[2] == 0 < found.out_after[0] <= found.runs[0]


@pytest.mark.statistical
def test_a_budget_is_spent_where_it_tells_most() -> None:
    """Against the same budget in equal parts; 8 systems, two of them close."""
    means = [0.0] * 6 + [0.8, 1.0]
    better = worse = 0
    for seed in range(300):
        sample = normals(means, 0.5, 1000 + seed)
        found = ocba(sample, 8, budget=400)
        assert found.total <= 400
        wise, plain = found.best == 7, int(np.argmax(sample(range(8), 0, 50).mean(axis=1))) == 7
        better, worse = better + (wise and not plain), worse + (plain and not wise)
        assert found.runs[7] + found.runs[6] > found.runs[0] + found.runs[1]
    assert better - worse > 3.1 * math.sqrt(better + worse)  # McNemar


@pytest.mark.statistical
def test_the_estimated_chance_of_a_right_choice_is_no_promise_too_much() -> None:
    said, right = [], []
    for seed in range(300):
        found = ocba(normals([0.0, 0.0, 0.3, 0.6], 0.3, 5000 + seed), 4, budget=200)
        said.append(found.confidence)
        right.append(found.best == 3)
    assert np.mean(said) < np.mean(right) + 3.1 * math.sqrt(0.1 / 300)


def test_a_budget_that_does_not_pay_for_a_look_is_refused() -> None:
    with pytest.raises(ValueError, match="does not pay"):
        ocba(normals([0, 1], 0, 1), 2, budget=10)
