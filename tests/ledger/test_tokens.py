"""How tokens are guessed where nobody counted them."""

import pytest

from fairlead.dialects.anthropic.count import count_tokens
from fairlead.dialects.model import Message, Request, Text, Usage
from fairlead.ledger import tokens


@pytest.mark.parametrize("text", ["a", "Hello, world", "naïve café", "日本語のテキスト", "x" * 100_000, "\ud83d"])
def test_an_estimate_is_at_least_one_and_never_more_than_the_bytes(text: str) -> None:
    assert 1 <= tokens.of_text(text) <= len(text.encode("utf-8", "replace"))


def test_text_that_is_not_english_has_more_tokens_than_its_letters() -> None:
    assert tokens.of_text("日本語") == 3
    assert tokens.of_text("abc") == 1


def test_nothing_has_no_tokens() -> None:
    assert tokens.of_text("") == 0
    assert tokens.Tally().tokens == 0


def test_a_stream_counts_as_its_whole_text() -> None:
    whole, tally = "Größe ist 日本 — and more" * 50, tokens.Tally()
    for at in range(0, len(whole), 7):
        tally.add(whole[at : at + 7])
    assert tally.tokens == tokens.of_text(whole)


def test_an_estimate_lies_near_what_a_tokenizer_says() -> None:
    """9 words of running English are 10 tokens for most tokenizers."""
    assert 10 <= tokens.of_text("The quick brown fox jumps over the lazy dog.") <= 15


def test_the_input_is_counted_as_clients_are_told() -> None:
    request = Request("m", [Message("user", [Text("How many tokens?")])])
    assert tokens.usage(request, 12) == Usage(count_tokens(request), 12)
