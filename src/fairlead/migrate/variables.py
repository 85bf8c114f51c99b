"""Secrets of a file, as the variables that they are to be in. The secrets themselves go nowhere."""

from typing import Any, Final

from fairlead.migrate.report import Report
from fairlead.migrate.values import text, variable_name

_MARK: Final = "os.environ/"
# What people write where a server wants no key and a client insists on one.
_NO_KEY: Final = frozenset(
    {"", "-", "anything", "dummy", "empty", "fake", "fake-key", "na", "n/a", "no-key", "none", "not-needed", "null",
     "sk-no-key-required", "unused", "xxx"}
)  # fmt: skip


def of_environment(value: Any) -> str:
    """The variable that LiteLLM's `os.environ/NAME` means; empty where it is something else."""
    said = text(value)
    return said.removeprefix(_MARK).strip() if said.startswith(_MARK) else ""


def is_no_key(value: Any) -> bool:
    """Whether it only stands in for a key."""
    return text(value).lower() in _NO_KEY


class Variables:
    """Names for secrets: those that a file refers to, and invented ones for those that stand in it."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._names: dict[str, str] = {}

    def name(self, value: Any, path: str, *words: str) -> str:
        """The variable for a secret; one that stands in the file is told, with the name that `words` make."""
        if named := of_environment(value):
            return named
        said = text(value)
        known = self._names.get(said)
        if known is None:
            known = self._names[said] = self._free(variable_name(*words))
        self._report.variable(path, known)
        return known

    def _free(self, wanted: str) -> str:
        taken, name, number = set(self._names.values()), wanted, 1
        while name in taken:
            number += 1
            name = f"{wanted}_{number}"
        return name
