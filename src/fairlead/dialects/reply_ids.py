"""Ids of replies, as the client's dialect writes them."""

from typing import Final

# What ids begin with by dialect; none is a dialect's whose ids have no such form.
CHAT: Final = "chatcmpl-"
MESSAGE: Final = "msg_"
RESPONSE: Final = "resp_"
_OTHERS: Final = (CHAT, MESSAGE, RESPONSE, "cmpl-")
# OpenRouter looks its own up by their whole name.
_AS_THEY_ARE: Final = {CHAT: (CHAT, "gen-"), MESSAGE: (MESSAGE,), RESPONSE: (RESPONSE,)}


def shaped(said: str | None, prefix: str, own: str) -> str:
    """The provider's id in a dialect whose ids begin with `prefix`, or `own` where it said none.

    What another dialect's ids begin with is taken off; the rest is what the provider's own pages know the reply by.
    """
    if not said:
        return prefix + own
    if said.startswith(_AS_THEY_ARE[prefix]):
        return said
    return prefix + next((said[len(other) :] for other in _OTHERS if said.startswith(other)), said)
