"""A call that is too long goes to a larger target; what a policy refuses goes nowhere unless the entry says so."""

from pathlib import Path
from typing import Any

import pytest

from fairlead.dialects.model import ErrorFacts
from fairlead.errors import FailureKind
from fairlead.pipeline.causes import kind_of
from tests.reliability.test_failover import WELL, gateway
from tests.support.gateway import FORGIVING, ask, running
from tests.support.scripted import answering, completion, reply, scripted

LONG = {
    "error": {
        "message": "This model's maximum context length is 8192 tokens. However, your messages have 9001.",
        "type": "invalid_request_error",
        "code": "context_length_exceeded",
    }
}
REFUSED = {"error": {"message": "The response was filtered", "type": "invalid_request_error", "code": "content_filter"}}


@pytest.mark.parametrize(
    "message",
    [
        "This model's maximum context length is 8192 tokens, however you requested 9000 tokens",
        "prompt is too long: 210000 tokens > 200000 maximum",
        "The input token count (1100000) exceeds the maximum number of tokens allowed (1048576).",
        "too many tokens: total number of tokens in the prompt exceeds the limit",
        "Input is too long for requested model.",
        "Please reduce the length of the messages or completion.",
    ],
)
def test_d8_what_vendors_say_of_a_call_that_is_too_long(message: str) -> None:
    assert kind_of(ErrorFacts(400, message)) is FailureKind.CONTEXT


@pytest.mark.parametrize(
    ("facts", "kind"),
    [
        (ErrorFacts(400, "x", code="content_filter"), FailureKind.POLICY),
        (ErrorFacts(400, "x", code="content_policy_violation"), FailureKind.POLICY),
        (ErrorFacts(400, "Output blocked by content filtering policy", type="x"), FailureKind.POLICY),
        (ErrorFacts(400, "triggering Azure OpenAI's content management policy"), FailureKind.POLICY),
        (ErrorFacts(400, "`temperature` must be at most 2"), FailureKind.BAD_REQUEST),
        (ErrorFacts(403, 'm requires moderation. Your input was flagged for "violence".'), FailureKind.POLICY),
        (ErrorFacts(403, "your account was flagged for abuse"), FailureKind.AUTH),
        (ErrorFacts(403, "the key may not use this model"), FailureKind.AUTH),
        (ErrorFacts(500, "maximum context length"), FailureKind.SERVER),
        (ErrorFacts(429, "maximum context length"), FailureKind.RATE_LIMIT),
    ],
)
def test_d8_only_a_refusal_of_the_call_is_read_further(facts: ErrorFacts, kind: FailureKind) -> None:
    assert kind_of(facts) is kind


async def test_d8_s12_a_call_that_is_too_long_goes_to_another_model(tmp_path: Path) -> None:
    async with gateway(tmp_path, answering(reply(LONG, 400)), answering(WELL)) as (here, _):
        got = await here.post(ask())
        assert (got.text, got.headers["x-fairlead-provider"]) == ("well", "p1")
        again = await here.post(ask())
        assert again.headers["x-fairlead-attempts"] == "2", "a client's fault is held against nobody"


async def test_d8_it_goes_to_the_first_target_that_is_larger_and_to_no_other(tmp_path: Path) -> None:
    async with (
        scripted(answering(reply(LONG, 400))) as small,
        scripted(answering(WELL)) as same,
        scripted(answering(WELL)) as large,
    ):
        row: dict[str, Any] = {"dialect": "openai-chat", "api_key": "up-secret-key"}
        urls = {"small": small.url, "same": same.url, "large": large.url}
        settings = {
            "reliability": FORGIVING,
            "providers": {name: {**row, "base_url": url} for name, url in urls.items()},
            "models": {
                "m": {
                    "targets": [
                        {"provider": "small", "model": "gpt-4"},
                        {"provider": "same", "model": "gpt-4"},
                        {"provider": "large", "model": "gpt-4.1"},
                    ]
                }
            },
        }
        async with running(tmp_path, settings) as here:
            got = await here.post(ask())
        assert (got.text, got.headers["x-fairlead-provider"]) == ("well", "large")
        assert not same.received


async def test_d8_with_none_larger_the_client_is_told_as_the_provider_said_it(tmp_path: Path) -> None:
    async with gateway(tmp_path, answering(reply(LONG, 400))) as (here, ups):
        got = await here.post(ask())
        assert got.status == 400
        assert got.error["code"] == "context_length_exceeded"
        assert got.error["message"] == LONG["error"]["message"]
        assert len(ups[0].received) == 1


async def test_d8_s13_a_refusal_by_policy_goes_nowhere(tmp_path: Path) -> None:
    async with gateway(tmp_path, answering(reply(REFUSED, 400)), answering(WELL)) as (here, ups):
        got = await here.post(ask())
        assert (got.status, got.error["code"]) == (400, "content_filter")
        assert not ups[1].received


async def test_d8_a_refusal_by_policy_goes_on_where_the_entry_says_so(tmp_path: Path) -> None:
    async with gateway(tmp_path, answering(reply(REFUSED, 400)), answering(WELL), on_refusal="next") as (here, _):
        assert (await here.post(ask())).text == "well"


def filtered(finish: str = "content_filter") -> dict[str, Any]:
    said = completion("I must not say")
    said["choices"][0]["finish_reason"] = finish
    return said


async def test_an_answer_that_a_filter_cut_is_an_answer(tmp_path: Path) -> None:
    async with gateway(tmp_path, answering(reply(filtered())), answering(WELL)) as (here, ups):
        got = await here.post(ask())
        assert got.json["choices"][0]["finish_reason"] == "content_filter"
        assert not ups[1].received


@pytest.mark.parametrize("finish", ["length", "stop"])
async def test_an_answer_that_ends_otherwise_is_passed_on_whatever_the_entry_says(tmp_path: Path, finish: str) -> None:
    async with gateway(tmp_path, answering(reply(filtered(finish))), answering(WELL), on_refusal="next") as (here, ups):
        assert (await here.post(ask())).json["choices"][0]["finish_reason"] == finish
        assert not ups[1].received


async def test_an_answer_that_refuses_is_asked_of_the_next_where_the_entry_says_so(tmp_path: Path) -> None:
    async with gateway(tmp_path, answering(reply(filtered())), answering(WELL), on_refusal="next") as (here, _):
        got = await here.post(ask())
        assert (got.text, got.headers["x-fairlead-provider"]) == ("well", "p1")


async def test_an_answer_that_refuses_is_given_where_nobody_has_a_better_one(tmp_path: Path) -> None:
    down = answering(reply({"error": {"message": "boom"}}, 500))
    async with gateway(tmp_path, answering(reply(filtered())), down, on_refusal="next") as (here, ups):
        got = await here.post(ask())
        assert (got.status, got.text, got.headers["x-fairlead-provider"]) == (200, "I must not say", "p0")
        assert [len(up.received) for up in ups] == [1, 1]
