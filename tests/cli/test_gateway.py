"""Asking through a gateway that runs."""

import json
from typing import Any

import pytest

from tests.cli.conftest import FOUR, KEY, KEYS, Program, only, shipped
from tests.support.scripted import answering, chunk, completion, reply, scripted, streaming


async def test_a_gateway_answers_with_no_configuration_on_this_side(ai: Program) -> None:
    async with scripted(FOUR) as up:
        ai.config(only(up))
        async with ai.serving(FAIRLEAD_KEY=KEY) as gateway:
            (ai.home / "fairlead.yaml").unlink()
            by_option = await ai("-m", "m", "--gateway", gateway.url, "--key", KEY, "hello")
            by_variable = await ai("-m", "m", "hello", FAIRLEAD_URL=f"{gateway.url}/v1", FAIRLEAD_KEY=KEY)
            wrong = await ai("-m", "m", "hello", FAIRLEAD_URL=gateway.url, FAIRLEAD_KEY="fl-another")
            none = await ai("-m", "m", "hello", FAIRLEAD_URL=gateway.url)
            unknown = await ai("-m", "intent-code", "hello", FAIRLEAD_URL=gateway.url, FAIRLEAD_KEY=KEY)
    assert (by_option.code, by_option.out, by_option.err) == (0, "four\n", "")
    assert (by_variable.code, by_variable.out) == (0, "four\n")
    for refused in (wrong, none):
        assert (refused.code, refused.out) == (4, "")
        assert "hint: " in refused.err
        assert "request id: " in refused.err
    assert unknown.code == 2
    assert "there is no model `intent-code`" in unknown.err


async def test_intent_and_provider_reach_the_gateway(ai: Program) -> None:
    async with scripted(FOUR) as up:
        ai.config(shipped(up))
        async with ai.serving(FAIRLEAD_KEY=KEY, **KEYS) as gateway:
            there: dict[str, Any] = {"FAIRLEAD_URL": gateway.url, "FAIRLEAD_KEY": KEY}
            ran = await ai("--intent", "code", "--provider", "aimlapi", "-v", "hello", **there)
            refused = await ai("--intent", "fast", "--provider", "aimlapi", "hello", **there)
    assert ran.out == "four\n"
    assert "answered by `aimlapi/deepseek/deepseek-coder`, attempts: 1" in ran.err
    assert up.received[0].path == "/v1/aimlapi/chat/completions"
    assert refused.code == 2
    assert "`openrouter` can" in refused.err


async def test_json_is_the_same_as_without_a_gateway(ai: Program) -> None:
    async with scripted(answering(reply(completion("four")))) as up:
        ai.config(only(up))
        async with ai.serving(FAIRLEAD_KEY=KEY) as gateway:
            through = await ai("-m", "m", "--json", "hello", FAIRLEAD_URL=gateway.url, FAIRLEAD_KEY=KEY)
        here = await ai("-m", "m", "--json", "hello")
    one, other = json.loads(through.out), json.loads(here.out)
    assert one.pop("request_id") != other.pop("request_id")
    assert one == other


@pytest.mark.parametrize(("status", "code"), [(400, 1), (401, 3), (500, 3), (429, 3)])
async def test_a_failure_has_the_same_exit_code_as_without_a_gateway(ai: Program, status: int, code: int) -> None:
    async with scripted(answering(reply({"error": {"message": "boom"}}, status))) as up:
        ai.config(only(up))
        async with ai.serving(FAIRLEAD_KEY=KEY) as gateway:
            ran = await ai("-m", "m", "hello", FAIRLEAD_URL=gateway.url, FAIRLEAD_KEY=KEY)
    assert (ran.code, ran.out) == (code, "")
    if code == 3:
        assert "tried `up/up-model`" in ran.err


async def test_what_came_stays_where_the_stream_breaks_behind_the_gateway(ai: Program) -> None:
    async with scripted(streaming(chunk({"content": "begun"}), done=False)) as up:
        ai.config(only(up))
        async with ai.serving(FAIRLEAD_KEY=KEY) as gateway:
            ran = await ai("-m", "m", "hello", FAIRLEAD_URL=gateway.url, FAIRLEAD_KEY=KEY)
    assert (ran.code, ran.out) == (3, "begun\n")
    assert "the stream ended before the answer did" in ran.err
    assert "tried `up/up-model`" in ran.err


async def test_no_gateway_is_there(ai: Program) -> None:
    async with scripted(FOUR) as up:
        url = up.url
    ran = await ai("hello", FAIRLEAD_URL=url)
    assert (ran.code, ran.out) == (3, "")
    assert "no gateway answers at" in ran.err
    assert "`ai serve` starts one" in ran.err


@pytest.mark.parametrize("body", [b"<html>not here</html>", b"[1, 2]", b"{}"])
async def test_what_answers_is_no_gateway(ai: Program, body: bytes) -> None:
    async with scripted(answering(reply(body))) as up:
        whole = await ai("--no-stream", "hello", FAIRLEAD_URL=up.url)
        stream = await ai("hello", FAIRLEAD_URL=up.url)
    assert (whole.code, whole.out) == (3, "")
    assert (stream.code, stream.out) == (3, "")
    assert "Traceback" not in whole.err + stream.err
