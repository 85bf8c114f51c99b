"""Which schema a database has, and how it comes to the newest: `migrations/` has a revision for each."""

from sqlalchemy import Column, Connection, MetaData, String, Table, func, insert, inspect, select, text
from sqlalchemy.exc import DBAPIError

from fairlead.errors import ConfigError
from fairlead.state.database import Broken, Database
from fairlead.state.tables import metadata

# The newest revision. Held here so that a start with nothing to do need not import the library that migrates.
HEAD = "0002"
# One row, which the migrations keep. Not called as that library would: the database may be another program's too.
REVISION = Table("fairlead_revision", MetaData(), Column("version_num", String(32), nullable=False))
# Two gateways that start at once would both find the schema old.
_LOCK = 0x666C_5343


def ensure(database: Database) -> None:
    """Bring the database to the newest schema, from none or any older.

    Raises `StoreUnavailable` where asking again may help, else `ConfigError`; what was there is then as it was.
    """
    try:
        if revision(database) != HEAD and not _made(database):
            from fairlead.state import migrate  # noqa: PLC0415 - its library is slow to import, and seldom needed

            migrate.upgrade(database)
    except Broken as error:
        raise ConfigError(error.message, hint=error.hint) from None


def claim(database: Database, connection: Connection) -> None:
    """Wait for other processes that migrate. SQLite has let in no other writer since the transaction began."""
    if not database.sqlite:
        connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
        # What changes a large table may take longer than any query of a gateway should.
        connection.execute(text("SET LOCAL statement_timeout = 0"))


def _made(database: Database) -> bool:
    """Make the tables where there is none at all, which takes no history; False where that is not so."""
    try:
        with database.writing() as connection:
            claim(database, connection)
            if inspect(connection).get_table_names():
                return False
            metadata.create_all(connection)
            REVISION.create(connection)
            connection.execute(insert(REVISION).values(version_num=HEAD))
    except DBAPIError:
        return False  # the way of revisions says what is wrong
    return True


def revision(database: Database) -> str | None:
    """Which schema the database says it has; None where it says nothing. Raises `StoreUnavailable`."""
    with database.reading() as connection:
        try:
            found: str | None = connection.execute(select(REVISION.c.version_num)).scalar()
        except DBAPIError as error:
            if not _is_missing(error):
                raise
            found = None
    return found


def _is_missing(error: DBAPIError) -> bool:
    """Whether there is no such table."""
    return type(error.orig).__name__ == "UndefinedTable" or str(error.orig).startswith("no such table")
