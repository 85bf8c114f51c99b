"""The cells of the matrix: each thing carried from a client's dialect to a provider's, by the codecs themselves."""

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any, Final

from fairlead.dialects import hub
from fairlead.dialects.codec import Losses, ProviderSide
from fairlead.dialects.model import NativePart, Reply, Request
from fairlead.dialects.openai.flavor import Flavor
from fairlead.dialects.openai.provider import ChatProvider
from fairlead.errors import FairleadError
from tests.matrix.facets import Facets, differing, facets, silent
from tests.matrix.features import BARE, SAYINGS, WISHES, Saying, Wish
from tests.matrix.otherwise import otherwise
from tests.matrix.recordings import FACTS

# The model that each provider is asked for: what they take depends on it.
MODELS: Final = {
    "openai-chat": "any-model",
    "openai-responses": "gpt-5.6-luna",
    "anthropic-messages": "claude-sonnet-4-5",
    "gemini": "gemini-3.5-flash",
    "cohere": "command-a-03-2025",
    "ollama": "any-model",
    "bedrock-converse": "anthropic.claude-sonnet-4-5-20250929-v1:0",
}
# A client's request is written by the provider's side of its own dialect: by the first of these that has the words.
_WRITERS: Final[dict[str, tuple[tuple[ProviderSide, str], ...]]] = {
    "openai-chat": (
        (ChatProvider(Flavor(cache_marks=True, documents="file_url")), "any-model"),
        (ChatProvider(Flavor(thinking="reasoning")), "gpt-5"),
    ),
    "openai-responses": ((hub.PROVIDERS["openai-responses"], "gpt-5"),),
    "anthropic-messages": (
        (hub.PROVIDERS["anthropic-messages"], "claude-sonnet-4-5"),
        (hub.PROVIDERS["anthropic-messages"], "claude-opus-4-7"),
    ),
    "gemini": (
        (hub.PROVIDERS["gemini"], "gemini-2.5-flash"),
        (hub.PROVIDERS["gemini"], "gemini-3-flash-preview"),
    ),
}
# What a client can say and no provider's side writes.
_SPOKEN: Final[dict[tuple[str, str], dict[str, Any]]] = {
    ("openai-responses", "cache mark"): {
        "input": [
            {
                "role": "user",
                "content": [{"type": "input_text", "text": "Long.", "prompt_cache_breakpoint": {"mode": "explicit"}}],
            }
        ]
    },
    ("gemini", "keep the answer"): {"contents": [{"parts": [{"text": "Well?"}]}], "store": True},
}
CARRIED, DROPPED, REFUSED, UNSAID = "yes", "dropped", "refused", "-"


def asked(client: str, wish: Wish) -> Request | None:
    """The request that a client of that dialect sends for a wish; None where it has no words for it."""
    if spoken := _SPOKEN.get((client, wish.name)):
        return hub.CLIENTS[client].read(json.dumps(spoken).encode(), "m", stream=False)
    wanted = wish.request(client)
    for side, model in _WRITERS[client]:
        sent = side.write(deepcopy(wanted), model, losses := Losses())
        try:
            read = hub.CLIENTS[client].read(sent.body, "m", stream=False)
        except FairleadError:
            continue
        read.store = read.store or None  # what our own side adds where nobody asks
        if not (losses.meaning or losses.hints) and _wished(wanted, read):
            return read
    return None


def _wished(wanted: Request, read: Request) -> bool:
    """Whether what makes a wish differ from a bare request was read as it was wished."""
    before, after = facets(wanted), facets(read)
    budgets = [getattr(each.thinking, "budget", None) for each in (wanted, read)]
    if budgets[0] != (budgets[1] or None):
        return False
    natives = [type(tool) for tool in wanted.tools] == [type(tool) for tool in read.tools]
    return natives and all(before.get(name) == after.get(name) for name in differing(facets(BARE), before))


def told(provider: str, request: Request) -> tuple[Losses, bytes]:
    """What a provider's side says it cannot carry, and what it carries."""
    losses = Losses()
    return losses, hub.PROVIDERS[provider].write(deepcopy(request), MODELS[provider], losses).body


def cell(client: str, provider: str, wish: Wish) -> str:
    """What becomes of a wish."""
    request = asked(client, wish)
    if request is None:
        return UNSAID
    losses, _ = told(provider, request)
    return REFUSED if losses.meaning else DROPPED if losses.hints else CARRIED


def wishes(client: str) -> Iterator[tuple[Wish, list[str]]]:
    """What a client's dialect can ask for, with a cell for every other provider."""
    for wish in WISHES:
        if asked(client, wish) is not None:
            yield wish, [cell(client, provider, wish) for provider in others(client)]


def others(client: str) -> list[str]:
    """The providers whose dialect is another one."""
    return [provider for provider in hub.PROVIDERS if provider != client]


def unsayable(client: str) -> list[str]:
    """What a client's dialect has no words for."""
    return [wish.name for wish in WISHES if asked(client, wish) is None]


def heard(client: str, saying: Saying) -> str:
    """What a client gets of what an answer says."""
    reply = _of_another(saying.reply, client)
    got = hub.PROVIDERS[client].read(hub.CLIENTS[client].write(reply, FACTS))
    assert isinstance(got, Reply)
    before, after = saying.shows(reply), saying.shows(got)
    return "no" if after is None else CARRIED if before == after or after is True else str(after)


def _of_another(reply: Reply, client: str) -> Reply:
    """The reply as a provider of another dialect gives it."""
    made = deepcopy(reply)
    for part in made.choices[0].parts:
        if isinstance(part, NativePart):
            part.dialect = next(name for name in hub.PROVIDERS if name != client)
        elif hasattr(part, "issuer"):
            part.issuer = next(name for name in hub.PROVIDERS if name != client)
    return made


def sayings() -> Iterator[tuple[Saying, list[str]]]:
    """What an answer can say, with a cell for every client."""
    for saying in SAYINGS:
        yield saying, [heard(client, saying) for client in hub.CLIENTS]


def broken(client: str, provider: str, wish: Wish) -> list[str]:
    """What a provider does not get although the cell says that it does; only of dialects that can be read back."""
    request = asked(client, wish)
    if request is None or provider not in hub.CLIENTS or cell(client, provider, wish) != CARRIED:
        return []
    after: Facets = facets(hub.CLIENTS[provider].read(told(provider, request)[1], "m", stream=False))
    return silent(facets(otherwise(provider, MODELS[provider], request)), after, ())
