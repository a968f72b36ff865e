"""The simulation as a Mesa model: to step by hand, to look into, and to interfere with.

:class:`FlywheelModel` wraps one run of the engine.  Stepping it week by week gives the same bits as
:func:`flywheel_sim.run`.  Between weeks it calls, in this order,

1. every intervention's ``step(model)``, which may change the future by `FlywheelModel.set` or `Customers.add`,
2. every team's `Team.decide`, which may pull the team somewhere for the coming week,
3. the engine, for one week,
4. every analyzer's ``step(model)``,
5. the data collector.

Luck comes from the engine, keyed by ``rng``; Mesa's own generators are never drawn from, so a hook that does nothing
changes no bit.  What a change makes of the future is written into the timeline of `FlywheelModel.spec`, so that
``fs.run(model.spec, seed=rng)`` is the same run, and can be told from there.
"""

import copy
import numbers
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol, Self

import mesa
import numpy as np
from numpy.typing import ArrayLike, NDArray

from flywheel_sim.engine.lower import active_changes, model_at_week
from flywheel_sim.engine.run import Simulation
from flywheel_sim.engine.saving import copied, load_simulation, redirect, save_simulation
from flywheel_sim.engine.state import CAUSES, LEAD
from flywheel_sim.results import Run
from flywheel_sim.results.naming import leaves, pack, unpack
from flywheel_sim.scenario import Scenario, load
from flywheel_sim.scenario.blocks.m25_timeline import Change
from flywheel_sim.scenario.columns import COL, NAMES
from flywheel_sim.scenario.errors import nearest
from flywheel_sim.scenario.scenario import WORDS
from flywheel_sim.scenario.schema import ScenarioModel

__all__ = ["Customer", "Customers", "FlywheelModel", "Hook", "Team", "Teams"]

Floats = NDArray[np.float64]


class Hook(Protocol):
    """An intervention or an analyzer: anything with a ``step(model)``."""

    def step(self, model: Any) -> object:
        """Look at the model, or change what comes."""


# --- teams ------------------------------------------------------------------------------------------------------------


class Team(mesa.Agent):  # type: ignore[misc]
    """A team of the company: where it looks, how strong it is, and, in a subclass, how it decides.

    Attributes
    ----------
    name : str
        Its name in the scenario.

    Examples
    --------
    >>> from flywheel_sim import FlywheelModel
    >>> from flywheel_sim.model import Team
    >>> class Listens(Team):
    ...     def decide(self):
    ...         return 4.0 * self.model.need
    >>> m = FlywheelModel({"extends": "b2b-saas", "horizon_weeks": 26}, rng=1, team_class={"sales": Listens})
    >>> m.run_model()
    >>> plain = FlywheelModel({"extends": "b2b-saas", "horizon_weeks": 26}, rng=1)
    >>> plain.run_model()
    >>> bool(m.teams["sales"].direction @ m.need > plain.teams["sales"].direction @ plain.need)
    True
    """

    def __init__(self, model: "FlywheelModel", name: str) -> None:
        super().__init__(model)
        self.name = name
        self._index = tuple(model.spec.model.teams).index(name)
        self._given = frozenset(vars(self)) | {"_given"}

    def decide(self) -> ArrayLike | None:
        """Pull for the coming week, in units of the diffusion D, one number per axis; None = the engine's own.

        The pull takes the place of craft, pay, leadership and experience map; the static field of the scenario, the
        coupling to other teams and noise stay.
        """
        return None

    @property
    def direction(self) -> Floats:
        """Where the team looks: a unit vector over the scenario's axes (a copy)."""
        return np.array(self.model._state.direction[self._index, : self.model._width])

    @property
    def belief(self) -> Floats:
        """The team's experience map: the need as it sees it (a copy)."""
        return np.array(self.model._state.belief[self._index, : self.model._width])

    @property
    def magnitude(self) -> float:
        """Strength per head; 1 = all hours reach the work, at reference skill and effort."""
        return float(self.model._state.magnitude[self._index])

    @property
    def headcount(self) -> float:
        """Heads in office."""
        return float(self.model._state.heads[self._index])

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"


