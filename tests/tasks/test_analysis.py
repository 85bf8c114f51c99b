"""Query analysis: pictures, the web, complexity and task, in many languages, with reasons (C24)."""

import json
import time
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.routing.analysis import Heard, analyze, heard
from fairlead.routing.analysis.cues import shipped
from fairlead.routing.intent import infer
from fairlead.routing.said import stripped

DATA = Path(__file__).with_name("data")
LEVELS = {"s": "simple", "m": "medium", "h": "high"}
LANGUAGES = {"en", "de", "fr", "es", "pt", "it", "ru", "zh", "ja", "hi", "ar"}


class Query(NamedTuple):
    lang: str
    need: str
    levels: list[str]
    text: str


def queries(name: str) -> list[Query]:
    lines = (DATA / name).read_text(encoding="utf-8").splitlines()
    rows = ([part.strip() for part in line.split("|", 3)] for line in lines if line and line[0] != "#")
    return [Query(lang, need, [LEVELS[level] for level in levels], text) for lang, need, levels, text in rows]


def as_wanted(query: Query) -> bool:
    found = analyze(query.text)
    need = "v" if found.requires_vision else "s" if found.requires_web_search else "-"
    return need == query.need and found.complexity in query.levels


@pytest.mark.parametrize("query", queries("queries.txt"), ids=lambda query: f"{query.lang}:{query.text[:40]}")
def test_c24_what_a_query_needs_in_its_language(query: Query) -> None:
    assert as_wanted(query), analyze(query.text)


def test_c24_queries_that_the_words_were_not_written_for() -> None:
    """Written before they were tried; the words have not been changed for more than one of them."""
    rows = queries("held_out.txt")
    missed = [query.text for query in rows if not as_wanted(query)]
    assert len(missed) <= len(rows) // 10, missed


@pytest.mark.parametrize("kind", ["vision", "search", "deep", "bound", "easy"])
def test_every_kind_of_cue_is_there_in_every_language(kind: str) -> None:
    langs = {lang for lang, cue in shipped() if cue.kind == kind}
    assert langs >= LANGUAGES


def test_no_cue_is_empty_or_spelled_with_brackets_within_brackets() -> None:
    for lang, cue in shipped():
        assert cue.words, (lang, cue.text)
        assert not set("()|") & set(cue.text), (lang, cue.text)


@pytest.mark.parametrize(
    ("text", "task"),
    [
        ("Review this code for bugs", "code_review"),
        ("Prüfe meinen Code", "code_review"),
        ("Write a function that sorts a list", "code_generation"),
        ("Напиши функцию на Python, которая сортирует список", "code_generation"),
        ("写一个Python函数对列表排序", "code_generation"),
        ("Analyze the correlation in this dataset", "data_analysis"),
        ("Explain the causes of the war", "analysis"),
        ("Draft our market entry strategy", "strategic_planning"),
        ("Summarize this for the board meeting", "executive_insights"),
        ("Write a poem about the sea", "creative_tasks"),
        ("Classify each of the following items", "bulk_processing"),
        ("What is the capital of Peru?", "simple_queries"),
        ("Prove rigorously, step by step, that the bound is optimal and evaluate the trade-offs", "reasoning_tasks"),
    ],
)
def test_the_task_that_a_query_is(text: str, task: str) -> None:
    assert analyze(text).task_type == task


def test_every_verdict_has_its_reason() -> None:
    found = analyze("Prove step by step that this algorithm is optimal")
    assert set(found.reasons) == {"vision", "search", "complexity", "task"}
    assert all(found.reasons.values())
    assert "prove" in found.reasons["complexity"]


@pytest.mark.parametrize(
    ("text", "least"),
    [
        ("\n".join(f"{n}. gdfk lkdf {n * 7}" for n in range(1, 9)) + "\nplo?", "medium"),
        ("∀ε ∃δ: |x| < δ ⇒ |f(x)| < ε, f(x) = x^2 + 3x, x = 4, ∫ f", "medium"),
        ("```\n" + "def f(x):\n    return {x};\n" * 12 + "```\n" + "wert " * 90, "medium"),
        ("word " * 600, "medium"),
    ],
)
def test_the_form_of_a_query_needs_no_language(text: str, least: str) -> None:
    assert analyze(text).complexity in ("medium", "high") if least == "medium" else ("high",)


REMINDER = "<system-reminder>Prove step by step; search the web for the latest news in this image.</system-reminder>"


