"""What may be spent is not passed, and whoever is refused is told by which budget, what remains, and until when."""

import json
from pathlib import Path
from typing import Any

import anthropic
import openai
import pytest
from google.genai import errors as google

from fairlead.ledger.principal import Principal
from fairlead.ledger.row import Row
from tests.money.house import CALLERS, IN, OUT, PRICE, Still, counting, known_as, priced, settings
from tests.support.gateway import HttpReply, Running, ask
from tests.support.scripted import Scripted, answering, reply, scripted
from tests.translate.vendors import VENDORS, Said, answering_as

CLARA = Principal("clara", "key_1", organisation="org_1", team="team_1", user="user_1", tags=("nightly", "batch"))
# Ten tokens in and five out: 20,000 nano-dollars, of which 0.00002 are for one call and some.
SPENT = 10 * IN + 5 * OUT
RESETS = "2027-01-16T00:00:00Z"


def budget(limit: str | float, **more: Any) -> dict[str, Any]:
    return {"budgets": {"ours": {"limit": limit, "every": "day", **more}}}


async def call(gateway: Running, **members: Any) -> HttpReply:
    return await gateway.post(ask(**{"max_tokens": 100, **members}))


SUBJECTS: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, str]]] = {
    "key": ({"key": "clara"}, {}, {"authorization": "Bearer fl-clara"}),
    "team": ({"team": "team_1"}, {}, {"authorization": "Bearer fl-clara"}),
    "user": ({"user": "user_1"}, {}, {"authorization": "Bearer fl-clara"}),
    "organisation": ({"organisation": "org_*"}, {}, {"authorization": "Bearer fl-clara"}),
    "tag": ({"tag": ["weekly", "batch"]}, {}, {"authorization": "Bearer fl-clara"}),
    "end_user": ({"end_user": "alice"}, {"user": "alice"}, {}),
    "safety": ({"end_user": "alice"}, {"safety_identifier": "alice"}, {}),
    "model": ({"model": "up-model"}, {}, {}),
    "asked": ({"model": "m"}, {}, {}),
    "named": ({"model": "up/up-*"}, {}, {}),
    "provider": ({"provider": "up"}, {}, {}),
    "endpoint": ({"endpoint": "chat.completions"}, {}, {}),
    "metadata": ({"metadata.project": "x"}, {"metadata": {"project": "x"}}, {}),
    "header": ({"metadata.project": "x"}, {}, {"x-fairlead-metadata": '{"project": "x"}'}),
    "portkey": ({"metadata.project": "x"}, {}, {"x-portkey-metadata": '{"project": "x"}'}),
}
OTHERS = {"model": "other", "named": "other", "asked": "other", "provider": "other", "endpoint": None}


@pytest.mark.parametrize("subject", SUBJECTS)
async def test_a_budget_is_for_whom_its_conditions_say_and_for_nobody_else(subject: str, tmp_path: Path) -> None:
    conditions, members, headers = SUBJECTS[subject]
    async with scripted(counting(10, 5)) as up:
        told = settings(up.url, **budget("0.000001", conditions=conditions))
        told["providers"]["free"] = told["providers"]["up"]
        told["models"]["other"] = {"targets": [{"provider": "free", "model": "x"}]}
        told["prices"]["free/*"] = PRICE
        async with priced(tmp_path, told) as (gateway, _, _):
            known_as(gateway, "fl-clara", CLARA)
            got = await gateway.post(ask(max_tokens=100, **members), **headers)
            if subject == "endpoint":
                said = {"model": "m", "max_tokens": 9, "messages": ask()["messages"]}
                other = await gateway.post(said, "/v1/messages")
            else:
                other = await call(gateway, model=OTHERS.get(subject, "m"))
    assert (got.status, got.error["budget"]) == (402, "ours")
    assert other.status == 200


