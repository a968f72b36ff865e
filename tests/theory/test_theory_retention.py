import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import beta as beta_law

from flywheel_sim import theory

CDNOW = theory.BGNBD_CDNOW._asdict()


def test_fit_of_the_regular_cohort(agrees):
    fit = theory.sbg_fit(theory.SBG_REGULAR[:8])
    agrees([fit.alpha, fit.beta], ".7041 1.1820")
    agrees([fit.alpha, fit.beta], ".704 1.182")  # as published


def test_fit_holds_out():
    fit = theory.sbg_fit(theory.SBG_REGULAR[:8])
    # Years 8-12 were not used; the paper's point is that they are met within a point.
    forecast = 100 * theory.sbg(np.arange(8, 13), fit.alpha, fit.beta)
    assert np.abs(forecast - theory.SBG_REGULAR[8:]).max() < 1.0


def test_fit_is_a_maximum_and_ignores_units():
    fit = theory.sbg_fit(theory.SBG_REGULAR[:8])
    shares = theory.sbg_fit(np.array(theory.SBG_REGULAR[:8]) / 100)
    assert (shares.alpha, shares.beta) == pytest.approx((fit.alpha, fit.beta), rel=1e-5)
    assert shares.ll == pytest.approx(fit.ll / 100)
    lost, t = -np.diff(theory.SBG_REGULAR[:8]), np.arange(1, 8)

    def ll(alpha: float, beta: float) -> float:
        end = theory.SBG_REGULAR[7] * np.log(theory.sbg(7, alpha, beta))
        return float(lost @ np.log(theory.sbg_churn(t, alpha, beta)) + end)

    assert ll(fit.alpha, fit.beta) == pytest.approx(fit.ll)
    for da, db in ((0.01, 0), (-0.01, 0), (0, 0.01), (0, -0.01)):
        assert ll(fit.alpha + da, fit.beta + db) < fit.ll


def test_survival_and_retention(agrees):
    years = np.arange(1, 13)
    fit = theory.sbg_fit(theory.SBG_REGULAR[:8])  # unrounded: S(6) is .26246 there, and .2624 from .7041 / 1.1820
    agrees(
        theory.sbg(years, fit.alpha, fit.beta),
        ".6267 .4738 .3880 .3321 .2923 .2625 .2390 .2201 .2044 .1912 .1799 .1700",
    )
    agrees(theory.sbg_retention(years[:6], 0.7041, 1.1820), ".627 .756 .819 .856 .880 .898")


def test_survival_is_the_mean_over_customers():
    for t in (1, 4, 9):
        mean = quad(lambda x, t=t: (1 - x) ** t * beta_law.pdf(x, 0.7041, 1.182), 0, 1)[0]
        assert theory.sbg(t, 0.7041, 1.182) == pytest.approx(mean, rel=1e-6)


def test_churn_follows_the_forward_recursion():
    a, b = 0.7041, 1.182
    churn = [a / (a + b)]
    for t in range(2, 11):
        churn.append(churn[-1] * (b + t - 2) / (a + b + t - 1))
    assert theory.sbg_churn(np.arange(1, 11), a, b) == pytest.approx(churn)
    assert theory.sbg(10, a, b) == pytest.approx(1 - sum(churn))


def test_discounted_lifetime(agrees):
    # These digits belong to the published .704 / 1.182; .7041 / 1.1820 gives 3.6948 and 2.9642 4.1030 5.8940.
    agrees(theory.sbg_del(0.704, 1.182, 0.1), "3.6951")
    agrees(theory.sbg_derl([1, 2, 5], 0.704, 1.182, 0.1), "2.9647 4.1035 5.8944")


def test_discounted_lifetime_against_the_sum():
    t = np.arange(3000)
    discount = 1.1**-t
    assert theory.sbg_del(0.704, 1.182, 0.1) == pytest.approx(theory.sbg(t, 0.704, 1.182) @ discount)
    for n in (1, 5):  # payments from number n + 1 on, given number n was made
        rest = theory.sbg(n + t, 0.704, 1.182) / theory.sbg(n - 1, 0.704, 1.182) @ discount
        assert theory.sbg_derl(n, 0.704, 1.182, 0.1) == pytest.approx(rest)


