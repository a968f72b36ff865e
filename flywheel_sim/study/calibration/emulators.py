r"""Gaussian-process emulators of a simulator's outputs, and what they rule out (history matching).

Outputs z are in standard deviations of their errors, 0 where the observation lies.  A wave of trials, each run with R
seeds, is summed up in few numbers: with C the covariance of the outputs' luck, pooled over the trials' own seeds, and m
runs for the luck of the company itself,

.. math:: \Sigma = I + C / m = L L^T, \qquad s = \Phi^T L^{-1} z,

the scores s have unit noise, and :math:`\Phi` holds the directions in which trials differ most.  Each score is emulated
(linear trend + Gaussian process with one length per parameter, the seeds' variance known), and

.. math:: d^2(u) = \sum_k \frac{(s_k^{obs} - \hat s_k(u))^2}{1 + v_k(u)}

is the implausibility of a point: observation, seed and emulator variance together.  Points with d^2 above the 0.999
quantile of chi-squared are ruled out.  Emulators are checked on their own trials, each left out in turn; where the
errors are larger than they claim, their variance is raised (Craig et al. 1997; Vernon, Goldstein & Bower 2010; scores:
Higdon et al. 2008).
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.results.saving import ResultError

__all__ = ["KEPT", "Region", "Scores", "Wave", "made_with"]

Floats = NDArray[np.float64]

#: Chance that a wave keeps the truth, were its emulators exact.
KEPT = 0.999
#: Largest output that counts, in standard deviations: beyond, a run is simply far.
FAR = 300.0
#: Points that close in on what is left, steps they take on a level, share that survives it, and levels at most.
POPULATION, STEPS, SURVIVE, LEVELS = 500, 8, 0.2, 40


def made_with() -> dict[str, str]:
    """Return the library of the emulators, and its version.

    Raises
    ------
    ResultError
        When it is not installed.
    """
    try:
        import sklearn.gaussian_process  # noqa: F401
    except ImportError:
        text = "a posterior needs scikit-learn: pip install 'flywheel-sim' (--method fit does without)"
        raise ResultError(text) from None
    return {"scikit-learn": version("scikit-learn")}


@dataclass(frozen=True, eq=False)
class Scores:
    """How outputs become few numbers with unit noise.

    Parameters
    ----------
    root : float64 array, shape (q, q)
        L^-1.
    directions : float64 array, shape (q, k)
    luck : float64 array, shape (q, q)
        Covariance of the outputs of one run around the mean of its trial.
    """

    root: Floats
    directions: Floats
    luck: Floats

    @classmethod
    def of(cls, outputs: Floats, runs: int, most: int) -> "Scores":
        """Fit the scores of a wave of trials.

        Parameters
        ----------
        outputs : float64 array, shape (trials, seeds, q)
        runs : int
            Runs whose mean stands for the company, m.
        most : int
            Scores at most.
        """
        n, seeds, q = outputs.shape
        z = np.clip(outputs, -FAR, FAR)
        within = (z - z.mean(axis=1, keepdims=True)).reshape(-1, q)
        luck = within.T @ within / max(n * (seeds - 1), 1)
        root = np.asarray(np.linalg.inv(np.linalg.cholesky(np.eye(q) + luck / runs)))
        means = z.mean(axis=1) @ root.T
        values, vectors = np.linalg.eigh(np.cov(means, rowvar=False).reshape(q, q))
        noise = np.diag(vectors.T @ root @ luck @ root.T @ vectors) / seeds
        order = np.argsort(values)[::-1]
        # more than the seeds' own spread can be, at its upper edge (Marchenko & Pastur)
        kept = [k for k in order if values[k] > max(0.05, noise[k] * (1.0 + np.sqrt(q / n)) ** 2)]
        chosen = (kept or [int(order[0])])[: min(most, q)]
        return cls(root, np.asarray(vectors[:, chosen]), luck)

    def __call__(self, outputs: Floats) -> Floats:
        """Return scores of outputs, shape (..., k)."""
        return np.asarray(np.clip(outputs, -FAR, FAR) @ self.root.T @ self.directions)


class Wave:
    """Emulators of the scores, trained on one wave of trials.

    Parameters
    ----------
    points : float64 array, shape (n, p)
        Trials, in the unit cube.
    outputs : float64 array, shape (n, seeds, q)
    runs : int
        Runs whose mean stands for the company.
    """

    def __init__(self, points: Floats, outputs: Floats, runs: int) -> None:
        from scipy.stats import chi2

        n, p = points.shape
        self.scores = Scores.of(outputs, runs, p + 2)
        self.target = self.scores(np.zeros(outputs.shape[2]))
        self.cut = float(chi2.ppf(KEPT, len(self.target)))
        self.middle, spread = points.mean(axis=0), np.cov(points, rowvar=False).reshape(p, p)
        values, vectors = np.linalg.eigh(spread)
        # principal axes of what is left, in standard deviations: parameters that trade off lie along one of them
        self.axes = vectors / np.sqrt(np.maximum(values, 1e-12))
        x, scores = (points - self.middle) @ self.axes, self.scores(outputs)
        s = scores.mean(axis=1)
        noise = ((scores - s[:, None]) ** 2).sum(axis=(0, 1)) / max(scores.shape[1] - 1, 1) / n / scores.shape[1]
        design = np.column_stack((np.ones(n), x))
        self.trend = np.linalg.lstsq(design, s, rcond=None)[0]
        left = s - design @ self.trend
        self.scale = np.maximum(left.std(axis=0), 1e-9)
        self.processes = [
            _process(x, left[:, k] / self.scale[k], noise[k] / self.scale[k] ** 2) for k in range(s.shape[1])
        ]
        self.inflation = np.array([max(1.0, _left_out(process)) for process in self.processes])
        doubts = [
            self.scale[k] ** 2 * _predicted(process, x)[1] * self.inflation[k]
            for k, process in enumerate(self.processes)
        ]
        #: Mean emulator variance per score where it was trained, in units of the noise.
        self.doubt = float(np.mean(doubts))

    def implausibility(self, points: Floats) -> Floats:
        """Return d^2 over its cut-off, shape (n,): above 1 a point is ruled out."""
        x = (points - self.middle) @ self.axes
        trend = np.column_stack((np.ones(len(x)), x)) @ self.trend
        total = np.zeros(len(x))
        for k, process in enumerate(self.processes):
            mean, spread = _predicted(process, x)
            variance = 1.0 + self.scale[k] ** 2 * spread * self.inflation[k]
            total += (self.target[k] - trend[:, k] - self.scale[k] * mean) ** 2 / variance
        return np.asarray(total / self.cut)


def _process(x: Floats, y: Floats, noise: float) -> Any:
    """Return a Gaussian process with known noise; its lengths by maximum likelihood."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import RBF, ConstantKernel

    kernel = ConstantKernel(1.0, (1e-3, 1e3)) * RBF(np.full(x.shape[1], 2.0), (0.3, 100.0))
    process = GaussianProcessRegressor(kernel, alpha=max(noise, 1e-6))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        process.fit(x, y)
    return process


