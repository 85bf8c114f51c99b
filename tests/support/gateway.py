"""A real gateway on a real socket, in the test's own event loop."""

import asyncio
import contextlib
import json
import re
import socket
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from openai import AsyncOpenAI

from fairlead import app
from fairlead.clock import Clock
from fairlead.config.load import load
from fairlead.http.server import Server, bind, server
from fairlead.secret import Secret

KEY = "fl-test-key-of-the-tests"
# What a provider did before is held against nobody, and no target is asked twice.
FORGIVING = {"max_retries": 0, "breaker": {"failures": 10**6, "calls": 10**6, "refused": 0.001, "longest": 0.001}}


@dataclass
class HttpReply:
    """A reply as read off the wire."""

    status: int
    headers: dict[str, str]
    body: bytes
    ended: bool = True

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def events(self) -> list[Any]:
        """The data of a stream's events, decoded; the end mark as text."""
        lines = [line[5:].strip() for line in re.split("\r\n|\n|\r", self.body.decode()) if line.startswith("data:")]
        return [line if line == "[DONE]" else json.loads(line) for line in lines]

    @property
    def text(self) -> str:
        """What a streamed or whole chat completion says."""
        if self.headers["content-type"].startswith("application/json"):
            return str(self.json["choices"][0]["message"]["content"])
        parts = [choice["delta"] for event in self.events if event != "[DONE]" for choice in event.get("choices", ())]
        return "".join(part.get("content") or "" for part in parts)

    @property
    def error(self) -> dict[str, Any]:
        """The error that it carries, whole or as the last event before the end mark."""
        whole = self.headers["content-type"].startswith("application/json")
        error: dict[str, Any] = (self.json if whole else self.events[-2])["error"]
        return error


@dataclass
class Running:
    """A gateway that listens."""

    port: int
    engine: app.Engine
    server: Server
    service: app.Service
    clients: list[AsyncOpenAI] = field(default_factory=list)
    seen: list[HttpReply] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def openai(self, **settings: Any) -> AsyncOpenAI:
        """The official client, which tries once."""
        client = AsyncOpenAI(base_url=f"{self.url}/v1", api_key=KEY, max_retries=0, **settings)
        self.clients.append(client)
        return client

    def connections(self) -> int:
        """How many clients are connected."""
        return len(self.server.server_state.connections)

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port, limit=2**26)

    @contextlib.asynccontextmanager
    async def connect(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """A connection that is gone after the block, whatever is left on it."""
        reader, writer = await self.open()
        try:
            yield reader, writer
        finally:
            writer.transport.abort()

    async def post(self, body: Any, path: str = "/v1/chat/completions", **headers: str) -> HttpReply:
        """One POST with raw bytes (or JSON) on a connection of its own."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return await self.request("POST", path, data, **headers)

    async def request(self, method: str, path: str, data: bytes = b"", **headers: str) -> HttpReply:
        async with self.connect() as (reader, writer):
            writer.write(request_bytes(method, path, data, **headers))
            return await self.read(reader)

    async def read(self, reader: asyncio.StreamReader) -> HttpReply:
        """The next reply on a connection, noted as seen."""
        reply = await read_reply(reader)
        self.seen.append(reply)
        return reply


def request_bytes(method: str, path: str, data: bytes = b"", **headers: str) -> bytes:
    lines = {"host": "test", "authorization": f"Bearer {KEY}", "content-type": "application/json"}
    lines |= {name.replace("_", "-"): value for name, value in headers.items()}
    if method == "POST":
        lines.setdefault("content-length", str(len(data)))
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value != "")
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + data


async def read_reply(reader: asyncio.StreamReader) -> HttpReply:
    """A reply, interim ones skipped; `ended` is False where its body broke off."""
    while True:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        status = int(head[0].split(" ")[1])
        if status >= 200:
            break
    headers = {line.split(": ", 1)[0]: line.split(": ", 1)[1] for line in head[1:] if line}
    if "content-length" in headers:
        return HttpReply(status, headers, await reader.readexactly(int(headers["content-length"])))
    body = b""
    try:
        while size := int(await reader.readuntil(b"\r\n"), 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readexactly(2)
    except asyncio.IncompleteReadError:
        return HttpReply(status, headers, body, ended=False)
    return HttpReply(status, headers, body)


def config_for(folder: Path, settings: Mapping[str, Any]) -> Path:
    file = folder / "fairlead.yaml"
    file.write_text(yaml.safe_dump(dict(settings)))
    return file


@contextlib.asynccontextmanager
async def running(
    folder: Path, settings: Mapping[str, Any], environ: Mapping[str, str] | None = None, clock: Clock | None = None
) -> AsyncIterator[Running]:
    """A gateway with these settings, up for the length of the block."""
    variables = {"HOME": str(folder), "FAIRLEAD_DATA_DIR": str(folder / "data"), **(environ or {})}
    loaded = load(str(config_for(folder, settings)), variables, folder)
    engine = app.engine(loaded, variables, Secret(KEY), clock)
    service = app.service(engine, loaded.config)
    sock = bind("127.0.0.1", 0)
    listening = server(
        service.front,
        engine.ticker,
        service.bounds,
        drain=1,
        on_drain=lambda: None,
        on_reload=lambda: None,
    )
    gateway = Running(sock.getsockname()[1], engine, listening, service)
    await _start(listening, sock)
    try:
        yield gateway
    finally:
        for client in gateway.clients:
            await client.close()
        await _stop(listening)
        await engine.aclose()
        sock.close()


async def _start(listening: Server, sock: socket.socket) -> None:
    """What `serve` does, without its loop, which looks ten times a second whether to stop."""
    listening.config.load()
    listening.lifespan = listening.config.lifespan_class(listening.config)
    await listening.startup(sockets=[sock])
    await listening.on_tick(0)


async def _stop(listening: Server) -> None:
    for open_server in listening.servers:
        open_server.close()
    state = listening.server_state
    for connection in list(state.connections):
        connection.transport.abort()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(1):
            while state.tasks or state.connections:
                await asyncio.sleep(0.002)
    for task in state.tasks:
        task.cancel()


def one_provider(url: str, **entry: Any) -> dict[str, Any]:
    """Settings with one provider `up` behind the model `m`, which is asked once."""
    return {
        "reliability": {"max_retries": 0},
        "providers": {"up": {"dialect": "openai-chat", "base_url": url, "api_key": "up-secret-key", **entry}},
        "models": {"m": {"targets": [{"provider": "up", "model": "up-model"}]}},
    }


def two_providers(first: str, second: str, **entry: Any) -> dict[str, Any]:
    """Settings with the model `m` at `one`, then at `two`, each of which is asked once."""
    row = {"dialect": "openai-chat", "api_key": "up-secret-key", **entry}
    return {
        "reliability": {"max_retries": 0},
        "providers": {"one": {**row, "base_url": first}, "two": {**row, "base_url": second}},
        "models": {"m": {"targets": [{"provider": "one", "model": "m1"}, {"provider": "two", "model": "m2"}]}},
    }


def ask(text: str = "hello", **members: Any) -> dict[str, Any]:
    """A call for the model `m`."""
    return {"model": "m", "messages": [{"role": "user", "content": text}], **members}
