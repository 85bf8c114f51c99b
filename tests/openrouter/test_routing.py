"""`models` and `provider` of a call decide who serves it."""

from pathlib import Path
from typing import Any

import pytest

from fairlead.clock import Clock
from fairlead.ledger.objects import NewKey
from fairlead.ledger.rights import Rights
from tests.openrouter.stage import ADMIN, MODEL, staged
from tests.support.scripted import answering, completion, reply

DOWN = answering(reply({"error": {"message": "down"}}, 503))
MODERATED = answering(reply({"error": {"message": "flagged", "code": "content_policy"}}, 403))
REFUSED = answering(reply({"error": {"message": "no such thing", "type": "invalid_request_error"}}, 400))
OTHER = "mistral/mistral-large-latest"
PRICES = {
    "openai/gpt-4.1": {"input": 2, "output": 8},
    "mistral/gpt-4.1": {"input": 1, "output": 4},
    "openrouter/openai/gpt-4.1": {"input": 3, "output": 9},
}
BOTH = {"targets": [{"provider": "openai", "model": "gpt-4.1"}, {"provider": "mistral", "model": "gpt-4.1"}]}


class Held(Clock):
    """A clock that a test sets ahead."""

    def __init__(self) -> None:
        self.ahead, now = 0.0, Clock.monotonic
        self.monotonic = lambda: now() + self.ahead


