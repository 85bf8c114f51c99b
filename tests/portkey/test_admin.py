"""B28: which of the configs that are set up exist at Portkey, and those that are found there by their names."""

import asyncio
import json
import signal
from pathlib import Path
from typing import Any

import pytest

from fairlead.providers import portkey as held
from fairlead.providers.portkey import Listed
from tests.cli.conftest import Program, Ran, ai
from tests.portkey.admin import DOCUMENT, KEY, ONE, conforms, listed, portkey
from tests.support.gateway import KEY as CLIENT_KEY
from tests.support.gateway import request_bytes
from tests.support.scripted import Connection, Scripted, completion, reply, scripted

__all__ = ["ai"]

HAS = {"pc-openai-1": "OpenAI", "pc-claude-1": "Claude config"}


@pytest.mark.skipif(not DOCUMENT.exists(), reason="Portkey's OpenAPI document is not here (a folder `shared`)")
def test_the_scripted_admin_api_keeps_to_portkeys_document() -> None:
    conforms("/configs", listed(HAS))
    conforms("/configs/{slug}", ONE)
    with pytest.raises(Exception, match="Additional properties"):
        conforms("/configs", {**listed(HAS), "more": 1})


def keyed(up: Scripted, **environ: str) -> dict[str, Any]:
    return {"PORTKEY_API_KEY": KEY, "PORTKEY_BASE_URL": up.url.removesuffix("/v1"), **environ}


async def examined(ai: Program, up: Scripted, settings: Any = None, **environ: str) -> tuple[Ran, dict[str, Any]]:
    ai.config({"server": {"port": 0}, **(settings or {})})
    ran = await ai("doctor", "--portkey", "--json", **keyed(up, **environ))
    checks = {check["name"]: check for check in json.loads(ran.out)["checks"]}
    return ran, {name: check for name, check in checks.items() if name.startswith("portkey config")}


async def test_configs_that_exist_are_well(ai: Program) -> None:
    environ = {"PORTKEY_CONFIG_OPENAI": "pc-openai-1", "PORTKEY_CONFIG_GPT_4": "pc-elsewhere-1"}
    async with scripted(portkey(HAS, elsewhere=("pc-elsewhere-1",))) as up:
        ran, found = await examined(ai, up, **environ)
        assert {request.path for request in up.received if "configs" in request.path} == {
            "/v1/configs", "/v1/configs/pc-elsewhere-1",
        }  # fmt: skip
    assert ran.code == 0, ran.out
    assert found["portkey config for openai"]["detail"] == "`pc-openai-1` exists: OpenAI"
    assert found["portkey config for gpt_4"]["detail"] == "`pc-elsewhere-1` exists"
    assert (
        found["portkey configs"]["detail"]
        == "found by name, and not used: `portkey.discover` is off: claude: `pc-claude-1`"
    )
    assert KEY not in ran.out + ran.err


async def test_a_config_that_does_not_exist_fails(ai: Program) -> None:
    async with scripted(portkey(HAS)) as up:
        ran, found = await examined(ai, up, PORTKEY_CONFIG_OPENAI="pc-openai-2", PORTKEY_CONFIG_CLAUDE="pc-claude-1")
    assert ran.code == 1
    assert found["portkey config for openai"]["status"] == "fail"
    assert found["portkey config for openai"]["detail"] == "Portkey has no config `pc-openai-2`"
    assert found["portkey config for anthropic"]["status"] == "ok"


async def test_x07_a_key_without_the_scope_is_told_so(ai: Program) -> None:
    async with scripted(portkey(HAS, scoped=False)) as up:
        ran, found = await examined(ai, up, PORTKEY_CONFIG_OPENAI="pc-openai-1")
    assert ran.code == 1
    (check,) = found.values()
    assert check["detail"] == "the key may not list configs (HTTP 403): it lacks the scope `configs.list`"
    assert "`portkey.admin_key`" in check["remedy"]


async def test_x07_a_key_of_its_own_may_be_named_for_the_admin_api(ai: Program) -> None:
    async with scripted(portkey(HAS)) as up:
        environ = {"PORTKEY_API_KEY": "pk-inference-0123", "PORTKEY_CONFIG_OPENAI": "pc-openai-1"}
        ran, found = await examined(ai, up, **environ)
        assert "refuses the key" in found["portkey configs"]["detail"]
        ran, found = await examined(ai, up, **environ, PORTKEY_ADMIN_KEY=KEY)
        assert ran.code == 0, ran.out
        ran, found = await examined(ai, up, {"portkey": {"admin_key": KEY}}, **environ)
    assert ran.code == 0, ran.out
    assert found["portkey config for openai"]["status"] == "ok"
    shown = await ai("config", "show", PORTKEY_ADMIN_KEY=KEY)
    assert 'portkey.admin_key = "***"' in shown.out
    assert KEY not in shown.out


async def test_the_admin_api_may_be_elsewhere_than_the_gateway(ai: Program) -> None:
    async with scripted(portkey(HAS)) as admin, scripted(portkey({})) as gateway:
        settings = {"portkey": {"admin_url": admin.url}}
        ran, _ = await examined(ai, gateway, settings, PORTKEY_CONFIG_OPENAI="pc-openai-1")
    assert ran.code == 0, ran.out
    assert not any("configs" in request.path for request in gateway.received)


async def test_a_gateway_without_an_admin_api_is_told_from_a_config_that_is_missing(ai: Program) -> None:
    async def none(connection: Connection) -> None:
        while await connection.request():
            await connection.send(reply(b"404 Not Found", 404))

    async with scripted(none) as up:
        ran, found = await examined(ai, up, PORTKEY_CONFIG_OPENAI="pc-openai-1")
    assert ran.code == 1
    assert found["portkey configs"]["detail"] == "what answers does not list configs (HTTP 404)"


