"""The page that shows what the router earns."""

import re
from pathlib import Path
from typing import Final

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "explanation" / "routing-quality.md"
PARTS: Final = ("flat", "by-length")


def written(part: str) -> str:
    """What the page shows in one of its parts."""
    found = _marks(part).search(PAGE.read_text(encoding="utf-8"))
    return found[2] if found else ""


def write(part: str, figures: str) -> None:
    """Put figures into one of the page's parts."""
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(_marks(part).sub(lambda found: f"{found[1]}{figures}{found[3]}", text), encoding="utf-8")


def _marks(part: str) -> re.Pattern[str]:
    return re.compile(rf"(<!-- route-eval: {part} -->\n\n```text\n)(.*?)(\n```\n\n<!-- end -->)", re.DOTALL)
