"""What is administered: who belongs to whom, who may change what, and that a child never gets more."""

import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from fairlead.errors import ConfigError, Conflict, Forbidden, NotFound, RequestError
from fairlead.ledger import directory as module
from fairlead.ledger.allowances import Allowance, Speed
from fairlead.ledger.directory import Directory
from fairlead.ledger.lineage import TABLES
from fairlead.ledger.objects import Change, NewKey, NewOrganisation, NewTeam, NewUser, Rotation
from fairlead.ledger.principal import Principal, Role
from fairlead.ledger.rights import Granted, Rights
from fairlead.state.database import Database
from tests.support.databases import KINDS
from tests.support.directory import ADMIN, AUDITOR, PEPPER, Held, directory


@pytest.fixture(params=KINDS)
def there(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Directory]:
    with directory(request.param, tmp_path) as made:
        yield made


def member(there: Directory, team: str, *levels: Rights) -> Principal:
    return Principal("mia", "key_of_mia", Role.MEMBER, team=there.show(ADMIN, "team", team).id, rights=Granted(levels))


def test_a_key_belongs_to_a_user_and_so_to_its_team_and_organisation(there: Directory) -> None:
    organisation = there.add(ADMIN, NewOrganisation("acme"))
    team = there.add(ADMIN, NewTeam("research", organisation="acme"))
    user = there.add(ADMIN, NewUser("uma", team="research"))
    key = there.add_key(ADMIN, NewKey("one", user="uma"))
    assert (key.organisation, key.team, key.user) == (organisation.id, team.id, user.id)
    assert there.page(ADMIN, "key", team="research").data == [there.show(ADMIN, "key", "one")]


def test_what_a_key_names_has_to_be_of_one_line(there: Directory) -> None:
    for name in ("red", "blue"):
        there.add(ADMIN, NewTeam(name))
    there.add(ADMIN, NewUser("uma", team="red"))
    with pytest.raises(RequestError, match="team"):
        there.add_key(ADMIN, NewKey("one", user="uma", team="blue"))
    assert there.page(ADMIN, "key").data == []


def test_the_key_itself_is_kept_nowhere(there: Directory) -> None:
    made = there.add_key(ADMIN, NewKey("one"))
    rotated = there.rotate(ADMIN, "one", Rotation())
    with there.database.reading() as connection:
        kept = [str(row) for table in TABLES.values() for row in connection.execute(table.select())]
    said = [*kept, *map(repr, (there.show(ADMIN, "key", "one"), there.page(ADMIN, "key"), there.records(ADMIN)))]
    for key in (made.key, rotated.key):
        assert not any(key in each for each in said)
        assert not any(key[3:20] in each for each in said)


def test_a_child_wider_than_its_parent_is_refused(there: Directory) -> None:
    there.add(ADMIN, NewOrganisation("acme", rights=Rights(providers=["anthropic", "openai"])))
    with pytest.raises(RequestError, match=r"more than what it belongs to.*`google`"):
        there.add(ADMIN, NewTeam("research", rights=Rights(providers=["google"])))
    there.add(ADMIN, NewTeam("research", rights=Rights(providers=["anthropic"], models=["claude-*"])))
    with pytest.raises(RequestError, match="`openai`"):
        there.add_key(ADMIN, NewKey("one", team="research", rights=Rights(providers=["openai"])))
    made = there.add_key(ADMIN, NewKey("one", team="research", rights=Rights(models=["claude-3*"])))
    with pytest.raises(RequestError, match="`models`"):
        there.change(ADMIN, "key", "one", Change(rights=Rights(models=["*"])))
    assert [sorted(level) for level in made.granted] == [["providers"], ["models", "providers"], ["models"]]


def test_rights_that_cannot_be_read_are_refused(there: Directory) -> None:
    with pytest.raises(RequestError, match="addresses"):
        there.add_key(ADMIN, NewKey("one", rights=Rights(addresses=["10.0.0.1/8"])))


