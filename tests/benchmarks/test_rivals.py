"""The rivals have the engine's laws, and the comparison that says so would see it if they had not."""

import numpy as np
import pytest
from benchmarks.agents import CoreModel
from benchmarks.columns import Columns, ring_with_shortcuts
from benchmarks.core import CORE, core_of
from benchmarks.rivals import READ, RIVALS, agreement, race, readings
from benchmarks.speed import scaled

from flywheel_sim.scenario import load
from flywheel_sim.scenario.schema import MECHANISMS


def company(accounts=1000, weeks=30):
    return core_of(scaled(accounts, weeks, "b2b-parts"))


def test_the_core_is_what_it_says():
    model = company().model
    on = {number for number, block in MECHANISMS.items() if getattr(model, block).enabled}
    assert on == set(CORE)


@pytest.mark.statistical
@pytest.mark.parametrize("name", RIVALS)
def test_a_rival_has_the_laws_of_the_engine(name):
    # false alarm: .1 % over all quantities together
    found = agreement(RIVALS[name], company(), replicates=12, weeks=(8, 27))
    assert len(found.quantities) == 2 * len(READ)
    assert found.ok, found.apart


@pytest.mark.statistical
@pytest.mark.parametrize(
    ("changes", "seen"),
    [
        ({"service.issues": 0.22}, "handled"),
        ({"market.external": 0.0009}, "leads"),
        ({"relationship.gain": 0.09}, "relationship"),
        ({"ledger.overhead": 40_000.0}, "cash"),
    ],
)
def test_other_laws_are_found_out(changes, seen):
    found = agreement(RIVALS["columns"], company(), replicates=12, weeks=(8, 27), engine=company().with_(changes))
    assert not found.ok and any(text.startswith(seen) for text in found.apart), found.apart


@pytest.mark.parametrize("build", [CoreModel, Columns])
def test_rivals_lose_nobody_and_keep_their_books(build):
    run = build(company(300), 5)
    for _ in range(12):
        run.step()
    for before, row in zip(run.rows[:-1], run.rows[1:], strict=True):
        assert row["prospects"] + row["customers"] + row["former"] == 300
        won = row["new_customers"] + row["won_back"]
        assert row["customers"] - before["customers"] == won - row["churned"]
        assert row["cash"] - before["cash"] == pytest.approx(row["billed"] - row["total_cost"])


@pytest.mark.parametrize("build", [CoreModel, Columns])
def test_voices_add_up_to_what_speakers_say(build):
    run = build(company(400), 3)
    for _ in range(10):
        run.step()
    if build is Columns:
        good, bad = float(run.good.sum()), float(run.bad.sum())
        sour = int((run.status == 5).sum())
    else:
        good, bad = (sum(getattr(a, name) for a in run.customers) for name in ("good", "bad"))
        sour = run.count[5]
    # a speaker's voice is shared among its friends: all friends together hear it once
    assert good == pytest.approx(run.rows[-1]["advocates"], abs=1e-3)
    assert bad == pytest.approx(run.rows[-1]["detractors"] + sour, abs=1e-3)


def test_the_graph_of_columns_is_a_rewired_ring():
    n, degree = 500, 8
    edge, friend = ring_with_shortcuts(n, degree, 0.2, np.random.default_rng(1))
    owner = np.repeat(np.arange(n), np.diff(edge))
    assert friend.size == n * degree and not (owner == friend).any()
    assert len({*zip(owner.tolist(), friend.tolist(), strict=True)}) == n * degree  # nobody is a friend twice
    assert set(zip(owner, friend, strict=True)) == set(zip(friend, owner, strict=True))
    gap = np.abs(owner - friend)
    far = np.minimum(gap, n - gap) > degree // 2
    assert abs(far.mean() - 0.2) < 4 * np.sqrt(0.16 / (n * degree / 2))


def test_what_rivals_are_not_written_for_is_refused():
    with pytest.raises(ValueError, match=r"other mechanisms, contracts\.kind"):
        Columns(load("b2b-parts").with_({"contracts.kind": "monthly"}), 1)
    with pytest.raises(ValueError, match=r"market\.network\.kind"):
        CoreModel(company().with_({"market.network.kind": "complete"}), 1)


def test_readings_add_up_flows_and_take_stocks_as_they_are():
    weekly = {name: np.arange(1.0, 5.0) for name in READ}
    got = dict(zip(READ, readings(weekly, [2, 4]).reshape(-1, 2).tolist(), strict=True))
    assert got["customers"] == [2.0, 4.0] and got["churned"] == [3.0, 10.0]


def test_a_race_times_engine_and_rival_over_the_same_account_weeks():
    found = race("columns", lambda n, weeks: scaled(n, weeks, "b2b-parts"), 20_000, warm_up=2, repetitions=2)
    assert found.accounts == 20_000 and found.engine_ns > 0
    assert found.to_dict()["ratio"] == found.rival_ns / found.engine_ns
