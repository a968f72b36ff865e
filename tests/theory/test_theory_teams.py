import numpy as np
import pytest
from scipy.integrate import quad

from flywheel_sim import theory

INF = float("inf")

# kappa: <r> and <r²> for each (d, n).  Six values are in circulation one unit higher than the exact ones round to,
# .621250 .730747 .879050 .667747 .900045 .863946 having been rounded twice.  test_two_directions_by_hand settles three
# of them on paper, test_three_directions_by_brute_force the others.
COLUMNS = [(2, 2), (2, 3), (2, 4), (2, INF), (3, 2), (3, 3), (3, 4), (3, INF)]
ORDER = {
    0: ".6366 .5000 .5249 .3333 .4498 .2500 0 .6667 .5000 .5417 .3333 .4667 .2500 0",
    1: ".7371 .6212 .6306 .4601 .5581 .3680 0 .7307 .5820 .6111 .4148 .5359 .3232 0",
    2: ".8176 .7232 .7387 .5979 .6860 .5222 0 .7864 .6565 .6836 .5051 .6165 .4160 0",
    3: ".8738 .7981 .8240 .7131 .7949 .6652 .7242 .8312 .7191 .7499 .5928 .6974 .5167 0",
    4: ".9101 .8489 .8790 .7922 .8637 .7635 .8315 .8652 .7687 .8035 .6677 .7659 .6087 .5998",
    6: ".9474 .9050 .9313 .8735 .9237 .8583 .9022 .9087 .8358 .8721 .7708 .8522 .7358 .7889",
    8: ".9636 .9318 .9522 .9094 .9467 .8983 .9302 .9327 .8753 .9076 .8289 .8946 .8048 .8536",
    10: ".9721 .9467 .9631 .9291 .9587 .9203 .9455 .9470 .9000 .9279 .8639 .9180 .8454 .8873",
}


@pytest.mark.parametrize("kappa", ORDER)
def test_order_parameter(kappa, agrees):
    values = []
    for d, n in COLUMNS:
        order = theory.gibbs_order(n, d, kappa)
        values += [order.r] if n == INF else [order.r, order.r2]
    agrees(values, ORDER[kappa])


@pytest.mark.parametrize("kappa", [1, 4, 10])
def test_two_directions_by_hand(kappa):
    # d = 3: s = cos(φ/2) has density proportional to s exp(κ s²); <r²> = (1 + A_3(κ/2)) / 2.
    top, bottom = (quad(lambda s, k=k: s**k * np.exp(kappa * (s * s - 1)), 0, 1)[0] for k in (2, 1))
    order = theory.gibbs_order(2, 3, kappa)
    assert order.r == pytest.approx(top / bottom, abs=1e-9)
    assert order.r2 == pytest.approx((1 + 1 / np.tanh(kappa / 2) - 2 / kappa) / 2, abs=1e-9)
    assert theory.gibbs_order(2, 2, kappa).r2 == pytest.approx((1 + theory.vmf_mean_cosine(2, kappa / 2)) / 2, abs=1e-9)


@pytest.mark.parametrize("d", [2, 3])
@pytest.mark.parametrize("kappa", [0, 1, 4, 10])
def test_three_directions_by_brute_force(d, kappa):
    x, w = np.polynomial.legendre.leggauss(200)
    if d == 2:
        a, b = np.meshgrid((x + 1) * np.pi, (x + 1) * np.pi)
        squared = (1 + np.cos(a) + np.cos(b)) ** 2 + (np.sin(a) + np.sin(b)) ** 2
    else:
        a, b = np.meshgrid(x, x)
        squared = 2 + 2 * a + 1 + 2 * np.sqrt(2 + 2 * a) * b
    R = np.sqrt(np.maximum(squared, 0))
    law = np.outer(w, w) * np.exp(kappa * (squared - 9) / 6)
    order = theory.gibbs_order(3, d, kappa)
    assert order.r == pytest.approx(np.sum(law * R) / law.sum() / 3, abs=2e-5)
    assert order.r2 == pytest.approx(np.sum(law * squared) / law.sum() / 9, abs=1e-9)


