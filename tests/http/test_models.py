"""The models that a client may name, as the official clients of three vendors list them."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anthropic
import pytest
from google import genai
from google.genai import errors, types

from tests.support.administered import administered, asked
from tests.support.gateway import KEY, Running, one_provider, running

NAMES = [f"m{number}" for number in range(25)]
TARGETS = [{"provider": "up", "model": "up-model"}]
SETTINGS = {
    **one_provider("http://127.0.0.1:1/v1"),
    "profile": "direct",
    "models": {name: {"targets": TARGETS} for name in NAMES},
}


@contextlib.asynccontextmanager
async def google_client(gateway: Running, version: str) -> AsyncIterator[Any]:
    options = types.HttpOptions(base_url=gateway.url, api_version=version)
    with genai.Client(api_key=KEY, vertexai=False, http_options=options) as client:
        async with client.aio as there:
            yield there.models


@contextlib.asynccontextmanager
async def anthropic_client(gateway: Running) -> AsyncIterator[Any]:
    async with anthropic.AsyncAnthropic(base_url=gateway.url, api_key=KEY, max_retries=0) as client:
        yield client.models


async def openai_names(gateway: Running) -> list[str]:
    return [each.id async for each in gateway.openai().models.list()]


@pytest.mark.parametrize("version", ["v1beta", "v1"])
@pytest.mark.parametrize("size", [None, 7, 5000])
async def test_googles_client_lists_what_openais_does(version: str, size: int | None, tmp_path: Path) -> None:
    async with running(tmp_path, SETTINGS) as gateway, google_client(gateway, version) as models:
        names = await openai_names(gateway)
        pager = await models.list(config={"page_size": size} if size else None)
        found = [each async for each in pager]
    assert [each.name for each in found] == [f"models/{name}" for name in names]
    assert set(NAMES) < set(names)
    assert {tuple(each.supported_actions) for each in found} == {("generateContent", "streamGenerateContent")}


@pytest.mark.parametrize("version", ["v1beta", "v1"])
async def test_googles_client_gets_one(version: str, tmp_path: Path) -> None:
    async with running(tmp_path, SETTINGS) as gateway, google_client(gateway, version) as models:
        assert (await models.get(model="m3")).name == "models/m3"
        assert (await models.get(model="models/up/any-other")).name == "models/up/any-other"
        with pytest.raises(errors.ClientError) as caught:
            await models.get(model="@nobody/x")
    assert caught.value.status == "INVALID_ARGUMENT"
    assert "there is no provider `nobody`" in (caught.value.message or "")


@pytest.mark.parametrize("size", [None, 7, 1000])
async def test_anthropics_client_lists_what_openais_does(size: int | None, tmp_path: Path) -> None:
    async with running(tmp_path, SETTINGS) as gateway, anthropic_client(gateway) as models:
        names = await openai_names(gateway)
        given = {"limit": size} if size else {}
        found = [each async for each in models.list(**given)]
        before = await models.list(limit=3, before_id=names[5])
        backwards = [each.id async for each in models.list(limit=3, before_id=names[5])]
    assert [each.id for each in found] == names
    assert {(each.type, each.lifecycle, each.created_at.year) for each in found} == {("model", "active", 1970)}
    assert [each.id for each in before.data] == names[2:5]
    assert before.has_more
    assert sorted(backwards) == sorted(names[:5])


async def test_anthropics_client_gets_one(tmp_path: Path) -> None:
    async with running(tmp_path, SETTINGS) as gateway, anthropic_client(gateway) as models:
        assert (await models.retrieve("m3")).display_name == "m3"
        with pytest.raises(anthropic.BadRequestError) as caught:
            await models.retrieve("@nobody/x")
    assert isinstance(caught.value.body, dict)
    assert caught.value.body["error"]["type"] == "invalid_request_error"


async def test_what_is_known_of_a_model_is_told(tmp_path: Path) -> None:
    settings = {"profile": "registry", "providers": {"openai": {"api_key": "x", "base_url": "http://127.0.0.1:1/v1"}}}
    async with (
        running(tmp_path, settings) as gateway,
        google_client(gateway, "v1beta") as google,
        anthropic_client(gateway) as others,
    ):
        known = gateway.engine.gateway.policy.registry.named("gpt-4o")
        assert known is not None
        ours = await google.get(model=known.name)
        theirs = await others.retrieve(known.name)
    assert (ours.input_token_limit, ours.output_token_limit) == (known.context_window, known.max_output_tokens)
    assert ours.description == known.description
    assert (theirs.max_input_tokens, theirs.max_tokens) == (known.context_window, known.max_output_tokens)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/v1beta/models?pageSize=x", "`pageSize` must be a whole number"),
        ("/v1beta/models?pageToken=gone", "`pageToken` names no model"),
        ("/v1/models?limit=0", "`limit` must be from 1 to 1000"),
        ("/v1/models?after_id=gone", "`after_id` names no model"),
    ],
)
async def test_a_page_that_there_is_none_of_is_refused(path: str, said: str, tmp_path: Path) -> None:
    async with running(tmp_path, SETTINGS) as gateway:
        got = await gateway.request("GET", path, anthropic_version="2023-06-01")
    assert got.status == 400
    assert said in got.json["error"]["message"]


async def test_a_key_is_told_of_those_models_alone_that_it_may_use(tmp_path: Path) -> None:
    async with administered(tmp_path, SETTINGS) as (gateway, _):
        made = await asked(gateway, "POST", "/api/keys", body={"rights": {"models": ["m1", "m2"]}})
        key = str(made.json["key"])
        for path, member in (("/v1beta/models", "models"), ("/v1/models", "data")):
            listed = (await asked(gateway, "GET", path, key, anthropic_version="2023-06-01")).json[member]
            assert [str(each.get("name") or each["id"])[-2:] for each in listed] == ["m1", "m2"]
            assert (await asked(gateway, "GET", f"{path}/m3", key)).status == 404
