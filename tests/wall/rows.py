"""The U-rows of the fault matrix, and the tests that hold each of them."""

import ast
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
TESTS = HERE.parent
FOLDERS = ("faults", "upstream", "wall")
ROWS = {
    "U01": "connect refused",
    "U02": "connect hangs",
    "U03": "DNS: no such name, no answer, an address inside",
    "U04": "one of several addresses dead",
    "U05": "TLS: expired, wrong host, self-signed, hanging, plain text",
    "U06": "accepts, never sends headers",
    "U07": "headers, then silence",
    "U08": "silence after some tokens",
    "U09": "reset within a whole reply",
    "U10": "reset or end within a stream, no end mark",
    "U11": "a length that lies",
    "U12": "truncated JSON, trailing garbage, HTML, nothing",
    "U13": "an error within a 200",
    "U14": "invalid UTF-8",
    "U15": "events cut at every byte, every kind of line end",
    "U16": "a 10 MB line, a flood of tiny events",
    "U17": "headers that are too large or too many",
    "U18": "a byte now and then",
    "U19": "429 with Retry-After in every form",
    "U20": "a storm of 5xx",
    "U21": "flapping",
    "U22": "all targets ejected",
    "U23": "the wrong content type",
    "U24": "compression bombs, bad compression",
    "U25": "smuggling, bad chunks, two replies",
    "U26": "a kept connection that was closed",
    "U27": "redirects",
    "U28": "HTTP/2 where it was not asked for",
    "U29": "usage missing or absurd",
    "U30": "tool calls interleaved, ends told twice",
    "U31": "AWS frames torn",
    "U32": "a signature refused for the clock",
}
_NAMED = re.compile(r"u\d\d(?=_)")


def of_name(name: str) -> list[str]:
    """The rows that a test's name says."""
    return [found.upper() for found in _NAMED.findall(name)]


def named() -> Iterator[str]:
    """Every row that a test is named after."""
    for folder in FOLDERS:
        for file in sorted((TESTS / folder).glob("test_*.py")):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                    yield from of_name(node.name)


@dataclass
class Count:
    """How many tests of a row passed, failed, and were skipped."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0


def run(work: Path) -> dict[str, Count]:
    """Run the tests of all rows. The counts are by row; rows without a test are missing."""
    report = work / "rows.xml"
    folders = [str(TESTS / folder) for folder in FOLDERS]
    argv = [sys.executable, "-m", "pytest", "-n", "2", "-k", "test_u", "-p", "no:cacheprovider", f"--junitxml={report}"]
    subprocess.run([*argv, *folders], check=False, cwd=TESTS.parent)
    counts: dict[str, Count] = {}
    for case in ET.parse(report).iter("testcase"):
        for row in of_name(case.get("name", "")):
            count = counts.setdefault(row, Count())
            if case.find("skipped") is not None:
                count.skipped += 1
            elif case.find("failure") is not None or case.find("error") is not None:
                count.failed += 1
            else:
                count.passed += 1
    return dict(sorted(counts.items()))
