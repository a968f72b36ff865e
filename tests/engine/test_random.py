"""Philox4x32-10 against its published vectors, and draws that are uniform, independent and keyed.

Statistical checks use fixed keys, so they always give the same answer; a correct generator fails one of them with
probability 1e-5 (one key, chosen once, never tuned).
"""

import numba
import numpy as np
import pytest
from scipy import stats

from flywheel_sim.engine import random
from flywheel_sim.engine.random import below, philox_words, unit64, words

FALSE_ALARM = 1e-5


@numba.njit
def draw(seed, replicate, agents, ticks, block, k, out):
    for i in range(agents.size):
        w0, w1, w2, w3 = words(seed, replicate, agents[i], ticks[i], block, k)
        out[i, 0], out[i, 1], out[i, 2], out[i, 3] = w0, w1, w2, w3


@numba.njit
def chosen(word, probability, out):
    for i in range(word.size):
        out[i] = below(word[i], probability)


@numba.njit
def units(word, out):
    for i in range(word.size):
        out[i] = unit64(word[i])


def table(agents, ticks=0, block=random.LIFE, k=0, seed=20, replicate=3):
    """Words of every (agent, tick), shape (n, 4)."""
    agents, ticks = np.broadcast_arrays(np.asarray(agents, np.int64), np.asarray(ticks, np.int64))
    out = np.empty((agents.size, 4), np.uint32)
    draw(np.uint32(seed), np.uint32(replicate), agents.ravel().copy(), ticks.ravel().copy(), block, k, out)
    return out


@pytest.mark.parametrize(
    ("counter", "key", "expected"),
    [
        ("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
        ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
        ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
    ],
    ids=["zeros", "ones", "pi"],
)
def test_known_answers_of_random123(counter, key, expected):
    out = np.zeros((1, 4), np.uint32)
    row = np.array([[int(x, 16) for x in counter.split()]], np.uint32)
    philox_words(row, np.array([int(x, 16) for x in key.split()], np.uint32), out)
    assert " ".join(f"{x:08x}" for x in out[0]) == expected


def test_a_decision_is_the_counter_agent_tick_block_k_under_the_key_seed_replicate():
    out = np.zeros((1, 4), np.uint32)
    philox_words(np.array([[7, 11, 13, 17]], np.uint32), np.array([19, 23], np.uint32), out)
    assert np.array_equal(table(7, 11, block=13, k=17, seed=19, replicate=23), out)


def test_every_part_of_the_key_and_the_counter_matters():
    base = {"agents": 5, "ticks": 6, "block": 9, "k": 2, "seed": 7, "replicate": 8}
    seen = {table(**base).tobytes()}
    for name in base:
        seen.add(table(**(base | {name: base[name] + 1})).tobytes())
    assert len(seen) == 1 + len(base)


def test_decision_blocks_are_distinct_constants():
    blocks = {name: value for name in random.__all__ if isinstance(value := getattr(random, name), int)}
    assert len(blocks) >= 15
    assert len(set(blocks.values())) == len(blocks), "two decisions would share their luck"
    every = {name: value for name, value in vars(random).items() if name.isupper() and isinstance(value, int)}
    assert every == blocks, "a block that is not in __all__ would escape this test"


@pytest.mark.parametrize("lane", range(4))
def test_words_are_uniform(lane):
    counts = np.bincount(table(np.arange(200_000))[:, lane] >> 22, minlength=1024)
    assert stats.chisquare(counts).pvalue > FALSE_ALARM


def test_low_bits_are_uniform_too():
    counts = np.bincount((table(np.arange(200_000)) & 1023).ravel().astype(np.int64), minlength=1024)
    assert stats.chisquare(counts).pvalue > FALSE_ALARM


N = 100_000
PAIRS = {
    "neighbouring agents": lambda: (table(np.arange(N))[:, 0], table(np.arange(N) + 1)[:, 0]),
    "neighbouring ticks": lambda: (table(np.arange(N), 4)[:, 0], table(np.arange(N), 5)[:, 0]),
    "ticks of one agent": lambda: (table(3, np.arange(N))[:, 0], table(3, np.arange(N) + 1)[:, 0]),
    "blocks": lambda: (table(np.arange(N), block=random.LIFE)[:, 0], table(np.arange(N), block=random.MARKET)[:, 0]),
    "members of a block": lambda: (table(np.arange(N), k=0)[:, 0], table(np.arange(N), k=1)[:, 0]),
    "seeds": lambda: (table(np.arange(N), seed=1)[:, 0], table(np.arange(N), seed=2)[:, 0]),
    "replicates": lambda: (table(np.arange(N), replicate=0)[:, 0], table(np.arange(N), replicate=1)[:, 0]),
    "agent and tick swapped": lambda: (table(np.arange(N), 3)[:, 0], table(3, np.arange(N))[:, 0]),
    "lanes 0 and 1": lambda: (table(np.arange(N))[:, 0], table(np.arange(N))[:, 1]),
    "lanes 2 and 3": lambda: (table(np.arange(N))[:, 2], table(np.arange(N))[:, 3]),
}


@pytest.mark.parametrize("name", PAIRS)
def test_draws_are_independent_across(name):
    a, b = PAIRS[name]()
    cells = np.bincount((a >> 27).astype(np.int64) * 32 + (b >> 27), minlength=1024)
    assert stats.chisquare(cells).pvalue > FALSE_ALARM


def test_below_is_exact_at_zero_and_one_and_splits_at_p():
    word = np.array([0, 1, 2**31 - 1, 2**31, 2**32 - 1], np.uint32)
    out = np.empty(word.size, np.bool_)
    for p, expected in [
        (0.0, [False] * 5),
        (1.0, [True] * 5),
        (0.5, [True, True, True, False, False]),
        (2.0**-32, [True] + [False] * 4),
    ]:
        chosen(word, np.float32(p), out)
        assert out.tolist() == expected, p


def test_nested_thresholds_of_one_word_are_nested_events():
    word = table(np.arange(10_000))[:, 1]
    small, large = np.empty(word.size, np.bool_), np.empty(word.size, np.bool_)
    chosen(word, np.float32(0.2), small)
    chosen(word, np.float32(0.3), large)
    assert not np.any(small & ~large)
    assert abs(large.mean() - 0.3) < 5 * np.sqrt(0.21 / word.size)


def test_unit_lies_strictly_between_zero_and_one():
    out = np.empty(3)
    units(np.array([0, 2**31, 2**32 - 1], np.uint32), out)
    assert 0.0 < out[0] < 1e-9
    assert abs(out[1] - 0.5) < 1e-9
    assert 1 - 1e-9 < out[2] < 1.0
    assert -np.log(out[0]) < 25.0  # an exponential delay is finite


def test_the_compiled_words_are_those_of_plain_python():
    with np.errstate(over="ignore"):
        plain = words.py_func.__globals__["philox"].py_func(
            *(np.uint32(x) for x in (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344)),
            *(np.uint32(x) for x in (0xA4093822, 0x299F31D0)),
        )
    assert [int(x) for x in plain] == [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1]