def test_random_walks_of_unit_steps():
    # Known mean lengths: 13/8 and 28/15 in space, 1.5745972 for three steps in the plane (Borwein et al.).  Tight
    # enough to feel the tail correction of the integral.
    assert 3 * theory.gibbs_order(3, 3, 0).r == pytest.approx(13 / 8, abs=1e-9)
    assert 4 * theory.gibbs_order(4, 3, 0).r == pytest.approx(28 / 15, abs=1e-9)
    assert 3 * theory.gibbs_order(3, 2, 0).r == pytest.approx(1.5745972, abs=6e-8)


@pytest.mark.parametrize(("n", "d", "kappa"), [(7, 2, 2.0), (7, 4, 3.0), (12, 3, 1.0)])
def test_order_against_weighted_random_directions(n, d, kappa):
    rng = np.random.default_rng(1)
    u = rng.normal(size=(60_000, n, d))
    u /= np.linalg.norm(u, axis=2, keepdims=True)
    r = np.linalg.norm(u.mean(axis=1), axis=1)
    weight = np.exp(kappa * n * r**2 / 2)
    weight /= weight.sum()
    order = theory.gibbs_order(n, d, kappa)
    for sample, exact in ((r, order.r), (r**2, order.r2)):
        mean = weight @ sample
        assert abs(mean - exact) < 4 * np.sqrt(weight**2 @ (sample - mean) ** 2)


def test_order_between_its_limits():
    n, d = 7, 3
    free = theory.gibbs_order(n, d, 0)
    assert free.r2 == pytest.approx(1 / n, abs=1e-12)
    order = theory.gibbs_order(n, d, [0, 1, 3, 9, 60])
    assert np.all(np.diff(order.r) > 0) and np.all(order.r**2 < order.r2) and order.r[-1] > 0.98
    assert theory.gibbs_order(300, d, 6).r == pytest.approx(theory.gibbs_order(INF, d, 6).r, abs=0.002)


@pytest.mark.parametrize("d", [2, 3, 4])
def test_order_appears_at_kappa_equal_to_d(d):
    critical = theory.gibbs_critical_kappa(d)
    below, above = theory.gibbs_order(INF, d, [critical * 0.999, critical * 1.001]).r
    assert below == 0 and above > 0.02
    # Just above, r² = (d + 2)/d (κ/d - 1) to leading order, from A_d(x) = x/d - x³/(d²(d + 2)).
    assert above**2 == pytest.approx((d + 2) / d * 0.001, rel=0.01)


@pytest.mark.parametrize(("d", "printed"), [(2, ".2425 .4464 .6978 .8635 .9352"), (3, ".1640 .3130 .5373 .7507 .8750")])
def test_one_direction_in_a_field(d, printed, agrees):
    agrees(theory.vmf_mean_cosine(d, [0.5, 1, 2, 4, 8]), printed)


def test_mean_cosine_at_small_and_large_fields():
    assert theory.vmf_mean_cosine(5, 1e-6) == pytest.approx(2e-7)
    assert theory.vmf_mean_cosine(5, 0) == 0
    assert theory.vmf_mean_cosine(3, 5000) == pytest.approx(1 - 1 / 5000)


@pytest.mark.parametrize(
    ("d", "J", "printed"), [(2, 2, ".698 .487 .340"), (2, 4, ".864 .746 .644"), (3, 4, ".751 .564 .423")]
)
def test_chain_of_handoffs(d, J, printed, agrees):
    agrees(theory.gibbs_chain_cosine(d, J, [1, 2, 3]), printed)


