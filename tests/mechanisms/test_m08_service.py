"""M8: issues, waiting, fixing, and a standard that erodes."""

import numba
import numpy as np
import pytest
from compiled import compiled
from scipy import stats

from flywheel_sim.engine import portable_math
from flywheel_sim.engine.mechanisms import m08_service as m08
from flywheel_sim.execute.run import batch

f32 = np.float32


@numba.njit
def counts(words, mean, out):
    for i in range(words.size):
        out[i] = portable_math.poisson_count(words[i], mean)


erlang_wait = compiled(m08.erlang_wait)


@pytest.mark.parametrize("mean", [0.01, 0.15, 1.0, 4.0])
def test_counts_are_poisson(mean):
    # the quantile of every 2^16-th word against the distribution function
    words = (np.arange(2**16, dtype=np.uint64) * 2**16 + 2**15).astype(np.uint32)
    out = np.empty(words.size, np.int64)
    counts(words, f32(mean), out)
    found = np.bincount(out, minlength=17)[:17] / words.size
    assert np.allclose(found, stats.poisson.pmf(np.arange(17), mean), atol=2e-5)
    assert np.all(np.diff(out) >= 0), "more luck, more issues: common random numbers stay monotone"


def test_no_issues_at_rate_zero():
    out = np.ones(3, np.int64)
    counts(np.array([0, 2**31, 2**32 - 1], np.uint32), f32(0.0), out)
    assert np.all(out == 0)


def test_erlang_waits_of_the_reference_table():
    # offered load a, servers c -> W_q in service times (A21)
    for servers, load, wait in (
        (1, 0.8, 4.0), (3, 2.4, 1.0787), (5, 4.0, 0.5541), (10, 8.0, 0.2046), (10, 9.0, 0.6687), (20, 18.0, 0.2754),
        (50, 45.0, 0.0728), (10, 6 / 0.8, 0.1226), (10, 6 / 0.7, 0.3840),
    ):  # fmt: skip
        assert erlang_wait(servers, load) == pytest.approx(wait, abs=6e-5)
    assert erlang_wait(0, 1.0) == 0.0
    assert erlang_wait(5, 0.0) == 0.0
    assert erlang_wait(10, 10.0) == 50.0


def firm(quiet, heads=1000.0, capacity=None, weeks=60, market=None, **service):
    """1 000 customers and a desk that handles heads x 40 issues a week."""
    return quiet(
        horizon_weeks=weeks,
        teams={"desk": {"headcount": heads, "craft": {"care": 1}}},
        journey={"touchpoints": {"help": {"stage": "service", "owner": "desk", "hours": 1.0, "match_reference": 1.0}}},
        capacity={"gross_hours": 40, "pair_hours": 0, "craft_speed": 0, "staffing": False, **(capacity or {})},
        service={"issues": 0.5, "fit_effect": 0, "failure_demand": 0, "first_contact_resolution": 1.0, **service},
        market=market or {},
    )


def test_issues_arrive_at_their_rate_and_are_handled_the_week_after(quiet, once):
    run = once(firm(quiet))
    contacts, handled, backlog = run.series("contacts"), run.series("handled"), run.series("backlog")
    assert abs(contacts.sum() - 30_000) < 4 * np.sqrt(30_000)
    assert np.array_equal(handled[1:], contacts[:-1])
    assert handled[0] == 0
    assert np.array_equal(backlog, contacts)
    assert run.series("repeat_contacts").sum() == 0


def test_failed_fixes_come_back_and_multiply_the_load(quiet):
    # load lambda / (1 - f); f = .3 of the cases (few have two issues)
    plain, failing = (
        runs[0].series("contacts")[20:].mean()
        for runs in batch(
            [firm(quiet, issues=0.02), firm(quiet, issues=0.02, first_contact_resolution=0.7, weeks=400)], replicates=1
        )
    )
    assert plain == pytest.approx(20, rel=0.1)
    assert failing == pytest.approx(20 / 0.7, rel=0.05)


def test_better_fit_needs_less_help(quiet):
    # lambda = base exp(b (fit_mean - fit)): at the mean fit exactly the base; spread adds (Jensen)
    same, spread = (
        runs[0].series("contacts").sum()
        for runs in batch(
            [firm(quiet, fit_effect=3.0), firm(quiet, fit_effect=3.0, market={"fit_dispersion": 0.3})], replicates=1
        )
    )
    assert same == pytest.approx(30_000, abs=4 * np.sqrt(30_000))
    size = 1 / 0.3 - 1
    fit = stats.beta(0.7 * size, 0.3 * size)
    assert spread == pytest.approx(30_000 * fit.expect(lambda x: np.exp(3 * (0.7 - x))), rel=0.06)


