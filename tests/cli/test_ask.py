"""Asking: what is sent, what is printed, and how it ends."""

import asyncio
import json
import re

import pytest

from tests.cli.conftest import FOUR, KEYS, Program, only, shipped
from tests.support.scripted import answering, chunk, completion, reply, scripted, streaming


async def test_the_answer_is_all_that_standard_output_has(ai: Program) -> None:
    async with scripted(FOUR) as up:
        ai.config(only(up))
        ran = await ai("-m", "m", "what is 2+2")
    assert (ran.code, ran.out, ran.err) == (0, "four\n", "")
    sent = up.received[0].json
    assert sent["model"] == "up-model"
    assert sent["stream"] is True
    assert sent["messages"] == [{"role": "user", "content": "what is 2+2"}]


async def test_words_need_no_quotes(ai: Program) -> None:
    async with scripted(FOUR) as up:
        ai.config(only(up))
        ran = await ai("what", "is", "2+2", "-m", "m")
    assert ran.out == "four\n"
    assert up.received[0].json["messages"][-1]["content"] == "what is 2+2"


async def test_what_is_piped_in_comes_before_the_words(ai: Program) -> None:
    async with scripted(FOUR) as up:
        ai.config(only(up))
        await ai("-m", "m", "-s", "Be brief", "explain", stdin=b"def f():\n    pass\n")
        await ai("-m", "m", stdin="piped ä".encode())
    first, second = (request.json["messages"] for request in up.received)
    assert first == [
        {"role": "system", "content": "Be brief"},
        {"role": "user", "content": "def f():\n    pass\n\nexplain"},
    ]
    assert second == [{"role": "user", "content": "piped ä"}]


async def test_a_pipe_that_stays_open_is_read_to_its_end(ai: Program) -> None:
    async with scripted(FOUR) as up:
        ai.config(only(up))
        process = await ai.start("-m", "m", "explain")
        assert process.stderr is not None
        async with asyncio.timeout(30):
            assert b"reading standard input" in await process.stderr.readline()
        out, _ = await process.communicate(b"late")
    assert out == b"four\n"
    assert up.received[0].json["messages"][-1]["content"] == "late\n\nexplain"


async def test_what_is_no_text_is_refused(ai: Program) -> None:
    ran = await ai("explain", stdin=b"\x89PNG\0\0")
    assert (ran.code, ran.out) == (2, "")
    assert "not text" in ran.err


@pytest.mark.parametrize(
    ("deltas", "printed"),
    [(["no end"], "no end\n"), (["two\n\n", "\n"], "two\n"), (["a\n", "\nb\n"], "a\n\nb\n"), (["\n", "x"], "\nx\n")],
)
async def test_an_answer_ends_with_one_line_end(ai: Program, deltas: list[str], printed: str) -> None:
    events = [chunk({"content": delta}) for delta in deltas]
    async with scripted(streaming(*events, chunk({}, "stop"))) as up:
        ai.config(only(up))
        assert (await ai("-m", "m", "hello")).out == printed


async def test_a_character_that_two_events_share_is_whole(ai: Program) -> None:
    halves = [
        b'data: {"choices":[{"index":0,"delta":{"content":"%s"}}]}\n\n' % half for half in (b"\\ud83d", b"\\ude00!")
    ]
    async with scripted(streaming(*halves, chunk({}, "stop"))) as up:
        ai.config(only(up))
        assert (await ai("-m", "m", "hello")).out == "😀!\n"


async def test_thinking_is_shown_only_on_request(ai: Program) -> None:
    events = [chunk({"reasoning_content": "hmm"}), chunk({"content": "four"}), chunk({}, "stop")]
    async with scripted(streaming(*events)) as up:
        ai.config(only(up))
        quiet, told = await ai("-m", "m", "hello"), await ai("-v", "-m", "m", "hello")
    assert (quiet.out, quiet.err) == ("four\n", "")
    assert told.out == "four\n"
    assert "hmm\n" in told.err


