"""Rows that finished runs leave in a store."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.results.units import in_units

__all__ = ["Rows"]


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

    def table(self, ids: Sequence[str], outcomes: Sequence[str]) -> Any:
        """Return the commit record of runs with these names, as a pyarrow table."""
        import pyarrow as pa

        head = {
            "run": pa.array(self.run),
            "run_id": pa.array(ids, pa.string()),
            "error": pa.array(self.errors, pa.string()),
        }
        return in_units(pa.table(head | {name: pa.array(self.outcomes[:, k]) for k, name in enumerate(outcomes)}))

    def series_table(self, columns: Sequence[str]) -> Any:
        """Return the weekly columns as a pyarrow table."""
        import pyarrow as pa

        head = {"run": pa.array(self.series_run), "week": pa.array(self.week, pa.int32())}
        return in_units(pa.table(head | {name: pa.array(self.series[:, k]) for k, name in enumerate(columns)}))

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
            run=np.array([copy for _, copy in pairs], np.int64),
            outcomes=self.outcomes[which],
            errors=tuple(self.errors[k] for k in which),
            series_run=np.repeat([copy for _, copy in pairs], [len(week) for week in weeks]),
            week=self.week[some],
            series=self.series[some],
        )
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
