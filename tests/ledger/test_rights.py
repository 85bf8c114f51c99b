"""A child never has more than its parent, whatever the patterns."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.ledger.rights import EVERYTHING, Granted, Rights, wrong

NAMES = ["a", "b", "ab", "aab", "a/b", "b/a", "", "aa", "a/ab"]
patterns = st.lists(st.text("ab*/", min_size=1, max_size=5), min_size=1, max_size=3)
limits = st.one_of(st.none(), patterns)


@given(limits, limits)
def test_what_is_granted_is_what_both_allow(parent: list[str] | None, child: list[str] | None) -> None:
    outer, inner = Rights(endpoints=parent), Rights(endpoints=child)
    both = Granted([outer, inner])
    for name in NAMES:
        apart = Granted([outer]).permits_endpoint(name) and Granted([inner]).permits_endpoint(name)
        assert both.permits_endpoint(name) == apart


@given(patterns, patterns)
def test_a_child_that_is_let_through_has_no_more_than_its_parent(parent: list[str], child: list[str]) -> None:
    outer = Granted([Rights(endpoints=parent)])
    if outer.excess(Rights(endpoints=child)) is None:
        for name in map("".join, itertools.product("ab/", repeat=3)):
            assert not Granted([Rights(endpoints=child)]).permits_endpoint(name) or outer.permits_endpoint(name)


@pytest.mark.parametrize(
    ("parent", "child", "more"),
    [
        (["anthropic/*"], ["anthropic/claude-3"], False),
        (["anthropic/*"], ["anthropic/*"], False),
        (["*"], ["anthropic/*"], False),
        (["anthropic/*"], ["*"], True),
        (["anthropic/*"], ["anthropic*"], True),
        (["*-mini", "gpt-*"], ["gpt-4o-mini"], False),
        (["*-mini"], ["gpt-*"], True),
        (["GPT-4o"], ["gpt-4O"], False),
    ],
)
def test_a_pattern_is_within_another_or_not(parent: list[str], child: list[str], more: bool) -> None:
    assert (Granted([Rights(models=parent)]).excess(Rights(models=child)) is not None) == more


def test_what_a_child_does_not_say_it_inherits() -> None:
    parent = Rights(models=["a*"], addresses=["10.0.0.0/8"])
    assert Granted([parent]).excess(Rights()) is None
    assert not Granted([parent, Rights()]).permits("b", "p", "b")


def test_who_makes_a_key_gives_no_more_than_it_has() -> None:
    maker = Granted([Rights(models=["gpt-*"])])
    assert maker.beyond([Rights()]) is not None
    assert maker.beyond([Rights(models=["*"])]) is not None
    assert maker.beyond([Rights(models=["*"]), Rights(models=["gpt-4o"])]) is None
    assert EVERYTHING.beyond([Rights()]) is None


@pytest.mark.parametrize(
    ("asked", "provider", "model", "may"),
    [
        ("anthropic/claude", "anthropic", "claude", True),
        ("smart", "anthropic", "claude", True),
        ("auto", "openai", "gpt-4o", False),
        ("x", "evil", "anthropic/y", True),
    ],
)
def test_a_model_is_known_by_each_of_its_names(asked: str, provider: str, model: str, may: bool) -> None:
    assert Granted([Rights(models=["anthropic/*"])]).permits(asked, provider, model) == may


def test_a_limit_on_providers_is_met_by_the_provider_alone() -> None:
    granted = Granted([Rights(models=["anthropic/*"], providers=["anthropic"])])
    assert granted.permits("x", "anthropic", "y")
    assert not granted.permits("x", "openai", "anthropic/y")
    assert not granted.permits("anthropic/y", "evil", "anthropic/y")


@pytest.mark.parametrize(
    ("address", "may"),
    [
        ("10.1.2.3", True),
        ("::ffff:10.1.2.3", True),
        ("11.0.0.1", False),
        ("fe80::1%eth0", True),
        ("fe81::1", False),
        ("", False),
        ("10.1.2.3.evil", False),
    ],
)
def test_an_address_is_within_a_network(address: str, may: bool) -> None:
    granted = Granted([Rights(addresses=["10.0.0.0/8", "fe80::/16"])])
    assert granted.permits_address(address) == may
    assert EVERYTHING.permits_address(address)


def test_networks_nest() -> None:
    parent = Granted([Rights(addresses=["10.0.0.0/8"])])
    assert parent.excess(Rights(addresses=["10.2.0.0/16"])) is None
    assert parent.excess(Rights(addresses=["0.0.0.0/0"])) is not None
    assert parent.excess(Rights(addresses=["::/0"])) is not None


def test_addresses_that_are_none_are_told() -> None:
    assert wrong(Rights(addresses=["10.0.0.0/8"])) is None
    assert "addresses" in str(wrong(Rights(addresses=["10.0.0.300"])))


def test_many_stars_take_no_time() -> None:
    """A pattern of a key's own must not make a look-up take for ever."""
    granted = Granted([Rights(models=["*a" * 200 + "b"])])
    assert not granted.permits("a" * 500, "p" * 500, "a" * 500)
