"""Who may call: organisations, teams, users and keys, and the record of every change to them.

Nothing here is ever deleted: `deleted` has the moment from which on a row counts no more, for the ledger refers to it.
Tags, rights, budgets and limits are JSON. A key is kept as its hash, by which nobody can call.
"""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from fairlead.state.tables.base import Count, Moment, metadata


def _life() -> tuple[Column[int], ...]:
    return (
        Column("created", Moment, nullable=False),
        Column("blocked", Boolean, nullable=False, default=False),
        Column("deleted", Moment),
    )


def _limits() -> tuple[Column[str], ...]:
    return tuple(Column(name, Text, nullable=False) for name in ("tags", "rights", "budgets", "limits"))


organisations = Table(
    "organisations",
    metadata,
    Column("id", String(48), primary_key=True),
    Column("name", String(200), nullable=False),
    *_limits(),
    *_life(),
)

teams = Table(
    "teams",
    metadata,
    Column("id", String(48), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("organisation", ForeignKey("organisations.id"), nullable=False),
    *_limits(),
    *_life(),
)

users = Table(
    "users",
    metadata,
    Column("id", String(48), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("organisation", ForeignKey("organisations.id"), nullable=False),
    Column("team", ForeignKey("teams.id"), nullable=False, index=True),
    *_limits(),
    *_life(),
)

# `shown` is what a list tells it by. For as long as `previous_until` is to come, the key before it is good too.
keys = Table(
    "keys",
    metadata,
    Column("id", String(48), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("role", String(16), nullable=False),
    Column("shown", String(32), nullable=False),
    Column("digest", String(64), nullable=False, unique=True),
    Column("previous_digest", String(64), index=True),
    Column("previous_until", Moment),
    Column("organisation", ForeignKey("organisations.id")),
    Column("team", ForeignKey("teams.id"), index=True),
    Column("user", ForeignKey("users.id"), index=True),
    *_limits(),
    *_life(),
    Column("expires", Moment),
    Column("rotated", Moment),
)

# `hash` is over this record and the hash of the one before it.
audit = Table(
    "audit",
    metadata,
    Column("seq", Count, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("actor_key", String(48), nullable=False),
    Column("action", String(32), nullable=False),
    Column("object_kind", String(32), nullable=False),
    Column("object_id", String(48), nullable=False),
    Column("before", Text),
    Column("after", Text),
    Column("previous_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Index("ix_audit_object", "object_kind", "object_id"),
)

# One row. `counter` grows with every change, so that whoever holds a copy sees that it is old. `records` and `head`
# say where the audit log ends, and `seal` binds the two to the pepper. `pepper` tells whether that is still the same.
changes = Table(
    "changes",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("counter", Count, nullable=False),
    Column("records", Count, nullable=False),
    Column("head", String(64), nullable=False),
    Column("seal", String(64), nullable=False),
    Column("pepper", String(64), nullable=False),
)
