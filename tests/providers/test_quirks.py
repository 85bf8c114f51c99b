"""What each quirk mends, on answers made for it, and that no JSON at all makes a mender fail."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairlead.errors import ConfigError
from fairlead.providers.mends import FINISH_WORDS
from fairlead.providers.quirks import Mender, mender
from tests.openai_schema import ABSENT, Recording, problems, recordings
from tests.providers.test_quirks_recorded import ALL, KNOWN, mended

recorded = pytest.mark.skipif(ABSENT is not None, reason=str(ABSENT))


def reply(by: Mender, body: Any) -> Any:
    return json.loads(by.reply(json.dumps(body).encode(), KNOWN))


def chunks(by: Mender, *bodies: Any) -> list[Any]:
    stream = by.stream(KNOWN)
    sent = [stream.chunk(json.dumps(body).encode()) for body in bodies]
    return [None if each is None else json.loads(each) for each in sent]


def a_reply(**choice: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": "hi", "refusal": None}
    choice = {"index": 0, "finish_reason": "stop", "logprobs": None, "message": message, **choice}
    return {"id": "r1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}


def a_chunk(delta: dict[str, Any] | None = None, **choice: Any) -> dict[str, Any]:
    choice = {"index": 0, "finish_reason": None, "delta": delta or {}, **choice}
    return {"id": "r1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}


# Faults no recording here shows


def test_thinking_and_text_parts_become_texts() -> None:
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": "6*7"}, {"type": "text", "text": "=42"}]}
    content = [thinking, {"type": "text", "text": "It is "}, {"type": "text", "text": "42."}]
    message = {"role": "assistant", "content": content, "refusal": None}
    out = reply(ALL, a_reply(message=message))["choices"][0]["message"]
    assert out == {"role": "assistant", "content": "It is 42.", "refusal": None, "reasoning_content": "6*7=42"}

    first, second = chunks(
        ALL, a_chunk({"role": "assistant", "content": [thinking]}), a_chunk({"content": content[1:]})
    )
    assert first["choices"][0]["delta"] == {"role": "assistant", "content": None, "reasoning_content": "6*7=42"}
    assert second["choices"][0]["delta"] == {"content": "It is 42."}


def test_parts_that_are_more_than_text_are_kept_beside_the_text() -> None:
    content = [{"type": "text", "text": "See "}, {"type": "reference", "reference_ids": [1]}]
    out = reply(ALL, a_reply(message={"role": "assistant", "content": content, "refusal": None}))
    assert out["choices"][0]["message"]["content"] == "See "
    assert out["choices"][0]["message"]["native_content"] == content


@pytest.mark.parametrize(("ours", "theirs"), [(ours, word) for ours, words in FINISH_WORDS.items() for word in words])
def test_a_finish_word_is_translated_and_kept(ours: str, theirs: str) -> None:
    for out in (
        reply(ALL, a_reply(finish_reason=theirs.upper())),
        chunks(ALL, a_chunk(finish_reason=theirs.upper()))[0],
    ):
        assert out["choices"][0]["finish_reason"] == ours
        assert out["choices"][0]["native_finish_reason"] == theirs.upper()


def test_a_finish_word_nobody_knows_is_a_stop_and_is_kept() -> None:
    out = reply(ALL, a_reply(finish_reason="eureka", native_finish_reason="EUREKA"))["choices"][0]
    assert (out["finish_reason"], out["native_finish_reason"]) == ("stop", "EUREKA")


def test_a_whole_reply_without_a_finish_reason_gets_the_one_that_follows() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    message = {"role": "assistant", "content": None, "refusal": None, "tool_calls": [call]}
    assert reply(ALL, a_reply(finish_reason=None))["choices"][0]["finish_reason"] == "stop"
    assert reply(ALL, a_reply(finish_reason=None, message=message))["choices"][0]["finish_reason"] == "tool_calls"


def test_a_repeated_finish_reason_goes_but_what_comes_with_it_stays() -> None:
    end, more = a_chunk(finish_reason="stop"), a_chunk({"content": "!"}, finish_reason="stop")
    usage = {**end, "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}}
    first, bare, late, last = chunks(ALL, a_chunk({"role": "assistant"}, finish_reason="stop"), end, more, usage)
    assert first["choices"][0]["finish_reason"] == "stop"
    assert bare is None
    assert late["choices"] == [{"index": 0, "finish_reason": None, "delta": {"content": "!"}}]
    assert last == {**usage, "choices": [{"index": 0, "finish_reason": None, "delta": {}}]}


def test_a_second_finish_reason_that_differs_is_kept_as_the_vendors_own() -> None:
    _, out = chunks(ALL, a_chunk({"role": "assistant"}, finish_reason="stop"), a_chunk(finish_reason="length"))
    assert out["choices"][0]["finish_reason"] is None
    assert out["choices"][0]["native_finish_reason"] == "length"


def test_each_choice_of_a_stream_has_its_own_finish_reason_and_role() -> None:
    first, second = chunks(ALL, a_chunk(finish_reason="stop"), a_chunk(finish_reason="stop", index=1))
    assert first["choices"][0]["finish_reason"] == second["choices"][0]["finish_reason"] == "stop"
    assert first["choices"][0]["delta"] == second["choices"][0]["delta"] == {"role": "assistant"}


def call(**members: Any) -> dict[str, Any]:
    function = {name: members.pop(name) for name in ("name", "arguments") if name in members}
    return {**members, "function": function}


CALLS = {
    "no index, by id": [
        [call(id="a", name="f"), call(id="b", name="g")],
        [call(id="b", arguments="2")],
        [call(id="a")],
    ],
    "no index, one by one": [[call(id="a", name="f")], [call(arguments="1")], [call(id="b", name="g")], [call()]],
    "no index, by place": [
        [call(id="a", name="f"), call(id="b", name="g")],
        [call(arguments="1"), call(arguments="2")],
    ],
    "one index for all": [
        [call(index=0, id="a", name="f")],
        [call(index=0, id="b", name="g")],
        [call(index=0, arguments="2")],
    ],
    "interleaved": [
        [call(index=0, id="a", name="f"), call(index=1, id="b", name="g")],
        [call(index=1, arguments="2")],
        [call(index=0, arguments="1")],
    ],
}
PLACES = {
    "no index, by id": [[0, 1], [1], [0]],
    "no index, one by one": [[0], [0], [1], [1]],
    "no index, by place": [[0, 1], [0, 1]],
    "one index for all": [[0], [1], [1]],
    "interleaved": [[0, 1], [1], [0]],
}


@pytest.mark.parametrize("case", CALLS)
def test_tool_call_deltas_get_the_index_of_their_call(case: str) -> None:
    out = chunks(ALL, *(a_chunk({"tool_calls": calls}) for calls in CALLS[case]))
    deltas = [chunk["choices"][0]["delta"]["tool_calls"] for chunk in out]
    assert [[each["index"] for each in calls] for calls in deltas] == PLACES[case]
    assert all(each["type"] == "function" for calls in deltas for each in calls if "name" in each["function"])


def test_a_tool_call_without_an_id_or_a_type_gets_them_and_its_arguments_become_text() -> None:
    bare = {"function": {"name": "f", "arguments": {"x": 1}}}
    whole = reply(ALL, a_reply(message={"role": "assistant", "content": None, "tool_calls": [bare]}))
    assert whole["choices"][0]["message"]["tool_calls"] == [
        {"function": {"name": "f", "arguments": '{"x":1}'}, "id": "call_r1_0_0", "type": "function"}
    ]
    (chunk,) = chunks(ALL, a_chunk({"role": "assistant", "tool_calls": [bare]}))
    assert chunk["choices"][0]["delta"]["tool_calls"] == [
        {"function": {"name": "f", "arguments": '{"x":1}'}, "index": 0, "id": "call_r1_0_0", "type": "function"}
    ]


def test_a_chunk_is_filled_from_earlier_chunks_and_the_first_from_what_the_gateway_knows() -> None:
    first, _, last = chunks(ALL, {"choices": []}, a_chunk({"role": "assistant"}), {"usage": None})
    assert first == {
        "id": KNOWN.id,
        "created": KNOWN.created,
        "model": KNOWN.model,
        "object": "chat.completion.chunk",
        "choices": [],
    }
    assert last == {**a_chunk(), "choices": [], "usage": None}


def test_a_missing_count_follows_from_the_other_two() -> None:
    body = {**a_reply(), "usage": {"prompt_tokens": 3, "total_tokens": 5, "prompt_tokens_details": None}}
    assert reply(ALL, body)["usage"] == {"prompt_tokens": 3, "total_tokens": 5, "completion_tokens": 2}
    body["usage"] = {"cost": 0.1}
    assert "usage" not in reply(ALL, body)
    assert reply(ALL, body)["native_usage"] == {"cost": 0.1}


def test_an_incomplete_citation_is_kept_apart() -> None:
    whole = {"type": "url_citation", "url_citation": {"start_index": 0, "end_index": 1, "url": "u", "title": "t"}}
    half = {"type": "url_citation", "url_citation": {"url": "u"}}
    message = {"role": "assistant", "content": "x", "refusal": None, "annotations": [whole, half]}
    out = reply(ALL, a_reply(message=message))["choices"][0]["message"]
    assert out["annotations"] == [whole]
    assert out["native_annotations"] == [whole, half]


def test_a_bare_list_of_models_becomes_a_list_object() -> None:
    out = json.loads(ALL.models(b'[{"id": "acme/rocket", "object": "model"}]'))
    assert out["object"] == "list"
    assert out["data"] == [{"id": "acme/rocket", "object": "model", "created": 0, "owned_by": "acme"}]


@pytest.mark.parametrize(
    "body", [{"error": {"message": "no"}}, {"error": "no", "choices": [{"finish_reason": "error"}]}]
)
def test_an_error_is_not_an_answer_and_passes_untouched(body: Any) -> None:
    data = json.dumps(body).encode()
    assert ALL.reply(data) is data
    assert ALL.stream().chunk(data) is data


def test_half_a_surrogate_pair_and_great_numbers_survive() -> None:
    data = rb'{"id":"r1","n":123456789012345678901234567890,"choices":[{"delta":{"content":"\ud83d"}}]}'
    out = ALL.stream().chunk(data)
    assert out is not None
    assert json.loads(out)["choices"][0]["delta"]["content"] == "\ud83d"
    assert json.loads(out)["n"] == 123456789012345678901234567890


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"[DONE]", b"null", b"1", b'"x"', b"[]", b"{", b'\xff{"choices":[]}', b'{"x":NaN}'),
        *(b'{"x":1e400}', b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}", b'{"created":1e400}', b'{"created":NaN}'),
    ],
    ids=lambda data: repr(data[:20]),
)
def test_what_cannot_be_read_or_written_passes_untouched(data: bytes) -> None:
    assert ALL.reply(data) is data
    assert ALL.embeddings(data) is data
    assert ALL.stream().chunk(data) is data


def test_arguments_nested_as_deep_as_can_be_read_do_no_harm() -> None:
    for depth in range(100, 1100, 50):
        arguments = '{"a":' * depth + "1" + "}" * depth
        data = f'{{"choices":[{{"delta":{{"tool_calls":[{{"function":{{"arguments":{arguments}}}}}]}}}}]}}'.encode()
        assert ALL.stream().chunk(data) is not None


def test_a_mender_without_quirks_is_false_and_touches_nothing() -> None:
    none = mender(())
    assert not none
    assert none.reply(b"{}") == b"{}"
    assert none.stream().chunk(b"{}") == b"{}"


def test_an_unknown_quirk_is_a_configuration_error_that_names_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="no-such-quirk") as caught:
        mender(["envelope", "no-such-quirk"])
    assert "one-finish-reason" in str(caught.value.hint)


# Anything at all

NAMES = sorted(
    {
        *("id", "object", "created", "model", "choices", "data", "usage", "service_tier", "index", "delta", "message"),
        *("finish_reason", "native_finish_reason", "logprobs", "content", "refusal", "role", "tool_calls", "type"),
        *("function", "name", "arguments", "annotations", "url_citation", "text", "thinking", "reasoning_content"),
        *("prompt_tokens", "completion_tokens", "total_tokens", "prompt_tokens_details", "bytes", "top_logprobs"),
    }
)
SCALARS = (
    st.none() | st.booleans() | st.integers(-2, 9) | st.floats() | st.sampled_from(["", "stop", "text", "thinking"])
)
ANY = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=6)
)


def shaped(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Bodies that look like answers, with anything in the places that matter."""
    call = st.fixed_dictionaries({}, optional={"index": inner, "id": inner, "type": inner, "function": inner})
    message = st.fixed_dictionaries(
        {}, optional={"role": inner, "content": inner, "tool_calls": inner | st.lists(inner | call, max_size=3)}
    )
    choice = st.fixed_dictionaries(
        {}, optional={"index": inner, "finish_reason": inner, "delta": message, "message": message, "logprobs": inner}
    )
    parts = st.lists(inner | choice, max_size=3)
    return st.fixed_dictionaries({}, optional={"choices": parts, "data": parts, "usage": inner, "created": inner})


