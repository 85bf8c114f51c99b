"""`get_portkey_manager().create_completion(...)`, as the third document calls it."""

import asyncio
import copy
import json
import pickle
from collections.abc import Callable
from typing import Any, TypeVar

import pytest

from fairlead.embedded import BrokenOff, Refused
from fairlead.errors import FairleadError, NoTarget, UpstreamError
from fairlead.portkey import PortkeyManager, Record, get_portkey_manager
from tests.support.scripted import Scripted, answering, chunk, completion, reply, scripted, streaming

T = TypeVar("T")
HELLO = [{"role": "user", "content": "Hello"}]
WELL = answering(reply(completion("hello", "gpt-4-turbo", prompt_tokens=1, completion_tokens=2, total_tokens=3)))


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch):
    """Sets a program up to call Portkey at `up`."""

    def set_up(up: Scripted, **environ: str) -> None:
        known = {"PORTKEY_API_KEY": "pk-0123456789", "PORTKEY_BASE_URL": up.url, "OPENAI_VK": "openai-vk-xxxxx"}
        for name, value in {**known, **environ}.items():
            monkeypatch.setenv(name, value)

    return set_up


async def within(use: Callable[[PortkeyManager], T]) -> T:
    """What a synchronous program gets of a manager."""

    def program() -> T:
        with get_portkey_manager() as manager:
            return use(manager)

    return await asyncio.to_thread(program)


def asked(manager: PortkeyManager, **more: Any) -> Record:
    call: dict[str, Any] = {"provider": "openai", "model": "gpt-4-turbo", "messages": HELLO, **more}
    return manager.create_completion(**call)


async def test_d01_the_call_of_the_document(at) -> None:
    async with scripted(WELL) as up:
        at(up)
        response = await within(
            lambda manager: manager.create_completion(
                provider="openai",
                model="gpt-4-turbo",
                messages=[{"role": "user", "content": "Hello"}],
                temperature=0.7,
            )
        )
    assert response.choices[0].message.content == "hello"
    assert (response.usage.total_tokens, response.model, response.object) == (3, "gpt-4-turbo", "chat.completion")
    (received,) = up.received
    assert received.json == {"model": "gpt-4-turbo", "messages": HELLO, "temperature": 0.7}
    assert received.headers["x-portkey-api-key"] == "pk-0123456789"
    assert received.headers["x-portkey-virtual-key"] == "openai-vk-xxxxx"


PROVIDERS = """openai anthropic deepseek perplexity groq mistral gemini xai together cohere huggingface
openrouter""".split()  # noqa: SIM905 - reads better so


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_d02_d03_every_provider_goes_by_its_virtual_key(at, provider: str) -> None:
    async with scripted(WELL) as up:
        at(up, **{f"{name.upper()}_VK": f"{name}-vk-xxxxx" for name in PROVIDERS})
        await within(lambda manager: asked(manager, provider=provider, model="some-model"))
    assert up.received[0].headers["x-portkey-virtual-key"] == f"{provider}-vk-xxxxx"
    assert up.received[0].json["model"] == "some-model"


# The models of mission.md's D09, each at the provider that its role names.
MODELS = [
    ("openai", "gpt-4-turbo"), ("deepseek", "deepseek-coder"), ("groq", "llama-3.1-70b-versatile"),
    ("mistral", "mistral-large-2407"), ("perplexity", "pplx-70b-online"), ("xai", "grok-beta"),
    ("cohere", "command-r-plus"), ("gemini", "gemini-1.5-pro"),
]  # fmt: skip


@pytest.mark.parametrize(("provider", "model"), MODELS)
async def test_d09_a_model_is_sent_by_its_name_there(at, provider: str, model: str) -> None:
    async with scripted(WELL) as up:
        at(up, PORTKEY_VIRTUAL_KEY="vk")
        await within(lambda manager: asked(manager, provider=provider, model=model))
    assert up.received[0].json["model"] == model


async def test_other_members_go_with_the_request(at) -> None:
    async with scripted(WELL) as up:
        at(up)
        await within(lambda manager: asked(manager, max_tokens=2000, stop=["x"]))
    assert up.received[0].json == {
        "model": "gpt-4-turbo", "messages": HELLO, "max_tokens": 2000, "stop": ["x"],
    }  # fmt: skip


