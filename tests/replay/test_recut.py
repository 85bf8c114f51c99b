"""However the network cuts a stream, the client gets the same events."""

import itertools
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fairlead.dialects.openai.chat import StreamReader
from fairlead.dialects.sse import EventSplitter
from fairlead.errors import FailureKind, UpstreamFailure
from fairlead.pipeline.relay import ChatRelay
from fairlead.pipeline.stream import Pipe
from fairlead.providers.quirks import Known, mender
from tests.providers.test_quirks_recorded import SHOWN
from tests.replay.conftest import Replay
from tests.replay.recorded import VENDORS, Exchange, data_of, streams

pytestmark = pytest.mark.asyncio(loop_scope="module")
every_vendor = pytest.mark.parametrize("vendor", VENDORS)
KNOWN = Known("chatcmpl-known", "known-model", 1_700_000_000)
DONE = b"data: [DONE]\n\n"
# Longer streams are not cut at every byte: they would take most of a minute and say nothing that these do not.
SHORT = 20_000


class Cut:
    """A response whose body arrives in these pieces."""

    status = 200

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)

    async def chunk(self) -> bytes:
        return next(self._pieces, b"")

    async def read(self) -> bytes:
        return b"".join(self._pieces)

    def header(self, name: bytes) -> bytes | None:
        return None

    def linger(self) -> None:
        pass

    def close(self) -> None:
        pass


async def through(pieces: Iterable[bytes], quirks: Sequence[str] = ()) -> bytes:
    """What the client gets of a stream that arrives in these pieces."""
    mend = mender(quirks).stream(KNOWN).chunk if quirks else None
    relay = ChatRelay(StreamReader(hide_usage=False), mend)
    pipe, out = Pipe(Cut(pieces), EventSplitter(), relay), []
    while not pipe.ended:
        out.append(await pipe.next())
    return b"".join(out)


def cut_at(body: bytes, places: Iterable[int]) -> list[bytes]:
    cuts = [0, *sorted(places), len(body)]
    return [body[start:end] for start, end in itertools.pairwise(cuts) if start < end]


def every(body: bytes, size: int) -> list[bytes]:
    return [body[at : at + size] for at in range(0, len(body), size)]


@every_vendor
@pytest.mark.parametrize("quirks", [False, True], ids=["raw", "mended"])
async def test_pieces_of_any_size_give_the_same_bytes(vendor: str, quirks: bool, shared: Path) -> None:
    names = SHOWN[vendor] if quirks else ()
    for exchange in streams(shared, vendor):
        whole = await through([exchange.body], names)
        for size in (7, 997):
            assert await through(every(exchange.body, size), names) == whole, (exchange.id, size)


@every_vendor
async def test_pieces_of_a_few_bytes_give_the_same_bytes(vendor: str, shared: Path) -> None:
    for exchange in [each for each in streams(shared, vendor) if len(each.body) < SHORT] or streams(shared, vendor)[:1]:
        whole = await through([exchange.body], SHOWN[vendor])
        for size in (1, 2, 3):
            assert await through(every(exchange.body, size), SHOWN[vendor]) == whole, (exchange.id, size)


@every_vendor
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
async def test_cuts_anywhere_and_other_line_ends_give_the_same_events(
    vendor: str, shared: Path, data: st.DataObject
) -> None:
    exchange = data.draw(st.sampled_from(streams(shared, vendor)))
    body = exchange.body.replace(b"\n", data.draw(st.sampled_from([b"\n", b"\r\n", b"\r"])))
    cuts = data.draw(st.sets(st.integers(1, len(body) - 1), max_size=40))
    got = await through(cut_at(body, cuts))
    assert data_of(got.replace(b"\r\n", b"\n").replace(b"\r", b"\n")) == data_of(exchange.body)


@every_vendor
async def test_a_stream_cut_off_before_its_end_is_no_success(vendor: str, shared: Path) -> None:
    exchange = min(streams(shared, vendor), key=lambda each: len(each.body))
    end = exchange.body.index(b'"finish_reason":"')
    for at in range(1, end, max(1, end // 500)):
        with pytest.raises(UpstreamFailure) as caught:
            await through([exchange.body[:at]])
        assert caught.value.failure.kind in (FailureKind.CUT, FailureKind.BAD_RESPONSE)
    assert (await through([exchange.body.removesuffix(DONE)])).endswith(DONE)


@every_vendor
async def test_one_byte_at_a_time_through_the_real_server(vendor: str, shared: Path, replay: Replay) -> None:
    exchange = min(streams(shared, vendor), key=lambda each: len(each.body))
    try:
        replay.upstream.piece = len(exchange.body)
        ((_, whole, _),) = await replay.post_all([exchange], Exchange.mended)
        replay.upstream.piece = 1
        ((_, got, _),) = await replay.post_all([exchange], Exchange.mended)
    finally:
        replay.upstream.piece = None
    assert got.ended
    assert got.body == whole.body
