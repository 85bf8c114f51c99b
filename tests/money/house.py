"""A gateway whose every price is known, official clients of each dialect, and the rows that calls leave behind."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from anthropic import AsyncAnthropic
from google import genai
from google.genai.types import GenerateContentConfig, HttpOptions
from openai import AsyncOpenAI

from fairlead import app
from fairlead.clock import Clock
from fairlead.config.load import load
from fairlead.ledger.keyring import Own
from fairlead.ledger.principal import Principal
from fairlead.ledger.row import Row
from fairlead.secret import Secret
from tests.support.gateway import KEY, Running, ask, request_bytes, running
from tests.support.scripted import DONE, END, STREAM_HEAD, Connection, Script, chunk, completion, piece, reply
from tests.translate.vendors import CACHED, INPUT, OUTPUT

# Dollars for a million tokens, so that a token of the prompt is 1000 nano-dollars and one of the answer 2000.
PRICE = {"input": "1", "cached": "0.5", "output": "2"}
IN, OUT = 1000, 2000
SAID_COST = (INPUT - CACHED) * IN + CACHED * IN // 2 + OUTPUT * OUT


class Still(Clock):
    """Clocks that stand still until a test moves them. It is a Friday, 08:00 in UTC."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now
        self.wall = lambda: self.now
        self.monotonic = lambda: self.now


@dataclass
class Rows:
    """Stands for a journal, and keeps what it is given, as it would be read again."""

    rows: list[Row] = field(default_factory=list)
    healthy: bool = True

    def append(self, row: Row) -> None:
        self.rows.append(row)

    def close(self) -> None:
        return

    async def all(self, number: int) -> list[Row]:
        """The rows, once there are so many. Raises `TimeoutError`."""
        async with asyncio.timeout(5):
            while len(self.rows) < number:
                await asyncio.sleep(0.005)
        return self.rows


def settings(*urls: str, dialect: str = "openai-chat", **more: Any) -> dict[str, Any]:
    """Providers `up`, `up2`, … behind the model `m`, all at the same price, where `more` does not say otherwise."""
    names = [f"up{number or ''}" for number in (0, *range(2, len(urls) + 1))][: len(urls)]
    rows = {name: {"dialect": dialect, "base_url": url, "api_key": "k", "auth": "bearer"}
            for name, url in zip(names, urls, strict=True)}  # fmt: skip
    targets = [{"provider": name, "model": "up-model"} for name in names]
    prices = {f"{name}/*": PRICE for name in names}
    return {"providers": rows, "models": {"m": {"targets": targets}}, "prices": prices, **more}


@contextlib.asynccontextmanager
async def priced(
    folder: Path, said: Mapping[str, Any], clock: Clock | None = None
) -> AsyncIterator[tuple[Running, list[Row], Rows]]:
    """A gateway with these settings, and the rows of the calls that have ended."""
    async with running(folder, said, clock=clock) as gateway:
        kept = Rows()
        gateway.engine.accounting.journal = kept  # type: ignore[assignment]
        yield gateway, kept.rows, kept


@contextlib.asynccontextmanager
async def on_disk(folder: Path, said: Mapping[str, Any]) -> AsyncIterator[tuple[Running, Path]]:
    """A gateway whose calls and accounts are kept in a database, as `serve` has it."""
    async with running(folder, said) as gateway:
        variables = {"HOME": str(folder), "FAIRLEAD_DATA_DIR": str(folder / "data")}
        config = load(str(folder / "fairlead.yaml"), variables, folder).config
        (folder / "data").mkdir(exist_ok=True)
        await app.open_directory(gateway.engine, gateway.service, config, variables)
        yield gateway, folder / "data"


def known_as(gateway: Running, key: str, principal: Principal) -> None:
    """Let this key stand for that principal."""
    gateway.engine.keyring.add(Own(Secret(key), principal))


# --- official clients: each asks once, whole, for at most `most` tokens, and gives the headers of the reply


async def by_chat(url: str, most: int, **extra: Any) -> Mapping[str, str]:
    async with AsyncOpenAI(base_url=f"{url}/v1", api_key=KEY, max_retries=0) as client:
        said: Any = [{"role": "user", "content": "hello"}]
        asked: dict[str, Any] = {"model": "m", "messages": said, "max_tokens": most, **extra}
        got: Any = await client.chat.completions.with_raw_response.create(**asked)
        assert got.parse().choices[0].message.content
        headers: Mapping[str, str] = got.headers
        return headers


async def by_responses(url: str, most: int) -> Mapping[str, str]:
    async with AsyncOpenAI(base_url=f"{url}/v1", api_key=KEY, max_retries=0) as client:
        got = await client.responses.with_raw_response.create(model="m", input="hello", max_output_tokens=most)
        assert got.parse().output_text
        return got.headers


async def by_messages(url: str, most: int) -> Mapping[str, str]:
    async with AsyncAnthropic(base_url=url, api_key=KEY, max_retries=0) as client:
        said: Any = [{"role": "user", "content": "hello"}]
        got = await client.messages.with_raw_response.create(model="m", messages=said, max_tokens=most)
        parsed: Any = got.parse()
        assert (await parsed).content
        return got.headers


async def by_gemini(url: str, most: int) -> Mapping[str, str]:
    client = genai.Client(api_key=KEY, http_options=HttpOptions(base_url=url))
    try:
        config = GenerateContentConfig(max_output_tokens=most)
        got = await client.aio.models.generate_content(model="m", contents="hello", config=config)
        assert got.text
        headers = got.sdk_http_response.headers if got.sdk_http_response else None
        return {name.lower(): value for name, value in (headers or {}).items()}
    finally:
        await client.aio.aclose()


Caller = Callable[..., Awaitable[Mapping[str, str]]]
CALLERS: dict[str, Caller] = {
    "openai-chat": by_chat,
    "openai-responses": by_responses,
    "anthropic-messages": by_messages,
    "gemini": by_gemini,
}


# --- upstreams


def counting(given: int, made: int) -> Script:
    """A provider of chats that counts so many tokens of each call, whole and streamed."""
    usage: dict[str, Any] = {"prompt_tokens": given, "completion_tokens": made, "total_tokens": given + made}
    whole = reply(completion("hi", **usage))
    events = [chunk({"content": "hi"}), chunk({}, "stop"), chunk(choices=[], usage=usage), DONE]

    async def script(connection: Connection) -> None:
        while asked := await connection.request():
            if asked.json.get("stream"):
                await connection.send(STREAM_HEAD + b"".join(map(piece, events)) + END)
            else:
                await connection.send(whole)

    return script


def half(text: Iterable[bytes], head: bytes = STREAM_HEAD) -> Script:
    """Streams these events to each request and then says no more."""

    async def script(connection: Connection) -> None:
        await connection.request()
        await connection.send(head + b"".join(map(piece, text)))
        await connection.gone()

    return script


async def begun(gateway: Running, until: bytes, body: Any = None, path: str = "/v1/chat/completions") -> None:
    """A streamed call whose client leaves once it has read so far."""
    async with gateway.connect() as (reader, writer):
        writer.write(request_bytes("POST", path, json.dumps(body or ask(stream=True)).encode()))
        await reader.readuntil(until)
