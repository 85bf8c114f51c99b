"""Recorded requests, read as a client's and written as a provider's, ask for the same.

`said_our_way` is frozen: these are the ways of saying the same, and there are no others.
"""

import json
from pathlib import Path
from typing import Any

from fairlead.dialects.codec import ClientSide, Losses, ProviderSide
from fairlead.dialects.gemini import CLIENT, PROVIDER
from fairlead.dialects.gemini.schemas import json_schema
from fairlead.dialects.model import ToolCall, ToolResult
from tests.dialects.gemini.recorded import exchanges

SIDES: tuple[ClientSide, ProviderSide] = (CLIENT, PROVIDER)


def said_our_way(value: Any, name: str = "") -> Any:
    """What was recorded, with the differences that are known."""
    if isinstance(value, list):
        return [said_our_way(each) for each in value]
    if not isinstance(value, dict):
        return value.upper() if name == "thinkingLevel" else value
    if name in ("args", "response", "responseJsonSchema"):
        return value
    # Null is absent, a thought that is none is not said to be none, and the system has no role.
    said = {key: said_our_way(held, key) for key, held in value.items() if held is not None}
    if said.get("thought") is False:
        del said["thought"]
    if name == "systemInstruction":
        del said["role"]
    if "parameters" in said:
        said["parametersJsonSchema"] = json_schema(value["parameters"])
        del said["parameters"]
    if "allowed_function_names" in said:
        said["allowedFunctionNames"] = said.pop("allowed_function_names")
    if said.get("generationConfig") == {}:
        del said["generationConfig"]
    return said


def test_a_recorded_request_asks_for_the_same_after_both_sides(shared: Path) -> None:
    seen = 0
    for exchange in exchanges(shared):
        losses = Losses(CLIENT.names)
        request = CLIENT.read(exchange.request, exchange.model, stream=exchange.stream)
        sent = PROVIDER.write(request, exchange.model, losses)
        assert json.loads(sent.body) == said_our_way(json.loads(exchange.request)), exchange.id
        assert (losses.meaning, losses.hints) == ([], []), exchange.id
        assert sent.path.startswith(f"/models/{exchange.model}:")
        assert sent.path.endswith(":streamGenerateContent?alt=sse") == exchange.stream
        seen += 1
    assert seen == 194


def test_results_find_their_calls_in_recorded_conversations(shared: Path) -> None:
    for exchange in exchanges(shared):
        request = CLIENT.read(exchange.request, exchange.model, stream=False)
        parts = [part for message in request.messages for part in message.parts]
        called = [part.id for part in parts if isinstance(part, ToolCall)]
        answered = [part.id for part in parts if isinstance(part, ToolResult)]
        assert len(set(called)) == len(called), exchange.id
        assert answered == called[: len(answered)], exchange.id


def test_writing_a_request_leaves_it_as_it_was(shared: Path) -> None:
    for exchange in exchanges(shared):
        request = CLIENT.read(exchange.request, exchange.model, stream=False)
        first = PROVIDER.write(request, "gemini-3-flash-preview", Losses()).body
        assert PROVIDER.write(request, "gemini-3-flash-preview", Losses()).body == first
        assert request == CLIENT.read(exchange.request, exchange.model, stream=False)
