"""Brings a database from the schema it has to the newest, one revision and one transaction after the other."""

import logging
import threading
from collections.abc import Sequence
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, select
from sqlalchemy.exc import DBAPIError

from fairlead.errors import ConfigError
from fairlead.state import shape
from fairlead.state.database import Database
from fairlead.state.schema import REVISION, claim

log = logging.getLogger("fairlead.state")

FIRST = "0001"
# The library keeps the connection that it works on in a global.
_ALONE = threading.Lock()
_ELSEWHERE = "move it away and a new one is made, or name another `database`"


def upgrade(database: Database, later: Sequence[Path] = ()) -> None:
    """Apply every revision that the database does not have yet; `later` are folders with more than the shipped ones.

    A process that dies midway leaves the last whole revision, from which the next goes on. Raises `StoreUnavailable`,
    and `ConfigError` where the database is newer, not ours, or does not let us.
    """
    with _ALONE:
        before = after = _step(database, later)
        while after is not None:
            after = _step(database, later)
        if before:
            log.info("the database %s had schema %s and was upgraded", database, before)


def _step(database: Database, later: Sequence[Path]) -> str | None:
    """Apply the next revision, if there is one. Gives which it had before, "" for none; None if there was no next."""
    with database.writing() as connection:
        claim(database, connection)
        config = _config(connection, later)
        script = ScriptDirectory.from_config(config)
        found = _revision(connection)
        if found == script.get_current_head():
            return None
        if found is not None and found not in {each.revision for each in script.walk_revisions()}:
            raise _newer(database, found, script.get_current_head())
        try:
            if found is None and _is_first(database, connection):
                command.stamp(config, FIRST)
            else:
                command.upgrade(config, "+1")
        except DBAPIError as error:
            raise _refused(database, error) or error from None
        return found or ""


def _config(connection: Connection, later: Sequence[Path]) -> Config:
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", "fairlead.state:migrations")
    config.set_main_option("path_separator", "newline")
    folders = [Path(__file__).parent / "migrations" / "versions", *later]
    config.set_main_option("version_locations", "\n".join(map(str, folders)).replace("%", "%%"))
    return config


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table(REVISION.name):
        return None
    found: str | None = connection.execute(select(REVISION.c.version_num)).scalar()
    return found


def _is_first(database: Database, connection: Connection) -> bool:
    """Whether the tables are those of the first revision, made before revisions were kept. Raises `ConfigError`."""
    there = shape.found(connection)
    wanted = _first_shape() if there else {}
    if not wanted.keys() & there.keys():
        return False
    if strange := shape.missing(wanted, there):
        raise ConfigError(
            f"the database {database} has tables that are not as Fairlead makes them: {'; '.join(strange)}",
            hint=_ELSEWHERE,
        )
    return True


def _first_shape() -> shape.Shape:
    scratch = Database(":memory:")
    try:
        with scratch.writing() as connection:
            command.upgrade(_config(connection, ()), FIRST)
            made = shape.found(connection)
    finally:
        scratch.close()
    return {table: parts for table, parts in made.items() if table != REVISION.name}


def _newer(database: Database, found: str, newest: str | None) -> ConfigError:
    return ConfigError(
        f"the database {database} has schema {found}, and the newest that this Fairlead knows is {newest}",
        hint="run the Fairlead that upgraded it, or one that is newer; an older one needs a copy from before that, "
        "or another `database`",
    )


def _refused(database: Database, error: DBAPIError) -> ConfigError | None:
    if type(error.orig).__name__ != "InsufficientPrivilege":
        return None
    return ConfigError(
        f"the database {database} does not let its user make tables: {str(error.orig).splitlines()[0]}",
        hint="as its owner: GRANT CREATE ON SCHEMA public TO that user",
    )