class Teams(tuple[Team, ...]):
    """The teams in the order of the scenario; also found by name."""

    __slots__ = ()

    def __getitem__(self, key: Any) -> Any:
        if not isinstance(key, str):
            return super().__getitem__(key)
        for team in self:
            if team.name == key:
                return team
        near = nearest(key, [team.name for team in self])
        raise KeyError(f"there is no team '{key}'" + (f"; did you mean '{near}'?" if near else ""))


# --- customers --------------------------------------------------------------------------------------------------------

_LIFE = np.array(["prospect", "customer", "customer", "customer", "former", "former", "prospect", "prospect"])
_VOICE = np.array(["none", "neutral", "advocate", "detractor", "none", "detractor", "none", "none"])
#: Column -> array of the engine's state; an intervention may write to these.
_OPEN = {name: name for name in ("relationship", "effort", "recent", "history", "propensity", "fit", "spend")}
#: Column -> array of the engine's state; not to be written to, other books depend on them.
_CLOSED = {
    "status": "status", "spells": "spells", "start_week": "start", "end_week": "end", "referrer": "referrer",
    "revenue": "revenue", "cost": "cost", "blocked_until": "blocked_until", "open_issues": "open",
}  # fmt: skip
_NAMED = ("segment", "state", "voice", "cause")


