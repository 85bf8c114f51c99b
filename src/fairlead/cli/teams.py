"""`ai teams`: what keys and users belong to."""

import click

from fairlead.cli.form import Form
from fairlead.cli.limits import ORGANISATION
from fairlead.ledger.objects import NewTeam


@click.group()
def teams() -> None:
    """Make, list, change, block and delete teams, whose limits hold for all of their keys."""


_FORM = Form(teams, "team", "once it has no user and no key left.")
_FORM.create(
    NewTeam, [ORGANISATION], "\n\nIt is in the one organization that there is, which is made where there is none."
)
_FORM.list(lambda team: (team.name, team.state, team.id), "name, state, and id")
_FORM.rest()
