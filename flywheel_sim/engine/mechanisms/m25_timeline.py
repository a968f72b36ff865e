r"""M25 Timeline: pulses of customers.

Whatever *changes* at a week (start, stop, ramp, pulse of a number) is another epoch of the lowered scenario and needs
no kernel (see ``lower.py``).  What happens here is the pulse of customers: n accounts join or leave the base at the
beginning of a week, chosen by keyed luck among those that can (A9, A10).  A customer added signs then and there; one
removed leaves with its unused months paid back.

Neutral setting: no pulses, or ``enabled: false``.
"""

from typing import Any

from flywheel_sim.engine.jit import f64, i16, i64, part, u8
from flywheel_sim.engine.maths import log64
from flywheel_sim.engine.mechanisms.m01_market import begin_spell
from flywheel_sim.engine.mechanisms.m05_word_of_mouth import voice_changed
from flywheel_sim.engine.mechanisms.m06_contracts import WEEKLY, weeks_to_renewal
from flywheel_sim.engine.mechanisms.m27_selling import price_share
from flywheel_sim.engine.random import TIMELINE, unit64, words
from flywheel_sim.engine.state import ADDED, BLOCK, DETRACTOR, FORMER, NEUTRAL, PROSPECT
from flywheel_sim.scenario.columns import COL

__all__ = ["growth_rate", "pulse", "republish"]

_REMOVED = 3


@part
def republish(p: Any, st: Any, q: int, j: int, status: int, stored: bool) -> None:
    """Change the published status of account j of the run at once, with everything that follows from it."""
    r = st.run[q]
    i = r.account0 + j
    old = i64(st.status[i])
    st.status[i] = st.status_next[i] = u8(status)
    st.counts[i // BLOCK, old] -= 1
    st.counts[i // BLOCK, status] += 1
    if stored:
        voice_changed(p, st, q, j, old, status)


@part
def pulse(p: Any, tb: Any, st: Any, q: int, t: int) -> None:
    """Add and remove the customers of this week's pulses."""
    r = st.run[q]
    r.added = r.added_billed = 0.0
    stored = p.market.network.kind != 0
    for n in range(p.size.pulses):
        if tb.pulse[p.size.pulse0 + n, 0] != t:
            continue
        amount = tb.pulse[p.size.pulse0 + n, 1]
        adding = amount > 0
        for k in range(abs(amount)):
            able = 0.0
            for b in range(r.block0, r.block0 + r.blocks):
                if adding:
                    able += st.counts[b, PROSPECT]
                else:
                    for s in range(NEUTRAL, DETRACTOR + 1):
                        able += st.counts[b, s]
            if able <= 0.0:
                break
            mark = i64(unit64(words(r.seed, r.replicate, n, t, TIMELINE, k)[0]) * able)
            for j in range(r.accounts):
                i = r.account0 + j
                status = i64(st.status[i])
                fits = status == PROSPECT if adding else NEUTRAL <= status <= DETRACTOR
                if fits:
                    if mark == 0:
                        if adding:
                            st.deal[i] = u8(0)
                            r.added_billed += begin_spell(p, tb, st, q, i, t)
                            st.referrer[i], st.source[i] = -1, u8(ADDED)
                            st.life[r.life0, 0] += 1.0
                            republish(p, st, q, j, i64(NEUTRAL), stored)
                            r.added += 1.0
                        else:
                            kind = p.contracts.kind if p.contracts.enabled else WEEKLY
                            age = t - i64(st.start[i])
                            left = weeks_to_renewal(age, kind) * price_share(i64(st.deal[i]), age)
                            r.added_billed -= f64(st.spend[i]) * left
                            republish(p, st, q, j, i64(FORMER), stored)
                            st.end[i], st.cause[i], st.open[i] = i16(t), _REMOVED, 0
                            st.life[r.life0 + min(max(age, 0), r.ages - 1), 1] += 1.0
                            r.added -= 1.0
                        break
                    mark -= 1


@part
def growth_rate(p: Any, st: Any, q: int, t: int) -> float:
    """g: log growth of the customer base over the last 13 weeks (C39)."""
    if p.vectors.growth_effect <= 0.0:
        return 0.0
    r = st.run[q]
    now = st.weekly[r.week0 + t - 1, COL.customers] if t > 0 else st.initial[q, COL.customers]
    then = st.weekly[r.week0 + t - 14, COL.customers] if t > 13 else st.initial[q, COL.customers]
    return log64(now / then) if now > 0.0 and then > 0.0 else 0.0
