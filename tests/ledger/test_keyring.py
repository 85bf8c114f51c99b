"""What lets a call in: a copy in memory that follows the store, and outlives it."""

import asyncio
from pathlib import Path
from unittest.mock import patch

import pytest

from fairlead.errors import StoreUnavailable, Unauthorized
from fairlead.ledger.directory import Directory
from fairlead.ledger.keyring import Entry, Keyring, Own
from fairlead.ledger.objects import KeyChange, NewKey, NewTeam, Rotation
from fairlead.ledger.principal import Principal
from fairlead.ledger.rights import Rights
from fairlead.secret import Secret
from tests.support.databases import KINDS
from tests.support.directory import ADMIN, DAY, Held, directory

OWN = Own(Secret("my own key"), Principal("default"))
each_database = pytest.mark.parametrize("kind", KINDS)


async def following(store: Directory) -> Keyring:
    ring = Keyring([OWN])
    ring.attach(store)
    await ring.look()
    return ring


def refused(ring: Keyring, key: str, now: float) -> str:
    with pytest.raises(Unauthorized) as caught:
        ring.principal_of(key.encode(), now)
    assert key not in f"{caught.value} {caught.value.hint}"
    return str(caught.value)


@each_database
async def test_a_key_stands_for_whose_it_is(tmp_path: Path, kind: str) -> None:
    clock = Held()
    with directory(kind, tmp_path, clock) as there:
        team = there.add(ADMIN, NewTeam("research", tags=["cost:42"], rights=Rights(models=["gpt-*"])))
        made = there.add_key(ADMIN, NewKey("one", team="research", tags=["batch"]))
        ring = await following(there)
        found = ring.principal_of(made.key.encode(), clock.now)
        assert (found.name, found.key, found.team) == ("one", made.id, team.id)
        assert found.organisation == team.organisation
        assert found.tags == ("cost:42", "batch")
        assert not found.rights.permits("claude", "anthropic", "claude")
        assert ring.principal_of(b"my own key", clock.now) is OWN.principal
        assert "not one of this gateway's" in refused(ring, "fl-" + "a" * 43, clock.now)
        await ring.aclose()


@each_database
async def test_after_a_rotation_both_keys_work_for_the_time_that_was_said(tmp_path: Path, kind: str) -> None:
    clock = Held()
    with directory(kind, tmp_path, clock) as there:
        old = there.add_key(ADMIN, NewKey("one")).key
        new = there.rotate(ADMIN, "one", Rotation("1h")).key
        ring = await following(there)
        assert ring.principal_of(old.encode(), clock.now + 3599) == ring.principal_of(new.encode(), clock.now)
        assert "expired" in refused(ring, old, clock.now + 3600)
        newest = there.rotate(ADMIN, "one", Rotation("0s")).key
        await ring.look()
        refused(ring, old, clock.now)
        refused(ring, new, clock.now)
        assert ring.principal_of(newest.encode(), clock.now).name == "one"
        await ring.aclose()


async def test_a_key_ends_when_it_was_to_end(tmp_path: Path) -> None:
    clock = Held()
    with directory("sqlite", tmp_path, clock) as there:
        key = there.add_key(ADMIN, NewKey("one", expires="1d")).key
        ring = await following(there)
        assert ring.principal_of(key.encode(), clock.now + DAY - 1).name
        assert "expired" in refused(ring, key, clock.now + DAY)
        there.change(ADMIN, "key", "one", KeyChange(expires=None))
        await ring.look()
        assert ring.principal_of(key.encode(), clock.now + DAY).name
        await ring.aclose()


