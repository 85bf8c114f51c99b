"""Clients of vendors whose dialect is OpenAI's own, or nearly: Mistral's and Groq's."""

from pathlib import Path
from typing import Any

import pytest
from groq import AsyncGroq
from mistralai.client import Mistral

from tests.support.gateway import KEY, one_provider, running
from tests.support.scripted import scripted
from tests.translate.vendors import INPUT, OUTPUT, TEXT, TOOL, VENDORS, Said, answering_as

ASKED: dict[str, Any] = {
    "model": "m",
    "messages": [{"role": "user", "content": "hello"}],
    "tools": [{"type": "function", "function": {"name": TOOL, "parameters": {"type": "object", "properties": {}}}}],
}
everywhere = pytest.mark.parametrize("dialect", ["openai-chat", "anthropic-messages", "gemini", "cohere"])
either_way = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])


@everywhere
@either_way
async def test_mistrals_client(dialect: str, stream: bool, tmp_path: Path) -> None:
    # Streamed, it takes a tool's call in one piece alone, which is not how OpenAI sends it.
    said = Said(tool=not stream)
    async with (
        scripted(answering_as(VENDORS[dialect], said)) as up,
        running(tmp_path, one_provider(up.url, dialect=dialect, auth="bearer")) as gateway,
        Mistral(api_key=KEY, server_url=gateway.url) as client,
    ):
        if stream:
            events = [event.data async for event in await client.chat.stream_async(**ASKED)]
            choices = [choice for event in events for choice in event.choices]
            text = "".join(choice.delta.content or "" for choice in choices)
            assert (text, choices[-1].finish_reason) == (TEXT, "stop")
        else:
            got = await client.chat.complete_async(**ASKED)
            (choice,) = got.choices
            tools = [call.function.name for call in choice.message.tool_calls]
            assert (choice.message.content, tools, choice.finish_reason) == (TEXT, [TOOL], "tool_calls")
            assert (got.usage.prompt_tokens, got.usage.completion_tokens) == (INPUT, OUTPUT)


@everywhere
@either_way
async def test_groqs_client(dialect: str, stream: bool, tmp_path: Path) -> None:
    async with (
        scripted(answering_as(VENDORS[dialect], Said(tool=True))) as up,
        running(tmp_path, one_provider(up.url, dialect=dialect, auth="bearer")) as gateway,
        AsyncGroq(api_key=KEY, base_url=gateway.url, max_retries=0) as client,
    ):
        got: Any = await client.chat.completions.create(**ASKED, stream=stream)
        if stream:
            choices = [choice async for chunk in got for choice in chunk.choices]
            text = "".join(choice.delta.content or "" for choice in choices)
            finish = choices[-1].finish_reason
        else:
            text, finish = got.choices[0].message.content, got.choices[0].finish_reason
    assert (text, finish) == (TEXT, "tool_calls")
