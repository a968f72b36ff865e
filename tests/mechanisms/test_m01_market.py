"""M1: leads, sales, voices and churn."""

import numba
import numpy as np
import pytest
from compiled import compiled

from flywheel_sim.engine import portable_math
from flywheel_sim.engine.mechanisms import m01_market as m01
from flywheel_sim.engine.portable_math import exp32
from flywheel_sim.execute.run import batch

f32 = np.float32


happens = compiled(portable_math.happens)
voice_pull = compiled(m01.voice_pull)


@numba.njit
def renewal_risk(propensity, log_factor):
    return portable_math.happens(propensity * exp32(log_factor))


odds_times = compiled(m01.odds_times)
delay_odds = compiled(m01.delay_odds)


# --- laws -----------------------------------------------------------------------------------------------------------


def test_a_rate_is_a_hazard_not_a_probability():
    assert happens(f32(0.5)) == pytest.approx(0.3934693, abs=1e-6)
    assert happens(f32(3.0)) == pytest.approx(0.9502129, abs=1e-6)
    assert happens(f32(0.0)) == 0.0
    for rate in (1e-4, 1e-3, 1e-2):
        assert happens(f32(rate)) == pytest.approx(-np.expm1(-rate), rel=5e-4)


def test_a_small_rate_keeps_its_digits():
    for rate in (1.3e-7, 2.7e-6, 1.1e-5, 3e-4, 9.99e-3):
        assert happens(f32(rate)) == pytest.approx(-np.expm1(-np.float64(f32(rate))), rel=2e-7)
    # no step where the series hands over to the exponential
    around = np.nextafter(f32(0.01), f32(0)), f32(0.01)
    assert happens(around[1]) == pytest.approx(happens(around[0]), rel=2e-5)


def test_voice_pull_by_hand():
    args = f32(0.5), f32(0.5), f32(2.5), f32(0.4)
    assert voice_pull(f32(0.7), f32(1.0), *args) == pytest.approx(2.5 * 0.2 - 0.4 * 0.5, abs=1e-6)
    assert voice_pull(f32(0.5), f32(0.5), *args) == 0.0
    assert voice_pull(f32(0.5), f32(50.0), *args) == -3.0
    assert voice_pull(f32(1.0), f32(0.5), f32(0.0), f32(0.5), f32(50.0), f32(0.0)) == 3.0


def test_experience_multiplies_the_hazard_of_a_renewal():
    hazard = f32(-np.log(0.88))
    assert renewal_risk(hazard, f32(0.0)) == pytest.approx(0.12, abs=1e-6)
    assert renewal_risk(hazard, f32(np.log(2.0))) == pytest.approx(1 - 0.88**2, abs=1e-6)
    assert renewal_risk(hazard, f32(-np.log(2.0))) == pytest.approx(1 - 0.88**0.5, abs=1e-6)
    assert renewal_risk(f32(0.0), f32(3.0)) == 0.0


def test_odds_times():
    assert odds_times(0.2, 4.0) == pytest.approx(0.5)
    assert odds_times(0.37, 1.0) == 0.37
    assert odds_times(1.0, 0.1) == 1.0
    assert odds_times(0.2, 0.0) == 0.0


def test_a_known_delay_lowers_the_odds_by_forresters_table():
    month = 52 / 12
    assert delay_odds(0.0) == 1.0
    assert [delay_odds(k * month) for k in (1, 2, 5, 9)] == pytest.approx([0.97, 0.87, 0.38, 0.03])
    assert delay_odds(1.5 * month) == pytest.approx(0.92)
    assert delay_odds(500.0) == pytest.approx(0.02, abs=1e-6)


# --- runs -----------------------------------------------------------------------------------------------------------


def test_off_nobody_is_won_and_nobody_leaves(quiet, once):
    run = once(
        quiet(
            market={
                "enabled": False,
                "accounts": 500,
                "initial_customers": 200,
                "external": 0.5,
                "churn": {"mean": 0.5},
            }
        )
    )
    assert np.all(run.series("customers") == 200)
    assert np.all(run.series("new_customers") + run.series("churned") == 0)


