"""What a client is told beside the answer, and what a provider is told beside the question."""

from pathlib import Path
from typing import Any

import openai
import pytest

from tests.support.gateway import KEY, ask, one_provider, running, two_providers
from tests.support.scripted import DONE, answering, chunk, completion, reply, scripted, streaming

TOLD = {"request-id", "provider", "model", "attempts", "overhead-ms"}


def told(headers: dict[str, str]) -> dict[str, str]:
    return {name[len("x-fairlead-") :]: value for name, value in headers.items() if name.startswith("x-fairlead-")}


@pytest.mark.parametrize("stream", [False, True])
async def test_every_reply_says_what_was_done_with_the_call(tmp_path: Path, stream: bool) -> None:
    script = streaming(chunk({"content": "hi"}, "stop")) if stream else answering(reply(completion()))
    async with scripted(script) as up, running(tmp_path, one_provider(up.url)) as gateway:
        got = await gateway.post(ask(stream=stream))
    said = told(got.headers)
    assert set(said) == TOLD
    assert (said["provider"], said["model"], said["attempts"]) == ("up", "up-model", "1")
    assert len(said["request-id"]) == 32
    assert got.headers["x-request-id"] == said["request-id"]
    assert 0 <= float(said["overhead-ms"]) < 1000


async def test_a_reply_names_the_intent_that_was_read_from_the_text(tmp_path: Path) -> None:
    async with scripted(answering(reply(completion()))) as up:
        settings = {"providers": {"openrouter": {"base_url": up.url, "api_key": "or-key"}}}
        async with running(tmp_path, settings) as gateway:
            inferred = await gateway.post(ask("write a Python function") | {"model": "auto"})
            named = await gateway.post(ask() | {"model": "intent:creative"})
            by_header = await gateway.post(ask() | {"model": "auto"}, x_fairlead_intent="analyze")
    assert [told(got.headers)["intent"] for got in (inferred, named, by_header)] == ["code", "creative", "analyze"]
    assert [sent.json["model"] for sent in up.received] == [
        "deepseek/deepseek-coder",
        "openai/gpt-4",
        "anthropic/claude-3-opus",
    ]


async def test_a08_openrouter_is_told_which_application_calls(tmp_path: Path) -> None:
    async with scripted(answering(reply(completion()))) as up:
        settings = {"providers": {"openrouter": {"base_url": up.url, "api_key": "or-key"}}, "app": {"title": "Mine"}}
        async with running(tmp_path, settings) as gateway:
            await gateway.post(ask() | {"model": "openrouter/anthropic/claude-3-opus"})
    sent = up.received[0].headers
    assert sent["http-referer"] == "https://payready.ai"
    assert (sent["x-title"], sent["x-openrouter-title"]) == ("Mine", "Mine")
    assert sent["authorization"] == "Bearer or-key"
    assert up.received[0].json["model"] == "anthropic/claude-3-opus"


async def test_a20_with_only_the_backups_key_the_call_goes_to_the_backup(tmp_path: Path) -> None:
    async with scripted(answering(reply(completion("backup")))) as up:
        environ = {"AIMLAPI_KEY": "aiml-key", "AIMLAPI_BASE_URL": up.url}
        async with running(tmp_path, {}, environ) as gateway:
            got = await gateway.post(ask() | {"model": "intent:code"})
    assert told(got.headers)["provider"] == "aimlapi"
    assert up.received[0].headers["authorization"] == "Bearer aiml-key"


async def test_a_fallback_is_tried_at_run_time_primary_at_each_provider_then_fallback_at_each(tmp_path: Path) -> None:
    down = answering(reply({"error": {"message": "down"}}, 503))
    async with scripted(down) as one, scripted(down) as two:
        settings = {"providers": {"openrouter": {"base_url": one.url, "api_key": "a-key-of-one"}}}
        settings["providers"]["aimlapi"] = {"base_url": two.url, "api_key": "a-key-of-two"}
        async with running(tmp_path, settings) as gateway:
            got = await gateway.post(ask() | {"model": "intent:code"})
    assert got.status == 503
    assert [(a["provider"], a["model"]) for a in got.json["error"]["attempts"]] == [
        ("openrouter", "deepseek/deepseek-coder"),
        ("aimlapi", "deepseek/deepseek-coder"),
        ("openrouter", "anthropic/claude-3-sonnet"),
        ("aimlapi", "anthropic/claude-3-sonnet"),
    ]


async def test_a_provider_that_cannot_serve_the_intent_is_a_400_that_names_those_that_can(tmp_path: Path) -> None:
    environ = {"OPENROUTER_API_KEY": "or-key", "AIMLAPI_KEY": "aiml-key"}
    async with running(tmp_path, {}, environ) as gateway:
        got = await gateway.post(ask() | {"model": "intent:fast"}, x_fairlead_provider="aimlapi")
    assert got.status == 400
    assert got.json["error"]["code"] == "provider_cannot_serve"
    assert "openrouter" in got.json["error"]["message"]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        ({"error": {"code": 502, "message": "Provider returned error", "metadata": {}}}, 502),
        ({"error": {"code": 429, "message": "slow down"}}, 429),
        ({"message": "no", "path": "/v1", "requestId": "r", "statusCode": 500, "timestamp": "t"}, 502),
    ],
)
async def test_a09_a10_an_error_inside_a_200_is_an_error(tmp_path: Path, error: dict[str, Any], status: int) -> None:
    async with (
        scripted(answering(reply(error))) as one,
        scripted(answering(reply(completion("rescued")))) as two,
        running(tmp_path, two_providers(one.url, two.url)) as gateway,
    ):
        rescued = await gateway.post(ask())
    assert rescued.json["choices"][0]["message"]["content"] == "rescued"
    async with scripted(answering(reply(error))) as up, running(tmp_path, one_provider(up.url)) as gateway:
        alone = await gateway.post(ask())
    assert alone.status == status


