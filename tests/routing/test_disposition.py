"""What a failure does: every kind has one row."""

import pytest

from fairlead.config.reliability import Reliability
from fairlead.errors import FailureKind
from fairlead.pipeline.retry import allowed
from fairlead.routing.disposition import Blame, Cause, Then, disposition, kind_of_status


@pytest.mark.parametrize("kind", FailureKind)
def test_d11_every_kind_of_failure_has_a_disposition(kind: FailureKind) -> None:
    rule = disposition(kind)
    assert 400 <= rule.status < 600
    assert rule.hint


@pytest.mark.parametrize("status", [400, 413, 415, 422])
def test_d3_what_the_client_did_wrong_is_not_tried_elsewhere(status: int) -> None:
    assert not disposition(kind_of_status(status)).next


@pytest.mark.parametrize("status", [401, 403, 404])
def test_d3_what_the_operator_did_wrong_is_never_the_clients_401(status: int) -> None:
    rule = disposition(kind_of_status(status))
    assert rule.next
    assert rule.status == 502


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504, 529, 408])
def test_d4_a_provider_that_is_busy_or_broken_is_passed_by(status: int) -> None:
    assert disposition(kind_of_status(status)).next


def test_d7_only_what_did_nothing_or_said_so_is_tried_again_on_the_same_target_by_default() -> None:
    usual = Reliability()
    again = {kind for kind in FailureKind if allowed(disposition(kind).cause, usual)}
    assert again == {
        FailureKind.CONNECT,
        FailureKind.CONNECT_TIMEOUT,
        FailureKind.RESET,
        FailureKind.RATE_LIMIT,
        FailureKind.SERVER,
    }


@pytest.mark.parametrize("kind", FailureKind)
def test_d11_what_is_tried_again_has_a_cause_and_nothing_else_has(kind: FailureKind) -> None:
    rule = disposition(kind)
    assert (rule.then is Then.AGAIN) == (rule.cause is not Cause.NEVER)


@pytest.mark.parametrize("kind", [FailureKind.BAD_REQUEST, FailureKind.CONTEXT, FailureKind.POLICY])
def test_d3_what_the_client_did_wrong_is_held_against_no_provider(kind: FailureKind) -> None:
    assert disposition(kind).blame is Blame.CLIENT