def _predicted(process: Any, x: Floats) -> tuple[Floats, Floats]:
    """Return the mean and variance; what ``predict`` gives, without its checks, which cost more than the algebra."""
    from scipy.linalg import solve_triangular

    near = process.kernel_(x, process.X_train_)
    inside = solve_triangular(process.L_, near.T, lower=True, check_finite=False)
    variance = process.kernel_.diag(x) - np.einsum("ij,ij->j", inside, inside)
    return np.asarray(near @ process.alpha_), np.maximum(variance, 0.0)


def _left_out(process: Any) -> float:
    """Return the mean squared error of every trial left out, in the variance the process claims for it (Dubrule
    1983).
    """
    root = np.linalg.inv(process.L_)
    precision = np.einsum("ij,ij->j", root, root)
    return float(np.mean(process.alpha_**2 / precision))


class Region:
    """What the waves so far have not ruled out: even draws of it, and how much of the prior it is.

    A population of points closes in on it level by level (subset simulation; Au & Beck 2001): of even points the least
    implausible fifth survive, then move evenly among the points at least as plausible, by steps along differences of
    the population (ter Braak 2006), which follow its shape.

    Parameters
    ----------
    waves : sequence of Wave
    size : int
        Parameters.
    luck : Generator

    Attributes
    ----------
    share : float
        Of the prior, what is left.
    level : float
        Least implausibility that could be reached; above 1 everything is ruled out.
    """

    def __init__(self, waves: Sequence[Wave], size: int, luck: np.random.Generator) -> None:
        self.waves, self.luck, self.share, self.level = tuple(waves), luck, 1.0, 1.0
        self._points = luck.random((POPULATION, size))
        if self.waves:
            self._close_in()

    def draw(self, count: int) -> Floats:
        """Return so many points, even over the region, shape (count, p)."""
        if not self.waves:
            return np.asarray(self.luck.random((count, self._points.shape[1])))
        start = self._points[self.luck.integers(0, POPULATION, max(count, POPULATION))]
        moved = self._moved(start, self.level, 5 * STEPS)
        return np.asarray(moved[self.luck.permutation(len(moved))[:count]])

    def holds(self, points: Floats) -> NDArray[np.bool_]:
        """Tell which points lie in the region."""
        return np.asarray(self._implausibility(points, self.level) <= self.level)

    def _implausibility(self, points: Floats, level: float) -> Floats:
        """Return the largest over the waves, as long as it is not above a level: then no further wave is asked."""
        worst = np.zeros(len(points))
        for wave in self.waves:
            asked = worst <= level
            if asked.any():
                worst[asked] = np.maximum(worst[asked], wave.implausibility(points[asked]))
        return worst

    def _close_in(self) -> None:
        self.level, worst = np.inf, self._implausibility(self._points, np.inf)
        for _ in range(LEVELS):
            level = max(1.0, float(np.quantile(worst, SURVIVE)))
            if level > 0.999 * self.level:
                return
            left = np.flatnonzero(worst <= level)
            self.share *= len(left) / len(worst)
            self.level = level
            start = self._points[left[self.luck.integers(0, len(left), POPULATION)]]
            self._points = self._moved(start, level, STEPS)
            if level == 1.0:
                return
            worst = self._implausibility(self._points, np.inf)

    def _moved(self, points: Floats, level: float, steps: int) -> Floats:
        """Return a population after so many steps, each to a place in the cube whose implausibility is not above a
        level.
        """
        points, n, size = points.copy(), *points.shape
        for step in range(steps):
            one, other = self.luck.integers(0, n, (2, n))
            # every fifth step as long as the population is wide, so that it crosses gaps
            length = 1.0 if step % 5 == 4 else 2.38 / np.sqrt(2 * size)
            proposed = points + length * self.luck.uniform(0.5, 1.0, (n, 1)) * (points[one] - points[other])
            proposed += 1e-4 * self.luck.normal(size=points.shape) * points.std(axis=0)
            able = np.flatnonzero(((proposed > 0) & (proposed < 1)).all(axis=1))
            fine = able[self._implausibility(proposed[able], level) <= level]
            points[fine] = proposed[fine]
        return points
