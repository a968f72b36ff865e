"""The model: one run of the engine, week by week, with hooks."""

import copy
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Self

import mesa
import numpy as np
from numpy.typing import NDArray

from flywheel_sim.engine.run import Simulation
from flywheel_sim.engine.saving import copied, from_bytes, load_simulation, redirect, save_simulation, to_bytes
from flywheel_sim.engine.targets import with_targets
from flywheel_sim.model.customers import Customers
from flywheel_sim.model.futures import from_week
from flywheel_sim.model.rules import Hook, hooks, key_of, replicate_of, rules_of, team_classes
from flywheel_sim.model.teams import Team, Teams
from flywheel_sim.results import Run
from flywheel_sim.results.naming import pack, unpack
from flywheel_sim.scenario import Scenario, load
from flywheel_sim.scenario.columns import COL, NAMES
from flywheel_sim.scenario.errors import nearest
from flywheel_sim.scenario.idle import warn

__all__ = ["FlywheelModel", "Hook"]

Floats = NDArray[np.float64]
#: Where the number of the next agent stands: here, and in Mesa from 3.4 on.
_COUNTERS = ("_numbered", "agent_id_counter")


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
        Number of the run under that key; by default 0, and in ``mesa.batch_run`` the number of the iteration.
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
        Model variables are ``week`` and the weekly columns, a row per week; the same as ``results().weekly``.  It is
        filled when it is first looked at, and kept up from then on.
    running : bool
        False once the horizon is reached.

    Notes
    -----
    ``mesa.batch_run`` sets ``rng`` by an entry of its parameters, on every version of Mesa:
    ``batch_run(FlywheelModel, {"spec": ["b2b-saas"], "rng": range(5)})``.  A dict as ``spec`` must stand in a list
    there, or Mesa takes it for a list of its keys.

    A model can be pickled and deep-copied, at any week, with its hooks, its teams and what they remember.  As always
    with pickle, hooks and classes of teams go by name: those defined inside a function, and lambdas, are refused by
    pickle itself.  The engine's state goes in the form that `save` writes, so that another engine refuses it.  Of the
    data collector what it collected is worked out anew; reporters added to it are not kept.

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
        replicate: int | None = None,
        team_class: type[Team] | Mapping[str, type[Team]] = Team,
        interventions: Iterable[Hook] = (),
        analyzers: Iterable[Hook] = (),
        workers: int = 1,
    ) -> None:
        loaded = with_targets(load(spec), workers)
        warn([loaded])
        key = key_of(rng, seed)
        replicate = replicate_of(replicate)
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
        agents: Sequence[tuple[mesa.Agent, int]] | None = None,
    ) -> None:
        """Set up the Mesa side around a simulation at any week; of a pickled model with the agents it had."""
        super().__init__(rng=int(simulation.state.run[0]["seed"]))
        self.spec = spec
        self._numbered = 0
        self._simulation = simulation
        self._width = len(spec.model.axes)
        self._workers = max(1, int(workers))
        self._stopped = ""
        self._plain: Scenario | None = None
        self._rules: dict[str, str] = {}
        self.interventions = hooks("interventions", interventions)
        self.analyzers = hooks("analyzers", analyzers)
        self._team_class = team_class
        if agents is None:
            self.teams = Teams(kind(self, name) for name, kind in team_classes(spec.model, team_class).items())
            self.customers = Customers(self)
        else:
            self._take_in(agents)
        self._collected: mesa.DataCollector | None = None
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

        self.step = step  # type: ignore[method-assign]
        self._given = frozenset(vars(self)) | {"_given"}

    @property
    def datacollector(self) -> mesa.DataCollector:
        """Mesa's data collector, made when somebody first asks for it: collecting costs more than the week itself."""
        if self._collected is None:
            self._collected = self._collector()
        return self._collected

    @datacollector.setter
    def datacollector(self, collector: mesa.DataCollector) -> None:
        self._collected = collector

    def _collector(self) -> mesa.DataCollector:
        """Return a data collector that holds the weeks gone by."""
        reporters: dict[str, Callable[[FlywheelModel], float]] = {"week": lambda model: model.week}
        collector = mesa.DataCollector(model_reporters=reporters | {name: _reporter(name) for name in NAMES})
        w0 = int(self._state.run[0]["week0"])
        for week, row in enumerate(self._state.weekly[w0 : w0 + self.week], start=1):
            collector.collect(_WeekGoneBy(week, row))
        return collector

    def register_agent(self, agent: mesa.Agent) -> None:
        """Take an agent in; called by every agent of Mesa when it is made."""
        ids = getattr(mesa.Agent, "_ids", None)
        if ids is not None:  # Mesa before 3.4 counts agents in a table of the class, which keeps every model alive
            ids.pop(self, None)
            self._numbered += 1
            agent.unique_id = self._numbered
        super().register_agent(agent)

    # --- what is there to see

    @property
    def _state(self) -> Any:
        return self._simulation.state

    @property
    def week(self) -> int:
        """Number of weeks simulated so far."""
        return self._simulation.week

    @property
    def horizon(self) -> int:
        """Number of weeks of the whole run."""
        return self._simulation.horizon

    @property
    def need(self) -> Floats:
        """What the customers need, over all segments: a unit vector over the scenario's axes (a copy)."""
        return np.array(self._state.company_need[0, : self._width])

    def last(self, column: str) -> float:
        """Return a weekly column at the end of the last week, or, before week 1, at the start.

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

    def results(self, *, accounts: bool = True) -> Run:
        """Return what the run has left behind so far, as :func:`flywheel_sim.run` returns it (a copy).

        Parameters
        ----------
        accounts : bool
            Keep one row per account for ``Run.customers``.
        """
        return Run.of(self.spec, self._simulation, accounts=accounts, rules=self._rules)

    # --- time

    def _may_step(self) -> None:
        if self._stopped:
            raise RuntimeError(
                f"this model stopped in week {self.week + 1} ({self._stopped}); go on from a fork or a saved state"
            )
        if self.week >= self.horizon:
            raise RuntimeError(f"the run is over: its horizon is {self.horizon} weeks (horizon_weeks of the scenario)")

    def step(self) -> None:
        """Simulate one week of the company.

        Raises
        ------
        RuntimeError
            Beyond the horizon.
        """
        self._may_step()
        self._rules |= rules_of(self, FlywheelModel.step)
        for hook in self.interventions:
            hook.step(self)
        for team in self.teams:
            self._decide(team)
        self._simulation.advance(1, threads=self._workers)
        for hook in self.analyzers:
            hook.step(self)
        if self._collected is not None:
            self._collected.collect(self)
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
        """Return another future: the same state and the same luck, under a scenario that is changed from the coming
        week on.

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
        twin._rules = dict(self._rules)
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
        spec = from_week(self.spec, self._plain, self.week, plain)
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

        Hooks and classes of teams are code and are not saved; give them again to `load`.  Which took part so far is.

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
        save_simulation(self._simulation, path, {"spec": packed, "rules": self._rules})

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
        loaded = cls.__new__(cls)
        loaded._start(_spec(simulation, notes), simulation, team_class, interventions, analyzers, workers)
        loaded._rules = dict(notes.get("rules", {}))
        return loaded

    # --- pickle

    def __reduce__(self) -> tuple[Any, ...]:
        return _empty, (type(self),), self.__getstate__()

    def __getstate__(self) -> dict[str, Any]:
        packed = {name: value for name, value in pack(self.spec).items() if name != "resolved"}
        return {
            "engine": to_bytes(self._simulation, {"spec": packed}),
            "agents": [(agent, agent.unique_id) for agent in self.agents],
            "team_class": self._team_class,
            "interventions": self.interventions,
            "analyzers": self.analyzers,
            "workers": self._workers,
            "mesa": {"steps": self.steps, "running": self.running, "_stopped": self._stopped, "_seed": self._seed}
            | {"_rules": dict(self._rules)}
            | {name: getattr(self, name) for name in _COUNTERS if hasattr(self, name)},
            "rng": self.rng,
            "random": self.random.getstate(),
            "own": {name: value for name, value in vars(self).items() if name not in self._given},
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        simulation, notes = from_bytes(state["engine"])
        spec = _spec(simulation, notes)
        hooks = state["interventions"], state["analyzers"]
        self._start(spec, simulation, state["team_class"], (), (), state["workers"], state["agents"])
        self.interventions, self.analyzers = hooks  # not checked: what refers to the model may not be filled in yet
        self.rng = state["rng"]
        self.random.setstate(state["random"])
        for name, value in (state["mesa"] | state["own"]).items():
            setattr(self, name, value)

    def _take_in(self, agents: Sequence[tuple[mesa.Agent, int]]) -> None:
        """Register the agents of a pickled model; their attributes may not be filled in yet."""
        for agent, number in agents:
            vars(agent)["unique_id"] = number  # Mesa's log names it
            super().register_agent(agent)
            vars(agent)["unique_id"] = number
        teams = len(self.spec.model.teams)
        self.teams, self.customers = Teams(agent for agent, _ in agents[:teams]), agents[teams][0]

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.spec.label}: week {self.week} of {self.horizon}>"


def _empty(kind: type[FlywheelModel]) -> FlywheelModel:
    """Return a model without a state, for pickle to fill in."""
    return kind.__new__(kind)


def _spec(simulation: Simulation, notes: Mapping[str, Any]) -> Scenario:
    """Return the scenario of a saved state."""
    model = simulation.program.models[0]
    return unpack({**notes["spec"], "resolved": model.model_dump(mode="json", by_alias=True)})


class _WeekGoneBy:
    """What a data collector asks a model for, of a week that has passed."""

    def __init__(self, week: int, row: Floats) -> None:
        self.week = self.steps = week
        self.time = float(week)  # Mesa 3.4 and later file what they collect by time
        self._row = row

    def last(self, column: str) -> float:
        """Return a weekly column at the end of that week."""
        return float(self._row[getattr(COL, column)])


def _reporter(name: str) -> Callable[[FlywheelModel], float]:
    def report(model: FlywheelModel) -> float:
        return model.last(name)

    return report