def test_wins_are_the_external_rate_whatever_the_funnel(quiet):
    # p is net new customers at reference: the lead rate is p over the product of the stages
    market = {"accounts": 20_000, "initial_customers": 0, "external": 0.002}
    stages = {"enabled": True, "qualify": 0.36, "propose": 0.44, "close": 0.22, "onboard": 0.95}
    plain, funnel = batch(
        [quiet(horizon_weeks=20, market=market), quiet(horizon_weeks=20, market={**market, "funnel": stages})],
        replicates=2,
    )
    c_ref = 0.36 * 0.44 * 0.22 * 0.95
    for runs in (plain, funnel):
        won = sum(run.series("new_customers").sum() for run in runs)
        expected = 2 * 20_000 * (1 - np.exp(-0.002 * 20))
        # a week's chance of a lead is 1 - exp(-p/c_ref), up to 3 % short of p/c_ref: at most one lead a week
        assert -0.04 * expected - 4 * np.sqrt(expected) < won - expected < 4 * np.sqrt(expected)
    for run in funnel:
        leads, qualified, proposals, sold, won = (
            run.series(name).sum() for name in ("leads", "qualified", "proposals", "sold", "new_customers")
        )
        for passed, of, p in (
            (qualified, leads, 0.36),
            (proposals, qualified, 0.44),
            (sold, proposals, 0.22),
            (won, sold, 0.95),
        ):
            assert abs(passed / of - p) < 4 * np.sqrt(p * (1 - p) / of)
        weekly = -np.expm1(-0.002 / c_ref)
        assert run.series("leads")[0] == pytest.approx(20_000 * weekly, rel=0.12)


def test_churn_by_voice_is_one_rate_per_voice(quiet, once):
    h = {"neutral": 0.2, "advocate": 0.5, "detractor": 1.5}
    run = once(
        quiet(
            horizon_weeks=1,
            market={
                "accounts": 60_000,
                "initial_customers": 60_000,
                "initial_advocates": 1 / 3,
                "initial_detractors": 1 / 3,
                "churn": {"by": "voice", **h},
            },
        )
    )
    start, weekly = run.initial, run.weekly.iloc[0]
    for name, column in (("advocate", "advocates"), ("detractor", "detractors")):
        left = 1 - weekly[column] / start[column]
        p = 1 - np.exp(-h[name])
        assert abs(left - p) < 4 * np.sqrt(p * (1 - p) / start[column])
    neutral = start["customers"] - start["advocates"] - start["detractors"]
    left = 1 - (weekly["customers"] - weekly["advocates"] - weekly["detractors"]) / neutral
    assert abs(left - (1 - np.exp(-0.2))) < 4 * np.sqrt(0.16 / neutral)


def test_voices_settle_at_the_balance_of_their_rates(quiet, once):
    voice = {
        "neutral_to_advocate": 0.12,
        "neutral_to_detractor": 0.05,
        "advocate_to_neutral": 0.15,
        "detractor_to_neutral": 0.30,
    }
    run = once(quiet(horizon_weeks=80, market={"accounts": 20_000, "initial_customers": 20_000, "voice": voice}))
    e = lambda rate: -np.expm1(-rate)  # noqa: E731
    # competing moves share one draw: total 1 - exp(-sum), split in proportion
    up, down = e(0.17) * 0.12 / 0.17, e(0.17) * 0.05 / 0.17
    odds = np.array([1.0, up / e(0.15), down / e(0.30)])
    share = odds / odds.sum()
    found = np.array([run.series(name)[-20:].mean() for name in ("advocates", "detractors")]) / 20_000
    assert np.all(np.abs(found - share[1:]) < 0.008)


def test_voice_follows_experience_and_not_when_the_effects_are_off(quiet, same_bits):
    voice = {
        "neutral_to_advocate": 0.05,
        "neutral_to_detractor": 0.05,
        "advocate_to_neutral": 0.05,
        "detractor_to_neutral": 0.05,
    }

    def firm(start, effects):
        return quiet(
            market={"voice": {**voice, "relationship_effect": effects, "effort_effect": effects}},
            relationship={"start": start, "depreciation": 0},
        )

    good, bad = batch([firm(0.9, 2.5), firm(0.1, 2.5)], replicates=1)
    assert good[0].series("advocates")[-1] > 2 * bad[0].series("advocates")[-1]
    assert good[0].series("detractors")[-1] < 0.5 * bad[0].series("detractors")[-1]
    same_bits(firm(0.9, 0.0), firm(0.1, 0.0), but=("relationship", "nps_true", "nps_survey", "nps_taken"))


def churn_at(quiet, market=None, segment=None, start=0.5, **blocks):
    return quiet(
        horizon_weeks=52,
        market={
            "accounts": 4000,
            "initial_customers": 4000,
            **(market or {}),
            "churn": {"mean": 0.3, "dispersion": 0.2, "period_weeks": 52, **(market or {}).get("churn", {})},
        },
        segments={"all": {"spend": 52, "need": {"care": 1}, **(segment or {})}},
        relationship={"start": start, "depreciation": 0, "effort_reference": 0},
        **blocks,
    )


