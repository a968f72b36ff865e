"""What a result rests on: parameters with value, unit and evidence, read off the scenario's schema."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flywheel_sim.results.naming import differences, leaves
from flywheel_sim.results.words import number
from flywheel_sim.scenario import fields
from flywheel_sim.scenario.roles import role_of
from flywheel_sim.scenario.schema import ScenarioModel
from flywheel_sim.scenario.shapes import along, root

if TYPE_CHECKING:
    from flywheel_sim.scenario import Scenario

__all__ = [
    "EVIDENCE", "Assumption", "Tally", "acting", "brief", "changed", "evidence_of", "key_assumptions", "plain_label",
    "tally",
]  # fmt: skip

#: What an evidence mark means, and what is known of a number that the scenario states itself.
EVIDENCE: dict[str, str] = {**fields.EVIDENCE, "set": "set by the scenario"}


#: Sizes that do not scale a company but make another one.
_SIZES = ("market.accounts", "market.initial_customers")


@dataclass(frozen=True)
class Assumption:
    """One parameter in one or more scenarios.

    Parameters
    ----------
    path, text, unit : str
        Where it is, what it means, and its unit.
    values : tuple of str
        Its value in every scenario, or one value when they agree.
    evidence : str
        What the value is known by, in words.
    source : str
        Reference, as plain text.
    """

    path: str
    text: str
    unit: str
    values: tuple[str, ...]
    evidence: str
    source: str


@dataclass(frozen=True)
class Tally:
    """How many numbers of a scenario stand on what."""

    total: int
    sourced: int
    chosen: int
    assumed: int


def changed(scenarios: Sequence["Scenario"]) -> list[Assumption]:
    """Return parameters that are not the same in all scenarios, in the order of the schema."""
    return [_assumption(scenarios, path, values) for path, values in differences(scenarios).items()]


def acting(scenario: "Scenario") -> dict[str, float]:
    """Return numbers that act in a scenario and that nobody decides, by path, in the order of the schema.

    What is true of the company and how strongly things work (`flywheel_sim.scenario.roles`), in mechanisms that are on.
    Left out are sizes, which make another company and not another assumption, references, which follow from the base
    case, measures that nobody is paid on, what the timeline sets, and zeros.
    """
    flat = dict(leaves(scenario.resolved()))
    paid = {name for pay in scenario.model.incentives.pay.values() for name in pay.on}
    numbers = {}
    for path, value in flat.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or value == 0 or path in _SIZES:
            continue
        parts = path.split(".")
        if parts[0] == "timeline" or "reference" in parts[-1] or role_of(path) not in ("company", "effect"):
            continue
        if parts[:2] == ["incentives", "measures"] and parts[2] not in paid:
            continue
        if all(flat.get(".".join((*parts[:k], "enabled")), True) for k in range(1, len(parts))):
            numbers[path] = float(value)
    return numbers


def key_assumptions(scenarios: Sequence["Scenario"]) -> list[Assumption]:
    """Return every number that acts in any of the scenarios and that nobody decides, as one row for all of them.

    Those of the blocks in which the scenarios differ come first: what a plan does works through them.
    """
    paths = dict.fromkeys(path for scenario in scenarios for path in acting(scenario))
    moved = {path.partition(".")[0] for path in differences(scenarios)} if len(scenarios) > 1 else set()
    flat = [dict(leaves(scenario.resolved())) for scenario in scenarios]
    assumptions = []
    for path in sorted(paths, key=lambda one: one.partition(".")[0] not in moved):
        values = tuple(values.get(path) for values in flat)
        alike = all(value == values[0] for value in values)
        assumptions.append(_assumption(scenarios[:1] if alike else scenarios, path, values[:1] if alike else values))
    return assumptions


def tally(scenario: "Scenario") -> Tally:
    """Count the numbers that act, by what they stand on."""
    flat = dict(leaves(scenario.resolved()))
    marks = []
    for path, value in flat.items():
        block_on = flat.get(f"{path.partition('.')[0]}.enabled", True)
        if isinstance(value, int | float) and not isinstance(value, bool) and block_on:
            marks.append(_mark(scenario, path, value)[0])
    sourced = sum(mark in ("V", "V2", "M", "X") for mark in marks)
    chosen = sum(mark == "set" for mark in marks)
    return Tally(len(marks), sourced, chosen, len(marks) - sourced - chosen)


def _assumption(scenarios: Sequence["Scenario"], path: str, values: tuple[Any, ...]) -> Assumption:
    model = type(scenarios[0].model)
    shape = along(root(model), tuple(path.split(".")))
    marks = {_mark(one, path, value) for one, value in zip(scenarios, values, strict=True) if value is not None}
    mark, source = next(iter(marks)) if len(marks) == 1 else ("set", "")
    return Assumption(
        path=path,
        text=_meaning(path, model) + _whose(path, model),
        unit=shape.unit if shape is not None else "",
        values=tuple(_shown(value) for value in values),
        evidence=EVIDENCE[mark],
        source=source,
    )


def plain_label(path: str, model: type = ScenarioModel) -> str:
    """Return what strategists read for a setting, with whose it is; a name that is no setting's stays as it is.

    Examples
    --------
    >>> plain_label("teams.sales.headcount"), plain_label("cadence.enabled"), plain_label("budget")
    ('People in the team (sales)', 'Cross-team meetings', 'budget')
    """
    if along(root(model), tuple(path.split("."))) is None:
        return path
    return brief(_meaning(path, model) + _whose(path, model), path)


def evidence_of(scenario: "Scenario", path: str) -> str:
    """Return the evidence mark of a number, or ``"set"`` where the scenario states it without one."""
    return _mark(scenario, path, scenario.get(path))[0]


def _meaning(path: str, model: type) -> str:
    """Return the label of a setting, else its description; an entry of a mapping has those of the mapping."""
    if path.startswith("incentives.pay.") and path.endswith(".on"):
        return "Paid on"
    parts, top = tuple(path.split(".")), root(model)
    above = (along(top, parts[:n]) for n in range(len(parts), 1, -1))
    shape = next((shape for shape in above if shape is not None and (shape.label or shape.text)), None)
    return (shape.label or _plainly(shape.text, path)) if shape is not None else _plainly("", path)


def _whose(path: str, model: type) -> str:
    """Return the team, segment, ... a path is about, in brackets."""
    parts = tuple(path.split("."))
    shapes = [along(root(model), parts[:n]) for n in range(1, len(parts))]
    names = [part for part, above in zip(parts[1:], shapes, strict=True) if above is not None and above.entries]
    return f" ({', '.join(names)})" if names else ""


def _plainly(text: str, path: str) -> str:
    """Return a description without its symbol in front, or the path in words.

    Examples
    --------
    >>> _plainly("h_pay/D: pull of what a team is paid for.", ""), _plainly("", "incentives.pay.sales.on.close_rate")
    ('Pull of what a team is paid for', 'Incentives pay sales on close rate')
    """
    text = re.sub(r"^[^ :]{1,12}( = [^ :]{1,8})?: ", "", text).replace("`", "").removesuffix(".")
    text = text or path.replace(".", " ").replace("_", " ")
    return text[:1].upper() + text[1:]


def brief(text: str, path: str = "") -> str:
    """Return a description cut to its first clause; whose it is, a name in the path, stays.

    Examples
    --------
    >>> brief("Mean churn propensity per period (per renewal under contracts, per purchase without: see there)")
    'Mean churn propensity per period'
    >>> brief("What a customer pays at list price (small)", "segments.small.spend")
    'What a customer pays at list price (small)'
    >>> brief("Cost of gaming effort; large = nobody games")
    'Cost of gaming effort'
    """
    parts, whose = path.split("."), ""
    for bracket in re.finditer(r" \(", text):
        inside = text[bracket.end() : -1] if text.endswith(")") else ""
        if inside and all(name in parts for name in inside.split(", ")):
            whose = text[bracket.start() :]
            break
    return re.split(r"[:;]| \(|, ", text.removesuffix(whose))[0] + whose


def _mark(scenario: "Scenario", path: str, value: Any) -> tuple[str, str]:
    """Return the evidence mark and source of a value: the schema vouches for its own default, the file's comment for
    the rest.
    """
    shape = along(root(type(scenario.model)), tuple(path.split(".")))
    field = shape.field if shape is not None else None
    if shape is None or field is None or field.is_required() or field.default != value:
        return scenario.marks.get(path, ("set", ""))
    return str(shape.extra.get("evidence", "a")), str(shape.extra.get("source", ""))


def _shown(value: Any) -> str:
    if value is None:
        return "\N{EM DASH}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return number(float(value), 4)
    if isinstance(value, dict):
        return ", ".join(f"{name} {_shown(part)}" for name, part in value.items()) or "none"
    if isinstance(value, list):
        return ", ".join(_shown(part) for part in value) or "none named"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
