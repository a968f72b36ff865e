"""Fit a scenario to observed data, and say plainly what the data cannot tell.

The search is that of `fitting`.  Standard errors come from J'J, with J the derivatives of all residuals, scaled up
when the fit is worse than its stated errors.  A retention table is fitted by its multinomial likelihood, which has no
errors to state: what it leaves unexplained is told by its deviance.  The luck of the simulated runs moves the estimates
as well; that error is told apart, and more runs make it smaller.

Three numbers speak of identification: the condition number of the data's part of J, the share of each parameter's
precision that the data give without the priors, and the correlations.  A fit has converged when one more Gauss-Newton
step would move no parameter by more than half its standard error, or, where a likelihood stands alone, by a tenth of
that of a cohort of 10 000.
"""

import math
import os
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.execute.drive import Interrupted
from flywheel_sim.results.observed import Observations, Overlay
from flywheel_sim.scenario import Scenario, load
from flywheel_sim.scenario.arguments import whole, whole_or_none
from flywheel_sim.study.calibration.fit_log import Kept
from flywheel_sim.study.calibration.fitting import FAR, NEAR, Fitting, Local, Progress
from flywheel_sim.study.calibration.observations import observations, with_data
from flywheel_sim.study.calibration.observed import overlay

__all__ = ["WEAK", "Calibration", "Estimate", "calibrate"]

Floats = NDArray[np.float64]
#: Below this share of its precision from data a parameter is called weakly identified; above this relative standard
#: error as well.
WEAK, WIDE = 0.5, 0.5


@dataclass(frozen=True)
class Estimate:
    """One fitted parameter.

    Parameters
    ----------
    name, path : str
        Its name in the scenario's list, and its dotted path.
    start, value : float
        Before and after.
    relative_error : float
        Standard error of its natural logarithm; infinite where nothing moves with it.
    prior, spread : float
        The belief; prior 0 for none.
    from_data : float
        Share of its precision, the other parameters being free, that remains without the priors; 0..1.
    at_bound : bool
        Whether it ran into a limit of the search.
    simulation_error : float
        Standard error of its natural logarithm by the luck of the simulated runs; NaN of one run.
    """

    name: str
    path: str
    start: float
    value: float
    relative_error: float
    prior: float
    spread: float
    from_data: float
    at_bound: bool
    simulation_error: float = math.nan

    def interval(self, level: float = 0.9) -> tuple[float, float]:
        """Return limits that hold the truth with this probability, luck of the simulation included.

        Examples
        --------
        >>> one = Estimate("a", "market.churn.mean", 0.2, 0.3, 0.1, 0.0, 0.7, 1.0, False)
        >>> tuple(round(limit, 4) for limit in one.interval())
        (0.2545, 0.3536)
        """
        z = NormalDist().inv_cdf(0.5 + level / 2.0)
        luck = 0.0 if math.isnan(self.simulation_error) else self.simulation_error
        reach = math.exp(z * math.hypot(self.relative_error, luck))
        return self.value / reach, self.value * reach

    @property
    def error(self) -> str:
        """Its standard error in words."""
        return "unknown" if math.isinf(self.relative_error) else f"{100 * self.relative_error:.0f} %"

    @property
    def weakness(self) -> str:
        """Why it is weakly identified; empty when it is not."""
        if self.at_bound:
            return "weak: at the limit of the search"
        if math.isinf(self.relative_error):
            return "weak: neither the data nor a prior say anything about it"
        if self.from_data < WEAK:
            return "weak: set by its prior, not by the data" if self.prior else "weak: set by the priors of others"
        return "weak: wide" if self.relative_error > WIDE else ""

    @property
    def weak(self) -> bool:
        """Whether the data say little about it."""
        return bool(self.weakness)


@dataclass(frozen=True, eq=False)
class Calibration:
    """A fitted scenario and how well it is founded.

    Parameters
    ----------
    scenario : Scenario
        With the fitted values.
    estimates : tuple of Estimate
    observations : Observations
    residuals : mapping of str to float64 array
        ln(simulated / observed) of every fitted series, NaN where nothing, or nobody, was observed in sample.
    overlay : Overlay
        Observed, simulated and baselines, with their errors in and out of sample.
    condition : float
        Condition number of the data's derivatives; beyond about 1000 some combination of parameters is not identified.
    correlation : float64 array, shape (p, p)
        Of the logarithms of the parameters.
    cost : float
        Half the robust sum of squares; of a likelihood, its logarithm below that of the data's own shares.
    deviance, misfit : float
        Of the retention tables: twice that logarithm, and the probability of at least so much if the model is true; NaN
        where there are none, or no more rows than parameters.
    method : str
        What was done, in words.
    step_left : float
        Longest move, in standard errors, that one more step would make.
    converged : bool
    message : str
        Why the search ended.
    evaluations : int
        Parameter sets simulated.
    replicates, seed : int
        Runs per parameter set, and their seed.
    """

    scenario: Scenario
    estimates: tuple[Estimate, ...]
    observations: Observations
    residuals: dict[str, Floats]
    overlay: Overlay
    condition: float
    correlation: Floats
    cost: float
    deviance: float
    misfit: float
    method: str
    step_left: float
    converged: bool
    message: str
    evaluations: int
    replicates: int
    seed: int

    @property
    def values(self) -> dict[str, float]:
        """Return the fitted value by path."""
        return {estimate.path: estimate.value for estimate in self.estimates}

    @property
    def standard_errors(self) -> dict[str, float]:
        """Standard error by path, in the unit of the parameter."""
        return {estimate.path: estimate.value * estimate.relative_error for estimate in self.estimates}

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return {
            "scenario": self.scenario.name,
            "converged": self.converged,
            "message": self.message,
            "evaluations": self.evaluations,
            "replicates": self.replicates,
            "seed": self.seed,
            "cost": self.cost,
            "method": self.method,
            "deviance": self.deviance,
            "misfit": self.misfit,
            "step_left": self.step_left,
            "condition": self.condition,
            "estimates": [{**vars(estimate), "weakness": estimate.weakness} for estimate in self.estimates],
            "correlation": self.correlation,
            "residuals": self.residuals,
            "observed": self.overlay.to_dict(),
        }


