"""`ai db`: the database that calls, keys and budgets are kept in."""

import contextlib
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from fairlead import home
from fairlead.cli import say, settings
from fairlead.cli.ask import CONFIG
from fairlead.cli.limits import JSON, told

if TYPE_CHECKING:
    from fairlead.state.database import Database
    from fairlead.state.health import Health


@click.group("db")
def db() -> None:
    """Check the database, or bring it to the newest schema."""


@db.command("check", short_help="Tell which database it is, and whether it is whole.")
@JSON
@CONFIG
@click.pass_context
def check(ctx: click.Context, as_json: bool, config: str | None) -> None:
    """Tell which database it is, its schema, whether its tables are whole, and how many rows they have.

    Changes nothing. A large database takes a while. Ends with 1 where something is wrong.
    """
    from fairlead.state.health import examine  # noqa: PLC0415 - only these commands need the database's library

    with _opened(config) as database:
        health = examine(database)
    say.data(told({"ok": health.ok, **asdict(health)}) if as_json else _shown(health))
    ctx.exit(0 if health.ok else 1)


@db.command("upgrade", short_help="Bring it to the newest schema.")
@CONFIG
def upgrade(config: str | None) -> None:
    """Bring it to the newest schema, as `ai serve` does when it starts. A copy of it, taken before, is the way back."""
    from fairlead.state import schema  # noqa: PLC0415 - only these commands need the database's library

    with _opened(config) as database:
        schema.ensure(database)
        say.data(f"{database} has schema {schema.HEAD}, the newest")


@contextlib.contextmanager
def _opened(config: str | None) -> "Iterator[Database]":
    from fairlead.state.database import Database  # noqa: PLC0415 - only these commands need the database's library

    loaded, environ = settings.read(config)
    settings.quiet_log(loaded)
    folder = home.data_dir(loaded.config, environ)
    with contextlib.closing(Database(loaded.config.database or str(folder / "fairlead.db"))) as database:
        yield database


def _shown(health: "Health") -> str:
    newest = "the newest" if health.schema == health.newest else f"the newest is {health.newest}"
    return say.table(
        [
            ("database", health.database),
            ("schema", f"{health.schema or 'none'} ({newest})"),
            ("tables", "whole" if health.ok else health.faults[0]),
            *(("", fault) for fault in health.faults[1:]),
            *((f"rows in {name}", f"{count:,}") for name, count in health.rows.items()),
        ]
    )
