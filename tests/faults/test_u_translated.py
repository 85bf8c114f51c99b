"""Providers of every dialect that go wrong, as clients of every dialect are told of it."""

from typing import Any

import pytest

from tests.support.gateway import HttpReply
from tests.translate.breaking import (
    CONTENT,
    MESSAGE,
    before_content,
    begun,
    refusal,
    sending,
    unfinished,
    whole,
    within,
)
from tests.translate.house import House
from tests.translate.speaking import SPEAKERS, Got
from tests.translate.vendors import TEXT, VENDORS, Said, Vendor

pytestmark = pytest.mark.asyncio(loop_scope="module")
every_client = pytest.mark.parametrize("client", SPEAKERS)
every_vendor = pytest.mark.parametrize("vendor", VENDORS.values(), ids=VENDORS)

PAUSE = 0.01
# Who takes over from whom: always a provider of another dialect.
NEXT = dict(zip(VENDORS, [*list(VENDORS)[1:], "openai-chat"], strict=True))


def told(client: str, got: HttpReply, status: int) -> dict[str, Any]:
    """The error in the client's own shape, under this status."""
    assert got.status == status, got.body
    assert got.headers["content-type"].startswith("application/json")
    body = got.json
    error: dict[str, Any] = body["error"]
    assert error["message"]
    if client == "anthropic-messages":
        assert body["type"] == "error"
        assert error["type"].endswith(("_error", "_too_large"))
    elif client == "gemini":
        assert error["code"] == status
        assert error["status"].isupper()
    else:
        assert error.keys() >= {"message", "type", "param", "code"}
    return error


def code_of(client: str, error: dict[str, Any]) -> str:
    """Fairlead's own code in an error, where each dialect has room for it."""
    if client == "gemini":
        return str(error["details"][0]["reason"]).lower()
    return str(error.get("native_code") or error["code"])


def broke(client: str, got: HttpReply, heard: Got, code: str, text: str) -> None:
    """The stream gave `text`, then said that it broke, and looks like no success."""
    assert got.status == 200
    assert heard.text == text
    assert heard.error is not None, got.body
    assert code_of(client, heard.error) == code
    assert not SPEAKERS[client].succeeded(heard)
    assert not set(heard.finishes) & set(SPEAKERS[client].well)
    for end in (b"message_stop", b"response.completed", b"response.incomplete"):
        assert end not in got.body


def rescued(got: HttpReply, heard: Got) -> None:
    assert (got.status, heard.text) == (200, TEXT), got.body
    assert heard.error is None
    assert len(heard.finishes) == 1
    assert got.headers["x-fairlead-attempts"] == "2"


@every_client
@every_vendor
@pytest.mark.parametrize("then", ["fin", "end"])
async def test_u10_a_cut_before_content_is_an_error_or_the_next_targets(
    home: House, vendor: Vendor, client: str, then: str
) -> None:
    up = await home.one(vendor.dialect, sending(vendor, b"".join(before_content(vendor)), then=then))
    got, heard = await home.ask(client, vendor.dialect, stream=True)
    begins = bool(before_content(vendor))
    code = "upstream_cut" if begins or then == "fin" else "upstream_bad_response"
    assert code_of(client, told(client, got, 502)) == code
    if then == "fin":
        await up.closed()
    other = NEXT[vendor.dialect]
    await home.rescuer(other)
    got, heard = await home.ask(client, f"{vendor.dialect}-then-{other}", stream=True)
    rescued(got, heard)


@every_client
@every_vendor
@pytest.mark.parametrize("then", ["fin", "end"])
async def test_u10_a_cut_after_content_is_an_error_in_the_stream(
    home: House, vendor: Vendor, client: str, then: str
) -> None:
    up = await home.one(vendor.dialect, sending(vendor, *begun(vendor), then=then))
    second = await home.rescuer(NEXT[vendor.dialect])
    got, heard = await home.ask(client, f"{vendor.dialect}-then-{NEXT[vendor.dialect]}", stream=True)
    broke(client, got, heard, "upstream_cut", CONTENT.decode())
    assert not second.received
    if then == "fin":
        await up.closed()


