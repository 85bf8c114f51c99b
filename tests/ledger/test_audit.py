"""The audit log tells of whoever changed it afterwards."""

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import Connection, delete, select, update

from fairlead.errors import NotFound
from fairlead.ledger import audit as log
from fairlead.ledger.directory import Directory
from fairlead.ledger.objects import Change, NewKey, NewTeam, Rotation
from fairlead.ledger.rights import Rights
from fairlead.state.tables.identity import audit, changes
from tests.support.databases import KINDS
from tests.support.directory import ADMIN, directory


@pytest.fixture(params=KINDS)
def there(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Directory]:
    with directory(request.param, tmp_path) as made:
        made.add(ADMIN, NewTeam("red"))
        made.add_key(ADMIN, NewKey("one", team="red"))
        made.change(ADMIN, "key", "one", Change(rights=Rights(models=["a*"])))
        made.rotate(ADMIN, "one", Rotation())
        made.block(ADMIN, "key", "one")
        made.delete(ADMIN, "key", ["one"])
        yield made


def test_every_change_says_who_what_before_and_after(there: Directory) -> None:
    found = there.records(ADMIN).data
    assert [(each.action, each.object_kind) for each in found] == [
        ("create", "organisation"),
        ("create", "team"),
        ("create", "key"),
        ("update", "key"),
        ("rotate", "key"),
        ("block", "key"),
        ("delete", "key"),
    ]
    assert {(each.actor, each.actor_key) for each in found} == {("ada", "key_of_ada")}
    assert [each.seq for each in found] == list(range(1, 8))
    assert found[2].before is None
    assert (found[3].before["rights"], found[3].after["rights"]) == ({}, {"models": ["a*"]})
    assert (found[5].before["state"], found[5].after["state"]) == ("active", "blocked")
    assert there.verify(ADMIN).ok


def test_what_fails_or_changes_nothing_is_not_recorded(there: Directory) -> None:
    with pytest.raises(NotFound):
        there.block(ADMIN, "key", "one")
    there.change(ADMIN, "team", "red", Change())
    there.block(ADMIN, "team", "red", blocked=False)
    assert there.verify(ADMIN).records == 7


def test_it_is_read_in_parts(there: Directory) -> None:
    first = there.records(ADMIN, after=0, limit=4)
    rest = there.records(ADMIN, after=int(first.next or 0), limit=4)
    assert [each.seq for each in (*first.data, *rest.data)] == list(range(1, 8))
    assert rest.next is None
    assert [each.seq for each in there.records(ADMIN, limit=2).data] == [6, 7]


def _changed(connection: Connection) -> None:
    connection.execute(update(audit).where(audit.c.seq == 4).values(actor="nobody"))


def _changed_and_hashed_anew(connection: Connection) -> None:
    row = dict(connection.execute(select(audit).where(audit.c.seq == 4)).one()._mapping)
    row["actor"] = "nobody"
    connection.execute(update(audit).where(audit.c.seq == 4).values(actor="nobody", hash=log._hash(row)))


def _taken_out(connection: Connection) -> None:
    connection.execute(delete(audit).where(audit.c.seq == 4))


def _closed_up(connection: Connection) -> None:
    connection.execute(delete(audit).where(audit.c.seq == 4))
    for seq in (5, 6, 7):
        connection.execute(update(audit).where(audit.c.seq == seq).values(seq=seq - 1))


def _swapped(connection: Connection) -> None:
    for before, after in ((4, 100), (5, 4), (100, 5)):
        connection.execute(update(audit).where(audit.c.seq == before).values(seq=after))


def _cut_off(connection: Connection) -> None:
    connection.execute(delete(audit).where(audit.c.seq > 3))


def _emptied(connection: Connection) -> None:
    connection.execute(delete(audit))


def _after_edited(connection: Connection) -> None:
    connection.execute(update(audit).where(audit.c.seq == 4).values(after="{}"))


@pytest.mark.parametrize(
    ("tamper", "broken"),
    [
        (_changed, 4),
        (_changed_and_hashed_anew, 5),
        (_taken_out, 4),
        (_closed_up, 4),
        (_swapped, 4),
        (_cut_off, 4),
        (_emptied, 1),
        (_after_edited, 4),
    ],
)
def test_the_first_record_that_is_not_as_it_was_is_named(
    there: Directory, tamper: Callable[[Connection], None], broken: int
) -> None:
    with there.database.writing() as connection:
        tamper(connection)
    verdict = there.verify(ADMIN)
    assert (verdict.ok, verdict.broken) == (False, broken)
    assert verdict.why


def test_an_end_that_is_cut_off_with_its_count_is_seen_by_the_seal(there: Directory) -> None:
    with there.database.writing() as connection:
        connection.execute(delete(audit).where(audit.c.seq > 3))
        head = connection.execute(select(audit.c.hash).where(audit.c.seq == 3)).scalar_one()
        connection.execute(update(changes).values(records=3, head=head))
    verdict = there.verify(ADMIN)
    assert not verdict.ok
    assert "seal" in str(verdict.why)


def test_a_record_that_somebody_put_behind_the_last_is_seen(there: Directory) -> None:
    with there.database.writing() as connection:
        row = dict(connection.execute(select(audit).where(audit.c.seq == 7)).one()._mapping)
        connection.execute(audit.insert().values({**row, "seq": 8}))
    assert there.verify(ADMIN).broken == 8


def test_a_record_is_json_whatever_is_in_it(there: Directory) -> None:
    there.add(ADMIN, NewTeam('ré"\\ud — 💡'))
    said = msgspec.json.decode(msgspec.json.encode(there.records(ADMIN).data[-1]))
    assert said["after"]["name"] == 'ré"\\ud — 💡'
    assert there.verify(ADMIN).ok
