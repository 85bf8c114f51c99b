"""Which schema a database has, and how it comes to the newest: `migrations/` has a revision for each."""

from sqlalchemy import Column, MetaData, String, Table, select
from sqlalchemy.exc import DBAPIError

from fairlead.errors import ConfigError
from fairlead.state.database import Broken, Database

# The newest revision. Held here so that a start with nothing to do need not import the library that migrates.
HEAD = "0001"
# One row, which the migrations keep. Not called as that library would: the database may be another program's too.
REVISION = Table("fairlead_revision", MetaData(), Column("version_num", String(32), nullable=False))


def ensure(database: Database) -> None:
    """Bring the database to the newest schema, from none or any older.

    Raises `StoreUnavailable` where asking again may help, else `ConfigError`; what was there is then as it was.
    """
    try:
        if revision(database) != HEAD:
            from fairlead.state import migrate  # noqa: PLC0415 - its library is slow to import, and seldom needed

            migrate.upgrade(database)
    except Broken as error:
        raise ConfigError(error.message, hint=error.hint) from None


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
