"""Canonical messages, written as a provider takes them."""

from typing import Any

from fairlead.dialects.codec import Losses
from fairlead.dialects.model import (
    Cache,
    Media,
    Message,
    NativePart,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)
from fairlead.dialects.openai import media, thoughts, tools
from fairlead.dialects.openai.flavor import Flavor, mark_cache
from fairlead.dialects.openai.wire import DIALECT

Json = dict[str, Any]


class Contents:
    """Writes the messages of one request. Where a server knows no `developer`, he speaks as `system`."""

    __slots__ = ("_flavor", "_losses", "written")

    def __init__(self, messages: list[Message], losses: Losses, flavor: Flavor, *, developer: bool) -> None:
        self._losses = losses
        self._flavor = flavor
        self.written: list[Json] = []
        for message in messages:
            if message.role == "assistant":
                self._assistant(message)
            elif message.role == "user":
                self._user(message)
            else:
                role = message.role if developer else "system"
                self._add(role, message.name, [self._part(each) for each in message.parts])

    def _add(self, role: str, name: str | None, parts: list[Json | None]) -> None:
        message: Json = {"role": role, "content": _content([part for part in parts if part is not None])}
        if name is not None:
            message["name"] = name
        self.written.append(message)

    def _user(self, message: Message) -> None:
        """Results of tools are messages of their own; what is no text in them follows as the user's."""
        shown: list[Json | None] = []
        said: list[Json | None] = []
        for part in message.parts:
            if isinstance(part, ToolResult):
                if said:
                    self._add("user", message.name, said)
                    said = []
                self.written.append(self._result(part, shown))
            else:
                said.append(self._part(part))
        if shown or said or not message.parts:
            self._add("user", message.name, shown + said)

    def _result(self, result: ToolResult, shown: list[Json | None]) -> Json:
        if result.error:
            self._losses.hint("is_error")
        texts: list[Json] = []
        for part in result.parts:
            written = self._part(part)
            if written is not None:
                (texts if written["type"] == "text" else shown).append(written)
        if texts:
            self._mark(result.cache, texts[-1])
        elif result.cache is not None:
            self._losses.hint("cache")
        return {"role": "tool", "tool_call_id": result.id, "content": _content(texts)}

    def _part(self, part: Part) -> Json | None:
        """A part of a user's or a system's message; None where it cannot be carried."""
        if isinstance(part, Text):
            return self._text(part)
        if isinstance(part, Media):
            written = media.write(part, self._losses, self._flavor)
            return written and self._mark(part.cache, written)
        if isinstance(part, Refusal):
            return {"type": "text", "text": part.text}
        if isinstance(part, NativePart) and part.dialect == DIALECT and "type" in part.value:
            return part.value
        if isinstance(part, Reasoning):
            self._losses.hint("thinking")
        else:
            self._lose(part)
        return None

    def _lose(self, part: Part) -> None:
        kind = f"of {part.dialect} alone" if isinstance(part, NativePart) else f"({type(part).__name__}) out of place"
        self._losses.change(getattr(part, "at", "") or "messages", f"a part {kind}")

    def _text(self, part: Text) -> Json:
        if part.citations:
            self._losses.hint("citations")
        return self._mark(part.cache, {"type": "text", "text": part.text})

    def _mark(self, cache: Cache | None, written: Json) -> Json:
        if cache is not None:
            mark_cache(cache, written, self._losses, self._flavor)
        return written

    def _assistant(self, message: Message) -> None:
        """What the model said, with its thoughts as far as they are its own or nobody's."""
        written: Json = {"role": "assistant"}
        if message.name is not None:
            written["name"] = message.name
        told: list[Reasoning] = []
        said: list[Json] = []
        calls: list[Json] = []
        for part in message.parts:
            if isinstance(part, Text):
                said.append(self._text(part))
            elif isinstance(part, ToolCall):
                calls.append(self._call(part))
            elif isinstance(part, Reasoning):
                told += self._own(part)
            elif isinstance(part, Refusal):
                written["refusal"] = part.text
            elif isinstance(part, NativePart) and part.dialect == DIALECT and "type" not in part.value:
                written.update(part.value)
            else:
                self._lose(part)
        if said or (not written.keys() - {"role", "name"} and not calls):
            written["content"] = _spoken(said)
        self._put(written, told, calls)
        self.written.append(written)

    def _put(self, written: Json, told: list[Reasoning], calls: list[Json]) -> None:
        if entries := thoughts.details(told):
            written["reasoning_details"] = entries
        elif told and self._flavor.thoughts is None:
            self._losses.hint("thinking", "this provider takes no thoughts back")
        elif told and self._flavor.thoughts is not None:
            written[self._flavor.thoughts] = thoughts.joined(told)
        if calls:
            written["tool_calls"] = calls

    def _own(self, part: Reasoning) -> list[Reasoning]:
        if part.issuer in ("", DIALECT) or not (part.signature or part.encrypted):
            return [part]
        self._losses.hint("thinking", "thoughts that another provider signed")
        return []

    def _call(self, call: ToolCall) -> Json:
        written = self._mark(call.cache, tools.write_call(call))
        if call.signature is None:
            return written
        if call.issuer == DIALECT:
            return {**written, "extra_content": tools.signed(call.signature, call.issuer)}
        self._losses.hint("thinking", "thoughts that another provider signed")
        return written


def _content(parts: list[Json]) -> str | list[Json]:
    """One plain text alone is written as a text, which every server reads."""
    if not parts:
        return ""
    if len(parts) == 1 and parts[0].keys() == {"type", "text"}:
        text: str = parts[0]["text"]
        return text
    return parts


def _spoken(texts: list[Json]) -> str | list[Json]:
    """What the assistant said, as one text: one that is cited bit by bit comes in many."""
    if any("cache_control" in text for text in texts):
        return texts
    return "".join(text["text"] for text in texts)
