"""A scenario: validated, immutable, compared by what it means."""

import json
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from flywheel_sim.scenario.checking import Places, bounded, check, place_of
from flywheel_sim.scenario.editing import assign, copied, look_up
from flywheel_sim.scenario.errors import Problem, ScenarioError, nearest
from flywheel_sim.scenario.hashing import hash_of
from flywheel_sim.scenario.immutable import freeze, replaced
from flywheel_sim.scenario.known import Known
from flywheel_sim.scenario.layering import About
from flywheel_sim.scenario.marks import Marks, marks_of
from flywheel_sim.scenario.measures import completed
from flywheel_sim.scenario.ranges import Range, ranges_of, with_ranges
from flywheel_sim.scenario.reading import Place
from flywheel_sim.scenario.suggesting import with_what_works
from flywheel_sim.scenario.team_roles import ROLES, Company, names_roles, spread
from flywheel_sim.scenario.trees import as_node, as_tree

if TYPE_CHECKING:
    from flywheel_sim.scenario.schema import ScenarioModel

__all__ = ["Scenario"]

#: With more mistakes than this nobody is told of each what would work.
MOST_TRIED = 20


class Scenario:
    """What a company, its market and its way of working are; made by `load` and by `with_`.

    Blocks are attributes (``s.market.accounts``), every one a frozen pydantic model.  Two scenarios are equal when
    their resolved values are, whatever they are called.

    Examples
    --------
    >>> from flywheel_sim.scenario import Scenario, load
    >>> s = load("b2b-saas")
    >>> longer = s.with_({"horizon_weeks": 52})
    >>> longer.horizon_weeks, longer == s, longer.with_({"horizon_weeks": s.horizon_weeks}) == s
    (52, False, True)
    """

    __slots__ = (
        "_changes",
        "_files",
        "_hash",
        "_layers",
        "_marks",
        "_model",
        "_name",
        "_places",
        "_ranges",
        "_resolved",
        "_source",
        "_varied",
    )
    __iter__ = None
    _changes: dict[str, Any]
    _files: tuple[str, ...]
    _hash: str | None
    _layers: About
    _marks: Marks | None
    _model: "ScenarioModel"
    _name: str
    _places: Places
    _ranges: dict[str, Range] | None
    _resolved: dict[str, Any] | None
    _source: dict[str, Any]
    _varied: dict[str, Any]

    def __init__(
        self,
        model: BaseModel,
        source: Mapping[str, Any],
        *,
        name: str,
        files: tuple[str, ...] = (),
        places: Places | None = None,
        changes: Mapping[str, Any] | None = None,
        marks: Marks | None = None,
        layers: About | None = None,
    ) -> None:
        put = object.__setattr__
        put(self, "_layers", layers or About(files[0] if files else ""))
        put(self, "_model", freeze(model))
        put(self, "_source", dict(source))
        put(self, "_name", name)
        put(self, "_files", files)
        put(self, "_places", places or {})
        put(self, "_changes", dict(changes or {}))
        put(self, "_marks", marks)
        put(self, "_resolved", None)
        put(self, "_hash", None)
        put(self, "_ranges", None)
        put(self, "_varied", {})

    @property
    def name(self) -> str:
        """Name of the shipped scenario, or stem of the file."""
        return self._name

    @property
    def title(self) -> str:
        """Return the title, or else the name."""
        return str(getattr(self.model, "title", "") or self.name)

    @property
    def model(self) -> "ScenarioModel":
        """Return the validated blocks."""
        return self._model

    @property
    def source(self) -> dict[str, Any]:
        """What the files said, merged, without defaults (a copy)."""
        return dict(copied(self._source))

    @property
    def files(self) -> tuple[str, ...]:
        """The files it was read from, the first given first."""
        return self._files

    @property
    def changes(self) -> dict[str, Any]:
        """What `with_`, or the dict it was made of, has set, by dotted path (a copy)."""
        return dict(self._changes)

    @property
    def typed(self) -> str:
        """What to type to mean it as it was read: names and paths, joined by ``+``; empty for one made of a dict."""
        return self._layers.typed

    @property
    def below(self) -> str:
        """What to type to mean what its last file is laid over; empty where it lies on nothing."""
        return self._layers.below

    @property
    def laid(self) -> tuple[str, ...]:
        """The files of its plans, without those of the company that they are laid over."""
        return self._layers.laid

    @property
    def notes(self) -> tuple[str, ...]:
        """Where two of its plans set the same thing, so that their order matters: a sentence for each pair."""
        return self._layers.notes

    @property
    def known(self) -> tuple[Known, ...]:
        """What its files say is known of the company, for ``flywheel calibrate`` to meet."""
        return self._layers.known

    @property
    def company(self) -> Mapping[str, Any]:
        """What the files of the company at the bottom say, without plans and without what `with_` has set."""
        return self._source if self._layers.company is None else self._layers.company

    def base(self) -> "Scenario":
        """Return the base case: the company in its files, before plans and changes, with this scenario's measures.

        Examples
        --------
        >>> from flywheel_sim.scenario import load
        >>> base = load("b2b-saas+churn-pay").with_({"horizon_weeks": 52}).base()
        >>> base.horizon_weeks, len(base.incentives.pay), len(base.incentives.measures)
        (260, 0, 14)
        """
        source = dict(copied(self.company))
        block = source.get("incentives")
        measures = self._filled()["incentives"]["measures"]
        source["incentives"] = {**(block if isinstance(block, dict) else {}), "measures": copied(measures)}
        typed = next((file for file in self.files if file not in self.laid), "")
        return Scenario(
            check(type(self.model), source, place_of(self._places)),
            source,
            **self._keywords(layers=About(typed or self.typed, known=self.known)),
        )

    def settled(self) -> "Scenario":
        """Return the same scenario as a company of its own: what was changed is part of its base case."""
        layers = self._layers._replace(company=None)
        return Scenario(self.model, self._source, **self._keywords(marks=self._marks, layers=layers))

    def targeted(self, targets: Mapping[str, float]) -> "Scenario":
        """Return the same scenario with targets of measures in place, which count as no change of anybody's."""
        scenario = self._with({f"incentives.measures.{name}.target": value for name, value in targets.items()})
        object.__setattr__(scenario, "_changes", dict(self._changes))
        object.__setattr__(scenario, "_layers", scenario._layers._replace(targets=tuple(sorted(targets.items()))))
        return scenario

    @property
    def found_targets(self) -> Mapping[str, float]:
        """Targets of measures that were found in the base case, by measure; empty where all were given."""
        return dict(self._layers.targets)

    @property
    def target_note(self) -> str:
        """Which targets of measures were found in the base case, for people; empty where all were given."""
        targets = self._layers.targets
        if not targets:
            return ""
        listed = ", ".join(f"{name} {value:g}" for name, value in targets)
        return (
            f"targets of what is paid on in {self.name} were found in its base case, where bonuses come to 1: {listed}"
        )

    def plus(self, *plans: "str | os.PathLike[str] | Mapping[str, Any]") -> "Scenario":
        """Return a new scenario with plans laid over this one, in order; the last wins.

        Parameters
        ----------
        *plans : str, path or mapping
            Names or paths of overlays, as after ``+`` (``"churn-pay"``, ``"churn-pay:front"``), or what would stand in
            one.  They may name roles: ``all``, ``front``, ``powering``, ``owner of sale``.

        Raises
        ------
        ScenarioError
            When a plan names what this company lacks, or is itself a whole company.

        Examples
        --------
        >>> from flywheel_sim.scenario import load
        >>> company = load("b2b-saas")
        >>> company.plus("churn-pay") == load("churn-pay") == load("b2b-saas+churn-pay")
        True
        >>> sellers = company.plus({"teams": {"owner of sale": {"headcount": 12}}})
        >>> sellers.teams["sales"].headcount
        12.0
        """
        from flywheel_sim.scenario.loading import laid_over

        return laid_over(self, plans)

    @property
    def label(self) -> str:
        """The name with what was changed, for a legend: ``b2b-saas (horizon_weeks=52)``."""
        said = [f"{path}={json.dumps(value)}" for path, value in self.changes.items()]
        listed = ", ".join(said[:3]) + (f", {len(said) - 3} more" if len(said) > 3 else "")
        return f"{self.name} ({listed})" if said else self.name

    @property
    def hash(self) -> str:
        """sha256 of the resolved values in canonical JSON, without the words for people.

        The order of names in a file and the name and title of a scenario do not matter, nor what a mechanism that came
        after the first 27 would do if it were on.
        """
        if self._hash is None:
            object.__setattr__(self, "_hash", hash_of(self._filled()))
        return str(self._hash)

    def resolved(self) -> dict[str, Any]:
        """Return every value with every default, as a plain nested dict that JSON can hold (a copy)."""
        return dict(copied(self._filled()))

    def get(self, path: str) -> Any:
        """Return the value at a dotted path.

        Raises
        ------
        ScenarioError
            Naming the nearest path when there is none.

        Examples
        --------
        >>> from flywheel_sim.scenario import load
        >>> load("b2b-saas").with_({"market.accounts": 7000}).get("market.accounts")
        7000
        """
        value = look_up(type(self.model), self._filled(), path)
        return copied(value)

    def position(self, path: str) -> Place | None:
        """Return file, line and column of the value at a dotted path; ``None`` when no file gives it."""
        places = self._places.get(tuple(path.split(".")))
        return places[1] if places is not None and places[1].line is not None else None

    @property
    def marks(self) -> Marks:
        """Evidence marks that the comments of its files give to values: dotted path -> (mark, source).

        Examples
        --------
        >>> from flywheel_sim.scenario import load
        >>> s = load("b2b-saas")
        >>> s.marks["market.accounts"], "market.accounts" in s.with_({"market.accounts": 7000}).marks
        (('a', ''), False)
        """
        if self._marks is None:
            object.__setattr__(self, "_marks", marks_of(self._places, self._changes))
        return self._marks or {}

    @property
    def ranges(self) -> Mapping[str, Range]:
        """Numbers of which its files know only a range, ``LOW to HIGH``, by dotted path; a run takes the median.

        Examples
        --------
        >>> from flywheel_sim.scenario import load
        >>> s = load("b2b-saas").with_({"cadence.pull": "0.2 to 0.8"})
        >>> s.ranges["cadence.pull"].high, s.get("cadence.pull")
        (0.8, 0.5)
        """
        if self._ranges is None:
            object.__setattr__(self, "_ranges", ranges_of(type(self.model), self._source))
        return self._ranges or {}

    def varied(self, values: Mapping[str, float | str]) -> "Scenario":
        """Return the same scenario with other values in place, made some ten times faster than by `with_`.

        For draws: values are taken as they are, so they must be what the schema allows, and each must stand where the
        scenario has one of its kind.  The files, ranges and marks of the result are those of this scenario.

        Parameters
        ----------
        values : mapping
            Dotted path -> number or switch, or one of the words that may stand there.

        Examples
        --------
        >>> from flywheel_sim.scenario import load
        >>> s = load("b2b-saas")
        >>> s.varied({"market.price": 1.1}) == s.with_({"market.price": 1.1})
        True
        """
        scenario = object.__new__(Scenario)
        put = object.__setattr__
        for name in Scenario.__slots__:
            put(scenario, name, getattr(self, name))
        put(scenario, "_model", replaced(self.model, values))
        put(scenario, "_resolved", None)
        put(scenario, "_hash", None)
        put(scenario, "_varied", {**self._varied, **values})
        return scenario

    def with_(self, changes: Mapping[str, Any]) -> "Scenario":
        """Return a new scenario with some values set.

        Parameters
        ----------
        changes : mapping
            Dotted path -> value; roles may stand for teams (``teams.front.headcount``).  A mapping replaces the whole
            block or entry at its path; ``None`` takes a named entry away, or puts a value back to its default.  A text
            ``"LOW to HIGH"`` in place of a number says between what it lies with 90 % probability.

        Raises
        ------
        ScenarioError
            With every unknown path and every bad value.
        """
        try:
            return self._with(changes)
        except ScenarioError as error:
            few = len(error.problems) <= MOST_TRIED
            problems = [self._tried(problem, changes) if few else problem for problem in error.problems]
            raise ScenarioError(problems) from None

    def _tried(self, problem: Problem, changes: Mapping[str, Any]) -> Problem:
        """Return the same problem without a suggestion that would be refused in its turn."""
        path = problem.field
        if path not in changes or not problem.message.startswith("unknown name"):
            return problem
        return with_what_works(problem, type(self.model), self._filled(), lambda at: self._takes(at, changes[path]))

    def _takes(self, path: str, value: Any) -> bool:
        """Tell whether there is such a path, and a value of this kind may stand there."""
        try:
            self._with({path: value})
        except ScenarioError as error:
            return not any(f"{problem.field}.".startswith(f"{path}.") for problem in error.problems)
        return True

    def _with(self, changes: Mapping[str, Any]) -> "Scenario":
        model = type(self.model)
        changes = {**self._varied, **changes}
        if any(names_roles(path, value) and not self._has(path) for path, value in changes.items()):
            changes = spread(changes, Company.of(as_tree(self._source, {}), self._source.get("teams", {})), as_node)
        source, problems = assign(model, self._source, self._filled(), changes)
        source, added = completed(source)
        places: Places = {**self._places, **added} if added else self._places
        fallback = place_of(places)
        touched = {tuple(str(path).split(".")) for path in changes}

        def locate(path: tuple[str, ...], name: bool) -> Place:
            changed = any(path[: len(other)] == other or other[: len(path)] == path for other in touched)
            return Place(None, None, None) if changed else fallback(path, name)

        try:
            checked = check(model, source, locate)
        except ScenarioError as error:
            problems += error.problems
        if problems:
            raise ScenarioError(bounded(problems))
        merged = {**self._changes, **changes}
        kept = None
        if not places and self._marks:
            gone = tuple(f"{path}." for path in changes)
            kept = {path: mark for path, mark in self._marks.items() if not f"{path}.".startswith(gone)}
        layers = self._layers._replace(company=self.company)
        return Scenario(checked, source, **self._keywords(places=places, changes=merged, marks=kept, layers=layers))

    def _keywords(self, **others: Any) -> dict[str, Any]:
        """Return what a scenario of the same files is made with beside its values, with some of it replaced."""
        return {"name": self.name, "files": self.files, "places": self._places, **others}

    def _has(self, path: str) -> bool:
        """Tell whether a path leads to something that is called as a role is."""
        try:
            look_up(type(self.model), self._filled(), path)
        except ScenarioError:
            return False
        return any(part in ROLES for part in path.split("."))

    def to_yaml(self, base: "Scenario | None" = None) -> str:
        """Return the scenario as YAML text.

        Parameters
        ----------
        base : Scenario, optional
            Write ``extends: <base>`` and what differs from it; without it, every value.  A base must be as it was
            read, from a file or by its name.

        Examples
        --------
        >>> from flywheel_sim.scenario import load
        >>> s = load("b2b-saas")
        >>> print(s.with_({"horizon_weeks": 52}).to_yaml(s), end="")
        version: 1
        extends: b2b-saas
        horizon_weeks: 52
        """
        from flywheel_sim.scenario.writing import changes_as_yaml, to_yaml

        if base is None:
            return to_yaml(self._said())
        named = base.typed if not base.changes else ""
        return changes_as_yaml(named, base._said(), self._said())

    def _said(self) -> dict[str, Any]:
        """Return the resolved values with ranges as they were given."""
        return with_ranges(self._filled(), self.ranges) if self.ranges else self._filled()

    def _filled(self) -> dict[str, Any]:
        """Return the resolved values themselves, not to be changed."""
        if self._resolved is None:
            object.__setattr__(self, "_resolved", self.model.model_dump(mode="json", by_alias=True))
        return self._resolved or {}

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return getattr(self._model, name)
        except AttributeError:
            near = nearest(name, [*type(self.model).model_fields, "resolved", "source", "with_", "files", "hash"])
            hint = f"; did you mean '{near}'?" if near else ""
            raise AttributeError(f"a scenario has no '{name}'{hint}") from None

    def __dir__(self) -> list[str]:
        return sorted({*object.__dir__(self), *type(self.model).model_fields})

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"a scenario cannot be changed; use with_({{'{name}': ...}}) to make another")

    def __delattr__(self, name: str) -> None:
        raise AttributeError("a scenario cannot be changed")

    def __eq__(self, other: object) -> bool:
        return self.hash == other.hash if isinstance(other, Scenario) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.hash)

    def __repr__(self) -> str:
        return f"<Scenario {self.label}, {self.hash[:12]}>"

    def __reduce__(self) -> tuple[Any, ...]:
        said = self._keywords(changes=self._changes, marks=self._marks, layers=self._layers)
        return _again, (type(self.model), self._source, said, self._varied)


def _again(
    model: type[BaseModel], source: dict[str, Any], said: dict[str, Any], varied: Mapping[str, float]
) -> Scenario:
    """Unpickle by validating anew."""
    scenario = Scenario(check(model, source, place_of(said["places"])), source, **said)
    return scenario.varied(varied) if varied else scenario
