"""The basics of event streams; `tests/faults` has the hostile ones."""

import pytest

from fairlead.dialects.sse import EventSplitter, EventTooLarge, data_of, event


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_events_come_out_whole_wherever_the_stream_is_cut(end: bytes) -> None:
    stream = end.join([b"data: one", b"", b": a comment", b"", b"event: x", b"data: two", b"data: three", b"", b""])
    expected = [b"one", None, b"two\nthree"]
    assert [data_of(each) for each in EventSplitter().feed(stream) if each.strip()] == expected
    for at in range(len(stream) + 1):
        splitter = EventSplitter()
        events = [*splitter.feed(stream[:at]), *splitter.feed(stream[at:])]
        assert b"".join(events) + splitter.end() == stream
        assert [data_of(each) for each in events if each.strip()] == expected


@pytest.mark.parametrize(
    ("raw", "data"),
    [
        (b"data: x\n\n", b"x"),
        (b"data:x\n\n", b"x"),
        (b"data:  x\n\n", b" x"),
        (b"data: a\ndata: b\n\n", b"a\nb"),
        (b"id: 7\r\nevent: e\r\ndata: x\r\nretry: 1\r\n\r\n", b"x"),
        (b"\xef\xbb\xbfdata: x\n\n", b"x"),
        (b"data\n\n", b""),
        (b"data:\n\n", b""),
        (b"datax: x\n\n", None),
        (b": data: x\n\n", None),
        (b"\n\n", None),
        (b"event: ping\n\n", None),
    ],
)
def test_data(raw: bytes, data: bytes | None) -> None:
    assert data_of(raw) == data


def test_an_event_that_was_written_is_read_back() -> None:
    assert data_of(event(b'{"a":1}')) == b'{"a":1}'
    assert event(b"[DONE]") == b"data: [DONE]\n\n"


def test_what_comes_after_the_last_event_is_kept() -> None:
    splitter = EventSplitter()
    assert splitter.feed(b"data: x\n\ndata: y") == [b"data: x\n\n"]
    assert splitter.end() == b"data: y"
    assert splitter.end() == b""


def test_an_event_without_an_end_is_refused_at_the_limit() -> None:
    splitter = EventSplitter(limit=10)
    assert splitter.feed(b"data: 3456") == []
    with pytest.raises(EventTooLarge):
        splitter.feed(b"7")
