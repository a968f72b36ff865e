"""Which parameters matter: indices by parameter and outcome, with intervals, and the luck apart."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.results.assumptions import plain_label
from flywheel_sim.results.saving import finite
from flywheel_sim.results.summary import outcome_label
from flywheel_sim.results.words import inside, number, percent

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CONFIDENCE", "Index", "Sensitivity", "Swing"]

Floats = NDArray[np.float64]

#: Coverage of the intervals of indices.
CONFIDENCE = 0.95


@dataclass(frozen=True, eq=False)
class Index:
    """One kind of index, with its interval.

    Parameters
    ----------
    value, low, high : float64 array, shape (P, K)
        By parameter and outcome; (P, P, K) for pairs.
    """

    value: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True)
class Swing:
    """A bar of a tornado: what an outcome is where a parameter is low, and where it is high.

    Parameters
    ----------
    parameter : str
    low, high : float
        Mean of the outcome over the lowest and over the highest fifth of the parameter's values (Sobol), or the mean
        outcome less and plus half the mean effect over the whole range (Morris).
    importance : float
        Total index (Sobol), or mu* (Morris).
    """

    parameter: str
    low: float
    high: float
    importance: float


@dataclass(frozen=True, eq=False)
class Sensitivity:
    """Indices of P parameters for K outcomes.

    Parameters
    ----------
    method : str
        ``sobol`` or ``morris``.
    parameters, outcomes : tuple of str
    rows : tuple of int, length K
        Base rows, or trajectories, that count for each outcome.
    dropped : tuple of int, length K
        Rows left out because a run in them failed or could not say.  Where too few are left, measures are NaN.
    indices : dict of Index
        Sobol: ``first``, ``total`` and, when asked for, ``second``, as shares of the variance that the parameters
        cause.  Morris: ``mu``, ``mu_star``, ``sigma``, in units of the outcome over the whole range of the parameter.
    seed_share : Index or None
        Share of the whole variance that is luck alone, shape (1, K); None where one run a point cannot tell.
    mean : float64 array, shape (K,)
        Mean of the outcomes.
    spread : float64 array, shape (K,)
        Standard deviation that the parameters cause (Sobol), or of the outcome at the trajectories' starts (Morris).
    swings : float64 array, shape (P, K, 2)
        See `Swing`.
    convergence : tuple of length K, of tuples of (int, dict)
        By outcome, the indices that rank, shape (P,), from the first n of its rows only, for growing n.
    """

    method: str
    parameters: tuple[str, ...]
    outcomes: tuple[str, ...]
    rows: tuple[int, ...]
    dropped: tuple[int, ...]
    indices: Mapping[str, Index]
    seed_share: Index | None
    mean: Floats
    spread: Floats
    swings: Floats
    convergence: tuple[tuple[tuple[int, Mapping[str, Floats]], ...], ...] = field(default=())

    @property
    def importance(self) -> Index:
        """The index that ranks parameters: total, or mu*."""
        return self.indices["total" if self.method == "sobol" else "mu_star"]

    def ranked(self, outcome: str) -> list[int]:
        """Return numbers of the parameters, the most important first."""
        values = self.importance.value[:, self.outcomes.index(outcome)]
        return sorted(range(len(self.parameters)), key=lambda p: -values[p] if math.isfinite(values[p]) else math.inf)

    def tornado(self, outcome: str) -> list[Swing]:
        """Return bars of the tornado, the most important first."""
        k = self.outcomes.index(outcome)
        return [
            Swing(
                self.parameters[p],
                float(self.swings[p, k, 0]),
                float(self.swings[p, k, 1]),
                float(self.importance.value[p, k]),
            )
            for p in self.ranked(outcome)
        ]

    @property
    def foremost(self) -> str:
        """The outcome to show first: the difference of two scenarios, where there is one; one that can be measured."""
        known = [name for name in self.outcomes if self.tells(name)] or list(self.outcomes)
        return next((name for name in known if name.endswith("(difference)")), known[0])

    def tells(self, outcome: str) -> bool:
        """Tell whether enough rows have a value of an outcome to measure anything."""
        return bool(np.isfinite(self.mean[self.outcomes.index(outcome)]))

    def sentence(self, outcome: str) -> str:
        """Return the ranking of one outcome in words."""
        k, called = self.outcomes.index(outcome), outcome_label(outcome)
        order = self.ranked(outcome)
        values = self.importance.value[:, k]
        what = "total index" if self.method == "sobol" else "mean size of effect"
        if not self.tells(outcome):
            laid = self.rows[k] + self.dropped[k]
            return f"{called}: too few rows can say what it is ({self.rows[k]} of {laid})."
        if not (values > 0).any():
            return f"{called}: no parameter moves it."
        some = [p for p in order if values[p] > 0][:3]
        said = ", ".join(f"{inside(plain_label(self.parameters[p]))} ({number(float(values[p]), 2)})" for p in some)
        text = f"{called} is moved most by {said} ({what}; {self.rows[k]} rows"
        text += f", {self.dropped[k]} left out" if self.dropped[k] else ""
        if self.seed_share is not None:
            text += f"; luck alone is {percent(float(np.clip(self.seed_share.value[0, k], 0.0, 1.0)))} of the variance"
        return text + ")."

    def settling(self, outcome: str) -> str:
        """Return what the indices that rank come to with more and more rows, in words: whether there are enough."""
        k, name = self.outcomes.index(outcome), "total" if self.method == "sobol" else "mu_star"
        steps = [(n, by[name]) for n, by in self.convergence[k] if np.isfinite(by[name]).all()]
        if len(steps) < 2:
            return "cannot tell whether there are enough rows"
        said = []
        for p in self.ranked(outcome)[:3]:
            figures = ", ".join(number(round(float(values[p]), 3), 2) for _, values in steps)
            said.append(f"{inside(plain_label(self.parameters[p]))} {figures}")
        title = "total index" if self.method == "sobol" else "mu*"
        return f"{title} from the first {', '.join(str(n) for n, _ in steps)} rows: {'; '.join(said)}"

    @cached_property
    def table(self) -> "pd.DataFrame":
        """One row per outcome and parameter: every index with its interval, and the swing."""
        import pandas as pd

        rows = []
        for k, outcome in enumerate(self.outcomes):
            for p in self.ranked(outcome):
                row: dict[str, Any] = {"outcome": outcome, "parameter": self.parameters[p]}
                for name, index in self.indices.items():
                    if index.value.ndim == 2:
                        row |= {
                            name: index.value[p, k],
                            f"{name}_low": index.low[p, k],
                            f"{name}_high": index.high[p, k],
                        }
                row |= {"at_low": self.swings[p, k, 0], "at_high": self.swings[p, k, 1]}
                rows.append(row)
        return pd.DataFrame(rows)

    @cached_property
    def pairs(self) -> "pd.DataFrame":
        """One row per outcome and pair of parameters: the second-order index; empty when it was not asked for."""
        import pandas as pd

        columns = ["outcome", "first", "second", "index", "low", "high"]
        if "second" not in self.indices:
            return pd.DataFrame(columns=columns)
        both, names = self.indices["second"], self.parameters
        rows = [
            (outcome, names[i], names[j], both.value[i, j, k], both.low[i, j, k], both.high[i, j, k])
            for k, outcome in enumerate(self.outcomes)
            for i in range(len(names))
            for j in range(i + 1, len(names))
        ]
        return pd.DataFrame(rows, columns=columns)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as values strict JSON can hold."""
        by_outcome: dict[str, Any] = {}
        for k, outcome in enumerate(self.outcomes):
            share = self.seed_share
            by_outcome[outcome] = {
                "rows": self.rows[k],
                "dropped": self.dropped[k],
                "mean": self.mean[k],
                "spread": self.spread[k],
                "seed_share": None if share is None else [share.value[0, k], share.low[0, k], share.high[0, k]],
                "parameters": self.table[self.table["outcome"] == outcome].drop(columns="outcome").to_dict("records"),
                "pairs": self.pairs[self.pairs["outcome"] == outcome].drop(columns="outcome").to_dict("records"),
                "convergence": [{"rows": n, **self._named(by)} for n, by in self.convergence[k]],
            }
        return dict(finite({"method": self.method, "outcomes": by_outcome}))

    def _named(self, by: Mapping[str, Floats]) -> dict[str, dict[str, float]]:
        return {name: dict(zip(self.parameters, values.tolist(), strict=True)) for name, values in by.items()}

    def __repr__(self) -> str:
        return (
            f"<Sensitivity ({self.method}) of {len(self.outcomes)} outcomes to {len(self.parameters)} parameters, "
            f"{_between(self.rows)} rows>"
        )


def _between(counts: tuple[int, ...]) -> str:
    return f"{counts[0]}" if len(set(counts)) == 1 else f"{min(counts)} to {max(counts)}"
