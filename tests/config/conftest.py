"""A home of its own for every test, and the seeds where they are."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from fairlead.config.load import Loaded, load
from fairlead.config.tree import Plain
from fairlead.errors import ConfigError, Problem

SHARED = Path(__file__).parents[3] / "shared"


@dataclass
class Desk:
    """A working directory and a home, and what is loaded there."""

    cwd: Path
    home: Path
    flags: dict[str, Plain] = field(default_factory=dict)

    def write(self, text: str, name: str = "fairlead.yaml") -> Path:
        path = self.cwd / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def load(self, text: str | None = None, path: str | None = None, **env: str) -> Loaded:
        if text is not None:
            self.write(text)
        return load(path, {"HOME": str(self.home), **env}, self.cwd, self.flags)

    def problems(self, text: str | None = None, path: str | None = None, **env: str) -> tuple[Problem, ...]:
        with pytest.raises(ConfigError) as caught:
            self.load(text, path, **env)
        assert caught.value.problems
        return caught.value.problems

    def problem(self, text: str | None = None, path: str | None = None, **env: str) -> Problem:
        found = self.problems(text, path, **env)
        assert len(found) == 1, "\n".join(map(str, found))
        return found[0]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    for name in ("work", "home"):
        (tmp_path / name).mkdir()
    return Desk(tmp_path / "work", tmp_path / "home")


@pytest.fixture
def seed_block() -> Callable[[str], str]:
    """Gives a YAML block of seed 000 by the comment that it begins with, as it stands there."""
    seeds = sorted((SHARED / "seeds").glob("000*.txt"))
    if not seeds:
        pytest.skip("the seeds are not beside this checkout")
    blocks = re.findall(r"```yaml\n(.*?)```", seeds[0].read_text(encoding="utf-8"), re.DOTALL)

    def block(first_line: str) -> str:
        return str(next(text for text in blocks if text.startswith(first_line)))

    return block
