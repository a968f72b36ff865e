"""The falsification table: the effect of every claim is there, and is gone at the setting where it must be.

One batch runs the arms of all claims (``experiments/claims``) with a small company under the same luck.  Exact claims
are compared to the bit; those that only hold on average by the interval of their paired difference.
"""

import math

import numpy as np
import pytest

from flywheel_sim import theory
from flywheel_sim.execute.run import batch
from flywheel_sim.scenario.bibliography import bibliography
from flywheel_sim.scenario.columns import NAMES
from flywheel_sim.scenario.schema import MECHANISMS
from flywheel_sim.study.claims.table import arms, claim_table
from flywheel_sim.study.claims.trial import same, weekly_mean
from flywheel_sim.study.lent import lent

SHAPE = {"horizon_weeks": 40, "market.accounts": 600, "market.initial_customers": 200, "market.external": 0.004}
#: Where sellers have a third of the leads they also have hours to spare, and knowing budgets has none to save.
BUSY = {"C8": {"teams.sales.headcount": 1.5}}
TABLE = claim_table()
TESTED = [number for number, claim in TABLE.items() if not claim.open]
#: Replicates: a few show to the bit what is the same, and which way a count of some customers goes; a mean needs more.
FEW, MANY = 8, 24


@pytest.fixture(scope="module")
def results(request):
    """Claim -> runs of (without, with) and of each vanishing pair, for the claims that are asked for."""
    called = (getattr(item, "callspec", None) for item in request.session.items if item.path == request.path)
    asked = {call.params.get("number") for call in called if call}
    found = {}
    for replicates, wanted in (
        (FEW, [n for n in TESTED if n in asked and TABLE[n].expect != "interval"]),
        (MANY, [n for n in TESTED if n in asked and TABLE[n].expect == "interval"]),
    ):
        if not wanted:
            continue
        made = {number: arms(TABLE[number], SHAPE | BUSY.get(number, {})) for number in wanted}
        pairs = {n: [(a.without, a.with_effect), *a.vanished] for n, a in made.items()}
        flat = list({s.hash: s for rows in pairs.values() for pair in rows for s in pair}.values())
        alive = batch([lent(s) for s in flat], replicates=replicates, seed=2, teams=False)
        runs = dict(zip((s.hash for s in flat), alive, strict=True))
        for number, rows in pairs.items():
            found[number] = [(runs[a.hash], runs[b.hash]) for a, b in rows]
    return found


def differing(pair, observed):
    """What is not the same to the bit in all replicates."""
    return [name for name in observed if any(not same(a, b, name) for a, b in zip(*pair, strict=True))]


def t_of(pair, name):
    """Paired t of the mean over weeks."""
    x = np.array([weekly_mean(b, name) - weekly_mean(a, name) for a, b in zip(*pair, strict=True)])
    spread = x.std(ddof=1) / math.sqrt(len(x))
    return x.mean() / spread if spread > 0 else math.copysign(math.inf, x.mean()) if x.any() else 0.0


@pytest.mark.parametrize("number", TESTED)
def test_the_effect_vanishes_where_it_must(results, number):
    claim = TABLE[number]
    alive, *vanished = results[number]
    changed = differing(alive, claim.observe)
    if claim.expect == "null":
        assert not changed, f"{number}: the null is the claim, but {', '.join(changed)} changed"
        return
    assert changed, f"{number}: the effect changes none of {', '.join(claim.observe)}"
    for settings, pair in zip(claim.vanish, vanished, strict=True):
        if claim.expect == "exact":
            left = differing(pair, claim.observe)
            assert not left, f"{number}: {', '.join(left)} still differ at {dict(settings)}"
        else:
            for column in claim.observe:
                assert abs(t_of(alive, column)) > 4, f"{number}: no effect on {column} to speak of"
                assert abs(t_of(pair, column)) < 4, f"{number}: {column} still differs at {dict(settings)}"


@pytest.mark.parametrize("number", [n for n in TESTED if TABLE[n].direction])
def test_the_first_thing_observed_moves_the_way_it_is_claimed(results, number):
    claim = TABLE[number]
    (without, with_effect), *_ = results[number]
    name = claim.observe[0]
    moved = np.mean([weekly_mean(b, name) for b in with_effect]) - np.mean([weekly_mean(a, name) for a in without])
    assert (moved > 0) == (claim.direction == "up"), f"{number}: {name} moved by {moved}"


def test_every_claim_has_an_entry():
    assert list(TABLE) == [f"C{n}" for n in range(1, 79)]


@pytest.mark.parametrize("number", TABLE)
def test_every_entry_names_what_there_is(number):
    claim = TABLE[number]
    assert claim.mechanisms and set(claim.mechanisms) <= set(MECHANISMS), f"{number} names no such mechanism"
    assert {column for name in claim.observe for column in name.split("/")} <= set(NAMES) or claim.open
    assert set(claim.text) <= {"000", "001", "002", "003", "004"} and claim.text
    assert set(claim.anchors) <= set(theory.ANCHORS)
    assert set(claim.facts) <= set(bibliography())
    assert len(claim.claim.split()) >= 4


def test_every_mechanism_serves_a_claim():
    assert {mechanism for claim in TABLE.values() for mechanism in claim.mechanisms} == set(MECHANISMS)
