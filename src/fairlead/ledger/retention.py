"""How long records are kept. What is older is deleted in small steps, so that nobody waits for it."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Table, delete, select, tuple_

from fairlead.ledger.moments import DAY
from fairlead.state.database import Database
from fairlead.state.measures import HOUR
from fairlead.state.tables import ledger as tables

STEP: Final = 1000
_STEPS: Final = 20
# How long it is remembered what was read of a segment that is gone.
_SEGMENTS: Final = 30


@dataclass(frozen=True, slots=True)
class Retention:
    """Days that each is kept; 0 for ever. `hours` are the sums by hour; the sums by day are kept for ever."""

    calls: int = 90
    bodies: int = 14
    hours: int = 90


def first_id(at: int) -> str:
    """No call from the moment `at` (milliseconds) on has an id before this."""
    return f"{max(at, 0):012x}"


def sweep(database: Database, retention: Retention, now: int) -> bool:
    """Delete what is too old, up to 20,000 rows of each; whether there is more. Raises `StoreUnavailable`."""
    hourly = tables.sums.c.span == HOUR, tables.tags.c.span == HOUR
    due: list[tuple[Table, int, Any]] = [
        (tables.calls, retention.calls, tables.calls.c.id < first_id(now - retention.calls * DAY)),
        (tables.places, retention.calls, tables.places.c.last < first_id(now - retention.calls * DAY)),
        (tables.bodies, retention.bodies, tables.bodies.c.at < now - retention.bodies * DAY),
        (tables.sums, retention.hours, hourly[0] & (tables.sums.c.at < now - retention.hours * DAY)),
        (tables.tags, retention.hours, hourly[1] & (tables.tags.c.at < now - retention.hours * DAY)),
        (tables.segments, _SEGMENTS, tables.segments.c.at < now - _SEGMENTS * DAY),
    ]
    more = [_delete(database, table, old) for table, days, old in due if days]
    return any(more)


def _delete(database: Database, table: Table, old: Any) -> bool:
    key = tuple(table.primary_key)
    some = select(*key).where(old).order_by(*key).limit(STEP)
    statement = delete(table).where((tuple_(*key) if len(key) > 1 else key[0]).in_(some))
    for _ in range(_STEPS):
        with database.writing() as connection:
            if connection.execute(statement).rowcount < STEP:
                return False
    return True
