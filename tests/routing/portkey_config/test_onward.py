"""How a tree becomes a row: who takes over after which failure, also where some of the targets are lost."""

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from fairlead.config.portkey_objects.inline import inline
from fairlead.errors import CannotServe
from fairlead.providers.row import Provider
from fairlead.routing.facts import Facts
from fairlead.routing.moment import Moment
from fairlead.routing.onward import kept
from fairlead.routing.policy import Policy
from fairlead.routing.portkey_config.compile import compiled
from fairlead.routing.portkey_config.prepared import Leaf, prepared
from fairlead.routing.sticky import Sessions
from fairlead.routing.target import Plan, Wanted
from fairlead.secret import Secret

NAMES = "abcdefghijkl"


def policy() -> Policy:
    rows = {name: Provider(name, "openai-chat", "http://127.0.0.1:1/v1", Secret("k")) for name in NAMES}
    return Policy(rows, {}, {})


def plan(config: dict[str, Any], draw: float = 0.0, **moment: Any) -> Plan:

    found = inline(json.dumps(config))
    assert found.object is not None, found.problems
    made = compiled(prepared(found.object, "config"), Wanted("m"), policy()).base
    assert made.choose is not None
    return made.choose(made, Moment(lambda: draw, **moment))


def row(made: Plan) -> list[tuple[str, Any]]:
    def listed(onward: Any) -> Any:
        return onward if onward is None else [(sorted(codes) if codes else None, to) for codes, to in onward]

    return [(target.provider.name, listed(target.how.onward)) for target in made.targets]


def falls(*targets: Any, codes: list[int] | None = None, **more: Any) -> dict[str, Any]:
    strategy = {"mode": "fallback"} | ({"on_status_codes": codes} if codes else {})
    return {"strategy": strategy, "targets": [{"provider": t} if isinstance(t, str) else t for t in targets], **more}


def test_a_lone_target_leaves_it_to_the_table() -> None:
    assert row(plan({"provider": "a"})) == [("a", None)]


def test_a_fallback_within_a_fallback() -> None:
    made = plan(falls(falls("a", "b", codes=[429]), "c"))
    assert row(made) == [("a", [([429], 1), (None, 2)]), ("b", [(None, 2)]), ("c", [])]
    assert [target.how.path for target in made.targets] == [
        "config.targets[0].targets[0]",
        "config.targets[0].targets[1]",
        "config.targets[1]",
    ]


def test_a_fallback_for_every_failure_has_the_last_word() -> None:
    assert row(plan(falls(falls("a", "b"), "c", codes=[500]))) == [("a", [(None, 1)]), ("b", [([500], 2)]), ("c", [])]


@pytest.mark.parametrize(("draw", "name"), [(0.0, "a"), (0.24, "a"), (0.26, "b"), (0.99, "b")])
def test_r2_a_draw_decides_by_weight(draw: float, name: str) -> None:
    config = {
        "strategy": {"mode": "loadbalance"},
        "targets": [{"provider": "a", "weight": 1}, {"provider": "c", "weight": 0}, {"provider": "b", "weight": 3}],
    }
    assert row(plan(config, draw)) == [(name, None)]


def test_what_is_remembered_is_remembered_for_each_choice() -> None:
    group = {"strategy": {"mode": "loadbalance"}, "targets": [falls("a", "b"), condition(), {"provider": "c"}]}
    found = inline(json.dumps(falls(group, "d")))
    assert found.object is not None
    made = compiled(prepared(found.object, "config"), Wanted("m"), policy())
    said = []
    for draw, body in ((0.0, b"{}"), (0.5, b'{"x":1}'), (0.5, b"{}"), (0.9, b"{}"), (0.5, b'{"x":1}'), (0.0, b"{}")):
        facts = Facts(body)
        said.append(
            [each.provider.name for each in made.choose(made.base, Moment(partial(float, draw), facts=facts)).targets]
        )
    assert said == [["a", "b", "d"], ["a", "d"], ["b", "d"], ["c", "d"], ["a", "d"], ["a", "b", "d"]]


def test_r1_a_group_within_a_fallback_counts_as_one() -> None:
    group = {"strategy": {"mode": "loadbalance"}, "targets": [falls("a", "b"), {"provider": "c"}]}
    assert row(plan(falls(group, "d"), 0.0)) == [("a", [(None, 1)]), ("b", [(None, 2)]), ("d", [])]
    assert row(plan(falls(group, "d"), 0.9)) == [("c", [(None, 1)]), ("d", [])]


