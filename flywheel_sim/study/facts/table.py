"""The table of facts: what is known of the world, how it is measured in a run, and what part it had in the model.

Every entry of ``experiments/facts/*.yaml`` is named by its mark in the bibliography, which holds statement, rating and
references.  Fields of an entry:

``role``
    One of `ROLES`, fixed before the first number was measured.
``because``
    Why it can be no evidence; empty for facts that validate.
``how``
    How it is measured, in words.
``companies``
    Where it should hold, out of `COMPANIES`; all of them if absent.
``no_interface``
    Why it cannot be measured, instead of parts.
``parts``
    What is measured: name -> ``{measure, low, high, unit}`` with optional ``with`` (arguments of the measure, one of
    `flywheel_sim.study.facts.measures.MEASURES`), ``sign`` (only the sign was published) and ``companies``.  A fact
    agrees where every part lies in its band.

``arms.yaml`` names what is changed in arms of paired runs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from flywheel_sim.scenario import Scenario, shipped_path
from flywheel_sim.scenario.bibliography import bibliography
from flywheel_sim.study.declared import entries, entries_of, every_name

__all__ = ["COMPANIES", "ROLES", "Fact", "Part", "arm", "arms", "fact_table"]

#: Companies in which facts are looked for.
COMPANIES = ("b2b-saas", "b2c-subscription")
#: Role -> what it means.
ROLES: Mapping[str, str] = {
    "put in": "a law of the model says it, or names it",
    "calibrates": "a setting or a target was chosen with it in view",
    "validates": "neither; it may be used to choose nothing",
}
_ARMS = "arms.yaml"
_INFINITE = float("inf")


@dataclass(frozen=True, kw_only=True)
class Part:
    """One number that a fact is about, and the band in which it should lie."""

    name: str
    measure: str
    low: float = -_INFINITE
    high: float = _INFINITE
    unit: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    sign: bool = False
    companies: tuple[str, ...] = COMPANIES


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One fact, its role, and how it is measured."""

    mark: str
    role: str
    because: str = ""
    how: str = ""
    companies: tuple[str, ...] = COMPANIES
    no_interface: str = ""
    parts: tuple[Part, ...] = ()

    @property
    def sign(self) -> bool:
        """Whether nothing but signs was published."""
        return bool(self.parts) and all(part.sign for part in self.parts)


@lru_cache(maxsize=1)
def fact_table() -> Mapping[str, Fact]:
    """Return every fact by its mark, in the order of the marks.

    Examples
    --------
    >>> fact_table()["S16"].role, fact_table()["S16"].parts[0].low
    ('calibrates', 1.5)
    """
    facts = {mark: _fact(path, mark, entry) for path, mark, entry in entries("facts", without=_ARMS)}
    return MappingProxyType(dict(sorted(facts.items(), key=lambda one: int(one[0][1:]))))


@lru_cache(maxsize=1)
def arms() -> Mapping[str, Mapping[str, Any]]:
    """Return what is changed in each arm; nothing in ``base``.

    Examples
    --------
    >>> arms()["many-answer"]
    {'sensing.response_rate': 0.5}
    """
    return MappingProxyType({"base": {}, **entries_of(shipped_path("experiments/facts") / _ARMS)})


def arm(base: Scenario, name: str) -> Scenario:
    """Return the company of an arm.

    Examples
    --------
    >>> from flywheel_sim.scenario import load
    >>> arm(load("b2b-saas"), "fourfold").get("market.accounts")
    20000
    """
    changes: dict[str, Any] = {}
    for path, value in arms()[name].items():
        for one in every_name(base, path):
            changes[one] = _times(base.get(one), value["times"]) if isinstance(value, Mapping) else value
    return base.with_(changes) if changes else base


def _times(value: Any, factor: float) -> Any:
    return round(value * factor) if isinstance(value, int) else value * factor


def _fact(path: Path, mark: str, entry: Mapping[str, Any]) -> Fact:
    known = {"role", "because", "how", "companies", "no_interface", "parts"}
    if unknown := sorted(set(entry) - known):
        raise ValueError(f"{path}: {mark}: unknown field {unknown[0]}")
    if mark not in bibliography():
        raise ValueError(f"{path}: {mark} is not in the bibliography")
    if entry.get("role") not in ROLES:
        raise ValueError(f"{path}: {mark}: expected a role out of {', '.join(ROLES)}, got {entry.get('role')}")
    if (entry["role"] == "validates") == bool(entry.get("because")):
        raise ValueError(f"{path}: {mark}: a reason is given for facts that are no evidence, and for no other")
    if bool(entry.get("parts")) == bool(entry.get("no_interface")):
        raise ValueError(f"{path}: {mark}: expected parts, or the reason why there is no interface")
    companies = tuple(entry.get("companies", COMPANIES))
    parts = tuple(_part(path, mark, name, one, companies) for name, one in entry.get("parts", {}).items())
    return Fact(
        mark=mark,
        role=entry["role"],
        because=entry.get("because", ""),
        how=" ".join(entry.get("how", "").split()),
        companies=companies,
        no_interface=entry.get("no_interface", ""),
        parts=parts,
    )


def _part(path: Path, mark: str, name: str, entry: Mapping[str, Any], companies: tuple[str, ...]) -> Part:
    given = dict(entry)
    given["arguments"] = given.pop("with", {})
    given["companies"] = tuple(given.get("companies", companies))
    for end in ("low", "high"):
        if end in given:
            given[end] = float(given[end])
    try:
        part = Part(name=name, **given)
    except TypeError as error:
        raise ValueError(f"{path}: {mark}: {name}: {error}") from None
    if part.low == -_INFINITE and part.high == _INFINITE:
        raise ValueError(f"{path}: {mark}: {name} can only agree")
    return part
