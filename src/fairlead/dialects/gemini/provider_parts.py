"""What was said, as the contents of a provider's request."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from fairlead.dialects.codec import Losses
from fairlead.dialects.gemini import calls, media
from fairlead.dialects.gemini.reply_parts import MADE
from fairlead.dialects.gemini.words import NAME, generation
from fairlead.dialects.model import Media, Message, NativePart, Part, Reasoning, Refusal, Text, ToolCall, ToolResult

_Said = dict[str, Any]

# From Gemini 3 on the first call of each step must be signed. For one that another model made there is this word:
# https://ai.google.dev/gemini-api/docs/thought-signatures (FAQ).
UNSIGNED: Final = "skip_thought_signature_validator"
_SIGNED: Final = 3


@dataclass(slots=True)
class Contents:
    """Writes messages for a model. `names` has the function that each call was for, since results have to name it."""

    model: str
    losses: Losses
    system: list[_Said] = field(default_factory=list)
    written: list[_Said] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    new: bool = False

    def write(self, messages: list[Message]) -> None:
        self.new = generation(self.model) >= _SIGNED
        for message in messages:
            if message.name is not None:
                self.losses.hint("name")
            if message.role in ("system", "developer"):
                self._instruct(message)
            else:
                self._say("model" if message.role == "assistant" else "user", self._parts(message.parts))
        if not self.written and self.system:
            self.losses.hint("messages", "instructions alone were sent as what the user said")
            self.written, self.system = [{"role": "user", "parts": self.system}], []
        if self.new:
            for content in self.written:
                _mark_unsigned(content)

    def _instruct(self, message: Message) -> None:
        """There is one place for instructions, before all that is said, and it takes texts."""
        if self.written:
            self.losses.hint("messages", "instructions within a conversation were put before it")
        for part in message.parts:
            if isinstance(part, Text):
                self.system += _text(part, self)
            else:
                self.losses.change(getattr(part, "at", "") or "messages", "instructions can be but text")

    def _say(self, role: str, parts: list[_Said]) -> None:
        """Adds parts; to the last content where Gemini takes a turn for one.

        All results of one step stand in one content, and a call follows a user's turn and nothing else.
        """
        if not parts:
            return
        last = self.written[-1] if self.written else None
        if (
            last is not None
            and last["role"] == role
            and (role == "model" or (_results(last["parts"]) and _results(parts)))
        ):
            last["parts"] += parts
        else:
            self.written.append({"role": role, "parts": parts})

    def _parts(self, parts: list[Part]) -> list[_Said]:
        written: list[_Said] = []
        for part in parts:
            if type(part) is Reasoning:
                self._thought(part, written)
            else:
                said = _WRITERS[type(part)](part, self)
                if written and said and "functionCall" in said[0]:
                    _sign(said[0], written)
                written += said
        return written

    def _thought(self, part: Reasoning, written: list[_Said]) -> None:
        """Gemini's own thoughts alone; a signature without words goes to the part that it was taken from."""
        signature = part.signature or part.encrypted
        if part.issuer != NAME or not (part.text or signature):
            self.losses.hint("thinking", "thoughts of another model were left out")
        elif part.text:
            written.append(
                {"text": part.text, "thought": True, **({"thoughtSignature": signature} if signature else {})}
            )
        elif written and _takes_signature(written[-1]):
            written[-1]["thoughtSignature"] = signature
        else:
            written.append({"text": "", "thoughtSignature": signature})


def _takes_signature(part: _Said) -> bool:
    return ("text" in part or "inlineData" in part) and "thought" not in part and "thoughtSignature" not in part


def _sign(call: _Said, written: list[_Said]) -> None:
    """A signature that stands alone before a call is the call's, where that has none of its own."""
    alone = written[-1].get("text") == "" and "thoughtSignature" in written[-1]
    if alone and "thoughtSignature" not in call:
        call["thoughtSignature"] = written.pop()["thoughtSignature"]


def _results(parts: list[_Said]) -> bool:
    return all("functionResponse" in part for part in parts)


def _mark_unsigned(content: _Said) -> None:
    call = next((part for part in content["parts"] if "functionCall" in part), None)
    if call is not None and "thoughtSignature" not in call:
        call["thoughtSignature"] = UNSIGNED


def _text(part: Text, contents: Contents) -> list[_Said]:
    if part.cache is not None:
        contents.losses.hint("cache")
    if part.citations:
        contents.losses.hint("citations")
    return [{"text": part.text}]


def _refusal(part: Refusal, _contents: Contents) -> list[_Said]:
    return [{"text": part.text}]


def _media(part: Media, contents: Contents) -> list[_Said]:
    written = media.write_for_provider(part, contents.losses, levels=contents.new)
    return [] if written is None else [written]


def _call(part: ToolCall, contents: Contents) -> list[_Said]:
    contents.names[part.id] = part.name
    if part.cache is not None:
        contents.losses.hint("cache")
    called: _Said = {"name": part.name, "args": calls.arguments(part.arguments, custom=part.custom)}
    written: _Said = {"functionCall": _identified(called, part.id)}
    if part.signature is not None and part.issuer == NAME:
        written["thoughtSignature"] = part.signature
    elif part.signature is not None:
        contents.losses.hint("thinking", "thoughts of another model were left out")
    return [written]


def _result(part: ToolResult, contents: Contents) -> list[_Said]:
    words = [each for each in part.parts if isinstance(each, Text)]
    if part.cache is not None or any(each.cache is not None for each in words):
        contents.losses.hint("cache")
    texts = [each.text for each in words]
    others = [each for each in part.parts if not isinstance(each, Text)]
    shown = [said for each in others for said in _WRITERS[type(each)](each, contents)]
    said: _Said = {
        "name": contents.names.get(part.id) or part.name or part.id,
        "response": calls.answer("\n".join(texts), error=part.error is True)
        if texts or part.error or not shown
        else {},
    }
    # Before Gemini 3 a result cannot have media in it: https://ai.google.dev/gemini-api/docs/function-calling
    if shown and contents.new:
        said["parts"], shown = shown, []
    return [{"functionResponse": _identified(said, part.id)}, *shown]


def _identified(said: _Said, identity: str) -> _Said:
    return said if not identity or MADE.match(identity) else {"id": identity, **said}


def _native(part: NativePart, contents: Contents) -> list[_Said]:
    if part.dialect == NAME:
        return [part.value]
    contents.losses.change(part.at or "messages", f"a part that only {part.dialect} knows")
    return []


_WRITERS: Final[dict[type[Part], Callable[[Any, Contents], list[_Said]]]] = {
    Text: _text,
    Refusal: _refusal,
    Media: _media,
    ToolCall: _call,
    ToolResult: _result,
    NativePart: _native,
    Reasoning: lambda _part, _contents: [],
}
