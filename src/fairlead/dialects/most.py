"""How many tokens a call may be answered with, as its own dialect says it."""

from math import ceil
from typing import Any, Final

import msgspec

from fairlead.dialects.envelope import Envelope, counted
from fairlead.dialects.forms import FormEnvelope
from fairlead.dialects.members import Members
from fairlead.dialects.openai.sent import word_for_most
from fairlead.errors import RequestError

_NAMES: Final = {
    "openai-chat": ("max_completion_tokens", "max_tokens"),
    "openai-responses": ("max_output_tokens",),
    "anthropic-messages": ("max_tokens",),
}
_THINKING: Final = {"anthropic-messages": ("thinking", "budget_tokens"), "openai-chat": ("reasoning", "max_tokens")}
_CONFIGS: Final = ("generationConfig", "generation_config")
_OF_GEMINI: Final = ("maxOutputTokens", "max_output_tokens")
_CANDIDATES: Final = ("candidateCount", "candidate_count")
_NO_CONFIG: Final = b"{}"


def asked(envelope: Envelope | FormEnvelope) -> int | None:
    """The most tokens that the client asks for in one answer; None where it does not say, or says no number."""
    if isinstance(envelope, FormEnvelope):
        return None
    if envelope.endpoint.dialect == "gemini":
        return _largest(_config(envelope)[1], _OF_GEMINI)
    return _largest(envelope.members, _NAMES.get(envelope.endpoint.dialect, ()))


def choices(envelope: Envelope | FormEnvelope) -> int:
    """How many answers are made, whether or not the client gets all of them."""
    if isinstance(envelope, FormEnvelope):
        return envelope.choices
    if envelope.endpoint.dialect == "gemini":
        return _largest(_config(envelope)[1], _CANDIDATES) or 1
    return max(envelope.choices, counted(envelope.members.get("best_of") or b""))


def can_lower(envelope: Envelope | FormEnvelope) -> bool:
    """Whether `lowered` has a word for it."""
    return isinstance(envelope, Envelope) and bool(lowered(envelope, 1))


def least(envelope: Envelope | FormEnvelope) -> int:
    """The fewest tokens that an answer can be lowered to: one more than the client lets the model think with.

    Anthropic refuses a `budget_tokens` that is not below `max_tokens`, and so does OpenRouter for it
    (https://platform.claude.com/docs/en/build-with-claude/extended-thinking).
    """
    if isinstance(envelope, FormEnvelope):
        return 0
    thinking, words = _THINKING.get(envelope.endpoint.dialect, ("", ""))
    said = envelope.optional(thinking) if thinking in envelope.members else None
    tokens = said.get(words) if isinstance(said, dict) else None
    return ceil(tokens) + 1 if isinstance(tokens, int | float) and 0 < tokens < 1e12 else 0


def lowered(envelope: Envelope, most: int, model: str = "") -> dict[str, bytes | None]:
    """The members to change so that the provider's `model` is asked for no more than `most` tokens in an answer."""
    if not envelope.endpoint.chat and envelope.endpoint.name != "completions":
        return {}
    if envelope.endpoint.dialect == "gemini":
        name, config = _config(envelope)
        return {name: config.splice(_set(config, _OF_GEMINI, _OF_GEMINI[0], most))}
    names = _NAMES.get(envelope.endpoint.dialect, ())
    otherwise = word_for_most(model) if envelope.endpoint.dialect == "openai-chat" else "".join(names[-1:])
    return _set(envelope.members, names, otherwise, most) if names else {}


def _set(members: Members, names: tuple[str, ...], otherwise: str, most: int) -> dict[str, bytes | None]:
    said = [name for name in names if name in members] or [otherwise]
    return dict.fromkeys(said, b"%d" % most)


def _config(envelope: Envelope) -> tuple[str, Members]:
    for name in _CONFIGS:
        raw = envelope.members.get(name)
        if raw is not None:
            try:
                return name, Members(raw)
            except RequestError:
                return name, Members(_NO_CONFIG)
    return _CONFIGS[0], Members(_NO_CONFIG)


def _largest(members: Members, names: tuple[str, ...]) -> int | None:
    """Which of two numbers for one thing counts, the provider decides."""
    numbers = [said for name in names if (said := _number(members.get(name))) is not None]
    return max(numbers, default=None)


def _number(raw: bytes | None) -> int | None:
    try:
        said: Any = msgspec.json.decode(raw or b"null")
    except (ValueError, RecursionError):
        return None
    sound = isinstance(said, int | float) and not isinstance(said, bool) and 0 <= said < 1e12
    return ceil(said) if sound else None
