"""The configuration as a command needs it: read, and its warnings told."""

import os
from pathlib import Path

from fairlead.cli import say
from fairlead.config.env_files import Environ, gathered
from fairlead.config.load import Loaded, load
from fairlead.observe.logs import configure
from fairlead.routing.notes import doubts
from fairlead.routing.policy import Policy


def read(config: str | None) -> tuple[Loaded, Environ]:
    """The configuration and the environment that it came from. Raises `ConfigError`."""
    environ = gathered(os.environ)
    loaded = load(config, environ, Path.cwd())
    for warning in (*environ.warnings, *loaded.warnings):
        say.warning(warning)
    return loaded, environ


def policy(config: str | None) -> Policy:
    """What routing knows by that configuration. Raises `ConfigError`."""
    from fairlead import app  # noqa: PLC0415 - the engine, which most commands do without

    loaded, environ = read(config)
    made = app.make_policy(loaded.config, environ)
    for doubt in doubts(made):
        say.warning(doubt)
    return made


def quiet_log(loaded: Loaded) -> None:
    """Log what somebody asked to have logged. Where nobody did, a command tells of its failures by itself."""
    asked = loaded.origins.get("log_level", "default") != "default"
    configure(loaded.config.log_level if asked else "CRITICAL")
