"""Every route, for every kind of key, on one's own objects and on others'."""

import asyncio
import itertools
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from fairlead.errors import ConfigError
from fairlead.http.route import Route, checked
from fairlead.http.routes import Front
from fairlead.ledger.directory import Directory
from fairlead.ledger.objects import NewKey, NewOrganisation, NewTeam, NewUser
from tests.support.administered import ADMIN_KEY, administered, asked
from tests.support.directory import ADMIN
from tests.support.gateway import KEY, Running

READ, KEEP, AUDIT, ALL = "member", "keeper", "auditor", "admin"
# What each administrative route is for, written here a second time.
EXPLAIN = "/api/route/explain"
RECORDS = ("/api/usage", "/api/logs", "/api/logs/{id}", "/analytics/usage")
EXPECTED = {
    **{("GET", f"/api/{kind}s"): READ for kind in ("organisation", "team", "user", "key")},
    **{("GET", f"/api/{kind}s/{{id}}"): READ for kind in ("organisation", "team", "user", "key")},
    **{("POST", f"/api/{kind}s"): ALL for kind in ("organisation", "team", "user")},
    **{("PATCH", f"/api/{kind}s/{{id}}"): ALL for kind in ("organisation", "team", "user")},
    **{("DELETE", f"/api/{kind}s/{{id}}"): ALL for kind in ("organisation", "team", "user")},
    **{("POST", f"/api/{kind}s/{{id}}/block"): ALL for kind in ("organisation", "team", "user")},
    **{("POST", f"/api/{kind}s/{{id}}/unblock"): ALL for kind in ("organisation", "team", "user")},
    ("POST", "/api/keys"): KEEP,
    ("PATCH", "/api/keys/{id}"): KEEP,
    ("DELETE", "/api/keys/{id}"): KEEP,
    ("POST", "/api/keys/{id}/block"): KEEP,
    ("POST", "/api/keys/{id}/unblock"): KEEP,
    ("POST", "/api/keys/{id}/rotate"): KEEP,
    ("GET", "/api/audit"): AUDIT,
    ("GET", "/api/audit/verify"): AUDIT,
    ("POST", "/key/generate"): KEEP,
    ("GET", "/key/info"): READ,
    ("POST", "/key/update"): KEEP,
    ("POST", "/key/delete"): KEEP,
    ("POST", "/key/block"): KEEP,
    ("POST", "/key/unblock"): KEEP,
    ("POST", "/team/new"): ALL,
}
PUBLIC = {"/livez", "/readyz", "/metrics", "/api/openapi.json"}
MAY = {
    READ: {"member", "auditor", "admin"},
    KEEP: {"member", "admin"},
    AUDIT: {"auditor", "admin"},
    ALL: {"admin"},
}
ROLES = ["nobody", "unknown", "client", "member", "auditor", "admin"]


class House:
    """Two teams, each with a user and keys, and one of the keys of each role."""

    def __init__(self, there: Directory) -> None:
        self.there = there
        self.fresh = map(str, itertools.count())
        there.add(ADMIN, NewOrganisation("acme"))
        for team in ("own", "other"):
            there.add(ADMIN, NewTeam(team, organisation="acme"))
        made = partial(there.add_key, ADMIN)
        self.keys: dict[str, str | None] = {
            "nobody": None,
            "unknown": "fla-" + "a" * 43,
            "client": made(NewKey("c", team="own")).key,
            "member": made(NewKey("m", kind="admin", role="member", team="own")).key,
            "auditor": made(NewKey("a", kind="admin", role="auditor")).key,
            "admin": made(NewKey("o", kind="admin")).key,
        }

    def object(self, kind: str, team: str) -> str:
        """The id of a new object of a team's, with nothing under it."""
        name = f"x{next(self.fresh)}"
        if kind == "key":
            return self.there.add_key(ADMIN, NewKey(name, team=team)).id
        new: dict[str, Any] = {
            "organisation": NewOrganisation(name),
            "team": NewTeam(name, organisation="acme"),
            "user": NewUser(name, team=team),
        }
        return str(self.there.add(ADMIN, new[kind]).id)

    def teams_own(self, kind: str, team: str) -> str:
        """The id of what a member of a team may look at."""
        return str(self.there.show(ADMIN, "team", team).id) if kind == "team" else self.object(kind, team)


