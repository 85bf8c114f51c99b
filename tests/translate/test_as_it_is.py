"""A call to a provider of the client's own dialect: bytes pass as they came, but for the model's name."""

import gzip
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from fairlead.dialects.seals import seal
from tests.support.gateway import KEY, HttpReply, one_provider, running
from tests.support.scripted import END, Connection, Received, Script, piece, reply, scripted
from tests.translate.breaking import whole
from tests.translate.house import House, check
from tests.translate.speaking import SPEAKERS
from tests.translate.vendors import VENDORS, Said, answering_as

pytestmark = pytest.mark.asyncio(loop_scope="module")
SAMPLE = 15
# What a 400 says that is not about the call: the key is wrong, or the model is gone.
_OPERATORS = (b"KEY_INVALID", b"model_not_found", b"does not exist")
# The dialects beside `openai-chat`, whose bytes `tests/replay` watches over: file, end of the path, key header.
RECORDED = {
    "anthropic-messages": ("anthropic", "/v1/messages", "x-api-key"),
    "openai-responses": ("openai", "/v1/responses", "authorization"),
    "gemini": ("gemini", "enerateContent", "x-goog-api-key"),
}
every_dialect = pytest.mark.parametrize("dialect", RECORDED)


@dataclass(frozen=True)
class Taped:
    """One recorded call and its reply."""

    id: str
    request: bytes
    status: int
    kind: str
    reply: bytes

    @property
    def streams(self) -> bool:
        return "event-stream" in self.kind

    def called(self, model: str) -> bytes:
        """The recorded body with another model's name; Gemini's has none in it."""
        value = json.loads(self.request)
        if "model" not in value:
            return self.request
        old, new = (b'"model":' + json.dumps(name).encode() for name in (value["model"], model))
        assert self.request.count(old) == 1
        return self.request.replace(old, new)


@cache
def taped(shared: Path, dialect: str) -> list[Taped]:
    file, path, _ = RECORDED[dialect]
    with gzip.open(shared / "recordings" / f"{file}.jsonl.gz", "rt", encoding="utf-8") as lines:
        return list(_read(lines, path))


def _read(lines: Any, path: str) -> Iterator[Taped]:
    for line in lines:
        exchange = json.loads(line)
        asked, answered = exchange["request"], exchange["response"]
        kind = dict(answered["headers"]).get("content-type", "")
        if asked["path"].endswith(path) and asked["body"] and ("json" in kind or "event-stream" in kind):
            status = answered["status"]
            yield Taped(exchange["id"], asked["body"].encode(), status, kind, answered["body"].encode())


def sample(shared: Path, dialect: str, *, streams: bool) -> list[Taped]:
    """Some good answers, and of the whole ones the refusals too."""
    kept = [each for each in taped(shared, dialect) if each.streams == streams]
    good = [each for each in kept if each.status == 200]
    refused = [each for each in kept if each.status == 400 and not any(word in each.reply for word in _OPERATORS)]
    return random.Random(dialect).sample(good, min(SAMPLE, len(good))) + refused[:3]


def playing(tape: Taped) -> Script:
    """Answers as recorded; a stream comes in pieces of odd sizes."""

    async def script(connection: Connection) -> None:
        while await connection.request():
            head = f"HTTP/1.1 {tape.status} X\r\ncontent-type: {tape.kind}\r\ntransfer-encoding: chunked\r\n\r\n"
            body = b"".join(piece(tape.reply[at : at + 997]) for at in range(0, len(tape.reply), 997))
            await connection.send(head.encode() + body + END)

    return script


async def sent(home: House, dialect: str, body: bytes, *, stream: Any = False, **headers: str) -> HttpReply:
    """A call with the key where the dialect's own clients put it."""
    name = RECORDED[dialect][2]
    key = {"authorization": f"Bearer {KEY}"} if name == "authorization" else {"authorization": "", name: KEY}
    got = await home.gateway.post(body, SPEAKERS[dialect].path(dialect, stream), **key, **headers)
    check(got)
    return got


PLACES = {"anthropic-messages": "/v1/messages", "openai-responses": "/v1/responses"}


def place(dialect: str, *, stream: bool) -> str:
    if dialect != "gemini":
        return PLACES[dialect]
    return "/v1/models/up-model:" + ("streamGenerateContent?alt=sse" if stream else "generateContent")


@every_dialect
@pytest.mark.parametrize("streams", [False, True], ids=["whole", "streamed"])
async def test_recorded_calls_and_answers_pass_byte_for_byte(
    home: House, shared: Path, dialect: str, streams: bool
) -> None:
    tapes = sample(shared, dialect, streams=streams)
    assert len(tapes) >= SAMPLE
    for tape in tapes:
        up = await home.one(dialect, playing(tape))
        got = await sent(home, dialect, tape.called(dialect), stream=streams)
        assert (got.status, got.body) == (tape.status, tape.reply), tape.id
        assert got.headers["content-type"].startswith(tape.kind.partition(";")[0])
        (request,) = up.received
        assert request.body == tape.called("up-model"), tape.id
        assert request.path == place(dialect, stream=streams)


# --- what is odd in a body stays so

ODD = {
    "anthropic-messages": b'{ "max_tokens":7 ,"model" : "anthropic-messages", "messages":[{"role":"user","content":'
    b'"h\\u0069"}],\n"temperature":1.0,"top_k":null,"beta_x":{"a":[1E2,-0.0,null]},"stop_sequences":[]}\n',
    "openai-responses": b'{"input":"h\\u0069","model":"openai-responses","store":null, "temperature":1.00,'
    b'"reasoning":{"effort":null,"new":true},"xx":[{}, [] ,1e-7]}',
    "gemini": b' {"contents":[{"parts":[{"text":"h\\u0069","newKind":null}]}],"generationConfig":{"temperature":1.0,'
    b'"x_y":null}, "unknown" :[1, 2]}',
}


