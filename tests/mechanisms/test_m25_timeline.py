"""M25: start, stop, ramp and pulse."""

import numpy as np
import pytest

from flywheel_sim.execute.run import batch
from flywheel_sim.scenario import load


def company(**timeline):
    return load("b2b-saas").with_(
        {"horizon_weeks": 80, "market.accounts": 1000, "market.initial_customers": 300, "timeline": timeline}
    )


def change(first, until=0, ramp=0, **values):
    return {
        "from_week": first,
        "until_week": until,
        "ramp_weeks": ramp,
        "set": {k.replace("__", "."): v for k, v in values.items()},
    }


def first_difference(a, b):
    """First week in which two runs differ in any column; 0 if never."""
    weeks = np.flatnonzero(np.any(a.arrays.weekly != b.arrays.weekly, axis=1))
    return int(weeks[0]) + 1 if weeks.size else 0


@pytest.mark.parametrize(
    "values",
    [
        {"vectors.coupling.fixed": 6.0},
        {"market.external": 0.01},
        {"ledger.overhead": 1.0},
        {"cadence.enabled": True, "cadence.interval_weeks": 1},
    ],
    ids=lambda values: next(iter(values)),
)
def test_before_a_change_nothing_differs_and_then_it_does(values):
    late = {"from_week": 60, "set": values}
    plain, changed = (runs[0] for runs in batch([company(), company(changes={"later": late})], replicates=1))
    assert first_difference(plain, changed) == 60
    assert np.array_equal(plain.arrays.teams[:59], changed.arrays.teams[:59])


def test_a_change_that_changes_nothing_changes_no_bit(same_bits):
    base = company()
    same = base.model.ledger.overhead
    same_bits(
        base,
        company(changes={"none": change(20, ledger__overhead=same)}),
        company(enabled=False, changes={"x": change(2, ledger__overhead=1.0)}),
    )


def test_until_and_ramp(quiet, once):
    scenario = quiet(
        horizon_weeks=14,
        ledger={"overhead": 100.0, "cost_of_revenue": 0},
        timeline={"changes": {"rise": change(4, 11, 3, ledger__overhead=500.0)}},
    )
    assert once(scenario).series("overhead") == pytest.approx([100] * 3 + [200, 300, 400] + [500] * 4 + [100] * 4)


def test_a_pulse_adds_and_removes_exactly_so_many(quiet, once):
    scenario = quiet(
        market={"initial_customers": 400, "start": "aligned"},
        contracts={"involuntary": 0},
        ledger={"cost_of_revenue": 0},
        measures={"debug": True},
        timeline={
            "customers": {
                "gift": {"week": 5, "add": 50},
                "loss": {"week": 9, "add": -120},
                "more": {"week": 9, "add": 7},
            }
        },
    )
    run = once(scenario)
    customers, added = run.series("customers"), run.series("added")
    assert customers.tolist() == [400.0] * 4 + [450.0] * 4 + [337.0] * 18
    assert added[[4, 8]].tolist() == [50, -113]
    assert added.sum() == -63
    causes = run.customers["cause"].value_counts()
    assert causes["removed"] == 120
    # a gift signs at once for a year; who is removed gets the unused weeks back
    assert run.series("billed")[4] == pytest.approx(50 * 52)
    assert run.series("churned").sum() == 0


def test_more_than_there_are_takes_all(quiet, once):
    scenario = quiet(
        market={"initial_customers": 900},
        timeline={"customers": {"all": {"week": 3, "add": 500}, "none": {"week": 6, "add": -1000}}},
    )
    customers = once(scenario).series("customers")
    assert customers[2] == 1000
    assert customers[5] == 0


def test_added_customers_speak_and_are_life_table_entries(quiet, once):
    scenario = quiet(
        horizon_weeks=30,
        market={"accounts": 3000, "initial_customers": 0},
        word_of_mouth={"rate": 0.05, "neutral": 1.0, "negative": 0.0},
        timeline={"customers": {"seed": {"week": 3, "add": 30}}},
    )
    run = once(scenario)
    won = run.series("new_customers")
    assert won[:2].sum() == 0
    assert won.sum() > 20
    assert np.array_equal(won, run.series("referred_new"))
    assert run.arrays.life[0, 0] == 30 + won.sum()
    assert run.arrays.life[:, 2].sum() == won.sum()


def test_ad_hoc_seeds_only_speed_up_a_closed_market():
    # A9, A10: without churn an extra adopter is pure acceleration; in the end nobody more has adopted
    base = load("limits/a01-bass").with_({"horizon_weeks": 2000})
    seeded = base.with_({"timeline": {"enabled": True, "customers": {"gift": {"week": 52, "add": 50}}}})
    plain, gift = batch([base, seeded], replicates=4)
    for a, b in zip(plain, gift, strict=True):
        x, y = a.series("customers"), b.series("customers")
        assert np.array_equal(x[:51], y[:51])
        assert np.all(y[51:] >= x[51:])
        assert y[-1] == x[-1] == 500