def test_pair_cosine_identity():
    rng = np.random.default_rng(0)
    u = rng.normal(size=(5, 3))
    u /= np.linalg.norm(u, axis=1, keepdims=True)
    gram = u @ u.T
    pairs = (gram.sum() - 5) / 20
    assert theory.mean_pair_cosine(np.sum(u.mean(axis=0) ** 2), 5) == pytest.approx(pairs)


@pytest.mark.parametrize(("d", "kappa", "h"), [(2, 1.5, 0.7), (3, 3.0, 0.4)])
def test_field_and_coupling_against_weighted_random_directions(d, kappa, h):
    rng = np.random.default_rng(8)
    n = 5
    u = rng.normal(size=(200_000, n, d))
    u /= np.linalg.norm(u, axis=2, keepdims=True)
    total = u.sum(axis=1)
    squared = np.sum(total**2, axis=1)
    weight = np.exp(kappa * squared / (2 * n) + h * total[:, 0])
    weight /= weight.sum()
    order = theory.gibbs_field_order(n, d, kappa, h)
    for sample, exact in ((total[:, 0] / n, order.cosine), (squared / n**2, order.r2)):
        mean = weight @ sample
        assert abs(mean - exact) < 4 * np.sqrt(weight**2 @ (sample - mean) ** 2)


def test_field_limits():
    assert theory.gibbs_field_order(1, 3, 0, 2).cosine == pytest.approx(theory.vmf_mean_cosine(3, 2))
    # One vector feels no coupling to others, whatever kappa.
    assert theory.gibbs_field_order(1, 3, 4.0, 2).cosine == pytest.approx(theory.vmf_mean_cosine(3, 2), abs=1e-8)
    weak = theory.gibbs_field_order(7, 2, 3.0, 1e-6)
    assert weak.r2 == pytest.approx(theory.gibbs_order(7, 2, 3.0).r2, abs=1e-8)
    m = float(theory.gibbs_field_order(INF, 3, 2.0, 0.5).cosine)
    assert m == pytest.approx(theory.vmf_mean_cosine(3, 2 * m + 0.5))
    assert theory.gibbs_field_order(400, 3, 2.0, 0.5).cosine == pytest.approx(m, abs=0.003)


def test_free_drift_on_the_sphere():
    rng = np.random.default_rng(6)
    D, dt, steps, d = 0.05, 0.01, 400, 3
    u = np.zeros((20_000, d))
    u[:, 0] = 1
    for _ in range(steps):
        step = rng.normal(size=u.shape) * np.sqrt(2 * D * dt)
        u += step - np.sum(step * u, axis=1, keepdims=True) * u
        u /= np.linalg.norm(u, axis=1, keepdims=True)
    assert u[:, 0].mean() == pytest.approx(theory.rotational_cosine(steps * dt, D, d), abs=0.012)
    n = 4
    r2 = np.sum(u.reshape(-1, n, d).mean(axis=1) ** 2, axis=1).mean()
    assert r2 == pytest.approx(theory.rotational_order(steps * dt, D, d, n), abs=0.012)


def test_kuramoto_threshold():
    assert theory.kuramoto_order([1.9, 2.0, 8.0], 1.0) == pytest.approx([0, 0, np.sqrt(0.75)])


def test_cadence_sawtooth(agrees):
    agrees(theory.cadence_variance(n=7, m=2, a=0.5, sigma=0.1), ".02286 .00571 .01000")


@pytest.mark.parametrize(("m", "a"), [(2, 0.5), (3, 1.0), (5, 0.2)])
def test_cadence_against_its_own_recursion(m, a):
    n, sigma = 7, 0.3
    variance, weekly = 0.0, []
    for week in range(1, 4001):
        variance += sigma**2 * (1 - 1 / n)
        if week % m == 0:
            variance *= (1 - a) ** 2
        weekly.append(variance)
    law = theory.cadence_variance(n, m, a, sigma)
    last = 4000 // m * m
    assert weekly[last - 1] == pytest.approx(law.post, abs=1e-12)
    assert np.mean(weekly[last - m : last]) == pytest.approx(law.mean)
    assert weekly[last - 2] + sigma**2 * (1 - 1 / n) == pytest.approx(law.pre)


