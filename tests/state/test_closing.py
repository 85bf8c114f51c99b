"""A database that is let go of while somebody still reads it."""

from pathlib import Path

import pytest
from sqlalchemy import event, text

from fairlead.state.database import Database
from tests.support.databases import KINDS, fresh


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("late", [False, True], ids=["in use", "begun after"])
def test_a_connection_in_use_at_the_end_is_closed_too(kind: str, late: bool, tmp_path: Path) -> None:
    with fresh(kind, tmp_path) as url:
        database, open_now = Database(url), set[int]()
        event.listen(database.engine, "connect", lambda connection, _: open_now.add(id(connection)))
        event.listen(database.engine, "close", lambda connection, _: open_now.discard(id(connection)))
        if late:
            database.close()
        with database.reading() as connection:
            assert connection.execute(text("SELECT 1")).scalar() == 1
            assert open_now
            database.close()
        assert not open_now
