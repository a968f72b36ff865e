"""Compare scenarios with the same luck: run k of every scenario differs only by what the scenarios change."""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from flywheel_sim.results import Outcomes, Run
from flywheel_sim.scenario import Scenario, ScenarioError, load

__all__ = ["Comparison", "Runner", "compare"]

Progress = Callable[[int, int], None]


class Runner(Protocol):
    """Whatever can run scenarios many times; outer list by scenario, inner by replicate."""

    def __call__(
        self,
        scenarios: list[Scenario],
        *,
        replicates: int,
        seed: int,
        workers: int | None,
        progress: Progress | None,
        accounts: bool,
        teams: bool,
    ) -> list[list[Run]]:
        """Run every scenario ``replicates`` times."""


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
    """

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
    replicates: int = 40,
    seed: int = 1,
    workers: int | None = None,
    progress: Progress | None = None,
    *,
    runner: Runner | None = None,
) -> Comparison:
    """Run scenarios against each other with the same luck and judge the result.

    Parameters
    ----------
    scenarios : sequence of names, paths, dicts or Scenarios
        The first is the baseline.
    replicates : int
        Runs per scenario.
    seed : int
        Root of the luck: run k of every scenario has the key (seed, k).
    workers : int, optional
        Threads; default: every core.
    progress : callable, optional
        Called with the weeks done and the weeks there are.
    runner : callable, optional
        Runs the batch; default `flywheel_sim.execute.run.batch`.

    Returns
    -------
    Comparison

    Raises
    ------
    ScenarioError
        For fewer than two scenarios or replicates, or horizons that differ.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> result = fs.compare(["siloed-close-rate", "relationship-flywheel"], replicates=40)  # doctest: +SKIP
    >>> print(result.verdict.sentence)  # doctest: +SKIP
    """
    loaded = [load(scenario) for scenario in scenarios]
    if len(loaded) < 2:
        raise ScenarioError.single(f"a comparison needs at least two scenarios, got {len(loaded)}")
    if replicates < 2:
        raise ScenarioError.single(
            f"a comparison needs at least 2 replicates to tell luck from effect, got {replicates}"
        )
    horizons = [scenario.model.horizon_weeks for scenario in loaded]
    if len(set(horizons)) > 1:
        each = ", ".join(f"{weeks} weeks ({scenario.name})" for weeks, scenario in zip(horizons, loaded, strict=True))
        raise ScenarioError.single(
            f"the scenarios' horizons differ: {each}; give them the same with --set horizon_weeks=..."
        )
    if runner is None:
        from flywheel_sim.execute.run import batch

        runner = batch
    runs = runner(
        loaded, replicates=replicates, seed=seed, workers=workers, progress=progress, accounts=False, teams=True
    )
    return Comparison.of(runs)
