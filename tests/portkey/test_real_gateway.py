"""Calls through Portkey's own gateway (`@portkey-ai/gateway`), with a scripted vendor behind it.

It takes configs written out as JSON. What only the hosted service has (ids of configs, virtual keys) is in
`test_headers.py`.
"""

import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.portkey.peer import Tap, tapped
from tests.support.gateway import HttpReply, Running, running
from tests.support.scripted import Script, Scripted, answering, chunk, completion, reply, scripted, streaming

WELL = answering(reply(completion("hello", "gpt-4-0613", prompt_tokens=7, completion_tokens=2, total_tokens=9)))
BOOM = {"error": {"message": "boom", "type": "server_error", "param": None, "code": None}}
FAILING = answering(reply(BOOM, 500))
VENDOR_KEY = "sk-vendor-0123456789abcdef"


def at(up: Scripted, **more: Any) -> dict[str, Any]:
    """A target of a config: OpenAI's API, as `up` serves it."""
    return {"provider": "openai", "api_key": VENDOR_KEY, "custom_host": up.url, **more}


@dataclass
class Line:
    """Fairlead, then a tap, then Portkey's gateway."""

    fairlead: Running
    tap: Tap

    async def ask(self, model: str = "gpt-4", text: str = "hi", headers: Any = None, **members: Any) -> HttpReply:
        body = {"model": model, "messages": [{"role": "user", "content": text}], **members}
        return await self.fairlead.post(body, **(headers or {}))


@pytest.fixture
def line(tmp_path: Path, gateway_port: int):
    @contextlib.asynccontextmanager
    async def make(config: Any, settings: dict[str, Any] | None = None, **environ: str) -> AsyncIterator[Line]:
        written = config if isinstance(config, str) else json.dumps(config)
        async with tapped(gateway_port) as tap:
            variables = {"PORTKEY_API_KEY": "pk-0123456789abcdef", "PORTKEY_BASE_URL": tap.url, **environ}
            variables["PORTKEY_CONFIG_OPENAI"] = written
            async with running(tmp_path, settings or {}, variables) as fairlead:
                yield Line(fairlead, tap)

    return make


