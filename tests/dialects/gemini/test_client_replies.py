"""What a client of Gemini gets of an answer that another dialect gave."""

import base64
import json
from typing import Any

import pytest

from fairlead.dialects.codec import Facts
from fairlead.dialects.gemini import ARRAY_CLIENT, CLIENT
from fairlead.dialects.model import (
    Began,
    Choice,
    Citation,
    Cited,
    Counted,
    Event,
    Finished,
    Media,
    NativePart,
    Part,
    Reasoning,
    ReasoningDelta,
    ReasoningEnd,
    Refusal,
    RefusalDelta,
    Reply,
    Request,
    Shown,
    Text,
    TextDelta,
    TokenLogprob,
    ToolCall,
    ToolDelta,
    ToolStart,
    Usage,
)
from fairlead.errors import NoTarget, UnknownModel

FACTS = Facts("id", "model", 1)
REQUEST = Request("m", [])


def written(*parts: Part, **members: Any) -> dict[str, Any]:
    made = Choice(list(parts), members.pop("finish", "stop"), **members)
    body: dict[str, Any] = json.loads(CLIENT.write(Reply([made]), FACTS))
    candidate: dict[str, Any] = body["candidates"][0]
    return candidate


def frames(*events: Event) -> list[dict[str, Any]]:
    writer = CLIENT.stream(REQUEST, FACTS)
    data = b"".join(writer.write([event]) for event in events) + writer.end()
    return [json.loads(line.removeprefix("data: ")) for line in data.decode().split("\n\n") if line]


def marked(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("part", "said"),
    [
        (Text("a"), {"text": "a"}),
        (Refusal("no"), {"text": "no"}),
        (Reasoning("a"), {"text": "a", "thought": True}),
        (
            Reasoning("a", "s", issuer="anthropic-messages"),
            {"text": "a", "thought": True, "thoughtSignature": marked("fl~anthropic-messages.s")},
        ),
        (ToolCall("i", "f", '{"a":1}'), {"functionCall": {"id": "i", "name": "f", "args": {"a": 1}}}),
        (ToolCall("i", "f", "x", custom=True), {"functionCall": {"id": "i", "name": "f", "args": {"input": "x"}}}),
        (Media("image", "image/png", "AA"), {"inlineData": {"mimeType": "image/png", "data": "AA"}}),
        (NativePart("gemini", {"executableCode": {}}), {"executableCode": {}}),
    ],
)
def test_parts_are_said_in_geminis_words(part: Part, said: dict[str, Any]) -> None:
    assert written(part)["content"] == {"parts": [said], "role": "model"}


def test_parts_of_other_dialects_reach_nobody() -> None:
    assert written(NativePart("cohere", {"a": 1}), Text("b"))["content"]["parts"] == [{"text": "b"}]


def test_what_proves_thoughts_comes_back_as_it_was() -> None:
    parts: list[Part] = [
        Reasoning("a", "sig", issuer="anthropic-messages"),
        Reasoning("", encrypted="enc", id="rs_1", issuer="openai-responses"),
        ToolCall("i", "f", "{}", signature="t", issuer="openrouter"),
    ]
    content = written(*parts)["content"]
    assert all(base64.b64decode(part["thoughtSignature"]) for part in content["parts"])
    for alphabet in (str, lambda value: value.replace("+", "-").replace("/", "_").rstrip("=")):
        back = [{**part, "thoughtSignature": alphabet(part["thoughtSignature"])} for part in content["parts"]]
        request = CLIENT.read(json.dumps({"contents": [{**content, "parts": back}]}).encode(), "m", stream=False)
        first, second, third = request.messages[0].parts
        assert isinstance(first, Reasoning)
        assert isinstance(second, Reasoning)
        assert isinstance(third, ToolCall)
        assert (first.text, first.signature, first.issuer) == ("a", "sig", "anthropic-messages")
        assert (second.encrypted, second.id, second.issuer) == ("enc", "rs_1", "openai-responses")
        assert (third.signature, third.issuer) == ("t", "openrouter")


