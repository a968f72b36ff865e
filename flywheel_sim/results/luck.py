"""The key of a run's luck: a seed and the number of a replicate, both whole numbers."""

from typing import Any

from flywheel_sim.scenario.arguments import whole

__all__ = ["key_part"]


def key_part(value: Any, name: str) -> int:
    """Return a part of the key of a run's luck, refused unless it is a whole number that the key can hold.

    Raises
    ------
    TypeError
        For anything but a whole number: 1.9 and True would run as 1.
    ValueError
        Outside 0 .. 2^32 - 1.

    Examples
    --------
    >>> key_part(7, "seed")
    7
    """
    return whole(name, value)
