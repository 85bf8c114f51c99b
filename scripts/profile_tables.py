"""The tables of the documentation that show what the profiles ship: roles, and models by task."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import yaml

from fairlead.config import load


def _profile(name: str) -> dict[str, Any]:
    shipped = Path(load.__file__).with_name("profiles") / f"{name}.yaml"
    return dict(yaml.safe_load(shipped.read_text(encoding="utf-8")))


def _table(*rows: Iterable[str]) -> str:
    head, *others = (f"| {' | '.join(row)} |" for row in rows)
    return "\n".join((head, "|" + " --- |" * 3, *others))


def _code(*names: str) -> str:
    return ", ".join(f"`{name}`" for name in names)


def roles() -> str:
    """The roles of the profile `agents`."""
    entries: dict[str, dict[str, Any]] = _profile("agents")["roles"]
    rows = ([_code(name), _code(*entry["providers"]), entry["description"]] for name, entry in entries.items())
    return _table(["role", "providers, in order", "what for"], *rows)


def tasks() -> str:
    """The models of the profile `hybrid`, by task."""
    entries: dict[str, dict[str, Any]] = _profile("hybrid")["models"]
    rows = [
        [_code(task), _code(name), _code(*_gateways(entry["gateway"]))]
        for name, entry in entries.items()
        for task in entry["use_for"]
    ]
    return _table(["task", "model", "gateways of its own"], *rows)


def _gateways(said: str | list[str]) -> list[str]:
    return [said] if isinstance(said, str) else said


PARTS: dict[str, Callable[[], str]] = {"roles": roles, "tasks": tasks}
