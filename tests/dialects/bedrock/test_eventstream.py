"""Amazon's event streams are cut into messages, and nothing that was changed on the way passes."""

import json
import struct
from pathlib import Path
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.dialects.bedrock.eventstream import BadFrame, EventStreamSplitter
from fairlead.dialects.model import BadReply
from fairlead.dialects.sse import EventTooLarge
from tests.dialects.bedrock.recorded import event, exception, message, streams, text
from tests.dialects.test_members import JSON


def frames(*pieces: bytes) -> list[bytes]:
    splitter = EventStreamSplitter()
    found = [frame for piece in pieces for frame in splitter.feed(piece)]
    assert splitter.end() == b""
    return found


def test_a_recorded_stream_is_read(shared: Path) -> None:
    for stream in streams(shared):
        names = [next(iter(json.loads(frame))) for frame in frames(stream)]
        assert names[0] == "messageStart"
        assert names[-2:] == ["messageStop", "metadata"]


def test_a_recorded_stream_gives_the_same_frames_wherever_it_is_cut(shared: Path) -> None:
    for stream in streams(shared):
        whole = frames(stream)
        for at in range(len(stream) + 1):
            assert frames(stream[:at], stream[at:]) == whole
        assert frames(*(stream[at : at + 1] for at in range(len(stream)))) == whole


def test_u31_a_byte_that_was_changed_is_an_error_and_never_another_answer(shared: Path) -> None:
    for stream in streams(shared):
        whole = frames(stream)
        for at in range(len(stream)):
            for change in (0x01, 0x80, 0xFF):
                changed = bytearray(stream)
                changed[at] ^= change
                splitter, got = EventStreamSplitter(), []
                for start in range(0, len(changed), 64):
                    try:
                        got += splitter.feed(bytes(changed[start : start + 64]))
                    except BadFrame:
                        break
                else:
                    pytest.fail(f"byte {at} may be changed")
                assert got == whole[: len(got)], "a frame that came before is as it was sent"
                with pytest.raises(BadFrame):
                    splitter.feed(b"")
                with pytest.raises(BadFrame):
                    splitter.end()


def test_u31_a_stream_that_was_cut_within_a_message_is_an_error(shared: Path) -> None:
    for stream in streams(shared):
        whole, ends = frames(stream), {0}
        while (at := max(ends)) < len(stream):
            ends.add(at + int.from_bytes(stream[at : at + 4], "big"))
        for at in range(len(stream)):
            splitter = EventStreamSplitter()
            got = splitter.feed(stream[:at])
            assert got == whole[: len(got)]
            if at in ends:
                assert splitter.end() == b""
            else:
                with pytest.raises(BadFrame, match="ended"):
                    splitter.end()


def test_u31_bytes_that_are_missing_or_too_many_are_an_error(shared: Path) -> None:
    for stream in streams(shared):
        for at in range(0, len(stream), 7):
            for changed in (stream[:at] + stream[at + 1 :], stream[:at] + b"\x00" + stream[at:]):
                with pytest.raises(BadFrame):
                    frames(changed)


def prelude(total: int, headers: int) -> bytes:
    head = struct.pack("!II", total, headers)
    return head + struct.pack("!I", crc32(head))


@pytest.mark.parametrize(
    ("total", "headers"), [(0, 0), (15, 0), (16, 1), (200, 185), (2**24, 2**17 + 1), (0, 2**32 - 1)]
)
def test_u31_lengths_that_cannot_be_are_an_error_before_anything_is_waited_for(total: int, headers: int) -> None:
    with pytest.raises(BadFrame, match="headers"):
        EventStreamSplitter().feed(prelude(total, headers))


def test_a_message_over_the_limit_is_refused_before_it_is_there() -> None:
    with pytest.raises(EventTooLarge):
        EventStreamSplitter().feed(prelude(2**24 + 1, 0))
    assert EventStreamSplitter().feed(prelude(2**24, 0)) == []
    with pytest.raises(EventTooLarge):
        EventStreamSplitter(limit=20).feed(prelude(21, 0))


def test_an_exception_and_an_error_are_told_from_events() -> None:
    sent = exception("throttlingException", {"message": "Too many requests"})
    assert [json.loads(frame) for frame in frames(sent)] == [
        {":exception": {"type": "throttlingException", "message": "Too many requests"}}
    ]
    headers = {":message-type": "error", ":error-code": "InternalError", ":error-message": "oh"}
    assert [json.loads(frame) for frame in frames(message(headers, b""))] == [
        {":exception": {"type": "InternalError", "message": "oh"}}
    ]
    headers = {":message-type": "exception", ":exception-type": "x"}
    assert [json.loads(frame) for frame in frames(message(headers, b"not JSON"))] == [
        {":exception": {"type": "x", "message": "not JSON"}}
    ]


def test_headers_of_every_type_are_passed_over() -> None:
    values = [b"\x00", b"\x01", b"\x02a", b"\x03ab", b"\x04abcd", b"\x05abcdefgh", b"\x06\x00\x02ab", b"\x08abcdefgh"]
    values.append(b"\x09" + b"u" * 16)
    headers = b"".join(b"\x01%c" % (97 + at) + value for at, value in enumerate(values))
    assert frames(message(headers + text(":event-type", "x"), b"{}")) == [b'{"x":{}}']
    assert frames(message(text(":event-type", "x") + headers, b"")) == [b'{"x":{}}']


@pytest.mark.parametrize(
    "headers",
    [
        b"",
        b"\x05a",
        b"\x01a",
        b"\x01a\x0a",
        b"\x01a\x04abc",
        b"\x01a\x07\x00",
        b"\x01a\x07\x00\x05ab",
        b"\x01\xff\x07\x00\x01a",
        text(":event-type", ""),
        text(":message-type", "new") + text(":event-type", "x"),
    ],
)
def test_headers_that_cannot_be_read_are_an_error(headers: bytes) -> None:
    with pytest.raises(BadFrame):
        EventStreamSplitter().feed(message(headers, b"{}"))


@given(st.lists(st.tuples(st.text(min_size=1, max_size=5), JSON), max_size=4), st.data())
def test_what_was_framed_is_read_back_wherever_it_is_cut(events: list[tuple[str, object]], data: st.DataObject) -> None:
    stream = b"".join(event(name, value) for name, value in events)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=4)))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert [json.loads(frame) for frame in frames(*pieces)] == [{name: value} for name, value in events]


@given(st.lists(st.binary(max_size=80), max_size=4))
def test_no_bytes_raise_anything_but_bad_replies(pieces: list[bytes]) -> None:
    splitter = EventStreamSplitter()
    try:
        for piece in pieces:
            splitter.feed(piece)
        splitter.end()
    except (BadReply, EventTooLarge):
        return
    assert not b"".join(pieces)
