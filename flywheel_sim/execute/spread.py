"""In which order the runs of a design are made, so that a sweep that is stopped has looked everywhere.

Replicates are outermost, in passes that grow fourfold: one run of every point, three more, twelve more.  The whole
design is covered after its first pass, and points then never differ in their number of runs by more than a factor of
four.  A point is prepared anew in every pass, which takes as long as some runs of a small company: so there are few
passes.  The points of a grid or a table are taken by golden sections, far ones after
one another; designs whose points belong together (rows of Saltelli's scheme, trajectories) keep theirs.  No run depends
on the order.
"""

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["spread"]

Ints = NDArray[np.int64]

#: By how much the runs of every point grow with a pass.
MORE = 4.0


def spread(point: Ints, replicate: Ints, *, scatter: bool) -> Ints:
    """Return the order in which to make runs.

    Parameters
    ----------
    point, replicate : int64 arrays, shape (n,)
        Of every run of a design.
    scatter : bool
        Whether points may be taken in any order.

    Returns
    -------
    int64 array, shape (n,)
        Positions, those to begin with first.

    Examples
    --------
    Three points with three replicates:

    >>> point, replicate = np.repeat(np.arange(3), 3), np.tile(np.arange(3), 3)
    >>> [(int(point[k]), int(replicate[k])) for k in spread(point, replicate, scatter=True)]
    [(0, 0), (2, 0), (1, 0), (0, 1), (0, 2), (2, 1), (2, 2), (1, 1), (1, 2)]
    """
    if not len(point):
        return np.zeros(0, np.int64)
    names, own = np.unique(point, return_inverse=True)
    inside = np.lexsort((replicate, own))
    starts = np.searchsorted(own[inside], np.arange(len(names)))
    nth = np.empty(len(point), np.int64)
    nth[inside] = np.arange(len(point)) - starts[own[inside]]
    turn = np.ceil(np.log2(nth + 1.0) / np.log2(MORE)).astype(np.int64)  # 0, 1, 1, 1, 2, 2, ...
    place = _scattered(len(names)) if scatter else np.arange(len(names))
    return np.lexsort((nth, place[own], turn)).astype(np.int64)


def _scattered(n: int) -> Ints:
    """Return place of each of n neighbours when the next is a golden section of them further on each time."""
    step = max(round(n * 0.6180339887498949), 1)
    while math.gcd(step, n) != 1:
        step += 1
    place = np.empty(n, np.int64)
    place[np.arange(n) * step % n] = np.arange(n)
    return place
