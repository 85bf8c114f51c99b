"""`default_params`, `override_params` and `drop_params`, in this order (R12); all else stays as it was sent."""

import pytest

from fairlead.dialects.members import Members
from fairlead.routing.how import Edits
from fairlead.routing.portkey_config.edits import changes

BODY = (
    b'{ "model":"m" , "temperature": 1.0,"user":null,\n "messages":[{"role":"user","name":"a","content":"x"},'
    b'{"role":"user","name":"b"}], "tools":[{"function":{"strict":true,"name":"f"}}] }'
)


def edited(edits: Edits) -> bytes:
    members = Members(BODY)
    held = {name: members.get(name) or b"" for name in members.names}
    return members.splice(changes(held, edits))


def test_a_default_is_taken_only_where_the_call_says_nothing() -> None:
    assert edited(Edits({"temperature": 0, "user": "u"})) == BODY
    assert b'"seed":1' in edited(Edits({"seed": 1}))


def test_an_override_replaces_and_the_rest_stays_byte_for_byte() -> None:
    assert edited(Edits({}, {"temperature": 0.5})) == BODY.replace(b"1.0", b"0.5")


def test_an_override_wins_over_a_default_and_a_drop_over_both() -> None:
    assert b'"seed":2' in edited(Edits({"seed": 1}, {"seed": 2}))
    assert edited(Edits({"seed": 1}, {"seed": 2}, ("seed",))) == BODY
    assert b'"user"' not in edited(Edits({}, {"user": "u"}, ("user",))).replace(b'"role":"user"', b"")


@pytest.mark.parametrize(
    ("path", "gone", "left"),
    [
        ("messages[*].name", b'"name":"a"', b'"content":"x"'),
        ("messages[1].name", b'"name":"b"', b'"name":"a"'),
        ("tools[*].function.strict", b"strict", b'"name":"f"'),
        ("tools[0]", b"strict", b'"tools":[]'),
        ("messages[*]", b"content", b'"messages":[]'),
        ("tools", b"tools", b"messages"),
    ],
)
def test_a_path_leads_to_what_goes(path: str, gone: bytes, left: bytes) -> None:
    said = edited(Edits({}, {}, (path,)))
    assert gone not in said
    assert left in said


@pytest.mark.parametrize("path", ["nothing", "temperature.x", "messages[7].name", "messages.name", "tools[*].no.where"])
def test_a_path_that_leads_nowhere_changes_nothing(path: str) -> None:
    assert edited(Edits({}, {}, (path,))) == BODY


def test_the_models_name_is_the_targets_matter() -> None:
    assert edited(Edits({}, {"model": "other"}, ("model",))) == BODY
