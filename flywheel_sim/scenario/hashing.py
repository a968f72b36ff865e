"""What of a scenario its hash is of: all that a run depends on, and nothing that is only said."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

__all__ = ["ALWAYS", "WORDS", "hash_of"]

#: Fields that are words for people, and what is known of numbers; they change no run and are no part of the hash.
WORDS = ("title", "question", "description", "frozen", "doubt")
_BLOCKS = """
    version horizon_weeks axes teams segments market relationship journey handoffs word_of_mouth contracts expansion
    service channels causes vectors incentives sensing reactions strategy decisions cadence blockers capacity culture
    leadership loyalty ledger measures timeline ideas selling observed
"""
#: Blocks that are part of every hash.  One that comes later is left out of it while it is off, so that a mechanism that
#: is added changes the hash of no scenario that does without.
ALWAYS = frozenset(_BLOCKS.split())
#: Settings of `observed` that came after the first hashes were kept: at their default they change none.
_LATER = ("period", "period_column", "decimal")


def hash_of(resolved: Mapping[str, Any]) -> str:
    """Return the sha256 of resolved values in canonical JSON.

    Examples
    --------
    >>> hash_of({"title": "A", "market": {"price": 1.0}}) == hash_of({"market": {"price": 1.0}, "title": "B"})
    True
    """
    values = {
        name: value
        for name, value in resolved.items()
        if name not in WORDS and (name in ALWAYS or not isinstance(value, dict) or value.get("enabled") is not False)
    }
    if "observed" in values:
        values["observed"] = _as_before(values["observed"])
    text = json.dumps(values, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _as_before(observed: dict[str, Any]) -> dict[str, Any]:
    """Return the block `observed` for the hash: what came later is left out at its default, and a usual law is written
    out.
    """
    series = {
        name: {**one, "law": "binomial" if one["quantity"] == "survival" else "relative"}
        if one.get("law") == "usual"
        else one
        for name, one in observed.get("series", {}).items()
    }
    kept = {name: value for name, value in observed.items() if name not in _LATER or value}
    return {**kept, "series": series} if series else kept