@pytest.mark.parametrize("value", ["Zmx+", "Zmx+!!", "Zmx+AA", marked("fl~x"), "CiQB"])
def test_a_signature_that_we_did_not_mark_stays_geminis(value: str) -> None:
    body = {"contents": [{"role": "model", "parts": [{"text": "a", "thought": True, "thoughtSignature": value}]}]}
    (part,) = CLIENT.read(json.dumps(body).encode(), "m", stream=False).messages[0].parts
    assert part == Reasoning("a", value, issuer="gemini", summary=True)


@pytest.mark.parametrize(
    ("finish", "native", "reason"),
    [
        ("stop", "end_turn", "STOP"),
        ("tool_calls", None, "STOP"),
        ("length", "max_tokens", "MAX_TOKENS"),
        ("context", None, "MAX_TOKENS"),
        ("content_filter", "RECITATION", "RECITATION"),
        ("content_filter", "content_filter", "SAFETY"),
        ("refusal", None, "SAFETY"),
        ("pause", "pause_turn", "OTHER"),
        ("error", "MALFORMED_FUNCTION_CALL", "MALFORMED_FUNCTION_CALL"),
    ],
)
def test_why_it_ended(finish: Any, native: str | None, reason: str) -> None:
    assert written(Text("a"), finish=finish, native_finish=native)["finishReason"] == reason
    assert frames(Finished(finish, 0, None, native))[-1]["candidates"][0]["finishReason"] == reason


def test_usage_adds_up_as_gemini_counts() -> None:
    usage = Usage(100, 30, 40, 10, 0, 0, 7, 0)
    body = json.loads(CLIENT.write(Reply([Choice([], "stop")], usage, "I", "M", service_tier="default"), FACTS))
    assert (body["responseId"], body["modelVersion"]) == ("I", "M")
    assert body["usageMetadata"] == {
        "promptTokenCount": 100,
        "candidatesTokenCount": 20,
        "totalTokenCount": 130,
        "thoughtsTokenCount": 10,
        "cachedContentTokenCount": 40,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 93}, {"modality": "AUDIO", "tokenCount": 7}],
        "serviceTier": "standard",
    }


def test_citations_count_bytes() -> None:
    cited = [Citation("u", "t", start=2, end=4), Citation("v", start=2, end=4), Citation("u", "t")]
    metadata = written(Text("x"), Text("é abc", cited))["groundingMetadata"]
    assert metadata == {
        "groundingChunks": [{"web": {"uri": "u", "title": "t"}}, {"web": {"uri": "v"}}],
        "groundingSupports": [
            {
                "segment": {"partIndex": 1, "startIndex": 3, "endIndex": 5, "text": "ab"},
                "groundingChunkIndices": [0, 1],
            }
        ],
    }
    streamed = frames(TextDelta("é "), TextDelta("abc"), Cited(cited[0]), Finished("stop"))
    (support,) = streamed[-1]["candidates"][0]["groundingMetadata"]["groundingSupports"]
    assert (support["segment"]["startIndex"], support["segment"]["text"]) == (3, "ab")


def test_logprobs_are_said_in_two_lists() -> None:
    tokens = [TokenLogprob("a", -1.0, None, [TokenLogprob("b", -2.0)]), TokenLogprob("c", -3.0)]
    candidate = written(Text("ac"), logprobs=tokens)
    assert candidate["avgLogprobs"] == -2
    assert candidate["logprobsResult"] == {
        "chosenCandidates": [{"token": "a", "logProbability": -1.0}, {"token": "c", "logProbability": -3.0}],
        "topCandidates": [{"candidates": [{"token": "b", "logProbability": -2.0}]}, {"candidates": []}],
    }
    assert frames(TextDelta("ac", 0, tokens))[0]["candidates"][0]["logprobsResult"] == candidate["logprobsResult"]


def test_half_a_surrogate_pair_is_written() -> None:
    assert written(Text("\ud83d"))["content"]["parts"] == [{"text": "\ud83d"}]


# --- streams


