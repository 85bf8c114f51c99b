"""The model of last resort: no network and no weights. It says what it is, and repeats what it was told."""

import re
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct

from fairlead import ids
from fairlead.clock import Clock
from fairlead.upstream.api import Request, Response

LONGEST_ECHO = 4000
WHY = "no provider key is set, and no local model is installed"
ADVICE = "For real answers set a provider's key, such as OPENROUTER_API_KEY, or run `ai models pull smollm2`."


class Part(Struct):
    """A piece of a message; only text is echoed."""

    text: str = ""


class Message(Struct):
    """A message of a chat."""

    role: str = ""
    content: str | list[Part] | None = None

    @property
    def text(self) -> str:
        """What it says."""
        if isinstance(self.content, list):
            return " ".join(part.text for part in self.content if part.text)
        return self.content or ""


class StreamOptions(Struct):
    """What a client wants to know of a stream."""

    include_usage: bool | None = None


class Ask(Struct):
    """As much of a request's body as an echo needs."""

    model: str = "echo"
    messages: list[Message] = []
    prompt: str | list[str | int | list[int]] | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None

    @property
    def wants_usage(self) -> bool:
        """Whether a stream ends with a count of tokens."""
        return bool(self.stream_options and self.stream_options.include_usage)


Body = dict[str, Any]


class EchoUpstream:
    """Answers by itself what is meant for the provider `echo`, in OpenAI's shape."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def send(self, request: Request) -> Response:
        """Answer. Never raises: what an echo cannot do is said with a status, as a provider would."""
        answer = {"/chat/completions": self._chat, "/completions": self._completion}.get(request.path)
        if answer is None:
            return _refusal(
                f"the `echo` model does chats and completions alone, not {request.path}; name another model",
                "model_not_supported",
            )
        try:
            return answer(msgspec.json.decode(request.body, type=Ask))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            return _refusal(f"the body cannot be read: {error}", None)

    async def aclose(self) -> None:
        """Nothing to let go of."""

    def _chat(self, ask: Ask) -> Response:
        if not ask.messages:
            return _refusal("`messages` is missing or empty", None, "messages")
        said = [message.text for message in ask.messages]
        last = next((message.text for message in reversed(ask.messages) if message.role == "user"), "")
        text = self._text(last)
        usage = _usage(said, text)
        shell = self._shell("chatcmpl", "chat.completion.chunk" if ask.stream else "chat.completion", ask)
        if not ask.stream:
            message = {"role": "assistant", "content": text, "refusal": None}
            choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
            return _whole(200, {**shell, "choices": [choice], "usage": usage})
        deltas: list[Body] = [{"role": "assistant", "content": "", "refusal": None}]
        deltas += [{"content": word} for word in _words(text)]
        choices: list[Body] = [
            {"index": 0, "delta": delta, "logprobs": None, "finish_reason": None} for delta in deltas
        ]
        choices.append({"index": 0, "delta": {}, "logprobs": None, "finish_reason": "stop"})
        return _stream(shell, choices, usage if ask.wants_usage else None)

    def _completion(self, ask: Ask) -> Response:
        prompt = ask.prompt or ""
        told = prompt if isinstance(prompt, str) else " ".join(piece for piece in prompt if isinstance(piece, str))
        text = self._text(told)
        usage = _usage([told], text)
        shell = self._shell("cmpl", "text_completion", ask)
        end: Body = {"index": 0, "text": text, "logprobs": None, "finish_reason": "stop"}
        if not ask.stream:
            return _whole(200, {**shell, "choices": [end], "usage": usage})
        choices: list[Body] = [{**end, "text": word, "finish_reason": None} for word in _words(text)]
        choices.append({**end, "text": ""})
        return _stream(shell, choices, usage if ask.wants_usage else None)

    def _text(self, told: str) -> str:
        told = told if len(told) <= LONGEST_ECHO else told[:LONGEST_ECHO] + " […]"
        return f"This is the `echo` model of Fairlead: {WHY}. {ADVICE} You said: {told}"

    def _shell(self, prefix: str, kind: str, ask: Ask) -> Body:
        name = f"{prefix}-{ids.request_id(self._clock)}"
        return {"id": name, "object": kind, "created": int(self._clock.wall()), "model": ask.model}


class Reply:
    """An answer that is all there already."""

    def __init__(self, status: int, content_type: bytes, pieces: Iterator[bytes]) -> None:
        self.status = status
        self._content_type = content_type
        self._pieces = pieces

    def header(self, name: bytes) -> bytes | None:
        """The value of the header `name`; there is but one."""
        return self._content_type if name == b"content-type" else None

    async def read(self) -> bytes:
        """The whole body."""
        return b"".join(self._pieces)

    async def chunk(self) -> bytes:
        """The next event of a stream, or the whole body; empty at its end."""
        return next(self._pieces, b"")

    def linger(self) -> None:
        """Nothing is due."""

    def close(self) -> None:
        """Give up the rest."""
        self._pieces = iter(())


def _whole(status: int, body: Body) -> Response:
    return Reply(status, b"application/json", iter([msgspec.json.encode(body)]))


def _refusal(message: str, code: str | None, param: str | None = None) -> Response:
    return _whole(400, {"error": {"message": message, "type": "invalid_request_error", "param": param, "code": code}})


def _stream(shell: Body, choices: list[Body], usage: Body | None) -> Response:
    pending = {} if usage is None else {"usage": None}
    chunks = [{**shell, "choices": [choice], **pending} for choice in choices]
    if usage is not None:
        chunks.append({**shell, "choices": [], "usage": usage})
    events = [b"data: " + msgspec.json.encode(chunk) + b"\n\n" for chunk in chunks]
    return Reply(200, b"text/event-stream", iter([*events, b"data: [DONE]\n\n"]))


def _words(text: str) -> list[str]:
    return re.findall(r"\s*\S+|\s+$", text)


def _usage(told: list[str], answer: str) -> Body:
    """Words for tokens: near enough for what costs nothing."""
    prompt = sum(len(text.split()) for text in told)
    completion = len(answer.split())
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
