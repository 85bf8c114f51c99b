"""Schemas: Gemini's older form is a part of OpenAPI 3.0's, its newer one is JSON Schema."""

from collections.abc import Callable
from typing import Any, Final

from fairlead.dialects.gemini.camel import camel

# Google's own list of what its JSON Schema support holds to, with the words that only describe. What else a schema
# says may be sent and is not held to:
# https://ai.google.dev/api/generate-content#v1beta.GenerationConfig.FIELDS.response_json_schema
_HELD_TO: Final = frozenset(
    {"$id", "$defs", "$ref", "$anchor", "type", "format", "title", "description", "enum", "items", "prefixItems"}
    | {"minItems", "maxItems", "minimum", "maximum", "anyOf", "oneOf", "properties", "additionalProperties"}
    | {"required", "propertyOrdering", "$schema", "$comment", "definitions", "default", "example", "examples"}
    | {"deprecated", "readOnly", "writeOnly"}
)
_ONE: Final = ("items", "additionalProperties")
_MANY: Final = ("anyOf", "oneOf", "allOf", "prefixItems")
_NAMED: Final = ("properties", "$defs", "definitions")
_COUNTS: Final = ("minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties")
_SPELLED: Final = {"defs": "$defs", "ref": "$ref"}


def json_schema(value: Any) -> Any:
    """The JSON Schema that says what Gemini's own form of a schema says."""
    if not isinstance(value, dict):
        return value
    schema: dict[str, Any] = {}
    for key, held in value.items():
        if held is not None:
            name = _SPELLED.get(key) or (camel(key) if "_" in key else key)
            rule = _RULES.get(name)
            schema[name] = held if rule is None else rule(held)
    if schema.get("format") == "enum":
        del schema["format"]
    return _nullable(schema) if schema.pop("nullable", None) is True else schema


def _each(held: Any) -> Any:
    return [json_schema(each) for each in held] if isinstance(held, list) else held


def _each_named(held: Any) -> Any:
    return {name: json_schema(each) for name, each in held.items()} if isinstance(held, dict) else held


def _kind(held: Any) -> Any:
    return held.lower() if isinstance(held, str) else held


def _number(held: Any) -> Any:
    """Protobuf writes 64 bits as a text."""
    return int(held) if isinstance(held, str) and held.isdecimal() else held


_RULES: Final[dict[str, Callable[[Any], Any]]] = {
    "type": _kind,
    **dict.fromkeys(_ONE, json_schema),
    **dict.fromkeys(_MANY, _each),
    **dict.fromkeys(_NAMED, _each_named),
    **dict.fromkeys(_COUNTS, _number),
}


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    kind, words = schema.get("type"), schema.get("enum")
    if not isinstance(kind, str):
        return {"anyOf": [schema, {"type": "null"}]}
    if isinstance(words, list) and None not in words:
        schema["enum"] = [*words, None]
    return {**schema, "type": [kind, "null"]}


def not_held_to(schema: Any) -> set[str]:
    """The words of a JSON Schema that Gemini reads over."""
    found: set[str] = set()
    _search(schema, found)
    return found


def _search(schema: Any, found: set[str]) -> None:
    if not isinstance(schema, dict):
        return
    found.update(schema.keys() - _HELD_TO)
    for name in _ONE:
        _search(schema.get(name), found)
    for name in _MANY:
        held = schema.get(name)
        for each in held if isinstance(held, list) else ():
            _search(each, found)
    for each in _named(schema):
        _search(each, found)


def _named(schema: dict[str, Any]) -> list[Any]:
    return [each for name in _NAMED if isinstance(held := schema.get(name), dict) for each in held.values()]
