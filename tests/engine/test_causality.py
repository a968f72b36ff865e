"""Nothing acts backwards in time, and one changed customer changes only what it can reach."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flywheel_sim import load, run
from flywheel_sim.engine.run import Simulation
from flywheel_sim.engine.state import PROSPECT, STATUSES, State
from flywheel_sim.model import FlywheelModel

START = 60
PAY = {
    "enabled": False,
    "measures": {"deals": {"gradient": {"acquire": 1.0}, "columns": {"new_customers": 1.0}, "target": 2.0}},
    "pay": {"sales": {"bonus": 0.2, "on": {"deals": 1.0}}},
}
COMPANY = {
    "extends": "b2b-saas",
    "horizon_weeks": 104,
    "market": {"accounts": 1500, "initial_customers": 200, "external": 0.004},
    "incentives": PAY,
    "ledger": {"can_fail": False},  # a ruin reaches every customer at once
}
CHANGES = {
    "marketing": {"market.external": 0.02},
    "incentives": {"incentives.enabled": True},
    "headcount": {"teams.sales.headcount": 16},
    "quality": {"journey.touchpoints.product-use.base_success": 0.5},
    "word of mouth": {"word_of_mouth.rate": 0.05},
    "louder voices": {"word_of_mouth.advocate": 100.0, "word_of_mouth.neutral": 1.0},
    "coupling": {"vectors.coupling.fixed": 8.0},
    "issues": {"service.issues": 0.2},
    "price": {"market.price": 1.5},
    "relationship": {"relationship.gain": 0.2},
    "involuntary churn": {"contracts.involuntary": 0.2},
    "meetings": {"cadence.enabled": True, "cadence.interval_weeks": 1},
    "leadership": {"strategy.angle": 120.0, "vectors.lead_pull": 5.0},
    "segment": {"segments.small.spend": 30000, "segments.small.need.care": 1.0},
    "books": {"ledger.overhead": 20000},
}


def from_week(changes, **more):
    return {**COMPANY, "timeline": {"changes": {"new": {"from_week": START, "set": changes, **more}}}}


def test_no_change_reaches_back():
    """Scenarios that differ from week 60 on are equal to the bit at the end of week 59, in everything there is."""
    ramped = from_week(CHANGES["marketing"], ramp_weeks=10, until_week=90)
    pulse = {**COMPANY, "timeline": {"customers": {"many": {"week": START, "add": 50}}}}
    specs = [COMPANY, *(from_week(changes) for changes in CHANGES.values()), ramped, pulse]
    names = ["base", *CHANGES, "ramp", "pulse"]
    simulation = Simulation([load(spec).model for spec in specs], [(s, 1, 0) for s in range(len(specs))])
    simulation.advance(START - 1)
    base = rows(simulation, 0)
    for q, name in enumerate(names[1:], 1):
        for column, values in rows(simulation, q).items():
            assert np.array_equal(base[column], values, equal_nan=True), f"{name}: {column} differs before week {START}"
    simulation.advance()
    base = simulation.arrays(0).weekly
    for q, name in enumerate(names[1:], 1):
        weekly = simulation.arrays(q).weekly
        assert np.array_equal(base[: START - 1], weekly[: START - 1], equal_nan=True), name
        assert not np.array_equal(base[START - 1 :], weekly[START - 1 :], equal_nan=True), f"{name} had no effect"


@pytest.mark.parametrize("kind", ["complete", "barabasi-albert"])
def test_louder_voices_do_not_reach_back(kind):
    """The resolution at which voices are counted may not know how loud they will be."""
    network = {"market": {**COMPANY["market"], "network": {"kind": kind}}, "word_of_mouth": {"talk_spread": 0.0}}
    specs = [{**COMPANY, **network}, {**from_week(CHANGES["louder voices"]), **network}]
    simulation = Simulation([load(spec).model for spec in specs], [(0, 1, 0), (1, 1, 0)])
    simulation.advance(START - 1)
    a, b = rows(simulation, 0), rows(simulation, 1)
    assert [name for name in a if not np.array_equal(a[name], b[name], equal_nan=True)] == []


#: Which record of a run says where its rows start, and how many there are.
_START = {
    "blocks": (("acc", "touched", "cases", "counts"), "block0"),
    "teams": (("direction", "drift", "belief", "pay", "pull", "decided", "magnitude", "level", "gaming", "demand",
               "overload", "heads", "able", "funded", "planned", "unlearned", "hours"), "team0"),
    "segments": (("need", "chain"), "segment0"),
}  # fmt: skip
ACCOUNT_COLUMNS = [name for name in State._fields[2 : State._fields.index("edge")] if name != "status_next"]


def rows(simulation, q):
    """Everything that run q of a batch knows about the world and itself, its place in the batch apart."""
    state, run = simulation.state, simulation.state.run[q]
    model = simulation.program.models[int(run["scenario"])]
    counts = {"blocks": int(run["blocks"]), "teams": len(model.teams), "segments": len(model.segments)}
    found = {name: column(simulation, name, q) for name in ACCOUNT_COLUMNS}
    for what, (names, start) in _START.items():
        first = int(run[start])
        found |= {name: getattr(state, name)[first : first + counts[what]].copy() for name in names}
    placed = ("scenario", "epoch", "added", "added_billed", *(n for n in run.dtype.names if n[-1] == "0"))
    found |= {f"run.{name}": np.array(run[name]) for name in run.dtype.names if name not in placed}
    arrays = simulation.arrays(q)
    return found | {"weekly": arrays.weekly, "teams": arrays.teams, "life": arrays.life, "initial": arrays.initial}


def column(simulation, name, q=0):
    run = simulation.state.run[q]
    first = int(run["account0"])
    return getattr(simulation.state, name)[first : first + int(run["accounts"])].copy()


# --- one customer -----------------------------------------------------------------------------------------------------

#: Customers of one company meet in its queues: hours spent on one are not spent on another, finance plans heads by
#: what all of them pay, pay follows what all of them do, and teams chase the scores of what all of them answer.  With
#: these off, an account can reach others only by word of mouth.
APART = {
    "extends": "b2b-saas",
    "horizon_weeks": 60,
    "market": {"accounts": 400, "initial_customers": 150, "external": 0.01, "at_rest": False},
    "ledger": {"allocate_payroll": False, "can_fail": False},
    "service": {"enabled": False},
    "capacity": {"enabled": False},
    "incentives": {"enabled": False},
    "reactions": {"enabled": False},
    "causes": {"enabled": False},
}
TALK = {
    "word_of_mouth": {"rate": 0.6, "normalise": "per_prospect", "neutral": 0.3, "talk_spread": 0.0},
    "contracts": {"enabled": False},
}
VOICES = {"neutral_to_advocate": 0.1, "neutral_to_detractor": 0.1, "relationship_effect": 6.0}


#: Voices around an account: they are counted whether or not anybody listens.
HEARD = ("good", "bad", "exposure")


def differing(a, b, but=()):
    """Accounts in which any column differs."""
    found = np.zeros(len(column(a, "status")), bool)
    for name in ACCOUNT_COLUMNS:
        if name not in but:
            found |= column(a, name) != column(b, name)
    return set(np.flatnonzero(found).tolist())


def pair_of_futures(spec, change, rng=1):
    """Two models, the same but for what ``change`` does to one account; yields them after every week."""
    one = FlywheelModel(spec, rng=rng)
    other = one.fork()
    change(other)
    while one.running:
        one.step()
        other.step()
        yield one._simulation, other._simulation


def test_a_customer_alone_changes_nobody():
    """Word of mouth off: another relationship, effort and spend of one customer change its own row for ever."""
    spec = {**APART, "word_of_mouth": {"enabled": False}}
    who = int(np.flatnonzero(FlywheelModel(spec).customers.state == "customer")[3])

    def change(model):
        model.customers.relationship[who] = 0.02
        model.customers.effort[who] = 5.0
        model.customers.spend[who] *= 3

    for one, other in pair_of_futures(spec, change):
        assert differing(one, other, but=HEARD) == {who}


def test_a_prospect_alone_changes_nobody():
    """The same for a prospect who is about to buy: its churn propensity and fit."""
    spec = {**APART, "word_of_mouth": {"enabled": False}}
    run = FlywheelModel(spec)
    run.run_model()
    new = (run.customers.state == "former") & (run.customers.start_week > 0)
    who = int(np.flatnonzero(new)[0]) if new.any() else int(np.flatnonzero(run.customers.start_week > 0)[0])

    def change(model):
        model.customers.propensity[who] = 5.0
        model.customers.fit[who] = 0.1

    for one, other in pair_of_futures(spec, change):
        assert differing(one, other, but=HEARD) == {who}


def test_a_changed_customer_reaches_its_partner_at_most():
    spec = {**APART, **TALK, "market": {**APART["market"], "network": {"kind": "pairs"}, "voice": VOICES}}
    reached = set()
    for who in (4, 37, 118, 201):
        for one, other in pair_of_futures(spec, shout(who)):
            found = differing(one, other)
            assert found <= {who, who ^ 1}
            reached |= found - {who}
    assert reached, "nobody was reached: the test shows nothing"


def test_a_change_travels_one_friend_a_week():
    """On a ring, after k weeks only accounts within k steps can differ."""
    network = {"kind": "ring", "degree": 2}
    market = {**APART["market"], "initial_customers": 20, "external": 0.0, "network": network, "voice": VOICES}
    market["funnel"] = {"enabled": False}
    spec = {**APART, **TALK, "market": market}
    furthest = 0
    for who in np.flatnonzero(FlywheelModel(spec).customers.state == "customer")[:12].tolist():
        for week, (one, other) in enumerate(pair_of_futures(spec, shout(who)), 1):
            gaps = {min(abs(i - who), 400 - abs(i - who)) for i in differing(one, other)}
            assert max(gaps, default=0) <= week
            furthest = max(furthest, *gaps, 0)
    assert furthest >= 3, "the change did not travel: the test shows nothing"


def shout(who):
    """Make an account a customer's friend or foe: what it feels decides how it speaks."""

    def change(model):
        model.customers.relationship[who] = 1.0 if model.customers.relationship[who] < 0.5 else 0.0
        model.customers.propensity[who] = 0.0
        model.customers.fit[who] = 1.0

    return change


