"""`ai keys`: who may call, and who may administer."""

from typing import Any

import click

from fairlead.cli import desk, say
from fairlead.cli.ask import CONFIG
from fairlead.cli.desk import GATEWAY
from fairlead.cli.form import Form, of_team
from fairlead.cli.limits import JSON, ORGANISATION, limited, limits, told
from fairlead.cli.usage import NAMED
from fairlead.ledger.keys import Kind
from fairlead.ledger.objects import KeyChange, MadeKey, NewKey, Rotation

EXPIRES = click.option("--expires", type=NAMED, metavar="WHEN", help="When it ends: `90d`, or 2027-01-31T00:00:00Z.")


@click.group()
def keys() -> None:
    """Make, list, limit, change, rotate, block and delete the keys that clients and administrators present.

    They are kept, as hashes, in the database of the configuration. Every gateway on it knows of a change within
    seconds, without a restart.
    """


@keys.command("create", short_help="Make a key, and print it this once.")
@click.argument("name", required=False)
@click.option("--team", type=NAMED, metavar="NAME", help="Team it belongs to, whose limits hold for it too.")
@click.option("--user", type=NAMED, metavar="NAME", help="User it belongs to.")
@ORGANISATION
@limited
@EXPIRES
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
    kind: Kind = "admin" if admin or said["role"] else "client"
    wanted = NewKey(kind=kind, **limits(said), **said)
    with desk.at(gateway, config) as there:
        made = there.add_key(wanted)
    _print(made, json=as_json)


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


_FORM = Form(keys, "key", "for good. What it has used stays on record.")
_FORM.list(
    lambda key: (key.name, key.shown, key.role, key.state, key.expires or "lasts", key.id),
    "name, end, role, state, when it ends, and id",
    [of_team("those")],
)
_FORM.rest(KeyChange, [EXPIRES])


def _print(made: MadeKey, *, json: bool) -> None:
    """The key on standard output, alone; what it is on standard error."""
    if json:
        say.data(told(made))
        return
    until = f" It works until {made.expires}." if made.expires else ""
    overlap = f" The one before works until {made.previous_until}." if made.previous_until else ""
    say.note(f"Key `{made.name}` ({made.id}), shown this once.{until}{overlap}")
    say.data(made.key)
