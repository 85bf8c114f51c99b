"""What tables a database has, by the names of their columns and indexes."""

from collections.abc import Mapping

from sqlalchemy import Connection, MetaData, inspect

Shape = Mapping[str, frozenset[str]]


def found(connection: Connection) -> Shape:
    """The shape of what is there."""
    there = inspect(connection)
    return {
        table: frozenset(column["name"] for column in there.get_columns(table))
        | {f"index {index['name']}" for index in there.get_indexes(table) if "duplicates_constraint" not in index}
        for table in there.get_table_names()
    }


def declared(metadata: MetaData) -> Shape:
    """The shape of what the code declares."""
    return {
        table.name: frozenset(column.name for column in table.columns)
        | {f"index {index.name}" for index in table.indexes}
        for table in metadata.sorted_tables
    }


def missing(wanted: Shape, there: Shape) -> list[str]:
    """What is wanted and not there, one sentence for each table. What is there besides does not count."""
    said = []
    for table, parts in sorted(wanted.items()):
        if table not in there:
            said.append(f"the table `{table}` is missing")
        elif lost := parts - there[table]:
            said.append(f"the table `{table}` is without {', '.join(sorted(lost))}")
    return said
