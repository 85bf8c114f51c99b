"""What several processes had made is known to each of them, and after a restart."""

from pathlib import Path

import pytest

from fairlead.pipeline.pins import Pins
from fairlead.pipeline.remembered import Remembered


def pins(folder: Path, most: int = 2**20) -> Pins:
    made = Pins()
    made.beyond = Remembered(folder / "data" / "made.jsonl", most)
    return made


def test_each_process_knows_what_the_others_made(tmp_path: Path) -> None:
    one, two = pins(tmp_path), pins(tmp_path)
    assert two.maker("resp_1") is None
    one.note(["resp_1"], "openai", (("x-portkey-config", "pc-1"),), "team-a")
    two.note(["resp_2"], "azure")
    assert (two.maker("resp_1"), one.maker("resp_2")) == ("openai", "azure")
    assert two.made_for("resp_1", "team-a")
    assert not two.made_for("resp_1", "team-b")
    assert two.made_with("resp_1", (("x-portkey-config", "pc-1"),))
    assert not two.made_with("resp_1", ())
    assert pins(tmp_path).made_for("resp_1", "team-a")


def test_there_is_nothing_in_the_file_but_digests_and_names(tmp_path: Path) -> None:
    made = pins(tmp_path)
    made.note(["resp_of_a_client", "an encrypted thought"], "openai", (("x-key", "a secret"),), "team-a")
    path = tmp_path / "data" / "made.jsonl"
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") == 2
    assert not any(word in text for word in ("resp_of_a_client", "thought", "secret"))
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_is_written_is_bounded_and_the_newest_stays(tmp_path: Path) -> None:
    one, two, reader = pins(tmp_path, 4000), pins(tmp_path, 4000), pins(tmp_path, 4000)
    for number in range(500):
        (one if number % 3 else two).note([f"resp_{number}"], "openai")
        if number % 7 == 0:
            assert reader.maker(f"resp_{number}") == "openai"
    assert sum(path.stat().st_size for path in (tmp_path / "data").iterdir()) < 10_000
    later = pins(tmp_path, 4000)
    assert later.maker("resp_499") == later.maker("resp_480") == "openai"
    assert later.maker("resp_1") is None


@pytest.mark.parametrize("text", ["x\n", "[1]\n", '["zz","openai","","a"]\n', '["a"', "\xff\n"])
def test_lines_that_make_no_sense_are_passed_over(text: str, tmp_path: Path) -> None:
    made = pins(tmp_path)
    made.note(["resp_1"], "openai")
    with (tmp_path / "data" / "made.jsonl").open("a", encoding="latin-1") as file:
        file.write(text)
    assert pins(tmp_path).maker("resp_1") == "openai"
    assert pins(tmp_path).maker("resp_2") is None


def test_a_line_that_is_not_whole_yet_is_read_once_it_is(tmp_path: Path) -> None:
    made, reader = pins(tmp_path), pins(tmp_path)
    made.note(["resp_1"], "openai")
    path = tmp_path / "data" / "made.jsonl"
    line = path.read_bytes()
    path.write_bytes(line[:20])
    assert reader.maker("resp_1") is None
    with path.open("ab") as file:
        file.write(line[20:])
    assert reader.maker("resp_1") == "openai"


def test_a_disk_that_takes_nothing_loses_nothing_else(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "data").write_text("no folder", encoding="utf-8")
    made = pins(tmp_path)
    for number in range(3):
        made.note([f"resp_{number}"], "openai")
    assert made.maker("resp_2") == "openai"
    assert made.maker("resp_9") is None
    assert len(caplog.records) == 1
