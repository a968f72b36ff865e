"""The floor: the least a week of the simulation can cost on a machine.

One Philox4x32-10 call per account, and every account column of the engine's state read and written once.  The columns
have the widths of the state's own (made from it, so that a new column raises the floor with the engine); the network is
left out.  Written to be fast: the draws of a block of accounts first, then one pass per column, both vectorised.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.engine.jit import kernel
from flywheel_sim.engine.random import philox
from flywheel_sim.engine.state import BLOCK, State

__all__ = ["Floor", "account_columns", "floor_of", "floor_week"]


class Floor(NamedTuple):
    """Columns by width, each array of shape (columns, rows)."""

    one: NDArray[np.uint8]
    two: NDArray[np.uint16]
    four: NDArray[np.uint32]
    eight: NDArray[np.uint64]


def account_columns(state: State) -> dict[str, NDArray[Any]]:
    """Columns of a state that have a row per account.

    Examples
    --------
    >>> from flywheel_sim.engine.state import allocate
    >>> from flywheel_sim.engine.layout import SIZES
    >>> state = allocate(1, np.array([2000]), np.zeros(1, SIZES), False, 0, 1, 1, np.array([False]))
    >>> "status" in account_columns(state), "edge" in account_columns(state)
    (True, False)
    """
    rows = len(state.status)
    return {
        name: column
        for name, column in state._asdict().items()
        if name not in ("edge", "friend") and column.shape == (rows,)
    }


def floor_of(state: State) -> Floor:
    """Columns like those of a state, with the same number of rows and the same widths."""
    columns = account_columns(state)
    rows, count = len(state.status), dict.fromkeys((1, 2, 4, 8), 0)
    for column in columns.values():
        count[column.dtype.itemsize] += 1
    return Floor(*(np.ones((count[width], rows), f"u{width}") for width in (1, 2, 4, 8)))


@kernel
def floor_week(f: Any, rows: int, seed: Any, replicate: Any, week: Any) -> None:
    """Draw once per row, and read and write every column once."""
    word = np.empty(BLOCK, np.uint32)
    for start in range(0, rows, BLOCK):
        n = min(BLOCK, rows - start)
        for k in range(n):
            word[k] = philox(np.uint32(start) + np.uint32(k), week, np.uint32(1), np.uint32(0), seed, replicate)[0]
        for x in range(f.one.shape[0]):
            one = f.one[x, start : start + n]  # a slice, so that the compiler sees one stretch of memory
            for k in range(n):
                one[k] ^= np.uint8(word[k])
        for x in range(f.two.shape[0]):
            two = f.two[x, start : start + n]
            for k in range(n):
                two[k] ^= np.uint16(word[k])
        for x in range(f.four.shape[0]):
            four = f.four[x, start : start + n]
            for k in range(n):
                four[k] ^= word[k]
        for x in range(f.eight.shape[0]):
            eight = f.eight[x, start : start + n]
            for k in range(n):
                eight[k] ^= np.uint64(word[k])
