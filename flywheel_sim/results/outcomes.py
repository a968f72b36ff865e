"""Many runs of one or more scenarios with the same luck, boiled down to what tables, charts and reports need.

The weekly series of single runs are not kept: only their 10, 50 and 90 % quantiles by week, the summary of every run,
and the mean directions of the teams.

Longer than 500 lines: one class, whose every number is a documented property, so that a report, a table and a saved
folder take the same.
"""

import dataclasses
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.results.bonuses import bonus_sentence
from flywheel_sim.results.bridge import Bridge
from flywheel_sim.results.directions import TeamPaths, team_paths
from flywheel_sim.results.groups import Groups
from flywheel_sim.results.intervals import (
    LOST,
    bca_interval,
    holm,
    mean_interval,
    median_interval,
    paired_p,
    superiority_interval,
    variance_reduction,
)
from flywheel_sim.results.likeness import Unlike, unlike, unlike_sentence
from flywheel_sim.results.naming import command_for, labels, pack, unpack
from flywheel_sim.results.paired import Verdict, band, lasting_gain_week, verdict, wins_of_100
from flywheel_sim.results.parameter_draws import Drawn
from flywheel_sim.results.provenance import Provenance, provenance
from flywheel_sim.results.run import Run
from flywheel_sim.results.saving import finite, fitting, path_from, read_manifest, read_table, write_folder
from flywheel_sim.results.selection import Selection
from flywheel_sim.results.summary import SUMMARY
from flywheel_sim.results.swings import Swings
from flywheel_sim.results.words import money
from flywheel_sim.results.world_answer import AS_ASSUMED, WorldRuns, over_worlds
from flywheel_sim.scenario.columns import COLUMNS

if TYPE_CHECKING:
    import pandas as pd

    from flywheel_sim.scenario import Scenario

__all__ = ["DIFFERENCE", "FANS", "SCHEMA", "Outcomes"]

Floats = NDArray[np.float64]

#: Format of saved outcomes.
SCHEMA = "flywheel.saved-comparison/1"
#: Weekly columns kept as fans.
FANS = ("value", "customers", "nps_true", "nps_survey", "alignment", "customer_alignment", "profit", "new_customers",
        "referred_new", "churned", "relationship", "friction")  # fmt: skip
#: Name of the fan of cumulative value less the baseline's, run by run.
DIFFERENCE = "difference"
_FLOWS = {name for name, unit, _ in COLUMNS if unit.endswith("/week")}
QUANTILES = (0.1, 0.5, 0.9)


