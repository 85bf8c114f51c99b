"""A front for programs that call a unified service: one prompt, what it is for, one answer.

from fairlead.service import TaskType, UnifiedLLMService

async with UnifiedLLMService() as service:
    response = await service.complete("Sort a list of dicts", TaskType.CODE_GENERATION)
    print(response.content)
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from types import TracebackType
from typing import Any, Self

from fairlead import embedded
from fairlead.app import Engine
from fairlead.dialects import lenient
from fairlead.dialects.envelope import content_text
from fairlead.embedded import header
from fairlead.pipeline.call import Reply
from fairlead.routing import tasks

__all__ = ["LLMResponse", "TaskType", "UnifiedLLMService"]


class TaskType(StrEnum):
    """What a prompt is for. `task_types.toml` says which intent serves each; any intent's name is taken too."""

    EXECUTIVE_INSIGHTS = "executive_insights"
    COMPLEX_ANALYSIS = "complex_analysis"
    STRATEGIC_PLANNING = "strategic_planning"
    CREATIVE_TASKS = "creative_tasks"
    CODE_GENERATION = "code_generation"
    ANALYSIS = "analysis"
    BULK_PROCESSING = "bulk_processing"
    CODE_REVIEW = "code_review"
    DATA_ANALYSIS = "data_analysis"
    REASONING_TASKS = "reasoning_tasks"
    SIMPLE_QUERIES = "simple_queries"
    COMPETITIVE_ANALYSIS = "competitive_analysis"
    FINANCIAL_ANALYSIS = "financial_analysis"
    MARKET_ANALYSIS = "market_analysis"
    DOCUMENT_ANALYSIS = "document_analysis"
    CREATIVE_CONTENT = "creative_content"
    ROUTINE_QUERIES = "routine_queries"
    EXPERIMENTAL = "experimental"
    SQL_GENERATION = "sql_generation"
    CODE_ANALYSIS = "code_analysis"
    BUSINESS_INTELLIGENCE = "business_intelligence"
    CHAT_CONVERSATION = "chat_conversation"
    DOCUMENT_SUMMARY = "document_summary"
    ARCHITECTURE_DESIGN = "architecture_design"
    RESEARCH = "research"
    SIMPLE_QUERY = "simple_query"
    CREATIVE_WRITING = "creative_writing"
    MARKETING_CONTENT = "marketing_content"


@dataclass(frozen=True, slots=True)
class LLMResponse:
    """An answer and its facts; what nobody knows is None. `timestamp` is when it was there, in seconds since 1970.

    `cost_usd` is what the provider says that it cost. `error` is None: a call that fails raises.
    """

    content: str
    provider: str | None
    model: str | None
    cost_usd: Decimal | None
    latency_ms: float
    tokens_used: int | None
    cache_hit: bool
    quality_score: float | None
    error: str | None
    request_id: str | None
    timestamp: float


class UnifiedLLMService:
    """Answers prompts by what they are for. Use one in one event loop at a time."""

    def __init__(self, config: str | None = None, environ: Mapping[str, str] | None = None) -> None:
        """Set up by a configuration file, or by the one that `ai` would find, and the environment. `ConfigError`."""
        self._settings = config, environ
        self._engine = embedded.make_engine(config, environ)
        self._loop: asyncio.AbstractEventLoop | None = None

    async def complete(
        self,
        prompt: str,
        task_type: str,
        model_preference: str | None = None,
        use_cache: bool = True,  # noqa: ARG002 - there is no cache yet
        gateway_override: str | None = None,
    ) -> LLMResponse:
        """The whole answer. Raises `FairleadError`.

        `task_type` chooses the model, unless `model_preference` names one. `gateway_override` names the one provider to
        ask, such as `portkey` or `openrouter`. `use_cache` has no effect until there is a cache.
        """
        engine = self._here()
        started = engine.clock.monotonic()
        reply = await self._ask(engine, _body(prompt), task_type, model_preference, gateway_override)
        return _response(reply, (engine.clock.monotonic() - started) * 1000, engine.clock.wall())

    async def stream(
        self,
        prompt: str,
        task_type: str,
        model_preference: str | None = None,
        use_cache: bool = True,  # noqa: ARG002 - there is no cache yet
        gateway_override: str | None = None,
    ) -> AsyncIterator[str]:
        """The answer's words as they come. Raises `FairleadError`, also where the stream breaks off."""
        body = {**_body(prompt), "stream": True}
        reply = await self._ask(self._here(), body, task_type, model_preference, gateway_override)
        chunks = embedded.chunks(reply)
        try:
            async for chunk in chunks:
                for choice in lenient.objects(chunk, "choices"):
                    if words := content_text(lenient.inner(choice, "delta").get("content")):
                        yield lenient.text(words)
        finally:
            await chunks.aclose()

    async def _ask(
        self, engine: Engine, body: dict[str, Any], task_type: str, model: str | None, provider: str | None
    ) -> Reply:
        policy = engine.gateway.policy
        intent = tasks.intent_of(task_type, policy)
        if model is None and provider is not None and provider not in policy.intent_named(intent).providers:
            # It is asked all the same, for the model that the intent prefers.
            model = policy.intent_named(intent).primary
        if model is None:
            return await embedded.chat(engine.gateway, {**body, "model": "auto"}, provider, intent)
        return await embedded.chat(engine.gateway, {**body, "model": model}, provider)

    def _here(self) -> Engine:
        """The engine of the running loop: connections do not outlive theirs."""
        loop = asyncio.get_running_loop()
        if self._loop is not None and self._loop is not loop:
            self._engine = embedded.make_engine(*self._settings)
        self._loop = loop
        return self._engine

    async def aclose(self) -> None:
        """Let go of every connection."""
        await self._engine.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


def _body(prompt: str) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": prompt}]}


def _response(reply: Reply, latency_ms: float, now: float) -> LLMResponse:
    said = lenient.members(reply.body)
    choices = lenient.objects(said, "choices")
    usage = lenient.inner(said, "usage")
    return LLMResponse(
        content=content_text(lenient.inner(choices[0], "message").get("content")) if choices else "",
        provider=header(reply, b"x-fairlead-provider"),
        model=header(reply, b"x-fairlead-model"),
        cost_usd=_cost(usage.get("cost")),
        latency_ms=latency_ms,
        tokens_used=lenient.count(usage, "total_tokens") if usage else None,
        cache_hit=False,
        quality_score=None,
        error=None,
        request_id=header(reply, b"x-fairlead-request-id"),
        timestamp=now,
    )


def _cost(said: object) -> Decimal | None:
    return Decimal(str(said)) if isinstance(said, int | float) and not isinstance(said, bool) else None
