"""OpenAI's official client, which says in `extra_body` what OpenRouter's words are."""

from pathlib import Path

import openai
import pytest

from tests.openrouter.stage import MODEL, staged
from tests.support.scripted import DONE, END, STREAM_HEAD, answering, chunk, piece, reply

OTHER = "mistral/mistral-large-latest"
DOWN = answering(reply({"error": {"message": "down"}}, 503))
STREAM = answering(STREAM_HEAD + piece(chunk({"content": "hello"})) + piece(chunk({}, "stop")) + piece(DONE) + END)
WORDS = {"models": [OTHER], "provider": {"ignore": ["openrouter"], "allow_fallbacks": True}, "session_id": "s"}


async def test_a_fallback_model_by_extra_body(tmp_path: Path) -> None:
    async with staged(tmp_path, openai=DOWN) as stage:
        got = await stage.gateway.openai().chat.completions.create(
            model=MODEL, messages=[{"role": "user", "content": "hi"}], extra_body=WORDS
        )
        assert got.choices[0].message.content == "hi"
        assert stage.mistral.received[0].json["model"] == "mistral-large-latest"


async def test_a_stream_with_metadata_by_extra_headers(tmp_path: Path) -> None:
    async with staged(tmp_path, openai=DOWN, mistral=STREAM) as stage:
        events = await stage.gateway.openai().chat.completions.create(
            model=MODEL,
            messages=[{"role": "user", "content": "hi"}],
            stream=True,
            extra_body=WORDS,
            extra_headers={"X-OpenRouter-Metadata": "enabled"},
        )
        chunks = [each async for each in events]
    assert "".join(each.choices[0].delta.content or "" for each in chunks if each.choices) == "hello"
    assert chunks[-1].model_extra is not None
    assert chunks[-1].model_extra["openrouter_metadata"]["strategy"] == "fallback"


async def test_preferences_that_leave_nobody_are_its_own_error(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        with pytest.raises(openai.NotFoundError) as caught:
            await stage.gateway.openai().chat.completions.create(
                model=MODEL,
                messages=[{"role": "user", "content": "hi"}],
                extra_body={"provider": {"zdr": True, "ignore": ["openrouter"]}},
            )
    assert caught.value.code == "no_allowed_provider"
