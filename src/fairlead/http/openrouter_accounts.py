"""A call's record, a key and what it may spend, as OpenRouter writes them."""

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from fairlead.clock import written
from fairlead.ledger.principal import Principal
from fairlead.ledger.row import Attempt, Row
from fairlead.ledger.totals import dollars

if TYPE_CHECKING:  # it brings the database's library
    from fairlead.ledger.own import Left, Own
    from fairlead.ledger.usage import Usage

Json = dict[str, Any]
# The largest amount that a budget can have, in dollars: what may be spent where there is none.
UNBOUNDED: Final = Decimal(4_000_000_000)
_NOWHERE: Final = -1
_RESETS: Final[Mapping[str, str]] = {"day": "daily", "week": "weekly", "month": "monthly"}
_SCOPES: Final[Mapping[str, str]] = {"key": "key_limit", "user": "member", "team": "workspace"}
_APIS: Final[Mapping[str, str]] = {
    "embeddings": "embeddings",
    "rerank": "rerank",
    "images.generations": "image",
    "images.edits": "image",
    "audio.speech": "tts",
    "audio.transcriptions": "stt",
    "audio.translations": "stt",
}


def mark(principal: Principal) -> str:
    """How the record of calls calls a key."""
    return principal.key or principal.name


def own(usage: "Usage", principal: Principal) -> "Own":
    """What the record knows of the key's spending. Blocks. Raises `StoreUnavailable`."""
    from fairlead.ledger import own as ledger  # noqa: PLC0415 - it brings the database's library

    return ledger.own(usage, principal)


def key(principal: Principal, known: "Own") -> Json:
    """The key itself. Of the limits that OpenRouter has and Fairlead has not, there are none, which it writes as -1."""
    limit = next((each for each in known.budgets if each.whose == "key"), None)
    free = dict.fromkeys(("byok_usage", "byok_usage_daily", "byok_usage_weekly", "byok_usage_monthly"), 0)
    return {
        "label": principal.name,
        "usage": dollars(known.spent["total"]),
        "usage_daily": dollars(known.spent["day"]),
        "usage_weekly": dollars(known.spent["week"]),
        "usage_monthly": dollars(known.spent["month"]),
        **free,
        "limit": dollars(limit.limit) if limit else None,
        "limit_remaining": dollars(limit.remaining) if limit else None,
        "limit_reset": _RESETS.get(limit.every, limit.every) if limit and limit.resets is not None else None,
        "include_byok_in_limit": False,
        "is_free_tier": False,
        "is_management_key": False,
        "is_provisioning_key": False,
        "budgets": [_budget(each) for each in known.budgets],
        "effective_budget": _budget(known.tightest) if known.tightest else None,
        "allowed_data_regions": [],
        "free_model_daily_requests": {"limit": _NOWHERE, "remaining": _NOWHERE, "used": 0},
        "rate_limit": {"requests": _NOWHERE, "interval": "", "note": "limits are told in `x-ratelimit-` headers"},
        "creator_user_id": principal.user or None,
        "organization_id": principal.organisation or None,
        "workspace_id": principal.team or None,
    }


def _budget(left: "Left") -> Json:
    return {
        "budget_id": left.name,
        "guardrail_id": None,
        "include_byok": False,
        "scope": _SCOPES.get(left.whose, left.whose),
        "limit_usd": dollars(left.limit),
        "spend_usd": dollars(left.spent),
        "remaining_usd": dollars(left.remaining),
        "reset_interval": _RESETS.get(left.every, left.every) if left.resets is not None else None,
        "resets_at": None if left.resets is None else written(left.resets),
    }


def credits(_principal: Principal, known: "Own") -> Json:  # noqa: A001 - OpenRouter's word
    """What the key has spent, and that with what its tightest budget has left."""
    spent = dollars(known.spent["total"]) or Decimal(0)
    left = dollars(known.tightest.remaining) if known.tightest else UNBOUNDED - spent
    return {"total_credits": spent + (left or Decimal(0)), "total_usage": spent}


def generation(row: Row) -> Json:
    """One call. What Fairlead does not keep is null, and so is a cost that nobody knows."""
    tokens, cost = row.tokens, dollars(row.cost)
    counts = {
        "tokens_prompt": tokens.input,
        "tokens_completion": tokens.output,
        "native_tokens_prompt": tokens.input,
        "native_tokens_completion": tokens.output,
        "native_tokens_reasoning": tokens.reasoning,
        "native_tokens_cached": tokens.cached,
    }
    return {
        "id": row.id,
        "request_id": row.id,
        "created_at": written(row.at),
        "model": row.model or row.asked,
        "provider_name": row.provider or None,
        "router": row.asked if row.intent else None,
        "api_type": _APIS.get(row.endpoint, "completions"),
        "streamed": row.stream,
        "cancelled": row.outcome == "cancelled",
        "total_cost": cost,
        "usage": cost,
        "upstream_inference_cost": None,
        "cache_discount": None,
        "is_byok": False,
        **(counts if row.counted else dict.fromkeys(counts)),
        "latency": None if row.first_us is None else row.first_us / 1000,
        "generation_time": None if row.first_us is None else (row.total_us - row.first_us) / 1000,
        "provider_responses": [_response(each) for each in row.attempts],
        "external_user": row.end_user or None,
        "session_id": row.session or None,
        "origin": "",
        "data_region": "global",
        **dict.fromkeys(_NOT_KEPT),
    }


_NOT_KEPT: Final = (
    "app_id",
    "finish_reason",
    "native_finish_reason",
    "http_referer",
    "moderation_latency",
    "native_tokens_completion_images",
    "num_fetches",
    "num_input_audio_prompt",
    "num_media_completion",
    "num_media_prompt",
    "num_search_results",
    "preset_id",
    "service_tier",
    "upstream_id",
    "user_agent",
    "web_search_engine",
    "workspace_id",
)


def _response(attempt: Attempt) -> Json:
    well = attempt.result == "ok"
    return {
        "provider_name": attempt.provider,
        "model_permaslug": attempt.model,
        "status": 200 if well and attempt.status is None else attempt.status,
        "latency": attempt.us / 1000,
        "is_byok": False,
    }
