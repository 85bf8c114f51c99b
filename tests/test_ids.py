"""Identifiers and secrets."""

import pickle
import uuid

import pytest

from fairlead import ids
from fairlead.clock import Clock
from fairlead.secret import Secret


class At(Clock):
    def __init__(self, seconds: float) -> None:
        self.wall = lambda: seconds


def test_a_request_id_is_a_uuid_of_version_7_that_sorts_by_time() -> None:
    early, late = ids.request_id(At(1_700_000_000.0)), ids.request_id(At(1_700_000_000.001))
    assert early < late
    parsed = uuid.UUID(early)
    assert (parsed.version, parsed.variant) == (7, uuid.RFC_4122)
    assert int(early[:12], 16) == 1_700_000_000_000


def test_request_ids_differ_within_a_millisecond() -> None:
    assert len({ids.request_id(At(1.0)) for _ in range(10_000)}) == 10_000


def test_a_key_has_256_random_bits_behind_its_prefix() -> None:
    key = ids.new_key()
    assert key.startswith("fl-")
    assert len(key) == 3 + 43
    assert key != ids.new_key()


def test_a_secret_shows_itself_in_no_form() -> None:
    secret = Secret("canary")
    assert "canary" not in f"{secret} {secret!r} {[secret]} {vars(type(secret))}"
    with pytest.raises(TypeError):
        pickle.dumps(secret)


def test_a_secret_matches_only_itself() -> None:
    secret = Secret("canary")
    assert secret.matches(b"canary")
    assert not secret.matches(b"canar")
    assert not secret.matches("canarý".encode())
