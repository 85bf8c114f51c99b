"""What the predecessor's users have on their machines goes on working: env files, its switches, being offline."""

import json
import signal
from pathlib import Path

from tests.cli.conftest import FOUR, KEY, KEYS, Program, Ran, shipped
from tests.support.scripted import scripted


def put(ai: Program, text: str, name: str = "env.llm", mode: int = 0o600) -> Path:
    path = ai.home / ".config/payready" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return path


def findings(ran: Ran) -> dict[str, tuple[str, str]]:
    return {check["name"]: (check["status"], check["detail"]) for check in json.loads(ran.out)["checks"]}


KEY_LINE = f"export OPENROUTER_API_KEY={KEYS['OPENROUTER_API_KEY']}\n"


async def test_a_key_of_an_env_file_is_used(ai: Program) -> None:
    put(ai, KEY_LINE)
    async with scripted(FOUR) as up:
        ai.config(shipped(up))
        ran = await ai("--intent", "code", "what is 2+2")
        assert (ran.code, ran.out, ran.err) == (0, "four\n", "")
        assert up.received[0].headers["authorization"] == f"Bearer {KEYS['OPENROUTER_API_KEY']}"


async def test_the_environments_key_wins(ai: Program) -> None:
    put(ai, "export OPENROUTER_API_KEY=of-the-file\n")
    async with scripted(FOUR) as up:
        ai.config(shipped(up))
        assert (await ai("--intent", "code", "what is 2+2", OPENROUTER_API_KEY="of-the-environment")).code == 0
        assert up.received[0].headers["authorization"] == "Bearer of-the-environment"


async def test_what_is_wrong_with_a_file_is_told_and_stops_nothing(ai: Program) -> None:
    put(ai, "source other\n" + KEY_LINE)
    async with scripted(FOUR) as up:
        ai.config(shipped(up))
        ran = await ai("--intent", "code", "what is 2+2")
    assert (ran.code, ran.out) == (0, "four\n")
    assert ran.err == "warning: ~/.config/payready/env.llm:1: not read, for it does not say NAME=value\n"


async def test_it_says_which_file_a_value_is_from(ai: Program) -> None:
    put(ai, KEY_LINE + "export DEFAULT_PROVIDER=openrouter\nexport AIMLAPI_KEY=x\n", mode=0o644)
    shown = await ai("config", "show", "--origin")
    assert "~/.config/payready/env.llm:2" in next(
        line for line in shown.out.splitlines() if line.startswith("default_provider = ")
    )
    found = findings(await ai("doctor", "--json", "--offline", AIMLAPI_KEY="mine-0123456789abcdef"))
    assert found["provider openrouter"] == (
        "ok",
        "OPENROUTER_API_KEY of ~/.config/payready/env.llm:1 (ends in cdef); not asked",
    )
    assert found["provider aimlapi"] == ("ok", "AIMLAPI_KEY (ends in cdef); not asked")
    told = await ai("doctor", "--offline", AIMLAPI_KEY="mine-0123456789abcdef")
    name = "env file ~/.config/payready/env.llm"
    assert f"warn  {name}: others on this machine may read the keys in it\n" in told.out
    assert "`chmod 600 ~/.config/payready/env.llm`" in told.out
    assert f"ok    {name}: sets OPENROUTER_API_KEY, DEFAULT_PROVIDER; the environment's AIMLAPI_KEY wins\n" in told.out
    assert KEYS["OPENROUTER_API_KEY"] not in shown.out + told.out


async def test_hup_reads_the_env_files_again(ai: Program) -> None:
    async with scripted(FOUR) as up:
        ai.config(shipped(up))
        async with ai.serving(FAIRLEAD_KEY=KEY) as gateway:
            put(ai, KEY_LINE)
            gateway.process.send_signal(signal.SIGHUP)
            await gateway.said("the configuration was read again")
            ran = await ai("--gateway", gateway.url, "--intent", "code", "what is 2+2", FAIRLEAD_KEY=KEY)
        assert (ran.code, ran.out) == (0, "four\n"), ran.err
        assert len(up.received) == 1


async def test_offline_no_provider_is_asked_and_the_echo_answers(ai: Program) -> None:
    ran = await ai("hello there", PAYREADY_OFFLINE_MODE="1", **KEYS)
    assert ran.code == 0, ran.err
    assert "hello there" in ran.out


async def test_offline_a_provider_that_is_named_says_why_not(ai: Program) -> None:
    ran = await ai("-p", "openrouter", "-m", "openai/gpt-4o", "hello", FAIRLEAD_OFFLINE="true", **KEYS)
    assert (ran.code, ran.out) == (2, "")
    assert "`offline` is set" in ran.err


async def test_offline_a_server_on_this_machine_is_asked(ai: Program) -> None:
    async with scripted(FOUR) as up:
        ai.config({**shipped(up), "offline": True})
        assert (await ai("--intent", "code", "what is 2+2", **KEYS)).out == "four\n"


async def test_offline_the_doctor_asks_nobody(ai: Program) -> None:
    found = findings(await ai("doctor", "--json", PAYREADY_OFFLINE_MODE="1", **KEYS))
    assert found["provider openrouter"] == (
        "ok",
        "not asked: `offline` is set, and it is not on this machine",
    )


async def test_offline_can_be_turned_off_where_it_is_set(ai: Program) -> None:
    async with scripted(FOUR) as up:
        ai.config(shipped(up))
        ran = await ai("config", "show", "--origin", PAYREADY_OFFLINE_MODE="1", FAIRLEAD_OFFLINE="0")
    line = next(line for line in ran.out.splitlines() if line.startswith("offline = "))
    assert line.split() == ["offline", "=", "false", "#", "environment", "FAIRLEAD_OFFLINE"]
