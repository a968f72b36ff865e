import heapq

import numpy as np
import pytest

from flywheel_sim import theory


@pytest.mark.parametrize(
    ("c", "a", "wait_chance", "wait"),
    [
        (1, 0.8, ".8000", "4.000"),
        (3, 2.4, ".6472", "1.0787"),
        (5, 4, ".5541", ".5541"),
        (10, 8, ".4092", ".2046"),
        (10, 9, ".6687", ".6687"),
        (20, 18, ".5508", ".2754"),
        (50, 45, ".3639", ".0728"),
    ],
)
def test_erlang(c, a, wait_chance, wait, agrees):
    agrees(theory.erlang_c(a, c), wait_chance)
    agrees(theory.erlang_wait(a, c), wait)


def test_erlang_against_the_stationary_chain():
    c, a = 4, 3.1
    weight = [a**k / np.prod(np.arange(1.0, k + 1)) for k in range(c + 1)]
    weight += [weight[c] * (a / c) ** j for j in range(1, 400)]
    law = np.array(weight) / np.sum(weight)
    assert theory.erlang_c(a, c) == pytest.approx(law[c:].sum())
    waiting = np.maximum(np.arange(law.size) - c, 0) @ law
    assert theory.little(a, theory.erlang_wait(a, c)) == pytest.approx(waiting)
    assert theory.erlang_b(a, c) == pytest.approx(weight[c] / np.sum(weight[: c + 1]))
    # One server: the chance to wait is the utilisation.
    assert theory.erlang_c(0.37, 1) == pytest.approx(0.37)


def test_erlang_against_simulated_waits():
    rng = np.random.default_rng(12)
    c, a, n = 5, 4.0, 300_000
    arrivals, service = np.cumsum(rng.exponential(1 / a, n)), rng.exponential(1.0, n)
    free, wait = [0.0] * c, np.empty(n)
    for i in range(n):
        begin = max(arrivals[i], heapq.heappop(free))
        wait[i] = begin - arrivals[i]
        heapq.heappush(free, begin + service[i])
    assert wait.mean() == pytest.approx(theory.erlang_wait(a, c), rel=0.06)
    assert (wait > 1).mean() == pytest.approx(theory.erlang_late_share(1.0, a, c), rel=0.06)


def test_waits_scale_with_the_service_time():
    assert theory.erlang_wait(8, 10, mu=4.0) == pytest.approx(theory.erlang_wait(8, 10) / 4)
    assert theory.erlang_late_share(0.0, 8, 10) == pytest.approx(theory.erlang_c(8, 10))


@pytest.mark.parametrize(
    ("lam", "c", "theta", "printed"), [(8, 10, 1, ".0532"), (10, 10, 0.1, ".0605"), (20, 10, 0.1, ".5000")]
)
def test_erlang_a(lam, c, theta, printed, agrees):
    agrees(theory.erlang_a(lam, c, theta), printed)


@pytest.mark.parametrize(("lam", "c", "theta", "mu"), [(8, 10, 1, 1), (3, 1, 0.5, 2), (0.2, 4, 3, 0.1), (5, 2, 0.3, 1)])
def test_erlang_a_solves_its_balance_equations(lam, c, theta, mu):
    size = 400
    rates = np.diag(np.full(size - 1, float(lam)), 1)
    for n in range(1, size):
        rates[n, n - 1] = min(n, c) * mu + max(0, n - c) * theta
    rates -= np.diag(rates.sum(axis=1))
    law = np.linalg.lstsq(np.vstack((rates.T, np.ones(size))), np.append(np.zeros(size), 1.0), rcond=None)[0]
    n = np.arange(size)
    assert theory.erlang_a_open(lam, c, theta, mu) == pytest.approx(n @ law)
    assert theory.erlang_a_waits(lam, c, theta, mu) == pytest.approx(law[c:].sum())
    # What is not given up is served: two sides of one balance.
    assert lam * (1 - theory.erlang_a(lam, c, theta, mu)) == pytest.approx(mu * np.minimum(n, c) @ law)


def test_erlang_a_tends_to_erlang_c_as_patience_grows():
    short, long = (abs(theory.erlang_a_waits(8, 10, t) - theory.erlang_c(8, 10)) for t in (1e-3, 1e-6))
    assert long < 2e-3 * short and theory.erlang_a_waits(8, 10, 0) == theory.erlang_c(8, 10)
    waiting = theory.little(8, theory.erlang_wait(8, 10))
    assert theory.erlang_a_open(8, 10, 1e-8) == pytest.approx(8 + waiting, rel=1e-5)
    assert theory.erlang_a(8, 10, 1e-8) / 1e-8 == pytest.approx(waiting / 8, rel=1e-5)
    # Beyond what the servers can do there is no steady state without giving up; with it, the least that must go.
    assert theory.erlang_a(20, 10, 1e-9) == pytest.approx(0.5)
    with pytest.raises(ValueError, match="the queue grows without end"):
        theory.erlang_a(20, 10, 0)


