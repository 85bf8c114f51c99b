"""Where a client is behind proxies: what they wrote counts, what the client could have written does not."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from fairlead.http.exchange import Exchange
from fairlead.http.proxies import Proxies
from tests.config.conftest import Desk
from tests.support.administered import administered, asked
from tests.support.gateway import ask, one_provider, request_bytes
from tests.support.scripted import answering, completion, reply, scripted

TRUSTED = ("10.0.0.0/8", "127.0.0.1", "fd00::/8")


@dataclass
class Came:
    """A request as far as it says where it is from."""

    address: str
    forwarded: list[bytes] = field(default_factory=list)

    def values(self, name: bytes) -> list[bytes]:
        assert name == b"x-forwarded-for"
        return self.forwarded


def client(peer: str, *forwarded: str) -> str:
    came = Came(peer, [each.encode() for each in forwarded])
    return Proxies(TRUSTED).client_of(cast("Exchange", came))


HOPS = {
    "nobody between": ("203.0.113.7", (), "203.0.113.7"),
    "a proxy that says nothing": ("10.0.0.1", (), "10.0.0.1"),
    "a proxy": ("10.0.0.1", ("203.0.113.7",), "203.0.113.7"),
    "a row of proxies": ("127.0.0.1", ("203.0.113.7, 10.0.0.2, 10.0.0.1",), "203.0.113.7"),
    "a proxy that adds a header of its own": ("127.0.0.1", ("203.0.113.7", "10.0.0.2"), "203.0.113.7"),
    "one inside": ("127.0.0.1", ("10.9.9.9, 10.0.0.2",), "10.9.9.9"),
    "with a port": ("10.0.0.1", ("203.0.113.7:5000",), "203.0.113.7"),
    "of the other kind": ("fd00::1", ("2001:db8::7",), "2001:db8::7"),
    "of the other kind, with a port": ("fd00::1", ("[2001:db8::7]:5000",), "2001:db8::7"),
    "of one kind within the other": ("::ffff:10.0.0.1", ("::ffff:203.0.113.7",), "203.0.113.7"),
    "made up by a stranger": ("203.0.113.7", ("192.0.2.1",), "203.0.113.7"),
    "made up by a stranger, of ours": ("203.0.113.7", ("10.0.0.1",), "203.0.113.7"),
    "made up behind a proxy": ("10.0.0.1", ("192.0.2.1, 203.0.113.7",), "203.0.113.7"),
    "made up behind a proxy, of ours": ("10.0.0.1", ("10.9.9.9, 203.0.113.7",), "203.0.113.7"),
    "made up in a header before": ("10.0.0.1", ("192.0.2.1", "203.0.113.7"), "203.0.113.7"),
    "no address": ("10.0.0.1", ("unknown",), ""),
    "no address further off": ("10.0.0.1", ("unknown, 10.0.0.2",), ""),
    "no address beyond the client": ("10.0.0.1", ("junk\xff, 203.0.113.7",), "203.0.113.7"),
    "an empty hop": ("10.0.0.1", ("203.0.113.7,",), ""),
    "a blank header": ("10.0.0.1", (" ",), "10.0.0.1"),
    "no connection's address": ("", ("203.0.113.7",), ""),
}


@pytest.mark.parametrize(("peer", "forwarded", "found"), HOPS.values(), ids=HOPS)
def test_the_nearest_hop_that_is_no_proxy_of_ours_is_the_client(
    peer: str, forwarded: tuple[str, ...], found: str
) -> None:
    assert client(peer, *forwarded) == found


async def called(folder: Path, server: dict[str, Any], addresses: list[str], lines: tuple[str, ...], path: str) -> int:
    """The status that a key limited to those addresses gets, with these `X-Forwarded-For`."""
    async with scripted(answering(reply(completion("well")))) as up:
        settings = {**one_provider(up.url), "server": server}
        async with administered(folder, settings) as (gateway, _):
            wanted: dict[str, Any] = {"rights": {"addresses": addresses}}
            admin = path.startswith("/api")
            made = await asked(
                gateway, "POST", "/api/keys", body=wanted | ({"kind": "admin", "role": "admin"} if admin else {})
            )
            key = made.json["key"]
            method, body = ("GET", None) if admin else ("POST", ask())
            data = b"" if body is None else json.dumps(body).encode()
            head, _, rest = request_bytes(
                method, path, data, authorization=f"Bearer {key}", host="127.0.0.1"
            ).partition(b"\r\n\r\n")
            extra = b"".join(b"\r\nx-forwarded-for: " + line.encode() for line in lines)
            async with gateway.connect() as (reader, writer):
                writer.write(head + extra + b"\r\n\r\n" + rest)
                return (await gateway.read(reader)).status


OURS = {"trusted_proxies": ["127.0.0.1"]}
LIMITED = ["203.0.113.0/24"]
CASES = {
    "believed": (OURS, LIMITED, ("203.0.113.7",), 200),
    "believed of several": (OURS, LIMITED, ("192.0.2.1", "203.0.113.7"), 200),
    "another address": (OURS, LIMITED, ("192.0.2.1",), 403),
    "made up before the last": (OURS, LIMITED, ("203.0.113.7, 192.0.2.1",), 403),
    "no address": (OURS, LIMITED, ("unknown",), 403),
    "not asked to believe anybody": ({}, LIMITED, ("203.0.113.7",), 403),
    "from another than the proxy": ({"trusted_proxies": ["10.0.0.0/8"]}, LIMITED, ("203.0.113.7",), 403),
    "limited to the proxy itself": (OURS, ["127.0.0.1"], ("203.0.113.7",), 403),
    "without a word of the proxy's": (OURS, ["127.0.0.1"], (), 200),
}


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/api/keys"])
@pytest.mark.parametrize(("server", "addresses", "lines", "status"), CASES.values(), ids=CASES)
async def test_a_key_is_held_to_the_clients_address(
    tmp_path: Path, server: dict[str, Any], addresses: list[str], lines: tuple[str, ...], status: int, path: str
) -> None:
    assert await called(tmp_path, server, addresses, lines, path) == status


@pytest.mark.parametrize("said", ["10.0.0.0/33", "10.0.0.1/8", "proxy.internal", "0.0.0.0/0", "::/0"])
def test_what_is_no_network_is_a_problem(tmp_path: Path, said: str) -> None:
    desk = Desk(tmp_path, tmp_path)
    problem = desk.problem(f"server:\n  trusted_proxies:\n  - 127.0.0.1\n  - '{said}'\n")
    assert (problem.line, problem.path) == (4, "server.trusted_proxies[1]")
    assert problem.hint
