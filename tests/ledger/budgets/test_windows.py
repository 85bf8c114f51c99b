"""A budget's windows: by the calendar of a place, and worked out when asked for."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.errors import ConfigError
from fairlead.ledger.budgets.windows import calendar

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "America/Santiago", "Pacific/Apia", "Africa/Cairo"]
SPANS = ["day", "week", "month", "3d", "30d"]


def at(text: str, zone: str = "UTC") -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


@pytest.mark.parametrize(
    ("every", "zone", "now", "start", "end"),
    [
        ("day", "UTC", "2026-11-21T23:59:59.999", "2026-11-21", "2026-11-22"),
        ("day", "UTC", "2026-11-22T00:00", "2026-11-22", "2026-11-23"),
        ("week", "UTC", "2026-11-22T12:00", "2026-11-16", "2026-11-23"),
        ("month", "UTC", "2028-02-29T12:00", "2028-02-01", "2028-03-01"),
        ("month", "Asia/Kolkata", "2026-12-31T23:59", "2026-12-01", "2027-01-01"),
        ("day", "America/New_York", "2026-11-01T12:00", "2026-11-01", "2026-11-02"),
        ("2d", "UTC", "1970-01-04T00:00", "1970-01-03", "1970-01-05"),
    ],
)
def test_windows_follow_the_calendar_of_a_place(every: str, zone: str, now: str, start: str, end: str) -> None:
    window = calendar(every, zone).window(at(now, zone))
    assert (window.start, window.end) == (at(start, zone), at(end, zone))


def test_a_day_on_which_clocks_are_set_has_23_or_25_hours() -> None:
    berlin = calendar("day", "Europe/Berlin")
    hours = {
        day: (window.end or 0) - window.start
        for day in ("2026-03-29", "2026-10-25", "2026-06-01")
        for window in [berlin.window(at(f"{day}T12:00", "Europe/Berlin"))]
    }
    assert [ms / 3_600_000 for ms in hours.values()] == [23, 25, 24]


def test_a_total_never_ends() -> None:
    window = calendar("total").window(at("2026-11-21"))
    assert (window.start, window.end) == (0, None)
    assert window.holds(at("9999-01-01"))


@given(st.sampled_from(SPANS), st.sampled_from(ZONES), st.integers(789_000_000_000, 2_840_000_000_000))
def test_s09_every_moment_lies_in_one_window_and_the_next_begins_where_it_ends(every: str, zone: str, now: int) -> None:
    windows = calendar(every, zone)
    window = windows.window(now)
    assert window.end is not None
    assert window.start <= now < window.end
    assert windows.window(window.start) == windows.window(window.end - 1) == window
    assert windows.window(window.end).start == window.end


@pytest.mark.parametrize("every", ["hour", "0d", "d", "-1d", "1.5d", "99999d", ""])
def test_a_span_that_makes_no_sense_is_refused(every: str) -> None:
    with pytest.raises(ConfigError, match="cannot be renewed"):
        calendar(every)


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../etc/passwd", "/etc/localtime"])
def test_a_place_that_nobody_knows_is_refused(zone: str) -> None:
    with pytest.raises(ConfigError, match="no time zone"):
        calendar("day", zone)
