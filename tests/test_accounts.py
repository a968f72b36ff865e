"""The table of accounts: what the engine's state says, narrow until somebody asks, and the same from disk."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest

from flywheel_sim import run
from flywheel_sim.engine.run import Simulation
from flywheel_sim.engine.state import CAUSES, STATUSES
from flywheel_sim.results import Run, open_run
from flywheel_sim.results import accounts as module
from flywheel_sim.results.accounts import Accounts
from flywheel_sim.scenario import load
from flywheel_sim.scenario.columns import COL

#: Every status, second spells and every cause come up.
RESTLESS = load(
    {
        "extends": "everything-on",
        "horizon_weeks": 40,
        "market": {"accounts": 3000, "initial_customers": 900, "external": 0.02, "win_back": {"rate": 0.05}},
        "contracts": {"kind": "monthly", "involuntary": 0.02},
        "timeline": {"enabled": True, "customers": {"loss": {"week": 20, "add": -40}}},
        "ledger": {"can_fail": False},
    }
)


@pytest.fixture(scope="module")
def simulation():
    made = Simulation([RESTLESS.model], [(0, 1, 0), (0, 2, 0)])
    made.advance()
    return made


def test_columns_are_what_the_state_says(simulation):
    for q in (0, 1):
        state, r, table = simulation.state, simulation.state.run[q], Accounts.of(simulation, q)
        model, first = RESTLESS.model, int(simulation.state.run[q]["account0"])
        got = {name: table[name] for name in table}
        seen = set()
        for k in range(int(r["accounts"])):
            i = first + k
            status, spells = STATUSES[state.status[i]], int(state.spells[i])
            seen.add((status, spells > 0))
            life = "customer" if status in ("neutral", "advocate", "detractor") else "former" if spells else "prospect"
            voice = {"sour": "detractor"}.get(status, status)
            revenue, cost = float(state.revenue[i]), float(state.cost[i])
            cost += model.ledger.cost_of_revenue * revenue
            expected = {
                "id": k, "segment": list(model.segments)[state.segment[i]], "state": life,
                "voice": voice if voice in ("neutral", "advocate", "detractor") else "none", "spells": spells,
                "start_week": int(state.start[i]) if spells else -1, "end_week": int(state.end[i]),
                "cause": CAUSES[state.cause[i]],
                "source": "win-back" if spells > 1 else module.SOURCES[state.source[i]],
                "referrer": -1 if spells > 1 else int(state.referrer[i]),
                "first_source": module.SOURCES[state.source[i]], "first_referrer": int(state.referrer[i]),
                "revenue": revenue, "cost": cost, "profit": revenue - cost,
            }  # fmt: skip
            assert {name: column[k].item() for name, column in got.items()} == expected
        assert seen >= {("lead", True), ("lead", False), ("former", True), ("prospect", False), ("advocate", True)}
        assert {"voluntary", "removed"} <= set(got["cause"])


def test_names_are_the_engines():
    assert module.CAUSES == CAUSES
    assert module.STATE_OF.shape == (2, len(STATUSES)) and module.VOICE_OF.shape == (len(STATUSES),)


def test_an_account_takes_22_bytes_until_a_column_is_asked_for(simulation):
    tracemalloc.start()
    try:
        made = Run.of(RESTLESS, simulation)
        summary = made.summary
        most = tracemalloc.get_traced_memory()[1] / 3000
    finally:
        tracemalloc.stop()
    assert made.accounts.nbytes == 22 * 3000 and summary["whale_peak"] >= 1.0
    weekly = sum(a.nbytes for a in (made.arrays.weekly, made.arrays.teams, made.arrays.life, made.arrays.need)) / 3000
    assert most < weekly + 22 + 110, "two indices of 8 bytes to look names up, eight numbers of whoever was a customer"


def test_the_table_is_wide_and_its_names_are_categories(simulation):
    made = Run.of(RESTLESS, simulation)
    table, accounts = made.customers, made.accounts
    assert list(table.columns) == list(accounts)
    named = ["segment", "state", "voice", "cause", "source", "first_source"]
    for name in named:
        assert list(table[name].cat.categories) == list(accounts.names(name)) and (table[name] == accounts[name]).all()
    numbers = table.drop(columns=named)
    assert set(map(str, numbers.dtypes)) == {"int64", "float64"}
    ever = table["profit"].to_numpy()[table["spells"].to_numpy() > 0]
    assert np.array_equal(accounts.profits(), ever)
    accounts["revenue"][:] = -1.0
    assert (accounts["revenue"] >= 0).all(), "a column is a new array every time"


def test_what_the_simulation_does_later_changes_nothing():
    sim = Simulation([RESTLESS.model], [(0, 1, 0)])
    sim.advance(10)
    made = Run.of(RESTLESS, sim)
    before = {name: column.copy() for name, column in made.accounts.kept.items()}
    sim.advance()
    assert all(np.array_equal(made.accounts.kept[name], before[name]) for name in before)
    assert any(not np.array_equal(Run.of(RESTLESS, sim).accounts.kept[name], before[name]) for name in before)


def test_to_disk_and_back_to_the_bit(tmp_path, simulation):
    made = Run.of(RESTLESS, simulation)
    back = open_run(made.save(tmp_path / "x"))
    for name in made.accounts:
        a, b = made.accounts[name], back.accounts[name]
        assert a.dtype == b.dtype and a.tobytes() == b.tobytes(), name
    pd.testing.assert_frame_equal(back.customers, made.customers)
    plain = pd.read_parquet(tmp_path / "x" / "customers.parquet")
    assert plain["state"].tolist() == made.accounts["state"].tolist(), "text for whoever else reads the file"


def test_a_table_with_a_name_nobody_knows_is_refused():
    result = run({"extends": "b2b-saas", "horizon_weeks": 2})
    columns = dict(result.accounts)
    columns["state"] = np.where(np.arange(len(columns["state"])) == 3, "undecided", columns["state"])
    with pytest.raises(ValueError, match="a state that nobody knows"):
        Accounts.coded(tuple(result.scenario.model.segments), columns)


def test_there_is_no_other_column(simulation):
    with pytest.raises(KeyError, match="margin"):
        Accounts.of(simulation)["margin"]


def _watched(scenario, seed=1):
    """Accounts at the end, and every spell as it was when it began: account -> [(source, referrer)], week by week."""
    simulation = Simulation([scenario.model], [(0, seed, 0)], keep_teams=False)
    state, n = simulation.state, scenario.model.market.accounts
    spells = {i: [("start", -1)] for i in np.flatnonzero(state.spells[:n])}
    while simulation.week < simulation.horizon:
        before = state.spells[:n].copy()
        simulation.advance(1)
        for i in np.flatnonzero(state.spells[:n] > before):
            if before[i]:
                spells[i].append(("win-back", -1))
            elif state.start[i] < simulation.week:  # added at the beginning of the week, not won in it
                spells[i] = [("timeline", -1)]
            else:
                referrer = int(state.referrer[i])
                spells[i] = [("external" if referrer == -1 else "word-of-mouth", referrer)]
    return Accounts.of(simulation), spells, simulation


@pytest.mark.parametrize("name", ["b2c-subscription", "b2b-saas"])
def test_source_and_referrer_of_every_spell_survive_its_end_and_the_next_lead(name):
    pulse = {"timeline.enabled": True, "timeline.customers": {"more": {"week": 20, "add": 25}}}
    scenario = load(name).with_(
        {
            "market.accounts": 3000,
            "market.initial_customers": 600,
            "horizon_weeks": 156,
            "market.win_back.rate": 0.1,
            "word_of_mouth.rate": 4 * load(name).get("word_of_mouth.rate"),
            "ledger.can_fail": False,
        }
        | pulse
    )
    accounts, spells, simulation = _watched(scenario)
    table = accounts.frame()
    assert np.array_equal(table.index[table["spells"] > 0], sorted(spells))
    for i, each in spells.items():
        row = table.loc[i]
        assert (row["first_source"], row["first_referrer"]) == each[0]
        assert (row["source"], row["referrer"]) == each[-1]
        assert len(each) == row["spells"]
    ever = table[table["spells"] > 0]
    lost = ever[(ever["state"] == "former")]
    status = simulation.state.status[: len(table)]
    again = ever.index[np.isin(status[ever.index], [STATUSES.index("lead"), STATUSES.index("former")])]
    assert len(again) > 100 and len(lost) > 100
    assert (table.loc[again, "first_source"] == "word-of-mouth").sum() > 5, "kept of those lost, and of leads again"
    weekly = simulation.state.weekly[: scenario.model.horizon_weeks]
    count = ever["first_source"].value_counts()
    assert count["word-of-mouth"] == weekly[:, COL.referred_new].sum()
    assert count["external"] == (weekly[:, COL.new_customers] - weekly[:, COL.referred_new]).sum()
    assert count["start"] == 600 and count["timeline"] == 25
    assert (ever["spells"] - 1).sum() == weekly[:, COL.won_back].sum() > 30


def test_the_table_tells_who_leaves_without_bias():
    """The share lost of those word of mouth brought is the one that is counted while they are lost."""
    small = {"market.accounts": 3000, "horizon_weeks": 104, "ledger.can_fail": False}
    scenario = load("b2c-subscription").with_(small)
    simulation = Simulation([scenario.model], [(0, 3, 0)], keep_teams=False)
    state, n = simulation.state, 3000
    brought, lost = set(), set()
    while simulation.week < simulation.horizon:
        here = (state.status[:n] >= 1) & (state.status[:n] <= 3)
        simulation.advance(1)
        now = (state.status[:n] >= 1) & (state.status[:n] <= 3)
        first = (state.spells[:n] == 1) & (state.referrer[:n] >= 0)
        brought |= set(np.flatnonzero(now & first))
        lost |= set(np.flatnonzero(here & ~now & first))
    table = Accounts.of(simulation).frame()
    told = table[table["first_referrer"] >= 0].query("spells > 0")
    assert set(told.index) == brought
    gone = told[(told["spells"] > 1) | (told["end_week"] >= 0)]
    assert set(gone.index) == lost and len(lost) > 40
