"""The same dialect in and out: bytes pass through, but for the model's name and the request for usage."""

import json
from pathlib import Path

import pytest

from tests.replay.conftest import Replay
from tests.replay.recorded import UNASKED, VENDORS, Exchange, data_of, events, exchanges, good, named, streams

pytestmark = pytest.mark.asyncio(loop_scope="module")
every_vendor = pytest.mark.parametrize("vendor", VENDORS)

DONE = b"data: [DONE]\n\n"
ASKED = b',"stream_options":{"include_usage":true}'


def _without_empty_events(stream: bytes) -> list[bytes]:
    return [event for event in stream.split(b"\n\n") if event.strip()]


@every_vendor
async def test_an_answer_without_quirks_passes_byte_for_byte(vendor: str, shared: Path, replay: Replay) -> None:
    for exchange, got, _ in await replay.post_all(good(shared, vendor), Exchange.raw):
        end = DONE if exchange.streams and not exchange.body.endswith(DONE) else b""
        assert (got.status, got.ended) == (200, True), exchange.id
        if vendor == "doubleword" and exchange.streams:  # which sends empty lines to pass the time
            assert _without_empty_events(got.body) == _without_empty_events(exchange.body), exchange.id
        else:
            assert got.body == exchange.body + end, exchange.id


async def test_openais_answers_pass_byte_for_byte_as_shipped(shared: Path, replay: Replay) -> None:
    for exchange, got, _ in await replay.post_all(good(shared, "openai"), Exchange.mended):
        assert got.body == exchange.body, exchange.id


@every_vendor
async def test_the_upstream_gets_the_clients_bytes_with_its_own_name_for_the_model(
    vendor: str, shared: Path, replay: Replay
) -> None:
    for exchange, _, received in await replay.post_all(exchanges(shared, vendor), Exchange.mended):
        assert received == exchange.called(exchange.key), exchange.id


@every_vendor
async def test_the_upstream_gets_the_very_same_bytes_where_nothing_needs_to_change(
    vendor: str, shared: Path, replay: Replay
) -> None:
    def spaced(exchange: Exchange) -> bytes:
        """The request as another client would lay it out."""
        asked = json.loads(exchange.called(f"same-{exchange.key}"))
        return b" " + json.dumps(asked, indent=1).encode() + b"\n"

    for exchange, _, received in await replay.post_all(exchanges(shared, vendor), spaced):
        assert received == spaced(exchange), exchange.id


def without_asking(exchange: Exchange) -> bytes:
    """The recorded request of a client that does not ask for usage."""
    plain = exchange.raw().replace(ASKED, b"")
    assert b"include_usage" not in plain
    return plain


@every_vendor
async def test_usage_is_asked_for_on_every_stream(vendor: str, shared: Path, replay: Replay) -> None:
    for exchange, _, received in await replay.post_all(streams(shared, vendor), without_asking):
        plain = named(without_asking(exchange), f"raw-{exchange.key}", exchange.key)
        assert received == (plain if vendor in UNASKED else plain[:-1] + ASKED + b"}"), exchange.id


@pytest.mark.parametrize("vendor", [vendor for vendor in VENDORS if vendor not in UNASKED])
async def test_usage_that_the_client_did_not_ask_for_is_taken_out_again(
    vendor: str, shared: Path, replay: Replay
) -> None:
    for exchange, got, _ in await replay.post_all(streams(shared, vendor), without_asking):
        left = [chunk for chunk in events(exchange.body) if chunk["choices"] or not chunk.get("usage")]
        for chunk in left:
            chunk.pop("usage", None)
        assert events(got.body) == left, exchange.id
        assert got.body.endswith(DONE)


@pytest.mark.parametrize("vendor", UNASKED)
async def test_usage_that_a_vendor_reports_unasked_stays(vendor: str, shared: Path, replay: Replay) -> None:
    for exchange, got, _ in await replay.post_all(streams(shared, vendor), without_asking):
        assert data_of(got.body) == data_of(exchange.body), exchange.id


OPTIONS = {
    b"null": b'{"include_usage":true}',
    b"{}": b'{"include_usage":true}',
    b'{ "include_usage" : false,"x":[1, 2] }': b'{ "include_usage" : true,"x":[1, 2] }',
    b'{"include_obfuscation": true}': b'{"include_obfuscation": true,"include_usage":true}',
}


@pytest.mark.parametrize("options", OPTIONS)
async def test_the_clients_other_stream_options_stay(options: bytes, shared: Path, replay: Replay) -> None:
    exchange = streams(shared, "openai")[0]
    asking = exchange.raw().replace(b'{"include_usage":true}', options)
    ((_, got, received),) = await replay.post_all([exchange], lambda _: asking)
    assert received == named(asking, f"raw-{exchange.key}", exchange.key).replace(options, OPTIONS[options])
    assert b'"usage"' not in got.body
