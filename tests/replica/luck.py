"""Keyed luck in plain integers: Philox4x32-10, and who draws what for which decision.

The numbers of the decision blocks are stated here again, not imported: they are part of the model.
"""

from replica.arithmetic import F32, f32

__all__ = ["Key", "below", "pick_lane", "unit", "words"]

# accounts
ENDOWMENT, START, NETWORK, TIE, PRICE = 1, 2, 3, 4, 27
MARKET, LIFE, TOUCH, CARE, EXIT, SURVEY, QUEUE, SALE, PATIENCE, GO_LIVE, STRANGER = (
    8,
    9,
    10,
    11,
    12,
    13,
    14,
    15,
    16,
    17,
    18,
)
PURCHASE, POINTS, CHANNEL, SELLER, ABANDON, CALL = 19, 20, 21, 22, 23, 24
# teams, needs and the company
TEAM, NEED, BELIEF, THEME, TEAM_START, TIMELINE, REACTION = 32, 33, 34, 35, 36, 38, 40
BLOCKER, LEADER, IDEA, PRACTICE = 42, 43, 44, 45

Key = tuple[int, int]
Words = tuple[int, int, int, int]
_32 = 0xFFFFFFFF


def words(key: Key, agent: int, tick: int, block: int, k: int = 0) -> Words:
    """Four words of 32 bits: Philox of the counter (agent, tick, block, k) under the key (seed, replicate)."""
    c0, c1, c2, c3 = agent & _32, tick & _32, block, k & _32
    k0, k1 = key
    for _ in range(10):
        a, b = 0xD2511F53 * c0, 0xCD9E8D57 * c2
        c0, c1, c2, c3 = (b >> 32) ^ c1 ^ k0, b & _32, (a >> 32) ^ c3 ^ k1, a & _32
        k0, k1 = (k0 + 0x9E3779B9) & _32, (k1 + 0xBB67AE85) & _32
    return c0, c1, c2, c3


def pick_lane(key: Key, agent: int, tick: int, block: int, n: int, k: int = 0) -> int:
    """The n-th word of a row of decisions that share blocks by four, from block number k on."""
    return words(key, agent, tick, block, k + n // 4)[n % 4]


def below(word: int, probability: F32) -> bool:
    """Whether a decision of a customer goes the way that has this probability."""
    return word < int(probability * f32(4294967296.0))


def unit(word: int) -> float:
    """A word as a number strictly between 0 and 1."""
    return (word + 0.5) * 2.3283064365386963e-10