async def test_a_config_that_is_neither_an_id_nor_json_fails_without_asking(ai: Program) -> None:
    ran = await ai("doctor", "--offline", "--json", PORTKEY_API_KEY=KEY, PORTKEY_CONFIG_OPENAI='{"api_key":"canary"')
    (check,) = [each for each in json.loads(ran.out)["checks"] if each["name"] == "portkey for openai"]
    assert (check["status"], check["detail"]) == ("fail", "its config is neither an id nor a JSON object")
    assert "canary" not in ran.out + ran.err


async def test_a_config_that_is_written_out_is_not_shown(ai: Program) -> None:
    ai.config({"portkey": {"configs": {"openai": '{"api_key":"canary"}', "claude": "pc-claude-1"}}})
    shown = (await ai("config", "show")).out
    assert 'portkey.configs.claude = "pc-claude-1"' in shown
    assert 'portkey.configs.openai = "***"' in shown


# What is found is used


def finding(*found: Listed, configs: Any = None, keys: Any = None, **environ: str) -> dict[str, str]:
    return dict(held.read(configs or {}, keys or {}, environ).finding(found).configs)


def test_a_config_found_by_name_serves_a_vendor_that_has_none() -> None:
    openai, claude = Listed("pc-1", "OpenAI"), Listed("pc-2", "Portkey config: Claude")
    assert finding(openai, claude) == {"openai": "pc-1", "claude": "pc-2"}
    assert finding(Listed("pc-3", "gpt-4")) == {"gpt_4": "pc-3"}


@pytest.mark.parametrize("environ", [{"PORTKEY_CONFIG_GPT": "pc-own"}, {"OPENAI_VK": "vk"}])
def test_what_is_set_up_is_never_replaced(environ: dict[str, str]) -> None:
    assert "openai" not in finding(Listed("pc-1", "OpenAI"), **environ)
    assert "openai" in finding(Listed("pc-1", "OpenAI"), PORTKEY_VIRTUAL_KEY="vk-for-all")


def test_of_two_that_are_called_the_same_neither_is_taken() -> None:
    assert finding(Listed("pc-1", "OpenAI"), Listed("pc-2", "openai config"), Listed("pc-3", "json")) == {}


async def asked(port: int, model: str = "gpt-4") -> tuple[int, str]:
    """The status and the body of one call to a gateway that runs."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    body = json.dumps({"model": model, "messages": [{"role": "user", "content": "hi"}]}).encode()
    writer.write(request_bytes("POST", "/v1/chat/completions", body, connection="close"))
    said = (await reader.read()).decode()
    writer.close()
    return int(said.split(" ")[1]), said


def called(up: Scripted) -> list[str | None]:
    """The configs that calls were sent with."""
    return [each.headers.get("x-portkey-config") for each in up.received if each.path.endswith("/chat/completions")]


async def test_a_server_finds_configs_at_its_start_and_at_a_reload(ai: Program) -> None:
    configs = {"pc-openai-1": "OpenAI", "pc-off": "Claude"}
    ai.config({"portkey": {"discover": True}})
    async with (
        scripted(portkey(configs, pc_off="archived")) as up,
        ai.serving(FAIRLEAD_KEY=CLIENT_KEY, **keyed(up)) as gateway,
    ):
        assert (await asked(gateway.port))[0] == 200
        assert (await asked(gateway.port, "claude"))[0] == 503
        configs["pc-claude-1"] = "claude"
        gateway.process.send_signal(signal.SIGHUP)
        async with asyncio.timeout(10):
            while (await asked(gateway.port, "claude"))[0] != 200:
                await asyncio.sleep(0.05)
    assert called(up)[0] == "pc-openai-1"
    assert called(up)[-1] == "pc-claude-1"
    assert sum(each.path == "/v1/configs" for each in up.received) == 2


async def test_nothing_is_asked_where_nobody_wished_it(ai: Program) -> None:
    async with (
        scripted(portkey(HAS)) as up,
        ai.serving(FAIRLEAD_KEY=CLIENT_KEY, **keyed(up, PORTKEY_VIRTUAL_KEY="vk")) as gateway,
    ):
        assert (await asked(gateway.port))[0] == 200
    assert [each.path for each in up.received] == ["/v1/chat/completions"]


async def test_a_portkey_that_does_not_answer_is_a_warning_and_calls_are_served(ai: Program) -> None:
    async def silent(connection: Connection) -> None:
        while request := await connection.request():
            if "configs" in request.path:
                await connection.gone()
            else:
                await connection.send(reply(completion("hello")))

    ai.config({"portkey": {"discover": True}})
    async with (
        scripted(silent) as up,
        ai.serving(FAIRLEAD_KEY=CLIENT_KEY, **keyed(up, PORTKEY_VIRTUAL_KEY="vk")) as gateway,
    ):
        said = await gateway.said("Portkey's configs were not found")
        assert (await asked(gateway.port))[0] == 200
    assert "WARNING" in said
    assert KEY not in said


async def test_an_id_that_cannot_be_sent_is_not_taken(ai: Program, tmp_path: Path) -> None:
    ai.config({"portkey": {"discover": True}})
    async with (
        scripted(portkey({"pc-1\r\nx-evil: 1": "OpenAI", "pc-2": "Claude"})) as up,
        ai.serving(FAIRLEAD_KEY=CLIENT_KEY, **keyed(up)) as gateway,
    ):
        assert (await asked(gateway.port))[0] == 503
        assert (await asked(gateway.port, "claude"))[0] == 200
