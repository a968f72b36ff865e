"""Where a plan loses: the region of worlds that stands out, in words that need no model to be understood."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flywheel_sim.results.words import inside, number

__all__ = ["FailsWhere"]

#: Units that a number is better off without: the words of the setting say it already.
_NO_UNIT = ("", "share", "ratio", "probability", "chance", "count", "number")


@dataclass(frozen=True)
class FailsWhere:
    """Worlds in which a plan loses.

    Parameters
    ----------
    worlds, losing : int
        Worlds that there are, and those in which the plan is worth less.
    limits : mapping of str to (low, high)
        The region: path -> ends, None where there is none, or options of a choice; empty when no region stands out.
    labels, units : mapping of str to str
        Plain words and unit for each path of the region.
    inside, losing_inside, outside, losing_outside : int
        Worlds in the region and outside, and those of them in which the plan loses, among the worlds that were not used
        to choose what to look at.
    looked : bool
        Whether there were enough worlds to look for a region.

    Examples
    --------
    >>> print(FailsWhere(200, 0).sentence)
    It loses in none of the 200 worlds.
    >>> limits, labels = {"m.reach": (None, 0.2)}, {"m.reach": "How far a meeting reaches."}
    >>> print(FailsWhere(200, 40, limits, labels, {}, 30, 24, 103, 3).sentence)
    It loses mostly where how far a meeting reaches is at most 0.2: in 24 of 30 such worlds, but in 3 of the 103 others.
    >>> FailsWhere(200, 40, {"m.shape": ("ring", "blocks")}, {"m.shape": "Who talks to whom"}).side("m.shape")
    'who talks to whom is ring or blocks'
    """

    worlds: int
    losing: int
    limits: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    inside: int = 0
    losing_inside: int = 0
    outside: int = 0
    losing_outside: int = 0
    looked: bool = True

    @property
    def sentence(self) -> str:
        """Where the plan loses, in words; honest where nothing stands out."""
        if not self.losing:
            return f"It loses in none of the {self.worlds} worlds."
        if self.losing == self.worlds:
            return f"It loses in every one of the {self.worlds} worlds."
        if self.limits:
            where = " and ".join(self.side(path) for path in self.limits)
            rest = f"in {self.losing_outside or 'none'} of the {self.outside} others"
            mostly = "mostly " if self.losing_outside else ""
            return f"It loses {mostly}where {where}: in {self.losing_inside} of {self.inside} such worlds, but {rest}."
        if not self.looked:
            return f"It loses in {self.losing} of {self.worlds} worlds: too few to tell which worlds those are."
        return (
            f"It loses in {self.losing} of {self.worlds} worlds, and no region of them stands out beyond chance: which "
            f"ones they are hangs on much at once."
        )

    def side(self, path: str) -> str:
        """Return one side of the region in words."""
        ends = self.limits[path]
        if any(isinstance(end, str) for end in ends):
            return f"{inside(self.labels.get(path, path))} is {' or '.join(ends)}"
        low, high = ends
        name, unit = inside(self.labels.get(path, path)), self.units.get(path, "")
        unit = "" if unit in _NO_UNIT else f" {unit}"
        if low is None:
            return f"{name} is at most {number(high)}{unit}"
        if high is None:
            return f"{name} is at least {number(low)}{unit}"
        return f"{name} is between {number(low)} and {number(high)}{unit}"

    def to_dict(self) -> dict[str, Any]:
        """Return everything as values strict JSON can hold."""
        return {**vars(self), "limits": {path: list(ends) for path, ends in self.limits.items()},
                "labels": dict(self.labels), "units": dict(self.units)}  # fmt: skip

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "FailsWhere":
        """Read what `to_dict` has written."""
        return cls(**{**values, "limits": {path: tuple(ends) for path, ends in values["limits"].items()}})
