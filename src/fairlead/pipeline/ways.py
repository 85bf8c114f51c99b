"""How a call gets to a target and its answer back: as it is, or translated from one dialect into another."""

from fairlead.dialects import hub
from fairlead.dialects.endpoints import COUNT_TOKENS, INPUT_TOKENS
from fairlead.errors import FailureKind, UpstreamFailure
from fairlead.pipeline.call import Call
from fairlead.pipeline.same import OpenAIWay, PlainWay, SameWay
from fairlead.pipeline.translated import EstimateWay, OneShotWay, TranslatedWay, one_shot
from fairlead.pipeline.way import Now, Way
from fairlead.routing.plan import Target

_OPENAI = "openai-chat"
_TYPED = ("choices", "data")  # what whole replies have that `read_reply` reads
# What a seal begins with, in a text and in either base64; its letter is rare, so most bodies are known at a glance.
_SEAL_LETTER, _SEAL, _SEAL_IN_BASE64 = b"~", b'"fl~', b'"Zmx'


def way(call: Call, target: Target, now: Now) -> Way:
    """The way for a call to a target; `now` gives the time. Raises `UpstreamFailure` where there is none."""
    endpoint, provider = call.envelope.endpoint, target.provider
    if provider.speaks(endpoint.dialect):
        return _same(call, target, now)
    if endpoint in (COUNT_TOKENS, INPUT_TOKENS):
        return EstimateWay(call, target, now)
    if endpoint.chat and provider.dialect in hub.PROVIDERS:
        return TranslatedWay(call, target, now)
    if one_shot(endpoint.name, provider.dialect):
        return OneShotWay(call, target, now)
    raise UpstreamFailure(FailureKind.UNSUPPORTED, f"`{provider.dialect}` has no `{endpoint.name}`")


def _same(call: Call, target: Target, now: Now) -> Way:
    endpoint = call.envelope.endpoint
    if endpoint.dialect == _OPENAI:
        return OpenAIWay(call, target, now) if endpoint.answer in _TYPED else PlainWay(call, target, now)
    if not endpoint.chat:
        return PlainWay(call, target, now)
    if endpoint.array or (endpoint.dialect == target.provider.dialect and _sealed(endpoint.dialect, call.request.body)):
        return TranslatedWay(call, target, now)
    return SameWay(call, target, now)


def _sealed(dialect: str, body: bytes) -> bool:
    """Whether a body brings back thoughts of another dialect's model, which a provider would refuse."""
    if dialect == "gemini":
        return _SEAL_IN_BASE64 in body
    return _SEAL_LETTER in body and _SEAL in body
