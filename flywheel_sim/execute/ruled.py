"""Runs in which rules of somebody's own take part: interventions, and teams that decide for themselves.

Such a run goes week by week through `flywheel_sim.model.FlywheelModel`, on one thread; everything else is as without.
"""

import copy
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flywheel_sim.importable import called, resolve, source_hash
from flywheel_sim.results.saving import ResultError
from flywheel_sim.scenario.errors import ScenarioError, nearest, shown

if TYPE_CHECKING:
    from flywheel_sim.results import Run
    from flywheel_sim.scenario import Scenario

__all__ = ["NO_RULES", "Rules", "named", "rules", "same_rules"]

#: In the place of a team: every team.
ALL = "all"


@dataclass(frozen=True)
class Rules:
    """Rules that take part in runs; made by `rules`.

    Parameters
    ----------
    interventions : tuple
        Classes, made anew for every run, or objects, copied for every run.
    teams : mapping of str to type
        Team -> its class; ``all`` stands for every team.
    names : tuple of str
        Each under its importable name, ``team=`` in front of that of a team's; empty where one has none.
    """

    interventions: tuple[Any, ...] = ()
    teams: Mapping[str, Any] = field(default_factory=dict)
    names: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.interventions or self.teams)

    @property
    def identity(self) -> dict[str, str]:
        """Map importable names to the hash of the module that holds it; what decides the runs beside scenario and luck.

        Raises
        ------
        ScenarioError
            When a rule cannot be imported elsewhere, and so not be written down.
        """
        if bool(self) and not self.names:
            raise ScenarioError.single(
                "runs that are kept need rules with importable names: a class at the top of a module, or its name as "
                "'package.module:Class'"
            )
        everything = [*self.interventions, *self.teams.values()]
        return {name: source_hash(_kind(one)) for name, one in zip(self.names, everything, strict=True)}

    def plus(self, others: "Rules") -> "Rules":
        """Join these rules and others; a team's class is the later one."""
        if not (self and others):
            return self or others
        teams = {**self.teams, **others.teams}
        return rules((*self.interventions, *others.interventions), teams)

    def run(
        self,
        scenario: "Scenario",
        seed: int,
        replicate: int,
        *,
        workers: int = 1,
        accounts: bool = True,
        look: Callable[[], None] = lambda: None,
    ) -> "Run":
        """Run a scenario once with these rules; ``look`` is called every week, and what it raises ends the run."""
        from flywheel_sim.model import FlywheelModel, Team

        everybody = self.teams.get(ALL)
        classes = {name: everybody for name in scenario.model.teams} if everybody is not None else {}
        classes |= {name: kind for name, kind in self.teams.items() if name != ALL}
        fresh = [one() if isinstance(one, type) else copy.deepcopy(one) for one in self.interventions]
        model = FlywheelModel(
            scenario, seed, replicate=replicate, team_class=classes or Team, interventions=fresh, workers=workers
        )
        while model.running:
            look()
            model.step()
        return model.results(accounts=accounts)

    def misfits(self, scenario: "Scenario") -> list[str]:
        """Return what is wrong with the rules for a scenario: names of teams that it does not have.

        Examples
        --------
        >>> from flywheel_sim.scenario import load
        >>> Rules(teams={"slaes": object}).misfits(load("b2b-saas"))
        ["there is no team 'slaes'; did you mean 'sales'?"]
        """
        known = list(scenario.model.teams)
        wrong = [name for name in self.teams if name not in (ALL, *known)]
        near = {name: nearest(name, known) for name in wrong}
        return [f"there is no team '{n}'" + (f"; did you mean '{near[n]}'?" if near[n] else "") for n in wrong]


NO_RULES = Rules()


def rules(interventions: "Any" = (), team_class: "Any" = None) -> Rules:
    """Read rules and check them.

    Parameters
    ----------
    interventions : str, class or object, or several
        With a ``step(model)``; texts are imported as ``package.module:Class``.
    team_class : class or str, or mapping from a team's name to one, optional
        Subclasses of `Team`.

    Raises
    ------
    ScenarioError
        When a name leads nowhere, or to something that is no such rule.

    Examples
    --------
    >>> class Watch:
    ...     def step(self, model):
    ...         pass
    >>> bool(rules(Watch)), bool(rules())
    (True, False)
    """
    several = (
        [interventions]
        if isinstance(interventions, str | type) or not isinstance(interventions, Iterable)
        else list(interventions)
    )
    hooks = [_imported(one, "interventions") for one in several]
    for hook, given in zip(hooks, several, strict=True):
        if not callable(getattr(hook, "step", None)):
            raise ScenarioError.single(
                f"expected a class with a step(model), got {shown(given)}", field="interventions"
            )
    by_name = team_class if isinstance(team_class, Mapping) else {} if team_class is None else {ALL: team_class}
    teams = {str(name): _imported(kind, "team_class") for name, kind in by_name.items()}
    if teams:
        from flywheel_sim.model import Team

        for name, kind in teams.items():
            if not (isinstance(kind, type) and issubclass(kind, Team)):
                raise ScenarioError.single(
                    f"expected a subclass of flywheel_sim.Team, got {shown(by_name[name])}",
                    field="team_class",
                )
    named = [called(hook) if isinstance(hook, type) else "" for hook in hooks]
    named += [
        called(kind) and (f"{name}={called(kind)}" if name else f"={called(kind)}") for name, kind in teams.items()
    ]
    return Rules(tuple(hooks), teams, tuple(named) if all(named) else ())


def named(names: Iterable[str]) -> Rules:
    """Make the rules of these names, as `Rules.names` has them."""
    names = list(names)
    hooks = [name for name in names if "=" not in name]
    teams = dict(name.split("=", 1) for name in names if "=" in name)
    return rules(hooks, teams or None)


def same_rules(theirs: Mapping[str, str], who: str) -> Rules:
    """Make the rules of these names; refused where their source is not what it was elsewhere.

    Raises
    ------
    ResultError
    """
    try:
        here = named(theirs)
    except ScenarioError as error:
        raise ResultError(f"{who} uses rules that are not here: {error}") from None
    for name, source in here.identity.items():
        if source != theirs[name]:
            raise ResultError(f"{who} used another '{name}' (source {theirs[name] or 'unknown'}, here {source})")
    return here


def _imported(one: Any, what: str) -> Any:
    return resolve(one, what) if isinstance(one, str) else one


def _kind(one: Any) -> type:
    return one if isinstance(one, type) else type(one)
