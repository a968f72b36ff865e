"""The JSON Schema that lets an editor complete and check scenario files."""

from typing import Any

from pydantic import BaseModel

__all__ = ["json_schema"]


def json_schema(model: type[BaseModel]) -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a scenario file for ``model``.

    A file may extend another, so nothing is required, and a named entry may be ``null`` to take it away.  Unit,
    evidence and source of a value are part of its description.
    """
    schema = model.model_json_schema(by_alias=True)
    _loosen(schema)
    extends = {"type": "string", "description": "Name of a shipped scenario, or path of a file, that this one changes."}
    schema["properties"] = {"extends": extends, **schema["properties"]}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _loosen(part: Any) -> None:
    if isinstance(part, list):
        for item in part:
            _loosen(item)
    if not isinstance(part, dict):
        return
    if isinstance(part.get("properties"), dict):
        part.pop("required", None)
        for name, entry in part["properties"].items():
            _describe(entry)
            if name == "network" and "$ref" in entry:
                part["properties"][name] = {**entry, "type": ["object", "string"]}
    others = part.get("additionalProperties")
    if isinstance(others, dict):
        _loosen(others)
        part["additionalProperties"] = {"anyOf": [others, {"type": "null"}]}
        part.pop("minProperties", None)
    for name, entry in part.items():
        if name != "additionalProperties":
            _loosen(entry)


def _describe(entry: dict[str, Any]) -> None:
    unit, evidence, source = (str(entry.pop(key, "")) for key in ("unit", "evidence", "source"))
    entry.pop("advanced", None)
    said = ", ".join(part for part in (f"evidence {evidence}" if evidence else "", source) if part)
    more = (f" [{unit}]" if unit else "") + (f" ({said})" if said else "")
    if more:
        entry["description"] = entry.get("description", "") + more
