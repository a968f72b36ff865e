"""M5: who hears whom, who is thanked for it, and who is warned off."""

import numpy as np
import pytest
from benchmarks.speed import scaled

from flywheel_sim.engine.run import Simulation
from flywheel_sim.execute.run import batch
from flywheel_sim.scenario import load

PROSPECT, NEUTRAL, ADVOCATE, DETRACTOR = range(4)
LEAD = 6


def market(quiet, wom=None, network=None, **market):
    """Accounts on a graph of uneven degrees, a third of them customers of all voices; one week by default."""
    return quiet(
        horizon_weeks=market.pop("weeks", 1),
        market={
            "accounts": 20_000,
            "initial_customers": 7000,
            "initial_advocates": 0.4,
            "initial_detractors": 0.3,
            "network": network or {"kind": "barabasi-albert", "degree": 6},
            **market,
        },
        word_of_mouth={"rate": 0.3, "negative": 0.0, **(wom or {})},
    )


def weeks_of(scenario, weeks=1, seed=1):
    """Simulation before and after some weeks: (statuses before, simulation)."""
    sim = Simulation([load(scenario).model], [(0, seed, 0)])
    n = int(sim.state.run[0]["accounts"])
    before = sim.state.status[:n].copy()
    sim.advance(weeks)
    return before, sim


def heard(before, sim, weights, per_speaker):
    """Sum of the voices every account hears, from the definition."""
    n = before.size
    edge, friend = sim.state.edge[: n + 1], sim.state.friend
    listener = np.repeat(np.arange(n), np.diff(edge))
    degree = np.diff(edge)
    voice = np.array(weights)[before[friend]]
    share = 1 / degree[friend] if per_speaker else 1 / degree[listener]
    return np.bincount(listener, voice * share, minlength=n)


@pytest.mark.parametrize("normalise", ["per_speaker", "per_prospect"])
def test_a_prospect_joins_at_the_rate_of_the_voices_it_hears(quiet, normalise):
    weights = {"advocate": 2.0, "neutral": 0.5, "detractor": 0.25}
    before, sim = weeks_of(market(quiet, {"normalise": normalise, **weights}))
    s = heard(before, sim, [0, 0.5, 2.0, 0.25], normalise == "per_speaker")
    prospects = before == PROSPECT
    p = -np.expm1(-0.3 * s)[prospects]
    joined = sim.state.status[: before.size][prospects] != PROSPECT
    assert abs(joined.sum() - p.sum()) < 4 * np.sqrt(np.sum(p * (1 - p)))
    # not only the total: those with much and with little to hear, each as it should be
    order = np.argsort(p)
    for part in np.array_split(order, 5):
        assert abs(joined[part].sum() - p[part].sum()) < 4.5 * np.sqrt(np.sum((p * (1 - p))[part])) + 1e-9
    # and the two ways of sharing a voice differ by far more than luck
    other = -np.expm1(-0.3 * heard(before, sim, [0, 0.5, 2.0, 0.25], normalise != "per_speaker"))[prospects]
    assert np.abs(p - other).max() > 0.1


def test_a_lead_that_comes_to_nothing_names_nobody():
    """Who waits or buys has a referrer where word of mouth brought it; who is a prospect again has none."""
    _, sim = weeks_of(scaled(40_000, 30), 30)
    n = int(sim.state.run[0]["accounts"])
    status, referrer, spells = sim.state.status[:n], sim.state.referrer[:n], sim.state.spells[:n]
    assert np.all(referrer[status == PROSPECT] == -1)
    waiting = (status == LEAD) & (spells == 0)
    assert (referrer[waiting] >= 0).sum() > 20 and (referrer[waiting] == -1).sum() > 20
    assert np.any(referrer[(status == NEUTRAL) & (spells == 1)] >= 0)


