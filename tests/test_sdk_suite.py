"""What `make sdk-suite` makes of two runs of the same tests."""

import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest

SCRIPT = Path(__file__).resolve().parents[1] / "scripts" / "sdk_suite.py"
SUITE = SimpleNamespace(**runpy.run_path(str(SCRIPT), run_name="sdk_suite"))
LIST, READ = "tests.test_models.TestModels::test_list[loose]", "tests.test_models.TestModels::test_read[loose]"
MISSING = "Error code: 404 - there is nothing at /v1/models/m"
EXCUSE = SUITE.Excuse("*.TestModels::test_read[[]*", "it is not served")


def verdict(without: dict[str, str], through: dict[str, str], *excuses: object) -> tuple[str, bool]:
    lines, agreed = SUITE.report(without, through, excuses)
    return "\n".join(lines), agreed


def test_runs_in_which_the_same_tests_pass_agree() -> None:
    text, agreed = verdict({LIST: "", READ: "failed"}, {LIST: "", READ: "failed otherwise"})
    assert agreed
    assert text.splitlines()[-1].split() == ["all", "1", "1"]


@pytest.mark.parametrize(
    ("without", "through", "said"),
    [
        ({LIST: "", READ: ""}, {LIST: "", READ: MISSING}, f"not through it: {MISSING}"),
        ({LIST: "", READ: ""}, {LIST: ""}, "not through it: was not run"),
        ({LIST: "", READ: "skipped"}, {LIST: "", READ: ""}, "not without it: skipped"),
    ],
    ids=["lost", "lost because it was not run", "won"],
)
def test_a_test_that_passes_in_one_run_only_is_named_with_its_cause_and_fails(
    without: dict[str, str], through: dict[str, str], said: str
) -> None:
    text, agreed = verdict(without, through)
    assert not agreed
    assert said in text
    assert f"  {READ}" in text.splitlines()


def test_as_many_tests_are_not_the_same_tests() -> None:
    assert not verdict({LIST: "", READ: "failed"}, {LIST: "failed", READ: ""})[1]


def test_a_difference_with_a_reason_is_shown_and_does_not_fail() -> None:
    text, agreed = verdict({LIST: "", READ: ""}, {LIST: "", READ: MISSING}, EXCUSE)
    assert agreed
    assert "excused: it is not served" in text


def test_an_excuse_holds_for_its_tests_only() -> None:
    assert not verdict({LIST: "", READ: ""}, {LIST: "failed", READ: MISSING}, EXCUSE)[1]


def test_an_excuse_does_not_hold_for_what_passes_through_the_gateway_alone() -> None:
    assert not verdict({LIST: "", READ: "failed"}, {LIST: "", READ: ""}, EXCUSE)[1]


def test_an_excuse_that_excuses_nothing_fails() -> None:
    text, agreed = verdict({READ: ""}, {READ: ""}, EXCUSE)
    assert not agreed
    assert "remove it" in text


def test_a_report_of_pytest_is_read() -> None:
    cases = """<testsuites><testsuite>
        <testcase classname="a.B" name="passes"/>
        <testcase classname="a.B" name="fails"><failure message="AssertionError: no&#10;more">trace</failure></testcase>
        <testcase classname="a.B" name="breaks"><error message="failed on setup with &quot;x&quot;"/></testcase>
        <testcase classname="a.B" name="skips"><skipped/></testcase>
    </testsuite></testsuites>"""
    assert SUITE.outcomes(cases) == {
        "a.B::passes": "",
        "a.B::fails": "AssertionError: no",
        "a.B::breaks": 'failed on setup with "x"',
        "a.B::skips": "skipped",
    }


def test_the_sdk_is_fetched_in_the_locked_version_with_its_hashes() -> None:
    entry = "openai==3.51.0 \\\n    --hash=sha256:2 \\\n    --hash=sha256:3"
    assert SUITE.pin(f"onnx==1 \\\n    --hash=sha256:1\n{entry}\nopentelemetry==1\n") == entry
    assert SUITE.pin(SUITE.LOCK.read_text(encoding="utf-8")).count("--hash=sha256:") > 0


def test_a_lock_without_the_sdk_stops_the_suite() -> None:
    with pytest.raises(SUITE.Stopped, match="does not name the SDK"):
        SUITE.pin("httpx==1\n")


def test_the_sdks_own_lock_pins_what_it_has_in_one_version() -> None:
    found = [("a", 1), ("b", 1), ("b", 2)]
    lock = "".join(f'[[package]]\nname = "{name}"\nversion = "{version}"\n' for name, version in found)
    assert SUITE.constraints(lock) == ["a==1"]


def test_every_excuse_says_why() -> None:
    assert all(each.reason for each in SUITE.EXCUSES)
