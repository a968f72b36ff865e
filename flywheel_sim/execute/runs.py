"""How often, with which luck and on what scenarios are run: one value that studies hand to one another."""

from collections.abc import Sequence
from dataclasses import dataclass

from flywheel_sim.execute.runner import Progress, Runner
from flywheel_sim.results import Run
from flywheel_sim.scenario import Scenario

__all__ = ["Runs"]


@dataclass(frozen=True)
class Runs:
    """How scenarios are run for a study.

    Parameters
    ----------
    replicates : int
        Runs of each scenario.
    seed : int
        Root of the luck: run k of every scenario has the key (seed, k).
    workers : int, optional
        Threads; default: every core.
    progress : callable, optional
        Called with the weeks done and the weeks there are.
    runner : callable, optional
        Runs the batch; default `flywheel_sim.execute.run.batch`.

    Examples
    --------
    >>> from flywheel_sim.scenario import load
    >>> small = load("b2b-saas").with_({"market.accounts": 200, "horizon_weeks": 4})
    >>> [[one], [other]] = Runs(replicates=1).of([small, small.with_({"market.price": 1.1})])
    >>> one.series("customers").shape
    (4,)
    """

    replicates: int = 40
    seed: int = 1
    workers: int | None = None
    progress: Progress | None = None
    runner: Runner | None = None

    def of(
        self,
        scenarios: Sequence[Scenario],
        *,
        first: int = 0,
        replicates: int | None = None,
        progress: Progress | None = None,
        teams: bool = False,
    ) -> list[list[Run]]:
        """Run scenarios; outer list by scenario, inner by replicate.

        Parameters
        ----------
        scenarios : sequence of Scenario
        first : int
            Number of the first replicate.
        replicates, progress : optional
            Instead of those of this value.
        teams : bool
            Whether runs keep the weeks of their teams.
        """
        from flywheel_sim.execute.run import batch

        runner = self.runner or batch
        start = {"first": first} if first else {}
        return runner(
            list(scenarios),
            replicates=replicates or self.replicates,
            seed=self.seed,
            workers=self.workers,
            progress=progress or self.progress,
            accounts=False,
            teams=teams,
            **start,
        )
