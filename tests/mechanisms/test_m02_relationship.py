"""M2: what touches do to a relationship, and how long friction is remembered."""

import numba
import numpy as np
import pytest
from compiled import compiled
from hypothesis import given
from hypothesis import strategies as st

from flywheel_sim.engine.mechanisms import m02_relationship as m02
from flywheel_sim.execute.run import batch

f32 = np.float32
share = st.floats(0, 1, width=32)
NOTHING = f32(0.0)


felt = compiled(m02.felt)
expected = compiled(m02.expected)


@numba.njit
def moved(relationship, surprise, gain, loss, forgiveness=NOTHING):
    return m02.moved(relationship, surprise, gain, loss, forgiveness)


def test_a_touch_is_coloured_by_recent_experience():
    assert felt(f32(1.0), f32(0.5), f32(0.3)) == pytest.approx(0.7 + 0.15)
    assert felt(f32(0.0), f32(0.9), f32(0.3)) == pytest.approx(0.27)


@given(share, share)
def test_without_spill_over_every_touch_stands_for_itself(outcome, recent):
    assert felt(f32(outcome), f32(recent), f32(0.0)) == f32(outcome)


def test_expectation_is_mostly_the_market_norm():
    assert expected(f32(0.7), f32(0.9), f32(0.3)) == pytest.approx(0.7 * 0.7 + 0.3 * 0.9)
    assert expected(f32(0.7), f32(0.9), f32(0.0)) == f32(0.7)


def test_gains_are_slow_and_losses_fast():
    gain, loss = f32(0.06), f32(0.24)
    assert moved(f32(0.5), f32(0.3), gain, loss) == pytest.approx(0.5 + 0.06 * 0.3 * 0.5)
    assert moved(f32(0.5), f32(-0.3), gain, loss) == pytest.approx(0.5 - 4 * 0.06 * 0.3 * 0.5)
    assert moved(f32(0.5), f32(0.0), gain, loss) == f32(0.5)
    assert moved(f32(1.0), f32(0.9), gain, loss) == 1.0
    assert moved(f32(0.0), f32(-0.9), gain, loss) == 0.0


@given(share, st.floats(-1, 1, width=32), share, st.floats(0, 20, width=32))
def test_a_relationship_stays_between_0_and_1_and_follows_the_surprise(r, x, gain, loss):
    after = moved(f32(r), f32(x), f32(gain), f32(loss))
    assert 0 <= after <= 1
    assert (after - f32(r)) * f32(x) >= 0


TEAM = {"desk": {"headcount": 1, "craft": {"care": 1}}}


def firm(quiet, success=0.8, rate=50.0, **relationship):
    """Everybody is touched every week, with this success."""
    touch = {"stage": "use", "owner": "desk", "rate": rate, "base_success": success}
    return quiet(
        teams=TEAM,
        journey={"match_effect": 0, "touchpoints": {"use": touch}},
        relationship={"spill_over": 0.0, "expectation_adaptation": 0.0, **relationship},
    )


def test_without_contact_the_relationship_leaks(quiet, once):
    run = once(quiet(relationship={"start": 0.5, "depreciation": 0.01}))
    assert run.series("relationship") == pytest.approx(0.5 * 0.99 ** np.arange(1, 27), rel=1e-5)


def test_a_week_of_touches_moves_the_mean_by_the_law(quiet, once):
    run = once(firm(quiet, 0.8, start=0.5, gain=0.05, asymmetry=4, market_norm=0.7))
    defects, customers = run.series("defects")[0], 1000
    failed = defects / customers
    up, down = 0.05 * 0.3 * 0.5, -4 * 0.05 * 0.7 * 0.5
    assert run.series("relationship")[0] == pytest.approx(0.5 + (1 - failed) * up + failed * down, abs=1e-6)


def test_better_touches_make_better_relationships(quiet):
    good, poor = batch([firm(quiet, 0.95), firm(quiet, 0.6)], replicates=1)
    assert good[0].series("relationship")[-1] > poor[0].series("relationship")[-1] + 0.1
    assert good[0].series("experience")[-1] == pytest.approx(0.95, abs=0.02)


def test_history_raises_expectations_but_quality_still_counts(quiet):
    # w at its most, 1/2: the better firm still ends with the better relationships
    good, poor = batch(
        [
            firm(quiet, q, expectation_adaptation=0.5, history_weight=0.5, asymmetry=1.0, start=0.3)
            | {"horizon_weeks": 104}
            for q in (0.95, 0.75)
        ],
        replicates=1,
    )
    assert good[0].series("relationship")[-1] > poor[0].series("relationship")[-1] + 0.1


