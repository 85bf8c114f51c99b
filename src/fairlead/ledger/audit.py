"""The audit log: every administrative change, each record bound to the one before it.

A hash over a record and its predecessor's hash shows a record that was changed, taken out or moved. How many there are,
and the last one's hash, stand in another table, sealed with the pepper: that shows an end that was cut off, and a chain
that somebody without the pepper made anew.
"""

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, insert, select

from fairlead.clock import written
from fairlead.ledger.objects import Record, Verdict, json_of
from fairlead.state.tables.identity import audit, changes

START = "0" * 64
_HASHED = ("seq", "at", "actor", "actor_key", "action", "object_kind", "object_id", "before", "after", "previous_hash")
_BATCH = 1000


@dataclass(frozen=True, slots=True)
class Entry:
    """What is to be recorded: who did what to which object, and the object before and after."""

    actor: str
    actor_key: str
    action: str
    object_kind: str
    object_id: str
    before: object = None
    after: object = None


def append(connection: Connection, entry: Entry, at: int, records: int, head: str) -> str:
    """Write one record behind `records` others, of which `head` is the last one's hash. Gives its own hash."""
    row: dict[str, Any] = {
        "seq": records + 1,
        "at": at,
        "actor": entry.actor,
        "actor_key": entry.actor_key,
        "action": entry.action,
        "object_kind": entry.object_kind,
        "object_id": entry.object_id,
        "before": None if entry.before is None else json_of(entry.before),
        "after": None if entry.after is None else json_of(entry.after),
        "previous_hash": head,
    }
    row["hash"] = _hash(row)
    connection.execute(insert(audit).values(row))
    return str(row["hash"])


def seal(records: int, head: str, pepper: bytes) -> str:
    """What only who has the pepper can make of the log's length and its last hash."""
    return hashlib.blake2b(f"{records}:{head}".encode(), digest_size=32, key=pepper, person=b"fl-audit").hexdigest()


def verify(connection: Connection, pepper: bytes) -> Verdict:
    """Whether every record is as it was written, in its place, and none is missing."""
    end = connection.execute(select(changes)).one()
    seq, head = 0, START
    for row in _rows(connection, 0, end.records):
        if why := _wrong(row, seq, head):
            return Verdict(False, end.records, seq + 1, why)
        seq, head = row.seq, row.hash
    if seq < end.records:
        return Verdict(False, end.records, seq + 1, f"{end.records} records were written, and {seq} are here")
    if head != end.head:
        return Verdict(False, end.records, seq or None, "the last record is not the one that was written last")
    if not hmac.compare_digest(seal(seq, head, pepper), end.seal):
        return Verdict(False, end.records, None, "the seal is not of this gateway's pepper: the log was made anew")
    extra = connection.execute(select(audit.c.seq).where(audit.c.seq > end.records).limit(1)).scalar()
    if extra is not None and connection.execute(select(changes.c.records)).scalar() == end.records:
        return Verdict(False, end.records, extra, "a record stands behind the last one that was written")
    return Verdict(True, end.records)


def records(connection: Connection, after: int, limit: int) -> list[Record]:
    """Records in their order, from the one behind `after` on."""
    return [shown(row) for row in _rows(connection, after, after + limit)]


def last(connection: Connection, count: int) -> list[Record]:
    """The newest records, oldest first."""
    end = int(connection.execute(select(changes.c.records)).scalar_one())
    return records(connection, max(0, end - count), count)


def shown(row: Row[Any]) -> Record:
    said = {name: getattr(row, name) for name in Record.__struct_fields__}
    decoded = {name: None if said[name] is None else _decoded(said[name]) for name in ("before", "after")}
    return Record(**{**said, **decoded, "at": written(row.at)})


def _decoded(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:  # somebody wrote there who is not us; `verify` says so
        return text


def _rows(connection: Connection, after: int, to: int) -> Iterator[Row[Any]]:
    while after < to:
        query = select(audit).where(audit.c.seq > after, audit.c.seq <= to).order_by(audit.c.seq).limit(_BATCH)
        found = connection.execute(query).all()
        yield from found
        if len(found) < _BATCH:
            return
        after = found[-1].seq


def _wrong(row: Row[Any], seq: int, head: str) -> str | None:
    if row.seq != seq + 1:
        return f"record {seq + 1} is missing"
    if row.previous_hash != head:
        return f"record {row.seq} does not follow from the one before it"
    if row.hash != _hash({name: getattr(row, name) for name in _HASHED}):
        return f"record {row.seq} is not as it was written"
    return None


def _hash(row: dict[str, Any]) -> str:
    return hashlib.sha256(json_of({name: row[name] for name in _HASHED}).encode()).hexdigest()