def test_constant_retention_underrates_the_cohort(agrees):
    flat = theory.clv(1.0, 0.631, 0.1, first_margin="start")
    agrees(flat, "2.345")
    assert 1 - flat / theory.sbg_del(0.704, 1.182, 0.1) == pytest.approx(0.37, abs=0.005)


def test_expected_purchases(agrees):
    weeks = [1, 10, 26, 39, 52]
    agrees(theory.bgnbd_expected_purchases(weeks, **CDNOW), ".05318 .43176 .90132 1.19501 1.44401")
    agrees(theory.bgnbd_no_purchase_probability(39, CDNOW["r"], CDNOW["alpha"]), ".57431")


def test_purchase_law_adds_up():
    law = [theory.bgnbd_purchase_probability(x, 39, **CDNOW) for x in range(200)]
    assert sum(law) == pytest.approx(1, abs=1e-8)
    assert np.arange(200) @ law == pytest.approx(theory.bgnbd_expected_purchases(39, **CDNOW), rel=1e-6)
    assert law[0] == pytest.approx(theory.bgnbd_no_purchase_probability(39, CDNOW["r"], CDNOW["alpha"]))


def test_purchases_against_simulated_customers():
    rng = np.random.default_rng(11)
    n, horizon = 60_000, 26.0
    rate = rng.gamma(CDNOW["r"], 1 / CDNOW["alpha"], n)
    drop = rng.beta(CDNOW["a"], CDNOW["b"], n)
    bought, clock = np.zeros(n), rng.exponential(1 / rate)
    alive = clock < horizon
    while alive.any():
        bought[alive] += 1
        alive = alive & (rng.random(n) > drop)
        clock = clock + rng.exponential(1 / rate)
        alive = alive & (clock < horizon)
    error = bought.std() / np.sqrt(n)
    assert abs(bought.mean() - theory.bgnbd_expected_purchases(26, **CDNOW)) < 4 * error
    for x in range(4):
        chance = theory.bgnbd_purchase_probability(x, 26, **CDNOW)
        assert abs((bought == x).mean() - chance) < 4 * np.sqrt(chance * (1 - chance) / n)


def test_likelihood_integrates_to_the_purchase_law():
    # One purchase in (0, T): the density of its time, over time, is P(X = 1).
    total = quad(lambda s: np.exp(theory.bgnbd_log_likelihood([1], [s], [20.0], **CDNOW)), 0, 20)[0]
    assert total == pytest.approx(theory.bgnbd_purchase_probability(1, 20, **CDNOW), rel=1e-6)


def test_likelihood_of_silence_and_of_several_customers():
    silence = theory.bgnbd_log_likelihood([0], [0.0], [39.0], **CDNOW)
    assert np.exp(silence) == pytest.approx(theory.bgnbd_no_purchase_probability(39, CDNOW["r"], CDNOW["alpha"]))
    three = theory.bgnbd_log_likelihood([1], [12.0], [39.0], **CDNOW) + 2 * silence
    assert theory.bgnbd_log_likelihood([0, 1, 0], [0.0, 12.0, 0.0], 39.0, **CDNOW) == pytest.approx(three)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: theory.sbg(-1, 1, 1), "t must be at least 0"),
        (lambda: theory.sbg(1, 0, 1), "alpha must be greater than 0"),
        (lambda: theory.sbg_retention(0, 1, 1), "t must be at least 1"),
        (lambda: theory.sbg_del(1, 1, 0), "d must be greater than 0"),
        (lambda: theory.sbg_fit([100, 90]), "at least three"),
        (lambda: theory.sbg_fit([100, 90, 95]), "must fall"),
        (lambda: theory.sbg_fit([100, 100, 100]), "somebody must leave"),
        (lambda: theory.bgnbd_expected_purchases(1, 1, 1, 1, 1), "a must not be 1"),
        (lambda: theory.bgnbd_purchase_probability(-1, 1, 1, 1, 1, 1), "x must be one whole number"),
        (lambda: theory.bgnbd_log_likelihood([1], [5], [4], 1, 1, 1, 1), "t_x must not exceed T"),
    ],
)
def test_mistakes_are_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
