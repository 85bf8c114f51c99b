"""The examples of the documents run as they stand."""

import asyncio
import contextlib
import io
import re
import textwrap
import tomllib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from fairlead import policies
from fairlead.config.load import load
from fairlead.providers import catalog
from fairlead.providers.row import ProviderEntry
from tests.docs.documents import PAGES, Page, page
from tests.support.gateway import KEY, Running, ask, running
from tests.support.scripted import Connection, Scripted, chunk, completion, reply, scripted
from tests.translate.vendors import TEXT, VENDORS, Said, answering_as

SDK = page("docs/how-to/use-with-openai-sdk.md").blocks("python")
HERE = "http://127.0.0.1:8787"
WITH_YAML = [
    (each, number)
    for each in PAGES
    for number, block in enumerate(each.blocks("yaml"))
    if "scrape_configs" not in block
]


async def provider(connection: Connection) -> None:
    """A provider that has everything the examples ask for."""
    while received := await connection.request():
        if received.path.endswith("/embeddings"):
            vectors = [
                {"object": "embedding", "index": at, "embedding": [0.5]} for at, _ in enumerate(received.json["input"])
            ]
            usage = {"prompt_tokens": 1, "total_tokens": 1}
            await connection.send(reply({"object": "list", "data": vectors, "model": "e", "usage": usage}))
        elif received.json.get("stream"):
            events = (chunk({"role": "assistant", "content": "hel"}), chunk({"content": "lo"}), chunk({}, "stop"))
            body = b"".join(events) + b"data: [DONE]\n\n"
            head = f"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: {len(body)}\r\n\r\n"
            await connection.send(head.encode() + body)
        else:
            await connection.send(reply(completion("hello")))


@contextlib.asynccontextmanager
async def gateway(folder: Path, settings: dict[str, Any], **environ: str) -> AsyncIterator[tuple[Running, Scripted]]:
    """A gateway whose providers are all the scripted one."""
    async with scripted(provider) as upstream:
        for entry in settings["providers"].values():
            entry["base_url"] = upstream.url
        async with running(folder, settings, environ) as up:
            yield up, upstream


def run(code: str, url: str) -> str:
    """What a program prints."""
    names: dict[str, Any] = {"__name__": "__main__"}
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code.replace(HERE, url), "example", "exec"), names)
    if "client" in names:
        names["client"].close()
    return printed.getvalue()


PRINTED = ["hello", "auto", "hello", "hello", "hello", "openai 1\nhello", "404 model_not_found", "2 vectors"]


def test_every_example_has_its_expectation() -> None:
    assert len(SDK) == len(PRINTED)


