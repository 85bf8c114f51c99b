"""Bodies of clients that are odd, hostile or no JSON, in calls that are translated and in those that are not."""

import gzip
import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.dialects.test_json_suite import texts
from tests.support.gateway import HttpReply
from tests.support.invariants import CANARY
from tests.translate.breaking import answer, frame
from tests.translate.house import House, check
from tests.translate.speaking import SPEAKERS
from tests.translate.vendors import TEXT, VENDORS, Said, answering_as

pytestmark = pytest.mark.asyncio(loop_scope="module")
every_client = pytest.mark.parametrize("client", SPEAKERS)
every_vendor = pytest.mark.parametrize("dialect", VENDORS)
Json = dict[str, Any]
# Each client's calls are translated, into another dialect each.
OTHER = {
    "openai-chat": "anthropic-messages",
    "anthropic-messages": "openai-chat",
    "openai-responses": "gemini",
    "gemini": "openai-responses",
}


async def well(home: House, dialect: str) -> None:
    await home.one(dialect, answering_as(VENDORS[dialect], Said()))


async def post(home: House, client: str, dialect: str, body: bytes | Json, **headers: str) -> HttpReply:
    got = await home.gateway.post(body, SPEAKERS[client].path(dialect, False), **headers)
    check(got)
    return got


def asking(client: str, dialect: str, more: bytes = b"") -> bytes:
    """A call of this client, with more members at its end."""
    body = json.dumps(SPEAKERS[client].body(dialect, False, "hi")).encode()
    return body[:-1] + (b"," + more if more else b"") + b"}"


def told(client: str, got: HttpReply) -> Json:
    """The 400 in the client's own shape."""
    assert got.status == 400, got.body
    error: Json = got.json["error"]
    assert error["message"]
    if client == "anthropic-messages":
        assert (got.json["type"], error["type"]) == ("error", "invalid_request_error")
    elif client == "gemini":
        assert (error["code"], error["status"]) == (400, "INVALID_ARGUMENT")
    else:
        assert error["type"] == "invalid_request_error"
    return error


def param(client: str, error: Json) -> Any:
    return error["details"][0]["metadata"].get("param") if client == "gemini" else error.get("param")


# --- C07: what is JSON


@every_client
async def test_c07_json_within_a_translated_call_is_taken(home: House, shared: Path, client: str) -> None:
    await well(home, OTHER[client])
    for name, text in texts(shared, "y_"):
        got = await post(home, client, OTHER[client], asking(client, OTHER[client], b'"newMember":' + text))
        if "duplicated_key" in name:
            assert "stands twice" in told(client, got)["message"], name
            continue
        assert got.status == 200, (name, got.body)
        assert got.headers.get("x-fairlead-dropped") == ("newMember" if text.strip() != b"null" else None), name


@every_client
async def test_c07_what_is_no_json_is_400_in_the_clients_shape(home: House, shared: Path, client: str) -> None:
    up = await home.one(OTHER[client], answering_as(VENDORS[OTHER[client]], Said()))
    for name, text in texts(shared, "n_"):
        for body in (text, asking(client, OTHER[client], b'"newMember":' + text)):
            assert told(client, await post(home, client, OTHER[client], body)), name
    assert not up.received


@every_client
async def test_c07_what_is_ours_to_settle_is_taken_or_400(home: House, shared: Path, client: str) -> None:
    await well(home, OTHER[client])
    for name, text in texts(shared, "i_"):
        got = await post(home, client, OTHER[client], asking(client, OTHER[client], b'"newMember":' + text))
        assert got.status in (200, 400), name


HUGE = {
    "nested 100,000 deep": b"[" * 100_000 + b"]" * 100_000,
    "objects 100,000 deep": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "a number of 5,000 digits": b"9" * 5000,
    "1e400": b"1e400",
    "NaN": b"NaN",
    "Infinity": b"-Infinity",
}


@every_client
@pytest.mark.parametrize("value", HUGE.values(), ids=HUGE)
async def test_c07_values_that_no_program_can_hold_are_400_and_quickly(home: House, client: str, value: bytes) -> None:
    began = time.process_time()
    told(client, await post(home, client, OTHER[client], asking(client, OTHER[client], b'"newMember":' + value)))
    assert time.process_time() - began < 0.5


