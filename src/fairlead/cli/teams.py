"""`ai teams`: what keys belong to."""

from typing import Any

import click

from fairlead.cli import desk, say
from fairlead.cli.ask import CONFIG
from fairlead.cli.desk import GATEWAY
from fairlead.cli.limits import JSON, ORGANISATION, TAGS, limited, rights, show, told
from fairlead.ledger.objects import NewTeam, Team


@click.group()
def teams() -> None:
    """Make, list and delete teams, whose limits hold for all of their keys."""


@teams.command("create")
@click.argument("name")
@ORGANISATION
@limited
@TAGS
@JSON
@GATEWAY
@CONFIG
def create(as_json: bool, gateway: str | None, config: str | None, **said: Any) -> None:
    """Make a team called NAME, and print its id.

    It is in the one organisation that there is, which is made where there is none.
    """
    limits, tags = rights(said), list(said.pop("tags"))
    with desk.at(gateway, config) as there:
        made = there.add_team(NewTeam(tags=tags, rights=limits, **said))
    say.data(told(made) if as_json else made.id)


@teams.command("list")
@JSON
@GATEWAY
@CONFIG
def list_teams(as_json: bool, gateway: str | None, config: str | None) -> None:
    """List the teams: name, state, and id."""
    with desk.at(gateway, config) as there:
        found: list[Team] = there.every("team")
    if as_json:
        say.data(told(found))
    elif found:
        say.data(say.table([(team.name, team.state, team.id) for team in found]))
    else:
        say.note("there is no team yet; `ai teams create NAME` makes one")


@teams.command("show")
@click.argument("name")
@JSON
@GATEWAY
@CONFIG
def show_team(name: str, as_json: bool, gateway: str | None, config: str | None) -> None:
    """Show the team called NAME, or of that id."""
    with desk.at(gateway, config) as there:
        show(there.show("team", name), json=as_json)


@teams.command("delete")
@click.argument("name")
@GATEWAY
@CONFIG
def delete(name: str, gateway: str | None, config: str | None) -> None:
    """End the team called NAME, or of that id, once it has no user and no key left."""
    with desk.at(gateway, config) as there:
        done = there.delete("team", name)
    say.note(f"team `{done.name}` ({done.id}) is deleted")
