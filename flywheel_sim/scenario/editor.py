"""The JSON Schema that lets an editor complete and check scenario files."""

from typing import Any

from pydantic import BaseModel

__all__ = ["json_schema"]


def json_schema(model: type[BaseModel]) -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a scenario file for ``model``.

    A file may extend another, so nothing is required, and a named entry may be ``null`` to take it away.  A bare word
    may stand for a block's ``kind``.  Unit, evidence and source of a value are part of its description.
    """
    schema = model.model_json_schema(by_alias=True)
    _loosen(schema, schema.get("$defs", {}))
    extends = {"type": "string", "description": "Name of a shipped scenario, or path of a file, that this one changes."}
    schema["properties"] = {"extends": extends, **schema["properties"]}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


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
            kind = blocks.get(str(entry.get("$ref", "")).rpartition("/")[2], {}).get("properties", {}).get("kind")
            if kind is not None:
                bare = {key: kind[key] for key in ("enum", "type") if key in kind}
                part["properties"][name] = {"anyOf": [{"$ref": entry.pop("$ref")}, bare], **entry}
    others = part.get("additionalProperties")
    if isinstance(others, dict):
        _loosen(others, blocks)
        part["additionalProperties"] = {"anyOf": [others, {"type": "null"}]}
        part.pop("minProperties", None)
    for name, entry in part.items():
        if name != "additionalProperties":
            _loosen(entry, blocks)


def _describe(entry: dict[str, Any]) -> None:
    unit, evidence, source = (str(entry.pop(key, "")) for key in ("unit", "evidence", "source"))
    entry.pop("advanced", None)
    said = ", ".join(part for part in (f"evidence {evidence}" if evidence else "", source) if part)
    more = (f" [{unit}]" if unit else "") + (f" ({said})" if said else "")
    if more:
        entry["description"] = entry.get("description", "") + more
