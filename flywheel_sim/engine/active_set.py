"""The active set: the accounts of a block for which a week may hold anything.

Most accounts are idle in most weeks.  These passes over a block draw the words of all its accounts at once, find who
needs to be looked at, and settle the leads of whom nothing comes; the rest is the business of customers.py, which says
the same in the order of events.  None of this changes what happens, only how long it takes.
"""

from typing import Any

import numpy as np

from flywheel_sim.engine.customer_tables import LANES
from flywheel_sim.engine.jit import f32, f64, i16, inlined, u8
from flywheel_sim.engine.kernel_types import Firm, Now, State, Sums
from flywheel_sim.engine.mechanisms.m05_word_of_mouth import Hearing
from flywheel_sim.engine.portable_math import happens
from flywheel_sim.engine.random import MARKET, SALE, below, unit64, words
from flywheel_sim.engine.state import ACC, BLOCK, FORMER, LEAD, PROSPECT

__all__ = ["ACTIVE", "EARLY", "draw_market", "find_active", "lapse_before", "settle_leads"]

#: Marks of an account that is looked at, and of a lead that is settled before, or has both marks.
ACTIVE, EARLY = 1, 2

_ZERO = f32(0.0)
# rows of the table of early leads: place in the block; a prospect until now, never a customer; what becomes
# of it; whether it stays active, whether anything is to be written down, and whether it rests from now on
_PLACE, _FRESH, _NEVER, _AFTER, _STAYS, _ACTS, _RESTS, _LEAD_ROWS = range(8)
_TO_UNIT, _MORE, _MARGIN = f32(1.0 / 4294967296.0), f32(1.0001), f32(1e-6)


@inlined
def draw_market(firm: Firm, row: int, week: int, lead_words: Any, bad_words: Any) -> None:
    """Draw the market's words of a block: lead or return, bad message or fading."""
    seed, replicate = firm.seed, firm.replicate
    for k in range(lead_words.shape[0]):
        lead_words[k], bad_words[k], _, _ = words(seed, replicate, row + k, week, MARKET, 0)


@inlined
def find_active(
    state: State, now: Now, week: int, first: int, hearing: Hearing, lead_words: Any, bad_words: Any, active: Any,
    sums: Sums,
) -> None:  # fmt: skip
    """Mark the accounts of a block for which this week may hold anything; the others need not be looked at.

    Something may happen to an account whose words are below an upper bound of its chances: 1 - exp(-x) <= x, taken a
    little larger for the rounding.  Marks are 0, :data:`ACTIVE`, and :data:`EARLY` for leads and those who may become
    one by a plain sum of voices.  Who is idle is counted.
    """
    width, t = active.shape[0], np.int32(week)
    status, until = state.status[first : first + width], state.blocked_until[first : first + width]
    good, bad = state.good[first : first + width], state.bad[first : first + width]
    held = state.held_until[first : first + width]
    # rates of a lead and of a bad message of everybody, and what a unit of voice adds
    lead, lead_voice = (
        (now.external + now.word_rate * hearing.all_good) * now.per_lead,
        now.word_rate * now.per_lead * hearing.unit,
    )
    message, message_voice = _ZERO, _ZERO
    if hearing.heeds_bad:
        message, message_voice = hearing.bad_rate * hearing.all_bad, hearing.bad_rate * hearing.unit
    back, hard = now.win_back, hearing.per_prospect and not hearing.complete
    prospects, blocked, former, resting = np.int32(0), np.int32(0), np.int32(0), np.int32(0)
    for k in range(width):
        prospect, gone, waiting = status[k] == PROSPECT, status[k] == FORMER, status[k] == LEAD
        shut, rests = until[k] > t, held[k] > t
        u, v = f32(lead_words[k]) * _TO_UNIT, f32(bad_words[k]) * _TO_UNIT
        comes = (u <= (lead + lead_voice * f32(good[k])) * _MORE + _MARGIN) & (not shut) & (not rests)
        warned = v <= (message + message_voice * f32(bad[k])) * _MORE + _MARGIN
        idle = (prospect & (not comes) & (not warned)) | (gone & (rests | (u > back * _MORE + _MARGIN)))
        early = waiting | (prospect & comes & (not warned) & (not hard))
        active[k] = u8(0) if idle else (u8(EARLY) if early else u8(ACTIVE))
        prospects += np.int32(prospect & idle)
        blocked += np.int32(prospect & idle & shut)
        former += np.int32(gone & idle)
        resting += np.int32(rests & idle & (gone | (prospect & (not shut))))
    sums[ACC.prospects] += prospects
    sums[ACC.blocked] += blocked
    sums[ACC.former] += former
    sums[ACC.resting] += resting


@inlined
def lapse_before(worked: np.float32, lapse: np.float32) -> np.float32:
    """Bound below which the word of a lead says that it is worked or lapses: a share of those who are not worked."""
    return worked + (f32(1.0) - worked) * lapse


