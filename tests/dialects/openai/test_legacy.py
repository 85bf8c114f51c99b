"""The words before tools say what the newer ones do: requests, replies, streams."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import asdict

from fairlead.dialects.codec import Facts
from fairlead.dialects.model import Choice, Event, Finished, Reply, Request, TextDelta, ToolCall, ToolDelta, ToolStart
from fairlead.dialects.openai.client import CLIENT
from fairlead.dialects.openai.legacy import OldRequest
from fairlead.dialects.openai.provider import PROVIDER
from tests.dialects.openai.test_round_trip import CALLS, OBJECTS, REPLIES, WORDS

FACTS = Facts("0199", "m", 1_700_000_000)
OLD = OldRequest("m", [])
FUNCTIONS = st.lists(
    st.fixed_dictionaries({"name": WORDS}, optional={"description": WORDS, "parameters": OBJECTS}), max_size=3
)
TURNS = st.lists(st.tuples(WORDS, WORDS, WORDS), max_size=3)


def read(**members: Any) -> Request:
    return CLIENT.read(json.dumps({"model": "m", "messages": [], **members}).encode(), "m", stream=False)


@given(FUNCTIONS, st.none() | st.sampled_from(["auto", "none"]) | WORDS.map(lambda name: {"name": name}))
def test_functions_are_tools(functions: list[Any], choice: Any) -> None:
    tools = [{"type": "function", "function": each} for each in functions]
    wanted = {"type": "function", "function": choice} if isinstance(choice, dict) else choice
    old = read(functions=functions, function_call=choice)
    assert isinstance(old, OldRequest)
    assert asdict(old) == asdict(read(tools=tools, tool_choice=wanted))


@given(TURNS)
def test_calls_and_results_in_the_history_are_those_of_tools(turns: list[tuple[str, str, str]]) -> None:
    old: list[Any] = []
    new: list[Any] = []
    for at, (name, arguments, result) in enumerate(turns):
        call = {"name": name, "arguments": arguments}
        held = [{"id": f"call_{2 * at}", "type": "function", "function": call}]
        old.append({"role": "assistant", "content": None, "function_call": call})
        old.append({"role": "function", "name": name, "content": result})
        new.append({"role": "assistant", "content": None, "tool_calls": held})
        new.append({"role": "tool", "name": name, "tool_call_id": f"call_{2 * at}", "content": result})
    assert read(messages=old) == read(messages=new)


def first_call(choice: Choice) -> list[Any]:
    calls = [part for part in choice.parts if isinstance(part, ToolCall)]
    rest = [part for part in choice.parts if not isinstance(part, ToolCall)]
    return [*rest, *((call.name, call.arguments) for call in calls[:1])]


@given(REPLIES)
def test_a_reply_says_its_first_call_and_all_else(reply: Reply) -> None:
    body = CLIENT.write(reply, FACTS, OLD)
    old, new = PROVIDER.read(body), PROVIDER.read(CLIENT.write(reply, FACTS))
    assert isinstance(old, Reply)
    assert isinstance(new, Reply)
    assert b'"tool_calls"' not in body
    assert [first_call(each) for each in old.choices] == [first_call(each) for each in new.choices]
    assert [each.finish for each in old.choices] == [each.finish for each in new.choices]


@given(CALLS, st.integers(0, 2), st.lists(WORDS, max_size=3))
def test_a_stream_says_its_first_call_and_all_else(call: ToolCall, more: int, pieces: list[str]) -> None:
    events: list[Event] = [TextDelta("so")]
    for index in range(more + 1):
        events.append(ToolStart(index, f"id_{index}", call.name, custom=call.custom))
        events += [ToolDelta(index, piece) for piece in pieces]
    events.append(Finished("tool_calls"))
    writer = CLIENT.stream(OLD, FACTS)
    stream = writer.write(events) + writer.end()
    reader = PROVIDER.stream(1)
    told = [event for each in stream.split(b"\n\n") if each for event in reader.read(each[6:])]
    start = next(event for event in told if isinstance(event, ToolStart))
    assert b'"tool_calls"' not in stream
    assert "".join(event.text for event in told if isinstance(event, TextDelta)) == "so"
    assert start.name == call.name
    assert [event.text for event in told if isinstance(event, ToolDelta)] == [piece for piece in pieces if piece]
    assert told[-1] == Finished("tool_calls", 0, None, "function_call")
