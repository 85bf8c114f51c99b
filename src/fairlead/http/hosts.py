"""By which names administration may be asked for: a page of somebody else's could make its own name lead here."""

import re

from fairlead.errors import Misdirected
from fairlead.http.exchange import Exchange

_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?")
_LOOPBACK = re.compile(r"localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\]")


class Hosts:
    """The names that are good: this machine's own, and those of the configuration. All, where it says `*`."""

    def __init__(self, names: tuple[str, ...] = ()) -> None:
        self._all = "*" in names
        self._names = {name.strip().casefold() for name in names}

    def check(self, exchange: Exchange) -> None:
        """Raises `Misdirected` for any other name, and for what is no name."""
        said = (exchange.text_header(b"host") or "").casefold()
        found = _HOST.fullmatch(said)
        if found is not None and (self._all or found[1] in self._names or _LOOPBACK.fullmatch(found[1])):
            return
        raise Misdirected(
            "administration is not asked for by this `Host`",
            hint="use http://127.0.0.1, or add the name to `server.hosts`",
        )
