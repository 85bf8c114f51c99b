"""What a config object may say. Members are Portkey's, and so are their units: times are in milliseconds."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

Status = Annotated[int, Meta(ge=100, le=599)]
_Text = Annotated[str, Meta(min_length=1)]
_Count = Annotated[int, Meta(ge=1)]
_Share = Annotated[float, Meta(gt=0, le=100)]
_Rest = Annotated[int, Meta(ge=30_000)]
_Wait = Annotated[int, Meta(ge=1, le=3_600_000)]
_Params = Annotated[dict[str, Any] | None, Meta(description="members of the call's body")]
_Unused = Annotated[Any, Meta(description="accepted, and not acted on yet")]


class Breaker(Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    """When a target rests after failures."""

    failure_threshold: Annotated[_Count | None, Meta(description="failures after which it rests")] = None
    failure_threshold_percentage: Annotated[
        _Share | None, Meta(description="share of calls that fail after which it rests")
    ] = None
    cooldown_interval: Annotated[_Rest | None, Meta(description="milliseconds that it rests")] = None
    failure_status_codes: Annotated[
        list[Status] | None, Meta(description="what counts as a failure; 500 and above if absent")
    ] = None
    minimum_requests: Annotated[_Count | None, Meta(description="calls before the share counts")] = None


class Sticky(Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    """How calls that belong together stay with one target."""

    enabled: Annotated[bool, Meta(description="whether they do")] = True
    hash_fields: Annotated[
        list[str],
        Meta(description="what they have in common: `metadata.*`, `params.*`, `headers.*`; the session if empty"),
    ] = []
    ttl: Annotated[int, Meta(ge=1, description="seconds that a choice lasts")] = 3600


class Condition(Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    """A query, and the name of the target for calls that it holds for."""

    query: Annotated[dict[str, Any], Meta(description="what has to hold")]
    then: Annotated[str, Meta(min_length=1, description="the `name` of a target")]


class Strategy(Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    """How a call finds its way among the targets."""

    mode: Annotated[
        Literal["single", "loadbalance", "fallback", "conditional"], Meta(description="the way a target is chosen")
    ]
    on_status_codes: Annotated[
        list[Status] | None, Meta(description="statuses after which the next target is tried; any failure if absent")
    ] = None
    conditions: Annotated[list[Condition], Meta(description="looked at in order; the first that holds decides")] = []
    default: Annotated[str | None, Meta(description="the `name` of the target where no condition holds")] = None
    cb_config: Annotated[Breaker | None, Meta(description="when a target rests")] = None
    sticky: Annotated[Sticky | None, Meta(description="which calls stay with one target")] = None


class Retry(Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    """How often a target is tried again."""

    attempts: Annotated[int, Meta(ge=0, le=5, description="tries after the first")]
    on_status_codes: Annotated[
        list[Status] | None, Meta(description="what is tried again; 429, 500, 502, 503, 504 and 529 if absent")
    ] = None
    use_retry_after_header: Annotated[bool, Meta(description="wait as long as the provider asks for")] = False


class ConfigObject(Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    """A target, or targets with a strategy; what it says holds for all within it."""

    file: Annotated[_Text | None, Meta(description="alone under `configs`: the file that the object stands in")] = None
    name: Annotated[_Text | None, Meta(description="what conditions call it")] = None
    provider: Annotated[_Text | None, Meta(description="a provider: `openai`, `@openai`")] = None
    virtual_key: Annotated[_Text | None, Meta(description="a provider, or a virtual key that Portkey holds")] = None
    weight: Annotated[float, Meta(ge=0, le=1_000_000, description="its share among others; 0 for none")] = 1.0
    strategy: Annotated[Strategy | None, Meta(description="how one of the targets is chosen")] = None
    targets: Annotated[list["ConfigObject"], Meta(description="targets, or further objects with targets")] = []
    retry: Annotated[Retry | None, Meta(description="how often a target is tried again")] = None
    request_timeout: Annotated[_Wait | None, Meta(description="milliseconds until a reply begins")] = None
    override_params: Annotated[_Params, Meta(description="members that replace the call's")] = None
    default_params: Annotated[_Params, Meta(description="members that the call gets where it has none")] = None
    drop_params: Annotated[
        list[str], Meta(description="members that are taken out: `user`, `tools[0].strict`, `messages[*].name`")
    ] = []
    cb_config: Annotated[Breaker | None, Meta(description="when it rests")] = None
    cache: _Unused = None
    input_guardrails: _Unused = None
    output_guardrails: _Unused = None
    before_request_hooks: _Unused = None
    after_request_hooks: _Unused = None
    default_input_guardrails: _Unused = None
    default_output_guardrails: _Unused = None
    input_mutators: _Unused = None
    output_mutators: _Unused = None
    forward_headers: _Unused = None
    strict_open_ai_compliance: _Unused = None
    passthrough: _Unused = None
    on_status_codes: _Unused = None


UNUSED = tuple(
    name
    for name in ConfigObject.__struct_fields__
    if name.startswith(("input_", "output_", "before_", "after_", "default_input", "default_output"))
    or name in ("cache", "forward_headers", "strict_open_ai_compliance", "passthrough", "on_status_codes")
)
"""Members that are accepted and not acted on yet."""
