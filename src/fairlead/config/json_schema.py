"""The configuration's JSON Schema, for editors and other checkers."""

from typing import Any

import msgspec

from fairlead.config.schema import Config

_FILLED_IN = {"type": "string", "pattern": r"\$\{", "description": "filled in from a variable or a file"}
_NOT_TEXT = ("integer", "number", "boolean")


def schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a configuration file, made from the code that reads it."""
    made = msgspec.json.schema(Config)
    definitions = {name: _definition(body) for name, body in made["$defs"].items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Fairlead configuration",
        "$ref": made["$ref"],
        "$defs": definitions,
    }


def _definition(body: dict[str, Any]) -> dict[str, Any]:
    return {**body, "properties": {name: _property(field) for name, field in body["properties"].items()}}


def _property(field: dict[str, Any]) -> dict[str, Any]:
    """The field, open to `${NAME}` where it is not text: a file has that before it has the value."""
    if field.get("type") in _NOT_TEXT or "enum" in field:
        about: dict[str, Any] = {key: field[key] for key in ("description", "default") if key in field}
        return {**about, "anyOf": [{key: value for key, value in field.items() if key not in about}, _FILLED_IN]}
    if any(option.get("type") in _NOT_TEXT or "enum" in option for option in field.get("anyOf", ())):
        return {**field, "anyOf": [*field["anyOf"], _FILLED_IN]}
    return field
