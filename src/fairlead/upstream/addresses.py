"""Which addresses a provider's host may stand for. They are looked up once, judged, and connected to as they are.

The configuration names every host, but whoever answers for a public name can make it lead into our own network. So a
public name has to lead to public addresses, unless its provider's entry says `private_network`. A host that is an
address, or a name that nobody outside can own, is taken at the operator's word. The addresses at which a cloud hands
out a machine's credentials are for nobody.

Ranges: https://www.iana.org/assignments/iana-ipv4-special-registry and the same for IPv6.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from socket import IPPROTO_TCP, SOCK_STREAM
from typing import Final, Literal, TypeAlias

from fairlead.errors import FailureKind, UpstreamFailure

Reach = Literal["public", "private", "metadata"]
Lookup: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses of a host's name, in the order in which to try them. Raises `OSError`."""

_METADATA: Final = frozenset(
    ip_address(text)
    for text in (
        "169.254.169.254",  # AWS, Google, Azure, Oracle
        "169.254.170.2",  # AWS: tasks of ECS
        "169.254.170.23",  # AWS: pods of EKS
        "168.63.129.16",  # Azure's WireServer
        "100.100.100.200",  # Alibaba
        "fd00:ec2::254",
        "fd00:ec2::23",
        "fd20:ce::254",  # Google
    )
)
_PRIVATE: Final = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
        "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
    )
)  # fmt: skip
_UNICAST: Final = ip_network("2000::/3")
_NAT64: Final = ip_network("64:ff9b::/96")
# RFC 6761, RFC 6762, RFC 8375, ICANN's resolution 2024.07.29.06, and what Kubernetes and home routers add.
_LOCAL_ENDINGS: Final = (".localhost", ".local", ".internal", ".home.arpa", ".test", ".lan", ".svc")


def reach(address: str) -> Reach:
    """How far an address reaches. Raises `ValueError` for what is none."""
    found = ip_address(address)
    if isinstance(found, IPv6Address):
        found = found.ipv4_mapped or found
    if found in _METADATA or _behind_nat64(found) in _METADATA:
        return "metadata"
    outside = isinstance(found, IPv6Address) and found not in _UNICAST
    return "private" if outside or any(found in network for network in _PRIVATE) else "public"


def _behind_nat64(address: IPv4Address | IPv6Address) -> IPv4Address | None:
    return IPv4Address(int(address) & 0xFFFF_FFFF) if address in _NAT64 else None


def is_local_name(host: str) -> bool:
    """Whether nobody outside can own the name: it has no dot, or an ending that is kept for private use."""
    name = host.lower().rstrip(".")
    return "." not in name or name.endswith(_LOCAL_ENDINGS)


async def look_up(host: str, port: int) -> Sequence[str]:
    """What the system says. Implements `Lookup`."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=SOCK_STREAM, proto=IPPROTO_TCP)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


async def of(host: str, port: int, *, private: bool, lookup: Lookup = look_up) -> Sequence[str]:
    """The addresses to connect to for a host; with `private`, its name may lead into private networks.

    Raises `OSError` where it has none, and `UpstreamFailure` where none of them may be connected to.
    """
    try:
        found, said = [host], reach(host)
    except ValueError:
        found, said = list(await lookup(host, port)), None
    if not found:
        raise OSError(f"{host} has no address")
    private = private or said is not None or is_local_name(host)
    good = [address for address in found if _may(reach(address), private=private)]
    if not good:
        raise UpstreamFailure(FailureKind.ADDRESS, _why(host, found[0]))
    return good


def _may(said: Reach, *, private: bool) -> bool:
    return said == "public" or (private and said == "private")


def _why(host: str, address: str) -> str:
    if reach(address) == "metadata":
        return f"{host} leads to {address}, where a cloud hands out credentials; nothing was sent"
    return f"{host} leads to the private address {address}; nothing was sent"
