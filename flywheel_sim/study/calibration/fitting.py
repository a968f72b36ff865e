r"""Robust least squares and maximum likelihood on the simulator, with stated beliefs about what data cannot say.

Residuals are in standard deviations of each series' law (by default ln(simulated / observed) / error), over the
observations up to ``fit_until``; simulated is the
mean of several runs with the same seeds at every evaluation (common random numbers), so that a difference between two
evaluations is the parameters' doing.  Large residuals count linearly (soft L1).  A parameter theta with a prior adds
the residual

.. math:: \ln(\theta / \text{prior}) / \text{spread}.

A retention table has a likelihood of its own: who leaves when is multinomial.  Its residuals are the signed roots of
the deviance and count as squares, so that the least sum is the maximum of the likelihood.  Where nothing else is fitted
and nothing believed, the size of the cohort multiplies the whole likelihood and cannot move its maximum: the search is
made at one size (``NORMAL``), and only the errors are those of the size that was counted.

The search is Gauss-Newton with a trust region (scipy) on ln theta, with few runs.  Derivatives are central differences,
with steps long enough (5 to 40 %) to move a residual by more than luck and rounding do.  Luck makes the cost rough, by
about 1 where parameters trade off, and a search that only accepts lower costs hangs on a rough spot; so Gauss-Newton
steps with all runs and with falling gain follow (stochastic approximation), and the point that is closest to its own
next step is kept.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.results import Run
from flywheel_sim.results.observed import Observations, ObservedSeries
from flywheel_sim.scenario import Problem, Scenario, ScenarioError
from flywheel_sim.study.calibration.fit_log import Kept
from flywheel_sim.study.calibration.observations import measured
from flywheel_sim.study.lent import lent

__all__ = ["Fitting", "Local", "Progress", "starting_point"]

Floats = NDArray[np.float64]
Progress = Callable[[int, float], None]

#: Shortest and longest step of a derivative in ln theta, and the move of the largest residual it aims at.
SHORT, LONG, AIM = 0.05, 0.4, 4.0
#: Where the search ends (relative), and its most parameter sets beside derivatives.
ENOUGH, MOST = 2e-3, 40
#: Standard errors that a further step may be long in a fit that has converged, and the most steps to get there.
NEAR, POLISH = 0.5, 8
#: Difference of costs that is luck.
ROUGH = 1.0
#: Customers a likelihood that stands alone is searched for; in standard errors of so many, how near to its maximum the
#: search goes on to, and beyond what it has not converged.
NORMAL, CLOSE, FAR = 10_000.0, 0.02, 0.1
_ENDED = {1: "flat", 2: "the cost no longer falls", 3: "the parameters no longer move", 4: "neither falls nor moves"}


@dataclass(frozen=True, eq=False)
class Local:
    """The fit around one point.

    Parameters
    ----------
    x : float64 array, shape (p,)
        Logarithms of the parameters.
    residuals, jacobian : float64 arrays, shapes (r,) and (r, p)
    covariance, alone : float64 arrays, shape (p, p)
        Of x, and of x if there were no priors.
    bound : bool array, shape (p,)
        Parameters at a limit of the search.
    unseen : bool array, shape (p,)
        Parameters that move neither the observations nor a belief, alone or together with others: any value would do.
    step : float64 array, shape (p,)
        Where the next Gauss-Newton step would go.
    left : float
        Its longest component in standard errors.
    luck : float64 array, shape (p, p)
        Covariance of x that is the luck of the simulated runs, of which there are so many and no more.
    cost : float
    """

    x: Floats
    residuals: Floats
    jacobian: Floats
    covariance: Floats
    alone: Floats
    bound: NDArray[np.bool_]
    unseen: NDArray[np.bool_]
    step: Floats
    left: float
    luck: Floats
    cost: float


class Fitting:
    """The residuals as a function of the logarithms of the parameters; simulated sets are remembered."""

    def __init__(
        self,
        base: Scenario,
        seen: Observations,
        seed: int,
        workers: int | None,
        progress: Progress | None,
        kept: Kept | None = None,
    ) -> None:
        self.base, self.seen, self.seed, self.workers, self.progress = base, seen, seed, workers, progress
        self.kept = kept
        #: runs, cost and place of the best point so far; more runs go before fewer, whose luck is another
        self.best: tuple[int, float, Floats] | None = None
        self.fit = dict(base.model.observed.fit)
        self.replicates, self.evaluations, self.cost = 1, 0, math.inf
        self.known: dict[tuple[int, bytes], Floats] = {}
        self.apart: dict[tuple[int, bytes], Floats] = {}
        self.start = starting_point(base)
        self.whole = {name: isinstance(base.get(one.path), int) for name, one in self.fit.items()}
        self.low = np.log([one.low for one in self.fit.values()])
        self.high = np.log([one.high for one in self.fit.values()])
        self.steps = np.full(len(self.fit), SHORT)
        self.series = [one for one in seen.series if one.fitted]
        self.rows = [np.flatnonzero(seen.in_sample & one.comparable) for one in self.series]
        self.observed = sum(map(len, self.rows))
        if not self.observed:
            raise ScenarioError.single("no observation up to fit_until is part of the fit", field="observed.series")
        believed = [(np.log(one.prior), one.spread, k) for k, one in enumerate(self.fit.values()) if one.prior > 0]
        self.believed = np.array(believed).reshape(-1, 3)
        counted = [one.law == "binomial" for one in self.series]
        #: which observations have a likelihood, and how much larger than counted the cohorts are searched at
        self.likely = np.repeat(counted, list(map(len, self.rows)))
        self.pure = bool(self.likely.all()) and not len(self.believed)
        self.size = NORMAL / max(one.cohort for one in self.series) if self.pure else 1.0

    def changes(self, x: Floats) -> dict[str, float]:
        """Return values by path; whole numbers are rounded, others keep six figures."""
        values = np.exp(np.clip(x, self.low, self.high))
        return {
            one.path: round(float(value)) if self.whole[name] else float(f"{value:.6g}")
            for (name, one), value in zip(self.fit.items(), values, strict=True)
        }

    def runs(self, points: Sequence[Floats]) -> list[list[Run]]:
        """Return runs at several points, in one batch."""
        from flywheel_sim.execute.run import batch

        scenarios = [self.base.with_(self.changes(point)) for point in points]
        return batch(
            [lent(scenario) for scenario in scenarios],
            replicates=self.replicates,
            seed=self.seed,
            workers=self.workers,
            teams=False,
        )

    def simulate(self, points: Sequence[Floats]) -> list[Floats]:
        """Return residuals at several points, in one batch."""
        keys = [(self.replicates, np.asarray(point).tobytes()) for point in points]
        new = [k for k, key in enumerate(keys) if key not in self.known]
        if new:
            fresh = [k for k in new if not self.recalled(keys[k])]
            for k, runs in zip(fresh, self.runs([points[k] for k in fresh]) if fresh else (), strict=True):
                self.known[keys[k]], self.apart[keys[k]] = self.compared(points[k], runs)
            self.evaluations += len(new)
            self.note_best([keys[k] for k in new])
            if fresh and self.kept is not None and self.best is not None:
                residuals = {keys[k]: (self.known[keys[k]], self.apart[keys[k]]) for k in fresh}
                self.kept.add(residuals, self.best[1] / self.size, self.changes(self.best[2]))
            if self.progress:
                self.cost = min(self.cost, *(self.half_sum(self.known[key]) for key in keys))
                self.progress(self.evaluations, self.cost)
        return [self.known[key] for key in keys]

    def recalled(self, key: tuple[int, bytes]) -> bool:
        """Take the residuals of a set from what has been kept, if they are there."""
        residuals = self.kept.recall(key) if self.kept is not None else None
        if residuals is not None:
            self.known[key], self.apart[key] = residuals
        return residuals is not None

    def compared(self, point: Floats, runs: Sequence[Run]) -> tuple[Floats, Floats]:
        """Return residuals of a set: of the mean of its runs, and how each of them moves those of the observations."""
        parts, apart = [], []
        for series, rows in zip(self.series, self.rows, strict=True):
            each = np.array([measured(run, self.seen, series) for run in runs])
            parts.append(self.scored(series, each.mean(axis=0))[rows])
            # one run at a time beside the mean of all: what luck does to the residuals
            moved = each.mean(axis=0) + (each - each.mean(axis=0)) / len(each)
            apart.append(self.scored(series, moved)[:, rows] - parts[-1])
        parts.append((point[self.believed[:, 2].astype(int)] - self.believed[:, 0]) / self.believed[:, 1])
        return np.concatenate(parts), np.concatenate(apart, axis=1)

    def note_best(self, keys: Sequence[tuple[int, bytes]]) -> None:
        """Remember the best point of all so far."""
        for key in keys:
            cost = self.half_sum(self.known[key])
            if self.best is None or (-key[0], cost) < (-self.best[0], self.best[1]):
                self.best = key[0], cost, np.frombuffer(key[1], np.float64)

    def so_far(self) -> str:
        """Tell how far it is, in words: for somebody who has interrupted it."""
        if self.best is None:
            return "interrupted before the first parameter set"
        values = ", ".join(f"{path} = {value:g}" for path, value in self.changes(self.best[2]).items())
        return f"interrupted after {self.evaluations} parameter sets; best so far, not converged: {values}"

    def scored(self, series: ObservedSeries, simulated: Floats) -> Floats:
        """Return what is squared: standard deviations, or signed roots of the deviance where there is a likelihood."""
        if series.law == "binomial":
            return series.deviance(simulated) * math.sqrt(self.size)
        return series.standard(simulated)

    def residuals(self, x: Floats) -> Floats:
        """Return residuals at one point: of the observations, then of the beliefs."""
        return self.simulate([x])[0]

    def jacobian(self, x: Floats) -> Floats:
        """Return derivatives by central differences, one-sided at a bound; shape (residuals, parameters)."""
        steps = np.diag(self.steps)
        ups = [np.minimum(x + step, self.high) for step in steps]
        downs = [np.maximum(x - step, self.low) for step in steps]
        residuals = self.simulate([*ups, *downs])
        pairs = enumerate(zip(residuals[: len(x)], residuals[len(x) :], strict=True))
        return np.column_stack([(up - down) / max(float((ups[k] - downs[k])[k]), 1e-12) for k, (up, down) in pairs])

    def lengthen(self, x: Floats) -> None:
        """Choose the steps of the derivatives by what parameters do to the observations."""
        effect = np.abs(self.jacobian(x)[: self.observed]).max(axis=0)
        self.steps = np.clip(AIM / np.maximum(effect, 1e-9), SHORT, LONG)

    def loss(self, z: Floats) -> Floats:
        """Return soft L1 for observations, squares for beliefs and likelihoods: rho and its first two derivatives."""
        data = np.concatenate((~self.likely, np.zeros(len(z) - self.observed, bool)))
        root = np.sqrt(1.0 + z)
        rho = np.where(data, 2.0 * (root - 1.0), z)
        return np.array([rho, np.where(data, 1.0 / root, 1.0), np.where(data, -0.5 / root**3, 0.0)])

    def half_sum(self, residuals: Floats) -> float:
        """Return the cost: half the robust sum of squares."""
        return float(0.5 * self.loss(residuals**2)[0].sum())

    def local(self, x: Floats) -> Local:
        """Return derivatives, errors and the next Gauss-Newton step at a point.

        ``left`` is the longest part of that step in standard errors of its parameter: how far the fit has yet to go.
        """
        residuals, jacobian = self.residuals(x), self.jacobian(x)
        n, p = self.observed, len(x)
        stated = ~self.likely
        worse = max(1.0, float(np.sum(residuals[:n][stated] ** 2)) / max(int(stated.sum()) - p, 1))
        # a likelihood knows its own errors: only stated ones can be too small
        trust = np.where(stated, 1.0 / worse, 1.0 / self.size)
        data, beliefs = (jacobian[:n].T * trust) @ jacobian[:n], jacobian[n:].T @ jacobian[n:]
        covariance = np.asarray(np.linalg.pinv(data + beliefs, hermitian=True), dtype=np.float64)
        weight = self.loss(residuals**2)[1]
        slope, curve = jacobian.T @ (weight * residuals), (jacobian.T * weight) @ jacobian
        bound = np.minimum(x - self.low, self.high - x) < 1e-3
        free, step = np.flatnonzero(~bound), np.zeros(p)
        step[free] = -np.linalg.pinv(curve[np.ix_(free, free)], hermitian=True) @ slope[free]
        parts = self.apart[self.replicates, x.tobytes()] * weight[:n] @ jacobian[:n]
        parts = parts @ np.linalg.pinv(curve, hermitian=True)
        # R runs move x by the sum of R independent parts; one run alone does not show its luck
        luck = parts.T @ parts * (len(parts) / (len(parts) - 1)) if len(parts) > 1 else np.full((p, p), math.nan)
        near = covariance / self.size
        left = float(np.max(np.abs(step) / np.sqrt(np.maximum(np.diag(near), 1e-30)), initial=0.0))
        alone = np.asarray(np.linalg.pinv(data + 1e-9 * np.eye(p), hermitian=True), dtype=np.float64)
        return Local(
            x=x,
            residuals=residuals,
            jacobian=jacobian,
            covariance=covariance,
            alone=alone,
            bound=bound,
            unseen=_unseen(data + beliefs),
            step=step,
            left=left,
            luck=luck,
            cost=self.half_sum(residuals),
        )

    def polish(self, x: Floats) -> Local:
        """Return Gauss-Newton steps with falling gain; of the points as good as any, the one nearest to its own next
        step.

        One step is always taken: the search had fewer runs, and a quarter of a standard error, as the data have it, can
        be more than luck leaves open.
        """
        points = [self.local(x)]
        while (points[-1].left > (CLOSE if self.pure else NEAR / 2) or len(points) == 1) and len(points) < POLISH:
            here = points[-1]
            # along the whole direction, or a valley of parameters that trade off is left sideways
            gain = min(1.0 / max(1.0, here.left), 2.0 / (1.0 + len(points)))
            points.append(self.local(np.clip(here.x + gain * here.step, self.low, self.high)))
        least = min(point.cost for point in points)
        return min((point for point in points if point.cost < least + ROUGH), key=lambda point: point.left)

    @property
    def method(self) -> str:
        """Say in words how the fit is done."""
        if self.likely.all():
            return "Maximum likelihood of the retention table (multinomial)"
        return "Robust least squares" + (" and the likelihood of the retention table" if self.likely.any() else "")

    def misfit(self, best: Local) -> tuple[float, float]:
        """Return the deviance of the retention tables, and the probability of at least so much if the model is true."""
        from scipy.stats import chi2

        rows = int(self.likely.sum())
        deviance = float(np.sum(best.residuals[: self.observed][self.likely] ** 2)) / self.size
        free = rows - len(best.x)
        return (deviance, float(chi2.sf(deviance, free))) if free > 0 else (deviance if rows else math.nan, math.nan)

    def search(self, x: Floats) -> tuple[Floats, str]:
        """Return least squares from x: the best point, and why the search ended."""
        from scipy.optimize import least_squares

        loss: Any = self.loss
        inside = np.clip(x, self.low + 1e-6, self.high - 1e-6)
        self.lengthen(inside)
        solution = least_squares(
            self.residuals,
            inside,
            jac=self.jacobian,
            bounds=(self.low, self.high),
            loss=loss,
            xtol=ENOUGH,
            ftol=ENOUGH,
            gtol=float(np.finfo(float).eps),  # nothing moves anything: from there no step can be made
            max_nfev=MOST,
        )
        return np.asarray(solution.x), _ENDED.get(int(solution.status), "too many parameter sets")


def _unseen(information: Floats) -> NDArray[np.bool_]:
    """Return which parameters have a part in a direction of which there is no information at all."""
    size, directions = np.linalg.eigh(information)
    nothing = directions[:, size <= 1e-15 * max(float(size[-1]), 0.0)]
    return np.asarray((nothing**2).sum(axis=1) > 1e-9)


def starting_point(base: Scenario) -> Floats:
    """Start values on the logarithmic scale, or every mistake in ``observed.fit``."""
    problems: list[Problem] = []
    start: list[float] = []

    def complain(name: str, part: str, text: str) -> None:
        place = base.position(f"observed.fit.{name}.{part}")
        where = (place.file, place.line, place.column) if place else (None, None, None)
        problems.append(Problem(*where, f"observed.fit.{name}.{part}", text))

    if not base.model.observed.fit:
        raise ScenarioError.single(f"the scenario '{base.name}' lists nothing to fit", field="observed.fit")
    for name, one in base.model.observed.fit.items():
        if one.low >= one.high:
            complain(name, "low", f"expected less than high ({one.high:g}), got {one.low:g}")
            continue
        try:
            value = base.get(one.path)
        except ScenarioError as error:
            place = base.position(f"observed.fit.{name}.path")
            where = (place.file, place.line, place.column) if place else (None, None, None)
            problems += [Problem(*where, f"observed.fit.{name}.path", p.message, p.suggestion) for p in error.problems]
            continue
        if isinstance(value, bool) or not isinstance(value, int | float):
            complain(name, "path", f"expected the path of a number, got {one.path}")
            continue
        start.append(math.log(min(max(float(value), one.low), one.high)))
    if problems:
        raise ScenarioError(problems)
    return np.array(start)
