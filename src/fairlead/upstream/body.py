"""Bodies as they arrive: decoded, bounded, handed over piece by piece."""

import zlib
from typing import Protocol

from fairlead.errors import FailureKind, UpstreamFailure

_SPARE = 1024 * 1024
_RATIO = 64


class Decoder(Protocol):
    """Turns a body as sent into the body as meant."""

    def feed(self, data: bytes) -> bytes:
        """Decode one piece."""

    def end(self) -> None:
        """Raise `UpstreamFailure` if the body broke off."""


class Identity:
    """A body sent as it is."""

    def feed(self, data: bytes) -> bytes:
        return data

    def end(self) -> None:
        return


class Gzip:
    """A gzip body (RFC 1952). One piece may unpack to 1 MiB and 64 times its size: text does, a bomb does not."""

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(wbits=31)

    def feed(self, data: bytes) -> bytes:
        try:
            out = self._inflate.decompress(data, _SPARE + _RATIO * len(data))
        except zlib.error:
            raise UpstreamFailure(FailureKind.BAD_RESPONSE, "the reply says it is gzip and is not") from None
        if self._inflate.unconsumed_tail:
            raise UpstreamFailure(FailureKind.TOO_LARGE, f"the gzip body unpacks to more than {len(out)} bytes at once")
        if self._inflate.unused_data:
            raise UpstreamFailure(FailureKind.BAD_RESPONSE, "bytes follow the end of the gzip body")
        return out

    def end(self) -> None:
        if not self._inflate.eof:
            raise UpstreamFailure(FailureKind.BAD_RESPONSE, "the gzip body breaks off")


IDENTITY = Identity()


def decoder(encoding: bytes | None) -> Decoder:
    """The decoder for a `content-encoding`. Raises `UpstreamFailure` for one we never asked for."""
    if not encoding or encoding.lower() == b"identity":
        return IDENTITY
    if encoding.lower() in (b"gzip", b"x-gzip"):
        return Gzip()
    shown = encoding[:40].decode("latin-1")
    raise UpstreamFailure(FailureKind.BAD_RESPONSE, f"the reply has an encoding that was not asked for: {shown!r}")
