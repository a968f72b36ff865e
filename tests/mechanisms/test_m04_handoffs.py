"""M4: what handoffs lose."""

import numpy as np
import pytest
from compiled import compiled

from flywheel_sim.engine.mechanisms import m04_handoffs as m04
from flywheel_sim.execute.run import batch

friction_between = compiled(m04.friction_between)
response_odds = compiled(m04.response_odds)


def test_friction_by_hand():
    assert friction_between(1.0, 0.05, 0.5, 0.0) == pytest.approx(0.05)
    assert friction_between(-1.0, 0.05, 0.5, 0.0) == pytest.approx(0.55)
    assert friction_between(0.0, 0.05, 0.5, 0.0) == pytest.approx(0.30)
    assert friction_between(0.0, 0.05, 0.5, 0.4) == pytest.approx(0.20)
    assert friction_between(-1.0, 0.05, 0.5, 1.0) == pytest.approx(0.05)


def test_response_odds_by_hand():
    assert response_odds(0.0) == 1.0
    assert response_odds(1e-3) == pytest.approx(1.0)
    for m in (0.7, 3.0, 30.0):
        hour, day = np.exp(-1 / m), np.exp(-24 / m)
        assert response_odds(m) == pytest.approx((1 - hour) + (hour - day) / 7 + day / 60)
    assert response_odds(1e9) == pytest.approx(1 / 60, rel=1e-3)


def firm(quiet, degrees, when="issue", share=1.0, handoffs=None, **blocks):
    """Two teams this far apart, and a handoff between them."""
    u = {"acquire": float(np.sin(np.radians(degrees))), "care": float(np.cos(np.radians(degrees)))}
    teams = {
        "giver": {"headcount": 1, "craft": {"care": 1}},
        "taker": {"headcount": 1, "craft": {"care": 1}, "start": "given", "direction": u},
    }
    link = {"from": "giver", "to": "taker", "when": when, "share": share}
    return quiet(
        teams=teams, handoffs={"response_effect": False, **(handoffs or {}), "links": {"link": link}}, **blocks
    )


ISSUES = {"issues": 0.5, "fit_effect": 0, "first_contact_resolution": 1.0}


def test_information_is_lost_with_probability_one_minus_exp_minus_friction(quiet, once):
    for degrees, share in ((90, 1.0), (180, 0.4)):
        run = once(firm(quiet, degrees, share=share, service=ISSUES) | {"horizon_weeks": 60})
        friction = 0.05 + 0.5 * (1 - np.cos(np.radians(degrees))) / 2
        assert run.series("friction") == pytest.approx(np.full(60, friction))
        p = share * (1 - np.exp(-friction))
        lost = run.series("handoffs_lost").sum()
        # cases, not issues: two issues of one customer are one case and one handoff
        cases = 60_000 * (1 - np.exp(-0.5))
        assert abs(lost / cases - p) < 0.15 * p
        assert lost < run.series("handled").sum() * p * 1.05
        assert run.series("repeat_contacts").sum() == lost, "with perfect fixes only lost handoffs come back"


@pytest.mark.parametrize(
    ("when", "column"), [("lead", "qualified"), ("sale", "new_customers"), ("expansion", "expansions")]
)
def test_a_wide_angle_costs_and_the_reference_angle_costs_nothing(quiet, when, column):
    def company(degrees, enabled=True):
        return firm(
            quiet, degrees, when, handoffs={"enabled": enabled, "reference_cosine": 0.0, "angle_friction": 1.0},
            market={
                "accounts": 30_000, "initial_customers": 10_000, "external": 0.01,
                "funnel": {"enabled": True, "close": 0.5},
            },
            expansion={"rate": 0.02, "relationship_effect": 0},
        )  # fmt: skip

    off, reference, wide, narrow = (
        runs[0] for runs in batch([company(90, False), company(90), company(180), company(0)], replicates=1)
    )
    assert reference.series(column).sum() == off.series(column).sum()

    def share(degrees):
        return np.exp(-(0.05 + (1 - np.cos(np.radians(degrees))) / 2)) / np.exp(-0.55)

    for run, degrees in ((wide, 180), (narrow, 0)):
        expected = min(share(degrees), 1 / 0.95 if when == "sale" else np.inf)
        ratio = run.series(column).sum() / off.series(column).sum()
        assert ratio == pytest.approx(expected, rel=0.12)


def test_the_angle_does_nothing_where_friction_does_not_depend_on_it(quiet):
    # C41
    runs = batch([firm(quiet, a, handoffs={"angle_friction": 0.0}, service=ISSUES) for a in (0, 90, 180)], replicates=1)
    for column in ("handoffs_lost", "friction", "contacts", "handled"):
        assert np.array_equal(runs[0][0].series(column), runs[1][0].series(column))
        assert np.array_equal(runs[0][0].series(column), runs[2][0].series(column))


def test_shared_systems_take_the_angle_out(quiet):
    runs = batch(
        [firm(quiet, 180, handoffs={"integration": 1.0}, service=ISSUES), firm(quiet, 0, service=ISSUES)], replicates=1
    )
    assert np.array_equal(runs[0][0].series("handoffs_lost"), runs[1][0].series("handoffs_lost"))


def test_off_nothing_is_lost(quiet, once, same_bits):
    off = firm(quiet, 180, handoffs={"enabled": False}, service=ISSUES)
    assert once(off).series("handoffs_lost").sum() == 0
    assert np.all(once(off).series("friction") == 0)
    same_bits(off, firm(quiet, 180, share=0.0, service=ISSUES), but=("friction",))


def test_a_lost_handoff_is_remembered(quiet):
    effort = {"contact_effort": 0.0, "wait_effort": 0.0, "failed_fix_effort": 0.0, **ISSUES}
    near, far = (
        runs[0].series("effort")[-1]
        for runs in batch([firm(quiet, a, service=effort, relationship={}) for a in (0, 180)], replicates=1)
    )
    assert far > 4 * near > 0