def test_every_referred_sale_names_one_friend_who_spoke_in_proportion(quiet):
    before, sim = weeks_of(market(quiet, {"advocate": 3.0, "neutral": 1.0}, external=0.05))
    n = before.size
    won = np.flatnonzero((before == PROSPECT) & (sim.state.status[:n] == NEUTRAL))
    referrer = sim.state.referrer[:n]
    referred = won[referrer[won] != -1]
    assert np.all(referrer[referred] >= 0)
    assert np.all(referrer[before == PROSPECT][sim.state.status[:n][before == PROSPECT] == PROSPECT] == -1)
    edge, friend = sim.state.edge, sim.state.friend
    weight = np.array([0, 1.0, 3.0, 0])
    degree = np.diff(edge[: n + 1])
    expected = variance = expected_word = variance_word = 0.0
    for i in won:
        friends = friend[edge[i] : edge[i + 1]]
        voice = weight[before[friends]] / degree[friends]
        word = 0.3 * voice.sum()
        p = word / (0.05 + word)
        expected_word, variance_word = expected_word + p, variance_word + p * (1 - p)
        if referrer[i] >= 0:
            assert referrer[i] in friends
            assert before[referrer[i]] in (NEUTRAL, ADVOCATE)
            p = voice[before[friends] == ADVOCATE].sum() / voice.sum()
            expected, variance = expected + p, variance + p * (1 - p)
    assert abs(np.sum(before[referrer[referred]] == ADVOCATE) - expected) < 4 * np.sqrt(variance)
    assert abs(referred.size - expected_word) < 4 * np.sqrt(variance_word)
    row = sim.arrays(0)
    assert referred.size == row.weekly[0, [c == "referred_new" for c in _names()]][0]


def _names():
    from flywheel_sim.scenario.columns import NAMES

    return NAMES


def test_on_the_complete_graph_strangers_are_thanked_in_proportion(quiet):
    before, sim = weeks_of(
        market(quiet, {"advocate": 3.0, "neutral": 1.0}, {"kind": "complete"}, initial_customers=3000, accounts=9000)
    )
    n = before.size
    referrer = sim.state.referrer[:n]
    won = np.flatnonzero((before == PROSPECT) & (sim.state.status[:n] == NEUTRAL))
    assert won.size > 500
    assert np.all(referrer[won] >= 0)
    good, fair = np.sum(before == ADVOCATE), np.sum(before == NEUTRAL)
    p = 3 * good / (3 * good + fair)
    found = np.mean(before[referrer[won]] == ADVOCATE)
    assert abs(found - p) < 4 * np.sqrt(p * (1 - p) / won.size)
    # spread over accounts, not one favourite per block
    speakers = (before == ADVOCATE) | (before == NEUTRAL)
    halves = np.mean(referrer[won] < n / 2), np.mean(np.flatnonzero(speakers) < n / 2)
    assert abs(halves[0] - halves[1]) < 4 * 0.5 / np.sqrt(won.size)
    assert np.unique(referrer[won]).size > 0.75 * won.size


def test_a_voice_is_shared_by_all_it_reaches(quiet):
    # per speaker, one advocate brings w customers a week at S/N -> 1, whatever the graph
    for network in ("ring", "complete", "barabasi-albert", "configuration"):
        scenario = market(
            quiet,
            {"rate": 0.05},
            {"kind": network, "degree": 4},
            accounts=100_000,
            initial_customers=2000,
            initial_advocates=1.0,
            initial_detractors=0.0,
        )
        run = batch([scenario], replicates=1)[0][0]
        assert run.series("new_customers")[0] == pytest.approx(2000 * 0.05, rel=0.45), network


def test_friends_are_told_of_every_change_of_voice(quiet):
    voice = {
        "neutral_to_advocate": 0.3,
        "neutral_to_detractor": 0.2,
        "advocate_to_neutral": 0.3,
        "detractor_to_neutral": 0.4,
    }
    scenario = market(
        quiet,
        {"rate": 0.05, "negative": 0.5, "neutral": 0.5, "former_voice": 0.5},
        weeks=30,
        accounts=3000,
        initial_customers=1000,
        voice=voice,
        churn={"by": "voice", "neutral": 0.05, "advocate": 0.05, "detractor": 0.1},
        win_back={"rate": 0.02},
    )
    _, sim = weeks_of(scenario, 30)
    n = 3000
    status = sim.state.status[:n]
    unit = 2.0 ** int(sim.state.run[0]["unit"])
    good = heard(status, sim, [0, 0.5, 1.0, 0, 0, 0, 0], True)
    bad = heard(status, sim, [0, 0, 0, 1, 0, 1, 0], True)
    assert len(np.unique(status)) >= 6
    assert np.allclose(sim.state.good[:n] / unit, good, atol=2e-4)
    assert np.allclose(sim.state.bad[:n] / unit, bad, atol=2e-4)


