"""A request as Converse takes it.

Source: the service model of `bedrock-runtime` in botocore 1.44.5, and
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html.
"""

import re
from typing import Any, Final
from urllib.parse import quote

import msgspec

from fairlead.dialects import lenient
from fairlead.dialects.bedrock import thoughts, tools
from fairlead.dialects.bedrock.blocks import Block, Blocks
from fairlead.dialects.bedrock.models import known
from fairlead.dialects.codec import Losses, Outgoing
from fairlead.dialects.model import Output, Request

_TIERS: Final = ("priority", "default", "flex", "reserved")
_LABEL = re.compile(r"[a-zA-Z0-9\s:_@$#=/+,\-.]{0,256}")
_MOST_LABELS: Final = 16
# Members that only Converse has: a client may send them by its own dialect's way for the unknown.
_OWN: Final[dict[str, type]] = {
    "guardrailConfig": dict,
    "performanceConfig": dict,
    "additionalModelRequestFields": dict,
    "additionalModelResponseFieldPaths": list,
}
_MEANT: Final = ("logprobs", "top_logprobs", "logit_bias")
_WISHED: Final = (
    "frequency_penalty",
    "presence_penalty",
    "min_p",
    "verbosity",
    "user",
    "cache_key",
    "store",
)
_encode = msgspec.json.Encoder().encode


def write(request: Request, name: str, losses: Losses) -> Outgoing:
    """The call to the model `name`."""
    model = known(name)
    blocks = Blocks(model, losses)
    body: dict[str, Any] = {}
    _own(request, body, losses)
    _messages(request, blocks, body, losses)
    config = tools.write(request, blocks, losses)
    if config is not None:
        body["toolConfig"] = config
    thinks = thoughts.write(request, model, body, losses)
    inference = _inference(request) | thoughts.sampling(request, model, body, losses, thinks=thinks)
    if inference:
        body["inferenceConfig"] = inference
    if request.stop and model.anthropic:
        body.setdefault("additionalModelResponseFieldPaths", ["/stop_sequence"])
    if request.output is not None:
        _output(request.output, body, losses)
    _labels(request, body, losses)
    _lost(request, losses)
    return Outgoing(_path(name, stream=request.stream), _bytes(body))


def _path(name: str, *, stream: bool) -> str:
    return f"/model/{quote(name, safe='')}/{'converse-stream' if stream else 'converse'}"


def _bytes(body: dict[str, Any]) -> bytes:
    try:
        return _encode(body)
    except (ValueError, OverflowError, TypeError):
        return lenient.dumps(body)


def _own(request: Request, body: dict[str, Any], losses: Losses) -> None:
    for name, value in request.extra.items():
        if name in _OWN and isinstance(value, _OWN[name]):
            body[name] = dict(value) if isinstance(value, dict) else value
        else:
            losses.hint(name)


def _messages(request: Request, blocks: Blocks, body: dict[str, Any], losses: Losses) -> None:
    """Two messages in a row of one role become one, as their order is what Bedrock checks first."""
    system: list[Block] = []
    messages: list[dict[str, Any]] = []
    for message in request.messages:
        if message.name is not None:
            losses.hint("messages.name")
        if message.role in ("system", "developer"):
            system += blocks.system(message.parts)
            if messages:
                losses.hint("messages", "instructions in the middle go to the front")
            continue
        content = blocks.content(message.parts)
        if messages and messages[-1]["role"] == message.role:
            messages[-1]["content"] += content
        elif content:
            messages.append({"role": message.role, "content": content})
    if messages:
        blocks.cache(request.cache, messages[-1]["content"])
    if system:
        body["system"] = system
    body["messages"] = messages


def _inference(request: Request) -> dict[str, Any]:
    told: dict[str, Any] = {}
    if request.max_tokens is not None:
        told["maxTokens"] = request.max_tokens
    if request.stop:
        told["stopSequences"] = request.stop
    return told


def _output(output: Output, body: dict[str, Any], losses: Losses) -> None:
    if output.kind == "json":
        losses.change("output", "Bedrock gives JSON of a schema, not any JSON")
    if output.kind != "schema":
        return
    schema: dict[str, Any] = {"schema": _bytes(output.schema or {}).decode()}
    if output.name:
        schema["name"] = output.name
    if output.description:
        schema["description"] = output.description
    form = {"type": "json_schema", "structure": {"jsonSchema": schema}}
    body.setdefault("outputConfig", {})["textFormat"] = form


def _labels(request: Request, body: dict[str, Any], losses: Losses) -> None:
    """The tier, and the metadata that shows up in the logs of calls."""
    if request.service_tier in _TIERS:
        body["serviceTier"] = {"type": request.service_tier}
    elif request.service_tier not in (None, "auto"):
        losses.hint("service_tier")
    if not request.metadata:
        return
    fit = {name: value for name, value in request.metadata.items() if name and _is_label(name) and _is_label(value)}
    kept = dict(list(fit.items())[:_MOST_LABELS])
    if kept:
        body["requestMetadata"] = kept
    if len(kept) < len(request.metadata):
        losses.hint("metadata", "Bedrock takes 16 short texts of few signs")


def _is_label(value: Any) -> bool:
    return isinstance(value, str) and _LABEL.fullmatch(value) is not None


def _lost(request: Request, losses: Losses) -> None:
    """What Converse has no word for."""
    if request.n not in (None, 1):
        losses.change("n", "Bedrock gives one answer")
    for name in _MEANT:
        if getattr(request, name):
            losses.change(name)
    for name in _WISHED:
        if getattr(request, name):
            losses.hint(name)
    if request.seed is not None:
        losses.hint("seed")
    if request.parallel_tools is False:
        losses.hint("parallel_tools", "Bedrock cannot be told to call one tool at a time")
