"""Who is awake: the accounts of a block for which a week may hold anything.

Most accounts sleep through most weeks.  These passes over a block draw the words of all its accounts at once, find who
needs to be looked at, and settle the leads of whom nothing comes; the rest is the business of customers.py, which says
the same in the order of events.  None of this changes what happens, only how long it takes.
"""

from typing import Any

import numpy as np

from flywheel_sim.engine.jit import f32, f64, law, u8
from flywheel_sim.engine.mechanisms.m01_market import happens
from flywheel_sim.engine.random import MARKET, SALE, below, unit64, words
from flywheel_sim.engine.state import FORMER, LEAD, PROSPECT

__all__ = ["draw_market", "find_awake", "settle_leads"]

_ZERO = f32(0.0)
_TO_UNIT, _MORE, _MARGIN = f32(1.0 / 4294967296.0), f32(1.0001), f32(1e-6)


@law
def draw_market(row: int, t: int, seed: np.uint32, replicate: np.uint32, w_lead: Any, w_bad: Any) -> None:
    """Draw the market's words of a block: lead or return, bad message or fading."""
    for k in range(w_lead.shape[0]):
        w_lead[k], w_bad[k], _, _ = words(seed, replicate, row + k, t, MARKET, 0)


@law
def find_awake(
    status: Any, until: Any, good: Any, bad: Any, w_lead: Any, w_bad: Any, t: np.int32,
    lead: np.float32, lead_voice: np.float32, message: np.float32, message_voice: np.float32, back: np.float32,
    awake: Any,
) -> tuple[Any, Any, Any]:  # fmt: skip
    """Mark the accounts of a block for which this week may hold anything; the others need not be looked at.

    A prospect is awake if its words are below an upper bound of its chances: 1 - exp(-x) <= x, taken a little larger
    for the rounding.  ``lead`` and ``message`` are the rates of a lead and of a bad message of everybody, ``.._voice``
    what a unit of voice adds.  Returns how many prospects, blocked prospects and former customers sleep.
    """
    prospects, blocked, former = np.int32(0), np.int32(0), np.int32(0)
    for k in range(status.shape[0]):
        prospect, gone = status[k] == PROSPECT, status[k] == FORMER
        shut = until[k] > t
        u, v = f32(w_lead[k]) * _TO_UNIT, f32(w_bad[k]) * _TO_UNIT
        comes = u <= (lead + lead_voice * f32(good[k])) * _MORE + _MARGIN
        warned = v <= (message + message_voice * f32(bad[k])) * _MORE + _MARGIN
        sleeps = (prospect & ((not comes) | shut) & (not warned)) | (gone & (u > back * _MORE + _MARGIN))
        awake[k] = u8(not sleeps)
        prospects += np.int32(prospect & sleeps)
        blocked += np.int32(prospect & sleeps & shut)
        former += np.int32(gone & sleeps)
    return prospects, blocked, former


@law
def settle_leads(
    status: Any, status_next: Any, spells: Any, segment: Any, until: Any, good: Any, bad: Any, referrer: Any,
    chain: Any, segment0: int, w_lead: Any, row: int, t: np.int32, seed: np.uint32, replicate: np.uint32,
    external: np.float32, word_rate: np.float32, per_lead: np.float32, lead_alone: np.float32, serve: np.float32,
    voiced: np.float32, all_good: np.float32, listens_bad: bool, hard: bool, awake: Any,
) -> tuple[Any, Any, Any, Any, Any, Any]:  # fmt: skip
    """Settle the leads of a block with whom nothing comes of it this week, and put them to sleep.

    They are prospects who turn out to be no leads, leads nobody works this week, and leads that do not qualify.  Whom
    word of mouth brings, who hears bad words or is blocked, and who qualifies, stays awake; so do all prospects where
    what they hear is not a plain sum (``hard``).  Returns leads, waiting, served; of these accounts those who never
    were customers, those who were; and how many changed.
    """
    width = status.shape[0]
    places, early = np.empty(width, np.int32), 0
    for k in range(width):
        places[early] = k
        early += (awake[k] > 0) & ((status[k] == LEAD) | (status[k] == PROSPECT))
    w_serve, w_chain, w_source = np.empty(width, np.uint32), np.empty(width, np.uint32), np.empty(width, np.uint32)
    for n in range(early):
        w_serve[n], w_chain[n], w_source[n], _ = words(seed, replicate, row + places[n], t, SALE, 0)
    leads, waiting, served, new, known, changed = 0, 0, 0, 0, 0, 0
    for n in range(early):
        k = places[n]
        fresh = status[k] == PROSPECT
        if fresh:
            if hard or until[k] > t or (listens_bad and bad[k] != 0):
                continue
            word = word_rate * (f32(good[k]) * voiced if voiced > _ZERO else all_good)
            chance = lead_alone if word <= _ZERO else happens((external + word) * per_lead)
            if not below(w_lead[k], chance):
                awake[k] = 0
                new += 1
                continue
            word_share = f64(word) / f64(external + word)
            if word_share > 0.0 and unit64(w_source[n]) < word_share:
                continue
        after = LEAD
        if below(w_serve[n], serve):
            if below(w_chain[n], chain[segment0 + segment[k], 0]):
                continue
            after = FORMER if spells[k] > 0 else PROSPECT
            served += 1
        else:
            waiting += 1
        if fresh:
            leads += 1
            referrer[k] = -1
        awake[k] = 0
        status_next[k] = after
        changed += after != status[k]
        never = after == PROSPECT or (after == LEAD and spells[k] == 0)
        new += never
        known += not never
    return leads, waiting, served, new, known, changed
