"""Settings that do nothing where they stand, because a mechanism is off or neutral, and what keeps them from acting.

What stands in a block with ``enabled: false`` does nothing.  What else needs another setting stands in the table here,
once, or says so itself with ``param(acts=...)``, as fields of new mechanisms do (``tests/scenario/test_idle.py`` runs
both sides of every row, and looks for rows that are missing).
"""

import sys
import warnings
from collections.abc import Container, Iterable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from flywheel_sim.scenario.editing import paths_of
from flywheel_sim.scenario.library import known
from flywheel_sim.scenario.scenario import Scenario
from flywheel_sim.scenario.schema import ScenarioModel
from flywheel_sim.scenario.shapes import declared

__all__ = ["NEEDS", "Idle", "Need", "Needs", "idle", "own", "sentences", "warn"]

#: ``block: fields: condition``, any name written ``*``.  A condition names a setting of the block, or by its whole path
#: one elsewhere; alternatives are parted by ``or`` and ``|``.
_TABLE = """
    teams.*: direction: start = given
    teams.*: theme_offset: cadence.themes = offset
    teams.*: scaling follows: capacity.staffing = true
    teams.*: follows: scaling > 0
    teams.*: load_reference: capacity.shortness > 0
    teams.*: looks_after_people: capacity.shortness > 0
    teams.*: salary scaling follows: headcount > 0
    market: initial_advocates initial_detractors start at_rest: initial_customers > 0
    market.network: homophily: kind = blocks
    market.network: rewiring: kind = watts-strogatz
    market.network: degree: kind != complete|pairs
    market.funnel: leads_reference: rest_weeks > 0
    market.pricing: applies rival win_elasticity level_elasticity rise_elasticity spread: law = felt
    market.churn: neutral advocate detractor: by = voice
    market.churn: neutral advocate detractor period_weeks: contracts.enabled = false
    market.churn: dispersion sensitivity effort_effect: mean > 0
    market.churn: effort_effect: sensitivity > 0
    relationship: asymmetry spill_over history_weight expectation_adaptation forgiveness: gain > 0
    relationship: forgiveness: asymmetry > 0
    relationship: contacts_wanted contact_half_life_weeks wanted_spread: annoyance > 0
    relationship: wanted_spread: contacts_wanted > 0
    relationship: history_weight: expectation_adaptation > 0
    journey: length_reference: directions = additive
    journey: directions: match_effect > 0
    journey.touchpoints.*: match_reference: journey.match_effect > 0
    journey.touchpoints.*: need: journey.match_effect > 0 or journey.touchpoints.*.weight > 0
    journey.touchpoints.*: need: journey.directions != ignored|no_need or journey.touchpoints.*.weight > 0
    handoffs: reference_cosine: angle_friction > 0
    handoffs.links.*: when: share > 0
    word_of_mouth: rate: normalise != per_tie
    word_of_mouth: strong weak strong_share weak_ties: normalise = per_tie
    word_of_mouth: advocate neutral detractor: rate > 0 or normalise = per_tie
    word_of_mouth: referred_churn referred_fit referred_margin: rate > 0 or normalise = per_tie
    word_of_mouth: negative_weeks: negative > 0
    word_of_mouth: former_half_life_weeks: former_voice > 0
    word_of_mouth: contagion_half_life_weeks: contagion != 1
    contracts: purchase_shape purchase_scale_weeks purchase_effect: kind = non-contractual
    contracts: window_learning window_effect fiscal_shift_weeks: window_weeks < 52
    contracts: agreed_loss follow_up: window_effect = timing
    contracts: agreed_loss follow_up: window_weeks < 52
    expansion: step relationship_effect wallet: rate > 0
    expansion: rate relationship_effect wallet: step > 0
    service: fit_effect issue_spread product_work: issues > 0
    service: product_work: expansion.enabled = true
    service: failed_fix_effort: first_contact_resolution < 1
    service: standard_decay_weeks standard_recovery_weeks: erosion = true
    service: servers patience_hours: event_timed = true
    service: patience_weeks fractional_servers: event_timed = false
    service: give_up_effort give_up_return: patience_weeks > 0 or patience_hours > 0
    channels: replaced: replaced_by != nothing
    channels: augmentation self_service_cost self_service_effort self_service_gain: offered > 0
    channels: simplest_first failed_try_effort: offered > 0
    channels.issue_types.*: share solvable hours: channels.offered > 0
    channels.issue_types.*: solvable hours: share > 0
    channels.technology: spend: scale > 0, but its cost
    channels.technology: spend: channels.offered > 0, but its cost
    channels.technology: scale: channels.offered > 0
    channels.technology: scale: spend > 0
    channels.analytics: scale gain timing: spend > 0
    channels.analytics: scale: gain > 0 or timing > 0
    channels.analytics: spend: scale > 0, but its cost
    channels.analytics: spend: gain > 0 or timing > 0, but its cost
    causes: handoff_effect handoff_reference change_effect: growth > 0
    causes: alignment_effect: fix_rate > 0
    causes: pressure prevention patching return_weeks: load > 0
    causes: handoff_reference: handoff_effect > 0
    vectors: growth_effect culture_effect: diffusion > 0
    vectors: growth_reference: growth_effect > 0
    vectors.coupling: fixed gain most half_hours memory_weeks: vectors.transparency > 0
    vectors.coupling: most half_hours memory_weeks: gain > 0
    vectors: map_hours: map_pull > 0
    vectors: transparency_hours: transparency > 0
    incentives: effort_reference: effort_elasticity > 0
    sensing: listening_gain depth_effect: accuracy < 1
    sensing: listening_scale listening_gain: listening_hours > 0
    sensing: survey_lag_weeks happy_bias response_bond: response_rate > 0
    sensing: happy_bias: response_bond = 0
    sensing: relationship_spread: response_bond > 0
    relationship: experience_reference: market.at_rest = true
    reactions: noise_sd: noise = given
    reactions: patching: causes.enabled = true
    reactions: letter_hours preemption: letters > 0
    reactions: letters preemption: letter_hours > 0
    reactions: letters letter_hours: preemption > 0
    strategy: relearn_weeks: transition > 0
    strategy: established: transition > 0 or vectors.coupling.gain > 0
    decisions: rework_weeks rework_hours: rework > 0
    decisions: centre_weeks centre_sd competence other_competence: centralisation > 0
    decisions: team_sd scatter_sd: centralisation < 1
    decisions: competence other_competence: centre_sd > 0
    decisions: reference_variance: error_effect > 0
    cadence: review_gain review_lag review_window hindsight insight foresight: review_weeks > 0
    cadence: review_weeks: reactions.enabled = true
    blockers: discovery_weeks hop_weeks lateral solo_weeks between_meetings reopen idle_hours: rate > 0
    capacity: span angle_share far_weight relief: pair_hours > 0
    capacity: relief: project_managers > 0
    capacity: craft_reference: craft_speed > 0
    market: organic: capacity.shortness > 0
    culture.turnover: neglect_effect: capacity.shortness > 0
    capacity: staffing_limit fewest_heads ramp_weeks: staffing = true
    capacity: ramp_weeks: staffing_limit > 0
    culture: reference: independence < 1
    culture.programme: cost projects project_build_month project_retention_month project_effect: funding > 0
    culture.programme: competence_build_month competence_retention_month competence_effect competencies: funding > 0
    culture.programme: project_build_month project_retention_month project_effect: projects > 0
    culture.programme: competence_build_month competence_retention_month competence_effect competencies: projects < 1
    culture.programme: project_retention_month project_effect: project_build_month > 0
    culture.programme: competence_retention_month competence_effect competencies: competence_build_month > 0
    culture.morale: support_reference: support_effect > 0
    culture.morale: attrition_effect: culture.turnover.enabled = true
    culture.turnover: ramp_weeks idle selectivity trait_effect: yearly > 0
    culture.turnover: ramp_weeks: idle > 0
    culture.turnover: trait_effect: selectivity != 0
    culture.learning: from_code of_code: people > 1
    culture.monitoring: accuracy gaming hours: coverage > 0
    leadership: lost_at_exit: tenure_months > 0
    leadership: vacancy_weeks: tenure_months > 0 or start = vacant
    leadership: command_pull command_morale: style = command
    leadership: coupling_effect: style = collaborate
    leadership: behaviour culture proof enough style: skill > 0
    leadership: friction_effect: behaviour > 0
    leadership: coupling_effect culture_effect command_pull command_morale: culture > 0
    leadership: proof_effect: proof > 0
    leadership: issue_hours: clarity < 1
    loyalty: curvature endowed: elasticity > 0
    loyalty: elasticity curvature endowed: reward_value > 0
    loyalty: threshold reward_value redeem_rate elasticity: earn > 0 or earn_expansion > 0
    ideas: reference_pairs reference_uptake value far: rate > 0
    ideas: reference_uptake: value > 0
    loyalty: join_rate earn earn_expansion threshold reward_value redeem_rate elasticity identity: share > 0
    selling: spike_weeks borrowed discount: accelerator > 0
    selling: reference_cosine: selectivity > 0
    selling: lone_low_fit lone_spread: lone_wolves > 0
"""


