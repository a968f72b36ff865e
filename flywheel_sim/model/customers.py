"""All customers as one Mesa agent over the engine's columns."""

import numbers
from collections.abc import Iterator
from typing import Any

import mesa
import numpy as np
from numpy.typing import NDArray

from flywheel_sim.model.host import Host
from flywheel_sim.results.accounts import (
    CAUSES,
    SOURCES,
    STATE_OF,
    STATES,
    VOICE_OF,
    VOICES,
    last_referrer,
    last_source,
)
from flywheel_sim.scenario.errors import nearest

__all__ = ["Customer", "Customers"]

#: Column -> array of the engine's state; an intervention may write to these.
_OPEN = {name: name for name in ("relationship", "effort", "recent", "history", "propensity", "fit", "spend")}
#: Column -> array of the engine's state; not to be written to, other books depend on them.
_CLOSED = {
    "status": "status", "spells": "spells", "start_week": "start", "end_week": "end",
    "first_referrer": "referrer", "revenue": "revenue", "cost": "cost", "blocked_until": "blocked_until",
    "open_issues": "open",
}  # fmt: skip
_NAMED = ("segment", "state", "voice", "cause", "source", "first_source", "referrer")


class Customers(mesa.Agent):  # type: ignore[misc]
    """All accounts of the market as one agent: columns are NumPy arrays, one row per account.

    ``len(customers)`` is the number of accounts and ``customers[i]`` a read-only view of one.  The columns
    ``relationship``, ``effort``, ``recent``, ``history``, ``propensity``, ``fit`` and ``spend`` ($ a week) are the
    engine's own arrays: an intervention may write to them.  ``status``, ``spells``, ``start_week``, ``end_week``,
    ``first_referrer``, ``revenue``, ``cost``, ``blocked_until`` and ``open_issues`` are views that refuse writing;
    ``segment``, ``state``, ``voice``, ``cause``, ``source`` and ``first_source`` are names, made when asked for, and so
    is ``referrer``: source and referrer are those of the last spell, also after it has ended.

    Examples
    --------
    >>> from flywheel_sim import FlywheelModel
    >>> m = FlywheelModel({"extends": "b2b-saas", "horizon_weeks": 4}, rng=1)
    >>> m.customers
    <Customers: 5000 accounts, 200 customers>
    >>> here = m.customers.state == "customer"
    >>> int(here.sum()), float(m.customers.relationship[here].mean()) > 0
    (200, True)
    >>> m.customers[0]
    <Customer 0: prospect>
    """

    model: Host

    def __init__(self, model: Host) -> None:
        super().__init__(model)
        self._count = int(model._state.run[0]["accounts"])
        self._segments = np.array(list(model.spec.model.segments))

    def _column(self, name: str, rows: Any) -> Any:
        """Return one column, at all rows or at one."""
        state = self.model._state
        if name in _OPEN or name in _CLOSED:
            return getattr(state, _OPEN.get(name) or _CLOSED[name])[rows]
        if name == "segment":
            return self._segments[state.segment[rows]]
        if name == "cause":
            return np.array(CAUSES)[state.cause[rows]]
        if name == "first_source":
            return np.array(SOURCES)[state.source[rows]]
        if name == "source":
            return np.array(SOURCES)[last_source(state.source[rows], state.spells[rows])]
        if name == "referrer":
            return last_referrer(state.referrer[rows], state.spells[rows])
        status = state.status[rows]
        if name == "voice":
            return np.array(VOICES)[VOICE_OF[status]]
        return np.array(STATES)[STATE_OF[np.asarray(state.spells[rows] > 0).view(np.uint8), status]]

    def __getattr__(self, name: str) -> NDArray[Any]:
        if name not in _OPEN and name not in _CLOSED and name not in _NAMED:
            near = None if name.startswith("_") else nearest(name, [*_OPEN, *_CLOSED, *_NAMED])
            raise AttributeError(f"customers have no '{name}'" + (f"; did you mean '{near}'?" if near else ""))
        column: NDArray[Any] = self._column(name, slice(0, self._count))
        if name not in _OPEN:
            column = column.view()
            column.flags.writeable = False
        return column

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _OPEN:
            getattr(self, name)[...] = value
        elif name in _CLOSED or name in _NAMED:
            raise AttributeError(f"'{name}' of customers cannot be set: the engine's books depend on it")
        else:
            super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *_OPEN, *_CLOSED, *_NAMED})

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> "Customer":
        if not isinstance(index, numbers.Integral):
            raise TypeError(f"customers are numbered 0 .. {self._count - 1}, got {index!r}; for many, use a column")
        i = int(index) + (self._count if index < 0 else 0)
        if not 0 <= i < self._count:
            raise IndexError(f"there is no account {index}; accounts are numbered 0 .. {self._count - 1}")
        return Customer(self, i)

    def __iter__(self) -> Iterator["Customer"]:
        return (Customer(self, i) for i in range(self._count))

    def __bool__(self) -> bool:
        return True

    def add(self, count: int) -> None:
        """Let accounts become customers at the start of the coming week, or, if negative, take customers away.

        Who is chosen is keyed luck; the change goes into the timeline of ``model.spec``.
        """
        self.model._pulse(int(count))

    def __repr__(self) -> str:
        return f"<Customers: {self._count} accounts, {int(self.model.last('customers'))} customers>"


class Customer:
    """A read-only view of one account, as it stands now; has the columns of `Customers`."""

    __slots__ = ("_all", "id")
    _all: Customers
    id: int

    def __init__(self, customers: Customers, i: int) -> None:
        object.__setattr__(self, "_all", customers)
        object.__setattr__(self, "id", i)

    def __getattr__(self, name: str) -> Any:
        if name in _OPEN or name in _CLOSED or name in _NAMED:
            value = self._all._column(name, self.id)
            return value.item() if isinstance(value, np.generic | np.ndarray) else value
        raise AttributeError(f"a customer has no '{name}'")

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(
            f"a customer is a view to read; write to the column: model.customers.{name}[{self.id}] = ..."
        )

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *_OPEN, *_CLOSED, *_NAMED})

    def __reduce__(self) -> tuple[Any, ...]:
        return Customer, (self._all, self.id)

    def __repr__(self) -> str:
        return f"<Customer {self.id}: {self.state}>"
