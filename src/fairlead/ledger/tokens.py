"""About how many tokens there were, where a provider did not count them. What rests on this is flagged `estimated`.

The counter is the one that answers `count_tokens`; it is near, on the high side, and never more than the bytes.
"""

from fairlead.dialects.anthropic.count import count_text, count_tokens
from fairlead.dialects.model import Request, Usage


class Tally:
    """Counts the text of a reply as it comes, piece by piece, and keeps none of it."""

    __slots__ = ("_bytes",)

    def __init__(self) -> None:
        self._bytes = 0

    def add(self, text: str) -> None:
        """More of the reply."""
        self._bytes += len(text) if text.isascii() else len(text.encode("utf-8", "replace"))

    @property
    def tokens(self) -> int:
        return count_text(self._bytes)


def of_text(text: str) -> int:
    """About how many tokens a text has: one at least where there is any, and never more than its bytes."""
    tally = Tally()
    tally.add(text)
    return tally.tokens


def usage(request: Request, made: int) -> Usage:
    """What a call used about, of which `made` tokens were produced."""
    return Usage(count_tokens(request), made)
