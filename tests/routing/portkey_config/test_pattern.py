"""`$regex`: found where `re` finds it, in bounded time, whatever the pattern."""

import random
import re
import time

import pytest

from fairlead.config.portkey_objects.pattern import BadPattern, Pattern

PATTERNS = [
    "^gpt-4",
    "a|b|",
    "(a+)+$",
    r"^[a-z0-9._-]+@example\.(com|org)$",
    r"\bfoo\b",
    r"\Bx",
    "x{2,3}y",
    "x{0}y",
    "x{2,}y",
    "[^abc]d",
    r"\d{3}-\d+",
    "^$",
    "a.c",
    "(?:ab)*c$",
    r"[\w.-]+\s?z",
    "^(a|b)*a(a|b){3}$",
    "(^a|b$)",
    "a??b+?",
    "[-a]x",
    r"\x61\u0062",
    "(?<year>0+)1",
]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_it_finds_what_re_finds(pattern: str) -> None:
    mine = Pattern(pattern)
    theirs = re.compile(pattern.replace("$", r"\Z").replace("(?<", "(?P<"), re.ASCII)
    draw = random.Random(1)
    for _ in range(500):
        text = "".join(draw.choice("abcdxyzfo0123-.@ \n") for _ in range(draw.randrange(12)))
        assert mine.search(text) == bool(theirs.search(text)), text


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("(a+)+$", "a" * 50_000 + "b"),
        ("(a|a)*(a|a)*b", "a" * 50_000),
        ("(.*)*[^a]b", "a" * 50_000),
        ("(a|b)*a(a|b){60}c", "".join(random.Random(2).choice("ab") for _ in range(50_000))),
    ],
)
def test_a_hostile_pattern_takes_no_long_time(pattern: str, text: str) -> None:
    compiled, began = Pattern(pattern), time.process_time()
    assert not compiled.search(text)
    assert time.process_time() - began < 1.0


def test_the_end_of_a_text_is_not_where_looking_at_it_ends() -> None:
    assert not Pattern("a$").search("a" * 50_000 + "b")
    assert Pattern("^a").search("a" * 50_000)


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("(?=a)", "bounded time"),
        (r"(a)\1", "not understood"),
        ("a**", "quantifier"),
        ("*a", "nothing before it"),
        ("(a", "not closed"),
        ("a)", "closes nothing"),
        ("[a", "not closed"),
        ("[b-a]", "wrong order"),
        ("a{3,2}", "wrong order"),
        ("a\\", "ends with"),
        ("(" * 40 + ")" * 40, "deep"),
        ("((a{30}){30}){30}", "states"),
        ("a" * 513, "characters"),
    ],
)
def test_what_cannot_be_used_is_said(pattern: str, why: str) -> None:
    with pytest.raises(BadPattern, match=why):
        Pattern(pattern)
