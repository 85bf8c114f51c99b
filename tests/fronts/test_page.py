"""The examples of `docs/how-to/call-from-python.md` run as they stand."""

import asyncio
from pathlib import Path

import pytest
import yaml

from tests.docs.documents import page
from tests.docs.test_examples import provider, run
from tests.support.scripted import scripted

EXAMPLES = page("docs/how-to/call-from-python.md").blocks("python")
PRINTED = [
    "hello openrouter deepseek/deepseek-coder 2",
    "hello",
    "hello 2",
    "hello",
    "True a picture came with it",
    "no_target for `@portkey/@nobody/no-such-model` set `PORTKEY_CONFIG_NOBODY`",
]


def test_every_example_has_its_expectation() -> None:
    assert len(EXAMPLES) == len(PRINTED)


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
async def test_the_example_runs(number: int, program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with scripted(provider) as up:
        for name, value in {"OPENROUTER_API_KEY": "or", "PORTKEY_API_KEY": "pk", "OPENAI_VK": "vk"}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("PORTKEY_BASE_URL", up.url)
        (program / "fairlead.yaml").write_text(yaml.safe_dump({"providers": {"openrouter": {"base_url": up.url}}}))
        printed = await asyncio.to_thread(run, EXAMPLES[number], up.url)
    assert PRINTED[number] in printed
