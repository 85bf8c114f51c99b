"""The parts of a client's contents, read."""

from collections.abc import Callable
from typing import Any, Final

from fairlead.dialects.gemini import media, signatures
from fairlead.dialects.gemini.camel import CamelFields
from fairlead.dialects.gemini.words import NAME, encode
from fairlead.dialects.model import Media, Message, NativePart, Part, Reasoning, Text, ToolCall, ToolResult
from fairlead.errors import RequestError

_ROLES: Final = {"user": "user", "model": "assistant", "function": "user"}


class Contents:
    """Reads contents in order: calls without an id get one, and results find the call that they answer."""

    __slots__ = ("_calls", "_open", "extra")

    def __init__(self) -> None:
        self._calls = 0
        self._open: dict[str, list[str]] = {}
        self.extra: dict[str, Any] = {}

    def read(self, content: CamelFields) -> Message:
        """One message."""
        role = content.text("role") or "user"
        if role not in _ROLES:
            path = content.path("role")
            raise RequestError(f"`{path}` must be user or model", param=path)
        message = Message("assistant" if role == "model" else "user", self.parts(content))
        self.extra.update(content.rest())
        return message

    def parts(self, content: CamelFields) -> list[Part]:
        parts: list[Part] = []
        for fields in content.each("parts"):
            self._part(fields, parts)
        return parts

    def _part(self, fields: CamelFields, parts: list[Part]) -> None:
        thought = fields.flag("thought")
        signature = fields.text("thoughtSignature")
        if "text" in fields:
            self._text(fields.needed("text"), signature, parts, thought=thought is True)
        else:
            name = next((name for name in _READERS if name in fields), None)
            inner = fields.inner(name) if name and not thought else None
            if inner is None:
                self._native(fields, signature, parts, thought=thought is True)
                return
            _READERS[name or ""](self, inner, signature, parts)
            self._resolution(fields, parts)
            self.extra.update(inner.rest())
        self.extra.update(fields.rest())

    @staticmethod
    def _text(text: str, signature: str | None, parts: list[Part], *, thought: bool) -> None:
        if not thought:
            parts.append(Text(text))
            _prove(signature, parts)
            return
        before = parts[-1] if parts else None
        proof = signatures.unseal(signature) if signature else None
        if not isinstance(before, Reasoning) or before.signature is not None or before.encrypted is not None:
            before = Reasoning("", issuer=NAME, summary=True)
            parts.append(before)
        before.text += text
        if proof is not None:
            _set(before, proof)

    @staticmethod
    def _native(fields: CamelFields, signature: str | None, parts: list[Part], *, thought: bool) -> None:
        value = {path.removeprefix(fields.at + "."): held for path, held in fields.rest().items()}
        if thought and value:
            value["thought"] = True
        if value:
            parts.append(
                NativePart(NAME, {**value, **({"thoughtSignature": signature} if signature else {})}, fields.at)
            )
        else:
            _prove(signature, parts)

    @staticmethod
    def _resolution(fields: CamelFields, parts: list[Part]) -> None:
        if "mediaResolution" not in fields:
            return
        resolution = fields.mapping("mediaResolution") or {}
        found = next((part for part in reversed(parts) if isinstance(part, Media)), None)
        if found is not None:
            found.detail = media.detail(resolution)

    def blob(self, blob: CamelFields, signature: str | None, parts: list[Part]) -> None:
        parts.append(media.from_blob(blob.text("mimeType"), blob.needed("data"), blob.text("displayName"), blob.at))
        _prove(signature, parts)

    def file(self, file: CamelFields, signature: str | None, parts: list[Part]) -> None:
        parts.append(media.from_file(file.text("mimeType"), file.needed("fileUri"), file.text("displayName"), file.at))
        _prove(signature, parts)

    def call(self, call: CamelFields, signature: str | None, parts: list[Part]) -> None:
        name = call.needed("name")
        identity = call.text("id") or f"call_{self._calls}_{name}"
        self._calls += 1
        self._open.setdefault(name, []).append(identity)
        made = ToolCall(identity, name, encode(call.mapping("args") or {}).decode("utf-8", "replace"))
        if signature:
            proof = signatures.unseal(signature)
            made.signature, made.issuer = proof.signature, proof.issuer
        parts.append(made)

    def result(self, response: CamelFields, _signature: str | None, parts: list[Part]) -> None:
        name = response.needed("name")
        said = response.mapping("response") or {}
        text, error = _said(said)
        held: list[Part] = [] if text is None else [Text(text)]
        for fields in response.each("parts"):
            self._part(fields, held)
        parts.append(ToolResult(self._answered(response.text("id"), name), held, name, error))

    def _answered(self, identity: str | None, name: str) -> str:
        """The id of the call that a result answers: of those by its name that are still open, the first."""
        still_open = self._open.get(name, [])
        if identity is None:
            return still_open.pop(0) if still_open else f"call_{self._calls}_{name}"
        if identity in still_open:
            still_open.remove(identity)
        return identity


_READERS: Final[dict[str, Callable[[Contents, CamelFields, str | None, list[Part]], None]]] = {
    "functionCall": Contents.call,
    "functionResponse": Contents.result,
    "inlineData": Contents.blob,
    "fileData": Contents.file,
}


def _said(response: dict[str, Any]) -> tuple[str | None, bool | None]:
    """A tool's answer as text, and whether it is an error: `output` and `error` are the words that Gemini knows."""
    if not response:
        return None, None
    if len(response) == 1:
        name, value = next(iter(response.items()))
        if isinstance(value, str) and name in ("output", "error"):
            return value, True if name == "error" else None
    return encode(response).decode("utf-8", "replace"), None


def _prove(signature: str | None, parts: list[Part]) -> None:
    """A signature on what is no thought: it follows its part as a thought without words."""
    if signature:
        parts.append(_set(Reasoning(), signatures.unseal(signature)))


def _set(thought: Reasoning, proof: signatures.Proof) -> Reasoning:
    thought.issuer, thought.signature = proof.issuer, proof.signature
    thought.encrypted, thought.id = proof.encrypted, proof.id
    return thought