def test_a_better_fit_helps_against_the_reference_and_without_one_is_the_base(quiet):
    def contacts(**market):
        alike = firm(quiet, fit_effect=3.0, market={"fit_dispersion": 0.0, **market})
        return batch([alike], replicates=1)[0][0].series("contacts").sum()

    base = contacts()
    assert contacts(fit_mean=0.5) == contacts(fit_mean=0.9) == contacts(fit_reference=0.7) == base
    assert contacts(fit_mean=0.9, fit_reference=0.7) == pytest.approx(base * np.exp(-0.6), rel=0.05)


def test_beyond_capacity_issues_wait_and_only_so_many_are_handled(quiet, once):
    run = once(firm(quiet, heads=10.0))  # 400 a week can be handled, 500 arrive
    handled, backlog = run.series("handled"), run.series("backlog")
    assert np.all(handled[2:] < 400 + 5 * np.sqrt(400))
    assert handled[5:].mean() == pytest.approx(400, rel=0.03)
    assert backlog[-1] > 2000
    assert np.all(np.diff(run.series("wait_weeks")[5:]) > -0.6)
    assert run.series("wait_weeks")[-1] == pytest.approx(backlog[-1] / 400, rel=1e-6)
    assert run.series("utilisation")[-1] == pytest.approx(backlog[-1] / 400, rel=1e-6)


def test_the_oldest_are_served_first(quiet):
    from flywheel_sim.engine.run import Simulation
    from flywheel_sim.scenario import load

    sim = Simulation([load(firm(quiet, heads=10.0)).model], [(0, 1, 0)])
    sim.advance(20)
    before, since = sim.state.open[:1000].copy(), sim.state.since[:1000].copy()
    cutoff = int(sim.state.now[0]["cutoff"])
    sim.advance(1)
    waiting = (before > 0) & (sim.state.since[:1000] == since)
    age = 19 - since
    assert np.all(age[waiting] <= cutoff), "nobody older than the cut-off is left waiting"
    assert np.all(age[(before > 0) & ~waiting] >= cutoff), "nobody younger was served"


def test_the_backlog_balances(quiet, once):
    run = once(firm(quiet))
    backlog = run.series("backlog", start=True)
    assert np.array_equal(np.diff(backlog), run.series("contacts") - run.series("handled"))


def test_the_backlog_balances_when_cases_wait(quiet, once):
    run = once(firm(quiet, heads=10.0))
    backlog = run.series("backlog", start=True)
    assert np.array_equal(np.diff(backlog), run.series("contacts") - run.series("handled"))


def test_the_standard_erodes_and_does_not_recover_unless_told(quiet):
    # A26: a pulse of demand leaves the standard lower for good; with equal time constants it comes back
    def company(recovery, erosion=True):
        scenario = firm(
            quiet,
            heads=15.0,
            weeks=300,
            erosion=erosion,
            standard_recovery_weeks=recovery,
            first_contact_resolution=0.999,
        )
        scenario["timeline"] = {
            "enabled": True,
            "changes": {"pulse": {"from_week": 20, "until_week": 40, "set": {"service.issues": 1.0}}},
        }
        return scenario

    never, again, off = (
        runs[0].series("service_standard")
        for runs in batch([company(0.0), company(19.0), company(0.0, False)], replicates=1)
    )
    assert np.all(never[:18] == 1.0)
    assert np.all(np.diff(never) <= 0)
    assert never[-1] < 0.9
    assert again[-1] > 0.999
    assert np.all(off == 1.0)


def test_waiting_and_failing_are_felt(quiet):
    calm, busy, failing = (
        runs[0]
        for runs in batch(
            [
                firm(quiet) | {"relationship": {"enabled": True}},
                firm(quiet, heads=10.0) | {"relationship": {"enabled": True}},
                firm(quiet, first_contact_resolution=0.5) | {"relationship": {"enabled": True}},
            ],
            replicates=1,
        )
    )
    assert busy.series("effort")[-1] > 1.3 * calm.series("effort")[-1]
    assert failing.series("effort")[-1] > 1.5 * calm.series("effort")[-1]
    assert failing.series("relationship")[-1] < calm.series("relationship")[-1]


def test_off_nobody_needs_help(quiet, once, same_bits):
    off = firm(quiet, enabled=False)
    run = once(off)
    assert run.series("contacts").sum() == run.series("backlog").sum() == 0
    same_bits(off, firm(quiet, issues=0.0))
