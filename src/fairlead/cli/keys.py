"""`ai keys`: who may call, and who may administer."""

from typing import Any

import click

from fairlead.cli import desk, say
from fairlead.cli.ask import CONFIG
from fairlead.cli.desk import GATEWAY
from fairlead.cli.limits import JSON, ORGANISATION, TAGS, limited, rights, show, told
from fairlead.cli.usage import NAMED
from fairlead.ledger.keys import Kind
from fairlead.ledger.objects import Key, MadeKey, NewKey, Rotation


@click.group()
def keys() -> None:
    """Make, list, limit, rotate, block and delete the keys that clients and administrators present.

    They are kept, as hashes, in the database of the configuration. Every gateway on it knows of a change within
    seconds, without a restart.
    """


@keys.command("create", short_help="Make a key, and print it this once.")
@click.argument("name", required=False)
@click.option("--team", type=NAMED, metavar="NAME", help="Team it belongs to, whose limits hold for it too.")
@click.option("--user", type=NAMED, metavar="NAME", help="User it belongs to.")
@ORGANISATION
@limited
@TAGS
@click.option("--expires", type=NAMED, metavar="WHEN", help="When it ends: `90d`, or 2027-01-31T00:00:00Z.")
@click.option("--admin", is_flag=True, help="Make an admin key: it administers, and makes no calls.")
@click.option(
    "--role", type=click.Choice(["admin", "auditor", "member"]), help="What an admin key may do; a member: its team's."
)
@JSON
@GATEWAY
@CONFIG
def create(admin: bool, as_json: bool, gateway: str | None, config: str | None, **said: Any) -> None:
    """Make a key, and print it this once: it is kept as a hash.

    Only the key itself goes to standard output. Without limits it may do all that its team may.
    """
    limits, tags = rights(said), list(said.pop("tags"))
    kind: Kind = "admin" if admin or said["role"] else "client"
    with desk.at(gateway, config) as there:
        made = there.add_key(NewKey(kind=kind, tags=tags, rights=limits, **said))
    _print(made, json=as_json)


@keys.command("list")
@click.option("--team", type=NAMED, metavar="NAME", help="Only those of a team.")
@JSON
@GATEWAY
@CONFIG
def list_keys(team: str | None, as_json: bool, gateway: str | None, config: str | None) -> None:
    """List the keys: name, end, role, state, when it ends, and id."""
    with desk.at(gateway, config) as there:
        found: list[Key] = there.every("key", team or "")
    if as_json:
        say.data(told(found))
    elif found:
        say.data(say.table([(k.name, k.shown, k.role, k.state, k.expires or "lasts", k.id) for k in found]))
    else:
        say.note("there is no key yet; `ai keys create` makes one")


@keys.command("show", short_help="Show the key called NAME.")
@click.argument("name")
@JSON
@GATEWAY
@CONFIG
def show_key(name: str, as_json: bool, gateway: str | None, config: str | None) -> None:
    """Show the key called NAME, or of that id: whose it is, what it may do, whether it counts."""
    with desk.at(gateway, config) as there:
        show(there.show("key", name), json=as_json)


@keys.command("rotate", short_help="Replace the key called NAME, and print the new one.")
@click.argument("name")
@click.option("--overlap", metavar="SPAN", default="24h", help="How long the old one works too (24h); `0s` for not.")
@JSON
@GATEWAY
@CONFIG
def rotate(name: str, overlap: str, as_json: bool, gateway: str | None, config: str | None) -> None:
    """Replace the key called NAME, or of that id, and print the new one, this once.

    Its name, its id and its limits stay. The old one works beside it for as long as --overlap says.
    """
    with desk.at(gateway, config) as there:
        made = there.rotate(name, Rotation(overlap))
    _print(made, json=as_json)


@keys.command("block", short_help="Refuse the key called NAME until it is unblocked.")
@click.argument("name")
@GATEWAY
@CONFIG
def block(name: str, gateway: str | None, config: str | None) -> None:
    """Refuse the key called NAME, or of that id, until it is unblocked. It takes a few seconds at most."""
    with desk.at(gateway, config) as there:
        done = there.block("key", name, blocked=True)
    say.note(f"key `{done.name}` ({done.id}) is blocked")


@keys.command("unblock", short_help="Let the key called NAME in again.")
@click.argument("name")
@GATEWAY
@CONFIG
def unblock(name: str, gateway: str | None, config: str | None) -> None:
    """Let the key called NAME, or of that id, in again."""
    with desk.at(gateway, config) as there:
        done = there.block("key", name, blocked=False)
    say.note(f"key `{done.name}` ({done.id}) is {done.state}")


@keys.command("delete", short_help="End the key called NAME for good.")
@click.argument("name")
@GATEWAY
@CONFIG
def delete(name: str, gateway: str | None, config: str | None) -> None:
    """End the key called NAME, or of that id, for good. What it has used stays on record."""
    with desk.at(gateway, config) as there:
        done = there.delete("key", name)
    say.note(f"key `{done.name}` ({done.id}) is deleted")


def _print(made: MadeKey, *, json: bool) -> None:
    """The key on standard output, alone; what it is on standard error."""
    if json:
        say.data(told(made))
        return
    until = f" It works until {made.expires}." if made.expires else ""
    overlap = f" The one before works until {made.previous_until}." if made.previous_until else ""
    say.note(f"Key `{made.name}` ({made.id}), shown this once.{until}{overlap}")
    say.data(made.key)
