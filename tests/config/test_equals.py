"""What a configuration may say of equal targets, and what makes no sense."""

import pytest

from tests.config.conftest import Desk

TARGETS = "targets: [{{provider: openai, model: a{0}}}, {{provider: groq, model: b{1}}}]"


def model(said: str, first: str = "", second: str = "") -> str:
    return f"models: {{m: {{{said}{TARGETS.format(first, second)}}}}}\n"


def test_equal_targets_as_one_writes_them(desk: Desk) -> None:
    held = desk.load(model("balance: least-busy, sticky: 60, ", ", weight: 0", ", weight: 2.5")).config.models["m"]
    assert (held.balance, held.sticky, [target.weight for target in held.targets]) == ("least-busy", 60, [0, 2.5])


def test_without_a_word_targets_are_tried_in_their_order(desk: Desk) -> None:
    held = desk.load(model("")).config.models["m"]
    assert (held.balance, [target.weight for target in held.targets]) == (None, [None, None])


@pytest.mark.parametrize(
    ("said", "weights", "path", "message"),
    [
        ("", (", weight: 2", ""), "models.m.targets[0].weight", "a weight, and the targets are tried in order"),
        ("sticky: 5, ", ("", ""), "models.m.sticky", "the targets are tried in order anyway"),
        (
            "balance: best, ",
            (", weight: 0", ", weight: 0.0"),
            "models.m.targets[0].weight",
            "every target has the weight 0, so nobody would serve",
        ),
        ("balance: best, ", (", weight: -1", ""), "models.m.targets[0].weight", "it must be at least 0; got `-1`"),
        ("balance: best, sticky: -1, ", ("", ""), "models.m.sticky", "it must be at least 0; got `-1`"),
        ("balance: bets, ", ("", ""), "models.m.balance", "expected one of `best`, `cheapest`"),
    ],
)
def test_what_makes_no_sense_is_refused(
    desk: Desk, said: str, weights: tuple[str, str], path: str, message: str
) -> None:
    problem = desk.problem(model(said, *weights))
    assert problem.path == path
    assert problem.message.startswith(message)
    assert problem.line == 1
