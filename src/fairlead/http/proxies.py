"""Where a client is that comes through a proxy: what `X-Forwarded-For` says, as far as a proxy of ours wrote it."""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final, TypeAlias

from fairlead.http.exchange import Exchange

_HEADER: Final = b"x-forwarded-for"
_KNOWN: Final = 4096
_Address: TypeAlias = IPv4Address | IPv6Address


class Proxies:
    """The proxies whose word counts, as addresses or networks."""

    def __init__(self, trusted: Iterable[str]) -> None:
        self._trusted = tuple(ip_network(each) for each in trusted)
        self._found = lru_cache(_KNOWN)(self._client)

    def client_of(self, exchange: Exchange) -> str:
        """The client's address; empty where a trusted proxy says something that is none."""
        return self._found(exchange.address, b",".join(exchange.values(_HEADER)))

    def _client(self, peer: str, forwarded: bytes) -> str:
        """The hop nearest to us that is no proxy of ours. What is further off is hearsay, and could be made up."""
        at = _read(peer)
        if at is None or not self._is_ours(at):
            return peer
        for hop in reversed(forwarded.decode("latin-1").split(",") if forwarded.strip() else []):
            at = _read(hop)
            if at is None:
                return ""
            if not self._is_ours(at):
                break
        return str(at)

    def _is_ours(self, address: _Address) -> bool:
        return any(address in network for network in self._trusted)


def _read(hop: str) -> _Address | None:
    """An address, with or without a port: `10.0.0.1`, `10.0.0.1:80`, `::1`, `[::1]`, `[::1]:80`."""
    text = hop.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
