"""Where a symbol may lie, said once in plain words.

Every closed form takes plain numbers or arrays and checks them here before it computes, so a wrong sign or a NaN is
reported under the symbol the caller used and not as a NaN ten lines later.  Functions return what they were given: an
array for an array, a NumPy float for a number.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Array", "above", "at_least", "between", "one_of", "real", "same_kind", "whole"]

Array = npt.NDArray[np.float64]


def real(name: str, value: npt.ArrayLike) -> Array:
    """Return `value` as a float array, refusing what is not a finite number.

    Raises
    ------
    ValueError
        If `value` cannot be read as numbers, or holds NaN or infinity.

    Examples
    --------
    >>> real("q", [0.38, 0.4]).tolist()
    [0.38, 0.4]
    """
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must be a number or an array of numbers, got {value!r}") from error
    if not np.all(np.isfinite(array)):
        raise ValueError(f"{name} must be finite, got {value!r}")
    return array


def above(name: str, value: npt.ArrayLike, bound: float = 0.0) -> Array:
    """Return `value` as a float array whose entries all exceed `bound`.

    Raises
    ------
    ValueError
        If an entry is at or below `bound`, or not finite.

    Examples
    --------
    >>> above("alpha", 0)
    Traceback (most recent call last):
    ValueError: alpha must be greater than 0, got 0
    """
    array = real(name, value)
    if np.any(array <= bound):
        raise ValueError(f"{name} must be greater than {bound:g}, got {value!r}")
    return array


def at_least(name: str, value: npt.ArrayLike, bound: float = 0.0) -> Array:
    """Return `value` as a float array with no entry below `bound`.

    Raises
    ------
    ValueError
        If an entry is below `bound`, or not finite.

    Examples
    --------
    >>> at_least("t", -1)
    Traceback (most recent call last):
    ValueError: t must be at least 0, got -1
    """
    array = real(name, value)
    if np.any(array < bound):
        raise ValueError(f"{name} must be at least {bound:g}, got {value!r}")
    return array


def between(
    name: str,
    value: npt.ArrayLike,
    low: float = 0.0,
    high: float = 1.0,
    *,
    open_low: bool = False,
    open_high: bool = False,
) -> Array:
    """Return `value` as a float array inside the interval from `low` to `high`.

    Raises
    ------
    ValueError
        If an entry lies outside, or on an end that is open.

    Examples
    --------
    >>> between("g", 2.0, 0, 2, open_high=True)
    Traceback (most recent call last):
    ValueError: g must lie in [0, 2), got 2.0
    """
    array = real(name, value)
    outside = (array <= low if open_low else array < low) | (array >= high if open_high else array > high)
    if np.any(outside):
        left, right = "(" if open_low else "[", ")" if open_high else "]"
        raise ValueError(f"{name} must lie in {left}{low:g}, {high:g}{right}, got {value!r}")
    return array


def whole(name: str, value: Any, bound: int = 0) -> int:
    """Return `value` as an int not below `bound`.

    Raises
    ------
    ValueError
        If `value` is not a single whole number, or is below `bound`.

    Examples
    --------
    >>> whole("n", 3.0, 1)
    3
    """
    array = real(name, value)
    if array.ndim != 0 or array != np.floor(array) or array < bound:
        raise ValueError(f"{name} must be one whole number, at least {bound}, got {value!r}")
    return int(array)


def one_of(name: str, value: str, choices: tuple[str, ...]) -> str:
    """Return `value` if it is one of `choices`.

    Raises
    ------
    ValueError
        If it is not; the message lists the choices.

    Examples
    --------
    >>> one_of("rule", "euler", ("exponential", "linear"))
    Traceback (most recent call last):
    ValueError: rule must be 'exponential' or 'linear', got 'euler'
    """
    if value not in choices:
        raise ValueError(f"{name} must be {' or '.join(repr(choice) for choice in choices)}, got {value!r}")
    return value


def same_kind(value: npt.ArrayLike) -> Array:
    """Turn a 0-d result into a NumPy float and leave arrays alone, so numbers in give numbers out.

    Examples
    --------
    >>> same_kind(np.asarray(0.5)) + 1
    np.float64(1.5)
    """
    result: Array = np.asarray(value, dtype=np.float64)[()]
    return result
