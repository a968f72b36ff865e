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
from flywheel_sim.engine.state import BLOCK, FORMER, LEAD, PROSPECT

__all__ = ["AWAKE", "EARLY", "draw_market", "find_awake", "settle_leads"]

#: Marks of an account that is looked at, and of a lead that is settled before, or has both marks.
AWAKE, EARLY = 1, 2

_ZERO = f32(0.0)
_LANES = 16  # numbers of 32 bits that a processor takes at once, at most
# rows of the table of early leads: place in the block; a prospect until now, never a customer; what becomes
# of it; whether it stays awake, and whether anything is to be written down
_PLACE, _FRESH, _NEVER, _AFTER, _STAYS, _ACTS, _LEAD_ROWS = range(7)
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
    hard: bool, awake: Any,
) -> tuple[Any, Any, Any]:  # fmt: skip
    """Mark the accounts of a block for which this week may hold anything; the others need not be looked at.

    Something may happen to an account whose words are below an upper bound of its chances: 1 - exp(-x) <= x, taken a
    little larger for the rounding.  ``lead`` and ``message`` are the rates of a lead and of a bad message of everybody,
    ``.._voice`` what a unit of voice adds.  Marks are 0, :data:`AWAKE`, and :data:`EARLY` for leads and those who may
    become one by a plain sum of voices (not ``hard``).  Returns how many prospects, blocked prospects and former
    customers sleep.
    """
    prospects, blocked, former = np.int32(0), np.int32(0), np.int32(0)
    for k in range(status.shape[0]):
        prospect, gone, waiting = status[k] == PROSPECT, status[k] == FORMER, status[k] == LEAD
        shut = until[k] > t
        u, v = f32(w_lead[k]) * _TO_UNIT, f32(w_bad[k]) * _TO_UNIT
        comes = (u <= (lead + lead_voice * f32(good[k])) * _MORE + _MARGIN) & (not shut)
        warned = v <= (message + message_voice * f32(bad[k])) * _MORE + _MARGIN
        sleeps = (prospect & (not comes) & (not warned)) | (gone & (u > back * _MORE + _MARGIN))
        early = waiting | (prospect & comes & (not warned) & (not hard))
        awake[k] = u8(0) if sleeps else (u8(EARLY) if early else u8(AWAKE))
        prospects += np.int32(prospect & sleeps)
        blocked += np.int32(prospect & sleeps & shut)
        former += np.int32(gone & sleeps)
    return prospects, blocked, former


@law
def settle_leads(
    status: Any, status_next: Any, spells: Any, segment: Any, good: Any, referrer: Any,
    chain: Any, segment0: int, w_lead: Any, row: int, t: np.int32, seed: np.uint32, replicate: np.uint32,
    external: np.float32, word_rate: np.float32, per_lead: np.float32, serve: np.float32, voiced: np.float32,
    all_good: np.float32, plain: bool, awake: Any,
) -> tuple[Any, Any, Any, Any, Any, Any, Any, Any, Any]:  # fmt: skip
    """Settle the early ones of a block of whom nothing comes this week.

    They are prospects who turn out to be no leads, leads nobody works this week, and leads that do not come to a close,
    or not so far that it matters who sells (not ``plain``, M27).  The others are awake, and so is who has to wait while
    a friend has to be found who brought it.  Returns leads, those by word of mouth, waiting, served, qualified,
    proposals; of these accounts those who never were customers, those who were; and how many changed.
    """
    width = status.shape[0]
    lead, lot = np.empty((_LEAD_ROWS, BLOCK), np.int32), np.empty((4, BLOCK), np.uint32)
    early = 0
    for k in range(width):
        lead[_PLACE, early] = k
        early += awake[k] == EARLY
    wide = (early + _LANES - 1) // _LANES * _LANES
    for n in range(early, wide):
        lead[_PLACE, n] = 0
    hurdle = np.empty((4, BLOCK), np.float32)
    for n in range(wide):
        k = lead[_PLACE, n]
        lead[_FRESH, n], lead[_NEVER, n] = status[k] == PROSPECT, spells[k] == 0
        s = segment0 + segment[k]
        hurdle[0, n], hurdle[1, n], hurdle[2, n] = chain[s, 0], chain[s, 1], chain[s, 2]
        hurdle[3, n], lot[3, n] = f32(good[k]), w_lead[k]
    for n in range(wide):
        lot[0, n], lot[1, n], lot[2, n], _ = words(seed, replicate, row + lead[_PLACE, n], t, SALE, 0)
    alone = happens(external * per_lead)
    leads, by_words, waiting, served = np.int32(0), np.int32(0), np.int32(0), np.int32(0)
    qualified, proposals = np.int32(0), np.int32(0)
    new, known, changed = np.int32(0), np.int32(0), np.int32(0)
    for n in range(wide):
        counts, fresh, never = n < early, lead[_FRESH, n] != 0, lead[_NEVER, n] != 0
        word = word_rate * (hurdle[3, n] * voiced if voiced > _ZERO else all_good)
        comes = below(lot[3, n], alone if word <= _ZERO else happens((external + word) * per_lead))
        by_word = fresh & (word > _ZERO) & (unit64(lot[2, n]) < f64(word) / f64(external + word))
        none, worked = fresh & (not comes), below(lot[0, n], serve)
        qualify = hurdle[0, n]
        propose = qualify * hurdle[1, n]
        qualifies, proposed = below(lot[1, n], qualify), below(lot[1, n], propose)
        closes = below(lot[1, n], propose * hurdle[2, n]) if plain else qualifies
        stays = counts & (not none) & ((worked & closes) | (by_word & (not worked)))
        ends = counts & (not none) & (not stays)
        after = (PROSPECT if never else FORMER) if worked | none else LEAD
        before = PROSPECT if fresh else LEAD
        turns = ends & (after != before)
        lead[_ACTS, n], lead[_STAYS, n], lead[_AFTER, n] = stays | turns, stays, before if stays else after
        leads += np.int32(ends & fresh)
        by_words += np.int32(ends & by_word)
        waiting += np.int32(ends & (not worked))
        served += np.int32(ends & worked)
        qualified += np.int32(ends & worked & qualifies)
        proposals += np.int32(ends & worked & proposed)
        changed += np.int32(turns)
        new += np.int32(counts & (not stays) & never)
        known += np.int32(counts & (not stays) & (not never))
    acts = 0
    for n in range(early):
        lead[_FRESH, acts] = n
        acts += lead[_ACTS, n]
    for m in range(acts):
        n = lead[_FRESH, m]
        k = lead[_PLACE, n]
        awake[k] = EARLY + AWAKE * lead[_STAYS, n]
        status_next[k] = lead[_AFTER, n]
        referrer[k] = -1 if lead[_AFTER, n] == PROSPECT else referrer[k]
    return leads, by_words, waiting, served, qualified, proposals, new, known, changed