@every_client
@pytest.mark.parametrize(
    "value", [b"[" + b"0," * 999_999 + b"0]", b'{"%b":1}' % (b"k" * 2**20)], ids=["a million elements", "a key of 1 MB"]
)
async def test_c07_what_is_large_but_sound_is_taken(home: House, client: str, value: bytes) -> None:
    await well(home, OTHER[client])
    got = await post(home, client, OTHER[client], asking(client, OTHER[client], b'"newMember":' + value))
    assert got.status == 200


@every_client
async def test_c07_a_member_that_is_named_twice_is_400_at_the_top(home: House, client: str) -> None:
    for dialect in (client, OTHER[client]):
        body = asking(client, dialect)
        name = next(iter(json.loads(body)))
        twice = asking(client, dialect, b'"%b":"x"' % name.encode())
        assert name in told(client, await post(home, client, dialect, twice))["message"]


def named_twice_within(client: str, spelled: bytes) -> bytes:
    """A call whose text is said twice, the second time under the same name, perhaps spelled otherwise."""
    body = asking(client, OTHER[client])
    if client == "openai-responses":
        return body.replace(b'"hi"', b'[{"role":"user","content":"first","%b":"second"}]' % spelled)
    return body.replace(b'"hi"', b'"first","%b":"second"' % spelled)


@every_client
@pytest.mark.parametrize("made_up_for", [b"", b',"x":"a\\u003ab"'], ids=["plain", "with a colon too many elsewhere"])
async def test_c07_a_member_that_is_named_twice_further_in_is_400(home: House, client: str, made_up_for: bytes) -> None:
    up = await home.one(OTHER[client], answering_as(VENDORS[OTHER[client]], Said()))
    name = b"text" if client == "gemini" else b"content"
    for spelled in (name, name[:-1] + b"\\u0074"):
        body = named_twice_within(client, spelled)[:-1] + made_up_for + b"}"
        error = told(client, await post(home, client, OTHER[client], body))
        assert f"`{name.decode()}` stands twice" in error["message"]
    assert not up.received


READ = {
    "openai-chat": [
        ("metadata", b'"metadata":{"team":"a","team":"b"}'),
        ("metadata", b'"metadata":{"team":"a","te\\u0061m":"b"}'),
        ("stream_options", b'"stream":true,"stream_options":{"include_usage":true,"include_usage":false}'),
    ],
    "openai-responses": [("metadata", b'"metadata":{"team":"a","team":"b"}')],
    "anthropic-messages": [
        ("metadata", b'"metadata":{"user_id":"a","user_id":"b"}'),
        ("thinking", b'"thinking":{"type":"enabled","budget_tokens":1024,"budget_tokens":60000}'),
    ],
    "gemini": [
        ("generationConfig", b'"generationConfig":{"maxOutputTokens":9,"maxOutputTokens":60000}'),
        ("generation_config", b'"generation_config":{"candidateCount":1,"candidateCount":8}'),
        ("generationConfig", b'"generationConfig":{"maxOutputTokens":9},"generation_config":{"candidateCount":8}'),
    ],
}


@every_client
async def test_c07_what_the_gateway_reads_of_a_call_that_passes_is_said_once(home: House, client: str) -> None:
    up = await home.one(client, answering_as(VENDORS[client], Said()))
    for param_, extra in READ[client]:
        got = await post(home, client, client, asking(client, client, extra))
        error = told(client, got)
        assert got.status == 400
        assert "twice" in error["message"]
        assert param(client, error) in (None, param_)
    assert not up.received


@every_client
async def test_c07_the_same_names_once_pass(home: House, client: str) -> None:
    await well(home, client)
    for extra in (b'"metadata":{"a":"x: y","b":"a"}', b'"thinking":{"type":"enabled","budget_tokens":1024}'):
        assert (await post(home, client, client, asking(client, client, extra))).status == 200


@every_client
async def test_c07_one_name_in_two_objects_and_colons_in_texts_are_no_repetition(home: House, client: str) -> None:
    await well(home, OTHER[client])
    for text in (b'"a: b : c \\"d\\": e"', b'"\\u003a\\u003A\\\\u003a"', '"\u00fc: \u2028"'.encode()):
        body = asking(client, OTHER[client]).replace(b'"hi"', text)
        assert (await post(home, client, OTHER[client], body)).status == 200, text