async def test_each_of_a_group_has_its_own(tmp_path: Path) -> None:
    said = budget("0.0005", group_by=["end_user", "metadata.project"])
    async with (
        scripted(counting(150, 100)) as up,
        priced(tmp_path, settings(up.url, **said), Still()) as (gateway, rows, _),
    ):
        alice = {"user": "alice", "metadata": {"project": "x"}}
        first, second = await call(gateway, **alice), await call(gateway, **alice)
        bob = await call(gateway, user="bob", metadata={"project": "x"})
        nobody = await call(gateway)
    assert [first.status, second.status, bob.status, nobody.status] == [200, 402, 200, 200]
    assert second.error["message"].startswith(
        "the budget `ours` of alice, x has $0.00015 left, and this call may cost "
    )
    assert rows[0].charges == {'["ours", 1799971200000, "alice", "x"]': 350_000}


async def test_a_model_is_charged_once_where_it_is_called_what_it_is_asked_for(tmp_path: Path) -> None:
    async with scripted(counting(10, 5)) as up:
        told = settings(up.url, **budget(1, group_by=["model"]))
        told["models"] = {"up-model": told["models"]["m"]}
        async with priced(tmp_path, told, Still()) as (gateway, rows, _):
            await call(gateway, model="up-model")
    assert rows[0].charges == {'["ours", 1799971200000, "up-model"]': SPENT}


# --- how a refusal is said


async def test_openai_is_told_all_of_it_also_as_data(tmp_path: Path) -> None:
    async with (
        scripted(counting(10, 5)) as up,
        priced(tmp_path, settings(up.url, **budget("0.0001")), Still()) as (gateway, _, _),
    ):
        for dialect in ("openai-chat", "openai-responses"):
            with pytest.raises(openai.APIStatusError) as caught:
                await CALLERS[dialect](gateway.url, 1000)
            body: Any = caught.value.body
            assert (caught.value.status_code, body["type"], body["code"]) == (402, "budget_exceeded", "budget_exceeded")
            assert (body["budget"], body["remaining"], body["resets_at"]) == ("ours", "0.0001", RESETS)
            assert "the budget `ours` has $0.0001 left" in body["message"]
            assert body["message"].endswith(f"it begins anew at {RESETS}")
            assert "retry-after" not in caught.value.response.headers


async def test_anthropic_and_google_are_told_in_their_shapes(tmp_path: Path) -> None:
    async with (
        scripted(counting(10, 5)) as up,
        priced(tmp_path, settings(up.url, **budget("0.0001")), Still()) as (gateway, _, _),
    ):
        with pytest.raises(anthropic.APIStatusError) as claude:
            await CALLERS["anthropic-messages"](gateway.url, 1000)
        with pytest.raises(google.ClientError) as gemini:
            await CALLERS["gemini"](gateway.url, 1000)
    said: Any = claude.value.body
    assert (claude.value.status_code, said["error"]["type"]) == (402, "billing_error")
    facts = {"code": "budget_exceeded", "budget": "ours", "remaining": "0.0001", "resets_at": RESETS}
    assert {name: said["error"][name] for name in facts} == facts
    (info,) = gemini.value.details["error"]["details"]
    assert (gemini.value.code, info["reason"]) == (402, "BUDGET_EXCEEDED")
    assert {name: info["metadata"][name] for name in ("budget", "remaining", "resets_at")} == {
        "budget": "ours", "remaining": "0.0001", "resets_at": RESETS
    }  # fmt: skip


async def test_a_total_that_never_begins_anew_says_no_time(tmp_path: Path) -> None:
    async with (
        scripted(counting(10, 5)) as up,
        priced(tmp_path, settings(up.url, **budget(0, every="total"))) as (gateway, _, _),
    ):
        got = await call(gateway)
    assert (got.status, got.error["resets_at"], got.error["remaining"]) == (402, None, "0")
    assert "anew" not in got.error["message"]


async def test_a_new_day_has_a_new_budget(tmp_path: Path) -> None:
    clock = Still()
    async with (
        scripted(counting(200, 100)) as up,
        priced(tmp_path, settings(up.url, **budget("0.0005")), clock) as (gateway, _, _),
    ):
        first, second = await call(gateway), await call(gateway)
        clock.now += 16 * 3600 - 1
        third = await call(gateway)
        clock.now += 1
        fourth = await call(gateway)
    assert [got.status for got in (first, second, third, fourth)] == [200, 402, 402, 200]


