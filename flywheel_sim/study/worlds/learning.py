"""What worlds tell of every number and choice beyond its prior."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from flywheel_sim.results.worlds import Learned
from flywheel_sim.scenario.ranges import Z95
from flywheel_sim.study.worlds.prior import Prior, values_at

__all__ = ["learned", "three"]

Floats = NDArray[np.float64]


def learned(prior: Prior, z: Floats) -> tuple[Learned, ...]:
    """Return what is known of every number and choice, those of which most was learned first.

    Parameters
    ----------
    prior : Prior
    z : float64 array, shape (n, numbers)
        Scores of the worlds.
    """
    own = prior.numbers
    n, p = len(z), len(own)
    if n < 3:
        return ()
    # so far from the prior's mean or variance none of p numbers lies by luck in half of all cases
    bound = float(ndtri(1.0 - 0.25 / p))
    rows = []
    for k, one in enumerate(own):
        shift, variance = float(z[:, k].mean()), float(z[:, k].var(ddof=1))
        sure = abs(shift) * math.sqrt(n) > bound or abs(variance - 1.0) * math.sqrt(n / 2.0) > bound
        values = values_at(one.law, z[:, k])
        if one.law.options:
            places = np.arange(len(one.law.options))
            before = np.diff(ndtr([-np.inf, *one.law.cuts, np.inf]))
            now = (values[:, None] == places).mean(axis=0)
            ends, after = (tuple(round(float(x), 4) for x in shares) for shares in (before, now))
        else:
            ends = _rounded(values_at(one.law, np.array([-Z95, 0.0, Z95])))
            after = three(values, 0.05)
        rows.append(
            Learned(
                path=one.path,
                label=one.label,
                prior=ends,
                worlds=after,
                share=round(1.0 - variance, 4),
                shift=round(shift, 4),
                sure=bool(sure),
                options=one.law.options,
            )
        )
    return tuple(sorted(rows, key=lambda one: (not one.sure, -(abs(one.shift) + abs(one.share)))))


def three(values: Floats, tail: float) -> tuple[float, float, float]:
    """Return the quantiles at a tail, in the middle and at the other tail, with four figures.

    Examples
    --------
    >>> three(np.arange(101.0), 0.1), three(np.array([]), 0.1)
    ((10.0, 50.0, 90.0), (nan, nan, nan))
    """
    values = values[np.isfinite(values)]
    if not len(values):
        return (math.nan, math.nan, math.nan)
    return _rounded(np.quantile(values, (tail, 0.5, 1.0 - tail)))


def _rounded(values: Floats) -> tuple[float, float, float]:
    low, middle, high = (float(f"{x:.4g}") for x in values)
    return low, middle, high
