r"""How sure a paired difference is: intervals, chances, p values over several scenarios, and what pairing was worth.

Mean
    Paired t by default.  After a first stage that decided how many runs to make (Stein 1945), the scale is the first
    stage's alone: :math:`\bar d_N \pm t_{n_0-1} s_{n_0} / \sqrt N` keeps its coverage exactly for normal differences,
    because :math:`\bar d_N` given :math:`s_{n_0}` is normal whatever the number of runs.
Bootstrap
    Bias-corrected and accelerated (BCa; Efron 1987), from 20 runs on: of the mean, beside the paired t, for skewed
    differences; of the median.  Below 20 runs the median has the order-statistic interval, which never covers less
    than it says.  The resampling has a fixed seed: the same differences give the same interval.
Probability of superiority
    Jeffreys' interval of the share of runs won, ties counted half; words of sureness go by its lower end.
Several scenarios
    p values of the paired t test, adjusted by Holm (1979).  Holm holds whatever the dependence; Dunnett's and Tukey's
    procedures assume independent groups, which common random numbers make false.
Variance reduction
    (var A + var B) / var(B - A): how many times more runs independent seeds would need for the same interval.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "FEWEST_BOOTSTRAP", "LEVEL", "LOST", "bca_interval", "holm", "mean_interval", "median_interval", "paired_p",
    "share_interval", "superiority_interval", "variance_reduction",
]  # fmt: skip

Floats = NDArray[np.float64]

#: Coverage of every interval shown.
LEVEL = 0.80
#: Fewest runs for a bootstrap.
FEWEST_BOOTSTRAP = 20
#: A variance reduction below this is called lost; by chance alone 40 unrelated pairs stay below it 9 times of 10.
LOST = 1.25
_RESAMPLES, _SEED = 4999, 20210


def mean_interval(differences: Floats, level: float = LEVEL, *, first_stage: int = 0) -> tuple[float, float]:
    """Return the paired t interval of the mean; NaN for fewer than two runs.

    Parameters
    ----------
    differences : float64 array, shape (R,)
    level : float
        Coverage.
    first_stage : int
        So many first runs decided how many there are in all; 0 when the number was fixed.

    Examples
    --------
    >>> low, high = mean_interval(np.array([1.0, 2.0, 3.0]))
    >>> round(low, 4), round(high, 4)
    (0.9113, 3.0887)
    """
    count = len(differences)
    scaled_by = differences[:first_stage] if first_stage else differences
    if len(scaled_by) < 2:
        return math.nan, math.nan
    # scipy.special, not scipy.stats: the latter takes a second to import.
    from scipy.special import stdtrit

    quantile = float(stdtrit(len(scaled_by) - 1, 0.5 + level / 2.0))
    half = quantile * float(np.std(scaled_by, ddof=1)) / math.sqrt(count)
    mean = float(np.mean(differences))
    return mean - half, mean + half


def bca_interval(values: Floats, statistic: Callable[..., Any] = np.mean, level: float = LEVEL) -> tuple[float, float]:
    """Return bias-corrected and accelerated bootstrap interval; NaN below `FEWEST_BOOTSTRAP` values.

    Parameters
    ----------
    values : float64 array, shape (R,)
    statistic : callable
        Takes an array and ``axis``.
    level : float
        Coverage.

    Examples
    --------
    >>> low, high = bca_interval(np.arange(40.0), np.median)
    >>> low < 19.5 < high
    True
    """
    if len(values) < FEWEST_BOOTSTRAP or not np.isfinite(values).all():
        return math.nan, math.nan
    if np.ptp(values) == 0.0:
        return float(values[0]), float(values[0])
    import warnings

    from scipy.stats import bootstrap

    def ends(method: Any) -> tuple[float, float]:
        interval = bootstrap(
            (values,),
            statistic,
            n_resamples=_RESAMPLES,
            confidence_level=level,
            method=method,
            rng=np.random.default_rng(_SEED),
            batch=max(1, 4_000_000 // len(values)),
        ).confidence_interval
        return float(interval.low), float(interval.high)

    with warnings.catch_warnings():
        # Many ties leave the jackknife without spread; the percentile interval needs none.
        warnings.simplefilter("ignore")
        low, high = ends("BCa")
        return (low, high) if math.isfinite(low) and math.isfinite(high) else ends("percentile")


def median_interval(values: Floats, level: float = LEVEL) -> tuple[float, float]:
    """Return the interval of the median: BCa from 20 values on, order statistics below, NaN where even these are too
    few.

    Examples
    --------
    >>> median_interval(np.arange(10.0))
    (2.0, 7.0)
    """
    count = len(values)
    if count >= FEWEST_BOOTSTRAP:
        return bca_interval(values, np.median, level)
    # P(fewer than k + 1 of n lie below the median) on both sides.
    for k in range(count // 2 - 1, -1, -1):
        inside = 1.0 - 2.0 * sum(math.comb(count, j) for j in range(k + 1)) / 2.0**count
        if inside >= level:
            ordered = np.sort(values)
            return float(ordered[k]), float(ordered[count - 1 - k])
    return math.nan, math.nan


def superiority_interval(differences: Floats, level: float = LEVEL) -> tuple[float, float]:
    """Return Jeffreys' interval of the chance that the challenger does better, 0 to 1; ties count half.

    The posterior of the share under Jeffreys' prior, Beta(won + 1/2, lost + 1/2), between equal tails; an end lies at 0
    where nothing was won, and at 1 where all was.  NaN without runs.

    Examples
    --------
    >>> low, high = superiority_interval(np.ones(40))
    >>> round(low, 3), round(high, 3)
    (0.967, 1.0)
    """
    return share_interval(float(np.sum(differences > 0) + 0.5 * np.sum(differences == 0)), len(differences), level)


def share_interval(won: float, count: int, level: float = LEVEL) -> tuple[float, float]:
    """Return Jeffreys' interval of a share of which ``won`` of ``count`` were seen; NaN where nothing was.

    Examples
    --------
    >>> tuple(round(end, 3) for end in share_interval(71, 100))
    (0.649, 0.765)
    """
    if count == 0 or not 0 <= won <= count:
        return math.nan, math.nan
    from scipy.special import betaincinv

    a, b, tail = won + 0.5, count - won + 0.5, (1.0 - level) / 2.0
    low = 0.0 if won == 0 else float(betaincinv(a, b, tail))
    high = 1.0 if won == count else float(betaincinv(a, b, 1.0 - tail))
    return low, high


def paired_p(differences: Floats) -> float:
    """Return two-sided p value of the paired t test: how often luck alone would give such a mean difference.

    Examples
    --------
    >>> round(paired_p(np.array([1.0, 2.0, 3.0, 4.0])), 4), paired_p(np.zeros(5))
    (0.0305, 1.0)
    """
    count = len(differences)
    if count < 2:
        return math.nan
    from scipy.special import stdtr

    mean, spread = float(np.mean(differences)), float(np.std(differences, ddof=1))
    if spread == 0.0:
        return 1.0 if mean == 0.0 else 0.0
    return float(2.0 * stdtr(count - 1, -abs(mean) / (spread / math.sqrt(count))))


def holm(p_values: Floats) -> Floats:
    """Return Holm's step-down adjustment: reject where the adjusted value is below the error rate of the whole family.

    Examples
    --------
    >>> holm(np.array([0.01, 0.04, 0.03])).tolist()
    [0.03, 0.06, 0.06]
    """
    p_values = np.asarray(p_values, np.float64)
    order = np.argsort(p_values, kind="stable")
    scaled = p_values[order] * np.arange(len(p_values), 0, -1)
    adjusted = np.empty_like(scaled)
    adjusted[order] = np.minimum(np.maximum.accumulate(scaled), 1.0)
    return adjusted


def variance_reduction(challenger: Floats, baseline: Floats) -> float:
    """Tell how many times more runs independent seeds would need; infinite when luck cancels out, NaN when there is
    none.

    Examples
    --------
    >>> luck = np.array([1.0, -1.0, 2.0, -2.0])
    >>> round(variance_reduction(luck + 1 + 0.1 * luck[::-1], luck)), variance_reduction(luck, luck)
    (185, inf)
    """
    if len(baseline) < 2:
        return math.nan
    apart = float(np.var(challenger, ddof=1) + np.var(baseline, ddof=1))
    together = float(np.var(challenger - baseline, ddof=1))
    if together <= 1e-24 * apart:
        return math.inf if apart > 0 else math.nan
    return apart / together
