"""What runs with the same luck say: verdicts, tables, warnings, and the folder they are saved in."""

import dataclasses
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from flywheel_sim.results.bonuses import bonus_sentence
from flywheel_sim.results.bridge import Bridge
from flywheel_sim.results.compared_runs import DIFFERENCE, QUANTILES, ComparedRuns, Floats
from flywheel_sim.results.directions import TeamPaths
from flywheel_sim.results.groups import Groups
from flywheel_sim.results.intervals import (
    LOST,
    bca_interval,
    holm,
    mean_interval,
    median_interval,
    paired_p,
    superiority_interval,
)
from flywheel_sim.results.likeness import Unlike, unlike, unlike_sentence
from flywheel_sim.results.naming import pack, unpack
from flywheel_sim.results.paired import Verdict, band, verdict, wins_of_100
from flywheel_sim.results.provenance import Provenance
from flywheel_sim.results.ruin import ruin_sentence
from flywheel_sim.results.saving import finite, fitting, path_from, read_manifest, read_table, write_folder
from flywheel_sim.results.selection import Selection
from flywheel_sim.results.summary import SUMMARY
from flywheel_sim.results.swings import Swings
from flywheel_sim.results.words import money
from flywheel_sim.results.world_answer import AS_ASSUMED, WorldRuns, over_worlds

if TYPE_CHECKING:
    import pandas as pd


__all__ = ["SCHEMA", "Outcomes"]

#: Format of saved outcomes.
SCHEMA = "flywheel.saved-comparison/1"


