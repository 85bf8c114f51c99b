"""The `response` object but for its answer: what it repeats of the request."""

from typing import Any, Final

from fairlead.dialects.codec import Facts
from fairlead.dialects.model import Output, Request, Thinking
from fairlead.dialects.reply_ids import RESPONSE, shaped
from fairlead.dialects.responses import tools

# The tiers that this dialect has a word for; another provider's word is not one of them.
_TIERS: Final = frozenset({"auto", "default", "flex", "scale", "priority", "fast", "ultrafast"})


def head(request: Request | None, facts: Facts) -> dict[str, Any]:
    """A response that has begun. Nothing is kept of it, so `store` and `background` are false."""
    asked = request or _NOTHING
    return {
        "id": shaped(None, RESPONSE, facts.id),
        "object": "response",
        "created_at": facts.created,
        "status": "in_progress",
        "background": False,
        "completed_at": None,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "max_output_tokens": asked.max_tokens,
        "max_tool_calls": None,
        "metadata": asked.metadata or {},
        "model": facts.model,
        "output": [],
        "parallel_tool_calls": asked.parallel_tools is not False,
        "previous_response_id": None,
        "prompt_cache_key": asked.cache_key,
        "reasoning": _reasoning(asked.thinking),
        "safety_identifier": None,
        "service_tier": None,
        "store": False,
        "temperature": asked.temperature,
        "text": _text(asked),
        "tool_choice": tools.write_choice(asked.tool_choice, asked.tools) or "auto",
        "tools": tools.echo(asked.tools),
        "top_logprobs": asked.top_logprobs or 0,
        "top_p": asked.top_p,
        "truncation": "disabled",
        "usage": None,
        "user": asked.user,
    }


def named(response: dict[str, Any], id_: str | None, model: str | None, created: int | None) -> None:
    """Puts in what the provider said of the response itself."""
    if id_:
        response["id"] = shaped(id_, RESPONSE, "")
    if model:
        response["model"] = model
    if created is not None:
        response["created_at"] = created


def tier(said: str | None) -> str | None:
    """The service tier, if this dialect knows it."""
    return said if said in _TIERS else None


def _reasoning(thinking: Thinking | None) -> dict[str, Any]:
    if thinking is None:
        return {"effort": None, "summary": None}
    return {"effort": thinking.effort, "summary": thinking.summary}


def _text(request: Request) -> dict[str, Any]:
    written: dict[str, Any] = {"format": form(request.output)}
    if request.verbosity is not None:
        written["verbosity"] = request.verbosity
    return written


def form(output: Output | None) -> dict[str, Any]:
    """`text.format`. A schema needs a name here, so one that has none is a `response`."""
    if output is None or output.kind == "text":
        return {"type": "text"}
    if output.kind == "json":
        return {"type": "json_object"}
    optional = {"description": output.description, "strict": output.strict}
    given = {name: value for name, value in optional.items() if value is not None}
    return {"type": "json_schema", "name": output.name or "response", "schema": output.schema or {}, **given}


_NOTHING: Final = Request("", [])
