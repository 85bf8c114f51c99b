"""A database file that may only be read, and has the newest schema already."""

import json

from tests.cli.conftest import Program


async def test_s03_it_is_served_by_nobody_and_still_read(ai: Program) -> None:
    file = ai.home / "kept.db"
    await ai("db", "upgrade", FAIRLEAD_DATABASE=str(file))
    before = file.read_bytes()
    only = f"sqlite:///file:{file}?mode=ro&uri=true"
    for line in (("serve", "--port", "0"), ("keys", "list")):
        ran = await ai(*line, FAIRLEAD_DATABASE=only)
        assert (ran.code, ran.out) == (2, ""), line
        assert f"{file} cannot be used: attempt to write a readonly database" in ran.err
        assert "hint: let the user that Fairlead runs as write to the file" in ran.err
    checked = await ai("db", "check", "--json", FAIRLEAD_DATABASE=only)
    assert (checked.code, json.loads(checked.out)["faults"]) == (0, [])
    assert file.read_bytes() == before
