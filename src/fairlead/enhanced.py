"""A front for programs that route by what a query is: pictures, then the web, then how hard it is.

from fairlead.enhanced import EnhancedLLMGatewayService

async with EnhancedLLMGatewayService() as service:
    response = await service.route_request("What is in this picture?", {"images": ["https://example.com/a.png"]})
    print(response.content)
"""

from collections.abc import Mapping
from typing import Any, Final

from fairlead import embedded
from fairlead.answered import LLMResponse, answered
from fairlead.embedded import Serving
from fairlead.routing.analysis import Analysis, analyze, heard
from fairlead.routing.cost_optimized import CostOptimizedRouter

__all__ = ["OPENROUTER_CONFIG", "CostOptimizedRouter", "EnhancedLLMGatewayService", "LLMResponse"]

OPENROUTER_CONFIG: Final[Mapping[str, Any]] = {
    "models": {
        "gpt-4-vision-preview": {"max_tokens": 4096, "temperature": 0.1, "supports_images": True},
        "claude-3-opus": {"max_tokens": 4096, "temperature": 0.1, "supports_images": True},
    },
    "fallback_strategy": "cascade",
    "cache_ttl": 3600,
}
"""What is asked for pictures: each model in turn. `cache_ttl` has no effect until there is a cache."""

_SEARCH: Final = "openai/gpt-4o:online"
_HARD, _OTHER = "claude-3-opus", "claude-3-haiku"
_PORTKEY, _OPENROUTER = "portkey", "openrouter"

Context = Mapping[str, Any]


class EnhancedLLMGatewayService(Serving):
    """Answers queries by what they are. Use one in one event loop at a time.

    A context may have `images` (their URLs), `system` (a prompt), `messages` (what was said before), and `options`
    (other members of a chat completion).
    """

    async def route_request(self, query: str, context: Context | None = None) -> LLMResponse:
        """The whole answer of who sees pictures, else who searches the web, else by how hard it is. `FairleadError`."""
        context = context or {}
        analysis = await self.analyze_query(query, context)
        if analysis.requires_vision:
            return await self.openrouter_multimodal(query, context)
        if analysis.requires_web_search:
            return await self.openrouter_web_search(query, context)
        if analysis.complexity == "high":
            return await self.portkey_route(query, _HARD, context)
        return await self.portkey_route(query, _OTHER, context)

    async def analyze_query(self, query: str, context: Context | None = None) -> Analysis:
        """What a query asks for, with the reason of each verdict."""
        return analyze(heard(_body(query, context or {})))

    async def openrouter_multimodal(self, query: str, context: Context | None = None) -> LLMResponse:
        """The answer of the first model of `OPENROUTER_CONFIG` that gives one. Raises `FairleadError`."""
        named: Mapping[str, Mapping[str, Any]] = OPENROUTER_CONFIG["models"]
        usual = {key: next(iter(named.values()))[key] for key in ("max_tokens", "temperature")}
        return await self._ask({**usual, **_body(query, context or {}), "models": list(named)}, _OPENROUTER)

    async def openrouter_web_search(self, query: str, context: Context | None = None) -> LLMResponse:
        """The answer of a model that searches the web, at OpenRouter. Raises `FairleadError`."""
        return await self._ask({**_body(query, context or {}), "model": _SEARCH}, _OPENROUTER)

    async def portkey_route(self, query: str, model: str, context: Context | None = None) -> LLMResponse:
        """The answer of `model`, which Portkey carries. Raises `FairleadError`.

        Fairlead tries again by itself. It has no cache and no guards yet, so nothing is said to Portkey of either.
        """
        return await self._ask({**_body(query, context or {}), "model": model}, _PORTKEY)

    async def _ask(self, body: dict[str, Any], provider: str) -> LLMResponse:
        engine = self._here()
        started = engine.clock.monotonic()
        reply = await embedded.chat(engine.gateway, body, provider)
        return answered(reply, (engine.clock.monotonic() - started) * 1000, engine.clock.wall())


def _body(query: str, context: Context) -> dict[str, Any]:
    pictures = [{"type": "image_url", "image_url": {"url": url}} for url in context.get("images", ())]
    said = [{"type": "text", "text": query}, *pictures] if pictures else query
    system = [{"role": "system", "content": context["system"]}] if context.get("system") else []
    messages = [*system, *context.get("messages", ()), {"role": "user", "content": said}]
    return {**context.get("options", {}), "messages": messages}
