"""`ai organisations`: what teams belong to."""

import click

from fairlead.cli.form import Form
from fairlead.ledger.objects import NewOrganisation


@click.group()
def organisations() -> None:
    """Make, list, change, block and delete organizations, whose limits hold for all of their teams."""


_FORM = Form(organisations, "organisation", "once it has no team and no key left.")
_FORM.create(NewOrganisation, [], "")
_FORM.list(lambda organisation: (organisation.name, organisation.state, organisation.id), "name, state, and id")
_FORM.rest()
