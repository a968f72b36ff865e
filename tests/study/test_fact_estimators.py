"""Estimators of facts on made-up tables whose answers are known."""

import numpy as np
import pytest

from flywheel_sim.results.summary import whale_curve
from flywheel_sim.study.facts import estimators as est

rng = np.random.default_rng(4)


def test_concentration_of_a_pareto_distribution_is_that_of_the_formula():
    # of a Pareto distribution with exponent a the best p have p ** (1 - 1/a) of the total: 80/20 at a = 1.161
    exponent = np.log(5) / np.log(4)
    ranks = (np.arange(2_000_000) + 0.5) / 2_000_000
    assert est.top_share(ranks ** (-1 / exponent), 0.2) == pytest.approx(0.8, abs=0.03)
    uniform = (np.arange(1000) + 0.5) / 1000
    assert np.interp(0.3, np.linspace(0, 1, 1001), est.lorenz(uniform)) == pytest.approx(0.09, abs=1e-3)


def test_the_best_fifth_of_a_table_with_losers_has_more_than_everything():
    profit = np.array([100.0, 60, 10, 5, 5, 0, -10, -20, -30, -20])
    assert est.top_share(profit, 0.2) == pytest.approx(160 / 100)
    assert whale_curve(profit)[1] == pytest.approx(est.top_share(profit, 0.2))
    assert whale_curve(profit).max() == pytest.approx(1.8)


def test_a_hazard_that_time_makes_look_different_is_found_equal_within_strata():
    # the exposed are old customers, who leave less: the crude ratio is .33, the ratio within tenures is 1
    tenure = np.repeat([0, 1], 40_000)
    exposed = rng.random(80_000) < np.where(tenure == 1, 0.9, 0.1)
    left = rng.random(80_000) < np.where(tenure == 1, 0.02, 0.10)
    above, below = est.rate_ratio(left, exposed, np.zeros(80_000, int))
    assert above / below < 0.5
    above, below = est.rate_ratio(left, exposed, tenure)
    assert above / below == pytest.approx(1.0, abs=0.12)


def test_a_known_ratio_of_hazards_is_found():
    stratum = rng.integers(0, 5, 200_000)
    exposed = rng.random(200_000) < 0.3
    left = rng.random(200_000) < 0.02 * (1 + stratum) * np.where(exposed, 1.8, 1.0)
    above, below = est.rate_ratio(left, exposed, stratum)
    assert above / below == pytest.approx(1.8, rel=0.04)


def test_weeks_before_the_exposure_do_not_count_as_survived_with_it():
    # everybody leaves at a weekly rate of 5 %; after week 20 everybody has referred: who has must not look loyal
    n, weeks = 20_000, 60
    end = rng.geometric(0.05, n)
    end = np.where(end > weeks, -1, end)
    row, week, left = est.person_weeks(np.zeros(n, int), end, weeks)
    assert len(row) == np.where(end < 0, weeks, end).sum() and left.sum() == (end > 0).sum()
    ever = ((end < 0) | (end > 20))[row]
    above, below = est.rate_ratio(left, ever, np.zeros(len(row), int))
    assert above / below < 0.5, "this is the mistake"
    after = week > 20
    rate = [left[chosen].mean() for chosen in (after, ~after)]
    assert rate[0] / rate[1] == pytest.approx(1.0, abs=0.06)


def test_first_customers_are_watched_from_week_one():
    row, week, left = est.person_weeks(np.array([-30, 0]), np.array([2, -1]), 3)
    assert row.tolist() == [0, 0, 1, 1, 1] and week.tolist() == [1, 2, 1, 2, 3] and left.tolist() == [0, 1, 0, 0, 0]


def test_values_are_compared_with_those_of_the_same_cohort_and_segment():
    stratum = np.array([0, 0, 0, 1, 1, 1, 2])
    treated = np.array([1, 0, 0, 1, 1, 0, 1], bool)
    values = np.array([30.0, 10, 20, 200, 400, 100, 9e9])
    assert est.matched_ratio(values, treated, stratum) == (630.0, 215.0)
    assert est.matched_difference(values, treated, stratum) == (415.0, 3.0)


def test_referrals_are_counted_by_who_made_them():
    counts = est.times_referred(np.array([3, 3, -1, -2, 0, 3, 1]), 7)
    assert counts.tolist() == [1, 1, 0, 3, 0, 0, 0]


def test_who_keeps_his_rank_is_not_misclassified():
    past = np.arange(10.0)
    assert est.misclassified(past, past, 0.2) == 0.0
    assert est.misclassified(past, -past, 0.2) == 1.0
    independent = [est.misclassified(rng.random(500), rng.random(500), 0.2) for _ in range(50)]
    assert np.mean(independent) == pytest.approx(0.8, abs=0.02)


def test_correlations_are_those_of_the_library():
    x, y = rng.normal(size=(2, 300))
    y = y + x
    assert est.correlation(x, y) == pytest.approx(np.corrcoef(x, y)[0, 1])
    assert est.rank_correlation(np.exp(x), y) == pytest.approx(est.rank_correlation(x, y))
    assert np.isnan(est.correlation(x, np.ones(300)))


@pytest.mark.parametrize(("power", "sign"), [(0.5, -1), (2.0, 1)])
def test_curvature_has_the_sign_of_the_second_derivative(power, sign):
    x = np.linspace(0.1, 1, 300)
    found = est.curvature(x, 0.2 * x**power, np.arange(300) % 2)
    assert np.sign(found) == sign
    assert est.curvature(x, 0.3 * x, np.zeros(300, int)) == pytest.approx(0.0, abs=1e-12)


def test_neighbours_on_a_ring():
    assert est.neighbors(np.array([1, 0, 0, 0, 0, 0]), 2).tolist() == [0, 1, 1, 0, 1, 1]


def test_the_error_of_a_mean_is_the_textbook_one():
    rows = rng.normal(size=(12, 1))
    value, error = est.jackknife(rows, lambda mean: float(mean[0]))
    assert value == pytest.approx(rows.mean()) and error == pytest.approx(rows.std(ddof=1) / 12**0.5)
    assert np.isnan(est.jackknife(rows[:1], lambda mean: float(mean[0]))[1])