async def test_a_soft_budget_only_tells(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    async with (
        scripted(counting(200, 100)) as up,
        priced(tmp_path, settings(up.url, **budget("0.00001", hard=False)), Still()) as (gateway, rows, _),
    ):
        assert [(await call(gateway)).status for _ in range(3)] == [200, 200, 200]
    assert sum(sum(row.charges.values()) for row in rows) == 3 * 400_000
    assert "80% budget reached: `ours` has $0.0004 of $0.00001 spent" in caplog.text


async def test_what_is_free_goes_through_an_exhausted_budget(tmp_path: Path) -> None:
    async with scripted(counting(10, 5)) as up:
        told = settings(up.url, daily_budget=0)
        told["prices"] = {"up/*": {"free": True}}
        async with priced(tmp_path, told) as (gateway, rows, _):
            assert (await call(gateway)).status == 200
    assert rows[0].cost == 0


# --- prices that nobody knows


async def test_an_unknown_price_is_refused_where_a_hard_budget_applies(tmp_path: Path) -> None:
    async with scripted(counting(10, 5)) as up:
        for hard, status in ((True, 402), (False, 200)):
            said = settings(up.url, prices={}, **budget(5, hard=hard))
            async with priced(tmp_path, said) as (gateway, _, _):
                got = await call(gateway)
            assert got.status == status
            if hard:
                assert (got.error["type"], got.error["code"]) == ("price_unknown", "price_unknown")
                assert "`up/up-model`" in got.error["message"]
    assert len(up.received) == 1


async def test_a_target_without_a_price_is_passed_over_for_one_that_has_one(tmp_path: Path) -> None:
    async with scripted(counting(10, 5)) as one, scripted(counting(10, 5)) as two:
        told = settings(one.url, two.url, daily_budget="5.00")
        del told["prices"]["up/*"]
        async with priced(tmp_path, told) as (gateway, rows, _):
            got = await call(gateway)
    assert (got.status, rows[0].provider, one.received) == (200, "up2", [])
    assert got.headers["x-fairlead-attempts"] == "1"


# --- protections


def only(up: Scripted) -> Any:
    (request,) = up.received
    return request


CLAMPED: dict[str, tuple[str, dict[str, Any], Any]] = {
    "openai-chat": ("/v1/chat/completions", ask(max_tokens=1000, temperature=0.50), ("max_tokens",)),
    "openai-completion": (
        "/v1/chat/completions", ask(max_completion_tokens=1000, max_tokens=900), ("max_completion_tokens",)
    ),
    "openai-unsaid": ("/v1/chat/completions", ask(), ("max_tokens",)),
    "openai-thinker": ("/v1/chat/completions", ask(), ("max_completion_tokens",)),
    "openai-responses": (
        "/v1/responses", {"model": "m", "input": "hello", "max_output_tokens": 1000}, ("max_output_tokens",)
    ),
    "anthropic-messages": ("/v1/messages", ask(max_tokens=1000), ("max_tokens",)),
    "gemini": (
        "/v1beta/models/m:generateContent",
        {"contents": [{"role": "user", "parts": [{"text": "hello"}]}],
         "generationConfig": {"temperature": 0.50, "maxOutputTokens": 1000}},
        ("generationConfig", "maxOutputTokens"),
    ),
}  # fmt: skip


def at(body: Any, place: tuple[str, ...]) -> Any:
    for name in place:
        body = body.get(name) if isinstance(body, dict) else None
    return body


@pytest.mark.parametrize("case", CLAMPED)
@pytest.mark.parametrize("translated", [False, True], ids=["same", "translated"])
async def test_clamp_asks_for_as_many_tokens_as_the_budget_pays(case: str, translated: bool, tmp_path: Path) -> None:
    path, body, place = CLAMPED[case]
    own = case if case in VENDORS else "openai-chat"
    other = "anthropic-messages" if own != "anthropic-messages" else "openai-chat"
    model = "gpt-5-nano" if case == "openai-thinker" else "up-model"
    async with scripted(answering_any(other if translated else own)) as up:
        told = settings(up.url, dialect=other if translated else own, **budget("0.0006", protection="clamp"))
        told["models"]["m"]["targets"][0]["model"] = model
        async with priced(tmp_path, told) as (gateway, rows, _):
            got = await gateway.post(body, path)
    assert got.status == 200, got.body
    sent = only(up)
    if translated:
        place = ("max_tokens",)
    most = at(sent.json, place)
    bound = (600_000 - length(body) * IN) // OUT
    assert most == bound
    assert rows[0].reserved is not None
    assert 600_000 - OUT < rows[0].reserved <= 600_000
    if not translated and "unsaid" not in case and "thinker" not in case:
        was = str(at(body, place)).encode()
        before = raw(body).replace(b'"m"', b'"up-model"')
        assert sent.body.replace(b"%d" % most, was).replace(b"900", was) == before.replace(b"900", was)


def raw(body: Any) -> bytes:
    return json.dumps(body).encode()


def length(body: Any) -> int:
    return len(raw(body))


def answering_any(dialect: str) -> Any:
    return answering_as(VENDORS[dialect], Said())


async def test_clamp_counts_every_answer_that_is_asked_for(tmp_path: Path) -> None:
    async with (
        scripted(counting(10, 5)) as up,
        priced(tmp_path, settings(up.url, **budget("0.0006", protection="clamp"))) as (gateway, rows, _),
    ):
        got = await call(gateway, n=4, max_tokens=1000)
    assert got.status == 200
    most = only(up).json["max_tokens"]
    assert 50 < most < 70
    assert (rows[0].reserved or 0) <= 600_000


async def test_clamp_refuses_where_not_even_the_question_is_paid(tmp_path: Path) -> None:
    async with (
        scripted(counting(10, 5)) as up,
        priced(tmp_path, settings(up.url, **budget("0.00003", protection="clamp"))) as (gateway, _, _),
    ):
        got = await call(gateway)
    assert (got.status, got.error["code"], up.received) == (402, "budget_exceeded", [])


THINKS: dict[str, dict[str, Any]] = {
    "/v1/messages": {"thinking": {"type": "enabled", "budget_tokens": 1024}},
    "/v1/chat/completions": {"reasoning": {"max_tokens": 1024}},
}


@pytest.mark.parametrize("path", THINKS)
async def test_clamp_leaves_more_than_the_model_is_to_think_with(path: str, tmp_path: Path) -> None:
    """Anthropic answers 400 where `max_tokens` is not above `budget_tokens`; the client is told of its budget."""
    dialect = "anthropic-messages" if path == "/v1/messages" else "openai-chat"
    got = []
    for limit in ("0.0016", "0.0026"):  # room for some 700 and 1,200 tokens of answer
        async with (
            scripted(answering_any(dialect)) as up,
            priced(tmp_path, settings(up.url, dialect=dialect, **budget(limit, protection="clamp"))) as (gateway, _, _),
        ):
            got.append((await gateway.post({**ask(max_tokens=3000), **THINKS[path]}, path)).status)
            asked_for = [each.json["max_tokens"] for each in up.received]
    assert got == [402, 200]
    assert 1024 < asked_for[0] < 1300


async def test_what_one_target_was_lowered_to_is_forgotten_for_the_next(tmp_path: Path) -> None:
    async with scripted(answering(reply({}, 500))) as dear, scripted(counting(10, 5)) as cheap:
        told = settings(dear.url, cheap.url, **budget("0.001", protection="clamp"))
        told["prices"]["up/*"] = {"input": "1", "output": "20"}
        async with priced(tmp_path, told) as (gateway, _, _):
            got = await call(gateway, max_tokens=300)
    assert got.status == 200
    assert only(dear).json["max_tokens"] < 50
    assert only(cheap).json["max_tokens"] == 300


async def test_cheapest_lets_the_cheapest_target_through_and_charges_it(tmp_path: Path) -> None:
    async with scripted(counting(100, 100)) as dear, scripted(counting(100, 100)) as cheap:
        told = settings(dear.url, cheap.url, **budget("0.001", protection="cheapest"))
        told["prices"]["up/*"] = {"input": "5", "output": "5"}
        async with priced(tmp_path, told) as (gateway, rows, _):
            statuses = [(await call(gateway)).status for _ in range(8)]
    assert statuses == [200] * 8
    assert [row.provider for row in rows] == ["up"] + ["up2"] * 7
    assert sum(sum(row.charges.values()) for row in rows) == sum(row.cost or 0 for row in rows) > 1_000_000
    assert len(cheap.received) >= 7


# --- fallbacks, and calls that fail


async def test_a_fallback_moves_what_was_set_aside(tmp_path: Path) -> None:
    """There is room for one call at a time: the second target's reservation fits only once the first's is free."""
    async with (
        scripted(answering(reply({}, 500))) as one,
        scripted(counting(10, 5)) as two,
        priced(tmp_path, settings(one.url, two.url, **budget("0.0004"))) as (gateway, rows, _),
    ):
        got = [await call(gateway) for _ in range(4)]
    assert [each.status for each in got] == [200] * 4
    assert [row.cost for row in rows] == [SPENT] * 4
    assert len(one.received) == 4
    assert_all_settled(gateway, rows)


async def test_calls_that_fail_spend_nothing(tmp_path: Path) -> None:
    async with (
        scripted(answering(reply({}, 500))) as up,
        priced(tmp_path, settings(up.url, **budget("0.0004"))) as (gateway, rows, _),
    ):
        assert [(await call(gateway)).status for _ in range(5)] == [502] * 5
        assert_all_settled(gateway, rows)
        up.script = counting(10, 5)
        await up.drop()
        assert (await call(gateway)).status == 200
    assert [row.charges for row in rows[:5]] == [{}] * 5


def assert_all_settled(gateway: Running, rows: list[Row]) -> None:
    """Nothing is set aside any more, and what is spent is what the rows say."""
    held = list(gateway.engine.accounting._book._held.values())
    assert [each.reserved for each in held] == [0] * len(held)
    assert sum(each.spent for each in held) == sum(row.cost or 0 for row in rows)


# --- alerts


def warned(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if "budget reached" in record.getMessage()]


async def test_above_80_per_cent_is_told_once_a_day(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    clock = Still()
    async with (
        scripted(counting(1000, 0)) as up,
        priced(tmp_path, settings(up.url, daily_budget="0.01"), clock) as (gateway, _, _),
    ):
        for number in range(10):
            got = await call(gateway, max_tokens=1)
            assert got.status == 200
            assert bool(warned(caplog)) is (number + 1 > 8)  # the eighth is at 80 %, which is not above it
        (line,) = warned(caplog)
        assert line == "80% budget reached: `daily` has $0.009 of $0.01 spent; it begins anew at 2027-01-16T00:00:00Z"
        clock.now += 86_400
        for _ in range(9):
            await call(gateway, max_tokens=1)
        metrics = (await gateway.request("GET", "/metrics")).body.decode()
    assert len(warned(caplog)) == 2
    assert 'fairlead_budget_alerts_total{budget="daily",percent="80"} 2.0' in metrics


async def test_each_account_has_its_own_alerts(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    said = budget("0.01", group_by=["end_user"], alerts=[50, 90], hard=False)
    async with (
        scripted(counting(6000, 0)) as up,
        priced(tmp_path, settings(up.url, **said), Still()) as (gateway, _, _),
    ):
        for user in ("ana", "bob", "ana"):
            await call(gateway, user=user)
    assert [line.split(" has ")[0] for line in warned(caplog)] == [
        "50% budget reached: `ours` of ana", "50% budget reached: `ours` of bob", "90% budget reached: `ours` of ana"
    ]  # fmt: skip


async def test_a_daily_budget_is_a_budget(tmp_path: Path) -> None:
    async with (
        scripted(counting(10, 5)) as up,
        priced(tmp_path, settings(up.url, daily_budget=100.00), Still()) as (gateway, rows, _),
    ):
        assert (await call(gateway)).status == 200
    assert rows[0].charges == {'["daily", 1799971200000]': SPENT}
