"""A target is passed over that its row says cannot do what the call needs."""

from dataclasses import replace
from typing import Any

from fairlead.providers.row import Provider
from fairlead.routing.able import able
from fairlead.routing.plan import Wanted, explain, plan
from fairlead.routing.policy import Intent, Model, Policy
from fairlead.secret import Secret

CHAT = Intent("fast", "m", "m", ("plain", "able"))


def provider(name: str, **row: Any) -> Provider:
    return replace(Provider(name, "openai-chat", f"https://{name}.example/v1", Secret("k")), **row)


def policy(**rows: Provider) -> Policy:
    known = {
        "plain": provider("plain", cannot=frozenset({"tools", "images_in"})),
        "able": provider("able"),
        "echo": Provider("echo", "openai-chat", "echo:", None, key_optional=True, cannot=frozenset({"tools"})),
        **rows,
    }
    models = {name: Model(name, targets) for name, targets in TARGETS.items()}
    return Policy(known, models, {"fast": CHAT})


TARGETS = {
    "both": (("plain", "m"), ("able", "m")),
    "one": (("plain", "m"),),
    "last": (("plain", "m"), ("echo", "echo")),
}


def tried(made: Any) -> list[str]:
    return [target.provider.name for target in made.targets]


def test_a_target_that_can_is_left() -> None:
    assert tried(plan(Wanted("both"), policy())) == ["plain", "able"]
    assert tried(plan(Wanted("both", needs=("tools",)), policy())) == ["able"]
    assert tried(plan(Wanted("both", needs=("audio_in",)), policy())) == ["plain", "able"]


def test_an_intent_passes_over_who_cannot() -> None:
    assert tried(plan(Wanted("intent:fast", needs=("images_in",)), policy())) == ["able", "able"]


def test_why_it_was_passed_over_is_explained() -> None:
    made = explain(Wanted("both", needs=("tools", "images_in", "chat")), policy())
    first, second = made.candidates
    assert first.target is None
    assert first.reason == "providers.plain.capabilities does not list `tools`, `images_in`"
    assert second.target is not None


def test_where_nobody_can_the_provider_has_the_last_word() -> None:
    assert tried(plan(Wanted("one", needs=("tools",)), policy())) == ["plain"]
    assert tried(plan(Wanted("last", needs=("tools",)), policy())) == ["plain", "echo"]


def test_a_plan_in_which_all_can_stays_the_very_same() -> None:
    made = plan(Wanted("both"), policy(plain=provider("plain")))
    assert made.lacking == frozenset()
    assert able(made, ["tools"]) is made