@inlined
def gather_leads(
    state: State, firm: Firm, week: int, first: int, lead_words: Any, active: Any, lead: Any, hurdle: Any, lot: Any
) -> int:
    """Gather the early ones of a block into tables with a column for each; return how many there are."""
    early = 0
    for k in range(active.shape[0]):
        lead[_PLACE, early] = k
        early += active[k] == EARLY
    wide = (early + LANES - 1) // LANES * LANES
    for n in range(early, wide):
        lead[_PLACE, n] = 0
    width = active.shape[0]
    status, spells = state.status[first : first + width], state.spells[first : first + width]
    segment, good, chain = state.segment[first : first + width], state.good[first : first + width], state.chain
    for n in range(wide):
        k = lead[_PLACE, n]
        lead[_FRESH, n], lead[_NEVER, n] = status[k] == PROSPECT, spells[k] == 0
        s = firm.segment0 + segment[k]
        hurdle[0, n] = chain[s, 0] if lead[_FRESH, n] != 0 else chain[s, 6]
        hurdle[1, n], hurdle[2, n] = chain[s, 1], chain[s, 2]
        hurdle[3, n], lot[3, n] = f32(good[k]), lead_words[k]
    seed, replicate, row = firm.seed, firm.replicate, first - firm.account0
    for n in range(wide):
        lot[0, n], lot[1, n], lot[2, n], _ = words(seed, replicate, row + lead[_PLACE, n], week, SALE, 0)
    return early


@inlined
def settle_leads(
    state: State, firm: Firm, now: Now, week: int, first: int, hearing: Hearing, plain: bool, rest_weeks: int,
    lead_words: Any, active: Any, sums: Sums,
) -> None:  # fmt: skip
    """Settle the early ones of a block of whom nothing comes this week.

    They are prospects who turn out to be no leads, leads nobody works this week, and leads that do not come to a close,
    or not so far that it matters who sells (not ``plain``, M27).  The others stay active, as does who has to wait while
    a friend has to be found who brought it.  Who is settled is counted.
    """
    lead, lot = np.empty((_LEAD_ROWS, BLOCK), np.int32), np.empty((4, BLOCK), np.uint32)
    hurdle = np.empty((4, BLOCK), np.float32)
    early = gather_leads(state, firm, week, first, lead_words, active, lead, hurdle, lot)
    external, word_rate, per_lead = now.external, now.word_rate, now.per_lead
    serve, serve_waiting, lapse, tires = now.serve, now.serve_waiting, now.lapse, rest_weeks > 0
    alone = happens(external * per_lead)
    leads, by_words, waiting, served = np.int32(0), np.int32(0), np.int32(0), np.int32(0)
    qualified, proposals = np.int32(0), np.int32(0)
    new, known, changed, lapsed = np.int32(0), np.int32(0), np.int32(0), np.int32(0)
    for n in range((early + LANES - 1) // LANES * LANES):
        counts, fresh, never = n < early, lead[_FRESH, n] != 0, lead[_NEVER, n] != 0
        word = word_rate * (hurdle[3, n] * hearing.unit if hearing.unit > _ZERO else hearing.all_good)
        comes = below(lot[3, n], alone if word <= _ZERO else happens((external + word) * per_lead))
        by_word = fresh & (word > _ZERO) & (unit64(lot[2, n]) < f64(word) / f64(external + word))
        share = serve if fresh else serve_waiting
        none, worked = fresh & (not comes), below(lot[0, n], share)
        lapses = (not worked) & below(lot[0, n], lapse_before(share, lapse))
        qualify = hurdle[0, n]
        propose = qualify * hurdle[1, n]
        qualifies, proposed = below(lot[1, n], qualify), below(lot[1, n], propose)
        closes = below(lot[1, n], propose * hurdle[2, n]) if plain else qualifies
        stays = counts & (not none) & ((worked & closes) | (by_word & (not worked)))
        ends = counts & (not none) & (not stays)
        after = (PROSPECT if never else FORMER) if worked | none | lapses else LEAD
        before = PROSPECT if fresh else LEAD
        turns = ends & (after != before)
        rests = ends & tires & (worked | lapses)
        lead[_ACTS, n], lead[_STAYS, n], lead[_AFTER, n] = stays | turns | rests, stays, before if stays else after
        lead[_RESTS, n] = rests
        leads += np.int32(ends & fresh)
        by_words += np.int32(ends & by_word)
        waiting += np.int32(ends & (not worked) & (not lapses))
        lapsed += np.int32(ends & lapses)
        served += np.int32(ends & worked)
        qualified += np.int32(ends & worked & qualifies)
        proposals += np.int32(ends & worked & proposed)
        changed += np.int32(turns)
        new += np.int32(counts & (not stays) & never)
        known += np.int32(counts & (not stays) & (not never))
    sums[ACC.leads] += leads
    sums[ACC.leads_word] += by_words
    sums[ACC.waiting] += waiting
    sums[ACC.lapsed] += lapsed
    sums[ACC.served] += served
    sums[ACC.qualified] += qualified
    sums[ACC.proposals] += proposals
    sums[ACC.prospects] += new
    sums[ACC.former] += known
    sums[ACC.changed] += changed
    turn_leads(state, first, early, week + 1 + rest_weeks, lead, active)


@inlined
def turn_leads(state: State, first: int, early: int, rested: int, lead: Any, active: Any) -> None:
    """Write down what became of those who are settled, until when they rest, and mark_active the others."""
    status_next, referrer, held = state.status_next, state.referrer, state.held_until
    acts = 0
    for n in range(early):
        lead[_FRESH, acts] = n
        acts += lead[_ACTS, n]
    for m in range(acts):
        n = lead[_FRESH, m]
        k = lead[_PLACE, n]
        active[k] = EARLY + ACTIVE * lead[_STAYS, n]
        status_next[first + k] = lead[_AFTER, n]
        referrer[first + k] = -1 if lead[_AFTER, n] == PROSPECT else referrer[first + k]
        if lead[_RESTS, n] != 0:
            held[first + k] = i16(min(rested, 32767))
