"""What the fronts for Python give back for one prompt: an answer and its facts."""

from dataclasses import dataclass
from decimal import Decimal

from fairlead.dialects import lenient
from fairlead.dialects.envelope import content_text
from fairlead.embedded import header
from fairlead.pipeline.call import Reply


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


def answered(reply: Reply, latency_ms: float, now: float) -> LLMResponse:
    """The answer of a whole chat completion that took so long, and is there `now` (seconds since 1970)."""
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
