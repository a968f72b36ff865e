r"""Where a difference comes from: its parts by group of mechanisms, run by run.

Shapley value
    The part of group g is what changing g brings, averaged over every order in which the groups could be changed from
    the baseline to the challenger:

    .. math:: \phi_g = \sum_{S \not\ni g} \frac{|S|! (k - |S| - 1)!}{k!} [v(S \cup g) - v(S)],

    v(S) = the outcome with the groups in S as in the challenger and the rest as in the baseline, under the same luck.
    In every run the parts add up to the difference (to rounding).  What a group brings *alone* (first) and *last*
    stands beside it: where the two differ, groups strengthen or replace one another.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.results.intervals import LEVEL

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Bridge", "Group", "Part"]

Floats = NDArray[np.float64]
_KINDS = ("part", "alone", "last")


@dataclass(frozen=True)
class Group:
    """What is changed together.

    Parameters
    ----------
    title : str
        For people.
    blocks : tuple of str
        Top-level blocks of the scenario.
    paths : tuple of str
        Values that differ in them.
    """

    title: str
    blocks: tuple[str, ...]
    paths: tuple[str, ...]


@dataclass(frozen=True)
class Part:
    """One group's part of the mean difference, its 80 % interval, and what it brings changed first and last."""

    group: str
    mean: float
    low: float
    high: float
    alone: float
    last: float


