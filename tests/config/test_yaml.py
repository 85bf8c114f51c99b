import pytest

from fairlead.config.read import MAX_BYTES, MAX_DEPTH
from tests.config.conftest import Desk


@pytest.mark.parametrize(
    ("text", "line", "column", "part"),
    [
        ("a: b: c\n", 1, 5, "mapping values are not allowed"),
        ("server:\n\tport: 1\n", 2, 1, "cannot start any token"),
        ("server: [1, 2\n", 2, 1, "expected ',' or ']'"),
        ("a: 'x\n", 2, 1, "unexpected end of stream"),
        ("a: *nowhere\n", 1, 4, "undefined alias"),
        ("---\na: 1\n---\nb: 2\n", 3, 1, "another document"),
        ("a: 1\nb: \x00\n", 2, 4, "control character"),
        ("- 1\n", 1, 1, "expected names with values"),
        ("text\n", 1, 1, "expected names with values"),
    ],
)
def test_what_is_not_yaml_is_a_problem_with_its_place(desk: Desk, text: str, line: int, column: int, part: str) -> None:
    problem = desk.problem(text)
    assert (problem.file, problem.line, problem.column) == ("fairlead.yaml", line, column)
    assert part in problem.message


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "{}\n", "\ufeffserver:\n", "~\n"])
def test_a_file_may_say_nothing(desk: Desk, text: str) -> None:
    assert desk.load(text).config == desk.load("", XDG_CONFIG_HOME="/nonexistent").config


def test_a_file_that_is_not_utf8_is_a_problem_with_its_place(desk: Desk) -> None:
    (desk.cwd / "fairlead.yaml").write_bytes("app:\n  title: é".encode() + b"\xff\n")
    problem = desk.problem()
    assert (problem.line, problem.column, problem.message) == (2, 11, "not UTF-8")


def test_a_file_is_bounded(desk: Desk) -> None:
    assert desk.problem("#" * (MAX_BYTES + 1)).message == f"longer than {MAX_BYTES} bytes"
    assert desk.load("#" * MAX_BYTES).config.server.port == 8787


def test_a_name_that_is_written_twice_is_a_problem(desk: Desk) -> None:
    problem = desk.problem("server:\n  port: 1\n  host: a\n  port: 2\n")
    assert (problem.line, problem.column, problem.path) == (4, 3, "server.port")
    assert problem.message == "written twice; first on line 2"


def test_anchors_and_merges_work(desk: Desk) -> None:
    text = """
models:
  one: &one
    targets: &where [{provider: groq, model: m}]
    timeouts: {total: 5}
  two: {targets: *where}
  three:
    <<: *one
    timeouts: {total: 6}
  four:
    <<: [{timeouts: {idle: 1}}, *one]
"""
    models = desk.load(text).config.models
    assert models["two"].targets == models["one"].targets == models["three"].targets == models["four"].targets
    assert models["three"].timeouts is not None
    assert models["three"].timeouts.total == 6
    assert models["four"].timeouts is not None
    assert (models["four"].timeouts.idle, models["four"].timeouts.total) == (1, None)


def test_a_problem_behind_an_alias_says_where_it_is_used(desk: Desk) -> None:
    text = "providers:\n  groq: {timeouts: &t {total: -1}}\n  xai: {timeouts: *t}\n"
    assert [problem.path for problem in desk.problems(text)] == [
        "providers.groq.timeouts.total",
        "providers.xai.timeouts.total",
    ]


def test_only_a_mapping_can_be_merged(desk: Desk) -> None:
    assert "`<<` takes a mapping" in desk.problem("server:\n  <<: 5\n").message


def test_an_alias_bomb_is_refused(desk: Desk) -> None:
    lines = ["a0: &a0 [x]"] + [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)]
    assert "values, aliases expanded" in desk.problem("\n".join(lines)).message


@pytest.mark.parametrize("text", ["a: &a [*a]\n", "a: &a {b: *a}\n", "server: &a\n  <<: *a\n"])
def test_an_alias_of_what_it_stands_in_is_refused(desk: Desk, text: str) -> None:
    assert desk.problem(text).message == f"nested more than {MAX_DEPTH} deep, aliases expanded"


@pytest.mark.parametrize("text", ["[" * 500_000, "{a: " * 200_000, "- " * 500_000])
def test_nesting_is_bounded_before_anything_recurses(desk: Desk, text: str) -> None:
    assert desk.problem(text).message == f"nested more than {MAX_DEPTH} deep"


@pytest.mark.parametrize("text", ["a: !!python/object/apply:os.system [x]", "a: !mine x", "a: !!set {x}", "!x {a: 1}"])
def test_tags_mean_nothing(desk: Desk, text: str) -> None:
    assert any("a tag" in problem.message for problem in desk.problems(text))


def test_a_name_has_to_be_text(desk: Desk) -> None:
    assert desk.problem("? [a]\n: 1\n").message == "a name has to be text"


def test_a_name_that_looks_like_something_else_is_still_a_name(desk: Desk) -> None:
    targets = "{targets: [{provider: groq, model: m}]}"
    loaded = desk.load(f"models:\n  4: {targets}\n  on: {targets}\n  2026-01-01: {targets}\n")
    assert set(loaded.config.models) == {"4", "on", "2026-01-01"}


def test_a_date_is_text(desk: Desk) -> None:
    assert desk.load("app: {title: 2026-01-01}\n").config.app.title == "2026-01-01"


def test_a_number_that_is_none_is_text(desk: Desk) -> None:
    assert desk.problem("server: {port: !!int ten}\n").message == "expected a whole number, got `ten`"
