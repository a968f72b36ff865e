"""The answer to a what-if: the pinned baseline and the scenario in hand, first with few runs, then with all.

The baseline's runs are kept, so that moving a slider runs one scenario only; run k of both has the same luck.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from flywheel_sim.app.bounds import affordable, check
from flywheel_sim.app.charts import fan_option
from flywheel_sim.app.jobs import Job
from flywheel_sim.present.tables import shown
from flywheel_sim.results import Outcomes, Run
from flywheel_sim.results.compared_runs import DIFFERENCE
from flywheel_sim.results.words import money, of_100, percent, signed_money, span, week
from flywheel_sim.scenario import Scenario

__all__ = ["SHOWN", "STAGES", "Answer", "Desk", "Tile", "second_line", "tiles"]

#: Weekly columns that are drawn.
SHOWN = ("value", "customers", DIFFERENCE, "customer_alignment")
#: Runs after which a what-if answers: while somebody drags, then better, then with all.
STAGES = (2, 8, 24)


@dataclass(frozen=True)
class Tile:
    """A number with its name and a line below."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class Answer:
    """All that a screen shows of outcomes, worked out where the runs are, so that drawing it blocks nobody.

    Parameters
    ----------
    outcomes : Outcomes
    care, sentence, more : str
        A warning above the verdict where the companies differ, the verdict, and what stands under it.
    tiles : tuple of Tile, length 4
    charts : mapping
        Column -> ECharts options; no ``difference`` where there is nothing to compare.
    """

    outcomes: Outcomes
    care: str
    sentence: str
    more: str
    tiles: tuple[Tile, ...]
    charts: Mapping[str, dict[str, Any]]

    @property
    def replicates(self) -> int:
        """Count the runs of each scenario."""
        return self.outcomes.replicates

    @classmethod
    def of(cls, outcomes: Outcomes) -> Self:
        """Return what a screen shows of outcomes."""
        alone = len(outcomes.scenarios) == 1
        charts = {name: fan_option(outcomes, name) for name in SHOWN if not (alone and name == DIFFERENCE)}
        sentence = f"{outcomes.labels[0]}: nothing changed yet." if alone else outcomes.verdict.sentence
        care = f"Take care: {outcomes.warnings[0]}." if outcomes.unlike else ""
        return cls(outcomes, care, sentence, second_line(outcomes), tiles(outcomes), charts)


class Desk:
    """What one session has in hand: the runs of its baseline, kept while the baseline stays."""

    def __init__(self, seed: int = 1) -> None:
        self.seed = seed
        self._hash = ""
        self._kept: list[Run] = []

    def stages(self, scenarios: tuple[Scenario, Scenario]) -> tuple[int, ...]:
        """Tell how many runs there are to be after each stage; fewer for large companies.

        Raises
        ------
        ScenarioError
            When the scenarios are too big for two runs.
        """
        most = affordable(scenarios, STAGES[-1])
        check(scenarios, max(most, 2))
        return tuple(dict.fromkeys(min(stage, most) for stage in STAGES))

    def answers(self, baseline: Scenario, scenario: Scenario, job: Job) -> Iterator[Answer]:
        """Yield what both came to, after every stage.

        Raises
        ------
        Cancelled, ScenarioError
        """
        theirs: list[Run] = []
        same = baseline == scenario
        for count in self.stages((baseline, scenario)):
            ours = self._baseline(baseline, count, job)
            if same:
                yield Answer.of(Outcomes.of([ours]))
                continue
            theirs += job.runs([scenario], count - len(theirs), self.seed, first=len(theirs))[0]
            yield Answer.of(Outcomes.of([ours, theirs]))

    def _baseline(self, baseline: Scenario, count: int, job: Job) -> list[Run]:
        if self._hash != baseline.hash:
            self._hash, self._kept = baseline.hash, []
        missing = count - len(self._kept)
        if missing > 0:
            self._kept += job.runs([baseline], missing, self.seed, first=len(self._kept))[0]
        kept = self._kept[:count]
        return [Run(baseline, run.arrays) for run in kept] if kept[0].scenario.title != baseline.title else kept


def tiles(outcomes: Outcomes) -> tuple[Tile, ...]:
    """Return four numbers that sum up an answer."""
    if len(outcomes.scenarios) == 1:
        row = outcomes.table.iloc[0]
        known = math.isfinite(row["churn_annual"])
        return (
            Tile(f"Value after {span(outcomes.weeks)}", money(row["npv"]), "discounted; median of the runs"),
            Tile("Customers at the end", shown("customers_end", row["customers_end"]), "median of the runs"),
            Tile(
                "Lost in a year",
                percent(row["churn_annual"]) if known else "\N{EM DASH}",
                "of the customers; median" if known else "needs 52 weeks after the warm-up",
            ),
            Tile("Won by word of mouth", percent(row["referral_share"]), "of the new customers; median"),
        )
    verdict = outcomes.verdict_on(1) if len(outcomes.scenarios) == 2 else outcomes.verdict
    low, high = verdict.interval
    dip = verdict.deepest_dip
    wins = verdict.wins_of_100
    share = f"of {outcomes.replicates} paired runs" + ("" if outcomes.replicates >= STAGES[-1] else " so far")
    return (
        Tile("Ahead", f"{of_100(wins)} %" if math.isfinite(wins) else "\N{EM DASH}", share),
        Tile(
            f"Extra value, {span(outcomes.weeks)}",
            signed_money(verdict.difference),
            f"mean; 80 % interval {signed_money(low)} to {signed_money(high)}",
        ),
        Tile("Break-even", week(verdict.breakeven_week), "ahead for good; median"),
        Tile("Largest shortfall", money(dip.value), f"week {dip.week}" if dip.value < 0 else "never behind"),
    )


def second_line(outcomes: Outcomes) -> str:
    """Return what stands under the verdict: how sure, and by how many runs."""
    runs = f"{outcomes.replicates} paired runs under the same luck"
    if len(outcomes.scenarios) == 1:
        return f"{outcomes.replicates} runs. Move something on the left: the answer compares it with this baseline."
    low, high = outcomes.verdict.interval
    return f"80 % interval of the mean {signed_money(low)} to {signed_money(high)}; {runs}."
