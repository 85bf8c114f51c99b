"""What a configuration may say of experiments, and what is wrong with others."""

import pytest

from tests.config.conftest import Desk


def test_an_experiment_as_one_writes_it(desk: Desk) -> None:
    config = desk.load(
        "experiments:\n  trial:\n    arms: {control: {weight: 90}, canary: {weight: 10, targets: [openai/gpt-4o]}}\n"
        "    match: {model: chat, intent: [code, analyze]}\n    shadow: {model: gpt-4o-mini, percent: 5}\n"
    ).config
    trial = config.experiments["trial"]
    assert (trial.by, trial.rescue, trial.salt) == ("user", True, None)
    assert trial.arms["canary"].targets == ["openai/gpt-4o"]
    assert trial.shadow is not None
    assert trial.shadow.percent == 5


@pytest.mark.parametrize(
    ("said", "path", "message"),
    [
        ("{}", "experiments.t", "it has neither arms nor a shadow"),
        ("{arms: {a: {}}}", "experiments.t.arms.a.weight", "missing; expected a number"),
        ("{arms: {a: {weight: 0}}}", "experiments.t.arms", "no arm has a weight"),
        ("{arms: {a: {weight: -1}}}", "experiments.t.arms.a.weight", "it must be at least 0; got `-1`"),
        ("{arms: {shadow: {weight: 1}}}", "experiments.t.arms.shadow", "the name that shadows are recorded by"),
        (
            "{arms: {a: {weight: 1, model: x, targets: [openai/x]}}}",
            "experiments.t.arms.a",
            "it says `model` and `targets`",
        ),
        (
            "{arms: {a: {weight: 1, provider: nobody}}}",
            "experiments.t.arms.a.provider",
            "there is no provider `nobody`",
        ),
        ("{arms: {a: {weight: 1, config: nothing}}}", "experiments.t.arms.a.config", "there is no config `nothing`"),
        (
            "{arms: {a: {weight: 1, targets: [nobody/x]}}}",
            "experiments.t.arms.a.targets[0]",
            "there is no provider `nobody`",
        ),
        ("{arms: {a: {weight: 1}}, match: {intent: cod}}", "experiments.t.match.intent", "there is no intent `cod`"),
        ("{shadow: {model: x, percent: 0}}", "experiments.t.shadow.percent", "it must be more than 0"),
        ("{shadow: {percent: 5}}", "experiments.t.shadow.model", "missing; expected text"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(desk: Desk, said: str, path: str, message: str) -> None:
    problem = desk.problem(f"experiments:\n  t: {said}\n")
    assert (problem.path, problem.message) == (path, message)
    assert problem.line == 2


def test_a_name_parts_no_experiment_from_its_arm(desk: Desk) -> None:
    problem = desk.problem('experiments:\n  "a/b": {arms: {c: {weight: 1}}}\n')
    assert (problem.path, problem.message) == (
        'experiments."a/b"', "a name without `/`, which parts it from its arm"
    )  # fmt: skip
