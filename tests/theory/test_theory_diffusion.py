import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.linalg import expm

from flywheel_sim import theory

YEARS = [1, 2, 5, 10, 15]
P, Q = 0.03, 0.38


def test_bass_continuous(agrees):
    agrees(theory.bass(YEARS, P, Q), ".03576 .08506 .33120 .81280 .97161")


def test_bass_in_weekly_ticks(agrees):
    agrees(theory.bass(YEARS, P, Q, step=1 / 52), ".03561 .08466 .32955 .81132 .97133")


def test_bass_in_annual_linear_steps(agrees):
    agrees(theory.bass(YEARS, P, Q, step=1, rule="linear"), ".03000 .07016 .27291 .78264 .97816")


def test_bass_solves_its_differential_equation():
    path = solve_ivp(
        lambda _, F: (0.01 + 0.5 * F) * (1 - F), (0, 20), [0.0], t_eval=[3, 12, 20], rtol=1e-10, atol=1e-12
    )
    assert theory.bass([3, 12, 20], 0.01, 0.5) == pytest.approx(path.y[0], abs=1e-8)


def test_ticks_approach_the_closed_form_in_proportion_to_their_length():
    gap = [theory.bass(5, P, Q) - theory.bass(5, P, Q, step=step) for step in (1 / 52, 1 / 364)]
    assert gap[0] / gap[1] == pytest.approx(7, rel=0.02)


def test_without_imitation_bass_is_exponential():
    assert theory.bass(YEARS, P, 0.0) == pytest.approx(1 - np.exp(-P * np.array(YEARS)))


def test_bass_broadcasts_and_keeps_numbers_as_numbers():
    assert theory.bass(np.ones((4, 1)), P, [0.1, 0.2, 0.3]).shape == (4, 3)
    assert isinstance(theory.bass(1, P, Q), float)


@pytest.mark.parametrize(
    ("name", "t", "rate"),
    [
        ("electric refrigerators", "20.21", "2209"),
        ("home freezers", "11.87", "1149"),
        ("water softeners", "8.96", "483"),
        ("power lawnmowers", "10.39", "3989"),
        ("electric bed coverings", "14.92", "4897"),
        ("automatic coffee makers", "9.00", "4953"),
        ("steam irons", "6.84", "5398"),
        ("record players", "4.82", "3864"),
    ],
)
def test_peaks_of_the_durables(name, t, rate, agrees):
    durable = theory.BASS_DURABLES[name]
    peak = theory.bass_peak(durable.p, durable.q, durable.m)
    agrees(peak.t, t)
    agrees(peak.rate, rate)
    if name != "electric refrigerators":  # no published prediction
        # Bass printed predictions from his own, unrounded estimates.
        assert peak.t == pytest.approx(durable.predicted_peak, abs=0.3)


def test_the_peak_is_where_the_curve_is_steepest():
    peak = theory.bass_peak(P, Q)
    h = 1e-4
    slope = (theory.bass(peak.t + h, P, Q) - theory.bass(peak.t - h, P, Q)) / (2 * h)
    before, after = theory.bass(peak.t - 0.5, P, Q), theory.bass(peak.t + 0.5, P, Q)
    assert slope == pytest.approx(peak.rate, rel=1e-6)
    assert theory.bass(peak.t, P, Q) == pytest.approx(peak.F)
    assert after + before - 2 * peak.F == pytest.approx(0, abs=1e-3)
    assert pytest.approx(0.5 - P / (2 * Q)) == peak.F


def test_regression_and_back():
    a, b, c = theory.bass_regression(P, Q, 500.0)
    m = (-b - np.sqrt(b**2 - 4 * a * c)) / (2 * c)
    assert (m, a / m, b + a / m) == pytest.approx((500.0, P, Q))


@pytest.mark.parametrize(
    ("n", "mean", "sd"),
    [
        # At two years the exact mean is .084849 (also from the matrix exponential below): .0848, although .0849 is in
        # circulation, which is .08485 rounded twice.
        (100, ".0357 .0848 .3262 .7994 .9681", ".022 .040 .095 .080 .024"),
        (500, ".0358 .0850 .3302 .8102 .9710", ".010 .018 .043 .034 .010"),
    ],
)
def test_pure_birth(n, mean, sd, agrees):
    chain = theory.bass_pure_birth(YEARS, P, Q, n)
    agrees(chain.mean, mean)
    agrees(chain.sd, sd)


