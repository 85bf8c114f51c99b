"""Where things are kept: the data directory, and the database that says who may call.

Apart from the composition root, so that a command that only looks something up need not load the engine.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fairlead.clock import Clock
from fairlead.config.schema import Config
from fairlead.ledger.keys import pepper
from fairlead.ledger.principal import Principal, Role

if TYPE_CHECKING:
    from fairlead.ledger.directory import Directory

# Who acts on this machine without a key: whoever can read its database.
OPERATOR: Final = Principal("local operator", role=Role.ADMIN)


def data_dir(config: Config, environ: Mapping[str, str]) -> Path:
    """Where weights and records are kept."""
    if config.data_dir:
        return Path(config.data_dir).expanduser()
    home = environ.get("XDG_DATA_HOME", "")
    if home:
        return Path(home) / "fairlead"
    from platformdirs import user_data_dir  # noqa: PLC0415 - seldom needed

    return Path(user_data_dir("fairlead"))


def directory(config: Config, environ: Mapping[str, str], clock: Clock | None = None) -> "Directory":
    """Who may call, as the configured database has it. Opens nothing but the pepper's file. Raises `ConfigError`."""
    # The database's library takes longer to import than all else, and asking in-process needs none.
    from fairlead.ledger.directory import Directory  # noqa: PLC0415
    from fairlead.state.database import Database  # noqa: PLC0415

    folder = data_dir(config, environ)
    database = Database(config.database or str(folder / "fairlead.db"))
    return Directory(database, pepper(folder, environ.get("FAIRLEAD_PEPPER", "").strip()), clock or Clock())