def test_churn_falls_with_relationship_product_and_rises_with_price(quiet):
    lost = [
        run[0].series("churned").sum()
        for run in batch(
            [
                churn_at(quiet),
                churn_at(quiet, start=0.8),
                churn_at(quiet, {"product_quality": 0.9}),
                churn_at(quiet, {"price": 2.0}, {"price_weight": 1.0}),
                churn_at(quiet, segment={"outside_option": 0.7}),
            ],
            replicates=1,
        )
    ]
    base = lost[0]
    # factors of the hazard: exp(-2 x .3), exp(-(9/7 - 1)), exp(1), exp(.7) on -log(1 - p)
    assert lost[1] < 0.75 * base
    assert lost[2] < 0.9 * base
    assert lost[3] > 1.4 * base
    assert lost[4] > 1.2 * base


def test_a_fit_is_good_against_the_reference(quiet, same_bits):
    alike = {"fit_dispersion": 0.0}
    better, worse = ({**alike, "fit_mean": f, "fit_reference": 0.7} for f in (0.9, 0.5))
    markets = [better, alike, worse]
    good, base, bad = (runs[0].series("churned").sum() for runs in batch([churn_at(quiet, m) for m in markets]))
    # exp(-(9/7 - 1)) and exp(1 - 5/7) on -log(1 - p)
    assert good < 0.9 * base < 0.9 * 0.9 * bad
    same_bits(churn_at(quiet, alike), churn_at(quiet, {**alike, "fit_reference": 0.7}))


def test_churn_at_reference_is_the_stated_share_of_a_period(quiet, once):
    run = once(churn_at(quiet, {"churn": {"mean": 0.3, "dispersion": 0.0}}))
    assert abs(run.series("churned").sum() / 4000 - 0.3) < 4 * np.sqrt(0.21 / 4000)


def test_churn_is_blind_to_experience_at_sensitivity_zero(quiet, same_bits):
    blind = {"churn": {"sensitivity": 0.0}}
    same_bits(
        churn_at(quiet, blind),
        churn_at(quiet, blind, start=0.9),
        churn_at(quiet, {**blind, "product_quality": 0.1}),
        churn_at(quiet, blind, {"relationship_weight": 9, "service_weight": 9, "price_weight": 9}),
        but=("relationship", "nps_true", "nps_survey", "nps_taken", "product_quality"),
    )


def test_relationship_does_nothing_where_nobody_weighs_it(quiet, same_bits):
    flat = {"relationship_weight": 0.0}
    same_bits(
        churn_at(quiet, segment=flat),
        churn_at(quiet, segment=flat, start=0.9),
        but=("relationship", "nps_true", "nps_survey", "nps_taken"),
    )


def test_former_customers_come_back_at_the_stated_rate_and_are_not_new(quiet, once):
    run = once(
        quiet(
            horizon_weeks=10,
            market={
                "accounts": 20_000,
                "initial_customers": 20_000,
                "churn": {"by": "voice", "neutral": 0.3},
                "win_back": {"rate": 0.1},
            },
        )
    )
    former, back = run.series("former", start=True), run.series("won_back")
    assert np.all(run.series("new_customers") == 0)
    p = 1 - np.exp(-0.1)
    assert abs(back.sum() - p * former[:-1].sum()) < 4 * np.sqrt(p * former[:-1].sum())
    assert run.customers["spells"].max() >= 2


def test_a_constant_pool_of_prospects_brings_nobody_back_sooner(quiet, same_bits):
    """N/S keeps the inflow of new customers up; former customers are no prospects, and come back at their own rate."""
    market = {
        "initial_customers": 900,
        "churn": {"by": "voice", "neutral": 0.2},
        "win_back": {"rate": 0.05},
    }
    same_bits(*(quiet(market=market | {"pool": pool}) for pool in ("closed", "constant")))


def test_churn_and_change_of_voice_share_one_draw(quiet, once):
    run = once(
        quiet(
            horizon_weeks=1,
            market={
                "accounts": 50_000,
                "initial_customers": 50_000,
                "churn": {"by": "voice", "neutral": 0.5},
                "voice": {"neutral_to_advocate": 0.5},
            },
        )
    )
    p = (1 - np.exp(-1.0)) / 2
    assert abs(run.series("churned")[0] / 50_000 - p) < 5 * np.sqrt(p * (1 - p) / 50_000)


def test_closing_more_of_the_proposals_wins_more_customers(quiet):
    stages = {"enabled": True, "qualify": 1.0, "propose": 1.0, "close": 0.2, "onboard": 1.0}
    base = quiet(market={"accounts": 50_000, "initial_customers": 0, "external": 0.002, "funnel": stages})
    better = base | {
        "timeline": {"enabled": True, "changes": {"training": {"from_week": 2, "set": {"market.funnel.close": 0.4}}}}
    }
    before, after = (runs[0].series("new_customers").sum() for runs in batch([base, better], replicates=1))
    assert after > 1.5 * before