def test_a_member_sees_and_changes_its_own_team_alone(there: Directory) -> None:
    for name in ("red", "blue"):
        there.add(ADMIN, NewTeam(name))
        there.add_key(ADMIN, NewKey(f"key of {name}", team=name))
    mia = member(there, "red")
    other = there.show(ADMIN, "key", "key of blue")
    assert [each.name for each in there.page(mia, "team").data] == ["red"]
    assert [each.name for each in there.page(mia, "key").data] == ["key of red"]
    assert there.page(mia, "organisation").data == []
    for named in (other.id, other.name):
        for action in (
            lambda named=named: there.show(mia, "key", named),
            lambda named=named: there.rotate(mia, named, Rotation()),
            lambda named=named: there.block(mia, "key", named),
            lambda named=named: there.delete(mia, "key", [named]),
            lambda named=named: there.change(mia, "key", named, Change(name="mine")),
        ):
            with pytest.raises(NotFound):
                action()
    with pytest.raises(NotFound):
        there.add_key(mia, NewKey("two", team="blue"))
    assert there.add_key(mia, NewKey("two")).team == mia.team
    assert there.show(ADMIN, "key", other.id) == other


def test_a_member_neither_widens_its_team_nor_makes_admins(there: Directory) -> None:
    there.add(ADMIN, NewTeam("red", rights=Rights(models=["a*"])))
    mia = member(there, "red")
    there.add_key(ADMIN, NewKey("hers", kind="admin", role="member", team="red"))
    for action in (
        lambda: there.change(mia, "team", "red", Change(rights=Rights())),
        lambda: there.add_key(mia, NewKey("boss", kind="admin")),
        lambda: there.add_key(mia, NewKey("mate", kind="admin", role="member", team="red")),
        lambda: there.rotate(mia, "hers", Rotation()),
        lambda: there.add(mia, NewTeam("green")),
        lambda: there.records(mia),
        lambda: there.verify(mia),
    ):
        with pytest.raises(Forbidden):
            action()


def test_a_member_whose_own_key_is_limited_gives_no_more_than_that(there: Directory) -> None:
    there.add(ADMIN, NewTeam("red"))
    mia = member(there, "red", Rights(models=["small-*"]))
    with pytest.raises(Forbidden, match="more than the key that makes it"):
        there.add_key(mia, NewKey("one"))
    assert there.add_key(mia, NewKey("one", rights=Rights(models=["small-1"]))).state == "active"


def test_an_auditor_reads_and_changes_nothing(there: Directory) -> None:
    there.add(ADMIN, NewTeam("red"))
    there.add_key(ADMIN, NewKey("one", team="red"))
    assert there.show(AUDITOR, "key", "one").name == "one"
    assert len(there.records(AUDITOR).data) == 3
    for action in (
        lambda: there.add(AUDITOR, NewTeam("green")),
        lambda: there.add_key(AUDITOR, NewKey("two", team="red")),
        lambda: there.change(AUDITOR, "key", "one", Change(name="two")),
        lambda: there.rotate(AUDITOR, "one", Rotation()),
        lambda: there.block(AUDITOR, "team", "red"),
        lambda: there.delete(AUDITOR, "key", ["one"]),
    ):
        with pytest.raises(Forbidden):
            action()
    assert len(there.records(AUDITOR).data) == 3


def test_a_client_key_administers_nothing(there: Directory) -> None:
    client = Principal("one")
    for action in (
        lambda: there.page(client, "key"),
        lambda: there.add_key(client, NewKey("two")),
        lambda: there.records(client),
    ):
        with pytest.raises(Forbidden):
            action()


@pytest.mark.parametrize(
    "wanted",
    [
        NewKey("x", role="admin"),
        NewKey("x", kind="admin", role="member"),
        NewKey("x", kind="admin", team="red"),
        NewKey("x", kind="admin", budgets=[Allowance(5)]),
        NewKey("x", kind="admin", limits=[Speed(requests=5)]),
        NewKey(" x"),
        NewKey("fl-x"),
        NewKey("key_" + "0" * 32),
        NewKey("x\n"),
        NewKey("x", expires="yesterday"),
        NewKey("x", expires="0s"),
        NewKey("x", expires="2001-01-01"),
        NewKey("x", expires="99999999999w"),
    ],
)
def test_what_does_not_go_together_is_refused(there: Directory, wanted: NewKey) -> None:
    there.add(ADMIN, NewTeam("red"))
    with pytest.raises(RequestError):
        there.add_key(ADMIN, wanted)
    assert there.page(ADMIN, "key").data == []


