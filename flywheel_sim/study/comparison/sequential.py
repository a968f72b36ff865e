r"""How many runs: enough for an interval of a given half-width, and which of several scenarios is best.

Precision (Stein 1945)
    :math:`n_0` pairs are run; with the standard deviation s of their differences,
    :math:`N = \max(n_0, \lceil (t_{n_0-1} s / w)^2 \rceil)` pairs make the half-width at most w.  The interval keeps
    the first stage's s, and with it its coverage, exactly for normal differences whatever their variance.  Looking
    after every run and stopping when the interval happens to be narrow (Chow and Robbins 1965) covers less than it
    says.

Best of k with a guarantee (Kim and Nelson 2001)
    All scenarios start with :math:`n_0` runs of common luck; then, run by run, every scenario leaves that is behind
    another one by more than

    .. math:: W_{il}(r) = \max\{0, \tfrac{\delta}{2r} (h^2 S^2_{il} / \delta^2 - r)\}, \quad h^2 = 2 \eta (n_0 - 1),
       \quad \eta = \tfrac12 [(2\alpha / (k-1))^{-2/(n_0-1)} - 1],

    :math:`S^2_{il}` = variance of the first stage's paired differences.  With probability 1 - alpha the last one left
    is the best, or less than the indifference zone delta behind it.  Common luck is allowed and what makes it cheap.

Best of k for a fixed budget (OCBA; Chen et al. 2000)
    After a first stage the rest of the budget goes where it tells most: rivals get runs in proportion to
    :math:`(S_{bi} / d_{bi})^2`, d the mean distance to the best so far, S the standard deviation of that paired
    difference; the best gets as many as its most-run rival, so that every difference stays paired.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.results.intervals import LEVEL
from flywheel_sim.results.selection import Selection

__all__ = ["FEWEST_FIRST", "Sample", "kim_nelson", "ocba", "runs_needed"]

Floats = NDArray[np.float64]
#: ``sample(systems, first, count)``: outcomes of runs first .. first + count - 1, shape (len(systems), count).
Sample = Callable[[Sequence[int], int, int], Floats]

#: Fewest runs that may decide how many more there will be.
FEWEST_FIRST = 10


def runs_needed(differences: Floats, half_width: float, level: float = LEVEL) -> int:
    """Return runs for an interval of the mean of this half-width, first stage included.

    Parameters
    ----------
    differences : float64 array, shape (C, n0)
        Paired differences of the first stage, one row per challenger; the most demanding one counts.
    half_width, level : float
        Half-width and coverage.

    Examples
    --------
    >>> runs_needed(np.array([[-1.0, 1.0] * 10]), 0.1)
    186
    """
    from scipy.special import stdtrit

    first = int(differences.shape[1])
    quantile = float(stdtrit(first - 1, 0.5 + level / 2.0))
    spread = float(np.max(np.std(differences, axis=1, ddof=1)))
    return max(first, math.ceil((quantile * spread / half_width) ** 2))


def kim_nelson(
    sample: Sample,
    systems: int,
    *,
    indifference: float,
    confidence: float = 0.95,
    first_stage: int = 20,
    step: int = 10,
    limit: int = 1000,
) -> Selection:
    """Choose the system with the highest mean, with a guarantee.

    Parameters
    ----------
    sample : callable
        See `Sample`; run r of every system should have the same luck.
    systems : int
        How many there are.
    indifference : float
        Differences up to this do not matter.
    confidence : float
        Probability of choosing the best, or one within ``indifference`` of it.
    first_stage, step, limit : int
        Runs of each before the first is ruled out, runs made at a time after that, and most runs of each.

    Returns
    -------
    Selection

    Examples
    --------
    >>> luck = np.random.default_rng(1).normal(size=1000)
    >>> def sample(systems, first, count):
    ...     return np.array([system + luck[first : first + count] for system in systems])
    >>> selection = kim_nelson(sample, 3, indifference=0.5)
    >>> selection.best, selection.decided, selection.total
    (2, True, 60)
    """
    values = sample(range(systems), 0, first_stage)
    eta = 0.5 * ((2.0 * (1.0 - confidence) / (systems - 1)) ** (-2.0 / (first_stage - 1)) - 1.0)
    apart = values[:, None, :] - values[None, :, :]
    # h^2 S^2: over delta^2, the most runs a pair can take.
    reach = 2.0 * eta * (first_stage - 1) * apart.var(axis=2, ddof=1)
    longest = int(np.max(reach / indifference**2))
    sums = values.sum(axis=1)
    alive = np.arange(systems)
    counts, out_after = np.full(systems, first_stage), np.zeros(systems, int)
    done, drawn = first_stage, first_stage
    ahead = np.zeros((systems, 0))
    while True:
        allowed = np.maximum(0.0, (reach[np.ix_(alive, alive)] / indifference - indifference * done) / 2.0)
        beaten = (sums[alive, None] < sums[None, alive] - allowed).any(axis=1)
        out_after[alive[beaten]] = done
        alive = alive[~beaten]
        if len(alive) == 1 or done > longest or done >= limit:
            break
        if done == drawn:
            more = min(step, limit - drawn)
            ahead = np.zeros((systems, more))
            ahead[alive] = sample([int(i) for i in alive], drawn, more)
            counts[alive] += more
            drawn += more
        sums = sums + ahead[:, done - drawn]
        done += 1
    best = alive[int(np.argmax(sums[alive]))]
    means = np.array([sums[i] / (out_after[i] or done) for i in range(systems)])
    return Selection(
        method="kim-nelson",
        best=int(best),
        confidence=confidence,
        decided=len(alive) == 1 or done > longest,
        indifference=indifference,
        runs=tuple(int(n) for n in counts),
        out_after=tuple(int(n) for n in out_after),
        means=tuple(float(mean) for mean in means),
        first_stage=first_stage,
    )


def ocba(
    sample: Sample, systems: int, *, budget: int, indifference: float = 0.0, first_stage: int = 10, stages: int = 10
) -> Selection:
    """Choose the system with the highest mean with a fixed number of runs, spent where they tell most.

    Parameters
    ----------
    sample : callable
        See `Sample`.
    systems, budget : int
        How many systems, and how many runs of all of them together.
    indifference : float
        A system within this of the best counts as a right choice.
    first_stage : int
        Runs of each system before anything is decided.
    stages : int
        Steps in which the rest is spent.

    Raises
    ------
    ValueError
        When the budget does not pay for the first stage.

    Examples
    --------
    >>> luck = np.random.default_rng(1).normal(size=(3, 1000))
    >>> def sample(systems, first, count):
    ...     return np.array([system + 3 * luck[system, first : first + count] for system in systems])
    >>> selection = ocba(sample, 3, budget=300)
    >>> selection.best, selection.total <= 300, selection.runs[0] < selection.runs[1]
    (2, True, True)
    """
    if budget < systems * first_stage:
        raise ValueError(f"a budget of {budget} runs does not pay for {first_stage} runs of {systems} scenarios")
    drawn = list(sample(range(systems), 0, first_stage))
    for stage in range(1, stages + 1):
        until = systems * first_stage + (budget - systems * first_stage) * stage // stages
        share = _shares(drawn, indifference)
        goal = np.maximum(np.floor(share * until), [len(row) for row in drawn]).astype(int)
        best = int(np.argmax([row.mean() for row in drawn]))
        # What rounding up and runs already made cost is taken from those that want most.
        while goal.sum() > until:
            room = [int(goal[i]) - len(drawn[i]) for i in range(systems)]
            most = int(np.argmax(room))
            if room[most] <= 0:
                break
            goal[most] -= min(room[most], int(goal.sum() - until))
        for count in sorted({int(goal[i]) for i in range(systems)}):
            short = [i for i in range(systems) if len(drawn[i]) < count <= goal[i]]
            for length in sorted({len(drawn[i]) for i in short}):
                some = [i for i in short if len(drawn[i]) == length]
                for i, row in zip(some, sample(some, length, count - length), strict=True):
                    drawn[i] = np.concatenate((drawn[i], row))
    means = [float(row.mean()) for row in drawn]
    best = int(np.argmax(means))
    return Selection(
        method="ocba",
        best=best,
        confidence=_chance(drawn, best, indifference),
        decided=False,
        indifference=indifference,
        runs=tuple(len(row) for row in drawn),
        out_after=(0,) * systems,
        means=tuple(means),
        first_stage=first_stage,
        budget=budget,
    )


def _against(drawn: list[Floats], best: int, rival: int) -> tuple[float, float, int]:
    """Return the mean and standard deviation of the paired difference to the best, and how many pairs there are."""
    pairs = min(len(drawn[best]), len(drawn[rival]))
    apart = drawn[best][:pairs] - drawn[rival][:pairs]
    return float(apart.mean()), float(apart.std(ddof=1)), pairs


def _shares(drawn: list[Floats], indifference: float) -> Floats:
    """Return the shares of the budget."""
    best = int(np.argmax([row.mean() for row in drawn]))
    share = np.zeros(len(drawn))
    for rival in range(len(drawn)):
        if rival != best:
            distance, spread, pairs = _against(drawn, best, rival)
            # A distance that is not known better than its own error must not swallow the budget.
            known = max(abs(distance), indifference, spread / math.sqrt(pairs), 1e-300)
            share[rival] = (spread / known) ** 2
    share[best] = share.max()
    total = float(share.sum())
    return share / total if total > 0 else np.full(len(drawn), 1.0 / len(drawn))


def _chance(drawn: list[Floats], best: int, indifference: float) -> float:
    """Return Bonferroni bound of the probability that no rival is better than the best by more than the
    indifference.
    """
    from scipy.special import stdtr

    wrong = 0.0
    for rival in range(len(drawn)):
        if rival != best:
            distance, spread, pairs = _against(drawn, best, rival)
            error = spread / math.sqrt(pairs)
            lead = distance + indifference
            wrong += float(stdtr(pairs - 1, -lead / error)) if error > 0 else float(lead < 0)
    return max(0.0, 1.0 - wrong)