def test_a_stream_tells_all_and_ends_with_why_and_what_it_took() -> None:
    said = frames(
        Began("I", "M"),
        ReasoningDelta("think"),
        ReasoningEnd(signature="s", issuer="anthropic-messages"),
        TextDelta("hello"),
        RefusalDelta("no"),
        Shown(Media("image", "image/png", "AA")),
        Shown(NativePart("cohere", {})),
        ToolStart(1, "b", "g"),
        ToolStart(0, "a", "f"),
        ToolDelta(1, '{"x"'),
        ToolDelta(0, ""),
        ToolDelta(1, ":1}"),
        Finished("tool_calls"),
        Counted(Usage(3, 2)),
    )
    parts = [part for frame in said for part in frame["candidates"][0]["content"]["parts"]]
    assert parts == [
        {"text": "think", "thought": True},
        {"text": "", "thoughtSignature": marked("fl~anthropic-messages.s"), "thought": True},
        {"text": "hello"},
        {"text": "no"},
        {"inlineData": {"mimeType": "image/png", "data": "AA"}},
        {"functionCall": {"id": "a", "name": "f", "args": {}}},
        {"functionCall": {"id": "b", "name": "g", "args": {"x": 1}}},
        {"text": ""},
    ]
    assert [frame["candidates"][0].get("finishReason") for frame in said] == [None] * (len(said) - 1) + ["STOP"]
    assert said[-1]["usageMetadata"]["totalTokenCount"] == 5
    assert all((frame["responseId"], frame["modelVersion"]) == ("I", "M") for frame in said)


def test_choices_have_frames_of_their_own() -> None:
    said = frames(TextDelta("a", 1), TextDelta("b", 0), Finished("stop", 1), Finished("length", 0))
    assert [[each["index"] for each in frame["candidates"]] for frame in said] == [[1], [0], [1, 0]]
    assert [each["finishReason"] for each in said[-1]["candidates"]] == ["STOP", "MAX_TOKENS"]


def test_a_call_that_was_not_closed_still_goes_out() -> None:
    last = frames(ToolStart(0, "i", "f"), ToolDelta(0, '{"a":'))[-1]["candidates"][0]
    assert last["content"]["parts"] == [{"functionCall": {"id": "i", "name": "f", "args": {"input": '{"a":'}}}]
    assert "finishReason" not in last


def test_an_array_is_one_json_text_wherever_it_ends() -> None:
    for events in ([], [TextDelta("a")], [TextDelta("a"), TextDelta("b")]):
        for whole in (True, False):
            writer = ARRAY_CLIENT.stream(REQUEST, FACTS)
            data = b"".join(writer.write([event]) for event in events)
            value = json.loads(data + (writer.end() if whole else writer.error(NoTarget("none"))))
            assert len(value) == len(events) + 1


def test_a_stream_that_broke_ends_with_an_error_and_no_reason() -> None:
    writer = CLIENT.stream(REQUEST, FACTS)
    data = writer.write([TextDelta("a"), Finished("stop")]) + writer.error(NoTarget("none is left"))
    assert b"finishReason" not in data
    *_, last = data.decode().strip().split("\n\n")
    assert json.loads(last.removeprefix("data: "))["error"] == {
        "code": 503,
        "message": "none is left",
        "status": "UNAVAILABLE",
        "details": json.loads(CLIENT.error(NoTarget("none is left")))["error"]["details"],
    }


def test_our_own_error_has_googles_shape_and_what_helps() -> None:
    error = UnknownModel("no such model", hint="list them", param="model")
    error.request_id = "r"
    assert json.loads(CLIENT.error(error)) == {
        "error": {
            "code": 404,
            "message": "no such model",
            "status": "NOT_FOUND",
            "details": [
                {
                    "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                    "reason": "MODEL_NOT_FOUND",
                    "domain": "fairlead",
                    "metadata": {
                        "type": "invalid_request_error",
                        "retryable": "false",
                        "request_id": "r",
                        "param": "model",
                        "hint": "list them",
                    },
                }
            ],
        }
    }
