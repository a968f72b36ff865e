r"""M2 Relationship and effort memory.

A touch with outcome y (1 went well, 0 failed) is coloured by the customer's recent pooled experience,

    y' = (1 - beta) y + beta recent                                    (C29; beta = 0 vanishes)

and compared with what the customer expects, half of which at most is its own long history,

    e = (1 - w) norm + w history,   w <= 1/2,   x = y' - e.

The relationship R in [0, 1] gains slowly and loses fast (S11; A13), and leaks when nobody is in touch (C1):

    R <- R + alpha x (1 - R)          x > 0
    R <- R - a alpha |x| R            x < 0,  a = 4
    R <- R (1 - delta)                in a week without contact.

Effort E is a fading sum of friction shocks, E <- E 2^(-1/half-life) + shocks.

Neutral setting: ``enabled: false`` keeps R and E at their references, so every factor built on them is exactly 1.
"""

from typing import NamedTuple

import numpy as np

from flywheel_sim.engine.jit import f32, inlined
from flywheel_sim.engine.kinds import Par

__all__ = ["Memory", "expected", "felt", "live_through", "memory_of", "moved"]

_ZERO, _ONE = f32(0.0), f32(1.0)


class Memory(NamedTuple):
    """How touches are felt and remembered, in the float32 of customers."""

    spill_over: np.float32
    adaptation: np.float32
    norm: np.float32
    gain: np.float32
    loss: np.float32
    recent_weight: np.float32
    history_weight: np.float32


@inlined
def memory_of(par: Par) -> Memory:
    """Work out the constants of memory."""
    relationship = par.relationship
    loss = f32(relationship.gain * relationship.asymmetry)
    return Memory(
        f32(relationship.spill_over),
        f32(relationship.expectation_adaptation),
        f32(relationship.market_norm),
        f32(relationship.gain),
        loss,
        f32(relationship.recent_weight),
        f32(relationship.history_weight),
    )


@inlined
def felt(outcome: np.float32, recent: np.float32, spill_over: np.float32) -> np.float32:
    """y': the touch as felt, coloured by recent experience."""
    return (_ONE - spill_over) * outcome + spill_over * recent


@inlined
def expected(norm: np.float32, history: np.float32, adaptation: np.float32) -> np.float32:
    """e: what the customer expects of any touch."""
    return (_ONE - adaptation) * norm + adaptation * history


@inlined
def moved(relationship: np.float32, surprise: np.float32, gain: np.float32, loss: np.float32) -> np.float32:
    """R after one touch with surprise x."""
    up = gain * surprise * (_ONE - relationship)
    down = loss * surprise * relationship
    return min(max(relationship + (up if surprise > _ZERO else down), _ZERO), _ONE)


@inlined
def live_through(
    relationship: np.float32, recent: np.float32, history: np.float32, outcome: np.float32, better: np.float32,
    weight: np.float32, memory: Memory,
) -> tuple[np.float32, np.float32, np.float32]:  # fmt: skip
    """Live through one touch with outcome 1 or 0; return relationship, recent experience and history after it.

    ``better`` multiplies what a good touch gains, ``weight`` everything.
    """
    surprise = felt(outcome, recent, memory.spill_over) - expected(memory.norm, history, memory.adaptation)
    return (
        moved(relationship, surprise, memory.gain * better * weight, memory.loss * weight),
        recent + memory.recent_weight * weight * (outcome - recent),
        history + memory.history_weight * weight * (outcome - history),
    )
