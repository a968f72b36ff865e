"""Mixing of the steps of a search for a point at rest, so that what swings settles.

Each round proposes a step for every coordinate on its own, but every one of them answers to the others.  Of the last
rounds it is known how the proposals changed as the point moved; the next point is where, by that, all proposals
together would be as small as they can be (Anderson 1965).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["Mixing"]

Floats = NDArray[np.float64]

#: Rounds that are remembered, and how little may be known of a direction before nothing is made of it.
DEPTH, RIDGE = 5, 1e-4


class Mixing:
    """What is remembered of a search.

    Examples
    --------
    A map that overshoots by nine tenths swings for dozens of rounds; mixed, it is at rest in three:

    >>> mixing, x = Mixing(), np.array([1.0])
    >>> for _ in range(3):
    ...     x = mixing.next(x, -0.9 * x - x)
    >>> bool(abs(x[0]) < 0.01)
    True
    """

    def __init__(self) -> None:
        self._points: list[Floats] = []
        self._steps: list[Floats] = []

    def next(self, point: Sequence[float] | Floats, step: Sequence[float] | Floats) -> Floats:
        """Return the next point to try, from all that were tried so far.

        Parameters
        ----------
        point, step : float64 array, shape (coordinates,)
            Where the search is, and what is proposed there.
        """
        here, proposed = np.asarray(point, float), np.asarray(step, float)
        self._points, self._steps = [*self._points, here][-DEPTH - 1 :], [*self._steps, proposed][-DEPTH - 1 :]
        if len(self._points) == 1:
            return np.asarray(here + proposed, float)
        moves, changes = np.diff(self._points, axis=0).T, np.diff(self._steps, axis=0).T
        sizes = np.maximum(np.linalg.norm(changes, axis=0), 1e-12)
        moves, changes = moves / sizes, changes / sizes
        square = changes.T @ changes + RIDGE * np.eye(changes.shape[1])
        weights = np.linalg.solve(square, changes.T @ proposed)
        return np.asarray(here + proposed - (moves + changes) @ weights, float)

    def forget(self) -> None:
        """Begin anew: the search is about other coordinates now."""
        self._points, self._steps = [], []
