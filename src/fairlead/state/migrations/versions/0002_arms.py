# ruff: noqa: INP001
"""Sums of calls know the arm of the experiment that a call was in."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_KEY = ("span", "at", "key", "team", "user", "model", "provider", "endpoint", "outcome", "arm")


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.add_column("call_sums", sa.Column("arm", sa.String(), nullable=False, server_default=""))
        op.alter_column("call_sums", "arm", server_default=None)
        op.drop_constraint("pk_call_sums", "call_sums", type_="primary")
        op.create_primary_key("pk_call_sums", "call_sums", list(_KEY))
    else:
        _copied()


def _copied() -> None:
    """SQLite changes no key of a table that is there. The key's columns come first: its own check errs otherwise."""
    there = sa.inspect(op.get_bind()).get_columns("call_sums")
    kept = [sa.Column(each["name"], each["type"], nullable=False) for each in there]
    keys = len(_KEY) - 1
    made = op.create_table(
        "call_sums_of_0002",
        *kept[:keys],
        sa.Column("arm", sa.String(), nullable=False),
        *kept[keys:],
        sa.PrimaryKeyConstraint(*_KEY, name="pk_call_sums"),
        sqlite_with_rowid=False,
    )
    before = sa.table("call_sums", *(sa.column(each.name) for each in kept))
    names = [each.name for each in kept]
    op.execute(made.insert().from_select([*names, "arm"], sa.select(*before.c, sa.literal(""))))
    op.drop_table("call_sums")
    op.rename_table("call_sums_of_0002", "call_sums")