@dataclass(frozen=True, eq=False)
class Outcomes(ComparedRuns):
    """What scenarios did with the same luck, and what that says of them; the first scenario is the baseline.

    What is kept of the runs are the fields of `ComparedRuns`.
    """

    def verdict_on(self, index: int) -> Verdict:
        """Judge scenario number ``index`` against the baseline: over worlds where runs are of worlds, else by luck."""
        verdict, said = self._verdict_of_runs(index), self.ruined((0, index) if index else (0,))
        sentence, winner, worlds, evpi = verdict.sentence, verdict.winner, verdict.worlds, verdict.evpi
        if self.worlds_run is not None and index:
            worlds, sentence, winner = over_worlds(
                self.worlds_run, index, self.weeks, self.labels[index], self.labels[0]
            )
            evpi = self.worlds_run.evpi
        if index and np.isfinite(self.final("ruin_week")[[0, index]]).all():
            # in every run: who is closed sooner has lost less, which is no merit of a plan
            sentence, winner = "Neither lasts, so there is nothing to choose:", None
        sentence = f"{sentence} {said}".rstrip()
        return dataclasses.replace(verdict, sentence=sentence, winner=winner, worlds=worlds, evpi=evpi)

    def ruined(self, scenarios: Sequence[int]) -> str:
        """Return in how many runs some of the scenarios failed, in a sentence; nothing where none ever did."""
        weeks = self.final("ruin_week")
        of = "runs" if self.worlds_run is None else "worlds"
        return ruin_sentence([self.labels[k] for k in scenarios], [weeks[k] for k in scenarios], of)

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
            of="over worlds" if self.worlds_run else "of one set of assumptions",
        )

    @cached_property
    def p_values(self) -> Floats:
        """Paired t tests of no difference in net present value, adjusted by Holm; one per challenger."""
        return holm(np.array([paired_p(row) for row in self.differences()[1:]]))

    @cached_property
    def unlike(self) -> tuple[Unlike, ...]:
        """Settings of the company itself in which the scenarios differ; none where they are plans for one company."""
        return unlike(self.scenarios)

    @cached_property
    def warnings(self) -> tuple[str, ...]:
        """What a reader of the verdict should know, in sentences; that the companies differ comes first."""
        sentences = [said] if (said := unlike_sentence(self.unlike, self.labels)) else []
        sentences += dict.fromkeys(note for scenario in self.scenarios for note in scenario.notes)
        sentences += [note for scenario in self.scenarios if (note := scenario.target_note)]
        sentences += [said] if (said := bonus_sentence(self.scenarios, self.labels)) else []
        for index in range(1, len(self.scenarios)):
            worth = self.variance_reduction(index)
            if self.replicates >= 10 and worth < LOST:
                sentences.append(
                    f"the same luck does not help to compare {self.labels[index]} with {self.labels[0]}: its variance "
                    f"reduction is {worth:.2g}, where 1 is that of independent runs; take more runs"
                )
        if self.precision and not self.precise:
            sentences.append(
                f"the interval is still wider than \N{PLUS-MINUS SIGN}{money(self.precision)} after {self.replicates} "
                f"runs: {self.runs_for_precision():,} would make it narrow enough"
            )
        if (
            self.chosen is None
            and len(self.scenarios) > 2
            and self.verdict.winner is not None
            and self.verdict.p_value > 0.05
        ):
            sentences.append(
                f"{self.verdict.challenger} is the best of {len(self.scenarios) - 1}, and the best of several looks "
                f"better than it is: adjusted for that (Holm), p = {self.verdict.p_value:.2g}; take more runs, or "
                f"choose with a guarantee (--best)"
            )
        return tuple(sentences)

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
        """Which answer this is: over worlds, or as assumed."""
        if self.worlds_run is not None:
            return self.worlds_run.basis
        return AS_ASSUMED

    @property
    def grounds(self) -> str:
        """Which answer this is, and where nobody asked for one as assumed, why it is, and what makes worlds."""
        return f"{self.basis} {self.no_worlds}".rstrip()

    @cached_property
    def worlds(self) -> "pd.DataFrame":
        """One row per challenger and world: scenario, world (number of its draw), difference (of its run), effect
        (with luck taken out), then a column for each path that is drawn, with its value, of a choice the option.

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
        for path, options in runs.draws.options.items():
            draws[path] = np.array(options, dtype=object)[draws[path].astype(int)]
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
            {"asked": self.precision, "reached": self.precise, "half_width": self.widest(),
             "first_stage": self.first_stage}
        ))  # fmt: skip

    def summary_of(self, index: int) -> dict[str, Any]:
        """Return the median and 80 % of the runs of every summary key of one scenario: ``summary`` and ``interval``."""
        bands = {key: band(self.final(key)[index]) for key in SUMMARY}
        summary = {key: ends.middle for key, ends in bands.items()}
        interval = {key: (ends.low, ends.high) for key, ends in bands.items()}
        return {"summary": finite(summary), "interval": finite(interval) if self.replicates > 1 else None}

    def save(
        self,
        folder: str | os.PathLike[str],
        *,
        left: Sequence[str] = (),
        replace: bool = False,
        report: str | os.PathLike[str] | None = None,
    ) -> Path:
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
            **({"worlds": finite(self.worlds_run.about())} if self.worlds_run else {}),
            **({"no_worlds": self.no_worlds} if self.no_worlds else {}),
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
            # rows of fans go by series, in each by scenario, in each by week
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
                worlds_run=WorldRuns.of(manifest["worlds"], partial(read_table, folder))
                if manifest.get("worlds")
                else None,
                no_worlds=str(manifest.get("no_worlds", "")),
                rules=manifest["provenance"]["rules"],
            )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {', '.join(self.labels)}: {self.replicates} runs each, seed {self.seed}>"

    def _evidence(self, index: int) -> dict[str, float]:
        """Tell how sure the difference of a challenger is, by the names in `_EVIDENCE`."""
        difference = self.differences()[index]
        values = (
            *bca_interval(difference),
            float(np.median(difference)),
            *median_interval(difference),
            *superiority_interval(difference),
            self.variance_reduction(index),
            paired_p(difference),
            float(self.p_values[index - 1]),
        )
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
