"""A request that gives the beginning of its own answer, from which the model goes on.

Not every dialect has words for that, and not every model that is asked in them takes it. Pure.
"""

from collections.abc import Callable
from typing import Any, Final

import msgspec

Json = dict[str, Any]


def prefilled(dialect: str, body: bytes, text: str, mark: str = "plain") -> bytes | None:
    """The request with the beginning of the answer; None where the dialect has no words for it.

    `mark` is how a provider of chat completions wants it: `plain` as the last message, `prefix` with that member set;
    one that takes none says `none`.
    """
    write = _WRITERS.get(dialect)
    if write is None or mark == "none":
        return None
    said = msgspec.json.decode(body)
    write(said, text)
    if mark == "prefix" and dialect == "openai-chat":
        said["messages"][-1]["prefix"] = True
    return msgspec.json.encode(said)


def _message(said: Json, text: str) -> None:
    said["messages"] = [*said["messages"], {"role": "assistant", "content": text}]


def _blocks(said: Json, text: str) -> None:
    said["messages"] = [*said["messages"], {"role": "assistant", "content": [{"type": "text", "text": text.rstrip()}]}]


def _converse(said: Json, text: str) -> None:
    said["messages"] = [*said["messages"], {"role": "assistant", "content": [{"text": text.rstrip()}]}]


def _contents(said: Json, text: str) -> None:
    said["contents"] = [*said["contents"], {"role": "model", "parts": [{"text": text}]}]


# Anthropic refuses a beginning that ends with a blank (https://platform.claude.com/docs/en/build-with-claude/
# prompt-engineering/prefill-claudes-response); the model says that blank again.
_WRITERS: Final[dict[str, Callable[[Json, str], None]]] = {
    "openai-chat": _message,
    "ollama": _message,
    "anthropic-messages": _blocks,
    "bedrock-converse": _converse,
    "gemini": _contents,
}
STRIPS: Final = frozenset({"anthropic-messages", "bedrock-converse"})