def condition(default: str | None = "no") -> dict[str, Any]:
    strategy = {"mode": "conditional", "conditions": [{"query": {"params.x": 1}, "then": "yes"}]}
    strategy |= {"default": default} if default else {}
    return {"strategy": strategy, "targets": [{"provider": "a", "name": "yes"}, {"provider": "b", "name": "no"}]}


def test_a_condition_decides_for_each_call() -> None:
    assert row(plan(condition(), facts=Facts(b'{"x":1}'))) == [("a", None)]
    assert row(plan(condition(), facts=Facts(b'{"x":2}'))) == [("b", None)]


def test_no_condition_and_no_default_is_said() -> None:
    with pytest.raises(CannotServe, match="no condition of `config` holds"):
        plan(condition(None), facts=Facts(b'{"x":2}'))


def test_what_is_said_further_out_is_inherited() -> None:
    inner = {"provider": "a", "retry": {"attempts": 1}, "override_params": {"seed": 2}, "drop_params": ["user"]}
    made = plan(
        falls(
            inner,
            "b",
            retry={"attempts": 3, "useRetryAfterHeaders": True},
            request_timeout=1500,
            override_params={"seed": 1, "top_p": 0.5},
            drop_params=["n"],
            default_params={"stop": "x"},
        )
    )
    first, second = (target.how for target in made.targets)
    assert first.retry is not None
    assert second.retry is not None
    assert first.edits is not None
    assert second.edits is not None
    assert (first.retry.attempts, second.retry.attempts, second.retry.use_retry_after) == (1, 3, True)
    assert first.timeout == second.timeout == 1.5
    assert (first.edits.overrides, second.edits.overrides) == ({"seed": 2, "top_p": 0.5}, {"seed": 1, "top_p": 0.5})
    assert (first.edits.drops, second.edits.drops) == (("n", "user"), ("n",))
    assert first.edits.defaults == {"stop": "x"}


def test_r6_cb_config_becomes_the_targets_breaker() -> None:
    breaker = {"failure_threshold": 3, "cooldown_interval": 60000, "minimum_requests": 9}
    config = falls("a", "b")
    config["strategy"]["cb_config"] = breaker
    care = plan(config).targets[0].how.care
    assert care is not None
    assert care.rules is not None
    assert (care.rules.failures, care.rules.cooldown, care.rules.calls) == (3, 60.0, 9)
    assert care.rules.share > 1, "no percentage was given, so that none opens it"


def test_a_config_that_came_with_a_call_sets_no_breaker_and_no_clock_that_counts() -> None:
    found = inline(json.dumps({"provider": "a", "request_timeout": 1, "cb_config": {"failure_threshold": 1}}))
    assert found.object is not None
    made = prepared(found.object, "")
    assert isinstance(made.root, Leaf)
    assert (made.root.how.care, made.root.how.hurried, made.unused) == (None, True, ("config.cb_config",))


def test_r7_a_sticky_call_stays_where_it_was_answered() -> None:
    sessions = Sessions()
    config = {
        "strategy": {"mode": "loadbalance", "sticky": {"hash_fields": ["params.who"], "ttl": 60}},
        "targets": [{"provider": "a"}, {"provider": "b"}],
    }

    def call(who: str, draw: float, now: float) -> Plan:
        return plan(config, draw, facts=Facts(b'{"who":"%b"}' % who.encode()), sessions=sessions, now=now)

    first = call("u", 0.9, 0.0)
    assert first.stays is not None
    first.stays.at(first.targets[0])
    assert row(call("u", 0.0, 59.0)) == [("b", None)]
    assert row(call("v", 0.0, 59.0)) == [("a", None)]
    assert row(call("u", 0.0, 61.0)) == [("a", None)]


def less(made: Plan, lost: Callable[[str], bool]) -> list[tuple[str, Any]]:

    return row(kept(made, tuple(replace(c, target=None) if lost(c.provider) else c for c in made.candidates)))


def test_who_led_to_a_lost_target_leads_to_where_that_one_led() -> None:
    made = plan(falls(falls("a", "b", codes=[429, 500]), "c", codes=[500, 503]))
    assert row(made) == [("a", [([429, 500], 1), ([500, 503], 2)]), ("b", [([500, 503], 2)]), ("c", [])]
    assert less(made, lambda name: name == "b") == [("a", [([500], 1), ([500, 503], 1)]), ("c", [])]
    assert less(made, lambda name: name == "c") == [("a", [([429, 500], 1)]), ("b", [])]
    assert less(made, lambda name: name == "a") == [("b", [([500, 503], 1)]), ("c", [])]


def test_a_plan_that_says_nothing_of_what_follows_loses_them() -> None:
    assert less(plan({"provider": "a"}), lambda _: False) == [("a", None)]
