"""Opening a connection: directly, by TLS, through a proxy."""

import asyncio
import ipaddress
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import certifi

from fairlead.errors import ConfigError, FailureKind, UpstreamFailure
from fairlead.upstream import addresses, race
from fairlead.upstream.addresses import Lookup, look_up
from fairlead.upstream.http1 import Connection
from fairlead.upstream.proxy import tunnel, why


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a provider listens: the unit of connection reuse. `private` lets its name lead into private networks."""

    scheme: str
    host: str
    port: int
    private: bool = False

    @property
    def authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


_PORTS = {"http": 80, "https": 443}


def split_url(url: str) -> tuple[Origin, str]:
    """An absolute URL's origin and path, the path without its last slash. Raises `ConfigError`."""
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ConfigError(f"`{url}` is not an http or https URL with a host")
    return Origin(parts.scheme, parts.hostname, parts.port or _PORTS[parts.scheme]), parts.path.rstrip("/")


class Connector:
    """Opens connections as the environment says: `SSL_CERT_FILE`, `SSL_CERT_DIR`, `HTTPS_PROXY`, `NO_PROXY`.

    Without a proxy it connects to the very addresses that `addresses.of` found good; with one, the proxy looks up.
    """

    def __init__(self, environ: Mapping[str, str], lookup: Lookup = look_up) -> None:
        self._lookup = lookup
        self._tls: ssl.SSLContext | None = None
        self._trusted = (environ.get("SSL_CERT_FILE") or None, environ.get("SSL_CERT_DIR") or None)
        self._proxies = {scheme: _variable(environ, f"{scheme}_proxy") for scheme in _PORTS}
        names = [name.strip().lower() for name in _variable(environ, "no_proxy").split(",")]
        self._direct = tuple(name.lstrip("*.") for name in names if name.strip(" *."))
        self._direct_all = "*" in names

    def proxy_for(self, origin: Origin) -> str | None:
        """The proxy that requests to `origin` go through, if any."""
        proxy = self._proxies[origin.scheme]
        if not proxy or self._direct_all or is_loopback(origin.host):
            return None
        names = (origin.host.lower(), f"{origin.host.lower()}:{origin.port}")
        if any(name == direct or name.endswith("." + direct) for name in names for direct in self._direct):
            return None
        return proxy

    async def connect(self, origin: Origin, make: Callable[[], Connection], seconds: float) -> Connection:
        """A connection ready for its first request. Raises `UpstreamFailure`."""
        try:
            async with asyncio.timeout(seconds):
                return await self._open(origin, make)
        except TimeoutError:
            detail = f"no connection to {origin.authority} within {seconds:g} s"
            raise UpstreamFailure(FailureKind.CONNECT_TIMEOUT, detail) from None
        except (ssl.SSLError, ssl.CertificateError) as error:
            reason = getattr(error, "verify_message", "") or getattr(error, "reason", "") or "handshake failed"
            raise UpstreamFailure(FailureKind.TLS, f"TLS with {origin.authority} failed: {reason}") from None
        except OSError as error:
            detail = f"cannot connect to {origin.authority}: {why(error)}"
            raise UpstreamFailure(FailureKind.CONNECT, detail) from None

    async def _open(self, origin: Origin, make: Callable[[], Connection]) -> Connection:
        loop = asyncio.get_running_loop()
        proxy = self.proxy_for(origin)
        context = self._context() if origin.scheme == "https" else None
        if proxy is None:
            return await self._direct_to(origin, make, context)
        via = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        if via.scheme != "http" or not via.hostname:
            raise UpstreamFailure(FailureKind.PROXY, "the proxy's URL is not http://HOST:PORT")
        login = f"{unquote(via.username)}:{unquote(via.password or '')}" if via.username else None
        transport = await tunnel(via.hostname, via.port or 80, origin.host, origin.port, login)
        connection = make()
        if context is None:
            transport.set_protocol(connection)
            connection.connection_made(transport)
        else:
            secured = await loop.start_tls(transport, connection, context, server_hostname=origin.host)
            if secured is None:
                raise UpstreamFailure(FailureKind.TLS, f"TLS with {origin.authority} failed: the proxy hung up")
            connection.connection_made(secured)
        return connection

    async def _direct_to(
        self, origin: Origin, make: Callable[[], Connection], context: ssl.SSLContext | None
    ) -> Connection:
        loop, name = asyncio.get_running_loop(), origin.host if context else None
        found = await addresses.of(origin.host, origin.port, private=origin.private, lookup=self._lookup)
        if len(found) == 1:
            _, connection = await loop.create_connection(make, found[0], origin.port, ssl=context, server_hostname=name)
            return connection
        sock = await race.first(found, origin.port)
        try:
            _, connection = await loop.create_connection(make, sock=sock, ssl=context, server_hostname=name)
        except BaseException:
            sock.close()
            raise
        return connection

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            file, folder = self._trusted
            if not (file or folder or _system_trust()):
                file = certifi.where()
            try:
                self._tls = ssl.create_default_context(cafile=file, capath=folder)
            except OSError as error:
                detail = f"the certificates that SSL_CERT_FILE or SSL_CERT_DIR names cannot be read: {error}"
                raise UpstreamFailure(FailureKind.TLS, detail) from None
        return self._tls


def _system_trust() -> bool:
    paths = ssl.get_default_verify_paths()
    return bool(paths.cafile or paths.capath)


def _variable(environ: Mapping[str, str], name: str) -> str:
    return environ.get(name, "") or environ.get(name.upper(), "")


def is_loopback(host: str) -> bool:
    """Whether a host's name or address is this machine's own."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
