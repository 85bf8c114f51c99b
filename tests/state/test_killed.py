"""A process that is killed while it migrates, at every statement."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from fairlead.state import schema
from fairlead.state.database import Database
from tests.state.compared import told
from tests.state.dumped import load
from tests.state.test_upgrade import later
from tests.support.databases import KINDS, fresh


@pytest.mark.parametrize("filled", [False, True], ids=["empty", "filled"])
@pytest.mark.parametrize("kind", KINDS)
def test_s04_the_old_schema_stays_and_the_next_start_goes_on(kind: str, filled: bool, tmp_path: Path) -> None:
    """What is there after each kill is one whole revision, never older than after the kill before."""
    folder = later(tmp_path / "later", "9001", "9002")
    with fresh(kind, tmp_path) as url, closing(Database(url)) as database:
        if filled:
            load(database, "0001")
        seen = [(revision, told(database)) for revision in killed(database, url, folder)]
        revisions = [revision for revision, _ in seen]
        assert len(seen) > 10
        # The one that came through the first revision had statements left for the others.
        assert set(revisions) >= ({"0001", "9001"} if filled else {None, "0001"})
        assert revisions == sorted(revisions, key=lambda each: each or "")
        for revision, tables in seen:
            assert ("calls" in tables) == (revision is not None)
            columns = tables["organisations"]["columns"] if tables else {}
            assert ("of_9001" in columns, "of_9002" in columns) == (
                revision in ("9001", "9002"),
                revision == "9002",
            )
        assert schema.revision(database) == "9002"


def killed(database: Database, url: str, folder: Path) -> Iterator[str | None]:
    """The revision that is there after each kill, until a process comes to the end."""
    line = [sys.executable, "-m", "tests.state.killed", url, str(folder)]
    pipe = subprocess.PIPE
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen(line, stdin=pipe, stdout=pipe, stderr=pipe, text=True, cwd=root) as runs:
        assert runs.stdin is not None
        assert runs.stdout is not None
        for said in runs.stdout:
            if not said.endswith("killed\n"):
                break
            yield schema.revision(database)
            runs.stdin.write("\n")
            runs.stdin.flush()
        _, err = runs.communicate()
    assert (said.split()[-1], err) == ("0", "")