def table(gateway: Running) -> tuple[Route, ...]:
    front = gateway.service.front
    assert isinstance(front, Front)
    return tuple(dict.fromkeys(front._routes.values()))


def request_for(house: House, route: Route, team: str) -> tuple[str, Any]:
    """A path and a body that the route takes, about an object of that team."""
    kind = next((kind for kind in ("organisation", "team", "user", "key") if f"/{kind}s" in route.path), "key")
    name = f"n{next(house.fresh)}"
    bodies: dict[str, Any] = {
        "/api/organisations": {"name": name},
        "/api/teams": {"name": name, "organisation": "acme"},
        "/api/users": {"name": name, "team": team},
        "/api/keys": {"name": name, "team": team},
        "/key/generate": {"key_alias": name, "team_id": team},
        "/team/new": {"team_alias": name, "organization_id": "acme"},
    }
    if route.path in bodies:
        return route.path, bodies[route.path] if route.method == "POST" else None
    make = house.teams_own if route.method == "GET" else house.object
    if route.path.startswith("/key/"):
        made = house.object("key", team)
        if route.method == "GET":
            return f"{route.path}?key={made}", None
        more = {"key_alias": name} if route.path == "/key/update" else {}
        return route.path, {"keys": [made]} if route.path == "/key/delete" else {"key": made, **more}
    if "{id}" not in route.path:
        return route.path, None
    body = {"name": name} if route.method == "PATCH" else {} if route.path.endswith("rotate") else None
    return route.path.replace("{id}", make(kind, team)), body


def status_for(route: Route, role: str, team: str) -> int:
    """What the request of a role about a team's object is answered with."""
    if role in ("nobody", "unknown"):
        return 401
    needed = EXPECTED[route.method, route.path]
    if role not in MAY[needed]:
        return 403
    about = (
        "{id}" in route.path or route.path.startswith("/key/") or (route.method, route.path) == ("POST", "/api/keys")
    )
    if role == "member" and about and (team == "other" or "organisation" in route.path):
        return 404
    return (
        201
        if route.method == "POST" and route.path in ("/api/organisations", "/api/teams", "/api/users", "/api/keys")
        else 200
    )


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("team", ["own", "other"])
async def test_every_administrative_route(tmp_path: Path, role: str, team: str) -> None:
    async with administered(tmp_path) as (gateway, there):
        house = await asyncio.to_thread(House, there)
        await gateway.engine.keyring.look()
        routes = [route for route in table(gateway) if (route.method, route.path) in EXPECTED]
        assert len(routes) == len(EXPECTED)
        for route in routes:
            path, body = await asyncio.to_thread(request_for, house, route, team)
            before = await asyncio.to_thread(there.verify, ADMIN)
            got = await asked(gateway, route.method, path, house.keys[role], body)
            assert got.status == status_for(route, role, team), (route.method, path, got.body)
            after = await asyncio.to_thread(there.verify, ADMIN)
            if got.status >= 400:
                assert got.error["message"]
                assert after.records == before.records, "what is refused changes nothing"
            elif route.method != "GET" and not route.path.endswith("unblock"):
                assert after.records > before.records, "what is done is on record"
            assert after.ok


@pytest.mark.parametrize("role", ROLES)
async def test_every_route_of_calls(tmp_path: Path, role: str) -> None:
    async with administered(tmp_path) as (gateway, there):
        house = await asyncio.to_thread(House, there)
        await gateway.engine.keyring.look()
        routes = [
            route
            for route in table(gateway)
            if (route.method, route.path) not in EXPECTED and route.path not in (*RECORDS, EXPLAIN)
        ]
        for route in routes:
            path = route.path.replace("{id}", "x").replace("{model}", "x")
            got = await asked(gateway, route.method, path, house.keys[role], b"{}" if route.method == "POST" else None)
            if route.path in PUBLIC:
                assert got.status == 200
            elif role in ("nobody", "unknown"):
                assert got.status == 401, path
            elif role == "client":
                assert got.status not in (401, 403), path
            else:
                assert got.status == 403, path
                assert "this is an admin key" in got.body.decode()


