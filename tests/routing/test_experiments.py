"""Who gets which arm: the same for ever, in shares, and moved by nothing but weights (A21, E17)."""

from collections import Counter

import pytest

from fairlead.routing.experiments import Arm, Experiment, Shadow, assigned, shadowed, subject
from fairlead.routing.facts import Facts

USERS = [f"user:{number}" for number in range(20_000)]


def trial(**weights: float) -> Experiment:
    return Experiment("trial", tuple(Arm(name, weight) for name, weight in weights.items()))


def dealt(experiment: Experiment) -> dict[str, str]:
    return {user: assigned(experiment, user, lambda: 0.5).name for user in USERS}


@pytest.mark.parametrize(
    "weights", [{"a": 50, "b": 50}, {"a": 90, "b": 10}, {"a": 1, "b": 2, "c": 7}, {"a": 99.9, "b": 0.1}]
)
def test_arms_get_their_shares_to_a_per_cent(weights: dict[str, float]) -> None:
    counts = Counter(dealt(trial(**weights)).values())
    for name, weight in weights.items():
        assert abs(counts[name] / len(USERS) - weight / sum(weights.values())) < 0.01, name


def test_an_arm_is_the_same_on_every_machine() -> None:
    """These do not change with a version: a change would deal running experiments anew."""
    found = [assigned(trial(control=90, canary=10), f"user:{name}", lambda: 0.5).name for name in range(30)]
    assert [at for at, name in enumerate(found) if name == "canary"] == [1, 9]


def test_a_canary_that_grows_keeps_who_was_in_it() -> None:
    small, large = dealt(trial(control=90, canary=10)), dealt(trial(control=75, canary=25))
    assert {user for user, arm in small.items() if arm == "canary"} < {
        user for user, arm in large.items() if arm == "canary"
    }


def test_a_new_arm_takes_subjects_from_the_others_and_moves_none_between_them() -> None:
    before, after = dealt(trial(a=50, b=50)), dealt(trial(a=50, b=50, c=20))
    assert {after[user] for user in USERS if after[user] != before[user]} == {"c"}


def test_another_salt_deals_anew_and_experiments_do_not_follow_one_another() -> None:
    one = dealt(trial(a=50, b=50))
    salted = Experiment("trial", (Arm("a", 50), Arm("b", 50)), salt="second try")
    other = dealt(salted)
    same = sum(one[user] == other[user] for user in USERS) / len(USERS)
    assert 0.48 < same < 0.52


def test_an_arm_of_weight_0_gets_nobody_new() -> None:
    assert set(dealt(trial(a=1, b=0)).values()) == {"a"}
    assert assigned(trial(a=1, b=0), "", lambda: 0.999999).name == "a"
    assert assigned(trial(b=0, a=1), "", lambda: 0.0).name == "a"


def test_a_subject_is_the_nearest_that_a_call_tells() -> None:
    body = b'{"user": "ana", "session_id": "s-1"}'
    whole, no_session = Facts(body, key="k"), Facts(b'{"user": "ana"}', key="k")
    nobody = Facts(key="k")
    assert [subject(by, whole) for by in ("session", "user", "key", "call")] == ["session:s-1", "user:ana", "key:k", ""]
    assert [subject(by, no_session) for by in ("session", "user")] == ["user:ana"] * 2
    assert [subject(by, nobody) for by in ("session", "user", "key")] == ["key:k"] * 3
    assert subject("user", Facts()) == ""


def test_a_shadow_takes_its_per_cent_of_calls() -> None:
    experiment = Experiment("mirror", shadow=Shadow(30, "m"))
    taken = sum(shadowed(experiment, f"{number:032x}") for number in range(10_000))
    assert 2_800 < taken < 3_200
    assert all(shadowed(Experiment("mirror", shadow=Shadow(100, "m")), f"{number:032x}") for number in range(1000))
