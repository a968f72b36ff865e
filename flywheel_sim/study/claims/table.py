"""The table of claims: what is claimed, which mechanisms carry it, and at which setting its effect must vanish.

Every claim of ``experiments/claims/*.yaml`` is a paired experiment with four arms under the same luck.  The company is
the base with what is ``given``; the effect is what ``effect`` sets on it, seen in what is observed:

    effect alive     = (given + effect)           - (given)
    effect vanished  = (given + vanish + effect)  - (given + vanish)

Of the mechanisms that could carry the same cause by another route (M9, M10, M14, M16, M18, M20's morale and turnover,
M26, M27) those that the claim does not name are off in all arms, so that it stands or falls by its own.

The first must not be zero; the second must be, exactly (to the bit) or within its interval, or else the code is wrong
or the effect is an artefact.  Where the null itself is the claim, the first must be zero.

Fields of a claim: ``claim`` (in own words), ``text`` (source texts), ``mechanisms``, ``anchors`` and ``facts`` (closed
forms A and facts S it leans on), ``observe`` (weekly columns, or one over another: ``churned/customers``), ``base``,
``given``, ``effect``, ``vanish`` (settings, or a list of them: each must do), ``expect`` (``exact``, ``interval`` or
``null``), ``direction`` (of the first thing observed, where it is claimed), ``by_construction`` (the sign is in the
equations; only the size is a finding), and ``open`` (why there is no experiment yet).  A path may hold ``*`` for every
name at its place.  ``twin.<argument>`` among effect and vanish sets arguments of the funnel twin, and the effect is
then that of the twin.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from flywheel_sim.scenario import Scenario, load
from flywheel_sim.study.declared import entries, every_name

__all__ = ["Arms", "Claim", "arms", "claim_table", "settings"]

_TWIN = "twin."
#: A claim is tried alone: what could carry the same cause by another route is off, unless the claim names it.
_ALONE = {
    "M9": ("channels.enabled",),
    "M10": ("causes.enabled",),
    "M14": ("reactions.enabled",),
    "M16": ("decisions.enabled",),
    "M18": ("blockers.enabled",),
    "M20": ("culture.morale.enabled", "culture.turnover.enabled"),
    "M26": ("ideas.enabled",),
    "M27": ("selling.enabled",),
}


@dataclass(frozen=True)
class Claim:
    """One claim and the experiment that could prove it wrong."""

    number: str
    claim: str
    text: tuple[str, ...]
    mechanisms: tuple[str, ...]
    observe: tuple[str, ...] = ()
    base: str = "b2b-saas"
    given: Mapping[str, Any] = field(default_factory=dict)
    effect: Mapping[str, Any] = field(default_factory=dict)
    vanish: tuple[Mapping[str, Any], ...] = ()
    expect: Literal["exact", "interval", "null"] = "exact"
    direction: Literal["", "up", "down"] = ""
    anchors: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    by_construction: bool = False
    open: str = ""


@dataclass(frozen=True)
class Arms:
    """The scenarios of a claim: without and with the effect, and pairs of the same at each vanishing setting."""

    without: Scenario
    with_effect: Scenario
    vanished: tuple[tuple[Scenario, Scenario], ...]


@lru_cache(maxsize=1)
def claim_table() -> Mapping[str, Claim]:
    """Return every claim by its number, C1 first.

    Examples
    --------
    >>> claim_table()["C34"].vanish[0]["expansion.relationship_effect"]
    0
    """
    claims = {number: _claim(path, number, values) for path, number, values in entries("claims")}
    return MappingProxyType(dict(sorted(claims.items(), key=lambda item: int(item[0][1:]))))


def arms(claim: Claim, shape: Mapping[str, Any] | None = None) -> Arms:
    """Return the scenarios of a claim's experiment.

    Parameters
    ----------
    claim : Claim
        One that is not ``open``.
    shape : mapping, optional
        Settings for all arms that the claim does not say itself, such as size and length.
    """
    base = load(claim.base)
    off = {
        switch: False for number, switches in _ALONE.items() if number not in claim.mechanisms for switch in switches
    }
    base = base.with_({**off, **(shape or {}), **settings(base, claim.given)})
    pairs = [(base, _affected(base, claim.effect, {}))]
    for vanish in claim.vanish:
        twin = {path: value for path, value in vanish.items() if path.startswith(_TWIN)}
        rest = {path: value for path, value in vanish.items() if not path.startswith(_TWIN)}
        still = base.with_(settings(base, rest)) if rest else base
        pairs.append((still, _affected(still, claim.effect, twin)))
    return Arms(*pairs[0], tuple(pairs[1:]))


def settings(scenario: Scenario, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return dotted paths with ``*`` replaced by every name there is.

    Examples
    --------
    >>> settings(load("b2b-saas"), {"segments.*.need.care": 1})
    {'segments.enterprise.need.care': 1, 'segments.small.need.care': 1}
    """
    return {one: value for path, value in changes.items() for one in every_name(scenario, path)}


def _affected(scenario: Scenario, effect: Mapping[str, Any], twin: Mapping[str, Any]) -> Scenario:
    """Return the scenario with the effect: its settings, or what its funnel twin changes."""
    from flywheel_sim.scenario.funnel import funnel_twin

    arguments = {path: value for path, value in {**effect, **twin}.items() if path.startswith(_TWIN)}
    if arguments:
        keywords: dict[str, Any] = {path.removeprefix(_TWIN): value for path, value in arguments.items()}
        scenario = funnel_twin(scenario, **keywords)
    rest = {path: value for path, value in effect.items() if not path.startswith(_TWIN)}
    return scenario.with_(settings(scenario, rest)) if rest else scenario


def _claim(path: Path, number: str, values: Mapping[str, Any]) -> Claim:
    """Check one entry's fields and make the claim."""
    listed = ("text", "mechanisms", "observe", "anchors", "facts")
    given = dict(values) | {name: tuple(str(x) for x in values.get(name, ())) for name in listed}
    vanish = values.get("vanish", ())
    given["vanish"] = (vanish,) if isinstance(vanish, Mapping) else tuple(vanish)
    given["claim"] = " ".join(str(values.get("claim", "")).split())
    given["open"] = " ".join(str(values.get("open", "")).split())
    try:
        claim = Claim(number, **given)
    except TypeError as error:
        raise ValueError(f"{path}: {number}: {error}") from None
    needed = ("claim", "mechanisms") if claim.open else ("claim", "mechanisms", "observe", "effect")
    missing = [name for name in needed if not getattr(claim, name)]
    if not claim.open and not claim.vanish and claim.expect != "null":
        missing.append("vanish")
    if missing:
        raise ValueError(f"{path}: {number} says nothing about {', '.join(missing)}")
    return claim