@pytest.mark.parametrize("role", ROLES)
async def test_routing_is_explained_to_who_administers(tmp_path: Path, role: str) -> None:
    async with administered(tmp_path) as (gateway, there):
        house = await asyncio.to_thread(House, there)
        await gateway.engine.keyring.look()
        got = await asked(gateway, "POST", EXPLAIN, house.keys[role], {"body": {"model": "echo"}})
        refused = 401 if role in ("nobody", "unknown") else 403
        assert got.status == (200 if role in ("member", "admin") else refused)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("path", RECORDS)
async def test_records_are_read_by_who_administers(tmp_path: Path, role: str, path: str) -> None:
    async with administered(tmp_path) as (gateway, there):
        house = await asyncio.to_thread(House, there)
        await gateway.engine.keyring.look()
        got = await asked(gateway, "GET", path.replace("{id}", "0" * 32), house.keys[role], None)
    if role in ("nobody", "unknown"):
        assert got.status == 401
    elif role == "client":
        assert got.status == 403
    else:
        assert got.status == (404 if "{id}" in path else 200), got.body


async def test_each_side_says_which_key_is_which(tmp_path: Path) -> None:
    async with administered(tmp_path) as (gateway, _):
        calls = await asked(gateway, "GET", "/v1/models", ADMIN_KEY)
        assert "this is an admin key" in calls.error["message"]
        assert "`fl-…`" in calls.error["hint"]
        administers = await asked(gateway, "GET", "/api/keys", KEY)
        assert "this is a client key" in administers.error["message"]
        assert "`fla-…`" in administers.error["hint"]


async def nothing(_: object) -> None:
    """A handler."""


def faulty() -> Iterator[tuple[Route, ...]]:
    good = Route("GET", "/x", "x", nothing, "public")
    yield (Route("GET", "/x", "x", nothing, ""),)  # type: ignore[arg-type]
    yield (Route("GET", "/x", "x", nothing, None),)  # type: ignore[arg-type]
    yield (Route("GET", "/x", "x", nothing, "everybody"),)  # type: ignore[arg-type]
    yield (good, good)


@pytest.mark.parametrize("wrong", list(faulty()))
def test_a_route_without_a_role_does_not_start(wrong: tuple[Route, ...]) -> None:
    with pytest.raises(ConfigError, match="the route GET /x"):
        checked(wrong)
    with pytest.raises(TypeError):
        Route("GET", "/x", "x", nothing)  # type: ignore[call-arg]


BAD_HOSTS = [
    "localhost:4000/#@x",
    "localhost:4000/?",
    "127.0.0.1:4000@evil.example",
    "evil.example",
    "evil.example#127.0.0.1",
    "127.0.0.1.evil.example",
    "localhost/v1/models",
    "[::1]evil",
    "127.0.0.1:99999999",
    " ",
]


@pytest.mark.parametrize("host", BAD_HOSTS)
async def test_a_host_header_opens_nothing(tmp_path: Path, host: str) -> None:
    """CVE-2026-48710: who may ask must not follow from what a client says that the host is."""
    async with administered(tmp_path) as (gateway, _):
        for route in table(gateway):
            if (route.method, route.path) in EXPECTED:
                path = route.path.replace("{id}", "x")
                got = await asked(gateway, route.method, path, None, host=host)
                assert got.status in (400, 401, 421), path
        if host.strip():
            assert (await asked(gateway, "GET", "/api/keys", host=host)).status == 421


@pytest.mark.parametrize(
    "path",
    [
        "/api/keys/../../livez",
        "/livez/../api/keys",
        "/api/keys#/livez",
        "//api/keys",
        "/api%2Fkeys",
        "/api/keys?x=/livez",
        "http://127.0.0.1/api/keys",
        "/API/KEYS",
        "/openai/v1/../../api/keys",
    ],
)
async def test_no_spelling_of_a_path_gets_around_its_role(tmp_path: Path, path: str) -> None:
    async with administered(tmp_path) as (gateway, _):
        got = await asked(gateway, "GET", path, None)
        assert got.status in (400, 401, 404), got.body


async def test_a_name_of_the_configuration_is_good(tmp_path: Path) -> None:
    async with administered(tmp_path, {"server": {"hosts": ["gateway.example"]}}) as (gateway, _):
        for host, status in (("gateway.example", 200), ("GATEWAY.example:80", 200), ("[::1]:1", 200), ("x", 421)):
            assert (await asked(gateway, "GET", "/api/keys", host=host)).status == status
        assert (await asked(gateway, "GET", "/v1/models", KEY, host="x")).status == 200