@pytest.mark.parametrize("a", [1.0, 0.4])
def test_cadence_interval_is_the_cheapest(a):
    n, sigma, c, lam = 7, 0.1, 1500.0, 30_000.0
    best = float(theory.cadence_optimal_interval(c, lam, sigma, n, a))
    cost = theory.cadence_cost(n, best * np.array([0.9, 1.0, 1.1]), a, sigma, c, lam)
    assert cost[1] < cost[0] and cost[1] < cost[2]
    assert theory.cadence_optimal_interval(2 * c, lam, sigma, n, a) == pytest.approx(np.sqrt(2) * best)
    if a == 1.0:
        assert best == pytest.approx(np.sqrt(2 * c / (lam * sigma**2 * 6 / 7)))


@pytest.mark.parametrize(("C12", "printed"), [(0.0, ".500"), (0.5, ".2857"), (0.9, ".0840"), (-0.5, ".8571")])
def test_second_task_unmeasured(C12, printed, agrees):
    pay = theory.holmstrom_milgrom([1, 1], [[1, C12], [C12, 1]], [1, np.inf])
    agrees(pay.alpha[0], printed)
    assert pay.alpha[1] == 0
    # A variance so large that the measure is useless must say the same as no measure.
    assert theory.holmstrom_milgrom([1, 1], [[1, C12], [C12, 1]], [1, 1e12]).alpha == pytest.approx(pay.alpha, abs=1e-9)


def test_both_tasks_measured(agrees):
    apart = theory.holmstrom_milgrom([1, 1], np.eye(2), [1, 4])
    agrees(apart.alpha, ".5 .2")
    rival = theory.holmstrom_milgrom([1, 1], [[1, 0.5], [0.5, 1]], [1, 4])
    agrees(rival.alpha, ".3333 .1667")
    agrees(rival.effort, ".3333 0")
    assert theory.holmstrom_milgrom([1, 1], [[1, 0.9], [0.9, 1]], [1, 4]).effort[1] < 0


def test_contract_is_the_best_one():
    rng = np.random.default_rng(3)
    A, S = rng.normal(size=(2, 3, 3))
    B, C, sigma, r = rng.normal(size=3), A @ A.T + np.eye(3), S @ S.T, 0.7
    pay = theory.holmstrom_milgrom(B, C, sigma, r)
    assert pay.alpha == pytest.approx(np.linalg.inv(np.eye(3) + r * C @ sigma) @ B)

    def surplus(alpha):
        effort = np.linalg.solve(C, alpha)
        return B @ effort - effort @ C @ effort / 2 - r * alpha @ sigma @ alpha / 2

    assert surplus(pay.alpha) == pytest.approx(pay.surplus)
    for _ in range(20):
        assert surplus(pay.alpha + 0.1 * rng.normal(size=3)) < pay.surplus


@pytest.mark.parametrize(
    ("name", "g", "cosine", "share"),
    [
        ("close rate", (1, 0, 0), ".577", ".333"),
        ("NPS", (0.3, 0.2, 0.6), ".907", ".823"),
        ("MBO", (0.2, 0.1, 0.1), ".943", ".889"),
        # cos is .67937, its square 6/13 = .46154: .462, although .461 (the square of .679) is in circulation.
        ("late churn", (0, 0.2, 1), ".679", ".462"),
        ("pure gaming", (1, -1, 0), "0", "0"),
        ("relationship", (0.8, 0.8, 0.8), "1", "1"),
    ],
)
def test_measures_at_an_angle(name, g, cosine, share, agrees):
    reached = theory.baker_surplus_share((1, 1, 1), g)
    agrees(np.sqrt(reached), cosine)
    agrees(reached, share)


