"""What a call needs decides which targets it is taken to."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.gateway import ask, running, two_providers
from tests.support.scripted import answering, completion, reply, scripted

TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}
IMAGE = [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}]}]


def settings(first: str, second: str, *able: str) -> dict[str, Any]:
    made = two_providers(first, second)
    made["providers"]["one"]["capabilities"] = list(able)
    return made


@pytest.mark.parametrize(
    ("members", "able", "served"),
    [
        ({}, ("chat",), "one"),
        ({"tools": [TOOL]}, ("chat",), "two"),
        ({"tools": [TOOL]}, ("chat", "tools"), "one"),
        ({"messages": IMAGE}, ("chat", "tools"), "two"),
        ({"messages": IMAGE}, ("chat", "images_in"), "one"),
        ({"stream": True}, ("chat",), "two"),
        ({}, ("embeddings",), "two"),
    ],
)
async def test_a_call_goes_to_who_can_do_it(
    members: dict[str, Any], able: tuple[str, ...], served: str, tmp_path: Path
) -> None:
    async with (
        scripted(answering(reply(completion()))) as one,
        scripted(answering(reply(completion()))) as two,
        running(tmp_path, settings(one.url, two.url, *able)) as gateway,
    ):
        for _ in range(2):  # planned anew, and remembered
            got = await gateway.post(ask(**members))
            assert got.status == 200
            assert got.headers["x-fairlead-attempts"] == "1"
    assert (len(one.received), len(two.received)) == ((2, 0) if served == "one" else (0, 2))


async def test_a_remembered_plan_is_still_whole_for_a_call_that_needs_less(tmp_path: Path) -> None:
    async with (
        scripted(answering(reply(completion()))) as one,
        scripted(answering(reply(completion()))) as two,
        running(tmp_path, settings(one.url, two.url, "chat")) as gateway,
    ):
        await gateway.post(ask(tools=[TOOL]))
        await gateway.post(ask())
    assert (len(one.received), len(two.received)) == (1, 1)


async def test_where_nobody_can_the_provider_has_the_last_word(tmp_path: Path) -> None:
    async with scripted(answering(reply(completion()))) as one, scripted(answering(reply(completion()))) as two:
        made = settings(one.url, two.url, "chat")
        made["providers"]["two"]["capabilities"] = ["chat", "images_in"]
        async with running(tmp_path, made) as gateway:
            got = await gateway.post(ask(tools=[TOOL]))
    assert (got.status, len(one.received), len(two.received)) == (200, 1, 0)
