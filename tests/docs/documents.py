"""The documents as the tests read them: prose without code, code by its language, headings, links."""

import re
import runpy
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace

REPO = Path(__file__).resolve().parents[2]
GENERATOR = SimpleNamespace(**runpy.run_path(str(REPO / "scripts" / "generate_docs.py"), run_name="generate_docs"))

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_SPAN = re.compile(r"``.+?``|`[^`\n]+`")
_LINK = re.compile(r"!?\[(?:[^\]`]|`[^`]*`)*\]\(([^)\s]+)\)", re.DOTALL)
_HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Page:
    """One document."""

    path: Path

    @property
    def name(self) -> str:
        return str(self.path.relative_to(REPO))

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def unfenced(self) -> str:
        """Without blocks of code and comments."""
        return _COMMENT.sub("", _FENCE.sub("", self.text))

    @cached_property
    def prose(self) -> str:
        """Without any code, and without where links lead."""
        return _SPAN.sub("`…`", _LINK.sub(lambda link: link[0].rpartition("](")[0].lstrip("!"), self.unfenced))

    @cached_property
    def spans(self) -> list[str]:
        """Code within lines."""
        return [span.strip("`").strip() for span in _SPAN.findall(self.unfenced)]

    def blocks(self, language: str) -> list[str]:
        return [body for found, body in _FENCE.findall(self.text) if found == language]

    @cached_property
    def headings(self) -> list[str]:
        return _HEADING.findall(self.unfenced)

    @cached_property
    def anchors(self) -> set[str]:
        """What `#…` can name, as GitHub makes it of headings."""
        plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in self.headings)
        return {text.replace(" ", "-") for text in plain}

    @cached_property
    def links(self) -> list[str]:
        return [target for target in _LINK.findall(self.unfenced) if "://" not in target]

    def commands(self) -> Iterator[str]:
        """Command lines: those of shell blocks, and code within lines that begins like one."""
        for block in self.blocks("sh"):
            yield from block.replace("\\\n", " ").splitlines()
        yield from self.spans


PAGES = [Page(path) for path in GENERATOR.pages()]


def page(name: str) -> Page:
    return Page(REPO / name)
