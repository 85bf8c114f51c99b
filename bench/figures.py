"""What was measured: every round's figure, by subject and by name."""

from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any


@dataclass
class Figures:
    """All figures of one run, what they were taken on, and why some are not there."""

    about: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    rounds: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    why_not: dict[str, dict[str, str]] = field(default_factory=dict)

    def add(self, subject: str, **figures: float) -> None:
        for name, value in figures.items():
            self.rounds.setdefault(subject, {}).setdefault(name, []).append(value)

    def miss(self, subject: str, part: str, why: str) -> None:
        self.why_not.setdefault(subject, {})[part] = why

    def get(self, subject: str, name: str) -> float | None:
        """The median of its rounds."""
        values = self.rounds.get(subject, {}).get(name)
        return median(values) if values else None

    def worst(self, subject: str, name: str) -> float | None:
        """The largest of its rounds."""
        values = self.rounds.get(subject, {}).get(name)
        return max(values) if values else None

    def ratio(self, subject: str, name: str, to: str = "nginx") -> float | None:
        """How many times `to`'s figure, of the same run."""
        ours, theirs = self.get(subject, name), self.get(to, name)
        return ours / theirs if ours is not None and theirs else None

    def over(self, subject: str, name: str, base: str) -> float | None:
        """The median of the differences to `base`'s figure, round by round."""
        ours, theirs = self.rounds.get(subject, {}).get(name, []), self.rounds.get(base, {}).get(name, [])
        return median(a - b for a, b in zip(ours, theirs, strict=False)) if ours and theirs else None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)
