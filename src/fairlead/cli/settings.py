"""The configuration as a command needs it: read, and its warnings told."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from fairlead.cli import say
from fairlead.config.env_files import Environ, gathered
from fairlead.config.load import Loaded, load
from fairlead.observe.logs import configure
from fairlead.routing.notes import doubts
from fairlead.routing.policy import Policy

if TYPE_CHECKING:
    from fairlead.pipeline.moments import Moments


def read(config: str | None) -> tuple[Loaded, Environ]:
    """The configuration and the environment that it came from. Raises `ConfigError`."""
    environ = gathered(os.environ)
    loaded = load(config, environ, Path.cwd())
    for warning in (*environ.warnings, *loaded.warnings):
        say.warning(warning)
    return loaded, environ


def policy(config: str | None) -> Policy:
    """What routing knows by that configuration. Raises `ConfigError`."""
    return _policy(*read(config))


def _policy(loaded: Loaded, environ: Environ) -> Policy:
    from fairlead import policies  # noqa: PLC0415 - the engine, which most commands do without

    made = policies.make_policy(loaded.config, environ)
    for doubt in doubts(made):
        say.warning(doubt)
    return made


def moments(config: str | None) -> tuple[Policy, "Moments"]:
    """What routing knows, and what makes the moment of a call, with the prices there are. Raises `ConfigError`."""
    from fairlead.clock import Clock  # noqa: PLC0415 - as above
    from fairlead.ledger.prices import PriceBook  # noqa: PLC0415
    from fairlead.pipeline.moments import Moments  # noqa: PLC0415
    from fairlead.routing.sticky import Sessions  # noqa: PLC0415

    loaded, environ = read(config)
    book = PriceBook(loaded.config.prices, loaded.config.price_book)
    return _policy(loaded, environ), Moments(Clock(), lambda: 0.5, book, Sessions())


def quiet_log(loaded: Loaded) -> None:
    """Log what somebody asked to have logged. Where nobody did, a command tells of its failures by itself."""
    asked = loaded.origins.get("log_level", "default") != "default"
    configure(loaded.config.log_level if asked else "CRITICAL")