class Need(NamedTuple):
    """One condition under which a setting acts: ``path op values``."""

    path: str
    op: str
    values: tuple[Any, ...]

    def met(self, value: Any) -> bool:
        """Tell whether a value of the setting at ``path`` lets others act."""
        if self.op == "=":
            return value in self.values
        if self.op == "!=":
            return value not in self.values
        return bool(value > self.values[0] if self.op == ">" else value < self.values[0])


class Needs(NamedTuple):
    """Conditions of which one must hold; ``costs`` where the setting costs its money all the same."""

    ways: tuple[Need, ...]
    costs: bool = False


class Idle(NamedTuple):
    """A setting without effect: what keeps it from having one, and whether it costs its money all the same."""

    path: str
    why: str
    costs: bool = False

    def sentence(self, name: str) -> str:
        """Say that a setting does nothing in a scenario."""
        return f"{self.path} has no effect{' but its cost' if self.costs else ''} in {name}: {self.why}"


_WORDS: dict[str, Any] = {"true": True, "false": False, "nothing": ""}


def _rows() -> dict[str, tuple[Needs, ...]]:
    rows: dict[str, tuple[Needs, ...]] = {}
    lines = [f"{'.'.join(path[:-1])}: {path[-1]}: {acts}" for path, acts in declared(ScenarioModel, "acts")]
    for line in (*_TABLE.strip().splitlines(), *lines):
        block, names, text = (part.strip() for part in line.split(": ", 2))
        condition, costs, _ = text.partition(", but its cost")
        row = Needs(tuple(_need(block, one) for one in condition.split(" or ")), bool(costs))
        for name in names.split():
            rows[f"{block}.{name}"] = (*rows.get(f"{block}.{name}", ()), row)
    return rows


