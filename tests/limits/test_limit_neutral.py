"""What is switched off is not looked at: every number of a mechanism that is off may be anything, to the bit."""

import numpy as np
import pytest

from flywheel_sim import load
from flywheel_sim.engine.run import Simulation
from flywheel_sim.scenario import ScenarioError
from flywheel_sim.scenario.columns import NAMES
from flywheel_sim.scenario.fields import Block
from flywheel_sim.scenario.schema import MECHANISMS

#: Numbers that others read as well, and what of: the mechanism that holds them need not be on.
READ_BY_OTHERS = {
    "market": "how many accounts there are, who starts as a customer, price and product",
    "journey.owner_share": "who serves a touchpoint: causes and coupling of decisions (M10, M16)",
    "relationship.market_norm": "what recent experience starts from (M1, M24)",
    "relationship.relationship_reference": "where the relationship stays",
    "relationship.effort_reference": "where effort stays",
    "vectors.transparency": "the one transparency of coupling, blockers and ideas (M18, M26)",
    "incentives.norms": "gaming of indicators is prevented, too (M20)",
    "sensing.accuracy": "a column of its own",
    "sensing.adherence": "a column of its own, and what monitoring finds (M20)",
    "sensing.answer_spread": "the true score is read without a survey (M24)",
    "sensing.promoter_above": "the same",
    "sensing.detractor_below": "the same",
    "strategy.reference_attention": "a column of its own",
    "capacity.gross_hours": "hours of a week (M8, M20, M21, M23)",
    "culture.start": "a column of its own",
}
BASE = load("everything-on").with_(
    {
        "market.accounts": 150, "market.initial_customers": 60, "market.external": 0.01, "horizon_weeks": 20,
        "ledger.can_fail": False,
        "contracts.kind": "monthly", "timeline.enabled": False, "cadence.review_weeks": 4, "service.issues": 0.5,
        "capacity.staffing": True,
    }
)  # fmt: skip


def numbers(block, path):
    """Every number and switch within a block, but its own switches of parts."""
    for name in type(block).model_fields:
        value = getattr(block, name)
        if isinstance(value, Block):
            yield from numbers(value, f"{path}.{name}")
        elif isinstance(value, bool | int | float) and name != "enabled":
            yield f"{path}.{name}", value


def moved(scenario, path, value, ways):
    """The scenario with another value at a path, where it may have one."""
    others = (not value,) if isinstance(value, bool) else tuple(way(value) for way in ways)
    for other in others:
        if other == value or (isinstance(value, int) and other != int(other)):
            continue
        try:
            return scenario.with_({path: type(value)(other)})
        except ScenarioError:
            continue
    return None


#: What may be tried on a number, in this order; a share that is doubled may become 1, and hide what half of it shows.
WAYS = {
    "less": (lambda x: x / 2, lambda x: x - 1, lambda x: 0.25, lambda x: x + 1),
    "more": (lambda x: 2 * x, lambda x: x + 1, lambda x: 0.5, lambda x: x - 1),
}


@pytest.fixture(scope="module")
def pairs():
    """Mechanism and way -> weekly columns with it off, and off with all its numbers moved; and how many were."""
    made = {}
    for name in MECHANISMS.values():
        if name in READ_BY_OTHERS:
            continue
        off = BASE.with_({f"{name}.enabled": False})
        for way, ways in WAYS.items():
            other, count = off, 0
            for path, value in numbers(getattr(off.model, name), name):
                changed = None if path in READ_BY_OTHERS else moved(other, path, value, ways)
                if changed is not None:
                    other, count = changed, count + 1
            made[name, way] = (off, other, count)
    flat = [s for off, other, _ in made.values() for s in (off, other)]
    simulation = Simulation([s.model for s in flat], [(k, 3, 0) for k in range(len(flat))], keep_teams=False)
    simulation.advance()
    weekly = [simulation.arrays(k).weekly for k in range(len(flat))]
    return {key: (*weekly[2 * k : 2 * k + 2], made[key][2]) for k, key in enumerate(made)}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", [name for name in MECHANISMS.values() if name not in READ_BY_OTHERS])
def test_numbers_of_what_is_off_are_not_looked_at(pairs, name, way):
    off, other, count = pairs[name, way]
    assert count > 0 or name in ("measures", "timeline"), "none of its numbers was moved"
    differing = [column for i, column in enumerate(NAMES) if not np.array_equal(off[:, i], other[:, i])]
    assert not differing, f"{name} is off, and moves {', '.join(differing)}"


def test_who_else_reads_a_number_is_still_there():
    for path in READ_BY_OTHERS:
        assert BASE.get(path) is not None


@pytest.mark.parametrize(("column", "value"), [("referrer", 799), ("thanked", 1), ("exposure", 3.0)])
def test_at_a_factor_of_one_it_makes_no_difference_who_brought_whom_and_who_left(quiet, column, value):
    """Referred customers, referrers, and friends of leavers are like all others where their factors of churn are 1."""
    scenario = quiet(
        horizon_weeks=12,
        market={
            "accounts": 800, "initial_customers": 800, "network": {"kind": "ring", "degree": 4},
            "churn": {"by": "voice", "neutral": 0.05, "advocate": 0.05, "detractor": 0.05},
        },
        word_of_mouth={
            "rate": 0.0, "contagion": 1.0, "referred_churn": 1.0, "referrer_churn": 1.0, "referred_fit": 0.0,
            "referred_margin": 0.0,
        },
    )  # fmt: skip
    plain, other = (Simulation([load(scenario).model], [(0, 5, 0)]) for _ in range(2))
    getattr(other.state, column)[:400] = value
    for simulation in (plain, other):
        simulation.advance()
    assert np.array_equal(plain.state.status[:800], other.state.status[:800])
    left = plain.arrays(0).weekly[:, NAMES.index("churned")].sum()
    assert 200 < left < 700, "many left, and many stayed"