async def test_a10_the_backups_own_error_shape_reaches_the_client_in_openais(tmp_path: Path) -> None:
    error = {"message": "bad temperature", "path": "/v1", "requestId": "r", "statusCode": 400, "timestamp": "t"}
    async with scripted(answering(reply(error, 400))) as up, running(tmp_path, one_provider(up.url)) as gateway:
        with pytest.raises(openai.BadRequestError, match="bad temperature"):
            await gateway.openai().chat.completions.create(model="m", messages=[{"role": "user", "content": "x"}])


@pytest.mark.parametrize("presented", ["", "Bearer", "Bearer wrong", "Basic " + KEY, "Bearer " + "x" * 100_0, KEY])
async def test_a_call_without_the_key_is_refused_and_the_key_presented_is_not_repeated(
    tmp_path: Path, presented: str
) -> None:
    async with running(tmp_path, {}) as gateway:
        got = await gateway.post(ask(), authorization=presented)
    assert got.status == 401
    assert got.json["error"]["code"] == "invalid_api_key"
    assert "wrong" not in got.body.decode()


async def test_usage_is_asked_for_on_streams_and_taken_out_again(tmp_path: Path) -> None:
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    last = b'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"up","choices":[],"usage":%s}\n\n'
    events = [
        chunk({"content": "hi"}, usage=None),
        chunk({}, "stop", usage=None),
        last % str(usage).replace("'", '"').encode(),
    ]
    async with scripted(streaming(*events)) as up, running(tmp_path, one_provider(up.url)) as gateway:
        unasked = await gateway.post(ask(stream=True))
        asked = await gateway.post(ask(stream=True, stream_options={"include_usage": True}))
        page = (await gateway.request("GET", "/metrics")).body.decode()
    assert up.received[0].json["stream_options"] == {"include_usage": True}
    assert b"usage" not in unasked.body
    assert unasked.body.endswith(DONE)
    assert asked.body == b"".join(events) + DONE
    assert 'fairlead_tokens_total{kind="input",provider="up"} 2.0' in page


async def test_a_row_with_raw_fidelity_passes_a_reply_untouched(tmp_path: Path) -> None:
    lacking = {"id": "c", "choices": [{"message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}]}
    async with scripted(answering(reply(lacking))) as up:
        async with running(tmp_path, one_provider(up.url, quirks=["all"])) as gateway:
            mended = await gateway.post(ask())
        async with running(tmp_path, one_provider(up.url, quirks=["all"], fidelity="raw")) as gateway:
            raw = await gateway.post(ask())
    assert raw.json == lacking
    assert mended.json["choices"][0]["logprobs"] is None
    assert mended.json["object"] == "chat.completion"


async def test_embeddings_and_completions_go_through(tmp_path: Path) -> None:
    vectors: dict[str, Any] = {
        "object": "list",
        "data": [{"object": "embedding", "index": 0, "embedding": [0.5]}],
        "model": "e",
    }
    vectors["usage"] = {"prompt_tokens": 1, "total_tokens": 1}
    text: dict[str, Any] = {"id": "c", "object": "text_completion", "created": 1, "model": "t"}
    text["choices"] = [{"text": "four", "index": 0, "logprobs": None, "finish_reason": "stop"}]
    async with (
        scripted(answering(reply(vectors), reply(text))) as up,
        running(tmp_path, one_provider(up.url)) as gateway,
    ):
        client = gateway.openai()
        got = await client.embeddings.create(model="m", input="hello", encoding_format="float")
        assert got.data[0].embedding == [0.5]
        said = await client.completions.create(model="m", prompt="2+2?")
        assert said.choices[0].text == "four"
    assert [sent.path for sent in up.received] == ["/v1/embeddings", "/v1/completions"]


async def test_the_list_of_models_is_openais_and_has_only_what_can_be_called(tmp_path: Path) -> None:
    async with scripted(answering(reply(completion()))) as up:
        settings = one_provider(up.url)
        settings["models"]["m"]["aliases"] = ["em"]
        settings["models"]["gone"] = {"targets": [{"provider": "deepseek", "model": "x"}]}
        async with running(tmp_path, settings) as gateway:
            listed = await gateway.openai().models.list()
            names = [model.id for model in listed.data]
            assert {"m", "em", "auto", "intent:code", "echo/echo"} <= set(names)
            assert "gone" not in names
            for name in names:
                got = await gateway.post(ask() | {"model": name})
                assert got.status == 200, name
