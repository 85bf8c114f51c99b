from pathlib import Path

import pytest

from fairlead.config.interpolate import FILE_LIMIT, fill
from tests.config.conftest import Desk


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("plain", "plain"),
        ("${NAME}", "value"),
        ("a-${NAME}-${OTHER:-b}", "a-value-b"),
        ("${EMPTY}", ""),
        ("${EMPTY:-b}", "b"),
        ("${OTHER:-}", ""),
        ("${NAME:-b}", "value"),
        ("${OTHER:-https://a:1/b?c=d}", "https://a:1/b?c=d"),
        ("$$", "$"),
        ("$${NAME}", "${NAME}"),
        ("$$$${NAME}", "$${NAME}"),
        ("$$${NAME}", "$value"),
        ("$NAME costs $5", "$NAME costs $5"),
    ],
)
def test_marks_are_filled_in(text: str, filled: str) -> None:
    assert fill(text, {"NAME": "value", "EMPTY": ""}, Path())[0] == filled


def test_a_value_is_not_filled_in_again() -> None:
    assert fill("${A}", {"A": "${B}", "B": "no"}, Path())[0] == "${B}"


@pytest.mark.parametrize(
    ("mark", "message"),
    [
        ("${GONE}", "the variable GONE is not set"),
        ("${}", "`${…}` holds no variable's name"),
        ("${A-B}", "`${…}` holds no variable's name"),
        ("${A", "`${` is not closed"),
        ("${file:gone}", "the file gone: no such file or directory"),
    ],
)
def test_what_cannot_be_filled_in_is_a_problem_with_its_place(desk: Desk, mark: str, message: str) -> None:
    problem = desk.problem(f'app:\n  title: "{mark}"\n')
    assert (problem.file, problem.line, problem.column, problem.path) == ("fairlead.yaml", 2, 10, "app.title")
    assert problem.message == message
    assert problem.hint


def test_a_plain_value_takes_its_type_after_it_is_filled_in(desk: Desk) -> None:
    text = "server:\n  port: ${PORT:-9000}\n  drain: ${DRAIN}\nproviders:\n  groq:\n    key_optional: ${OPTIONAL}\n"
    loaded = desk.load(text, DRAIN="1.5", OPTIONAL="true").config
    assert (loaded.server.port, loaded.server.drain, loaded.providers["groq"].key_optional) == (9000, 1.5, True)


def test_a_quoted_value_stays_text(desk: Desk) -> None:
    problem = desk.problem('server:\n  port: "${PORT:-9000}"\n')
    assert problem.message == "expected a whole number, got what the variable or file holds"


def test_a_text_that_looks_like_a_number_stays_text_where_text_is_wanted(desk: Desk) -> None:
    loaded = desk.load("providers:\n  groq:\n    api_key: ${KEY}\napp:\n  title: ${TITLE}\n", KEY="00123", TITLE="no")
    assert (loaded.config.providers["groq"].api_key, loaded.config.app.title) == ("00123", "no")


def test_what_is_filled_in_cannot_add_settings(desk: Desk) -> None:
    text = "app:\n  title: ${TITLE}\n  referer: https://r.example\nproviders:\n  groq:\n    models: ${MODELS}\n"
    assert [p.message for p in desk.problems(text, TITLE="t", MODELS="[a, b]")] == [
        "expected a list, got what the variable or file holds"
    ]
    config = desk.load(text.partition("providers")[0], TITLE="a, referer: https://x.example").config
    assert (config.app.title, config.app.referer) == ("a, referer: https://x.example", "https://r.example")


def test_a_mark_that_breaks_a_flow_mapping_gets_a_hint(desk: Desk) -> None:
    problem = desk.problem("app: {title: ${TITLE}}\n", TITLE="t")
    assert problem.message.startswith("not YAML")
    assert problem.hint == "within `{…}` or `[…]`, put `${NAME}` in quotes"


def test_a_file_is_read_beside_the_configuration_without_its_last_newline(desk: Desk) -> None:
    desk.write("  key with spaces  \n", "conf/secrets/groq")
    desk.write("providers: {groq: {api_key: '${file:secrets/groq}'}}\n", "conf/gateway.yaml")
    assert desk.load(path="conf/gateway.yaml").config.providers["groq"].api_key == "  key with spaces  "


def test_a_file_that_is_too_long_or_not_text_is_a_problem(desk: Desk) -> None:
    desk.write("x" * (FILE_LIMIT + 1), "long")
    (desk.cwd / "bytes").write_bytes(b"\xff")
    text = "providers:\n  groq: {api_key: '${file:long}'}\n  xai: {api_key: '${file:bytes}'}\n"
    assert [problem.message for problem in desk.problems(text)] == [
        f"the file long: longer than {FILE_LIMIT} bytes",
        "the file bytes: not UTF-8",
    ]


def test_names_are_not_filled_in(desk: Desk) -> None:
    loaded = desk.load("models: {'${X}': {targets: [{provider: groq, model: m}]}}\n")
    assert set(loaded.config.models) == {"${X}"}
