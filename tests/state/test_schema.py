"""The schema of a database: that it comes to be the newest, whatever was there, or is left as it was."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import event, text

from fairlead.errors import ConfigError, StoreUnavailable
from fairlead.state import migrate, schema
from fairlead.state.database import Database
from fairlead.state.schema import HEAD, REVISION
from fairlead.state.tables import metadata
from fairlead.state.tables.identity import organisations
from tests.state.compared import told
from tests.state.dumped import load
from tests.support.databases import KINDS, fresh, opened

ACME = {"id": "o", "name": "acme", "tags": "[]", "rights": "{}", "budgets": "[]", "limits": "[]", "created": 1}


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with fresh(request.param, tmp_path) as made:
        yield made


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    with closing(Database(url)) as made:
        yield made


def test_what_migrations_make_is_what_the_code_declares(database: Database) -> None:
    migrate.upgrade(database)
    options = {"version_table": REVISION.name, "compare_type": True, "compare_server_default": True}
    with database.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []


@pytest.mark.parametrize("kind", KINDS)
def test_the_two_agree_in_what_is_not_compared_by_the_library(kind: str, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with opened(kind, tmp_path) as declared, fresh(kind, tmp_path / "other") as url, closing(Database(url)) as migrated:
        migrate.upgrade(migrated)
        assert told(migrated) == told(declared)


def test_the_newest_revision_is_the_one_that_a_start_looks_for() -> None:
    config = Config()
    config.set_main_option("script_location", "fairlead.state:migrations")
    config.set_main_option("path_separator", "newline")
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_only_an_old_schema_needs_what_migrates(tmp_path: Path) -> None:
    path = tmp_path / "fairlead.db"
    code = (
        "import sys; from fairlead.state import schema; from fairlead.state.database import Database; "
        "schema.ensure(Database(sys.argv[1])); print('alembic' in sys.modules)"
    )

    def loaded() -> str:
        return subprocess.run([sys.executable, "-c", code, path], check=True, capture_output=True, text=True).stdout

    assert loaded() == "False\n"  # there was no database
    assert loaded() == "False\n"  # it is the newest
    path.unlink()
    with closing(Database(str(path))) as old:
        load(old, "0001")
    assert loaded() == "True\n"


def test_what_is_there_stays_however_often_it_is_asked(database: Database) -> None:
    schema.ensure(database)
    with database.writing() as connection:
        connection.execute(organisations.insert().values(ACME))
    schema.ensure(database)
    with database.reading() as connection:
        assert connection.execute(organisations.select()).one().name == "acme"


def test_gateways_that_start_at_once_make_it_once(url: str) -> None:
    code = (
        "import sys; from fairlead.state import schema; from fairlead.state.database import Database; "
        "import fairlead.state.migrate; print('ready', flush=True); sys.stdin.readline(); "
        "schema.ensure(Database(sys.argv[1]))"
    )
    pipe = subprocess.PIPE
    line = [sys.executable, "-c", code, url]
    started = [subprocess.Popen(line, stdin=pipe, stdout=pipe, stderr=pipe, text=True) for _ in range(4)]
    for each in started:
        assert each.stdout is not None
        assert each.stdout.readline() == "ready\n"
    ended = [each.communicate("go\n") for each in started]
    assert [(each.returncode, said[1]) for each, said in zip(started, ended, strict=True)] == [(0, "")] * 4
    with closing(Database(url)) as database:
        assert schema.revision(database) == HEAD


def test_threads_that_start_at_once_make_each_its_own(tmp_path: Path) -> None:
    made = [Database(str(tmp_path / f"{number}.db")) for number in range(4)]
    threads = [threading.Thread(target=schema.ensure, args=(each,)) for each in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [schema.revision(each) for each in made] == [HEAD] * 4
    for each in made:
        each.close()


def test_s03_a_newer_schema_is_refused_and_left(database: Database) -> None:
    schema.ensure(database)
    with database.writing() as connection:
        connection.execute(REVISION.update().values(version_num="9000"))
    before = told(database)
    with pytest.raises(ConfigError) as refused:
        schema.ensure(database)
    for said in (str(database), "9000", HEAD):
        assert said in refused.value.message
    assert "newer" in (refused.value.hint or "")
    assert told(database) == before
    assert schema.revision(database) == "9000"


def test_tables_from_before_there_were_revisions_are_taken_as_the_first(database: Database) -> None:
    load(database, "0001", rows=False)
    with database.writing() as connection:
        connection.execute(organisations.insert().values(ACME))
        REVISION.drop(connection)
    schema.ensure(database)
    assert schema.revision(database) == HEAD
    with database.reading() as connection:
        assert connection.execute(organisations.select()).one().name == "acme"


@pytest.mark.parametrize(
    ("change", "told_of"),
    [
        ("ALTER TABLE call_sums DROP COLUMN total_us", "the table `call_sums` is without total_us"),
        ("DROP INDEX ix_users_team", "the table `users` is without index ix_users_team"),
        ("DROP TABLE call_tags", "the table `call_tags` is missing"),
    ],
)
def test_tables_that_are_not_as_we_make_them_are_refused_and_left(
    database: Database, change: str, told_of: str
) -> None:
    schema.ensure(database)
    with database.writing() as connection:
        REVISION.drop(connection)
        connection.execute(text(change))
    before = told(database)
    with pytest.raises(ConfigError) as refused:
        schema.ensure(database)
    assert told_of in refused.value.message
    assert str(database) in refused.value.message
    assert "move it away" in (refused.value.hint or "")
    assert told(database) == before
    assert schema.revision(database) is None


def test_another_programs_tables_beside_ours_are_no_hindrance(database: Database) -> None:
    with database.writing() as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
        connection.execute(text("INSERT INTO alembic_version VALUES ('theirs')"))
    schema.ensure(database)
    assert schema.revision(database) == HEAD
    with database.reading() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all() == ["theirs"]


def test_a_database_that_lets_its_user_make_no_tables_says_so(tmp_path: Path) -> None:
    with opened("postgresql", tmp_path) as owned, closing(Database(str(owned.url.render_as_string(False)))) as database:
        with owned.writing() as connection:
            connection.execute(text("REVOKE CREATE ON SCHEMA public FROM PUBLIC"))
            connection.execute(text("DROP TABLE fairlead_revision"))
        event.listen(database.engine, "connect", _as_somebody_else)
        with pytest.raises(ConfigError, match="does not let its user make tables") as refused:
            schema.ensure(database)
        assert "GRANT CREATE" in (refused.value.hint or "")


def _as_somebody_else(connection: Any, _: object) -> None:
    connection.execute("SET ROLE pg_monitor")
    connection.commit()


def test_a_server_that_does_not_answer_may_be_asked_again() -> None:
    with closing(Database("postgresql://nobody@127.0.0.1:1/none")) as database, pytest.raises(StoreUnavailable):
        schema.ensure(database)
