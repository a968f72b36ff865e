"""The accounts of a run as they stood at its end, kept as narrow as the engine has them.

Names are codes, numbers keep their width, and what follows from other columns is not kept: 22 bytes an account.  A
column becomes an array of its own, in the types that are promised, when somebody asks for it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

    from flywheel_sim.engine.run import Simulation

__all__ = [
    "CAUSES",
    "COUNTED",
    "SOURCES",
    "STATES",
    "STATE_OF",
    "VOICES",
    "VOICE_OF",
    "Accounts",
    "last_referrer",
    "last_source",
]

#: Names of the states, of what customers and former customers say, and of why a spell ended, by code.
STATES = ("prospect", "customer", "former")
VOICES = ("none", "neutral", "advocate", "detractor")
CAUSES = ("none", "voluntary", "involuntary", "removed", "ruined")
#: How a spell as a customer was won, by the engine's code of the first one: not yet, a customer from the start, by the
#: market, by word of mouth, by the timeline; every later spell is a win-back.
SOURCES = ("none", "start", "external", "word-of-mouth", "timeline", "win-back")
WIN_BACK = len(SOURCES) - 1
#: Code of the state by whether an account ever was a customer and by the engine's status, and of the voice by status: a
#: lead or a sold account is a prospect or a former customer, and a sour former customer still speaks badly.
STATE_OF: NDArray[np.uint8] = np.array([[0, 1, 1, 1, 2, 2, 0, 0], [0, 1, 1, 1, 2, 2, 2, 2]], np.uint8)
VOICE_OF: NDArray[np.uint8] = np.array([0, 1, 2, 3, 0, 3, 0, 0], np.uint8)

_COLUMNS = ("id", "segment", "state", "voice", "spells", "start_week", "end_week", "cause", "source", "referrer",
            "first_source", "first_referrer", "revenue", "cost", "profit")  # fmt: skip
_NAMED = ("segment", "state", "voice", "cause", "source", "first_source")
_WHOLE = ("spells", "start_week", "end_week", "referrer", "first_referrer")
#: Columns that are there where ``measures.per_account`` asks for them.
COUNTED = ("touches", "failures", "contacts", "hours", "bought", "relationship", "effort", "answers", "promoting",
           "detracting")  # fmt: skip
_KEPT = ("segment", "state", "voice", "cause", "first_source", "spells", "start_week", "end_week", "first_referrer",
         "revenue", "cost")  # fmt: skip


def last_source(first: Any, spells: Any) -> NDArray[np.uint8]:
    """Return the code of the source of the last spell, from that of the first one and the number of spells."""
    return np.asarray(np.where(np.asarray(spells) > 1, np.uint8(WIN_BACK), first))


def last_referrer(first: Any, spells: Any) -> NDArray[np.int32]:
    """Return referrer of the last spell, from that of the first one: nobody refers a customer that comes back."""
    return np.asarray(np.where(np.asarray(spells) > 1, np.int32(-1), first))


@dataclass(frozen=True, eq=False)
class Accounts(Mapping[str, NDArray[Any]]):
    """One row per account: a mapping from the names of columns to arrays, made when asked for.

    Parameters
    ----------
    segments : tuple of str
        Names of the segments, by code.
    kept : mapping of arrays of length N
        Codes of segment, state, voice, cause and first_source; spells, start_week, end_week, first_referrer; revenue
        and cost.
    delivering : float
        Share of its revenue that serving a customer costs and that ``kept["cost"]`` does not hold.

    Notes
    -----
    Columns are id, segment, state, voice (names), spells, start_week, end_week (-1 = not ended), cause (name); source
    (name) and referrer (the account that brought it, -1 = none, -2 = word of mouth of nobody in particular) of the last
    spell, and first_source and first_referrer of the first one; revenue, cost, profit ($): strings, int64 and float64.
    Each time one is asked for it is a new array.

    Where the scenario says ``measures.per_account: true`` there are also, as float64 and over all spells since week 0:
    touches of use and onboarding; failures, of these and of issues; contacts, issues that people handled; hours, that
    all of them took; answers to surveys, and those promoting and detracting; and of the last spell bought, the times it
    bought more, and the relationship and effort at its end.

    A spell keeps its source and referrer when it has ended, and while the account is a lead again.  Nobody refers a
    customer that comes back, so with the first spell's every spell's are known: source is ``win-back`` and referrer -1
    from the second on.  A lead that never was a customer has a referrer already, but no source before it is won.

    Examples
    --------
    >>> from flywheel_sim import run
    >>> accounts = run({"extends": "b2b-saas", "horizon_weeks": 4}).accounts
    >>> list(accounts)[:4], accounts["state"].shape, accounts["revenue"].dtype
    (['id', 'segment', 'state', 'voice'], (5000,), dtype('float64'))
    >>> accounts.nbytes / 5000
    22.0
    """

    segments: tuple[str, ...]
    kept: Mapping[str, NDArray[Any]]
    delivering: float = 0.0

    @classmethod
    def of(cls, simulation: "Simulation", q: int = 0) -> Self:
        """Return the accounts of run q of a simulation, as they stand."""
        state, r = simulation.state, simulation.state.run[q]
        rows = slice(int(r["account0"]), int(r["account0"]) + int(r["accounts"]))
        model = simulation.program.models[int(r["scenario"])]
        status, spells = state.status[rows], state.spells[rows]
        ever = spells > 0
        kept = {
            "segment": state.segment[rows].copy(),
            "state": STATE_OF[ever.view(np.uint8), status],
            "voice": VOICE_OF[status],
            "spells": spells.copy(),
            "start_week": np.where(ever, state.start[rows], np.int16(-1)),
            "end_week": state.end[rows].copy(),
            "cause": state.cause[rows].copy(),
            "first_source": state.source[rows].copy(),
            "first_referrer": state.referrer[rows].copy(),
            "revenue": state.revenue[rows].copy(),
            "cost": state.cost[rows].copy(),
        }
        if model.measures.per_account:
            from flywheel_sim.engine.state import TALLY

            own = state.tally[int(r["tally0"]) :][: int(r["accounts"])]
            kept |= {name: own[:, getattr(TALLY, name)].copy() for name in COUNTED if name in TALLY._fields}
            kept |= {name: getattr(state, name)[rows].copy() for name in ("bought", "relationship", "effort")}
        return cls(tuple(model.segments), kept, model.ledger.cost_of_revenue)

    @classmethod
    def coded(cls, segments: tuple[str, ...], columns: Mapping[str, Any]) -> Self:
        """Return the accounts behind columns as this mapping gives them, for instance of a table that was saved.

        Raises
        ------
        KeyError
            When a column is missing.
        ValueError
            When a name is none of those there are.
        """
        import pyarrow as pa
        import pyarrow.compute as pc

        table, kept = cls(segments, {}), {}
        for name in (*_KEPT, *(name for name in COUNTED if name in columns)):
            values = columns[name]
            if name not in _NAMED:
                kept[name] = np.asarray(values)
                continue
            codes = pc.index_in(pa.array(values, pa.string()), pa.array(table.names(name), pa.string()))
            if codes.null_count:
                raise ValueError(f"a {name} that nobody knows")
            kept[name] = codes.to_numpy().astype(np.uint8)
        return cls(segments, kept)

    def __len__(self) -> int:
        return len(_COLUMNS) + sum(name in self.kept for name in COUNTED)

    def __iter__(self) -> Iterator[str]:
        return iter((*_COLUMNS, *(name for name in COUNTED if name in self.kept)))

    def __getitem__(self, name: str) -> NDArray[Any]:
        if name == "id":
            return np.arange(self.count)
        if name in _NAMED:
            return np.asarray(np.array(self.names(name))[self._codes(name)])
        if name == "referrer":
            return last_referrer(self.kept["first_referrer"], self.kept["spells"]).astype(np.int64)
        if name in _WHOLE:
            return np.asarray(self.kept[name].astype(np.int64))
        if name in ("revenue", "cost", "profit"):
            return self._money(name)
        if name in COUNTED and name in self.kept:
            return np.asarray(self.kept[name], np.float64)
        raise KeyError(name)

    @property
    def count(self) -> int:
        """Number of accounts, N, in the run."""
        return len(self.kept["state"])

    @property
    def nbytes(self) -> int:
        """Bytes that the columns take up."""
        return sum(column.nbytes for column in self.kept.values())

    def names(self, column: str) -> tuple[str, ...]:
        """Return what the codes of segment, state, voice, cause or source mean."""
        known = {"segment": self.segments, "state": STATES, "voice": VOICES, "cause": CAUSES}
        return known.get(column, SOURCES)

    def _codes(self, name: str) -> NDArray[np.uint8]:
        if name == "source":
            return last_source(self.kept["first_source"], self.kept["spells"])
        return np.asarray(self.kept[name])

    def profits(self) -> NDArray[np.float64]:
        """Return the profit of everybody who ever was a customer, $."""
        return self._money("profit", np.flatnonzero(self.kept["spells"] > 0))

    def _money(self, name: str, rows: Any = slice(None)) -> NDArray[np.float64]:
        revenue: NDArray[np.float64] = self.kept["revenue"][rows].astype(np.float64)
        if name == "revenue":
            return revenue
        cost: NDArray[np.float64] = self.kept["cost"][rows].astype(np.float64)
        if self.delivering:
            cost += self.delivering * revenue
        return cost if name == "cost" else np.subtract(revenue, cost, out=revenue)

    def frame(self) -> "pd.DataFrame":
        """Return all columns as a table; names are categories."""
        import pandas as pd

        def column(name: str) -> Any:
            names: Any = list(self.names(name)) if name in _NAMED else ()
            return pd.Categorical.from_codes(self._codes(name), names) if names else self[name]

        return pd.DataFrame({name: column(name) for name in self}, copy=False)

    def stored(self) -> dict[str, Any]:
        """Return all columns as a Parquet file has them: names are text."""
        import pyarrow as pa

        def text(name: str) -> Any:
            words = pa.array(self.names(name), pa.string())
            return pa.DictionaryArray.from_arrays(pa.array(self._codes(name)), words).cast(pa.string())

        return {name: text(name) if name in _NAMED else self[name] for name in self}