def test_erlang_a_of_very_many_servers():
    # theta = mu: everybody leaves at one rate, so the number open is Poisson, and Garnett's limit holds at the edge.
    assert theory.erlang_a_open(1e6, 1_000_000, 1.0) == pytest.approx(1e6, rel=1e-12)
    assert theory.erlang_a_waits(1e6, 1_000_000, 1.0) == pytest.approx(0.5, abs=1e-3)
    assert theory.erlang_a(1e6, 1_000_000, 1.0) * 1e3 == pytest.approx(1 / np.sqrt(2 * np.pi), rel=1e-3)
    assert theory.erlang_a([0, 5e5], 1_000_000, 1.0).tolist() == [0.0, 0.0]


def test_erlang_a_broadcasts():
    found = theory.erlang_a([[8], [20]], 10, [0.1, 1.0])
    assert found.shape == (2, 2) and found[1, 0] == theory.erlang_a(20, 10, 0.1)
    assert np.all(np.diff(theory.erlang_a(np.linspace(0, 30, 61), 10, 0.5)) >= 0), "more asked for, more lost"
    assert theory.erlang_a(32, 10, 0.4, 4) == pytest.approx(theory.erlang_a(8, 10, 0.1)), "only ratios of rates count"


@pytest.mark.parametrize(("f", "printed"), [(0.0, ".0253"), (0.2, ".1226"), (0.3, ".3840")])
def test_failure_demand(f, printed, agrees):
    agrees(theory.erlang_wait(theory.failure_demand(6, f), 10), printed)


def test_failure_demand_can_swamp_the_team():
    with pytest.raises(ValueError, match="the queue grows without end"):
        theory.erlang_wait(theory.failure_demand(6, 0.4), 10)


def test_break_even_containment(agrees):
    # Without extra contacts it is .10 / 8.01 = 1.25 %, which rounds to 1.2; 1.3 is in circulation.
    agrees(100 * theory.break_even_containment(8.01, 0.10, [0, 0.05, 0.10, 0.20]), "1.2 6.0 10.3 17.9")
    for a in (0.05, 0.3):
        rho = theory.break_even_containment(8.01, 0.10, a)
        assert (1 + a) * (0.10 + (1 - rho) * 8.01) == pytest.approx(8.01)


RATES = theory.VoiceRates(hC=0.0026, hA=0.0010, hD=0.0070, CA=0.012, CD=0.005, AC=0.015, DC=0.03, w_A=0.004)


def test_flywheel_reproduction(agrees):
    agrees(theory.voice_weeks(RATES), "232.8 174.6 31.5")
    agrees(theory.flywheel_reproduction(RATES), ".698")
    agrees(
        theory.flywheel_reproduction(hC=0.0135, hA=0.006, hD=0.03, CA=0.02, CD=0.012, AC=0.03, DC=0.05, w_A=0.012),
        ".31",
    )


def test_reproduction_three_ways():
    V = np.array([[0.0026 + 0.017, -0.015, -0.03], [-0.012, 0.016, 0], [-0.005, 0, 0.037]])
    F = np.zeros((3, 3))
    F[0, 1] = 0.004
    assert theory.next_generation_reproduction(F, V) == pytest.approx(theory.flywheel_reproduction(RATES))
    # Life table: follow a cohort week by week with the exact matrix exponential of a short step.
    from scipy.linalg import expm

    half, week = expm(-V * 0.5), expm(-V)
    alive, brought, survival = half @ np.array([1.0, 0, 0]), [], []
    for _ in range(6000):
        survival.append(alive.sum())
        brought.append(0.004 * alive[1] / alive.sum())
        alive = week @ alive
    table = theory.life_table_reproduction(survival, brought)
    assert table == pytest.approx(theory.flywheel_reproduction(RATES), rel=1e-3)
    assert theory.life_table_reproduction(survival, brought, susceptible=0.5) == pytest.approx(2 * table)


