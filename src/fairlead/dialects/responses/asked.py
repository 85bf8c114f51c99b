"""A client's request."""

from typing import Any, Final, get_args

from fairlead.dialects import bodies
from fairlead.dialects.fields import Fields
from fairlead.dialects.model import Effort, Message, Output, Request, Text, Thinking
from fairlead.dialects.responses import history, tools
from fairlead.dialects.responses.wire import ENCRYPTED, LOGPROBS
from fairlead.errors import RequestError

_EFFORTS: Final = frozenset(get_args(Effort))


def read(body: bytes, model: str, *, stream: bool) -> Request:
    """The request in `body`. Raises `RequestError` with the member at fault."""
    fields, extra = Fields(bodies.read(body)), dict[str, Any]()
    fields.any("model"), fields.any("stream")
    instructions = fields.text("instructions")
    messages = [Message("system", [Text(instructions)])] if instructions else []
    request = Request(model, messages + history.read(fields.any("input"), extra), stream)
    _read_limits(fields, request)
    _read_marks(fields, request)
    request.tools = tools.read(fields, extra)
    request.tool_choice = tools.read_choice(fields, extra)
    request.parallel_tools = fields.flag("parallel_tool_calls")
    request.thinking = _thinking(fields, extra)
    request.output, request.verbosity = _text(fields, extra)
    request.logprobs = _included(fields, extra)
    extra.update(fields.rest())
    request.extra = extra
    return request


def _read_limits(fields: Fields, request: Request) -> None:
    request.max_tokens = fields.integer("max_output_tokens")
    request.temperature = fields.number("temperature")
    request.top_p = fields.number("top_p")
    request.top_logprobs = fields.integer("top_logprobs")


def _read_marks(fields: Fields, request: Request) -> None:
    """What the answer does not hang on. Of the two names for a user, the newer one stands in for the older."""
    request.user = fields.text("user") or fields.text("safety_identifier")
    request.metadata = fields.mapping("metadata")
    request.service_tier = fields.text("service_tier")
    request.cache_key = fields.text("prompt_cache_key")
    request.store = fields.flag("store")


def _thinking(fields: Fields, extra: dict[str, Any]) -> Thinking | None:
    inner = fields.inner("reasoning")
    if inner is None:
        return None
    effort: Any = inner.text("effort")
    if effort is not None and effort not in _EFFORTS:
        raise RequestError(f"`reasoning.effort` is `{effort}`, not an effort", param="reasoning.effort")
    older = inner.text("generate_summary")
    summary = inner.text("summary") or older
    extra.update(inner.rest())
    if effort is None and summary is None:
        return None
    return Thinking(effort=effort, summary=summary, shown=True if summary else None)


def _text(fields: Fields, extra: dict[str, Any]) -> tuple[Output | None, str | None]:
    inner = fields.inner("text")
    if inner is None:
        return None, None
    form, verbosity = inner.inner("format"), inner.text("verbosity")
    output = None if form is None else _output(form)
    extra.update({**inner.rest(), **({} if form is None else form.rest())})
    return output, verbosity


def _output(form: Fields) -> Output:
    kind = form.needed("type")
    if kind == "json_schema":
        schema, name, description = form.mapping("schema"), form.text("name"), form.text("description")
        return Output("schema", schema, name, description, form.flag("strict"))
    if kind not in ("text", "json_object"):
        raise RequestError(f"`{form.path('type')}` is `{kind}`, not a format", param=form.path("type"))
    return Output("text" if kind == "text" else "json")


def _included(fields: Fields, extra: dict[str, Any]) -> bool | None:
    """Whether log probabilities are asked for. Encrypted thoughts need no asking: a client gets what there is."""
    wanted = fields.items("include")
    others = [each for each in wanted if each not in (LOGPROBS, ENCRYPTED)]
    if others:
        extra["include"] = others
    return True if LOGPROBS in wanted else None
