"""A plan that sets something inside a name which the company below it does not have: one mistake, in plain words.

Laid over another company, ``teams.sales.headcount`` would begin a team of that name, of which everything else is
missing; what is wrong is that there is none.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from flywheel_sim.scenario.errors import Problem, nearest

__all__ = ["without_entries"]

#: Mappings whose names are a company's own, and what one of them is called.
_NAMED = {
    "teams": "team",
    "segments": "segment",
    "journey.touchpoints": "touchpoint",
    "handoffs.links": "handoff",
    "channels.issue_types": "kind of issue",
}
_LATER = re.compile(r"^(timeline\.changes\..*?\.set)\.(.+)$")


def without_entries(
    problems: Sequence[Problem], company: Mapping[str, Any] | None, overlays: Collection[str]
) -> list[Problem]:
    """Return mistakes, those inside a name that the company lacks told as one.

    Parameters
    ----------
    problems : sequence of Problem
    company : mapping or None
        What the company says on which the overlays lie; none, and the mistakes are returned as they are.
    overlays : collection of str
        Files of the plans.
    """
    if company is None:
        return list(problems)
    mistakes: dict[str, Problem | None] = {}
    for one in problems:
        entry = _entry(one.field, company) if one.file in overlays and one.message.startswith("missing") else None
        if entry is not None:
            said, word, names, name = entry
            listed = f"; it has {', '.join(names[:8])}{', ...' if len(names) > 8 else ''}" if names else ""
            message = f"the company below has no {word} '{name}'{listed}"
            mistakes.setdefault(said, Problem(one.file, one.line, one.column, said, message, nearest(name, names)))
    named: list[Problem] = []
    for one in problems:
        at = next((said for said in mistakes if f"{one.field}.".startswith(f"{said}.")), None)
        if at is None:
            named.append(one)
        elif (first := mistakes[at]) is not None:
            named.append(first)
            mistakes[at] = None
    return named


def _entry(field: str, company: Mapping[str, Any]) -> tuple[str, str, list[str], str] | None:
    """Return the path of the entry that a mistake lies in, what it is, the names there are and its own."""
    later = _LATER.match(field)
    before, path = (f"{later[1]}.", later[2]) if later else ("", field)
    for mapping, word in _NAMED.items():
        if not path.startswith(f"{mapping}."):
            continue
        inside: Any = company
        for part in mapping.split("."):
            inside = inside.get(part, {}) if isinstance(inside, Mapping) else {}
        names = [*inside] if isinstance(inside, Mapping) else []
        name = path[len(mapping) + 1 :].partition(".")[0]
        if name not in names:
            return f"{before}{mapping}.{name}", word, names, name
    return None