def test_reproduction_in_ticks_against_a_simulated_cohort():
    exact = theory.voice_weeks(RATES, step=1)
    assert theory.flywheel_reproduction(RATES, step=1) / theory.flywheel_reproduction(RATES) == pytest.approx(
        1.009, abs=0.002
    )
    assert theory.voice_weeks(RATES, step=1e-4) == pytest.approx(theory.voice_weeks(RATES), rel=1e-5)
    exits = [(0.0026, 0.012, 0.005), (0.0010, 0.015, 0.0), (0.0070, 0.03, 0.0)]
    to = [(3, 1, 2), (3, 0, 0), (3, 0, 0)]
    step = np.eye(4)
    for state, rates in enumerate(exits):
        total = sum(rates)
        for rate, target in zip(rates, to[state], strict=True):
            share = rate / total * -np.expm1(-total)
            step[state, target] += share
            step[state, state] -= share
    law, spent = np.array([1.0, 0, 0, 0]), np.zeros(4)
    for _ in range(20_000):
        spent += law
        law = law @ step
    assert spent[:3] == pytest.approx(exact, rel=1e-6)


def test_growth_changes_sign_where_reproduction_is_one():
    R0 = float(theory.flywheel_reproduction(RATES))
    even = RATES._replace(w_A=0.004 / R0)
    assert theory.flywheel_growth(even) == pytest.approx(0, abs=1e-12)
    assert theory.flywheel_growth(RATES) < 0 < theory.flywheel_growth(RATES, w_A=0.01)
    assert theory.flywheel_reproduction(RATES, w_A=0.01, susceptible=[0.5, 1.0]) == pytest.approx([1.25 * R0, 2.5 * R0])


def test_growth_of_a_constant_hazard():
    # dn/dt = (w - h) n, so growth is w - h; in whole weeks the life table says ln(w + e^-h).
    constant = theory.VoiceRates(hC=0.01, hA=1, hD=1, CA=0, CD=0, AC=0, DC=0, w_A=0, w_C=0.03)
    assert theory.flywheel_growth(constant) == pytest.approx(0.02)
    age = np.arange(1, 6001)
    survival = np.exp(-0.01 * (age - 1))
    assert theory.euler_lotka_growth(survival, 0.03) == pytest.approx(np.log(0.03 + np.exp(-0.01)))
    assert theory.euler_lotka_growth(survival, 0.005) < 0


def test_mean_field_without_churn_is_bass():
    path = theory.mean_field(N=1000, p=0.03, w_C=0.38, w_A=0.38, w_D=0.38, CA=0.1, AC=0.2, CD=0.1, DC=0.1, weeks=15)
    assert path.customers / 1000 == pytest.approx(theory.bass(np.arange(16), 0.03, 0.38), abs=1e-6)
    ticked = theory.mean_field(N=1000, p=0.03 / 52, w_C=0.38 / 52, weeks=260, step=1)
    assert ticked.customers[-1] / 1000 == pytest.approx(theory.bass(5, 0.03, 0.38, step=1 / 52), abs=1e-9)


def test_mean_field_without_word_of_mouth_is_little():
    path = theory.mean_field(theory.B2B_MARKET, w_A=0.0, weeks=12_000, pool="constant")
    lifetime = theory.voice_weeks(RATES)
    assert path.customers[-1] == pytest.approx(theory.little(4800 * 0.0006, lifetime.sum()), rel=1e-4)
    assert [path.neutral[-1], path.advocates[-1], path.detractors[-1]] == pytest.approx(2.88 * lifetime, rel=1e-4)
    assert path.referred[-1] == 0


def test_mean_field_keeps_its_books():
    for step in (None, 0.5):
        path = theory.mean_field(theory.B2C_MARKET, win_back=0.01, step=step, initial_A=600, initial_D=200)
        everyone = path.prospects + path.customers + path.lost
        assert everyone == pytest.approx(np.full(261, 20_000.0))
        assert path.customers == pytest.approx(2000 + path.bought + path.referred + path.won_back - path.churned)
        assert path.lost == pytest.approx(path.churned - path.won_back)


def test_mean_field_in_small_ticks_is_the_differential_equation():
    flow = theory.mean_field(theory.B2B_MARKET, weeks=52)
    gap = [
        np.abs(theory.mean_field(theory.B2B_MARKET, weeks=52, step=s).customers - flow.customers).max()
        for s in (1, 0.125)
    ]
    assert gap[0] < 1.0 and gap[1] < gap[0] / 6


