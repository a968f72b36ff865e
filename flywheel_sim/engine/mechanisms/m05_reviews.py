r"""M5 Word of mouth: public reviews, and rewards for referrals.

**Public reviews.**  Who knows no customer reads what customers write.  Each week A advocates write w A good reviews
(``written``) and D detractors w a D bad ones (``angry``); reviews are forgotten with a half-life:

    G <- k G + w A,      B <- k B + w a D,      k = 2^(-1/half_life),      r = G/(G + B).

When the mechanism sets in there are as many as if the voices had always been so, G = w A/(1 - k), B alike, and their
share of good ones is r_0.  Interest from outside comes exp(b (r - r_0)) times as often (``effect``): what is new in
reviews moves it, not that there are some, so that a company at rest is where it was.  Without any review r = r_0.

**Rewards for referrals.**  A customer who brings a new one is paid ``reward`` when it goes live.  With m the most
(``reward_effect``), s the scale and p what a customer pays a year at list price, good word of mouth is

    1 + m (1 - exp(-reward/(s p)))

times as strong: concave in the money, and none without it.  Who is talked into it is no other customer than before;
the reward is paid for those as well who would have come anyway.  It is a cost of acquisition (M23).

Neutral setting: ``reviews.enabled: false``, or ``effect: 0``; ``reward: 0``.
"""

from flywheel_sim.engine.jit import step
from flywheel_sim.engine.kernel_types import Par, State
from flywheel_sim.engine.portable_math import exp64, halved
from flywheel_sim.engine.state import ADVOCATE, DETRACTOR
from flywheel_sim.scenario.columns import COL

__all__ = ["read_reviews", "reward_lift"]


@step
def reward_lift(par: Par, paid: float) -> float:
    """Return the factor of good word of mouth; ``paid`` is what a customer pays a year."""
    word_of_mouth = par.word_of_mouth
    scale = max(word_of_mouth.reward_scale * paid, 1e-9)
    return 1.0 + word_of_mouth.reward_effect * (1.0 - exp64(-word_of_mouth.reward / scale))  # type: ignore[no-any-return]


@step
def read_reviews(par: Par, state: State, run: int, week: int) -> float:
    """Add this week's reviews to those there are; return the factor of the interest from outside."""
    firm, reviews = state.run[run], par.word_of_mouth.reviews
    good, bad = 0.0, 0.0
    for b in range(firm.block0, firm.block0 + firm.blocks):
        good += state.counts[b, ADVOCATE]
        bad += state.counts[b, DETRACTOR]
    good, bad, kept = reviews.written * good, reviews.written * reviews.angry * bad, halved(reviews.half_life_weeks)
    if firm.reviews_good + firm.reviews_bad <= 0.0:
        firm.reviews_good, firm.reviews_bad = good / (1.0 - kept), bad / (1.0 - kept)
        both = firm.reviews_good + firm.reviews_bad
        firm.rated_before = firm.reviews_good / both if both > 0.0 else 0.0
    else:
        firm.reviews_good, firm.reviews_bad = firm.reviews_good * kept + good, firm.reviews_bad * kept + bad
    both = firm.reviews_good + firm.reviews_bad
    share = firm.reviews_good / both if both > 0.0 else firm.rated_before
    state.weekly[firm.week0 + week, COL.good_reviews] = share
    return exp64(reviews.effect * (share - firm.rated_before))  # type: ignore[no-any-return]
