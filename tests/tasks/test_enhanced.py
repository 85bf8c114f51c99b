"""`EnhancedLLMGatewayService`, as seed 002 writes it (C22, C24, C25)."""

import inspect
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from fairlead.enhanced import OPENROUTER_CONFIG, EnhancedLLMGatewayService
from fairlead.errors import FairleadError
from tests.support.scripted import Script, Scripted, answering, completion, reply, scripted

WELL = answering(reply(completion("hello")))
PICTURE = "data:image/png;base64,iVBORw0KGgo="
HARD = "Prove rigorously, step by step, that the algorithm is optimal and evaluate the trade-offs"
ALL = f"{HARD}, then search the web for the latest news"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@asynccontextmanager
async def serving(
    openrouter: Script = WELL,
) -> AsyncIterator[tuple[EnhancedLLMGatewayService, Scripted, Scripted]]:
    async with scripted(WELL) as portkey, scripted(openrouter) as other:
        settings = {"providers": {"portkey": {"base_url": portkey.url}, "openrouter": {"base_url": other.url}}}
        Path("fairlead.yaml").write_text(yaml.safe_dump(settings))
        environ = {"HOME": str(Path.cwd()), "PORTKEY_API_KEY": "pk", "ANTHROPIC_VK": "a-vk", "OPENROUTER_API_KEY": "or"}
        async with EnhancedLLMGatewayService(environ=environ) as service:
            yield service, portkey, other


async def asked(query: str, context: dict[str, Any]) -> tuple[str, str, Any]:
    async with serving() as (service, portkey, openrouter):
        response = await service.route_request(query, context)
        received = [*portkey.received, *openrouter.received]
    assert len(received) == 1
    return response.provider or "", response.model or "", received[0]


async def test_c24_pictures_go_before_the_web_and_that_before_complexity() -> None:
    provider, model, received = await asked(ALL, {"images": [PICTURE]})
    assert (provider, model) == ("openrouter", "openai/gpt-4-vision-preview")
    parts = received.json["messages"][0]["content"]
    assert parts == [{"type": "text", "text": ALL}, {"type": "image_url", "image_url": {"url": PICTURE}}]


async def test_c24_the_web_goes_before_complexity() -> None:
    provider, _, received = await asked(ALL, {})
    assert provider == "openrouter"
    assert received.json["model"] == "openai/gpt-4o:online"


async def test_c24_what_is_hard_goes_to_opus_and_all_else_to_haiku() -> None:
    assert (await asked(HARD, {}))[:2] == ("portkey", "claude-3-opus-20240229")
    assert (await asked("Hello!", {}))[:2] == ("portkey", "claude-3-haiku-20240307")
    medium = "Compare these two plans in detail and list what each must have"
    assert (await asked(medium, {}))[:2] == ("portkey", "claude-3-haiku-20240307")


async def test_c25_portkey_carries_the_model_that_is_named() -> None:
    async with serving() as (service, portkey, _):
        response = await service.portkey_route(
            "hi", "claude-3-opus", {"system": "Be brief.", "options": {"max_tokens": 9}}
        )
    assert response.content == "hello"
    sent = portkey.received[0]
    assert sent.headers["x-portkey-virtual-key"] == "a-vk"
    assert sent.json["messages"] == [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "hi"}]
    assert sent.json["max_tokens"] == 9


async def test_c22_the_next_model_that_sees_takes_over() -> None:
    script = answering(reply({"error": {"message": "gone"}}, 404), reply(completion("a cat")))
    async with serving(script) as (service, _, openrouter):
        response = await service.openrouter_multimodal("What is this?", {"images": [PICTURE]})
    sent = [each.json for each in openrouter.received]
    assert [each["model"] for each in sent] == ["openai/gpt-4-vision-preview", "anthropic/claude-3-opus"]
    assert all((each["max_tokens"], each["temperature"]) == (4096, 0.1) for each in sent)
    assert response.content == "a cat"


def test_c22_the_configuration_is_the_seeds() -> None:
    assert list(OPENROUTER_CONFIG["models"]) == ["gpt-4-vision-preview", "claude-3-opus"]
    assert (OPENROUTER_CONFIG["fallback_strategy"], OPENROUTER_CONFIG["cache_ttl"]) == ("cascade", 3600)


async def test_c24_the_analysis_tells_why() -> None:
    async with serving() as (service, _, _):
        analysis = await service.analyze_query("Was siehst du?", {"images": [PICTURE, PICTURE]})
    assert analysis.requires_vision
    assert analysis.reasons["vision"] == "2 pictures came with it"


async def test_what_goes_wrong_is_raised() -> None:
    async with serving(answering(reply({"error": {"message": "no"}}, 400))) as (service, _, _):
        with pytest.raises(FairleadError, match="no"):
            await service.openrouter_web_search("hi")


def test_c24_the_names_and_parameters_are_the_seeds() -> None:
    for name, wanted in {
        "route_request": ["self", "query", "context"],
        "analyze_query": ["self", "query", "context"],
        "openrouter_multimodal": ["self", "query", "context"],
        "openrouter_web_search": ["self", "query", "context"],
        "portkey_route": ["self", "query", "model", "context"],
    }.items():
        method = getattr(EnhancedLLMGatewayService, name)
        assert inspect.iscoroutinefunction(method)
        assert list(inspect.signature(method).parameters) == wanted
