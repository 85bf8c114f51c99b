"""What many calls come to, by hour and day: a few numbers for each combination of key, model, provider and so on.

Names come from clients too, so that their number must be bounded: beyond 2,000 combinations (or tags) in an hour, calls
count for the model (the tag) `(other)`.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from msgspec.structs import astuple

from fairlead.ledger import places
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
_TOKENS: Final = _AT[f"{TOKENS[0]}_tokens"]  # the others follow in the order of a row's
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

    def of(self, rows: Iterable[Row]) -> tuple[Columns, Columns, Columns]:
        """What these calls add to `call_sums` and to `call_tags`, and what is to be noted in `call_places`."""
        alike: dict[Key, list[Row]] = {}
        for row in rows:
            key: Key = (
                row.at // HOUR_MS, row.key, row.team, row.user, row.model, row.provider, row.endpoint, row.outcome,
                row.arm,
            )  # fmt: skip
            some = alike.get(key)
            if some is None:
                alike[key] = [row]
            else:
                some.append(row)
        calls: Counted = {}
        tags: Counted = {}
        for (since, *values), some in alike.items():
            hour = int(since) * HOUR_MS
            key = self._bounded("calls", (hour, *values), (hour, *values[: _MODEL - 1], OTHER, *values[_MODEL:]))
            _count(calls.setdefault(key, [0] * len(SUMS)), some)
            for row in some:
                for tag in dict.fromkeys(row.tags):
                    tagged = self._bounded("tags", (hour, tag), (hour, OTHER))
                    _count_tagged(tags.setdefault(tagged, [0] * len(TAG_SUMS)), row)
        stretches = ((values, (min(ids), max(ids))) for values, ids in _ids(alike))
        return _columns(calls, BY, SUMS), _columns(tags, ("tag",), TAG_SUMS), places.noted(stretches)

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


def _ids(alike: Mapping[Key, list[Row]]) -> Iterator[tuple[tuple[str, ...], list[str]]]:
    """The values that calls share, and the calls' ids."""
    for (_, *values), rows in alike.items():
        yield tuple(map(str, values)), [row.id for row in rows]


def _count(into: list[int], rows: list[Row]) -> None:
    """Add up calls of which all ended alike."""
    costs = [row.cost for row in rows if row.cost is not None]
    into[_CALLS] += len(rows)
    into[_HITS] += sum([row.cache.startswith("hit") for row in rows])
    into[_SAVED] += sum([row.saved or 0 for row in rows])
    into[_COST] += sum(costs)
    into[_UNKNOWN] += len(rows) - len(costs)
    into[_ESTIMATED] += sum([row.estimated for row in rows])
    for place, tokens in enumerate(zip(*[astuple(row.tokens) for row in rows if row.counted], strict=True), _TOKENS):
        into[place] += sum(tokens)
    if rows[0].outcome == "ok":
        into[_RESCUED] += sum([len(row.attempts) > 1 for row in rows])
    if rows[0].outcome != "refused":
        # What was refused at once says nothing of how long calls take.
        into[_TOTAL] += sum([row.total_us for row in rows])
        into[_OVERHEAD] += sum([row.overhead_us for row in rows])
        for row in rows:
            into[_TIMES + bisect_left(_BOUNDS, row.total_us)] += 1
    firsts = [row.first_us for row in rows if row.first_us is not None]
    into[_FIRST] += sum(firsts)
    into[_FIRSTS] += len(firsts)


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
