"""What Claude Code and Codex send, at a provider of their own dialect and at one of another."""

import json
from typing import Any

import pytest

from tests.support.gateway import KEY, HttpReply
from tests.translate.house import House, check
from tests.translate.speaking import SPEAKERS
from tests.translate.vendors import ARGUMENTS, TEXT, TOOL, VENDORS, Said, answering_as

pytestmark = pytest.mark.asyncio(loop_scope="module")
Json = dict[str, Any]

# --- Claude Code

BETAS = "claude-code-20250219,interleaved-thinking-2025-05-14,context-management-2025-06-27,effort-2025-11-24"
KEYS = {"x-api-key": {"authorization": "", "x-api-key": KEY}, "authorization": {"authorization": f"Bearer {KEY}"}}
# 2.1 and later send who asks as JSON: https://github.com/looplj/axonhub/issues/1669
WHO = json.dumps({"device_id": "d" * 64, "account_uuid": "", "session_id": "4e1243bd-22c6-6db6-b8a0-000000000000"})
LONG = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": {
        "todos": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "content": {"type": "string", "minLength": 1},
                    "status": {"type": "string", "enum": ["pending", "in_progress", "completed"]},
                },
                "required": ["content", "status"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["todos"],
    "additionalProperties": False,
}
CITY = {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}, "required": ["city"]}
MARK = {"type": "ephemeral", "ttl": "1h"}


def claude_code(model: str, **more: Any) -> Json:
    """A turn in the midst of work: a thought, a call and its result are behind it."""
    return {
        "model": model,
        "max_tokens": 32000,
        "stream": True,
        "system": [
            {"type": "text", "text": "x-anthropic-billing-header: cc_version=2.1.241; cc_entrypoint=cli;"},
            {"type": "text", "text": "You are Claude Code, Anthropic's official CLI.", "cache_control": MARK},
            {"type": "text", "text": "# Doing tasks\n" + "Be careful. " * 500, "cache_control": MARK},
        ],
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "<system-reminder>today is Saturday</system-reminder>"},
                    {"type": "text", "text": "What is the weather in Paris?"},
                ],
            },
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "A tool will tell.", "signature": "c2lnbmF0dXJl"},
                    {"type": "text", "text": "I look."},
                    {"type": "tool_use", "id": "toolu_01", "name": TOOL, "input": {"city": "Paris"}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {
                        "type": "tool_result",
                        "tool_use_id": "toolu_01",
                        "is_error": False,
                        "content": [{"type": "text", "text": "rain"}],
                    },
                    {"type": "text", "text": "And tomorrow?", "cache_control": {"type": "ephemeral"}},
                ],
            },
        ],
        "tools": [
            {"name": "TodoWrite", "description": "d" * 5000, "input_schema": LONG, "eager_input_streaming": True},
            {"name": TOOL, "description": "Tells the weather", "input_schema": CITY, "cache_control": MARK},
        ],
        "metadata": {"user_id": WHO},
        "thinking": {"type": "adaptive"},
        "output_config": {"effort": "high"},
        "context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]},
        "some_beta_member": {"on": True},
        **more,
    }


async def claude(home: House, body: Json, key: str = "x-api-key", path: str = "/v1/messages?beta=true") -> HttpReply:
    said = {"anthropic-version": "2023-06-01", "anthropic-beta": BETAS, "x-app": "cli", "user-agent": "claude-cli/2.1"}
    got = await home.gateway.post(body, path, **KEYS[key], **said)
    check(got)
    return got


@pytest.mark.parametrize("key", KEYS)
async def test_claude_code_at_anthropic_passes_as_it_is(home: House, key: str) -> None:
    dialect = "anthropic-messages"
    up = await home.one(dialect, answering_as(VENDORS[dialect], Said(thought=True, tool=True)))
    got = await claude(home, claude_code(dialect), key)
    assert (got.status, got.body) == (200, b"".join(VENDORS[dialect].events(Said(thought=True, tool=True))))
    (request,) = up.received
    assert request.json == claude_code("up-model")
    assert request.headers["anthropic-beta"] == BETAS
    assert "x-fairlead-dropped" not in got.headers


THINKING: dict[str, tuple[Json, str]] = {
    "adaptive": ({}, "high"),
    "a budget": ({"thinking": {"type": "enabled", "budget_tokens": 31999}, "output_config": {}}, "high"),
    "off": ({"thinking": {"type": "disabled"}, "output_config": {}}, ""),
}


