"""What mechanisms share when they make the rows of everything in a scenario that has a name.

A maker takes a scenario and the room of the batch, and returns tables by the names of
:class:`~flywheel_sim.engine.lowering.Tables`; ``team.bonus`` is the column ``bonus`` of the teams' table.  Makers
stand in the mechanisms whose rows they make, and ``lowering.py`` lists them.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["Floats", "Room", "Rows", "unit", "vector"]

Floats: TypeAlias = NDArray[np.float64]
#: Tables by name.
Rows: TypeAlias = dict[str, NDArray[Any]]


class Room(NamedTuple):
    """The widest company of a batch."""

    axes: int
    teams: int


def unit(vector: Floats, axes: int) -> Floats:
    """Return a vector of so many axes at length 1; a sum over what others in the batch are wider would round otherwise.

    Examples
    --------
    >>> unit(np.array([3.0, 4.0, 0.0]), 2).tolist()
    [0.6, 0.8, 0.0]
    """
    own = vector[:axes]
    length = float(np.sqrt(np.sum(own * own)))
    return vector / length if length > 0 else vector


def vector(axes: Sequence[str], value: Mapping[str, float], width: int) -> Floats:
    """Return the components of a vector by the order of the axes.

    Examples
    --------
    >>> vector(["value", "ease"], {"ease": 2.0}, 3).tolist()
    [0.0, 2.0, 0.0]
    """
    row = np.zeros(width)
    for axis, x in value.items():
        row[axes.index(axis)] = x
    return row