@every_dialect
async def test_null_stays_null_absent_stays_absent_and_what_is_unknown_passes(home: House, dialect: str) -> None:
    up = await home.one(dialect, answering_as(VENDORS[dialect], Said()))
    got = await sent(home, dialect, ODD[dialect])
    assert got.status == 200, got.body
    assert up.received[0].body == ODD[dialect].replace(dialect.encode(), b"up-model")
    assert "x-fairlead-dropped" not in got.headers


@every_dialect
async def test_an_answer_with_unknown_members_and_odd_spaces_passes(home: House, dialect: str) -> None:
    body = b" " + json.dumps(VENDORS[dialect].whole(Said()) | {"new": [None, 1.50]}, indent=1).encode() + b"\n\n"
    await home.one(dialect, whole(body))
    assert (await sent(home, dialect, ODD[dialect])).body == body


EVENTS = b'event: news\ndata: {"type":"news","x":1}\n\n: a comment\n\n'


@every_dialect
async def test_events_of_unknown_kinds_and_comments_pass(home: House, dialect: str) -> None:
    vendor = VENDORS[dialect]
    first, *rest = vendor.events(Said())
    reply = b"".join([first, EVENTS, *rest])
    await home.one(dialect, playing(Taped("", b"", 200, "text/event-stream", reply)))
    body = json.dumps(SPEAKERS[dialect].body(dialect, True, "hi")).encode()
    assert (await sent(home, dialect, body, stream=True)).body == reply


# --- headers


async def asked_with(home: House, dialect: str, **headers: str) -> Received:
    up = await home.one(dialect, answering_as(VENDORS[dialect], Said()))
    assert (await sent(home, dialect, ODD[dialect], **headers)).status == 200
    return up.received[0]


BETAS = "claude-code-20250219,interleaved-thinking-2025-05-14,context-management-2025-06-27"


async def test_anthropics_version_and_betas_reach_its_provider(home: House) -> None:
    said = {"anthropic-version": "2023-06-01", "anthropic-beta": BETAS}
    request = await asked_with(home, "anthropic-messages", **said)
    assert {name: request.headers.get(name) for name in said} == said


async def test_they_reach_a_provider_that_speaks_the_dialect_beside_its_own_too(tmp_path: Path) -> None:
    said = {"anthropic-version": "2023-06-01", "anthropic-beta": BETAS}
    body = SPEAKERS["anthropic-messages"].body("m", False, "hi")
    vendor = VENDORS["anthropic-messages"]
    async with scripted(answering_as(vendor, Said())) as up:
        settings = one_provider(up.url, dialect="openai-chat", also=["anthropic-messages"])
        async with running(tmp_path, settings) as gateway:
            got = await gateway.post(body, "/v1/messages", **said)
    assert (got.status, got.json) == (200, vendor.whole(Said()))
    assert {name: up.received[0].headers.get(name) for name in said} == said


async def test_a_clients_key_and_its_other_headers_stay_here(home: House) -> None:
    for dialect in RECORDED:
        request = await asked_with(home, dialect, cookie="c=1", x_forwarded_for="1.2.3.4", x_stainless_lang="js")
        assert KEY not in str(request.headers)
        assert not {"cookie", "x-forwarded-for", "x-stainless-lang", "x-goog-api-key"} & request.headers.keys()


async def test_a_sealed_thought_of_another_model_sends_no_header_twice(home: House) -> None:
    """The call is then translated from a dialect into itself, and both sides name a version."""
    heads: list[str] = []

    async def script(connection: Connection) -> None:
        head = await connection.reader.readuntil(b"\r\n\r\n")
        heads.append(head.decode())
        await connection.send(reply(VENDORS["anthropic-messages"].whole(Said())))
        await connection.gone()

    await home.one("anthropic-messages", script)
    thought = {"type": "thinking", "thinking": "hm", "signature": seal("gemini", "anthropic-messages", "c2ln")}
    body = SPEAKERS["anthropic-messages"].body("anthropic-messages", False, "hi")
    body["messages"] += [{"role": "assistant", "content": [thought]}, {"role": "user", "content": "go on"}]
    body["context_management"] = {"edits": []}
    said = {"anthropic-version": "2023-06-01", "anthropic-beta": BETAS}
    got = await sent(home, "anthropic-messages", json.dumps(body).encode(), **said)
    assert got.status == 200
    assert heads[0].lower().count("anthropic-version:") == 1
    assert f"anthropic-beta: {BETAS}\r\n" in heads[0]


async def test_betas_that_a_translated_call_needs_join_those_that_the_client_names(home: House) -> None:
    up = await home.one("anthropic-messages", answering_as(VENDORS["anthropic-messages"], Said()))
    file = {"type": "file", "file": {"file_id": "file_1"}}
    body = {"model": "anthropic-messages", "messages": [{"role": "user", "content": [file]}]}
    got = await home.gateway.post(body, "/v1/chat/completions", **{"anthropic-beta": "some-beta-2026-01-01"})
    assert got.status == 200, got.body
    betas = up.received[0].headers["anthropic-beta"].split(",")
    assert betas[0] == "some-beta-2026-01-01"
    assert len(betas) == 2
