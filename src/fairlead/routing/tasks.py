"""What a program calls its task: the intent that serves it, the labels nearest to it, and what kind of work it is."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from fairlead.errors import CannotServe
from fairlead.routing import hints
from fairlead.routing.policy import Policy
from fairlead.routing.tables import plain


def intent_of(task_type: str, policy: Policy) -> str:
    """The task's label, where a table has models for it, else the intent for it. Raises `CannotServe`.

    An intent's own name is a task type too.
    """
    name = str(task_type).strip().lower()
    if name not in policy.intents and label_of(name, policy) is not None:
        return plain(name)
    found = name if name in policy.intents else shipped().get(name)
    if found is not None:
        return found
    known = [*policy.intents, *shipped()]
    raise CannotServe(f"there is no task type `{task_type}`", hint=hints.meant(name, known), param="task_type")


def label_of(task: str, policy: Policy) -> str | None:
    """The label whose models serve a task: its own, else the nearest that has models; None where none does."""
    name, tables = plain(task), policy.tables.tasks
    return next((label for label in (name, *kin().get(name, ())) if label in tables), None)


@cache
def shipped() -> Mapping[str, str]:
    """The intent of every task type that is shipped."""
    table = tomllib.loads(Path(__file__).with_name("task_types.toml").read_text(encoding="utf-8"))
    return {name: intent for intent, names in table.items() for name in names}


def kin() -> Mapping[str, tuple[str, ...]]:
    """The labels nearest to each task type, the nearest first."""
    return _near()["kin"]


def workloads(task: str) -> tuple[str, ...]:
    """The kinds of work, as gateways name them, that a task is; a kind's own name is one too."""
    name = plain(task)
    return (name, *_near()["workloads"].get(name, ()))


@cache
def _near() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    table = tomllib.loads(Path(__file__).with_name("task_kin.toml").read_text(encoding="utf-8"))
    return {part: {name: tuple(others) for name, others in rows.items()} for part, rows in table.items()}
