"""All that a database tells of its tables, so that two can be compared."""

from typing import Any

from sqlalchemy import Connection, inspect

from fairlead.state.database import Database
from fairlead.state.schema import REVISION


def told(database: Database) -> dict[str, Any]:
    """Columns, keys and indexes of each table, whatever order they were made in."""
    with database.reading() as connection:
        there = inspect(connection)
        return {
            table: {
                "columns": {each["name"]: str(each) for each in there.get_columns(table)},
                "primary key": there.get_pk_constraint(table),
                "foreign keys": _sorted(there.get_foreign_keys(table)),
                "unique": _sorted(there.get_unique_constraints(table)),
                "indexes": _sorted(there.get_indexes(table)),
                "without rowid": database.sqlite and _without_rowid(connection, table),
            }
            for table in there.get_table_names()
            if table != REVISION.name
        }


def _sorted(found: Any) -> list[str]:
    return sorted(str(_plain(each)) for each in found)


def _plain(value: Any) -> Any:
    # An index's condition is an expression, which equals no other.
    return {name: _plain(each) for name, each in value.items()} if isinstance(value, dict) else str(value)


def _without_rowid(connection: Connection, table: str) -> bool:
    rows = connection.exec_driver_sql(f"PRAGMA table_list('{table}')").mappings().all()
    return bool(rows[0]["wr"])
