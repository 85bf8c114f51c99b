"""Files that are no database of ours: told with their path, and left as they are."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from fairlead.errors import ConfigError, StoreUnavailable
from fairlead.state import schema
from fairlead.state.database import Database
from fairlead.state.health import examine


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "fairlead.db"


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    with closing(Database(str(path))) as made:
        yield made


def test_s03_a_file_that_is_no_database_is_refused_and_left(database: Database, path: Path) -> None:
    path.write_bytes(b"this is no database" * 1000)
    with pytest.raises(ConfigError) as refused:
        schema.ensure(database)
    assert str(path) in refused.value.message
    assert "file is not a database" in refused.value.message
    assert "move it away" in (refused.value.hint or "")
    assert path.read_bytes() == b"this is no database" * 1000


def test_s03_a_damaged_file_is_refused_and_left(database: Database, path: Path) -> None:
    schema.ensure(database)
    database.close()
    whole = path.read_bytes()
    damaged = whole[:100] + b"\xa5" * (len(whole) - 100)
    path.write_bytes(damaged)
    with pytest.raises(ConfigError, match="malformed") as refused:
        schema.ensure(database)
    assert str(path) in refused.value.message
    assert path.read_bytes() == damaged
    assert "malformed" in examine(database).faults[0]


def test_s03_damage_that_a_start_does_not_meet_is_found_by_a_check(database: Database, path: Path) -> None:
    schema.ensure(database)
    with database.reading() as connection:
        page = connection.execute(text("SELECT rootpage FROM sqlite_master WHERE name = 'call_bodies'")).scalar_one()
    database.close()
    whole = bytearray(path.read_bytes())
    whole[4096 * (page - 1) : 4096 * page] = b"\xa5" * 4096
    path.write_bytes(whole)
    schema.ensure(database)
    health = examine(database)
    assert not health.ok
    assert "damaged" in health.faults[0]


def test_s03_a_folder_in_its_place_is_told(database: Database, path: Path) -> None:
    path.mkdir()
    with pytest.raises(ConfigError, match=rf"{path} is a folder"):
        schema.ensure(database)
    assert list(path.iterdir()) == []


def test_s03_a_place_that_cannot_be_written_to_is_told() -> None:
    told = pytest.raises(StoreUnavailable, match=r"/proc/nowhere/fairlead\.db")
    with closing(Database("/proc/nowhere/fairlead.db")) as database, told:
        schema.ensure(database)


def test_s03_a_file_that_may_only_be_read_cannot_be_upgraded(path: Path) -> None:
    path.touch()
    only = Database(f"sqlite:///file:{path}?mode=ro&uri=true")
    with closing(only) as database, pytest.raises(ConfigError, match="readonly") as refused:
        schema.ensure(database)
    assert str(path) in refused.value.message
    assert path.read_bytes() == b""


def test_a_name_with_options_makes_no_file_of_that_name(
    tmp_path: Path, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with closing(Database(f"sqlite:///file:{path}?mode=rwc&uri=true")) as database:
        schema.ensure(database)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["fairlead.db"]


def test_nothing_is_made_before_it_is_needed(database: Database, path: Path) -> None:
    assert examine(database).faults == ["there is none yet: `ai serve` and `ai db upgrade` make it"]
    assert not path.exists()
    schema.ensure(database)
    assert path.stat().st_mode & 0o777 == 0o600