def steps_from(simulation, who):
    """Friends of friends: how many ties away from an account everybody is."""
    state, away = simulation.state, {who: 0}
    edge, found = state.edge, [who]
    for i in found:
        for j in state.friend[edge[i] : edge[i + 1]].tolist():
            if j not in away:
                away[j] = away[i] + 1
                found.append(j)
    return away


def test_any_change_at_any_week_touches_only_its_future_cone():
    """Whatever is changed in one account at whatever week: k weeks later only accounts within k ties may differ."""
    reached = []

    @settings(max_examples=20, deadline=None, database=None, derandomize=True)
    @given(
        kind=st.sampled_from(["ring", "pairs", "watts-strogatz", "barabasi-albert", "configuration", "blocks"]),
        week=st.integers(0, 20),
        state=st.sampled_from(["customer", "customer", "prospect"]),
        place=st.integers(0, 10_000),
        changes=st.fixed_dictionaries(
            {"relationship": st.sampled_from([0.0, 1.0])},
            optional={name: st.floats(0, 5, width=32) for name in ("effort", "propensity", "spend", "fit")},
        ),
        rng=st.integers(1, 5),
    )
    def holds(kind, week, state, place, changes, rng):
        market = {**APART["market"], "initial_customers": 40, "external": 0.001, "funnel": {"enabled": False}}
        market |= {"network": {"kind": kind, "degree": 2}, "voice": VOICES}
        one = FlywheelModel({**APART, **TALK, "horizon_weeks": 40, "market": market}, rng=rng)
        while one.week < week:
            one.step()
        some = np.flatnonzero(one.customers.state == state)
        who = int(some[place % len(some)])
        other = one.fork()
        for name, value in changes.items():
            getattr(other.customers, name)[who] = value
        away = steps_from(one._simulation, who)
        touched = differing(one._simulation, other._simulation)
        assert touched <= {who}
        for later in range(1, 13):
            one.step()
            other.step()
            found = differing(one._simulation, other._simulation)
            assert all(away.get(i, np.inf) <= later for i in found)
            reached.append(max((away[i] for i in found), default=0))

    holds()
    assert max(reached) >= 2, "no change went past the friends: the test shows nothing"


