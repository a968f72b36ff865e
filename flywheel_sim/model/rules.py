"""What a model is given in Python: the key of its luck, hooks, classes of teams; what is written down of them."""

import numbers
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Protocol

from flywheel_sim.model.teams import Team
from flywheel_sim.results.luck import key_part
from flywheel_sim.results.provenance import INTERVENTION, rule
from flywheel_sim.scenario.errors import nearest
from flywheel_sim.scenario.schema import ScenarioModel

__all__ = ["Hook", "hooks", "key_of", "replicate_of", "rules_of", "team_classes"]

_rule = cache(rule)


class Hook(Protocol):
    """An intervention or an analyzer: anything with a ``step(model)``."""

    def step(self, model: Any) -> object:
        """Look at the model, or change what comes."""


def rules_of(model: Any, step: Any) -> dict[str, str]:
    """Return Python that has a hand in the coming week of a model, by its part, with the hash of its source.

    Analyzers only look.  ``step`` is that of the model itself: a subclass with another has a hand in it, too.
    """
    kinds: list[tuple[str, Any]] = [(INTERVENTION, type(hook)) for hook in model.interventions]
    kinds += [("team", type(team)) for team in model.teams if type(team).decide is not Team.decide]
    if type(model).step is not step:
        kinds.append(("model", type(model)))
    return {f"{part} {_rule(kind)[0]}": _rule(kind)[1] for part, kind in kinds}


def key_of(rng: Any, seed: Any) -> int:
    """Return the key of the run's luck."""
    given = [key for key in (rng, seed) if key is not None]
    for key in given:
        if isinstance(key, bool) or not isinstance(key, numbers.Integral):
            raise TypeError(f"rng must be a whole number, not {key!r}: luck is keyed, not drawn from a generator")
    if len({int(key) for key in given}) > 1:
        raise ValueError(f"rng={rng!r} and seed={seed!r} are two names of one thing; give one")
    return int(given[0]) if given else 1


def replicate_of(given: Any) -> int:
    """Return the number of the run under its key: what was given, else the iteration of ``mesa.batch_run``, else 0.

    Mesa does not tell a model in which iteration it is made, and equal keys would make equal runs.
    """
    frame = sys._getframe(1)
    while frame is not None and frame.f_globals.get("__name__") != "mesa.batchrunner":
        frame = frame.f_back  # type: ignore[assignment]
    iteration = int(frame.f_locals.get("iteration", 0)) if frame is not None else 0
    if given is None:
        return iteration
    if iteration:
        raise ValueError("batch_run: iterations number the replicates themselves; leave replicate out")
    return key_part(given, "replicate")


def hooks(what: str, given: Iterable[Hook]) -> list[Hook]:
    """Return the hooks as a list; refused where one has no step."""
    listed = list(given)
    for hook in listed:
        if isinstance(hook, type) or not callable(getattr(hook, "step", None)):
            raise TypeError(f"{what}: expected objects with a step(model), got {hook!r}")
    return listed


def team_classes(model: ScenarioModel, wanted: type[Team] | Mapping[str, type[Team]]) -> dict[str, type[Team]]:
    """Return class of every team, in the order of the scenario."""
    by_name = dict(wanted) if isinstance(wanted, Mapping) else dict.fromkeys(model.teams, wanted)
    for name, kind in by_name.items():
        if name not in model.teams:
            near = nearest(name, list(model.teams))
            raise ValueError(f"team_class: there is no team '{name}'" + (f"; did you mean '{near}'?" if near else ""))
        if not (isinstance(kind, type) and issubclass(kind, Team)):
            raise TypeError(f"team_class: expected a subclass of Team for '{name}', got {kind!r}")
    return {name: by_name.get(name, Team) for name in model.teams}
