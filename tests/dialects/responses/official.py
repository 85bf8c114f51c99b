"""What OpenAI's own SDK makes of our bytes: every event and every response is of its types, strictly."""

import json
from typing import Any

from openai import omit
from openai.lib.streaming.responses._responses import ResponseStreamState
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

_EVENT: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)


def response(body: bytes) -> Response:
    return Response.model_validate_json(body, strict=True)


def events(stream: bytes) -> list[Any]:
    """The events of a stream. Each has the name of its type, and their numbers have no gap."""
    found = []
    for number, block in enumerate(stream.split(b"\n\n")[:-1]):
        name, data = block.split(b"\n")
        event = _EVENT.validate_json(data.removeprefix(b"data: "), strict=True)
        assert name == b"event: " + event.type.encode()
        assert event.sequence_number == number
        found.append(event)
    return found


def data(stream: bytes) -> list[bytes]:
    """The data of each event."""
    return [block.split(b"\n")[1].removeprefix(b"data: ") for block in stream.split(b"\n\n")[:-1]]


def members(stream: bytes) -> list[dict[str, Any]]:
    return [json.loads(each) for each in data(stream)]


def accumulated(stream: bytes) -> None:
    """Raises where the SDK cannot put the stream together."""
    state: ResponseStreamState[Any] = ResponseStreamState(input_tools=omit, text_format=omit)
    for event in events(stream):
        state.handle_event(event)
