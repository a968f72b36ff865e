"""Intervals of measures that are functions of averages over rows: rows are drawn again, with a fixed seed."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.results.sensitivity import CONFIDENCE

__all__ = ["Terms", "resampled"]

Floats = NDArray[np.float64]
#: What is averaged over rows, by name: arrays (n, ...).
Terms = dict[str, Floats]

_RESAMPLES, _SEED = 1000, 20212


def resampled(terms: Terms, measures: Callable[[Terms], Terms]) -> dict[str, tuple[Floats, Floats]]:
    """Return percentile intervals over resampled rows."""
    rows = len(next(iter(terms.values())))
    luck = np.random.default_rng(_SEED)
    tails = ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2)
    drawn: dict[str, list[Floats]] = {}
    for _ in range(_RESAMPLES):
        weight = np.bincount(luck.integers(0, rows, rows), minlength=rows) / rows
        again = measures({name: np.tensordot(weight, term, axes=1) for name, term in terms.items()})
        for name, value in again.items():
            drawn.setdefault(name, []).append(value)
    intervals = {}
    for name, values in drawn.items():
        stack = np.array(values)
        ends = np.asarray(np.quantile(stack, tails, axis=0))
        intervals[name] = (ends[0], ends[1])
    return intervals
