r"""M25 Timeline: pulses of customers.

Whatever *changes* at a week (start, stop, ramp, pulse of a number) is another epoch of the lowered scenario and needs
no kernel (see ``lowering.py``).  What happens here is the pulse of customers: n accounts join or leave the base at the
beginning of a week, chosen by keyed luck among those that can (A9, A10).  A customer added signs then and there; one
removed leaves with its unused months paid back.

Neutral setting: no pulses, or ``enabled: false``.
"""

import numpy as np

from flywheel_sim.engine.jit import f64, i16, i64, step, u8
from flywheel_sim.engine.kernel_types import Par, State, Tables
from flywheel_sim.engine.mechanisms.m01_market import begin_spell
from flywheel_sim.engine.mechanisms.m05_word_of_mouth import voice_changed
from flywheel_sim.engine.mechanisms.m06_contracts import WEEKLY, weeks_to_renewal
from flywheel_sim.engine.mechanisms.m27_selling import price_share
from flywheel_sim.engine.network import NETWORK
from flywheel_sim.engine.portable_math import log64
from flywheel_sim.engine.random import TIMELINE, unit64, words
from flywheel_sim.engine.rows import Room, Rows
from flywheel_sim.engine.state import ADDED, BLOCK, CAUSE, DETRACTOR, FORMER, NEUTRAL, PROSPECT
from flywheel_sim.scenario.columns import COL
from flywheel_sim.scenario.schema import ScenarioModel

__all__ = ["growth_rate", "pulse", "pulse_rows", "republish"]


@step
def republish(par: Par, state: State, run: int, j: int, status: int, stored: bool) -> None:
    """Change the published status of account j of the run at once, with everything that follows from it."""
    firm = state.run[run]
    i = firm.account0 + j
    old = i64(state.status[i])
    state.status[i] = state.status_next[i] = u8(status)
    state.counts[i // BLOCK, old] -= 1
    state.counts[i // BLOCK, status] += 1
    if stored:
        voice_changed(par, state, run, j, old, status)


@step
def pulse(par: Par, tables: Tables, state: State, run: int, week: int) -> None:
    """Add and remove the customers of this week's pulses."""
    firm = state.run[run]
    weekly = state.weekly[firm.week0 + week]
    firm.added_billed = 0.0
    stored = par.market.network.kind != NETWORK.complete
    for n in range(par.size.pulses):
        if tables.pulse[par.size.pulse0 + n, 0] != week:
            continue
        amount = tables.pulse[par.size.pulse0 + n, 1]
        adding = amount > 0
        for k in range(abs(amount)):
            able = 0.0
            for b in range(firm.block0, firm.block0 + firm.blocks):
                if adding:
                    able += state.counts[b, PROSPECT]
                else:
                    for s in range(NEUTRAL, DETRACTOR + 1):
                        able += state.counts[b, s]
            if able <= 0.0:
                break
            mark = i64(unit64(words(firm.seed, firm.replicate, n, week, TIMELINE, k)[0]) * able)
            for j in range(firm.accounts):
                i = firm.account0 + j
                status = i64(state.status[i])
                fits = status == PROSPECT if adding else NEUTRAL <= status <= DETRACTOR
                if fits:
                    if mark == 0:
                        if adding:
                            state.deal[i] = u8(0)
                            firm.added_billed += begin_spell(par, tables, state, run, i, week)
                            state.referrer[i], state.source[i] = -1, u8(ADDED)
                            state.life[firm.life0, 0] += 1.0
                            republish(par, state, run, j, i64(NEUTRAL), stored)
                            weekly[COL.added] += 1.0
                        else:
                            kind = par.contracts.kind if par.contracts.enabled else WEEKLY
                            age = week - i64(state.start[i])
                            left = weeks_to_renewal(age, kind) * price_share(i64(state.deal[i]), age)
                            firm.added_billed -= f64(state.spend[i]) * left
                            republish(par, state, run, j, i64(FORMER), stored)
                            state.end[i], state.cause[i], state.open[i] = i16(week), CAUSE.removed, 0
                            state.life[firm.life0 + min(max(age, 0), firm.ages - 1), 1] += 1.0
                            weekly[COL.added] -= 1.0
                        break
                    mark -= 1


@step
def growth_rate(par: Par, state: State, run: int, week: int) -> float:
    """g: log growth of the customer base over the last 13 weeks (C39)."""
    if par.vectors.growth_effect <= 0.0:
        return 0.0
    firm = state.run[run]
    now = state.weekly[firm.week0 + week - 1, COL.customers] if week > 0 else state.initial[run, COL.customers]
    then = state.weekly[firm.week0 + week - 14, COL.customers] if week > 13 else state.initial[run, COL.customers]
    return log64(now / then) if now > 0.0 and then > 0.0 else 0.0


def pulse_rows(m: ScenarioModel, room: Room) -> Rows:
    """Return the pulses: index of the week, and accounts to add."""
    pulses = sorted((p.week - 1, p.add) for p in m.timeline.customers.values()) if m.timeline.enabled else []
    return {"pulse": np.array(pulses, np.int64).reshape(-1, 2)}
