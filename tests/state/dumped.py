"""Databases as released versions left them: the tables of a revision for each kind, and rows in them."""

from pathlib import Path

from fairlead.state.database import Database

DUMPS = Path(__file__).parent / "dumps"
# Add the newest at its release, and never change one that is there.
RELEASED = ("0001",)


def load(database: Database, revision: str, *, rows: bool = True) -> None:
    """Make the tables that a revision had, and put rows into them."""
    kind = "sqlite" if database.sqlite else "postgresql"
    files = [DUMPS / f"{revision}.{kind}.sql", *([DUMPS / f"{revision}.rows.sql"] if rows else [])]
    with database.writing() as connection:
        for statement in "".join(file.read_text(encoding="utf-8") for file in files).split(";\n"):
            if statement:
                connection.exec_driver_sql(statement)
