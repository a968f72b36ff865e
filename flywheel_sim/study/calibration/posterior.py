r"""A posterior for what a scenario lists under ``observed.fit``: history matching, then regression-adjusted ABC.

The data are taken for those of one company of the model: parameters from the prior, luck from the engine, errors of the
observations by the law of each series.  One simulated account stands for ``observed.scale`` real ones, so the company's
luck is that of the mean of ``scale`` runs, and is taken from the mean of as many seeds of a trial as there are, up to
``scale``; with scale 1 every run is a company.

Waves
    Trials are drawn evenly from what is left of the prior, each run with its own seeds; `emulators` rule out;
    until they know the scores better than the errors do, or the waves are used up.
Posterior
    More trials in what is left, with those of earlier waves that lie there.  Their simulated data sets, several draws
    of the errors each, are compared with the observed one (`abc_regression`); all draws weigh the same.
Prediction
    Some draws run again under fresh luck, to the end of the run; with errors, that is what would be observed.
Resuming
    Everything is asked for in an order that follows from the seed, and answered from the store up to where it was.
"""

import math
import os
import tempfile
import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.execute.backends import Place, checked, place
from flywheel_sim.execute.design import Design, Point
from flywheel_sim.execute.drive import Interrupted, Progress, resume_command, run_design
from flywheel_sim.execute.store import Experiment, Standing, Store
from flywheel_sim.results.observed import Observations, ObservedSeries
from flywheel_sim.results.posterior import Parameter, Posterior, WaveNote
from flywheel_sim.results.saving import ResultError, finite, vacant
from flywheel_sim.scenario import Scenario, load
from flywheel_sim.scenario.arguments import whole
from flywheel_sim.study.calibration.abc_regression import adjusted
from flywheel_sim.study.calibration.emulators import Region, Scores, Wave, made_with
from flywheel_sim.study.calibration.fitted_scenario import leave
from flywheel_sim.study.calibration.observations import extended, observations, taken, weeks_needed, with_data
from flywheel_sim.study.calibration.observed import beside
from flywheel_sim.study.calibration.priors import Priors
from flywheel_sim.study.design.sweep import On, remove_with

__all__ = ["Settings", "folder_of", "is_calibration", "of_observations", "posterior", "resume"]

Floats = NDArray[np.float64]

#: First replicate of the runs that predict.
PREDICTING = 2_000_000_000
#: Trials of a wave per parameter, and at least; another wave tells nothing new when the emulators' variance is below
#: this share of the noise and the last wave has left this share of what there was.
PER_PARAMETER, FEWEST, KNOWN, SAME = 15, 40, 0.1, 0.5
#: Simulated data sets in all, by drawing errors several times for a run, and how many of them are kept.
SETS, NEAR = 8000, 1000


@dataclass(frozen=True)
class Settings:
    """How much is run.

    Parameters
    ----------
    trials : int
        Of the posterior.
    waves : int
        At most.
    replicates : int
        Seeds of a trial, two or more.
    draws, predicted : int
        Rows of the posterior table; of these, how many are run again to predict.
    seed : int
        Of the luck, and of what is drawn.
    """

    trials: int = 400
    waves: int = 6
    replicates: int = 4
    draws: int = 1000
    predicted: int = 200
    seed: int = 1

    def __post_init__(self) -> None:
        least = {"trials": 50, "waves": 1, "replicates": 2, "draws": 20, "predicted": 20}
        for name, fewest in least.items():
            object.__setattr__(self, name, whole(name, getattr(self, name), fewest))
        object.__setattr__(self, "seed", whole("seed", self.seed))


def folder_of(scenario: Scenario) -> Path:
    """Tell where a posterior goes when nothing else is said."""
    return Path(f"{Path(scenario.name).stem}-posterior")


def is_calibration(store: Store) -> bool:
    """Tell whether a store holds a calibration."""
    return "calibration" in store.experiment.about


