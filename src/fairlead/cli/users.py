"""`ai users`: whose keys there are in a team."""

import click

from fairlead.cli.form import Form, of_team
from fairlead.cli.usage import NAMED
from fairlead.ledger.objects import NewUser

_TEAM = click.option("--team", type=NAMED, metavar="NAME", required=True, help="Team it belongs to.")


@click.group()
def users() -> None:
    """Make, list, change, block and delete users of a team, whose limits hold for all of their keys."""


_FORM = Form(users, "user", "once it has no key left.")
_FORM.create(NewUser, [_TEAM], "")
_FORM.list(
    lambda user: (user.name, user.state, user.team, user.id), "name, state, team's id, and id", [of_team("those")]
)
_FORM.rest()