async def test_a_whole_answer_comes_through(line) -> None:
    async with scripted(WELL) as up, line(at(up)) as to:
        said = await to.ask()
    assert (said.status, said.text, said.headers["x-fairlead-provider"]) == (200, "hello", "portkey")
    assert said.json["usage"] == {"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9}
    (received,) = up.received
    assert (received.path, received.json["model"]) == ("/v1/chat/completions", "gpt-4")
    assert received.headers["authorization"] == f"Bearer {VENDOR_KEY}"
    assert not any("portkey" in name for name in received.headers)


async def test_a_stream_comes_through(line) -> None:
    usage = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
    events = (chunk({"role": "assistant", "content": "hel"}), chunk({"content": "lo"}), chunk({}, "stop"))
    async with scripted(streaming(*events, chunk(choices=[], usage=usage))) as up, line(at(up)) as to:
        said = await to.ask(stream=True, stream_options={"include_usage": True})
        counted = await to.ask(stream=True)
    assert (said.status, said.text, said.events[-1]) == (200, "hello", "[DONE]")
    assert said.events[-2]["usage"] == usage
    assert counted.text == "hello"
    assert [received.json["stream_options"] for received in up.received] == [{"include_usage": True}] * 2


async def test_the_official_client_reads_both(line) -> None:
    said: Any = [{"role": "user", "content": "hi"}]
    events = (chunk({"role": "assistant", "content": "hello"}), chunk({}, "stop"))
    async with scripted(streaming(*events)) as up, line(at(up)) as to:
        stream = await to.fairlead.openai().chat.completions.create(model="gpt-4", messages=said, stream=True)
        words = [each.choices[0].delta.content or "" async for each in stream]
    assert "".join(words) == "hello"
    async with scripted(WELL) as up, line(at(up)) as to:
        answer = await to.fairlead.openai().chat.completions.create(model="gpt-4", messages=said)
    assert answer.choices[0].message.content == "hello"


async def test_the_trace_of_a_client_reaches_portkey_and_comes_back_from_it(line) -> None:
    trace = {"x-portkey-trace-id": "trace-1", "x-portkey-metadata": '{"_user":"me"}'}
    async with scripted(WELL) as up, line(at(up)) as to:
        await to.ask(headers=trace)
    assert to.tap.asked("x-portkey-trace-id") == to.tap.answered("x-portkey-trace-id") == ["trace-1"]
    assert to.tap.asked("x-portkey-metadata") == ['{"_user":"me"}']
    assert not any("portkey" in name for name in up.received[0].headers)


async def test_a_config_that_falls_back_is_portkeys_own_matter(line) -> None:
    async with scripted(FAILING) as bad, scripted(WELL) as good:
        config = {"strategy": {"mode": "fallback"}, "targets": [at(bad), at(good)]}
        async with line(config) as to:
            said = await to.ask()
    assert (said.status, said.text, said.headers["x-fairlead-attempts"]) == (200, "hello", "1")
    assert (len(bad.received), len(good.received)) == (1, 1)
    assert to.tap.answered("x-portkey-last-used-option-index") == ["config.targets[1]"]


async def test_a_config_that_depends_on_metadata_sees_the_clients(line) -> None:
    async with scripted(FAILING) as free, scripted(WELL) as paid:
        config = {
            "strategy": {
                "mode": "conditional",
                "conditions": [{"query": {"metadata.plan": {"$eq": "paid"}}, "then": "paid"}],
                "default": "free",
            },
            "targets": [at(free, name="free"), at(paid, name="paid")],
        }
        async with line(config) as to:
            said = await to.ask(headers={"x-portkey-metadata": '{"plan":"paid"}'})
            other = await to.ask()
    assert (said.status, said.text, other.status) == (200, "hello", 502)
    assert (len(free.received), len(paid.received)) == (1, 1)


@pytest.mark.parametrize("settings", [{}, {"providers": {"portkey": {"timeouts": {"total": 20.0}}}}])
async def test_x24_what_portkey_tries_again_is_not_tried_again_by_us(line, settings: dict[str, Any]) -> None:
    retry = {"attempts": 1, "on_status_codes": [500]}
    async with scripted(FAILING) as up, line({**at(up), "retry": retry}, settings) as to:
        said = await to.ask()
    assert (said.status, said.error["code"], len(said.error["attempts"])) == (502, "upstream_error", 1)
    assert len(up.received) == 2
    assert to.tap.answered("x-portkey-retry-attempt-count") == ["-1"]


async def test_x24_what_portkey_rescued_is_one_attempt(line) -> None:
    script = answering(reply(BOOM, 500), reply(completion("hello")))
    retry = {"attempts": 2, "on_status_codes": [500]}
    async with scripted(script) as up, line({**at(up), "retry": retry}) as to:
        said = await to.ask()
    assert (said.status, said.text, said.headers["x-fairlead-attempts"]) == (200, "hello", "1")
    assert len(up.received) == 2
    assert to.tap.answered("x-portkey-retry-attempt-count") == ["1"]


NOT_JSON = "Invalid config passed. You need to pass a valid json"
NEITHER = "Either x-portkey-config or x-portkey-provider header is required"


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("pc-only-the-hosted-one-knows", NOT_JSON),
        ('{"provider":"openai"', NOT_JSON),
        ('{"provider":"openai","api_key":"k","custom_host":"http://10.0.0.1/v1"}', "Invalid config passed"),
    ],
)
async def test_what_portkey_says_of_a_config_is_told(line, config: str, message: str) -> None:
    async with line(config) as to:
        said = await to.ask()
    assert (said.status, said.error["code"]) == (502, "upstream_auth")
    assert message in said.error["message"]


