"""What a failure does: every kind has one row."""

import pytest

from fairlead.errors import FailureKind
from fairlead.routing.disposition import disposition, kind_of_status


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
