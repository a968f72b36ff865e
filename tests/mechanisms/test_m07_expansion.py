"""M7: who buys more, and how much."""

import numpy as np
import pytest
from compiled import compiled

from flywheel_sim.engine.mechanisms import m07_expansion as m07
from flywheel_sim.execute.run import batch

f32 = np.float32


expansion_rate = compiled(m07.expansion_rate)
spend_after = compiled(m07.spend_after)


def test_rate_by_hand():
    assert expansion_rate(f32(0.01), f32(2.0), f32(0.8), f32(0.5)) == pytest.approx(0.01 * np.exp(0.6), rel=1e-6)
    assert expansion_rate(f32(0.01), f32(2.0), f32(0.5), f32(0.5)) == f32(0.01)
    assert expansion_rate(f32(0.01), f32(0.0), f32(0.9), f32(0.5)) == f32(0.01)
    assert expansion_rate(f32(0.01), f32(99.0), f32(1.0), f32(0.0)) == pytest.approx(0.01 * np.exp(3), rel=1e-6)


def test_spend_is_capped_by_the_wallet():
    assert spend_after(f32(100), f32(0.25), f32(300)) == pytest.approx(125)
    assert spend_after(f32(280), f32(0.25), f32(300)) == pytest.approx(300)
    assert spend_after(f32(350), f32(0.25), f32(300)) == pytest.approx(350)


def firm(quiet, start=0.5, relationship=None, contracts=None, weeks=26, **expansion):
    return quiet(
        horizon_weeks=weeks,
        market={"accounts": 10_000, "initial_customers": 10_000},
        relationship={"start": start, "depreciation": 0.0, **(relationship or {})},
        expansion={"rate": 0.02, "relationship_effect": 2.0, "wallet": 100, **expansion},
        ledger={},
        **({"contracts": contracts} if contracts else {}),
    )


def test_expansions_come_at_the_stated_rate_and_are_booked(quiet, once):
    run = once(firm(quiet, relationship_effect=0.0, step=0.25))
    p = -np.expm1(-0.02)
    assert abs(run.series("expansions").sum() - 260_000 * p) < 4 * np.sqrt(260_000 * p)
    spend = run.series("spend", start=True)
    assert np.diff(spend) == pytest.approx(run.series("expanded_spend"), rel=1e-5)
    assert run.series("revenue")[1:] == pytest.approx(spend[1:-1], rel=1e-6), "what is bought is paid from next week on"


def test_a_good_relationship_opens_the_door_and_not_at_slope_zero(quiet):
    # C34
    base, good, flat_base, flat_good = (
        runs[0].series("expansions")
        for runs in batch(
            [
                firm(quiet, 0.5),
                firm(quiet, 0.9),
                firm(quiet, 0.5, relationship_effect=0.0),
                firm(quiet, 0.9, relationship_effect=0.0),
            ],
            replicates=1,
        )
    )
    assert good.sum() / base.sum() == pytest.approx(np.exp(0.8), rel=0.1)
    assert np.array_equal(flat_base, flat_good)


def test_nobody_spends_more_than_the_wallet(quiet, once):
    run = once(firm(quiet, rate=1.0, step=1.0, wallet=3.0, weeks=40))
    assert run.series("spend")[-1] == pytest.approx(3 * 10_000, rel=1e-5)
    assert run.series("expansions")[-10:].sum() == 0


def test_the_rate_is_stated_over_open_and_closed_weeks(quiet):
    # half as many open weeks, twice the rate in them
    totals = [
        runs[0].series("expansions").sum()
        for runs in batch(
            [
                firm(
                    quiet,
                    weeks=52,
                    relationship_effect=0.0,
                    rate=0.004,
                    contracts={"window_weeks": w, "involuntary": 0},
                )
                for w in (52, 26, 13)
            ],
            replicates=1,
        )
    ]
    assert totals[1] == pytest.approx(totals[0], rel=0.1)
    assert totals[2] == pytest.approx(totals[0], rel=0.12)


def test_off_spend_stays(quiet, once, same_bits):
    off = firm(quiet, enabled=False)
    run = once(off)
    assert run.series("expansions").sum() == 0
    assert np.all(run.series("spend") == run.initial["spend"])
    same_bits(off, firm(quiet, rate=0.0))
