"""From what a program calls its task to the intent that serves it."""

import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from pathlib import Path

from fairlead.errors import CannotServe
from fairlead.routing.policy import Policy


def intent_of(task_type: str, policy: Policy) -> str:
    """The intent for a task type; an intent's own name is one too. Raises `CannotServe`."""
    name = str(task_type).strip().lower()
    found = name if name in policy.intents else shipped().get(name)
    if found is not None:
        return found
    known = [*policy.intents, *shipped()]
    near = get_close_matches(name, known, n=1)
    meant = f"did you mean `{near[0]}`? " if near else ""
    raise CannotServe(
        f"there is no task type `{task_type}`", hint=f"{meant}it is one of {', '.join(known)}", param="task_type"
    )


@cache
def shipped() -> Mapping[str, str]:
    """The intent of every task type that is shipped."""
    table = tomllib.loads(Path(__file__).with_name("task_types.toml").read_text(encoding="utf-8"))
    return {name: intent for intent, names in table.items() for name in names}