def test_names_are_unique_where_they_stand(there: Directory) -> None:
    for name in ("red", "blue"):
        there.add(ADMIN, NewTeam(name))
        there.add_key(ADMIN, NewKey("one", team=name))
    with pytest.raises(Conflict):
        there.add(ADMIN, NewTeam("red"))
    with pytest.raises(Conflict):
        there.add_key(ADMIN, NewKey("one", team="red"))
    with pytest.raises(Conflict, match="more than one"):
        there.show(ADMIN, "key", "one")
    there.delete(ADMIN, "key", [there.page(ADMIN, "key", team="red").data[0].id])
    assert there.add_key(ADMIN, NewKey("one", team="red")).state == "active"


def test_what_something_belongs_to_is_not_deleted_under_it(there: Directory) -> None:
    there.add(ADMIN, NewTeam("red"))
    there.add_key(ADMIN, NewKey("one", team="red"))
    with pytest.raises(Conflict, match="still has 1 key"):
        there.delete(ADMIN, "team", ["red"])
    there.delete(ADMIN, "key", ["one"])
    gone = there.delete(ADMIN, "team", ["red"])[0]
    assert gone.deleted is not None
    assert there.show(ADMIN, "team", gone.id) == gone
    with pytest.raises(NotFound):
        there.show(ADMIN, "team", "red")
    with pytest.raises(NotFound):
        there.block(ADMIN, "team", gone.id)


def test_of_several_all_are_deleted_or_none(there: Directory) -> None:
    there.add_key(ADMIN, NewKey("one"))
    with pytest.raises(NotFound):
        there.delete(ADMIN, "key", ["one", "two"])
    assert there.show(ADMIN, "key", "one").state == "active"
    assert there.verify(ADMIN).records == 1


def test_a_key_is_found_by_itself_and_never_echoed(there: Directory) -> None:
    made = there.add_key(ADMIN, NewKey("one"))
    assert there.show(ADMIN, "key", made.key).id == made.id
    with pytest.raises(NotFound) as caught:
        there.show(ADMIN, "key", made.key[:-1] + "~")
    assert made.key[:20] not in str(caught.value)


def test_a_list_comes_in_parts_and_in_order(there: Directory) -> None:
    clock = there.clock
    assert isinstance(clock, Held)
    names = [f"k{number}" for number in range(7)]
    for name in names:
        there.add_key(ADMIN, NewKey(name))
        clock.now += 1
    found: list[str] = []
    after: str | None = ""
    while after is not None:
        part = there.page(ADMIN, "key", after=after, limit=3)
        found += [each.name for each in part.data]
        after = part.next
    assert found == names


def test_there_are_no_more_keys_than_memory_is_meant_for(there: Directory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_KEYS", 2)
    for name in ("a", "b"):
        there.add_key(ADMIN, NewKey(name))
    with pytest.raises(Conflict, match="there can be no more"):
        there.add_key(ADMIN, NewKey("c"))


def test_of_gateways_that_start_at_once_one_makes_the_first_key(there: Directory) -> None:
    made: list[object] = []
    threads = [threading.Thread(target=lambda: made.append(there.first_key(ADMIN, "first"))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 6
    assert len([each for each in made if each is not None]) == 1
    assert there.count_keys() == 1
    assert there.verify(ADMIN).ok


def test_another_pepper_is_told_at_the_start(there: Directory) -> None:
    url = there.database.url.render_as_string(hide_password=False)
    other = Directory(Database(url), b"q" * 32, Held())
    with pytest.raises(ConfigError, match="another secret"):
        other.open()
    other.close()
    again = Directory(Database(url), PEPPER, Held())
    again.open()
    again.close()


def test_everything_that_is_shown_is_json(there: Directory) -> None:
    there.add(ADMIN, NewTeam("red"))
    made = there.add_key(ADMIN, NewKey("one", team="red", expires="30d"))
    said = msgspec.json.decode(msgspec.json.encode(made))
    assert said["expires"] == "2027-02-14T08:00:00Z"
    assert said["state"] == "active"
    assert "digest" not in said
