"""What a target's dialect has no words for is refused or left out, and never in silence."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.gateway import ask, one_provider, running
from tests.support.scripted import answering, completion, reply, scripted
from tests.translate.vendors import TEXT, VENDORS, Said, answering_as

ANTHROPIC = answering_as(VENDORS["anthropic-messages"], Said())
MEANT: dict[str, Any] = {"n": 2}
HINTED: dict[str, Any] = {"user": "u1", "seed": 7, "store": True, "some_new_member": 1}


async def test_what_changes_the_answer_is_refused_by_name(tmp_path: Path) -> None:
    async with (
        scripted(ANTHROPIC) as up,
        running(tmp_path, one_provider(up.url, dialect="anthropic-messages")) as gateway,
    ):
        got = await gateway.post(ask(**MEANT))
    error = got.json["error"]
    assert (got.status, error["code"], error["param"]) == (400, "not_carried", "n")
    assert "`anthropic-messages` cannot carry `n`" in error["message"]
    assert up.received == []


async def test_the_next_target_may_have_words_for_it(tmp_path: Path) -> None:
    async with scripted(ANTHROPIC) as one, scripted(answering(reply(completion("two")))) as two:
        settings = one_provider(one.url, dialect="anthropic-messages")
        settings["providers"]["two"] = {"dialect": "openai-chat", "base_url": two.url, "api_key": "k"}
        settings["models"]["m"]["targets"].append({"provider": "two", "model": "m2"})
        async with running(tmp_path, settings) as gateway:
            got = await gateway.post(ask(**MEANT))
    assert (got.status, got.text) == (200, "two")
    assert one.received == []


async def test_what_does_not_is_left_out_and_listed(tmp_path: Path) -> None:
    async with (
        scripted(ANTHROPIC) as up,
        running(tmp_path, one_provider(up.url, dialect="anthropic-messages")) as gateway,
    ):
        got = await gateway.post(ask(**HINTED))
    assert (got.status, got.text) == (200, TEXT)
    assert set(got.headers["x-fairlead-dropped"].split(", ")) == {"seed", "store", "some_new_member"}
    assert up.received[0].json["metadata"] == {"user_id": "u1"}


@pytest.mark.parametrize(
    ("on_loss", "asked", "status"),
    [
        ({"meaning": "drop"}, MEANT, 200),
        ({"hints": "error"}, HINTED, 400),
        ({"meaning": "drop", "hints": "error"}, MEANT, 200),
    ],
)
@pytest.mark.parametrize("general", [True, False], ids=["general", "of the model"])
async def test_the_policy_decides(
    on_loss: dict[str, str], asked: dict[str, Any], status: int, general: bool, tmp_path: Path
) -> None:
    async with scripted(ANTHROPIC) as up:
        settings = one_provider(up.url, dialect="anthropic-messages")
        (settings if general else settings["models"]["m"])["on_loss"] = on_loss
        async with running(tmp_path, settings) as gateway:
            got = await gateway.post(ask(**asked))
    assert got.status == status
    if status == 200:
        assert got.headers["x-fairlead-dropped"] == "n"
    else:
        assert got.json["error"]["code"] == "not_carried"
