"""The figures as tables, and into docs/performance.md."""

from collections.abc import Sequence
from pathlib import Path

from bench.bars import BARS
from bench.figures import Figures
from bench.subjects import TRANSLATED
from bench.work import ROOT

PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
COLUMNS = (
    "what",
    "CPU-µs c=64 (x nginx)",
    "rps, one core",
    "100 KB body CPU-µs (x nginx)",
    "added p50 / p99 µs at 100 calls/s",
    "CPU-µs per streamed event (x nginx)",
    "RSS idle → loaded MiB",
    "first 200",
)
NONE = "-"


def text(figures: Figures) -> str:
    """The whole generated block."""
    blocks = [
        _about(figures),
        _table(COLUMNS, [_row(figures, name) for name in figures.versions]),
        _translated(figures),
        _table(("bar", "must", "aim", "measured", ""), [bar.row(figures) for bar in BARS if bar.of(figures)]),
        _crowds(figures),
        _missing(figures),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def write(figures: Figures, page: Path = PAGE) -> None:
    """Put the block between the page's markers; the prose around it stays."""
    before, _, rest = page.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n\n{text(figures)}\n{END}{after}")


def _about(figures: Figures) -> str:
    about = figures.about
    versions = ", ".join(f"{name} {version}" for name, version in figures.versions.items())
    spread = figures.rounds.get("nginx", {}).get("cpu_us")
    moved = f" nginx's CPU-µs moved between {min(spread):.1f} and {max(spread):.1f} over its rounds." if spread else ""
    mock = figures.get("nginx", "mock_us")
    spent = f" The mock spent {mock:.1f} CPU-µs a call." if mock else ""
    quick = " One short round (`--quick`)." if about.get("quick") else ""
    return (
        f"{about['when']}; {about['machine']}; Python {about['python']}; {versions}.{quick}\n"
        f"The run took {about['seconds']} s; other programs took {about['others']:.0%} of the machine meanwhile."
        f"{moved}{spent}"
    )


def _row(figures: Figures, name: str) -> list[str]:
    return [
        f"{name} {figures.versions[name]}",
        _with_ratio(figures, name, "cpu_us"),
        _show(figures.get(name, "rps"), "{:,.0f}"),
        _with_ratio(figures, name, "big_us"),
        f"{_over_direct(figures, name, 'p50_us')} / {_over_direct(figures, name, 'p99_us')}",
        _with_ratio(figures, name, "event_us"),
        f"{_show(figures.get(name, 'rss_idle'), '{:.0f}')} → {_show(figures.get(name, 'rss_loaded'), '{:.0f}')}",
        _show(figures.get(name, "first_200"), "{:.2f} s"),
    ]


def _translated(figures: Figures) -> str:
    """Calls of `openai-chat`, by the dialect that their provider speaks."""
    names = {dialect: f"Fairlead to {dialect}" for dialect in TRANSLATED}
    rows = [
        [f"`{dialect}`", *(_with_ratio(figures, name, figure) for figure in ("cpu_us", "big_us", "event_us"))]
        for dialect, name in names.items()
        if name in figures.rounds
    ]
    columns = ("`openai-chat` translated to", COLUMNS[1], COLUMNS[3], COLUMNS[5])
    return _table(columns, rows) if rows else ""


def _with_ratio(figures: Figures, name: str, figure: str) -> str:
    value, ratio = figures.get(name, figure), figures.ratio(name, figure)
    if value is None:
        return NONE
    return f"{value:,.1f}" if ratio is None else f"{value:,.1f} ({ratio:.2f})"


def _over_direct(figures: Figures, name: str, figure: str) -> str:
    return _show(figures.over(name, figure, "direct"), "{:,.0f}")


def _show(value: float | None, how: str) -> str:
    return NONE if value is None else how.format(value)


def _crowds(figures: Figures) -> str:
    """Many streams at once: the one with nothing between shows what the machine itself does to them."""
    rows = []
    for crowd in (500, 2000):
        for name in ("direct", *figures.versions):
            key = f"crowd_{crowd}"
            if figures.get(name, f"{key}_gap_ms") is None:
                continue
            rows.append(
                [
                    f"{name}, {crowd:,} streams",
                    _show(figures.worst(name, f"{key}_gap_ms"), "{:.1f} ms"),
                    _show(figures.worst(name, f"{key}_stalls"), "{:.0f}"),
                    _show(figures.get(name, f"{key}_transit_p50_us"), "{:,.0f}")
                    + _show(figures.get(name, f"{key}_transit_p99_us"), " / {:,.0f} µs"),
                    _show(figures.get(name, f"{key}_core"), "{:.0%}"),
                ]
            )
    columns = ("20 events/s on each", "longest stall", "stalls > 100 ms", "transit p50 / p99", "of one core")
    return _table(columns, rows) if rows else ""


def _missing(figures: Figures) -> str:
    lines = [
        f"- {name}, {'everything' if part == 'all' else part}: {why}"
        for name, parts in figures.why_not.items()
        for part, why in parts.items()
    ]
    return "Not measured:\n" + "\n".join(lines) if lines else ""


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
