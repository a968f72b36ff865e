"""From scenarios to the arrays the kernels read.

A :class:`Program` holds one record of :data:`~flywheel_sim.engine.layout.PAR` per *epoch*, a stretch of weeks in which
nothing in the scenario changes, and the tables of everything that has a name.  The rows of a mechanism are made in its
own module; :data:`MAKERS` lists who makes some.  Changes of the timeline (M25) live here alone: whatever changes at a
week is another epoch, so anything in a scenario can change without a kernel knowing about it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from flywheel_sim.engine.bundle import bundle
from flywheel_sim.engine.channel_rows import channel_rows, contact_richness, service_depth
from flywheel_sim.engine.layout import PAR, fill_record
from flywheel_sim.engine.mechanisms.m01_market import conversion_reference, segment_rows
from flywheel_sim.engine.mechanisms.m03_journey import touch_rows
from flywheel_sim.engine.mechanisms.m04_handoffs import link_rows
from flywheel_sim.engine.mechanisms.m11_vectors import direction_rows
from flywheel_sim.engine.mechanisms.m12_incentives import bonus_rows, pay_rows
from flywheel_sim.engine.mechanisms.m13_sensing import need_rows
from flywheel_sim.engine.mechanisms.m15_strategy import strategy_rows, ways_of_working
from flywheel_sim.engine.mechanisms.m16_decisions import decision_rows
from flywheel_sim.engine.mechanisms.m17_cadence import cadence_rows
from flywheel_sim.engine.mechanisms.m18_blockers import hop_rows
from flywheel_sim.engine.mechanisms.m19_capacity import staff_rows
from flywheel_sim.engine.mechanisms.m20_culture import competence_rows
from flywheel_sim.engine.mechanisms.m25_timeline import pulse_rows
from flywheel_sim.engine.mechanisms.m26_ideas import idea_rows
from flywheel_sim.engine.rows import Floats, Room, Rows
from flywheel_sim.engine.traits import trait_rows
from flywheel_sim.scenario.blocks.m25_timeline import Timeline
from flywheel_sim.scenario.schema import ScenarioModel

__all__ = ["Program", "Tables", "lower", "model_at_week"]


@bundle
class Tables(NamedTuple):
    """Rows of everything named; ``par[e].size`` says where an epoch's rows start and how many there are."""

    team: NDArray[Any]
    craft: Floats  # (teams, axes) unit
    start: Floats  # (teams, axes) unit, or zero for random
    field: Floats  # (teams, axes) strength x direction
    pay_gradient: Floats  # (teams, axes) sum of weights x gradients, attenuated
    partner: Floats  # (teams, teams) 1 where a handoff joins two teams
    overlap: Floats  # (teams, teams) coupling weights
    coupled: Floats  # (teams, teams) coupling of decisions
    together: Floats  # (teams, teams) hours a week that two teams decide together
    hops: Floats  # (teams, teams) steps along the lines of reporting
    segment: NDArray[Any]
    need: Floats  # (segments, axes) unit
    touch: NDArray[Any]
    offset: Floats  # (touchpoints, axes)
    dependency: Floats  # (touchpoints, teams) rows sum to 1
    link: NDArray[Any]
    bonus: NDArray[Any]  # what each team is paid on
    bonus_gradient: Floats  # (bonuses, axes) of the measure, as written
    reading: NDArray[Any]  # weekly columns that measures read
    target: Floats  # (epochs, axes) unit, or zero
    competence: Floats  # (epochs, COMPETENCIES) weight over mean weight; -1 where there is none
    traits: NDArray[np.float32]  # (TRAITS per epoch, QUANTILES + 1)
    event: NDArray[Any]  # of the calendar, the group's meeting first
    invited: Floats  # (events, teams) 1 who takes part
    pulse: NDArray[np.int64]  # (pulses, 2): week index, accounts to add
    cell: NDArray[
        np.float32
    ]  # (touchpoints x segments, 5): factor of the gain, effort, cost (M9), depth (M2), factor of the rate (M3)
    issue: NDArray[Any]  # kinds of issue (M9)


_TEAM = np.dtype(
    [
        (n, "f8")
        for n in (
            "headcount", "salary", "scaling", "skill", "craft_pay", "peer_pay", "map_pay", "gaming_pay", "bonus",
            "theme_offset", "competence", "standing_hours", "hours_per_customer", "hours_per_head", "hours_per_lead",
            "load_reference",
        )
    ]
    + [(n, "i8") for n in ("front", "member", "paid", "changed", "sells", "takes_up", "follows", "looks_after_people")],
    align=True,
)  # fmt: skip


@dataclass(frozen=True)
class Program:
    """Lowered scenarios.

    Attributes
    ----------
    models : the scenarios, in order; a run names one by its index.
    epochs : the scenarios as they stand in each epoch.
    par : record array, one per epoch.
    tables : rows of named things.
    calendar : int32 array (scenarios, longest horizon): epoch in force in each week.
    """

    models: tuple[ScenarioModel, ...]
    epochs: tuple[ScenarioModel, ...]
    par: NDArray[Any]
    tables: Tables
    calendar: NDArray[np.int32]


def _set(tree: dict[str, Any], path: str, value: Any) -> None:
    *parents, last = path.split(".")
    for name in parents:
        tree = tree.setdefault(name, {})
    tree[last] = value


