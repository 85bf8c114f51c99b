"""What the doctor finds, and what it advises."""

import json
import time
from email.utils import formatdate
from typing import Any

from tests.cli.conftest import KEY, KEYS, Program, Ran
from tests.support.scripted import Connection, Script, Scripted, answering, reply, scripted

LISTED = {"object": "list", "data": []}


def guarded(key: str, skew: float = 0) -> Script:
    """A provider that shows its models to whoever has the key."""

    async def script(connection: Connection) -> None:
        while request := await connection.request():
            known = request.headers.get("authorization") == f"Bearer {key}"
            date = f"date: {formatdate(time.time() + skew, usegmt=True)}\r\n"
            await connection.send(reply(LISTED if known else {"error": {}}, 200 if known else 401, date))

    return script


def at(**providers: Scripted) -> dict[str, Any]:
    return {"providers": {name: {"base_url": up.url} for name, up in providers.items()}, "server": {"port": 0}}


def findings(ran: Ran) -> dict[str, tuple[str, str]]:
    return {check["name"]: (check["status"], check["detail"]) for check in json.loads(ran.out)["checks"]}


async def test_all_is_well(ai: Program) -> None:
    async with scripted(guarded(KEYS["OPENROUTER_API_KEY"])) as one, scripted(guarded(KEYS["AIMLAPI_KEY"])) as two:
        ai.config(at(openrouter=one, aimlapi=two))
        ran = await ai("doctor", **KEYS)
        assert {request.path for request in one.received} == {"/v1/models"}
    assert ran.code == 0, ran.out
    assert "ok    provider openrouter: answers; OPENROUTER_API_KEY (ends in cdef): the key is good" in ran.out
    assert "ok    provider aimlapi: " in ran.out
    assert "ok    clock: agrees" in ran.out
    assert "ok    port 0: free" in ran.out
    assert ran.out.endswith("all is well\n")
    assert not any(key in ran.out + ran.err for key in KEYS.values())


async def test_a_key_that_is_refused_fails_with_the_remedy(ai: Program) -> None:
    async with scripted(guarded("another")) as up:
        ai.config(at(openrouter=up, aimlapi=up))
        ran = await ai("doctor", OPENROUTER_API_KEY=KEYS["OPENROUTER_API_KEY"])
    assert ran.code == 1
    assert "fail  provider openrouter: it refuses OPENROUTER_API_KEY (ends in cdef) (HTTP 401)" in ran.out
    assert "put a key that is good into OPENROUTER_API_KEY" in ran.out
    assert "warn  provider aimlapi: no key: AIMLAPI_KEY or AIMLAPI_API_KEY is not set" in ran.out


async def test_a_provider_without_a_default_model_says_how_it_is_asked(ai: Program) -> None:
    found = findings(await ai("doctor", "--json", "--offline", GITHUB_MODELS_TOKEN="token-0123456789abcdef", **KEYS))
    assert found["provider github"][1].endswith("; it has no default model: a call names one, as `@github/MODEL`")
    assert found["provider openrouter"][1].endswith("; not asked")


async def test_an_open_list_of_models_proves_no_key(ai: Program) -> None:
    async with scripted(answering(reply(LISTED))) as up:
        ai.config(at(openrouter=up))
        ran = await ai("doctor", "--json", OPENROUTER_API_KEY=KEYS["OPENROUTER_API_KEY"])
    status, detail = findings(ran)["provider openrouter"]
    assert status == "ok"
    assert "the key was not tried" in detail


async def test_a_provider_that_is_not_there_and_one_that_is_unwell(ai: Program) -> None:
    async with scripted(answering(reply(LISTED))) as gone, scripted(answering(reply({}, 503))) as unwell:
        ai.config(at(openrouter=gone, aimlapi=unwell))
        gone._server.close()  # type: ignore[union-attr]
        ran = await ai("doctor", "--json", **KEYS)
    assert ran.code == 1
    assert json.loads(ran.out)["ok"] is False
    found = findings(ran)
    assert found["provider openrouter"][0] == "fail"
    assert "cannot connect" in found["provider openrouter"][1]
    assert found["provider aimlapi"] == ("warn", "answers with HTTP 503")


async def test_a_provider_that_says_nothing_does_not_keep_it_waiting(ai: Program) -> None:
    async def silent(connection: Connection) -> None:
        await connection.request()
        await connection.gone()

    async with scripted(silent) as up:
        ai.config(at(openrouter=up, aimlapi=up))
        began = time.monotonic()
        ran = await ai("doctor", **KEYS)
    assert ran.code == 1
    assert time.monotonic() - began < 10
    assert "no reply within 5 s" in ran.out


