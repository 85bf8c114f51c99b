"""`ai db`, as a user runs it."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from fairlead.state.schema import HEAD
from tests.cli.conftest import Program


def place(ai: Program) -> Path:
    return ai.home / "data" / "fairlead" / "fairlead.db"


async def test_a_database_is_made_and_found_whole(ai: Program) -> None:
    none = await ai("db", "check")
    assert none.code == 1
    assert "there is none yet" in none.out
    assert not place(ai).exists()
    made = await ai("db", "upgrade")
    assert (made.code, made.out, made.err) == (0, f"{place(ai)} has schema {HEAD}, the newest\n", "")
    assert (await ai("keys", "create", "one")).code == 0
    whole = await ai("db", "check")
    assert whole.code == 0
    assert str(place(ai)) in whole.out
    told = json.loads((await ai("db", "check", "--json")).out)
    assert (told["ok"], told["schema"], told["newest"], told["faults"]) == (True, HEAD, HEAD, [])
    assert (told["rows"]["keys"], told["rows"]["calls"]) == (1, 0)


async def test_what_is_wrong_is_told(ai: Program) -> None:
    await ai("db", "upgrade")
    with closing(sqlite3.connect(place(ai))) as there:
        there.execute("DROP TABLE call_tags")
        there.commit()
        lost = await ai("db", "check")
        assert (lost.code, "the table `call_tags` is missing" in lost.out) == (1, True)
        there.execute("UPDATE fairlead_revision SET version_num = '9000'")
        there.commit()
    newer = await ai("db", "check", "--json")
    assert newer.code == 1
    assert f"9000 is newer than {HEAD}" in json.loads(newer.out)["faults"][0]


async def test_s03_a_newer_schema_is_served_by_nobody(ai: Program) -> None:
    await ai("db", "upgrade")
    with closing(sqlite3.connect(place(ai))) as there:
        there.execute("UPDATE fairlead_revision SET version_num = '9000'")
        there.commit()
    for line in (("serve", "--port", "0"), ("keys", "list"), ("usage",), ("db", "upgrade")):
        ran = await ai(*line)
        assert (ran.code, ran.out) == (2, ""), line
        assert f"the database {place(ai)} has schema 9000" in ran.err
        assert "hint: run the Fairlead that upgraded it" in ran.err


async def test_s03_a_file_that_is_no_database_is_told_and_left(ai: Program) -> None:
    place(ai).parent.mkdir(parents=True)
    place(ai).write_bytes(b"this is no database" * 1000)
    for line, code in ((("serve", "--port", "0"), 2), (("db", "upgrade"), 2), (("db", "check"), 1)):
        ran = await ai(*line)
        assert ran.code == code, line
        assert f"{place(ai)} cannot be used: file is not a database" in ran.out + ran.err
    assert place(ai).read_bytes() == b"this is no database" * 1000


async def test_a_server_that_does_not_answer_is_told_without_its_password(ai: Program) -> None:
    ran = await ai("db", "check", FAIRLEAD_DATABASE="postgresql://me:hunter2@127.0.0.1:1/none")
    assert (ran.code, ran.out) == (3, "")
    assert "does not answer" in ran.err
    assert "hunter2" not in ran.err
