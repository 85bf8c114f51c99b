"""The reference page lists every quirk and every word, and the shipped rows cite only quirks that there are."""

import re
from pathlib import Path

from fairlead.providers.catalog import load_rows
from fairlead.providers.mends import FINISH_WORDS
from fairlead.providers.quirks import COMMON, QUIRKS, mender

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "quirks.md"


def test_every_quirk_and_finish_word_is_in_the_reference() -> None:
    page = PAGE.read_text(encoding="utf-8")
    listed = re.findall(r"^\| `([a-z-]+)` \| (.*) \|$", page, re.MULTILINE)
    assert listed == [(quirk.name, quirk.summary) for quirk in QUIRKS.values()]
    lines = re.findall(r"^- `(\w+)`: (.*)$", page, re.MULTILINE)
    words = {ours: tuple(re.findall(r"`([^`]+)`", line)) for ours, line in lines}
    assert words == {ours: theirs for ours, theirs in FINISH_WORDS.items() if theirs}


def test_a_row_may_say_common_or_all() -> None:
    assert set(mender(["common"]).names) == set(COMMON)
    assert mender(["all"]).names == tuple(QUIRKS)
    assert all(f"`{name}`" in PAGE.read_text(encoding="utf-8") for name in ("common", "all"))


def test_every_shipped_row_cites_quirks_that_there_are() -> None:
    assert [mender(row.quirks or ()).names for row in load_rows().values()]
    assert not load_rows()["openai"].quirks
