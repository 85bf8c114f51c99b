"""Which session a call belongs to, read from its bytes; and where sessions are."""

import json
from typing import Any

import pytest

from fairlead.routing.facts import Facts
from fairlead.routing.sticky import Sessions, Thread, thread

ASKED = {"role": "user", "content": "What is 2 + 2?"}
SAID = {"role": "assistant", "content": "4"}
CALLS = {"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]}
GAVE = {"role": "tool", "tool_call_id": "1", "content": "4"}


def of(key: str = "k", header: dict[bytes, str] | None = None, **members: Any) -> Thread | None:
    return thread(Facts(json.dumps(members).encode(), (header or {}).get, key=key))


def found(**members: Any) -> Thread:
    got = of(**members)
    assert got is not None
    return got


def test_a_conversation_is_the_same_from_its_first_call_on() -> None:
    begun = found(messages=[ASKED])
    later = [found(messages=[ASKED, SAID, ASKED]), found(messages=[ASKED, SAID, ASKED, SAID, ASKED])]
    assert {begun.key} == {each.key for each in later}
    assert {begun.seed} == {each.seed for each in later}
    assert [begun.known, *(each.known for each in later)] == [False, True, True]


def test_what_was_read_before_counts_as_held_in_the_cache() -> None:
    assert found(messages=[ASKED]).tokens == 0
    assert found(messages=[{"role": "user", "content": "x" * 40_000}, SAID, ASKED]).tokens == pytest.approx(
        10_000, rel=0.02
    )


@pytest.mark.parametrize("other", [{"key": "j"}, {"messages": [{"role": "user", "content": "Else?"}, SAID, ASKED]}])
def test_another_key_or_another_beginning_is_another_session(other: dict[str, Any]) -> None:
    assert found(**{"messages": [ASKED, SAID, ASKED], **other}).key != found(messages=[ASKED, SAID, ASKED]).key


@pytest.mark.parametrize("named", [
    {"session_id": "s"},
    {"prompt_cache_key": "s"},
    {"metadata": {"session_id": "s"}},
    {"header": {b"x-session-id": "s"}},
    {"header": {b"x-fairlead-session": "s"}},
    {"header": {b"x-fairlead-metadata": '{"session_id":"s"}'}},
])  # fmt: skip
def test_a_session_may_be_named_in_several_ways(named: dict[str, Any]) -> None:
    one, other = found(messages=[ASKED], **named), found(messages=[SAID], session_id="s")
    assert (one.key, one.known) == (other.key, True)


def test_a_name_is_no_beginning() -> None:
    begun = json.dumps([ASKED]).rstrip("]}")
    assert found(messages=[ASKED]).key != found(messages=[], session_id=begun).key


@pytest.mark.parametrize("members", [
    {},
    {"input": "text"},
    {"input": ["a", "b"]},  # embeddings
    {"prompt": "text"},
    {"messages": "nonsense"},
    {"session_id": 5},
    {"session_id": ""},
])  # fmt: skip
def test_a_call_may_belong_to_no_session(members: dict[str, Any]) -> None:
    assert of(**members) is None


def test_what_is_no_object_belongs_to_no_session() -> None:
    assert thread(Facts(b"--form")) is None


RESPONSES = [
    {"role": "user", "content": "x"},
    {"type": "function_call", "call_id": "1", "name": "f", "arguments": "{}"},
]
GAVE_RESPONSE = {"type": "function_call_output", "call_id": "1", "output": "4"}
ANTHROPIC = [ASKED, {"role": "assistant", "content": [{"type": "tool_use", "id": "1", "name": "f", "input": {}}]}]
GAVE_ANTHROPIC = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "1", "content": "4"}]}
GEMINI = [
    {"role": "user", "parts": [{"text": "x"}]},
    {"role": "model", "parts": [{"functionCall": {"name": "f", "args": {}}}]},
]
GAVE_GEMINI = {"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {}}}]}


@pytest.mark.parametrize(("members", "in_turn"), [
    ({"messages": [ASKED, CALLS, GAVE]}, True),
    ({"messages": [ASKED, CALLS, GAVE, SAID, ASKED]}, False),
    ({"messages": [ASKED, SAID, ASKED]}, False),
    ({"messages": [ASKED, SAID, {"role": "user", "content": 'say "role":"tool"'}]}, False),
    ({"messages": [*ANTHROPIC, GAVE_ANTHROPIC]}, True),
    ({"messages": [*ANTHROPIC, GAVE_ANTHROPIC, SAID, ASKED]}, False),
    ({"contents": [*GEMINI, GAVE_GEMINI]}, True),
    ({"contents": [*GEMINI, GAVE_GEMINI, {"role": "model", "parts": []}, GEMINI[0]]}, False),
    ({"input": [*RESPONSES, GAVE_RESPONSE]}, True),
    ({"input": [*RESPONSES, GAVE_RESPONSE, SAID, ASKED]}, False),
])  # fmt: skip
def test_a_turn_is_under_way_while_tools_are_called(members: dict[str, Any], in_turn: bool) -> None:
    assert found(**members).in_turn is in_turn


def test_the_newest_sessions_are_held_for_their_time() -> None:
    sessions = Sessions(2)
    for key in ("a", "b", "a", "c"):
        sessions.keep(key, (key, "m"), 10.0)
    assert [sessions.where(key, 10.0) for key in ("a", "b", "c")] == [("a", "m"), None, ("c", "m")]
    assert sessions.where("a", 10.1) is None
