"""Stability AI's Stable Image (https://platform.stability.ai/docs/api-reference#tag/Generate): one image a call.

A form goes in. With `accept: application/json` the image comes back in base64, beside why it ended and its seed; an
error is `{"id", "name", "errors"}`. A model is a service with a path of its own (`ultra`, `core`), or one of `sd3`.
"""

import re
from math import log
from typing import Any, Final

from fairlead.dialects import lenient, replies
from fairlead.dialects.codec import Losses, Outgoing
from fairlead.dialects.form_writer import written
from fairlead.dialects.images.shape import Image, ImageReply, ImageRequest
from fairlead.dialects.lenient import word
from fairlead.dialects.model import BadReply, ErrorFacts
from fairlead.dialects.openai import errors as openai_errors

_ACCEPT: Final = [("accept", "application/json")]
_SERVICE: Final = re.compile(r"(?:stable-image-)?(ultra|core)", re.IGNORECASE)
_SD3: Final = re.compile(r"sd3(?:\.\d)?(?:-[a-z-]+)?", re.IGNORECASE)
_RATIOS: Final = ("1:1", "5:4", "4:5", "3:2", "2:3", "16:9", "9:16", "21:9", "9:21")
# How far (as a logarithm) a ratio may be from the one asked for: to be the same one, and to be called near.
_SAME, _NEAR = 0.03, 0.16
# Its own members, which a client may send beside OpenAI's.
_OWN: Final = ("negative_prompt", "aspect_ratio", "seed", "style_preset", "cfg_scale")
_REFUSED: Final = "content_moderation"
_REFUSED_AFTER: Final = "CONTENT_FILTERED"


class Stability:
    """`POST /stable-image/generate/{ultra|core|sd3}`."""

    name = "stability"

    def write(self, request: ImageRequest, model: str, losses: Losses) -> Outgoing:
        service, fields = _service(model, losses)
        fields["prompt"] = request.prompt
        own = {name: _said(request.extra[name]) for name in _OWN if name in request.extra}
        fields |= {name: value for name, value in own.items() if value is not None}
        if request.size is not None and "aspect_ratio" not in fields:
            fields["aspect_ratio"] = _ratio(request.size, losses)
        if request.output_format is not None:
            fields["output_format"] = request.output_format
        _leave_out(request, losses)
        body, content_type = written(fields)
        return Outgoing(f"/stable-image/generate/{service}", body, list(_ACCEPT), content_type)

    def read(self, body: bytes) -> ImageReply | ErrorFacts:
        value = replies.members(body)
        if value.get("finish_reason") == _REFUSED_AFTER:
            return ErrorFacts(400, "the image was filtered for what it shows", "content_policy_violation")
        image = word(value, "image")
        if not image:
            facts = _facts(502, value)
            if facts is None:
                raise BadReply("the reply has no `image`")
            return facts
        seed = value.get("seed")
        return ImageReply([Image(image, seed if isinstance(seed, int) else None)])

    def error(self, status: int, body: bytes) -> ErrorFacts:
        facts = _facts(status, lenient.members(body)) or openai_errors.read(status, body)
        if facts.type == _REFUSED:
            # It comes under 403, as a refused key does.
            return ErrorFacts(400, facts.message, "content_policy_violation", facts.type)
        return facts


def _service(model: str, losses: Losses) -> tuple[str, dict[str, str]]:
    """The last piece of the path, and what the form says of the model."""
    service = _SERVICE.fullmatch(model)
    if service is not None:
        return service[1].lower(), {}
    if _SD3.fullmatch(model) is None:
        losses.change("model", "the models are `ultra`, `core`, and those of `sd3`, such as `sd3.5-large`")
    return "sd3", {} if model.lower() == "sd3" else {"model": model}


def _ratio(size: tuple[int, int], losses: Losses) -> str:
    """The ratio nearest to a size; how many pixels there are is the model's to say."""
    wanted = log(size[0] / size[1])
    off, nearest = min((abs(wanted - _log(ratio)), ratio) for ratio in _RATIOS)
    if off > _NEAR:
        losses.change("size", f"the nearest ratio is {nearest}")
    elif off > _SAME:
        losses.hint("size", f"the nearest ratio is {nearest}")
    return nearest


def _log(ratio: str) -> float:
    width, _, height = ratio.partition(":")
    return log(int(width) / int(height))


def _leave_out(request: ImageRequest, losses: Losses) -> None:
    if request.n > 1:
        losses.change("n", "one image a call")
    if request.response_format not in (None, "b64_json"):
        losses.change("response_format", "an image comes as `b64_json` alone")
    for name, value in request.told.items():
        if name == "background" and value == "transparent":
            losses.change(name, "an image has a background")
        elif (name, value) != ("background", "opaque"):
            losses.hint(name)
    for name, value in request.extra.items():
        if name not in _OWN or _said(value) is None:
            losses.hint(name)


def _said(value: Any) -> str | None:
    """A number or a text as a form says it; None for what is neither."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return str(value)


def _facts(status: int, value: dict[str, Any]) -> ErrorFacts | None:
    """The error that a reply carries, if it carries one."""
    said = value.get("errors")
    kind = word(value, "name")
    if kind is None and not said:
        return None
    texts = [each for each in said if isinstance(each, str)] if isinstance(said, list) else []
    return ErrorFacts(status, lenient.text("; ".join(texts) or kind or f"HTTP {status}"), kind, kind)
