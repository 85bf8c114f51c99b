"""A tunnel through an HTTP proxy by CONNECT (RFC 9110, section 9.3.6)."""

import asyncio
import base64
import os
import re

import httptools

from fairlead.errors import FailureKind, UpstreamFailure

_LIMIT = 16 * 1024


class _Handshake(asyncio.Protocol):
    """Reads the proxy's answer to CONNECT, and nothing after it."""

    def __init__(self, answered: "asyncio.Future[int]") -> None:
        self._answered = answered
        self._parser = httptools.HttpResponseParser(self)
        self._size = 0

    def data_received(self, data: bytes) -> None:
        self._size += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            return
        except httptools.HttpParserError as error:
            self._refuse(f"the proxy's answer is not HTTP: {error}")
        if self._size > _LIMIT:
            self._refuse("the proxy's answer is too long")

    def on_headers_complete(self) -> None:
        if not self._answered.done():
            self._answered.set_result(self._parser.get_status_code())

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._refuse("the proxy hung up")

    def _refuse(self, detail: str) -> None:
        if not self._answered.done():
            self._answered.set_exception(UpstreamFailure(FailureKind.PROXY, detail))


def why(error: OSError) -> str:
    """The system's words for a connection that failed. asyncio's own, one for each address, say less in more words."""
    numbers = dict.fromkeys(re.findall(r"Errno (\d+)", str(error)))
    return ", ".join(os.strerror(int(number)) for number in numbers) or error.strerror or str(error)


async def tunnel(proxy: str, proxy_port: int, host: str, port: int, login: str | None) -> asyncio.Transport:
    """A transport to `host:port` through the proxy; `login` is `user:password`. Raises `UpstreamFailure`."""
    loop = asyncio.get_running_loop()
    answered: asyncio.Future[int] = loop.create_future()
    try:
        transport, _ = await loop.create_connection(lambda: _Handshake(answered), proxy, proxy_port)
    except OSError as error:
        detail = f"cannot connect to the proxy {proxy}:{proxy_port}: {why(error)}"
        raise UpstreamFailure(FailureKind.PROXY, detail) from None
    authority = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    lines = [f"CONNECT {authority} HTTP/1.1", f"Host: {authority}"]
    if login:
        lines.append("Proxy-Authorization: Basic " + base64.b64encode(login.encode()).decode())
    transport.write("\r\n".join([*lines, "", ""]).encode())
    try:
        status = await answered
        if not 200 <= status < 300:
            raise UpstreamFailure(FailureKind.PROXY, f"the proxy refused the connection with status {status}")
    except BaseException:
        transport.abort()
        raise
    return transport
