"""A failure counts against whom the table says, and nobody else."""

import pytest

from fairlead.errors import Failure, FailureKind
from fairlead.providers.row import Provider
from fairlead.routing.health import Board, Standing
from fairlead.secret import Secret

KEY, OTHER_KEY = Secret("key-of-the-provider"), Secret("another-key-of-it")


def provider(name: str = "p", key: Secret = KEY) -> Provider:
    return Provider(name, "openai-chat", f"https://{name}.example/v1", key)


def failing(standing: Standing, kind: FailureKind, times: int = 1, retry_after: float | None = None) -> None:
    for _ in range(times):
        failure = Failure(kind, "why", retry_after=retry_after)
        standing.failed(failure, 0.0, 0.0, 0.5)


@pytest.mark.parametrize(
    ("kind", "times", "left_alone"),
    [
        (FailureKind.RATE_LIMIT, 1, "same model, other model"),
        (FailureKind.AUTH, 1, "same model, other model"),
        (FailureKind.CREDIT, 1, "same model, other model"),
        (FailureKind.NO_MODEL, 1, "same model"),
        (FailureKind.SERVER, 4, ""),
        (FailureKind.SERVER, 5, "same model"),
        (FailureKind.FIRST_BYTE_TIMEOUT, 5, "same model"),
        (FailureKind.CUT, 5, "same model"),
        (FailureKind.CONNECT, 5, "same model, other model, other key"),
        (FailureKind.TLS, 5, "same model, other model, other key"),
        (FailureKind.BAD_REQUEST, 50, ""),
        (FailureKind.CONTEXT, 50, ""),
        (FailureKind.POLICY, 50, ""),
        (FailureKind.UNSUPPORTED, 50, ""),
        (FailureKind.OVERTAKEN, 50, ""),
    ],
)
def test_d11_only_the_right_one_is_left_alone(kind: FailureKind, times: int, left_alone: str) -> None:
    board = Board()
    there = {
        "same model": board.standing(provider(), "m"),
        "other model": board.standing(provider(), "other"),
        "other key": board.standing(provider(key=OTHER_KEY), "m"),
        "other provider": board.standing(provider("q"), "m"),
    }
    failing(there["same model"], kind, times)
    assert ", ".join(name for name, each in there.items() if not each.admits(0.0)) == left_alone


def test_what_never_failed_is_not_troubled_and_a_failure_is_forgotten_after_its_window() -> None:
    standing = Board().standing(provider(), "m")
    assert not standing.troubled
    failing(standing, FailureKind.SERVER)
    assert standing.troubled
    standing.answered(1.0, 2.0, stream=False)
    assert standing.troubled
    standing.answered(100.0, 101.0, stream=False)
    assert not standing.troubled


def test_the_same_model_by_the_same_key_has_one_standing_whatever_the_plan() -> None:
    board = Board()
    assert board.standing(provider(), "m") is board.standing(provider(), "m")
    assert board.standing(provider(), "m") is not board.standing(provider(key=OTHER_KEY), "m")


def test_names_that_clients_make_up_are_not_kept_for_ever() -> None:
    board = Board()
    bad = board.standing(provider(), "bad")
    failing(bad, FailureKind.NO_MODEL)
    for number in range(5000):
        board.standing(provider(), f"made-up-{number}")
    assert board.standing(provider(), "bad") is bad
    assert len(board._standings) <= 4096


def test_no_key_can_be_read_from_the_name_of_a_breaker() -> None:
    standing = Board().standing(provider(), "m")
    assert "key-of-the-provider" not in "".join(each.name for each in standing.breakers)


def test_the_p95_is_known_after_twenty_answers() -> None:
    standing = Standing()
    for number in range(19):
        standing.answered(0.0, float(number), stream=True)
    assert standing.p95 is None
    standing.answered(0.0, 19.0, stream=True)
    assert standing.p95 == 19.0
    for _ in range(200):
        standing.answered(0.0, 1.0, stream=True)
    assert standing.p95 == 1.0
