"""Models and who serves them, as OpenRouter writes them: with prices, context and what they take."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from fairlead.errors import UnknownModel
from fairlead.gateway import Gateway
from fairlead.ledger.principal import Principal
from fairlead.ledger.rates import MILLION, UNKNOWN, Price, Rates
from fairlead.providers.registry import Known
from fairlead.providers.row import Provider
from fairlead.routing.names import Offered, offer
from fairlead.routing.plan import Target, Wanted, explain

Json = dict[str, Any]
# OpenRouter's own word for a price that cannot be told beforehand.
_UNTOLD: Final = "-1"
_FREE: Final = "0"
_WINDOW: Final = 0
# What OpenRouter calls our rates. Its prices are for one token, or one request.
_PRICED: Final = {
    "request": "request",
    "image": "image",
    "audio": "audio_input",
    "audio_output": "audio_output",
    "image_token": "image_input",
    "image_output": "image_output",
    "input_cache_read": "cached",
    "input_cache_write": "cache_write",
    "input_cache_write_1h": "cache_write_1h",
    "internal_reasoning": "reasoning",
    "web_search": "search",
}
_ALWAYS: Final = ("max_tokens", "stop", "temperature", "top_p")
_ABLE: Final = {
    "tools": ("tools", "tool_choice"),
    "structured_output": ("response_format", "structured_outputs"),
    "reasoning": ("reasoning", "include_reasoning"),
}
_SEEN: Final = (("images_in", "image"), ("documents_in", "file"), ("audio_in", "audio"))
PriceOf = Callable[[str, str], Price]


def unpriced(_provider: str, _model: str) -> Price:
    """The price of a model where nobody knows any."""
    return UNKNOWN


class Catalogue:
    """What there is to tell of models. `price` gives what a provider's model costs now."""

    def __init__(self, gateway: Gateway, price: PriceOf, started: int) -> None:
        """`started` (Unix seconds) is when all models were made, as far as clients are told."""
        self._gateway = gateway
        self._price = price
        self._started = started

    def model(self, name: str, principal: Principal) -> Json:
        """One model by any name that a call may have. Raises `UnknownModel`, `CannotServe`, `NoTarget`."""
        found = offer(name, self._gateway.policy)
        if not principal.rights.permits(name, found.provider, found.model):
            raise UnknownModel(f"there is no model `{name[:80]}` for this key", hint="GET /v1/models lists those")
        return {"id": found.name, "created": self._started, **self.members(found)}

    def members(self, model: Offered) -> Json:
        """What OpenRouter's clients read of a model besides what OpenAI's do."""
        policy = self._gateway.policy
        known, provider = policy.registry.named(model.name), policy.providers[model.provider]
        window = known.context_window if known else None
        return {
            "name": model.name,
            "canonical_slug": model.name,
            "description": (known.description if known else "") or model.about,
            "context_length": window,
            "architecture": _architecture(provider, known),
            "pricing": _pricing(self._price(model.provider, model.model)),
            "top_provider": {
                "context_length": window,
                "max_completion_tokens": known.max_output_tokens if known else None,
                "is_moderated": False,
            },
            "supported_parameters": _parameters(provider, known),
            "supported_voices": None,
            "default_parameters": None,
            "per_request_limits": None,
            "links": {"details": f"/v1/models/{model.name}/endpoints"},
        }

    def endpoints(self, name: str, principal: Principal) -> Json:
        """A model and who serves it, in the order of the plan. Raises as `model` does."""
        shown = self.model(name, principal)
        targets = explain(Wanted(name), self._gateway.policy).targets
        may = principal.rights.permits
        kept = [each for each in targets if may(name, each.provider.name, each.model)]
        heads = ("id", "name", "created", "description", "architecture")
        head = {member: shown[member] for member in heads}
        head["architecture"] = {**head["architecture"], "instruct_type": None, "tokenizer": None}
        return {**head, "endpoints": [self._endpoint(name, each) for each in kept]}

    def _endpoint(self, name: str, target: Target) -> Json:
        known, provider = self._gateway.policy.registry.named(name), target.provider
        calls = "tools" not in provider.cannot
        speed, latency = target.standing.throughput, target.standing.latency
        return {
            "name": f"{provider.name} | {target.model}",
            "model_id": target.model,
            "model_name": name,
            "provider_name": provider.name,
            "tag": provider.name,
            "context_length": known.context_window if known else _WINDOW,
            "max_completion_tokens": known.max_output_tokens if known else None,
            "max_prompt_tokens": None,
            "pricing": _pricing(self._price(provider.name, target.model)),
            "quantization": provider.quantizations[0] if len(provider.quantizations) == 1 else "unknown",
            "supported_parameters": _parameters(provider, known),
            "supports_tool_choice": dict.fromkeys(("auto", "function", "none", "required"), calls),
            "supports_implicit_caching": False,
            "supports_diarization": False,
            "native_tools": {},
            "service_tier": None,
            "latency_last_30m": _spread(latency * 1000, (target.standing.p95 or 0.0) * 1000),
            "throughput_last_30m": _spread(speed, speed),
            "uptime_last_5m": None,
            "uptime_last_30m": None,
            "uptime_last_1d": None,
        }