def test_baker_contract_is_the_best_bonus():
    f, g, rho, variance = np.array([1.0, 0.5, 0.2]), np.array([0.4, 0.9, 0.1]), 2.0, 0.3
    contract = theory.baker_contract(f, g, rho, variance)

    def surplus(b):
        return b * f @ g - b**2 * g @ g / 2 - rho * b**2 * variance / 2

    assert surplus(contract.b) == pytest.approx(contract.surplus)
    assert surplus(contract.b * 1.05) < contract.surplus and surplus(contract.b * 0.95) < contract.surplus
    assert contract.effort == pytest.approx(contract.b * g)
    assert contract.surplus / contract.first_best == pytest.approx(theory.baker_surplus_share(f, g, rho, variance))
    riskless = theory.baker_contract(f, g)
    cosine = f @ g / np.sqrt(f @ f * (g @ g))
    assert riskless.b == pytest.approx(np.sqrt(f @ f) * cosine / np.sqrt(g @ g))
    assert riskless.surplus == pytest.approx(f @ f * cosine**2 / 2)


def test_gaming_is_an_axis_without_value():
    honest = theory.baker_surplus_share((1, 1, 1, 0), (0.3, 0.2, 0.6, 0))
    gamed = theory.baker_surplus_share((1, 1, 1, 0), (0.3, 0.2, 0.6, 0.7))
    assert honest == pytest.approx(theory.baker_surplus_share((1, 1, 1), (0.3, 0.2, 0.6)))
    assert gamed == pytest.approx(honest * 0.49 / 0.98)


def test_brooks(agrees):
    agrees(theory.brooks_output([10, 11, 21], 0.1), "5.5 5.5 0")
    best = theory.brooks_optimum(0.1)
    agrees([best.n, best.zero], "10.5 21")
    n = np.linspace(1, 30, 2901)
    output = theory.brooks_output(n, 0.07)
    assert n[output.argmax()] == pytest.approx(1 / 0.07 + 0.5, abs=0.01)
    assert output.max() == pytest.approx(theory.brooks_optimum(0.07).output, abs=1e-4)
    assert theory.communication_channels(7) == 21


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: theory.gibbs_order(1, 2, 1), "n must be one whole number, at least 2"),
        (lambda: theory.gibbs_order(3, 1, 1), "d must be one whole number, at least 2"),
        (lambda: theory.gibbs_order(3, 2, -1), "kappa must be at least 0"),
        (lambda: theory.gibbs_field_order(3, 2, 1, 0), "h must be greater than 0"),
        (lambda: theory.kuramoto_order(0, 1), "K must be greater than 0"),
        (lambda: theory.cadence_variance(1, 2, 0.5, 0.1), "n must be at least 2"),
        (lambda: theory.cadence_variance(7, 2, 0, 0.1), r"a must lie in \(0, 1\]"),
        (lambda: theory.cadence_optimal_interval(0, 1, 1, 7), "c must be greater than 0"),
        (lambda: theory.holmstrom_milgrom([1, 1], np.eye(3), [1, 1]), "one row and column per entry of B"),
        (lambda: theory.holmstrom_milgrom([1, 1], [[1, 2], [2, 1]], [1, 1]), "positive definite"),
        (lambda: theory.holmstrom_milgrom([1, 1], np.eye(2), [1, -1]), "variances"),
        (lambda: theory.holmstrom_milgrom([1, 1], np.eye(2), [1, np.nan]), "variances"),
        (lambda: theory.holmstrom_milgrom([1, 1], np.eye(2), [1, 1, 1]), "shape"),
        (lambda: theory.baker_surplus_share([1, 1], [1, 1, 1]), "same length"),
        (lambda: theory.baker_surplus_share([0, 0], [1, 1]), "f must not be zero"),
        (lambda: theory.baker_contract([1, 1], [0, 0]), "g must not be zero"),
        (lambda: theory.brooks_optimum(0), "c must be greater than 0"),
    ],
)
def test_mistakes_are_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