def calibrate(
    scenario: "Scenario | str | os.PathLike[str] | dict[str, Any]",
    data: str | os.PathLike[str] | None = None,
    *,
    until: str | None = None,
    replicates: int = 16,
    seed: int = 1,
    workers: int | None = None,
    progress: Progress | None = None,
    folder: str | os.PathLike[str] | None = None,
    asked: Mapping[str, Any] | None = None,
) -> Calibration:
    """Fit the parameters a scenario lists under ``observed.fit`` to the data it names.

    Parameters
    ----------
    scenario : Scenario, name, path or dict
        Where to start from.
    data : path, optional
        A CSV file to use instead, or a YAML file with a mapping.
    until : str, optional
        Last date the fit may see, as 2021-12-31.
    replicates : int
        Runs per parameter set.
    seed : int
        Root of their luck.
    workers : int, optional
        Threads; the result does not depend on it.
    progress : callable, optional
        Called as ``progress(parameter sets simulated, cost)``.
    folder : path, optional
        Where every parameter set and the best point are kept as they come.  The same call with the same folder goes on
        where one was interrupted or killed, to the same result.
    asked : mapping, optional
        JSON values to keep there as well.

    Returns
    -------
    Calibration

    Raises
    ------
    ScenarioError
        For mistakes in the scenario, the mapping or the data.
        For arguments that are none, too.
    ResultError
        When the folder holds something else, or another fit.
    Interrupted
        After Ctrl-C, naming the best point so far.

    Examples
    --------
    >>> from flywheel_sim import calibrate
    >>> fit = calibrate("hubspot", until="2021-12-31")    # doctest: +SKIP
    >>> fit.values["word_of_mouth.rate"]                  # doctest: +SKIP
    """
    replicates, seed = whole("replicates", replicates, 1, 1_000_000), whole("seed", seed)
    workers = whole_or_none("workers", workers, 1, 4096)
    base = with_data(load(scenario), data, until)
    observed = observations(base)
    if observed.left_out:
        warnings.warn(observed.left_out, stacklevel=2)
    kept = (
        Kept(folder=folder, base=base, seen=observed, seed=seed, replicates=replicates, asked=asked)
        if folder is not None
        else None
    )
    fitting = Fitting(base=base, seen=observed, seed=seed, workers=workers, progress=progress, kept=kept)
    try:
        fitting.replicates = min(replicates, max(4, replicates // 4))
        x, message = fitting.search(fitting.start)
        fitting.replicates = replicates
        best = fitting.polish(x)
        fitted = base.with_(fitting.changes(best.x))
        compared = overlay(fitting.runs([best.x])[0], observed)
    except KeyboardInterrupt:
        raise Interrupted(fitting.so_far()) from None
    deviance, misfit = fitting.misfit(best)
    deviation = np.where(best.unseen, math.nan, np.sqrt(np.maximum(np.diag(best.covariance), 1e-30)))
    singular = np.linalg.svd(best.jacobian[: fitting.observed], compute_uv=False)
    return Calibration(
        scenario=fitted,
        estimates=_estimates(fitting, best),
        observations=observed,
        residuals={
            track.series.name: np.where(
                observed.in_sample & track.series.comparable & (track.series.values > 0),
                np.log(np.maximum(track.center, 1e-300) / np.where(track.series.values > 0, track.series.values, 1.0)),
                np.nan,
            )
            for track in compared.tracks
            if track.series.fitted
        },
        overlay=compared,
        condition=float(singular[0] / singular[-1]) if singular[-1] > 0 else math.inf,
        correlation=best.covariance / np.outer(deviation, deviation),
        cost=best.cost / fitting.size,
        deviance=deviance,
        misfit=misfit,
        method=fitting.method,
        step_left=best.left,
        converged=best.left < (FAR if fitting.pure else NEAR),
        message=message,
        evaluations=fitting.evaluations,
        replicates=replicates,
        seed=seed,
    )


def _estimates(fitting: Fitting, best: Local) -> tuple[Estimate, ...]:
    values, own, alone = fitting.changes(best.x), np.diag(best.covariance), np.diag(best.alone)
    return tuple(
        Estimate(
            name=name,
            path=one.path,
            start=float(fitting.base.get(one.path)),
            value=values[one.path],
            relative_error=math.inf if best.unseen[k] else float(np.sqrt(own[k])),
            prior=one.prior,
            spread=one.spread,
            from_data=float(min(1.0, own[k] / alone[k])) if alone[k] > 0 and not best.unseen[k] else 0.0,
            at_bound=bool(best.bound[k]),
            simulation_error=float(np.sqrt(best.luck[k, k])),
        )
        for k, (name, one) in enumerate(fitting.fit.items())
    )