@dataclass(frozen=True, eq=False)
class Outcomes:
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
    drawn : Drawn, optional
        Where the runs drew parameters from.
    worlds_run : WorldRuns, optional
        Which worlds the runs are of, and what was learned over them.
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
    drawn: Drawn | None = None
    worlds_run: WorldRuns | None = None
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
        note = self.drawn.note if self.drawn else ""
        return provenance(
            hashes, self.seed, replicates=self.replicates, command=command, posterior=note, rules=self.rules
        )

    def _options(self) -> Iterator[tuple[str, Any]]:
        """Yield options of ``flywheel compare`` that make these outcomes again."""
        chosen = self.chosen
        if self.worlds_run is not None:
            yield "worlds", self.worlds_run.n
            if self.worlds_run.given:
                yield "worlds_from", self.worlds_run.source
        elif self.drawn is not None:
            yield "posterior", self.drawn.source
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

    def verdict_on(self, index: int) -> Verdict:
        """Judge scenario number ``index`` against the baseline: over worlds where runs are of worlds, else by luck."""
        found = self._verdict_of_runs(index)
        if self.worlds_run is None or not index:
            return found
        worlds, sentence, winner = over_worlds(self.worlds_run, index, self.weeks, self.labels[index], self.labels[0])
        return dataclasses.replace(found, sentence=sentence, winner=winner, worlds=worlds, evpi=self.worlds_run.evpi)

    def _verdict_of_runs(self, index: int) -> Verdict:
        return verdict(
            self.differences()[index],
            self.gain_weeks[index],
            self.fans[DIFFERENCE][index, :, 1],
            self.labels[index],
            self.labels[0],
            reduction=self.variance_reduction(index),
            p_value=float(self.p_values[index - 1]) if index else None,
            indifference=self.indifference,
            first_stage=self.first_stage,
            of="over draws of the parameters" if self.drawn else "of one set of assumptions",
        )

    def variance_reduction(self, index: int) -> float:
        """Tell how many times more runs independent seeds would need to compare scenario ``index`` with the
        baseline.
        """
        values = self.final("npv")
        return variance_reduction(values[index], values[0])

    @cached_property
    def p_values(self) -> Floats:
        """Paired t tests of no difference in net present value, adjusted by Holm; one per challenger."""
        return holm(np.array([paired_p(row) for row in self.differences()[1:]]))

    @property
    def precise(self) -> bool:
        """Whether the interval of every mean difference is as narrow as was asked."""
        return bool(self._widest() <= self.precision * (1 + 1e-9)) if self.precision else True

    def _widest(self) -> float:
        ends = [mean_interval(row, first_stage=self.first_stage) for row in self.differences()[1:]]
        return max((high - low) / 2.0 for low, high in ends)

    def _runs_for_precision(self) -> int:
        return math.ceil(self.replicates * (self._widest() / self.precision) ** 2)

    @cached_property
    def unlike(self) -> tuple[Unlike, ...]:
        """Settings of the company itself in which the scenarios differ; none where they are plans for one company."""
        return unlike(self.scenarios)

    @cached_property
    def warnings(self) -> tuple[str, ...]:
        """What a reader of the verdict should know, in sentences; that the companies differ comes first."""
        found = [said] if (said := unlike_sentence(self.unlike, self.labels)) else []
        found += dict.fromkeys(note for scenario in self.scenarios for note in scenario.notes)
        found += [note for scenario in self.scenarios if (note := scenario.target_note)]
        found += [said] if (said := bonus_sentence(self.scenarios, self.labels)) else []
        for index in range(1, len(self.scenarios)):
            worth = self.variance_reduction(index)
            if self.replicates >= 10 and worth < LOST:
                found.append(
                    f"the same luck does not help to compare {self.labels[index]} with {self.labels[0]}: its variance "
                    f"reduction is {worth:.2g}, where 1 is that of independent runs; take more runs"
                )
        if self.precision and not self.precise:
            found.append(
                f"the interval is still wider than \N{PLUS-MINUS SIGN}{money(self.precision)} after {self.replicates} "
                f"runs: {self._runs_for_precision():,} would make it narrow enough"
            )
        if (
            self.chosen is None
            and len(self.scenarios) > 2
            and self.verdict.winner is not None
            and self.verdict.p_value > 0.05
        ):
            found.append(
                f"{self.verdict.challenger} is the best of {len(self.scenarios) - 1}, and the best of several looks "
                f"better than it is: adjusted for that (Holm), p = {self.verdict.p_value:.2g}; take more runs, or "
                f"choose with a guarantee (--best)"
            )
        return tuple(found)

    @cached_property
    def best(self) -> int:
        """Index of the challenger chosen, or with the highest mean difference; 0 when there is none."""
        if len(self.scenarios) < 2:
            return 0
        if self.chosen is not None and self.chosen.best:
            return self.chosen.best
        return 1 + int(np.argmax(self.differences()[1:].mean(axis=1)))

    @cached_property
    def verdict(self) -> Verdict:
        """Judge the best challenger against the baseline.

        Raises
        ------
        ValueError
            When there is only one scenario.
        """
        if not self.best:
            raise ValueError("a verdict needs a second scenario")
        return self.verdict_on(self.best)

    @property
    def basis(self) -> str:
        """Which answer this is: over worlds, over a posterior, or as assumed."""
        if self.worlds_run is not None:
            return self.worlds_run.basis
        if self.drawn is not None:
            return f"Over draws of {self.drawn.source}, one for each run."
        return AS_ASSUMED

    @cached_property
    def worlds(self) -> "pd.DataFrame":
        """One row per challenger and world: scenario, world (number of its draw), difference (of its run), effect
        (with luck taken out), then a column for each path that is drawn, with its value.

        Raises
        ------
        ValueError
            When the comparison was made as assumed.
        """
        import pandas as pd

        if self.worlds_run is None:
            raise ValueError(
                "this comparison is of one company as assumed; compare(..., worlds=200) runs it over worlds"
            )
        runs, parts = self.worlds_run, []
        draws = pd.DataFrame(runs.draws.values, columns=list(runs.draws.paths))
        for index in range(1, len(self.scenarios)):
            head = pd.DataFrame(
                {
                    "scenario": self.labels[index],
                    "world": runs.numbers,
                    "difference": self.differences()[index],
                    "effect": runs.effects[index],
                }
            )
            parts.append(pd.concat([head, draws], axis=1))
        return pd.concat(parts, ignore_index=True)

    @cached_property
    def table(self) -> "pd.DataFrame":
        """One row per scenario, the baseline first.

        Columns: scenario, npv (median of the runs), npv_low, npv_high (80 % of the runs), difference (mean of the
        paired differences), difference_low, difference_high (80 % interval of that mean), difference_runs_low,
        difference_runs_high (80 % of the runs), wins_of_100, breakeven_week (median; infinite = never), never_share,
        deepest_dip, deepest_dip_week; difference_bca_low, difference_bca_high (bootstrap interval of the mean, from 20
        runs on), difference_median with difference_median_low and _high, superiority_low, superiority_high (interval of
        the chance of a better run, 0 to 1), variance_reduction, p_value (paired t), p_holm (adjusted for the number of
        challengers); then medians of customers_end, nps_true, churn_annual, referral_share.
        """
        import pandas as pd

        return pd.DataFrame([self._row(index) for index in range(len(self.scenarios))])

    @cached_property
    def paired(self) -> "pd.DataFrame":
        """One row per challenger and run: scenario, replicate, the difference to the baseline in every summary key,
        and the week after which the cumulative value stays above the baseline's (breakeven_week).
        """
        import pandas as pd

        start = self.provenance.replicate
        parts = []
        for index in range(1, len(self.scenarios)):
            with np.errstate(invalid="ignore"):  # never less never
                values = self.finals[index] - self.finals[0]
            columns: dict[str, Any] = {key: values[:, k] for k, key in enumerate(SUMMARY)}
            columns["breakeven_week"] = self.gain_weeks[index]
            replicate = np.arange(start, start + self.replicates)
            parts.append(pd.DataFrame({"scenario": self.labels[index], "replicate": replicate, **columns}))
        if not parts:
            return pd.DataFrame(columns=["scenario", "replicate", *SUMMARY])
        return pd.concat(parts, ignore_index=True)

    def to_dict(self) -> dict[str, Any]:
        """Return the verdict and table as values strict JSON can hold (never = null)."""
        rows = [
            self._row(index) | {"name": scenario.name, "hash": scenario.hash}
            for index, scenario in enumerate(self.scenarios)
        ]
        return {
            "verdict": finite(self.verdict.to_dict()) if self.best else None,
            "scenarios": finite(rows),
            "different_company": [{"path": one.path, "values": list(one.values)} for one in self.unlike],
            "warnings": list(self.warnings),
            "bridge": finite(self.split.to_dict()) if self.split else None,
            "swings": finite(self.swings.to_dict()) if self.swings else None,
            "groups": finite(self.groups.to_dict(self.best)) if self.groups and self.best else None,
            "chosen": finite(self.chosen.to_dict() | {"scenario": self.labels[self.chosen.best]})
            if self.chosen
            else None,
            "precision": self._asked(),
            "posterior": self.drawn.note if self.drawn and not self.worlds_run else None,
            "basis": self.basis,
            "learn_first": [dict(finite(dict(one))) for one in self.worlds_run.learn_first]
            if self.worlds_run
            else None,
            "fails_where": self.worlds_run.fails_where if self.worlds_run else None,
            "seed": self.seed,
            "replicates": self.replicates,
            "weeks": self.weeks,
        }

    def _asked(self) -> dict[str, Any] | None:
        """Return what was asked of the intervals and what came of it."""
        if not self.precision:
            return None
        return dict(finite(
            {"asked": self.precision, "reached": self.precise, "half_width": self._widest(),
             "first_stage": self.first_stage}
        ))  # fmt: skip

    def summary_of(self, index: int) -> dict[str, Any]:
        """Return the median and 80 % of the runs of every summary key of one scenario: ``summary`` and ``interval``."""
        bands = {key: band(self.final(key)[index]) for key in SUMMARY}
        summary = {key: found.middle for key, found in bands.items()}
        interval = {key: (found.low, found.high) for key, found in bands.items()}
        return {"summary": finite(summary), "interval": finite(interval) if self.replicates > 1 else None}

    def save(
        self, folder: str | os.PathLike[str], *, left: Sequence[str] = (), replace: bool = False,
        report: str | os.PathLike[str] | None = None,
    ) -> Path:  # fmt: skip
        """Write the outcomes as a folder; all of it or nothing.

        Parameters
        ----------
        folder : path
            Must not exist yet, or be empty.
        left : sequence of str
            What is still to be looked at (bridge, swings, groups), for ``flywheel resume`` to go on with.
        replace : bool
            Put them in the place of an earlier state of the same.
        report : path, optional
            Where a report of them stands that is to be written again when what is left has been looked at.

        Raises
        ------
        ResultError
            When something is already there.
        """
        count, replicates = self.finals.shape[:2]
        flat = self.finals.reshape(count * replicates, -1)
        tables: dict[str, Mapping[str, Any]] = {
            "runs": {
                "scenario": np.repeat(np.arange(count), replicates),
                "replicate": np.tile(np.arange(replicates), count),
                **{key: np.ascontiguousarray(flat[:, k]) for k, key in enumerate(SUMMARY)},
                "gain_week": self.gain_weeks.ravel(),
            }
        }
        names = list(self.fans)
        stack = np.array([self.fans[name] for name in names])
        tables["fans"] = {
            "series": np.repeat(np.array(names), count * (self.weeks + 1)),
            "scenario": np.tile(np.repeat(np.arange(count), self.weeks + 1), len(names)),
            "week": np.tile(np.arange(self.weeks + 1), len(names) * count),
            **{f"q{100 * q:.0f}": np.ascontiguousarray(stack[..., k].ravel()) for k, q in enumerate(QUANTILES)},
        }
        tables |= {f"teams-{k}": paths.columns() for k, paths in enumerate(self.teams) if paths is not None}
        tables |= self.split.tables() if self.split else {}
        tables |= self.groups.tables() if self.groups else {}
        if self.worlds_run is not None:
            tables |= self.worlds_run.tables()
        elif self.drawn is not None:
            tables["draws"] = self.drawn.used(self.replicates)
        manifest = {
            "schema": SCHEMA,
            "seed": self.seed,
            "replicates": self.replicates,
            "weeks": self.weeks,
            "scenarios": [pack(scenario) for scenario in self.scenarios],
            "verdict": finite(self.verdict.to_dict()) if self.best else None,
            "first_stage": self.first_stage,
            "precision": self.precision,
            "indifference": self.indifference,
            "chosen": self.chosen.to_dict() if self.chosen else None,
            "bridge": self.split.about() if self.split else None,
            "swings": self.swings.to_dict() if self.swings else None,
            "groups": self.groups.about() if self.groups else None,
            "posterior": {"source": self.drawn.source, "digest": self.drawn.digest}
            if self.drawn and not self.worlds_run
            else None,
            **({"worlds": finite(self.worlds_run.about())} if self.worlds_run else {}),
            "provenance": self.provenance.to_dict(),
            **({"left": list(left)} if left else {}),
            **({"report": path_from(folder, report)} if report is not None else {}),
        }
        return write_folder(folder, manifest, tables, replace=replace)

    @classmethod
    def open(cls, folder: str | os.PathLike[str]) -> Self:
        """Open outcomes from a saved folder.

        Raises
        ------
        ResultError
            When there are none, they are broken, or another version of the package wrote them.
        """
        manifest = read_manifest(folder, SCHEMA)
        runs, fans = read_table(folder, "runs"), read_table(folder, "fans")
        with fitting(folder):
            scenarios = tuple(unpack(packed) for packed in manifest["scenarios"])
            count, replicates, weeks = len(scenarios), int(manifest["replicates"]), int(manifest["weeks"])
            series = fans["series"][:: count * (weeks + 1)]
            quantiles = [fans[f"q{100 * q:.0f}"] for q in QUANTILES]
            stack = np.stack(quantiles, axis=-1).reshape(len(series), count, weeks + 1, len(QUANTILES))
            return cls(
                scenarios=scenarios,
                seed=int(manifest["seed"]),
                weeks=weeks,
                finals=np.stack([runs[key] for key in SUMMARY], axis=-1).reshape(count, replicates, -1),
                gain_weeks=runs["gain_week"].reshape(count, replicates),
                fans={str(name): stack[k] for k, name in enumerate(series)},
                teams=tuple(
                    TeamPaths.of(read_table(folder, f"teams-{k}")) if f"teams-{k}" in manifest["tables"] else None
                    for k in range(count)
                ),
                made=Provenance.of(manifest["provenance"]),
                first_stage=int(manifest.get("first_stage", 0)),
                precision=float(manifest.get("precision", 0.0)),
                indifference=float(manifest.get("indifference", 0.0)),
                chosen=Selection.of(manifest["chosen"]) if manifest.get("chosen") else None,
                split=Bridge.of(manifest["bridge"], partial(read_table, folder)) if manifest.get("bridge") else None,
                swings=Swings.of(manifest["swings"]) if manifest.get("swings") else None,
                groups=Groups.of(manifest["groups"], partial(read_table, folder)) if manifest.get("groups") else None,
                drawn=Drawn(**manifest["posterior"], table=read_table(folder, "draws"))
                if manifest.get("posterior")
                else None,
                worlds_run=WorldRuns.of(manifest["worlds"], partial(read_table, folder))
                if manifest.get("worlds")
                else None,
                rules=manifest["provenance"]["rules"],
            )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {', '.join(self.labels)}: {self.replicates} runs each, seed {self.seed}>"

    def _evidence(self, index: int) -> dict[str, float]:
        """Tell how sure the difference of a challenger is, by the names in `_EVIDENCE`."""
        difference = self.differences()[index]
        values = (
            *bca_interval(difference), float(np.median(difference)), *median_interval(difference),
            *superiority_interval(difference), self.variance_reduction(index), paired_p(difference),
            float(self.p_values[index - 1]),
        )  # fmt: skip
        return dict(zip(_EVIDENCE, values, strict=True))

    def _row(self, index: int) -> dict[str, Any]:
        npv, difference = self.final("npv")[index], self.differences()[index]
        runs, mean_of = band(npv), mean_interval(difference, first_stage=self.first_stage)
        spread = band(difference)
        row: dict[str, Any] = {
            "scenario": self.labels[index],
            "npv": runs.middle,
            "npv_low": runs.low,
            "npv_high": runs.high,
        }
        challenger = self.verdict_on(index) if index else None
        row |= {
            "difference": float(difference.mean()) if challenger else 0.0,
            "difference_low": mean_of[0] if challenger else np.nan,
            "difference_high": mean_of[1] if challenger else np.nan,
            "difference_runs_low": spread.low if challenger else np.nan,
            "difference_runs_high": spread.high if challenger else np.nan,
            "wins_of_100": wins_of_100(difference) if challenger else np.nan,
            "breakeven_week": challenger.breakeven_week if challenger else np.nan,
            "never_share": challenger.never_share if challenger else np.nan,
            "deepest_dip": challenger.deepest_dip.value if challenger else np.nan,
            "deepest_dip_week": challenger.deepest_dip.week if challenger else np.nan,
            **(self._evidence(index) if challenger else dict.fromkeys(_EVIDENCE, np.nan)),
        }
        return row | {
            key: band(self.final(key)[index]).middle
            for key in ("customers_end", "nps_true", "churn_annual", "referral_share")
        }


_EVIDENCE = (
    "difference_bca_low", "difference_bca_high", "difference_median", "difference_median_low",
    "difference_median_high", "superiority_low", "superiority_high", "variance_reduction", "p_value", "p_holm",
)  # fmt: skip


def _fan(paths: Floats) -> Floats:
    """Return quantiles by week, shape (W + 1, 3); NaN in a week no run has a value for."""
    known = ~np.isnan(paths)
    if known.all():
        return np.asarray(np.quantile(paths, QUANTILES, axis=0).T)
    out = np.full((paths.shape[1], len(QUANTILES)), np.nan)
    for week in np.flatnonzero(known.any(axis=0)):
        out[week] = np.quantile(paths[known[:, week], week], QUANTILES)
    return out