async def test_order_says_who_is_asked_first_and_only_routers_hear_of_it(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        got = await stage.ask(provider={"order": ["openrouter", "openai"]})
        assert got.status == 200, got.body
        assert stage.asked == {"openrouter": 1}
        assert stage.openrouter.received[0].json["model"] == MODEL
        assert stage.openrouter.received[0].json["provider"] == {"order": ["openai"]}
        await stage.ask(provider={"order": ["openai"]}, models=[OTHER], session_id="s", transforms=["middle-out"])
        assert stage.asked == {"openrouter": 1, "openai": 1}
        assert stage.openai.received[0].json.keys() == {"model", "messages"}


async def test_a_router_may_have_whoever_is_named_and_comes_behind_who_has_the_name(tmp_path: Path) -> None:
    alone = {"targets": [{"provider": "openrouter", "model": MODEL}]}
    wanted = {"order": ["OpenAI"], "allow_fallbacks": False}
    async with staged(tmp_path, openai=DOWN, models={"m": alone}) as stage:
        assert (await stage.ask("m", provider=wanted)).status == 200
        assert stage.asked == {"openrouter": 1}
        assert stage.openrouter.received[0].json["provider"] == wanted
        assert (await stage.ask(MODEL, provider=wanted)).status == 200
        assert stage.asked == {"openai": 1, "openrouter": 2}


@pytest.mark.parametrize("first", [DOWN, MODERATED, REFUSED], ids=["503", "403 moderation", "400"])
async def test_the_next_model_answers_whatever_went_wrong_with_the_first(first: Any, tmp_path: Path) -> None:
    async with staged(tmp_path, openai=first, openrouter=first) as stage:
        got = await stage.ask(models=[OTHER])
        assert got.status == 200, got.body
        assert got.headers["x-fairlead-model"] == "mistral-large-latest"
        assert stage.mistral.received[0].json["model"] == "mistral-large-latest"


async def test_a_refusal_of_the_last_model_is_the_clients_as_the_provider_said_it(tmp_path: Path) -> None:
    async with staged(tmp_path, openai=REFUSED, mistral=REFUSED, openrouter=REFUSED) as stage:
        got = await stage.ask(models=[OTHER])
    assert got.status == 400
    assert got.error["message"] == "no such thing"


async def test_models_alone_name_the_first_too(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        got = await stage.ask(None, models=[MODEL, OTHER])
        assert got.status == 200, got.body
        assert stage.openai.received[0].json["model"] == "gpt-4.1"


async def test_only_and_ignore_bar_providers(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        await stage.ask(provider={"only": ["openrouter"]})
        await stage.ask(provider={"ignore": ["OpenAI"]})
        assert stage.asked == {"openrouter": 2}
        assert "provider" not in stage.openrouter.received[0].json
        assert stage.openrouter.received[1].json["provider"] == {"ignore": ["OpenAI"]}


async def test_a_slug_that_nobody_here_has_stands_for_one_behind_the_router(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        await stage.ask(provider={"only": ["deepinfra/turbo"]})
        assert stage.asked == {"openrouter": 1}
        assert stage.openrouter.received[0].json["provider"] == {"only": ["deepinfra/turbo"]}


async def test_without_fallbacks_one_provider_is_asked(tmp_path: Path) -> None:
    async with staged(tmp_path, openai=DOWN) as stage:
        got = await stage.ask(provider={"allow_fallbacks": False})
        assert got.status == 503, got.body
        assert stage.asked.keys() == {"openai"}


WISHES: dict[str, dict[str, Any]] = {
    "data_collection": {"data_collection": "deny"},
    "zdr": {"zdr": True},
    "quantizations": {"quantizations": ["bf16", "fp16"]},
}
KNOWN: dict[str, dict[str, Any]] = {
    "data_collection": {"data_collection": "deny"},
    "zdr": {"zdr": True},
    "quantizations": {"quantizations": ["bf16"]},
}


@pytest.mark.parametrize("wish", WISHES)
async def test_what_nobody_knows_of_a_provider_is_a_no(wish: str, tmp_path: Path) -> None:
    async with staged(tmp_path / "a", models={"m": BOTH}) as stage:
        got = await stage.ask("m", provider=WISHES[wish])
        assert (got.status, got.error["code"]) == (404, "no_allowed_provider")
        assert f"providers.openai.{wish}" in got.error["message"]
        assert stage.asked == {}
    async with staged(tmp_path / "b", models={"m": BOTH}, entries={"mistral": KNOWN[wish]}) as stage:
        assert (await stage.ask("m", provider=WISHES[wish])).status == 200
        assert stage.asked == {"mistral": 1}


@pytest.mark.parametrize("model", ["m", "m:floor"])
async def test_the_cheapest_is_first_where_the_call_sorts_by_price(model: str, tmp_path: Path) -> None:
    async with staged(tmp_path, models={"m": BOTH}, prices=PRICES) as stage:
        wants: dict[str, Any] = {} if ":" in model else {"provider": {"sort": "price"}}
        assert (await stage.ask(model, **wants)).status == 200
        assert stage.asked == {"mistral": 1}


async def test_a_price_above_the_most_is_never_paid(tmp_path: Path) -> None:
    async with staged(tmp_path, models={"m": BOTH}, prices=PRICES, mistral=DOWN) as stage:
        got = await stage.ask("m", provider={"max_price": {"prompt": "1.5", "completion": 4}})
        assert got.status == 503, got.body
        assert stage.asked.keys() == {"mistral"}
        got = await stage.ask("m", provider={"max_price": {"prompt": 0.5}})
        assert (got.status, got.error["code"]) == (404, "no_allowed_provider")


async def test_a_price_that_nobody_knows_is_above_every_most(tmp_path: Path) -> None:
    entry = {"house": {"dialect": "openai-chat", "base_url": "http://127.0.0.1:1/v1", "api_key": "k"}}
    async with staged(tmp_path, models={"h": {"targets": [{"provider": "house", "model": "h"}]}}, more=entry) as stage:
        got = await stage.ask("h", provider={"max_price": {"prompt": 1000}})
    assert got.status == 404
    assert "nobody knows" in got.error["message"]


async def test_who_is_known_to_be_slow_is_asked_last_but_asked(tmp_path: Path) -> None:
    async with staged(tmp_path, models={"m": BOTH}, mistral=DOWN) as stage:
        await stage.ask("m")
        plan = stage.gateway.engine.gateway.policy
        standing = plan.board.standing(plan.providers["openai"], "gpt-4.1")
        standing.whole.average = 9.0
        got = await stage.ask("m", provider={"preferred_max_latency": 2})
        assert got.status == 200, got.body
        assert stage.asked == {"openai": 2, "mistral": len(stage.mistral.received)}
        assert stage.mistral.received


async def test_a_key_gets_no_other_model_by_naming_it_second(tmp_path: Path) -> None:
    async with staged(tmp_path, openai=DOWN, openrouter=DOWN) as stage:
        made = stage.directory.add_key(ADMIN, NewKey(name="k", rights=Rights(models=["openai/*"])))
        await stage.gateway.engine.keyring.look()
        got = await stage.ask(models=[OTHER], headers={"authorization": f"Bearer {made.key}"})
        assert got.status == 503, got.body
        assert "mistral" not in stage.asked


async def test_a_key_without_a_provider_still_gets_to_the_others_of_the_next_model(tmp_path: Path) -> None:
    async with staged(tmp_path, models={"m": BOTH}, openrouter=DOWN) as stage:
        made = stage.directory.add_key(ADMIN, NewKey(name="k", rights=Rights(providers=["openrouter", "mistral"])))
        await stage.gateway.engine.keyring.look()
        headers = {"authorization": f"Bearer {made.key}"}
        got = await stage.ask("openrouter/x/y", models=["m"], headers=headers)
        assert got.status == 200, got.body
        assert stage.asked == {"openrouter": 1, "mistral": 1}


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "provider": ({"provider": "openai"}, "provider"),
    "order": ({"provider": {"order": [1]}}, "provider.order[0]"),
    "unknown": ({"provider": {"oder": []}}, "provider"),
    "sort": ({"provider": {"sort": "beauty"}}, "provider.sort"),
    "price": ({"provider": {"max_price": {"prompt": "much"}}}, "provider.max_price.prompt"),
    "price kind": ({"provider": {"max_price": {"thought": 1}}}, "provider.max_price.thought"),
    "quantization": ({"provider": {"quantizations": ["fp9"]}}, "provider.quantizations[0]"),
    "models": ({"models": "gpt"}, "models"),
    "a model": ({"models": ["openai/gpt-4o", 3]}, "models[1]"),
}


@pytest.mark.parametrize("case", WRONG)
async def test_what_is_wrong_is_named_and_nobody_is_asked(case: str, tmp_path: Path) -> None:
    members, param = WRONG[case]
    async with staged(tmp_path) as stage:
        got = await stage.ask(**members)
        assert (got.status, got.error["param"]) == (400, param), got.body
        assert stage.asked == {}


async def test_a_call_in_nobodys_words_goes_as_it_came(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        body = b'{ "model":"openai/gpt-4.1", "messages":[{"role":"user","content":"hi"}] ,"seed":1 }'
        await stage.gateway.post(body)
        assert stage.openai.received[0].body == body.replace(b"openai/gpt-4.1", b"gpt-4.1")


@pytest.mark.parametrize("said", ["session_id", "x_session_id", "prompt_cache_key"])
async def test_a_session_stays_where_it_was_answered_for_ten_minutes(said: str, tmp_path: Path) -> None:
    """Spec: stickiness by `session_id`, `x-session-id` or `prompt_cache_key`, 10 minutes."""
    clock = Held()
    first = answering(reply({"error": {"message": "no"}}, 500), reply(completion("hi")))
    async with staged(tmp_path, models={"m": BOTH}, openai=first, clock=clock) as stage:
        headers = {said: "s-1"} if said.startswith("x_") else {}
        members: dict[str, Any] = {} if headers else {said: "s-1"}
        members |= {"provider": {"allow_fallbacks": True}} if said == "prompt_cache_key" else {}
        for expected in ({"openai": 1, "mistral": 1}, {"openai": 1, "mistral": 2}):
            await stage.ask("m", headers=headers, **members)
            assert stage.asked == expected
        clock.ahead += 601
        await stage.ask("m", headers=headers, **members)
        assert stage.asked == {"openai": 2, "mistral": 2}


async def test_the_order_of_the_call_wins_over_its_session(tmp_path: Path) -> None:
    async with staged(tmp_path, models={"m": BOTH}) as stage:
        await stage.ask("m", session_id="s", provider={"ignore": ["openai"]})
        await stage.ask("m", session_id="s", provider={"order": ["openai"]})
        assert stage.asked == {"mistral": 1, "openai": 1}


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/responses"])
async def test_the_words_hold_in_other_dialects_too(path: str, tmp_path: Path) -> None:
    said: dict[str, Any] = (
        {"input": "hi"} if path.endswith("responses") else {"messages": [{"role": "user", "content": "hi"}]}
    )
    body: dict[str, Any] = {
        "model": MODEL,
        "max_tokens": 9,
        **said,
        "models": [OTHER],
        "provider": {"ignore": ["openrouter"]},
    }
    body |= {"max_output_tokens": body.pop("max_tokens")} if path.endswith("responses") else {}
    async with staged(tmp_path, openai=DOWN) as stage:
        got = await stage.gateway.post(body, path)
        assert got.status == 200, got.body
        assert "x-fairlead-dropped" not in got.headers
        assert stage.mistral.received[0].json["model"] == "mistral-large-latest"
        assert "openrouter" not in stage.asked


async def test_a_call_without_a_model_keeps_the_name_that_it_means_in_the_record(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        told = (await stage.ask(None, models=[MODEL, OTHER])).headers["x-generation-id"]
        usage = stage.gateway.service.records.usage
        assert usage is not None
        row, _ = usage.call(told)
    assert (row.asked, row.model) == (MODEL, "gpt-4.1")


async def test_a_refused_key_of_ours_leads_to_the_next_provider_of_the_same_model_first(tmp_path: Path) -> None:
    """D3: an upstream 403 is the operator's trouble, and says nothing of the model."""
    async with staged(tmp_path, openai=MODERATED) as stage:
        got = await stage.ask(models=[OTHER])
        assert got.status == 200, got.body
        assert stage.asked == {"openai": 1, "openrouter": 1}