@each_database
async def test_what_is_above_a_key_takes_it_along(tmp_path: Path, kind: str) -> None:
    clock = Held()
    with directory(kind, tmp_path, clock) as there:
        there.add(ADMIN, NewTeam("research"))
        key = there.add_key(ADMIN, NewKey("one", team="research", rights=Rights(models=["a*"]))).key
        ring = await following(there)
        assert ring.principal_of(key.encode(), clock.now).rights.permits("ab", "p", "ab")
        there.change(ADMIN, "team", "research", KeyChange(rights=Rights(models=["ac*"])))
        await ring.look()
        assert not ring.principal_of(key.encode(), clock.now).rights.permits("ab", "p", "ab")
        there.block(ADMIN, "team", "research")
        await ring.look()
        assert "its team `research` is blocked" in refused(ring, key, clock.now)
        there.block(ADMIN, "team", "research", blocked=False)
        there.delete(ADMIN, "key", ["one"])
        await ring.look()
        assert "not one of this gateway's" in refused(ring, key, clock.now)
        await ring.aclose()


class Broken(Exception):
    pass


class Down:
    """A store that answers until it is down."""

    pepper = b"p" * 32

    def __init__(self, entries: list[Entry]) -> None:
        self.down = False
        self.opened = self.asked = self.read = 0
        self._entries = entries

    def _ask(self) -> None:
        if self.down:
            raise StoreUnavailable("the database does not answer")

    def open(self) -> None:
        self._ask()
        self.opened += 1

    def counter(self) -> int:
        self._ask()
        self.asked += 1
        return 1

    def entries(self) -> list[Entry]:
        self.read += 1
        return self._entries

    def close(self) -> None:
        pass


async def test_known_keys_work_while_the_database_is_down(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    clock = Held()
    with directory("sqlite", tmp_path, clock) as there:
        key = there.add_key(ADMIN, NewKey("one")).key
        store = Down(there.entries())
    ring = Keyring([OWN])
    ring.attach(store)
    await ring.look()
    store.down = True
    for _ in range(3):
        await ring.look()
        assert ring.principal_of(key.encode(), clock.now).name
    assert caplog.text.count("those that are known keep working") == 1
    store.down = False
    await ring.look()
    assert not ring.troubled
    await ring.aclose()


async def test_a_database_that_comes_late_is_opened_then() -> None:
    store = Down([])
    store.down = True
    ring = Keyring([OWN])
    ring.attach(store)
    await ring.look()
    assert ring.troubled
    ring.add(Own(Secret("another"), Principal("late")))
    assert ring.principal_of(b"another", 0.0).name == "late"
    assert ring.principal_of(b"my own key", 0.0).name
    store.down = False
    await ring.look()
    assert (store.opened, ring.troubled) == (1, False)
    assert ring.principal_of(b"another", 0.0).name == "late"
    await ring.aclose()


async def test_keys_are_read_again_only_where_something_changed() -> None:
    store = Down([])
    ring = Keyring()
    ring.attach(store)
    for _ in range(5):
        await ring.look()
    assert (store.asked, store.read) == (5, 1)
    await ring.aclose()


async def test_it_looks_again_by_itself_and_what_breaks_does_not_stop_it(caplog: pytest.LogCaptureFixture) -> None:
    store = Down([])
    ring = Keyring()
    ring.attach(store)
    with patch.object(store, "entries", side_effect=Broken):
        ring.follow(interval=0.001)
        async with asyncio.timeout(10):
            while store.asked < 3:
                await asyncio.sleep(0.001)
    async with asyncio.timeout(10):
        while not store.read:
            await asyncio.sleep(0.001)
    assert "Broken" in caplog.text
    await ring.aclose()


@pytest.mark.parametrize(
    "presented",
    ["' OR '1'='1", "'; SELECT pg_sleep(5)--", "x" * 100_000, "fl-' UNION SELECT 1--", "\xff\xfe", "fl-" + "a" * 43],
)
async def test_a_key_is_looked_up_without_a_query(tmp_path: Path, presented: str) -> None:
    with directory("sqlite", tmp_path) as there:
        ring = await following(there)
        with patch.object(there.database.engine, "connect", side_effect=Broken):
            refused(ring, presented, 0.0)
        await ring.aclose()
