"""M5, per_tie: labels of ties, what is heard through them, and who is named as the referrer."""

import numba
import numpy as np
import pytest
from compiled import compiled

from flywheel_sim import theory
from flywheel_sim.engine.mechanisms import m05_word_of_mouth as m05
from flywheel_sim.engine.run import Simulation
from flywheel_sim.execute.run import batch
from flywheel_sim.scenario import ScenarioError, load

SEED, REPLICATE = np.uint32(1), np.uint32(0)


@numba.njit
def is_strong(i, j, share):
    return m05.is_strong(np.uint32(1), np.uint32(0), i, j, share)


tie_strength = compiled(m05.tie_strength)


@numba.njit
def stranger_met(j, t, tie, accounts):
    return m05.stranger_met(np.uint32(1), np.uint32(0), j, t, tie, accounts)


def market(**changes):
    """Half a market of customers who all speak, on a small world; nobody ever stops."""
    base = {
        "accounts": 2000,
        "initial_customers": 1000,
        "network": {"kind": "watts-strogatz", "degree": 10, "rewiring": 0.2},
    }
    return {**base, **changes}


def word(**changes):
    """Everybody speaks with weight 1."""
    base = {"normalise": "per_tie", "neutral": 1, "advocate": 1, "detractor": 1, "negative": 0}
    return {**base, "strong": 0.07, "weak": 0.015, **changes}


def test_a_tie_has_one_label_seen_from_both_ends():
    pairs = [(i, j) for i in range(40) for j in range(40) if i != j]
    assert all(is_strong(i, j, 0.3) == is_strong(j, i, 0.3) for i, j in pairs)
    assert not any(is_strong(i, j, 0.0) for i, j in pairs)
    assert all(is_strong(i, j, 1.0) for i, j in pairs)
    assert {is_strong(i, j, 0.3) for i, j in pairs} == {True, False}


def test_the_share_of_strong_ties():
    n = 20_000
    found = np.mean([is_strong(i, i + 7, 0.3) for i in range(n)])
    assert abs(found - 0.3) < 4 * np.sqrt(0.21 / n)


@pytest.mark.parametrize("beta", [0.0, 0.005, 0.07, 0.9])
def test_ties_add_up_as_hazards(beta):
    assert tie_strength(beta) == pytest.approx(-np.log1p(-beta), abs=1e-15)


def test_a_stranger_is_anybody_else():
    met = np.array([[stranger_met(3, t, tie, 7) for tie in range(9)] for t in range(3000)])
    assert set(met.ravel()) == {0, 1, 2, 4, 5, 6}
    counts = np.bincount(met.ravel(), minlength=7)[[0, 1, 2, 4, 5, 6]]
    assert np.sum((counts - counts.mean()) ** 2 / counts.mean()) < 25
    assert len({tuple(row) for row in met}) > 2900, "another one every week"


def voices_by_hand(simulation, wom, fixed):
    """Weak and strong ties of every account to customers."""
    st, r = simulation.state, simulation.state.run[0]
    n = int(r["accounts"])
    weak, strong = np.zeros(n, int), np.zeros(n, int)
    for i in range(n):
        for e in range(st.edge[i], st.edge[i + 1]):
            j = int(st.friend[e])
            close = is_strong(i, j, wom.strong_share)
            if not close and not fixed:
                j = stranger_met(i, simulation.week, e - st.edge[i], n)
            if 1 <= st.status[j] <= 3:
                weak[i] += not close
                strong[i] += close
    return weak, strong