def _get(tree: Any, path: str) -> Any:
    for name in path.split("."):
        tree = tree[name] if isinstance(tree, dict) and name in tree else None
    return tree


def active_changes(timeline: Timeline, week: int) -> tuple[tuple[str, float], ...]:
    """Changes in force in a week (1-based), each with how far its ramp has come (1 = fully)."""
    if not timeline.enabled:
        return ()
    found = []
    for name, change in timeline.changes.items():
        if week >= change.from_week and (not change.until_week or week < change.until_week):
            ramp = change.ramp_weeks
            found.append((name, min(1.0, (week - change.from_week + 1) / (ramp + 1)) if ramp else 1.0))
    return tuple(found)


def model_at_week(model: ScenarioModel, week: int) -> ScenarioModel:
    """Return the scenario as it stands in one week (1-based), with all changes of its timeline applied."""
    active = active_changes(model.timeline, week)
    if not active:
        return model
    tree = model.model_dump(by_alias=True)
    for name, done in active:
        for path, value in model.timeline.changes[name].values.items():
            old = _get(tree, path)
            if (
                done < 1
                and isinstance(value, int | float)
                and isinstance(old, int | float)
                and not isinstance(value, bool)
            ):
                value = old + (value - old) * done
            _set(tree, path, value)
    try:
        return ScenarioModel.model_validate(tree)
    except ValidationError as error:
        raise ValueError("; ".join(found["msg"].removeprefix("Value error, ") for found in error.errors())) from None


#: Who makes which rows.
MAKERS = (
    staff_rows, direction_rows, pay_rows, bonus_rows, cadence_rows, link_rows, decision_rows, hop_rows, idea_rows,
    strategy_rows, competence_rows, segment_rows, need_rows, touch_rows, channel_rows, trait_rows, pulse_rows,
)  # fmt: skip
#: Tables whose rows are counted: number and first row in ``size``, and table.
_COUNTED = (
    ("teams", "team0", "team"), ("segments", "segment0", "segment"), ("touchpoints", "touch0", "touch"),
    ("links", "link0", "link"), ("bonuses", "bonus0", "bonus"), ("readings", "reading0", "reading"),
    ("pulses", "pulse0", "pulse"), ("events", "event0", "event"), ("issues", "issue0", "issue"),
)  # fmt: skip


def rows_of(m: ScenarioModel, room: Room, changed: tuple[bool, ...]) -> Rows:
    """Return the rows of everything named in one scenario, and the teams whose ways of working have ``changed``."""
    made: Rows = {}
    for make in MAKERS:
        made |= make(m, room)
    made["team"] = team = np.zeros(len(m.teams), _TEAM)
    team["changed"] = changed
    for name in [name for name in made if name.startswith("team.")]:
        team[name.removeprefix("team.")] = made.pop(name)
    return made


def lower(models: Iterable[ScenarioModel]) -> Program:
    """Lower scenarios to the arrays the engine reads."""
    models = tuple(models)
    horizon = max(m.horizon_weeks for m in models)
    calendar = np.zeros((len(models), horizon), np.int32)
    epochs: list[ScenarioModel] = []
    unsettled: list[tuple[bool, ...]] = []
    reference: list[float] = []
    for s, model in enumerate(models):
        at: dict[tuple[tuple[str, float], ...], ScenarioModel] = {}
        known: dict[tuple[Any, ...], int] = {}
        before: tuple[Any, ...] = ()
        last: tuple[tuple[str, float], ...] | None = None
        for week in range(1, horizon + 1):
            active = active_changes(model.timeline, week)
            if active == last:  # nobody's ways of working change in a week that is like the one before
                changed = (False,) * len(before)
            else:
                if active not in at:
                    at[active] = model_at_week(model, week)
                ways = ways_of_working(at[active])
                changed = tuple(before != () and old != new for old, new in zip(before or ways, ways, strict=True))
                before, last = ways, active
            if (active, changed) not in known:
                known[active, changed] = len(epochs)
                epochs.append(at[active])
                unsettled.append(changed)
                reference.append(conversion_reference(at[active_changes(model.timeline, 1)]))
            calendar[s, week - 1] = known[active, changed]
    room = Room(max(len(m.axes) for m in epochs), max(1, *(len(m.teams) for m in epochs)))
    par = np.zeros(len(epochs), PAR)
    parts: dict[str, list[NDArray[Any]]] = {name: [] for name in Tables._fields}
    filled = dict.fromkeys(Tables._fields, 0)
    for record, m, changed, frozen in zip(par, epochs, unsettled, reference, strict=True):
        for block in PAR.names or ():
            if block in type(m).model_fields:
                fill_record(record[block], getattr(m, block))
        record["conversion_reference"], record["contact_richness"] = frozen, contact_richness(m)
        record["service_depth"] = service_depth(m)
        rows = rows_of(m, room, changed)
        size = record["size"]
        size["epoch"] = len(parts["target"])
        size["axes"], size["horizon"] = len(m.axes), m.horizon_weeks
        for count, start, table in _COUNTED:
            size[count], size[start] = len(rows[table]), filled[table]
        size["trait0"], size["cell0"] = filled["traits"], filled["cell"]
        for name, part in rows.items():
            parts[name].append(part)
            filled[name] += len(part)
    tables = Tables(*(np.ascontiguousarray(np.concatenate(parts[name])) for name in Tables._fields))
    return Program(models, tuple(epochs), par, tables, calendar)