async def test_options_are_typed_and_nest(ai: Program) -> None:
    async with scripted(FOUR) as up:
        ai.config(only(up))
        line = [
            "temperature=0.2",
            "logprobs=true",
            'stop=["a"]',
            "user=me",
            "seed=null",
            "x=NaN",
            "a.b=low",
        ]
        await ai("-m", "m", *(word for option in line for word in ("-o", option)), "hello")
    sent = up.received[0].json
    assert [sent[name] for name in ("temperature", "logprobs", "stop", "user", "seed", "x", "a")] == [
        0.2, True, ["a"], "me", None, "NaN", {"b": "low"},
    ]  # fmt: skip


async def test_it_waits_for_the_whole_where_no_stream_is_wanted(ai: Program) -> None:
    async with scripted(answering(reply(completion("four\n")))) as up:
        ai.config(only(up))
        ran = await ai("-m", "m", "--no-stream", "hello")
    assert (ran.code, ran.out, ran.err) == (0, "four\n", "")
    assert up.received[0].json["stream"] is False


async def test_json_has_the_answer_and_its_facts_in_a_line(ai: Program) -> None:
    async with scripted(answering(reply(completion("fo\nur", prompt_tokens=3, completion_tokens=2)))) as up:
        ai.config(only(up))
        ran = await ai("-m", "m", "--json", "hello")
    assert ran.out.count("\n") == 1
    told = json.loads(ran.out)
    assert len(told.pop("request_id")) == 32
    usage = told.pop("usage")
    assert (usage.pop("input_tokens"), usage.pop("output_tokens")) == (3, 2)
    assert set(usage.values()) == {0}
    assert told == {
        "text": "fo\nur",
        "model": "up-model",
        "provider": "up",
        "intent": None,
        "finish_reason": "stop",
        "attempts": 1,
    }


async def test_verbose_tells_who_answered_and_why_on_standard_error(ai: Program) -> None:
    script = streaming(
        chunk({"content": "four"}, "stop"), chunk(choices=[], usage={"prompt_tokens": 3, "completion_tokens": 2})
    )
    async with scripted(answering(reply({"error": {"message": "down"}}, 503))) as one, scripted(script) as two:
        settings = {"providers": {"openrouter": {"base_url": one.url}, "aimlapi": {"base_url": two.url}}}
        ai.config(settings)
        ran = await ai("-v", "write a function", **KEYS)
    assert (ran.code, ran.out) == (0, "four\n")
    assert "intent `code`: `write` … `function` asks for code" in ran.err
    assert "`aimlapi/deepseek/deepseek-coder`, attempts: 2 (openrouter: server, aimlapi: ok)" in ran.err
    assert "tokens: 3 in, 2 out" in ran.err
    assert "request id: " in ran.err


async def test_a_cut_answer_is_told(ai: Program) -> None:
    async with scripted(streaming(chunk({"content": "four"}, "length"))) as up:
        ai.config(only(up))
        ran = await ai("-m", "m", "hello")
    assert (ran.code, ran.out) == (0, "four\n")
    assert "its limit of tokens" in ran.err


# Routing, as the predecessor had it.


async def test_the_intent_is_read_from_the_text(ai: Program) -> None:
    async with scripted(FOUR) as up:
        ai.config(shipped(up))
        await ai("write a Python function that adds two numbers", **KEYS)
    assert up.received[0].json["model"] == "deepseek/deepseek-coder"
    assert up.received[0].path == "/v1/openrouter/chat/completions"


@pytest.mark.parametrize(
    ("intent", "model"),
    [("code", "deepseek/deepseek-coder"), ("analyze", "anthropic/claude-3-opus"),
     ("fast", "~google/gemini-flash-latest"), ("creative", "openai/gpt-4"),
     ("unheard-of", "~google/gemini-flash-latest")],
)  # fmt: skip
async def test_an_intent_can_be_forced(ai: Program, intent: str, model: str) -> None:
    async with scripted(FOUR) as up:
        ai.config(shipped(up))
        ran = await ai("--intent", intent, "hello", **KEYS)
    assert ran.out == "four\n"
    assert up.received[0].json["model"] == model
    assert ("is no intent here, so `fast` served" in ran.err) == (intent == "unheard-of")


async def test_an_intent_that_nobody_knows_suggests_another(ai: Program) -> None:
    async with scripted(FOUR) as up:
        ai.config(shipped(up))
        ran = await ai("--intent", "cod", "hello", **KEYS)
    assert ran.out == "four\n"
    assert ran.err == "warning: `cod` is no intent here, so `fast` served; did you mean `code`?\n"


