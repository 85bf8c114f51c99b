"""A front for programs that call a unified service: one prompt, what it is for, one answer.

from fairlead.service import TaskType, UnifiedLLMService

async with UnifiedLLMService() as service:
    response = await service.complete("Sort a list of dicts", TaskType.CODE_GENERATION)
    print(response.content)
"""

from collections.abc import AsyncIterator
from enum import StrEnum
from typing import Any

from fairlead import embedded
from fairlead.answered import LLMResponse, answered
from fairlead.app import Engine
from fairlead.dialects import lenient
from fairlead.dialects.envelope import content_text
from fairlead.embedded import Serving
from fairlead.pipeline.call import Reply
from fairlead.routing import tasks

__all__ = ["LLMResponse", "TaskType", "UnifiedLLMService"]


class TaskType(StrEnum):
    """What a prompt is for: the models that are set up for it, else the intent that `task_types.toml` says.

    Any intent's name is taken too, and any label of your own that has models.
    """

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


class UnifiedLLMService(Serving):
    """Answers prompts by what they are for. Use one in one event loop at a time."""

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
        return answered(reply, (engine.clock.monotonic() - started) * 1000, engine.clock.wall())

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
        of_intent = policy.intents.get(intent)
        if model is None and of_intent is not None and provider is not None and provider not in of_intent.providers:
            # It is asked all the same, for the model that the intent prefers.
            model = of_intent.primary
        if model is None:
            return await embedded.chat(engine.gateway, {**body, "model": "auto"}, provider, intent)
        return await embedded.chat(engine.gateway, {**body, "model": model}, provider)


def _body(prompt: str) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": prompt}]}
