import runpy
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fairlead.routing.intent import INTENTS, Cue, Inference, infer, shipped_cues, vocabulary

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "intent_report.py"
REPORT = SimpleNamespace(**runpy.run_path(str(SCRIPT), run_name="intent_report"))
PHRASES = REPORT.phrases()
DECISIVE = ("do", "thing", "hint")


def share(split: str, *, english: bool | None = None) -> float:
    some = [p for p in PHRASES if p.split == split and english in (None, p.lang == "en")]
    right, total = REPORT.accuracy(some)
    return float(right / total)


def distinct() -> list[Cue]:
    return list({cue.words: cue for cue in reversed(list(shipped_cues()))}.values())


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("write an explanation", "analyze"),
        ("make me breakfast", "fast"),
        ("complex analysis", "analyze"),
        ("creative story", "creative"),
        ("write a Python function that adds two numbers", "code"),
        ("write a poem about Python", "creative"),
        ("summarize quickly", "fast"),
        ("tl;dr", "fast"),
        ("what's the capital of France?", "fast"),
        ("review this code", "analyze"),
        ("explain this function", "analyze"),
        ("", "fast"),
    ],
)
def test_the_phrases_that_were_promised(text: str, intent: str) -> None:
    assert infer(text).intent == intent


@pytest.mark.parametrize(
    "text",
    [
        "encode my feelings",
        "a breakfast of porridge",
        "that is a classy place",
        "the scribe wrote on papyrus",
        "my disfunctional family",
        "an explanationless mystery",
        "he poemed all day",
        "a storyteller walks in",
        "scripted television",
    ],
)
def test_a_cue_inside_a_longer_word_is_none(text: str) -> None:
    assert infer(text).intent == "fast"
    assert infer(text).cues == ()


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("このコードを説明して", "analyze"),
        ("ログを分析するスクリプトを書いて", "code"),
        ("写一个分析日志的脚本", "code"),
        ("写一首关于代码的诗", "creative"),
        ("Python i\u00e7in bir \u015fiir yaz", "creative"),
        ("इस कोड को समझाओ", "analyze"),
        ("이 함수를 설명해 줘", "analyze"),
    ],
)
def test_where_the_verb_comes_last_the_last_request_decides(text: str, intent: str) -> None:
    assert infer(text).intent == intent


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("ESCRIBE UNA FUNCIÓN", "code"),
        ("escribe una funcion", "code"),
        ("escribe una funcio\u0301n", "code"),
        ("Erklaere mir das", "analyze"),
        ("ŞİİR YAZ", "creative"),
        ("What\N{RIGHT SINGLE QUOTATION MARK}s the story?", "creative"),
    ],
)
def test_case_accents_and_composition_do_not_matter(text: str, intent: str) -> None:
    assert infer(text).intent == intent


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("```\nexplain = story()\n```", "code"),
        ("explain this:\n```\nx = 1\n```", "analyze"),
        ("write a story about this:\n```\nx = 1\n```", "creative"),
        ("def explain(story):\n    return story", "code"),
        ("SELECT story FROM novels WHERE poem = 1", "code"),
        ("def explain(story):\n    return story\n\nexplain", "analyze"),
        ("def explain(story):\n    return story\n\nclass Story:\n    pass", "code"),
        ("def explain(story):\n    return story\n\nhow many lines?" + " story" * 100, "code"),
        ("main.py is broken", "code"),
        ("see https://example.com/index.html for the opening times", "fast"),
        ("the flight to Washington D.C. is late", "fast"),
    ],
)
def test_pasted_code_asks_for_nothing_by_itself(text: str, intent: str) -> None:
    assert infer(text).intent == intent


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("don't write code, just explain the idea", "analyze"),
        ("no explanation, only the code", "code"),
        ("a Python function to compare two lists", "code"),
        ("I want to compare two lists of names", "analyze"),
        ("my yoga class has a dress code", "fast"),
        ("write a class", "code"),
    ],
)
def test_neighbours_change_what_a_cue_says(text: str, intent: str) -> None:
    assert infer(text).intent == intent


def test_the_reason_quotes_our_words_and_nothing_of_the_text() -> None:
    inferred = infer("Please write my secret-4711 function, and explain it to Bob")
    assert inferred == Inference(
        "code", "`write` … `function` asks for code, which goes before `explain`", ("write", "function")
    )


def test_the_reason_without_a_cue_names_the_default() -> None:
    assert infer("hunter2") == Inference("fast", "no cue was found, and `fast` is the default", ())


@pytest.mark.parametrize("phrase", PHRASES, ids=lambda p: p.text[:40].encode("ascii", "ignore").decode())
def test_every_reason_is_short_and_its_cues_are_of_the_vocabulary(phrase: SimpleNamespace) -> None:
    inferred = infer(phrase.text)
    assert len(inferred.reason) <= 120
    assert set(inferred.cues) <= {cue.text for row in vocabulary().cues.values() for cue in row}


