r"""What is believed of the fitted parameters before the data are seen, as a unit cube.

Coordinate u is the prior's own distribution function, so points that are even in the cube are draws of the prior.  A
parameter without a belief is even in its logarithm between its limits; one with a belief is

.. math:: \ln \theta \sim N(\ln \text{prior}, \text{spread}^2), \quad \text{low} \le \theta \le \text{high}.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.scenario import Scenario
from flywheel_sim.study.calibration.fitting import starting_point

__all__ = ["Priors"]

Floats = NDArray[np.float64]


class Priors:
    """The parameters a scenario lists under ``observed.fit``.

    Parameters
    ----------
    base : Scenario

    Attributes
    ----------
    names, paths : tuple of str
    low, high : float64 arrays, shape (p,)

    Raises
    ------
    ScenarioError
        With every mistake in the list.

    Examples
    --------
    >>> from flywheel_sim.scenario import load
    >>> priors = Priors(load("hubspot"))
    >>> priors.paths[priors.names.index("churn")], float(priors.values(np.full((1, 6), 0.5))[0, 1].round(3))
    ('market.churn.mean', 0.15)
    """

    def __init__(self, base: Scenario) -> None:
        starting_point(base)
        fit = base.model.observed.fit
        self.base = base
        self.names, self.paths = tuple(fit), tuple(one.path for one in fit.values())
        self.low, self.high = (np.array([getattr(one, end) for one in fit.values()]) for end in ("low", "high"))
        self.beliefs = tuple((one.prior, one.spread) for one in fit.values())
        self.whole = tuple(isinstance(base.get(path), int) for path in self.paths)

    def __len__(self) -> int:
        return len(self.names)

    def values(self, unit: Floats) -> Floats:
        """Return parameters at points of the cube, shape (n, p)."""
        from scipy.stats import truncnorm

        out = np.empty_like(unit)
        for k, (prior, spread) in enumerate(self.beliefs):
            low, high = np.log(self.low[k]), np.log(self.high[k])
            if prior:
                ends = (low - np.log(prior)) / spread, (high - np.log(prior)) / spread
                out[:, k] = np.log(prior) + spread * truncnorm.ppf(unit[:, k], *ends)
            else:
                out[:, k] = low + unit[:, k] * (high - low)
        return np.asarray(np.clip(np.exp(out), self.low, self.high))

    def unit(self, values: Floats) -> Floats:
        """Return points of the cube that have these values; the inverse of `values`."""
        from scipy.stats import truncnorm

        out, logs = np.empty_like(values), np.log(np.clip(values, self.low, self.high))
        for k, (prior, spread) in enumerate(self.beliefs):
            low, high = np.log(self.low[k]), np.log(self.high[k])
            if prior:
                ends = (low - np.log(prior)) / spread, (high - np.log(prior)) / spread
                out[:, k] = truncnorm.cdf((logs[:, k] - np.log(prior)) / spread, *ends)
            else:
                out[:, k] = (logs[:, k] - low) / (high - low)
        return out

    def changes(self, unit: Floats) -> list[dict[str, Any]]:
        """Return what points of the cube set: whole numbers are rounded, others keep six figures."""
        return [
            {
                path: round(float(value)) if whole else float(f"{value:.6g}")
                for path, value, whole in zip(self.paths, row, self.whole, strict=True)
            }
            for row in self.values(unit)
        ]

    def spread_of_logs(self) -> Floats:
        """Return the standard deviation of every parameter's logarithm under the prior, shape (p,)."""
        even = (np.arange(4096) + 0.5) / 4096
        logs = np.log(self.values(np.repeat(even[:, None], len(self), axis=1)))
        return np.asarray(logs.std(axis=0))
