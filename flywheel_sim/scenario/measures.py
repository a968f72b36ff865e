"""The library of what teams can be paid on, which every company has.

A company takes a measure of ``scenarios/library/measures.yaml`` when somebody in it is paid on one, or when its file
says something of it: what the company says goes over what the library says.  Targets are no part of the library: a
target is what a measure comes to in a company's own base case.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from flywheel_sim.scenario.library import known
from flywheel_sim.scenario.reading import Node, Place, plain, read

__all__ = ["LIBRARY", "READING", "axes_of_library", "completed", "library", "paid_on", "silent", "without_target"]

Places = dict[tuple[str, ...], tuple[Place, Place]]

#: What the file of the library is called in messages.
LIBRARY = "library/measures"
#: Settings of a measure that decide what it reads; its target is a value of that.
READING = ("gradient", "craft", "peers", "map", "columns", "per", "over_weeks", "better")
#: What keeps weekly columns at 0: the switch, and the columns that are nothing without it.
_SWITCHES = {
    "service.enabled": "contacts contained handled repeat_contacts backlog utilisation self_service",
    "sensing.enabled": "nps_survey csat_survey nps_taken csat_taken survey_answers",
    "journey.enabled": "experience touches defects",
    "expansion.enabled": "expansions expanded_spend",
    "contracts.enabled": "renewals_due",
    "relationship.enabled": "relationship effort",
    "ledger.enabled": "revenue total_cost",
}


@cache
def _library() -> tuple[dict[str, Node], tuple[str, ...]]:
    path = known()[LIBRARY]
    measures = read(path, LIBRARY, []).value["incentives"].value["measures"].value
    axes = dict.fromkeys(axis for measure in measures.values() for axis in measure.value["gradient"].value)
    return dict(measures), tuple(axes)


def library() -> dict[str, dict[str, Any]]:
    """Return the measures of the library by name, as a file would say them.

    Examples
    --------
    >>> library()["churn"]["better"], "target" in library()["churn"]
    ('lower', False)
    """
    return {name: dict(plain(node)) for name, node in _library()[0].items()}


def axes_of_library() -> tuple[str, ...]:
    """Return the axes that a company needs to take measures of the library."""
    return _library()[1]


def completed(source: Mapping[str, Any]) -> tuple[dict[str, Any], Places]:
    """Return what files say, with the measures of the library that it calls for.

    Returns
    -------
    source : dict
        Shares with the one given whatever did not change.
    places : dict
        Where what was added stands.
    """
    block = source.get("incentives")
    if not isinstance(block, Mapping):
        block = {}
    own = block.get("measures", {})
    if not isinstance(own, Mapping):
        return dict(source), {}
    entries, axes = _library()
    known_axes = source.get("axes", axes)
    if not isinstance(known_axes, list | tuple) or not {*axes} <= {*map(str, known_axes)}:
        return dict(source), {}
    bare = [name for name, one in own.items() if isinstance(one, Mapping) and "gradient" not in one]
    needed = [name for name in dict.fromkeys([*bare, *paid_on(source)]) if name in entries]
    needed = [name for name in needed if name in bare or name not in own]
    if not needed:
        return dict(source), {}
    places: Places = {}
    measures = dict(own)
    for name in needed:
        said = own.get(name, {})
        measures[name] = {**plain(entries[name]), **said}
        for path, place in _places(entries[name], ("incentives", "measures", name)):
            if (path[3:4] == () and name in own) or (len(path) > 3 and path[3] in said):
                continue
            places[path] = place
    return {**source, "incentives": {**block, "measures": measures}}, places


def paid_on(source: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names of the measures that somebody is paid on, now or by a change of the timeline."""
    pay = _inside(source, "incentives", "pay")
    for one in pay.values() if isinstance(pay, Mapping) else ():
        yield from _names(one)
    changes = _inside(source, "timeline", "changes")
    for change in changes.values() if isinstance(changes, Mapping) else ():
        values = change.get("set") if isinstance(change, Mapping) else None
        for path, value in values.items() if isinstance(values, Mapping) else ():
            parts = str(path).split(".")
            if parts[:2] == ["incentives", "pay"]:
                if parts[3:4] == ["on"]:
                    yield from parts[4:5] or (value if isinstance(value, Mapping) else ())
                elif len(parts) == 3:
                    yield from _names(value)
                elif len(parts) == 2 and isinstance(value, Mapping):
                    yield from (name for one in value.values() for name in _names(one))


def silent(model: Any, name: str) -> str:
    """Say why a measure reads nothing in a company, as ``service.enabled is false``; empty where it reads something."""
    measure = model.incentives.measures[name]
    if measure.peers and not measure.columns and not model.handoffs.links:
        return "handoffs.links is empty, so no team is scored by others"
    for columns in (measure.columns, measure.per):
        off = {switch for column in columns for switch, names in _SWITCHES.items() if column in names.split()}
        off = {switch for switch in off if not getattr(model, switch.partition(".")[0]).enabled}
        read = [column for column in columns if not any(column in _SWITCHES[switch].split() for switch in off)]
        if columns and not read:
            return f"{' and '.join(sorted(off))} {'is' if len(off) == 1 else 'are'} false"
    return ""


def without_target(scenario: Any) -> list[str]:
    """Return the measures that a bonus is paid on, now or by a change of the timeline, and that have no target."""
    model = scenario.model
    inc = model.incentives
    if all(measure.target is not None for measure in inc.measures.values()):
        return []
    paid = {name for one in inc.pay.values() if one.bonus > 0 for name in one.on} if inc.enabled else set()
    if any(path.startswith("incentives") for change in model.timeline.changes.values() for path in change.values):
        paid |= set(paid_on(scenario.source))
    return [name for name, one in inc.measures.items() if name in paid and one.target is None]


def _names(pay: Any) -> Iterator[str]:
    on = pay.get("on") if isinstance(pay, Mapping) else None
    yield from (str(name) for name in on) if isinstance(on, Mapping) else ()


def _inside(value: Any, *names: str) -> Any:
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _places(node: Node, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], tuple[Place, Place]]]:
    yield path, (node.key or node.place, node.place)
    if isinstance(node.value, dict):
        for name, value in node.value.items():
            yield from _places(value, (*path, name))
