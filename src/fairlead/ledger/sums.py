"""What many calls come to, by hour and day: a few numbers for each combination of key, model, provider and so on.

Names come from clients too, so that their number must be bounded: beyond 2,000 combinations (or tags) in an hour, calls
count for the model (the tag) `(other)`.
"""

from bisect import bisect_left
from collections.abc import Iterable
from typing import Final

from fairlead.ledger.row import Row
from fairlead.state.bulk import Columns
from fairlead.state.measures import BUCKETS, BY, DAY, HOUR, SUMS, TAG_SUMS, TIMES, TOKENS

OTHER: Final = "(other)"
MOST: Final = 2000
HOUR_MS: Final = 3_600_000

_AT: Final = {name: place for place, name in enumerate(SUMS)}
_CALLS, _RESCUED, _HITS, _SAVED = (_AT[name] for name in ("calls", "rescued", "cache_hits", "saved"))
_COST, _UNKNOWN, _ESTIMATED = (_AT[name] for name in ("cost", "unknown", "estimated"))
_TOTAL, _OVERHEAD, _FIRST, _FIRSTS = (_AT[name] for name in ("total_us", "overhead_us", "first_us", "firsts"))
_TOKENS: Final = tuple((_AT[f"{kind}_tokens"], kind) for kind in TOKENS)
_TIMES: Final = _AT[TIMES[0]]
_BOUNDS: Final = tuple(bound * 1000 for bound in BUCKETS)
_MODEL: Final = BY.index("model") + 1

Key = tuple[int | str, ...]
Counted = dict[Key, list[int]]


class Sums:
    """Adds calls up. Remembers which combinations the latest hours have had."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._seen: dict[tuple[str, int], set[Key]] = {}

    def of(self, rows: Iterable[Row]) -> tuple[Columns, Columns]:
        """What these calls add to `call_sums` and to `call_tags`."""
        calls: Counted = {}
        tags: Counted = {}
        for row in rows:
            hour = row.at // HOUR_MS * HOUR_MS
            key: Key = (hour, row.key, row.team, row.user, row.model, row.provider, row.endpoint, row.outcome)
            into = calls.get(key)
            if into is None:
                key = self._bounded("calls", key, (*key[:_MODEL], OTHER, *key[_MODEL + 1 :]))
                into = calls.setdefault(key, [0] * len(SUMS))
            _count(into, row)
            for tag in dict.fromkeys(row.tags):
                tagged = self._bounded("tags", (hour, tag), (hour, OTHER))
                _count_tagged(tags.setdefault(tagged, [0] * len(TAG_SUMS)), row)
        return _columns(calls, BY, SUMS), _columns(tags, ("tag",), TAG_SUMS)

    def _bounded(self, what: str, key: Key, instead: Key) -> Key:
        place = (what, int(key[0]))
        seen = self._seen.get(place)
        if seen is None:
            while len(self._seen) >= 8:
                del self._seen[next(iter(self._seen))]
            seen = self._seen[place] = set()
        if key not in seen:
            if len(seen) >= self._most:
                return instead
            seen.add(key)
        return key


def _count(into: list[int], row: Row) -> None:
    into[_CALLS] += 1
    into[_RESCUED] += row.outcome == "ok" and len(row.attempts) > 1
    into[_HITS] += row.cache.startswith("hit")
    into[_SAVED] += row.saved or 0
    into[_COST] += row.cost or 0
    into[_UNKNOWN] += row.cost is None
    into[_ESTIMATED] += row.estimated
    if row.counted:
        tokens = row.tokens
        for place, kind in _TOKENS:
            into[place] += getattr(tokens, kind)
    if row.outcome != "refused":
        # What was refused at once says nothing of how long calls take.
        into[_TOTAL] += row.total_us
        into[_OVERHEAD] += row.overhead_us
        into[_TIMES + bisect_left(_BOUNDS, row.total_us)] += 1
    if row.first_us is not None:
        into[_FIRST] += row.first_us
        into[_FIRSTS] += 1


def _count_tagged(into: list[int], row: Row) -> None:
    added = (1, row.cost or 0, int(row.cost is None), row.tokens.input, row.tokens.output)
    for place, number in enumerate(added):
        into[place] += number


def _columns(hours: Counted, by: tuple[str, ...], counted: tuple[str, ...]) -> Columns:
    """The sums of the hours and of their days, column by column and in order, so that no two writers cross."""
    days: Counted = {}
    for key, numbers in hours.items():
        day = (int(key[0]) // (HOUR_MS * DAY) * HOUR_MS * DAY, *key[1:])
        before = days.get(day)
        days[day] = numbers if before is None else [a + b for a, b in zip(before, numbers, strict=True)]
    keyed = [((span, *key), numbers) for span, sums in ((HOUR, hours), (DAY, days)) for key, numbers in sums.items()]
    keyed.sort(key=lambda pair: pair[0])
    names = ("span", "at", *by, *counted)
    values = zip(*((*key, *numbers) for key, numbers in keyed), strict=True) if keyed else [()] * len(names)
    return dict(zip(names, values, strict=True))
