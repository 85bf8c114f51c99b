"""Reading a reply, whole or streamed, from wherever it comes: its words, its facts, and the errors it carries."""

from dataclasses import dataclass
from typing import Any, Protocol

from fairlead.dialects import lenient, sse
from fairlead.dialects.envelope import content_text
from fairlead.dialects.model import BadReply, ErrorFacts, Usage
from fairlead.dialects.openai import errors as openai_errors
from fairlead.dialects.openai.chat import CHAT, StreamReader, read_reply
from fairlead.errors import FairleadError, UpstreamFailure
from fairlead.upstream.api import Response

_USAGE = ("model_not_found", "provider_cannot_serve", "no_target", "config_invalid")
_REFUSED = (401, 402, 403)
_HALVES = tuple(map(chr, range(0xD800, 0xDC00)))


@dataclass(slots=True)
class Answer:
    """What came. The first eight are the keys of `--json`, and stay as they are."""

    text: str
    model: str | None
    provider: str | None
    intent: str | None
    usage: Usage | None
    finish_reason: str | None
    request_id: str | None
    attempts: int


class Listener(Protocol):
    """Who hears the words as they come."""

    def text(self, words: str) -> None:
        """Words of the answer."""

    def thought(self, words: str) -> None:
        """Words of the thinking that some models show."""

    def stop(self) -> None:
        """No more will come, whether or not that was all."""


class Told(FairleadError):
    """An error that a gateway told of, with the exit code that the engine's own would have."""

    type = "gateway_error"
    code = "gateway_error"

    def __init__(self, message: str, *, exit_code: int, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.exit_code = exit_code


class Reader:
    """Reads one reply and passes its words on."""

    def __init__(self, response: Response, listener: Listener) -> None:
        self._response = response
        self._listener = listener
        self._parts: list[str] = []
        self._finish: str | None = None
        self._half = ""

    async def read(self, *, stream: bool) -> Answer:
        """The answer, once it has ended. Raises `FairleadError`; what came before that was passed on."""
        try:
            if self._response.status >= 400:
                raise self._refused(await self._response.read())
            return await (self._stream() if stream else self._whole())
        except UpstreamFailure as caught:
            raise Told(f"the answer broke off: {caught.failure.detail}", hint="ask again", exit_code=3) from None
        except (BadReply, sse.EventTooLarge) as error:
            raise Told(f"what came is not an answer: {error}", hint="is it a gateway?", exit_code=3) from None
        finally:
            self._listener.stop()

    def _refused(self, body: bytes) -> Told:
        """The error in a refusal. A provider's own does not say whose it is, so that is added."""
        refused = told(self._response.status, body)
        provider = self._header(b"x-fairlead-provider")
        if refused.request_id or provider is None:
            return refused
        target = f"{provider}/{self._header(b'x-fairlead-model')}"
        named = Told(f"`{target}` refused the call: {refused}", exit_code=refused.exit_code, hint=refused.hint)
        named.request_id = self._header(b"x-fairlead-request-id") or ""
        return named

    async def _whole(self) -> Answer:
        body = await self._response.read()
        said = read_reply(CHAT, body)
        if isinstance(said, ErrorFacts):
            raise told(said.status, body)
        self._take(body)
        return self._answer(said)

    async def _stream(self) -> Answer:
        splitter, reader = sse.EventSplitter(), StreamReader(hide_usage=False)
        while not reader.done and (piece := await self._response.chunk()):
            for event in splitter.feed(piece):
                self._event(reader, sse.data_of(event))
        if not reader.finished:
            raise Told("the answer broke off: the stream ended before it did", hint="ask again", exit_code=3)
        self._response.linger()
        return self._answer(reader.usage)

    def _event(self, reader: StreamReader, data: bytes | None) -> None:
        if data is None or reader.done:
            return
        reader.read(data)
        if reader.error is not None:
            raise told(reader.error.status, data)
        if not reader.done:
            self._take(data)

    def _take(self, data: bytes) -> None:
        """What the first choice says in a reply or an event."""
        choices = lenient.members(data).get("choices")
        for choice in choices if isinstance(choices, list) else ():
            if not isinstance(choice, dict) or choice.get("index", 0) != 0:
                continue
            self._finish = _words(choice.get("finish_reason")) or self._finish
            said = choice.get("message") or choice.get("delta")
            if isinstance(said, dict):
                self._hear(said)

    def _hear(self, said: dict[str, Any]) -> None:
        if thought := content_text(said.get("reasoning_content")) or content_text(said.get("reasoning")):
            self._listener.thought(lenient.text(thought))
        words = self._half + (content_text(said.get("content")) or content_text(said.get("refusal")))
        # Half a surrogate pair waits for the other half, which the next event brings.
        cut = len(words) - (words[-1:] in _HALVES)
        words, self._half = _whole_characters(words[:cut]), words[cut:]
        if words:
            self._parts.append(words)
            self._listener.text(words)

    def _answer(self, usage: Usage | None) -> Answer:
        attempts = self._header(b"x-fairlead-attempts") or "1"
        return Answer(
            text="".join(self._parts),
            model=self._header(b"x-fairlead-model"),
            provider=self._header(b"x-fairlead-provider"),
            intent=self._header(b"x-fairlead-intent"),
            usage=usage,
            finish_reason=self._finish,
            request_id=self._header(b"x-fairlead-request-id"),
            attempts=int(attempts) if attempts.isdigit() else 1,
        )

    def _header(self, name: bytes) -> str | None:
        value = self._response.header(name)
        return value.decode("latin-1") if value is not None else None


def told(status: int, body: bytes) -> Told:
    """The error that a reply or an event carries. Reads more of a gateway's own than of others'."""
    facts = openai_errors.read(status, body)
    found = lenient.members(body).get("error")
    error = found if isinstance(found, dict) else {}
    code, kind = facts.code or "", facts.type or ""
    made = Told(facts.message, hint=_words(error.get("hint")), exit_code=_exit_code(facts.status, code, kind))
    made.request_id = _words(error.get("request_id")) or ""
    attempts = error.get("attempts")
    made.attempts = [row for row in attempts if isinstance(row, dict)] if isinstance(attempts, list) else []
    return made


def _exit_code(status: int, code: str, kind: str) -> int:
    if code in _USAGE:
        return 2
    if status in _REFUSED:
        return 4
    if kind in ("upstream_error", "rate_limit_error") or (status >= 500 and code != "internal_error"):
        return 3
    return 1


def _words(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _whole_characters(text: str) -> str:
    """The text with surrogate pairs made one, and what is left of broken ones made `?`."""
    if text.isascii():
        return text
    return lenient.text(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
