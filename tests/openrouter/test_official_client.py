"""OpenRouter's own client for Python, with Fairlead's address in place of OpenRouter's."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.openrouter.stage import MODEL, Stage, staged
from tests.support.gateway import KEY
from tests.support.scripted import DONE, END, STREAM_HEAD, answering, chunk, completion, piece, reply

openrouter = pytest.importorskip("openrouter", reason="OpenRouter's client is not installed: `make dev` installs it")

ASK = [{"role": "user", "content": "hello"}]
OTHER = "mistral/mistral-large-latest"
PRICES = {"openai/gpt-4.1": {"input": 2, "output": 8}}
DOWN = answering(reply({"error": {"message": "down"}}, 503))
WHOLE = answering(reply({**completion("hi"), "system_fingerprint": None}))
STREAM = answering(
    STREAM_HEAD + piece(chunk({"role": "assistant", "content": "hello"})) + piece(chunk({}, "stop")) + piece(DONE) + END
)


@contextlib.asynccontextmanager
async def client(stage: Stage) -> AsyncIterator[Any]:
    async with openrouter.OpenRouter(api_key=KEY, server_url=f"{stage.gateway.url}/api/v1") as made:
        yield made


async def test_a_chat_with_fallbacks_and_preferences_and_its_generation(tmp_path: Path) -> None:
    async with staged(tmp_path, openai=DOWN, mistral=WHOLE, prices=PRICES) as stage, client(stage) as there:
        got = await there.chat.send_async(
            messages=ASK,
            models=[MODEL, OTHER],
            provider={"ignore": ["openrouter"], "sort": "price", "max_price": {"prompt": "100"}},
            session_id="s-1",
            x_open_router_metadata="enabled",
        )
        assert got.choices[0].message.content == "hi"
        told = got.openrouter_metadata
        assert (told.strategy, told.attempts[0].status, told.attempts[-1].provider) == ("fallback", 503, "mistral")
        sent = stage.mistral.received[0].json
        assert sent.keys() & {"models", "provider", "session_id"} == set()


async def test_a_stream_with_its_metadata(tmp_path: Path) -> None:
    async with staged(tmp_path, openai=STREAM) as stage, client(stage) as there:
        events = await there.chat.send_async(
            messages=ASK, model=f"{MODEL}:floor", stream=True, x_open_router_metadata="enabled"
        )
        chunks = [each async for each in events]
    assert "".join(each.choices[0].delta.content or "" for each in chunks if each.choices) == "hello"
    assert chunks[-1].openrouter_metadata.requested == f"{MODEL}:floor"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of two members that it has itself retired
async def test_the_key_the_credits_and_a_call(tmp_path: Path) -> None:
    async with staged(tmp_path, openai=WHOLE, prices=PRICES) as stage, client(stage) as there:
        told = (await stage.ask()).headers["x-generation-id"]
        found = (await there.generations.get_generation_async(id=told)).data
        assert (found.id, found.provider_name, found.tokens_prompt) == (told, "openai", 1)
        key = (await there.api_keys.get_current_key_metadata_async()).data
        assert (key.label, key.limit) == ("default", None)
        assert (await there.credits.get_credits_async()).data.total_credits == 4_000_000_000


async def test_the_models_and_who_serves_them(tmp_path: Path) -> None:
    models = {"a/m": {"targets": [{"provider": "openai", "model": "gpt-4.1"}]}}
    async with staged(tmp_path, models=models, prices=PRICES, profile="registry") as stage, client(stage) as there:
        listed = (await there.models.list_async()).result.data
        assert {each.id: each.pricing.prompt for each in listed}["a/m"] == "0.000002"
        one = (await there.models.get_async(author="a", slug="m")).data
        assert one.id == "a/m"
        found = (await there.endpoints.list_async(author="a", slug="m")).data
        assert [each.provider_name for each in found.endpoints] == ["openai"]


async def test_a_call_that_leaves_nobody_is_the_error_that_it_knows(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage, client(stage) as there:
        with pytest.raises(openrouter.errors.NotFoundResponseError, match="zdr"):
            await there.chat.send_async(messages=ASK, model=MODEL, provider={"zdr": True, "ignore": ["openrouter"]})
