r"""Effort, and the chain from service to profit (A13, A14).

Effort: shares reported after a low-effort and a high-effort contact.  They are intentions, so what carries over is the
asymmetry, as a difference of log-odds, and not the size.  Chain: where each link depends only on the one before,
correlations multiply along it, and two ends are independent given any link between.

Sources: CEB, Effortless Experience [V deck on paperzz 7051915]; Heskett et al. (1994) [M]; path rule Wright (1921) [M].
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .arguments import Array, between, real, same_kind

__all__ = ["EFFORT_OUTCOMES", "EffortOutcome", "chain_correlation", "effort_log_odds", "partial_correlation"]


class EffortOutcome(NamedTuple):
    """Share of customers after a `low`-effort and after a `high`-effort contact."""

    low: float
    high: float


EFFORT_OUTCOMES: dict[str, EffortOutcome] = {
    "repurchase": EffortOutcome(0.94, 0.04),
    "spend more": EffortOutcome(0.88, 0.04),
    "negative word of mouth": EffortOutcome(0.01, 0.81),
    "disloyal": EffortOutcome(0.09, 0.96),
}
"""Stated intentions by effort, CEB [V]; a service contact is 4 times likelier to make disloyal than loyal [V]."""


def effort_log_odds(low: npt.ArrayLike, high: npt.ArrayLike) -> Array:
    r"""Return the effect of high against low effort on the log-odds of an outcome.

    :math:`\operatorname{logit}(\text{high}) - \operatorname{logit}(\text{low})`

    Parameters
    ----------
    low, high : array_like
        Share of customers with the outcome after low and after high effort, inside (0, 1).

    Returns
    -------
    ndarray or float
        Difference of log-odds; an upper bound for a model coefficient, the data being intentions.

    Raises
    ------
    ValueError
        If a share is not inside (0, 1).

    Notes
    -----
    CEB shares [V], transformation [X].

    Examples
    --------
    >>> round(float(effort_log_odds(*EFFORT_OUTCOMES["disloyal"])), 2)
    5.49
    """
    low = between("low", low, open_low=True, open_high=True)
    high = between("high", high, open_low=True, open_high=True)
    return same_kind(np.log(high / (1 - high)) - np.log(low / (1 - low)))


def chain_correlation(links: npt.ArrayLike) -> Array:
    """Return the correlation matrix of a causal chain: between two variables the product of the links in between.

    Parameters
    ----------
    links : array_like, shape (k,)
        Correlation of each variable with the next, in [-1, 1].

    Returns
    -------
    ndarray, shape (k + 1, k + 1)
        Correlations; one link shuffled (set to 0) silences everything downstream of it.

    Raises
    ------
    ValueError
        If links are not one list of correlations.

    Notes
    -----
    Path rule [M].  The service-profit chain has six links from internal quality to profit (Heskett et al. 1994 [M]).

    Examples
    --------
    >>> chain_correlation([0.6, 0.5, 0.4])[0].round(2).tolist()
    [1.0, 0.6, 0.3, 0.12]
    """
    r = between("links", links, -1, 1)
    if r.ndim != 1 or r.size == 0:
        raise ValueError("links must be a list with one correlation per link")
    size = r.size + 1
    matrix = np.eye(size)
    for i in range(size):
        for j in range(i + 1, size):
            matrix[i, j] = matrix[j, i] = np.prod(r[i:j])
    return matrix


def partial_correlation(correlation: npt.ArrayLike, i: int, j: int, given: int) -> float:
    r"""Return the correlation of i and j with one variable k held fixed.

    :math:`(r_{ij}-r_{ik}r_{jk})/\sqrt{(1-r_{ik}^2)(1-r_{jk}^2)}`

    Parameters
    ----------
    correlation : array_like, shape (k, k)
        Correlation matrix.
    i, j, given : int
        Indices of the two variables and of the one held fixed, all different.

    Returns
    -------
    float
        Partial correlation, 0 on a chain when `given` lies between i and j.

    Raises
    ------
    ValueError
        If the matrix is not square, indices coincide, or the fixed variable determines one of the others.

    Notes
    -----
    Textbook [M].

    Examples
    --------
    >>> abs(partial_correlation(chain_correlation([0.6, 0.5]), 0, 2, given=1)) < 1e-12
    True
    """
    r = real("correlation", correlation)
    if r.ndim != 2 or r.shape[0] != r.shape[1] or len({i, j, given}) < 3:
        raise ValueError("correlation must be a square matrix and i, j, given three different indices")
    spread = (1 - r[i, given] ** 2) * (1 - r[j, given] ** 2)
    if spread <= 0:
        raise ValueError("the variable held fixed must not determine one of the others")
    return float((r[i, j] - r[i, given] * r[j, given]) / np.sqrt(spread))
