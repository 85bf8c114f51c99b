"""The record: every call, its texts where they are kept, what many calls come to, and how far the journal is read."""

from sqlalchemy import Column, SmallInteger, String, Table, Text

from fairlead.state.measures import BY, SUMS, TAG_SUMS
from fairlead.state.tables.base import Count, Moment, metadata

# `line` is the whole row as the journal has it. An id sorts by its time.
calls = Table("calls", metadata, Column("id", String, primary_key=True), Column("line", Text, nullable=False))

# Where calls with a rare value are: those of one batch of the fold have ids from `first` to `last`.
places = Table(
    "call_places",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", String, primary_key=True),
    Column("last", String, primary_key=True),
    Column("first", String, nullable=False),
    sqlite_with_rowid=False,
)

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