@every_client
@pytest.mark.parametrize("form", ["BOM", "UTF-16", "UTF-32", "Latin-1", "half a character"])
async def test_c07_c08_a_body_that_is_no_utf_8_is_400(home: House, client: str, form: str) -> None:
    for dialect in (client, OTHER[client]):
        text = asking(client, dialect).decode().replace('"hi"', '"café"')
        body = {
            "BOM": b"\xef\xbb\xbf" + text.encode(),
            "UTF-16": text.encode("utf-16"),
            "UTF-32": text.encode("utf-32"),
            "Latin-1": text.encode("latin-1"),
            "half a character": text.encode().replace("é".encode(), "é".encode()[:1]),
        }[form]
        told(client, await post(home, client, dialect, body))


@every_client
async def test_c07_half_a_surrogate_pair_reaches_the_provider_or_is_put_right(home: House, client: str) -> None:
    up = await home.one(OTHER[client], answering_as(VENDORS[OTHER[client]], Said()))
    got = await post(home, client, OTHER[client], asking(client, OTHER[client]).replace(b'"hi"', b'"a\\ud83db"'))
    if got.status == 400:
        told(client, got)
    else:
        assert got.status == 200
        sent = up.received[0].body
        assert b"a\\ud83db" in sent or b"a?b" in sent or "a�b".encode() in sent


# --- C08, C12: paths, headers, methods, types


@pytest.mark.parametrize("name", ["%ff", "%c3", "a%00b", "%0d%0a", "a%20%20", "%e2%80%ae"])
async def test_c08_a_models_name_in_a_path_that_is_no_text_is_refused(home: House, name: str) -> None:
    got = await home.gateway.post(SPEAKERS["gemini"].body("m", False, "hi"), f"/v1beta/models/{name}:generateContent")
    check(got)
    assert got.status in (400, 404), got.body
    assert got.json["error"]["code"] == got.status


@every_client
async def test_c08_a_header_that_is_no_text_changes_nothing(home: House, client: str) -> None:
    await well(home, client)
    got = await post(home, client, client, asking(client, client), x_fairlead_provider="caf\xe9\xff")
    assert got.status in (200, 400, 404)


@every_client
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
async def test_c12_a_wrong_method_is_405_in_the_clients_shape(home: House, client: str, method: str) -> None:
    if (client, method) == ("openai-chat", "GET"):
        pytest.skip("which lists what is kept")
    got = await home.gateway.request(method, SPEAKERS[client].path(client, False), content_length="0")
    assert got.status == 405, got.body
    assert "error" in got.json


@every_client
async def test_c12_a_packed_body_is_refused_and_not_unpacked(home: House, client: str) -> None:
    body = gzip.compress(asking(client, client))
    got = await post(home, client, client, body, content_encoding="gzip")
    assert got.status in (400, 415)


# --- C13: wrong types, null, absent, absurd