@every_client
@every_vendor
async def test_u10_all_of_the_text_without_its_end_is_no_success(home: House, vendor: Vendor, client: str) -> None:
    await home.one(vendor.dialect, sending(vendor, *unfinished(vendor), then="end"))
    got, heard = await home.ask(client, vendor.dialect, stream=True)
    broke(client, got, heard, "upstream_cut", TEXT)


# The last event of the dialects in which it comes after the one that says why the answer ended.
MARKED = ("openai-chat", "anthropic-messages", "bedrock-converse")


@every_client
@pytest.mark.parametrize("dialect", MARKED)
async def test_u10_an_end_without_its_end_mark_is_an_end(home: House, dialect: str, client: str) -> None:
    vendor = VENDORS[dialect]
    await home.one(dialect, sending(vendor, *vendor.events(Said())[:-1], then="end"))
    got, heard = await home.ask(client, dialect, stream=True)
    assert heard.text == TEXT
    assert SPEAKERS[client].succeeded(heard)
    assert len(heard.finishes) == 1
    if client == "anthropic-messages" != dialect:
        assert b"message_stop" in got.body


@every_client
@every_vendor
async def test_u13_an_error_before_content_is_that_error_or_the_next_targets(
    home: House, vendor: Vendor, client: str
) -> None:
    events = [*before_content(vendor), within(vendor.dialect)]
    await home.one(vendor.dialect, sending(vendor, b"".join(events), then="end"))
    got, _ = await home.ask(client, vendor.dialect, stream=True)
    error = told(client, got, got.status)
    assert got.status in (502, 503)
    assert code_of(client, error) == "upstream_error"
    assert MESSAGE in error["message"]
    other = NEXT[vendor.dialect]
    await home.rescuer(other)
    got, heard = await home.ask(client, f"{vendor.dialect}-then-{other}", stream=True)
    rescued(got, heard)


@every_client
@every_vendor
async def test_u13_an_error_after_content_ends_the_stream(home: House, vendor: Vendor, client: str) -> None:
    await home.one(vendor.dialect, sending(vendor, *begun(vendor), PAUSE, within(vendor.dialect), then="end"))
    second = await home.rescuer(NEXT[vendor.dialect])
    got, heard = await home.ask(client, f"{vendor.dialect}-then-{NEXT[vendor.dialect]}", stream=True)
    broke(client, got, heard, "upstream_error", CONTENT.decode())
    assert heard.error is not None
    assert MESSAGE in str(heard.error)
    assert not second.received


STATUSES = {
    400: (400, "upstream_refused"),
    401: (502, "upstream_auth"),
    429: (429, "upstream_rate_limited"),
    500: (502, "upstream_error"),
    529: (503, "upstream_error"),
}


@every_client
@every_vendor
@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
async def test_u19_u20_an_error_has_the_status_it_stands_for_and_the_clients_shape(
    home: House, vendor: Vendor, client: str, status: int, stream: bool
) -> None:
    up = await home.one(vendor.dialect, whole(refusal(vendor.dialect, status), status, "retry-after: 7\r\n"))
    got, _ = await home.ask(client, vendor.dialect, stream=stream)
    shown, code = STATUSES[status]
    error = told(client, got, shown)
    assert status == 401 or MESSAGE in error["message"]
    if status != 400:
        assert code_of(client, error) == code
    if status == 429:
        assert got.headers["retry-after"] == "7"
    assert len(up.received) == 1


@every_client
@every_vendor
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
async def test_u19_u20_an_error_goes_to_the_next_target_but_a_refusal_stays(
    home: House, vendor: Vendor, client: str, stream: bool
) -> None:
    other = NEXT[vendor.dialect]
    second = await home.rescuer(other)
    for status in STATUSES:
        await home.one(vendor.dialect, whole(refusal(vendor.dialect, status), status))
        second.received.clear()
        got, heard = await home.ask(client, f"{vendor.dialect}-then-{other}", stream=stream)
        if status == 400:
            told(client, got, 400)
            assert not second.received
        else:
            rescued(got, heard)