async def test_without_a_config_portkey_misses_one(line, gateway_port: int, tmp_path: Path) -> None:
    """A virtual key is nothing to this gateway."""
    environ = {"PORTKEY_API_KEY": "pk", "PORTKEY_BASE_URL": f"http://127.0.0.1:{gateway_port}", "OPENAI_VK": "vk"}
    async with running(tmp_path, {}, environ) as fairlead:
        said = await fairlead.post({"model": "gpt-4", "messages": [{"role": "user", "content": "hi"}]})
    assert (said.status, said.error["code"]) == (502, "upstream_auth")
    assert NEITHER in said.error["message"]


FAILURES: list[tuple[Script, int, str, str]] = [
    (FAILING, 502, "upstream_error", "openai error: boom"),
    (answering(reply(BOOM, 429)), 429, "upstream_rate_limited", "openai error: boom"),
    (answering(reply({"error": {"message": f"bad key {VENDOR_KEY}"}}, 401)), 502, "upstream_auth", "HTTP 401"),
    (answering(reply({"error": {"message": "no such model"}}, 404)), 502, "upstream_model_not_found", "no such model"),
]


@pytest.mark.parametrize(("script", "status", "code", "message"), FAILURES)
async def test_a_vendors_failure_is_told_as_if_there_were_no_portkey(
    line, script: Script, status: int, code: str, message: str
) -> None:
    async with scripted(script) as up, line(at(up)) as to:
        said = await to.ask()
        streamed = await to.ask(stream=True)
    assert (said.status, said.error["code"]) == (streamed.status, streamed.error["code"]) == (status, code)
    assert message in said.error["message"]
    assert VENDOR_KEY.encode() not in said.body + streamed.body


async def test_what_a_vendor_refuses_comes_back_as_it_was_said(line) -> None:
    refused = {"error": {"message": "too long", "type": "invalid_request_error", "param": "messages", "code": "x"}}
    async with scripted(answering(reply(refused, 400))) as up, line(at(up)) as to:
        said = await to.ask()
    assert (said.status, said.error["param"], said.error["code"]) == (400, "messages", "x")
    assert said.error["message"] == "openai error: too long"


async def test_a_key_within_a_config_is_not_told_to_the_client(line) -> None:
    refused = {"error": {"message": f"no, not with {VENDOR_KEY}", "type": "t", "param": None, "code": None}}
    async with scripted(answering(reply(refused, 400))) as up, line(at(up)) as to:
        said = await to.ask()
    assert said.error["message"] == "openai error: no, not with ***"


async def test_portkeys_own_patience_is_a_failure_that_moves_on(line, tmp_path: Path) -> None:
    async def silent(connection) -> None:
        await connection.request()
        await connection.gone()

    async with scripted(silent) as slow, scripted(WELL) as openrouter:
        settings = {"providers": {"openrouter": {"base_url": openrouter.url}}}
        async with line(at(slow, request_timeout=200), settings, OPENROUTER_API_KEY="or-key") as to:
            said = await to.ask()
    assert (said.status, said.text) == (200, "hello")
    assert (said.headers["x-fairlead-provider"], said.headers["x-fairlead-attempts"]) == ("openrouter", "2")


async def test_a_stream_that_the_vendor_cuts_ends_with_an_error(line) -> None:
    async with scripted(streaming(chunk({"content": "hel"}), done=False)) as up, line(at(up)) as to:
        said = await to.ask(stream=True)
    assert (said.status, said.error["code"], said.events[-1]) == (200, "upstream_cut", "[DONE]")


async def test_x32_what_a_guard_of_portkeys_denies_is_the_clients_to_know(line) -> None:
    guard = {"default.contains": {"operator": "none", "words": ["cargo"]}, "deny": True}
    async with scripted(WELL) as up, line(at(up, input_guardrails=[guard])) as to:
        denied, allowed = await to.ask(text="what is the cargo"), await to.ask(text="what is the wind")
    assert (allowed.status, allowed.text, len(up.received)) == (200, "hello", 1)
    assert (denied.status, denied.headers["x-fairlead-attempts"]) == (446, "1")
    assert "guardrail" in denied.error["message"]