@pytest.mark.parametrize(("more", "effort"), THINKING.values(), ids=THINKING)
async def test_claude_code_at_a_provider_of_openais_dialect_is_answered(home: House, more: Json, effort: str) -> None:
    up = await home.one("openai-chat", answering_as(VENDORS["openai-chat"], Said(thought=True, tool=True)))
    got = await claude(home, claude_code("openai-chat", **more))
    heard = SPEAKERS["anthropic-messages"].heard(got)
    assert (heard.text, heard.tools, heard.finishes) == (TEXT, [(TOOL, ARGUMENTS)], ["tool_use"])
    sent = up.received[0].json
    roles = [message["role"] for message in sent["messages"]]
    assert roles == ["system", "user", "assistant", "tool", "user"]
    assert sent["messages"][2]["tool_calls"][0]["id"] == sent["messages"][3]["tool_call_id"] == "toolu_01"
    assert sent["messages"][3]["content"] == "rain"
    assert [tool["function"]["parameters"] for tool in sent["tools"]] == [LONG, CITY]
    assert sent.get("reasoning_effort", "") in (effort, effort or "none")
    assert "c2lnbmF0dXJl" not in up.received[0].body.decode()
    assert "cache_control" not in up.received[0].body.decode()
    assert "user" not in sent  # which is longer than OpenAI takes
    dropped = set(got.headers["x-fairlead-dropped"].split(", "))
    assert dropped >= {"cache_control", "context_management", "some_beta_member", "metadata.user_id"}
    assert dropped <= {
        *("cache_control", "context_management", "some_beta_member", "metadata.user_id", "thinking"),
        "tools[0].eager_input_streaming",
    }


@pytest.mark.parametrize("dialect", [each for each in VENDORS if each not in ("openai-chat", "anthropic-messages")])
async def test_claude_code_at_every_other_dialect_is_answered(home: House, dialect: str) -> None:
    await home.one(dialect, answering_as(VENDORS[dialect], Said(tool=True)))
    got = await claude(home, claude_code(dialect))
    assert got.status == 200, got.body
    heard = SPEAKERS["anthropic-messages"].heard(got)
    assert (heard.text, heard.tools, heard.finishes) == (TEXT, [(TOOL, ARGUMENTS)], ["tool_use"])
    assert "some_beta_member" in got.headers["x-fairlead-dropped"]


async def test_claude_codes_count_of_tokens_is_the_providers_or_an_estimate(home: House) -> None:
    body = {name: value for name, value in claude_code("m").items() if name in ("messages", "tools", "system")}
    path = "/v1/messages/count_tokens?beta=true"
    up = await home.one("anthropic-messages", answering_as(VENDORS["anthropic-messages"], Said()))
    up.script = _counting
    got = await claude(home, {"model": "anthropic-messages", **body}, path=path)
    assert got.json == {"input_tokens": 4321}
    assert up.received[0].path == "/v1/messages/count_tokens"
    got = await claude(home, {"model": "openai-chat", **body}, path=path)
    assert 2000 < got.json["input_tokens"] < 6000


async def _counting(connection: Any) -> None:
    while await connection.request():
        await connection.send(
            b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 22\r\n\r\n"
            + json.dumps({"input_tokens": 4321}).encode()
        )


WEB_SEARCH = {"type": "web_search_20250305", "name": "web_search", "max_uses": 8}


async def test_a_built_in_tool_of_anthropics_is_refused_by_name_where_there_is_none(home: House) -> None:
    up = await home.one("openai-chat", answering_as(VENDORS["openai-chat"], Said()))
    got = await claude(home, claude_code("openai-chat", tools=[WEB_SEARCH]))
    error = got.json["error"]
    assert (got.status, got.json["type"], error["code"], error["param"]) == (400, "error", "not_carried", "tools[0]")
    assert "web_search_20250305" in error["message"]
    assert not up.received


async def test_a_built_in_tool_goes_to_the_next_target_that_has_it(home: House) -> None:
    one = await home.one("openai-chat", answering_as(VENDORS["openai-chat"], Said()))
    two = await home.rescuer("anthropic-messages")
    got = await claude(home, claude_code("openai-chat-then-anthropic-messages", tools=[WEB_SEARCH]))
    assert got.status == 200
    assert not one.received
    assert two.received[0].json["tools"] == [WEB_SEARCH]


@pytest.mark.parametrize("servers", [[], [{"type": "url", "url": "https://mcp.example/sse", "name": "x"}]])
async def test_servers_of_tools_are_meant_and_none_are_not(home: House, servers: list[Json]) -> None:
    await home.one("openai-chat", answering_as(VENDORS["openai-chat"], Said()))
    got = await claude(home, claude_code("openai-chat", mcp_servers=servers))
    assert got.status == (400 if servers else 200)
    if servers:
        assert got.json["error"]["param"] == "mcp_servers"


# --- Codex

SHELL = {
    "type": "function",
    "name": TOOL,
    "description": "Runs a command",
    "strict": False,
    "parameters": {**CITY, "additionalProperties": False},
}
PATCH = {
    "type": "custom",
    "name": "apply_patch",
    "description": "Use the `apply_patch` tool to edit files. This is a FREEFORM tool.",
    "format": {"type": "grammar", "syntax": "lark", "definition": "start: begin_patch hunk+ end_patch\n"},
}
BUILT_IN = ({"type": "local_shell"}, {"type": "web_search", "external_web_access": False})


