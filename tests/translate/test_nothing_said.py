"""A translated call with nothing to answer is refused by the member's name, in the client's own dialect."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.gateway import HttpReply, one_provider, running
from tests.support.scripted import answering, completion, reply, scripted
from tests.translate.vendors import VENDORS, Said, answering_as

CHAT, RESPONSES, MESSAGES, GEMINI = (
    "/v1/chat/completions",
    "/v1/responses",
    "/v1/messages",
    "/v1beta/models/m:generateContent",
)
KEPT: dict[str, Any] = {
    "previous_response_id": "resp_1", "conversation": "conv_1", "prompt": {"id": "pmpt_1"},
}  # fmt: skip
EMPTY: tuple[dict[str, Any], ...] = ({}, {"messages": [], "input": [], "contents": []}, {"input": None})


def named(path: str, got: HttpReply) -> str:
    """The member that an error names, where its dialect names it."""
    error = got.json["error"]
    member = error["details"][0]["metadata"]["param"] if path == GEMINI else error["param"]
    assert f"`{member}` is missing" in error["message"]
    return str(member)


@pytest.mark.parametrize(
    ("path", "member"), [(CHAT, "messages"), (RESPONSES, "input"), (MESSAGES, "messages"), (GEMINI, "contents")]
)
async def test_what_is_missing_is_named_and_nothing_is_sent(path: str, member: str, tmp_path: Path) -> None:
    dialect = "anthropic-messages" if path != MESSAGES else "gemini"
    async with (
        scripted(answering_as(VENDORS[dialect], Said())) as up,
        running(tmp_path, one_provider(up.url, dialect=dialect)) as gateway,
    ):
        for said in EMPTY:
            for stream in (False, True):
                asked = {"model": "m", "max_tokens": 5, **({"stream": True} if stream else {}), **said}
                got = await gateway.post(asked, path)
                assert (got.status, named(path, got)) == (400, member)
                assert got.headers["x-fairlead-attempts"] == "0"
    assert up.received == []


@pytest.mark.parametrize("member", KEPT)
async def test_what_a_provider_keeps_is_named_where_it_stands_for_the_input(member: str, tmp_path: Path) -> None:
    async with (
        scripted(answering(reply(completion("made up")))) as up,
        running(tmp_path, one_provider(up.url)) as gateway,
    ):
        got = await gateway.post({"model": "m", member: KEPT[member]}, RESPONSES)
    assert (got.status, got.error["code"], got.error["param"]) == (400, "not_carried", member)
    assert up.received == []


async def test_a_provider_of_the_same_dialect_judges_for_itself(tmp_path: Path) -> None:
    async with (
        scripted(answering_as(VENDORS["openai-responses"], Said())) as up,
        running(tmp_path, one_provider(up.url, dialect="openai-responses")) as gateway,
    ):
        for said in ({}, KEPT):
            got = await gateway.post({"model": "m", **said}, RESPONSES)
            assert got.status == 200
    assert [set(request.json) for request in up.received] == [{"model"}, {"model", *KEPT}]


async def test_a_limit_that_the_target_does_not_need_is_not_asked_for(tmp_path: Path) -> None:
    async with (
        scripted(answering(reply(completion("hello")))) as up,
        running(tmp_path, one_provider(up.url)) as gateway,
    ):
        got = await gateway.post({"model": "m", "messages": [{"role": "user", "content": "hi"}]}, MESSAGES)
    assert (got.status, got.json["content"][0]["text"]) == (200, "hello")
