"""The options that limit a key or a team, and how what is limited is shown."""

from collections.abc import Callable
from typing import Any, TypeVar

import click
import msgspec

from fairlead.cli import say
from fairlead.cli.usage import NAMED
from fairlead.ledger.objects import Shown
from fairlead.ledger.rights import KINDS, Rights

F = TypeVar("F", bound=Callable[..., Any])
_OPTIONS = {
    "model": "Model it may use, such as `anthropic/*`; may be given again.",
    "provider": "Provider it may use; may be given again.",
    "endpoint": "Path it may use, such as `/v1/*`; may be given again.",
    "address": "Address or network it may be used from; may be given again.",
}
JSON = click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
TAGS = click.option("--tag", "tags", type=NAMED, multiple=True, metavar="TAG", help="Tag; may be given again.")
ORGANISATION = click.option("--organisation", type=NAMED, metavar="NAME", help="Organisation it belongs to.")


def limited(command: F) -> F:
    """The command with the options that limit."""
    for name, about in reversed(_OPTIONS.items()):
        command = click.option(f"--{name}", type=NAMED, multiple=True, metavar="NAME", help=about)(command)
    return command


def rights(said: dict[str, Any]) -> Rights:
    """What those options say, taken out of the others. An option that is not given limits nothing."""
    return Rights(*(list(said.pop(name)) or None for name in _OPTIONS))


def told(value: object) -> str:
    """The value as JSON, in one line."""
    return msgspec.json.encode(value).decode()


def show(value: Shown, *, json: bool) -> None:
    """One object, with a line for each thing that it says."""
    if json:
        say.data(told(value))
        return
    said = msgspec.to_builtins(value)
    limits = said.pop("rights")
    said.pop("granted", None)
    said["tags"] = ", ".join(said["tags"])
    lines = [(name, str(each)) for name, each in said.items() if each not in (None, "")]
    lines += [(f"only {kind}", ", ".join(limits[kind])) for kind in KINDS if limits.get(kind)]
    say.data(say.table([(name.replace("_", " "), each) for name, each in lines]))
