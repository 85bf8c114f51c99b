"""The record: every call, its texts where they are kept, what many calls come to, and how far the journal is read."""

from typing import Any, Final

from sqlalchemy import Boolean, Column, Index, Integer, SmallInteger, String, Table, Text

from fairlead.state.measures import BY, SUMS, TAG_SUMS
from fairlead.state.tables.base import Count, Moment, Nano, metadata

# `line` is the whole row as the journal has it; the other columns are for looking calls up. An id sorts by its time.
calls = Table(
    "calls",
    metadata,
    Column("id", String, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("endpoint", String, nullable=False),
    Column("outcome", String, nullable=False),
    Column("status", Integer, nullable=False),
    Column("key", String, nullable=False),
    Column("team", String, nullable=False),
    Column("user", String, nullable=False),
    Column("asked", String, nullable=False),
    Column("model", String, nullable=False),
    Column("provider", String, nullable=False),
    Column("stream", Boolean, nullable=False),
    Column("input_tokens", Count, nullable=False),
    Column("output_tokens", Count, nullable=False),
    Column("cost", Nano),
    Column("total_us", Count, nullable=False),
    Column("line", Text, nullable=False),
)


def _to_find(name: str, besides: str | None = None) -> None:
    """An index that finds calls by a column, the newest first. Those with the value `besides` do not stand in it."""
    column = calls.c[name]
    where: dict[str, Any] = (
        {} if besides is None else {"sqlite_where": column != besides, "postgresql_where": column != besides}
    )
    Index(None, column, calls.c.id, **where)


USUAL: Final = {"team": "", "user": "", "outcome": "ok"}
for _name in ("key", "model", "provider"):
    _to_find(_name)
for _name, _value in USUAL.items():
    _to_find(_name, _value)

bodies = Table(
    "call_bodies",
    metadata,
    Column("id", String, primary_key=True),
    Column("at", Moment, nullable=False, index=True),
    Column("request", Text, nullable=False),
    Column("reply", Text, nullable=False),
)

# One row for each hour (`span` 1) and day (`span` 24) from `at` on, UTC, and each combination that had calls in it.
sums = Table(
    "call_sums",
    metadata,
    Column("span", SmallInteger, primary_key=True),
    Column("at", Moment, primary_key=True),
    *(Column(name, String, primary_key=True) for name in BY),
    *(Column(name, Count, nullable=False) for name in SUMS),
    sqlite_with_rowid=False,
)

tags = Table(
    "call_tags",
    metadata,
    Column("span", SmallInteger, primary_key=True),
    Column("at", Moment, primary_key=True),
    Column("tag", String, primary_key=True),
    *(Column(name, Count, nullable=False) for name in TAG_SUMS),
    sqlite_with_rowid=False,
)

# How much of each file of the journal is in the tables above: the same transaction puts both there.
segments = Table(
    "journal_segments",
    metadata,
    Column("name", String, primary_key=True),
    Column("read", Count, nullable=False),
    Column("at", Moment, nullable=False),
)
