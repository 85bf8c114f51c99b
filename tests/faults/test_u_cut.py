"""An upstream that breaks off within its reply."""

import asyncio

import pytest

from tests.faults.stage import Stages, broke, failed, well, well_streamed
from tests.support.scripted import (
    DONE,
    END,
    STREAM_HEAD,
    Connection,
    chunk,
    completion,
    piece,
    reply,
    saying,
)

WHOLE = reply(completion("a reply that is long enough to be cut"))
OPEN_ENDED = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"
SO = chunk({"content": "so"})
STOP = chunk({}, "stop")


@pytest.mark.parametrize("how", ["fin", "reset"])
@pytest.mark.parametrize("keep", [40, len(WHOLE) - 1])
async def test_u09_cut_within_a_whole_reply_is_never_a_short_200(play: Stages, keep: int, how: str) -> None:
    async with play(saying(WHOLE[:keep], then=how)) as stage:
        got = await stage.ask()
        started = keep > 100
        failed(got, *((502, "upstream_cut", "cut") if started else (503, "upstream_unavailable", "reset")))
        await stage.up.closed()


@pytest.mark.parametrize("how", ["fin", "reset"])
async def test_u09_cut_within_a_whole_reply_goes_to_the_next_target(play: Stages, how: str) -> None:
    async with play(saying(WHOLE[:-9], then=how), well) as stage:
        got = await stage.ask()
        assert (got.text, got.headers["x-fairlead-attempts"]) == ("rescued", "2")
        assert len(stage.up.received) == 1


@pytest.mark.parametrize("how", ["fin", "reset"])
@pytest.mark.parametrize("head", [STREAM_HEAD, OPEN_ENDED], ids=["chunked", "to the end"])
async def test_u10_cut_within_a_stream_is_an_error_in_it(play: Stages, head: bytes, how: str) -> None:
    said = [piece(SO), piece(SO)] if head is STREAM_HEAD else [SO, SO]
    async with play(saying(head, *said, then=how), well_streamed) as stage:
        broke(await stage.ask(stream=True), "upstream_cut", "soso")
        assert not stage.ups[1].received
        await stage.up.closed()


@pytest.mark.parametrize(
    "said", [(piece(SO), END), (piece(SO), piece(SO[:30]), END)], ids=["after an event", "within one"]
)
async def test_u10_a_stream_that_ends_before_the_answer_does_is_cut(
    play: Stages, said: tuple[bytes | float, ...]
) -> None:
    async with play(saying(STREAM_HEAD, *said)) as stage:
        broke(await stage.ask(stream=True), "upstream_cut", "so")


@pytest.mark.parametrize("said", [b"", chunk({"role": "assistant"})], ids=["nothing", "a role"])
async def test_u10_a_stream_that_ends_before_content_goes_to_the_next_target(play: Stages, said: bytes) -> None:
    async with play(saying(OPEN_ENDED, said, then="fin"), well_streamed) as stage:
        got = await stage.ask(stream=True)
        assert (got.text, got.headers["x-fairlead-attempts"]) == ("rescued", "2")


@pytest.mark.parametrize("end", [(piece(SO), piece(STOP), END), (piece(SO), piece(STOP[:-2]), END)])
async def test_u10_a_finish_reason_without_an_end_mark_is_an_end(play: Stages, end: tuple[bytes | float, ...]) -> None:
    async with play(saying(STREAM_HEAD, *end)) as stage:
        got = await stage.ask(stream=True)
        assert (got.text, got.events[-1]) == ("so", "[DONE]")
        assert got.body.count(b"[DONE]") == 1
        assert not any("error" in event for event in got.events)


async def test_u10_two_choices_of_which_one_stopped_are_cut(play: Stages) -> None:
    def said(index: int, finish: str | None) -> bytes:
        return piece(chunk(choices=[{"index": index, "delta": {"content": "x"}, "finish_reason": finish}]))

    async with play(saying(STREAM_HEAD, said(0, None), said(1, None), said(0, "stop"), then="fin")) as stage:
        got = await stage.ask(stream=True)
        assert got.error["code"] == "upstream_cut"
        assert [choice["index"] for choice in got.events[-2]["choices"]] == [1]


async def test_u10_what_follows_the_end_mark_is_not_passed_on(play: Stages) -> None:
    async with play(saying(STREAM_HEAD, piece(SO + STOP + DONE + SO), END)) as stage:
        got = await stage.ask(stream=True)
        assert got.text == "so"


async def test_u10_a_stream_whose_end_follows_its_end_mark_late_keeps_its_connection(play: Stages) -> None:
    async def late(connection: Connection) -> None:
        while await connection.request():
            await connection.send(STREAM_HEAD + piece(SO + STOP + DONE))
            await asyncio.sleep(0.05)
            await connection.send(END)

    async with play(late) as stage:
        for _ in range(3):
            assert (await stage.ask(stream=True)).text == "so"
            await asyncio.sleep(0.1)
        assert stage.up.connections == 1


async def test_u10_a_stream_that_does_not_end_after_its_end_mark_loses_its_connection(play: Stages) -> None:
    async with play(saying(STREAM_HEAD, piece(SO + STOP + DONE))) as stage:
        assert (await stage.ask(stream=True)).text == "so"
        stage.clock.ahead += 2
        await stage.up.closed()


def length(body: bytes, said: int) -> bytes:
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (said, body)


BODY = WHOLE.partition(b"\r\n\r\n")[2]


@pytest.mark.parametrize(
    ("sent", "then", "code", "kind"),
    [
        (length(BODY, len(BODY) + 1), "fin", "upstream_cut", "cut"),
        (length(BODY, len(BODY) + 1), "reset", "upstream_cut", "cut"),
        (length(BODY, len(BODY) - 1), "wait", "upstream_bad_response", "bad_response"),
        (length(BODY, 0), "wait", "upstream_bad_response", "bad_response"),
        (STREAM_HEAD.replace(b"event-stream", b"json") + piece(BODY), "fin", "upstream_cut", "cut"),
    ],
    ids=["longer, then fin", "longer, then reset", "shorter", "zero", "chunked without its end"],
)
async def test_u11_a_length_that_lies_is_no_reply(play: Stages, sent: bytes, then: str, code: str, kind: str) -> None:
    async with play(saying(sent, then=then)) as stage:
        failed(await stage.ask(), 502, code, kind)
        await stage.up.closed()


async def test_u11_a_length_too_long_by_far_ends_by_the_idle_clock(play: Stages) -> None:
    async with play(saying(length(BODY, 10**6)), well, timeouts={"idle": 0.15}) as stage:
        assert (await stage.ask()).text == "rescued"
        await stage.up.closed()


async def test_u11_bytes_after_the_reply_cost_the_connection(play: Stages) -> None:
    async with play(saying(WHOLE, b"more")) as stage:
        assert (await stage.ask()).status in (200, 502)  # the rest may come with the reply or after it
        await stage.up.closed()
