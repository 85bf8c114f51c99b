"""What the ledger has of a call: all that is known of it, in bounds, and nothing that was said in it."""

from dataclasses import replace
from typing import Any

import pytest

from fairlead import ids
from fairlead.clock import Clock
from fairlead.dialects.endpoints import CHAT
from fairlead.dialects.envelope import Envelope
from fairlead.dialects.model import Usage
from fairlead.errors import BodyTooLarge, Failure, FailureKind, RequestError
from fairlead.ledger.bodies import LONGEST, kept, redacted
from fairlead.ledger.costs import Cost, Line
from fairlead.ledger.principal import Principal
from fairlead.ledger.row import LARGEST, Attempt, Item, Outcome, Row, Tokens, decoded, encoded
from fairlead.pipeline import call as pipeline
from fairlead.pipeline.call import Call, CallRequest, Noted
from fairlead.pipeline.record import recorded, refused
from fairlead.providers import catalog
from fairlead.routing.plan import Plan, Target
from fairlead.upstream.api import Clocks

ANA = Principal("ana's laptop", "key_1", organisation="org_1", team="team_1", user="user_1", tags=("nightly",))
BODY = b'{"model":"gpt-4o","stream":true,"messages":[{"role":"user","content":"my secret question"}]}'


def call(*attempts: pipeline.Attempt, body: bytes = BODY, **facts: Any) -> Call:
    made = Call(ids.request_id(Clock()), CallRequest(CHAT, body), ANA, 100.0, Envelope(CHAT, body))
    made.plan = Plan((), "model `gpt-4o` of the configuration", "code")
    made.attempts = list(attempts)
    for name, value in facts.items():
        setattr(made, name, value)
    return made


def attempt(provider: str, model: str, began: float, ended: float, failure: Failure | None = None) -> pipeline.Attempt:
    clocks = Clocks(1, 1, 1, 1)
    target = Target(catalog.build({}, {})[provider], model, clocks, clocks)
    return pipeline.Attempt(target, began, ended, failure)


def written(row: Row) -> Row:
    """The row as it is read again."""
    again = decoded(encoded(row))
    assert isinstance(again, Row)
    assert again == row
    return again


def test_a_rescued_stream_has_both_attempts_its_usage_its_cost_and_its_times() -> None:
    lost = attempt("openai", "gpt-4o", 100.001, 100.2, Failure(FailureKind.SERVER, "it said 502", 502))
    won = attempt("openrouter", "openai/gpt-4o", 100.201, 101.0)
    usage = Usage(120, 45, cached_tokens=100, reasoning_tokens=5)
    cost = Cost(4200, (Line("input", 20, 1, 2000), Line("output", 45, 1, 2200)), estimated=True)
    made = call(lost, won, usage=usage, status=200, overhead=0.0012, cost=cost, first_byte=100.5, reserved=9000)
    made.noted = Noted("an end user", {"trace": "t-1"})
    row = written(recorded(made, "ok", 102.0))
    assert (row.key, row.team, row.user, row.organisation) == ("key_1", "team_1", "user_1", "org_1")
    assert (row.asked, row.provider, row.model, row.stream) == ("gpt-4o", "openrouter", "openai/gpt-4o", True)
    assert (row.intent, row.reason) == ("code", "model `gpt-4o` of the configuration")
    assert (row.tokens, row.counted) == (Tokens(120, 45, 100, 5), True)
    assert (row.cost, row.estimated, row.reported, row.reserved) == (4200, True, False, 9000)
    assert row.items == [Item("input", 20, 2000), Item("output", 45, 2200)]
    assert (row.first_us, row.total_us, row.overhead_us) == (500_000, 2_000_000, 1200)
    assert 900 <= row.queue_us <= 1100
    assert [(each.provider, each.result, each.status) for each in row.attempts] == [
        ("openai", "server", 502), ("openrouter", "ok", None),
    ]  # fmt: skip
    assert row.attempts[0].detail == "it said 502"
    assert (row.tags, row.metadata, row.end_user) == (["nightly"], {"trace": "t-1"}, "an end user")
    assert row.at == int(row.id[:12], 16)


