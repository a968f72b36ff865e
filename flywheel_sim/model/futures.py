"""Changes of the future: a scenario with another timeline from a week on, and the same past."""

from collections.abc import Iterable, Mapping
from typing import Any

from flywheel_sim.engine.lowering import active_changes, model_at_week
from flywheel_sim.results.naming import leaves
from flywheel_sim.scenario import Scenario
from flywheel_sim.scenario.blocks.m25_timeline import Change
from flywheel_sim.scenario.hashing import WORDS
from flywheel_sim.scenario.schema import ScenarioModel

__all__ = ["from_week", "same_past"]


def from_week(spec: Scenario, plain: Scenario, week: int, changes: Mapping[str, Any]) -> Scenario:
    """Return the scenario changed from week ``week + 1`` on, as an entry of its timeline; the past stays as it was.

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
        if not same_past(spec.model, out.model, week):
            raise ValueError(f"a timeline may be changed from week {week + 1} on; the past has happened")
    if not later:
        return out
    asked = plain.with_(later).resolved()
    values = settable(later, asked, model_at_week(out.model, week + 1).model_dump(mode="json", by_alias=True))
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
    return told(out, name, {"from_week": week + 1, "set": values})


def told(spec: Scenario, name: str, entry: dict[str, Any]) -> Scenario:
    """Return the scenario with one more change in its timeline, whose values are checked already."""
    source = spec.source
    block = dict(source.get("timeline") or {})
    source["timeline"] = block | {"changes": dict(block.get("changes") or {}) | {name: entry}}
    timeline = spec.model.timeline
    changes = {**timeline.changes, name: Change.model_validate(entry)}
    model = spec.model.model_copy(update={"timeline": timeline.model_copy(update={"changes": changes})})
    said = {**spec.changes, f"timeline.changes.{name}": entry}
    return Scenario(model, source, name=spec.name, files=spec.files, places=spec._places, changes=said)


def settable(paths: Iterable[str], asked: dict[str, Any], now: dict[str, Any]) -> dict[str, Any]:
    """Return the single values behind some paths, for a timeline; of a whole block those that differ from ``now``."""
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


def same_past(old: ScenarioModel, new: ScenarioModel, week: int) -> bool:
    """Tell whether two scenarios agree on everything up to a week."""
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
