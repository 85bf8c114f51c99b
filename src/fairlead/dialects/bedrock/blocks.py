"""The parts of a message as Converse's content blocks."""

import re
from collections.abc import Callable
from typing import Any, Final
from zlib import crc32

from fairlead.dialects import lenient
from fairlead.dialects.bedrock import media
from fairlead.dialects.bedrock.models import Model
from fairlead.dialects.codec import Losses
from fairlead.dialects.model import (
    Cache,
    Media,
    NativePart,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)

NAME: Final = "bedrock-converse"
Block = dict[str, Any]
_ID = re.compile(r"[a-zA-Z0-9_.:-]{1,64}")
_NOT_IN_AN_ID = re.compile(r"[^a-zA-Z0-9_.:-]")


class Blocks:
    """Writes parts for one call to one model."""

    __slots__ = ("_documents", "_losses", "_model")

    def __init__(self, model: Model, losses: Losses) -> None:
        self._model = model
        self._losses = losses
        self._documents: set[str] = set()

    def content(self, parts: list[Part]) -> list[Block]:
        """The blocks of a user's or a model's message. Blank texts are left out: Bedrock refuses them."""
        out: list[Block] = []
        for part in parts:
            _WRITE[type(part)](self, part, out)
        return out

    def system(self, parts: list[Part]) -> list[Block]:
        """The blocks of a system message."""
        out: list[Block] = []
        for part in parts:
            if isinstance(part, Text) or (isinstance(part, NativePart) and part.dialect == NAME):
                _WRITE[type(part)](self, part, out)
            else:
                self._losses.change(getattr(part, "at", "") or "messages", "Bedrock takes only text as instructions")
        return out

    def cache(self, mark: Cache | None, out: list[Block]) -> None:
        """Marks what was written so far."""
        if mark is None or not out:
            return
        if not self._model.full:
            self._losses.hint("cache", "the model does not cache prompts")
            return
        timed = mark.ttl in ("5m", "1h") and not self._model.nova
        out.append({"cachePoint": {"type": "default", "ttl": mark.ttl} if timed else {"type": "default"}})

    def _text(self, part: Text, out: list[Block]) -> None:
        own = [each.native for each in part.citations if each.dialect == NAME and each.native]
        if len(own) < len(part.citations):
            self._losses.hint("citations")
        if own:
            out.append({"citationsContent": {"content": [{"text": part.text}], "citations": own}})
        elif part.text and not part.text.isspace():
            out.append({"text": part.text})
        self.cache(part.cache, out)

    def _refusal(self, part: Refusal, out: list[Block]) -> None:
        self._text(Text(part.text), out)

    def _media(self, part: Media, out: list[Block]) -> None:
        block = media.write(part, self._losses, self._documents)
        if block is not None:
            out.append(block)
            self.cache(part.cache, out)

    def _reasoning(self, part: Reasoning, out: list[Block]) -> None:
        if part.issuer == NAME and part.signature:
            thought = {"text": part.text, "signature": part.signature}
            out.append({"reasoningContent": {"reasoningText": thought}})
        if part.issuer == NAME and part.encrypted:
            out.append({"reasoningContent": {"redactedContent": part.encrypted}})
        if part.issuer != NAME or not (part.signature or part.encrypted):
            self._losses.hint("thinking", "a model takes back only the thoughts that it signed")

    def _call(self, part: ToolCall, out: list[Block]) -> None:
        given = {"input": part.arguments} if part.custom else arguments(part.arguments)
        out.append({"toolUse": {"toolUseId": tool_id(part.id), "name": part.name, "input": given}})
        self.cache(part.cache, out)

    def _result(self, part: ToolResult, out: list[Block]) -> None:
        result: Block = {"toolUseId": tool_id(part.id), "content": self._given(part)}
        if part.error is not None and self._model.full:
            result["status"] = "error" if part.error else "success"
        elif part.error:
            self._losses.hint("is_error", "the model takes no marks on the results of tools")
        out.append({"toolResult": result})
        self.cache(part.cache, out)

    def _given(self, result: ToolResult) -> list[Block]:
        """What a tool gave. Nothing at all is an empty list: Bedrock refuses a blank text here too."""
        out: list[Block] = []
        for part in result.parts:
            if isinstance(part, Text) or (isinstance(part, Media) and part.kind != "audio"):
                if part.cache is not None:
                    self._losses.hint("cache", "nothing within the result of a tool can be marked")
                block = {"text": part.text} if isinstance(part, Text) else self._shown(part)
                out += [block] if block and block.get("text") != "" else []
            elif isinstance(part, NativePart) and part.dialect == NAME:
                out.append(part.value)
            else:
                self._losses.change(getattr(part, "at", "") or "messages", "it cannot stand in the result of a tool")
        return out

    def _shown(self, part: Media) -> Block | None:
        return media.write(part, self._losses, self._documents)

    def _native(self, part: NativePart, out: list[Block]) -> None:
        if part.dialect == NAME:
            out.append(part.value)
        else:
            self._losses.change(part.at or "messages", f"only `{part.dialect}` knows it")


_WRITE: Final[dict[type, Callable[[Blocks, Any, list[Block]], None]]] = {
    Text: Blocks._text,  # noqa: SLF001
    Media: Blocks._media,  # noqa: SLF001
    Reasoning: Blocks._reasoning,  # noqa: SLF001
    ToolCall: Blocks._call,  # noqa: SLF001
    ToolResult: Blocks._result,  # noqa: SLF001
    Refusal: Blocks._refusal,  # noqa: SLF001
    NativePart: Blocks._native,  # noqa: SLF001
}


def arguments(text: str) -> Block:
    """A call's arguments as the object that Converse wants. Text that is none stands in one, under `arguments`."""
    try:
        value = lenient.loads(text.encode()) if text.strip() else {}
    except ValueError:
        value = None
    return value if isinstance(value, dict) else {"arguments": text}


def tool_id(given: str) -> str:
    """An id that Converse takes: the same, unless it is too long or has other signs in it."""
    if _ID.fullmatch(given):
        return given
    return f"{_NOT_IN_AN_ID.sub('_', given)[:55]}_{crc32(given.encode('utf-8', 'replace')):08x}"