@pytest.mark.parametrize("outcome", ["ok", "failed", "refused", "cancelled", "cut"])
def test_no_row_has_what_was_asked_or_answered(outcome: Outcome) -> None:
    row = recorded(call(attempt("openai", "gpt-4o", 100.0, 101.0)), outcome, 101.0)
    assert b"my secret question" not in encoded(row)
    assert row.outcome == outcome


def test_what_budgets_were_charged_for_an_attempt_before_stays_where_the_last_had_nothing_set_aside() -> None:
    lost = attempt("openai", "gpt-4o", 100.0, 100.2, Failure(FailureKind.CUT, "it broke off"))
    free = attempt("ollama", "llama", 100.2, 101.0)
    row = written(recorded(call(lost, free, status=200, charges={"daily": 700}), "ok", 102.0))
    assert (row.reserved, row.charges) == (None, {"daily": 700})


def test_a_call_without_an_attempt_cost_nothing_and_one_without_a_price_costs_nobody_knows() -> None:
    error = RequestError("`messages` is missing", param="messages")
    nobody = recorded(call(status=400), "refused", 100.01, error)
    assert (nobody.cost, nobody.code, nobody.error) == (0, "invalid_request", "`messages` is missing")
    assert (nobody.provider, nobody.model, nobody.counted) == ("", "", False)
    assert nobody.queue_us == nobody.total_us
    assert recorded(call(attempt("openai", "gpt-4o", 100.0, 101.0)), "ok", 101.0).cost is None


def test_a_call_that_could_not_be_read_has_a_row_too() -> None:
    name = ids.request_id(Clock())
    row = written(refused(name, ANA, "chat.completions", BodyTooLarge("too large"), 0.002))
    assert (row.id, row.outcome, row.status, row.code, row.cost) == (name, "refused", 413, "body_too_large", 0)
    assert (row.key, row.total_us, row.at) == ("key_1", 2000, int(name[:12], 16))


def test_a_key_of_the_environment_is_told_by_its_name() -> None:
    made = call()
    made.principal = Principal("default")
    assert recorded(made, "ok", 101.0).key == "default"


def test_what_clients_and_providers_say_is_bounded_and_fits_every_database() -> None:
    usage = Usage(LARGEST, 0, cached_tokens=LARGEST)
    made = call(usage=usage, dropped=["d" * 999] * 99)
    made.envelope.model = "m\0" + "x" * 10_000
    made.noted = Noted("u" * 10_000, {f"{number}" * 900: "\0z" * 50_000 for number in range(500)})
    made.principal = replace(ANA, tags=tuple(f"tag {number} " + "y" * 5000 for number in range(500)))
    row = written(recorded(made, "ok", 101.0))
    line = encoded(row)
    assert len(line) < 32 * 1024
    assert b"\\u0000" not in line
    assert row.tokens == Tokens(LARGEST, 0, LARGEST)
    assert all(len(tag) <= 200 for tag in row.tags)


def test_a_clock_that_was_set_back_makes_no_negative_time() -> None:
    row = recorded(call(attempt("openai", "gpt-4o", 99.0, 98.0)), "ok", 90.0)
    assert (row.total_us, row.queue_us) == (0, 0)
    assert row.attempts == [Attempt("openai", "gpt-4o", "ok", 0, 0)]


KEYS = (
    "sk-proj-abcdefghijklmnopqrstuvwxyz0123456789",
    "fl-abcdefghijklmnopqrstuvwxyz0123456789_-ABCDE",
    "AKIAIOSFODNN7EXAMPLEKEY",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----",
)


@pytest.mark.parametrize("key", KEYS)
def test_kept_texts_have_no_keys_in_them(key: str) -> None:
    row = recorded(call(), "ok", 101.0)
    texts = kept(row, f"use {key} please".encode(), f"Authorization: Bearer {key}".encode())
    assert (texts.id, texts.at) == (row.id, row.at)
    assert texts.request == "use *** please"
    assert key not in texts.reply


def test_kept_texts_are_bounded_and_without_pictures() -> None:
    picture = "data:image/png;base64," + "QUJD" * 30_000
    assert redacted(f'{{"url":"{picture}"}}'.encode()) == '{"url":"data:image/png;base64,***"}'
    long = redacted("ä ".encode() * 500_000)
    assert len(long) == LONGEST
    assert redacted(b"\xff\xfe \0 plain") == "\ufffd\ufffd  plain"
