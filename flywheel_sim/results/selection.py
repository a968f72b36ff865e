"""The best of several scenarios, as a procedure chose it and with what it promises."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from flywheel_sim.results.words import money, percent

__all__ = ["Selection"]


@dataclass(frozen=True)
class Selection:
    """What a selection procedure found among k scenarios.

    Parameters
    ----------
    method : str
        ``kim-nelson`` (a guarantee) or ``ocba`` (a fixed budget).
    best : int
        Number of the chosen scenario.
    confidence : float
        Kim-Nelson: the guaranteed probability that the chosen one is the best or within ``indifference`` of it.
        OCBA: an estimated lower bound of it.
    decided : bool
        Whether the guarantee holds; false when the limit of runs came first, and always for OCBA.
    indifference : float
        Differences in the mean up to this do not matter.
    runs : tuple of int, length k
        Runs made of each scenario.
    out_after : tuple of int, length k
        After how many runs it was ruled out; 0 = never.
    means : tuple of float, length k
        Mean over the runs made.
    first_stage : int
        Runs of each scenario before anything was decided.
    budget : int
        Runs of all scenarios that OCBA was given; 0 = not OCBA.
    """

    method: str
    best: int
    confidence: float
    decided: bool
    indifference: float
    runs: tuple[int, ...]
    out_after: tuple[int, ...]
    means: tuple[float, ...]
    first_stage: int = 0
    budget: int = 0

    @property
    def total(self) -> int:
        """Return the number of runs in all."""
        return sum(self.runs)

    def sentence(self, labels: Sequence[str]) -> str:
        """Say the choice in one sentence.

        Examples
        --------
        >>> Selection("kim-nelson", 1, 0.95, True, 5e4, (20, 30), (20, 0), (1e6, 2e6)).sentence(["A", "B"])
        'B is the best of 2, or within $50.0k of it, with a probability of at least 95 %; 50 runs.'
        """
        name, count, zone = labels[self.best], len(labels), money(self.indifference)
        if self.method == "ocba":
            within = f", or within {zone} of it," if self.indifference else ""
            return (
                f"{name} looks like the best of {count} after {self.total} runs; that it is the best{within} has an "
                f"estimated probability of at least {percent(self.confidence)}."
            )
        if not self.decided:
            return (
                f"{name} is ahead of the other {count - 1} after {self.total} runs, but the limit of runs came before "
                f"a guarantee: take a wider indifference zone than {zone}, or a higher limit."
            )
        return (
            f"{name} is the best of {count}, or within {zone} of it, with a probability of at least "
            f"{percent(self.confidence)}; {self.total} runs."
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return {**asdict(self), "total_runs": self.total}

    @classmethod
    def of(cls, saved: Mapping[str, Any]) -> "Selection":
        """Return the selection that `to_dict` wrote down."""
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in saved.items()
            if name != "total_runs"
        }
        return cls(**values)
