"""What a call says besides its model: read from the body and from headers, and empty where it cannot be."""

import json
from typing import Any

import pytest

from fairlead.routing.facts import NO_FACTS, Facts


def facts(header: dict[bytes, str] | None = None, owner: str = "", **members: Any) -> Facts:
    return Facts(json.dumps(members).encode(), (header or {}).get, owner=owner)


def test_params_are_the_body() -> None:
    assert facts(a=1, b={"c": [2]}).params == {"a": 1, "b": {"c": [2]}}


@pytest.mark.parametrize("body", [b"", b"[1]", b"{", b"--form", b'"text"', b"\xff"])
def test_a_body_that_cannot_be_read_says_nothing(body: bytes) -> None:
    held = Facts(body)
    assert (held.params, held.metadata, held.user, held.session, held.member("a")) == ({}, {}, "", "", None)


def test_a_header_goes_over_the_body_in_metadata() -> None:
    header = {b"x-portkey-metadata": '{"plan":"paid"}', b"x-fairlead-metadata": "nonsense"}
    assert facts(header, metadata={"plan": "free", "n": 1}).metadata == {"plan": "paid", "n": 1}


@pytest.mark.parametrize(("members", "user"), [
    ({"user": "u"}, "u"),
    ({"user": "u", "safety_identifier": "s"}, "s"),
    ({"metadata": {"user_id": "m"}}, "m"),
    ({"metadata": {"_user": "p"}}, "p"),
    ({"user": 5}, "owner"),
    ({}, "owner"),
])  # fmt: skip
def test_the_user_is_the_one_that_is_named_or_the_keys(members: dict[str, Any], user: str) -> None:
    assert facts(owner="owner", **members).user == user


def test_a_member_is_as_it_was_sent() -> None:
    assert Facts(b'{"a": [1,  2]}').member("a") == b"[1,  2]"


def test_without_facts_nothing_is_said() -> None:
    assert (NO_FACTS.params, NO_FACTS.session, NO_FACTS.path, NO_FACTS.key) == ({}, "", "", "")
