"""A11: the chance to be informed through j weak and m strong ties, and by advertising."""

import numpy as np
import pytest

from flywheel_sim import theory
from flywheel_sim.execute.run import batch
from flywheel_sim.scenario import load

pytestmark = pytest.mark.statistical

ALPHA, BETA_W, BETA_S = 0.005, 0.01, 0.04


def informed(changes, replicates):
    """Share of the prospects of week 0 that are customers after week 1, and its standard error."""
    scenario = load("limits/a11-ties").with_({"horizon_weeks": 1, **changes})
    won, asked = 0.0, 0.0
    for run in batch([scenario], replicates=replicates, teams=False)[0]:
        won += run.series("new_customers")[0]
        asked += run.initial["prospects"]
    share = won / asked
    return share, np.sqrt(share * (1 - share) / asked)


@pytest.mark.parametrize("ties", ["fixed", "redrawn"])
@pytest.mark.parametrize(("strong_share", "degree"), [(0.0, 20), (1.0, 20), (1.0, 6)])
def test_a11_one_kind_of_ties_all_active(ties, strong_share, degree):
    # one prospect among customers: every one of its ties is active
    share, error = informed(
        {
            "market.accounts": 60,
            "market.initial_customers": 59,
            "market.network.degree": degree,
            "market.network.kind": "ring",
            "word_of_mouth.strong_share": strong_share,
            "word_of_mouth.weak_ties": ties,
        },
        5000,
    )
    j, m = (0, degree) if strong_share else (degree, 0)
    exact = float(theory.informed_probability(ALPHA, BETA_W, BETA_S, j=j, m=m))
    assert abs(share - exact) < 3.5 * error


@pytest.mark.parametrize("ties", ["fixed", "redrawn"])
def test_a11_both_kinds_among_a_market_half_won(ties):
    share, error = informed({"market.initial_customers": 2000, "word_of_mouth.weak_ties": ties}, 40)
    # each tie is strong, weak or to a prospect, independently of the others
    silent = 1 - 0.5 * (0.5 * BETA_W + 0.5 * BETA_S)
    exact = 1 - (1 - ALPHA) * silent**20
    # a ring is one arrangement of who is whose friend: the shares of neighbours vary a little more than chance
    assert abs(share - exact) < 4 * error + 2e-4


def test_a11_nobody_speaks():
    share, error = informed({"word_of_mouth.enabled": False}, 20)
    assert abs(share - ALPHA) < 3.5 * error


def test_a11_word_that_reaches_anybody_travels_faster():
    """Weak ties shorten the way (Goldenberg, Libai & Muller 2001): redrawn ones beat those of a ring of friends."""
    base = load("limits/a11-ties").with_(
        {"market.network.rewiring": 0.0, "market.external": 0.0005, "word_of_mouth.weak": 0.02}
    )
    fixed = base.with_({"word_of_mouth.weak_ties": "fixed"})
    near, far = batch([fixed, base], replicates=6, teams=False)

    def half(run):
        return float(np.argmax(run.series("customers") >= 2000))

    assert np.mean([half(run) for run in far]) < np.mean([half(run) for run in near])