def _need(block: str, text: str) -> Need:
    path, op, values = text.split(" ", 2)
    asked = tuple(_WORDS[one] if one in _WORDS else _number(one) for one in values.split("|"))
    return Need(path if "." in path else f"{block}.{path}", op, asked)


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


#: What each setting needs, by its path with names written ``*``: every row must be met.
NEEDS = _rows()


@lru_cache(maxsize=4096)
def _needs(path: str) -> tuple[Needs, ...]:
    """Return what a setting needs, with the names of its own path in place of ``*``."""
    parts = path.split(".")
    for end in range(len(parts), 0, -1):
        for star in (None, 1, 2):
            rows = NEEDS.get(".".join("*" if k == star else part for k, part in enumerate(parts[:end])))
            if rows:
                return tuple(
                    row._replace(ways=tuple(way._replace(path=_named(way.path, parts)) for way in row.ways))
                    for row in rows
                )
    return ()


def _named(path: str, parts: list[str]) -> str:
    return ".".join(parts[k] if part == "*" else part for k, part in enumerate(path.split(".")))


def idle(scenario: Scenario, paths: Iterable[str], moved: Container[str] = ()) -> Iterator[Idle]:
    """Yield settings that have no effect on the run of a scenario, each with what keeps it from having one.

    Parameters
    ----------
    scenario : Scenario
    paths : iterable of str
    moved : container of str
        Paths that take other values elsewhere, as those that the timeline sets do: they keep nothing from acting.

    Examples
    --------
    >>> from flywheel_sim.scenario import load
    >>> without = load("b2b-saas").with_({"cadence.enabled": False})
    >>> [one.sentence("it") for one in idle(without, ["cadence.interval_weeks", "market.price"])]
    ['cadence.interval_weeks has no effect in it: cadence.enabled is false']
    """
    timeline = scenario.model.timeline
    later = {name for change in timeline.changes.values() for name in change.values} if timeline.enabled else set()
    values = scenario._filled()

    def at(path: str) -> Any:
        inside: Any = values
        for part in path.split("."):
            inside = inside.get(part) if isinstance(inside, dict) else None
        return inside

    for path in paths:
        parts = path.split(".")
        switches = [".".join((*parts[:k], "enabled")) for k in range(1, len(parts))]
        off = [Needs((Need(switch, "=", (True,)),)) for switch in switches if switch != path and at(switch) is False]
        for ways, costs in (*off, *_needs(path)):
            now = [(way, at(way.path)) for way in ways]
            free = any(way.path in later or way.path in moved or value is None for way, value in now)
            if not free and not any(way.met(value) for way, value in now):
                yield Idle(path, " and ".join(f"{way.path} is {_said(value)}" for way, value in now), costs)
                break


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, int | float) else str(value) or "empty"


