"""What the wall came to, as tables, on the terminal and in docs/reliability.md."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.wall.judge import Verdict
from tests.wall.rows import ROWS, Count
from tests.wall.runner import Result
from tests.wall.scenarios import TITLES

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"


@dataclass
class Column:
    """One subject: its results, or why there are none."""

    name: str
    results: list[Result] = field(default_factory=list)
    missing: str = ""


@dataclass
class Wall:
    """Everything that was played."""

    about: str
    columns: list[Column]
    rows: Mapping[str, Count] = field(default_factory=dict)
    storms: Sequence[tuple[str, str]] = ()
    soak: str = ""


def of_scenario(results: Iterable[Result], scenario: str) -> list[Result]:
    return [each for each in results if each.cell.case.scenario == scenario]


def verdict(results: Iterable[Result]) -> str:
    """The worst; a dash where there is none."""
    found = [each.verdict for each in results]
    return str(max(found)) if found else "-"


def of_client(results: Iterable[Result], client: str) -> list[Result]:
    return [each for each in results if each.cell.client == client]


def text(wall: Wall) -> str:
    """All tables, as Markdown."""
    blocks = [wall.about, _side_by_side(wall), _reasons(wall), _dialects(wall), _rows(wall), _storms(wall)]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _played(wall: Wall) -> list[Column]:
    return [column for column in wall.columns if column.results]


def _side_by_side(wall: Wall) -> str:
    """Clients of `openai-chat`, which everybody serves."""
    columns = _played(wall)
    shown = [of_client(column.results, "openai-chat") for column in columns]
    rows = [
        [scenario, title, *(verdict(of_scenario(results, scenario)) for results in shown)]
        for scenario, title in TITLES.items()
    ]
    totals = [_totals(results) for results in shown]
    table = _table(
        ["", "scenario", *(column.name for column in columns)],
        [*rows, ["", "pass / partial / safe-fail / FAIL", *totals]],
    )
    absent = [f"{column.name} was not played: {column.missing}." for column in wall.columns if not column.results]
    return "\n\n".join([table, *absent])


def _totals(results: Sequence[Result]) -> str:
    played = [of_scenario(results, scenario) for scenario in TITLES]
    count = Counter(max(each.verdict for each in found) for found in played if found)
    return " / ".join(str(count[each]) for each in Verdict)


def _reasons(wall: Wall) -> str:
    """Why what is not a pass is none."""
    lines = []
    for column in _played(wall):
        for scenario in TITLES:
            for why, how in _why(of_scenario(of_client(column.results, "openai-chat"), scenario)).items():
                lines.append(f"- {column.name}, {scenario} ({', '.join(how)}): {why}")
    return "\n".join(["What kept them from passing:", "", *lines]) if lines else ""


def _why(results: Iterable[Result]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for each in results:
        if each.verdict is not Verdict.PASS:
            how = [each.cell.case.name, "streamed" if each.cell.stream else "whole"]
            found.setdefault(f"{each.verdict}, {each.why}", []).append(" ".join(filter(None, how)))
    return found


def _dialects(wall: Wall) -> str:
    """Each client dialect before each dialect of upstreams."""
    columns = _played(wall)
    pairs = list(dict.fromkeys((each.cell.client, each.cell.voice) for column in columns for each in column.results))
    rows = [
        [f"`{client}`", f"`{voice}`", *(_cell(column, client, voice) for column in columns)] for client, voice in pairs
    ]
    return _table(["clients", "upstreams", *(column.name for column in columns)], rows)


def _cell(column: Column, client: str, voice: str) -> str:
    found = [each for each in of_client(column.results, client) if each.cell.voice == voice]
    return _totals(found) if found else "-"


def _rows(wall: Wall) -> str:
    if not wall.rows:
        return ""
    return _table(["row", "fault", "tests", ""], [_row(row, title, wall.rows.get(row)) for row, title in ROWS.items()])


def _row(row: str, title: str, count: Count | None) -> Sequence[str]:
    if count is None:
        return [row, title, "0", "no test"]
    wrong = [f"{number} {word}" for number, word in ((count.failed, "failed"), (count.skipped, "skipped")) if number]
    return [row, title, str(count.passed + count.failed + count.skipped), ", ".join(wrong) or "pass"]


def _storms(wall: Wall) -> str:
    if not wall.storms:
        return ""
    return _table(["one of three targets fails", "what came of it"], wall.storms)


def write(wall: Wall, page: Path = PAGE) -> None:
    """Put the tables between the page's markers; the prose around them stays."""
    before, _, rest = page.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n\n{text(wall)}\n{END}{after}")
