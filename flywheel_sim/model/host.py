"""What teams and customers need of the model that holds them."""

from typing import Any, Protocol

from flywheel_sim.scenario import Scenario

__all__ = ["Host"]


class Host(Protocol):
    """A model as its agents see it."""

    spec: Scenario
    _width: int

    @property
    def _state(self) -> Any:
        """Return the arrays of the run."""

    def last(self, column: str) -> float:
        """Return the last value of a weekly column."""

    def _pulse(self, count: int) -> None:
        """Make customers of so many prospects."""