def test_the_b2b_start_values_as_stated():
    # The stated rates, everybody neutral at the start.  An earlier check of the same market gave 321, 533, 703
    # customers at years 1, 3, 5; these equations give 322, 543, 724.  That check did not record its start mix or its
    # treatment of bad word of mouth, and the gap (up to 3 %) is NOT explained: the band below only bounds it.
    path = theory.mean_field(theory.B2B_MARKET)
    assert path.customers[[52, 156, 260]] == pytest.approx([321, 533, 703], rel=0.035)
    # Year 1 depends on the unrecorded mix (NPS 19 here, 23 there), so only year 5 is compared.
    assert path.nps[260] == pytest.approx(29, abs=0.5)
    year = slice(208, 260)
    assert (path.churned[260] - path.churned[208]) / path.customers[year].mean() == pytest.approx(0.12, abs=0.005)
    referred, bought = (x[260] - x[208] for x in (path.referred, path.bought))
    assert referred / (referred + bought) == pytest.approx(0.24, abs=0.01)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: theory.erlang_c(10, 10), "a must be below c = 10"),
        (lambda: theory.erlang_c(1, 0), "c must be one whole number, at least 1"),
        (lambda: theory.erlang_a(-1, 10, 1), "lam must be at least 0"),
        (lambda: theory.erlang_a_open(1, 10, 1e-12), "theta must be 0, or at least 1e-09 times mu"),
        (lambda: theory.failure_demand(1, 1.0), r"f must lie in \[0, 1\)"),
        (lambda: theory.break_even_containment(0, 0), "c_L must be greater than 0"),
        (lambda: theory.flywheel_reproduction(hC=0.1), "needs hA, hD, CA, CD, AC, DC, w_A"),
        (lambda: theory.flywheel_reproduction(RATES, w_B=1.0), "does not know w_B"),
        (lambda: theory.flywheel_reproduction(RATES, hC=-1.0), "hC must be at least 0"),
        (lambda: theory.voice_weeks(RATES, hC=0, hA=0, hD=0), "stay for ever"),
        (lambda: theory.next_generation_reproduction([[1]], [[0]]), "V must be invertible"),
        (lambda: theory.next_generation_reproduction([[1]], np.eye(2)), "one size"),
        (lambda: theory.referral_total(1.0), r"R_f must lie in \[0, 1\)"),
        (lambda: theory.life_table_reproduction([[1.0]], 0.1), "one share per week"),
        (lambda: theory.euler_lotka_growth([1.0], 0.0), "must not be zero at every age"),
        (lambda: theory.mean_field(p=0.1), "needs N"),
        (lambda: theory.mean_field(N=10, p=0.1, n=3), "does not know n"),
        (lambda: theory.mean_field(N=10, p=0.1, initial=11), "initial must not exceed N"),
        (lambda: theory.mean_field(N=10, p=0.1, initial=5, initial_A=6), "must not exceed initial"),
        (lambda: theory.mean_field(N=10, p=0.1, pool="open"), "pool must be"),
        (lambda: theory.mean_field(N=10, p=0.1, step=0.4), "1 / step must be one whole number"),
    ],
)
def test_mistakes_are_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_mean_field_reads_a_scenario_and_follows_what_is_set():
    from flywheel_sim import load

    wheel = load("limits/a23-reproduction")
    path = theory.mean_field(wheel, weeks=52, step=1)
    assert path.prospects.tolist() == [5000.0] * 53, "a constant pool has S/N = 1"
    rates = theory.VoiceRates(hC=0.0026, hA=0.001, hD=0.007, CA=0.012, CD=0.005, AC=0.015, DC=0.03, w_A=0.004)
    assert path.referred[1] == 0, "the first customers are neutral"
    advocates = path.advocates[:-1].sum()
    assert path.referred[-1] == pytest.approx(rates.w_A * advocates, rel=1e-3)  # 1 - exp(-h) for h
    closed = theory.mean_field(wheel.with_({"market.pool": "closed"}), step=1)
    assert closed.prospects[-1] < 5000 - 500 and len(closed.week) == 5201
    louder = theory.mean_field(wheel.with_({"word_of_mouth.rate": 0.008}), weeks=52, step=1)
    assert louder.referred[-1] > 1.9 * path.referred[-1]
    assert theory.mean_field(wheel, weeks=52, w_A=0).referred[-1] == 0, "keywords go before the scenario"


def test_mean_field_of_a_scenario_has_the_churn_of_its_contracts():
    from flywheel_sim import load

    base = load("b2b-saas").with_({"contracts.involuntary": 0.0, "market.churn.mean": 0.15})

    def yearly(changes):
        return 1 - np.exp(-52 * theory.market_symbols(base.with_(changes))["hA"])

    assert yearly({}) == pytest.approx(0.15)
    assert yearly({"contracts.kind": "monthly"}) == pytest.approx(1 - 0.85**12)
    assert yearly({"contracts.enabled": False}) == pytest.approx(0.15)
    assert yearly({"contracts.involuntary": 0.1}) == pytest.approx(1 - 0.85 * 0.9)
    with pytest.raises(ValueError, match="no market"):
        theory.mean_field(base.with_({"market.enabled": False}))