def own(scenario: Scenario) -> list[str]:
    """Return paths of the values that a user has written: in files that did not come with the package, and in Python.

    Examples
    --------
    >>> from flywheel_sim.scenario import load
    >>> own(load("b2b-saas").with_({"cadence": {"interval_weeks": 4}}))
    ['cadence.interval_weeks']
    """
    shipped = known()
    written = [path for path, (_, place) in scenario._places.items() if place.file and place.file not in shipped]
    blocks = {path[:k] for path in written for k in range(len(path))}
    paths = {".".join(path): None for path in written if path not in blocks}
    for path, value in scenario.changes.items():
        below = paths_of(value, f"{path}.") if isinstance(value, dict) else []
        paths |= dict.fromkeys(one for one in below if not any(other.startswith(f"{one}.") for other in below))
        paths |= {} if isinstance(value, dict) else {path: None}
    return list(paths)


def sentences(
    scenarios: Iterable[Scenario], paths: Iterable[str] | None = None, moved: Container[str] = ()
) -> list[str]:
    """Return a sentence for every setting that acts in none of some scenarios: of ``paths``, or of what users have
    written.

    Examples
    --------
    >>> from flywheel_sim.scenario import load
    >>> without = load("b2b-saas").with_({"cadence.enabled": False, "cadence.interval_weeks": 4})
    >>> sentences([without])
    ['cadence.interval_weeks has no effect in b2b-saas: cadence.enabled is false']
    >>> sentences([without, without.with_({"cadence.enabled": True})])
    []
    """
    asked = list(paths) if paths is not None else None
    acting: set[str] = set()
    by_path: dict[str, str] = {}
    for scenario in scenarios:
        here = own(scenario) if asked is None else asked
        still = {one.path: one for one in idle(scenario, here, moved)}
        acting |= set(here) - set(still)
        for path, one in still.items():
            by_path.setdefault(path, one.sentence(scenario.name))
    return [said for path, said in by_path.items() if path not in acting]


def warn(scenarios: Iterable[Scenario], moved: Container[str] = (), *, paths: Iterable[str] | None = None) -> None:
    """Warn who calls a function of the package of settings without effect; the package itself is not warned.

    To be called by that function, whose caller the warning then points at.
    """
    caller = sys._getframe(2).f_globals.get("__name__", "")
    if str(caller).partition(".")[0] != __name__.partition(".")[0]:
        for said in sentences(scenarios, paths, moved):
            warnings.warn(said, UserWarning, stacklevel=3)
