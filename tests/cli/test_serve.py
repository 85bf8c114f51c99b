"""The server as a process: its banner, its signals, what it refuses."""

import asyncio
import json
import re
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from fairlead import ids
from fairlead.cli import banner
from fairlead.config.load import load
from fairlead.policies import make_policy
from tests.cli.conftest import AI, KEY, KEYS, Program, Serving, only, shipped
from tests.support.gateway import HttpReply, ask, read_reply, request_bytes
from tests.support.scripted import END, STREAM_HEAD, Connection, answering, chunk, completion, piece, reply, scripted

UNREACHABLE: dict[str, Any] = {
    "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
    "PIP_RETRIES": "0",
    "PIP_CONFIG_FILE": "/dev/null",
}


@asynccontextmanager
async def connected(serving: Serving) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", serving.port)
    try:
        yield reader, writer
    finally:
        writer.close()


async def called(serving: Serving, method: str, path: str, data: bytes = b"", key: str = KEY) -> HttpReply:
    async with connected(serving) as (reader, writer):
        writer.write(request_bytes(method, path, data, authorization=f"Bearer {key}"))
        return await read_reply(reader)


async def test_the_banner_has_all_that_a_first_call_needs(ai: Program) -> None:
    async with scripted(answering(reply(completion()))) as up:
        ai.config(only(up) | shipped(up) | {"providers": only(up)["providers"] | shipped(up)["providers"]})
        async with ai.serving(**KEYS) as gateway:
            banner = re.sub(" +", " ", gateway.banner)
    assert f"Fairlead listens on http://127.0.0.1:{gateway.port}" in banner
    assert "\n m from up: up-model" in banner
    assert "\n intent:code from openrouter: deepseek/deepseek-coder" in banner
    assert f"curl -s {gateway.url}/v1/chat/completions" in banner
    assert not set(KEYS.values()) & set(banner.split())


async def test_the_key_is_shown_once_and_works(ai: Program) -> None:
    async with ai.serving() as gateway:
        key = gateway.banner.partition("(shown once): ")[2].split()[0]
        assert key.startswith("fl-")
        assert (await called(gateway, "GET", "/v1/models", key=key)).status == 200
        assert (await called(gateway, "GET", "/v1/models", key="fl-another")).status == 401
    async with ai.serving() as another:
        assert key not in another.banner


async def test_a_key_of_ones_own_is_never_shown(ai: Program) -> None:
    async with ai.serving(FAIRLEAD_KEY=KEY) as gateway:
        assert KEY not in gateway.banner
        assert "Authorization: Bearer $FAIRLEAD_KEY" in gateway.banner
        assert (await called(gateway, "GET", "/v1/models")).status == 200


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not here")
async def test_the_lines_to_paste_work(ai: Program) -> None:
    async with ai.serving() as gateway:
        curl, ask_it = gateway.banner.partition("Try it\n")[2].split("\nor\n")
        pasted = await ai("-c", curl, command=("bash",))
        program = f'ai() {{ {" ".join(AI)} "$@"; }}'
        asked = await ai("-c", f"{program}; {ask_it}", command=("bash",))
    assert '"content":"This is the `echo` model' in pasted.out
    assert asked.out.endswith("You said: Hello\n")


