"""What can be moved: every number, switch and choice of a scenario by mechanism, with limits, unit and evidence.

All of it is read off the schema; only the few levers that come first are named here.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import annotated_types as limits

from flywheel_sim.results.assumptions import EVIDENCE
from flywheel_sim.results.naming import leaves
from flywheel_sim.scenario import Scenario
from flywheel_sim.scenario.schema import MECHANISMS, ScenarioModel
from flywheel_sim.scenario.shapes import Shape, along, root

__all__ = ["LEVERS", "Control", "Group", "groups", "levers", "round_up"]

#: Levers that strategists ask for first; those that a scenario has are shown above the mechanisms.
LEVERS = (
    "cadence.enabled", "cadence.interval_weeks", "vectors.coupling.fixed", "vectors.pay_pull", "vectors.map_pull",
    "handoffs.integration", "teams.sales.headcount", "teams.service.headcount", "word_of_mouth.rate",
    "market.churn.mean", "market.price",
)  # fmt: skip
#: Shown as groups of their own, before the mechanisms.
_NAMED = {"teams": "Teams", "segments": "Segments"}
_IN_TEAMS = ("headcount", "salary", "skill")
_IN_SEGMENTS = ("share", "spend", "relationship_weight", "price_weight")
_WIDEST = 3.0
#: Sliders end here, far from where a float does: their ends are multiplied and subtracted.
_MOST = 1e300


@dataclass(frozen=True)
class Control:
    """One number, switch or choice.

    Parameters
    ----------
    path : str
    label, text, unit : str
        What it is called, what it means, and its unit.
    value : number, bool or str
        Its value in the scenario it was read off.
    kind : str
        ``number``, ``whole``, ``switch`` or ``choice``.
    low, high, step : float
        Range of the slider; inside what the schema allows.
    allowed : str
        What the schema allows, in words.
    choices : tuple of str
    evidence, source : str
        What the value is known by, in words, and where it is from.
    """

    path: str
    label: str
    text: str
    unit: str
    value: Any
    kind: str
    low: float = 0.0
    high: float = 1.0
    step: float = 0.01
    allowed: str = ""
    choices: tuple[str, ...] = ()
    evidence: str = ""
    source: str = ""


@dataclass(frozen=True)
class Group:
    """The controls of a mechanism."""

    key: str
    title: str
    enabled: bool
    controls: tuple[Control, ...]


def groups(scenario: Scenario) -> tuple[Group, ...]:
    """Return controls by mechanism, the company's teams and segments first.

    Examples
    --------
    >>> from flywheel_sim.scenario import load
    >>> [group.title for group in groups(load("b2b-saas"))][:4]
    ['Teams', 'Segments', 'M1 Market', 'M2 Relationship']
    """
    flat = dict(leaves(scenario.resolved()))
    shown = [Group(key, title, True, tuple(_of(scenario, flat, key))) for key, title in _NAMED.items()]
    for number, block in MECHANISMS.items():
        title = f"{number} {block.replace('_', ' ').capitalize()}"
        shown.append(Group(block, title, bool(flat.get(f"{block}.enabled", True)), tuple(_of(scenario, flat, block))))
    return tuple(group for group in shown if group.controls)


def levers(scenario: Scenario) -> tuple[Control, ...]:
    """Return the few controls that come first.

    Examples
    --------
    >>> from flywheel_sim.scenario import load
    >>> [control.path for control in levers(load("b2b-saas"))][:2]
    ['cadence.enabled', 'cadence.interval_weeks']
    """
    flat = dict(leaves(scenario.resolved()))
    controls = [_control(scenario, path, flat[path]) for path in LEVERS if path in flat]
    return tuple(replace(control, label=_whole_label(control)) for control in controls if control is not None)


def round_up(value: float) -> float:
    """Return the next 1, 2 or 5 times a power of ten.

    Examples
    --------
    >>> round_up(0.0018), round_up(12), round_up(5), round_up(0)
    (0.002, 20.0, 5.0, 1.0)
    """
    if value <= 0:
        return 1.0
    value = min(value, _MOST)
    scale = 10.0 ** math.floor(math.log10(value))
    for step in (1.0, 2.0, 5.0, 10.0):
        if value <= step * scale * (1 + 1e-9):
            return float(f"{step * scale:.12g}")
    raise AssertionError(value)


def _of(scenario: Scenario, flat: Mapping[str, Any], block: str) -> Iterator[Control]:
    names = {"teams": _IN_TEAMS, "segments": _IN_SEGMENTS}.get(block)
    for path, value in flat.items():
        parts = path.split(".")
        if parts[0] != block or (names is not None and (len(parts) != 3 or parts[2] not in names)):
            continue
        if names is None and _inside_names(scenario, parts):
            continue
        control = _control(scenario, path, value)
        if control is not None:
            yield control


def _inside_names(scenario: Scenario, parts: list[str]) -> bool:
    """Tell whether a path leads through something named (a touchpoint, a measure): too many for sliders."""
    top = root(type(scenario.model))
    above = (along(top, tuple(parts[:n])) for n in range(1, len(parts)))
    return any(shape is not None and shape.entries is not None for shape in above)


def _control(scenario: Scenario, path: str, value: Any) -> Control | None:
    shape = along(root(type(scenario.model)), tuple(path.split(".")))
    if shape is None or shape.field is None or not isinstance(value, bool | int | float | str):
        return None
    default = None if shape.field.is_required() else shape.field.default
    own = default != value
    known = "set" if own else str(shape.extra.get("evidence", "a"))
    given: dict[str, Any] = {
        "path": path,
        "label": _label(path, shape),
        "text": shape.text.replace("`", ""),
        "unit": shape.unit,
        "value": value,
        "evidence": EVIDENCE[known],
        "source": "" if own else str(shape.extra.get("source", "")),
    }
    if isinstance(value, bool):
        return Control(kind="switch", allowed="on or off", **given)
    if isinstance(value, str):
        return (
            Control(kind="choice", choices=shape.choices, allowed=" or ".join(shape.choices), **given)
            if shape.choices
            else None
        )
    whole = shape.field.annotation is int
    low, high, step = _range(shape, float(value), default if isinstance(default, int | float) else None, whole)
    allowed = re.sub(r"\d{5,}", lambda match: f"{int(match.group(0)):,}", (shape.kinds or ("",))[0].removeprefix("a "))
    return Control(kind="whole" if whole else "number", low=low, high=high, step=step, allowed=allowed, **given)


def _range(shape: Shape, value: float, default: float | None, whole: bool) -> tuple[float, float, float]:
    """Return ends and step of a slider: the schema's limits where they are near, else three times what is usual."""
    least, most = _limits(shape)
    usual = max(abs(value), abs(default or 0.0))
    wide = round_up(_WIDEST * usual) if usual else 1.0
    low = least if math.isfinite(least) and least >= -10 * wide else -wide
    high = most if math.isfinite(most) and most <= max(10 * wide, 1.0) and not (whole and most > 10 * wide) else wide
    high = min(max(high, value), most)
    low = max(min(low, value), least)
    if whole:
        high = max(high, min(low + 4, most))
        return low, high, max(1.0, round_up((high - low) / 400))
    if high <= low:
        high = low + (usual or 1.0)
    step = round_up((high - low) / 250)
    return low, high, step


