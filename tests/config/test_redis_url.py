import pytest

from tests.config.conftest import Desk


def test_the_password_of_a_redis_is_not_shown(desk: Desk) -> None:
    loaded = desk.load("redis: redis://me:${PASSWORD}@127.0.0.1/1\n", PASSWORD="canary")
    shown = {path: value for path, value, _origin in loaded.settings}
    assert loaded.config.redis == "redis://me:canary@127.0.0.1/1"
    assert shown["redis"] == "***"
    assert "canary" not in f"{loaded} {loaded.settings}"


@pytest.mark.parametrize("entry", ["[redis://:canary@h]", "{redis://:canary@h: 1}", "'redis://:canary@h"])
def test_nor_is_it_in_a_message(desk: Desk, entry: str) -> None:
    found = desk.problems(f"redis: {entry}\n")
    assert found
    assert "canary" not in "\n".join(map(str, found))