@pytest.mark.parametrize("number", range(len(SDK)))
async def test_sdk_examples_run(number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAIRLEAD_KEY", KEY)
    async with gateway(tmp_path, {"providers": {"openai": {"api_key": "upstream-key"}}}) as (up, _):
        printed = await asyncio.to_thread(run, SDK[number], up.url)
    assert PRINTED[number] in printed


def test_the_example_of_the_readme_is_python() -> None:
    (example,) = page("README.md").blocks("python")
    run(example, HERE)


@pytest.mark.parametrize(
    ("document", "number"),
    [pytest.param(*each, id=f"{each[0].name}-{each[1]}") for each in WITH_YAML],
)
def test_configurations_load(document: Page, number: int, tmp_path: Path) -> None:
    text = document.blocks("yaml")[number]
    for path in re.findall(r"\$\{file:([^}]+)\}", text):
        secret = tmp_path / Path(path).name
        secret.write_text("a-key\n")
        text = text.replace(path, str(secret))
    seed = set(yaml.safe_load(text).get("models", {})) == {"code"}
    file = tmp_path / ("models.yaml" if seed else "fairlead.yaml")
    file.write_text(text)
    environ = {"HOME": str(tmp_path), "MODEL_CONFIG_PATH": str(file)} if seed else {"HOME": str(tmp_path)}
    environ |= dict.fromkeys(re.findall(r"\$\{keyring:[^}]*?([A-Z_]+)\}", text), "a-key")
    loaded = load(None if seed else str(file), environ, tmp_path)
    assert loaded.files == (file,)
    policies.make_policy(loaded.config, environ)


# CONTRIBUTING.md: a provider in ten lines


@pytest.fixture
def dialect() -> str:
    """The dialect of the page's row."""
    return "openai-chat"


@pytest.fixture
def with_row(monkeypatch: pytest.MonkeyPatch, dialect: str) -> dict[str, ProviderEntry]:
    """`vendors.toml` with the row of the page above `[custom]`, as the page says, if need be for another dialect."""
    (row,) = page("CONTRIBUTING.md").blocks("toml")
    assert row.count("\n") <= 10
    quirks = 'quirks = ["common"]\n'
    assert quirks in row
    if dialect != "openai-chat":
        row = row.replace(quirks, f'dialect = "{dialect}"\n')
    shipped = Path(catalog.__file__).with_name("vendors.toml").read_text(encoding="utf-8")
    whole = re.sub(r"(?=^# [^\n]*\n\[custom\])", lambda _: row + "\n", shipped, count=1, flags=re.MULTILINE)
    rows = msgspec.convert(tomllib.loads(whole), dict[str, ProviderEntry])
    assert "acme" in rows
    monkeypatch.setattr(catalog, "_rows", lambda: rows)
    return rows


@pytest.mark.parametrize("model", ["acme/acme-small", "acme-small", "@acme/acme-small", "auto"])
async def test_a_provider_is_added_by_a_row(with_row: dict[str, ProviderEntry], tmp_path: Path, model: str) -> None:
    settings: dict[str, Any] = {"providers": {"acme": {}}}
    async with gateway(tmp_path, settings, ACME_API_KEY="acme-secret-key") as (up, upstream):
        answer = await up.post({**ask(), "model": model})
    assert (answer.status, answer.headers["x-fairlead-provider"]) == (200, "acme")
    assert upstream.received[0].json["model"] == "acme-small"
    assert upstream.received[0].headers["authorization"] == "Bearer acme-secret-key"
    assert list(with_row).index("acme") < list(with_row).index("custom")


@pytest.mark.parametrize("dialect", [name for name in VENDORS if name not in ("openai-chat", "bedrock-converse")])
async def test_a_row_of_another_dialect_is_as_short(
    with_row: dict[str, ProviderEntry], dialect: str, tmp_path: Path
) -> None:
    assert with_row["acme"].dialect == dialect
    async with scripted(answering_as(VENDORS[dialect], Said())) as upstream:
        settings = {"providers": {"acme": {"base_url": upstream.url}}}
        async with running(tmp_path, settings, {"ACME_API_KEY": "acme-secret-key"}) as up:
            answers = [await up.post({**ask(stream=stream), "model": "acme-small"}) for stream in (False, True)]
    assert [(answer.status, answer.text) for answer in answers] == [(200, TEXT)] * 2
    assert {answer.headers["x-fairlead-provider"] for answer in answers} == {"acme"}
    assert "acme-secret-key" in str(upstream.received[0].headers)


def test_the_test_of_the_page_passes(with_row: dict[str, ProviderEntry]) -> None:
    (example,) = page("CONTRIBUTING.md").blocks("python")
    names: dict[str, Any] = {}
    exec(compile(textwrap.dedent(example), "example", "exec"), names)
    tests = [names[name] for name in names if name.startswith("test_")]
    assert len(tests) == 1
    tests[0]()


async def test_a_provider_is_added_by_an_entry(tmp_path: Path) -> None:
    (entry,) = page("CONTRIBUTING.md").blocks("yaml")
    async with gateway(tmp_path, yaml.safe_load(entry), ACME_API_KEY="acme-secret-key") as (up, upstream):
        answer = await up.post({**ask(), "model": "acme-large"})
    assert (answer.status, answer.headers["x-fairlead-provider"]) == (200, "acme")
    assert upstream.received[0].headers["authorization"] == "Bearer acme-secret-key"
