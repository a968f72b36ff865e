r"""M7 Expansion.

A customer with an open budget buys more at rate

    h = h0 exp(b (R - R_ref)) x (handoffs that come through, relative to reference) / (share of open weeks),

each time by ``step`` of its spend, never above ``wallet`` times the segment's starting spend (C34, S17).

Neutral setting: ``enabled: false``: spend changes only with the price.  C34 vanishes at relationship_effect = 0.
"""

import numpy as np

from flywheel_sim.engine.jit import f32, law
from flywheel_sim.engine.maths import clip32, exp32

__all__ = ["expansion_rate", "spend_after"]


@law
def expansion_rate(base: np.float32, effect: np.float32, relationship: np.float32, reference: np.float32) -> np.float32:
    """Rate per week of buying more."""
    return base * exp32(clip32(effect * (relationship - reference), f32(3.0)))


@law
def spend_after(spend: np.float32, step: np.float32, cap: np.float32) -> np.float32:
    """Spend after one expansion; a spend already above its cap stays."""
    return max(spend, min(spend * (f32(1.0) + step), cap))
