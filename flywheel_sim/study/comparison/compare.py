"""Compare scenarios with the same luck: run k of every scenario differs only by what the scenarios change."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.execute.ruled import NO_RULES, Rules, rules
from flywheel_sim.execute.runner import Progress, Runner
from flywheel_sim.execute.runs import Runs
from flywheel_sim.results import Outcomes, Run
from flywheel_sim.results.bridge import Bridge
from flywheel_sim.scenario import Scenario, ScenarioError, load
from flywheel_sim.scenario.arguments import several, whole
from flywheel_sim.scenario.idle import warn
from flywheel_sim.study.comparison.bridge import bridge
from flywheel_sim.study.comparison.sequential import FEWEST_FIRST, kim_nelson, ocba, runs_needed
from flywheel_sim.study.comparison.swings import swings
from flywheel_sim.study.worlds.comparing import drawn_for, once_more, one_of, over_worlds, values_of
from flywheel_sim.study.worlds.drawing import USUAL, WorldDrawing, same_worlds

__all__ = ["FIRST_STAGE", "LIMIT", "REPLICATES", "Comparison", "choose", "compare"]

#: Most runs of a scenario, unless another limit is given.
LIMIT = 1000
#: Runs of each scenario as assumed, unless told.
REPLICATES = 40
#: Fewest worlds that can be asked for.
FEWEST_WORLDS = 8
#: Runs of each scenario before `choose` rules out the first.
FIRST_STAGE = 10
#: Most runs of a scenario that swings and groups take, unless told.
FEW = 10


class Comparison(Outcomes):
    """What scenarios did with the same luck; the first one is the baseline.

    Attributes
    ----------
    table : DataFrame, one row per scenario
        Median and 80 % interval of the net present value, the paired difference to the baseline with the interval of
        its mean and of the runs, wins of 100, break-even week, deepest dip, customers and score.
    paired : DataFrame, one row per challenger and run
        Differences to the baseline in every summary key.
    verdict : Verdict
        On the best challenger against the baseline.
    warnings : tuple of str
        What a reader of the verdict should know.
    chosen : Selection or None
        What `choose` found.
    split : Bridge or None
        Where the difference comes from, in a comparison that `with_bridge` made.
    """

    def bridge(
        self,
        challenger: int | None = None,
        *,
        replicates: int | None = None,
        workers: int | None = None,
        progress: Progress | None = None,
        runner: Runner | None = None,
    ) -> Bridge:
        """Split the difference between a challenger and the baseline over the blocks in which they differ.

        Shapley value under common random numbers: in every run the parts add up to the difference.  Up to 8 blocks are
        split exactly, which takes 2 to that power scenarios; more by sampled orders.

        Parameters
        ----------
        challenger : int, optional
            Number of the scenario; default: the one the verdict is about.
        replicates : int, optional
            Runs of each combination, the first ones of this comparison; default: as many as it has.
        workers, progress, runner
            As in `compare`.

        Raises
        ------
        ScenarioError
            When there is no such challenger, or it does not differ from the baseline.
        """
        index = self.best if challenger is None else challenger
        if not 0 < index < len(self.scenarios):
            raise ScenarioError.single(
                f"expected the number of a challenger, 1 to {len(self.scenarios) - 1}, got {challenger}"
            )
        return bridge(
            self.scenarios[0],
            self.scenarios[index],
            self._runs(replicates or self.replicates, workers, progress, runner),
            names=(self.labels[0], self.labels[index]),
        )

    def with_bridge(self, **options: Any) -> "Comparison":
        """Return the same comparison with its bridge in report, JSON and saved folder; options as in `bridge`."""
        return replace(self, split=self.bridge(**options))

    def with_swings(
        self,
        *,
        replicates: int | None = None,
        workers: int | None = None,
        progress: Progress | None = None,
        runner: Runner | None = None,
        paths: Sequence[str] | None = None,
    ) -> "Comparison":
        """Return the same comparison with what one assumption at a time does to its difference, and which one flips it.

        Where runs draw parameters, all others are drawn as they were, and one that is drawn itself goes to the ends of
        the middle 90 % of its draws.

        Parameters
        ----------
        replicates : int, optional
            Runs of each scenario at each end; default: as many as there are, at most 10.
        workers, progress, runner
            As in `compare`.
        paths : sequence of str, optional
            Only these assumptions; default: every number that acts and that nobody decides, tried on a few runs first.
        """
        result = swings(
            self.scenarios[0],
            self.scenarios[self.best],
            self._runs(replicates or min(self.replicates, FEW), workers, progress, runner),
            names=(self.labels[0], self.labels[self.best]),
            paths=paths,
            drawn=self._drawing(),
            middle=self.verdict.difference,
        )
        return replace(self, swings=result)

    def with_groups(
        self, *, replicates: int | None = None, workers: int | None = None, progress: Progress | None = None
    ) -> "Comparison":
        """Return the same comparison with what it does to teams and segments; default: at most 10 runs of each
        scenario.

        Left out where runs draw parameters, or Python takes part in them.
        """
        from flywheel_sim.study.comparison.groups import groups  # loads the engine

        if self.worlds_run is not None or self.rules:
            return self
        result = groups(self.scenarios, self._runs(replicates or min(self.replicates, FEW), workers, progress))
        return replace(self, groups=result)

    def _runs(
        self, replicates: int, workers: int | None, progress: Progress | None, runner: Runner | None = None
    ) -> Runs:
        """Return how this comparison's scenarios are run again: with its luck, and its draws and rules if it has any.

        Raises
        ------
        ScenarioError
            When Python took part in its runs that is not here any more.
        """
        ruled = self.ruled or NO_RULES
        if self.rules and not ruled:
            raise ScenarioError.single(
                f"Python took part in these runs ({', '.join(self.rules)}), and a saved comparison does not hold it; "
                f"compare anew with it to look further"
            )
        return Runs(replicates, self.seed, workers, progress, runner or _runner(self._drawing(), ruled))

    def _drawing(self) -> "WorldDrawing | None":
        """Return the worlds that its runs are of.

        Raises
        ------
        ResultError
            When they are not there any more as they were.
        """
        drawn: WorldDrawing | None = self.drawn
        if drawn is None and self.worlds_run is not None:  # opened from a folder
            drawn = same_worlds(self.worlds_run.source, self.worlds_run.digest, self.scenarios[0])
        return drawn

    def report(self, path: str | os.PathLike[str]) -> Path:
        """Write the report: one HTML file that needs nothing else.

        Parameters
        ----------
        path : path
            An existing file is replaced.
        """
        from flywheel_sim.present.report import write_report

        return write_report(self, path)


def compare(
    scenarios: "Sequence[str | os.PathLike[str] | Mapping[str, Any] | Scenario]",
    replicates: int | None = None,
    seed: int = 1,
    workers: int | None = None,
    progress: Progress | None = None,
    *,
    precision: float | None = None,
    indifference: float = 0.0,
    limit: int = LIMIT,
    worlds: int | None = None,
    worlds_from: str | os.PathLike[str] | None = None,
    as_assumed: bool = False,
    early: Callable[[Comparison], None] | None = None,
    runner: Runner | None = None,
    interventions: Any = (),
    team_class: Any = None,
) -> Comparison:
    """Run scenarios against each other with the same luck and judge the result.

    Where worlds of their company are kept or shipped (`flywheel_sim.worlds`), run k of every scenario is of world k:
    what nobody knows is drawn, the same in all of them.  Elsewhere, and ``as_assumed``, all runs are of the company as
    it is stated, and the answer says so.

    Parameters
    ----------
    scenarios : sequence of names, paths, dicts or Scenarios
        The first is the baseline.
    replicates : int, optional
        Runs per scenario; default: 200 over worlds, as far as there are so many, 40 as assumed.  With ``precision``,
        runs of the first stage.
    seed : int
        Root of the luck: run k of every scenario has the key (seed, k).
    workers : int, optional
        Threads; default: every core.
    progress : callable, optional
        Called with the weeks done and the weeks there are.
    precision : float, optional
        Half-width in $ that the 80 % interval of every mean difference shall have; as many runs are added as that
        takes (two stages; see `flywheel_sim.study.comparison.sequential`), over worlds as many as there are worlds.
    indifference : float
        Differences up to so many $ do not matter: scenarios whose interval lies inside are practically equal.
    limit : int
        Most runs per scenario under ``precision``.
    worlds : int, optional
        Run over so many worlds, in the place of ``replicates``; an error where there are not as many.  What a
        calibration has left is worlds as well.
    worlds_from : path, optional
        Where the worlds are; default: beside the company's file, or shipped.
    as_assumed : bool
        Take every number as it is stated, whether or not there are worlds: the doubt is luck alone.
    early : callable, optional
        Called with the answer over the first 24 worlds, before the others are run.
    runner : callable, optional
        Runs the batch; default `flywheel_sim.execute.run.batch`.
    interventions, team_class : optional
        As for `flywheel_sim.batch`; they take part in every run of every scenario.

    Returns
    -------
    Comparison

    Raises
    ------
    ScenarioError
        For fewer than two scenarios or replicates, horizons that differ, or a precision that is no width.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> result = fs.compare(["siloed-close-rate", "relationship-flywheel"])  # doctest: +SKIP
    >>> print(result.verdict.sentence)  # doctest: +SKIP
    """
    if worlds is not None:
        one_of(worlds=worlds, precision=precision, replicates=replicates, as_assumed=as_assumed)
        replicates = whole("worlds", worlds, FEWEST_WORLDS)
    if worlds_from is not None:
        one_of(worlds_from=worlds_from, as_assumed=as_assumed)
    seed = whole("seed", seed)
    if replicates is not None and whole("replicates", replicates) < 2:
        raise ScenarioError.single(
            f"a comparison needs at least 2 replicates to tell luck from effect, got {replicates}"
        )
    _check_zone(indifference)
    first_stage = REPLICATES if replicates is None else replicates
    if precision is not None:
        if not 0 < precision < np.inf:
            raise ScenarioError.single(f"a precision is a half-width above 0, got {precision:g}", field="precision")
        if not FEWEST_FIRST <= first_stage <= limit:
            raise ScenarioError.single(
                f"with a precision, the replicates are a first stage of {FEWEST_FIRST} to {limit} (the limit), got "
                f"{first_stage}",
                field="replicates",
            )
    loaded = _comparable(scenarios)
    warn(loaded)
    ruled = rules(interventions, team_class)
    drawn, why = drawn_for(loaded, worlds, worlds_from, as_assumed, replicates)
    if drawn is not None:
        most, usual = min(limit, drawn.rows), min(USUAL, drawn.rows)
        count = min(first_stage, most) if precision is not None else replicates or usual
    else:
        most, count = limit, first_stage
    how = Runs(count, seed, workers, progress, runner or _runner(drawn, ruled))
    asked: dict[str, Any] = {"indifference": indifference, "no_worlds": why}
    if drawn is not None and precision is None:
        return over_worlds(how, loaded, drawn, lambda runs: _boiled(runs, loaded, drawn, ruled, **asked), early)
    runs = how.of(loaded, teams=True)
    if precision is not None:
        values = values_of(runs)
        needed = min(runs_needed(values[1:] - values[0], precision), most)
        if needed > count:
            more = how.of(loaded, first=count, replicates=needed - count, teams=True)
            runs = [row + added for row, added in zip(runs, more, strict=True)]
        asked |= {"first_stage": count, "precision": precision}
    comparison = _boiled(runs, loaded, drawn, ruled, **asked)
    return once_more(comparison, how, loaded, drawn) if drawn is not None else comparison


def choose(
    scenarios: "Sequence[str | os.PathLike[str] | Mapping[str, Any] | Scenario]",
    indifference: float = 0.0,
    confidence: float = 0.95,
    *,
    budget: int | None = None,
    first_stage: int = FIRST_STAGE,
    seed: int = 1,
    workers: int | None = None,
    progress: Progress | None = None,
    limit: int = LIMIT,
    worlds: int | None = None,
    worlds_from: str | os.PathLike[str] | None = None,
    as_assumed: bool = False,
    runner: Runner | None = None,
    interventions: Any = (),
    team_class: Any = None,
) -> Comparison:
    """Choose the scenario with the highest mean net present value.

    Over worlds of their company where there are any, as `compare` does: the mean is that over worlds and luck then.

    Without a budget, by Kim and Nelson's procedure: with probability ``confidence`` the chosen scenario is the best, or
    within ``indifference`` of it.  With a budget, by OCBA: the most that so many runs can tell.

    Parameters
    ----------
    scenarios : sequence of names, paths, dicts or Scenarios
        The first is the baseline of the table and the verdict; it can be chosen like the others.
    indifference : float
        Differences up to so many $ do not matter.
    confidence : float
        Probability that the choice is right.
    budget : int, optional
        Runs of all scenarios together.
    first_stage : int
        Runs of each scenario before the first is ruled out.
    limit : int
        Most runs of a scenario; over worlds, no more than there are worlds.
    worlds : int, optional
        Choose over so many worlds of their company, which are the most runs of a scenario then.
    seed, workers, progress, worlds_from, as_assumed, runner, interventions, team_class
        As in `compare`.  With worlds, the best is the one whose mean over luck and worlds is highest.

    Returns
    -------
    Comparison
        ``chosen`` holds the choice; table and verdict are on the first runs, which all scenarios have.

    Raises
    ------
    ScenarioError
        For fewer than two scenarios, horizons that differ, no indifference zone, or a budget that is too small.

    Examples
    --------
    >>> from flywheel_sim.study.comparison.compare import choose
    >>> comparison = choose(["nps-pay", "mbo-pay", "relationship-pay"], indifference=200_000)  # doctest: +SKIP
    >>> comparison.chosen.best, comparison.chosen.total  # doctest: +SKIP
    """
    seed = whole("seed", seed)
    _check_zone(indifference)
    if budget is None and not indifference:
        raise ScenarioError.single(
            "a guarantee needs an indifference zone: say up to which difference in $ it does not matter which one is "
            "chosen, or give a budget of runs",
            field="indifference",
        )
    if not 0.5 <= confidence < 1:
        raise ScenarioError.single(f"expected a confidence from 0.5 to below 1, got {confidence:g}", field="confidence")
    if not FEWEST_FIRST <= first_stage <= limit:
        raise ScenarioError.single(
            f"expected a first stage of {FEWEST_FIRST} to {limit} (the limit) runs, got {first_stage}",
            field="replicates",
        )
    loaded = _comparable(scenarios)
    warn(loaded)
    if worlds is not None:
        one_of(worlds=worlds, as_assumed=as_assumed)
        limit = min(limit, whole("worlds", worlds, max(first_stage, FEWEST_WORLDS)))
    if worlds_from is not None:
        one_of(worlds_from=worlds_from, as_assumed=as_assumed)
    least = first_stage if worlds is None else limit
    drawn, why = drawn_for(loaded, worlds, worlds_from, as_assumed, least)
    if drawn is not None:
        limit = min(limit, drawn.rows)
    ruled = rules(interventions, team_class)
    how = Runs(first_stage, seed, workers, progress, runner or _runner(drawn, ruled))
    if budget is not None and budget < first_stage * len(loaded):
        raise ScenarioError.single(
            f"a budget of {budget} runs does not pay for {first_stage} runs of {len(loaded)} scenarios", field="budget"
        )
    runs: list[list[Run]] = [[] for _ in loaded]

    def sample(systems: Sequence[int], first: int, count: int) -> NDArray[np.float64]:
        sampled = how.of([loaded[i] for i in systems], first=first, replicates=count, teams=True)
        for i, row in zip(systems, sampled, strict=True):
            runs[i] += row
        return values_of(sampled)

    if budget is None:
        chosen = kim_nelson(
            sample, len(loaded), indifference=indifference, confidence=confidence, first_stage=first_stage, limit=limit
        )
    else:
        chosen = ocba(sample, len(loaded), budget=budget, indifference=indifference, first_stage=first_stage)
    # a budget may take more runs than there are worlds, of which they are then once more
    common = min(*chosen.runs, *([drawn.rows] if drawn is not None else []))
    asked: dict[str, Any] = {"indifference": indifference, "chosen": chosen, "no_worlds": why}
    comparison = _boiled([row[:common] for row in runs], loaded, drawn, ruled, **asked)
    return once_more(comparison, how, loaded, drawn) if drawn is not None else comparison


def _boiled(
    runs: list[list[Run]], loaded: list[Scenario], drawn: WorldDrawing | None, ruled: Rules, **asked: Any
) -> Comparison:
    """Return the comparison of these runs: of the scenarios given, whatever was drawn for a run or done in it."""
    comparison = Comparison.of(runs, **asked)
    return replace(comparison, scenarios=tuple(loaded), drawn=drawn, ruled=ruled) if drawn or ruled else comparison


def _comparable(
    scenarios: "Sequence[str | os.PathLike[str] | Mapping[str, Any] | Scenario]",
) -> list[Scenario]:
    from flywheel_sim.engine.targets import with_targets

    loaded = [with_targets(load(scenario)) for scenario in several("scenarios", scenarios, 0)]
    if len(loaded) < 2:
        raise ScenarioError.single(f"a comparison needs at least two scenarios, got {len(loaded)}")
    horizons = [scenario.model.horizon_weeks for scenario in loaded]
    if len(set(horizons)) > 1:
        each = ", ".join(f"{weeks} weeks ({scenario.name})" for weeks, scenario in zip(horizons, loaded, strict=True))
        raise ScenarioError.single(
            f"the scenarios' horizons differ: {each}; give them the same with --horizon or --set horizon_weeks=..."
        )
    return loaded


def _check_zone(indifference: float) -> None:
    if not 0 <= indifference < np.inf:
        raise ScenarioError.single(f"an indifference zone is 0 or more, got {indifference:g}", field="indifference")


def _runner(drawn: WorldDrawing | None, ruled: Rules) -> Runner | None:
    """Return a runner that draws parameters, and that rules take part in; None where the usual one does."""
    from flywheel_sim.execute.run import batch

    each = None if drawn is None else drawn.each
    if not ruled:
        return None if each is None else partial(batch, each=each)
    return partial(batch, each=each, interventions=ruled.interventions, team_class=ruled.teams)
