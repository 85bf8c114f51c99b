"""`UnifiedLLMService.complete(...)`, as the fourth document declares it."""

import dataclasses
import inspect
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from fairlead.config.load import load
from fairlead.embedded import BrokenOff, Refused
from fairlead.errors import CannotServe, FairleadError
from fairlead.routing import tasks
from fairlead.service import LLMResponse, TaskType, UnifiedLLMService
from tests.support.scripted import Script, Scripted, answering, chunk, completion, reply, scripted, streaming

COUNTED = {"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9}
WELL = answering(reply({**completion("hello"), "usage": {**COUNTED, "cost": 0.00014}}))
FAILING = answering(reply({"error": {"message": "boom"}}, 500))


def service(up: Scripted, other: Scripted | None = None, **environ: str) -> UnifiedLLMService:
    """A service with OpenRouter at `up` and Portkey at `other`."""
    at = {"PORTKEY_BASE_URL": (other or up).url, "PORTKEY_API_KEY": "pk", "PORTKEY_VIRTUAL_KEY": "vk"}
    Path("fairlead.yaml").write_text(yaml.safe_dump({"providers": {"openrouter": {"base_url": up.url}}}))
    return UnifiedLLMService(environ={"HOME": str(Path.cwd()), "OPENROUTER_API_KEY": "or", **at, **environ})


async def completed(script: Script, *args: Any, **asked: Any) -> tuple[LLMResponse, Any]:
    async with scripted(script) as up, service(up) as serving:
        return await serving.complete(*args, **asked), up.received[-1]


async def test_e02_e06_an_answer_and_its_facts() -> None:
    response, received = await completed(WELL, "Sort a list", TaskType.CODE_GENERATION)
    assert (response.content, response.provider, response.model) == ("hello", "openrouter", "deepseek/deepseek-coder")
    assert (response.cost_usd, response.tokens_used) == (Decimal("0.00014"), 9)
    assert (response.cache_hit, response.quality_score, response.error) == (False, None, None)
    assert response.latency_ms > 0
    assert response.timestamp > 1.7e9
    assert response.request_id
    assert received.json["messages"] == [{"role": "user", "content": "Sort a list"}]


def test_e02_e06_the_signature_and_the_fields() -> None:
    parameters = inspect.signature(UnifiedLLMService.complete).parameters.values()
    assert [(each.name, each.default) for each in parameters][1:] == [
        ("prompt", inspect.Parameter.empty), ("task_type", inspect.Parameter.empty),
        ("model_preference", None), ("use_cache", True), ("gateway_override", None),
    ]  # fmt: skip
    assert [each.name for each in dataclasses.fields(LLMResponse)] == [
        "content", "provider", "model", "cost_usd", "latency_ms", "tokens_used", "cache_hit", "quality_score",
        "error", "request_id", "timestamp",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("task", "model"),
    [("code_review", "deepseek/deepseek-coder"), ("executive_insights", "anthropic/claude-3-opus"),
     ("creative_tasks", "openai/gpt-4"), ("analyze", "anthropic/claude-3-opus")],
)  # fmt: skip
async def test_e04_the_task_chooses_the_model(task: str, model: str) -> None:
    response, _ = await completed(WELL, "hello", task)
    assert response.model == model


async def test_e04_a_model_that_is_preferred_wins() -> None:
    response, _ = await completed(WELL, "hello", "code_review", model_preference="gpt-4o")
    assert (response.provider, response.model) == ("portkey", "gpt-4o")


@pytest.mark.parametrize(
    ("override", "model"), [("portkey", "deepseek-coder"), ("openrouter", "deepseek/deepseek-coder")]
)
async def test_e03_the_override_wins(override: str, model: str) -> None:
    async with scripted(WELL) as openrouter, scripted(WELL) as portkey, service(openrouter, portkey) as serving:
        response = await serving.complete("hello", "code_generation", gateway_override=override)
        preferred = await serving.complete("hello", "code_generation", "gpt-4o", gateway_override=override)
    assert (response.provider, str(response.model).endswith(model)) == (override, True)
    assert preferred.provider == override
    assert (len(openrouter.received), len(portkey.received)) == ((0, 2) if override == "portkey" else (2, 0))


async def test_e03_an_override_is_asked_and_nobody_else() -> None:
    async with scripted(FAILING) as openrouter, scripted(WELL) as portkey, service(openrouter, portkey) as serving:
        with pytest.raises(FairleadError):
            await serving.complete("hello", "code_generation", gateway_override="openrouter")
        assert not portkey.received
        with pytest.raises(CannotServe, match="there is no provider `nobody`"):
            await serving.complete("hello", "code_generation", gateway_override="nobody")


async def test_use_cache_is_taken_and_changes_nothing_yet() -> None:
    async with scripted(WELL) as up, service(up) as serving:
        for use_cache in (True, False, True):
            assert not (await serving.complete("hello", "analysis", use_cache=use_cache)).cache_hit
    assert len(up.received) == 3


async def test_the_words_of_a_stream() -> None:
    events = (chunk({"role": "assistant"}), chunk({"content": "hel"}), chunk({"content": "lo"}), chunk({}, "stop"))
    async with scripted(streaming(*events)) as up, service(up) as serving:
        assert [words async for words in serving.stream("hello", TaskType.ANALYSIS)] == ["hel", "lo"]


async def test_a_failure_is_raised_and_never_an_answer() -> None:
    refused = {"error": {"message": "too long", "type": "t", "param": None, "code": None}}
    with pytest.raises(Refused, match="too long"):
        await completed(answering(reply(refused, 400)), "hello", "analysis")
    async with scripted(streaming(chunk({"content": "hel"}), done=False)) as up, service(up) as serving:
        words = serving.stream("hello", "analysis")
        assert await anext(words) == "hel"
        with pytest.raises(BrokenOff):
            await anext(words)


def test_e07_every_task_type_has_an_intent_of_every_profile(tmp_path: Path) -> None:
    assert set(TaskType) == set(tasks.shipped())
    for profile in ("registry", "direct"):
        environ = {"HOME": str(tmp_path), "FAIRLEAD_PROFILE": profile}
        assert set(tasks.shipped().values()) <= set(load(None, environ, tmp_path).config.intents)


# K09 of mission.md, and the labels under `use_for` in the fourth document.
LABELS = """reasoning_tasks code_generation data_analysis simple_queries executive_insights complex_analysis
strategic_planning creative_tasks analysis bulk_processing code_review""".split()  # noqa: SIM905 - reads better so


def test_e07_the_labels_of_the_documents_are_task_types() -> None:
    assert set(LABELS) <= set(TaskType)


async def test_an_unknown_task_type_is_refused_with_the_nearest() -> None:
    async with scripted(WELL) as up, service(up) as serving:
        with pytest.raises(CannotServe, match="there is no task type `code_reviews`") as caught:
            await serving.complete("hello", "code_reviews")
    assert "did you mean `code_review`?" in str(caught.value.hint)
    assert not up.received
