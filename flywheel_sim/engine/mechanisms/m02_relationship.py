r"""M2 Relationship and effort memory.

A touch with outcome y (1 went well, 0 failed) is coloured by the customer's recent pooled experience,

    y' = (1 - beta) y + beta recent                                    (C29; beta = 0 vanishes)

and compared with what the customer expects, half of which at most is its own long history,

    e = (1 - w) norm + w history,   w <= 1/2,   x = y' - e.

The relationship R in [0, 1] gains slowly and loses fast (S11; A13), and leaks when nobody is in touch (C1):

    R <- R + alpha x (1 - R)          x > 0
    R <- R - a alpha |x| R            x < 0,  a = 4
    R <- R (1 - delta)                in a week without contact.

This is ``law: surprise``.  In it the gain cancels from the level at which R comes to rest, and a failure is a surprise
e/(1 - e) times as large as a success before it is weighed by a, 9 : 1 in all at e = .7, so that every contact is a
hazard.  Under ``law: asset`` surprises are measured by what they would be at the norm, and R leaks every week:

    R <- R + alpha g d x/(1 - norm) (1 - R)              x > 0
    R <- R - a alpha d |x|/norm R (1 - rho R)            x < 0     (S11, A13: a : 1 is now the whole of it)
    R <- R (1 - delta)                                   every week,

with g the gain of the channel (M9), d the ``depth`` of the touchpoint (what is at stake in a touch: 1 in a talk with a
person, 0 where nobody is met), and rho the ``forgiveness`` of a deep relationship.  For d lambda touches a week that go
well with probability p, small steps, no spill-over and no adaptation, R comes to rest where

    lambda d alpha [p (1 - R) - a (1 - p) R (1 - rho R)] = delta R,

and with rho = 0 that is R* = p / (p + a (1 - p) + delta/(lambda d alpha)): higher with every good contact, by less and
less, and with the gain; gone without any (C1).

**Contact that nobody asked for** costs effort.  The touches in use, each counted by its depth, are remembered as N,

    N <- N 2^(-1/h) + sum of depths,     n = N (1 - 2^(-1/h)) touches a week,     shock += eps max(0, n - c),

with c what a customer wants (onboarding and help are asked for, and not counted).

Effort E is a fading sum of friction shocks, E <- E 2^(-1/half-life) + shocks.

No free neglect: what is not said to customers fades from R while it is not said.  No free lunch: contacts take the
hours of their owners, and too many cost effort.  Continuity: at rate 0 of any touch its part of every sum is 0.  Demand
is finite: R moves who stays, speaks and buys, and stays below 1.

Neutral setting: ``enabled: false`` keeps R and E at their references, so every factor built on them is exactly 1.
``law: surprise``, ``forgiveness: 0``, ``annoyance: 0`` and depth 1 everywhere each alone leave the first law.
"""

from typing import NamedTuple

import numpy as np

from flywheel_sim.engine.choices import codes
from flywheel_sim.engine.jit import f32, inlined
from flywheel_sim.engine.kernel_types import Par
from flywheel_sim.scenario.blocks.m02_relationship import Relationship

__all__ = ["LAW", "Memory", "annoyed", "expected", "felt", "live_through", "memory_of", "moved"]

LAW = codes(Relationship, "law")

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
    forgiveness: np.float32


@inlined
def memory_of(par: Par) -> Memory:
    """Work out the constants of memory."""
    relationship = par.relationship
    gain, norm = f32(relationship.gain), relationship.market_norm
    loss = f32(relationship.gain * relationship.asymmetry)
    if relationship.law == LAW.asset:  # surprises are measured by what they would be at the norm
        gain = f32(relationship.gain / (1.0 - norm) if norm < 1.0 else 0.0)
        loss = f32(relationship.gain * relationship.asymmetry / norm if norm > 0.0 else 0.0)
    return Memory(
        f32(relationship.spill_over),
        f32(relationship.expectation_adaptation),
        f32(relationship.market_norm),
        gain,
        loss,
        f32(relationship.recent_weight),
        f32(relationship.history_weight),
        f32(relationship.forgiveness),
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
def moved(
    relationship: np.float32, surprise: np.float32, gain: np.float32, loss: np.float32, forgiveness: np.float32
) -> np.float32:
    """R after one touch with surprise x."""
    up = gain * surprise * (_ONE - relationship)
    down = loss * surprise * relationship
    down = down * (_ONE - forgiveness * relationship)
    return min(max(relationship + (up if surprise > _ZERO else down), _ZERO), _ONE)


@inlined
def live_through(
    relationship: np.float32, recent: np.float32, history: np.float32, outcome: np.float32, better: np.float32,
    weight: np.float32, depth: np.float32, memory: Memory,
) -> tuple[np.float32, np.float32, np.float32]:  # fmt: skip
    """Live through one touch with outcome 1 or 0; return relationship, recent experience and history after it.

    ``better`` multiplies what a good touch gains, ``depth`` what any touch does to the relationship, ``weight``
    everything.
    """
    surprise = felt(outcome, recent, memory.spill_over) - expected(memory.norm, history, memory.adaptation)
    return (
        moved(
            relationship,
            surprise,
            memory.gain * better * weight * depth,
            memory.loss * weight * depth,
            memory.forgiveness,
        ),
        recent + memory.recent_weight * weight * (outcome - recent),
        history + memory.history_weight * weight * (outcome - history),
    )


@inlined
def annoyed(pressed: np.float32, kept: np.float32, wanted: np.float32, annoyance: np.float32) -> np.float32:
    """Effort of a week in which N, of which the share ``kept`` is left a week later, is more contact than is wanted."""
    return annoyance * max(_ZERO, pressed * (_ONE - kept) - wanted)
