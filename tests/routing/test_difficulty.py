"""How hard a text is: by how it is made, in any language, quickly, and without what programs put into it."""

import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.routing.difficulty import SIGNS, difficulty
from fairlead.routing.said import heard, last_said, stripped

# An easy and a hard question, in as many languages as there are words for.
PAIRS = json.loads(Path(__file__).with_name("data").joinpath("difficulty.json").read_text(encoding="utf-8"))


def score(text: str) -> float:
    found = difficulty(text)
    assert found
    return found.score


@pytest.mark.parametrize("language", PAIRS)
def test_a_question_with_conditions_is_harder_in_every_language(language: str) -> None:
    easy, hard = PAIRS[language]
    assert score(easy) < 0.5 < score(hard)
    assert score(hard) - score(easy) > 0.2


def test_it_says_why() -> None:
    found = difficulty("If none of them is greater, which is the least? Otherwise, what else cannot be true?")
    assert found
    assert set(found.signs) <= set(SIGNS)
    assert {"conditions", "exceptions"} <= set(found.signs)
    assert difficulty("hello there").why == "nothing that is hard"  # type: ignore[union-attr]


@pytest.mark.parametrize("text", ["", " \n\t", "🙂", "---"])
def test_a_text_without_a_word_is_declined(text: str) -> None:
    assert difficulty(text) is None


def test_what_is_pasted_between_does_not_count() -> None:
    question = "If neither holds, which of them cannot be true, and why?"
    manual = "The pump stands on the left. It is blue. " * 200
    long, longer = (f"{question}\n{manual * times}\n{question}" for times in (1, 20))
    assert score(long) == score(longer)


@given(st.text(max_size=3000))
def test_any_text_has_a_score_or_none(text: str) -> None:
    found = difficulty(text)
    assert found is None or 0 <= found.score <= 1
    assert found == difficulty(text)


def test_two_kilobytes_take_little_time() -> None:
    """The aim is 50 µs; the test allows what a machine under load makes of it."""
    text = ("If 9 workers, none of whom rests, need 4.5 days (each of 8 hours), how many hours does one need? " * 21)[
        :2048
    ]
    difficulty(text)
    best = 1.0
    for _ in range(30):
        began = time.process_time()
        for _ in range(20):
            difficulty(text)
        best = min(best, (time.process_time() - began) / 20)
    assert best < 200e-6


def test_what_programs_put_there_is_not_heard() -> None:
    reminder = "<system-reminder>\nIf x then y, unless z. Never do w.\n</system-reminder>"
    assert stripped(f"{reminder}hello{reminder}") == "hello"
    assert stripped("<TOOL_RESULT id='1'>no</tool_result>yes") == "yes"
    assert stripped("<system-reminder>that never ends") == "<system-reminder>that never ends"
    assert stripped("a <b> c </b>") == "a <b> c </b>"
    assert stripped("İ<system-reminder>x</system-reminder>ok") == "İok"


def test_a_tool_loop_says_the_same_at_each_step() -> None:
    question = {"role": "user", "content": "why is it slow?"}
    call = {"role": "assistant", "tool_calls": [{"id": "1"}], "content": None}
    result = {"role": "tool", "tool_call_id": "1", "content": "if 9 > 8 then never"}
    anthropic = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "1", "content": "if not"}]}
    reminder = {"role": "user", "content": "<system-reminder>if not</system-reminder>"}
    for turns in ([question], [question, call, result], [question, call, anthropic], [question, reminder]):
        assert last_said({"messages": turns}) == "why is it slow?"


@pytest.mark.parametrize(
    "body",
    [
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "hello"}]}]},
        {"prompt": "hello"},
        {"input": [{"role": "user", "content": [{"type": "input_text", "text": "hello"}]}]},
        {"contents": [{"role": "user", "parts": [{"text": "hello"}]}]},
        {"input": "hello"},
        {"message": "hello"},
    ],
    ids=["chat", "completion", "responses", "gemini", "embedding", "cohere"],
)
def test_every_dialect_is_heard(body: dict[str, object]) -> None:
    assert last_said(body) == "hello"
    members = {name: json.dumps(value).encode() for name, value in body.items()}
    assert heard(members.get) == "hello"


def test_what_cannot_be_read_says_nothing() -> None:
    assert heard({"messages": b"[{"}.get) == ""
    assert last_said({"messages": [1, None, {"role": "user", "content": 7}]}) == ""


def test_stripping_takes_no_longer_for_hostile_text() -> None:
    began = time.process_time()
    stripped("<system-reminder>" * 200_000)
    stripped("<tool_result>x</tool_result>" * 100_000)
    assert time.process_time() - began < 5
