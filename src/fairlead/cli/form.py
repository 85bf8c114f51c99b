"""The commands that organisations, teams, users and keys have in common."""

from collections.abc import Callable, Sequence
from typing import Any

import click

from fairlead.cli import desk, say
from fairlead.cli.ask import CONFIG
from fairlead.cli.desk import GATEWAY, New
from fairlead.cli.limits import JSON, changes, limited, limits, nothing, show, told, unlimited
from fairlead.cli.usage import NAMED, BadUsage
from fairlead.ledger.objects import Change, ObjectKind

Option = Callable[[Any], Any]
_RENAMED = click.option("--name", "renamed", type=NAMED, metavar="NAME", help="What it is called from now on.")


def of_team(whose: str) -> Option:
    """The option that keeps a list to a team's."""
    return click.option("--team", type=NAMED, metavar="NAME", help=f"Only {whose} of a team.")


class Form:
    """One kind's group of commands, and what they say where kinds differ."""

    def __init__(self, group: click.Group, kind: ObjectKind, ends: str) -> None:
        """`ends` says in the help of `delete` what that comes to."""
        self._group, self._kind, self._ends = group, kind, ends
        self._word = kind.replace("organisation", "organization")

    def create(self, new: type[New], options: Sequence[Option], about: str) -> None:
        """`create NAME`, with the options that say whose it is; it prints the id."""

        def create(as_json: bool, gateway: str | None, config: str | None, **said: Any) -> None:
            wanted = new(**limits(said), **said)
            with desk.at(gateway, config) as there:
                made = there.add(wanted)
            say.data(told(made) if as_json else made.id)

        said = f"Make {self._a()} called NAME, and print its id.{about}"
        self._add("create", create, said, [click.argument("name"), *options, limited, JSON])

    def list(self, columns: Callable[[Any], tuple[str, ...]], about: str, options: Sequence[Option] = ()) -> None:
        """`list`, with a row of these columns for each; `about` says in words what they are."""

        def listed(as_json: bool, gateway: str | None, config: str | None, team: str | None = None) -> None:
            with desk.at(gateway, config) as there:
                found = there.every(self._kind, team or "")
            if as_json:
                say.data(told(found))
            elif found:
                say.data(say.table([columns(each) for each in found]))
            else:
                say.note(f"there is no {self._word} yet; `ai {self._kind}s create` makes one")

        self._add("list", listed, f"List the {self._word}s: {about}.", [*options, JSON])

    def rest(self, change: type[Change] = Change, options: Sequence[Option] = ()) -> None:
        """`show`, `update`, `block`, `unblock` and `delete`; `options` are of `update`, for what `change` has more."""
        name, one = click.argument("name"), f"the {self._word} called NAME, or of that id"
        self._add("show", self._show, f"Show {one}: what it may do and spend, and whether it counts.", [name, JSON])
        self._add(
            "update",
            lambda **said: self._update(change, **said),
            f"Change {one}. What is not said stays.\n\n"
            "--model and its like take the place of those that it has, --budget of the one with the same span.",
            [name, _RENAMED, limited, unlimited, *options, JSON],
        )
        below = "" if self._kind == "key" else " and all under it,"
        self._add(
            "block", self._block, f"Refuse {one},{below} until it is unblocked. It takes seconds at most.", [name]
        )
        self._add("unblock", self._unblock, f"Let {one},{below} in again.", [name])
        self._add("delete", self._delete, f"End {one}, {self._ends}", [name])

    def _a(self) -> str:
        return f"{'an' if self._word.startswith('o') else 'a'} {self._word}"

    def _add(self, name: str, command: Callable[..., None], about: str, options: Sequence[Option]) -> None:
        def run(**said: Any) -> None:
            command(**said)

        made: Any = run
        for option in reversed([*options, GATEWAY, CONFIG]):
            made = option(made)
        first = about.partition("\n")[0].replace(", or of that id", "").partition(". ")[0].rstrip(".")
        self._group.command(name, help=about, short_help=f"{first}.")(made)

    def _show(self, name: str, as_json: bool, gateway: str | None, config: str | None) -> None:
        with desk.at(gateway, config) as there:
            show(there.show(self._kind, name), json=as_json)

    def _update(
        self, change: type[Change], name: str, as_json: bool, gateway: str | None, config: str | None, **said: Any
    ) -> None:
        with desk.at(gateway, config) as there:
            before = there.show(self._kind, name)
            new = {"name": said.pop("renamed"), **changes(said, before), **said}
            wanted = change(**{member: each for member, each in new.items() if each is not None})
            if nothing(wanted):
                raise BadUsage(
                    "there is nothing to change", hint=f"`ai {self._kind}s update --help` shows what there is"
                )
            there.change(self._kind, before.id, wanted)
            show(there.show(self._kind, before.id), json=as_json)

    def _block(self, name: str, gateway: str | None, config: str | None) -> None:
        self._tell(lambda there: there.block(self._kind, name, blocked=True), gateway, config)

    def _unblock(self, name: str, gateway: str | None, config: str | None) -> None:
        self._tell(lambda there: there.block(self._kind, name, blocked=False), gateway, config)

    def _delete(self, name: str, gateway: str | None, config: str | None) -> None:
        self._tell(lambda there: there.delete(self._kind, name), gateway, config)

    def _tell(self, action: Callable[[desk.Desk], Any], gateway: str | None, config: str | None) -> None:
        with desk.at(gateway, config) as there:
            done = action(there)
        say.note(f"{self._word} `{done.name}` ({done.id}) is {done.state}")
