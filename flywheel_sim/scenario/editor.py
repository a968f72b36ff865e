"""The JSON Schema that lets an editor complete and check scenario files."""

from typing import Any

from pydantic import BaseModel

from flywheel_sim.scenario.composing import MOST_PARTS
from flywheel_sim.scenario.known import KINDS
from flywheel_sim.scenario.team_roles import BY_TEAM, ROLES

__all__ = ["json_schema"]

#: A range in place of a number.
RANGE = {"type": "string", "pattern": r"\S\s+to\s+\S"}


def json_schema(model: type[BaseModel]) -> dict[str, Any]:
    """Return JSON Schema (draft 2020-12) of a scenario file for ``model``.

    A file may extend others, so nothing is required, and a named entry may be ``null`` to take it away.  A bare word
    may stand for a block's ``kind``, and a role for a team.  Unit, evidence and source of a value are part of its
    description.
    """
    schema = model.model_json_schema(by_alias=True)
    _loosen(schema, schema.get("$defs", {}))
    said = {
        "extends": "Name of a shipped scenario, or path of a file, that this one changes; or several, laid in order.",
        "on": "What this plan lies on when it is named alone; it can be laid over any company.",
    }
    one = {"type": "string", "minLength": 1}
    several = {"type": "array", "items": one, "minItems": 1, "maxItems": MOST_PARTS}
    named: dict[str, Any] = {n: {"anyOf": [one, several], "description": text} for n, text in said.items()}
    numbers = {"anyOf": [{"type": "string"}, {"type": "number"}, {"type": "null"}]}
    named["known"] = {
        "type": "object",
        "description": "What is known of the company, as people say it; flywheel calibrate meets it.",
        "properties": {
            kind.name: {**numbers, "description": f"{kind.what}: {kind.example}"} for kind in KINDS.values()
        },
    }
    schema["properties"] = {**named, **schema["properties"]}
    pay = schema["$defs"]["Pay"]["properties"] if "Pay" in schema.get("$defs", {}) else None
    if pay is not None:
        pay["also"] = {**pay["on"], "description": "Measures and weights added to what the team is paid on already."}
    _name_roles(schema, schema.get("$defs", {}))
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _name_roles(schema: dict[str, Any], blocks: dict[str, Any]) -> None:
    """Offer roles, beside the names of teams, wherever a mapping goes by team."""
    for path in BY_TEAM:
        part: Any = schema
        for name in path:
            part = part.get("additionalProperties", {}) if name == "*" else part.get("properties", {}).get(name, {})
            for choice in (part, *part.get("anyOf", ())):
                if "$ref" in choice:
                    part = blocks.get(str(choice["$ref"]).rpartition("/")[2], {})
                    break
        entry = part.get("additionalProperties")
        if entry is not None:
            part["properties"] = dict.fromkeys(ROLES, entry)
            part["patternProperties"] = {"^owner of .+": entry}


def _loosen(part: Any, blocks: dict[str, Any]) -> None:
    if isinstance(part, list):
        for item in part:
            _loosen(item, blocks)
    if not isinstance(part, dict):
        return
    if isinstance(part.get("properties"), dict):
        part.pop("required", None)
        for name, entry in list(part["properties"].items()):
            _describe(entry)
            _or_range(entry)
            kind = blocks.get(str(entry.get("$ref", "")).rpartition("/")[2], {}).get("properties", {}).get("kind")
            if kind is not None:
                bare = {key: kind[key] for key in ("enum", "type") if key in kind}
                part["properties"][name] = {"anyOf": [{"$ref": entry.pop("$ref")}, bare], **entry}
    others = part.get("additionalProperties")
    if isinstance(others, dict):
        _or_range(others)
        _loosen(others, blocks)
        part["additionalProperties"] = {"anyOf": [others, {"type": "null"}]}
        part.pop("minProperties", None)
    for name, entry in part.items():
        if name != "additionalProperties":
            _loosen(entry, blocks)


def _or_range(entry: dict[str, Any]) -> None:
    """Let a number be a range, ``LOW to HIGH``, as well."""
    if entry.get("type") in ("number", "integer"):
        bounds = ("type", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
        number = {key: entry.pop(key) for key in bounds if key in entry}
        entry["anyOf"] = [number, RANGE]


def _describe(entry: dict[str, Any]) -> None:
    unit, evidence, source = (str(entry.pop(key, "")) for key in ("unit", "evidence", "source"))
    for key in ("advanced", "label", "role", "acts"):
        entry.pop(key, None)
    said = ", ".join(part for part in (f"evidence {evidence}" if evidence else "", source) if part)
    more = (f" [{unit}]" if unit else "") + (f" ({said})" if said else "")
    if more:
        entry["description"] = entry.get("description", "") + more
