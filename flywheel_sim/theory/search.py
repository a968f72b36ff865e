r"""Search on rugged landscapes and mutual learning (A17, A18).

NK: N decisions, each contribution depends on K others and is uniform on (0, 1); fitness is the mean contribution.
Exact only at the two ends; `nk_survey` enumerates landscapes in between.  March (1991): people learn from the
organisation's code, the code learns from the people who know better; no closed form, `march_learning` is a short
reference simulation.

Sources: Rivkin & Siggelkow (2003), Siggelkow & Levinthal (2003) [V replication README]; ends [X]; March (1991)
[V rpubs for p1-p4, M for m and n].
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .arguments import Array, between, one_of, whole

__all__ = ["NkSurvey", "march_learning", "nk_expected_maximum", "nk_expected_peaks", "nk_survey"]


def nk_expected_peaks(N: int, K: int) -> float:
    r"""Return the expected number of local peaks at the exact ends: 1 for K = 0, :math:`2^N/(N+1)` for K = N - 1.

    Parameters
    ----------
    N : int
        Number of binary decisions, at least 1.
    K : int
        Others each contribution depends on: 0 or N - 1.

    Returns
    -------
    float
        Peaks: configurations that no single change improves.

    Raises
    ------
    ValueError
        If K lies strictly between (no closed form; use `nk_survey`).

    Notes
    -----
    With K = N - 1 every configuration is an independent draw and is the best of N + 1 with chance 1/(N + 1) [X].

    Examples
    --------
    >>> round(nk_expected_peaks(6, 5), 2)
    9.14
    """
    N, K = whole("N", N, 1), whole("K", K)
    if K not in (0, N - 1):
        raise ValueError(f"K must be 0 or N - 1 = {N - 1} for an exact answer, got {K}; use nk_survey")
    return 1.0 if K == 0 else 2.0**N / (N + 1)


def nk_expected_maximum(N: int, K: int) -> float:
    r"""Return expected fitness of the best configuration at the exact ends.

    2/3 for K = 0.  For K = N - 1 the best of :math:`2^N` independent means of N uniforms,
    :math:`\int_0^1 1 - H(x)^{2^N} dx` with H their Irwin-Hall distribution.

    Parameters
    ----------
    N : int
        Number of binary decisions, 1 to 30.
    K : int
        0 or N - 1.

    Returns
    -------
    float
        Fitness in (1/2, 1).

    Raises
    ------
    ValueError
        If K lies strictly between or N is above 30.

    Notes
    -----
    [X].  A configuration drawn at random has mean fitness exactly 1/2 at every K.

    Examples
    --------
    >>> round(nk_expected_maximum(6, 0), 3), round(nk_expected_maximum(6, 5), 3)
    (0.667, 0.768)
    """
    nk_expected_peaks(N, K)
    N = whole("N", N, 1)
    if K == 0:
        return 2.0 / 3.0
    if N > 30:
        raise ValueError(f"N must be at most 30, got {N}: beyond that 2**N draws crowd the end of the distribution")
    node, weight = np.polynomial.legendre.leggauss(64)
    total = 0.0
    for piece in range(N):  # the distribution is a polynomial on each [piece, piece + 1]
        s = piece + (node + 1) / 2
        total += float(np.sum(weight / 2 * (1 - np.clip(_irwin_hall(s, N), 0, 1) ** (2.0**N))))
    return total / N


def _irwin_hall(s: Array, n: int) -> Array:
    """Return distribution of the sum of n uniforms: the densities of n + 1 uniforms at s, s - 1, ... add up to it."""

    def density(x: Array, order: int) -> Array:
        """Return Cox-de Boor: f_j(y) = (y f_{j-1}(y) + (j - y) f_{j-1}(y - 1)) / (j - 1), without cancellation."""
        shifts = np.arange(order)
        table = ((x[:, None] - shifts >= 0) & (x[:, None] - shifts < 1)).astype(np.float64)
        for j in range(2, order + 1):
            y = x[:, None] - shifts[: order - j + 1]
            table = (y * table[:, : order - j + 1] + (j - y) * table[:, 1 : order - j + 2]) / (j - 1)
        result: Array = table[:, 0]
        return result

    total: Array = np.sum([density(s - k, n + 1) for k in range(n + 1)], axis=0)
    return total


class NkSurvey(NamedTuple):
    """Means over landscapes of the number of `peaks` and the `maximum`, with standard errors of both."""

    peaks: float
    maximum: float
    peaks_se: float
    maximum_se: float


def nk_survey(N: int, K: int, landscapes: int = 2000, seed: int = 1, *, neighbors: str = "adjacent") -> NkSurvey:
    """Return enumerate random NK landscapes.

    Parameters
    ----------
    N, K : int
        Decisions (1 to 16) and others each depends on (0 to N - 1).
    landscapes : int
        Number of landscapes, at least 2.
    seed : int
        Seed of NumPy's default generator.
    neighbors : {'adjacent', 'random'}
        Whether a contribution depends on the next K decisions on a ring or on K drawn at random.

    Returns
    -------
    NkSurvey
        Means and standard errors.

    Raises
    ------
    ValueError
        If a number is out of range.

    Notes
    -----
    Monte Carlo: N = 6 gives 1, 2.24, 3.75, 5.27, 9.14 peaks at K = 0, 1, 2, 3, 5 [X, 2 000 landscapes]
    with adjacent neighbours; random ones give fewer (2.11, 3.48, 5.09 at K = 1, 2, 3).

    Examples
    --------
    >>> survey = nk_survey(6, 5, landscapes=400)
    >>> abs(survey.peaks - nk_expected_peaks(6, 5)) < 4 * survey.peaks_se
    True
    """
    one_of("neighbors", neighbors, ("adjacent", "random"))
    N, K, landscapes = whole("N", N, 1), whole("K", K), whole("landscapes", landscapes, 2)
    if N > 16 or K > N - 1:
        raise ValueError(f"N must be at most 16 and K at most N - 1, got N = {N}, K = {K}")
    rng = np.random.default_rng(seed)
    configuration = np.arange(2**N)
    bit = (configuration[:, None] >> np.arange(N)) & 1
    peaks, best = np.zeros(landscapes), np.zeros(landscapes)
    for run in range(landscapes):
        fitness = np.zeros(2**N)
        for i in range(N):
            if neighbors == "adjacent":
                others = (i + 1 + np.arange(K)) % N
            else:
                others = rng.choice(np.delete(np.arange(N), i), K, replace=False)
            index = bit[:, [i, *others]] @ (1 << np.arange(K + 1))
            fitness += rng.random(2 ** (K + 1))[index] / N
        around = fitness[configuration[:, None] ^ (1 << np.arange(N))]
        peaks[run], best[run] = np.sum(fitness > around.max(axis=1)), fitness.max()
    root = np.sqrt(landscapes)
    return NkSurvey(*(float(x) for x in (peaks.mean(), best.mean(), peaks.std(ddof=1) / root, best.std(ddof=1) / root)))


def march_learning(
    p1: float, p2: float, m: int = 30, n: int = 50, runs: int = 60, periods: int = 150, seed: int = 1
) -> Array:
    r"""Return the mean knowledge of an organisation's people after mutual learning, one value per run.

    Reality is ±1 in `m` dimensions; `n` people start with random beliefs in {-1, 0, 1} and the code at 0.  Each period
    a person adopts each differing non-zero belief of the code with probability `p1`.  The code follows the majority of
    the superior people (those who know more than the code) with probability :math:`1-(1-p_2)^k`, k = superior people
    holding the majority's belief less those holding the code's.  Both read the state at the period's start.

    Parameters
    ----------
    p1, p2 : float
        Speed of socialisation and of learning by the code, in [0, 1].
    m, n : int
        Beliefs and people.
    runs, periods, seed : int
        Number of organisations, periods in each, seed of NumPy's default generator.

    Returns
    -------
    ndarray, shape (runs,)
        Share of reality that people have right at the end, averaged over people.

    Raises
    ------
    ValueError
        If a number is out of range.

    Notes
    -----
    March (1991) without turnover and turbulence.  Reference values for 60 runs [X]: slow socialisation beats fast,
    .87 at p1 = .1 against .73 at p1 = .9 with p2 = .9.  The text leaves open how k is counted, who moves first and
    whose knowledge is reported; of about a dozen readings tried this one came nearest to those values, so agreement
    with them is by selection and not a confirmation.  Other readings keep the pattern but move cells by up to .2.

    Examples
    --------
    >>> slow, fast = (march_learning(p1, p2=0.9, runs=20).mean() for p1 in (0.1, 0.9))
    >>> bool(slow > fast)
    True
    """
    p1, p2 = float(between("p1", p1)), float(between("p2", p2))
    m, n, runs, periods = whole("m", m, 1), whole("n", n, 1), whole("runs", runs, 1), whole("periods", periods)
    rng = np.random.default_rng(seed)
    # Reality is +1 everywhere: beliefs start symmetric, so nothing depends on its sign.
    people = rng.integers(-1, 2, size=(runs, n, m)).astype(np.int8)
    code = np.zeros((runs, 1, m), dtype=np.int8)
    for _ in range(periods):
        superior = (people == 1).sum(axis=2, keepdims=True) > (code == 1).sum(axis=2, keepdims=True)
        majority = np.sign((people * superior).sum(axis=1, keepdims=True)).astype(np.int8)
        with_majority = (superior & (people == majority)).sum(axis=1, keepdims=True)
        with_code = (superior & (people == code)).sum(axis=1, keepdims=True)
        k = np.where((majority != 0) & (majority != code), np.maximum(with_majority - with_code, 0), 0)
        follow = rng.random(code.shape) < 1 - (1 - p2) ** k
        learn = (rng.random(people.shape, dtype=np.float32) < p1) & (code != 0)
        people, code = np.where(learn, code, people), np.where(follow, majority, code)
    result: Array = (people == 1).mean(axis=(1, 2))
    return result
