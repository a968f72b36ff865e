"""Keyed randomness: every draw is a function of who, when and what for.

One call of Philox4x32-10 (Salmon, Moraes, Dror & Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3") turns

    key     = (seed, replicate)
    counter = (agent, tick, block, k)

into four 32-bit words, the *lanes*.  A decision is an explicit pair (block, lane) below, never a position in a stream.
So a changed scenario disturbs only what it causes, two scenarios share their luck, and threads, slices, processes and
the order of agents cannot matter.  Decisions compare whole words: ``word < p 2^32``.

Agents are accounts (0..N-1); the blocks of teams, needs and the company start at ``TEAM`` and use the team's, segment's
or company's index as agent.
"""

import numpy as np

from flywheel_sim.engine.jit import inlined, kernel

__all__ = [
    "ABANDON",
    "BELIEF",
    "BLOCKER",
    "CALL",
    "CARE",
    "CHANNEL",
    "ENDOWMENT",
    "EXIT",
    "GO_LIVE",
    "IDEA",
    "LEADER",
    "LIFE",
    "MARKET",
    "NEED",
    "NETWORK",
    "PATIENCE",
    "POINTS",
    "PRACTICE",
    "PRICE",
    "PURCHASE",
    "QUEUE",
    "REACTION",
    "SALE",
    "SELLER",
    "START",
    "STRANGER",
    "SURVEY",
    "TEAM",
    "TEAM_START",
    "THEME",
    "TIE",
    "TIMELINE",
    "TOUCH",
    "below",
    "philox",
    "unit64",
    "words",
]

# --- decision blocks; the comment names the four lanes. Never renumber: luck would change. -----------------------
ENDOWMENT = (
    1  # tick 0, k = 0: segment, churn propensity, fit, fiscal phase; k = 1: window known, buying rate, would join, ...;
    #         k = 2: talk, issues, contacts wanted, ...
)
START = 2  # tick 0: order in which accounts are customers, voice, tenure, rest of a prospect; k = 1: old issues
NETWORK = 3  # tick 0, k = try: rewiring coin, target, ..., ...
TIE = 4  # lower account of a tie, tick = the higher one: strong, ..., ..., ...
MARKET = 8  # prospects, former customers: lead or return, bad message or fading, ..., ...
SALE = 15  # leads: worked this week, stages of the sale, source, referrer
GO_LIVE = 17  # sold customers: goes live this week, lost before its budget opens, ..., ...
STRANGER = 18  # prospects, k = tie // 4: lane = tie % 4, whom a redrawn weak tie meets this week
LIFE = 9  # customers: churn or renewal, voice, expansion, issues
TOUCH = 10  # customers, k = touchpoint // 4: lane = touchpoint % 4, touched and failed
CARE = 11  # customers with an open case: served at the margin, fixed, delay of return, lost in a handoff
EXIT = 12  # leavers: bad voice, ..., ..., ...
SURVEY = 13  # customers in survey weeks: answers, noise, ..., ...
QUEUE = 14  # event-timed service, tick = week of the issue, k = issue + 16 visit: instant of arrival, handling time,
#             fixed, delay of return
PURCHASE = 19  # customers without contracts: purchases, drop-out, why, ... (M6)
POINTS = 20  # members of a loyalty programme: joins, redeems, ..., ... (M22)
CHANNEL = 21  # customers: issues contained by self-service, ..., ..., ... (M9)
SELLER = 22  # accounts, tick = spells before: sold to by a lone wolf, deal size, ..., ... (M27)
PATIENCE = 16  # event-timed service, keyed as QUEUE: patience, lost in a handoff, ..., ...
ABANDON = 23  # customers with an open case that nobody took: gives up, comes back, delay of return, ... (M8)
CALL = 24  # detractors among the answers of a survey: called back, goes well, ..., ... (M13)
TEAM = 32  # teams, k = substep * ceil(d/4): normal noise, one lane an axis
NEED = 33  # segments: normal noise of the need
BELIEF = 34  # teams (and the company as team 2^20): error of the experience map
THEME = 35  # teams, tick = quarter: theme, ..., ..., ...
TEAM_START = 36  # teams, tick 0: random direction
REACTION = 40  # touchpoints: noise of the score, drift of the process, ..., ... (M14)
BLOCKER = 42  # pairs of teams (65536 i + j), tick = week of arrival (M18), k = 0: arrivals, ..., ..., ...; 1 + number:
#               instant, seen at once, time until seen, ...; 65536 attempt + 1 + number: time to solve, holds not, ...;
#               tick 0, k = 2^30: lateral link, ..., ..., ...
PRICE = 27  # accounts, tick 0: how much it minds prices, ..., ..., ... (M1)
LEADER = 43  # the office of the CCO: leaves, noise of the appraisal, ..., ... (M21)
IDEA = 44  # company: ideas of the week, ..., ..., ... (M26)
PRACTICE = 45  # people (0 = the code), k = belief // 4: lane = belief % 4, taken over or followed (M20)
#               k = 1000 + belief // 4, tick 0: first beliefs; k = 2000: leaves; k = 3000 + belief // 4: a newcomer's
TIMELINE = 38  # company, k = pulse member: which account, ..., ..., ...

_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_W0, _W1 = np.uint32(0x9E3779B9), np.uint32(0xBB67AE85)
_LOW, _SHIFT = np.uint64(0xFFFFFFFF), np.uint64(32)


@inlined
def philox(
    c0: np.uint32, c1: np.uint32, c2: np.uint32, c3: np.uint32, k0: np.uint32, k1: np.uint32
) -> tuple[np.uint32, np.uint32, np.uint32, np.uint32]:
    """Philox4x32 with ten rounds: counter (c0..c3), key (k0, k1) to four words."""
    for _ in range(10):
        a = _M0 * np.uint64(c0)
        b = _M1 * np.uint64(c2)
        c0 = np.uint32(np.uint32(b >> _SHIFT) ^ c1 ^ k0)
        c1 = np.uint32(b & _LOW)
        c2 = np.uint32(np.uint32(a >> _SHIFT) ^ c3 ^ k1)
        c3 = np.uint32(a & _LOW)
        k0 = np.uint32(k0 + _W0)
        k1 = np.uint32(k1 + _W1)
    return c0, c1, c2, c3


@inlined
def words(
    seed: np.uint32, replicate: np.uint32, agent: int, tick: int, block: int, k: int
) -> tuple[np.uint32, np.uint32, np.uint32, np.uint32]:
    """Return the four words of one block of decisions of one agent in one tick."""
    return philox(np.uint32(agent), np.uint32(tick), np.uint32(block), np.uint32(k), seed, replicate)


@inlined
def below(word: np.uint32, probability: np.float32) -> bool:
    """Whether the decision goes the way that has this probability; 0 and 1 are exact."""
    return bool(np.int64(word) < np.int64(probability * np.float32(4294967296.0)))


@inlined
def unit64(word: np.uint32) -> float:
    """A word as a number strictly between 0 and 1."""
    return (np.float64(word) + 0.5) * 2.3283064365386963e-10


@kernel
def philox_words(counter: np.ndarray, key: np.ndarray, out: np.ndarray) -> None:
    """Fill ``out`` (n, 4) with the words of ``counter`` (n, 4) under ``key`` (2,); all uint32."""
    for i in range(counter.shape[0]):
        out[i, 0], out[i, 1], out[i, 2], out[i, 3] = philox(
            counter[i, 0], counter[i, 1], counter[i, 2], counter[i, 3], key[0], key[1]
        )