@settings(max_examples=200, deadline=None)
@given(st.lists(ANY | shaped(ANY), min_size=1, max_size=3))
def test_no_json_makes_a_mender_fail_and_mending_is_idempotent(bodies: list[Any]) -> None:
    raw = tuple(json.dumps(body).encode() for body in bodies)
    for kind in ("reply", "embeddings", "models", "chunk"):
        once = tuple(body for body in mended(ALL, Recording("", kind, raw)) if body is not None)
        again = mended(ALL, Recording("", kind, once))
        assert all(out is body for out, body in zip(again, once, strict=True))


DELETED = object()


@recorded
@settings(max_examples=100, deadline=None)
@given(st.data())
def test_an_answer_with_members_left_out_or_made_null_is_mended(data: st.DataObject) -> None:
    recording = data.draw(st.sampled_from(recordings("openai")))
    stream = [json.loads(body) for body in recording.bodies[:6]]
    for body in stream:
        places = [place for place in members(body) if not {"obfuscation", "embedding"} & {*place}]
        for place in data.draw(st.lists(st.sampled_from(places), max_size=4)):
            spoil(body, place, data.draw(st.sampled_from([None, DELETED])))
    raw = tuple(json.dumps(body).encode() for body in stream)
    for out in mended(ALL, Recording("", recording.kind, raw)):
        assert out is None or problems(recording.kind, json.loads(out)) == []


def members(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The place of every member of every object."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, each in items:
        if isinstance(value, dict):
            yield (*place, name)
        yield from members(each, (*place, name))


def spoil(body: Any, place: tuple[Any, ...], value: Any) -> None:
    try:
        for name in place[:-1]:
            body = body[name]
        if value is DELETED:
            del body[place[-1]]
        else:
            body[place[-1]] = value
    except (KeyError, TypeError):
        return  # something above it is spoilt already
