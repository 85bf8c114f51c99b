"""What an import tells besides the configuration that it writes: what is left out, and what somebody has to know."""

from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["left", "set", "note"]


@dataclass(frozen=True, slots=True)
class Item:
    """One thing, by its path in the file. `left`: it was not carried over; `set`: a variable has to be set."""

    kind: Kind
    path: str
    said: str

    def __str__(self) -> str:
        return f"{self.path}: {self.said}" if self.path else self.said


@dataclass(slots=True)
class Report:
    """Items, in the order in which they were found. What is said of a value never repeats a secret one."""

    items: list[Item] = field(default_factory=list)

    def left(self, path: str, why: str) -> None:
        """It was not carried over, because."""
        self._add(Item("left", path, why))

    def note(self, path: str, said: str) -> None:
        """It was carried over, but."""
        self._add(Item("note", path, said))

    def variable(self, path: str, name: str) -> None:
        """A secret stands in the file itself, and is to be in a variable."""
        self._add(Item("set", path, f"set {name} to the value that stands here; it is not copied"))

    def of(self, kind: Kind) -> list[Item]:
        return [item for item in self.items if item.kind == kind]

    def _add(self, item: Item) -> None:
        if item not in self.items:
            self.items.append(item)