@pytest.mark.statistical
@pytest.mark.parametrize("ties", ["fixed", "redrawn"])
def test_a11_by_number_of_weak_and_strong_ties(quiet, ties):
    """Prospects grouped by what they hear are won with the chance A11 gives each group."""
    scenario = load(
        quiet(
            market=market(accounts=20_000, initial_customers=10_000, external=0.002), word_of_mouth=word(weak_ties=ties)
        )
    )
    simulation = Simulation([scenario.model], [(0, 1, 0)])
    weak, strong = voices_by_hand(simulation, scenario.model.word_of_mouth, ties == "fixed")
    prospect = simulation.state.status[:20_000] == 0
    simulation.advance(1)
    gone = simulation.state.status[:20_000] != 0
    p = theory.informed_probability(1 - np.exp(-0.002), 0.015, 0.07, j=weak, m=strong)
    won, expected, spread = np.zeros((11, 11)), np.zeros((11, 11)), np.zeros((11, 11))
    for i in np.flatnonzero(prospect):
        at = weak[i], strong[i]
        won[at] += gone[i]
        expected[at] += p[i]
        spread[at] += p[i] * (1 - p[i])
    used = expected > 4
    assert used.sum() > 20
    z = (won - expected)[used] / np.sqrt(spread[used])
    assert np.sum(z**2) < used.sum() + 4 * np.sqrt(2 * used.sum())
    assert abs((won - expected).sum()) < 3.5 * np.sqrt(spread.sum())


def test_what_is_carried_is_what_a_recount_finds(quiet):
    """Sums changed tie by tie stay the sums of all ties, to the last unit."""
    voice = {"neutral_to_advocate": 0.1, "neutral_to_detractor": 0.1, "advocate_to_neutral": 0.2}
    wom = word(neutral=0.3, detractor=0, negative=1.0)
    scenario = load(
        quiet(market=market(voice=voice, churn={"mean": 0.05, "dispersion": 0, "period_weeks": 1}), word_of_mouth=wom)
    )
    a, b = (Simulation([scenario.model], [(0, 1, 0)]) for _ in range(2))
    a.advance(20)
    b.advance(19)
    b.state.run["epoch"] = -1
    b.advance(1)
    assert np.array_equal(a.state.good, b.state.good)
    assert np.array_equal(a.state.bad, b.state.bad)
    assert a.state.bad.max() > 0


@pytest.mark.parametrize("ties", ["fixed", "redrawn"])
def test_a_referrer_is_a_customer_who_speaks(quiet, once, ties):
    run = once(quiet(market=market(initial_customers=600), word_of_mouth=word(weak_ties=ties)) | {"horizon_weeks": 1})
    table = run.customers
    new = table[table["start_week"] == 1]
    assert len(new) > 100 and (new["referrer"] >= 0).all()
    assert (table.loc[new["referrer"], "start_week"] <= 0).all()
    network = Simulation([run.scenario.model], [(0, 1, 0)]).state
    near = [row.referrer in network.friend[network.edge[row.id] : network.edge[row.id + 1]] for row in new.itertuples()]
    if ties == "fixed":
        assert all(near)
    else:
        assert 0.3 < np.mean(near) < 0.98


def test_without_strength_nobody_is_heard(quiet, same_bits):
    on = market(external=0.01)
    same_bits(
        quiet(market=on),
        quiet(market=on, word_of_mouth=word(strong=0, weak=0)),
        quiet(market=on, word_of_mouth=word(strong=0, weak=0, weak_ties="redrawn")),
    )


def test_labels_do_nothing_unless_asked_for(quiet, same_bits):
    on = market()
    plain = {"rate": 0.02, "neutral": 1}
    same_bits(
        quiet(market=on, word_of_mouth=plain),
        quiet(
            market=on, word_of_mouth={**plain, "strong": 0.9, "weak": 0.8, "strong_share": 0.1, "weak_ties": "redrawn"}
        ),
    )


def test_a_bad_word_for_good(quiet):
    scenario = quiet(
        market=market(initial_detractors=1.0, external=0.05),
        word_of_mouth=word(detractor=0, negative=1, negative_weeks=52),
    ) | {"horizon_weeks": 200}
    forgiving, never = (
        batch([load(scenario).with_({"word_of_mouth.negative_weeks": weeks})], replicates=1)[0][0]
        for weeks in (26, 1_000_000)
    )
    stays = np.diff(never.series("blocked"))
    assert stays.min() >= 0, "nobody is forgiven"
    assert np.diff(forgiving.series("blocked")).min() < 0


def test_everybody_tied_to_all_is_refused(quiet):
    with pytest.raises(ScenarioError, match=r"per_tie.*needs a network"):
        load(quiet(market=market(network="complete"), word_of_mouth=word()))
