"""The canonical model: what every dialect is read into and written from. N + M codecs meet here, never in pairs.

A value that a client or a provider did not give is None (or empty); numbers stay as they were written. What one dialect
alone has a word for travels as `NativePart`, `NativeTool` or in `extra`, and reaches nobody else: a writer that cannot
carry a thing says so to `Losses` (`codec.py`), so that nothing is dropped in silence.
"""

import dataclasses
from dataclasses import dataclass
from typing import Any, Literal

from msgspec import Raw, Struct, field

from fairlead.dialects import lenient

Role = Literal["system", "developer", "user", "assistant"]
Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]
# `refusal` is the model's own, `content_filter` somebody's between; `pause` asks to be sent back and go on (Anthropic's
# `pause_turn`); `context` is a full context window.
Finish = Literal["stop", "length", "tool_calls", "content_filter", "refusal", "pause", "context", "error"]


# --- what messages are made of


class Cache(Struct, frozen=True):
    """A mark that all up to here may be cached. `ttl` is the client's word (`5m`, `1h`)."""

    ttl: str | None = None


class Citation(Struct):
    """What a text rests on. Offsets count code points of the text that carries it; `native` is the source's object."""

    url: str | None = None
    title: str | None = None
    quote: str | None = None
    start: int | None = None
    end: int | None = None
    dialect: str = ""
    native: dict[str, Any] = field(default_factory=dict)


class Text(Struct):
    """Words."""

    text: str
    citations: list[Citation] = field(default_factory=list)
    cache: Cache | None = None


class Media(Struct):
    """An image, a document, a sound or a video: base64 `data` of type `mime`, or a `url`, or a provider's `file_id`.

    `text` is a document given as plain text. `at` is where the client put it, for an error that has to name it.
    """

    kind: Literal["image", "document", "audio", "video"]
    mime: str | None = None
    data: str | None = None
    url: str | None = None
    file_id: str | None = None
    text: str | None = None
    name: str | None = None
    context: str | None = None
    detail: str | None = None
    cite: bool | None = None
    cache: Cache | None = None
    at: str = ""


class Reasoning(Struct):
    """A model's thoughts. `signature` proves to their `issuer` (a dialect) that they are its own; `encrypted` is for it
    alone. `summary` says that the text only sums them up.
    """

    text: str = ""
    signature: str | None = None
    encrypted: str | None = None
    id: str | None = None
    issuer: str = ""
    summary: bool = False


class ToolCall(Struct):
    """A tool that the model calls. `arguments` is JSON text, or any text where the tool is a `custom` one."""

    id: str
    name: str
    arguments: str
    custom: bool = False
    signature: str | None = None
    issuer: str = ""
    cache: Cache | None = None


class ToolResult(Struct):
    """What a tool gave, in a user's message. `name` is the tool's, where the dialect says it (Gemini)."""

    id: str
    parts: "list[Part]"
    name: str | None = None
    error: bool | None = None
    custom: bool = False
    cache: Cache | None = None


class Refusal(Struct):
    """The model's words why it will not."""

    text: str


class NativePart(Struct):
    """A part that only `dialect` has a word for: a server's tool at work, a search result, a container's file."""

    dialect: str
    value: dict[str, Any]
    at: str = ""


Part = Text | Media | Reasoning | ToolCall | ToolResult | Refusal | NativePart


class Message(Struct):
    """What one side said. Results of tools stand in a user's message."""

    role: Role
    parts: list[Part]
    name: str | None = None


# --- a request


class Tool(Struct):
    """A function that the model may call; `parameters` is JSON Schema, None where the client gave none.

    A `custom` tool takes free text, in `format` (a grammar) if there is one.
    """

    name: str
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None
    custom: bool = False
    format: dict[str, Any] | None = None
    cache: Cache | None = None


class NativeTool(Struct):
    """A tool that the provider runs (a search, a sandbox), as `dialect` writes it."""

    dialect: str
    value: dict[str, Any]
    at: str = ""


class ToolChoice(Struct):
    """Which tools the model may or must use; `names` limits it to some."""

    mode: Literal["auto", "none", "required"]
    names: list[str] = field(default_factory=list)


class Output(Struct):
    """The form of the answer: any JSON, or JSON of a schema."""

    kind: Literal["text", "json", "schema"]
    schema: dict[str, Any] | None = None
    name: str | None = None
    description: str | None = None
    strict: bool | None = None


class Thinking(Struct):
    """How much the model is to think: an effort in words, a budget in tokens, or on and off.

    `shown` says whether the client wants to see thoughts; `summary` in which form (`auto`, `concise`, `detailed`).
    """

    enabled: bool | None = None
    effort: Effort | None = None
    budget: int | None = None
    shown: bool | None = None
    summary: str | None = None