@pytest.mark.parametrize(
    ("called", "folders", "shown"),
    [
        ("{home}/.venv/bin/ai", "/nowhere", ".venv/bin/ai"),
        (".venv/bin/ai", "/nowhere", ".venv/bin/ai"),
        ("/else where/fairlead", "/nowhere", "'/else where/fairlead'"),
        ("{home}/.venv/bin/ai", "{home}/.venv/bin", "ai"),
        ("/some/where/main.py", "/nowhere", "ai"),
    ],
)
def test_the_banner_calls_the_program_as_its_reader_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, called: str, folders: str, shown: str
) -> None:
    program = tmp_path / ".venv" / "bin" / "ai"
    program.parent.mkdir(parents=True)
    program.touch(mode=0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", folders.format(home=tmp_path))
    monkeypatch.setattr("sys.argv", [called.format(home=tmp_path), "serve"])
    policy = make_policy(load(None, {}, tmp_path).config, {})
    told = banner.text(policy, "127.0.0.1", 8787, banner.Keys(1, "fl-key")).splitlines()
    assert told[-1] == f'  {shown} "Hello"'
    assert any(f"`{shown} doctor`" in line for line in told)


def test_the_banner_says_where_it_listens_and_fits_a_terminal(tmp_path: Path) -> None:
    policy = make_policy(load(None, {}, tmp_path).config, {})
    told = banner.text(policy, "0.0.0.0", 8787, banner.Keys(1, ids.new_key())).splitlines()
    assert told[0] == "Fairlead listens on http://127.0.0.1:8787 and all other addresses here"
    assert max(map(len, told)) <= 80


async def test_without_a_provider_key_the_banner_says_who_answers(ai: Program) -> None:
    async with ai.serving() as gateway:
        assert "No provider has a key, so `echo` answers" in gateway.banner


async def slow(connection: Connection) -> None:
    """A stream that takes a second."""
    await connection.request()
    await connection.send(STREAM_HEAD)
    for word in ("one ", "two ", "three "):
        await connection.send(piece(chunk({"content": word})))
        await asyncio.sleep(0.4)
    await connection.send(piece(chunk({"content": "four"}, "stop")) + piece(b"data: [DONE]\n\n") + END)


def streamed() -> bytes:
    return json.dumps(ask(stream=True)).encode()


async def test_term_lets_an_open_stream_end(ai: Program) -> None:
    async with scripted(slow) as up:
        ai.config(only(up))
        async with ai.serving(FAIRLEAD_KEY=KEY) as gateway, connected(gateway) as (reader, writer):
            writer.write(request_bytes("POST", "/v1/chat/completions", streamed(), authorization=f"Bearer {KEY}"))
            await reader.readuntil(b"one ")
            gateway.process.send_signal(signal.SIGTERM)
            rest = await reader.read()
            assert b"three " in rest
            assert b"four" in rest
            assert b"[DONE]" in rest
            assert await gateway.ended() == 0
            assert "draining" in await gateway.said("draining")


async def test_a_second_term_stops_at_once(ai: Program) -> None:
    async def endless(connection: Connection) -> None:
        await connection.request()
        await connection.send(STREAM_HEAD + piece(chunk({"content": "one "})))
        await connection.gone()

    async with scripted(endless) as up:
        ai.config(only(up))
        async with ai.serving(FAIRLEAD_KEY=KEY) as gateway, connected(gateway) as (reader, writer):
            writer.write(request_bytes("POST", "/v1/chat/completions", streamed(), authorization=f"Bearer {KEY}"))
            await reader.readuntil(b"one ")
            gateway.process.send_signal(signal.SIGTERM)
            await gateway.said("draining")
            assert gateway.process.returncode is None
            gateway.process.send_signal(signal.SIGTERM)
            await gateway.ended(within=2)
        await up.closed(within=1)


async def test_hup_takes_a_new_configuration(ai: Program) -> None:
    async with scripted(answering(reply(completion()))) as up:
        ai.config(only(up))
        async with ai.serving(FAIRLEAD_KEY=KEY) as gateway:
            settings = only(up, server={"drain": 5})
            settings["models"]["another"] = settings["models"]["m"]
            ai.config(settings)
            gateway.process.send_signal(signal.SIGHUP)
            said = await gateway.said("the configuration was read again")
            assert "what changed under `server` is in force from the next start on" in said
            listed = await called(gateway, "GET", "/v1/models")
            assert "another" in [model["id"] for model in listed.json["data"]]


async def test_hup_with_a_bad_configuration_keeps_the_old_one_and_says_so(ai: Program) -> None:
    async with scripted(answering(reply(completion("still here")))) as up:
        ai.config(only(up))
        async with ai.serving(FAIRLEAD_KEY=KEY) as gateway:
            ai.config({"modles": {}})
            gateway.process.send_signal(signal.SIGHUP)
            assert "the old one stays" in await gateway.said("did you mean `models`?")
            assert "warning" in (await called(gateway, "GET", "/readyz")).json
            answer = await called(gateway, "POST", "/v1/chat/completions", json.dumps(ask()).encode())
            assert answer.text == "still here"
            ai.config(only(up))
            gateway.process.send_signal(signal.SIGHUP)
            await gateway.said("the configuration was read again")
            assert "warning" not in (await called(gateway, "GET", "/readyz")).json


async def test_a_reload_does_not_make_the_gateway_its_own_provider(ai: Program) -> None:
    async with scripted(answering(reply(completion()))) as up:
        ai.config(only(up))
        async with ai.serving(FAIRLEAD_KEY=KEY) as gateway:
            settings = only(up)
            for provider in settings["providers"].values():
                provider["base_url"] = f"{gateway.url}/v1"
            ai.config(settings)
            gateway.process.send_signal(signal.SIGHUP)
            assert "has the address of this gateway itself" in await gateway.said("the old one stays")


async def test_it_does_not_listen_beyond_this_machine_with_a_key_that_nobody_chose(ai: Program) -> None:
    refused = await ai("serve", "--host", "0.0.0.0", "--port", "0")
    assert (refused.code, refused.out) == (2, "")
    assert "set FAIRLEAD_KEY to a long random value" in refused.err
    async with ai.serving("--host", "0.0.0.0", FAIRLEAD_KEY=KEY) as gateway:
        assert (await called(gateway, "GET", "/v1/models")).status == 200


async def test_a_port_that_is_taken(ai: Program) -> None:
    async with ai.serving(FAIRLEAD_KEY=KEY) as gateway:
        ran = await ai("serve", "--port", str(gateway.port))
    assert (ran.code, ran.out) == (2, "")
    assert f"cannot listen on 127.0.0.1:{gateway.port}" in ran.err
    assert "`--port 0` for any that is free" in ran.err


async def test_a_broken_configuration_is_not_served(ai: Program) -> None:
    ai.config({"server": {"drain": "x"}})
    ran = await ai("serve", "--port", "0")
    assert ran.code == 2
    assert "fairlead.yaml:2:10: server.drain: expected a number" in ran.err


async def test_a_pull_that_fails_leaves_the_echo(ai: Program) -> None:
    pytest.importorskip("xllamacpp")
    async with ai.serving("--pull", **UNREACHABLE) as gateway:
        assert "no provider key is set: fetching the small local model `smollm2` (98 MB)" in gateway.banner
        assert "the local model could not be fetched: " in gateway.banner
        assert "the `echo` model answers instead" in gateway.banner


async def test_nothing_is_pulled_where_a_provider_has_a_key(ai: Program) -> None:
    async with ai.serving("--pull", **UNREACHABLE, **KEYS) as gateway:
        assert "fetching" not in gateway.banner


async def test_a_flag_that_is_out_of_range_is_named(ai: Program) -> None:
    ran = await ai("serve", "--port", "99999")
    assert (ran.code, ran.out) == (2, "")
    assert "flag --port: server.port: it must be at most 65535; got `99999`" in ran.err


async def test_an_address_that_is_not_this_machines_is_not_blamed_on_another_program(ai: Program) -> None:
    ran = await ai("serve", "--host", "192.0.2.1", "--port", "0", FAIRLEAD_KEY=KEY)
    assert (ran.code, ran.out) == (2, "")
    assert "cannot listen on 192.0.2.1:0" in ran.err
    assert "give `--host` an address of this machine" in ran.err