def test_each_cue_alone_infers_its_intent_and_one_that_needs_company_infers_none() -> None:
    """The kinds that say nothing by themselves fall to the default, as the order in the docs has it."""
    wrong = [
        (cue, infer(" ".join(cue.words)))
        for cue in distinct()
        if infer(" ".join(cue.words)).intent != (cue.intent if cue.kind in DECISIVE else "fast")
    ]
    assert wrong == []


def test_each_word_that_may_be_code_is_code_when_it_is_made() -> None:
    wrong = [cue for cue in distinct() if cue.kind == "maybe" and infer(f"write {cue.text}").intent != "code"]
    assert wrong == []


def test_no_spelling_asks_for_two_intents() -> None:
    meant: dict[tuple[str, ...], Cue] = {}
    torn = [(cue, meant[cue.words]) for cue in shipped_cues() if meant.setdefault(cue.words, cue).intent != cue.intent]
    assert torn == []


def test_every_cue_has_words_and_a_kind_that_the_docs_explain() -> None:
    documented = REPORT.PAGE.read_text(encoding="utf-8")
    cues = list(shipped_cues())
    assert all(cue.words for cue in cues)
    assert {cue.kind for cue in cues if f"| `{cue.kind}` |" not in documented} == set()


def test_the_labelled_set_is_as_large_and_as_mixed_as_promised() -> None:
    foreign = [p for p in PHRASES if p.lang != "en"]
    assert len(PHRASES) >= 320
    assert len({p.text for p in PHRASES}) == len(PHRASES)
    assert len(foreign) >= 80
    assert len({p.lang for p in foreign}) >= 14
    assert {p.intent for p in PHRASES} == set(INTENTS)
    assert 0.35 <= sum(p.split == "held-out" for p in PHRASES) / len(PHRASES) <= 0.45


def test_accuracy_does_not_fall_below_what_was_measured() -> None:
    assert share("dev") >= 0.99
    assert share("held-out") >= 0.96
    assert share("held-out", english=True) >= 0.94
    assert share("held-out", english=False) >= 0.97


def test_the_docs_hold_what_the_script_measures() -> None:
    assert REPORT.PAGE.read_text(encoding="utf-8") == REPORT.page()


HOSTILE = {
    "one word": "a",
    "blanks": " ",
    "requests": "explain ",
    "verbs that make nothing": "write ",
    "Chinese verbs that make nothing": "\u5199\u4e00\u4e2a",
    "Japanese requests": "\u8aac\u660e\u3057",
    "unfinished SQL": "SELECT ",
    "unfinished calls": "x.f(",
    "backticks": "`",
    "words that may be code": "write a class ",
    "starts of a phrase": "in one ",
    "marks to compose": "e\u0301\u0327",
    "negations": "not code ",
    "dots": ".py",
    "URLs": "https://",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_megabyte_of_anything_takes_no_time(name: str) -> None:
    text = HOSTILE[name] * (2**20 // len(HOSTILE[name]))
    infer("warm")
    took = []
    for _ in range(3):
        began = time.thread_time()
        infer(text)
        took.append(time.thread_time() - began)
    assert min(took) < 0.1


def test_what_stands_in_the_middle_of_a_long_text_does_not_count() -> None:
    padding = "lorem ipsum " * 2000
    assert infer(padding + "write a poem " + padding).intent == "fast"
    assert infer("write a poem " + padding).intent == "creative"
    assert infer(padding + " write a poem").intent == "creative"


@pytest.mark.parametrize("shift", range(12))
def test_a_word_cut_at_the_bound_is_not_taken_for_another(shift: int) -> None:
    assert infer("x" * shift + " encode" * 3000).intent == "fast"


def test_brevity_in_the_middle_of_a_pasted_essay_is_not_asked_for() -> None:
    essay = "the ship went on " * 30
    assert infer(f"Analyze this essay: {essay} in short, {essay}").intent == "analyze"
    assert infer(f"Analyze this essay: {essay} in short, please").intent == "fast"


def test_importing_reads_no_vocabulary() -> None:
    program = "import fairlead.routing.intent as i; print(i.vocabulary.cache_info().currsize)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "0"


@given(st.text(max_size=400) | st.text(alphabet="`(){}.;=> \nSELECTFROMdefpy说明を書いて", max_size=400))
@example("\ud800")
@example("\x00")
@example("i\u0307\u0131")
def test_any_text_has_a_known_intent_and_always_the_same(text: str) -> None:
    inferred = infer(text)
    assert inferred.intent in INTENTS
    assert inferred.reason
    assert infer(text) == inferred


@given(st.lists(st.sampled_from([cue.text for cue in shipped_cues()]), max_size=12))
def test_any_sequence_of_cues_has_a_known_intent(texts: list[str]) -> None:
    assert infer(" ".join(texts)).intent in INTENTS
