"""From what a call asks for to where it goes."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from fairlead.errors import CannotServe, NoTarget, UnknownModel
from fairlead.providers.row import Provider, Timeouts
from fairlead.routing.intent import Inference
from fairlead.routing.plan import MAX_TARGETS, Wanted, explain, plan
from fairlead.routing.policy import Intent, Model, Policy
from fairlead.routing.read import read
from fairlead.secret import Secret

CODE = Intent("code", "deepseek/deepseek-coder", "anthropic/claude-3-sonnet", ("openrouter", "aimlapi"))
FAST = Intent("fast", "google/gemini-flash", "groq/llama-3-70b", ("openrouter",))


def provider(name: str, *, key: bool = False, **row: Any) -> Provider:
    made = Provider(name, "openai-chat", f"https://{name}.example/v1", Secret("k") if key else None, configured=key)
    return replace(made, key_env=(f"{name.upper()}_KEY",), **row)


def policy(*keyed: str, models: tuple[Model, ...] = (), default: str | None = None, local: bool = True) -> Policy:
    rows = {
        name: provider(name, key=name in keyed, default_model=f"{name}-small")
        for name in ("openrouter", "aimlapi", "openai", "deepseek")
    }
    rows["openai"] = replace(rows["openai"], models=("gpt-*",))
    for name, url in (("local", "local:" if local else ""), ("echo", "echo:")):
        rows[name] = Provider(name, "openai-chat", url, None, key_optional=True, default_model=name)
    return Policy(rows, {model.name: model for model in models}, {"code": CODE, "fast": FAST}, default)


def targets(wanted: Wanted, by: Policy) -> list[tuple[str, str]]:
    return [(target.provider.name, target.model) for target in plan(wanted, by).targets]


def saying(intent: str) -> Callable[[], Inference]:
    return lambda: Inference(intent, "a test says so", ())


def test_an_intent_tries_its_primary_everywhere_and_then_its_fallback_everywhere() -> None:
    assert targets(Wanted("intent:code"), policy("openrouter", "aimlapi")) == [
        ("openrouter", "deepseek/deepseek-coder"),
        ("aimlapi", "deepseek/deepseek-coder"),
        ("openrouter", "anthropic/claude-3-sonnet"),
        ("aimlapi", "anthropic/claude-3-sonnet"),
    ]


@pytest.mark.parametrize(
    ("keyed", "first"),
    [(("openrouter",), "openrouter"), (("aimlapi",), "aimlapi"), (("openrouter", "aimlapi"), "openrouter")],
)
def test_a20_the_first_provider_with_a_key_serves(keyed: tuple[str, ...], first: str) -> None:
    assert targets(Wanted("intent:code"), policy(*keyed))[0][0] == first


def test_the_default_provider_goes_first_where_the_intent_lists_it() -> None:
    found = targets(Wanted("intent:code"), policy("openrouter", "aimlapi", default="aimlapi"))
    assert [name for name, _ in found] == ["aimlapi", "openrouter", "aimlapi", "openrouter"]


def test_a02_an_unknown_intent_is_fast() -> None:
    made = plan(Wanted("intent:poetry"), policy("openrouter"))
    assert made.intent == "fast"
    assert "poetry" in made.reason


def test_auto_asks_what_the_call_is_for() -> None:
    made = plan(Wanted("auto", infer=saying("code")), policy("openrouter"))
    assert (made.intent, made.inferred) == ("code", True)


def test_a_named_intent_wins_over_inference() -> None:
    made = plan(Wanted("auto", intent="code", infer=saying("fast")), policy("openrouter"))
    assert (made.intent, made.inferred) == ("code", False)


def test_a02_a_named_provider_that_cannot_serve_the_intent_is_an_error_that_names_those_that_can() -> None:
    with pytest.raises(CannotServe, match="`openrouter` can") as caught:
        plan(Wanted("intent:fast", provider="aimlapi"), policy("openrouter", "aimlapi"))
    assert (caught.value.status, caught.value.exit_code) == (400, 2)


def test_a14_an_intent_that_was_only_inferred_gives_way_to_a_named_provider() -> None:
    wanted = Wanted("auto", provider="aimlapi", infer=saying("fast"))
    assert targets(wanted, policy("openrouter", "aimlapi")) == [("aimlapi", "aimlapi-small")]
    wanted = Wanted("auto", provider="aimlapi", infer=saying("code"))
    assert targets(wanted, policy("openrouter", "aimlapi"))[0] == ("aimlapi", "deepseek/deepseek-coder")


def test_a_named_provider_is_the_only_one_tried() -> None:
    found = targets(Wanted("intent:code", provider="aimlapi"), policy("openrouter", "aimlapi"))
    assert {name for name, _ in found} == {"aimlapi"}


def test_an_unknown_provider_is_an_error_that_lists_the_known() -> None:
    with pytest.raises(CannotServe) as caught:
        plan(Wanted("auto", provider="nobody"), policy())
    assert "openrouter" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("model", "keyed", "expected"),
    [
        ("openrouter/anthropic/claude-3-opus", ("openrouter",), [("openrouter", "anthropic/claude-3-opus")]),
        ("@aimlapi/anthropic/claude-3-opus", ("openrouter", "aimlapi"), [("aimlapi", "anthropic/claude-3-opus")]),
        ("anthropic/claude-3-opus", ("openrouter",), [("openrouter", "anthropic/claude-3-opus")]),
        ("openai/gpt-4", ("openai",), [("openai", "gpt-4")]),
        ("openai/gpt-4", ("openrouter", "aimlapi"), [("openrouter", "openai/gpt-4"), ("aimlapi", "openai/gpt-4")]),
        ("gpt-4o", ("openai", "openrouter"), [("openai", "gpt-4o"), ("openrouter", "openai/gpt-4o")]),
        ("local", ("openrouter",), [("local", "local")]),
    ],
)
def test_a_client_may_name_a_model_in_many_ways(
    model: str, keyed: tuple[str, ...], expected: list[tuple[str, str]]
) -> None:
    assert targets(Wanted(model), policy(*keyed)) == expected


def test_a_configured_model_answers_to_its_name_and_aliases_in_any_case() -> None:
    model = Model("Big", (("openai", "gpt-x"), ("openrouter", "openai/gpt-x")), ("large",), Timeouts(idle=7))
    by = policy("openai", "openrouter", models=(model,))
    for name in ("Big", "big", "LARGE"):
        assert targets(Wanted(name), by) == [("openai", "gpt-x"), ("openrouter", "openai/gpt-x")]
    assert plan(Wanted("big"), by).targets[0].whole.idle == 7


def test_an_unknown_model_is_an_error_that_suggests_the_nearest() -> None:
    by = policy("openai", models=(Model("kestrel", (("openai", "x"),)),))
    with pytest.raises(UnknownModel) as caught:
        plan(Wanted("kestral"), by)
    assert caught.value.status == 404
    assert "`kestrel`" in str(caught.value.hint)


def test_whoever_has_a_key_answers_when_no_provider_of_the_intent_has_one() -> None:
    assert targets(Wanted("intent:code"), policy("openai")) == [("openai", "openai-small")]


def test_with_no_key_the_local_model_answers_and_the_echo_stands_behind_it() -> None:
    assert targets(Wanted("intent:code"), policy()) == [("local", "local"), ("echo", "echo")]
    assert targets(Wanted("intent:code"), policy(local=False)) == [("echo", "echo")]


def test_the_small_model_never_stands_in_silently_for_a_provider_with_a_key() -> None:
    assert {name for name, _ in targets(Wanted("intent:code"), policy("openrouter"))} == {"openrouter"}


def test_a_model_that_nobody_can_serve_says_what_is_missing() -> None:
    with pytest.raises(NoTarget, match="OPENROUTER_KEY is not set"):
        plan(Wanted("openrouter/x/y"), policy())


def test_explain_says_why_each_was_passed_over() -> None:
    made = explain(Wanted("intent:code"), policy("aimlapi"))
    passed = {c.provider: c.reason for c in made.candidates if c.target is None}
    assert passed == {"openrouter": "OPENROUTER_KEY is not set"}


def test_a_plan_is_bounded() -> None:
    many = Model("many", tuple(("openai", f"m{n}") for n in range(MAX_TARGETS + 5)))
    made = plan(Wanted("many"), policy("openai", models=(many,)))
    assert len(made.targets) == MAX_TARGETS
    assert len(made.candidates) == MAX_TARGETS + 5


def test_a_model_that_goes_by_a_config_is_no_part_of_another_order() -> None:
    by = policy("openrouter", models=(Model("m", (), config="c"),))
    with pytest.raises(CannotServe, match="goes by the config `c`"):
        read(Wanted("m"), by)
