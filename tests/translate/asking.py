"""The same question, asked through the official client of each dialect: what comes back, in the same words."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx
from anthropic import AsyncAnthropic
from google import genai
from google.genai import types
from openai import AsyncOpenAI

from tests.support.gateway import KEY
from tests.translate.vendors import TOOL

SYSTEM, QUESTION = "Be brief.", "What is the weather in Paris?"
DESCRIPTION = "Tells the weather"
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
    "required": ["city"],
}
LIMIT = 300
FUNCTION = {"name": TOOL, "description": DESCRIPTION, "parameters": SCHEMA}


@dataclass
class Heard:
    """What a client understood."""

    text: str = ""
    thought: str = ""
    tool: tuple[str, Any] | None = None
    finish: str = ""
    tokens: tuple[int, int, int] = (0, 0, 0)


Ask = Callable[..., Awaitable[Heard]]


async def openai_chat(url: str, stream: bool, model: str = "m") -> Heard:
    async with AsyncOpenAI(base_url=f"{url}/v1", api_key=KEY, max_retries=0) as client:
        asked: Any = {
            "model": model, "max_tokens": LIMIT,
            "messages": [{"role": "system", "content": SYSTEM}, {"role": "user", "content": QUESTION}],
            "tools": [{"type": "function", "function": FUNCTION}],
        }  # fmt: skip
        if not stream:
            return _of_completion(await client.chat.completions.create(**asked))
        async with client.chat.completions.stream(**asked, stream_options={"include_usage": True}) as events:
            async for _ in events:
                pass
            return _of_completion(await events.get_final_completion())


def _of_completion(got: Any) -> Heard:
    choice = got.choices[0]
    call = choice.message.tool_calls[0].function if choice.message.tool_calls else None
    return Heard(
        choice.message.content or "",
        getattr(choice.message, "reasoning_content", None) or "",
        (call.name, json.loads(call.arguments)) if call else None,
        choice.finish_reason,
        (got.usage.prompt_tokens, got.usage.prompt_tokens_details.cached_tokens or 0, got.usage.completion_tokens),
    )


async def openai_responses(url: str, stream: bool, model: str = "m") -> Heard:
    async with AsyncOpenAI(base_url=f"{url}/v1", api_key=KEY, max_retries=0) as client:
        asked: Any = {
            "model": model, "max_output_tokens": LIMIT, "instructions": SYSTEM, "input": QUESTION,
            "tools": [{"type": "function", "name": TOOL, "description": DESCRIPTION, "parameters": SCHEMA}],
        }  # fmt: skip
        if not stream:
            return _of_response(await client.responses.create(**asked))
        async with client.responses.stream(**asked) as events:
            async for _ in events:
                pass
            return _of_response(await events.get_final_response())


def _of_response(got: Any) -> Heard:
    heard = Heard(finish=got.status)
    for item in got.output:
        if item.type == "message":
            heard.text += "".join(part.text for part in item.content)
        elif item.type == "reasoning":
            heard.thought += "".join(part.text for part in (*item.summary, *(item.content or ())))
        elif item.type == "function_call":
            heard.tool = (item.name, json.loads(item.arguments))
    usage = got.usage
    heard.tokens = (usage.input_tokens, usage.input_tokens_details.cached_tokens, usage.output_tokens)
    return heard


async def anthropic_messages(url: str, stream: bool, model: str = "m") -> Heard:
    async with AsyncAnthropic(base_url=url, api_key=KEY, max_retries=0) as client:
        asked: Any = {
            "model": model, "max_tokens": LIMIT, "system": SYSTEM,
            "messages": [{"role": "user", "content": QUESTION}],
            "tools": [{"name": TOOL, "description": DESCRIPTION, "input_schema": SCHEMA}],
        }  # fmt: skip
        if not stream:
            return _of_message(await client.messages.create(**asked))
        async with client.messages.stream(**asked) as events:
            async for _ in events:
                pass
            return _of_message(await events.get_final_message())


def _of_message(got: Any) -> Heard:
    heard = Heard(finish=got.stop_reason)
    for block in got.content:
        if block.type == "text":
            heard.text += block.text
        elif block.type == "thinking":
            heard.thought += block.thinking
        elif block.type == "tool_use":
            heard.tool = (block.name, block.input)
    cached = got.usage.cache_read_input_tokens or 0
    heard.tokens = (got.usage.input_tokens + cached, cached, got.usage.output_tokens)
    return heard


async def gemini(url: str, stream: bool, model: str = "m") -> Heard:
    tool = types.FunctionDeclaration(name=TOOL, description=DESCRIPTION, parameters_json_schema=SCHEMA)
    asked: Any = {
        "model": model,
        "contents": QUESTION,
        "config": types.GenerateContentConfig(
            system_instruction=SYSTEM, max_output_tokens=LIMIT, tools=[types.Tool(function_declarations=[tool])]
        ),
    }
    async with httpx.AsyncClient() as http:
        options = types.HttpOptions(base_url=url, httpx_async_client=http)
        models = genai.Client(api_key=KEY, vertexai=False, http_options=options).aio.models
        if not stream:
            return _of_contents([await models.generate_content(**asked)])
        return _of_contents([each async for each in await models.generate_content_stream(**asked)])


def _of_contents(replies: list[Any]) -> Heard:
    heard = Heard()
    for reply in replies:
        candidate = reply.candidates[0] if reply.candidates else None
        for part in (candidate and candidate.content and candidate.content.parts) or ():
            if part.function_call:
                heard.tool = (part.function_call.name, part.function_call.args)
            elif part.thought:
                heard.thought += part.text or ""
            else:
                heard.text += part.text or ""
        if candidate and candidate.finish_reason:
            heard.finish = candidate.finish_reason.value
        if usage := reply.usage_metadata:
            output = (usage.candidates_token_count or 0) + (usage.thoughts_token_count or 0)
            heard.tokens = (usage.prompt_token_count, usage.cached_content_token_count or 0, output)
    return heard


CLIENTS: dict[str, Ask] = {
    "openai-chat": openai_chat,
    "openai-responses": openai_responses,
    "anthropic-messages": anthropic_messages,
    "gemini": gemini,
}
# How each dialect says that an answer ended well, and that it ended with a call of a tool.
ENDS = {
    "openai-chat": ("stop", "tool_calls"),
    "openai-responses": ("completed", "completed"),
    "anthropic-messages": ("end_turn", "tool_use"),
    "gemini": ("STOP", "STOP"),
}
