"""What `ai db check` tells of a database: its schema, whether its tables are whole, how much is in them."""

from dataclasses import dataclass, field

from sqlalchemy import Connection, func, select
from sqlalchemy.exc import DBAPIError

from fairlead.state import shape
from fairlead.state.database import Broken, Database
from fairlead.state.schema import HEAD, revision
from fairlead.state.tables import metadata


@dataclass(slots=True)
class Health:
    """What was found. `rows` counts each table's, as far as they can be read."""

    database: str
    schema: str | None = None
    newest: str = HEAD
    faults: list[str] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return not self.faults


def examine(database: Database) -> Health:
    """Look, and change nothing: what is not there is not made. Raises `StoreUnavailable`."""
    health = Health(str(database))
    if database.file is not None and not database.file.exists():
        health.faults.append("there is none yet: `ai serve` and `ai db upgrade` make it")
        return health
    try:
        health.schema = revision(database)
        with database.reading() as connection:
            health.faults += _damage(connection) if database.sqlite else []
            if health.ok:
                _read(connection, health)
    except Broken as error:
        health.faults.append(error.message)
    return health


def _read(connection: Connection, health: Health) -> None:
    there = shape.found(connection)
    health.faults += _doubts(health.schema, there)
    for name, table in sorted(metadata.tables.items()):
        if name in there:
            health.rows[name] = connection.execute(select(func.count()).select_from(table)).scalar_one()


def _doubts(schema: str | None, there: shape.Shape) -> list[str]:
    if schema == HEAD:
        return shape.missing(shape.declared(metadata), there)
    if schema is None:
        return ["it has no schema of Fairlead's yet: `ai db upgrade` makes it"]
    if schema < HEAD:
        return [f"its schema {schema} is older than {HEAD}: `ai db upgrade` brings it up to date"]
    return [f"its schema {schema} is newer than {HEAD}, the newest that this Fairlead knows"]


def _damage(connection: Connection) -> list[str]:
    """What SQLite finds wrong with its file."""
    try:
        rows = connection.exec_driver_sql("PRAGMA integrity_check(10)").scalars().all()
    except DBAPIError as error:
        return [f"the file is damaged: {error.orig}"]
    return [f"the file is damaged: {' '.join(row.split())}" for row in rows if row != "ok"]
