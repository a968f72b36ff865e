"""What runs scenarios, and what it tells on the way, as types."""

from collections.abc import Callable
from typing import Protocol

from flywheel_sim.results import Run
from flywheel_sim.scenario import Scenario

__all__ = ["Progress", "Runner"]

#: Called with what is done and what there is, both in weeks.
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
        first: int = 0,
    ) -> list[list[Run]]:
        """Run every scenario ``replicates`` times, the first of them replicate number ``first``."""
