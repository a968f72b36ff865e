"""From scenarios to the arrays the kernels read.

A :class:`Program` holds one record of :data:`~flywheel_sim.engine.layout.PAR` per *epoch*, a stretch of weeks in which
nothing in the scenario changes, and the tables of everything that has a name.  The timeline (M25) lives here alone:
whatever changes at a week is another epoch, so anything in a scenario can change without a kernel knowing about it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError
from scipy.special import betaincinv, gammainccinv, gammaincinv

from flywheel_sim.engine.bundle import bundle
from flywheel_sim.engine.channel_rows import cell_rows, contact_richness, hours_factor, issue_rows, service_depth
from flywheel_sim.engine.choices import choice
from flywheel_sim.engine.layout import PAR, fill_record
from flywheel_sim.engine.mechanisms.m12_incentives import attenuation
from flywheel_sim.engine.state import COMPETENCIES
from flywheel_sim.scenario.blocks.m03_journey import Stage
from flywheel_sim.scenario.blocks.m04_handoffs import Handoff
from flywheel_sim.scenario.blocks.m25_timeline import Timeline
from flywheel_sim.scenario.columns import COL
from flywheel_sim.scenario.schema import ScenarioModel, Team

__all__ = ["QUANTILES", "Program", "Tables", "lower", "model_at_week"]

#: Points of a trait's quantile table.
QUANTILES = 4096

Floats = NDArray[np.float64]


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
    traits: NDArray[np.float32]  # (3 per epoch, QUANTILES + 1): churn propensity, fit, buying rate
    event: NDArray[Any]  # of the calendar, the group's meeting first
    invited: Floats  # (events, teams) 1 who takes part
    pulse: NDArray[np.int64]  # (pulses, 2): week index, accounts to add
    cell: NDArray[
        np.float32
    ]  # (touchpoints x segments, 4): factor of the gain, effort, cost (M9), depth (M2) of a touch
    issue: NDArray[Any]  # kinds of issue (M9)


_TEAM = np.dtype(
    [
        (n, "f8")
        for n in (
            "headcount", "salary", "scaling", "skill", "craft_pay", "peer_pay", "map_pay", "gaming_pay", "bonus",
            "theme_offset", "competence",
        )
    ]
    + [(n, "i8") for n in ("front", "member", "paid", "changed", "sells", "takes_up")],
    align=True,
)  # fmt: skip
_SEGMENT = np.dtype(
    [(n, "f8") for n in ("upto", "spend", "relationship", "product", "service", "price", "outside")], align=True
)
_TOUCH = np.dtype(
    [("stage", "i8"), ("owner", "i8")] + [(n, "f8") for n in ("rate", "hours", "base", "cost", "reference")], align=True
)
_LINK = np.dtype([("giver", "i8"), ("taker", "i8"), ("when", "i8"), ("share", "f8")], align=True)
_EVENT = np.dtype(
    [(n, "i8") for n in ("every", "first", "clears")] + [(n, "f8") for n in ("hours", "heads", "pull", "cost")],
    align=True,
)
_BONUS = np.dtype(
    [(n, "i8") for n in ("team", "lower", "weeks", "first", "columns", "per")]
    + [(n, "f8") for n in ("weight", "target", "craft", "peers", "map")],
    align=True,
)
_READING = np.dtype([("column", "i8"), ("weight", "f8")], align=True)


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


def _unit(vector: Floats, axes: int) -> Floats:
    """A vector of so many axes at length 1; a sum over what others in the batch are wider would round otherwise."""
    own = vector[:axes]
    length = float(np.sqrt(np.sum(own * own)))
    return vector / length if length > 0 else vector


def _vector(axes: Sequence[str], value: Mapping[str, float], width: int) -> Floats:
    row = np.zeros(width)
    for axis, x in value.items():
        row[axes.index(axis)] = x
    return row


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


def ways_of_working(m: ScenarioModel) -> tuple[Any, ...]:
    """What each team would have to learn anew if it changed: what it is paid on, its group and themes, the target."""
    group = (m.cadence.themes, m.cadence.interval_weeks) if m.cadence.enabled else None
    members = m.cadence.members or list(m.teams)
    target = tuple(sorted(m.strategy.target.items())) if m.strategy.enabled else None
    paid = m.incentives.pay if m.incentives.enabled else {}
    return tuple(
        (tuple(sorted(paid[name].on)) if name in paid else None, group if name in members else None, target)
        for name in m.teams
    )


def _team_rows(m: ScenarioModel, width: int, teams: int) -> tuple[NDArray[Any], dict[str, Floats]]:
    names, inc = tuple(m.teams), m.incentives
    rows = np.zeros(len(names), _TEAM)
    grids = {k: np.zeros((len(names), width)) for k in ("craft", "start", "field", "pay_gradient")}
    grids |= {k: np.zeros((len(names), teams)) for k in ("partner", "overlap")}
    grids["hops"] = _hops(m, teams)
    members = m.cadence.members or list(names)
    for i, (name, team) in enumerate(m.teams.items()):
        row = rows[i]
        row["headcount"], row["salary"], row["skill"], row["scaling"] = (
            team.headcount,
            team.salary,
            team.skill,
            team.scaling,
        )
        row["front"], row["member"], row["theme_offset"] = team.front, name in members, team.theme_offset
        row["sells"] = any(x.owner == name and x.stage in ("awareness", "sale") for x in m.journey.touchpoints.values())
        row["competence"] = m.decisions.competence.get(name, m.decisions.other_competence)
        row["takes_up"] = m.ideas.owner in ("", name)
        grids["craft"][i] = _unit(_vector(m.axes, team.craft, width), len(m.axes))
        start = {"craft": team.craft, "given": team.direction, "random": {}}[team.start]
        grids["start"][i] = _unit(_vector(m.axes, start, width), len(m.axes))
        grids["field"][i] = _vector(m.axes, team.field, width)
        for j, other in enumerate(m.teams.values()):
            grids["overlap"][i, j] = m.vectors.transparency * _overlap(team, other)
        pay = inc.pay.get(name)
        if pay is None or not inc.enabled:
            continue
        row["paid"], row["bonus"] = 1, pay.bonus
        for key, weight in pay.on.items():
            measure = inc.measures[key]
            g = _vector(m.axes, measure.gradient, width)
            own = g[: len(m.axes)]
            size2 = float((own * own).sum()) + measure.craft**2 + measure.peers**2 + measure.map**2
            w = (
                pay.intensity
                * weight
                * attenuation(size2, measure.noise, measure.lag_weeks, inc.risk_aversion, inc.lag_tau_weeks)
            )
            grids["pay_gradient"][i] += w * g
            row["craft_pay"] += w * measure.craft
            row["peer_pay"] += w * measure.peers * (1.0 - inc.collusion)
            row["map_pay"] += w * measure.map
            row["gaming_pay"] += w * measure.gaming
    for link in m.handoffs.links.values():
        a, b = names.index(link.giver), names.index(link.taker)
        grids["partner"][a, b] = grids["partner"][b, a] = 1.0 if a != b else 0.0
    return rows, grids


def _hops(m: ScenarioModel, width: int) -> Floats:
    """Steps from team to team along ``reports_to``; who reports to nobody reports to the head of the company."""
    names, lines = tuple(m.teams), []
    for name in names:
        line = [name]
        while m.teams[line[-1]].reports_to:
            line.append(m.teams[line[-1]].reports_to)
        lines.append([*line, ""])
    steps = np.zeros((len(names), width))
    for i, mine in enumerate(lines):
        for j, other in enumerate(lines):
            common = next(name for name in mine if name in other)
            steps[i, j] = mine.index(common) + other.index(common)
    return steps


def _coupled(m: ScenarioModel, dependency: Floats, width: int) -> Floats:
    """Coupling of decisions (M16): handoffs plus touchpoints served together; sum of squares = sum."""
    names = tuple(m.teams)
    own = dependency[:, : len(names)]
    v = np.zeros((len(names), len(names)))
    for row in own:  # one after the other: a library's product of matrices rounds as the processor likes
        v += np.multiply.outer(row, row)
    for link in m.handoffs.links.values():
        a, b = names.index(link.giver), names.index(link.taker)
        v[a, b] += link.share
        v[b, a] += link.share if a != b else 0.0
    np.fill_diagonal(v, 0.0)
    size = float(np.sum(v * v))
    coupled = np.zeros((len(names), width))
    if size > 0:
        coupled[:, : len(names)] = v * (float(np.sum(v)) / size)
    return coupled


def _overlap(a: Team, b: Team) -> float:
    """Share of an eight-hour day two teams have in common."""
    gap = abs(a.utc_offset - b.utc_offset)
    return max(0.0, 8.0 - min(gap, 24.0 - gap)) / 8.0


def _bonus_rows(m: ScenarioModel, width: int) -> dict[str, NDArray[Any]]:
    rows: list[Any] = []
    gradients: list[Any] = []
    reading: list[Any] = []
    for i, name in enumerate(m.teams):
        pay = m.incentives.pay.get(name)
        if pay is None or not m.incentives.enabled:
            continue
        for key, weight in pay.on.items():
            measure = m.incentives.measures[key]
            rows.append(
                (
                    i, measure.better == "lower", measure.over_weeks, len(reading), len(measure.columns),
                    len(measure.per), weight, measure.target, measure.craft, measure.peers, measure.map,
                )
            )  # fmt: skip
            gradients.append(_vector(m.axes, measure.gradient, width))
            reading += [(getattr(COL, column), x) for column, x in (*measure.columns.items(), *measure.per.items())]
    return {
        "bonus": np.array(rows, _BONUS), "bonus_gradient": np.array(gradients, np.float64).reshape(len(rows), width),
        "reading": np.array(reading, _READING),
    }  # fmt: skip


def _segment_rows(m: ScenarioModel, width: int) -> tuple[NDArray[Any], Floats]:
    rows, need = np.zeros(len(m.segments), _SEGMENT), np.zeros((len(m.segments), width))
    total, run = sum(s.share for s in m.segments.values()), 0.0
    for i, s in enumerate(m.segments.values()):
        run += s.share
        rows[i] = (
            1.0 if i == len(rows) - 1 else run / total, s.spend / 52.0,
            s.relationship_weight, s.product_weight, s.service_weight, s.price_weight, s.outside_option,
        )  # fmt: skip
        need[i] = _unit(_vector(m.axes, s.need, width), len(m.axes))
    return rows, need


def _touch_rows(m: ScenarioModel, width: int, teams: int) -> tuple[NDArray[Any], Floats, Floats]:
    names, points = tuple(m.teams), m.journey.touchpoints
    rows, offset, dependency = (
        np.zeros(len(points), _TOUCH),
        np.zeros((len(points), width)),
        np.zeros((len(points), teams)),
    )
    for i, t in enumerate(points.values()):
        owner = names.index(t.owner)
        rows[i] = (
            choice(t.stage, Stage),
            owner,
            t.rate,
            t.hours * hours_factor(m, t),
            t.base_success,
            t.cost,
            t.match_reference,
        )
        offset[i] = _vector(m.axes, t.need, width)
        if t.support:
            for name, share in t.support.items():
                dependency[i, names.index(name)] += share
        else:
            powering = [j for j, x in enumerate(m.teams.values()) if not x.front and j != owner]
            for j in powering:
                dependency[i, j] = (1.0 - m.journey.owner_share) / len(powering)
        dependency[i, owner] += 1.0 - dependency[i, : len(names)].sum()
    return rows, offset, dependency


@lru_cache(maxsize=256)
def beta_quantiles(mean: float, dispersion: float) -> NDArray[np.float32]:
    """Quantiles of a Beta with this mean and 1/(alpha+beta+1), on an even grid of probabilities, to interpolate."""
    if dispersion <= 0 or mean <= 0 or mean >= 1:
        return np.full(QUANTILES + 1, mean, np.float32)
    size = 1.0 / dispersion - 1.0
    p = np.linspace(0.0, 1.0, QUANTILES + 1)
    return np.asarray(betaincinv(mean * size, (1.0 - mean) * size, p), np.float32)


@lru_cache(maxsize=256)
def gamma_quantiles(shape: float, scale_weeks: float) -> NDArray[np.float32]:
    """Quantiles of the buying rate, even in s = 1 - sqrt(1 - p), so that the long tail has points to interpolate.

    The last point stands for the largest p that a 32-bit word can mean.
    """
    above = (1.0 - np.linspace(0.0, 1.0, QUANTILES + 1)) ** 2
    above[-1] = 2.0**-33
    x = np.where(above > 0.5, gammaincinv(shape, 1.0 - above), gammainccinv(shape, above))
    return np.asarray(x / scale_weeks, np.float32)


def conversion_reference(m: ScenarioModel) -> float:
    """c_ref: net customers per lead at reference, by which the lead rate is divided; taken from the first week."""
    funnel = m.market.funnel
    stages = funnel.reference or funnel.qualify * funnel.propose * funnel.close * funnel.onboard
    c = stages if funnel.enabled else 1.0
    return c * (m.contracts.window_weeks / 52.0 if m.contracts.enabled else 1.0)


def _link_rows(m: ScenarioModel) -> NDArray[Any]:
    names, when = tuple(m.teams), Handoff.model_fields["when"].annotation
    return np.array(
        [
            (names.index(x.giver), names.index(x.taker), choice(x.when, when), x.share)
            for x in m.handoffs.links.values()
        ],
        _LINK,
    )


def _event_rows(m: ScenarioModel, teams: int) -> tuple[NDArray[Any], Floats]:
    c, names = m.cadence, tuple(m.teams)
    rows, who = [], []
    if c.enabled:
        m0 = c.interval_weeks
        rows.append((m0, m0, 1, c.hours, c.heads_per_team, c.pull, 0.0))
        who.append(c.members or names)
        for e in c.events.values():
            first = e.first_week or e.every_weeks
            rows.append((e.every_weeks, first, e.clears_blockers, e.hours, e.heads_per_team, e.pull, e.cost))
            who.append(e.members or c.members or names)
    invited = np.zeros((len(rows), teams))
    for row, members in zip(invited, who, strict=True):
        for name in members:
            row[names.index(name)] = 1.0
    return np.array(rows, _EVENT), invited


def _competence_row(m: ScenarioModel) -> Floats:
    row, weights = np.full((1, COMPETENCIES), -1.0), list(m.culture.programme.competencies.values())
    mean = sum(weights) / len(weights) if weights else 0.0
    row[0, : len(weights)] = [x / mean if mean > 0 else 0.0 for x in weights]
    return row


def _pulse_rows(m: ScenarioModel) -> NDArray[np.int64]:
    pulses = sorted((p.week - 1, p.add) for p in m.timeline.customers.values()) if m.timeline.enabled else []
    return np.array(pulses, np.int64).reshape(-1, 2)


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
        for week in range(1, horizon + 1):
            active = active_changes(model.timeline, week)
            if active not in at:
                at[active] = model_at_week(model, week)
            ways = ways_of_working(at[active])
            changed = tuple(before != () and old != new for old, new in zip(before or ways, ways, strict=True))
            before = ways
            if (active, changed) not in known:
                known[active, changed] = len(epochs)
                epochs.append(at[active])
                unsettled.append(changed)
                reference.append(conversion_reference(at[active_changes(model.timeline, 1)]))
            calendar[s, week - 1] = known[active, changed]
    width, teams = max(len(m.axes) for m in epochs), max(1, *(len(m.teams) for m in epochs))
    par = np.zeros(len(epochs), PAR)
    parts: dict[str, list[NDArray[Any]]] = {name: [] for name in Tables._fields}
    for record, m, changed, frozen in zip(par, epochs, unsettled, reference, strict=True):
        for block in PAR.names or ():
            if block in type(m).model_fields:
                fill_record(record[block], getattr(m, block))
        record["conversion_reference"], record["contact_richness"] = frozen, contact_richness(m)
        record["service_depth"] = service_depth(m)
        team, grids = _team_rows(m, width, teams)
        team["changed"] = changed
        segment, need = _segment_rows(m, width)
        touch, offset, dependency = _touch_rows(m, width, teams)
        event, invited = _event_rows(m, teams)
        churn = m.market.churn
        traits = [
            beta_quantiles(churn.mean, churn.dispersion),
            beta_quantiles(m.market.fit_mean, m.market.fit_dispersion),
            np.zeros(QUANTILES + 1, np.float32),
        ]
        if m.contracts.enabled and m.contracts.kind == "non-contractual":
            traits[2] = gamma_quantiles(m.contracts.purchase_shape, m.contracts.purchase_scale_weeks)
        rows: dict[str, NDArray[Any]] = {
            "team": team, **grids, "coupled": _coupled(m, dependency, teams), "segment": segment, "need": need,
            "touch": touch, "offset": offset,
            "dependency": dependency, "link": _link_rows(m), **_bonus_rows(m, width), "traits": np.array(traits),
            "target": _unit(_vector(m.axes, m.strategy.target, width), len(m.axes))[None, :],
            "competence": _competence_row(m),
            "pulse": _pulse_rows(m), "event": event, "invited": invited,
            "cell": cell_rows(m), "issue": issue_rows(m),
        }  # fmt: skip
        size = record["size"]
        size["epoch"] = len(parts["target"])
        size["axes"], size["horizon"] = len(m.axes), m.horizon_weeks
        for count, start, table in (
            ("teams", "team0", "team"), ("segments", "segment0", "segment"), ("touchpoints", "touch0", "touch"),
            ("links", "link0", "link"), ("bonuses", "bonus0", "bonus"), ("readings", "reading0", "reading"),
            ("pulses", "pulse0", "pulse"),
            ("events", "event0", "event"),
            ("issues", "issue0", "issue"),
        ):  # fmt: skip
            size[count], size[start] = len(rows[table]), sum(len(x) for x in parts[table])
        size["trait0"] = sum(len(x) for x in parts["traits"])
        size["cell0"] = sum(len(x) for x in parts["cell"])
        for name, part in rows.items():
            parts[name].append(part)
    tables = Tables(*(np.ascontiguousarray(np.concatenate(parts[name])) for name in Tables._fields))
    return Program(models, tuple(epochs), par, tables, calendar)
