"""Runs of one or more scenarios with the same luck, boiled down: what is kept of them, before anybody judges it.

The weekly series of single runs are not kept: only their 10, 50 and 90 % quantiles by week, the summary of every run,
and the mean directions of the teams.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.results.bridge import Bridge
from flywheel_sim.results.directions import TeamPaths, team_paths
from flywheel_sim.results.groups import Groups
from flywheel_sim.results.intervals import mean_interval, variance_reduction
from flywheel_sim.results.naming import command_for, labels
from flywheel_sim.results.paired import lasting_gain_week
from flywheel_sim.results.provenance import Provenance, provenance
from flywheel_sim.results.run import Run
from flywheel_sim.results.selection import Selection
from flywheel_sim.results.summary import SUMMARY
from flywheel_sim.results.swings import Swings
from flywheel_sim.results.world_answer import WorldRuns
from flywheel_sim.scenario.columns import COLUMNS

if TYPE_CHECKING:
    from flywheel_sim.scenario import Scenario

__all__ = ["DIFFERENCE", "FANS", "QUANTILES", "ComparedRuns", "Floats"]

Floats = NDArray[np.float64]

#: Weekly columns kept as fans.
FANS = ("value", "customers", "nps_true", "nps_survey", "alignment", "customer_alignment", "profit", "new_customers",
        "referred_new", "churned", "relationship", "friction")  # fmt: skip
#: Name of the fan of cumulative value less the baseline's, run by run.
DIFFERENCE = "difference"
_FLOWS = {name for name, unit, _ in COLUMNS if unit.endswith("/week")}
QUANTILES = (0.1, 0.5, 0.9)


@dataclass(frozen=True, eq=False)
class ComparedRuns:
    """What S scenarios did in R runs each; the first scenario is the baseline.

    Parameters
    ----------
    scenarios : tuple of Scenario, length S
    seed : int
    weeks : int
    finals : float64 array, shape (S, R, len(SUMMARY))
        The summary of every run.
    gain_weeks : float64 array, shape (S, R)
        First week after which the cumulative value stays above the baseline's; infinite = never.
    fans : dict of float64 arrays, shape (S, W + 1, 3)
        10, 50 and 90 % quantile by week, week 0 first, of every column in `FANS` and of the paired `DIFFERENCE`; flows
        are NaN in week 0.
    teams : tuple of TeamPaths or None, length S
    made : Provenance, optional
        Where saved outcomes come from.
    first_stage : int
        So many first runs decided how many there are in all (`compare` with ``precision``); 0 = the number was fixed.
    precision : float
        Half-width the 80 % intervals of the mean differences were to have; 0 = none was asked for.
    indifference : float
        Differences in net present value up to this do not matter; 0 = every one does.
    chosen : Selection, optional
        The choice of the best scenario, where one was made.
    split : Bridge, optional
        Where the difference of the best challenger comes from, once somebody asked.
    swings : Swings, optional
        What one assumption at a time does to that difference, once somebody asked.
    groups : Groups, optional
        What the scenarios do to teams and segments, once somebody asked.
    drawn : Any, optional
        Where these worlds come from, to run again with; not saved.
    worlds_run : WorldRuns, optional
        Which worlds the runs are of, and what was learned over them.
    no_worlds : str
        Why the runs are of the company as assumed, and what makes worlds of it, where nobody asked for that.
    rules : mapping of str to str
        Python that took part in the runs, by name -> hash of its source.
    ruled : Any, optional
        The same to run again with; not saved.
    """

    scenarios: tuple["Scenario", ...]
    seed: int
    weeks: int
    finals: Floats
    gain_weeks: Floats
    fans: Mapping[str, Floats]
    teams: tuple[TeamPaths | None, ...]
    made: Provenance | None = None
    first_stage: int = 0
    precision: float = 0.0
    indifference: float = 0.0
    chosen: Selection | None = None
    split: Bridge | None = None
    swings: Swings | None = None
    groups: Groups | None = None
    drawn: Any = None
    worlds_run: WorldRuns | None = None
    no_worlds: str = ""
    rules: Mapping[str, str] = field(default_factory=dict)
    ruled: Any = None

    @classmethod
    def of(cls, runs: Sequence[Sequence[Run]], **asked: Any) -> Self:
        """Boil runs down to one set of outcomes.

        Parameters
        ----------
        runs : sequence over scenarios of sequences over replicates
            Run k of every scenario must have the same seed and replicate.
        **asked
            ``first_stage``, ``precision``, ``indifference``, ``chosen``: see the fields of these names.

        Raises
        ------
        ValueError
            When the runs do not pair up.
        """
        first = runs[0]
        keys = [(run.seed, run.replicate) for run in first]
        for row in runs:
            if [(run.seed, run.replicate) for run in row] != keys:
                raise ValueError("the scenarios' runs do not pair up: seeds and replicates differ")
            if row[0].weeks != first[0].weeks:
                raise ValueError(f"the scenarios' horizons differ: {first[0].weeks} and {row[0].weeks} weeks")
        values = np.array([[run.series("value", start=True) for run in row] for row in runs])
        paths = values - values[0]
        fans = {
            name: np.array([_fan(np.array([run.series(name, start=True) for run in row])) for row in runs])
            for name in FANS
        }
        for name in _FLOWS & set(fans):
            fans[name][:, 0] = np.nan
        fans[DIFFERENCE] = np.array([_fan(path) for path in paths])
        return cls(
            scenarios=tuple(row[0].scenario for row in runs),
            seed=first[0].seed,
            weeks=first[0].weeks,
            finals=np.array([[[run.summary[key] for key in SUMMARY] for run in row] for row in runs]),
            gain_weeks=lasting_gain_week(paths),
            fans=fans,
            teams=tuple(team_paths(row) for row in runs),
            rules={name: source for row in runs for run in row for name, source in run.rules.items()},
            **asked,
        )

    @property
    def replicates(self) -> int:
        """Number of runs per scenario, R."""
        return int(self.finals.shape[1])

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """What to call the scenarios."""
        return labels(self.scenarios)

    @cached_property
    def provenance(self) -> Provenance:
        """Where these outcomes come from."""
        if self.made is not None:
            return self.made
        hashes = {label: scenario.hash for label, scenario in zip(self.labels, self.scenarios, strict=True)}
        first = self.chosen.first_stage if self.chosen else self.first_stage
        command = command_for(
            self.scenarios, self.seed, replicates=first or self.replicates, options=dict(self._options())
        )
        note = self.worlds_run.note if self.worlds_run else ""
        return provenance(hashes, self.seed, replicates=self.replicates, command=command, worlds=note, rules=self.rules)

    def _options(self) -> Iterator[tuple[str, Any]]:
        """Yield options of ``flywheel compare`` that make these outcomes again."""
        chosen = self.chosen
        if self.worlds_run is not None:
            if chosen is None and not self.precision:
                yield "worlds", self.worlds_run.n
            if self.worlds_run.given:
                yield "worlds_from", self.worlds_run.source
        elif len(self.scenarios) > 1:
            yield "as_assumed", True
        if self.precision:
            yield "precision", self.precision
        if chosen is not None:
            yield "best", True
            yield ("budget", chosen.budget) if chosen.budget else ("confidence", chosen.confidence)
        if self.indifference:
            yield "indifference", self.indifference
        if not self.precise:
            yield "limit", self.replicates
        elif chosen is not None and not chosen.budget and not chosen.decided:
            yield "limit", max(chosen.runs)
        if self.split is not None:
            yield "bridge", True
        if self.swings is not None:
            yield "swings", True
        if self.groups is not None:
            yield "groups", True

    def final(self, key: str) -> Floats:
        """Return one key of the summary, shape (S, R).

        Examples
        --------
        >>> list(SUMMARY).index("npv")
        0
        """
        return self.finals[:, :, list(SUMMARY).index(key)]

    def differences(self, key: str = "npv") -> Floats:
        """Return paired differences to the baseline, shape (S, R)."""
        values = self.final(key)
        with np.errstate(invalid="ignore"):  # never less never
            return np.asarray(values - values[0])

    def variance_reduction(self, index: int) -> float:
        """Tell how many times more runs independent seeds would need to compare scenario ``index`` with the
        baseline.
        """
        values = self.final("npv")
        return variance_reduction(values[index], values[0])

    @property
    def precise(self) -> bool:
        """Whether the interval of every mean difference is as narrow as was asked."""
        return bool(self.widest() <= self.precision * (1 + 1e-9)) if self.precision else True

    def widest(self) -> float:
        """Return half the width of the widest interval of a mean difference."""
        ends = [mean_interval(row, first_stage=self.first_stage) for row in self.differences()[1:]]
        return max((high - low) / 2.0 for low, high in ends)

    def runs_for_precision(self) -> int:
        """Return how many runs the precision that was asked for would take."""
        return math.ceil(self.replicates * (self.widest() / self.precision) ** 2)


def _fan(paths: Floats) -> Floats:
    """Return quantiles by week, shape (W + 1, 3); NaN in a week no run has a value for."""
    known = ~np.isnan(paths)
    if known.all():
        return np.asarray(np.quantile(paths, QUANTILES, axis=0).T)
    out = np.full((paths.shape[1], len(QUANTILES)), np.nan)
    for week in np.flatnonzero(known.any(axis=0)):
        out[week] = np.quantile(paths[known[:, week], week], QUANTILES)
    return out
