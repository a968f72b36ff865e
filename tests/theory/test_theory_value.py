import numpy as np
import pytest

from flywheel_sim import theory


def test_clv_is_its_sum():
    t = np.arange(1, 2000)
    assert theory.clv(50.0, 0.8, 0.12) == pytest.approx(50 * np.sum((0.8 / 1.12) ** t))
    assert theory.clv(50.0, 0.8, 0.12, first_margin="start") == pytest.approx(50 + theory.clv(50.0, 0.8, 0.12))


@pytest.mark.parametrize(("r", "i", "printed"), [(0.8, 0.12, "3.50"), (0.9, 0.12, "5.09"), (0.9, 0.10, "5.50")])
def test_retention_elasticity(r, i, printed, agrees):
    agrees(theory.clv_retention_elasticity(r, i), printed)


@pytest.mark.parametrize("first_margin", ["end", "start"])
def test_retention_elasticity_is_a_derivative(first_margin):
    r, i, h = 0.85, 0.1, 1e-6
    up, down = (theory.clv(1.0, r * (1 + s), i, first_margin=first_margin) for s in (h, -h))
    slope = (np.log(up) - np.log(down)) / (2 * h)
    assert theory.clv_retention_elasticity(r, i, first_margin=first_margin) == pytest.approx(slope, rel=1e-6)


def test_referral_multiplies_value():
    generations = 100.0 * np.sum(0.698 ** np.arange(500))
    assert theory.clv_with_referral(100.0, 0.698) == pytest.approx(generations)
    assert theory.referral_total(0.698) * 100 == pytest.approx(generations)


@pytest.mark.parametrize(
    ("gain", "defection"),
    [
        (0.25, ".25"),
        (0.30, ".217"),
        (0.35, ".193"),
        (0.40, ".175"),
        (0.45, ".161"),
        (0.50, ".15"),
        (0.75, ".117"),
        (0.85, ".109"),
        (1.25, ".09"),
    ],
)
def test_defection_implied_by_published_gains(gain, defection, agrees):
    base = theory.base_defection(gain)
    agrees(base, defection)
    assert theory.defection_profit_gain(base) == pytest.approx(gain)


def test_defection_gain_is_the_gain_in_lifetime():
    assert theory.defection_profit_gain(0.2, 0.05) == pytest.approx((1 / 0.15) / (1 / 0.2) - 1)


def test_published_gains_lie_between_25_and_85_per_cent():
    gains = [gain for gain, _ in theory.REICHHELD_SASSER.values()]
    assert (min(gains), max(gains)) == (0.25, 0.85)


def test_referred_customers_against_simulation():
    rng = np.random.default_rng(5)
    n, c, c_r, x, i, premium, decay = 400_000, 0.3, 0.2, 0.4, 0.1, 0.25, 0.8
    referrer = rng.exponential(1 / c_r, n)
    first = rng.exponential(1 / (c * (1 - x)), n)
    life = np.where(first < referrer, first, referrer + rng.exponential(1 / c, n))

    def worth(span, rate):
        return (1 - np.exp(-rate * span)) / rate

    value = worth(life, i) + premium * worth(life, i + decay)
    ratio = value * (i + c)
    exact = theory.referred_value_ratio(c, c_r, x, i, premium, decay)
    assert abs(ratio.mean() - exact) < 4 * ratio.std() / np.sqrt(n)


def test_referred_customers_without_a_difference_are_worth_the_same():
    assert theory.referred_value_ratio(0.12, 0.3, reduction=0.0) == pytest.approx(1.0)
    assert theory.referred_value_ratio(0.12, 0.0, reduction=0.5, i=0.0) == pytest.approx(2.0)


@pytest.mark.parametrize(("n", "printed"), [(50, "10.7"), (100, "7.6"), (400, "3.8")])
def test_nps_standard_error(n, printed, agrees):
    agrees(theory.nps_standard_error(0.5, 0.18, n), printed)


def test_nps_standard_error_against_drawn_surveys():
    rng = np.random.default_rng(2)
    draws = rng.multinomial(100, [0.5, 0.18, 0.32], size=40_000)
    scores = theory.nps(draws[:, 0] / 100, draws[:, 1] / 100)
    assert scores.std() == pytest.approx(theory.nps_standard_error(0.5, 0.18, 100), rel=0.015)
    assert scores.mean() == pytest.approx(theory.nps(0.5, 0.18), abs=0.2)


@pytest.mark.parametrize(("g", "printed"), [(0.25, "1.185"), (0.5, "1.600"), (0.9, "6.897")])
def test_deming_one_cycle_late(g, printed, agrees):
    agrees(theory.deming_variance(g, delay=1), printed)


def test_deming_rule_two_doubles_and_leaving_alone_does_not():
    assert theory.deming_variance([0.0, 1.0], sigma=3.0).tolist() == [9.0, 18.0]
    assert theory.deming_variance(0.0, delay=1) == 1.0


@pytest.mark.parametrize(("g", "delay"), [(0.6, 0), (1.5, 0), (0.25, 1), (0.6, 1)])
def test_deming_against_a_simulated_score(g, delay):
    rng = np.random.default_rng(9)
    noise = rng.normal(size=400_000)
    setting, scores, pending = 0.0, np.empty(noise.size), [0.0] * delay
    for t, e in enumerate(noise):
        scores[t] = setting + e
        pending.append(scores[t])
        setting -= g * pending.pop(0)
    assert scores[1000:].var() == pytest.approx(theory.deming_variance(g, delay=delay), rel=0.03)


def test_goodhart_against_drawn_measures():
    rng = np.random.default_rng(4)
    value = rng.normal(0, 2.0, 2_000_000)
    measure = value + rng.normal(0, 1.5, value.size)
    share = theory.goodhart_attenuation(2.0, 1.5)
    assert np.polyfit(measure, value, 1)[0] == pytest.approx(share, rel=0.005)
    near = np.abs(measure / 2.5 - 2) < 0.05
    assert value[near].mean() / 2.0 == pytest.approx(theory.goodhart_selection(2, 2.0, 1.5), rel=0.01)
    assert theory.goodhart_selection(2, 2.0, 1.5) == pytest.approx(2 * np.sqrt(share))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: theory.clv(1, 1, 0), "i must be above 0 where r is 1"),
        (lambda: theory.clv(1, 0.8, 0.1, first_margin="now"), "first_margin must be"),
        (lambda: theory.clv_with_referral(1, 1.0), r"R_f must lie in \[0, 1\)"),
        (lambda: theory.defection_profit_gain(0.05), "points must be smaller than c"),
        (lambda: theory.nps(0.7, 0.4), r"P \+ D must not exceed 1"),
        (lambda: theory.nps_standard_error(0.5, 0.1, 0), "n must be greater than 0"),
        (lambda: theory.deming_variance(2.0), r"g must lie in \[0, 2\)"),
        (lambda: theory.deming_variance(1.0, delay=1), r"g must lie in \[0, 1\)"),
        (lambda: theory.deming_variance(0.5, delay=2), "delay must be 0 or 1"),
        (lambda: theory.goodhart_attenuation(0, 1), "sigma_V must be greater than 0"),
    ],
)
def test_mistakes_are_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
