"""Calls by role: seed 003's two tables of roles and their chains (D08, D12, D13, X13)."""

from pathlib import Path
from typing import Any

import pytest

from fairlead.errors import CannotServe
from fairlead.routing.plan import Wanted, explain, plan
from tests.support.gateway import running
from tests.support.scripted import Scripted, answering, completion, reply, scripted
from tests.tasks.policies import policy

WELL = answering(reply(completion("hello")))
FAILING = answering(reply({"error": {"message": "boom"}}, 500))
SEEDS = {
    "CODE_REVIEWER": ["openai", "anthropic", "deepseek"],
    "SECURITY_AUDITOR": ["anthropic", "openai", "deepseek"],
    "PERFORMANCE_OPTIMIZER": ["deepseek", "groq", "mistral"],
    "VULNERABILITY_SCANNER": ["groq", "together", "mistral"],
}
FIRST = {
    "MARKET_ANALYST": "perplexity",
    "SALES_STRATEGIST": "openai",
    "CUSTOMER_SUCCESS": "anthropic",
    "FINANCIAL_ANALYST": "deepseek",
}
ALL_KEYS = {
    f"{name}_API_KEY": "k" for name in ("OPENAI", "ANTHROPIC", "DEEPSEEK", "GROQ", "MISTRAL", "TOGETHER", "PERPLEXITY")
}
ASK = {"messages": [{"role": "user", "content": "hello"}]}


def served(name: str, *settings: Any, **environ: str) -> list[str]:
    made = plan(Wanted(f"role:{name}"), policy({"profile": "agents"}, **environ))
    return [target.provider.name for target in made.targets]


@pytest.mark.parametrize(("role", "chain"), SEEDS.items())
def test_d08_the_chain_of_each_engineering_role(role: str, chain: list[str]) -> None:
    assert served(role, **ALL_KEYS) == chain


@pytest.mark.parametrize(("role", "first"), FIRST.items())
def test_d12_the_first_provider_of_each_business_role(role: str, first: str) -> None:
    chain = served(role, **ALL_KEYS)
    assert chain[0] == first
    assert len(chain) == len(set(chain)) == 3


def test_d08_portkey_carries_the_calls_for_vendors_that_it_has_a_key_of() -> None:
    made = plan(
        Wanted("role:CODE_REVIEWER"),
        policy(
            {"profile": "agents"}, PORTKEY_API_KEY="pk", ANTHROPIC_VK="a-vk", DEEPSEEK_VK="d-vk", OPENAI_API_KEY="k"
        ),
    )
    assert [(each.provider.name, dict(each.headers)) for each in made.targets] == [
        ("openai", {}),
        ("portkey", {"x-portkey-virtual-key": "a-vk"}),
        ("portkey", {"x-portkey-virtual-key": "d-vk"}),
    ]


def test_a_step_that_nobody_can_serve_is_passed_over_with_what_it_lacks() -> None:
    made = explain(Wanted("role:PERFORMANCE_OPTIMIZER"), policy({"profile": "agents"}, MISTRAL_API_KEY="k"))
    assert [each.provider.name for each in made.targets] == ["mistral"]
    assert "DEEPSEEK_API_KEY is not set" in made.candidates[0].reason


@pytest.mark.parametrize("name", ["code_reviewer", "Code-Reviewer", "CODE_REVIEWER", "code reviewer"])
def test_neither_case_nor_dashes_matter(name: str) -> None:
    assert served(name, **ALL_KEYS) == SEEDS["CODE_REVIEWER"]


def test_an_unknown_role_is_an_error_that_tells_which_there_are() -> None:
    with pytest.raises(CannotServe) as caught:
        served("CODE_REVIEWR", **ALL_KEYS)
    assert caught.value.message == "there is no role `CODE_REVIEWR`"
    assert (caught.value.hint or "").startswith("did you mean `CODE_REVIEWER`?")
    with pytest.raises(CannotServe, match="no roles are set up"):
        plan(Wanted("role:CODE_REVIEWER"), policy({}))


def test_x13_the_role_goes_before_the_task() -> None:
    made = plan(Wanted("role:CODE_REVIEWER", None, "code_review"), policy({"profile": "agents"}, **ALL_KEYS))
    assert made.targets[0].provider.name == "openai"
    assert made.reason == "role `CODE_REVIEWER`, which goes before the task `code_review`"


def test_a_provider_that_is_named_too_has_to_be_in_the_chain() -> None:
    known = policy({"profile": "agents"}, **ALL_KEYS)
    made = plan(Wanted("role:CODE_REVIEWER", "deepseek"), known)
    assert [each.provider.name for each in made.targets] == ["deepseek"]
    with pytest.raises(CannotServe, match="`groq` does not serve the role"):
        plan(Wanted("role:CODE_REVIEWER", "groq"), known)


