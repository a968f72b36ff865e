"""The suite of limits: its statistics, that it lists every closed form, and that it notices what is wrong."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from flywheel_sim import load, scenarios, theory
from flywheel_sim.results.verification import Quantity
from flywheel_sim.scenario import ScenarioError
from flywheel_sim.study.verification import limits, verify
from flywheel_sim.study.verification.limits.base import average


def test_every_closed_form_is_run_or_says_why_not():
    anchors = {limit.anchor for limit in limits.LIMITS.values()}
    assert anchors | set(limits.THEORY_ONLY) == set(theory.ANCHORS)
    assert not anchors & set(limits.THEORY_ONLY)


def test_every_shipped_limit_is_run():
    shipped = {name.removeprefix("limits/") for name in scenarios() if name.startswith("limits/")}
    assert {limit.scenario for limit in limits.LIMITS.values()} == shipped


def test_what_theory_follows_can_be_set():
    for limit in limits.LIMITS.values():
        scenario = load(f"limits/{limit.scenario}").with_(dict(limit.given))
        for path in limit.free:
            scenario.get(path.removesuffix("."))


def test_holm_by_hand():
    assert verify.holm([0.01, 0.04, 0.03], 0.05) == [False, True, True]
    assert verify.holm([0.01, 0.02, 0.03], 0.05) == [False, False, False]
    assert verify.holm([], 0.05) == []


def test_holm_keeps_the_rate_of_any_false_alarm():
    rng = np.random.default_rng(7)
    false = [not all(verify.holm(list(rng.random(40)), 0.05)) for _ in range(2000)]
    assert sum(false) < stats.binom.isf(1e-4, 2000, 0.05)


def test_p_values_are_uniform_where_errors_are_estimated():
    rng = np.random.default_rng(3)
    p = [verify.p_value(average("x", rng.normal(2.0, 1.0, 8), 2.0)) for _ in range(2000)]
    assert stats.kstest(p, "uniform").pvalue > 1e-4


def test_a_stated_bias_is_allowed_and_no_more():
    inside = Quantity("x", 1.0, 1.05, 0.01, bias=0.05)
    assert verify.p_value(inside) == pytest.approx(1.0)
    assert verify.p_value(replace(inside, model=1.1)) == pytest.approx(2 * stats.norm.sf(5.0))
    assert math.isnan(verify.p_value(replace(inside, error=0.0)))


def test_the_smallest_deviation_seen_is_seen_nine_times_in_ten():
    alpha, tests = 0.01, 20
    far = verify.smallest_seen(Quantity("x", 0.0, 0.0, 1.0), alpha, tests)
    rng = np.random.default_rng(5)
    seen = [verify.p_value(Quantity("x", 0.0, far + e, 1.0)) <= alpha / tests for e in rng.normal(size=1000)]
    assert np.mean(seen) == pytest.approx(0.9, abs=0.04)


def test_theory_follows_what_is_set_and_says_when_it_cannot():
    found = verify.verify(["A22"], changes={"capacity.pair_hours": 2})
    assert found.ok
    assert found.checks[0].quantities[0].theory == pytest.approx(10 - 0.05 * 45)
    assert [limit.key for limit, _ in verify.ready(limits.limits_of("A21"), {"service.servers": 12})] == [
        "A21-returns",
        "A21-wait",
    ]
    with pytest.raises(ScenarioError, match="does not follow"):
        verify.verify(["A22"], changes={"market.accounts": 5})
    with pytest.raises(ScenarioError, match="no closed form or limit 'A31'"):
        verify.verify(["A31"])


def test_where_no_closed_form_holds_it_says_so():
    few = {"market.accounts": 600, "market.initial_customers": 400, "horizon_weeks": 1500}
    with pytest.raises(ScenarioError, match=r"A23-wheel has no closed form here: the accounts run out"):
        verify.verify(["A23-wheel"], changes=few, replicates=2)
    with pytest.raises(ScenarioError, match=r"A21-wait has no closed form here: .* the queue grows without end"):
        verify.verify(["A21-wait"], changes={"service.servers": 6, "horizon_weeks": 60}, replicates=2)


def test_theory_only_says_why():
    found = verify.verify(["a17"])
    assert found.ok and not found.checks
    assert "landscape" in found.theory_only["A17"]


def test_a_wrong_model_is_caught_with_luck_and_without(monkeypatch):
    right = theory.brooks_output
    monkeypatch.setitem(theory.__dict__, "brooks_output", lambda n, c: right(n, c=1.01 * c))
    found = verify.verify(["A22"])
    assert not found.ok and "disagree" in found.sentence
    exact = theory.executive_tenure
    monkeypatch.setitem(theory.__dict__, "executive_tenure", lambda mu, v, L, step: exact(mu, v, 1.2 * L, step=step))
    assert not verify.verify(["A24"], replicates=20).ok
