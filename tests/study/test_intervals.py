"""How sure a difference is, against simulation; false-alarm rate of every statistical test below 1 in 1000."""

import math

import numpy as np
import pytest
from scipy import stats

from flywheel_sim.results.intervals import (
    LEVEL,
    bca_interval,
    holm,
    mean_interval,
    median_interval,
    paired_p,
    superiority_interval,
    variance_reduction,
)


def covered(intervals: np.ndarray, truth: float) -> float:
    return float(np.mean((intervals[:, 0] <= truth) & (truth <= intervals[:, 1])))


def slack(tries: int, level: float = LEVEL) -> float:
    """3.3 standard errors of a share: 1 false alarm in 1000."""
    return 3.3 * math.sqrt(level * (1 - level) / tries)


@pytest.mark.statistical
def test_the_t_interval_covers_what_it_says() -> None:
    luck = np.random.default_rng(1)
    got = np.array([mean_interval(luck.normal(2.0, 3.0, 12)) for _ in range(3000)])
    assert abs(covered(got, 2.0) - LEVEL) < slack(3000)


@pytest.mark.statistical
def test_the_bootstrap_intervals_cover_nearly_what_they_say_for_skewed_differences() -> None:
    """BCa is exact to 1/n only: 2 points of room beside the error of the test."""
    luck = np.random.default_rng(2)
    means, medians = [], []
    for _ in range(300):
        values = luck.exponential(1.0, 40)
        means.append(bca_interval(values))
        medians.append(median_interval(values))
    assert abs(covered(np.array(means), 1.0) - LEVEL) < slack(300) + 0.02
    assert abs(covered(np.array(medians), math.log(2)) - LEVEL) < slack(300) + 0.02


@pytest.mark.statistical
def test_the_median_of_few_runs_is_covered_at_least_as_often_as_said() -> None:
    luck = np.random.default_rng(3)
    got = np.array([median_interval(luck.exponential(1.0, 11)) for _ in range(3000)])
    assert covered(got, math.log(2)) > LEVEL - slack(3000)
    assert all(math.isnan(end) for end in median_interval(np.array([1.0, 2.0, 3.0])))


def test_the_bootstrap_is_scipys_and_repeats_itself() -> None:
    values = np.random.default_rng(4).gamma(2.0, size=30)
    again = stats.bootstrap(
        (values,), np.mean, n_resamples=4999, confidence_level=0.8, method="BCa", rng=np.random.default_rng(20210)
    ).confidence_interval
    assert bca_interval(values) == pytest.approx((again.low, again.high))
    assert bca_interval(values) == bca_interval(values)


def test_too_few_runs_and_runs_without_spread_have_an_answer() -> None:
    assert all(math.isnan(end) for end in bca_interval(np.arange(19.0)))
    assert all(math.isnan(end) for end in bca_interval(np.array([np.inf] * 25)))
    assert bca_interval(np.full(25, 3.0)) == (3.0, 3.0)
    nearly = bca_interval(np.array([3.0] * 24 + [4.0]), np.median)
    assert nearly == (3.0, 3.0)


def test_jeffreys_is_the_beta_between_equal_tails_and_ties_count_half() -> None:
    differences = np.array([1.0] * 31 + [-1.0] * 9)
    expected = stats.beta(31.5, 9.5).ppf([0.1, 0.9])
    assert superiority_interval(differences) == pytest.approx(tuple(expected))
    tied = superiority_interval(np.array([1.0] * 30 + [0.0] * 2 + [-1.0] * 8))
    assert tied == pytest.approx(tuple(expected))
    assert superiority_interval(np.zeros(10)) == pytest.approx(
        tuple(1 - x for x in superiority_interval(np.zeros(10))[::-1])
    )
    assert superiority_interval(np.ones(5))[1] == 1.0
    assert superiority_interval(-np.ones(5))[0] == 0.0
    assert all(math.isnan(end) for end in superiority_interval(np.ones(0)))


@pytest.mark.statistical
def test_jeffreys_covers_what_it_says_on_average() -> None:
    """The coverage of any interval of a share wobbles with the share; Jeffreys' mean over shares is right."""
    luck = np.random.default_rng(5)
    hits = []
    for _ in range(4000):
        chance = luck.uniform(0.05, 0.95)
        low, high = superiority_interval(np.where(luck.random(40) < chance, 1.0, -1.0))
        hits.append(low <= chance <= high)
    assert abs(np.mean(hits) - LEVEL) < slack(4000) + 0.01


def test_p_values_are_those_of_the_paired_t_test() -> None:
    luck = np.random.default_rng(6)
    a, b = luck.normal(size=15), luck.normal(0.5, 1.0, 15)
    assert paired_p(b - a) == pytest.approx(stats.ttest_rel(b, a).pvalue)
    assert paired_p(np.full(4, 2.0)) == 0.0
    assert math.isnan(paired_p(np.array([1.0])))


def test_holm_by_hand() -> None:
    """Three tests: .01 x 3, then .02 x 2, then .03 x 1 but never below the one before."""
    assert holm(np.array([0.02, 0.01, 0.03])) == pytest.approx([0.04, 0.03, 0.04])
    assert holm(np.array([0.5])) == pytest.approx([0.5])
    assert holm(np.array([0.9, 0.8])) == pytest.approx([1.0, 1.0])


@pytest.mark.statistical
def test_holm_keeps_the_family_error_under_shared_luck() -> None:
    """Seven challengers that differ from the baseline by luck alone, all against the same baseline."""
    luck = np.random.default_rng(7)
    wrong = 0
    for _ in range(1500):
        baseline = luck.normal(size=20)
        rows = np.array([luck.normal(size=20) - baseline for _ in range(7)])
        wrong += bool((holm(np.array([paired_p(row) for row in rows])) < 0.05).any())
    assert wrong / 1500 < 0.05 + slack(1500, 0.05)


def test_the_variance_reduction_of_correlated_runs() -> None:
    """With equal variances and correlation rho it is 1 / (1 - rho)."""
    luck = np.random.default_rng(8).multivariate_normal([0, 5], [[1, 0.9], [0.9, 1]], 200_000).T
    assert variance_reduction(luck[1], luck[0]) == pytest.approx(10.0, rel=0.03)
    assert math.isnan(variance_reduction(np.ones(3), np.ones(3)))
    assert math.isinf(variance_reduction(np.arange(3.0) + 1, np.arange(3.0)))