class Customers(mesa.Agent):  # type: ignore[misc]
    """All accounts of the market as one agent: columns are NumPy arrays, one row per account.

    ``len(customers)`` is the number of accounts and ``customers[i]`` a read-only view of one.  The columns
    ``relationship``, ``effort``, ``recent``, ``history``, ``propensity``, ``fit`` and ``spend`` ($ a week) are the
    engine's own arrays: an intervention may write to them.  ``status``, ``spells``, ``start_week``, ``end_week``,
    ``referrer``, ``revenue``, ``cost``, ``blocked_until`` and ``open_issues`` are views that refuse writing;
    ``segment``, ``state``, ``voice`` and ``cause`` are names, made when asked for.

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

    model: "FlywheelModel"

    def __init__(self, model: "FlywheelModel") -> None:
        super().__init__(model)
        self._count = int(model._state.run[0]["accounts"])
        self._segments = np.array(list(model.spec.model.segments))

    def _column(self, name: str, rows: Any) -> Any:
        """One column, at all rows or at one."""
        state = self.model._state
        if name in _OPEN or name in _CLOSED:
            return getattr(state, _OPEN.get(name) or _CLOSED[name])[rows]
        if name == "segment":
            return self._segments[state.segment[rows]]
        if name == "cause":
            return np.array(CAUSES)[state.cause[rows]]
        status = state.status[rows]
        if name == "voice":
            return _VOICE[status]
        return np.where((status >= LEAD) & (state.spells[rows] > 0), "former", _LIFE[status])

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

    def __repr__(self) -> str:
        return f"<Customer {self.id}: {self.state}>"


# --- the model --------------------------------------------------------------------------------------------------------


class FlywheelModel(mesa.Model):  # type: ignore[misc]
    """One run of a scenario, a week at a time.

    Parameters
    ----------
    spec : Scenario, name, path or mapping
        What :func:`flywheel_sim.load` takes.
    rng : int, optional
        Key of the run's luck, in 0 .. 2^32 - 1; equal to ``run(seed=rng)``.  Without one the run has key 1: nothing
        here is random by accident.
    seed : int, optional
        The same; Mesa's ``batch_run`` hands luck over under this name.
    replicate : int
        Number of the run under that key.
    team_class : type of Team, or mapping from a team's name to one
        Teams that decide for themselves.
    interventions, analyzers : objects with ``step(model)``
        Called every week before and after the engine's tick, in order.
    workers : int
        Threads for a run of 100 000 accounts or more; the result does not depend on it.

    Attributes
    ----------
    spec : Scenario
        What is simulated, with all changes made on the way in its timeline.
    teams : Teams
        One :class:`Team` each, by number or by name.
    customers : Customers
        All accounts.
    datacollector : mesa.DataCollector
        Model variables are ``week`` and the weekly columns, a row per week; the same as ``results().weekly``.
    running : bool
        False once the horizon is reached.

    Notes
    -----
    ``mesa.batch_run`` sets ``rng`` by an entry of its parameters, on every version of Mesa:
    ``batch_run(FlywheelModel, {"spec": ["b2b-saas"], "rng": range(5)})``.  A dict as ``spec`` must stand in a list
    there, or Mesa takes it for a list of its keys.

    Examples
    --------
    >>> from flywheel_sim import FlywheelModel
    >>> m = FlywheelModel({"extends": "b2b-saas", "horizon_weeks": 8}, rng=1)
    >>> m.step()
    >>> m.week, m.running, [team.name for team in m.teams][:2]
    (1, True, ['marketing', 'sales'])
    >>> other = m.fork({"market.external": 0.01})
    >>> m.run_model(); other.run_model()
    >>> bool(other.last("leads") > m.last("leads"))
    True
    """

    def __init__(
        self,
        spec: Scenario | str | os.PathLike[str] | Mapping[str, Any] = "b2b-saas",
        rng: int | None = None,
        *,
        seed: int | None = None,
        replicate: int = 0,
        team_class: type[Team] | Mapping[str, type[Team]] = Team,
        interventions: Iterable[Hook] = (),
        analyzers: Iterable[Hook] = (),
        workers: int = 1,
    ) -> None:
        loaded = load(spec)
        key = _key(rng, seed)
        simulation = Simulation([loaded.model], [(0, key, replicate)])
        self._start(loaded, simulation, team_class, interventions, analyzers, workers)

    def _start(
        self,
        spec: Scenario,
        simulation: Simulation,
        team_class: type[Team] | Mapping[str, type[Team]],
        interventions: Iterable[Hook],
        analyzers: Iterable[Hook],
        workers: int,
    ) -> None:
        """Set up the Mesa side around a simulation that stands at any week."""
        super().__init__(rng=int(simulation.state.run[0]["seed"]))
        self.spec = spec
        self._simulation = simulation
        self._width = len(spec.model.axes)
        self._workers = max(1, int(workers))
        self._stopped = ""
        self._plain: Scenario | None = None
        self.interventions = _hooks("interventions", interventions)
        self.analyzers = _hooks("analyzers", analyzers)
        self._team_class = team_class
        self.teams = Teams(kind(self, name) for name, kind in _team_classes(spec.model, team_class).items())
        self.customers = Customers(self)
        reporters: dict[str, Callable[[FlywheelModel], float]] = {"week": lambda model: model.week}
        self.datacollector = mesa.DataCollector(model_reporters=reporters | {name: _reporter(name) for name in NAMES})
        past, w0 = self.datacollector.model_vars, int(self._state.run[0]["week0"])
        past["week"].extend(range(1, self.week + 1))
        for name, values in zip(NAMES, self._state.weekly[w0 : w0 + self.week].T, strict=True):
            past[name].extend(values.tolist())
        self.running = self.week < self.horizon
        mesa_step = self.step

        def step(*args: Any, **kwargs: Any) -> None:
            self._may_step()
            try:
                mesa_step(*args, **kwargs)
            except BaseException as error:
                self._stopped = self._stopped or f"{type(error).__name__}: {error}"
                self.running = False
                raise
            if not self.running:
                # Mesa 3.3 counts agents in a table that would keep every model alive
                getattr(mesa.Agent, "_ids", {}).pop(self, None)

        self.step = step  # type: ignore[method-assign]
        self._given = frozenset(vars(self)) | {"_given"}

    # --- what is there to see

    @property
    def _state(self) -> Any:
        return self._simulation.state

    @property
    def week(self) -> int:
        """Weeks simulated so far."""
        return self._simulation.week

    @property
    def horizon(self) -> int:
        """Weeks in all."""
        return self._simulation.horizon

    @property
    def need(self) -> Floats:
        """What the customers need, over all segments: a unit vector over the scenario's axes (a copy)."""
        return np.array(self._state.company_need[0, : self._width])

    def last(self, column: str) -> float:
        """A weekly column at the end of the last week, or, before week 1, at the start.

        Raises
        ------
        KeyError
            With the nearest name, when there is no such column.
        """
        if column not in COL._fields:
            near = nearest(column, NAMES)
            raise KeyError(f"there is no weekly column '{column}'" + (f"; did you mean '{near}'?" if near else ""))
        state, week = self._state, self.week
        row = state.weekly[int(state.run[0]["week0"]) + week - 1] if week else state.initial[0]
        return float(row[getattr(COL, column)])

    def results(self) -> Run:
        """What the run has left behind so far, as :func:`flywheel_sim.run` returns it (a copy)."""
        return Run(self.spec, self._simulation.arrays(0))

    # --- time

    def _may_step(self) -> None:
        if self._stopped:
            raise RuntimeError(
                f"this model stopped in week {self.week + 1} ({self._stopped}); go on from a fork or a saved state"
            )
        if self.week >= self.horizon:
            raise RuntimeError(f"the run is over: its horizon is {self.horizon} weeks (horizon_weeks of the scenario)")

    def step(self) -> None:
        """Live through one week.

        Raises
        ------
        RuntimeError
            Beyond the horizon.
        """
        self._may_step()
        for hook in self.interventions:
            hook.step(self)
        for team in self.teams:
            self._decide(team)
        self._simulation.advance(1, threads=self._workers)
        for hook in self.analyzers:
            hook.step(self)
        self.datacollector.collect(self)
        if self.week >= self.horizon:
            self.running = False

    def _decide(self, team: Team) -> None:
        """Ask a team, and write down what it says."""
        state, row, pull = self._state, team._index, team.decide()
        state.decided[row] = pull is not None
        if pull is None:
            return
        try:
            vector = np.asarray(pull, np.float64)
        except (TypeError, ValueError):
            vector = np.empty(0)
        if vector.shape != (self._width,) or not np.isfinite(vector).all():
            axes = ", ".join(self.spec.model.axes)
            raise ValueError(
                f"team '{team.name}' decided {pull!r}; expected None, or {self._width} finite numbers ({axes})"
            )
        state.pull[row, : self._width] = vector

    # --- other futures

    def set(self, path: str, value: Any) -> None:
        """Change one value of the scenario from the coming week on.

        Parameters
        ----------
        path : str
            Dotted path, as in a scenario file; accounts, horizon and names are fixed.
        value
            Its new value; None puts it back to its default.

        Raises
        ------
        ScenarioError
            When there is no such path, or the value is not allowed.
        ValueError
            When the value is fixed for the whole run.

        Notes
        -----
        What is decided once, at the start (the first customers, every account's churn propensity and fit), stays.

        Examples
        --------
        >>> from flywheel_sim import FlywheelModel
        >>> class Freeze:
        ...     def step(self, model):
        ...         if model.week == 2:
        ...             model.set("teams.sales.headcount", 4)
        >>> m = FlywheelModel({"extends": "b2b-saas", "horizon_weeks": 4}, rng=1, interventions=[Freeze()])
        >>> m.run_model()
        >>> m.teams["sales"].headcount
        4.0
        """
        self._become({path: value})

    def fork(self, changes: Mapping[str, Any] | None = None) -> Self:
        """Another future: the same state and the same luck, under a scenario that is changed from the coming week on.

        Parameters
        ----------
        changes : mapping, optional
            Dotted path -> value, as for ``Scenario.with_``; accounts, horizon and names are fixed, and entries can
            neither appear nor vanish: what may be switched on later has to be in the scenario, switched off.

        Returns
        -------
        FlywheelModel
            Teams, interventions and analyzers are copied with what they remember.

        Raises
        ------
        ScenarioError
            With every unknown path and every bad value.
        ValueError
            When a value is fixed for the whole run.
        """
        twin = type(self).__new__(type(self))
        memo: dict[int, Any] = {id(self): twin}
        twin._start(self.spec, copied(self._simulation), self._team_class, (), (), self._workers)
        memo |= {id(team): other for team, other in zip(self.teams, twin.teams, strict=True)}
        memo[id(self.customers)] = twin.customers
        twin.interventions = copy.deepcopy(self.interventions, memo)
        twin.analyzers = copy.deepcopy(self.analyzers, memo)
        pairs: list[tuple[Any, Any]] = [(self, twin), *zip(self.teams, twin.teams, strict=True)]
        for old, new in pairs:
            for name, value in vars(old).items():
                if name not in old._given:
                    setattr(new, name, copy.deepcopy(value, memo))
        twin._become(dict(changes or {}))
        return twin

    def _become(self, changes: Mapping[str, Any]) -> None:
        """Go on under the changed scenario."""
        if not changes:
            return
        if self._plain is None:
            self._plain = self.spec.with_({"timeline": None})
        plain = {path: value.item() if isinstance(value, np.generic) else value for path, value in changes.items()}
        spec = _from_week(self.spec, self._plain, self.week, plain)
        if spec is not self.spec:
            redirect(self._simulation, spec.model)
            self.spec = spec

    def _pulse(self, count: int) -> None:
        week, known = self.week + 1, self.spec.model.timeline.customers
        name = f"week-{week}"
        if not self.spec.model.timeline.enabled:
            self._become({"timeline": {"customers": {name: {"week": week, "add": count}}}})
            return
        while name in known and known[name].week != week:
            name += "-more"
        if name in known:
            count += known[name].add
        self._become({f"timeline.customers.{name}": {"week": week, "add": count}})

    # --- to disk and back

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model to one file (npz and JSON), to go on from later.

        Hooks and classes of teams are code and are not saved; give them again to `load`.

        Examples
        --------
        >>> import tempfile
        >>> from flywheel_sim import FlywheelModel
        >>> m = FlywheelModel({"extends": "b2b-saas", "horizon_weeks": 8}, rng=1)
        >>> m.step()
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     m.save(f"{folder}/state.npz")
        ...     again = FlywheelModel.load(f"{folder}/state.npz")
        >>> m.run_model(); again.run_model()
        >>> again.results().weekly.equals(m.results().weekly)
        True
        """
        packed = {name: value for name, value in pack(self.spec).items() if name != "resolved"}
        save_simulation(self._simulation, path, {"spec": packed})

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str],
        *,
        team_class: type[Team] | Mapping[str, type[Team]] = Team,
        interventions: Iterable[Hook] = (),
        analyzers: Iterable[Hook] = (),
        workers: int = 1,
    ) -> Self:
        """Read a saved model; it goes on as if it had never stopped.

        Raises
        ------
        SavedStateError
            When there is no such file, it is broken, or another engine wrote it.
        """
        simulation, notes = load_simulation(path)
        model = simulation.program.models[0]
        spec = unpack({**notes["spec"], "resolved": model.model_dump(mode="json", by_alias=True)})
        loaded = cls.__new__(cls)
        loaded._start(spec, simulation, team_class, interventions, analyzers, workers)
        return loaded

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.spec.label}: week {self.week} of {self.horizon}>"


def _reporter(name: str) -> Callable[[FlywheelModel], float]:
    def report(model: FlywheelModel) -> float:
        return model.last(name)

    return report


def _key(rng: Any, seed: Any) -> int:
    """The key of the run's luck."""
    given = [key for key in (rng, seed) if key is not None]
    for key in given:
        if isinstance(key, bool) or not isinstance(key, numbers.Integral):
            raise TypeError(f"rng must be a whole number, not {key!r}: luck is keyed, not drawn from a generator")
    if len({int(key) for key in given}) > 1:
        raise ValueError(f"rng={rng!r} and seed={seed!r} are two names of one thing; give one")
    return int(given[0]) if given else 1


