"""Who gains and who loses: what scenarios do to each team and to each segment of customers, run by run."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["SEGMENT_MEASURES", "TEAM_MEASURES", "Groups", "Share"]

Floats = NDArray[np.float64]

#: Key -> (heading, unit, whether more is better for those concerned: 1, -1, or 0 where that is not said).
TEAM_MEASURES: Mapping[str, tuple[str, str, int]] = MappingProxyType(
    {
        "bonus": ("Bonus", "$ a head and year", 1),
        "hours": ("Hours for the work itself", "a head and week", 1),
        "overload": ("Overload", "demand above hours", -1),
        "morale": ("Morale", "0 to 1", 1),
    }
)
SEGMENT_MEASURES: Mapping[str, tuple[str, str, int]] = MappingProxyType(
    {
        "relationship": ("Relationship", "0 to 1", 1),
        "churn": ("Churn", "a year", -1),
        "customers": ("Customers", "at the end", 1),
    }
)


@dataclass(frozen=True)
class Share:
    """What one group has in the baseline and in a challenger, and the 80 % interval of the difference."""

    group: str
    before: float
    after: float
    low: float
    high: float

    @property
    def clear(self) -> bool:
        """Whether the interval of the difference leaves out 0."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True, eq=False)
class Groups:
    """Averages over the horizon, by scenario, run and team or segment.

    Parameters
    ----------
    teams, segments : tuple over scenarios of tuples of str
        Names.
    by_team, by_segment : tuple over scenarios of float64 arrays, shape (R, names, measures)
        In the order of `TEAM_MEASURES` and `SEGMENT_MEASURES`; NaN where a measure plays no part.
    every : int
        Weeks between two looks.
    """

    teams: tuple[tuple[str, ...], ...]
    segments: tuple[tuple[str, ...], ...]
    by_team: tuple[Floats, ...]
    by_segment: tuple[Floats, ...]
    every: int

    @property
    def replicates(self) -> int:
        """Number of runs of each scenario."""
        return len(self.by_team[0])

    def shares(self, measure: str, challenger: int) -> list[Share]:
        """Return a measure of every team or segment that both scenarios have; none where it plays no part in either."""
        of_teams = measure in TEAM_MEASURES
        names, values = (self.teams, self.by_team) if of_teams else (self.segments, self.by_segment)
        k = list(TEAM_MEASURES if of_teams else SEGMENT_MEASURES).index(measure)
        pairs = []
        for name in names[challenger]:
            if name in names[0]:
                before = values[0][:, names[0].index(name), k]
                after = values[challenger][:, names[challenger].index(name), k]
                if np.isfinite(before).all() and np.isfinite(after).all():
                    low, high = _interval(after - before)
                    pairs.append(Share(name, float(before.mean()), float(after.mean()), low, high))
        moves = any(share.before or share.after for share in pairs)
        return pairs if moves else []

    def to_dict(self, challenger: int) -> dict[str, Any]:
        """Return plain values of one challenger against the baseline."""

        def rows(measure: str) -> list[dict[str, Any]]:
            return [vars(share) | {"clear": share.clear} for share in self.shares(measure, challenger)]

        return {
            "replicates": self.replicates,
            "teams": {measure: rows(measure) for measure in TEAM_MEASURES},
            "segments": {measure: rows(measure) for measure in SEGMENT_MEASURES},
        }

    def about(self) -> dict[str, Any]:
        """Return what `of` needs beside the tables."""
        return {"teams": [list(n) for n in self.teams], "segments": [list(n) for n in self.segments],
                "every": self.every, "replicates": self.replicates}  # fmt: skip

    def tables(self) -> dict[str, Mapping[str, Any]]:
        """Return the numbers, as columns by table."""
        return {
            "groups-teams": _columns(self.by_team, tuple(TEAM_MEASURES)),
            "groups-segments": _columns(self.by_segment, tuple(SEGMENT_MEASURES)),
        }

    @classmethod
    def of(cls, about: Mapping[str, Any], read: Callable[[str], Mapping[str, NDArray[Any]]]) -> "Groups":
        """Put it together again from `about` and its tables."""
        teams, segments = (tuple(tuple(names) for names in about[key]) for key in ("teams", "segments"))
        runs = int(about["replicates"])
        return cls(
            teams,
            segments,
            _arrays(read("groups-teams"), teams, runs, tuple(TEAM_MEASURES)),
            _arrays(read("groups-segments"), segments, runs, tuple(SEGMENT_MEASURES)),
            int(about["every"]),
        )


def _interval(values: Floats, level: float = 0.8) -> tuple[float, float]:
    """Return the paired t interval of the mean."""
    from scipy.special import stdtrit

    runs, mean = len(values), float(values.mean())
    if runs < 2:
        return -math.inf, math.inf
    half = float(stdtrit(runs - 1, 0.5 + level / 2.0)) * float(values.std(ddof=1)) / math.sqrt(runs)
    return mean - half, mean + half


def _columns(values: Sequence[Floats], measures: tuple[str, ...]) -> dict[str, Any]:
    return {
        "scenario": np.concatenate([np.full(v.shape[0] * v.shape[1], s) for s, v in enumerate(values)]),
        "replicate": np.concatenate([np.repeat(np.arange(v.shape[0]), v.shape[1]) for v in values]),
        **{name: np.concatenate([v[:, :, k].ravel() for v in values]) for k, name in enumerate(measures)},
    }


def _arrays(
    table: Mapping[str, NDArray[Any]], names: Sequence[Sequence[str]], runs: int, measures: tuple[str, ...]
) -> tuple[Floats, ...]:
    stack = np.stack([np.asarray(table[name], np.float64) for name in measures], axis=-1)
    arrays, start = [], 0
    for each in names:
        size = runs * len(each)
        arrays.append(stack[start : start + size].reshape(runs, len(each), len(measures)))
        start += size
    return tuple(arrays)
