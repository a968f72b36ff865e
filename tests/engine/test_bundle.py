"""Bundles and names: what compiled code sees of named tuples."""

import sys
from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from flywheel_sim.engine.bundle import bundle, names
from flywheel_sim.engine.jit import step


@bundle
class Pair(NamedTuple):
    """Two arrays of different shapes and types."""

    row: NDArray[np.float64]
    table: NDArray[np.int32]


class Place(NamedTuple):
    """Two columns."""

    here: int
    there: int


PLACE: Any = names(Place(1, 2))


@step
def fill(pair: Any, k: int) -> None:
    """Write into both arrays."""
    for n in range(pair.table.shape[0]):
        pair.table[n, PLACE.there] = n + k
    pair.row[PLACE.here] += pair.row.shape[0]


@numba.njit
def total(pair: Any, k: int) -> float:
    """Write, then add up a view of a row."""
    fill(pair, k)
    last, found = pair.table[pair.table.shape[0] - 1], 0.0
    for n in range(last.shape[0]):
        found += last[n]
    return found + pair.row[PLACE.here]


def test_compiled_code_reads_and_writes_the_arrays_of_a_bundle() -> None:
    pair = Pair(np.zeros(5), np.zeros((4, 3), np.int32))
    assert total(pair, 10) == 13.0 + 5.0
    assert pair.table[:, 2].tolist() == [10, 11, 12, 13] and pair.row[1] == 5.0


def test_calls_keep_no_reference_and_lose_none() -> None:
    pair = Pair(np.zeros(5), np.zeros((4, 3), np.int32))
    total(pair, 1)
    before = sys.getrefcount(pair.row), sys.getrefcount(pair.table)
    for _ in range(10):
        total(pair, 1)
    assert (sys.getrefcount(pair.row), sys.getrefcount(pair.table)) == before


def test_the_size_of_the_arrays_is_no_part_of_the_type() -> None:
    known = len(total.signatures)
    total(Pair(np.zeros(2), np.zeros((1, 3), np.int32)), 0)
    total(Pair(np.zeros(3), np.zeros((9, 7), np.int32)), 0)
    assert len(total.signatures) == max(known, 1)
