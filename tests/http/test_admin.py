"""The administrative API of a real gateway, and what its keys may do there."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from openai import PermissionDeniedError
from sqlalchemy import event

from fairlead import app
from fairlead.config.load import load
from fairlead.errors import ConfigError
from fairlead.ledger.objects import NewKey
from fairlead.secret import Secret
from tests.support.administered import ADMIN_KEY, administered, asked
from tests.support.databases import KINDS, fresh
from tests.support.directory import ADMIN, Held
from tests.support.gateway import KEY, ask, one_provider, two_providers
from tests.support.scripted import answering, completion, reply, scripted

PEPPER = "the pepper of all machines of the test"


@pytest.mark.parametrize("kind", KINDS)
async def test_a_revoked_key_stops_at_every_gateway_on_the_database(tmp_path: Path, kind: str) -> None:
    with fresh(kind, tmp_path) as url:
        said: dict[str, Any] = {"FAIRLEAD_DATABASE": url, "FAIRLEAD_PEPPER": PEPPER}
        async with administered(tmp_path / "a", **said) as (one, _), administered(tmp_path / "b", **said) as (two, _):
            made = (await asked(one, "POST", "/api/keys", body={"name": "one"})).json
            assert (await asked(one, "GET", "/v1/models", made["key"])).status == 200
            await two.engine.keyring.look()
            assert (await asked(two, "GET", "/v1/models", made["key"])).status == 200
            assert (await asked(one, "POST", f"/api/keys/{made['id']}/block")).status == 200
            assert (await asked(one, "GET", "/v1/models", made["key"])).status == 401
            assert (await asked(two, "GET", "/v1/models", made["key"])).status == 200
            await two.engine.keyring.look()
            got = await asked(two, "GET", "/v1/models", made["key"])
            assert got.status == 401
            assert "it is blocked" in got.error["message"]


async def test_a_gateway_looks_often_enough_by_itself(tmp_path: Path) -> None:
    async with administered(tmp_path) as (gateway, there):
        gateway.engine.keyring.follow()
        made = await asyncio.to_thread(there.add_key, ADMIN, NewKey("one"))
        for status, action in ((200, None), (401, lambda: there.delete(ADMIN, "key", ["one"]))):
            if action:
                await asyncio.to_thread(action)
            async with asyncio.timeout(5):
                while (await asked(gateway, "GET", "/v1/models", made.key)).status != status:
                    await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    "presented",
    [
        "' OR '1'='1",
        "'; SELECT pg_sleep(5); --",
        "fl-' OR 1=1 --",
        "fla-x' UNION SELECT digest FROM keys --",
        "fl-",
        "%",
    ],
)
@pytest.mark.parametrize("path", ["/v1/models", "/api/keys", "/key/info?key=x"])
async def test_a_hostile_key_is_refused_without_a_query(tmp_path: Path, presented: str, path: str) -> None:
    """CVE-2026-42208: what was presented became part of a statement, on the path of an error."""
    async with administered(tmp_path, recorded=False) as (gateway, there):
        asked_of_it: list[str] = []
        event.listen(there.database.engine, "before_cursor_execute", lambda *said: asked_of_it.append(said[2]))
        got = await asked(gateway, "GET", path, presented)
        assert got.status == 401
        assert presented not in got.body.decode()
        assert asked_of_it == []
        assert (await asked(gateway, "GET", "/api/keys")).status == 200
        assert asked_of_it, "the listener hears nothing"


async def test_hostile_names_are_names(tmp_path: Path) -> None:
    async with administered(tmp_path) as (gateway, there):
        name = "x'; DROP TABLE keys; --"
        made = (await asked(gateway, "POST", "/api/keys", body={"name": name, "tags": ["' OR 1=1"]})).json
        assert (await asked(gateway, "GET", "/api/keys/x'%3B%20DROP%20TABLE%20keys%3B%20--")).json["id"] == made["id"]
        for path in ("/api/keys/%00", "/api/keys/%ff", "/api/keys/'", "/api/keys/" + "a" * 5000):
            assert (await asked(gateway, "GET", path)).status == 404
        assert (await asked(gateway, "GET", "/api/keys?after=%00")).status == 400
        assert there.verify(ADMIN).ok


async def test_a_key_is_limited_to_its_models_providers_and_paths(tmp_path: Path) -> None:
    async with (
        scripted(answering(reply(completion("one")))) as first,
        scripted(answering(reply(completion("two")))) as second,
        administered(tmp_path, two_providers(first.url, second.url)) as (gateway, _),
    ):

        async def key(**rights: list[str]) -> str:
            made = await asked(gateway, "POST", "/api/keys", body={"rights": rights})
            return str(made.json["key"])

        async def said(key: str, model: str = "m") -> Any:
            got = await asked(gateway, "POST", "/v1/chat/completions", key, ask() | {"model": model})
            return got.text if got.status == 200 else got.status

        assert await said(await key()) == "one"
        assert await said(await key(models=["m"])) == "one"
        assert await said(await key(providers=["two"])) == "two"
        assert await said(await key(models=["two/*"])) == "two"
        assert await said(await key(models=["m2"])) == "two"
        assert await said(await key(models=["other"])) == 403
        assert await said(await key(providers=["two"]), "@one/m1") == 403
        assert await said(await key(endpoints=["/v1/embeddings"])) == 403
        assert await said(await key(endpoints=["/v1/chat/*"])) == "one"
        assert await said(await key(addresses=["10.0.0.0/8"])) == 403
        assert await said(await key(addresses=["127.0.0.0/8"])) == "one"
        limited = await key(models=["m"])
        listed = (await asked(gateway, "GET", "/v1/models", limited)).json["data"]
        assert [model["id"] for model in listed] == ["m"]
        assert (await asked(gateway, "GET", "/v1/models/one%2Fm1", limited)).status == 404
        assert (await asked(gateway, "DELETE", "/v1/models/m", limited)).status == 403
        assert (await asked(gateway, "GET", "/v1/responses/resp_1", limited)).status == 403


async def test_the_official_client_understands_what_it_may_not(tmp_path: Path) -> None:
    async with scripted(answering(reply(completion()))) as up, administered(tmp_path, one_provider(up.url)) as (one, _):
        made = await asked(one, "POST", "/api/keys", body={"name": "small", "rights": {"models": ["small-*"]}})
        client = one.openai().with_options(api_key=made.json["key"])
        with pytest.raises(PermissionDeniedError, match="the key `small` may not use `m`"):
            await client.chat.completions.create(model="m", messages=[{"role": "user", "content": "hello"}])
        assert up.received == []


async def test_an_alias_does_not_lead_around_a_limit_on_providers(tmp_path: Path) -> None:
    async with scripted(answering(reply(completion()))) as up, administered(tmp_path, one_provider(up.url)) as (one, _):
        made = (await asked(one, "POST", "/api/keys", body={"rights": {"providers": ["else"]}})).json["key"]
        for body, headers in (
            ({"model": "m"}, {}),
            ({"model": "@up/x"}, {}),
            ({"model": "m"}, {"x_fairlead_provider": "up"}),
        ):
            got = await asked(one, "POST", "/v1/chat/completions", made, ask() | body, **headers)
            assert got.status == 403, body
        assert up.received == []


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": f"Bearer {KEY}"},
        {"x_portkey_api_key": KEY},
        {"x_api_key": KEY},
        {"authorization": "Bearer sk-of-a-provider", "x_portkey_api_key": KEY},
    ],
)
async def test_a_client_key_comes_where_its_dialect_puts_it(tmp_path: Path, headers: dict[str, str]) -> None:
    async with administered(tmp_path) as (gateway, _):
        assert (await asked(gateway, "GET", "/v1/models", None, **headers)).status == 200


async def test_an_admin_key_does_not_come_in_the_query(tmp_path: Path) -> None:
    async with administered(tmp_path) as (gateway, _):
        assert (await asked(gateway, "GET", f"/api/keys?key={ADMIN_KEY}", None)).status == 401


@pytest.mark.parametrize(
    ("path", "body", "says"),
    [
        ("/api/keys", {"nam": "x"}, "unknown field `nam`"),
        ("/api/keys", {"rights": {"model": ["x"]}}, "unknown field `model`"),
        ("/api/keys", {"rights": {"models": []}}, "models"),
        ("/api/keys", {"name": 3}, "name"),
        ("/api/keys", b'{"name":"a","name":"b"}', "name"),
        ("/api/keys", b"[]", "not a JSON object"),
        ("/api/keys", b"{", "not a JSON object"),
        ("/api/keys", {"kind": "root"}, "kind"),
        ("/api/teams", {}, "missing required field `name`"),
        ("/key/generate", {"model_max_budget": {}}, "unknown field `model_max_budget`"),
        ("/key/generate", {"metadata": {"owner": "x"}}, "metadata"),
    ],
)
async def test_what_is_not_understood_is_refused_with_a_hint(tmp_path: Path, path: str, body: Any, says: str) -> None:
    async with administered(tmp_path) as (gateway, there):
        got = await asked(gateway, "POST", path, body=body)
        assert got.status == 400
        assert says in got.error["message"]
        assert there.verify(ADMIN).records == 0
        assert (await asked(gateway, "POST", path, body=b" " * 300_000)).status == 413


async def test_a_query_that_is_not_understood_is_refused(tmp_path: Path) -> None:
    async with administered(tmp_path) as (gateway, _):
        for query in ("limit=x", "limit=1&limit=2", "offset=3", "limit=-1"):
            assert (await asked(gateway, "GET", f"/api/keys?{query}")).status == 400
        assert (await asked(gateway, "GET", "/api/keys?team=none")).status == 404


async def test_without_a_database_calls_are_served_and_administration_is_not(tmp_path: Path) -> None:
    async with administered(tmp_path) as (gateway, _):
        gateway.service.admin.directory = None
        assert (await asked(gateway, "GET", "/v1/models", KEY)).status == 200
        got = await asked(gateway, "GET", "/api/keys")
        assert (got.status, got.error["code"]) == (503, "store_unavailable")


async def test_a_key_is_rotated_blocked_and_deleted_over_http(tmp_path: Path) -> None:
    clock = Held()
    async with administered(tmp_path, clock=clock) as (gateway, _):
        made = (await asked(gateway, "POST", "/api/keys", body={"name": "one", "expires": "30d"})).json
        turned = (await asked(gateway, "POST", "/api/keys/one/rotate", body={"overlap": "1h"})).json
        assert turned["id"] == made["id"]

        async def works(key: str) -> bool:
            return (await asked(gateway, "GET", "/v1/models", key)).status == 200

        assert await works(made["key"])
        assert await works(turned["key"])
        clock.now += 3600
        assert not await works(made["key"])
        assert await works(turned["key"])
        await asked(gateway, "POST", "/api/keys/one/block")
        assert not await works(turned["key"])
        await asked(gateway, "POST", "/api/keys/one/unblock")
        assert await works(turned["key"])
        clock.now += 30 * 86400
        assert not await works(turned["key"])
        await asked(gateway, "PATCH", "/api/keys/one", body={"expires": None})
        assert await works(turned["key"])
        await asked(gateway, "DELETE", "/api/keys/one")
        assert not await works(turned["key"])


async def test_scripts_for_litellm_go_on_working(tmp_path: Path) -> None:
    async with administered(tmp_path) as (gateway, _):
        team = (await asked(gateway, "POST", "/team/new", body={"team_alias": "red", "models": ["gpt-*"]})).json
        wanted = {
            "key_alias": "ci",
            "duration": "30d",
            "team_id": team["team_id"],
            "models": [],
            "metadata": {"tags": ["t"]},
        }
        made = (await asked(gateway, "POST", "/key/generate", body=wanted)).json
        assert made["key"].startswith("fl-")
        assert (made["team_id"], made["metadata"]) == (team["team_id"], {"tags": ["t"]})
        for named in (made["key"], made["token"], "ci"):
            info = (await asked(gateway, "GET", f"/key/info?key={named}")).json
            assert info["info"]["key_alias"] == "ci"
            assert made["key"] not in json.dumps(info)
        changed = {"key": made["key"], "models": ["gpt-4o"], "blocked": True}
        assert (await asked(gateway, "POST", "/key/update", body=changed)).json["blocked"]
        assert (await asked(gateway, "GET", "/v1/models", made["key"])).status == 401
        await asked(gateway, "POST", "/key/unblock", body={"key": made["key"]})
        assert (await asked(gateway, "GET", "/v1/models", made["key"])).status == 200
        gone = (await asked(gateway, "POST", "/key/delete", body={"keys": [made["key"]]})).json
        assert gone == {"deleted_keys": [made["token"]]}
        assert (await asked(gateway, "GET", "/v1/models", made["key"])).status == 401


async def test_a_key_is_in_no_sink(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    async with administered(tmp_path) as (gateway, _):
        made = (await asked(gateway, "POST", "/api/keys", body={"name": "canary"})).json
        turned = (await asked(gateway, "POST", "/api/keys/canary/rotate", body={})).json
        heard = []
        for key in (made["key"], turned["key"], ADMIN_KEY, made["key"] + "x"):
            for method, path in (
                ("GET", "/v1/models"),
                ("GET", "/api/keys"),
                ("GET", f"/api/keys/{key}"),
                ("PUT", "/x"),
            ):
                heard.append((await asked(gateway, method, path, key)).body.decode())
                heard.append((await asked(gateway, method, path)).body.decode())
            heard.append((await asked(gateway, "GET", f"/key/info?key={key}")).body.decode())
            heard.append((await asked(gateway, "POST", "/key/block", body={"key": key + "z"})).body.decode())
        heard += [(await asked(gateway, "GET", path)).body.decode() for path in ("/api/keys", "/api/audit", "/metrics")]
    files = [file.read_bytes().decode("latin-1") for file in (tmp_path / "data").rglob("*") if file.is_file()]
    assert files
    for key in (made["key"], turned["key"]):
        for sink in (*heard, *files, caplog.text):
            assert key[3:30] not in sink
    assert all(ADMIN_KEY not in sink for sink in (*files, caplog.text))


async def test_the_document_describes_every_administrative_route(tmp_path: Path) -> None:
    async with administered(tmp_path) as (gateway, _):
        document = (await asked(gateway, "GET", "/api/openapi.json", None)).json
        named = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
        table = gateway.service.front._routes.values()
        assert named == {(r.method, r.path) for r in table if r.role not in ("public", "client")}
        references = set(json.dumps(document).split("#/components/schemas/")[1:])
        assert references
        for reference in references:
            assert reference.partition('"')[0] in document["components"]["schemas"]


def test_one_key_is_not_both_kinds(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="are the same"):
        app.engine(load(None, {}, tmp_path), {"FAIRLEAD_ADMIN_KEY": "x"}, Secret("x"))