def test_effort_fades_with_its_half_life(quiet, once):
    # friction for one week only: everybody's issue is handled once, and issues stop
    scenario = quiet(
        horizon_weeks=30,
        teams=TEAM,
        relationship={"effort_half_life_weeks": 5.0, "depreciation": 0.0},
        service={
            "issues": 3.0,
            "fit_effect": 0,
            "first_contact_resolution": 1.0,
            "contact_effort": 1.0,
            "wait_effort": 0.0,
        },
        timeline={"changes": {"calm": {"from_week": 2, "set": {"service.issues": 0.0}}}},
    )
    effort = once(scenario).series("effort")
    assert effort[0] == 0.0
    assert effort[1] == pytest.approx(-np.expm1(-3.0), abs=0.03), "one shock for each who had an issue"
    assert effort[6] / effort[1] == pytest.approx(0.5, rel=1e-4)
    assert effort[26] / effort[1] == pytest.approx(0.5**5, rel=1e-4)


# --- an asset that is built ------------------------------------------------------------------------------------------


def test_a_deep_relationship_forgives():
    full = f32(0.5) - moved(f32(0.5), f32(-0.3), f32(0.06), f32(0.24))
    half = f32(0.5) - moved(f32(0.5), f32(-0.3), f32(0.06), f32(0.24), f32(1.0))
    assert half == pytest.approx(full / 2, rel=1e-6)


ASSET = {"law": "asset", "market_norm": 0.8, "asymmetry": 4.0}


def test_the_gain_moves_the_level_of_an_asset_and_of_nothing_else(quiet):
    def level(gain, law):
        company = firm(quiet, 0.8, start=0.4, gain=gain, depreciation=0.01, **ASSET | {"law": law})
        return batch([company | {"horizon_weeks": 300}], replicates=1)[0][0].series("relationship")[150:].mean()

    assert level(0.06, "asset") > level(0.02, "asset") + 0.05
    assert level(0.06, "surprise") == pytest.approx(level(0.02, "surprise"), abs=0.02)


def test_contact_builds_with_diminishing_returns_and_silence_fades(quiet):
    def level(rate):
        company = firm(quiet, 0.95, rate, start=0.4, gain=0.05, depreciation=0.01, **ASSET)
        return batch([company | {"horizon_weeks": 400}], replicates=2)[0][0].series("relationship")[200:].mean()

    levels = [level(rate) for rate in (0.0, 0.1, 0.3, 0.9)]
    steps = np.diff(levels)
    assert np.all(steps > 0.02) and np.all(np.diff(steps / [0.1, 0.2, 0.6]) < 0)
    assert levels[0] < 0.4 * 0.99**200


def test_depth_is_what_is_at_stake(quiet, once):
    def step(depth, success):
        company = firm(quiet, success, start=0.5, gain=0.02, depreciation=0.0, **ASSET)
        company["journey"]["touchpoints"]["use"]["depth"] = depth
        return once(company).series("relationship")[0] - 0.5

    for success in (0.999, 0.001):
        assert step(0.5, success) == pytest.approx(step(1.0, success) / 2, rel=1e-3)
        assert step(0.0, success) == 0.0


def test_neutral_settings_leave_the_first_law_to_the_bit(quiet, same_bits):
    plain = firm(quiet, 0.8) | {"horizon_weeks": 12}
    told = firm(quiet, 0.8, law="surprise", forgiveness=0.0, annoyance=0.0, contacts_wanted=0.0) | {"horizon_weeks": 12}
    told["journey"]["touchpoints"]["use"]["depth"] = 1.0
    same_bits(plain, told)


def test_contact_beyond_what_is_wanted_is_an_effort(quiet, once):
    """Touched every week, with a half-life of one week: n = 1 - 2^-t."""
    settings = {"annoyance": 0.5, "contacts_wanted": 0.6, "contact_half_life_weeks": 1.0, "effort_half_life_weeks": 4.0}
    effort = once(firm(quiet, **settings)).series("effort")
    expected, kept = [0.0], 2 ** (-1 / 4)
    for t in range(1, 27):
        expected.append(expected[-1] * kept + 0.5 * max(0.0, 1 - 0.5**t - 0.6))
    assert effort == pytest.approx(expected[1:], rel=1e-5, abs=1e-6)
    assert np.all(once(firm(quiet, **settings | {"contacts_wanted": 1.0})).series("effort") == 0.0)


def test_off_everything_stays_at_its_reference(quiet, once):
    touch = {"stage": "use", "owner": "desk", "rate": 5.0, "base_success": 0.4}
    run = once(
        quiet(
            teams=TEAM,
            journey={"touchpoints": {"use": touch}},
            service={"issues": 1.0},
            relationship={"enabled": False, "relationship_reference": 0.4, "effort_reference": 0.25},
        )
    )
    assert np.all(run.series("relationship") == np.float64(np.float32(0.4)))
    assert np.all(run.series("effort") == 0.25)


def test_off_churn_and_voice_are_those_of_the_reference(quiet, same_bits):
    def company(quality):
        touch = {"stage": "use", "owner": "desk", "rate": 5.0, "base_success": quality}
        return quiet(
            teams=TEAM,
            journey={"match_effect": 0, "touchpoints": {"use": touch}},
            relationship={"enabled": False},
            market={
                "churn": {"mean": 0.3},
                "voice": {"neutral_to_advocate": 0.05, "neutral_to_detractor": 0.05},
            },
        )

    same_bits(company(0.95), company(0.3), but=("defects",))