# --- one more customer ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wanted", [0, 1, 150, 399])
def test_one_more_initial_customer_is_one_more_account(wanted):
    """Who is a customer at the start, how it speaks and what it is like do not depend on how many there are."""
    a, b = (simulation_with(wanted + more) for more in (0, 1))
    changed = np.flatnonzero(column(a, "status") != column(b, "status"))
    assert len(changed) == 1
    assert column(a, "status")[changed[0]] == PROSPECT
    assert STATUSES[column(b, "status")[changed[0]]] in ("neutral", "advocate", "detractor")
    assert differing(a, b) == set(changed.tolist())


def test_one_more_initial_customer_changes_one_life():
    a, b = simulation_with(150), simulation_with(151)
    new = differing(a, b)
    a.advance()
    b.advance()
    assert differing(a, b) == new


def test_one_more_account_leaves_the_others_what_they_are():
    few, many = simulation_with(150), simulation_with(150, accounts=401)
    for name in ("segment", "propensity", "fit", "fiscal"):
        assert np.array_equal(column(few, name), column(many, name)[:400]), name
    assert np.count_nonzero(column(few, "status") != column(many, "status")[:400]) <= 1


def simulation_with(customers, accounts=400):
    market = {**APART["market"], "accounts": accounts, "initial_customers": customers}
    spec = {**APART, "market": market, "word_of_mouth": {"enabled": False}}
    return Simulation([load(spec).model], [(0, 1, 0)])


@pytest.mark.parametrize(
    "change", [{"market.churn.mean": 0.4}, {"market.fit_mean": 0.5}, {"segments.small.need.care": 3.0}], ids=str
)
def test_traits_and_needs_change_from_the_week_the_timeline_says(change):
    base = {"extends": "b2b-saas", "horizon_weeks": 60}
    plain = run(base, seed=3).arrays.weekly
    late = run({**base, "timeline": {"changes": {"new": {"from_week": 20, "set": change}}}}, seed=3).arrays.weekly
    differs = (plain != late).any(axis=1)
    assert not differs[:19].any() and differs[19:].any()
