"""A call whose body is a multipart form (RFC 7578): its model and whether it streams; the rest stays bytes."""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from fairlead.dialects.envelope import Endpoint, checked, counted
from fairlead.errors import RequestError

_BOUNDARY: Final = re.compile(r'multipart/form-data\s*;.*?boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))', re.IGNORECASE)
_NAME: Final = re.compile(
    rb'^content-disposition:[^\r\n]*?[; ]name=(?:"([^"\r\n]*)"|([^\s;"]+))', re.IGNORECASE | re.MULTILINE
)
_MOST_PARTS: Final = 100
_LONGEST_HEAD: Final = 8192
_END: Final = b"\r\n\r\n"


class _Field(NamedTuple):
    start: int
    end: int


class FormEnvelope:
    """What must be known of a call that comes as a form. Raises `RequestError` for anything else."""

    __slots__ = ("_model", "body", "choices", "content_type", "endpoint", "files", "model", "shows_usage",
                 "stream", "wants_cost")  # fmt: skip

    def __init__(self, endpoint: Endpoint, body: bytes, content_type: str) -> None:
        self.endpoint = endpoint
        self.body = body
        self.content_type = content_type
        self.shows_usage = self.wants_cost = False
        self.files: list[int] = []  # the sizes of files
        fields = _fields(body, _boundary(content_type), self.files)
        self._model = fields.get(b"model")
        self.model = self._read(self._model) or endpoint.default_model or _missing()
        self.stream = endpoint.streams and self._read(fields.get(b"stream")).strip().lower() == "true"
        self.choices = counted(self._read(fields.get(b"n")).strip().encode())

    def _read(self, field: _Field | None) -> str:
        if field is None:
            return ""
        try:
            text = self.body[field.start : field.end].decode()
        except UnicodeDecodeError:
            raise RequestError("a field of the form is not UTF-8") from None
        return checked(text) if field is self._model else text

    def write(  # a form has nothing to ask with
        self,
        model: str,
        *,
        ask_usage: bool,  # noqa: ARG002
        lowered: Mapping[str, bytes | None] | None = None,  # noqa: ARG002
    ) -> bytes:
        """The body for a provider: its own name for the model."""
        if self._model is None or model == self.model:
            return self.body
        return self.body[: self._model.start] + model.encode() + self.body[self._model.end :]

    def last_user_text(self) -> str:
        return ""


def _missing() -> str:
    raise RequestError("the form has no `model`", param="model", hint="name a model")


def _boundary(content_type: str) -> bytes:
    match = _BOUNDARY.match(content_type)
    if match is None:
        raise RequestError(
            "the body is not a form", hint="send `multipart/form-data` with its boundary, as the official clients do"
        )
    return (match[1] or match[2]).encode("latin-1")


def _fields(body: bytes, boundary: bytes, files: list[int]) -> dict[bytes, _Field]:
    """Where the value of each field stands; `files` gets the sizes of those that are files.

    A name must not repeat, but for lists (`image[]`).
    """
    mark = b"\r\n--" + boundary
    fields: dict[bytes, _Field] = {}
    at = len(mark) - 2 if body.startswith(mark[2:]) else _after(body, mark)
    for _ in range(_MOST_PARTS):
        if body.startswith(b"--", at):
            return fields
        end_of_head = body.find(_END, at, at + _LONGEST_HEAD)
        end = body.find(mark, end_of_head + len(_END) - 2)
        if end_of_head < 0 or end < 0:
            raise RequestError("the form breaks off")
        head = body[at:end_of_head]
        _note(fields, head, _Field(end_of_head + len(_END), end))
        if b"filename" in head.lower():
            files.append(end - end_of_head - len(_END))
        at = end + len(mark)
    raise RequestError(f"the form has more than {_MOST_PARTS} parts")


def _note(fields: dict[bytes, _Field], head: bytes, field: _Field) -> None:
    name = _NAME.search(head)
    if name is None:
        raise RequestError("a part of the form has no name")
    said = name[2] or name[1]  # .NET's own client leaves the quotes out
    if said in fields and said in (b"model", b"stream"):
        raise RequestError(f"the form names `{said.decode()}` twice", param=said.decode())
    fields[said] = field


def _after(body: bytes, mark: bytes) -> int:
    found = body.find(mark)
    if found < 0:
        raise RequestError("the form does not begin with its boundary")
    return found + len(mark)