@pytest.mark.parametrize(
    "text",
    [
        f"hello {REMINDER}",
        f"{REMINDER}\nhello",
        "<tool_result id='3'>Design a distributed architecture in detail</tool_result>hello",
        "<environment_details>evaluate the trade-offs of the latest news</environment_details>\n\nhello",
        "Observation: the latest news, step by step, in this image\n\nhello",
        "<additional_data>latest news</additional_data><user_query>hello</user_query>",
    ],
)
def test_r9_what_programs_wrap_around_is_not_what_is_asked(text: str) -> None:
    found = analyze(text)
    assert (found.requires_vision, found.requires_web_search, found.complexity) == (False, False, "simple")
    assert stripped(text).strip() == "hello"


@pytest.mark.parametrize("text", ["<system-reminder> never closed", "a < b and c > d", "note: this [is] plain"])
def test_r9_text_that_only_looks_so_stays(text: str) -> None:
    assert stripped(text) == text


def test_r9_the_intent_too_is_read_from_what_a_person_says() -> None:
    assert infer(f"hello {REMINDER}").intent == "fast"
    assert infer("<tool_result>write a poem</tool_result> write a function").intent == "code"


def test_r9_a_turn_of_tool_results_says_nothing() -> None:
    question = {"role": "user", "content": "Was siehst du auf diesem Foto?"}
    openai = [
        question,
        {"role": "assistant", "content": None, "tool_calls": []},
        {"role": "tool", "content": "the latest news"},
    ]
    anthropic = [
        question,
        {"role": "assistant", "content": [{"type": "tool_use", "id": "1", "name": "f", "input": {}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "1", "content": "the latest news"}]},
        {"role": "user", "content": [{"type": "text", "text": REMINDER}]},
    ]
    for messages in (openai, anthropic):
        assert heard({"messages": messages}).text == "Was siehst du auf diesem Foto?"


PICTURE = "data:image/png;base64,AAAA"


@pytest.mark.parametrize(
    "body",
    [
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": PICTURE}}]}]},
        {
            "messages": [
                {
                    "role": "user",
                    "content": [{"type": "image", "source": {"type": "base64", "media_type": "image/png"}}],
                }
            ]
        },
        {"input": [{"role": "user", "content": [{"type": "input_image", "image_url": PICTURE}]}]},
        {"contents": [{"parts": [{"inlineData": {"mimeType": "image/png", "data": "AAAA"}}]}]},
        {"messages": [{"role": "user", "content": "hi", "images": ["AAAA"]}]},
    ],
)
def test_c24_a_picture_is_found_in_every_dialect(body: dict[str, Any]) -> None:
    assert heard(body).pictures == 1
    assert analyze(heard(body)).reasons["vision"] == "a picture came with it"


@pytest.mark.parametrize(
    "members",
    [
        {"tools": [{"type": "web_search_20250305", "name": "web_search"}]},
        {"tools": [{"type": "web_search_preview"}]},
        {"tools": [{"googleSearch": {}}]},
        {"web_search_options": {}},
        {"plugins": [{"id": "web"}]},
        {"model": "openai/gpt-4o:online"},
    ],
)
def test_c24_a_search_that_the_call_asks_for(members: dict[str, Any]) -> None:
    body = {"messages": [{"role": "user", "content": "hello"}]}
    assert analyze(heard({**body, **members})).requires_web_search
    assert not analyze(
        heard({**body, "tools": [{"type": "function", "function": {"name": "web_search"}}]})
    ).requires_web_search


def test_a_link_to_a_picture_needs_eyes() -> None:
    assert analyze("Describe https://example.com/cat.png").requires_vision
    assert not analyze("Describe https://example.com/cat.html").requires_vision


@given(st.dictionaries(st.text(max_size=8), st.recursive(st.none() | st.text(max_size=20) | st.integers(), st.lists)))
def test_nothing_that_is_said_raises(body: dict[str, Any]) -> None:
    analyze(heard(body))
    analyze(heard({"messages": body, "tools": body, "plugins": body}))
    analyze(heard({"messages": [body, {"role": "user", "content": [body]}], "tools": [body]}))


@given(st.text(max_size=400))
def test_the_same_words_get_the_same_verdicts(text: str) -> None:
    assert analyze(text) == analyze(text)
    assert 0 <= analyze(Heard(text)).score <= 1


@pytest.mark.parametrize(
    "piece", ["<system-reminder>", "step by step ", "(((", "这张图", "1. a\n", "\\frac$", "a^2 ", "x = "]
)
def test_no_text_takes_long(piece: str) -> None:
    text = piece * (200_000 // len(piece))
    analyze("warm")
    started = time.perf_counter()
    analyze(text)
    assert time.perf_counter() - started < 0.5


def test_the_queries_are_in_every_language() -> None:
    rows = queries("queries.txt")
    for need in ("v", "s", "-"):
        assert {query.lang for query in rows if query.need == need} >= LANGUAGES
    assert json.dumps([query.text for query in rows])
