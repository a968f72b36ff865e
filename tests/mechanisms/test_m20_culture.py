"""M20: a stock that decays, is built, and lets disciplines work."""

import numba
import numpy as np
import pytest

from flywheel_sim.engine.layout import PAR
from flywheel_sim.engine.mechanisms import m20_culture as m20


@numba.njit
def discipline_yield(p, culture):
    return m20.discipline_yield(p[0], culture)


def test_yield_by_hand():
    p = np.zeros(1, PAR)
    c = p[0]["culture"]
    c["enabled"], c["independence"], c["reference"] = 1, 0.5, 0.5
    assert discipline_yield(p, 0.5) == 1.0, "at the reference culture"
    assert discipline_yield(p, 0.0) == pytest.approx(0.5)
    assert discipline_yield(p, 1.0) == pytest.approx(1.5)
    c["independence"] = 1.0
    assert discipline_yield(p, 0.123) == 1.0
    c["independence"], c["enabled"] = 0.0, 0
    assert discipline_yield(p, 0.0) == 1.0


def firm(quiet, start=0.5, teams=3, **culture):
    names = [f"t{k}" for k in range(teams)]
    return quiet(
        horizon_weeks=52,
        teams={n: {"headcount": 1, "craft": {"acquire": 1}} for n in names},
        vectors={"diffusion": 0.02, "coupling": 1.0, "map_pull": 3.0},
        sensing={"need_drift": 0.001},
        cadence={"pull": 0.4, "hours": 0.0},
        culture={"start": start, **culture},
    )


def test_the_stock_by_hand(quiet, once):
    found = once(firm(quiet, 0.3, retention_month=0.9, effort_month=0.06)).series("culture")
    kept, c = 0.9 ** (12 / 52), 0.3
    for week in range(52):
        c = min(1.0, kept * c + 0.06 * 12 / 52)
        assert found[week] == pytest.approx(c, rel=1e-12)


def test_the_stock_is_capped_at_one(quiet, once):
    assert once(firm(quiet, 0.9, retention_month=1.0, effort_month=0.5)).series("culture")[-1] == 1.0


def test_a_campaign_is_forgotten(quiet, once):
    scenario = firm(quiet, 0.2, retention_month=0.75, effort_month=0.0)
    scenario["timeline"] = {
        "enabled": True,
        "changes": {"campaign": {"from_week": 5, "until_week": 6, "set": {"culture.effort_month": 0.2 * 52 / 12}}},
    }
    found = once(scenario).series("culture")
    kept = 0.75 ** (12 / 52)
    assert found[4] - kept * found[3] == pytest.approx(0.2)
    assert found[51] == pytest.approx((0.2 * kept**5 + 0.2) * kept**47)


def test_culture_is_idle_where_disciplines_do_not_depend_on_it(quiet, same_bits):
    # C26 vanishes at c0 = 1
    same_bits(
        firm(quiet, 0.0, independence=1.0),
        firm(quiet, 0.9, independence=1.0),
        firm(quiet, 0.9, enabled=False),
        but=("culture",),
    )


def test_culture_lets_the_map_and_the_meetings_pull(quiet):
    from flywheel_sim.execute.run import batch

    low, high = batch(
        [firm(quiet, c, independence=0.0, retention_month=1.0, effort_month=0.0) for c in (0.0, 1.0)], replicates=10
    )
    r = [np.mean([run.series("customer_alignment")[26:].mean() for run in runs]) for runs in (low, high)]
    assert r[1] > r[0] + 0.2