def test_off_is_a_rate_of_zero(quiet, same_bits):
    on = market(quiet, {"rate": 0.0, "negative": 1.0}, weeks=26, accounts=2000, initial_customers=500, external=0.01)
    off = market(quiet, {"enabled": False}, weeks=26, accounts=2000, initial_customers=500, external=0.01)
    same_bits(on, off)


def test_without_word_of_mouth_nobody_is_referred_and_inflow_is_that_of_marketing(quiet, once):
    run = once(market(quiet, {"rate": 0.0}, weeks=20, external=0.01))
    assert run.series("referred_new").sum() == 0
    assert np.all(run.customers["referrer"] < 0)
    p = -np.expm1(-0.01 * 20)
    assert abs(run.series("new_customers").sum() - 13_000 * p) < 4 * np.sqrt(13_000 * p)


def test_bad_voices_keep_prospects_away_for_h_weeks(quiet):
    bad = {"rate": 0.6, "advocate": 0.0, "negative": 0.5, "negative_weeks": 4}
    scenario = market(quiet, bad, accounts=8000, initial_customers=3000, initial_advocates=0.0, initial_detractors=1.0)
    before, sim = weeks_of(scenario)
    n = before.size
    prospects = before == PROSPECT
    # chi w sum of bad voices, shared by the speaker
    p = -np.expm1(-0.5 * 0.6 * heard(before, sim, [0, 0, 0, 1], True))[prospects]
    warned = sim.state.blocked_until[:n][prospects] > 0
    assert abs(warned.sum() - p.sum()) < 4 * np.sqrt(np.sum(p * (1 - p)))
    # marketing reaches everybody each week from now on, but not those who were warned, for four weeks
    eager = load(scenario).with_(
        {
            "horizon_weeks": 8,
            "timeline": {
                "enabled": True,
                "changes": {"all": {"from_week": 2, "set": {"market.external": 50.0, "word_of_mouth.rate": 0.0}}},
            },
        }
    )
    run = batch([eager], replicates=1)[0][0]
    blocked, prospects_left = run.series("blocked"), run.series("prospects")
    assert np.all(blocked[1:5] == warned.sum())
    assert np.all(blocked[5:] == 0)
    assert np.all(prospects_left[1:5] == warned.sum())
    assert np.all(prospects_left[5:] == 0)


def test_bad_voices_cost_customers_and_vanish_at_chi_zero(quiet):
    def firm(chi):
        return market(
            quiet,
            {"rate": 0.1, "negative": chi},
            weeks=26,
            accounts=4000,
            initial_customers=800,
            initial_advocates=0.2,
            external=0.005,
        )

    none, some = batch([firm(0.0), firm(1.0)], replicates=3)
    for a, b in zip(none, some, strict=True):
        assert a.series("blocked").sum() == 0
        assert b.series("blocked").sum() > 0
        assert b.series("customers")[-1] < a.series("customers")[-1]


def test_leavers_who_speak_badly_fade_with_their_half_life(quiet):
    def leaving(share):
        scenario = market(
            quiet,
            {"rate": 0.0, "negative": 1.0, "former_voice": share, "former_half_life_weeks": 5.0},
            accounts=20_000,
            initial_customers=20_000,
            churn={"by": "voice", "neutral": 9.0, "advocate": 9.0, "detractor": 9.0},
            weeks=6,
        )
        return scenario

    _, sim = weeks_of(leaving(0.3), 1)
    left = sim.state.status[:20_000] >= 4
    sour = np.sum(sim.state.status[:20_000] == 5)
    assert left.mean() > 0.999
    assert abs(sour / left.sum() - 0.3) < 4 * np.sqrt(0.21 / left.sum())
    sim.advance(5)
    assert abs(np.sum(sim.state.status[:20_000] == 5) / sour - 0.5) < 4 * np.sqrt(0.25 / sour) + 0.01
    _, sim = weeks_of(leaving(0.0), 1)
    assert not np.any(sim.state.status[:20_000] == 5)
