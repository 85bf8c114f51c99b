"""`ai route`: what routing would do."""

import json
from typing import get_args

import click

from fairlead.cli import explained, prompt, say, settings
from fairlead.cli.ask import CONFIG, INTENT, MODEL, PROVIDER, ROLE, asked_model
from fairlead.cli.replay import calibrate, replay
from fairlead.providers.row import Capability


@click.group()
def route() -> None:
    """Show which target would serve a call, and why each other would not."""


@route.command("explain", short_help="Tell how TEXT would be read, and who would serve it.")
@click.argument("text", nargs=-1)
@MODEL
@INTENT
@ROLE
@PROVIDER
@click.option(
    "--needs",
    multiple=True,
    metavar="WHAT",
    type=click.Choice(get_args(Capability)),
    help="What the call needs, such as `tools` or `images_in`; more than one may be said.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the explanation as JSON.")
@CONFIG
def explain(
    text: tuple[str, ...],
    model: str | None,
    intent: str | None,
    role: str | None,
    provider: str | None,
    needs: tuple[str, ...],
    as_json: bool,
    config: str | None,
) -> None:
    """Tell how TEXT would be read, which targets would be tried in what order, and why others were passed over.

    Sends nothing. Takes the options that asking takes, and like it puts before TEXT what is piped in.
    """
    piped = prompt.piped()
    model = asked_model(model, role)
    whole = prompt.joined(piped, text) if piped or text or not (model or intent) else ""
    policy, moments = settings.moments(config)
    plan = explained.planned(policy, whole, model, intent, provider, needs, moments)
    say.data(json.dumps(explained.as_data(plan), ensure_ascii=False) if as_json else explained.as_text(plan))


route.add_command(replay)
route.add_command(calibrate)
