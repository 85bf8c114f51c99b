"""The bench's tables say what was measured, and what was not and why."""

import sys

import pytest

if sys.platform != "linux":
    pytest.skip("the bench reads /proc and pins to cores: Linux only", allow_module_level=True)

from bench.__main__ import _with_needed
from bench.bars import BARS
from bench.figures import Figures
from bench.parts import ALONE, LOADED
from bench.report import BEGIN, END, PAGE, text, write

ABOUT = {"when": "2026-01-01 00:00 UTC", "machine": "m, 2 cores", "python": "3.11", "seconds": 9, "others": 0.01}


@pytest.fixture
def figures():
    made = Figures(about={**ABOUT, "parts": [*LOADED, *ALONE]}, versions={"nginx": "1", "Fairlead": "2"})
    for nginx, fairlead in ((10.0, 30.0), (12.0, 24.0), (11.0, 22.0)):
        made.add("nginx", cpu_us=nginx, p50_us=150.0)
        made.add("Fairlead", cpu_us=fairlead, p50_us=340.0)
    made.miss("Fairlead", "streams 500", "3 of 500 streams did not end well")
    return made


def test_figures_are_medians_and_ratios_are_to_nginx(figures):
    assert "| Fairlead 2 | 24.0 (2.18) | - |" in text(figures)


def test_a_bar_says_whether_it_was_met(figures):
    lines = text(figures).splitlines()
    assert "| CPU-µs per call, c=64, ~1 KB | ≤ 3.2x nginx | ≤ 2.5x nginx | 2.18x nginx | ok, aim met |" in lines
    assert "| p50 over nginx's at 100 calls/s | ≤ 150 µs | ≤ 30 µs | 190 µs | **missed** |" in lines


def test_what_could_not_be_measured_is_said_with_the_reason(figures):
    said = text(figures)
    assert "| longest stall, 500 streams | ≤ 100 ms | - | - | not measured, see below |" in said
    assert "- Fairlead, streams 500: 3 of 500 streams did not end well" in said


def test_a_run_of_some_parts_shows_only_their_bars(figures):
    figures.about["parts"] = ["cpu"]
    assert sum(f"| {bar.what} |" in text(figures) for bar in BARS) == 1


def test_translated_calls_have_a_table_and_bars_of_their_own(figures):
    figures.add("Fairlead to gemini", cpu_us=44.0)
    figures.miss("Fairlead to anthropic-messages", "translated", "not a chat completion: 404")
    lines = text(figures).splitlines()
    assert "| `gemini` | 44.0 (4.00) | - | - |" in lines
    call = "CPU-µs per call, ~1 KB | ≤ 8x nginx | ≤ 5x nginx"
    assert f"| translated to `gemini`: {call} | 4x nginx | ok, aim met |" in lines
    assert "| translated to `gemini`: 100 KB body | ≤ 6x nginx | - | - | not measured |" in lines
    assert f"| translated to `anthropic-messages`: {call} | - | not measured, see below |" in lines


def test_translated_calls_are_measured_in_the_rounds_of_the_parts_they_are_compared_in():
    assert _with_needed(["help", "translated"]) == ["translated", "cpu", "big", "events", "help"]


def test_the_page_keeps_its_prose(figures, tmp_path):
    page = tmp_path / "performance.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    write(figures, page)
    now = page.read_text()
    assert now.startswith("before\n")
    assert now.endswith("\nafter\n")
    assert "old" not in now
    assert text(figures) in now


def test_the_page_has_its_markers_and_every_bar():
    page = PAGE.read_text()
    assert page.index(BEGIN) < page.index(END)
    assert [bar.what for bar in BARS if f"| {bar.what} |" not in page] == []