async def test_a_model_can_be_forced(ai: Program) -> None:
    async with scripted(FOUR) as up:
        ai.config(shipped(up))
        ran = await ai("--model", "anthropic/claude-3-opus", "complex analysis", **KEYS)
    assert ran.out == "four\n"
    assert up.received[0].json["model"] == "anthropic/claude-3-opus"
    assert up.received[0].headers["authorization"] == "Bearer or-0123456789abcdef"


async def test_a_provider_can_be_forced(ai: Program) -> None:
    async with scripted(FOUR) as up:
        ai.config(shipped(up))
        ran = await ai("--provider", "aimlapi", "--intent", "code", "test backup provider", **KEYS)
    assert ran.out == "four\n"
    assert up.received[0].path == "/v1/aimlapi/chat/completions"


async def test_a_provider_that_cannot_serve_the_intent_is_refused(ai: Program) -> None:
    async with scripted(FOUR) as up:
        ai.config(shipped(up))
        ran = await ai("--provider", "aimlapi", "--intent", "fast", "hello", **KEYS)
    assert (ran.code, ran.out) == (2, "")
    assert "`aimlapi` does not serve intent `fast`; `openrouter` can" in ran.err
    assert not up.received


async def test_a_provider_that_is_none_suggests_the_nearest(ai: Program) -> None:
    for words in (["hello"], ["--intent", "code", "hello"], ["-m", "gpt4", "hello"]):
        ran = await ai("-p", "ant", *words, **KEYS)
        assert (ran.code, ran.out) == (2, "")
        assert ran.err.startswith("error: there is no provider `ant`\n  hint: did you mean `anthropic`? ")
    ran = await ai("route", "explain", "-p", "ant", "hello")
    assert "did you mean `anthropic`?" in ran.err


async def test_a_provider_without_a_default_model_is_not_blamed_for_an_intent(ai: Program) -> None:
    ran = await ai("-p", "portkey", "hello", PORTKEY_API_KEY="pk-0123456789abcdef", **KEYS)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("error: provider `portkey` has no default model, and the call names none\n")
    assert "`@portkey/MODEL`" in ran.err
    assert "intent" not in ran.err


async def test_what_portkey_lacks_for_a_model_is_named_with_it(ai: Program) -> None:
    ran = await ai("-p", "portkey", "-m", "gpt4", "hello", PORTKEY_API_KEY="pk-0123456789abcdef")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("error: Neither Portkey config nor virtual key available\n")
    assert "hint: for `gpt4` set `PORTKEY_CONFIG_OPENAI` or `PORTKEY_VIRTUAL_KEY`;" in ran.err


async def test_with_the_backups_key_alone_the_backup_answers(ai: Program) -> None:
    async with scripted(FOUR) as up:
        ran = await ai("write a function", AIMLAPI_KEY=KEYS["AIMLAPI_KEY"], AIMLAPI_BASE_URL=f"{up.url}")
    assert (ran.code, ran.out) == (0, "four\n")
    assert up.received[0].headers["authorization"] == f"Bearer {KEYS['AIMLAPI_KEY']}"


async def test_without_any_key_the_echo_says_what_it_is(ai: Program) -> None:
    ran = await ai("hello there")
    assert ran.code == 0
    assert ran.out.startswith("This is the `echo` model of Fairlead")
    assert ran.out.endswith("You said: hello there\n")


# Failures.


async def test_an_unknown_model_is_a_mistake_in_the_call(ai: Program) -> None:
    async with scripted(FOUR) as up:
        ai.config(only(up, intents={}))
        ran = await ai("-m", "intent-code", "hello")
    assert (ran.code, ran.out) == (2, "")
    assert "there is no model `intent-code` here" in ran.err
    assert "did you mean" in ran.err


async def test_a_broken_configuration_is_told_whole(ai: Program) -> None:
    ai.config({"provders": {}, "server": {"port": "x"}})
    ran = await ai("hello")
    assert (ran.code, ran.out) == (2, "")
    assert "2 problems" in ran.err
    assert "did you mean `providers`?" in ran.err


