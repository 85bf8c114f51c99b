"""A provider's whole reply, read as far as it makes sense."""

from typing import Any, Final

from fairlead.dialects import beside, lenient
from fairlead.dialects.lenient import inner, objects, word
from fairlead.dialects.model import (
    BadReply,
    Choice,
    Citation,
    ErrorFacts,
    Media,
    Part,
    Reasoning,
    Refusal,
    Reply,
    Text,
    ToolCall,
)
from fairlead.dialects.openai import citations, errors, finish, logprobs, thoughts, tools, usage
from fairlead.dialects.openai.wire import DIALECT, split_data_url

Json = dict[str, Any]
# Perplexity's sources and questions, what Venice and Copilot charge, what Azure's filters found.
ASIDE: Final = frozenset(
    {"citations", "copilot_usage", "cost", "prompt_filter_results", "related_questions", "search_results"}
)
CHOICE_ASIDE: Final = frozenset({"content_filter_results"})


def read(body: bytes) -> Reply | ErrorFacts:
    """The reply, or the error that it really is. Raises `BadReply` where it is neither."""
    value = load(body)
    error = error_in(value)
    if error is not None:
        return error
    if not isinstance(value, dict) or not objects(value, "choices"):
        raise BadReply("the reply has no `choices`")
    sources = citations.sources(value)
    return Reply(
        [_choice(each, at, sources) for at, each in enumerate(objects(value, "choices"))],
        usage.read(value.get("usage")),
        word(value, "id") or None,
        word(value, "model") or None,
        seconds(value),
        tier(value),
        word(value, "system_fingerprint"),
        beside.of(value, ASIDE),
    )


def load(data: bytes) -> Any:
    """The JSON of a reply. Raises `BadReply` where it is none."""
    try:
        return lenient.loads(data)
    except ValueError as error:
        raise BadReply(f"it is not JSON: {error}") from None


def error_in(value: Any) -> ErrorFacts | None:
    """The error that an answer under status 200 is, if it is one."""
    if not isinstance(value, dict):
        return errors.find(value)
    choices = objects(value, "choices")
    for choice in choices:
        if choice.get("error"):
            return errors.find({"error": value.get("error") or choice["error"]})
    return None if choices and not value.get("error") else errors.find(value)


def seconds(value: Json) -> int | None:
    """When it was made, where it says so."""
    made = value.get("created")
    return int(made) if isinstance(made, int | float) and 0 < made < 2**53 else None


def tier(value: Json) -> str | None:
    """The service tier; Mistral writes it into the usage."""
    return word(value, "service_tier") or word(inner(value, "usage"), "service_tier")


def index_of(choice: Json, at: int) -> int:
    """Which choice it is: the one at `at`, unless it says otherwise."""
    index = choice.get("index")
    return index if type(index) is int and index >= 0 else at


def _choice(choice: Json, at: int, sources: list[Citation]) -> Choice:
    message = inner(choice, "message")
    reason, native = finish.read(choice)
    return Choice(
        _parts(message, sources),
        reason,
        index_of(choice, at),
        stop_sequence(choice),
        native,
        logprobs.read(choice),
        beside.of(choice, CHOICE_ASIDE),
    )


def stop_sequence(choice: Json) -> str | None:
    """The word that ended the text, as vLLM (`stop_reason`) and others say it."""
    return word(choice, "stop_sequence") or word(choice, "stop_reason")


def _parts(message: Json, sources: list[Citation]) -> list[Part]:
    parts: list[Part] = [*thoughts.read(message)]
    told, text = said(message.get("content"))
    if told and not parts:
        parts.append(Reasoning(told, issuer=DIALECT))
    cited = citations.read(message) or sources
    if text or cited:
        parts.append(Text(text, cited))
    if refusal := word(message, "refusal"):
        parts.append(Refusal(refusal))
    parts += images(message)
    if (audio := heard(inner(message, "audio"))) is not None:
        parts.append(audio)
    parts += _calls(message)
    return parts


def said(content: Any) -> tuple[str, str]:
    """(thoughts, text) of a content, which with Mistral may be a list of parts."""
    if isinstance(content, str):
        return "", content
    parts = [each for each in content if isinstance(each, dict)] if isinstance(content, list) else []
    told = [said(part.get("thinking"))[1] for part in parts if part.get("type") == "thinking"]
    return "".join(told), "".join(word(part, "text") or "" for part in parts)


def images(message: Json) -> list[Media]:
    """Images that the model made, in OpenRouter's form."""
    urls = [word(inner(each, "image_url"), "url") for each in objects(message, "images")]
    return [_image(url) for url in urls if url]


def _image(url: str) -> Media:
    split = split_data_url(url)
    return Media("image", url=url) if split is None else Media("image", split[0], split[1])


def heard(audio: Json) -> Media | None:
    """The sound that the model made, with what it says in it."""
    data, text = word(audio, "data"), word(audio, "transcript")
    return Media("audio", data=data, file_id=word(audio, "id"), text=text) if data or text else None


def _calls(message: Json) -> list[ToolCall]:
    values = objects(message, "tool_calls")
    legacy = inner(message, "function_call")
    if legacy and not values:
        values = [{"function": legacy}]
    return [tools.answered(value, index) for index, value in enumerate(values)]
