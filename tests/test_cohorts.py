"""Churn and net revenue retention against those who were there a year ago, account by account."""

import math

import numpy as np
import pytest

from flywheel_sim import run
from flywheel_sim.engine.run import Simulation
from flywheel_sim.scenario import Scenario, load


def in_balance(**changes: object) -> Scenario:
    """A company on annual contracts of which .37 fail at each renewal, and as many customers won as lost."""
    return load("b2b-saas").with_(
        {
            "market.churn.by": "experience", "market.churn.mean": 0.37, "market.churn.dispersion": 0,
            "market.churn.sensitivity": 0, "contracts.involuntary": 0, "expansion.enabled": False,
            "market.price_rise": 0, "word_of_mouth.enabled": False, "market.win_back.rate": 0.02,
            "market.accounts": 40_000, "market.initial_customers": 4_000, "horizon_weeks": 156,
            "capacity.enabled": False, **changes,
        }
    )  # fmt: skip


def test_where_losses_fall_on_renewal_dates_churn_is_the_share_of_renewals_that_fail() -> None:
    made = run(in_balance(), seed=1)
    weekly, table = made.weekly, made.renewals
    due, lost = weekly["renewals_due"].sum(), weekly["churned"].sum()
    assert made.summary["churn_annual"] == pytest.approx(lost / due, rel=1e-12), "everybody is up once in a year"
    error = math.sqrt(0.37 * 0.63 / due)
    assert abs(made.summary["churn_annual"] - 0.37) < 4 * error < 0.025
    assert abs(made.summary["nrr"] - 0.63) < 0.02
    of_table = 1 - table["renewed"].sum() / table["due"].sum()
    assert made.summary["churn_annual"] == pytest.approx(of_table, abs=0.01)
    assert weekly["won_back"].sum() > 50, "who came back counts as lost all the same"


def test_churn_is_what_the_accounts_themselves_tell() -> None:
    """The cohort is followed account by account, pulses and win-backs included, and its dollars, too."""
    changes = {"horizon_weeks": 70, "market.accounts": 3000, "market.initial_customers": 900}
    pulses = {"more": {"week": 14, "add": 40}, "less": {"week": 30, "add": -25}}
    scenario = load("b2c-subscription").with_(
        changes
        | {"measures.warm_up_weeks": 13, "timeline.enabled": True, "timeline.customers": pulses}
        | {"market.win_back.rate": 0.05, "ledger.can_fail": False}
    )
    simulation = Simulation([scenario.model], [(0, 1, 0)], keep_teams=False)
    state, n = simulation.state, 3000

    def there() -> np.ndarray:
        return np.asarray((state.status[:n] >= 1) & (state.status[:n] <= 3))

    simulation.advance(13)
    cohort = there()
    dollars, lost = state.spend[:n][cohort].sum(dtype=float), ~cohort
    for _ in range(52):
        simulation.advance(1)
        lost |= ~there()
    kept = cohort & ~lost
    assert (there() & lost & cohort).sum() > 5, "some came back, and do not count"
    paid = state.spend[:n][kept].sum(dtype=float)
    made = run(scenario, seed=1)
    assert made.summary["churn_annual"] == pytest.approx(1 - kept.sum() / cohort.sum(), rel=1e-12)
    assert made.summary["nrr"] == pytest.approx(paid / dollars, rel=1e-6)


def test_a_missing_rate_has_its_reason() -> None:
    made = run(load("b2b-two-teams").with_({"horizon_weeks": 30}))
    assert math.isnan(made.summary["churn_annual"])
    assert made.to_dict()["missing"]["nrr"] == "it takes 52 weeks and this run has 30"
    assert made.to_dict()["summary"]["nrr"] is None
