"""A model that a provider no longer has is the operator's matter, under whatever status it is said."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.gateway import ask, running, two_providers
from tests.support.scripted import answering, completion, reply, scripted

REFUSALS: dict[str, dict[str, Any]] = {
    "groq": {"error": {"message": "it is gone", "type": "invalid_request_error", "code": "model_decommissioned"}},
    "mistral": {"object": "error", "message": "Invalid model: m1", "type": "invalid_model", "code": "1500"},
    "deepseek": {"error": {"message": "Model Not Exist", "type": "invalid_request_error", "code": "x"}},
}


@pytest.mark.parametrize("vendor", REFUSALS)
async def test_the_next_target_is_tried(vendor: str, tmp_path: Path) -> None:
    async with (
        scripted(answering(reply(REFUSALS[vendor], 400))) as one,
        scripted(answering(reply(completion("two")))) as two,
        running(tmp_path, two_providers(one.url, two.url)) as gateway,
    ):
        got = await gateway.post(ask())
    assert (got.status, got.text) == (200, "two")
    assert len(one.received) == 1


async def test_any_other_refusal_is_the_clients(tmp_path: Path) -> None:
    refusal = {"error": {"message": "`temperature` is too high", "type": "invalid_request_error", "code": None}}
    async with (
        scripted(answering(reply(refusal, 400))) as one,
        scripted(answering(reply(completion()))) as two,
        running(tmp_path, two_providers(one.url, two.url)) as gateway,
    ):
        got = await gateway.post(ask())
    assert got.status == 400
    assert two.received == []
