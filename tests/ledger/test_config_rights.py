"""Who may bring a config of their own: nobody unless it is said, and nobody whom something above refuses it."""

from pathlib import Path

import pytest

from fairlead.errors import Forbidden, RequestError
from fairlead.ledger.directory import Directory
from fairlead.ledger.objects import KeyChange, NewKey, NewTeam
from fairlead.ledger.principal import Principal, Role
from fairlead.ledger.rights import EVERYTHING, Granted, Rights
from tests.support.directory import ADMIN, directory

YES, NO, UNSAID = Rights(config_override=True), Rights(config_override=False), Rights()


@pytest.mark.parametrize(
    ("levels", "may"),
    [
        ((), False),
        ((UNSAID, UNSAID), False),
        ((UNSAID, YES), True),
        ((YES, UNSAID), True),
        ((NO, YES), False),
        ((YES, NO), False),
    ],
)
def test_it_is_no_unless_it_is_said_and_nowhere_refused(levels: tuple[Rights, ...], may: bool) -> None:
    assert Granted(levels).overrides_config == may


def test_the_operators_own_key_may() -> None:
    assert EVERYTHING.overrides_config


def test_the_innermost_config_is_the_keys() -> None:
    assert Granted([Rights(config="team"), Rights(config="key")]).config == "key"
    assert Granted([Rights(config="team"), UNSAID]).config == "team"
    assert Granted([UNSAID]).config is None


def test_what_is_said_of_configs_limits_nothing_else() -> None:
    granted = Granted([Rights(config_override=True, config="c")])
    assert not granted.limits_entry
    assert not granted.limits_targets


def test_a_key_is_not_given_what_its_team_is_refused(tmp_path: Path) -> None:
    with directory("sqlite", tmp_path) as there:
        there.add(ADMIN, NewTeam("red", rights=NO))
        with pytest.raises(RequestError, match="config_override"):
            there.add_key(ADMIN, NewKey("one", team="red", rights=YES))


def test_a_member_does_not_give_it_to_itself(tmp_path: Path) -> None:
    with directory("sqlite", tmp_path) as there:
        _red_and_blue(there)
        mia = Principal("mia", "key_of_mia", Role.MEMBER, team=there.show(ADMIN, "team", "red").id, rights=Granted())
        with pytest.raises(Forbidden, match="config_override"):
            there.add_key(mia, NewKey("one", rights=YES))
        there.add_key(mia, NewKey("two"))
        with pytest.raises(Forbidden, match="config_override"):
            there.change(mia, "key", "two", KeyChange(rights=YES))
        ben = Principal("ben", "key_of_ben", Role.MEMBER, team=there.show(ADMIN, "team", "blue").id, rights=Granted())
        assert there.add_key(ben, NewKey("three", rights=YES)).rights == YES


def _red_and_blue(there: Directory) -> None:
    there.add(ADMIN, NewTeam("red"))
    there.add(ADMIN, NewTeam("blue", rights=YES))
