"""Which configs Portkey has, found out by asking it: at the start, and when the configuration is read again."""

import logging
from collections.abc import Mapping
from dataclasses import replace

from fairlead.config.environment import kept
from fairlead.config.schema import Config
from fairlead.providers import catalog
from fairlead.providers.portkey import Listed
from fairlead.providers.row import Provider
from fairlead.secret import Secret
from fairlead.upstream import portkey_admin
from fairlead.upstream.api import Upstream

log = logging.getLogger("fairlead.portkey")


def admin_of(config: Config, environ: Mapping[str, str]) -> Provider | None:
    """Portkey's Admin API, as a provider; None where there is no key for it. Raises `ConfigError`."""
    environ = kept(environ, config.ignored_environment)
    there = catalog.build(config.providers, environ)["portkey"]
    key = Secret(config.portkey.admin_key) if config.portkey.admin_key else there.api_key
    if key is None or not config.registry or config.offline:
        return None
    return replace(there, api_key=key, base_url=(config.portkey.admin_url or there.base_url).rstrip("/"))


class Discovery:
    """What was found so far."""

    __slots__ = ("_found", "_upstream")

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self._found: tuple[Listed, ...] = ()

    def found(self, config: Config) -> tuple[Listed, ...]:
        """The configs to serve by; none where the configuration wants none found."""
        return self._found if config.portkey.discover else ()

    async def look(self, config: Config, environ: Mapping[str, str]) -> bool:
        """Ask Portkey for its configs; whether they are others than before.

        Where Portkey does not say, what was found before stays, and the log has a warning.
        """
        admin, before = admin_of(config, environ), self._found
        if admin is None:
            return False
        try:
            self._found = await portkey_admin.configs(self._upstream, admin)
        except portkey_admin.Unasked as unasked:
            log.warning("Portkey's configs were not found: %s; %s", unasked, unasked.remedy)
        return self._found != before
