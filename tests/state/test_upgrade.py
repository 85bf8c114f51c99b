"""From every released schema to the newest, with rows in it; a later release adds its dump to `dumped.RELEASED`."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from fairlead.ledger.directory import Directory
from fairlead.ledger.usage import Usage
from fairlead.state import migrate, schema
from fairlead.state.database import Database
from fairlead.state.health import examine
from fairlead.state.tables import metadata
from tests.ledger.rows import NOON
from tests.state.compared import told
from tests.state.dumped import RELEASED, load
from tests.support.databases import KINDS, fresh, opened
from tests.support.directory import ADMIN, PEPPER, Held

LATER = """
from alembic import op
import sqlalchemy as sa

revision = "{revision}"
down_revision = "{before}"

def upgrade():
    op.add_column("organisations", sa.Column("of_{revision}", sa.Text()))
    op.create_index("ix_of_{revision}", "organisations", ["of_{revision}"])
"""


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    with fresh(request.param, tmp_path) as url, closing(Database(url)) as made:
        yield made


def later(folder: Path, *revisions: str) -> Path:
    """A folder with revisions behind the shipped ones."""
    folder.mkdir(exist_ok=True)
    for before, revision in zip((schema.HEAD, *revisions), revisions, strict=False):
        (folder / f"{revision}.py").write_text(LATER.format(revision=revision, before=before))
    return folder


@pytest.mark.parametrize("released", RELEASED)
def test_a_released_schema_becomes_the_newest(database: Database, released: str, tmp_path: Path) -> None:
    load(database, released)
    assert schema.revision(database) == released
    schema.ensure(database)
    assert schema.revision(database) == schema.HEAD
    (tmp_path / "new").mkdir()
    with opened("sqlite" if database.sqlite else "postgresql", tmp_path / "new") as new:
        assert told(database) == told(new)
    assert examine(database).ok


@pytest.mark.parametrize("released", RELEASED)
def test_what_a_released_version_kept_is_still_there(database: Database, released: str, tmp_path: Path) -> None:
    load(database, released)
    there = Directory(database, PEPPER, Held())
    there.open()
    assert {(key.name, key.state) for key in there.page(ADMIN, "key").data} == {("one", "active"), ("two", "blocked")}
    assert there.show(ADMIN, "key", "one").rights.models == ["openai/*"]
    assert len(there.entries()) == 3
    assert there.verify(ADMIN).ok
    usage = Usage(database, tmp_path / "journal", Held(NOON / 1000 + 60))
    total = usage.total(0)
    assert (total.calls, total["cost"], total["unknown"]) == (3, 2_000_000, 1)
    failed = usage.calls(0, None, {"outcome": "failed"}).calls
    row, texts = usage.call(failed[0].id)
    assert (row.status, texts and texts.reply) == (502, "it's fine")
    rows = examine(database).rows
    assert all(rows[name] for name in metadata.tables), rows


@pytest.mark.parametrize("kind", KINDS)
def test_the_first_revision_is_what_was_released(kind: str, tmp_path: Path) -> None:
    """For as long as it is the newest; from then on the test above holds to it."""
    (tmp_path / "dumped").mkdir()
    with opened(kind, tmp_path) as made, fresh(kind, tmp_path / "dumped") as url, closing(Database(url)) as dumped:
        load(dumped, "0001", rows=False)
        if schema.HEAD == "0001":
            assert told(made) == told(dumped)


def test_several_revisions_are_applied_one_after_the_other(
    database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "fairlead")
    load(database, "0001")
    migrate.upgrade(database, [later(tmp_path / "later", "9001", "9002")])
    assert schema.revision(database) == "9002"
    with database.reading() as connection:
        kept = connection.execute(text("SELECT name, of_9001, of_9002 FROM organisations")).one()
    assert tuple(kept) == ("acme", None, None)
    assert [line for line in caplog.messages if str(database) in line] == [
        f"the database {database} had schema 0001 and was upgraded"
    ]


def test_a_revision_that_fails_leaves_the_one_before_it(database: Database, tmp_path: Path) -> None:
    load(database, "0001")
    folder = later(tmp_path / "later", "9001", "9002")
    (folder / "9002.py").write_text(LATER.format(revision="9002", before="9001") + "    raise OSError('broken')\n")
    with pytest.raises(OSError, match="broken"):
        migrate.upgrade(database, [folder])
    assert schema.revision(database) == "9001"
    assert "of_9001" in told(database)["organisations"]["columns"]
    assert "of_9002" not in told(database)["organisations"]["columns"]
    migrate.upgrade(database, [later(folder, "9001", "9002")])
    assert schema.revision(database) == "9002"
