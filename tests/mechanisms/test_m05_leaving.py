"""M5: friends who leave, friends who were brought, and what that is worth."""

import numpy as np
import pytest

from flywheel_sim.engine.run import Simulation
from flywheel_sim.engine.state import ADVOCATE, DETRACTOR, NEUTRAL
from flywheel_sim.execute.run import batch
from flywheel_sim.scenario import load

OFF = {"contagion": 1.0, "referred_churn": 1.0, "referred_margin": 0.0}
N = 20_000


def firm(quiet, wom=None, hazard=0.05, weeks=1, **changes):
    """Customers who leave at one hazard, on a graph with friends; nobody new comes."""
    market = {
        "accounts": N,
        "initial_customers": N,
        "network": {"kind": "watts-strogatz", "degree": 6},
        "churn": {"mean": -np.expm1(-hazard), "dispersion": 0.0, "period_weeks": 1.0, "sensitivity": 0.0},
        **changes.pop("market", {}),
    }
    return quiet(horizon_weeks=weeks, market=market, word_of_mouth={"rate": 0.0, **OFF, **(wom or {})}, **changes)


def simulation(scenario, seed=1):
    return Simulation([load(scenario).model], [(0, seed, 0)])


def left(sim):
    return ~np.isin(sim.state.status[:N], (NEUTRAL, ADVOCATE, DETRACTOR))


def test_every_friend_who_stays_counts_those_who_left_and_forgets(quiet):
    sim = simulation(firm(quiet, {"contagion": 1.8, "former_voice": 0.5}, weeks=10))
    edge, friend = sim.state.edge[: N + 1], sim.state.friend
    owner = np.repeat(np.arange(N), np.diff(edge))
    expected, gone_before = np.zeros(N), np.zeros(N, bool)
    for _ in range(10):
        sim.advance(1)
        gone = left(sim)
        new = np.bincount(owner, (gone & ~gone_before)[friend], minlength=N)
        expected = expected * 2 ** (-1 / 4) + new
        assert np.allclose(sim.state.exposure[:N][~gone], expected[~gone], rtol=1e-5)
        gone_before = gone


def test_each_exposure_multiplies_the_hazard(quiet):
    sim = simulation(firm(quiet, {"contagion": 1.8}))
    sim.state.exposure[:N] = np.arange(N) % 4 / 2  # 0, a half, 1, one and a half
    sim.advance(1)
    for k in range(4):
        share = left(sim)[np.arange(N) % 4 == k].mean()
        p = -np.expm1(-0.05 * 1.8 ** (k / 2))
        assert abs(share - p) < 4 * np.sqrt(p * (1 - p) / (N / 4)), k


def test_the_factor_is_cut_at_e_to_the_third(quiet):
    sim = simulation(firm(quiet, {"contagion": 1.8}))
    sim.state.exposure[:N] = 50.0
    sim.advance(1)
    p = -np.expm1(-0.05 * np.exp(3))
    assert abs(left(sim).mean() - p) < 4 * np.sqrt(p * (1 - p) / N)


def test_leaving_is_catching_and_vanishes_at_one_and_without_friends(quiet, same_bits):
    """C33, S3: more leave when leaving is heard of; neither payment failure nor the complete graph spreads it."""
    on, off = batch([firm(quiet, {"contagion": 1.8}, 0.01, 40), firm(quiet, {}, 0.01, 40)], replicates=1)
    assert on[0].series("churned").sum() > 1.05 * off[0].series("churned").sum()
    assert on[0].series("exposure")[-1] > 0.1 and np.all(off[0].series("exposure") == 0)
    same_bits(firm(quiet, {}, weeks=20), firm(quiet, {"enabled": False}, weeks=20))
    alone = {"market": {"network": {"kind": "complete"}}}
    same_bits(firm(quiet, {}, weeks=20, **alone), firm(quiet, {"contagion": 3.0}, weeks=20, **alone))
    failure = {"contracts": {"kind": "monthly", "involuntary": 0.05}}
    same_bits(firm(quiet, {}, 0.0, 20, **failure), firm(quiet, {"contagion": 3.0}, 0.0, 20, **failure))