@pytest.mark.parametrize(
    ("status", "code"), [(400, 1), (422, 1), (401, 3), (402, 3), (404, 3), (429, 3), (500, 3), (503, 3)]
)
@pytest.mark.parametrize("wait", [[], ["--no-stream"]])
async def test_a_failure_of_the_provider(ai: Program, status: int, code: int, wait: list[str]) -> None:
    async with scripted(answering(reply({"error": {"message": "no up-secret-key-0123456789"}}, status))) as up:
        ai.config(only(up))
        ran = await ai("-m", "m", *wait, "hello")
    assert (ran.code, ran.out) == (code, "")
    assert ran.err.startswith("error: ")
    assert "Traceback" not in ran.err
    assert "up-secret-key" not in ran.err
    assert "request id: " in ran.err
    assert ("tried `up/up-model`" if code == 3 else "`up/up-model` refused the call: ") in ran.err


async def test_a_provider_that_is_not_there(ai: Program) -> None:
    async with scripted(FOUR) as up:
        ai.config(only(up))
    ran = await ai("-m", "m", "hello")
    assert (ran.code, ran.out) == (3, "")
    assert re.search(r"failed: cannot connect to 127\.0\.0\.1:\d+: Connection refused\n", ran.err)


async def test_a_provider_that_nobody_knows_suggests_another(ai: Program) -> None:
    ran = await ai("--provider", "openruter", "hello")
    assert (ran.code, ran.out) == (2, "")
    assert "did you mean `openrouter`?" in ran.err


@pytest.mark.parametrize("line", [["hello"], ["doctor"]])
async def test_a_name_server_that_says_nothing_is_not_waited_for(ai: Program, line: list[str]) -> None:
    (ai.home / "sitecustomize.py").write_text(
        "import socket, time\nsocket.getaddrinfo = lambda *_, **__: time.sleep(30)\n"
    )
    there = {"AIMLAPI_KEY": KEYS["AIMLAPI_KEY"], "AIMLAPI_BASE_URL": "http://one.invalid/v1"}
    ran = await Program(ai.home, {**ai.environ, **there, "PYTHONPATH": str(ai.home)})(*line)
    assert ran.code == (1 if line == ["doctor"] else 3)
    assert "no connection to one.invalid within" in ran.out + ran.err


async def test_what_came_stays_where_the_stream_breaks(ai: Program) -> None:
    async with scripted(streaming(chunk({"content": "begun"}), chunk({"content": " well"}), done=False)) as up:
        ai.config(only(up))
        ran = await ai("-m", "m", "hello")
    assert (ran.code, ran.out) == (3, "begun well\n")
    assert "the stream ended before the answer did" in ran.err


async def test_the_log_is_silent_unless_asked_for(ai: Program) -> None:
    async with scripted(answering(reply({"error": {"message": "boom"}}, 500))) as up:
        ai.config(only(up))
        quiet, told = await ai("-m", "m", "hello"), await ai("-m", "m", "hello", LOG_LEVEL="warning")
    assert "fairlead.calls" not in quiet.err
    assert "fairlead.calls" in told.err


@pytest.mark.parametrize(
    ("option", "meant"),
    [
        ("temprature=2", "temperature"),
        ("max_token=5", "max_tokens"),
        ("Top_P=1", "top_p"),
        ("reasoning_efort=low", "reasoning_effort"),
        ("stream_option.include_usage=true", "stream_options"),
    ],
)
async def test_an_option_that_is_nearly_a_known_one_is_sent_and_told_of(ai: Program, option: str, meant: str) -> None:
    async with scripted(FOUR) as up:
        ai.config(only(up))
        ran = await ai("-m", "m", "-o", option, "hello")
        assert (ran.code, ran.out) == (0, "four\n")
        name = option.partition("=")[0].partition(".")[0]
        assert ran.err == f"warning: `-o {name}=…` is sent as it is written; did you mean `{meant}`?\n"
        assert name in up.received[0].json


@pytest.mark.parametrize("option", ["top_k=5", "min_p=0.1", "chat_template_kwargs.x=1", "mirostat=2", "temperature=1"])
async def test_an_option_that_is_known_or_like_none_goes_without_a_word(ai: Program, option: str) -> None:
    async with scripted(FOUR) as up:
        ai.config(only(up))
        ran = await ai("-m", "m", "-o", option, "hello")
    assert (ran.code, ran.err) == (0, "")
