"""A JSON object as bytes, of which single top-level members can be replaced and all else stays as it was sent."""

import re
import sys
from collections.abc import Mapping

import msgspec

from fairlead.errors import RequestError

_decode = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_encode = msgspec.json.Encoder().encode
_NOWHERE = (sys.maxsize, 0, 0)
_KEY = re.compile(rb'[ \t\r\n]*+,?[ \t\r\n]*+"[^"\\]*+(?:\\.[^"\\]*+)*+"[ \t\r\n]*+:[ \t\r\n]*+', re.DOTALL)
_LEADING_COMMA = re.compile(rb"^([ \t\r\n]*+\{[ \t\r\n]*+),")


class Members:
    """The top-level members of one JSON object.

    Names must not repeat: a gateway that reads the first and a provider that reads the last would not see the same
    call. Raises `RequestError` for anything but one JSON object in UTF-8.
    """

    __slots__ = ("_raw", "_spans", "body", "names")

    def __init__(self, body: bytes) -> None:
        self.body = body
        try:
            if not body.isascii():
                body.decode()
            self._raw = _decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise RequestError(f"the body is not a JSON object: {error}") from None
        self.names = self._raw.keys()
        self._spans = None if self._is_plain() else self._walk()

    def _is_plain(self) -> bool:
        """Whether the body has its members and no byte more, as most clients write it.

        Each takes its name, its value, two quotes, a colon, and a comma or brace; nothing is shorter. So what is just
        as long as that has no spaces, no name in another spelling, and none twice.
        """
        length = 1
        for name, raw in self._raw.items():
            length += len(name) + len(raw) + 4
        return length == len(self.body) > 1

    def _placed(self) -> dict[str, tuple[int, int, int]]:
        """Where the members stand, as `_walk` says it; in a plain body their lengths tell."""
        if self._spans is not None:
            return self._spans
        spans: dict[str, tuple[int, int, int]] = {}
        at, comma = 1, 0
        for name, raw in self._raw.items():
            start = at + comma + len(name) + 3
            spans[name] = (at, start, at := start + len(raw))
            comma = 1
        self._spans = spans
        return spans

    def _walk(self) -> dict[str, tuple[int, int, int]]:
        """Where each member begins (its comma included), where its value begins, and where that ends.

        The decoder keeps the last of two members with one name, and no offsets. A value that stands where the walk is
        shows where the next member begins: JSON says itself where a value ends. Where another one stands, or where
        members are left over, a name came twice.
        """
        body = self.body
        spans: dict[str, tuple[int, int, int]] = {}
        at = body.index(b"{") + 1
        for name, raw in self._raw.items():
            key = _KEY.match(body, at)
            value = bytes(raw)
            if key is None or not body.startswith(value, start := key.end()):
                raise _repeated(body, at)
            spans[name] = (at, start, at := start + len(value))
        if body[at:].strip() != b"}":
            raise _repeated(body, at)
        return spans

    def __contains__(self, name: str) -> bool:
        return name in self._raw

    def has_any(self, names: frozenset[str]) -> bool:
        """Whether there is a member of one of these names."""
        return not names.isdisjoint(self._raw)

    def get(self, name: str) -> bytes | None:
        """A member's value as it was sent; None where there is no such member."""
        raw = self._raw.get(name)
        return None if raw is None else bytes(raw)

    def put(self, name: str, new: bytes) -> bytes:
        """The body with one member's value replaced, or added at the end."""
        if name not in self._raw:
            return self.splice({name: new})
        body, at = self.body, 1
        if self._spans is not None:
            _, start, at = self._spans[name]
            return body[:start] + new + body[at:]
        for each, raw in self._raw.items():  # of a plain body, whose lengths tell where it stands
            start = at + len(each) + 3
            at = start + len(raw)
            if each == name:
                break
            at += 1
        return body[:start] + new + body[at:]

    def splice(self, changes: Mapping[str, bytes | None]) -> bytes:
        """The body with the named members' values replaced, added at the end, or (None) taken out."""
        body, spans = self.body, self._placed()
        at, left, added = 0, len(spans), b""
        pieces: list[bytes] = []
        for name in sorted(changes, key=lambda name: spans.get(name, _NOWHERE)[0]):
            new, span = changes[name], spans.get(name)
            if span is None:
                added += b"" if new is None else b"," + _encode(name) + b":" + new
                continue
            start, value, end = span
            pieces += (body[at:start],) if new is None else (body[at:value], new)
            left -= new is None
            at = end
        if added:
            close = body.rindex(b"}")
            pieces += (body[at:close], added)
            at = close
        pieces.append(body[at:])
        spliced = b"".join(pieces)
        return spliced if left == len(spans) > 0 else _LEADING_COMMA.sub(rb"\1", spliced, count=1)


def _repeated(body: bytes, at: int) -> RequestError:
    """The error for the member at `at`, of whose name there is another one."""
    key = _KEY.match(body, at)
    name = key.group().strip(b" \t\r\n,:") if key else b""
    return RequestError(
        f"the body names {name[:80].decode('utf-8', 'replace')} twice", hint="send each top-level member once"
    )