def test_a_role_of_ones_own_names_models() -> None:
    settings = {"roles": {"POET": {"providers": ["anthropic/claude-3-opus", "openai"]}}}
    made = plan(Wanted("role:poet"), policy(settings, **ALL_KEYS))
    assert [(each.provider.name, each.model) for each in made.targets] == [
        ("anthropic", "claude-3-opus-20240229"),
        ("openai", "gpt-5.6-luna"),
    ]


def chained(*up: Scripted) -> dict[str, Any]:
    names = ("one", "two", "three")
    entry = {"dialect": "openai-chat", "api_key": "k", "default_model": "m"}
    return {
        "providers": {name: {**entry, "base_url": each.url} for name, each in zip(names, up, strict=True)},
        "roles": {"CODE_REVIEWER": {"providers": list(names)}},
    }


async def test_d13_when_all_fail_each_was_asked_once_and_there_is_one_error(tmp_path: Path) -> None:
    async with scripted(FAILING) as one, scripted(FAILING) as two, scripted(FAILING) as three:
        async with running(tmp_path, chained(one, two, three)) as gateway:
            answer = await gateway.post({**ASK, "model": "auto"}, x_fairlead_role="CODE_REVIEWER")
            again = await gateway.post({**ASK, "model": "role:CODE_REVIEWER"})
        assert [len(each.received) for each in (one, two, three)] == [2, 2, 2]
    assert (answer.status, again.status) == (502, 502)
    assert answer.headers["x-fairlead-attempts"] == "3"


async def test_d13_the_next_of_the_chain_takes_over(tmp_path: Path) -> None:
    async with scripted(FAILING) as one, scripted(WELL) as two, scripted(WELL) as three:
        async with running(tmp_path, chained(one, two, three)) as gateway:
            answer = await gateway.post({**ASK, "model": "auto"}, x_fairlead_role="code-reviewer")
        assert (answer.status, answer.headers["x-fairlead-provider"]) == (200, "two")
        assert three.received == []


async def test_a_model_that_is_named_goes_before_the_role(tmp_path: Path) -> None:
    async with scripted(WELL) as one, scripted(WELL) as two, scripted(WELL) as three:
        async with running(tmp_path, chained(one, two, three)) as gateway:
            answer = await gateway.post({**ASK, "model": "@two/other"}, x_fairlead_role="CODE_REVIEWER")
            unknown = await gateway.post({**ASK, "model": "auto"}, x_fairlead_role="NOBODY")
        assert answer.headers["x-fairlead-model"] == "other"
    assert (unknown.status, unknown.error["param"]) == (400, "role")


async def test_the_record_of_a_call_has_its_role(tmp_path: Path) -> None:
    rows: list[Any] = []
    async with scripted(WELL) as up, running(tmp_path, chained(up, up, up)) as gateway:
        gateway.engine.accounting.journal = type("Rows", (), {"append": lambda _, row, *__: rows.append(row)})()
        await gateway.post({**ASK, "model": "auto"}, x_fairlead_role="code-reviewer")
        gateway.engine.accounting.journal = None
    assert [row.role for row in rows] == ["CODE_REVIEWER"]


def test_a_virtual_key_for_any_vendor_stands_behind_a_providers_own_key() -> None:
    environ = {"PORTKEY_API_KEY": "pk", "PORTKEY_VIRTUAL_KEY": "vk", "ANTHROPIC_API_KEY": "k"}
    made = plan(Wanted("role:CODE_REVIEWER"), policy({"profile": "agents"}, **environ))
    assert [each.provider.name for each in made.targets] == ["portkey", "anthropic", "portkey"]


async def test_a_role_and_a_task_go_with_what_openrouters_clients_say(tmp_path: Path) -> None:
    async with scripted(WELL) as one, scripted(WELL) as two, scripted(WELL) as three:
        settings = {
            **chained(one, two, three),
            "routing": {"primary_models": {"code_review": "@three/m"}},
        }
        async with running(tmp_path, settings) as gateway:
            role = await gateway.post({**ASK, "model": "role:CODE_REVIEWER", "session_id": "s"})
            task = await gateway.post({**ASK, "model": "task:code_review", "session_id": "t"})
            read = await gateway.post({**ASK, "model": "auto", "session_id": "s"}, x_fairlead_role="code-reviewer")
    assert [each.headers.get("x-fairlead-provider") for each in (role, task, read)] == ["one", "three", "one"]