def _spread(middle: float, rare: float) -> Json | None:
    """Percentiles, of which the middle one and that of 95 are known; null where nothing is."""
    if not middle:
        return None
    high = max(middle, rare)
    return {"p50": middle, "p75": middle, "p90": high, "p99": high}


def _architecture(provider: Provider, known: Known | None) -> Json:
    seen = [word for able, word in _SEEN if provider.cannot and able not in provider.cannot]
    if known is not None:
        seen = [word for word in seen if word != "image" or known.supports_images]
    taken = ["text", *seen]
    return {"modality": f"{'+'.join(taken)}->text", "input_modalities": taken, "output_modalities": ["text"]}


def _parameters(provider: Provider, known: Known | None) -> list[str]:
    """What its provider is not known to be without, and the model neither."""
    lacks = set(provider.cannot)
    if known is not None:
        lacks |= set() if known.supports_function_calling else {"tools"}
        lacks |= set() if known.supports_json_mode else {"structured_output"}
        lacks |= set() if known.supports_extended_thinking else {"reasoning"}
    found = [*_ALWAYS, *(name for able, names in _ABLE.items() if able not in lacks for name in names)]
    return sorted(found)


def _pricing(price: Price) -> Json:
    """What a token costs in dollars, as text. A price that rises with the length of the prompt is told by length."""
    if price.kind == "free":
        return {"prompt": _FREE, "completion": _FREE}
    rates = price.rates(0) if price.kind == "priced" else None
    if rates is None:
        return {"prompt": _UNTOLD, "completion": _UNTOLD}
    told: Json = _told(rates)
    told["prompt"], told["completion"] = _each(rates.input) or _FREE, _each(rates.output) or _FREE
    longer = [{"min_prompt_tokens": above + 1, **_told(step)} for above, step in sorted(_steps(price))]
    return {**told, "overrides": longer} if longer else told


def _steps(price: Price) -> Iterator[tuple[int, Rates]]:
    return ((above, rates) for above, rates in price.steps if above)


def _told(rates: Rates) -> Json:
    both = {"prompt": "input", "completion": "output", **_PRICED}
    named = ((name, _each(getattr(rates, kind))) for name, kind in both.items())
    return {name: text for name, text in named if text is not None}


def _each(rate: int | None) -> str | None:
    """A rate as dollars for one, to the last digit."""
    if rate is None:
        return None
    whole, rest = divmod(rate, MILLION)
    digits = f"{whole % 10**9:09d}{rest:06d}".rstrip("0")
    dollars = whole // 10**9
    return f"{dollars}.{digits}" if digits else str(dollars)
