"""Whether the check of answers whose truth is known tells right answers from wrong ones."""

import numpy as np
import pytest
from reliability import BINS, Seen, _uneven, reliability, see
from scipy.stats import chi2

from flywheel_sim.scenario import load


def drawn(n: int, seed: int, luck: float = 0.5, worth: float = 1.0) -> Seen:
    """Return draws of a linear company: one quantity tells z up to luck, three decisions are worth it."""
    noise = np.random.default_rng(seed)
    z = noise.normal(size=(n, 1))
    return Seen(z + luck * noise.normal(size=(n, 1)), 1e6 * (worth * z + 0.5 * noise.normal(size=(n, 3))))


def test_answers_that_are_right_pass() -> None:
    found = reliability(drawn(4000, 1), drawn(1500, 2))
    assert found.slope == pytest.approx(1.0, abs=0.15)
    assert 0.02 < found.error < 0.1
    assert found.brier < 0.6 * found.base
    assert found.base == pytest.approx(0.25, abs=0.01)
    # decisions of a truth are alike: some more than the 99.9 % point of nine independent degrees of freedom
    assert found.chi2 < 45
    told = np.isfinite(found.said)
    assert np.abs(found.said - found.came)[told].max() < 0.08


def test_answers_that_are_too_sure_show() -> None:
    # the draws say that a quantity tells much more than it does in the truths
    found = reliability(drawn(4000, 1, luck=0.1), drawn(1500, 2, luck=1.5))
    assert found.slope < 0.5
    assert found.chi2 > 100


def test_truths_of_another_kind_show() -> None:
    found = reliability(drawn(4000, 1), drawn(1500, 2, worth=-1.0))
    assert found.slope < 0
    assert found.brier > found.base


def test_what_is_seen_does_not_hang_on_workers() -> None:
    small = {"horizon_weeks": 110, "market.accounts": 300, "market.initial_customers": 60}
    base = load("b2b-two-teams").with_(small).settled()
    plans = [{"cadence": {"enabled": True, "pull": 0.4}}]
    one = see(base, plans, np.arange(3), workers=1)
    two = see(base, plans, np.arange(3), workers=2)
    assert np.array_equal(one.quantities, two.quantities, equal_nan=True)
    assert (one.differences == two.differences).all()
    assert one.differences.shape == (3, 1)
    assert np.abs(one.differences).min() > 0


def test_a_decision_that_does_nothing_has_any_rank() -> None:
    still = [Seen(one.quantities, 0.0 * one.differences) for one in (drawn(300, 1), drawn(400, 2))]
    found = reliability(*still)
    assert found.ranks.min() > 0.7 * found.ranks.mean()
    assert found.brier < 0.01


def test_a_draw_in_which_nobody_qualifies_keeps_what_the_company_states() -> None:
    small = {"horizon_weeks": 30, "market.accounts": 120, "market.initial_customers": 20}
    base = load("b2b-saas").with_(small).settled()
    drawn = see(base, [{"cadence": {"enabled": True}}], np.arange(8, 12), workers=1)
    assert drawn.differences.shape == (4, 1) and np.isfinite(drawn.differences).all()


def test_decisions_that_share_a_truth_count_as_one() -> None:
    """Ranks that are alike within a truth look uneven when they are counted one by one, and are not."""
    luck, by_truth, one_by_one, skewed = np.random.default_rng(3), [], [], []
    for _ in range(200):
        ranks = (luck.random((200, 1)) + 0.05 * luck.normal(size=(200, 10))) % 1.0
        counts = np.array([np.histogram(row, BINS, (0.0, 1.0))[0] for row in ranks])
        by_truth.append(_uneven(counts) < 0.05)
        total, expected = counts.sum(axis=0), counts.sum() / BINS
        one_by_one.append(chi2.sf(np.sum((total - expected) ** 2 / expected), BINS - 1) < 0.05)
        low = np.array([np.histogram(row, BINS, (0.0, 1.0))[0] for row in luck.random((200, 10)) ** 1.25])
        skewed.append(_uneven(low) < 0.05)
    assert np.mean(by_truth) < 0.13 < 0.9 < np.mean(one_by_one)
    assert np.mean(skewed) > 0.95


def test_where_the_line_breaks_the_nearer_draws_know_more() -> None:
    """Companies that fail and companies that do not: below a threshold a decision makes the opposite of what it did."""

    def broken(n: int, seed: int) -> Seen:
        luck = np.random.default_rng(seed)
        z = luck.normal(size=(n, 1))
        made = np.where(z < -0.3, -1.5 - z, 0.4 + 0.2 * z) + 0.5 * luck.normal(size=(n, 1))
        return Seen(z + 0.2 * luck.normal(size=(n, 1)), 1e6 * made)

    prior, truths = broken(2000, 1), broken(1000, 2)
    straight, nearer = reliability(prior, truths), reliability(prior, truths, nearest=0.3)
    assert nearer.brier < 0.9 * straight.brier
    assert abs(nearer.slope - 1) < 0.2 and abs(nearer.slope - 1) < abs(straight.slope - 1)


def test_the_nearer_half_of_a_straight_law_says_the_same() -> None:
    whole, half = (reliability(drawn(4000, 1), drawn(1000, 2), nearest=share) for share in (1.0, 0.5))
    assert abs(whole.slope - half.slope) < 0.1 and abs(whole.brier - half.brier) < 0.005
