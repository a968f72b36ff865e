"""The key of a run's luck: a seed and the number of a replicate, both whole numbers."""

import numbers
from typing import Any

__all__ = ["key_part"]


def key_part(value: Any, name: str) -> int:
    """A part of the key of a run's luck, refused unless it is a whole number that the key can hold.

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
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise TypeError(f"{name}: expected a whole number, got {value!r}")
    if not 0 <= value < 2**32:
        raise ValueError(f"{name}: expected a whole number from 0 to 2^32 - 1, got {value}")
    return int(value)
