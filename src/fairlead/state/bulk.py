"""Many rows in one statement, the way each database takes them fastest."""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import Column, Connection, Table, Text, bindparam, cast, column, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.expression import Executable

Columns = Mapping[str, Sequence[Any]]
# Rows that one statement of SQLite's puts there.
_AT_ONCE = 200


def insert(connection: Connection, table: Table, columns: Columns) -> None:
    """Put new rows there, given column by column. A row whose key is there already changes nothing."""
    _run(connection, table, columns, adding=False)


def add(connection: Connection, table: Table, columns: Columns) -> None:
    """Add numbers to the rows that have the keys, and make those that are missing. No key comes twice."""
    _run(connection, table, columns, adding=True)


def copy(connection: Connection, table: Table, columns: Columns) -> None:
    """Put rows there of which none is there yet: faster than `insert`, and an `IntegrityError` where one is."""
    if connection.dialect.name != "postgresql":
        _copy_sqlite(connection, table, columns)
        return
    # COPY is no statement of SQLAlchemy's. All names in it are our own tables'.
    quoted = connection.dialect.identifier_preparer
    into = f"COPY {quoted.format_table(table)} ({', '.join(map(quoted.quote, columns))}) FROM STDIN"
    problem: type[Exception] = connection.dialect.loaded_dbapi.Error
    cursor: Any = connection.connection.cursor()
    try:
        with cursor, cursor.copy(into) as rows:
            for row in zip(*columns.values(), strict=True):
                rows.write_row(row)
    except problem as error:
        # What the driver raises is to be what it raises anywhere else.
        raise DBAPIError.instance(into, None, error, problem, dialect=connection.dialect) from error


def present(connection: Connection, key: Column[Any], values: Iterable[str]) -> set[str]:
    """Which of these values a column of text has."""
    one = connection.execute(
        _present(key, connection.dialect.name), {"among": msgspec.json.encode(list(values)).decode()}
    )
    return set(one.scalars())


@cache
def _present(key: Column[Any], dialect: str) -> Executable:
    # One document instead of a parameter for each: their names alone would take longer than the look-up.
    among = bindparam("among", type_=Text)
    if dialect == "postgresql":
        values = func.json_array_elements_text(cast(among, postgresql.JSON)).table_valued("value", name="given")
    else:
        values = func.json_each(among).table_valued("value", name="given")
    return select(key).where(key.in_(select(values.c.value)))


def _run(connection: Connection, table: Table, columns: Columns, *, adding: bool) -> None:
    names = tuple(columns)
    if not names or not columns[names[0]]:
        return
    if connection.dialect.name == "postgresql":
        rows = [dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        connection.execute(_postgres(table, names, adding=adding), {"rows": msgspec.json.encode(rows).decode()})
    else:
        statement, order = _sqlite(table, names, adding=adding)
        connection.exec_driver_sql(statement, list(zip(*(columns[name] for name in order), strict=True)))


def _copy_sqlite(connection: Connection, table: Table, columns: Columns) -> None:
    """Many rows by one step of the database: for each step the driver lets go of the interpreter and takes it again."""
    names, rows = tuple(columns), list(zip(*columns.values(), strict=True))
    while rows:
        some, rows = rows[:_AT_ONCE], rows[_AT_ONCE:]
        if len(some) < _AT_ONCE:
            connection.exec_driver_sql(_values(table, names, 1), some)
        else:
            connection.exec_driver_sql(_values(table, names, _AT_ONCE), tuple(itertools.chain.from_iterable(some)))


@cache
def _values(table: Table, names: tuple[str, ...], rows: int) -> str:
    given: list[dict[str, Any]] = [{name: bindparam(f"{name}_{row}") for name in names} for row in range(rows)]
    return str(table.insert().values(given if rows > 1 else given[0]).compile(dialect=sqlite.dialect()))


@cache
def _sqlite(table: Table, names: tuple[str, ...], *, adding: bool) -> tuple[str, list[str]]:
    """The statement and the order of its values: the driver takes rows faster than SQLAlchemy does."""
    statement = sqlite.insert(table).values({name: bindparam(name) for name in names})
    compiled = _settled(statement, table, names, adding=adding).compile(dialect=sqlite.dialect())
    return str(compiled), list(getattr(compiled, "positiontup", None) or names)


@cache
def _postgres(table: Table, names: tuple[str, ...], *, adding: bool) -> Executable:
    """The statement with all rows as one document: an array for each column takes the driver far longer."""
    document = cast(bindparam("rows", type_=Text), postgresql.JSON)
    columns = (column(name, table.c[name].type) for name in names)
    rows = func.json_to_recordset(document).table_valued(*columns, name="given").render_derived(with_types=True)
    statement = postgresql.insert(table).from_select(names, select(*(rows.c[name] for name in names)))
    settled: Executable = _settled(statement, table, names, adding=adding)
    return settled


def _settled(statement: Any, table: Table, names: tuple[str, ...], *, adding: bool) -> Any:
    """The same with what happens to keys that are there already."""
    if not adding:
        return statement.on_conflict_do_nothing()
    keys = [each.name for each in table.primary_key]
    more = {name: table.c[name] + statement.excluded[name] for name in names if name not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=more)
