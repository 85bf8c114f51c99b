"""The beginning of an answer, in the words of each dialect that has words for it."""

import json
from typing import Any

import pytest

from fairlead.dialects.prefill import prefilled

ASKED = {"role": "user", "content": "count"}


@pytest.mark.parametrize(
    ("dialect", "mark", "last"),
    [
        ("openai-chat", "plain", {"role": "assistant", "content": "One, "}),
        ("openai-chat", "prefix", {"role": "assistant", "content": "One, ", "prefix": True}),
        ("ollama", "plain", {"role": "assistant", "content": "One, "}),
        ("anthropic-messages", "plain", {"role": "assistant", "content": [{"type": "text", "text": "One,"}]}),
        ("bedrock-converse", "plain", {"role": "assistant", "content": [{"text": "One,"}]}),
    ],
)
def test_the_answers_beginning_is_the_last_message(dialect: str, mark: str, last: dict[str, Any]) -> None:
    written = prefilled(dialect, json.dumps({"messages": [ASKED], "kept": 1}).encode(), "One, ", mark)
    assert written is not None
    assert json.loads(written) == {"messages": [ASKED, last], "kept": 1}


def test_in_gemini_it_is_the_models_turn() -> None:
    turn = {"role": "user", "parts": [{"text": "count"}]}
    written = prefilled("gemini", json.dumps({"contents": [turn]}).encode(), "One, ")
    assert written is not None
    assert json.loads(written) == {"contents": [turn, {"role": "model", "parts": [{"text": "One, "}]}]}


@pytest.mark.parametrize(
    ("dialect", "mark"), [("cohere", "plain"), ("openai-responses", "plain"), ("openai-chat", "none")]
)
def test_who_has_no_words_for_it_is_not_asked(dialect: str, mark: str) -> None:
    assert prefilled(dialect, b'{"messages":[]}', "One", mark) is None
