"""Gemini's own form of a schema becomes JSON Schema, and nothing of it is lost."""

from typing import Any

import pytest
from hypothesis import given

from fairlead.dialects.gemini.schemas import json_schema, not_held_to
from tests.dialects.test_members import JSON


@pytest.mark.parametrize(
    ("native", "schema"),
    [
        ({"type": "STRING"}, {"type": "string"}),
        ({"type": "string", "format": "enum", "enum": ["a"]}, {"type": "string", "enum": ["a"]}),
        ({"type": "STRING", "format": "date-time"}, {"type": "string", "format": "date-time"}),
        ({"type": "INTEGER", "nullable": True}, {"type": ["integer", "null"]}),
        (
            {"type": "STRING", "enum": ["a"], "nullable": True},
            {"type": ["string", "null"], "enum": ["a", None]},
        ),
        (
            {"any_of": [{"type": "STRING"}], "nullable": True},
            {"anyOf": [{"anyOf": [{"type": "string"}]}, {"type": "null"}]},
        ),
        (
            {"type": "ARRAY", "items": {"type": "NUMBER"}, "min_items": "2", "maxItems": 3},
            {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 3},
        ),
        (
            {"type": "OBJECT", "properties": {"any_of": {"type": "STRING"}}, "property_ordering": ["any_of"]},
            {"type": "object", "properties": {"any_of": {"type": "string"}}, "propertyOrdering": ["any_of"]},
        ),
        (
            {"ref": "#/$defs/A", "defs": {"A": {"type": "BOOLEAN", "title": None}}},
            {"$ref": "#/$defs/A", "$defs": {"A": {"type": "boolean"}}},
        ),
        ({"additionalProperties": False, "nullable": False}, {"additionalProperties": False}),
    ],
)
def test_a_schema_says_the_same_in_json_schema(native: dict[str, Any], schema: dict[str, Any]) -> None:
    assert json_schema(native) == schema
    assert json_schema(schema) == schema


@given(JSON)
def test_no_schema_breaks_the_reading(value: Any) -> None:
    for name in ("properties", "items", "anyOf", "type", "enum", "minItems", "$defs"):
        not_held_to(json_schema({name: value, "nullable": True}))
