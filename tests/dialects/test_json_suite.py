"""What is JSON, by nst/JSONTestSuite (MIT, commit 1ef36fa): 95 texts that are, 188 that are not, 35 that are ours to
settle.
"""

import contextlib
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from fairlead.dialects import lenient
from fairlead.dialects.envelope import Envelope
from fairlead.dialects.members import Members
from fairlead.dialects.model import BadReply
from fairlead.dialects.openai.chat import CHAT, StreamReader, read_reply
from fairlead.errors import RequestError

# Of those that are ours to settle, the ones that a client may send: numbers that only some programs can hold.
OURS = ("i_number_", "i_structure_500_nested_arrays")


def texts(shared: Path, kind: str) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(shared / "data" / "json_test_suite.tar.gz") as archive:
        for entry in archive:
            name = Path(entry.name).name
            file = archive.extractfile(entry)
            if file is not None and name.startswith(kind):
                yield name, file.read()


def within(text: bytes) -> bytes:
    """A call that has the text in it."""
    return b'{"model":"m","messages":[],"newMember":' + text + b"}"


def test_json_is_taken_and_passed_on_as_it_is(shared: Path) -> None:
    found = list(texts(shared, "y_"))
    assert len(found) == 95
    for name, text in found:
        body = within(text)
        sent = Envelope(CHAT, body).write("other", ask_usage=True)
        assert sent == body.replace(b'"m"', b'"other"', 1), name
        try:
            assert Members(text).splice({}) == text
        except RequestError:
            value = json.loads(text)
            assert not isinstance(value, dict) or b"dup" in name.encode() or "duplicated" in name, name


def test_what_is_no_json_is_refused(shared: Path) -> None:
    found = list(texts(shared, "n_"))
    assert len(found) == 188
    for _name, text in found:
        for body in (text, within(text)):
            with pytest.raises(RequestError):
                Envelope(CHAT, body)
        with pytest.raises(ValueError, match=r"."):
            lenient.loads(text)


def test_what_is_ours_to_settle_is_settled(shared: Path) -> None:
    found = list(texts(shared, "i_"))
    assert len(found) == 35
    for name, text in found:
        if name.startswith(OURS):
            assert Envelope(CHAT, within(text)).members.get("newMember") == text.strip(), name
        else:
            with pytest.raises(RequestError):
                Envelope(CHAT, within(text))


def test_no_text_breaks_the_reading_of_an_answer(shared: Path) -> None:
    for kind in "yni":
        for _, text in texts(shared, kind):
            for body in (text, b'{"choices":[{"delta":' + text + b"}]}", b'{"choices":' + text + b"}"):
                for read in (lambda body: read_reply(CHAT, body), StreamReader(hide_usage=True).read):
                    with contextlib.suppress(BadReply):
                        read(body)
