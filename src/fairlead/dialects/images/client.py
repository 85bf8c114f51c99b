"""What clients speak: OpenAI's `/v1/images/generations`. Their errors are OpenAI's."""

import re
from collections.abc import Mapping
from typing import Any, Final

from fairlead.dialects import bodies
from fairlead.dialects.codec import Facts
from fairlead.dialects.fields import Fields, wrong
from fairlead.dialects.images.shape import ImageReply, ImageRequest
from fairlead.dialects.openai import errors as openai_errors
from fairlead.dialects.openai.wire import encode
from fairlead.errors import FairleadError

_SIZE: Final = re.compile(r"([1-9]\d{0,4})x([1-9]\d{0,4})")
_AUTO: Final = "auto"
_TOLD: Final = ("quality", "background", "style", "moderation")


class Client:
    """Reads and writes `/v1/images/generations`."""

    name = "images"
    names: Mapping[str, str] = {}

    def read(self, body: bytes) -> ImageRequest:
        """The request in `body`; its `model` is the envelope's. Raises `RequestError` with `param`."""
        fields = Fields(bodies.read(body))
        for settled in ("model", "stream"):
            fields.any(settled)
        request = ImageRequest(
            fields.needed("prompt"),
            _size(fields.text("size")),
            _count(fields.integer("n")),
            fields.text("output_format"),
            fields.text("response_format"),
        )
        told = {name: fields.text(name) or _AUTO for name in _TOLD}
        request.told = {name: value for name, value in told.items() if value != _AUTO}
        request.extra = fields.rest()
        return request

    def write(self, reply: ImageReply, request: ImageRequest, facts: Facts) -> bytes:
        """The body of a reply."""
        body: dict[str, Any] = {"created": facts.created, "data": [_data(reply, at) for at in range(len(reply.images))]}
        if request.output_format is not None:
            body["output_format"] = request.output_format
        return encode(body)

    def error(self, error: FairleadError) -> bytes:
        """The body of an error."""
        return encode(openai_errors.write(error))


def _size(said: str | None) -> tuple[int, int] | None:
    if said is None or said == _AUTO:
        return None
    read = _SIZE.fullmatch(said)
    if read is None:
        raise wrong("size", "a width and a height, such as `1024x1024`, or `auto`")
    return int(read[1]), int(read[2])


def _count(said: int | None) -> int:
    if said is not None and said < 1:
        raise wrong("n", "1 or more")
    return said or 1


def _data(reply: ImageReply, at: int) -> dict[str, Any]:
    image = reply.images[at]
    return {"b64_json": image.data} | ({} if image.seed is None else {"seed": image.seed})
