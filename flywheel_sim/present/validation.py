"""How sure we are of the model: what the base case was to meet and what it met, and the limits it must come to."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flywheel_sim.present.tables import shown
from flywheel_sim.results.assumptions import EVIDENCE
from flywheel_sim.results.summary import SUMMARY
from flywheel_sim.results.words import number
from flywheel_sim.scenario import scenarios

if TYPE_CHECKING:
    from flywheel_sim.scenario import Scenario

__all__ = ["Pattern", "limits", "patterns"]

#: Targets that are no summary keys, in words.
_NAMES = {
    "churn_monthly": "customers lost in a month",
    "containment": "contacts that self-service solves",
    "utilisation": "hours asked of service over hours it has",
}
_TITLE = re.compile(r"^(.*?)\s*\((A\d+)[^)]*\)$")


@dataclass(frozen=True)
class Pattern:
    """A number the base case was calibrated to, in words."""

    text: str
    band: str
    achieved: str
    met: bool
    evidence: str


def patterns(scenario: "Scenario") -> list[Pattern]:
    """Return what the company under the scenario was frozen against, before anything was tried in it."""
    rows = []
    for name, target in scenario.model.frozen.targets.items():
        words = _NAMES.get(name) or (SUMMARY[name].label if name in SUMMARY else name.replace("_", " "))
        low, high = (_said(name, value) for value in (target.low, target.high))
        off = "" if not target.error else f" \N{PLUS-MINUS SIGN} {_said(name, target.error)}"
        rows.append(
            Pattern(
                words[:1].upper() + words[1:],
                f"{low} to {high}",
                f"{_said(name, target.achieved)}{off}",
                target.low <= target.achieved <= target.high,
                ", ".join(filter(None, (EVIDENCE[target.evidence], target.source))),
            )
        )
    return rows


def limits() -> list[tuple[str, str]]:
    """Number and title of every limit that comes as a scenario, by number."""
    rows = []
    for entry in scenarios().values():
        title = _TITLE.match(entry.title)
        if entry.kind == "limit" and title:
            rows.append((title.group(2), title.group(1)))
    return sorted(rows, key=lambda one: (int(one[0][1:]), one[1]))


def _said(name: str, value: float) -> str:
    if name in ("churn_annual", "churn_monthly", "referral_share", "containment", "utilisation", "nrr"):
        return f"{number(100 * value, 3 if value >= 0.01 else 1)} %"
    return shown(name, value) if name in SUMMARY and SUMMARY[name].unit.startswith("$") else number(value, 3)
