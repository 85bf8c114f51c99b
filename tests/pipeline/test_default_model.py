"""A call that names no model, with a default one: over the wire, in the client's dialect and in another."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.gateway import one_provider, running
from tests.support.scripted import answering, completion, reply, scripted

SAID: dict[str, Any] = {"messages": [{"role": "user", "content": "write a function"}]}
CLAUDE = {**SAID, "max_tokens": 9}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/chat/completions", SAID),
        ("/v1/chat/completions", {**SAID, "model": "auto"}),
        ("/v1/messages", CLAUDE),
        ("/v1/responses", {"input": "write a function"}),
    ],
)
async def test_b31_the_default_model_answers_who_names_none(path: str, body: dict[str, Any], tmp_path: Path) -> None:
    async with (
        scripted(answering(reply(completion()))) as up,
        running(tmp_path, one_provider(up.url), {"DEFAULT_MODEL": "up/mine"}) as fl,
    ):
        got = await fl.post(body, path)
        assert (got.status, [each.json["model"] for each in up.received]) == (200, ["mine"]), got.body


async def test_without_a_default_model_a_call_has_to_name_one(tmp_path: Path) -> None:
    async with (
        scripted(answering(reply(completion()))) as up,
        running(tmp_path, one_provider(up.url)) as fl,
    ):
        got = await fl.post(SAID)
        assert (got.status, got.error["param"]) == (400, "model")
        assert not up.received


async def test_what_is_no_call_in_words_has_to_name_its_model(tmp_path: Path) -> None:
    async with (
        scripted(answering(reply(completion()))) as up,
        running(tmp_path, one_provider(up.url), {"DEFAULT_MODEL": "up/mine"}) as fl,
    ):
        got = await fl.post({"input": "words"}, "/v1/embeddings")
        assert (got.status, got.error["param"]) == (400, "model")
        assert not up.received


async def test_b21_custom_is_sent_its_own_name_for_a_model_with_a_tag(tmp_path: Path) -> None:
    async with (
        scripted(answering(reply(completion()))) as up,
        running(tmp_path, {}, {"CUSTOM_API_URL": up.url, "CUSTOM_API_KEY": "k-custom"}) as fl,
    ):
        got = await fl.post({**SAID, "model": "llama3.2:latest"})
        assert got.status == 200, got.body
        assert [each.json["model"] for each in up.received] == ["llama3.2"]
        assert up.received[0].headers["authorization"] == "Bearer k-custom"
