"""What data leave possible: a table of parameter draws, how much they tell, and what follows for the time to come."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.results.assumptions import plain_label
from flywheel_sim.results.observed import SAMPLES, SIMULATION, Overlay
from flywheel_sim.results.saving import finite
from flywheel_sim.results.words import inside, number

if TYPE_CHECKING:
    import pandas as pd

    from flywheel_sim.scenario import Scenario

__all__ = ["Parameter", "Posterior", "WaveNote"]

Floats = NDArray[np.float64]

#: Above this share of the prior's spread the data say little about a parameter; above this correlation two are hard to
#: tell apart; below this chance the data are stranger than the posterior allows.
LITTLE, TOGETHER, STRANGE = 0.8, 0.8, 0.01
#: Share of the draws within a fiftieth of the prior of a limit that is worth a word (2 % where it is even).
EDGE, AT_EDGE = 0.02, 0.1


@dataclass(frozen=True, eq=False)
class Parameter:
    """One parameter before and after the data.

    Parameters
    ----------
    name, path : str
    low, high, prior, spread : float
        As under ``observed.fit``.
    draws : float64 array, shape (n,)
    unit : float64 array, shape (n,)
        The prior's distribution function at the draws.
    prior_sd : float
        Standard deviation of its logarithm under the prior.
    prior_quantiles : float64 array, shape (3,)
        5, 50 and 95 % of the prior.
    """

    name: str
    path: str
    low: float
    high: float
    prior: float
    spread: float
    draws: Floats
    unit: Floats
    prior_sd: float
    prior_quantiles: Floats

    @property
    def ratio(self) -> float:
        """Spread of its logarithm that is left, as a share of the prior's; 1: the data say nothing."""
        return float(np.log(self.draws).std() / self.prior_sd)

    @property
    def quantiles(self) -> Floats:
        """5, 50 and 95 % of the posterior."""
        return np.asarray(np.quantile(self.draws, (0.05, 0.5, 0.95)))

    @property
    def weakness(self) -> str:
        """What a reader should know about it; empty when the data tell it well."""
        if self.ratio > LITTLE:
            return f"the data say little: {100 * self.ratio:.0f} % of the prior's spread is left"
        for word, share in (("lower", np.mean(self.unit < EDGE)), ("upper", np.mean(self.unit > 1 - EDGE))):
            if share > AT_EDGE:
                return f"leans on the {word} limit of what was thought possible"
        return ""


@dataclass(frozen=True)
class WaveNote:
    """One wave of history matching.

    Parameters
    ----------
    trials : int
    share : float
        Of the prior, what the waves before had left.
    doubt : float
        Mean variance of its emulators, in units of the noise of a score.
    scores : int
    """

    trials: int
    share: float
    doubt: float
    scores: int


