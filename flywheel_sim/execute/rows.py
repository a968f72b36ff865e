"""What runs leave in a store: the names of their numbers, and the rows themselves."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.results.summary import SUMMARY
from flywheel_sim.scenario.columns import COL, NAMES
from flywheel_sim.scenario.errors import nearest

__all__ = ["DEFAULT_OUTCOMES", "OF_ACCOUNTS", "Rows", "beyond", "last_week", "measure", "unknown_outcome"]

#: Outcomes that need a row per account, which costs time.
OF_ACCOUNTS = ("loss_making_share", "whale_peak")
#: What is kept of a run when nothing else is asked for.
DEFAULT_OUTCOMES = tuple(name for name in SUMMARY if name not in OF_ACCOUNTS)
#: Ways to make one number of a weekly column: ``customers.end``.
WAYS = ("end", "mean", "sum", "min", "max")
#: And of one week, or of all weeks up to one: ``customers.at26``, ``revenue.to26``.
_WEEK = re.compile(r"(at|to)([1-9]\d{0,3})")


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of finished runs.

    Parameters
    ----------
    run : int64 array, shape (n,)
        Numbers of the runs in the design.
    outcomes : float64 array, shape (n, outcomes)
        NaN where a run failed or cannot say.
    errors : tuple of n texts
        Why a run failed; None where it did not.
    series_run, week : int64 arrays, shape (m,)
    series : float64 array, shape (m, columns)
        Weekly columns of the runs that did not fail.
    seconds : float
        What they took.
    """

    run: NDArray[np.int64]
    outcomes: NDArray[np.float64]
    errors: tuple[str | None, ...]
    series_run: NDArray[np.int64]
    week: NDArray[np.int64]
    series: NDArray[np.float64]
    seconds: float = 0.0

    def __len__(self) -> int:
        return len(self.run)

    @property
    def failed(self) -> int:
        """Return the number of failed runs."""
        return sum(error is not None for error in self.errors)

    @classmethod
    def lost(cls, runs: Sequence[int], why: str, outcomes: int, columns: int) -> "Rows":
        """Return rows of runs that left nothing but a reason."""
        none = np.zeros(0, np.int64)
        nothing = np.full((len(runs), outcomes), np.nan)
        return cls(np.array(runs, np.int64), nothing, (why,) * len(runs), none, none, np.zeros((0, columns)))

    def repeated(self, pairs: Sequence[tuple[int, int]]) -> "Rows":
        """Return these rows, and rows of some runs again under another number.

        Parameters
        ----------
        pairs : sequence of (int, int)
            Number of a run that is here, and the number its rows stand under as well.

        Examples
        --------
        >>> Rows.lost([3], "no memory", 1, 0).repeated([(3, 5)]).run.tolist()
        [3, 5]
        """
        at = {run: k for k, run in enumerate(self.run.tolist())}
        which = [at[run] for run, _ in pairs]
        weeks = [np.flatnonzero(self.series_run == run) for run, _ in pairs]
        some = np.concatenate(weeks)
        copies = Rows(
            np.array([copy for _, copy in pairs], np.int64), self.outcomes[which], tuple(self.errors[k] for k in which),
            np.repeat([copy for _, copy in pairs], [len(one) for one in weeks]), self.week[some], self.series[some],
        )  # fmt: skip
        return Rows.joined([self, copies])

    @classmethod
    def joined(cls, parts: Iterable["Rows"]) -> "Rows":
        """Join several sets of rows into one."""
        parts = list(parts)
        together = [
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("run", "outcomes", "series_run", "week", "series")
        ]
        errors = tuple(error for part in parts for error in part.errors)
        run, outcomes, series_run, week, series = together
        return cls(run, outcomes, errors, series_run, week, series, sum(part.seconds for part in parts))


def unknown_outcome(name: str) -> tuple[str, str | None] | None:
    """Return what is wrong with the name of an outcome, and the nearest one that exists; None when it is fine.

    Examples
    --------
    >>> unknown_outcome("npv"), unknown_outcome("customers.end"), unknown_outcome("custmers.end")
    (None, None, ("unknown column 'custmers'", 'customers.end'))
    >>> unknown_outcome("customers.at26"), unknown_outcome("revenue.to52")
    (None, None)
    >>> unknown_outcome("nvp")
    ("unknown outcome 'nvp'", 'npv')
    """
    if name in SUMMARY:
        return None
    column, dot, way = name.rpartition(".")
    if not dot:
        return f"unknown outcome '{name}'", nearest(name, [*SUMMARY, *(f"{column}.end" for column in NAMES)])
    if way not in WAYS and not _WEEK.fullmatch(way):
        return (
            f"expected a weekly column with .{', .'.join(WAYS)}, or .at26 (week 26) or .to26 (the weeks up to it), "
            f"got '{name}'",
            f"{column}.{nearest(way, WAYS) or WAYS[0]}",
        )
    if column not in NAMES:
        near = nearest(column, NAMES)
        return f"unknown column '{column}'", f"{near}.{way}" if near else None
    return None


def last_week(name: str) -> int:
    """Return the week of the run that an outcome looks at, 0 where it takes whatever weeks there are.

    Examples
    --------
    >>> last_week("customers.at26"), last_week("revenue.to52"), last_week("npv")
    (26, 52, 0)
    """
    found = _WEEK.fullmatch(name.rpartition(".")[2])
    return int(found[2]) if found and name not in SUMMARY else 0


def beyond(name: str, weeks: float) -> tuple[str, str] | None:
    """Return what is wrong with an outcome that looks at a week which runs of so many weeks do not reach; None if it is
    fine.

    Examples
    --------
    >>> beyond("customers.at26", 20)
    ("'customers.at26' looks at week 26, and there are runs of 20 weeks", 'customers.at20')
    """
    if last_week(name) <= weeks:
        return None
    message = f"'{name}' looks at week {last_week(name)}, and there are runs of {weeks:g} weeks"
    column, _, way = name.rpartition(".")
    return message, f"{column}.{way[:2]}{weeks:g}"


def measure(names: Sequence[str], summary: Mapping[str, float], weekly: NDArray[np.float64]) -> NDArray[np.float64]:
    """Measure the outcomes of one run.

    Parameters
    ----------
    names : outcomes that `unknown_outcome` finds nothing wrong with.
    summary : the run's summary.
    weekly : float64 array, shape (W, n_columns)

    Returns
    -------
    float64 array, shape (names,)
        NaN for a week that the run does not reach.
    """
    found = np.empty(len(names))
    for position, name in enumerate(names):
        if name in SUMMARY:
            found[position] = summary[name]
        else:
            column, _, way = name.rpartition(".")
            values = weekly[:, getattr(COL, column)]
            if week := _WEEK.fullmatch(way):
                until = int(week[2])
                value = values[until - 1 : until] if week[1] == "at" else values[:until]
                found[position] = value.sum() if until <= len(values) else np.nan
            else:
                found[position] = values[-1] if way == "end" else getattr(np, way)(values)
    return found
