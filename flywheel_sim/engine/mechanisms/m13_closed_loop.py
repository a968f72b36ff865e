r"""M13 Sensing: closing the loop with detractors.

Of the customers whose answer to a survey is a detractor's the share ``share`` is called back in the same week, whatever
they are in truth: who did not answer is not called, and who was asked on a bad day is.  A call takes h hours of the
team that owns the service touchpoint, which has them less for cases next week, and goes well with the probability

    p min(1, f),

p ``success`` and f the share of its work that the team gets done (M19): who has no hours calls badly.  After such a
call the customer remembers 1 - ``relief`` of its effort, and one who speaks badly falls silent.

The laws of the whole: calls are hours and are paid; without a team no call goes well; the effect ends at a share of 1.

Neutral setting: ``closed_loop.enabled: false``; ``share: 0``; ``hours: 0`` with ``success: 0``.
"""

from flywheel_sim.engine.customer_tables import NUM
from flywheel_sim.engine.jit import f32, i64, inlined, step
from flywheel_sim.engine.kernel_types import Firm, Lot, Par, Rates, State, Sums, Tables
from flywheel_sim.engine.mechanisms.m03_journey import STAGE
from flywheel_sim.engine.random import CALL, below, words
from flywheel_sim.engine.state import ACC, DETRACTOR, NEUTRAL

__all__ = ["call_back", "call_hours", "ready_to_call"]


@inlined
def call_back(
    state: State, firm: Firm, week: int, i: int, m: int, voice: int, num: Lot, rates: Rates, sums: Sums
) -> int:
    """Call account i (row in the batch), or not; return its voice from now on."""
    w_called, w_well, _, _ = words(firm.seed, firm.replicate, i - firm.account0, week, CALL, 0)
    if not below(w_called, rates.called):
        return voice
    sums[ACC.called_back] += 1.0
    if not below(w_well, rates.calls_well):
        return voice
    state.effort[i] = num[NUM.effort, m] = num[NUM.effort, m] * rates.kept_after_call
    return i64(NEUTRAL) if voice == DETRACTOR else voice


@step
def ready_to_call(par: Par, tables: Tables, state: State, run: int) -> None:
    """Set the chance that a call of this week goes well."""
    firm, loop, chance = state.run[run], par.sensing.closed_loop, -1.0
    if par.sensing.enabled and loop.enabled:
        for n in range(par.size.touchpoints):
            touch = tables.touch[par.size.touch0 + n]
            if chance < 0.0 and touch.stage == STAGE.service:
                chance = loop.success * min(1.0, state.done[firm.team0 + touch.owner])
    state.now[run].calls_well = f32(max(chance, 0.0))


@step
def call_hours(par: Par, tables: Tables, state: State, run: int, calls: float) -> None:
    """Add the hours of this week's calls to what is asked of the team that owns service."""
    firm, left = state.run[run], True
    for n in range(par.size.touchpoints):
        touch = tables.touch[par.size.touch0 + n]
        if left and touch.stage == STAGE.service:
            state.demand[firm.team0 + touch.owner] += calls * par.sensing.closed_loop.hours
            left = False
