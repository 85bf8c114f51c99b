"""Every U-row of the fault matrix has a test that is named after it."""

from tests.wall.rows import ROWS, named, of_name


def test_every_row_has_a_test() -> None:
    assert set(ROWS) == {f"U{number:02}" for number in range(1, 33)}
    assert set(named()) >= set(ROWS)


def test_a_name_says_its_rows() -> None:
    assert of_name("test_u12_u14_what_is_no_reply[u99_]") == ["U12", "U14", "U99"]
    assert of_name("test_a_menu_05") == []
