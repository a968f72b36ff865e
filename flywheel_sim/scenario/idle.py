"""Settings that do nothing where they stand, because a mechanism is off, and what must be switched on for them."""

from collections.abc import Iterable, Iterator

from flywheel_sim.scenario.scenario import Scenario

__all__ = ["idle"]

#: Settings that act only where another is not at the value that leaves them out.
_NEUTRAL = {"channels.technology.spend": ("channels.technology.scale", 0.0)}


def idle(scenario: Scenario, paths: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Paths that have no effect on the run of a scenario, each with the setting that keeps it from having one.

    What the timeline may switch on later is left out.

    Examples
    --------
    >>> from flywheel_sim.scenario import load
    >>> list(idle(load("b2b-saas").with_({"cadence.enabled": False}), ["cadence.interval_weeks", "market.price"]))
    [('cadence.interval_weeks', 'cadence.enabled is false')]
    """
    later = {name for change in scenario.model.timeline.changes.values() for name in change.values}
    values = scenario.resolved()

    def at(path: str) -> object:
        inside: object = values
        for part in path.split("."):
            inside = inside.get(part) if isinstance(inside, dict) else None
        return inside

    for path in paths:
        parts = path.split(".")
        switches = [".".join((*parts[:k], "enabled")) for k in range(1, len(parts))]
        off = next((one for one in switches if one != path and at(one) is False and one not in later), "")
        held, neutral = _NEUTRAL.get(path, ("", None))
        if off:
            yield path, f"{off} is false"
        elif held and at(held) == neutral and held not in later:
            yield path, f"{held} is {neutral:g}"
