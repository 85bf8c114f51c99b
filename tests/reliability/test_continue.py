"""An answer that breaks off is gone on with from the text so far, where the model's entry says so."""

from pathlib import Path
from typing import Any

import pytest

from tests.reliability.test_failover import gateway
from tests.support.gateway import ask
from tests.support.scripted import (
    DONE,
    END,
    STREAM_HEAD,
    Connection,
    Script,
    chunk,
    piece,
    reply,
    streaming,
)

CONTINUE: dict[str, Any] = {"continue": True}
WORDS = [f"w{at}" + " " for at in range(20)]


def cut_after(count: int, delta: dict[str, Any] | None = None) -> Script:
    """Streams so many of the words, then breaks off."""

    async def script(connection: Connection) -> None:
        await connection.request()
        await connection.send(STREAM_HEAD)
        for word in WORDS[:count]:
            await connection.send(piece(chunk({"content": word})))
        if delta is not None:
            await connection.send(piece(chunk(delta)))
        connection.writer.write_eof()
        await connection.gone()

    return script


def going_on(*, anew: bool = False) -> Script:
    """Streams what is missing of the words after the assistant's beginning; `anew`: all of them."""

    async def script(connection: Connection) -> None:
        while got := await connection.request():
            last = got.json["messages"][-1]
            done = last["content"] if last["role"] == "assistant" and not anew else ""
            rest = "".join(WORDS)[len(done) :]
            await connection.send(STREAM_HEAD)
            for at in range(0, len(rest), 3):
                await connection.send(piece(chunk({"content": rest[at : at + 3]})))
            await connection.send(piece(chunk({}, "stop")) + piece(DONE) + END)

    return script


@pytest.mark.parametrize("anew", [False, True], ids=["goes on", "begins anew in the same words"])
async def test_a_cut_answer_is_gone_on_with_at_the_next_target(tmp_path: Path, anew: bool) -> None:
    async with gateway(tmp_path, cut_after(9), going_on(anew=anew), **CONTINUE) as (here, ups):
        got = await here.post(ask(stream=True))
        assert got.text == "".join(WORDS)
        assert got.events[-1] == "[DONE]"
        assert not any("error" in event for event in got.events[:-1])
        assert ups[1].received[0].json["messages"][-1] == {"role": "assistant", "content": "".join(WORDS[:9])}
        seams = [event["fairlead"]["continued"] for event in got.events[:-1] if "fairlead" in event]
        assert seams == [{"after": len("".join(WORDS[:9])), "provider": "p1", "model": "m1"}]
        assert len({event["id"] for event in got.events[:-1]}) == 1


async def test_without_the_setting_a_cut_answer_ends_with_an_error(tmp_path: Path) -> None:
    async with gateway(tmp_path, cut_after(9), going_on()) as (here, ups):
        got = await here.post(ask(stream=True))
        assert got.text == "".join(WORDS[:9])
        assert got.error["code"] == "upstream_cut"
        assert not ups[1].received


async def test_a_tool_call_that_has_begun_is_never_gone_on_with(tmp_path: Path) -> None:
    call = {"tool_calls": [{"index": 0, "id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a'}}]}
    async with gateway(tmp_path, cut_after(3, call), going_on(), **CONTINUE) as (here, ups):
        got = await here.post(ask(stream=True))
        assert got.error["code"] == "upstream_cut"
        assert not ups[1].received


@pytest.mark.parametrize(
    "more", [{"n": 2}, {"response_format": {"type": "json_object"}}], ids=["several choices", "a form for its whole"]
)
async def test_what_would_not_fit_together_is_never_gone_on_with(tmp_path: Path, more: dict[str, Any]) -> None:
    async with gateway(tmp_path, cut_after(9), going_on(), **CONTINUE) as (here, ups):
        got = await here.post(ask(stream=True, **more))
        assert got.error["code"] == "upstream_cut"
        assert not ups[1].received


async def test_s14_where_nobody_goes_on_the_stream_ends_with_an_error_and_its_text_once(tmp_path: Path) -> None:
    refuses = reply({"error": {"message": "This model does not support assistant message prefill"}}, 400)

    async def script(connection: Connection) -> None:
        while await connection.request():
            await connection.send(refuses)

    async with gateway(tmp_path, cut_after(9), script, **CONTINUE) as (here, ups):
        got = await here.post(ask(stream=True))
        assert got.text == "".join(WORDS[:9])
        assert ups[1].received
        assert got.error["code"] == "upstream_cut"


async def test_a_whole_answer_is_as_it_would_be_without(tmp_path: Path) -> None:
    async with gateway(tmp_path, streaming(chunk({"content": "hi"}), chunk({}, "stop")), **CONTINUE) as (
        here,
        _,
    ):
        got = await here.post(ask(stream=True))
        assert got.text == "hi"
        assert got.events[-1] == "[DONE]"