async def test_a_stream_comes_chunk_by_chunk(at) -> None:
    async with scripted(streaming(chunk({"content": "hel"}), chunk({"content": "lo"}), chunk({}, "stop"))) as up:
        at(up)
        call: dict[str, Any] = {"provider": "openai", "model": "gpt-4-turbo", "messages": HELLO}
        chunks = await within(lambda manager: list(manager.stream_completion(**call)))
        with pytest.raises(TypeError, match="stream_completion"):
            await within(lambda manager: asked(manager, stream=True))
    assert "".join(each.choices[0].delta.content or "" for each in chunks) == "hello"


async def test_a_stream_that_is_left_ends_the_call(at) -> None:
    def use(manager: PortkeyManager) -> Any:
        stream = manager.stream_completion("openai", "gpt-4-turbo", HELLO)
        said = next(stream)
        stream.close()  # type: ignore[attr-defined]
        return said

    async with scripted(streaming(chunk({"content": "hel"}), chunk({"content": "lo"}), chunk({}, "stop"))) as up:
        at(up)
        assert (await within(use)).choices[0].delta.content == "hel"
        await up.closed()


async def failure(use: Callable[[PortkeyManager], Any]) -> FairleadError:
    with pytest.raises(FairleadError) as caught:
        await within(use)
    return caught.value


async def test_what_goes_wrong_is_raised(at) -> None:
    refused = {"error": {"message": "too long", "type": "invalid_request_error", "param": None, "code": None}}
    async with scripted(answering(reply(refused, 400))) as up:
        at(up)
        found = await failure(asked)
        assert (type(found), str(found), found.status, bool(found.request_id)) == (Refused, "too long", 400, True)
    async with scripted(answering(reply({"error": {"message": "boom"}}, 500))) as up:
        at(up, MAX_RETRIES="0")
        assert type(await failure(asked)) is UpstreamError
        assert len(up.received) == 1
    async with scripted(streaming(chunk({"content": "hel"}), done=False)) as up:
        at(up)
        found = await failure(lambda manager: list(manager.stream_completion("openai", "gpt-4", HELLO)))
        assert (type(found), bool(found.request_id)) == (BrokenOff, True)


@pytest.mark.parametrize(("own", "tries"), [({}, 2), ({"PORTKEY_CONFIG_OPENAI": "pc-1"}, 1)], ids=["key", "config"])
async def test_d02_x24_one_layer_tries_again(at, own: dict[str, str], tries: int) -> None:
    async with scripted(answering(reply({"error": {"message": "boom"}}, 500))) as up:
        at(up, MAX_RETRIES="1", **own)
        assert type(await failure(asked)) is UpstreamError
        assert len(up.received) == tries


async def test_a_vendor_without_a_virtual_key_is_said_to_have_none(at) -> None:
    async with scripted(WELL) as up:
        at(up)
        found = await failure(lambda manager: asked(manager, provider="groq"))
    assert (type(found), str(found)) == (NoTarget, "Neither Portkey config nor virtual key available")


def test_a_process_has_one_manager() -> None:
    manager = get_portkey_manager()
    assert get_portkey_manager() is manager
    manager.close()
    manager.close()
    with pytest.raises(RuntimeError, match="closed"):
        asked(manager)
    assert get_portkey_manager() is not manager


async def test_threads_share_a_manager(at) -> None:
    async with scripted(WELL) as up:
        at(up)
        manager = get_portkey_manager()
        try:
            answers = await asyncio.gather(*(asyncio.to_thread(asked, manager) for _ in range(8)))
        finally:
            await asyncio.to_thread(manager.close)
    assert [answer.choices[0].message.content for answer in answers] == ["hello"] * 8


def test_an_answer_reads_like_an_sdks() -> None:
    whole = completion("hello")
    answer = Record(whole)
    assert answer.model_dump() == whole
    assert json.loads(answer.model_dump_json()) == whole
    assert answer.choices[0].message.tool_calls is None
    with pytest.raises(AttributeError, match="no member `choice`"):
        _ = answer.choice
    assert copy.deepcopy(answer) == answer == pickle.loads(pickle.dumps(answer))
    assert "choices" in dir(answer)
    assert "hello" in repr(answer)
