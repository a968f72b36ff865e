r"""M22 Loyalty programme: points, rewards, and belonging (C68, C69; S19, S20).

A share of accounts, fixed for life, would join; as customers they do so at a rate, and are members until they leave,
when their points are lost.  A member earns

    b <- b + earn x paid + earn_expansion x (yearly spend bought more)

points, which lets a scheme reward the products with the margin.  With at least ``threshold`` points it takes a reward
at rate ``redeem_rate``, which costs ``threshold`` points and the company ``reward_value`` dollars.  What the points of
all members would cost at that rate is the liability: a readout, not booked.

**Goal gradient** (C68, S19).  A member buys more, and without a contract buys, at a rate times

    exp( elasticity v g^curvature ),     v = reward_value earn / threshold,     g = min(1, (b/threshold + e)/(1 + e)),

cut at e^3: v is the reward as a share of what has to be spent for it, g the progress as it is shown, with a head start
e that leaves the way to go as it is.  The rise comes towards the reward and is gone after it.

**Identity** (C69, S20): the log-factor of a member's voluntary churn is ``identity`` lower, at any reward or none.

Neutral setting: ``enabled: false``, or elasticity, identity and reward_value 0: members are counted and nothing else
happens.  C68 vanishes at elasticity 0, C69 at identity 0.
"""

from typing import Any

import numpy as np

from flywheel_sim.engine.customer_tables import LOT
from flywheel_sim.engine.jit import f32, f64, inlined
from flywheel_sim.engine.kernel_types import Firm, Lot, Par, Rates, State, Sums
from flywheel_sim.engine.portable_math import CLIP, YEAR, clip32, exp32, exp64, log64
from flywheel_sim.engine.random import ENDOWMENT, below, words
from flywheel_sim.engine.state import ACC

__all__ = ["drive_of", "goal_drive", "points", "reward_share", "strongest_drive"]

_ZERO = f32(0.0)


@inlined
def reward_share(loyalty: Any) -> float:
    """v: the reward as a share of what has to be spent for it."""
    return loyalty.reward_value * loyalty.earn / loyalty.threshold  # type: ignore[no-any-return]


@inlined
def goal_drive(points: np.float32, strength: float, threshold: float, endowed: float, curvature: float) -> np.float32:
    """Factor of the rate of buying of a member with these points; ``strength`` is elasticity x v."""
    progress = min((f64(points) / threshold + endowed) / (1.0 + endowed), 1.0)
    if progress <= 0.0:
        return f32(1.0)
    return exp32(clip32(f32(strength * exp64(curvature * log64(progress))), CLIP))


@inlined
def drive_of(points: np.float32, loyalty: Any) -> np.float32:
    """Factor of the rate of buying of a customer with these points, -1 of who is no member."""
    strength = loyalty.elasticity * reward_share(loyalty)
    if points < f32(0.0) or not strength > 0.0:
        return f32(1.0)
    return goal_drive(points, strength, loyalty.threshold, loyalty.endowed, loyalty.curvature)


@inlined
def strongest_drive(loyalty: Any) -> np.float32:
    """No member's factor is above this."""
    strength = loyalty.elasticity * reward_share(loyalty)
    return exp32(clip32(f32(strength), CLIP)) * f32(1.0001) if strength > 0.0 else f32(1.0)


@inlined
def points(
    par: Par, state: State, firm: Firm, i: int, m: int, lot: Lot, paid: np.float32, more: np.float32, rates: Rates,
    sums: Sums,
) -> None:  # fmt: skip
    """Let a member earn points and take rewards; others may join."""
    if not rates.loyal:
        return
    loyalty, held = par.loyalty, state.points[i]
    if held >= _ZERO:
        held += f32(loyalty.earn * paid + YEAR * loyalty.earn_expansion * more)
        if held >= f32(loyalty.threshold) and below(lot[LOT.redeems, m], rates.redeems):
            held -= f32(loyalty.threshold)
            sums[ACC.rewards] += 1.0
            state.cost[i] += f32(loyalty.reward_value)
    elif below(lot[LOT.joins, m], rates.joins):
        word = words(firm.seed, firm.replicate, i - firm.account0, 0, ENDOWMENT, 1)[2]
        if below(word, f32(loyalty.share)):
            held = _ZERO
    state.points[i] = held
    if held >= _ZERO:
        sums[ACC.members] += 1.0
        sums[ACC.points] += held
