"""From the command line and standard input to the body of a call."""

import json
import select
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from fairlead.cli import say
from fairlead.cli.usage import BadUsage

if TYPE_CHECKING:
    from fairlead.cli.ask import Question

LONGEST = 32 * 1024 * 1024
_PATIENCE = 2.0
# OpenAI's members of a chat completion, and those that other servers take beside them.
_KNOWN: Final = (
    "audio", "frequency_penalty", "function_call", "functions", "logit_bias", "logprobs", "max_completion_tokens",
    "max_tokens", "metadata", "modalities", "moderation", "n", "parallel_tool_calls", "prediction", "presence_penalty",
    "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention", "reasoning_effort", "response_format",
    "safety_identifier", "seed", "service_tier", "stop", "store", "stream_options", "temperature", "tool_choice",
    "tools", "top_logprobs", "top_p", "user", "verbosity", "web_search_options",
    "min_p", "min_tokens", "models", "plugins", "provider", "reasoning", "repetition_penalty", "thinking", "top_a",
    "top_k", "transforms",
)  # fmt: skip
_LIKENESS: Final = 0.82
_OURS = {"model": "--model", "messages": "TEXT and --system", "stream": "--no-stream"}


def piped() -> str:
    """What is piped in; empty where standard input is a terminal or has nothing."""
    if sys.stdin is None or sys.stdin.closed or sys.stdin.isatty():
        return ""
    stream = sys.stdin.buffer
    try:
        if not select.select([stream], [], [], _PATIENCE)[0]:
            say.note("reading standard input until it ends; `< /dev/null` says that there is none")
    except (OSError, ValueError):
        return ""
    raw = stream.read(LONGEST + 1)
    if len(raw) > LONGEST:
        raise BadUsage(f"standard input is longer than {LONGEST} bytes", hint="ask about a part of it")
    if b"\0" in raw:
        raise BadUsage("standard input is not text", hint="pipe in text, as UTF-8")
    text = raw.decode("utf-8", "replace")
    if "\ufffd" in text and b"\xef\xbf\xbd" not in raw:
        say.warning("standard input is not all UTF-8; what is not was replaced")
    return text if text.strip() else ""


def joined(piped: str, words: Sequence[str]) -> str:
    """What is asked: what was piped in, an empty line, and the words. Raises `BadUsage` where that is nothing."""
    text = " ".join(words)
    parts = [part for part in (piped.rstrip("\n") if text.strip() else piped, text) if part.strip()]
    if not parts:
        raise BadUsage("there is nothing to ask", hint='`ai "a question"`, or pipe text in; `ai --help` shows more')
    return "\n\n".join(parts).encode("utf-8", "replace").decode()


def options(pairs: Sequence[str]) -> dict[str, Any]:
    """`key=value` pairs as members of the request: values are JSON where they can be, and dots nest."""
    members: dict[str, Any] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        names = key.strip().split(".")
        if not equals or not all(names):
            raise BadUsage(f"`-o {pair}` is not KEY=VALUE", hint="for example `-o temperature=0.2`")
        if names[0] in _OURS:
            raise BadUsage(f"`-o {names[0]}=…` is not how that is said", hint=f"use {_OURS[names[0]]}")
        _plant(members, names, _typed(value))
        _doubt(names[0])
    return members


def _doubt(name: str) -> None:
    """Tell of a name that is close to one that is known. It is sent as it is: a provider may know what we do not."""
    if name in _KNOWN:
        return
    from difflib import get_close_matches  # noqa: PLC0415 - seldom needed

    if near := get_close_matches(name.lower(), _KNOWN, n=1, cutoff=_LIKENESS):
        say.warning(f"`-o {name}=…` is sent as it is written; did you mean `{near[0]}`?")


def body(question: "Question") -> bytes:
    """The call as OpenAI's chat completions have it."""
    messages = [{"role": "system", "content": question.system}] if question.system else []
    messages.append({"role": "user", "content": question.prompt})
    call: dict[str, Any] = {"model": question.model or "auto", "messages": messages, "stream": question.stream}
    if question.stream and question.verbose:
        call["stream_options"] = {"include_usage": True}
    return json.dumps({**call, **question.options}, ensure_ascii=False).encode("utf-8", "replace")


def _plant(members: dict[str, Any], names: list[str], value: Any) -> None:
    for depth, name in enumerate(names[:-1], 1):
        members = members.setdefault(name, {})
        if not isinstance(members, dict):
            raise BadUsage(f"`-o {'.'.join(names)}=…` goes into `{'.'.join(names[:depth])}`, which has a value already")
    members[names[-1]] = value


def _typed(value: str) -> Any:
    try:
        return json.loads(value, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return value


def _no_number(word: str) -> Any:
    raise ValueError(word)
