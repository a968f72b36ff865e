r"""Does a calibration find what is true?  Companies are made up from the prior, and calibrated as if they were real.

Truth and data come from the model itself, so the posterior is right if and only if truths are even among its draws:
with truths from the prior, the share of draws below the truth (its rank) is even in 0..1 for every parameter
(simulation-based calibration; Cook, Gelman & Rubin 2006; Talts et al. 2018), and 90 % intervals hold 90 % of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.execute.run import batch
from flywheel_sim.results.observed import Observations
from flywheel_sim.scenario import Scenario
from flywheel_sim.study.calibration.observations import measured, observations
from flywheel_sim.study.calibration.posterior import Settings, of_observations
from flywheel_sim.study.calibration.priors import Priors

__all__ = ["FALSE_ALARM", "Recovery", "coverage", "recovered", "synthetic", "uneven"]

Floats = NDArray[np.float64]

#: Chance that ranks of a right posterior are called uneven, over all parameters together.
FALSE_ALARM = 0.01
#: Bins of the histogram of ranks; seed of the luck of companies that are made up.
BINS, LUCK = 10, 4_000_000_000


@dataclass(frozen=True)
class Recovery:
    """What became of one parameter of one company that was made up.

    Parameters
    ----------
    company : int
    path : str
    truth, low, high : float
        What it was, and the ends of the 90 % interval.
    rank : float
        Share of the draws below the truth.
    """

    company: int
    path: str
    truth: float
    low: float
    high: float
    rank: float


def synthetic(base: Scenario, company: int, seed: int = 1) -> tuple[dict[str, Any], Observations]:
    """A company from the prior: what is true of it, and what is observed at the dates of the scenario's own data.

    Parameters
    ----------
    base : Scenario
        With data: their dates and series are kept, their values are not.
    company, seed : int
        Number of the company, and root of the chance it is made by.
    """
    luck = np.random.default_rng([seed, company])
    priors = Priors(base)
    (truth,) = priors.changes(luck.random((1, len(priors))))
    seen = observations(base)
    runs = max(1, int(seen.scale))
    made = batch([base.with_(truth)], replicates=runs, seed=LUCK, first=company * runs, teams=False)[0]
    series = []
    for one in seen.series:
        values = np.mean([measured(run, seen, one) for run in made], axis=0)
        noisy = one.noisy(values, luck.standard_normal(values.shape))
        series.append(replace(one, values=np.where(one.weeks > 0, np.maximum(noisy, 1e-9), values)))
    return truth, replace(seen, series=tuple(series))


def recovered(
    base: Scenario, company: int, settings: Settings | None = None, *, seed: int = 1, workers: int | None = None
) -> tuple[Recovery, ...]:
    """Make a company up, calibrate it, and say where the truth lies among the draws; an entry per parameter."""
    truth, seen = synthetic(base, company, seed)
    found = of_observations(base, seen, settings=settings, workers=workers)
    return tuple(
        Recovery(company, one.path, float(truth[one.path]), float(one.quantiles[0]), float(one.quantiles[2]),
                 found.rank(one.path, truth[one.path]))
        for one in found.parameters
    )  # fmt: skip


def coverage(found: Sequence[Recovery]) -> dict[str, tuple[int, int, float, float]]:
    """Truths inside the 90 % interval, by path and for all (``""``): how many, of how many, and the Wilson interval.

    Examples
    --------
    >>> rows = [Recovery(k, "a", 0.5, 0.0, 1.0 if k else 0.4, 0.5) for k in range(10)]
    >>> coverage(rows)["a"][:2]
    (9, 10)
    """
    from scipy.stats import binomtest

    out = {}
    for path in ("", *dict.fromkeys(one.path for one in found)):
        rows = [one for one in found if path in ("", one.path)]
        inside = sum(one.low <= one.truth <= one.high for one in rows)
        ends = binomtest(inside, len(rows)).proportion_ci(method="wilson")
        out[path] = (inside, len(rows), float(ends.low), float(ends.high))
    return out


def uneven(found: Sequence[Recovery]) -> dict[str, tuple[list[int], float]]:
    """Histogram of the ranks by path, and the chance of one at least as uneven, adjusted for their number (Holm).

    Below `FALSE_ALARM` the posterior is wrong.

    Examples
    --------
    >>> rows = [Recovery(k, "a", 0.0, 0.0, 1.0, (k + 0.5) / 100) for k in range(100)]
    >>> uneven(rows)["a"]
    ([10, 10, 10, 10, 10, 10, 10, 10, 10, 10], 1.0)
    """
    from scipy.stats import chisquare

    from flywheel_sim.results.intervals import holm

    paths = list(dict.fromkeys(one.path for one in found))
    counts = [np.histogram([one.rank for one in found if one.path == path], BINS, (0.0, 1.0))[0] for path in paths]
    chances = holm(np.array([float(chisquare(row).pvalue) for row in counts]))
    return {path: (row.tolist(), float(p)) for path, row, p in zip(paths, counts, chances, strict=True)}