@dataclass(frozen=True, eq=False)
class Posterior:
    """What data leave possible.

    Parameters
    ----------
    scenario : Scenario
        With the draw nearest to the middle of the posterior.
    base : str
        Name of the scenario that was calibrated.
    parameters : tuple of Parameter
    overlay : Overlay
        Observed series beside draws of what the posterior predicts for them, up to the end of the run.
    waves : tuple of WaveNote
    share : float
        Of the prior, what history matching has left.
    trials, kept : int
        Trials the posterior rests on; simulated data sets near the observed ones that were kept.
    strange : float
        Share of data sets the posterior predicts that are farther from its middle than the observed ones.
    ruled_out : bool
        Whether no point could be found that the data do not rule out.
    runs, replicates, seed, company : int
        Runs made; seeds of a trial; root of the luck; runs whose mean stands for the company.
    folder : str
    """

    scenario: "Scenario"
    base: str
    parameters: tuple[Parameter, ...]
    overlay: Overlay
    waves: tuple[WaveNote, ...]
    share: float
    trials: int
    kept: int
    strange: float
    ruled_out: bool
    runs: int
    replicates: int
    seed: int
    company: int
    folder: str = ""

    @property
    def paths(self) -> tuple[str, ...]:
        """Return the paths of the parameters."""
        return tuple(one.path for one in self.parameters)

    @cached_property
    def draws(self) -> Floats:
        """Draws of the posterior, shape (n, p), all of the same weight, in no order."""
        return np.column_stack([one.draws for one in self.parameters])

    @property
    def table(self) -> "pd.DataFrame":
        """The draws, a column per path."""
        import pandas as pd

        return pd.DataFrame(self.draws, columns=list(self.paths))

    @cached_property
    def correlation(self) -> Floats:
        """Of the parameters' logarithms, shape (p, p)."""
        logs = np.log(self.draws)
        return np.asarray(np.corrcoef(logs, rowvar=False)).reshape(logs.shape[1], -1)

    @property
    def fits(self) -> bool:
        """Whether the model can have made the data, as far as they tell."""
        return not self.ruled_out and self.strange >= STRANGE

    def rank(self, path: str, truth: float) -> float:
        """Return the share of the draws below a value: even in 0..1 over truths drawn from the prior."""
        return float(np.mean(self.draws[:, self.paths.index(path)] < truth))

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader should know, in sentences."""
        return tuple(self._warnings())

    def _warnings(self) -> Iterator[str]:
        if self.ruled_out:
            yield (
                "No point of the prior is within the errors of the data: the model is ruled out as it stands, and the "
                "draws are of the least bad points."
            )
        elif self.strange < STRANGE:
            yield (
                f"The data are stranger than the model allows: of what the posterior predicts, "
                f"{100 * self.strange:.1f} % lies as far from its middle."
            )
        for one in self.parameters:
            if one.weakness:
                yield f"{plain_label(one.path)}: {one.weakness}."
        for i, one in enumerate(self.parameters):
            for j in range(i):
                if abs(self.correlation[i, j]) > TOGETHER:
                    first, second = plain_label(self.parameters[j].path), inside(plain_label(one.path))
                    yield f"{first} and {second} are hard to tell apart: correlation {self.correlation[i, j]:+.2f}."

    def sentences(self) -> tuple[str, ...]:
        """Say what was done and what was found."""
        waves = len(self.waves)
        said = [
            f"{self.runs:,} runs: {waves} wave{'s' if waves > 1 else ''} of history matching left {_share(self.share)} "
            f"of the prior; {self.trials} trials of {self.replicates} seeds there, {self.kept:,} simulated data sets "
            f"near the observed one."
        ]
        for one in self.parameters:
            low, middle, high = one.quantiles
            said.append(
                f"{plain_label(one.path)} = {number(middle)} (90 %: {number(low)} to {number(high)}; "
                f"{100 * one.ratio:.0f} % of the prior's spread is left)"
            )
        for track in self.overlay.tracks:
            parts = []
            for sample in SAMPLES:
                errors = track.errors(SIMULATION, sample)
                if errors.n:
                    covered = track.coverage(sample) * errors.n
                    parts.append(
                        f"{covered:.0f} of {errors.n} in the 90 % band {sample} of sample, "
                        f"error {100 * errors.mape:.1f} %"
                    )
            said.append(f"{track.series.name.replace('_', ' ')}: {'; '.join(parts)}")
        return tuple(said)

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the draws, as values strict JSON can hold."""
        return dict(finite({
            "scenario": self.base, "folder": self.folder, "fits": self.fits, "ruled_out": self.ruled_out,
            "strange": self.strange, "runs": self.runs, "replicates": self.replicates, "seed": self.seed,
            "company_runs": self.company, "trials": self.trials, "kept": self.kept, "draws": len(self.draws),
            "waves": [vars(wave) for wave in self.waves], "share_of_prior": self.share,
            "parameters": [
                {
                    "name": one.name, "path": one.path, "low": one.low, "high": one.high, "prior": one.prior,
                    "spread": one.spread, "q05": one.quantiles[0], "median": one.quantiles[1], "q95": one.quantiles[2],
                    "prior_q05": one.prior_quantiles[0], "prior_q95": one.prior_quantiles[2],
                    "sd_over_prior": one.ratio, "center": self.scenario.get(one.path), "weakness": one.weakness,
                }
                for one in self.parameters
            ],
            "correlation": self.correlation.tolist(), "warnings": list(self.warnings),
            "sentences": list(self.sentences()), "observed": _listed(self.overlay.to_dict()),
        }))  # fmt: skip

    def __repr__(self) -> str:
        return f"<Posterior of {self.base}: {len(self.draws)} draws of {', '.join(self.paths)}>"


def _share(share: float) -> str:
    return f"{100 * share:.3g} %" if share >= 1e-4 else f"{share:.1g}"


def _listed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _listed(item) for key, item in value.items()}
    return value.tolist() if isinstance(value, np.ndarray) else value