@dataclass(frozen=True, eq=False)
class Bridge:
    """The difference between two scenarios, split over G groups of blocks in R paired runs.

    Parameters
    ----------
    baseline, challenger : str
        Labels.
    groups : tuple of Group, length G
    keys : tuple of str, length K
        Summary keys that were split, ``npv`` first.
    parts, alone, last : float64 array, shape (G, R, K)
        Shapley parts; what a group brings when it is changed first, and when it is changed last.
    weekly : float64 array, shape (G, W + 1)
        Parts of the mean cumulative value by week: the same bridge at every shorter horizon.
    coalitions : int
        Scenarios that were run.
    orders : int
        Sampled orders; 0 = exact.
    order_error : float64 array, shape (G, K)
        Standard error that comes from sampling orders; 0 when exact.
    notes : tuple of str
        What was merged, and why.
    """

    baseline: str
    challenger: str
    groups: tuple[Group, ...]
    keys: tuple[str, ...]
    parts: Floats
    alone: Floats
    last: Floats
    weekly: Floats
    coalitions: int
    orders: int
    order_error: Floats
    notes: tuple[str, ...]

    @property
    def exact(self) -> bool:
        """Whether every combination was run."""
        return self.orders == 0

    def totals(self, key: str = "npv") -> Floats:
        """Return the difference the parts add up to, shape (R,)."""
        return np.asarray(self.parts[:, :, self.keys.index(key)].sum(axis=0))

    def split(self, key: str = "npv") -> list[Part]:
        """Return the parts of one summary key in the order of the groups, with 80 % intervals.

        An interval holds the spread over runs (paired t) and, where orders were sampled, the error of that.
        """
        from scipy.special import stdtrit

        k = self.keys.index(key)
        values = self.parts[:, :, k]
        runs = values.shape[1]
        luck = values.var(axis=1, ddof=1) / runs if runs > 1 else np.full(len(values), math.nan)
        half = stdtrit(max(runs - 1, 1), 0.5 + LEVEL / 2.0) * np.sqrt(luck + self.order_error[:, k] ** 2)
        return [
            Part(
                group=group.title,
                mean=float(mean),
                low=float(mean - wide),
                high=float(mean + wide),
                alone=float(self.alone[g, :, k].mean()),
                last=float(self.last[g, :, k].mean()),
            )
            for g, (group, mean, wide) in enumerate(zip(self.groups, values.mean(axis=1), half, strict=True))
        ]

    def sorted(self, key: str = "npv") -> list[Part]:
        """Return the same, the largest first."""
        return sorted(self.split(key), key=lambda part: -abs(part.mean))

    @cached_property
    def table(self) -> "pd.DataFrame":
        """One row per group, the largest first: group, blocks, mean, low, high, alone, last, share of the total."""
        import pandas as pd

        blocks = {group.title: ", ".join(group.blocks) for group in self.groups}
        total = float(self.totals().mean())
        rows = [
            asdict(part) | {"blocks": blocks[part.group], "share": part.mean / total if total else math.nan}
            for part in self.sorted()
        ]
        columns = ["group", "blocks", "mean", "low", "high", "alone", "last", "share"]
        return pd.DataFrame(rows, columns=columns)

    def to_dict(self) -> dict[str, Any]:
        """Return parts of the net present value as plain values."""
        blocks = {group.title: group for group in self.groups}
        return {
            "baseline": self.baseline,
            "challenger": self.challenger,
            "difference": float(self.totals().mean()),
            "parts": [
                {**asdict(part), "blocks": list(blocks[part.group].blocks), "paths": list(blocks[part.group].paths)}
                for part in self.sorted()
            ],
            "exact": self.exact,
            "orders": self.orders,
            "coalitions": self.coalitions,
            "replicates": int(self.parts.shape[1]),
            "notes": list(self.notes),
        }

    def about(self) -> dict[str, Any]:
        """Return what `of` needs beside the tables, as JSON values."""
        return {
            "baseline": self.baseline,
            "challenger": self.challenger,
            "groups": [asdict(group) for group in self.groups],
            "keys": list(self.keys),
            "replicates": int(self.parts.shape[1]),
            "coalitions": self.coalitions,
            "orders": self.orders,
            "notes": list(self.notes),
        }

    def tables(self) -> dict[str, Mapping[str, Any]]:
        """Return the numbers, as columns by table."""
        groups, runs = self.parts.shape[:2]
        stack = np.concatenate((self.parts, self.alone, self.last)).reshape(-1, len(self.keys))
        which = np.arange(groups)
        return {
            "bridge": {
                "kind": np.repeat(np.array(_KINDS), groups * runs),
                "group": np.tile(np.repeat(which, runs), len(_KINDS)),
                "replicate": np.tile(np.arange(runs), len(_KINDS) * groups),
                **{key: np.ascontiguousarray(stack[:, k]) for k, key in enumerate(self.keys)},
            },
            "bridge-weekly": {
                "group": np.repeat(which, self.weekly.shape[1]),
                "week": np.tile(np.arange(self.weekly.shape[1]), groups),
                "value": self.weekly.ravel(),
            },
            "bridge-orders": {
                "group": which,
                **{key: np.ascontiguousarray(self.order_error[:, k]) for k, key in enumerate(self.keys)},
            },
        }

    @classmethod
    def of(cls, about: Mapping[str, Any], read: Callable[[str], Mapping[str, NDArray[Any]]]) -> "Bridge":
        """Put a bridge together again from `about` and its tables."""
        groups = tuple(Group(one["title"], tuple(one["blocks"]), tuple(one["paths"])) for one in about["groups"])
        keys, runs = tuple(about["keys"]), int(about["replicates"])
        numbers = _columns(read("bridge"), keys).reshape(len(_KINDS), len(groups), runs, len(keys))
        return cls(
            baseline=about["baseline"],
            challenger=about["challenger"],
            groups=groups,
            keys=keys,
            parts=numbers[0],
            alone=numbers[1],
            last=numbers[2],
            weekly=read("bridge-weekly")["value"].reshape(len(groups), -1),
            coalitions=int(about["coalitions"]),
            orders=int(about["orders"]),
            order_error=_columns(read("bridge-orders"), keys),
            notes=tuple(about["notes"]),
        )

    def __repr__(self) -> str:
        how = "exact" if self.exact else f"{self.orders} orders"
        return f"<Bridge from {self.baseline} to {self.challenger}: {len(self.groups)} groups, {how}>"


def _columns(table: Mapping[str, NDArray[Any]], keys: Sequence[str]) -> Floats:
    return np.stack([table[key] for key in keys], axis=-1)