def posterior(
    scenario: "Scenario | str | os.PathLike[str] | dict[str, Any]",
    data: str | os.PathLike[str] | None = None,
    folder: str | os.PathLike[str] | None = None,
    *,
    until: str | None = None,
    trials: int | None = None,
    replicates: int | None = None,
    seed: int | None = None,
    settings: Settings | None = None,
    on: On = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Posterior:
    """Return what the data a scenario names leave possible of the parameters it lists.

    Parameters
    ----------
    scenario, data, until, workers
        As for `flywheel_sim.calibrate`.
    folder : path, optional
        For the runs; must not exist yet, or be empty.  Default: one that goes with the result.
    trials, replicates, seed : int, optional
        Trials of the posterior, seeds of a trial and root of the luck, instead of those of ``settings``.
    settings : Settings, optional
        How much is run.
    on, progress
        As for `flywheel_sim.sweep`.

    Returns
    -------
    Posterior

    Raises
    ------
    ScenarioError
        For mistakes in the scenario, the mapping or the data.
    ResultError
        When the folder cannot be written, scikit-learn is not installed, or no run came to an end.

    Examples
    --------
    >>> from flywheel_sim.study.calibration.posterior import posterior
    >>> fit = posterior("hubspot", until="2021-12-31")  # doctest: +SKIP
    >>> fit.table.median()  # doctest: +SKIP
    """
    checked(on, workers)
    given = {"trials": trials, "replicates": replicates, "seed": seed}
    settings = replace(settings or Settings(), **{name: value for name, value in given.items() if value is not None})
    base = with_data(load(scenario), data, until)
    observed = observations(base)
    if observed.left_out:
        warnings.warn(observed.left_out, stacklevel=2)
    return of_observations(base, observed, folder, settings=settings, on=on, workers=workers, progress=progress)


def of_observations(
    base: Scenario,
    observed: Observations,
    folder: str | os.PathLike[str] | None = None,
    *,
    settings: Settings | None = None,
    on: On = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Posterior:
    """Return the posterior given observations that have been read; arguments and errors as for `posterior`."""
    chosen, priors, libraries = settings or Settings(), Priors(base), made_with()
    data = extended(observed, base.model.horizon_weeks, base.model.observed.period_weeks)
    about = {
        "title": f"What the data leave possible: {base.title or base.name}",
        "question": "",
        "design": {"kind": "calibration"},
        "calibration": {"made_with": libraries, "settings": asdict(chosen), "observed": _packed(data)},
    }
    weeks = weeks_needed(data, base.model.horizon_weeks)
    outcomes = tuple(f"{name}{week}" for name in ("customers.at", "revenue.to") for week in weeks)
    kept = None
    if folder is None:
        kept = Path(tempfile.mkdtemp(prefix="flywheel-posterior-"))
        folder = kept / "runs"
    vacant(folder)
    with Store.create(folder, Experiment({base.name: base}, chosen.seed, outcomes, about=about)) as store:
        posterior = _Calibration(
            base=base,
            priors=priors,
            seen=data,
            settings=chosen,
            store=store,
            on=on,
            workers=workers,
            progress=progress,
        ).run()
        leave(posterior, base)
    remove_with(posterior, kept)
    return posterior


def resume(
    folder: str | os.PathLike[str], *, on: On = None, workers: int | None = None, progress: Progress | None = None
) -> Posterior:
    """Go on with a calibration; of one that is complete, its posterior.

    Raises
    ------
    ResultError
        When there is none, another process is at work on it, or other code or libraries began it.
    """
    with Store.open(folder, write=True) as store:
        if not is_calibration(store):
            raise ResultError(f"'{folder}' holds no calibration")
        about, now = store.experiment.about["calibration"], made_with()
        if about["made_with"] != now:
            said = [" ".join(f"{name} {v}" for name, v in one.items()) for one in (about["made_with"], now)]
            raise ResultError(f"'{folder}' was begun with {said[0]}; this is {said[1]}, which asks other questions")
        base, observed = next(iter(store.experiment.scenarios.values())), _unpacked(about["observed"])
        settings = Settings(**about["settings"])
        posterior = _Calibration(
            base=base,
            priors=Priors(base),
            seen=observed,
            settings=settings,
            store=store,
            on=on,
            workers=workers,
            progress=progress,
        ).run()
        leave(posterior, base)
        return posterior


def _packed(seen: Observations) -> dict[str, Any]:
    """Return observations as values strict JSON can hold."""
    whole = {one.name: getattr(seen, one.name) for one in fields(seen)}
    whole |= {name: getattr(seen, name).tolist() for name in ("in_sample", "per_year")}
    rows = [
        {key: v.tolist() if isinstance(v, np.ndarray) else v for key, v in vars(one).items()} for one in seen.series
    ]
    return dict(finite(whole | {"series": rows}))


def _unpacked(packed: Mapping[str, Any]) -> Observations:
    kinds = {"weeks": np.float64, "opening": np.float64, "values": np.float64, "derived": np.bool_}
    rows = [
        ObservedSeries(**(row | {key: np.array(row[key], kind) for key, kind in kinds.items()}))
        for row in packed["series"]
    ]
    gap = np.nan if packed["identity_gap"] is None else packed["identity_gap"]
    more = {
        "series": tuple(rows),
        "outside": tuple(packed.get("outside", ())),
        "dates": tuple(packed["dates"]),
        "in_sample": np.array(packed["in_sample"], bool),
    }
    more["per_year"] = np.array(packed["per_year"], np.float64)
    return Observations(**(dict(packed) | more | {"identity_gap": gap}))


class _Calibration:
    """One calibration, from its first question to its answer."""

    def __init__(
        self,
        base: Scenario,
        priors: Priors,
        seen: Observations,
        settings: Settings,
        store: Store,
        on: On,
        workers: int | None,
        progress: Progress | None,
    ) -> None:
        self.base, self.priors, self.seen, self.settings, self.store = base, priors, seen, settings, store
        self.on, self.workers, self.progress = on, workers, progress
        self.fitted = [one for one in seen.series if one.fitted]
        self.rows = [np.flatnonzero(seen.in_sample & one.comparable) for one in self.fitted]
        if not sum(map(len, self.rows)):
            raise ResultError("no observation up to fit_until is part of the fit (observed.series)")
        self.company = int(np.clip(np.floor(seen.scale), 1, settings.replicates))
        self.wave_size = max(FEWEST, PER_PARAMETER * len(priors))
        self.asked = 0
        self.begun, self.had = time.monotonic(), store.standing().done
        self.most = (settings.waves * self.wave_size + settings.trials) * settings.replicates
        self.most += settings.predicted * self.company
        self.here: Place | None = None

    def run(self) -> Posterior:
        """Run the calibration to its answer."""
        from threadpoolctl import threadpool_limits

        try:
            # one thread of algebra: the last bits decide which points are asked for, and must not follow the cores
            with place(self.on, self.workers) as self.here, threadpool_limits(1):
                return self._found()
        except Interrupted:
            raise
        except KeyboardInterrupt:
            raise Interrupted(f"interrupted; go on with: {resume_command(self.store)}") from None

    # -- runs ----------------------------------------------------------------------------------------------------------

    def _ask(self, unit: Floats, replicates: int, what: str, first: int, until: int) -> tuple[Floats, Floats]:
        """Return customers and revenue so far by week of these points' runs, each of shape (points, replicates, W +
        1).
        """
        changes = self.priors.changes(unit)
        whole = until == self.base.model.horizon_weeks
        points = [
            Point(one if whole else {**one, "horizon_weeks": until}, "", first + k * replicates, {"phase": what})
            for k, one in enumerate(changes)
        ]
        drive = run_design(Design(points, replicates), self.here, self.store, self._step if self.progress else None)
        if drive.stopped:
            raise ResultError(f"the calibration stopped: {drive.stopped}; its runs are in '{self.store.folder}'")
        if drive.asked:
            raise Interrupted(f"interrupted; go on with: {resume_command(self.store)}")
        outcomes = self.store.outcomes(drive.runs)
        weeks = np.array(
            [
                int(name[len("customers.at") :])
                for name in self.store.experiment.outcomes
                if name.startswith("customers.at")
            ]
        )
        shape = (len(points), replicates, self.base.model.horizon_weeks + 1)
        customers, paid = np.full(shape, np.nan), np.full(shape, np.nan)
        path = "market.initial_customers"
        start = np.array([float(change.get(path, self.base.get(path))) for change in changes])
        customers[..., 0], paid[..., 0] = start[:, None], 0.0
        customers[..., weeks], paid[..., weeks] = outcomes[..., : len(weeks)], outcomes[..., len(weeks) :]
        return customers, paid

    def _step(self, now: Standing) -> None:
        """Report progress against what the whole calibration may cost."""
        assert self.progress is not None
        self.progress(now.of_whole(self.most, self.had, time.monotonic() - self.begun))

    def _trials(self, unit: Floats, what: str) -> tuple[Floats, Floats]:
        """Return points whose runs came to an end, and their outputs in standard deviations, shape (n, seeds, q)."""
        replicates = self.settings.replicates
        # no further than the data that count
        last = max(float(one.weeks[rows].max()) for one, rows in zip(self.fitted, self.rows, strict=True) if len(rows))
        until = min(math.ceil(last), self.base.model.horizon_weeks)
        customers, paid = self._ask(unit, replicates, what, self.asked * replicates, until)
        self.asked += len(unit)
        outputs = self._outputs(customers, paid)
        fine = np.isfinite(outputs).all(axis=(1, 2))
        if fine.sum() < len(unit) / 2:
            why = next(iter(self.store.errors()), "they left nothing to compare")
            raise ResultError(f"{(~fine).sum()} of {len(unit)} trials failed, with: {why}; see '{self.store.folder}'")
        # what ran are values of six figures and whole numbers: their points, not those that were drawn
        return unit[fine], outputs[fine]

    def _outputs(self, customers: Floats, paid: Floats) -> Floats:
        parts = [
            one.standard(taken(customers, paid, self.seen, one))[..., rows]
            for one, rows in zip(self.fitted, self.rows, strict=True)
        ]
        return np.concatenate(parts, axis=-1)

    # -- what is left --------------------------------------------------------------------------------------------------

    def _found(self) -> Posterior:
        settings, size = self.settings, len(self.priors)
        waves: list[Wave] = []
        notes: list[WaveNote] = []
        tried: list[tuple[Floats, Floats]] = []
        while True:
            region = Region(waves, size, np.random.default_rng([settings.seed, len(waves)]))
            known = bool(waves) and waves[-1].doubt < KNOWN and region.share > SAME * notes[-1].share
            if len(waves) == settings.waves or known or region.level > 1.0:
                break
            unit, outputs = self._trials(region.draw(self.wave_size), f"wave {len(waves) + 1}")
            tried.append((unit, outputs))
            waves.append(Wave(unit, outputs, self.company))
            notes.append(WaveNote(len(unit), region.share, waves[-1].doubt, len(waves[-1].target)))
        again = [(unit[left], outputs[left]) for unit, outputs in tried if (left := region.holds(unit)).any()]
        had = sum(len(unit) for unit, _ in again)
        again.append(self._trials(region.draw(max(settings.trials - had, 20)), "posterior"))
        unit, outputs = (np.concatenate([one[k] for one in again]) for k in (0, 1))
        draws, kept = self._posterior(unit, outputs)
        return self._told(draws, kept, len(unit), notes, region)

    def _posterior(self, unit: Floats, outputs: Floats) -> tuple[Floats, int]:
        """Return draws of the posterior in the unit cube, and how many simulated data sets they come from."""
        settings, company = self.settings, self.company
        luck = np.random.default_rng([settings.seed, 1_000])
        scores = Scores.of(outputs, company, unit.shape[1] + 2)
        n, seeds, q = outputs.shape
        companies = outputs[:, : seeds // company * company].reshape(n, -1, company, q).mean(axis=2)
        copies = max(1, SETS // (n * companies.shape[1]))
        sets = companies[:, :, None, :] + luck.standard_normal((n, companies.shape[1], copies, q))
        of = np.repeat(unit, companies.shape[1] * copies, axis=0)
        points, weights = adjusted(of, scores(sets).reshape(len(of), -1), scores(np.zeros(q)), min(NEAR, len(of) // 2))
        # systematic: every draw counts as often as its weight says, to within one; then shuffled
        marks = (np.arange(settings.draws) + luck.random()) / settings.draws
        chosen = np.minimum(np.searchsorted(np.cumsum(weights), marks), len(points) - 1)
        return points[luck.permutation(chosen)], int((weights > 0).sum())

    # -- what follows --------------------------------------------------------------------------------------------------

    def _told(self, unit: Floats, kept: int, trials: int, notes: Sequence[WaveNote], region: Region) -> Posterior:
        settings, priors = self.settings, self.priors
        changes = priors.changes(unit)
        draws = np.array([[float(change[path]) for path in priors.paths] for change in changes])
        logs = np.log(draws)
        gap = logs - logs.mean(axis=0)
        spread = np.linalg.pinv(np.cov(logs, rowvar=False).reshape(len(priors), -1), hermitian=True)
        center = int(np.argmin(np.einsum("ij,jk,ik->i", gap, spread, gap)))
        customers, paid = self._ask(
            unit[: settings.predicted], self.company, "prediction", PREDICTING, self.base.model.horizon_weeks
        )
        luck = np.random.default_rng([settings.seed, 2_000])
        predicted = []
        for one in self.seen.series:
            values = taken(customers, paid, self.seen, one).mean(axis=1)
            predicted.append(one.noisy(values, luck.standard_normal(values.shape)))
        prior = priors.values(np.repeat(np.array([[0.05], [0.5], [0.95]]), len(priors), axis=1))
        sds = priors.spread_of_logs()
        fit = self.base.model.observed.fit
        return Posterior(
            scenario=self.base.with_(changes[center]),
            base=self.base.name,
            parameters=tuple(
                Parameter(
                    name=name,
                    path=path,
                    low=fit[name].low,
                    high=fit[name].high,
                    prior=fit[name].prior,
                    spread=fit[name].spread,
                    draws=draws[:, k],
                    unit=unit[:, k],
                    prior_sd=float(sds[k]),
                    prior_quantiles=prior[:, k],
                )
                for k, (name, path) in enumerate(zip(priors.names, priors.paths, strict=True))
            ),
            overlay=beside(self.seen, predicted, "everything"),
            waves=tuple(notes),
            share=region.share,
            trials=trials,
            kept=kept,
            strange=self._strange(predicted),
            ruled_out=region.level > 1.0,
            runs=self.store.standing().done,
            replicates=settings.replicates,
            seed=settings.seed,
            company=self.company,
            folder=str(self.store.folder),
        )

    def _strange(self, predicted: Sequence[Floats]) -> float:
        """Return the share of predicted data sets that are farther from their middle than the observed one."""
        parts = [
            one.standard(values)[:, rows]
            for one, values, rows in zip(
                self.fitted,
                [v for v, one in zip(predicted, self.seen.series, strict=True) if one.fitted],
                self.rows,
                strict=True,
            )
        ]
        z = np.concatenate(parts, axis=1)
        middle = z.mean(axis=0)
        q = z.shape[1]
        # a fifth of independence: a few hundred data sets do not tell the covariance of dozens of numbers
        spread = 0.8 * np.cov(z, rowvar=False).reshape(q, q) + 0.2 * np.diag(z.var(axis=0) + 1e-9)
        precision = np.linalg.inv(spread)
        far = np.einsum("ij,jk,ik->i", z - middle, precision, z - middle)
        return float(np.mean(far >= middle @ precision @ middle))
