"""The deployments of `model_list`: what each is here, and what of it cannot be said."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from fairlead.migrate.litellm import vendors
from fairlead.migrate.litellm.prices import PRICED, price
from fairlead.migrate.litellm.providers import Providers
from fairlead.migrate.report import Report
from fairlead.migrate.values import entries, mapping, named, number, text
from fairlead.migrate.variables import of_environment

_LAST: Final = 1_000_000.0
SHARES: Final = ("weight", "rpm", "tpm")
_CHATS: Final = ("", "chat", "completion", "responses")
# Members of a call's body, which LiteLLM adds where a call says nothing of them.
_BODY: Final = frozenset(
    {"temperature", "max_tokens", "max_completion_tokens", "top_p", "top_k", "n", "stop", "seed", "frequency_penalty",
     "presence_penalty", "logit_bias", "logprobs", "top_logprobs", "response_format", "reasoning_effort", "thinking",
     "tools", "tool_choice", "parallel_tool_calls", "user", "service_tier", "dimensions", "encoding_format", "voice",
     "modalities", "verbosity", "web_search_options"}
)  # fmt: skip
# Members that other files here read, or that only say again what the rest says.
_READ: Final = frozenset(
    {"model", "api_key", "api_base", "base_url", "api_version", "organization", "custom_llm_provider", "extra_headers",
     "headers", "rpm", "tpm", "weight", "order", "timeout", "stream_timeout", "request_timeout", "mock_response",
     "extra_body", "additional_drop_params", "litellm_credential_name", "aws_access_key_id", "aws_secret_access_key",
     "aws_session_token", "aws_region_name", "aws_bedrock_runtime_endpoint", "aws_role_name", "aws_profile_name",
     "aws_web_identity_token", "aws_session_name", "vertex_project", "vertex_location", "vertex_credentials",
     "azure_ad_token", "tenant_id", "client_id", "client_secret", "azure_username", "azure_password", "max_budget",
     "budget_duration", *PRICED, *_BODY}
)  # fmt: skip
_WHY_LEFT: Final = {
    "max_parallel_requests": "calls at one time are bounded for keys, users and models (`limits`), not for a target",
    "max_retries": "there is one count for all targets: `reliability.max_retries`",
    "num_retries": "there is one count for all targets: `reliability.max_retries`",
    "cooldown_time": "there is one cooldown for all targets: `reliability.breaker.cooldown`",
    "tags": "no target is chosen by tags; `configs` have conditions on metadata",
    "drop_params": "what a target cannot be told is decided for a model: `models.NAME.on_loss`",
    "silent_model": "an experiment's `shadow` copies calls to another model",
    "input_cost_per_second": "a price for a second of computing is not known here",
    "output_cost_per_second": "a price for a second of computing is not known here",
}


@dataclass(frozen=True, slots=True)
class Deployment:
    """One target. `shares` are its weight, calls a minute and tokens a minute; `body` is added to calls, `drops` taken
    out of them.

    One that `chats` answers conversations; others embed, transcribe and so on.
    """

    path: str
    provider: str
    model: str
    shares: Mapping[str, float] = field(default_factory=dict)
    order: float = _LAST
    timeout: float | None = None
    stream_timeout: float | None = None
    chats: bool = True
    body: Mapping[str, Any] = field(default_factory=dict)
    drops: tuple[str, ...] = ()


class Reader:
    """Reads deployments, one after the other."""

    def __init__(self, providers: Providers, credentials: Mapping[str, Any], report: Report) -> None:
        self.prices: dict[str, Any] = {}
        self.budgets: dict[str, Any] = {}
        self._providers = providers
        self._credentials = credentials
        self._report = report

    def read(self, entry: Mapping[str, Any], path: str) -> Deployment | None:
        """What a deployment is; None, with the reason told, where it cannot be one."""
        at = f"{path}.litellm_params"
        params = self._with_credentials(mapping(entry.get("litellm_params")), at)
        found = self._found(params, at)
        if found is None:
            return None
        provider = self._providers.of(found, params, at)
        if provider is None:
            return None
        info = mapping(entry.get("model_info"))
        self._price(f"{provider}/{found.model}", params, info, path)
        self._budget(provider, found.model, params, at)
        for name in params:
            if name not in _READ:
                self._report.left(f"{at}.{name}", _WHY_LEFT.get(name, "there is no such setting here"))
        return Deployment(
            path,
            provider,
            found.model,
            _shares(params, entry),
            number(params.get("order")) or _LAST,
            number(params.get("timeout")) or number(params.get("request_timeout")),
            number(params.get("stream_timeout")),
            text(info.get("mode")) in _CHATS,
            {**{name: params[name] for name in params if name in _BODY}, **mapping(params.get("extra_body"))},
            tuple(named(params.get("additional_drop_params"))),
        )

    def _with_credentials(self, params: dict[str, Any], at: str) -> dict[str, Any]:
        name = text(params.get("litellm_credential_name"))
        if not name:
            return params
        held = self._credentials.get(name)
        if held is None:
            self._report.left(f"{at}.litellm_credential_name", f"the file's `credential_list` has no `{name}`")
        return {**mapping(held), **params}

    def _found(self, params: Mapping[str, Any], at: str) -> vendors.Found | None:
        model = text(params.get("model"))
        if variable := of_environment(model):
            self._report.left(f"{at}.model", f"a model's name cannot come from a variable ({variable}): write it out")
            return None
        if params.get("mock_response") is not None:
            self._report.left(at, "no target answers with a fixed text; the model `echo` says back what it is told")
            return None
        found = vendors.found(model, text(params.get("custom_llm_provider")))
        if found is None or not found.model:
            known = "no provider here is called so" if "/" in model else "nothing says whose model that is"
            self._report.left(f"{at}.model", f"`{model}`: {known}; a provider of your own may have it (`providers`)")
            return None
        return found

    def _price(self, name: str, params: Mapping[str, Any], info: Mapping[str, Any], path: str) -> None:
        said = price({**info, **params}, f"{path}.model_info", self._report)
        if said:
            self.prices[name] = said
        elif base := text(info.get("base_model")):
            self._report.note(
                f"{path}.model_info.base_model",
                f"where `{name}` has no known price, give it that of `{base}` (`prices`)",
            )

    def _budget(self, provider: str, model: str, params: Mapping[str, Any], at: str) -> None:
        amount = number(params.get("max_budget"))
        if amount is None:
            return
        every = span(params.get("budget_duration"))
        if every is None:
            self._report.left(f"{at}.max_budget", "a budget here is for a day, a week, a month, or a number of days")
            return
        where = {"provider": provider, "model": model}
        self.budgets[f"{provider}-{model}".replace("/", "-")] = {"limit": amount, "every": every, "conditions": where}


def credentials(said: Any) -> dict[str, Any]:
    """The values of `credential_list`, by the names of credentials."""
    held = (mapping(each) for _, each in entries(said, ""))
    return {text(each.get("credential_name")): mapping(each.get("credential_values")) for each in held}


def span(said: Any) -> str | None:
    """LiteLLM's `30d` as a budget's `every`; None where there is no such span."""
    found = text(said)
    known = {"": "total", "24h": "day", "1d": "day", "7d": "week", "1w": "week", "30d": "month", "1mo": "month"}
    if found in known:
        return known[found]
    return found if found.endswith("d") and found[:-1].isdigit() and 0 < int(found[:-1]) < 10_000 else None


def _shares(params: Mapping[str, Any], entry: Mapping[str, Any]) -> dict[str, float]:
    held = {name: number(params.get(name, entry.get(name))) for name in SHARES}
    return {name: share for name, share in held.items() if share is not None and share >= 0}
