"""How a call was routed, told within its reply where the client asks for that as OpenRouter's clients do.

`X-OpenRouter-Metadata: enabled` asks for it. A whole reply and an error have it as the member `openrouter_metadata`; a
stream of chat chunks as a chunk of its own before the end mark.
https://openrouter.ai/docs/guides/features/router-metadata
"""

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any, Final

import msgspec

from fairlead.dialects import sse
from fairlead.dialects.members import Members
from fairlead.dialects.openai.chat import CHAT, DONE
from fairlead.errors import FairleadError, RequestError
from fairlead.pipeline.call import Attempt, Call, CallRequest, Reply
from fairlead.routing.disposition import disposition

HEADER: Final = b"x-openrouter-metadata"
_MEMBER: Final = "openrouter_metadata"
_OK: Final = 200
_encode = msgspec.json.Encoder().encode


def wanted(request: CallRequest) -> bool:
    """Whether the client asks for it."""
    return (request.header(HEADER) or "").casefold() == "enabled"


async def told(run: Callable[[Call], Awaitable[Reply]], call: Call) -> Reply:
    """The reply to a call, with its metadata. Raises what `run` does, with its metadata too."""
    try:
        reply = await run(call)
    except FairleadError as error:
        error.beside[_MEMBER] = document(call)
        raise
    if reply.events is None:
        reply.body = _whole(reply.body, call)
    elif call.envelope.endpoint is CHAT:
        reply.events = _events(reply.events, call)
    return reply


def document(call: Call) -> dict[str, Any]:
    """How the call was routed, as far as it has come."""
    targets, attempts = call.plan.targets, call.attempts
    answered = next((each.target for each in attempts if each.failure is None), None)
    return {
        "requested": call.envelope.model,
        "strategy": _strategy(call),
        "region": None,
        "is_byok": False,
        "attempt": len(attempts),
        "summary": f"available={len(targets)}, selected={answered.provider.name if answered else 'none'}",
        "endpoints": {
            "total": len(call.plan.candidates),
            "available": [
                {"provider": each.provider.name, "model": each.model, "selected": each is answered} for each in targets
            ],
        },
        "attempts": [
            {"provider": each.target.provider.name, "model": each.target.model, "status": _status(each)}
            for each in attempts
        ],
    }


def _strategy(call: Call) -> str:
    """In OpenRouter's words."""
    if call.plan.intent is not None or call.plan.inferred:
        return "auto"
    return "fallback" if len({each.asked for each in call.plan.candidates if each.target}) > 1 else "direct"


def _status(attempt: Attempt) -> int:
    """The provider's own status; where it gave none, the one that a client would be told."""
    failure = attempt.failure
    if failure is None:
        return _OK
    return failure.status or disposition(failure.kind).status


def _whole(body: bytes, call: Call) -> bytes:
    """A reply with its metadata; as it was where it is no JSON object."""
    try:
        return Members(body).splice({_MEMBER: _encode(document(call))})
    except RequestError:
        return body


async def _events(events: AsyncGenerator[bytes, None], call: Call) -> AsyncGenerator[bytes, None]:
    """The stream, with the chunk before its end mark."""
    try:
        async for data in events:
            yield data[: -len(DONE)] + _chunk(call) + DONE if data.endswith(DONE) else data
    finally:
        await events.aclose()


def _chunk(call: Call) -> bytes:
    model = call.attempts[-1].target.model if call.attempts else call.envelope.model
    made = int(call.id[:12], 16) // 1000
    head = {"id": f"chatcmpl-{call.id}", "object": "chat.completion.chunk", "created": made, "model": model}
    return sse.event(_encode({**head, "choices": [], _MEMBER: document(call)}))
