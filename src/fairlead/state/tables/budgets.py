"""What was taken and spent of each budget, and by whom what was taken is held."""

from sqlalchemy import Column, Index, Table, Text

from fairlead.state.tables.base import Moment, Nano, metadata

# One row for each rule, group and window. `taken` is what was spent and what processes hold of the account, `spent`
# only what the ledger has; `alerted` the highest per cent that was told of.
accounts = Table(
    "budget_accounts",
    metadata,
    Column("rule", Text, primary_key=True),
    Column("whose", Text, primary_key=True),
    Column("start", Moment, primary_key=True),
    Column("ends", Moment),
    Column("taken", Nano, nullable=False, default=0, server_default="0"),
    Column("spent", Nano, nullable=False, default=0, server_default="0"),
    Column("alerted", Nano, nullable=False, default=0, server_default="0"),
)

# What one process holds: `granted` to it, of which the ledger knows `used`.
leases = Table(
    "budget_leases",
    metadata,
    Column("process", Text, primary_key=True),
    Column("rule", Text, primary_key=True),
    Column("whose", Text, primary_key=True),
    Column("start", Moment, primary_key=True),
    Column("granted", Nano, nullable=False),
    Column("used", Nano, nullable=False, default=0, server_default="0"),
    Column("expires", Moment, nullable=False),
    Index("ix_budget_leases_expires", "expires"),
)