def test_contagion_acts_by_voice_too(quiet):
    scenario = firm(quiet, {"contagion": 2.0}, market={"churn": {"by": "voice", "neutral": 0.05}})
    sim = simulation(scenario)
    sim.state.exposure[: N // 2] = 1.0
    sim.advance(1)
    for half, hazard in ((left(sim)[: N // 2], 0.1), (left(sim)[N // 2 :], 0.05)):
        p = -np.expm1(-hazard)
        assert abs(half.mean() - p) < 4 * np.sqrt(p * (1 - p) / (N / 2))


def test_referred_customers_stay_while_their_referrer_stays(quiet):
    sim = simulation(firm(quiet, {"referred_churn": 0.5}, market={"initial_customers": N - 1000}))
    here = np.flatnonzero(~left(sim))
    there = np.flatnonzero(left(sim))
    third = np.array_split(here, 3)
    sim.state.referrer[third[0]] = third[1][0]  # a customer
    sim.state.referrer[third[1]] = there[0]  # not one
    sim.advance(1)
    for rows, hazard in zip(third, (0.025, 0.05, 0.05), strict=True):
        p = -np.expm1(-hazard)
        assert abs(left(sim)[rows].mean() - p) < 4 * np.sqrt(p * (1 - p) / rows.size)


def test_referrers_stay_for_a_year_after_a_referral(quiet):
    sim = simulation(firm(quiet, {"referrer_churn": 0.35}, hazard=0.02, weeks=60))
    sim.advance(59)  # week 60 comes next
    here = np.flatnonzero(~left(sim))
    groups = np.array_split(here, 3)
    sim.state.thanked[groups[0]], sim.state.thanked[groups[1]] = 8, 7
    sim.state.propensity[:N] = 0.5
    sim.advance(1)
    for rows, hazard in zip(groups, (0.175, 0.5, 0.5), strict=True):
        p = -np.expm1(-hazard)
        assert abs(left(sim)[rows].mean() - p) < 4 * np.sqrt(p * (1 - p) / rows.size)


def growing(quiet, wom=None, weeks=80, **changes):
    return quiet(
        horizon_weeks=weeks,
        market={
            "accounts": 3000,
            "initial_customers": 300,
            "initial_advocates": 0.5,
            "external": 0.001,
            "network": {"kind": "barabasi-albert", "degree": 4},
            "churn": {"mean": 0.3, "dispersion": 0.1, "sensitivity": 1.0},
            "fit_dispersion": 0.1,
        },
        word_of_mouth={"rate": 0.05, **OFF, **(wom or {})},
        ledger={"cost_of_revenue": 0.3},
        measures={"debug": True},
        **changes,
    )


def test_a_referral_is_noted_with_its_referrer(quiet):
    sim = simulation(growing(quiet))
    sim.advance()
    st, n = sim.state, 3000
    spells = np.flatnonzero((st.referrer[:n] >= 0) & (st.spells[:n] > 0))
    last = np.zeros(n, int)
    np.maximum.at(last, st.referrer[spells], st.start[spells])
    assert np.count_nonzero(last) > 50
    assert np.array_equal(st.thanked[:n], last)


def test_the_margin_premium_is_booked_to_the_dollar(quiet, once):
    plain, run = once(growing(quiet)), once(growing(quiet, {"referred_margin": 0.1}))
    people = run.customers.query("referrer != -1 and spells > 0")
    saving = np.zeros(80)
    rate = 0.1 * 0.7  # of a margin of .7
    for start, end in zip(people["start_week"], people["end_week"], strict=True):
        for week in range(start + 1, min(start + 52, 80 if end < 0 else end) + 1):
            saving[week - 1] += rate * (1 - (week - start - 1) / 52)
    assert saving.sum() > 100
    assert np.allclose(run.series("referral_saving"), saving, rtol=1e-6)
    cost = run.series("cost_of_revenue")
    assert np.allclose(cost, 0.3 * run.series("revenue") - saving, rtol=1e-6)
    assert np.allclose(run.series("total_cost"), plain.series("total_cost") - saving, rtol=1e-6)
    assert run.customers["cost"].sum() == pytest.approx(cost.sum(), rel=1e-5)


def test_a_margin_never_exceeds_the_revenue(quiet, once):
    run = once(growing(quiet, {"referred_margin": 1.0}, weeks=30))
    assert np.all(run.series("cost_of_revenue") >= 0)
    assert np.all(run.series("referral_saving") <= 0.3 * run.series("revenue_referred") + 1e-9)


def test_the_premium_changes_money_only(quiet, same_bits):
    money = ("referral_saving", "cost_of_revenue", "total_cost", "profit", "cash", "value")
    same_bits(growing(quiet), growing(quiet, {"referred_margin": 0.1}), but=money)


def test_neutral_settings_are_the_old_world(quiet, same_bits):
    same_bits(
        growing(quiet), growing(quiet, {"referrer_churn": 1.0, "referred_fit": 0.0, "contagion_half_life_weeks": 20.0})
    )


def test_referred_fit_closes_a_share_of_the_gap(quiet):
    changes = {"service": {"issues": 0.5, "fit_effect": 2.0, "failure_demand": 0.0}}
    sim = simulation(firm(quiet, {"referred_fit": 0.5}, 0.0, market={"fit_mean": 0.6}, **changes))
    sim.state.referrer[: N // 2] = N - 1
    sim.advance(1)
    raised = sim.state.open[:N].astype(float)
    for rows, mean in ((raised[: N // 2], 0.5 * np.exp(2.0 * (0.6 - 0.8))), (raised[N // 2 :], 0.5)):
        assert abs(rows.mean() - mean) < 4 * np.sqrt(mean / (N / 2))


def test_what_referred_customers_are_worth_shows_in_their_survival(quiet):
    """S7: referred customers outlive others while the referrer stays, and do not with the factor at 1."""

    def survivors(factor):
        runs = batch([growing(quiet, {"referred_churn": factor}, 120)], replicates=3, accounts=True)[0]
        people = [run.customers.query("referrer >= 0 and spells == 1") for run in runs]
        return np.mean(np.concatenate([p["end_week"] < 0 for p in people]))

    assert survivors(0.3) > survivors(1.0) + 0.02
