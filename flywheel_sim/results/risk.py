r"""Conditional value at risk: the mean of the worst share of runs.

With losses and gains of R runs, :math:`x_1 \ldots x_R`, more being better, and a share :math:`\alpha`,

.. math:: CVaR_\alpha = \max_q \Bigl( q - \frac{1}{\alpha R} \sum_i \max(q - x_i, 0) \Bigr),

attained where q is the sample's :math:`\alpha` quantile, the value at risk (Rockafellar and Uryasev 2000).  It is the
mean of the worst :math:`\alpha R` runs, the last of them counted in part where that is no whole number; at
:math:`\alpha = 1` it is the mean of all.  Since the sum is over runs, it is the mean of figures that belong to one run
each, and paired differences have the intervals of means.  Those hold for many runs; of few, it is too hopeful, as the
worst run of ten is better than the worst tenth of all.
"""

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["in_the_tail", "share_won"]

Floats = NDArray[np.float64]


def in_the_tail(values: Floats, share: float, sign: float = 1.0) -> Floats:
    """Return a figure for every run, whose mean is the conditional value at risk.

    Parameters
    ----------
    values : float64 array, shape (R,)
    share : float
        The worst share that counts, in (0, 1]; 1 leaves the values as they are.
    sign : float
        1 where more is better, -1 where less is.

    Examples
    --------
    The worst 40 % of five runs are 1 and 2; the worst half of them are those and half of 3.

    >>> x = np.array([5.0, 1.0, 4.0, 2.0, 3.0])
    >>> [round(float(in_the_tail(x, share).mean()), 6) for share in (0.4, 0.5, 1.0)]
    [1.5, 1.8, 3.0]
    >>> float(in_the_tail(x, 0.2, sign=-1.0).mean())
    5.0
    """
    if share >= 1.0:
        return values
    good = sign * values
    q = np.sort(good)[max(math.ceil(share * len(good) - 1e-9), 1) - 1]
    return np.asarray(sign * (q - np.maximum(q - good, 0.0) / share), np.float64)


def share_won(values: Floats, before: Floats, sign: float = 1.0) -> Floats:
    """Return a figure for every run, whose mean is the share of runs that are better than their pair; ties count half.

    Parameters
    ----------
    values, before : float64 array, shape (R,)
        Run k of both has the same luck and the same world.
    sign : float
        1 where more is better, -1 where less is; figures have it, too.

    Examples
    --------
    >>> share_won(np.array([3.0, 1.0, 2.0]), np.array([1.0, 2.0, 2.0])).tolist()
    [1.0, 0.0, 0.5]
    >>> share_won(np.array([3.0, 1.0]), np.array([1.0, 2.0]), sign=-1.0).tolist()
    [-0.0, -1.0]
    """
    gain = sign * (values - before)
    return np.asarray(sign * np.where(np.isfinite(gain), (gain > 0) + 0.5 * (gain == 0), np.nan), np.float64)
