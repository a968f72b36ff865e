"""Indices of several outcomes, each from all the rows that have a value of it."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.results.sensitivity import Index, Sensitivity
from flywheel_sim.scenario import ScenarioError

__all__ = ["by_outcome"]

Flags = NDArray[np.bool_]
#: ``analyze(rows, columns)``: indices of some outcomes, from rows that have a value of each of them.
Analyze = Callable[[Flags, NDArray[np.int64]], Sensitivity]


def by_outcome(good: Flags, outcomes: tuple[str, ...], least: int, what: str, analyze: Analyze) -> Sensitivity:
    """Analyze outcomes that have values in the same rows together, and join what comes of it.

    Parameters
    ----------
    good : bool array, shape (n, K)
        Rows of the design in which all runs have a value of the outcome.
    outcomes : tuple of str, length K
    least : int
        Rows an outcome needs; the measures of one that has fewer are NaN.
    what : str
        What a row is called, in the plural, and what is to be had of it: begins the message.
    analyze : callable

    Raises
    ------
    ScenarioError
        When no outcome has as many rows.
    """
    counts = good.sum(axis=0)
    if not len(counts) or counts.max() < least:
        most = int(counts.max(initial=0))
        best = f" ({outcomes[int(counts.argmax())]})" if len(counts) > 1 else ""
        raise ScenarioError.single(f"{what} that all went well, got {most}{best}")
    groups: dict[bytes, list[int]] = {}
    for k in np.flatnonzero(counts >= least).tolist():
        groups.setdefault(good[:, k].tobytes(), []).append(k)
    analyzed = [(np.array(columns), analyze(good[:, columns[0]], np.array(columns))) for columns in groups.values()]
    whole = analyzed[0][1]

    def spread(parts: list[NDArray[np.float64]], axis: int) -> NDArray[np.float64]:
        shape = list(parts[0].shape)
        shape[axis] = len(outcomes)
        out = np.full(shape, np.nan)
        view = np.moveaxis(out, axis, 0)
        for (columns, _), part in zip(analyzed, parts, strict=True):
            view[columns] = np.moveaxis(part, axis, 0)
        return out

    def index(parts: list[Index]) -> Index:
        return Index(*(spread([getattr(part, end) for part in parts], -1) for end in ("value", "low", "high")))

    steps = {k: one.convergence[at] for columns, one in analyzed for at, k in enumerate(columns.tolist())}
    shares = [one.seed_share for _, one in analyzed if one.seed_share is not None]
    return replace(
        whole,
        outcomes=outcomes,
        rows=tuple(counts.tolist()),
        dropped=tuple((len(good) - counts).tolist()),
        indices={name: index([one.indices[name] for _, one in analyzed]) for name in whole.indices},
        seed_share=index(shares) if len(shares) == len(analyzed) else None,
        mean=spread([one.mean for _, one in analyzed], 0),
        spread=spread([one.spread for _, one in analyzed], 0),
        swings=spread([one.swings for _, one in analyzed], 1),
        convergence=tuple(steps.get(k, ()) for k in range(len(outcomes))),
    )