def _hooks(what: str, hooks: Iterable[Hook]) -> list[Hook]:
    listed = list(hooks)
    for hook in listed:
        if isinstance(hook, type) or not callable(getattr(hook, "step", None)):
            raise TypeError(f"{what}: expected objects with a step(model), got {hook!r}")
    return listed


def _team_classes(model: ScenarioModel, wanted: type[Team] | Mapping[str, type[Team]]) -> dict[str, type[Team]]:
    """Class of every team, in the order of the scenario."""
    by_name = dict(wanted) if isinstance(wanted, Mapping) else dict.fromkeys(model.teams, wanted)
    for name, kind in by_name.items():
        if name not in model.teams:
            near = nearest(name, list(model.teams))
            raise ValueError(f"team_class: there is no team '{name}'" + (f"; did you mean '{near}'?" if near else ""))
        if not (isinstance(kind, type) and issubclass(kind, Team)):
            raise TypeError(f"team_class: expected a subclass of Team for '{name}', got {kind!r}")
    return {name: by_name.get(name, Team) for name in model.teams}


# --- changes of the future --------------------------------------------------------------------------------------------


def _from_week(spec: Scenario, plain: Scenario, week: int, changes: Mapping[str, Any]) -> Scenario:
    """The scenario changed from week ``week + 1`` on, as an entry of its timeline; the past stays as it was.

    ``plain`` is the scenario without a timeline, against which values are checked: a policy may set one every week, and
    a timeline of hundreds of entries is slow to check.

    Raises
    ------
    ScenarioError
        When a path or value would be wrong in any scenario.
    ValueError
        When a value is fixed for the whole run, or the past would change.
    """
    direct = {path: value for path, value in changes.items() if path.split(".")[0] in ("timeline", *WORDS)}
    later = {path: value for path, value in changes.items() if path not in direct}
    out = spec
    if direct:
        spec.with_(changes)  # all mistakes at once
        out = spec.with_(direct)
        if not _same_past(spec.model, out.model, week):
            raise ValueError(f"a timeline may be changed from week {week + 1} on; the past has happened")
    if not later:
        return out
    asked = plain.with_(later).resolved()
    values = _settable(later, asked, model_at_week(out.model, week + 1).model_dump(mode="json", by_alias=True))
    if not values:
        return out
    timeline, name = out.model.timeline, f"from-week-{week + 1}"
    if not timeline.enabled:
        return out.with_({"timeline": {"changes": {name: {"from_week": week + 1, "set": values}}}})
    known = timeline.changes
    while name in known and (known[name].from_week != week + 1 or known[name].until_week or known[name].ramp_weeks):
        name += "-more"
    if name in known:
        values = {path: value for path, value in known[name].values.items() if path not in values} | values
    return _told(out, name, {"from_week": week + 1, "set": values})


