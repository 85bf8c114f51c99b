"""One call through the real server with a real client."""

from pathlib import Path

from tests.support.gateway import ask, one_provider, running, two_providers
from tests.support.scripted import answering, chunk, completion, reply, scripted, streaming


async def test_a_call_goes_through_with_the_official_client(tmp_path: Path) -> None:
    async with scripted(answering(reply(completion("four")))) as up, running(tmp_path, one_provider(up.url)) as gateway:
        got = await gateway.openai().chat.completions.create(model="m", messages=[{"role": "user", "content": "2+2?"}])
        assert got.choices[0].message.content == "four"
        sent = up.received[0]
        assert sent.path == "/v1/chat/completions"
        assert sent.headers["authorization"] == "Bearer up-secret-key"
        assert sent.json["model"] == "up-model"


async def test_a_stream_goes_through_with_the_official_client(tmp_path: Path) -> None:
    events = [
        chunk({"role": "assistant", "content": ""}),
        chunk({"content": "fo"}),
        chunk({"content": "ur"}),
        chunk({}, "stop"),
    ]
    async with scripted(streaming(*events)) as up, running(tmp_path, one_provider(up.url)) as gateway:
        stream = await gateway.openai().chat.completions.create(
            model="m", messages=[{"role": "user", "content": "2+2?"}], stream=True
        )
        text = "".join([part.choices[0].delta.content or "" async for part in stream])
        assert text == "four"


async def test_the_second_target_rescues(tmp_path: Path) -> None:
    async with (
        scripted(answering(reply({"error": {"message": "boom"}}, 500))) as one,
        scripted(answering(reply(completion("rescued")))) as two,
        running(tmp_path, two_providers(one.url, two.url)) as gateway,
    ):
        got = await gateway.post(ask())
        assert got.status == 200
        assert got.json["choices"][0]["message"]["content"] == "rescued"
        assert got.headers["x-fairlead-attempts"] == "2"
        assert got.headers["x-fairlead-provider"] == "two"
        assert got.headers["x-fairlead-model"] == "m2"
