"""A second stream goes on from what the first has said: nothing twice, nothing lost."""

from collections.abc import Sequence

import pytest

from fairlead.dialects.model import Began, Event, Finished, TextDelta, ToolStart
from fairlead.errors import FairleadError, UpstreamFailure
from fairlead.pipeline.seam import Seam


class Writer:
    """Writes what it is told as one letter for each event, and the text."""

    def write(self, events: Sequence[Event]) -> bytes:
        return b"".join(b'data: {"t":"%b"}\n\n' % _letter(event) for event in events)

    def end(self) -> bytes:
        return b"end"

    def error(self, error: FairleadError) -> bytes:
        return str(error).encode()


def _letter(event: Event) -> bytes:
    return event.text.encode() if isinstance(event, TextDelta) else type(event).__name__.encode()


def begun(text: str) -> Seam:
    made = Seam(Writer())
    made.write([Began("id"), TextDelta(text)])
    return made


def said(seam: Seam, *texts: str) -> str:
    """What the client gets of these texts and the end."""
    before = seam.text
    for text in texts:
        seam.write([TextDelta(text)])
    seam.write([Finished("stop")])
    return seam.text.removeprefix(before)


BEGINNING = "The quick brown fox jumps over the lazy"


@pytest.mark.parametrize(
    ("texts", "new"),
    [
        ([" dog"], " dog"),
        (["", " ", "dog"], " dog"),
        (["The end"], "The end"),
        (["The"], "The"),
        (["The", " quick", " one"], "The quick one"),
        ([BEGINNING, " dog"], " dog"),
        ([BEGINNING + " dog"], " dog"),
        ([BEGINNING[:30], BEGINNING[30:] + " dog"], " dog"),
        ([*BEGINNING, " dog"], " dog"),
    ],
)
def test_what_comes_after_the_seam_is_new_whether_the_model_goes_on_or_begins_anew(texts: list[str], new: str) -> None:
    seam = begun(BEGINNING)
    seam.cut("p", "m", stripped=False)
    assert said(seam, *texts) == new
    assert seam.text == BEGINNING + new


def test_a_model_that_begins_anew_in_other_words_is_refused() -> None:
    seam = begun(BEGINNING)
    seam.cut("p", "m", stripped=False)
    seam.write([TextDelta(BEGINNING[:30])])
    with pytest.raises(UpstreamFailure):
        seam.write([TextDelta(" rather another thing")])


def test_blanks_that_were_not_given_on_are_not_said_twice() -> None:
    seam = begun("One, ")
    seam.cut("p", "m", stripped=True)
    assert said(seam, " two") == "two"


def test_the_head_of_the_second_stream_is_left_out_and_its_first_event_says_where_the_seam_is() -> None:
    seam = begun("One,")
    seam.cut("p", "m", stripped=False)
    assert seam.write([Began("other")]) == b""
    first = b'data: {"fairlead":{"continued":{"after":4,"provider":"p","model":"m"}},"t":" two"}\n\n'
    assert seam.write([TextDelta(" two")]) == first
    assert seam.write([TextDelta(" three")]) == b'data: {"t":" three"}\n\n'


def test_a_tool_call_or_a_second_choice_cannot_be_gone_on_from() -> None:
    assert begun("One").resumable
    assert not begun("  ").resumable
    with_tool, with_choice = begun("One"), begun("One")
    with_tool.write([ToolStart(0, "id", "f")])
    with_choice.write([TextDelta("Uno", choice=1)])
    assert not with_tool.resumable
    assert not with_choice.resumable
