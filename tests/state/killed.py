"""Migrates a database in processes of which each is killed one statement later than the one before.

Prints, for each: what the database had before it, and whether it was killed. Ends with the first that was not.
"""

import os
import signal
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import event

from fairlead.state import migrate
from fairlead.state.database import Database


def main(url: str, later: str) -> None:
    statement = 0
    while True:
        child = os.fork()
        if child == 0:
            _migrate(url, later, statement)
        _, status = os.waitpid(child, 0)
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        print(statement, "killed" if killed else os.waitstatus_to_exitcode(status), flush=True)
        if not killed:
            return
        # Whoever reads this looks at the database before the next one starts.
        sys.stdin.readline()
        statement += 1


def _migrate(url: str, later: str, last: int) -> None:
    database, done = Database(url), 0

    def count(*_: Any) -> None:
        nonlocal done
        if done >= last:
            os.kill(os.getpid(), signal.SIGKILL)
        done += 1

    # Before each statement, and before the end of each transaction.
    event.listen(database.engine, "before_cursor_execute", count)
    event.listen(database.engine, "commit", count)
    migrate.upgrade(database, [Path(later)])
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