def _told(spec: Scenario, name: str, entry: dict[str, Any]) -> Scenario:
    """The scenario with one more change in its timeline, whose values are checked already."""
    source = spec.source
    told = dict(source.get("timeline") or {})
    source["timeline"] = told | {"changes": dict(told.get("changes") or {}) | {name: entry}}
    timeline = spec.model.timeline
    changes = {**timeline.changes, name: Change.model_validate(entry)}
    model = spec.model.model_copy(update={"timeline": timeline.model_copy(update={"changes": changes})})
    said = {**spec.changes, f"timeline.changes.{name}": entry}
    return Scenario(model, source, name=spec.name, files=spec.files, places=spec._places, changes=said)


def _settable(paths: Iterable[str], asked: dict[str, Any], now: dict[str, Any]) -> dict[str, Any]:
    """The single values behind some paths, for a timeline; of a whole block those that differ from ``now``."""
    before, after = dict(leaves(now)), dict(leaves(asked))
    values: dict[str, Any] = {}
    for path in paths:
        old, new = ({p: v for p, v in flat.items() if f"{p}.".startswith(f"{path}.")} for flat in (before, after))
        for other in sorted(old.keys() ^ new.keys()):
            what = "appear" if other in new else "vanish"
            raise ValueError(
                f"{other} cannot {what} during a run; write it into the scenario from the start and switch it on or off"
            )
        values |= {p: v for p, v in new.items() if p == path or v != old[p]}
    return values


def _same_past(old: ScenarioModel, new: ScenarioModel, week: int) -> bool:
    """Whether two scenarios agree on everything up to a week."""
    pairs = {(active_changes(old.timeline, w), active_changes(new.timeline, w)): w for w in range(1, week + 1)}
    without = {"timeline", *WORDS}
    for w in pairs.values():
        if model_at_week(old, w).model_dump(exclude=without) != model_at_week(new, w).model_dump(exclude=without):
            return False
    pulses = [
        sorted((p.week, p.add) for p in m.timeline.customers.values() if m.timeline.enabled and p.week <= week)
        for m in (old, new)
    ]
    return pulses[0] == pulses[1]