def test_pure_birth_against_the_matrix_exponential():
    n, t = 60, 7.0
    k = np.arange(n + 1)
    rate = (n - k) * (P + Q * k / (n - 1))
    law = expm((np.diag(-rate) + np.diag(rate[:-1], 1)) * t)[0]
    chain = theory.bass_pure_birth(t, P, Q, n)
    assert chain.mean == pytest.approx(law @ k / n, abs=1e-12)
    assert chain.sd == pytest.approx(np.sqrt(law @ (k / n) ** 2 - (law @ k / n) ** 2), abs=1e-10)


def test_pure_birth_in_ticks_against_simulated_ticks():
    rng = np.random.default_rng(7)
    n, runs = 100, 20_000
    k = np.zeros(runs, dtype=int)
    for _ in range(260):
        k += rng.binomial(n - k, -np.expm1(-(P + Q * k / (n - 1)) / 52))
    chain = theory.bass_pure_birth(5, P, Q, n, step=1 / 52)
    assert abs(k.mean() / n - chain.mean) < 4 * chain.sd / np.sqrt(runs)
    assert k.std() / n == pytest.approx(chain.sd, rel=4 / np.sqrt(2 * runs))


def test_pure_birth_tends_to_bass_as_one_over_n():
    # The tick version must tend to the ticked curve, the continuous one to the closed form.
    for step in (None, 1 / 52):
        gap = [theory.bass(5, P, Q, step=step) - theory.bass_pure_birth(5, P, Q, n, step=step).mean for n in (200, 400)]
        assert gap[0] > 0
        assert gap[0] / gap[1] == pytest.approx(2, rel=0.02)


def test_two_accounts_that_hear_each_other_are_a_pair():
    assert theory.bass_pure_birth(YEARS, P, Q, 2).mean == pytest.approx(theory.bass_pair(YEARS, P, Q), abs=1e-12)
    ticked = theory.bass_pure_birth(YEARS, P, Q, 2, step=1 / 52).mean
    assert ticked == pytest.approx(theory.bass_pair(YEARS, P, Q, step=1 / 52), abs=1e-12)


def test_times_may_come_in_any_order():
    forward, backward = theory.bass_pure_birth(YEARS, P, Q, 30), theory.bass_pure_birth(YEARS[::-1], P, Q, 30)
    assert forward.mean == pytest.approx(backward.mean[::-1])


def test_ring(agrees):
    agrees(theory.bass_ring(YEARS, P, Q), ".03502 .07905 .24846 .55826 .78985")


def test_pair(agrees):
    agrees(theory.bass_pair(YEARS, P, Q), ".03440 .07481 .20672 .40557 .55876")


def test_pair_where_both_hazards_are_equal_is_the_limit():
    assert theory.bass_pair(4, 0.2, 0.2) == pytest.approx(theory.bass_pair(4, 0.2, 0.2 + 1e-7), rel=1e-6)


def test_ring_in_ticks_against_a_simulated_ring():
    rng = np.random.default_rng(3)
    n, p, q, step = 400_000, 0.2, 2.0, 0.25
    adopted = np.zeros(n, dtype=bool)
    for _ in range(12):
        hazard = p + q / 2 * (np.roll(adopted, 1).astype(float) + np.roll(adopted, -1))
        adopted = adopted | (rng.random(n) < -np.expm1(-hazard * step))
    exact = theory.bass_ring(3, p, q, step=step)
    assert abs(adopted.mean() - exact) < 0.005  # five standard errors of a correlated ring
    assert abs(exact - theory.bass_ring(3, p, q)) > 0.02  # so the tick form is told apart from the limit


def test_ring_in_small_ticks_is_the_closed_form():
    assert theory.bass_ring(5, P, Q, step=1 / 2000) == pytest.approx(theory.bass_ring(5, P, Q), abs=2e-4)


@pytest.mark.parametrize("step", [None, 1 / 52])
@pytest.mark.parametrize(("p", "q"), [(0.03, 0.38), (0.2, 0.1), (0.001, 1.5)])
def test_the_ring_lies_between_the_bounds(p, q, step):
    lower, upper = theory.bass_network_bounds(YEARS, p, q, step=step)
    ring = theory.bass_ring(YEARS, p, q, step=step)
    assert np.all(lower < ring) and np.all(ring < upper)


