"""Which calls have a value, such as those of one key: found without an index entry for each call.

Of each batch that is folded it is noted, for each value, between which ids its calls are. Only those stretches are
searched. What most calls have is not noted, since a search meets it at once.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from sqlalchemy import Connection, Select, select

from fairlead.ledger.row import Row, row_of
from fairlead.state.bulk import Columns
from fairlead.state.measures import BY
from fairlead.state.tables import ledger as tables

# What most calls have. Of the others, those first that the fewest calls are likely to share.
USUAL: Final = frozenset(
    {("outcome", "ok"), ("team", ""), ("user", ""), ("model", ""), ("provider", ""), ("key", ""), ("arm", "")}
)
_RAREST: Final = ("outcome", "key", "user", "team", "model", "arm", "provider", "endpoint")
_STEP: Final = 500
_NO_END: Final = "g"  # above every id

Stretch = tuple[str, str]
Where = Mapping[str, str]


def noted(of: Iterable[tuple[tuple[str, ...], Stretch]]) -> Columns:
    """What is to be noted: `of` has the values of calls, as in `BY`, and the first and last id among those calls."""
    found: dict[tuple[str, str], Stretch] = {}
    for values, (first, last) in of:
        for pair in zip(BY, values, strict=True):
            if pair not in USUAL:
                before = found.get(pair)
                found[pair] = (first, last) if before is None else (min(first, before[0]), max(last, before[1]))
    rows = sorted((*pair, last, first) for pair, (first, last) in found.items())
    return dict(zip(("name", "value", "last", "first"), zip(*rows, strict=True), strict=True)) if rows else {}


def calls(connection: Connection, where: Where, since: str, before: str) -> Iterator[Row]:
    """Calls with all of these values, the newest first: those whose id is not below `since`, and below `before`."""
    wanted = tuple(where.items())
    for low, high in _stretches(connection, where, since, before or _NO_END):
        for row in _between(connection, max(low, since), min(high, before or _NO_END)):
            if all(getattr(row, name) == value for name, value in wanted):
                yield row


def _stretches(connection: Connection, where: Where, since: str, before: str) -> Iterator[Stretch]:
    """Stretches that have all such calls, the newest first, from the one end up to but not with the other."""
    name = next((each for each in _RAREST if each in where and (each, where[each]) not in USUAL), None)
    if name is None:
        yield since, before
        return
    low = high = ""
    for first, last in _noted(connection, name, where[name], since, before):
        if high and last < low:
            yield low, high
            high = ""
        low, high = (min(low, first), high) if high else (first, last + "0")
    if high:
        yield low, high


def _noted(connection: Connection, name: str, value: str, since: str, before: str) -> Iterator[Stretch]:
    """What is noted of a value there, the newest first, read in steps."""
    table, mark = tables.places, _NO_END
    asked = select(table.c.first, table.c.last).where(table.c.name == name, table.c.value == value)
    asked = asked.where(table.c.last >= since, table.c.first < before).order_by(table.c.last.desc()).limit(_STEP)
    while found := [(row.first, row.last) for row in connection.execute(asked.where(table.c.last < mark))]:
        yield from found
        mark = found[-1][1]


def _between(connection: Connection, low: str, high: str) -> Iterator[Row]:
    """All calls from one id up to but not with the other, the newest first, read in steps."""
    table, step = tables.calls, 50
    lines = [""]
    while lines:
        asked: Select[Any] = select(table.c.line).where(table.c.id >= low, table.c.id < high)
        lines = list(connection.execute(asked.order_by(table.c.id.desc()).limit(step)).scalars())
        for row in map(row_of, lines):
            high = row.id
            yield row
        step = min(step * 2, _STEP)