def codex(model: str, *tools: Json) -> Json:
    """A turn in the midst of work."""
    return {
        "model": model,
        "instructions": "You are Codex, based on GPT-5. " + "Be careful. " * 500,
        "input": [
            {
                "type": "message",
                "role": "developer",
                "content": [{"type": "input_text", "text": "<permissions instructions>"}],
            },
            {
                "type": "message",
                "role": "user",
                "content": [{"type": "input_text", "text": "What is the weather in Paris?"}],
            },
            {
                "type": "reasoning",
                "id": "rs_1",
                "summary": [{"type": "summary_text", "text": "A tool will tell."}],
                "content": None,
                "encrypted_content": "gAAAAAencrypted",
            },
            {"type": "function_call", "name": TOOL, "arguments": '{"city":"Paris"}', "call_id": "call_1"},
            {"type": "function_call_output", "call_id": "call_1", "output": "rain"},
        ],
        "tools": [SHELL, *tools],
        "tool_choice": "auto",
        "parallel_tool_calls": False,
        "reasoning": {"effort": "high", "summary": "auto"},
        "store": False,
        "stream": True,
        "include": ["reasoning.encrypted_content"],
        "prompt_cache_key": "01a1fe5a-260e-7562-b4bf-d2d84d295484",
        "text": {"verbosity": "low"},
        "client_metadata": {"x-codex-installation-id": "i1"},
    }


async def asked(home: House, body: Json) -> HttpReply:
    said = {"originator": "codex_cli_rs", "user-agent": "codex_cli_rs/0.154", "session_id": "s", "openai-beta": "x"}
    got = await home.gateway.post(body, "/v1/responses", **said)
    check(got)
    return got


async def test_codex_at_openai_passes_as_it_is(home: House) -> None:
    dialect, said = "openai-responses", Said(thought=True, tool=True)
    up = await home.one(dialect, answering_as(VENDORS[dialect], said))
    got = await asked(home, codex(dialect, PATCH, *BUILT_IN))
    assert (got.status, got.body) == (200, b"".join(VENDORS[dialect].events(said)))
    assert up.received[0].json == codex("up-model", PATCH, *BUILT_IN)


async def test_codex_at_a_provider_of_chat_completions_is_answered(home: House) -> None:
    up = await home.one("openai-chat", answering_as(VENDORS["openai-chat"], Said(thought=True, tool=True)))
    got = await asked(home, codex("openai-chat", PATCH))
    heard = SPEAKERS["openai-responses"].heard(got)
    assert (heard.text, heard.tools, heard.finishes) == (TEXT, [(TOOL, ARGUMENTS)], ["completed"])
    sent = up.received[0].json
    assert [message["role"] for message in sent["messages"]] == ["system", "system", "user", "assistant", "tool"]
    assert sent["tools"][1]["type"] == "function"
    assert sent["tools"][1]["function"]["name"] == "apply_patch"
    assert (sent["reasoning_effort"], sent["parallel_tool_calls"], sent["verbosity"]) == ("high", False, "low")
    assert "gAAAAA" not in up.received[0].body.decode()
    dropped = set(got.headers["x-fairlead-dropped"].split(", "))
    assert dropped == {"client_metadata", "reasoning", "tools.format"}


@pytest.mark.parametrize("dialect", [each for each in VENDORS if not each.startswith("openai")])
async def test_codex_with_functions_alone_is_answered_by_every_other_dialect(home: House, dialect: str) -> None:
    await home.one(dialect, answering_as(VENDORS[dialect], Said(tool=True)))
    body = codex(dialect)
    for name in ("text", "parallel_tool_calls"):
        del body[name]
    got = await asked(home, body)
    assert got.status == 200, got.body
    heard = SPEAKERS["openai-responses"].heard(got)
    assert (heard.text, heard.tools, heard.finishes) == (TEXT, [(TOOL, ARGUMENTS)], ["completed"])


@pytest.mark.parametrize("tool", BUILT_IN, ids=lambda each: each["type"])
@pytest.mark.parametrize("dialect", [each for each in VENDORS if each != "openai-responses"])
async def test_a_built_in_tool_of_openais_is_refused_by_name_where_there_is_none(
    home: House, tool: Json, dialect: str
) -> None:
    up = await home.one(dialect, answering_as(VENDORS[dialect], Said()))
    got = await asked(home, codex(dialect, tool))
    error = got.json["error"]
    assert (got.status, error["code"]) == (400, "not_carried")
    assert f"`{tool['type']}`" in error["message"]
    assert "tools[1]" in error["message"]
    assert not up.received


async def test_codex_goes_on_to_a_target_that_has_its_tools(home: House) -> None:
    one = await home.one("anthropic-messages", answering_as(VENDORS["anthropic-messages"], Said()))
    two = await home.rescuer("openai-responses")
    got = await asked(home, codex("anthropic-messages-then-openai-responses", PATCH, *BUILT_IN))
    assert got.status == 200
    assert not one.received
    assert two.received[0].json == codex("up-model", PATCH, *BUILT_IN)
