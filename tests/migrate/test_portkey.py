"""Portkey's config objects: what they come to here is loaded by the real loader and served by the real server."""

from pathlib import Path
from typing import Any

import pytest

from fairlead.config.load import load
from fairlead.migrate import document
from fairlead.migrate.portkey import translate
from fairlead.migrate.report import Report
from fairlead.migrate.written import written
from tests.migrate.serving import said, served_by, told
from tests.support.gateway import ask, running
from tests.support.scripted import Connection, completion, reply, scripted

SAMPLE = Path(__file__).parent / "samples" / "portkey.json"
SECRETS = ("sk-first-key-of-the-sample", "sk-ant-key-of-the-sample", "azure-key-of-the-sample", "openai-second-9f8e7d")


def imported(source: Any = SAMPLE) -> tuple[dict[str, Any], Report]:
    report = Report()
    return translate(document.read(source) if isinstance(source, Path) else source, report), report


def test_the_loader_takes_what_the_sample_comes_to(tmp_path: Path) -> None:
    config, _ = imported()
    file = tmp_path / "fairlead.yaml"
    file.write_text(written(config, "made"))
    loaded = load(str(file), {"HOME": str(tmp_path)}, tmp_path).config
    assert set(loaded.configs) == {"pc-chat-1a2b3c", "pc-plan-4d5e6f"}
    assert loaded.default_config == "pc-chat-1a2b3c"


def test_no_key_and_no_virtual_key_of_the_file_is_told_anywhere() -> None:
    config, report = imported()
    everything = written(config, "made") + "\n".join(map(str, report.items))
    assert not [secret for secret in SECRETS if secret in everything]
    assert {item.said.split()[1] for item in report.of("set")} == {
        "OPENAI_API_KEY",
        "ANTHROPIC_API_KEY",
        "AZURE_API_KEY",
    }


def test_what_cannot_be_carried_is_told_by_its_path() -> None:
    _, report = imported()
    assert set(told(report)) == {
        "data[1].config.cache", "data[1].config.input_guardrails", "data[1].config.forward_headers"
    }  # fmt: skip


async def test_a_config_is_served_by_the_name_that_clients_know(tmp_path: Path) -> None:
    config, _ = imported()

    async def script(connection: Connection) -> None:
        while request := await connection.request():
            busy = request.path.startswith("/openai")
            await connection.send(reply({"error": {"message": "busy"}}, 429) if busy else reply(_answer(request.path)))

    async with scripted(script) as up:
        made = served_by(config, up.url.removesuffix("/v1"))
        made["configs"]["pc-chat-1a2b3c"].pop("retry")
        async with running(tmp_path, made) as gateway:
            first = await gateway.post(ask(), x_portkey_config="pc-chat-1a2b3c")
            paid = await gateway.post(ask(), x_portkey_config="pc-plan-4d5e6f", x_portkey_metadata='{"plan": "paid"}')
            other = await gateway.post(ask(), x_portkey_config="pc-plan-4d5e6f")
    assert (first.text, paid.text, other.text) == ("from anthropic", "from azure", "from groq")
    assert [each.path.split("/")[1] for each in up.received][-2:] == ["azure", "groq"]
    assert "/openai/deployments/gpt-4o-eu/" in up.received[-2].path
    assert up.received[-1].json["model"] == "llama-3.1-8b-instant"


def _answer(path: str) -> dict[str, Any]:
    name = path.split("/")[1]
    if name != "anthropic":
        return completion(f"from {name}")
    return {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-sonnet-4-5", "stop_sequence": None,
        "content": [{"type": "text", "text": "from anthropic"}], "stop_reason": "end_turn",
        "usage": {"input_tokens": 1, "output_tokens": 1},
    }  # fmt: skip


def test_one_object_is_a_config_and_so_are_several_by_name() -> None:
    alone, _ = imported({"provider": "openai", "overrideParams": {"model": "gpt-4o"}})
    assert said(alone)["configs"] == {
        "imported": {"provider": "@openai", "override_params": {"model": "gpt-4o"}}
    }  # fmt: skip
    several, _ = imported({"a": {"provider": "groq"}, "b": {"provider": "mistral-ai"}})
    assert {name: each["provider"] for name, each in said(several)["configs"].items()} == {
        "a": "@groq",
        "b": "@mistral",
    }


def test_camel_case_is_read_and_a_query_s_own_names_are_left() -> None:
    query = {"params.maxTokens": {"$gt": 5}}
    config, report = imported(
        {
            "strategy": {"mode": "conditional", "conditions": [{"query": query, "then": "a"}], "default": "a"},
            "targets": [{"name": "a", "provider": "openai", "requestTimeout": 5000, "dropParams": ["user"]}],
        }
    )
    made = said(config)["configs"]["imported"]
    assert made["strategy"]["conditions"] == [{"query": query, "then": "a"}]
    assert made["targets"] == [{"provider": "@openai", "name": "a", "request_timeout": 5000, "drop_params": ["user"]}]
    assert not told(report)


def test_virtual_keys_of_one_vendor_are_providers_of_their_own() -> None:
    config, report = imported({"targets": [{"virtual_key": "openai-a1"}, {"virtual_key": "openai-b2"}]})
    made = said(config)
    assert [target["provider"] for target in made["configs"]["imported"]["targets"]] == ["@openai", "@openai-2"]
    assert made["providers"]["openai-2"]["api_key_env"] == "OPENAI_2_API_KEY"
    assert [item.said.split()[1] for item in report.of("note")] == ["OPENAI_API_KEY", "OPENAI_2_API_KEY"]


@pytest.mark.parametrize(
    "file",
    [None, [], "text", 1, {"data": "x"}, {"data": [None, {"config": "{"}]}, {"provider": "nobody"},
     {"targets": [None, {"provider": "openai", "custom_host": "nowhere"}]}, {"a": {"b": 1}}],
)  # fmt: skip
def test_a_file_that_makes_no_sense_breaks_nothing(file: Any) -> None:
    config, report = imported(file)
    assert written(config, "made")
    assert config.get("configs") or report.items or not file


def test_a_host_of_one_s_own_never_gets_the_vendor_s_key() -> None:
    config, report = imported({"provider": "openai", "custom_host": "https://own.example.com/v1"})
    made = said(config)
    name = made["configs"]["imported"]["provider"].removeprefix("@")
    assert name != "openai"
    assert made["providers"][name]["base_url"] == "https://own.example.com/v1"
    assert "api_key_env" not in made["providers"][name]
    assert "no key is sent there" in report.of("note")[0].said