def test_epidemic_threshold():
    assert theory.epidemic_threshold([3, 3, 3]) == pytest.approx(0.5)
    assert theory.epidemic_threshold([1, 1]) == float("inf")


def test_adopter_multiplier(agrees):
    peak = theory.bass_peak(P, Q).t
    agrees(peak, "6.19")
    agrees(theory.adopter_multiplier([0, 1, 3, peak], peak, P, Q), "3.69 2.63 1.49 1.00")
    agrees(theory.adopter_multiplier([0, 1, 3, peak], 15, P, Q), ".38 .27 .15 .10")


def test_adopter_multiplier_against_a_nudged_market():
    # Add a sliver of customers at time 3 and integrate on: the definition, not the formula.
    def end(start: float) -> float:
        path = solve_ivp(lambda _, F: (P + Q * F) * (1 - F), (3, 10), [start], rtol=1e-11, atol=1e-13)
        return path.y[0, -1]

    start = float(theory.bass(3, P, Q))
    assert (end(start + 1e-5) - end(start - 1e-5)) / 2e-5 == pytest.approx(
        theory.adopter_multiplier(3, 10, P, Q), rel=1e-4
    )


def test_ties_add_up_as_hazards():
    chance = theory.informed_probability(alpha=0.0, beta_w=0.01, beta_s=0.05, j=7, m=3)
    assert -np.log(1 - chance) == pytest.approx(-7 * np.log(0.99) - 3 * np.log(0.95))
    assert theory.informed_probability(0.3, 0.01, 0.05, 0, 0) == pytest.approx(0.3)


def test_bad_news():
    verdict = theory.bad_news_probabilities(0.01, 0.01, 0.05, 2, 5, 2, 3, 1)
    good = theory.informed_probability(0.01, 0.01, 0.05, 5, 2)
    bad = theory.informed_probability(0.0, 0.02, 0.10, 3, 1)
    assert verdict.adopt + verdict.reject == pytest.approx(1 - (1 - good) * (1 - bad))
    assert verdict.adopt / verdict.reject == pytest.approx(
        (good * (1 - bad) + good**2 * bad / (good + bad)) / (bad * (1 - good) + bad**2 * good / (good + bad))
    )
    silence = theory.bad_news_probabilities(0.0, 0.01, 0.05, 2, 0, 0, 0, 0)
    assert (silence.adopt, silence.reject) == (0.0, 0.0)
    only_good = theory.bad_news_probabilities(0.01, 0.01, 0.05, 2, 5, 2, 0, 0)
    assert (only_good.adopt, only_good.reject) == pytest.approx((good, 0.0))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: theory.bass(1, 0, 0.3), "p must be greater than 0"),
        (lambda: theory.bass(1, 0.03, -0.3), "q must be at least 0"),
        (lambda: theory.bass(-1, 0.03, 0.3), "t must be at least 0"),
        (lambda: theory.bass(float("nan"), 0.03, 0.3), "t must be finite"),
        (lambda: theory.bass("soon", 0.03, 0.3), "t must be a number"),
        (lambda: theory.bass(0.5, 0.03, 0.3, step=1 / 3), "whole number of steps"),
        (lambda: theory.bass(1, 0.03, 0.3, step=1, rule="euler"), "rule must be 'exponential' or 'linear'"),
        (lambda: theory.bass(1, 0.9, 0.3, step=1, rule="linear"), "<= 1"),
        (lambda: theory.bass_peak(0.3, 0.1), "q must be at least p"),
        (lambda: theory.bass_pure_birth(1, 0.03, 0.3, 1), "n must be one whole number, at least 2"),
        (lambda: theory.bass_pure_birth(1, 0.03, 0.3, 10.5), "n must be one whole number"),
        (lambda: theory.epidemic_threshold([]), "at least one account"),
        (lambda: theory.informed_probability(1.2, 0, 0, 0, 0), r"alpha must lie in \[0, 1\]"),
        (lambda: theory.bad_news_probabilities(0, 0.6, 0.6, 2, 0, 0, 0, 0), r"M \* q_w must lie"),
        (lambda: theory.adopter_multiplier(3, 2, 0.03, 0.3), "T must not be before t"),
    ],
)
def test_mistakes_are_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