def _limits(shape: Shape) -> tuple[float, float]:
    least, most = -math.inf, math.inf
    for limit in shape.field.metadata if shape.field is not None else ():
        if isinstance(limit, limits.Ge):
            least = float(limit.ge)  # type: ignore[arg-type]
        elif isinstance(limit, limits.Gt):
            least = float(limit.gt)  # type: ignore[arg-type]
        elif isinstance(limit, limits.Le):
            most = float(limit.le)  # type: ignore[arg-type]
        elif isinstance(limit, limits.Lt):
            most = float(limit.lt)  # type: ignore[arg-type]
    return least, most


def _label(path: str, shape: Shape | None = None) -> str:
    """Return the label of a setting, else its path in words; whose it is stands before it.

    Examples
    --------
    >>> _label("cadence.interval_weeks"), _label("teams.sales.headcount")
    ('Interval weeks', 'Sales: headcount')
    """
    parts = [part.replace("_", " ") for part in path.split(".")]
    if shape is not None and shape.label:
        whose = f"{parts[1]}: " if parts[0] in _NAMED and len(parts) > 2 else ""
        return whose[:1].upper() + whose[1:] + shape.label
    if len(parts) > 2:
        return re.sub(r"^\w", lambda match: match.group(0).upper(), f"{' '.join(parts[1:-1])}: {parts[-1]}")
    return parts[-1].capitalize()


def _whole_label(control: Control) -> str:
    """Return a label that says which mechanism it is about.

    Examples
    --------
    >>> from flywheel_sim.scenario import load
    >>> [control.label for control in levers(load("b2b-saas"))][:2]
    ['Cross-team meetings', 'Weeks between cross-team meetings']
    """
    parts = control.path.split(".")
    shape = along(root(ScenarioModel), tuple(parts))
    if parts[0] in _NAMED or (shape is not None and shape.label):
        return control.label
    return f"{parts[0].replace('_', ' ').capitalize()}: {control.label[:1].lower()}{control.label[1:]}"