class Request(Struct):
    """A call as any dialect can say it. Names are those of most dialects; `Losses` gives a client its own back.

    `extra` has the client's members that have no word here, by their path in the client's body.
    """

    model: str
    messages: list[Message]
    stream: bool = False
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: float | None = None
    min_p: float | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    seed: int | None = None
    n: int | None = None
    stop: list[str] = field(default_factory=list)
    logit_bias: dict[str, float] | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    tools: list[Tool | NativeTool] = field(default_factory=list)
    tool_choice: ToolChoice | None = None
    parallel_tools: bool | None = None
    output: Output | None = None
    verbosity: str | None = None
    thinking: Thinking | None = None
    service_tier: str | None = None
    user: str | None = None
    metadata: dict[str, Any] | None = None
    cache: Cache | None = None
    cache_key: str | None = None
    store: bool | None = None
    usage_wanted: bool = True
    extra: dict[str, Any] = field(default_factory=dict)


# --- a reply


@dataclass(slots=True)
class Usage:
    """Tokens as the provider counted them.

    `input_tokens` has the cached, the cache-write and the audio ones in it, `output_tokens` the reasoning and the audio
    ones, whichever way the provider counts. `said` is the provider's own object, for what only some of them count;
    it is read once somebody asks for it, by `own`.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    cache_write_tokens: int = 0
    cache_write_1h_tokens: int = 0
    audio_input_tokens: int = 0
    audio_output_tokens: int = 0
    said: dict[str, Any] | Raw | None = dataclasses.field(default=None, compare=False, repr=False)

    @property
    def own(self) -> dict[str, Any] | None:
        """The provider's own object, as it was read."""
        said = self.said
        return lenient.members(bytes(said)) if isinstance(said, Raw) else said


class TokenLogprob(Struct):
    """How likely a token was, and those that might have stood there."""

    token: str
    logprob: float
    bytes: list[int] | None = None
    top: "list[TokenLogprob]" = field(default_factory=list)


class Choice(Struct):
    """One answer. `native_finish` is the provider's own word for why it ended; `aside` as in `Reply`."""

    parts: list[Part]
    finish: Finish | None
    index: int = 0
    stop_sequence: str | None = None
    native_finish: str | None = None
    logprobs: list[TokenLogprob] | None = None
    aside: dict[str, Any] = field(default_factory=dict)


class Reply(Struct):
    """A whole answer. `id`, `model` and `created` (Unix seconds) are None where the provider says none.

    `aside` has what its dialect alone has a word for (`beside.py`), by the provider's own names.
    """

    choices: list[Choice]
    usage: Usage | None = None
    id: str | None = None
    model: str | None = None
    created: int | None = None
    service_tier: str | None = None
    fingerprint: str | None = None
    aside: dict[str, Any] = field(default_factory=dict)


# --- a streamed reply: events, in the order in which things are said


class Began(Struct):
    """The head of a stream; the first event, once."""

    id: str | None = None
    model: str | None = None
    created: int | None = None
    usage: Usage | None = None
    service_tier: str | None = None
    fingerprint: str | None = None


class TextDelta(Struct):
    text: str
    choice: int = 0
    logprobs: list[TokenLogprob] | None = None


class ReasoningDelta(Struct):
    text: str
    choice: int = 0
    summary: bool = False


class ReasoningEnd(Struct):
    """Thoughts are over: what proves them, or stands for those that are not shown. A new delta is a new thought."""

    choice: int = 0
    signature: str | None = None
    encrypted: str | None = None
    id: str | None = None
    issuer: str = ""


class RefusalDelta(Struct):
    text: str
    choice: int = 0


class ToolStart(Struct):
    """A tool call begins. `index` counts the tool calls of the choice from 0."""

    index: int
    id: str
    name: str
    choice: int = 0
    custom: bool = False
    signature: str | None = None
    issuer: str = ""


class ToolDelta(Struct):
    """More of the arguments of the tool call `index`."""

    index: int
    text: str
    choice: int = 0


class Cited(Struct):
    """The text before rests on this."""

    citation: Citation
    choice: int = 0


class Shown(Struct):
    """A whole part at once: an image that was made, a part that only one dialect knows."""

    part: Media | NativePart
    choice: int = 0


class Aside(Struct):
    """More of the `aside` of a choice, or of the whole reply where that is None."""

    members: dict[str, Any]
    choice: int | None = None


class Finished(Struct):
    """A choice has ended, once."""

    finish: Finish
    choice: int = 0
    stop_sequence: str | None = None
    native_finish: str | None = None


class Counted(Struct):
    """Usage so far; the last one counts."""

    usage: Usage
    service_tier: str | None = None


Event = (
    Began
    | TextDelta
    | ReasoningDelta
    | ReasoningEnd
    | RefusalDelta
    | ToolStart
    | ToolDelta
    | Cited
    | Shown
    | Aside
    | Finished
    | Counted
)


# --- errors


@dataclass(frozen=True, slots=True)
class ErrorFacts:
    """An upstream's error, whatever its shape. `status` is the one it stands for, not the one it came under."""

    status: int
    message: str
    code: str | None = None
    type: str | None = None


class BadReply(Exception):
    """The upstream's bytes are not a reply of the dialect that it speaks."""