async def test_the_checks_follow_the_profile(ai: Program) -> None:
    keys: dict[str, Any] = {"PORTKEY_API_KEY": "pk-0123456789abcdef", "GROQ_API_KEY": "gsk-0123456789abcdef"}
    ran = await ai("doctor", "--json", "--offline", FAIRLEAD_PROFILE="direct", **keys)
    found = findings(ran)
    assert {name for name in found if name.startswith("provider ")} == {
        "provider openrouter", "provider aimlapi", "provider groq",
    }  # fmt: skip
    assert "PORTKEY_API_KEY" in ran.out
    assert "0123456789" not in ran.out
    ran = await ai("doctor", "--json", "--offline", **keys)
    assert findings(ran)["portkey"] == ("warn", "Neither Portkey config nor virtual key available")


async def test_it_tells_which_virtual_key_wins(ai: Program) -> None:
    names = ("portkey_virtual_key_openai", "OPENAI_VK", "PORTKEY_VK_OPENAI", "PORTKEY_VIRTUAL_KEY")
    keys: dict[str, Any] = {name: f"virtual-key-00000-{place}" for place, name in enumerate(names)}
    ran = await ai(
        "doctor",
        "--json",
        "--offline",
        PORTKEY_API_KEY="pk-0123456789abcdef",
        PORTKEY_CONFIG_CLAUDE="pc-claude",
        **keys,
    )
    found = findings(ran)
    status, detail = found["portkey for openai"]
    assert status == "ok"
    assert detail == (
        "virtual key portkey_virtual_key_openai (ends in 00-0); it wins over virtual key OPENAI_VK (ends in 00-1), "
        "virtual key PORTKEY_VK_OPENAI (ends in 00-2), virtual key PORTKEY_VIRTUAL_KEY (ends in 00-3)"
    )
    assert found["portkey for anthropic"][1].startswith("config `pc-claude`; it wins over virtual key PORTKEY_VIRTUAL")
    assert "virtual-key" not in ran.out


async def test_a_list_of_allowed_models_is_told_and_what_in_it_means_nothing(ai: Program) -> None:
    ran = await ai("doctor", "--json", "--offline", OPENROUTER_ALLOWED_MODELS="gpt4, claud", **KEYS)
    found = findings(ran)
    assert found["allowed at openrouter"] == ("ok", "claud, gpt4 (OPENROUTER_ALLOWED_MODELS)")
    assert found["allowed models"][0] == "warn"
    assert "`claud`" in found["allowed models"][1]


async def test_offline_it_asks_nobody(ai: Program) -> None:
    async with scripted(guarded("another")) as up:
        ai.config(at(openrouter=up, aimlapi=up))
        ran = await ai("doctor", "--offline", **KEYS)
        assert not up.connections
    assert ran.code == 0
    assert "not asked" in ran.out


async def test_a_wrong_configuration_is_the_first_finding(ai: Program) -> None:
    ai.config({"modles": {}})
    ran = await ai("doctor")
    assert ran.code == 1
    assert ran.out.startswith("fail  config: ")
    assert "did you mean `models`?" in ran.out


async def test_a_clock_that_is_wrong(ai: Program) -> None:
    for skew, status in ((100, "warn"), (-4000, "fail")):
        async with scripted(guarded(KEYS["OPENROUTER_API_KEY"], skew)) as up:
            ai.config(at(openrouter=up))
            ran = await ai("doctor", "--json", OPENROUTER_API_KEY=KEYS["OPENROUTER_API_KEY"])
        assert findings(ran)["clock"][0] == status


async def test_a_data_directory_that_is_none(ai: Program) -> None:
    (ai.home / "file").touch()
    ran = await ai("doctor", "--offline", "--json", FAIRLEAD_DATA_DIR=str(ai.home / "file"))
    assert ran.code == 1
    assert findings(ran)["data directory"][0] == "fail"


async def test_a_port_that_is_taken_by_us_or_by_another(ai: Program) -> None:
    async with scripted(answering(reply({}, 404))) as up:
        port = up.url.rpartition(":")[2].partition("/")[0]
        ran = await ai("doctor", "--offline", "--json", FAIRLEAD_PORT=port)
        assert findings(ran)[f"port {port}"] == ("warn", "another program listens on 127.0.0.1")
    async with ai.serving(FAIRLEAD_KEY=KEY) as gateway:
        ran = await ai("doctor", "--offline", "--json", FAIRLEAD_PORT=str(gateway.port))
        assert findings(ran)[f"port {gateway.port}"] == ("ok", "a Fairlead listens on 127.0.0.1")


async def test_an_exposure_that_serving_would_refuse(ai: Program) -> None:
    ran = await ai("doctor", "--offline", "--json", FAIRLEAD_HOST="0.0.0.0")
    assert ran.code == 1
    assert findings(ran)["config"][0] == "fail"


async def test_without_any_key_the_local_model_matters(ai: Program) -> None:
    ran = await ai("doctor", "--offline", "--json")
    assert findings(ran)["local model"][0] == "warn"
    assert ran.code == 0
