"""Observed data beside simulated ones: what was measured, what came out, and how far apart they are."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["SAMPLES", "SIMULATION", "Errors", "Observations", "ObservedSeries", "Overlay", "Track", "errors_of"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

#: The dates a calibration may see, and the later ones.
SAMPLES = ("in", "out")
#: What the simulation is called beside the baselines.
SIMULATION = "simulation"


@dataclass(frozen=True, eq=False)
class ObservedSeries:
    """One observed quantity; its arrays have one entry per row of the file, gaps included.

    Parameters
    ----------
    name, quantity : str
        Its name in the scenario, and what it measures: customers, revenue_per_customer, revenue or survival.
    weeks : float64 array, shape (n,)
        Week of each date, with a fraction where it lies inside a week; week 0 is the start of the run.
    opening : float64 array, shape (n,)
        Week in which the row's period began; negative or NaN where the run does not cover it.
    values : float64 array, shape (n,)
        Observations, NaN where there is none.
    derived : bool array, shape (n,)
        Where the value follows from other columns instead of standing in the file.
    error : float
        Standard deviation of its error, as the law says.
    fitted : bool
        Whether a calibration uses it.
    law : str
        How far is far: relative, absolute or binomial.
    cohort : float
        Customers that a binomial series has counted.
    """

    name: str
    quantity: str
    weeks: Floats
    opening: Floats
    values: Floats
    derived: Flags
    error: float
    fitted: bool
    law: str = "relative"
    cohort: float = 0.0

    @property
    def comparable(self) -> Flags:
        """Where there is something to compare with a run that starts in week 0."""
        level = self.quantity in ("customers", "survival")
        covered = self.weeks > 0 if level else self.opening >= 0
        known = np.isfinite(self.values)
        if self.law == "binomial":
            known &= self._before(self.values) > 0  # of nobody nobody can leave
        return np.asarray(known & covered)

    def standard(self, simulated: Floats) -> Floats:
        r"""Tell how far simulated values are from the observed ones, in standard deviations of the series' law.

        relative: :math:`\ln(\text{simulated} / \text{observed}) / \text{error}`; absolute: their difference over the
        error; binomial: the same for the share r of those alive a period before who stay, with variance
        :math:`r (1 - r) / (n S_{t-1})`, which together is the multinomial law of the table to second order.

        Parameters
        ----------
        simulated : float64 array, shape (..., n)

        Examples
        --------
        >>> four = np.array([0, 52, 104, 156])
        >>> alive = np.array([1.0, 0.8, 0.6, 0.5])
        >>> table = ObservedSeries("s", "survival", four, four - 52, alive, alive < 0, 1.0, True, "binomial", 400.0)
        >>> table.standard(alive).round(6).tolist()
        [nan, 0.0, 0.0, 0.0]
        >>> scored = table.standard(np.array([1.0, 0.82, 0.615, 0.5125])).round(6)  # .02 / sqrt(.8 x .2 / 400) = 1
        >>> (scored + 0.0).tolist()
        [nan, 1.0, 0.0, 0.0]
        """
        if self.law == "relative":
            return np.asarray(np.log(np.maximum(simulated, 1e-300) / self.values) / self.error)
        if self.law == "absolute":
            return np.asarray((simulated - self.values) / self.error)
        alive, stayed, kept = self._stayed(simulated)
        least = 0.5 / np.maximum(self.cohort * alive, 1.0)
        sure = np.clip(stayed, least, 1.0 - least)
        spread = np.sqrt(sure * (1.0 - sure) / np.maximum(self.cohort * alive, 1e-300))
        return np.asarray((kept - stayed) / spread)

    def deviance(self, simulated: Floats) -> Floats:
        r"""Return signed roots of what a table of survival is less likely by under simulated values than under its own.

        With S observed, r the observed and q the simulated share of those alive who stay, row t is

        .. math:: d_t = \operatorname{sign}(q - r) \sqrt{2 n S_{t-1} [r \ln(r / q) + (1 - r) \ln((1 - r) / (1 - q))]},

        and half the sum of squares is, but for a constant, minus the logarithm of the multinomial likelihood of who
        leaves when: for the shifted beta-geometric that of `theory.sbg_fit`, times n.

        Parameters
        ----------
        simulated : float64 array, shape (..., n)

        Examples
        --------
        >>> four = np.array([0.0, 52.0, 104.0, 156.0])
        >>> alive = np.array([1.0, 0.8, 0.6, 0.5])
        >>> table = ObservedSeries("s", "survival", four, four - 52, alive, alive < 0, 1.0, True, "binomial", 400.0)
        >>> table.deviance(np.array([1.0, 0.82, 0.615, 0.5])).round(2).tolist()
        [nan, 1.03, 0.0, -0.82]
        """
        from scipy.special import rel_entr

        alive, stayed, kept = self._stayed(simulated)
        kept = np.clip(kept, 1e-9, 1.0 - 1e-9)
        lost = rel_entr(stayed, kept) + rel_entr(1.0 - stayed, 1.0 - kept)
        return np.asarray(np.sign(kept - stayed) * np.sqrt(2.0 * self.cohort * np.maximum(alive * lost, 0.0)))

    def _stayed(self, simulated: Floats) -> tuple[Floats, Floats, Floats]:
        """Return the observed share alive at the row before; shares of those who stay until this one, observed and
        simulated.
        """
        alive = self._before(self.values)
        with np.errstate(divide="ignore", invalid="ignore"):
            stayed = np.where(alive > 0, self.values / alive, np.nan)
        return alive, stayed, np.asarray(simulated / np.maximum(self._before(simulated), 1e-300))

    def noisy(self, simulated: Floats, normal: Floats) -> Floats:
        """Return simulated values as they would be observed, with errors of the series' law.

        Parameters
        ----------
        simulated, normal : float64 arrays, shape (..., n)
            Values, and standard normal numbers.
        """
        if self.law == "relative":
            return np.asarray(simulated * np.exp(self.error * normal))
        if self.law == "absolute":
            return np.asarray(simulated + self.error * normal)
        before = np.concatenate((self._first(simulated), simulated[..., :-1]), axis=-1)
        with np.errstate(invalid="ignore", divide="ignore"):
            stayed = simulated / before
            spread = np.sqrt(np.maximum(stayed * (1.0 - stayed), 0.0) / (self.cohort * before))
            steps = np.clip(stayed + spread * normal, 0.0, 1.0)
        return np.asarray(np.cumprod(np.where(np.isfinite(steps), steps, 1.0), axis=-1))

    def _before(self, values: Floats) -> Floats:
        """Return values at the last row before that was observed; all were there in week 0."""
        known = np.isfinite(self.values)
        last = np.maximum.accumulate(np.where(known, np.arange(len(known)), -1))
        last = np.concatenate(([-1], last[:-1]))
        return np.where(last < 0, self._first(values), values[..., np.maximum(last, 0)])

    def _first(self, values: Floats) -> Floats:
        """Return what was there before the first row, shape (..., 1)."""
        first = np.where(self.weeks[:1] > 0, 1.0, np.nan)
        return np.asarray(np.broadcast_to(first, (*values.shape[:-1], 1)))


@dataclass(frozen=True, eq=False)
class Observations:
    """A file of observations, as a run can be compared with it.

    Parameters
    ----------
    file : str
        Where they come from.
    dates : tuple of str
        Last day of every period, as 2018-06-30, or its number.
    start, fit_until : str
        Date of week 0, and the last date a calibration may see.
    in_sample : bool array, shape (n,)
        Dates up to ``fit_until``.
    periods : int
        Periods a year of most rows: 4 for quarters.
    per_year : float64 array, shape (n,)
        Periods a year, row by row.
    scale : float
        Real accounts per simulated account.
    series : tuple of ObservedSeries
    identity_gap : float
        Largest relative gap between revenue per customer as published and as revenue over mean customers; NaN where
        they are never both there.
    outside : tuple of str
        Dates of the file that lie before week 0 or after the end of the run, and are compared with nothing.
    """

    file: str
    dates: tuple[str, ...]
    start: str
    fit_until: str
    in_sample: Flags
    periods: int
    per_year: Floats
    scale: float
    series: tuple[ObservedSeries, ...]
    identity_gap: float
    outside: tuple[str, ...] = ()

    @property
    def left_out(self) -> str:
        """What of the file lies outside the run, in a sentence; ``""`` where nothing does."""
        count = len(self.outside)
        if not count:
            return ""
        named = " and ".join(self.outside) if count < 3 else f"{self.outside[0]} to {self.outside[-1]}"
        many = count > 1
        return (
            f"{count} date{'s' if many else ''} of {self.file} ({named}) {'lie' if many else 'lies'} outside the run, "
            f"which begins {self.start} and covers {self.dates[-1]} last: compared with nothing; observed.start and "
            f"horizon_weeks say what it covers"
        )


@dataclass(frozen=True)
class Errors:
    """How far a model is from the observations.

    Parameters
    ----------
    n : int
        Observations compared.
    mape : float
        Mean of |model - observed| / observed, where something was observed.
    rmse : float
        Root of the mean squared error, in the unit of the series.
    bias : float
        Mean of (model - observed) / observed.
    """

    n: int
    mape: float
    rmse: float
    bias: float


def errors_of(model: Floats, observed: Floats) -> Errors:
    """Return errors over the entries that both have.

    Examples
    --------
    >>> import numpy as np
    >>> errors_of(np.array([90.0, 220.0, 5.0]), np.array([100.0, 200.0, np.nan]))
    Errors(n=2, mape=0.1, rmse=15.811388300841896, bias=0.0)
    """
    both = np.isfinite(model) & np.isfinite(observed)
    if not both.any():
        return Errors(0, float("nan"), float("nan"), float("nan"))
    gap, size = (model - observed)[both], observed[both]
    relative = gap[size != 0] / size[size != 0]  # of nothing there is no share
    mape, bias = (float(np.abs(relative).mean()), float(relative.mean())) if len(relative) else (math.nan, math.nan)
    return Errors(int(both.sum()), mape, float(np.sqrt(np.mean(gap**2))), bias)


@dataclass(frozen=True, eq=False)
class Track:
    """One observed series, the simulated one and the baselines.

    Parameters
    ----------
    series : ObservedSeries
    in_sample : bool array, shape (n,)
    simulated : float64 array, shape (runs, n)
        NaN where the run does not cover the period.
    baselines : mapping of str to float64 array, shape (n,)
    """

    series: ObservedSeries
    in_sample: Flags
    simulated: Floats
    baselines: Mapping[str, Floats]

    @property
    def center(self) -> Floats:
        """Mean over runs, shape (n,)."""
        return np.asarray(self.simulated.mean(axis=0), dtype=np.float64)

    @property
    def models(self) -> dict[str, Floats]:
        """The simulation, then the baselines."""
        return {SIMULATION: self.center, **self.baselines}

    def band(self, level: float = 0.9) -> Floats:
        """Return quantiles that hold ``level`` of the runs, shape (2, n); NaN with fewer than ten runs."""
        if len(self.simulated) < 10:
            return np.full((2, self.simulated.shape[1]), np.nan)
        tail = (1.0 - level) / 2.0
        return np.asarray(np.quantile(self.simulated, [tail, 1.0 - tail], axis=0), dtype=np.float64)

    def errors(self, model: str, sample: str) -> Errors:
        """Return errors of one of ``models`` on the observations of one of `SAMPLES`."""
        where = self._where(sample)
        return errors_of(self.models[model][where], self.series.values[where])

    def coverage(self, sample: str, level: float = 0.9) -> float:
        """Return the share of observations inside the band; NaN when there is no band or nothing to compare."""
        where = self._where(sample)
        low, high = self.band(level)[:, where]
        if not where.any() or np.isnan(low).all():
            return float("nan")
        values = self.series.values[where]
        return float(np.mean((values >= low) & (values <= high)))

    def _where(self, sample: str) -> Flags:
        chosen = self.in_sample if sample == "in" else ~self.in_sample
        return np.asarray(chosen & self.series.comparable)


@dataclass(frozen=True, eq=False)
class Overlay:
    """Observed and simulated side by side.

    Parameters
    ----------
    observations : Observations
    tracks : tuple of Track
        One per series.
    runs : int
        Runs of the simulation.
    holds : {"luck", "parameters", "everything"}
        What the band holds: the luck of runs; that and doubt about parameters; that and the errors of observations.
    """

    observations: Observations
    tracks: tuple[Track, ...]
    runs: int
    holds: str = "luck"

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON, NaN where something is not known."""
        observations = self.observations
        return {
            "file": observations.file,
            "start": observations.start,
            "fit_until": observations.fit_until,
            "dates": list(observations.dates),
            "outside": list(observations.outside),
            "scale": observations.scale,
            "runs": self.runs,
            "band_holds": self.holds,
            "identity_gap": observations.identity_gap,
            "series": {track.series.name: _track(track) for track in self.tracks},
        }


def _track(track: Track) -> dict[str, Any]:
    low, high = track.band()
    return {
        "quantity": track.series.quantity,
        "weeks": track.series.weeks,
        "observed": track.series.values,
        "derived": track.series.derived,
        "in_sample": track.in_sample,
        "simulated": track.center,
        "low_90": low,
        "high_90": high,
        "baselines": dict(track.baselines),
        "errors": {model: {sample: vars(track.errors(model, sample)) for sample in SAMPLES} for model in track.models},
        "coverage_90": {sample: track.coverage(sample) for sample in SAMPLES},
    }