WRONG: dict[str, list[tuple[Json, str]]] = {
    "openai-chat": [
        ({"messages": "hi"}, "messages"), ({"messages": [7]}, "messages[0]"),
        ({"messages": [{"role": "boss", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": 7}]}, "messages[0].content"),
        ({"temperature": "hot"}, "temperature"), ({"max_tokens": 1.5}, "max_tokens"), ({"tools": {}}, "tools"),
        ({"tools": [{"type": "function", "function": {}}]}, "tools[0].function.name"), ({"stop": 7}, "stop"),
    ],
    "anthropic-messages": [
        ({"messages": "hi"}, "messages"), ({"messages": [7]}, "messages[0]"),
        ({"messages": [{"role": "boss", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "messages[0].content[0].text"),
        ({"system": 7}, "system"), ({"max_tokens": "many"}, "max_tokens"), ({"tools": [{}]}, "tools[0].name"),
        ({"stop_sequences": [1]}, "stop_sequences"), ({"thinking": "yes"}, "thinking"), ({"metadata": 1}, "metadata"),
    ],
    "openai-responses": [
        ({"input": 7}, "input"), ({"input": [7]}, "input[0]"), ({"instructions": 7}, "instructions"),
        ({"input": [{"role": "boss", "content": "x"}]}, "input[0].role"), ({"reasoning": "high"}, "reasoning"),
        ({"max_output_tokens": "1"}, "max_output_tokens"), ({"tools": [{"type": 7}]}, "tools[0].type"),
        ({"text": {"format": {"type": "poem"}}}, "text.format.type"), ({"store": "no"}, "store"),
    ],
    "gemini": [
        ({"contents": "hi"}, "contents"), ({"contents": [7]}, "contents[0]"),
        ({"contents": [{"role": "boss", "parts": []}]}, "contents[0].role"),
        ({"contents": [{"parts": [{"text": 7}]}]}, "contents[0].parts[0].text"),
        ({"generationConfig": 7}, "generationConfig"),
        ({"generationConfig": {"temperature": "hot"}}, "generationConfig.temperature"),
        ({"tools": "x"}, "tools"), ({"systemInstruction": 7}, "systemInstruction"),
    ],
}  # fmt: skip


@every_client
async def test_c13_a_wrong_type_is_400_with_its_path_where_a_call_is_translated(home: House, client: str) -> None:
    up = await home.one(OTHER[client], answering_as(VENDORS[OTHER[client]], Said()))
    for more, path in WRONG[client]:
        body = SPEAKERS[client].body(OTHER[client], False, "hi") | more
        error = told(client, await post(home, client, OTHER[client], body))
        assert param(client, error) == path, more
    assert not up.received


@every_client
async def test_c13_a_wrong_type_is_the_providers_to_refuse_where_bytes_pass(home: House, client: str) -> None:
    up = await home.one(client, answering_as(VENDORS[client], Said()))
    for more, _ in WRONG[client]:
        got = await post(home, client, client, SPEAKERS[client].body(client, False, "hi") | more)
        assert got.status in (200, 400)
    assert up.received


@every_client
@every_vendor
async def test_c13_null_says_no_more_than_nothing(home: House, client: str, dialect: str) -> None:
    if client == dialect:
        pytest.skip("bytes pass as they came")
    up = await home.one(dialect, answering_as(VENDORS[dialect], Said()))
    body = SPEAKERS[client].body(dialect, False, "hi")
    nothing = dict.fromkeys(("temperature", "tools", "metadata", "user", "stop", "system", "unknown"))
    await post(home, client, dialect, body)
    got = await post(home, client, dialect, nothing | body)
    assert got.status == 200
    assert "x-fairlead-dropped" not in got.headers
    assert up.received[0].json == up.received[1].json


ABSURD: Json = {
    "openai-chat": {"max_tokens": 10**15, "temperature": -7, "logit_bias": {"1": 1e30}, "n": 1},
    "anthropic-messages": {"max_tokens": 10**15, "temperature": -7, "top_k": 10**12},
    "openai-responses": {"max_output_tokens": 10**15, "temperature": -7},
    "gemini": {"generationConfig": {"maxOutputTokens": 10**15, "temperature": -7, "topK": 10**12}},
}


@every_client
@every_vendor
async def test_c13_absurd_numbers_are_the_providers_to_judge_or_400(home: House, client: str, dialect: str) -> None:
    await well(home, dialect)
    got = await post(home, client, dialect, SPEAKERS[client].body(dialect, False, "hi") | ABSURD[client])
    assert got.status in (200, 400)


async def test_c13_a_count_of_choices_without_bounds_is_bounded(home: House) -> None:
    await well(home, "openai-responses")
    for n in (10**4, 10**18, -1, 0):
        body = SPEAKERS["openai-chat"].body("openai-responses", True, "hi") | {"n": n}
        assert (await post(home, "openai-chat", "openai-responses", body)).status in (200, 400)


# --- C14: nothing in a body decides where a call goes, or with which key


def lures(url: str) -> Json:
    return {
        "api_base": url, "base_url": url, "api_key": "sk-lure", "api_version": "x", "organization": "lure",
        "headers": {"authorization": "Bearer sk-lure", "host": "lure"}, "extra_headers": {"x-lure": "1"},
        "extra_body": {"api_base": url}, "extra_query": {"lure": "1"}, "custom_llm_provider": "lure", "proxy": url,
        "litellm_params": {"api_base": url}, "provider": {"api_base": url}, "path": "/lure", "endpoint": url,
    }  # fmt: skip


def lured(client: str, dialect: str, url: str) -> Json:
    """A call with lures at every depth."""
    body = SPEAKERS[client].body(dialect, False, "hi")
    bait = lures(url)
    for name in ("messages", "contents"):
        for message in body.get(name, ()):
            message.update(bait)
    if client == "openai-responses":
        body["input"] = [{"role": "user", "content": "hi", **bait}]
    if client == "gemini":
        body["generationConfig"] = dict(bait)
    else:
        body["metadata"] = {"user_id": "u", "api_base": url, "api_key": "sk-lure"}
    return body | bait


@every_client
@every_vendor
async def test_c14_no_member_sends_a_call_elsewhere_or_with_another_key(home: House, client: str, dialect: str) -> None:
    lure = await home.rescuer("ollama")
    up = await home.one(dialect, answering_as(VENDORS[dialect], Said()))
    got = await post(home, client, dialect, lured(client, dialect, lure.url), x_api_base=lure.url, x_base_url=lure.url)
    assert got.status in (200, 400), got.body
    assert not lure.received
    if got.status == 200:
        (request,) = up.received
        assert request.headers["authorization"] == f"Bearer {CANARY}"
        assert request.headers["host"] == f"127.0.0.1:{up.port}"
        assert "lure" not in str(request.headers)
        assert "lure" not in request.path
    if client != dialect and got.status == 200:
        assert not request.json.keys() & lures("").keys()
        told = got.headers["x-fairlead-dropped"].split(", ")
        assert ("apiBase" if client == "gemini" else "api_base") in told


# --- C18: naughty strings

NAUGHTY = [
    "'; DROP TABLE users; --", "<script>alert('x')</script>", "${jndi:ldap://x}", "{{7*7}}", "%s%n%d",
    "../../etc/passwd", "\\", '"', "\\u0041", "\\n", "\t", "\r\n", "\x7f", "\x01\x1f", "null", "undefined", "NaN",
    "data: [DONE]", "event: error\ndata: {}", "\n\n", "\u2028\u2029", "\ufeff", "\u200b\u200d\u2060", "\u202e\u202d",
    "\U000e0041\U000e007f", "Ω≈ç√∫\u02dcµ≤≥÷", "田中さんにあげて下さい", "الكل في المجمو عة", "👩‍👩‍👧‍👦🏳️‍🌈",
    "Z̮̞̠͙͔ͅḀ̗̞͈̻̗Ḷ͙͎̯̹̞͓G̻O̭̗̮", "\uff54\uff45\uff53\uff54", "\u0130\u0131\u017fK", "\U0010ffff", "\x00",
]  # fmt: skip
ALL = "|".join(NAUGHTY)


def texts_in(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [*value, *(text for each in value.values() for text in texts_in(each))]
    if isinstance(value, list):
        return [text for each in value for text in texts_in(each)]
    return [value] if isinstance(value, str) else []


def put(value: Any, old: str, new: str) -> Any:
    """The same value with another text in it."""
    if isinstance(value, dict):
        return {name: put(each, old, new) for name, each in value.items()}
    if isinstance(value, list):
        return [put(each, old, new) for each in value]
    return new if value == old else value


@every_client
@every_vendor
async def test_c18_naughty_strings_reach_every_provider_as_they_are(home: House, client: str, dialect: str) -> None:
    up = await home.one(dialect, answering_as(VENDORS[dialect], Said()))
    body = put(SPEAKERS[client].body(dialect, False, "hi"), "hi", ALL)
    tool = {"name": "t", "description": ALL + "tool"}
    body["tools"] = {
        "openai-chat": [{"type": "function", "function": tool}],
        "anthropic-messages": [tool | {"input_schema": {"type": "object"}}],
        "openai-responses": [{"type": "function", **tool}],
        "gemini": [{"functionDeclarations": [tool]}],
    }[client]
    assert (await post(home, client, dialect, body)).status == 200
    assert {ALL, ALL + "tool"} <= set(texts_in(up.received[0].json))


@every_client
@every_vendor
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
async def test_c18_naughty_strings_come_back_as_they_are(home: House, client: str, dialect: str, stream: bool) -> None:
    vendor = VENDORS[dialect]
    events = [_spoken(event) for event in vendor.events(Said())] if dialect != "bedrock-converse" else _converse()
    await home.one(dialect, answer(vendor, put(vendor.whole(Said()), TEXT, ALL), events))
    _, heard = await home.ask(client, dialect, stream=stream)
    assert heard.text == ALL
    assert SPEAKERS[client].succeeded(heard)


def _spoken(event: bytes) -> bytes:
    """A streamed event with the naughty text where the first piece of the text was, and nothing at the second."""
    start = event.find(b"{")
    if start < 0:
        return event
    value, end = json.JSONDecoder().raw_decode(event[start:].decode())
    for old, new in ((TEXT[:5], ALL), (TEXT[5:], ""), (TEXT, ALL)):
        value = put(value, old, new)
    return event[:start] + json.dumps(value, ensure_ascii=False).encode() + event[start:].decode()[end:].encode()


def _converse() -> list[bytes]:
    said = VENDORS["bedrock-converse"].events(Said())
    delta = frame({"contentBlockIndex": 0, "delta": {"text": ALL}}, event="contentBlockDelta")
    return [said[0], delta, *said[3:]]
